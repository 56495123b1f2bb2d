//! Sends calls and receives replies: in datagrams, or in a stream with record marks (RFC 5531 §11).

use std::io;
use std::net::{SocketAddr, UdpSocket as StdSocket};
use std::os::fd::OwnedFd;
use std::time::Duration;

use authchain::config::settings::nis::Transport;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};
use zeroize::Zeroizing;

use super::rpc;
use crate::net::dns::connected;

/// The longest reply, in bytes: a line of a passwd file and the headers in front of it.
const MAX_REPLY: usize = 8 * 1024;

/// The most fragments of a reply.
const MAX_FRAGMENTS: usize = 32;

/// The most replies to other calls that are passed over in a stream, where there should be none.
const MAX_UNRELATED: usize = 16;

/// The most datagrams that may wait in a socket: twice as many of the smallest as the kernel's
/// default buffer holds.
const MAX_WAITING: usize = 1024;

/// The bit of a record mark that says that the fragment is the last.
const LAST: u32 = 1 << 31;

/// The time after which a datagram is sent again; twice as long the next time.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// A connection to one program of a server.
#[derive(Debug)]
pub enum Channel {
    /// A stream.
    Tcp(TcpStream),
    /// Datagrams, to and from one address alone: the kernel passes on no others.
    Udp(UdpSocket),
}

impl Channel {
    /// Connects to `address`, from the socket that was bound for it if there is one.
    ///
    /// # Errors
    /// The errors of the kernel.
    pub async fn open(
        address: SocketAddr,
        transport: Transport,
        reserved: Option<OwnedFd>,
    ) -> io::Result<Self> {
        match transport {
            Transport::Tcp => {
                let stream = match reserved {
                    Some(socket) => {
                        let socket = TcpSocket::from_std_stream(socket.into());
                        socket.connect(address).await?
                    }
                    None => TcpStream::connect(address).await?,
                };
                stream.set_nodelay(true)?;
                Ok(Self::Tcp(stream))
            }
            Transport::Udp => {
                let socket = match reserved {
                    Some(socket) => connect_bound(socket.into(), address)?,
                    None => connected(address)?,
                };
                UdpSocket::from_std(socket).map(Self::Udp)
            }
        }
    }

    /// Returns the port that questions come from.
    pub fn own_port(&self) -> Option<u16> {
        let own = match self {
            Self::Tcp(stream) => stream.local_addr(),
            Self::Udp(socket) => socket.local_addr(),
        };
        own.ok().map(|own| own.port())
    }

    /// Sends `call` and waits for the reply to it, for as long as it takes.
    ///
    /// # Errors
    /// When the connection ends, or the server sends only other messages.
    pub async fn exchange(&mut self, call: &[u8]) -> io::Result<Zeroizing<Vec<u8>>> {
        let Self::Udp(socket) = self else {
            return self.exchange_once(call).await;
        };
        let mut wait = FIRST_WAIT;
        loop {
            // The same call again, with the same xid: the reply to either is the answer.
            socket.send(call).await?;
            match tokio::time::timeout(wait, reply_to(rpc::xid_of(call), socket)).await {
                Ok(reply) => return reply,
                Err(_) => wait = wait.saturating_mul(2),
            }
        }
    }

    /// Sends a `call` that must not be made twice, and waits for the reply to it, for as long as it
    /// takes.
    ///
    /// # Errors
    /// As [`Self::exchange`].
    pub async fn exchange_once(&mut self, call: &[u8]) -> io::Result<Zeroizing<Vec<u8>>> {
        let xid = rpc::xid_of(call);
        match self {
            Self::Tcp(stream) => {
                stream.write_all(&record(call)).await?;
                for _ in 0..MAX_UNRELATED {
                    let reply = read_record(stream).await?;
                    if rpc::xid_of(&reply) == xid {
                        return Ok(reply);
                    }
                }
                Err(invalid("answers to what was not asked"))
            }
            Self::Udp(socket) => {
                socket.send(call).await?;
                reply_to(xid, socket).await
            }
        }
    }
}

/// Connects a bound socket, which has received from everybody so far, to `address`. The kernel
/// keeps the datagrams that came before, so they are read and dropped.
fn connect_bound(socket: StdSocket, address: SocketAddr) -> io::Result<StdSocket> {
    socket.connect(address)?;
    for _ in 0..MAX_WAITING {
        let heard = socket.recv(&mut [0]);
        if heard.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
            break;
        }
    }
    Ok(socket)
}

