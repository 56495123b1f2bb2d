//! Requests to a RADIUS server (RFC 2865) with Message-Authenticator (RFC 3579 §3.2), without which
//! somebody on the way could turn a refusal into an acceptance (CVE-2024-3596).

use std::fs;
use std::net::{ToSocketAddrs, UdpSocket};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::md5::{hmac_md5, md5};

const ACCESS_REQUEST: u8 = 1;
const ACCESS_ACCEPT: u8 = 2;
const ACCESS_REJECT: u8 = 3;
const ACCESS_CHALLENGE: u8 = 11;

const USER_NAME: u8 = 1;
const USER_PASSWORD: u8 = 2;
const REPLY_MESSAGE: u8 = 18;
const STATE: u8 = 24;
const NAS_IDENTIFIER: u8 = 32;
const MESSAGE_AUTHENTICATOR: u8 = 80;

/// The length of a packet without attributes.
const HEAD: usize = 20;

/// The place of the Message-Authenticator's value in a request: it is the first attribute.
const SIGNATURE: std::ops::Range<usize> = HEAD + 2..HEAD + 18;

/// The longest packet (RFC 2865 §3).
const MAX_PACKET: usize = 4096;

/// The time after which a request is sent again: datagrams get lost.
const RESEND: Duration = Duration::from_secs(1);

/// The time that is kept to answer the module.
const TO_ANSWER: Duration = Duration::from_millis(50);

/// A server, and what it shares with this machine.
pub(crate) struct Server {
    address: String,
    secret: Vec<u8>,
    nas: String,
}

/// An answer of the server.
#[derive(Debug, PartialEq)]
pub(crate) enum Reply {
    Accept,
    Reject(String),
    Challenge { text: String, state: Vec<u8> },
}

impl Server {
    /// Returns the server of these settings.
    ///
    /// # Errors
    /// With a text for the log.
    pub(crate) fn of(settings: &Value) -> Result<Self, String> {
        let text = |key: &str| {
            let value = settings[key].as_str().map(str::to_owned);
            value.ok_or_else(|| format!("settings: {key} is missing"))
        };
        let file = text("secret")?;
        let secret = fs::read(&file).map_err(|error| format!("{file}: {error}"))?;
        let secret = secret.trim_ascii().to_vec();
        if secret.is_empty() || secret.len() > 64 {
            return Err(format!("{file}: a secret has 1 to 64 bytes"));
        }
        Ok(Self {
            address: text("server")?,
            nas: text("nas")?,
            secret,
        })
    }

    /// Asks about a person. `state` is that of the challenge which `password` answers.
    ///
    /// # Errors
    /// With a text for the log, where there is no answer within `budget`.
    pub(crate) fn ask(
        &self,
        user: &str,
        password: &[u8],
        state: Option<&[u8]>,
        budget: Duration,
    ) -> Result<Reply, String> {
        let end = Instant::now() + budget.saturating_sub(TO_ANSWER);
        let failed = |error: std::io::Error| format!("{}: {error}", self.address);
        let mut random = [0; 17];
        getrandom::fill(&mut random).map_err(|error| error.to_string())?;
        let [id, authenticator @ ..] = random;
        let Some(request) = self.request(id, &authenticator, user, password, state) else {
            // No such name or code can be on a RADIUS server.
            return Ok(Reply::Reject("too long for RADIUS".to_owned()));
        };
        let socket = self.connected().map_err(failed)?;
        let mut packet = [0; MAX_PACKET];
        loop {
            socket.send(&request).map_err(failed)?;
            let again = end.min(Instant::now() + RESEND);
            while let Some(left) = again.checked_duration_since(Instant::now()) {
                let wait = left.max(Duration::from_millis(1));
                socket.set_read_timeout(Some(wait)).map_err(failed)?;
                // Nobody listens yet, or nothing has come: the request is sent again.
                let Ok(length) = socket.recv(&mut packet) else {
                    break;
                };
                let received = packet.get(..length).unwrap_or_default();
                // Others may send datagrams, too: RFC 2865 has them silently discarded.
                if let Some(reply) = self.reply(received, id, &authenticator) {
                    return Ok(reply);
                }
            }
            if Instant::now() >= end {
                return Err(format!("{}: no answer in time", self.address));
            }
            std::thread::sleep(again.saturating_duration_since(Instant::now()));
        }
    }

    fn connected(&self) -> std::io::Result<UdpSocket> {
        let mut addresses = self.address.to_socket_addrs()?;
        let address = addresses.next().ok_or(std::io::ErrorKind::NotFound)?;
        let any = if address.is_ipv6() {
            "[::]:0"
        } else {
            "0.0.0.0:0"
        };
        let socket = UdpSocket::bind(any)?;
        socket.connect(address)?;
        Ok(socket)
    }

    /// Returns a signed request; `None` if a value is too long for one.
    fn request(
        &self,
        id: u8,
        authenticator: &[u8; 16],
        user: &str,
        password: &[u8],
        state: Option<&[u8]>,
    ) -> Option<Vec<u8>> {
        let hidden = self.hidden(authenticator, password)?;
        let mut attributes = attribute(MESSAGE_AUTHENTICATOR, &[0; 16])?;
        attributes.extend(attribute(USER_NAME, user.as_bytes())?);
        attributes.extend(attribute(USER_PASSWORD, &hidden)?);
        attributes.extend(attribute(NAS_IDENTIFIER, self.nas.as_bytes())?);
        if let Some(state) = state {
            attributes.extend(attribute(STATE, state)?);
        }
        let length = u16::try_from(HEAD + attributes.len()).ok()?;
        let mut packet = vec![ACCESS_REQUEST, id];
        packet.extend(length.to_be_bytes());
        packet.extend(authenticator);
        packet.extend(attributes);
        let signature = hmac_md5(&self.secret, &packet);
        packet.get_mut(SIGNATURE)?.copy_from_slice(&signature);
        Some(packet)
    }

