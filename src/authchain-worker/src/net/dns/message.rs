//! A DNS question and its reply, as bytes (RFC 1035 §4).

use std::net::IpAddr;
use std::str::FromStr;

use domain::base::iana::Rcode;
use domain::base::name::{Name, ParsedName, ToName};
use domain::base::rdata::ParseRecordData;
use domain::base::{Message, MessageBuilder, Rtype};
use domain::rdata::{A, Aaaa, Srv};

/// The most records of a reply; a hundred domain controllers are many.
const MAX_RECORDS: u16 = 256;

/// The types of records that are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordKind {
    A,
    Aaaa,
    Srv,
}

/// The records of a name, of the type that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Records {
    /// No records, or no such name.
    None,
    Addresses(Vec<IpAddr>),
    Services(Vec<Service>),
}

/// One SRV record (RFC 2782).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The priority: servers with lower numbers are tried first.
    pub priority: u16,
    /// The weight: the share of the load among servers of the same priority.
    pub weight: u16,
    /// The port of the service.
    pub port: u16,
    /// The server's full name, without a dot at the end; empty where the domain says that it does
    /// not offer this service.
    pub host: String,
}

/// A datagram, or a message over TCP, as the reply to a question.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DnsReply {
    /// The answer.
    Answer(Records),
    /// The answer did not fit into the datagram; over TCP it will.
    Truncated,
    /// The server does not answer the question, for this reason.
    Refused(String),
    /// The message is no reply to this question.
    Unrelated,
}

/// A question with its bytes.
#[derive(Debug, Clone)]
pub(super) struct DnsQuestion {
    message: Message<Vec<u8>>,
    kind: RecordKind,
}

impl DnsQuestion {
    /// Returns the question for the records of `kind` that `name` has; `None` for a name that DNS
    /// cannot have. `id` is to be a random number.
    pub(super) fn new(name: &str, kind: RecordKind, id: u16) -> Option<Self> {
        let name = Name::<Vec<u8>>::from_str(name).ok()?;
        let kind_code = match kind {
            RecordKind::A => Rtype::A,
            RecordKind::Aaaa => Rtype::AAAA,
            RecordKind::Srv => Rtype::SRV,
        };
        let mut builder = MessageBuilder::new_vec();
        builder.header_mut().set_id(id);
        builder.header_mut().set_rd(true);
        let mut builder = builder.question();
        builder.push((name, kind_code)).ok()?;
        Some(Self {
            message: builder.into_message(),
            kind,
        })
    }

    /// Returns the bytes to send.
    pub(super) fn bytes(&self) -> &[u8] {
        self.message.as_slice()
    }

    /// Reads a reply. It must repeat the id, the question and the opcode of the question: otherwise
    /// it is forged, or answers another question.
    pub(super) fn reply(&self, bytes: &[u8]) -> DnsReply {
        let Ok(message) = Message::from_octets(bytes) else {
            return DnsReply::Unrelated;
        };
        let header = message.header();
        if !message.is_answer(&self.message) || header.opcode() != self.message.header().opcode() {
            return DnsReply::Unrelated;
        }
        if header.tc() {
            return DnsReply::Truncated;
        }
        match header.rcode() {
            Rcode::NOERROR => match self.records(&message) {
                Some(records) => DnsReply::Answer(records),
                None => DnsReply::Refused("a malformed answer".to_owned()),
            },
            Rcode::NXDOMAIN => DnsReply::Answer(Records::None),
            code => DnsReply::Refused(code.to_string()),
        }
    }

