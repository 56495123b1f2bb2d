//! A fake LDAP server that sends false replies, stalls and floods.
//!
//! It does not use TLS. Any host on the path can do the same before TLS begins, and a compromised
//! server can within TLS.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// Calls `act` with each connection. Ends with the test's process.
pub fn serve(act: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            act(stream.unwrap());
        }
    });
    port
}

/// The settings for it, without TLS.
pub fn settings(port: u16) -> Value {
    json!({
        "uris": [format!("ldap://127.0.0.1:{port}")],
        "tls": "none",
        "insecure_plaintext": true,
        "base": "dc=example,dc=test",
    })
}

/// Reads one request. Returns its message id and the tag of its operation.
pub fn request(stream: &mut TcpStream) -> Option<(u8, u8)> {
    let mut start = [0; 2];
    stream.read_exact(&mut start).ok()?;
    let length = match start[1] {
        short @ 0..0x80 => usize::from(short),
        long => {
            let mut bytes = vec![0; usize::from(long & 0x7f)];
            stream.read_exact(&mut bytes).ok()?;
            bytes
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte))
        }
    };
    let mut rest = vec![0; length];
    stream.read_exact(&mut rest).ok()?;
    Some((rest[2], rest[3]))
}

/// A BER element with these contents.
pub fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = u32::try_from(contents.len()).unwrap().to_be_bytes();
    match contents.len() {
        0..=0x7f => [&[tag, length[3]], contents].concat(),
        _ => [&[tag, 0x84], &length[..], contents].concat(),
    }
}

/// An LDAP message with this operation.
pub fn message(id: u8, operation: &[u8]) -> Vec<u8> {
    element(0x30, &[&[2, 1, id], operation].concat())
}

/// A result with this tag, code and text.
pub fn result(tag: u8, code: u8, text: &[u8]) -> Vec<u8> {
    element(tag, &[&[10, 1, code, 4, 0], &element(4, text)[..]].concat())
}

/// The entry of the user `name`.
pub fn entry(name: &str) -> Vec<u8> {
    entry_with(name, &[])
}

/// The entry of the user `name`, with more attributes.
pub fn entry_with(name: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let dn = element(4, format!("uid={name},dc=example,dc=test").as_bytes());
    let attributes: Vec<u8> = ([("uid", name)].iter().chain(more))
        .flat_map(|(name, value)| {
            let values = element(0x31, &element(4, value.as_bytes()));
            element(0x30, &[element(4, name.as_bytes()), values].concat())
        })
        .collect();
    element(0x64, &[dn, element(0x30, &attributes)].concat())
}

/// Answers a search with one entry, and a bind or a change with success, as a correct server does.
/// `twist` gets the request's tag and may change the bytes of the answer.
pub fn almost_good(mut stream: TcpStream, twist: impl Fn(u8, Vec<u8>) -> Vec<u8>) {
    while let Some((id, tag)) = request(&mut stream) {
        let answer = match tag {
            0x60 => message(id, &result(0x61, 0, b"")),
            0x63 => {
                let done = message(id, &result(0x65, 0, b""));
                [message(id, &entry("alice")), done].concat()
            }
            0x66 => message(id, &result(0x67, 0, b"")),
            0x77 => message(id, &result(0x78, 0, b"")),
            _ => return,
        };
        if stream.write_all(&twist(tag, answer)).is_err() {
            return;
        }
    }
}

/// Sends these bytes and waits until the client disconnects.
pub fn blurt(mut stream: TcpStream, bytes: &[u8]) {
    let _ = request(&mut stream);
    let _ = stream.write_all(bytes);
    wait(stream);
}

/// Sends `bytes` again and again until the client disconnects.
pub fn flood(mut stream: TcpStream, bytes: &[u8]) {
    while stream.write_all(bytes).is_ok() {}
}

/// Sends one byte a second.
pub fn drip(mut stream: TcpStream, bytes: &[u8]) {
    let _ = request(&mut stream);
    for byte in bytes {
        if stream.write_all(&[*byte]).is_err() {
            return;
        }
        thread::sleep(Duration::from_secs(1));
    }
}

/// Starts a host on the path that answers the 31 bytes of StartTLS with `reply`. Returns its port,
/// and a thread that returns all bytes it received.
pub fn meddler(reply: &'static [u8]) -> (u16, thread::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream
            .set_read_timeout(Some(Duration::from_millis(500)))
            .unwrap();
        let mut heard = vec![0; 31];
        stream.read_exact(&mut heard).unwrap();
        stream.write_all(reply).unwrap();
        let _ = stream.read_to_end(&mut heard);
        heard
    });
    (port, thread)
}

/// Sends nothing until the client disconnects.
pub fn wait(mut stream: TcpStream) {
    let _ = stream.read_to_end(&mut Vec::new());
}
