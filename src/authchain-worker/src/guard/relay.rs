//! The stream in between: whole messages, one way and the other.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use zeroize::Zeroizing;

use super::ber::Header;
use super::ledger::Ledger;
use super::{MAX_CONNECTION, MAX_MESSAGE, Refusal};

/// What is read at once.
const CHUNK: usize = 16 * 1024;

/// What ended a relay, for whoever finds the stream closed.
#[derive(Debug, Clone, Default)]
pub struct Ending(Arc<Mutex<Option<String>>>);

impl Ending {
    /// Why it ended, if it did.
    pub fn reason(&self) -> Option<String> {
        let reason = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reason.clone()
    }

    fn set(&self, text: String) {
        let mut reason = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reason.get_or_insert(text);
    }
}

/// Hands messages to and fro between `server` and `client` until one of them ends or sends
/// something that may not pass.
pub async fn relay<S, C>(server: S, client: C, ending: Ending)
where
    S: AsyncRead + AsyncWrite + Unpin,
    C: AsyncRead + AsyncWrite + Unpin,
{
    if let Err(error) = hand_over(server, client).await {
        ending.set(error.to_string());
    }
}

async fn hand_over<S, C>(mut server: S, mut client: C) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
    C: AsyncRead + AsyncWrite + Unpin,
{
    let mut ledger = Ledger::default();
    let (mut replies, mut requests) = (Inlet::default(), Inlet::default());
    loop {
        tokio::select! {
            biased;
            count = requests.read_from(&mut client) => {
                if count? == 0 {
                    return server.shutdown().await;
                }
                while let Some(request) = requests.next_message()? {
                    ledger.note(&request).map_err(invalid)?;
                    server.write_all(&request).await?;
                }
                server.flush().await?;
            }
            count = replies.read_from(&mut server) => {
                if count? == 0 {
                    return Err(closed());
                }
                while let Some(reply) = replies.next_message()? {
                    ledger.settle(&reply).map_err(invalid)?;
                    client.write_all(&reply).await?;
                }
            }
        }
    }
}

/// Reads one message off a stream that others will read on, and not a byte more.
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

/// What came in one direction and has not gone on. Requests hold passwords, so it is wiped.
struct Inlet {
    held: Zeroizing<Vec<u8>>,
    chunk: Zeroizing<Vec<u8>>,
    total: usize,
}

impl Default for Inlet {
    fn default() -> Self {
        Self {
            held: Zeroizing::default(),
            chunk: Zeroizing::new(vec![0; CHUNK]),
            total: 0,
        }
    }
}

impl Inlet {
    /// Waits for more. Nothing is lost when the waiting is given up.
    async fn read_from(&mut self, stream: &mut (impl AsyncRead + Unpin)) -> io::Result<usize> {
        let count = stream.read(&mut self.chunk).await?;
        self.total = self.total.saturating_add(count);
        if self.total > MAX_CONNECTION {
            return Err(invalid(Refusal::TooMuch));
        }
        let came = self.chunk.get(..count).unwrap_or_default();
        self.held.extend_from_slice(came);
        Ok(count)
    }

    /// The next message, once it is whole. A length that is too large is refused before the
    /// message it announces has come.
    fn next_message(&mut self) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        let Some(header) = checked_header(&self.held)? else {
            return Ok(None);
        };
        if self.held.len() < header.total() {
            return Ok(None);
        }
        let rest = self.held.split_off(header.total());
        let message = std::mem::replace(&mut *self.held, rest);
        Ok(Some(Zeroizing::new(message)))
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
    use proptest::prelude::*;

    proptest! {
        /// However the bytes come, what goes out is whole messages, none over the cap.
        #[test]
        fn an_inlet_holds_and_passes_no_more_than_its_caps(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..600), 0..40),
        ) {
            let mut inlet = Inlet::default();
            for chunk in &chunks {
                inlet.held.extend_from_slice(chunk);
                while let Ok(Some(message)) = inlet.next_message() {
                    prop_assert!(message.len() <= MAX_MESSAGE);
                    prop_assert!(message.first() == Some(&0x30));
                }
                if inlet.next_message().is_err() {
                    break;
                }
            }
        }
    }

    #[test]
    fn a_length_of_two_gigabytes_is_refused_at_its_header() {
        let error = checked_header(&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]).unwrap_err();
        assert!(error.to_string().contains("over 262144"), "{error}");
    }
}
