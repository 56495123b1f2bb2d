//! Asks the name servers one question, one after the other.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use authchain::tools::deadline::Deadline;
use authchain::tools::journal::quoted;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, SockaddrIn6, connect, socket,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio_rustls::rustls::crypto::ring::default_provider;

use super::config::Config;
use super::message::{DnsQuestion, DnsReply, RecordKind, Records};
use crate::net::failure::{Failure, FailureKind, within};

/// The name of this step in failures.
pub const STEP: &str = "name resolution";

/// The most bytes of a datagram that are read. Without EDNS (RFC 6891), servers send 512 at most.
const MAX_DATAGRAM: usize = 4096;

/// The most unrelated datagrams that are ignored. After so many, an attacker is probably guessing
/// the id, and the question is asked over TCP, where guessing does not help.
const MAX_UNRELATED: usize = 8;

/// Asks the name servers for the `records` that `name` has.
///
/// Each name server gets an equal share of the time that is left, but no more than resolv.conf
/// says. So a silent name server leaves time for the others.
///
/// # Errors
/// When no name server answers, and for a name that DNS cannot have.
pub(super) async fn ask(
    config: &Config,
    records: RecordKind,
    name: &str,
    deadline: Deadline,
) -> Result<Records, Failure> {
    let no_name = || Failure::trouble(STEP, format!("{} is no host name", quoted(name)));
    let mut failures: Vec<String> = Vec::new();
    // Not `Down` if one question failed otherwise: that name server may have the answer.
    let mut kind = FailureKind::Down;
    let mut turns = turns(config)?;
    while let Some(server) = turns.next() {
        let id = u16::try_from(random()? >> 16).unwrap_or_default();
        let question = DnsQuestion::new(name, records, id).ok_or_else(no_name)?;
        let left = u32::try_from(turns.len().saturating_add(1)).unwrap_or(u32::MAX);
        let share = deadline
            .remaining()
            .checked_div(left)
            .unwrap_or(Duration::ZERO);
        let asking = async {
            let answer = ask_one(server, &question, config.use_tcp).await;
            answer.map_err(|error| Failure::of_socket(STEP, &error))
        };
        let own = deadline.within(share.min(config.timeout));
        let why = match within(own, STEP, asking).await {
            Ok(DnsReply::Answer(records)) => return Ok(records),
            Ok(DnsReply::Refused(why)) => why,
            Ok(DnsReply::Truncated | DnsReply::Unrelated) => "a malformed answer".to_owned(),
            Err(failure) => {
                if failure.kind != FailureKind::Down {
                    kind = failure.kind;
                }
                failure.text
            }
        };
        let failure = format!("name server {}: {why}", server.ip());
        if !failures.contains(&failure) {
            failures.push(failure);
        }
    }
    let failure = Failure::down(STEP, failures.join("; "));
    Err(Failure { kind, ..failure })
}

/// Returns the name servers in the order in which they are asked, round after round.
fn turns(config: &Config) -> Result<impl ExactSizeIterator<Item = SocketAddr>, Failure> {
    let mut servers = config.servers.clone();
    if config.rotate && !servers.is_empty() {
        let chance = usize::try_from(random()?).unwrap_or_default();
        let first = chance.checked_rem(servers.len()).unwrap_or_default();
        servers.rotate_left(first);
    }
    let rounds = usize::try_from(config.attempts).unwrap_or(1);
    Ok(servers.repeat(rounds).into_iter())
}

async fn ask_one(
    server: SocketAddr,
    question: &DnsQuestion,
    use_tcp: bool,
) -> io::Result<DnsReply> {
    if !use_tcp {
        match over_udp(server, question).await? {
            DnsReply::Truncated | DnsReply::Unrelated => {}
            reply => return Ok(reply),
        }
    }
    over_tcp(server, question).await
}

/// Asks over UDP, and ignores up to [`MAX_UNRELATED`] unrelated datagrams.
async fn over_udp(server: SocketAddr, question: &DnsQuestion) -> io::Result<DnsReply> {
    let socket = UdpSocket::from_std(connected(server)?)?;
    socket.send(question.bytes()).await?;
    // On the heap: an array would enlarge every future that contains this one.
    let mut buffer = vec![0; MAX_DATAGRAM];
    for _ in 0..MAX_UNRELATED {
        let length = socket.recv(&mut buffer).await?;
        match question.reply(buffer.get(..length).unwrap_or_default()) {
            DnsReply::Unrelated => {}
            reply => return Ok(reply),
        }
    }
    Ok(DnsReply::Unrelated)
}

/// Asks over TCP, where the length precedes each message (RFC 1035 §4.2.2).
async fn over_tcp(server: SocketAddr, question: &DnsQuestion) -> io::Result<DnsReply> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(question.bytes().len()).map_err(io::Error::other)?;
    let request = [&length.to_be_bytes(), question.bytes()].concat();
    stream.write_all(&request).await?;
    let length = stream.read_u16().await?;
    let mut answer = vec![0; usize::from(length)];
    stream.read_exact(&mut answer).await?;
    Ok(question.reply(&answer))
}

/// Returns whether this machine has a route to `address`; nothing is sent.
pub(super) fn has_route(address: SocketAddr) -> bool {
    connected(address).is_ok()
}

/// Returns a UDP socket that receives from `server` alone. The kernel chooses its port at random,
/// as for every socket that is not bound; so the sandbox can forbid bind(2).
///
/// # Errors
/// When there is no route to it.
pub fn connected(server: SocketAddr) -> io::Result<std::net::UdpSocket> {
    let family = match server {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let made = socket(family, SockType::Datagram, flags, None)?;
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(&made);
    match server {
        SocketAddr::V4(server) => connect(descriptor, &SockaddrIn::from(server))?,
        SocketAddr::V6(server) => connect(descriptor, &SockaddrIn6::from(server))?,
    }
    Ok(made.into())
}

/// Returns an unpredictable number of 32 bits.
///
/// # Errors
/// When the kernel gives no random numbers.
pub fn random() -> Result<u32, Failure> {
    let mut bytes = [0; 4];
    let filled = default_provider().secure_random.fill(&mut bytes);
    filled.map_err(|_| Failure::local(STEP, "the kernel gives no random numbers"))?;
    Ok(u32::from_ne_bytes(bytes))
}