    /// Hides a password as RFC 2865 §5.2 has it; `None` if it is longer than 128 bytes.
    fn hidden(&self, authenticator: &[u8; 16], password: &[u8]) -> Option<Vec<u8>> {
        if password.len() > 128 {
            return None;
        }
        let mut padded = password.to_vec();
        padded.resize(password.len().next_multiple_of(16).max(16), 0);
        let (mut hidden, mut before) = (Vec::new(), *authenticator);
        for block in padded.chunks_exact(16) {
            let key = md5(&[&self.secret, &before]);
            let mut bytes = block.iter().zip(key).map(|(byte, key)| byte ^ key);
            before = std::array::from_fn(|_| bytes.next().unwrap_or_default());
            hidden.extend(before);
        }
        Some(hidden)
    }

    /// Reads a packet; `None` if it is not the server's answer to this request.
    fn reply(&self, packet: &[u8], id: u8, authenticator: &[u8; 16]) -> Option<Reply> {
        let length = u16::from_be_bytes(packet.get(2..4)?.try_into().ok()?);
        let packet = packet.get(..usize::from(length))?;
        let (head, values) = packet.split_at_checked(HEAD)?;
        let (start, signed) = head.split_at_checked(4)?;
        if packet.get(1) != Some(&id)
            || md5(&[start, authenticator, values, &self.secret]) != signed
            || !self.is_signed(start, authenticator, values)
        {
            return None;
        }
        let text = || {
            let texts = attributes(values).filter(|(kind, _)| *kind == REPLY_MESSAGE);
            let texts: Vec<_> = texts
                .map(|(_, text)| String::from_utf8_lossy(text))
                .collect();
            // No text of a worker has a NUL in it.
            texts.concat().replace('\0', "")
        };
        match *packet.first()? {
            ACCESS_ACCEPT => Some(Reply::Accept),
            ACCESS_REJECT => Some(Reply::Reject(text())),
            ACCESS_CHALLENGE => {
                let mut states = attributes(values).filter(|(kind, _)| *kind == STATE);
                let (_, state) = states.next()?;
                let (text, state) = (text(), state.to_vec());
                Some(Reply::Challenge { text, state })
            }
            _ => None,
        }
    }

    /// Returns whether there is a Message-Authenticator, and it is right.
    fn is_signed(&self, start: &[u8], authenticator: &[u8; 16], values: &[u8]) -> bool {
        let mut unsigned = Vec::new();
        let mut signature = None;
        for (kind, value) in attributes(values) {
            let is_signature = kind == MESSAGE_AUTHENTICATOR && signature.is_none();
            let zeroes = vec![0; value.len()];
            if is_signature {
                signature = Some(value);
            }
            let value = if is_signature { &zeroes } else { value };
            unsigned.extend(attribute(kind, value).unwrap_or_default());
        }
        let packet = [start, authenticator, &unsigned].concat();
        signature.is_some_and(|signature| hmac_md5(&self.secret, &packet) == signature)
    }
}

/// Returns an attribute; `None` if its value is too long.
fn attribute(kind: u8, value: &[u8]) -> Option<Vec<u8>> {
    let length = u8::try_from(value.len().checked_add(2)?).ok()?;
    Some([&[kind, length], value].concat())
}

/// Returns the attributes with their kinds, up to the first that is broken.
fn attributes(mut values: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (kind, length) = (*values.first()?, usize::from(*values.get(1)?));
        let value = values.get(2..length)?;
        values = values.get(length..)?;
        Some((kind, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server() -> Server {
        Server {
            address: "127.0.0.1:1812".to_owned(),
            secret: b"xyzzy5461".to_vec(),
            nas: "stage".to_owned(),
        }
    }

    /// The request of RFC 2865 §7.1.
    #[test]
    fn a_password_is_hidden_as_the_rfc_has_it() {
        let authenticator = 0x0f40_3f94_7397_8057_bd83_d5cb_98f4_227a_u128.to_be_bytes();
        let hidden = server().hidden(&authenticator, b"arctangent");
        let expected = 0x0dbe_708d_93d4_13ce_3196_e43f_782a_0aee_u128.to_be_bytes();
        assert_eq!(hidden, Some(expected.to_vec()));
        assert_eq!(server().hidden(&authenticator, &[b'x'; 129]), None);
    }

    #[test]
    fn only_a_signed_answer_to_the_request_counts() {
        let authenticator = [7; 16];
        let answer = |secret: &[u8], is_signed: bool| {
            let mut values = attribute(REPLY_MESSAGE, b"no").unwrap();
            if is_signed {
                values.extend(attribute(MESSAGE_AUTHENTICATOR, &[0; 16]).unwrap());
            }
            let length = (HEAD + values.len()) as u8;
            let start = [ACCESS_REJECT, 1, 0, length];
            if is_signed {
                let signature = hmac_md5(secret, &[&start[..], &authenticator, &values].concat());
                let at = values.len() - 16;
                values[at..].copy_from_slice(&signature);
            }
            let signed = md5(&[&start, &authenticator, &values, secret]);
            [&start[..], &signed, &values].concat()
        };
        let read = |packet: &[u8], id| server().reply(packet, id, &authenticator);
        let good = answer(b"xyzzy5461", true);
        assert_eq!(read(&good, 1), Some(Reply::Reject("no".to_owned())));
        assert_eq!(read(&good, 2), None);
        assert_eq!(read(&answer(b"other", true), 1), None);
        assert_eq!(read(&answer(b"xyzzy5461", false), 1), None);
        for end in 0..good.len() {
            assert_eq!(read(&good[..end], 1), None);
        }
    }
}
