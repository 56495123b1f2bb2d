//! A connection, encrypted as the settings say.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use authchain::config::settings::ldap::Tls;
use authchain::config::settings::ldap::uri::{Scheme, ServerUri};
use authchain::tools::deadline::Deadline;
use authchain::tools::journal::quoted;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::dns::Dns;
use super::failure::{Failure, within};
use super::peer::Keeper;
use super::srv::Target;
use super::{starttls, tls};

/// A server: where it is, how its connection is encrypted, and how it proves who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Where it is, and what it is called in messages.
    pub uri: ServerUri,
    /// How the connection is encrypted.
    pub tls: Tls,
    /// The name that its certificate must be for.
    pub identity: String,
    /// Who else than root may listen there, for a socket of this machine.
    pub keeper: Keeper,
}

impl Server {
    /// One that the settings name. If it is a socket, it is looked at now: before the process is confined.
    pub fn named(uri: ServerUri, tls: Tls) -> Self {
        let keeper = match uri.scheme {
            Scheme::Ldapi => Keeper::of(Path::new(&uri.host)),
            Scheme::Ldap | Scheme::Ldaps => Keeper::default(),
        };
        Self {
            identity: uri.host.clone(),
            uri,
            tls,
            keeper,
        }
    }

    /// One that DNS names.
    pub fn found(target: Target, tls: Tls) -> Self {
        let scheme = match tls {
            Tls::Ldaps => Scheme::Ldaps,
            Tls::Starttls | Tls::None => Scheme::Ldap,
        };
        Self {
            uri: ServerUri::new(scheme, &target.host, target.port),
            tls,
            identity: target.identity,
            keeper: Keeper::default(),
        }
    }
}

/// A connection of any kind.
pub trait Connection: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Connection for T {}

/// What the way to a socket is called when it fails.
pub const CONNECT: &str = "connect";
/// What the handshake is called when it fails.
pub const TLS: &str = "TLS";

/// A connection to `server`, ready for the first request that may be seen by it alone.
///
/// # Errors
/// When it cannot be had, or not with the protection that was asked for: there is no fallback.
pub async fn connect(
    server: &Server,
    config: &Arc<ClientConfig>,
    dns: &Dns,
    deadline: Deadline,
) -> Result<Box<dyn Connection>, Failure> {
    if server.tls == Tls::None {
        return plain(server, dns, deadline).await;
    }
    let mut stream = tcp(&server.uri, dns, deadline).await?;
    match server.tls {
        Tls::None | Tls::Ldaps => {}
        Tls::Starttls => {
            let asking = starttls::ask(&mut stream);
            within(deadline, starttls::STEP, asking).await?;
        }
    }
    let stream = within(deadline, TLS, handshake(stream, &server.identity, config)).await?;
    Ok(Box::new(stream))
}

/// A connection to `server` in the clear: a socket of this machine, or what
/// `insecure_plaintext` asks for.
///
/// # Errors
/// When it cannot be had.
pub async fn plain(
    server: &Server,
    dns: &Dns,
    deadline: Deadline,
) -> Result<Box<dyn Connection>, Failure> {
    if server.uri.scheme == Scheme::Ldapi {
        let stream = within(deadline, CONNECT, unix(server)).await?;
        return Ok(Box::new(stream));
    }
    let stream = tcp(&server.uri, dns, deadline).await?;
    Ok(Box::new(stream))
}

/// A connection to a socket of this machine.
///
/// # Errors
/// When nobody listens there, or somebody who may not be the server.
pub async fn unix(server: &Server) -> Result<UnixStream, Failure> {
    let stream = UnixStream::connect(&server.uri.host).await;
    let stream = stream.map_err(|error| Failure::of_socket(CONNECT, &error))?;
    server.keeper.check(CONNECT, &stream)?;
    Ok(stream)
}

async fn tcp(server: &ServerUri, dns: &Dns, deadline: Deadline) -> Result<TcpStream, Failure> {
    let addresses = dns.addresses(&server.host, server.port, deadline).await?;
    first(&addresses, deadline).await
}

/// A socket to the first address that answers.
///
/// # Errors
/// When none of them does; it tells of the last.
pub async fn first(addresses: &[SocketAddr], deadline: Deadline) -> Result<TcpStream, Failure> {
    first_of(addresses, deadline, async |address, deadline| {
        within(deadline, CONNECT, socket(address)).await
    })
    .await
}

/// What `open` makes of the first address that answers. Each gets an equal share of the time that is
/// left, so that one behind a broken route does not use it all.
///
/// # Errors
/// That of the last address.
pub async fn first_of<T>(
    addresses: &[SocketAddr],
    deadline: Deadline,
    mut open: impl AsyncFnMut(SocketAddr, Deadline) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut failure = Failure::down(CONNECT, "no address");
    for (tried, address) in addresses.iter().enumerate() {
        let left = addresses.len().saturating_sub(tried);
        let share = u32::try_from(left).unwrap_or(u32::MAX);
        let share = deadline.remaining().checked_div(share).unwrap_or_default();
        match open(*address, deadline.within(share)).await {
            Ok(opened) => return Ok(opened),
            Err(other) => failure = other,
        }
    }
    Err(failure)
}

async fn socket(address: SocketAddr) -> Result<TcpStream, Failure> {
    let stream = TcpStream::connect(address).await;
    let stream = stream.map_err(|error| Failure::of_socket(CONNECT, &error))?;
    // Nagle's algorithm and the server's delayed acknowledgements add up to 40 ms between the end
    // of the handshake and the first answer.
    let nodelay = stream.set_nodelay(true);
    nodelay.map_err(|error| Failure::of_socket(CONNECT, &error))?;
    Ok(stream)
}

/// The handshake over a socket with a server whose certificate is for `identity`.
///
/// # Errors
/// When there is no common way, or the certificate does not hold.
pub async fn handshake(
    stream: TcpStream,
    identity: &str,
    config: &Arc<ClientConfig>,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Failure> {
    let name = ServerName::try_from(identity.to_owned());
    // DNS may have brought it: then the next server has another.
    let name =
        name.map_err(|_| Failure::trouble(TLS, format!("no host name: {}", quoted(identity))))?;
    let connector = TlsConnector::from(Arc::clone(config));
    let stream = connector.connect(name, stream).await;
    stream.map_err(|error| Failure::trouble(TLS, tls::explain(&error)))
}
