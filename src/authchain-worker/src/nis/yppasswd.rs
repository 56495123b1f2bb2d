//! The protocol by which passwords of a NIS domain are changed.
//!
//! No RFC describes it; rpcsvc/yppasswd.x does, which comes with every C library.

use authchain::words::Secret;

use super::entries::Line;
use super::rpc::{Procedure, RpcRefusal};
use super::xdr::{Reader, Writer};

/// `YPPASSWDPROC_NULL`: does nothing, and shows that the daemon is there.
pub const NULL: Procedure = procedure(0);

/// `YPPASSWDPROC_UPDATE`: changes a person's entry on the master.
pub const UPDATE: Procedure = procedure(1);

const fn procedure(number: u32) -> Procedure {
    Procedure {
        program: 100_009,
        version: 1,
        number,
    }
}

/// Returns the arguments of [`UPDATE`] (`yppasswd`): the old password in the clear, and the entry
/// with the new hash. Everything else in it must be as the master has it, byte for byte: it refuses
/// another id or name, and would change the full name and the shell.
pub fn change(old: &Secret, line: &Line<'_>, hash: &str) -> Writer {
    Writer::default()
        .string(old.expose())
        .string(line.name)
        .string(hash.as_bytes())
        .number(line.uid)
        .number(line.gid)
        .string(line.gecos)
        .string(line.home)
        .string(line.shell)
}

/// Returns the answer to [`UPDATE`]: 0 where the password was changed.
///
/// # Errors
/// When the result is malformed.
pub fn answer(result: &[u8]) -> Result<i32, RpcRefusal> {
    let mut reader = Reader::new(result);
    let answer = reader.signed()?;
    reader.end()?;
    Ok(answer)
}

/// Returns whether a refusal says that the procedure was not carried out.
pub fn is_undone(refusal: RpcRefusal) -> bool {
    match refusal {
        RpcRefusal::Denied
        | RpcRefusal::NoProgram
        | RpcRefusal::OtherVersion
        | RpcRefusal::NoProcedure
        | RpcRefusal::Garbage => true,
        RpcRefusal::System | RpcRefusal::NoReply | RpcRefusal::Malformed(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::entries;
    use super::*;

    #[test]
    fn the_entry_is_sent_as_it_was_read_but_for_the_hash() {
        let value = b"al:old:1000:100:J\xf6rg:/h:/bin/sh";
        let line = entries::line(value, "al").unwrap();
        let sent = change(&Secret::new(b"pw".to_vec()), &line, "$6$x").into_bytes();
        let expected = b"\0\0\0\x02pw\0\0\0\0\0\x02al\0\0\0\0\0\x04$6$x\0\0\x03\xe8\0\0\0\x64\
                         \0\0\0\x04J\xf6rg\0\0\0\x02/h\0\0\0\0\0\x07/bin/sh\0";
        assert_eq!(**sent, *expected);
    }

    #[test]
    fn an_answer_is_one_number() {
        assert_eq!(answer(&[0; 4]), Ok(0));
        assert_eq!(answer(&[0, 0, 0, 1]), Ok(1));
        assert_eq!(answer(&[0xff; 4]), Ok(-1));
        for malformed in [&[][..], &[0; 3], &[0; 5]] {
            assert!(answer(malformed).is_err(), "{malformed:?}");
        }
    }
}
