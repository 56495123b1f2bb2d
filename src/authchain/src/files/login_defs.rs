//! The method for new passwords of the system's own files, and the mode of homes, from
//! login.defs(5).

use std::path::Path;

use super::password_hash::{Method, NewHash};
use crate::tools::trusted_file::{self, Access, FileError, FileFault};

/// The file that shadow's programs and pam_unix read the method from.
pub const LOGIN_DEFS: &str = "/etc/login.defs";

/// Maximum size of the file in bytes; Debian's has 12,000.
const MAX_BYTES: u64 = 1 << 20;

/// The cost factors of yescrypt (login.defs(5)): 4 MiB to 1 GiB of memory, and 16 MiB.
const YESCRYPT_COSTS: [usize; 2] = [3, 11];
const DEFAULT_YESCRYPT_COST: usize = 5;

/// The number of rounds that sha256crypt and sha512crypt take (crypt(5)), and their default.
const SHA_ROUNDS: [usize; 2] = [1_000, 999_999_999];
const DEFAULT_SHA_ROUNDS: usize = 5_000;

/// The cost factors of bcrypt (crypt(5)), and shadow's default.
const BCRYPT_ROUNDS: [usize; 2] = [4, 31];
const DEFAULT_BCRYPT_ROUNDS: usize = 13;

/// The digits in which yescrypt writes its cost (crypt(5)), for the costs of [`YESCRYPT_COSTS`].
const YESCRYPT_DIGITS: &[u8] = b"789ABCDEF";

/// Returns the method that the file at `path` names for new passwords, and its cost; yescrypt where
/// it names none, or there is no such file.
///
/// The inner error is a method that is weak or unknown: a password stored by it could not be
/// verified here.
///
/// # Errors
/// When the file may not be used or cannot be read.
pub fn method(path: &Path) -> Result<Result<NewHash, String>, FileError> {
    match trusted_file::read(path, Access::Public, MAX_BYTES) {
        Ok(bytes) => Ok(method_in(&String::from_utf8_lossy(&bytes))
            .map_err(|method| format!("{}: ENCRYPT_METHOD {method} is not used", path.display()))),
        Err(FileError {
            fault: FileFault::Missing,
            ..
        }) => Ok(Ok(yescrypt(Method::Yescrypt, "y", ""))),
        Err(error) => Err(error),
    }
}

/// Returns the method in the text of the file, or the name of one that is weak or unknown. A name
/// counts by its beginning and whatever its case, as in pam_unix.
fn method_in(text: &str) -> Result<NewHash, String> {
    let name = value(text, "ENCRYPT_METHOD").unwrap_or("YESCRYPT");
    let is = |method: &str| {
        let begin = name.get(..method.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(method))
    };
    Ok(match () {
        () if is("YESCRYPT") => yescrypt(Method::Yescrypt, "y", text),
        () if is("GOST_YESCRYPT") => yescrypt(Method::GostYescrypt, "gy", text),
        () if is("SHA512") => sha(Method::Sha512crypt, '6', text),
        () if is("SHA256") => sha(Method::Sha256crypt, '5', text),
        () if is("BCRYPT") || is("BLOWFISH") => {
            let keys = ["BCRYPT_MAX_ROUNDS", "BCRYPT_MIN_ROUNDS"];
            let rounds = cost(text, &keys, BCRYPT_ROUNDS, DEFAULT_BCRYPT_ROUNDS);
            crypt(Method::Bcrypt, format!("$2b${rounds:02}$"))
        }
        () => return Err(name.to_owned()),
    })
}

/// Returns the mode that the file at `path` names for home directories (`HOME_MODE`); 0700 where it
/// names none, or cannot be used.
pub fn home_mode(path: &Path) -> u32 {
    let text = trusted_file::read(path, Access::Public, MAX_BYTES).unwrap_or_default();
    home_mode_in(&String::from_utf8_lossy(&text))
}

fn home_mode_in(text: &str) -> u32 {
    let mode = value(text, "HOME_MODE").and_then(|mode| u32::from_str_radix(mode, 8).ok());
    mode.filter(|mode| *mode <= 0o777).unwrap_or(0o700)
}

fn yescrypt(method: Method, mark: &str, text: &str) -> NewHash {
    let keys = ["YESCRYPT_COST_FACTOR"];
    let cost = cost(text, &keys, YESCRYPT_COSTS, DEFAULT_YESCRYPT_COST);
    let [lowest, _] = YESCRYPT_COSTS;
    let digit = YESCRYPT_DIGITS.get(cost.saturating_sub(lowest));
    let digit = digit.copied().map_or('9', char::from);
    crypt(method, format!("${mark}$j{digit}T$"))
}

