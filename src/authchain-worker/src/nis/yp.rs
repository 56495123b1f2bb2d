//! Version 2 of the NIS protocol, once called Yellow Pages.
//!
//! No RFC describes it; rpcsvc/yp.x and rpcsvc/yp_prot.h do, which come with every C library.

use std::fmt;

use super::rpc::{Procedure, RpcRefusal};
use super::xdr::{Reader, Writer};

/// The number of the program.
pub const PROGRAM: u32 = 100_004;

/// The version of its interface.
pub const VERSION: u32 = 2;

/// The longest value that is taken, in bytes, as in passwd(5) files. The protocol's own limit is
/// 1024 (`YPMAXRECORD`), which newer servers have raised.
const MAX_VALUE: usize = 4096;

/// `YPPROC_NULL`: does nothing, and shows that a server is there.
pub const NULL: Procedure = procedure(0);

/// `YPPROC_DOMAIN`: whether the server serves a domain.
pub const DOMAIN: Procedure = procedure(1);

/// `YPPROC_MATCH`: the value under one key.
pub const MATCH: Procedure = procedure(3);

/// `YPPROC_FIRST`: the first entry of a map, in no order.
pub const FIRST: Procedure = procedure(4);

/// `YPPROC_NEXT`: the entry after the one with this key.
pub const NEXT: Procedure = procedure(5);

/// `YPPROC_MASTER`: the name of the server on which a map is made. Its result is like that of
/// [`MATCH`], with the name for a value.
pub const MASTER: Procedure = procedure(9);

const fn procedure(number: u32) -> Procedure {
    Procedure {
        program: PROGRAM,
        version: VERSION,
        number,
    }
}

/// Returns the arguments of [`MATCH`] (`ypreq_key`).
pub fn question(domain: &str, map: &str, key: &str) -> Writer {
    of_map(domain, map).string(key.as_bytes())
}

/// Returns the arguments of [`MASTER`] (`ypreq_nokey`).
pub fn of_map(domain: &str, map: &str) -> Writer {
    Writer::default()
        .string(domain.as_bytes())
        .string(map.as_bytes())
}

/// Returns procedure and arguments for the entry after the one with `key`, or for the first one
/// (`ypreq_nokey`, `ypreq_key`).
pub fn walk(domain: &str, map: &str, key: Option<&[u8]>) -> (Procedure, Writer) {
    let arguments = of_map(domain, map);
    match key {
        None => (FIRST, arguments),
        Some(key) => (NEXT, arguments.string(key)),
    }
}

/// One entry of a map.
#[derive(Debug, PartialEq, Eq)]
pub struct MapEntry<'r> {
    /// The value.
    pub value: &'r [u8],
    /// The key of the value.
    pub key: &'r [u8],
}

/// Reads the result of [`FIRST`] or [`NEXT`] (`ypresp_key_val`): value and key, in the order of
/// servers, which is not that of yp.x. `None` after the last entry.
///
/// # Errors
/// When the result is malformed.
pub fn entry(result: &[u8]) -> Result<Option<MapEntry<'_>>, RpcRefusal> {
    let mut reader = Reader::new(result);
    if Status(reader.signed()?) != TRUE {
        return Ok(None);
    }
    let entry = MapEntry {
        value: reader.string(MAX_VALUE)?,
        key: reader.string(MAX_VALUE)?,
    };
    reader.end()?;
    Ok(Some(entry))
}

/// The answer of a server to [`MATCH`].
#[derive(Debug, PartialEq, Eq)]
pub enum MatchReply<'r> {
    /// The value.
    Value(&'r [u8]),
    /// The map has no such key: the only answer by which a person is unknown.
    NoKey,
    /// Any other status: a negative one, or a positive one that [`MATCH`] does not have.
    Refused(Status),
}

