//! A fake name server, over UDP and TCP, whose replies the test chooses.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread;

/// A running name server. It ends with the test's process.
pub struct NameServer {
    /// The address of the server.
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Question>>>,
}

/// A question that the server received.
#[derive(Debug, Clone)]
pub struct Question {
    /// The id of the message.
    pub id: u16,
    /// The name, in the asker's spelling, without a dot at the end.
    pub name: String,
    /// The type: 1 is A, 28 AAAA, 33 SRV.
    pub kind: u16,
    /// Whether the question came over TCP.
    pub is_tcp: bool,
    /// The address of the asker.
    pub from: SocketAddr,
    bytes: Vec<u8>,
}

/// A record, of the name in the question or of another name.
pub struct Record {
    owner: Option<String>,
    kind: u16,
    data: Vec<u8>,
}

/// An A or AAAA record.
pub fn address(text: &str) -> Record {
    let (kind, data) = match text.parse().unwrap() {
        IpAddr::V4(address) => (1, address.octets().to_vec()),
        IpAddr::V6(address) => (28, address.octets().to_vec()),
    };
    Record {
        owner: None,
        kind,
        data,
    }
}

/// An SRV record.
pub fn service(priority: u16, weight: u16, port: u16, host: &str) -> Record {
    let numbers = [priority, weight, port].map(u16::to_be_bytes).concat();
    Record {
        owner: None,
        kind: 33,
        data: [numbers, name(host)].concat(),
    }
}

/// A CNAME record.
pub fn alias(of: &str) -> Record {
    Record {
        owner: None,
        kind: 5,
        data: name(of),
    }
}

impl Record {
    /// The record, but of this name.
    #[must_use]
    pub fn of(mut self, owner: &str) -> Self {
        self.owner = Some(owner.to_owned());
        self
    }

    fn bytes(&self) -> Vec<u8> {
        // A pointer to the question's name.
        let owner = self.owner.as_deref().map_or(vec![0xc0, 12], name);
        let length = u16::try_from(self.data.len()).unwrap();
        let (kind, length) = (self.kind.to_be_bytes(), length.to_be_bytes());
        [&owner, &kind[..], &[0, 1, 0, 0, 0, 60], &length, &self.data].concat()
    }
}

fn name(text: &str) -> Vec<u8> {
    let labels = text.split('.').filter(|label| !label.is_empty());
    let label = |label: &str| [&[u8::try_from(label.len()).unwrap()], label.as_bytes()].concat();
    labels
        .map(label)
        .chain([vec![0]])
        .collect::<Vec<_>>()
        .concat()
}

impl Question {
    fn read(bytes: &[u8], from: SocketAddr, is_tcp: bool) -> Self {
        let (mut labels, mut at) = (Vec::new(), 12);
        while bytes[at] != 0 {
            let end = at + 1 + usize::from(bytes[at]);
            labels.push(String::from_utf8_lossy(&bytes[at + 1..end]).into_owned());
            at = end;
        }
        Self {
            id: u16::from_be_bytes([bytes[0], bytes[1]]),
            name: labels.join("."),
            kind: u16::from_be_bytes([bytes[at + 1], bytes[at + 2]]),
            is_tcp,
            from,
            bytes: bytes[12..at + 5].to_vec(),
        }
    }

    /// An answer with these records.
    pub fn answer(&self, records: &[Record]) -> Vec<u8> {
        self.reply(self.id, 0x8180, records)
    }

    /// A reply with this code: 2 is SERVFAIL, 3 NXDOMAIN, 5 REFUSED.
    pub fn code(&self, code: u16) -> Vec<u8> {
        self.reply(self.id, 0x8180 | code, &[])
    }

    /// An answer that is marked as truncated.
    pub fn truncated(&self) -> Vec<u8> {
        self.reply(self.id, 0x8380, &[])
    }

    /// An answer with another message id.
    pub fn with_id(&self, id: u16, records: &[Record]) -> Vec<u8> {
        self.reply(id, 0x8180, records)
    }

    /// An answer with these bytes in place of records.
    pub fn with_bytes(&self, count: u16, bytes: &[u8]) -> Vec<u8> {
        let mut reply = self.answer(&[]);
        reply[6..8].copy_from_slice(&count.to_be_bytes());
        reply.extend(bytes);
        reply
    }

    fn reply(&self, id: u16, flags: u16, records: &[Record]) -> Vec<u8> {
        let count = u16::try_from(records.len()).unwrap();
        let header = [id, flags, 1, count, 0, 0].map(u16::to_be_bytes).concat();
        let records: Vec<u8> = records.iter().flat_map(Record::bytes).collect();
        [header, self.bytes.clone(), records].concat()
    }
}

impl NameServer {
    /// Starts a server on a free port of 127.0.0.1. `answer` returns the messages to send, if any.
    pub fn start(answer: impl Fn(&Question) -> Vec<Vec<u8>> + Send + Sync + 'static) -> Self {
        let pair = || {
            let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
            let udp = UdpSocket::bind(tcp.local_addr().unwrap()).ok()?;
            Some((tcp, udp))
        };
        let (tcp, udp) = std::iter::repeat_with(pair)
            .take(100)
            .flatten()
            .next()
            .unwrap();
        Self::serve(tcp, udp, answer)
    }

    /// Starts a server at this address, for a resolv.conf that names it.
    pub fn at(
        address: &str,
        answer: impl Fn(&Question) -> Vec<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        let (tcp, udp) = (TcpListener::bind(address), UdpSocket::bind(address));
        Self::serve(tcp.unwrap(), udp.unwrap(), answer)
    }

    fn serve(
        tcp: TcpListener,
        udp: UdpSocket,
        answer: impl Fn(&Question) -> Vec<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        let address = udp.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answer, seen) = (Arc::new(answer), Arc::clone(&asked));
        let answer_tcp = Arc::clone(&answer);
        let seen_tcp = Arc::clone(&asked);
        thread::spawn(move || {
            let mut buffer = [0; 512];
            while let Ok((length, from)) = udp.recv_from(&mut buffer) {
                let question = Question::read(&buffer[..length], from, false);
                seen.lock().unwrap().push(question.clone());
                for message in answer(&question) {
                    let _ = udp.send_to(&message, from);
                }
            }
        });
        thread::spawn(move || {
            for stream in tcp.incoming() {
                let _ = converse(stream.unwrap(), &*answer_tcp, &seen_tcp);
            }
        });
        Self { address, asked }
    }

    /// The questions received so far.
    pub fn asked(&self) -> Vec<Question> {
        self.asked.lock().unwrap().clone()
    }
}

fn converse(
    mut stream: TcpStream,
    answer: &dyn Fn(&Question) -> Vec<Vec<u8>>,
    seen: &Mutex<Vec<Question>>,
) -> std::io::Result<()> {
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut bytes)?;
    let question = Question::read(&bytes, stream.peer_addr()?, true);
    seen.lock().unwrap().push(question.clone());
    for message in answer(&question) {
        let length = u16::try_from(message.len()).unwrap().to_be_bytes();
        stream.write_all(&[&length[..], &message].concat())?;
    }
    Ok(())
}
