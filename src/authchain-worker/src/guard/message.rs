//! Checks the shape of each answer (RFC 4511 §4 and appendix B).

use super::ber::{Elements, check_nesting, integer};
use super::{MAX_MESSAGE, Refusal};

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const STRING: u8 = 0x04;
const ENUMERATED: u8 = 0x0a;

const CONTROLS: u8 = 0xa0;
const REFERRAL: u8 = 0xa3;
const SASL_CREDENTIALS: u8 = 0x87;
const RESPONSE_NAME: u8 = 0x8a;
const RESPONSE_VALUE: u8 = 0x8b;

/// The kinds of answers to the requests that the worker makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Response {
    /// BindResponse (RFC 4511 §4.2.2).
    Bind,
    /// SearchResultEntry (§4.5.2).
    Entry,
    /// SearchResultReference (§4.5.3).
    Reference,
    /// SearchResultDone (§4.5.2).
    Done,
    /// ModifyResponse (§4.6).
    Modify,
    /// AddResponse (§4.7).
    Add,
    /// DelResponse (§4.8).
    Delete,
    /// ExtendedResponse (§4.12), as to StartTLS.
    Extended,
}

impl Response {
    fn of(tag: u8) -> Option<Self> {
        let all = [
            Self::Bind,
            Self::Entry,
            Self::Reference,
            Self::Done,
            Self::Modify,
            Self::Add,
            Self::Delete,
            Self::Extended,
        ];
        all.into_iter().find(|answer| answer.tag() == tag)
    }

    /// Returns the tag of the operation.
    pub fn tag(self) -> u8 {
        match self {
            Self::Bind => 0x61,
            Self::Entry => 0x64,
            Self::Reference => 0x73,
            Self::Done => 0x65,
            Self::Modify => 0x67,
            Self::Add => 0x69,
            Self::Delete => 0x6b,
            Self::Extended => 0x78,
        }
    }
}

/// Checks every byte of one whole message from a server; returns its id and kind.
///
/// # Errors
/// For every message that ldap3 must not see.
pub fn check(bytes: &[u8]) -> Result<(i32, Response), Refusal> {
    if bytes.len() > MAX_MESSAGE {
        return Err(Refusal::TooLarge(bytes.len()));
    }
    check_nesting(bytes)?;
    let mut outer = Elements::of(bytes);
    let mut message = Elements::of(outer.expect(SEQUENCE, "message")?);
    let id = integer(message.expect(INTEGER, "message")?).ok_or(Refusal::Shape("message"))?;
    let operation = message.take()?.ok_or(Refusal::Shape("message"))?;
    let answer = Response::of(operation.tag).ok_or(Refusal::WrongKind(operation.tag))?;
    if id == 0 {
        return Err(disconnection(operation.contents));
    }
    match answer {
        Response::Entry => entry(operation.contents)?,
        Response::Reference => texts(operation.contents, "referral")?,
        Response::Bind
        | Response::Done
        | Response::Modify
        | Response::Add
        | Response::Delete
        | Response::Extended => {
            result(operation.contents, answer)?;
        }
    }
    if !message.is_empty() {
        controls(message.expect(CONTROLS, "message")?)?;
    }
    match message.is_empty() && outer.is_empty() {
        true => Ok((id, answer)),
        false => Err(Refusal::Shape("message")),
    }
}

/// Returns the notice of disconnection (RFC 4511 §4.4.1), the only message with the id 0. Active
/// Directory puts its responseName outside the result, so only the result's own texts are read.
fn disconnection(contents: &[u8]) -> Refusal {
    let mut parts = Elements::of(contents);
    let text = (|| {
        parts.expect(ENUMERATED, "result").ok()?;
        parts.expect(STRING, "result").ok()?;
        std::str::from_utf8(parts.expect(STRING, "result").ok()?).ok()
    })();
    Refusal::Disconnection(text.unwrap_or_default().chars().take(160).collect())
}

fn result(contents: &[u8], answer: Response) -> Result<(), Refusal> {
    let shape = "result";
    let mut parts = Elements::of(contents);
    // ldap3 folds any number of bytes into 32 bits: 2^32 would be success.
    if !matches!(parts.expect(ENUMERATED, shape)?, [0..=0x7f]) {
        return Err(Refusal::Shape("result code"));
    }
    text(parts.expect(STRING, shape)?, "a name in a result")?;
    text(parts.expect(STRING, shape)?, "the text of a result")?;
    while let Some(part) = parts.take()? {
        match (part.tag, answer) {
            (REFERRAL, _) => texts(part.contents, "referral")?,
            (SASL_CREDENTIALS, Response::Bind) | (RESPONSE_VALUE, Response::Extended) => {}
            (RESPONSE_NAME, Response::Extended) => text(part.contents, "the name of a response")?,
            _ => return Err(Refusal::Shape(shape)),
        }
    }
    Ok(())
}

fn entry(contents: &[u8]) -> Result<(), Refusal> {
    let shape = "entry";
    let mut parts = Elements::of(contents);
    text(parts.expect(STRING, shape)?, "the name of an entry")?;
    let mut attributes = Elements::of(parts.expect(SEQUENCE, shape)?);
    while !attributes.is_empty() {
        let mut attribute = Elements::of(attributes.expect(SEQUENCE, shape)?);
        text(attribute.expect(STRING, shape)?, "the name of an attribute")?;
        let mut values = Elements::of(attribute.expect(SET, shape)?);
        while !values.is_empty() {
            values.expect(STRING, shape)?;
        }
        is_end(attribute, shape)?;
    }
    is_end(parts, shape)
}

fn controls(contents: &[u8]) -> Result<(), Refusal> {
    let shape = "control";
    let mut controls = Elements::of(contents);
    while !controls.is_empty() {
        let mut control = Elements::of(controls.expect(SEQUENCE, shape)?);
        text(control.expect(STRING, shape)?, "the name of a control")?;
        let mut next = control.take()?;
        if let Some(critical) = next.filter(|element| element.tag == BOOLEAN) {
            let one_byte = critical.contents.len() == 1;
            one_byte.then_some(()).ok_or(Refusal::Shape(shape))?;
            next = control.take()?;
        }
        if next.is_some_and(|value| value.tag != STRING) {
            return Err(Refusal::Shape(shape));
        }
        is_end(control, shape)?;
    }
    Ok(())
}

fn is_end(parts: Elements<'_>, shape: &'static str) -> Result<(), Refusal> {
    parts.is_empty().then_some(()).ok_or(Refusal::Shape(shape))
}

fn texts(contents: &[u8], what: &'static str) -> Result<(), Refusal> {
    let mut parts = Elements::of(contents);
    while !parts.is_empty() {
        text(parts.expect(STRING, what)?, what)?;
    }
    Ok(())
}

fn text(bytes: &[u8], what: &'static str) -> Result<(), Refusal> {
    match std::str::from_utf8(bytes) {
        Ok(_) => Ok(()),
        Err(_) => Err(Refusal::NotUtf8(what)),
    }
}

#[cfg(test)]
mod tests;
