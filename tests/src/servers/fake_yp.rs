//! A fake NIS server that sends false replies, stalls and floods, as any host on the path to a
//! server can.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::asker::{Asker, Told};
use super::ypserv::domain::hash;

/// The parts of a call that the tests need.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// The transaction id.
    pub xid: u32,
    /// The procedure: 0 is YPPROC_NULL, 3 is YPPROC_MATCH.
    pub procedure: u32,
    /// The whole message.
    pub bytes: Vec<u8>,
}

impl Call {
    fn of(bytes: Vec<u8>) -> Self {
        let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
        Self {
            xid: number(0),
            procedure: number(20),
            bytes,
        }
    }

    /// A correct reply. The value of every key is the line of alice.
    pub fn good(&self) -> Vec<u8> {
        match self.procedure {
            3 => reply(self.xid, &value(alice().as_bytes())),
            _ => reply(self.xid, b""),
        }
    }
}

/// The line of alice, whose password is `pw-alice`.
pub fn alice() -> String {
    format!(
        "alice:{}:5001:100:Alice:/home/alice:/bin/sh",
        hash("pw-alice")
    )
}

/// These numbers as XDR writes them.
pub fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| number.to_be_bytes())
        .collect()
}

/// A string as XDR writes it.
pub fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap();
    let mut written = [&length.to_be_bytes(), bytes].concat();
    written.resize(written.len().next_multiple_of(4), 0);
    written
}

/// A reply with this result.
pub fn reply(xid: u32, result: &[u8]) -> Vec<u8> {
    [&numbers(&[xid, 1, 0, 0, 0, 0]), result].concat()
}

/// The result of YPPROC_MATCH for a key that exists.
pub fn value(value: &[u8]) -> Vec<u8> {
    [numbers(&[1]), string(value)].concat()
}

/// The result of YPPROC_MATCH with this status and no value.
pub fn status(status: i32) -> Vec<u8> {
    [&status.to_be_bytes()[..], &[0; 4]].concat()
}

/// A message as one record of a stream.
pub fn record(message: &[u8]) -> Vec<u8> {
    let mark = 1 << 31 | u32::try_from(message.len()).unwrap();
    [&numbers(&[mark]), message].concat()
}

/// Reads one call from a stream.
pub fn hear(stream: &mut TcpStream) -> Option<Call> {
    let mut mark = [0; 4];
    stream.read_exact(&mut mark).ok()?;
    let length = u32::from_be_bytes(mark) & !(1 << 31);
    let mut bytes = vec![0; usize::try_from(length).unwrap()];
    stream.read_exact(&mut bytes).ok()?;
    Some(Call::of(bytes))
}

/// Serves streams on `listener`, and sends the bytes that `answer` returns for each call. Ends with
/// the test's process.
pub fn serve(listener: TcpListener, answer: impl Fn(&Call) -> Vec<u8> + Send + 'static) -> u16 {
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            while let Some(call) = hear(&mut stream) {
                let bytes = answer(&call);
                // An empty answer closes the connection.
                if bytes.is_empty() || stream.write_all(&bytes).is_err() {
                    break;
                }
            }
        }
    });
    port
}

/// Serves streams on a new port.
pub fn tcp(answer: impl Fn(&Call) -> Vec<u8> + Send + 'static) -> u16 {
    serve(TcpListener::bind("127.0.0.1:0").unwrap(), answer)
}

/// Receives datagrams, and calls `act` with each.
pub fn udp(act: impl Fn(&UdpSocket, Call, SocketAddr) + Send + 'static) -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut datagram = [0; 1024];
        while let Ok((length, from)) = socket.recv_from(&mut datagram) {
            act(&socket, Call::of(datagram[..length].to_vec()), from);
        }
    });
    port
}

/// The settings for such a server.
pub fn settings(port: u16, transport: &str) -> Value {
    json!({
        "domain": "lab.nis",
        "servers": [format!("127.0.0.1:{port}")],
        "transport": transport,
        "source_port": "any",
        "server_timeout": "400ms",
    })
}

/// Logs in as alice at the server on this port.
pub fn login(port: u16, transport: &str) -> Told {
    Asker::of_kind("nis", settings(port, transport)).login("alice", "pw-alice")
}

/// Logs in over each transport at a server that sends `answer` for alice.
pub fn after(answer: impl Fn(&Call) -> Vec<u8> + Clone + Send + 'static) -> [Told; 2] {
    let own = answer.clone();
    let stream = tcp(move |call| record(&own(call)));
    let datagrams = udp(move |socket, call, from| {
        let answer = match call.procedure {
            3 => answer(&call),
            _ => call.good(),
        };
        let _ = socket.send_to(&answer, from);
    });
    [login(stream, "tcp"), login(datagrams, "udp")]
}

/// Checks that the reply is `unavailable` with these words, and came in time.
///
/// # Panics
/// If not.
pub fn unavailable(told: &Told, words: &str) {
    let why = told
        .unavailable()
        .unwrap_or_else(|| panic!("{words}: {told:?}"));
    assert!(why.contains(words), "{words}: {why}");
    assert!(told.took < Duration::from_millis(1_500), "{told:?}");
}