/// Reads the result of [`MATCH`] (`ypresp_val`).
///
/// # Errors
/// When the result is malformed.
pub fn answer(result: &[u8]) -> Result<MatchReply<'_>, RpcRefusal> {
    let mut reader = Reader::new(result);
    let status = Status(reader.signed()?);
    if status != TRUE && reader.rest().is_empty() {
        // ypserv sends an empty value here, other servers none.
        return Ok(status.without_a_value());
    }
    let value = reader.string(MAX_VALUE)?;
    reader.end()?;
    match status {
        TRUE => Ok(MatchReply::Value(value)),
        _ => Ok(status.without_a_value()),
    }
}

/// A status of the protocol (`ypstat`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(i32);

const TRUE: Status = Status(1);
const NO_KEY: Status = Status(-3);

/// `YP_NOMAP`: there is no such map. Servers also answer so to clients that may not read it.
pub const NO_MAP: Status = Status(-1);

/// `YP_NODOM`: the server does not serve the domain.
pub const NO_DOMAIN: Status = Status(-2);

impl Status {
    fn without_a_value(self) -> MatchReply<'static> {
        match self {
            NO_KEY => MatchReply::NoKey,
            other => MatchReply::Refused(other),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            -1 => "no such map",
            -2 => "no such domain",
            -4 => "the server does not know the request",
            -5 => "the server's map is broken",
            -6 => "the server has trouble of its own",
            -7 => "the server cannot read the arguments",
            -8 => "the server speaks another version",
            other => return write!(f, "status {other}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::xdr::Malformed;
    use super::*;

    fn bytes(status: i32, value: &[u8]) -> Vec<u8> {
        let value = Writer::default().string(value).into_bytes();
        [&status.to_be_bytes()[..], &value[..]].concat()
    }

    #[test]
    fn only_one_status_means_that_a_name_is_unknown() {
        for status in -300..300 {
            for result in [bytes(status, b""), status.to_be_bytes().to_vec()] {
                let is_unknown = answer(&result) == Ok(MatchReply::NoKey);
                assert_eq!(is_unknown, status == -3, "{status}");
            }
        }
    }

    #[test]
    fn a_value_is_there_whole_or_not_at_all() {
        assert_eq!(answer(&bytes(1, b"a:x")), Ok(MatchReply::Value(b"a:x")));
        let short = Err(RpcRefusal::Malformed(Malformed::Short));
        assert_eq!(answer(&bytes(1, b"a:x")[..7]), short);
        assert_eq!(answer(&1_i32.to_be_bytes()), short);
        let long = Err(RpcRefusal::Malformed(Malformed::Long));
        assert_eq!(answer(&bytes(1, &[b'x'; 4097])), long);
        let trailing = Err(RpcRefusal::Malformed(Malformed::Trailing));
        assert_eq!(answer(&[bytes(1, b"a"), vec![0; 4]].concat()), trailing);
        assert_eq!(answer(&bytes(-1, b"")), Ok(MatchReply::Refused(NO_MAP)));
    }

    #[test]
    fn an_entry_is_its_value_and_behind_it_its_key() {
        let both = [
            bytes(1, b"a:x"),
            Writer::default().string(b"a").into_bytes().to_vec(),
        ]
        .concat();
        let (value, key) = (&b"a:x"[..], &b"a"[..]);
        assert_eq!(entry(&both), Ok(Some(MapEntry { value, key })));
        assert_eq!(entry(&bytes(2, b"")), Ok(None));
        assert!(entry(&bytes(1, b"a:x")).is_err());
        let (first, _) = walk("d", "m", None);
        let (next, _) = walk("d", "m", Some(b"a"));
        assert_eq!((first.number, next.number), (4, 5));
    }

    #[test]
    fn a_question_is_three_strings() {
        let question = question("d", "passwd.byname", "alice").into_bytes();
        let expected = b"\0\0\0\x01d\0\0\0\0\0\0\x0dpasswd.byname\0\0\0\0\0\0\x05alice\0\0\0";
        assert_eq!(**question, *expected);
    }
}