fn sha(method: Method, mark: char, text: &str) -> NewHash {
    let keys = ["SHA_CRYPT_MAX_ROUNDS", "SHA_CRYPT_MIN_ROUNDS"];
    let beginning = match cost(text, &keys, SHA_ROUNDS, DEFAULT_SHA_ROUNDS) {
        DEFAULT_SHA_ROUNDS => format!("${mark}$"),
        rounds => format!("${mark}$rounds={rounds}$"),
    };
    crypt(method, beginning)
}

fn crypt(method: Method, beginning: String) -> NewHash {
    NewHash::Crypt { method, beginning }
}

/// Returns the largest number that one of the keys has, brought within the limits.
fn cost(text: &str, keys: &[&str], [lowest, highest]: [usize; 2], default: usize) -> usize {
    let numbers = keys.iter().filter_map(|key| value(text, key)?.parse().ok());
    numbers.max().unwrap_or(default).clamp(lowest, highest)
}

/// Returns the value of the first line with this key.
fn value<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    text.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let is_it = words.next()?.eq_ignore_ascii_case(key);
        words
            .next()
            .filter(|_| is_it)
            .map(|word| word.trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beginning(text: &str) -> String {
        match method_in(text) {
            Ok(NewHash::Crypt { beginning, .. }) => beginning,
            Ok(other) => format!("{other:?}"),
            Err(name) => format!("not {name}"),
        }
    }

    #[test]
    fn a_mode_of_homes_that_is_none_opens_nothing() {
        for (text, mode) in [
            ("", 0o700),
            ("HOME_MODE 0755", 0o755),
            ("HOME_MODE\t711\n", 0o711),
            ("HOME_MODE 4755", 0o700),
            ("HOME_MODE rwx", 0o700),
            ("#HOME_MODE 0755", 0o700),
        ] {
            assert_eq!(home_mode_in(text), mode, "{text}");
        }
    }

    #[test]
    fn the_method_and_its_cost_are_read_as_pam_unix_reads_them() {
        for (text, expected) in [
            ("", "$y$j9T$"),
            ("# ENCRYPT_METHOD SHA512", "$y$j9T$"),
            (
                "ENCRYPT_METHOD\tYESCRYPT\nYESCRYPT_COST_FACTOR 7",
                "$y$jBT$",
            ),
            ("YESCRYPT_COST_FACTOR 1", "$y$j7T$"),
            ("YESCRYPT_COST_FACTOR 99", "$y$jFT$"),
            ("YESCRYPT_COST_FACTOR many", "$y$j9T$"),
            ("encrypt_method gost_yescrypt", "$gy$j9T$"),
            ("  ENCRYPT_METHOD sha512crypt", "$6$"),
            ("ENCRYPT_METHOD \"SHA256\"\nENCRYPT_METHOD SHA512", "$5$"),
            (
                "ENCRYPT_METHOD SHA512\nSHA_CRYPT_MIN_ROUNDS 9000",
                "$6$rounds=9000$",
            ),
            (
                "SHA_CRYPT_MAX_ROUNDS 7000\nSHA_CRYPT_MIN_ROUNDS 6000\nENCRYPT_METHOD SHA512",
                "$6$rounds=7000$",
            ),
            (
                "ENCRYPT_METHOD SHA512\nSHA_CRYPT_MAX_ROUNDS 1",
                "$6$rounds=1000$",
            ),
            ("ENCRYPT_METHOD BCRYPT\nBCRYPT_MAX_ROUNDS 6", "$2b$06$"),
            ("ENCRYPT_METHOD blowfish", "$2b$13$"),
            ("ENCRYPT_METHOD DES", "not DES"),
            ("ENCRYPT_METHOD MD5", "not MD5"),
            ("ENCRYPT_METHOD", "$y$j9T$"),
        ] {
            assert_eq!(beginning(text), expected, "{text}");
        }
    }

    #[test]
    fn without_the_file_the_method_is_yescrypt() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("login.defs");
        let default = Ok(yescrypt(Method::Yescrypt, "y", ""));
        assert_eq!(method(&path).unwrap(), default);
        std::fs::write(&path, "ENCRYPT_METHOD DES\n").unwrap();
        let complaint = method(&path).unwrap().unwrap_err();
        assert!(
            complaint.ends_with("login.defs: ENCRYPT_METHOD DES is not used"),
            "{complaint}"
        );
    }
}
