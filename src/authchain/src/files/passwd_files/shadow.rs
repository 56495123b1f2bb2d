//! The shadow file (shadow(5)): the hashes of passwords, and their dates.

use std::path::Path;

use super::ageing::Ageing;
use super::search::{Search, search};
use crate::tools::trusted_file::{Access, FileError};
use crate::words::{Secret, number};

/// One line of a shadow file.
pub struct ShadowEntry {
    /// The second field: a hash, a mark that no password matches, or empty.
    pub password: Secret,
    /// The fields with dates and periods.
    pub ageing: Ageing,
}

impl PartialEq for ShadowEntry {
    fn eq(&self, other: &Self) -> bool {
        self.password.expose() == other.password.expose() && self.ageing == other.ageing
    }
}

/// Looks for `name` in the shadow file at `path`. The file is read to its end in any case, so that
/// the time does not tell whether the name is in it.
///
/// `weak_hashes` says whether weak hashes count towards the dummy hash.
///
/// # Errors
/// When the file may not be used or cannot be read.
pub fn find(
    path: &Path,
    name: Option<&str>,
    weak_hashes: bool,
) -> Result<Search<ShadowEntry>, FileError> {
    let access = Access::GroupReadable;
    search(path, access, name, weak_hashes, ShadowEntry::parse)
}

impl ShadowEntry {
    /// Parses a line of nine fields, or of five as in older files. The C library accepts both.
    ///
    /// # Errors
    /// The fault of the line, for the log.
    pub fn parse(line: &[u8]) -> Result<Self, &'static str> {
        if line.contains(&0) {
            return Err("it has a NUL");
        }
        let fields: Vec<&[u8]> = line.split(|&byte| byte == b':').collect();
        let (password, dates, rest) = match *fields.as_slice() {
            [_, password, last_change, minimum, maximum] => {
                (password, [last_change, minimum, maximum], [&[][..]; 3])
            }
            [
                _,
                password,
                last_change,
                minimum,
                maximum,
                warning,
                inactive,
                expire,
                _,
            ] => (
                password,
                [last_change, minimum, maximum],
                [warning, inactive, expire],
            ),
            _ => return Err("it does not have nine fields"),
        };
        let [last_change, minimum, maximum] = dates;
        let [warning, inactive, expire] = rest;
        Ok(Self {
            password: Secret::new(password.to_vec()),
            ageing: Ageing {
                last_change: days(last_change)?,
                // No login depends on this field: if it is malformed, only changes are refused.
                minimum: days(minimum).unwrap_or(Some(i64::MAX)),
                maximum: days(maximum)?,
                warning: days(warning)?,
                inactive: days(inactive)?,
                expire: days(expire)?,
            },
        })
    }
}

/// Reads a number of days; an empty field means that there is none. `-1` is a fault of the line, as
/// in the C library; chage(1) writes an empty field for -1.
fn days(digits: &[u8]) -> Result<Option<i64>, &'static str> {
    const FAULT: &str = "a date or a number of days is not a number";
    if digits.is_empty() {
        return Ok(None);
    }
    let days: u64 = number(digits).ok_or(FAULT)?;
    i64::try_from(days).map(Some).map_err(|_| FAULT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    fn file(text: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("shadow");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        (dir, path)
    }

    #[test]
    fn an_entry_is_read_with_its_ageing() {
        let (_dir, path) = file("root:*:19000:0:99999:7:::\nalice:$6$a$b:19700:1:90:7:14:21000:");
        let found = find(&path, Some("alice"), false).unwrap();
        let entry = found.entry.unwrap();
        assert_eq!(entry.password.expose(), b"$6$a$b");
        let expected = Ageing {
            last_change: Some(19700),
            minimum: Some(1),
            maximum: Some(90),
            warning: Some(7),
            inactive: Some(14),
            expire: Some(21000),
        };
        assert_eq!(entry.ageing, expected);
        assert_eq!(
            found.dummy_hash.unwrap().method().to_string(),
            "sha512crypt"
        );
    }

    #[test]
    fn empty_and_absent_old_fields_are_unset() {
        for line in ["alice:*:::::::", "alice:*:::"] {
            let entry = ShadowEntry::parse(line.as_bytes());
            assert_eq!(
                entry.map(|entry| entry.ageing).ok(),
                Some(Ageing::default()),
                "{line}"
            );
        }
    }

    #[test]
    fn numbers_are_plain_decimals_or_the_line_is_bad() {
        for field in [
            "x",
            "-1",
            "-2",
            "+1",
            " 1",
            "1 ",
            "0x10",
            "1e3",
            "9223372036854775808",
            "\0",
        ] {
            let line = format!("alice:*:{field}:0:99999:7:::");
            assert!(ShadowEntry::parse(line.as_bytes()).is_err(), "{field:?}");
        }
        for field in ["0", "2147483648", "9223372036854775807"] {
            let line = format!("alice:*:{field}:0:99999:7:::");
            assert!(ShadowEntry::parse(line.as_bytes()).is_ok(), "{field:?}");
        }
    }

    #[test]
    fn a_bad_line_does_not_hide_a_good_one_behind_it() {
        let (_dir, path) = file("alice:$6$a$b:never:0:99999:7:::\nalice:*:1:0:99999:7:::\n");
        let found = find(&path, Some("alice"), false).unwrap();
        assert_eq!(found.entry.unwrap().password.expose(), b"*");
        assert_eq!(found.oddities.unusable.map(|(line, _)| line), Some(1));
    }

    #[test]
    fn a_file_that_everybody_may_read_is_not_read() {
        let (_dir, path) = file("alice:*:1:0:99999:7:::\n");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        assert!(find(&path, Some("alice"), false).is_err());
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        assert!(find(&path, Some("alice"), false).is_ok());
    }

    #[test]
    fn the_last_of_a_hundred_thousand_is_found() {
        let mut text = String::new();
        for number in 0..100_000 {
            text.push_str(&format!(
                "user{number}:$y$j9T$salt{number}$digest:19700:0:99999:7:::\n"
            ));
        }
        let (_dir, path) = file(text);
        let found = find(&path, Some("user99999"), false).unwrap();
        assert_eq!(
            found.entry.unwrap().password.expose(),
            b"$y$j9T$salt99999$digest"
        );
        assert!(found.oddities.is_empty());
        assert_eq!(found.dummy_hash.unwrap().method().to_string(), "yescrypt");
    }
}
