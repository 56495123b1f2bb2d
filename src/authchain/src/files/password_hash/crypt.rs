//! crypt(3), the one C function the library calls.

use std::ffi::{CStr, c_char, c_int, c_void};

use zeroize::Zeroizing;

/// `sizeof(struct crypt_data)`, which libxcrypt guarantees not to change (crypt.h).
const DATA_BYTES: usize = 32768;
/// [`DATA_BYTES`] in the type that the function takes.
const DATA_SIZE: c_int = 32768;
/// `CRYPT_OUTPUT_SIZE`: the length of the structure's first field, the answer (crypt.h).
const OUTPUT_BYTES: usize = 384;

#[link(name = "crypt")]
unsafe extern "C" {
    fn crypt_rn(
        phrase: *const c_char,
        setting: *const c_char,
        data: *mut c_void,
        size: c_int,
    ) -> *mut c_char;
}

/// Returns the hash of `phrase` by the method, cost and salt that `setting` begins with.
///
/// `None` if libcrypt fails: the method is not built in, memory is short, or the setting is
/// malformed. Its failure tokens `*0` and `*1` count as failures, so that a stored `*0` matches no
/// password.
pub(super) fn crypt(phrase: &CStr, setting: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let setting = terminated(setting);
    let setting = CStr::from_bytes_with_nul(&setting).ok()?;
    // Wiped when dropped: it will hold the password and the state of the hash.
    let mut data = Zeroizing::new(vec![0_u8; DATA_BYTES]);
    let start = data.as_mut_ptr();
    // SAFETY: both strings end in NUL and outlive the call. `data` is a zeroed buffer of exactly
    // the size told, which is what crypt(3) asks for before a first use; `struct crypt_data` is
    // made of `char`s alone, so that any alignment will do. The function keeps no pointer.
    let answer = unsafe { crypt_rn(phrase.as_ptr(), setting.as_ptr(), start.cast(), DATA_SIZE) };
    // The answer is NULL or points to the start of the buffer; the buffer itself is read, never the
    // pointer.
    if answer.cast::<u8>() != start {
        return None;
    }
    let output = data.get(..OUTPUT_BYTES)?.split(|&byte| byte == 0).next()?;
    if output.is_empty() || output.starts_with(b"*") {
        return None;
    }
    Some(Zeroizing::new(output.to_vec()))
}

/// Returns a copy with a NUL behind it, wiped when dropped.
fn terminated(setting: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut copy = Zeroizing::new(Vec::with_capacity(setting.len().saturating_add(1)));
    copy.extend_from_slice(setting);
    copy.push(0);
    copy
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CString;

    #[test]
    fn a_known_hash_comes_out() {
        let hash = crypt(c"correct horse", b"$1$saltsalt$").unwrap();
        assert_eq!(&hash[..], b"$1$saltsalt$NuzA7WTAelpl95xgBGWN60");
    }

    #[test]
    fn every_kind_of_failure_is_none() {
        for setting in [
            &b""[..],
            b"*0",
            b"*1",
            b"!",
            b"$",
            b"$$",
            b"$9$",
            b"$2b$99$",
            b"$y$",
            b"nul\0inside",
            b"\xff\xfe",
        ] {
            assert!(crypt(c"password", setting).is_none(), "{setting:?}");
        }
    }

    #[test]
    fn a_phrase_beyond_libcrypts_limit_is_none() {
        let phrase = CString::new(vec![b'a'; 512]).unwrap();
        assert!(crypt(&phrase, b"$1$saltsalt$").is_none());
        let phrase = CString::new(vec![b'a'; 511]).unwrap();
        assert!(crypt(&phrase, b"$1$saltsalt$").is_some());
    }
}
