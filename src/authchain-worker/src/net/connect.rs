//! Servers, and connections to them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use authchain::tools::deadline::Deadline;
use authchain::tools::journal::quoted;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::dns::Dns;
use super::failure::{Failure, within};
use super::peer::SocketOwner;
use super::tls::{self, Trust};

/// A server: its place, the encryption of the connection, and the proof of its identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// On a network.
    Tcp(TcpEndpoint),
    /// On this machine.
    Unix(UnixEndpoint),
}

/// A server on a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TcpEndpoint {
    /// Its name or numeric address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The encryption of the connection.
    pub encryption: Encryption,
    /// The name that its certificate must be for.
    pub identity: String,
}

/// A server behind a Unix socket of this machine. The connection is in the clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnixEndpoint {
    /// The socket.
    pub path: PathBuf,
    /// The user besides root who may listen there.
    pub owner: SocketOwner,
}

/// The encryption of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// No encryption.
    Plain,
    /// TLS.
    Tls,
}

impl UnixEndpoint {
    /// Returns the server at the socket `path`. Called before the process is confined: the owner of
    /// the socket is read.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self {
            owner: SocketOwner::of(&path),
            path,
        }
    }
}

/// A connection of any kind.
pub trait Connection: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Connection for T {}

/// The step of connecting a socket, as a failure names it.
pub const CONNECT: &str = "connect";
/// The step of the TLS handshake, as a failure names it.
pub const TLS: &str = "TLS";

/// Connects to `endpoint`, with the encryption that it asks for.
///
/// # Errors
/// When the connection fails, or cannot be encrypted: there is no fallback.
pub async fn connect(
    endpoint: &Endpoint,
    trust: Option<&Trust>,
    dns: &Dns,
    deadline: Deadline,
) -> Result<Box<dyn Connection>, Failure> {
    let server = match endpoint {
        Endpoint::Unix(server) => {
            let stream = within(deadline, CONNECT, unix(server)).await?;
            return Ok(Box::new(stream));
        }
        Endpoint::Tcp(server) => server,
    };
    let stream = tcp(server, dns, deadline).await?;
    match server.encryption {
        Encryption::Plain => Ok(Box::new(stream)),
        Encryption::Tls => {
            let stream = within(deadline, TLS, handshake(stream, &server.identity, trust)).await?;
            Ok(Box::new(stream))
        }
    }
}

/// Connects to a socket of this machine.
///
/// # Errors
/// When nobody listens there, or a user who may not be the server.
pub async fn unix(server: &UnixEndpoint) -> Result<UnixStream, Failure> {
    let stream = UnixStream::connect(&server.path).await;
    let stream = stream.map_err(|error| Failure::of_socket(CONNECT, &error))?;
    server.owner.check(CONNECT, &stream)?;
    Ok(stream)
}

/// Connects to a server on a network, without encryption.
///
/// # Errors
/// When the server has no address, or no address answers.
pub async fn tcp(
    server: &TcpEndpoint,
    dns: &Dns,
    deadline: Deadline,
) -> Result<TcpStream, Failure> {
    let addresses = dns.addresses(&server.host, server.port, deadline).await?;
    first(&addresses, deadline).await
}

/// Connects to the first address that answers.
///
/// # Errors
/// The failure at the last address.
pub async fn first(addresses: &[SocketAddr], deadline: Deadline) -> Result<TcpStream, Failure> {
    first_of(addresses, deadline, async |address, deadline| {
        within(deadline, CONNECT, socket(address)).await
    })
    .await
}

/// Calls `open` with each address until it succeeds. Each address gets an equal share of the time
/// that is left, so that an address behind a broken route does not use all of it.
///
/// # Errors
/// The failure at the last address.
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

/// Encrypts a connection with a server whose certificate must be for `identity`.
///
/// # Errors
/// When the handshake fails, the certificate is not valid, or there is no `trust`.
pub async fn handshake(
    stream: TcpStream,
    identity: &str,
    trust: Option<&Trust>,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, Failure> {
    let trust = trust.ok_or_else(|| Failure::settings(TLS, "not set up"))?;
    let name = ServerName::try_from(identity.to_owned());
    // Not an error of the settings: the name may come from DNS, and another server has another.
    let name =
        name.map_err(|_| Failure::trouble(TLS, format!("no host name: {}", quoted(identity))))?;
    let connector = TlsConnector::from(Arc::clone(&trust.config));
    let stream = connector.connect(name, stream).await;
    stream.map_err(|error| tls::failure(TLS, &error))
}
