//! ONC RPC: calls and replies (RFC 5531).
//!
//! Nobody shows who they are: NIS knows askers by their address and port alone.

use std::fmt;

use super::xdr::{Malformed, Reader, Writer};

const CALL: u32 = 0;
const REPLY: u32 = 1;
const VERSION: u32 = 2;
const AUTH_NONE: u32 = 0;

/// The longest proof of identity in a reply, in bytes (RFC 5531 §8.2).
const MAX_VERIFIER: usize = 400;

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Procedure {
    /// The program's number.
    pub program: u32,
    /// The version of its interface.
    pub version: u32,
    /// The procedure's number in it.
    pub number: u32,
}

/// Returns the message that calls `procedure` (§9). `xid` tells its reply from others.
pub fn call(xid: u32, procedure: Procedure, arguments: Writer) -> Vec<u8> {
    let header = [
        xid,
        CALL,
        VERSION,
        procedure.program,
        procedure.version,
        procedure.number,
    ];
    // Credentials and verifier: a kind, and no bytes.
    let nobody = [AUTH_NONE, 0, AUTH_NONE, 0];
    let numbers = header.into_iter().chain(nobody);
    let mut bytes = numbers.fold(Writer::default(), Writer::number).into_bytes();
    bytes.extend(arguments.into_bytes());
    bytes
}

/// Returns to which call a message replies, if it is long enough to say so.
pub fn xid_of(message: &[u8]) -> Option<u32> {
    Reader::new(message).number().ok()
}

/// Returns the result in a reply, still in XDR.
///
/// # Errors
/// When the server says why there is none, or it is no reply.
pub fn result(message: &[u8]) -> Result<&[u8], RpcRefusal> {
    let mut reader = Reader::new(message);
    reader.number()?;
    if reader.number()? != REPLY {
        return Err(RpcRefusal::NoReply);
    }
    match reader.number()? {
        0 => accepted(reader),
        1 => Err(RpcRefusal::Denied),
        _ => Err(RpcRefusal::NoReply),
    }
}

/// Returns the rest of a reply that is not a denial (§9, `accepted_reply`).
fn accepted(mut reader: Reader<'_>) -> Result<&[u8], RpcRefusal> {
    reader.number()?;
    reader.string(MAX_VERIFIER)?;
    Err(match reader.number()? {
        0 => return Ok(reader.rest()),
        1 => RpcRefusal::NoProgram,
        2 => RpcRefusal::OtherVersion,
        3 => RpcRefusal::NoProcedure,
        4 => RpcRefusal::Garbage,
        5 => RpcRefusal::System,
        _ => RpcRefusal::NoReply,
    })
}

/// Why a call brought no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RpcRefusal {
    /// The server does not talk to us, or not this version of RPC.
    Denied,
    /// The program is not there.
    NoProgram,
    /// It does not speak this version.
    OtherVersion,
    /// It has no such procedure.
    NoProcedure,
    /// It could not read our arguments.
    Garbage,
    /// It has trouble of its own.
    System,
    /// The message is no reply.
    NoReply,
    /// The message is not what RPC looks like.
    Malformed(Malformed),
}

impl From<Malformed> for RpcRefusal {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl fmt::Display for RpcRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Denied => "the server denies the call",
            Self::NoProgram => "the program is not there",
            Self::OtherVersion => "the program speaks other versions",
            Self::NoProcedure => "the program has no such procedure",
            Self::Garbage => "the program cannot read the arguments",
            Self::System => "the program has trouble of its own",
            Self::NoReply => "not a valid answer",
            Self::Malformed(malformed) => return write!(f, "not a valid answer: {malformed}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(numbers: &[u32]) -> Vec<u8> {
        let numbers = numbers.iter().copied();
        numbers.fold(Writer::default(), Writer::number).into_bytes()
    }

    #[test]
    fn a_call_is_what_the_rfc_says() {
        let procedure = Procedure {
            program: 100_004,
            version: 2,
            number: 3,
        };
        let bytes = call(0xcafe, procedure, Writer::default().string(b"x"));
        let numbers = [0xcafe, 0, 2, 100_004, 2, 3, 0, 0, 0, 0, 1, 0x7800_0000];
        assert_eq!(bytes, reply(&numbers));
        assert_eq!(xid_of(&bytes), Some(0xcafe));
    }

    #[test]
    fn a_result_is_what_stands_behind_the_headers() {
        assert_eq!(result(&reply(&[1, 1, 0, 0, 0, 0, 9])), Ok(&reply(&[9])[..]));
        let with_verifier = reply(&[1, 1, 0, 6, 8, 7, 7, 0, 9]);
        assert_eq!(result(&with_verifier), Ok(&reply(&[9])[..]));
    }

    #[test]
    fn every_refusal_is_told_apart() {
        for (numbers, refusal) in [
            (&[1, 1, 1, 1, 1][..], RpcRefusal::Denied),
            (&[1, 1, 0, 0, 0, 1], RpcRefusal::NoProgram),
            (&[1, 1, 0, 0, 0, 2, 1, 1], RpcRefusal::OtherVersion),
            (&[1, 1, 0, 0, 0, 3], RpcRefusal::NoProcedure),
            (&[1, 1, 0, 0, 0, 4], RpcRefusal::Garbage),
            (&[1, 1, 0, 0, 0, 5], RpcRefusal::System),
            (&[1, 1, 0, 0, 0, 6], RpcRefusal::NoReply),
            (&[1, 1, 2], RpcRefusal::NoReply),
            (&[1, 0, 2, 100_004], RpcRefusal::NoReply),
            (&[1, 1, 0, 0, 0], RpcRefusal::Malformed(Malformed::Short)),
            (&[1, 1, 0, 0, 401], RpcRefusal::Malformed(Malformed::Long)),
            (&[1], RpcRefusal::Malformed(Malformed::Short)),
        ] {
            assert_eq!(result(&reply(numbers)), Err(refusal), "{numbers:?}");
        }
    }
}
