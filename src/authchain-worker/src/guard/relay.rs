//! Passes whole messages between a server and ldap3, in both directions.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use zeroize::Zeroizing;

use super::ber::Header;
use super::ledger::Ledger;
use super::{MAX_CONNECTION, MAX_MESSAGE, Refusal};
use crate::net::failure::Failure;

/// The most bytes that are read at once. Most messages are far shorter, and each page of a larger
/// buffer would cost time at every login.
const CHUNK: usize = 4 * 1024;

/// The failure that ended a relay. The user of ldap3 reads it when the stream is closed.
#[derive(Debug, Clone, Default)]
pub struct EndReason(Arc<Mutex<Option<Failure>>>);

impl EndReason {
    /// Returns the failure as that of `step`; `None` if the relay ended without a fault.
    pub fn failure(&self, step: &'static str) -> Option<Failure> {
        let failure = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failure.clone().map(|failure| Failure { step, ..failure })
    }
}

/// Passes messages on until one side ends, sends a message that may not pass, or the server sends
/// more than `most` bytes.
pub async fn relay<S, C>(server: S, client: C, most: usize, reason: EndReason)
where
    S: AsyncRead + AsyncWrite + Unpin,
    C: AsyncRead + AsyncWrite + Unpin,
{
    if let Err(error) = pass_on(server, client, most).await {
        let mut reason = reason.0.lock().unwrap_or_else(PoisonError::into_inner);
        reason.get_or_insert(Failure::of_connection("guard", &error));
    }
}

async fn pass_on<S, C>(mut server: S, mut client: C, most: usize) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
    C: AsyncRead + AsyncWrite + Unpin,
{
    let mut ledger = Ledger::default();
    let (mut replies, mut requests) = (Inlet::new(most), Inlet::new(MAX_CONNECTION));
    loop {
        tokio::select! {
            biased;
            count = requests.read_from(&mut client) => {
                if count? == 0 {
                    return server.shutdown().await;
                }
                let (whole, refusal) = requests.messages(|request| ledger.note(request));
                server.write_all(&whole).await?;
                server.flush().await?;
                refusal?;
            }
            count = replies.read_from(&mut server) => {
                if count? == 0 {
                    return Err(closed());
                }
                let (whole, refusal) = replies.messages(|reply| ledger.settle(reply));
                client.write_all(&whole).await?;
                refusal?;
            }
        }
    }
}

/// Reads one message from a stream, and not a byte more: the next byte may belong to another
/// protocol.
///
/// # Errors
/// When the stream ends or the message may not pass.
pub async fn read_one(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    let header = loop {
        match checked_header(&message)? {
            Some(header) => break header,
            None => message.push(stream.read_u8().await?),
        }
    };
    message.resize(header.total(), 0);
    let rest = message.get_mut(header.size..).unwrap_or_default();
    stream.read_exact(rest).await?;
    Ok(message)
}

/// The bytes of one side that have not been passed on. They are wiped: requests contain passwords.
struct Inlet {
    held: Zeroizing<Vec<u8>>,
    chunk: Zeroizing<Vec<u8>>,
    total: usize,
    /// The most bytes that may come in all.
    most: usize,
}

impl Inlet {
    fn new(most: usize) -> Self {
        Self {
            held: Zeroizing::default(),
            chunk: Zeroizing::new(vec![0; CHUNK]),
            total: 0,
            most,
        }
    }

