//! ONC RPC: calls and replies (RFC 5531).
//!
//! Calls carry no proof of identity: NIS servers know their clients by address and port alone.

use std::fmt;

use zeroize::Zeroizing;

use super::xdr::{Malformed, Reader, Writer};

const CALL: u32 = 0;
const REPLY: u32 = 1;
const VERSION: u32 = 2;
const AUTH_NONE: u32 = 0;
const MSG_ACCEPTED: u32 = 0;
const MSG_DENIED: u32 = 1;

/// The longest verifier of a reply, in bytes (RFC 5531 §8.2).
const MAX_VERIFIER: usize = 400;

/// A procedure of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Procedure {
    /// The program's number.
    pub program: u32,
    /// The version of its interface.
    pub version: u32,
    /// The procedure's number in it.
    pub number: u32,
}

/// Returns the message that calls `procedure` (§9). The `xid` tells its reply from others.
pub fn call(xid: u32, procedure: Procedure, arguments: Writer) -> Zeroizing<Vec<u8>> {
    let header = [
        xid,
        CALL,
        VERSION,
        procedure.program,
        procedure.version,
        procedure.number,
    ];
    // Credentials and verifier of AUTH_NONE: a flavor, and no bytes.
    let no_identity = [AUTH_NONE, 0, AUTH_NONE, 0];
    let numbers = header.into_iter().chain(no_identity);
    let header = numbers.fold(Writer::default(), Writer::number);
    header.raw(&arguments.into_bytes()).into_bytes()
}

/// Returns the xid of a message, if it is long enough to have one.
pub fn xid_of(message: &[u8]) -> Option<u32> {
    Reader::new(message).number().ok()
}

/// Returns the result in a reply (§9), still in XDR.
///
/// # Errors
/// When the server answers that there is none, or the message is no reply.
pub fn result(message: &[u8]) -> Result<&[u8], RpcRefusal> {
    let mut reader = Reader::new(message);
    reader.number()?;
    if reader.number()? != REPLY {
        return Err(RpcRefusal::NoReply);
    }
    match reader.number()? {
        MSG_ACCEPTED => {}
        MSG_DENIED => return Err(RpcRefusal::Denied),
        _ => return Err(RpcRefusal::NoReply),
    }
    let _flavor_of_verifier = reader.number()?;
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

/// The reason why a call has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RpcRefusal {
    /// The server refuses the caller, or this version of RPC.
    Denied,
    /// The server does not have the program.
    NoProgram,
    /// The program does not have this version.
    OtherVersion,
    /// The program has no such procedure.
    NoProcedure,
    /// The program could not read the arguments.
    Garbage,
    /// The program had an internal error.
    System,
    /// The message is no reply.
    NoReply,
    /// The message is not valid XDR.
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
        let numbers = numbers.fold(Writer::default(), Writer::number);
        numbers.into_bytes().to_vec()
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
        assert_eq!(*bytes, reply(&numbers));
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
