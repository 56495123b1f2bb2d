//! The request in the clear that asks for TLS (RFC 4511 §4.14).

use std::io;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use crate::guard::ber::Elements;
use crate::guard::ledger::Ledger;
use crate::guard::relay::read_one;
use crate::guard::{Refusal, message};
use crate::net::failure::{Failure, server_text};

/// The name of this step in failures.
pub(super) const STEP: &str = "StartTLS";

/// An ExtendedRequest with the id 1 and the name 1.3.6.1.4.1.1466.20037.
const REQUEST: &[u8] = b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";

/// Asks for TLS. When it returns, the next byte belongs to TLS.
///
/// Exactly one answer is read. Bytes that somebody on the network puts behind it are not read as
/// LDAP: they break the handshake, so that nothing sent in the clear is taken for the server's.
///
/// # Errors
/// When the server refuses; the connection must not be used in the clear.
pub(super) async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<(), Failure> {
    let reply = exchange(stream).await.map_err(failure)?;
    match result(&reply) {
        Ok((0, _)) => Ok(()),
        Ok((code, text)) => {
            let text = format!("the server refuses it ({code}): {text}");
            Err(Failure::trouble(STEP, text.trim_end_matches([':', ' '])))
        }
        Err(refusal) => Err(Failure::trouble(STEP, refusal.to_string())),
    }
}

async fn exchange(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<Vec<u8>> {
    let invalid = |refusal: Refusal| io::Error::new(io::ErrorKind::InvalidData, refusal);
    let mut ledger = Ledger::default();
    ledger.note(REQUEST).map_err(invalid)?;
    stream.write_all(REQUEST).await?;
    let reply = read_one(stream).await?;
    ledger.settle(&reply).map_err(invalid)?;
    Ok(reply)
}

fn failure(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Failure::trouble(STEP, "the server closed the connection"),
        _ => Failure::of_connection(STEP, &error),
    }
}

/// Returns the result code and text of a reply whose shape has been checked.
fn result(reply: &[u8]) -> Result<(u8, String), Refusal> {
    let shape = "result";
    let mut parts = Elements::of(Elements::of(reply).expect(0x30, shape)?);
    parts.take()?;
    let mut parts = Elements::of(parts.expect(message::Response::Extended.tag(), shape)?);
    let code = parts.expect(0x0a, shape)?.first().copied();
    parts.take()?;
    // Sent in the clear: anybody on the network may have written it.
    let text = server_text(&String::from_utf8_lossy(parts.expect(0x04, shape)?));
    Ok((code.ok_or(Refusal::Shape(shape))?, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_whole_and_named_right() {
        assert!(Ledger::default().note(REQUEST).is_ok());
        assert!(crate::guard::ber::check_nesting(REQUEST).is_ok());
    }

    #[test]
    fn what_a_server_says_in_the_clear_is_cleaned_and_cut() {
        let text = [b"no\n\x1b[2J".as_slice(), &[b'x'; 300]].concat();
        let length = |bytes: &[u8]| u16::try_from(bytes.len()).unwrap().to_be_bytes();
        let element = |tag: u8, bytes: &[u8]| [&[tag, 0x82], &length(bytes)[..], bytes].concat();
        let body = [&[0x0a, 1, 52, 4, 0], &element(0x04, &text)[..]].concat();
        let reply = [&[2, 1, 1], &element(0x78, &body)[..]].concat();
        let (code, told) = result(&element(0x30, &reply)).unwrap();
        assert_eq!(code, 52);
        assert!(told.starts_with("\"no\\n\\u{1b}[2Jxxx"), "{told}");
        assert!(told.len() < 220, "{told}");
    }
}