    /// Reads more bytes. No bytes are lost if the future is dropped.
    async fn read_from(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<usize> {
        let count = stream.read(&mut self.chunk).await?;
        self.total = self.total.saturating_add(count);
        if self.total > self.most {
            return Err(invalid(Refusal::TooMuch(self.most)));
        }
        let came = self.chunk.get(..count).unwrap_or_default();
        self.held.extend_from_slice(came);
        Ok(count)
    }

    /// Returns the bytes of all messages that are whole and may pass, and the fault of the next
    /// message. A length that is too large is refused before the contents have come.
    fn messages(
        &mut self,
        mut may_pass: impl FnMut(&[u8]) -> Result<(), Refusal>,
    ) -> (Zeroizing<Vec<u8>>, io::Result<()>) {
        let mut end = 0;
        let refusal = loop {
            let rest = self.held.get(end..).unwrap_or_default();
            let header = match checked_header(rest) {
                Ok(header) => header,
                Err(refusal) => break Err(refusal),
            };
            let Some(message) = header.and_then(|header| rest.get(..header.total())) else {
                break Ok(());
            };
            match may_pass(message) {
                Ok(()) => end = end.saturating_add(message.len()),
                Err(refusal) => break Err(invalid(refusal)),
            }
        };
        if end == 0 {
            return (Zeroizing::default(), refusal);
        }
        let rest = self.held.split_off(end);
        let messages = std::mem::replace(&mut *self.held, rest);
        (Zeroizing::new(messages), refusal)
    }
}

fn checked_header(bytes: &[u8]) -> io::Result<Option<Header>> {
    match Header::read(bytes).map_err(invalid)? {
        Some(header) if header.tag != 0x30 => Err(invalid(Refusal::Shape("message"))),
        Some(header) if header.total() > MAX_MESSAGE => {
            Err(invalid(Refusal::TooLarge(header.total())))
        }
        header => Ok(header),
    }
}

fn invalid(refusal: Refusal) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, refusal)
}

fn closed() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the server closed the connection",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::failure::FailureKind;
    use proptest::prelude::*;

    proptest! {
        /// Passes whole messages only, none over the cap, however the bytes come.
        #[test]
        fn an_inlet_holds_and_passes_no_more_than_its_caps(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..600), 0..40),
        ) {
            let mut inlet = Inlet::new(MAX_CONNECTION);
            for chunk in &chunks {
                inlet.held.extend_from_slice(chunk);
                let mut passed = Vec::new();
                let (whole, refusal) = inlet.messages(|message| {
                    assert!(message.len() <= MAX_MESSAGE && message.first() == Some(&0x30));
                    passed.extend_from_slice(message);
                    Ok(())
                });
                prop_assert_eq!(&passed, &*whole);
                if refusal.is_err() {
                    break;
                }
            }
        }
    }

    #[test]
    fn whole_messages_before_a_refusal_are_passed_on() {
        let mut inlet = Inlet::new(MAX_CONNECTION);
        inlet
            .held
            .extend_from_slice(&[0x30, 1, 7, 0x30, 1, 8, 0x31, 0, 0x30]);
        let (whole, refusal) = inlet.messages(|_| Ok(()));
        assert_eq!(*whole, [0x30, 1, 7, 0x30, 1, 8]);
        assert!(refusal.is_err());
        let (whole, refusal) = inlet.messages(|_| Ok(()));
        assert!(whole.is_empty() && refusal.is_err());

        let mut inlet = Inlet::new(MAX_CONNECTION);
        inlet.held.extend_from_slice(&[0x30, 1, 7, 0x30, 2, 8]);
        let (whole, refusal) = inlet.messages(|_| Ok(()));
        assert_eq!((&**whole, refusal.is_ok()), (&[0x30, 1, 7][..], true));
        inlet.held.extend_from_slice(&[9]);
        let (whole, _) = inlet.messages(|_| Ok(()));
        assert_eq!(*whole, [0x30, 2, 8, 9]);
    }

    #[test]
    fn the_answer_before_a_refusal_reaches_the_client_and_the_reason_stays() {
        let request = [0x30, 12, 2, 1, 1, 0x60, 7, 2, 1, 3, 4, 0, 0x80, 0];
        let answer = [0x30, 12, 2, 1, 1, 0x61, 7, 10, 1, 0, 4, 0, 4, 0];
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let (heard, failure) = runtime.unwrap().block_on(async {
            let (server, mut theirs) = tokio::io::duplex(64);
            let (client, mut ours) = tokio::io::duplex(64);
            ours.write_all(&request).await.unwrap();
            theirs.write_all(&[answer, answer].concat()).await.unwrap();
            let reason = EndReason::default();
            relay(server, client, MAX_CONNECTION, reason.clone()).await;
            let mut heard = Vec::new();
            ours.read_to_end(&mut heard).await.unwrap();
            (heard, reason.failure("search").unwrap())
        });
        assert_eq!(heard, answer);
        assert_eq!(failure.text, Refusal::NotAsked(1).to_string());
        assert_eq!(
            (failure.step, failure.kind),
            ("search", FailureKind::Trouble)
        );
    }

    #[test]
    fn a_length_of_two_gigabytes_is_refused_at_its_header() {
        let error = checked_header(&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]).unwrap_err();
        assert!(error.to_string().contains("over 262144"), "{error}");
    }
}