/// Returns a message as one fragment, with its mark.
fn record(message: &[u8]) -> Zeroizing<Vec<u8>> {
    let length = u32::try_from(message.len()).unwrap_or(LAST);
    Zeroizing::new([&(length | LAST).to_be_bytes(), message].concat())
}

/// Reads one message from a stream.
///
/// # Errors
/// When it is longer than any expected reply, has too many fragments, or the stream ends.
pub async fn read_record(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Zeroizing<Vec<u8>>> {
    // The message may hold a hash: room for the longest from the start leaves no copies behind.
    let mut message = Zeroizing::new(Vec::with_capacity(MAX_REPLY));
    for _ in 0..MAX_FRAGMENTS {
        let mark = stream.read_u32().await?;
        let length = usize::try_from(mark & !LAST).unwrap_or(usize::MAX);
        let (start, end) = (message.len(), message.len().saturating_add(length));
        if end > MAX_REPLY {
            return Err(invalid("too long an answer"));
        }
        message.resize(end, 0);
        let piece = message.get_mut(start..).unwrap_or_default();
        stream.read_exact(piece).await?;
        if mark & LAST != 0 {
            return Ok(message);
        }
    }
    Err(invalid("an answer in too many pieces"))
}

/// Waits for the datagram that replies to the call `xid`. Others may be replies to an earlier owner
/// of the port, or somebody's guesses.
async fn reply_to(xid: Option<u32>, socket: &UdpSocket) -> io::Result<Zeroizing<Vec<u8>>> {
    loop {
        // One more byte than is allowed, to notice longer datagrams.
        let mut datagram = Zeroizing::new(vec![0; MAX_REPLY.saturating_add(1)]);
        let length = socket.recv(&mut datagram).await?;
        datagram.truncate(length);
        if rpc::xid_of(&datagram) != xid {
            continue;
        }
        if length > MAX_REPLY {
            return Err(invalid("too long an answer"));
        }
        return Ok(datagram);
    }
}

fn invalid(text: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<u8>, io::ErrorKind> {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let mut stream = bytes;
        let read = runtime.unwrap().block_on(read_record(&mut stream));
        read.map(|message| message.to_vec())
            .map_err(|error| error.kind())
    }

    #[test]
    fn datagrams_from_before_the_connect_are_no_answers() {
        let [server, stranger, ours] = [(); 3].map(|()| StdSocket::bind("127.0.0.1:0").unwrap());
        ours.set_nonblocking(true).unwrap();
        let own = ours.local_addr().unwrap();
        for _ in 0..3 {
            stranger.send_to(b"early", own).unwrap();
        }
        let connect_bound = connect_bound(ours, server.local_addr().unwrap()).unwrap();
        stranger.send_to(b"another's", own).unwrap();
        server.send_to(b"an answer", own).unwrap();
        let mut heard = [0; 16];
        let length = connect_bound.recv(&mut heard).unwrap();
        assert_eq!(heard[..length], *b"an answer");
        assert!(connect_bound.recv(&mut heard).is_err());
    }

    #[test]
    fn a_message_may_come_in_pieces() {
        assert_eq!(read(&record(b"alice")), Ok(b"alice".to_vec()));
        let pieces = b"\0\0\0\x02al\0\0\0\0\x80\0\0\x03ice";
        assert_eq!(read(pieces), Ok(b"alice".to_vec()));
    }

    #[test]
    fn no_record_mark_makes_us_read_more_than_a_reply() {
        let long = [&b"\x80\0\x20\x01"[..], &[0; 0x2001]].concat();
        assert_eq!(read(&long), Err(io::ErrorKind::InvalidData));
        let longest = [&b"\x80\0\x20\0"[..], &[0; 0x2000]].concat();
        assert_eq!(read(&longest).unwrap().len(), MAX_REPLY);
        let summed = [&b"\0\0\x20\0"[..], &[0; 0x2000], b"\x80\0\0\x01x"].concat();
        assert_eq!(read(&summed), Err(io::ErrorKind::InvalidData));
        assert_eq!(read(&[0; 4 * 40]), Err(io::ErrorKind::InvalidData));
        assert_eq!(read(b"\xff\xff\xff\xff"), Err(io::ErrorKind::InvalidData));
        assert_eq!(read(b"\x80\0\0\x05ali"), Err(io::ErrorKind::UnexpectedEof));
        assert_eq!(read(b"\x80\0"), Err(io::ErrorKind::UnexpectedEof));
    }
}
