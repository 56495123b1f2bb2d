//! The requests of a connection, and the answers that may still come.

use super::Refusal;
use super::ber::{Elements, integer};
use super::message::{self, Response};

/// The most continuation references (RFC 4511 §4.5.3) that a search may bring; they are not
/// followed.
const MAX_REFERENCES: u32 = 64;

/// The most entries that a search without a size limit may bring, and so a page of a list.
pub const MAX_ENTRIES: u32 = 256;

// The tags of requests (RFC 4511 §4).
const BIND: u8 = 0x60;
const UNBIND: u8 = 0x42;
const SEARCH: u8 = 0x63;
const MODIFY: u8 = 0x66;
const ADD: u8 = 0x68;
const DELETE: u8 = 0x4a;
const ABANDON: u8 = 0x50;
const EXTENDED: u8 = 0x77;

/// The requests on one connection that have not been answered yet.
#[derive(Debug, Default)]
pub struct Ledger(Vec<(i32, PendingRequest)>);

/// A request that waits for its answers; a search counts how many more may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PendingRequest {
    Bind,
    Modify,
    Add,
    Delete,
    Extended,
    Search { entries: u32, references: u32 },
}

impl Ledger {
    /// Records a request on its way to the server.
    ///
    /// # Errors
    /// For a request of a kind that the worker does not make.
    pub fn note(&mut self, request: &[u8]) -> Result<(), Refusal> {
        let shape = "request";
        let mut message = Elements::of(Elements::of(request).expect(0x30, shape)?);
        let id = integer(message.expect(0x02, shape)?).ok_or(Refusal::Shape(shape))?;
        let operation = message.take()?.ok_or(Refusal::Shape(shape))?;
        let pending = match operation.tag {
            BIND => PendingRequest::Bind,
            MODIFY => PendingRequest::Modify,
            ADD => PendingRequest::Add,
            DELETE => PendingRequest::Delete,
            EXTENDED => PendingRequest::Extended,
            SEARCH => PendingRequest::Search {
                entries: size_limit(operation.contents)?,
                references: MAX_REFERENCES,
            },
            UNBIND | ABANDON => return Ok(()),
            _ => return Err(Refusal::Shape(shape)),
        };
        self.0.push((id, pending));
        Ok(())
    }

    /// Takes an answer, which must belong to a pending request and be of its kind.
    ///
    /// # Errors
    /// For any other message; the connection must not be used any more.
    pub fn settle(&mut self, reply: &[u8]) -> Result<(), Refusal> {
        let (id, answer) = message::check(reply)?;
        let position = self.0.iter().position(|(asked, _)| *asked == id);
        let position = position.ok_or(Refusal::NotAsked(id))?;
        let (_, request) = self.0.get_mut(position).ok_or(Refusal::NotAsked(id))?;
        match (request, answer) {
            (PendingRequest::Bind, Response::Bind)
            | (PendingRequest::Modify, Response::Modify)
            | (PendingRequest::Add, Response::Add)
            | (PendingRequest::Delete, Response::Delete)
            | (PendingRequest::Extended, Response::Extended)
            | (PendingRequest::Search { .. }, Response::Done) => {
                self.0.swap_remove(position);
                Ok(())
            }
            (PendingRequest::Search { entries, .. }, Response::Entry) => count_down(entries),
            (PendingRequest::Search { references, .. }, Response::Reference) => {
                count_down(references)
            }
            (_, answer) => Err(Refusal::WrongKind(answer.tag())),
        }
    }
}

fn count_down(left: &mut u32) -> Result<(), Refusal> {
    *left = left.checked_sub(1).ok_or(Refusal::TooManyEntries)?;
    Ok(())
}