    /// Returns the records of the name that was asked for, or of its canonical name if it is an
    /// alias; `None` for a message that is malformed or too large.
    fn records(&self, message: &Message<&[u8]>) -> Option<Records> {
        if message.header_counts().ancount() > MAX_RECORDS {
            return None;
        }
        // Follows no more aliases than there are records: a circle of aliases has no canonical
        // name.
        let owner = message.canonical_name()?;
        let records = match self.kind {
            RecordKind::A => {
                let found = of_kind::<A>(message, &owner)?.into_iter();
                Records::Addresses(found.map(|record| record.addr().into()).collect())
            }
            RecordKind::Aaaa => {
                let found = of_kind::<Aaaa>(message, &owner)?.into_iter();
                Records::Addresses(found.map(|record| record.addr().into()).collect())
            }
            RecordKind::Srv => {
                let found = of_kind::<Srv<ParsedName<&[u8]>>>(message, &owner)?;
                Records::Services(found.iter().filter_map(service).collect())
            }
        };
        Some(match records.is_empty() {
            true => Records::None,
            false => records,
        })
    }
}

fn of_kind<'a, Data: ParseRecordData<'a, &'a [u8]>>(
    message: &'a Message<&'a [u8]>,
    owner: &ParsedName<&[u8]>,
) -> Option<Vec<Data>> {
    let mut found = Vec::new();
    for record in message.answer().ok()?.limit_to_in::<Data>() {
        let record = record.ok()?;
        if record.owner().name_eq(owner) {
            found.push(record.into_data());
        }
    }
    Some(found)
}

/// Returns the service of a record; `None` if its target cannot be a host name. DNS allows other
/// bytes in names, but they must not reach a log.
fn service(record: &Srv<ParsedName<&[u8]>>) -> Option<Service> {
    let host = record.target().to_string();
    let host = host.trim_end_matches('.').to_owned();
    let is_host = host
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    is_host.then_some(Service {
        priority: record.priority(),
        weight: record.weight(),
        port: record.port(),
        host,
    })
}

impl Records {
    /// Returns whether there are no records.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::None => true,
            Self::Addresses(list) => list.is_empty(),
            Self::Services(list) => list.is_empty(),
        }
    }

    /// Returns the addresses among them.
    pub(super) fn addresses(self) -> Vec<IpAddr> {
        match self {
            Self::Addresses(list) => list,
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Returns the question's own bytes, marked as an answer.
    fn reply(question: &DnsQuestion) -> Vec<u8> {
        let mut bytes = question.bytes().to_vec();
        bytes[2] |= 0x80;
        bytes
    }

    fn any_kind() -> impl Strategy<Value = RecordKind> {
        prop_oneof![
            Just(RecordKind::A),
            Just(RecordKind::Aaaa),
            Just(RecordKind::Srv)
        ]
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), kind in any_kind()) {
            let question = DnsQuestion::new("a.example", kind, 7).unwrap();
            let _ = question.reply(&bytes);
        }

        #[test]
        fn no_bytes_behind_a_good_question_make_it_panic(
            counts: [u8; 3],
            rest in proptest::collection::vec(any::<u8>(), 0..600),
            kind in any_kind(),
        ) {
            let question = DnsQuestion::new("a.example", kind, 7).unwrap();
            let mut bytes = reply(&question);
            for (place, count) in [7, 9, 11].into_iter().zip(counts) {
                bytes[place] = count;
            }
            bytes.extend(rest);
            prop_assert_ne!(question.reply(&bytes), DnsReply::Unrelated);
        }

        #[test]
        fn another_number_or_another_question_is_a_stray(id: u16, place in 12..27usize) {
            let question = DnsQuestion::new("a.example", RecordKind::A, 7).unwrap();
            let mut bytes = reply(&question);
            bytes[0..2].copy_from_slice(&id.to_be_bytes());
            prop_assert_eq!(question.reply(&bytes) == DnsReply::Unrelated, id != 7);
            let mut bytes = reply(&question);
            bytes[place] ^= 0x11;
            prop_assert_eq!(question.reply(&bytes), DnsReply::Unrelated);
        }
    }

    #[test]
    fn a_name_that_dns_cannot_have_is_no_question() {
        for name in [
            "a..b",
            ".",
            "x y",
            "\u{fc}.example",
            &"a.".repeat(130),
            &"b".repeat(64),
        ] {
            let question = DnsQuestion::new(name, RecordKind::A, 1);
            assert!(question.is_none() || name == "." || name == "x y", "{name}");
        }
    }
}