/// Returns the size limit of a search request, its fourth element (RFC 4511 §4.5.1).
fn size_limit(search: &[u8]) -> Result<u32, Refusal> {
    let shape = "request";
    let mut parts = Elements::of(search);
    for _ in 0..3 {
        parts.take()?;
    }
    let limit = integer(parts.expect(0x02, shape)?);
    let limit = limit.and_then(|limit| u32::try_from(limit).ok());
    Ok(limit.filter(|limit| *limit > 0).unwrap_or(MAX_ENTRIES))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a message with an operation of these bytes.
    fn message(id: u8, operation: &[u8]) -> Vec<u8> {
        let length = u8::try_from(operation.len() + 3).unwrap();
        [&[0x30, length, 2, 1, id], operation].concat()
    }

    const BIND_REQUEST: &[u8] = &[0x60, 7, 2, 1, 3, 4, 0, 0x80, 0];
    const SEARCH_REQUEST: &[u8] = &[
        0x63, 17, 4, 0, 10, 1, 2, 10, 1, 0, 2, 1, 2, 2, 1, 3, 1, 1, 0,
    ];
    const MODIFY_REQUEST: &[u8] = &[0x66, 4, 4, 0, 0x30, 0];
    const MODIFY_REPLY: &[u8] = &[0x67, 7, 10, 1, 0, 4, 0, 4, 0];
    const BIND_REPLY: &[u8] = &[0x61, 7, 10, 1, 0, 4, 0, 4, 0];
    const ADD_REQUEST: &[u8] = &[0x68, 4, 4, 0, 0x30, 0];
    const ADD_REPLY: &[u8] = &[0x69, 7, 10, 1, 0, 4, 0, 4, 0];
    const DELETE_REQUEST: &[u8] = &[0x4a, 1, b'x'];
    const DELETE_REPLY: &[u8] = &[0x6b, 7, 10, 1, 0, 4, 0, 4, 0];
    const DONE: &[u8] = &[0x65, 7, 10, 1, 0, 4, 0, 4, 0];
    const ENTRY: &[u8] = &[0x64, 4, 4, 0, 0x30, 0];

    #[test]
    fn each_request_has_one_answer_of_its_kind() {
        let mut ledger = Ledger::default();
        ledger.note(&message(1, BIND_REQUEST)).unwrap();
        let stray = ledger.settle(&message(2, BIND_REPLY));
        assert_eq!(stray, Err(Refusal::NotAsked(2)));
        let done = ledger.settle(&message(1, DONE));
        assert_eq!(done, Err(Refusal::WrongKind(0x65)));
        assert_eq!(ledger.settle(&message(1, BIND_REPLY)), Ok(()));
        let again = ledger.settle(&message(1, BIND_REPLY));
        assert_eq!(again, Err(Refusal::NotAsked(1)));
        ledger.note(&message(2, MODIFY_REQUEST)).unwrap();
        let bind = ledger.settle(&message(2, BIND_REPLY));
        assert_eq!(bind, Err(Refusal::WrongKind(0x61)));
        assert_eq!(ledger.settle(&message(2, MODIFY_REPLY)), Ok(()));
        ledger.note(&message(3, ADD_REQUEST)).unwrap();
        ledger.note(&message(4, DELETE_REQUEST)).unwrap();
        let crossed = ledger.settle(&message(4, ADD_REPLY));
        assert_eq!(crossed, Err(Refusal::WrongKind(0x69)));
        assert_eq!(ledger.settle(&message(3, ADD_REPLY)), Ok(()));
        assert_eq!(ledger.settle(&message(4, DELETE_REPLY)), Ok(()));
    }

    #[test]
    fn a_search_brings_no_more_entries_than_it_asked_for() {
        let mut ledger = Ledger::default();
        ledger.note(&message(5, SEARCH_REQUEST)).unwrap();
        assert_eq!(ledger.settle(&message(5, ENTRY)), Ok(()));
        assert_eq!(ledger.settle(&message(5, ENTRY)), Ok(()));
        let third = ledger.settle(&message(5, ENTRY));
        assert_eq!(third, Err(Refusal::TooManyEntries));
        assert_eq!(ledger.settle(&message(5, DONE)), Ok(()));
        let late = ledger.settle(&message(5, ENTRY));
        assert_eq!(late, Err(Refusal::NotAsked(5)));
    }
}
