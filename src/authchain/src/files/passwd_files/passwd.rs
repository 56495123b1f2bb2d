//! The passwd file (passwd(5)), which tells which names exist.

use std::path::Path;

use super::search::{Search, each_line, search};
use crate::tools::trusted_file::{Access, FileError};
use crate::words::{Secret, User, number};

/// One line of a passwd file.
pub struct PasswdEntry {
    /// The second field: `x` if the password's hash is in the shadow file; the hash itself on old
    /// systems.
    pub password: Secret,
    name: String,
    uid: u32,
    gid: u32,
    gecos: String,
    home: String,
    shell: String,
}

/// Looks for `name` in the passwd file at `path`. The file is read to its end in any case, so that
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
) -> Result<Search<PasswdEntry>, FileError> {
    search(path, Access::Public, name, weak_hashes, PasswdEntry::parse)
}

/// Returns the first name that the passwd file at `path` gives this user id.
///
/// # Errors
/// When the file may not be used or cannot be read.
pub fn name_of(path: &Path, uid: u32) -> Result<Option<String>, FileError> {
    let mut owner = None;
    each_line(path, Access::Public, |line| {
        // Only lines with this user id are parsed: a file may have a hundred thousand.
        let is_theirs = line.split(|&byte| byte == b':').nth(2).and_then(id) == Some(uid);
        if is_theirs && owner.is_none() {
            owner = PasswdEntry::parse(line).ok().map(|entry| entry.name);
        }
    })?;
    Ok(owner)
}

/// Calls `hear` with each entry of the passwd file at `path`; lines that are no entries are left
/// out.
///
/// # Errors
/// When the file may not be used or cannot be read.
pub fn each_entry(path: &Path, mut hear: impl FnMut(PasswdEntry)) -> Result<(), FileError> {
    each_line(path, Access::Public, |line| {
        if let Ok(entry) = PasswdEntry::parse(line) {
            hear(entry);
        }
    })
}

impl PasswdEntry {
    /// Parses a line, which must have seven fields.
    ///
    /// In texts, bytes that are not UTF-8 are replaced.
    ///
    /// # Errors
    /// The fault of the line, for the log.
    pub fn parse(line: &[u8]) -> Result<Self, &'static str> {
        if line.contains(&0) {
            return Err("it has a NUL");
        }
        let fields: Vec<&[u8]> = line.split(|&byte| byte == b':').collect();
        let [name, password, uid, gid, gecos, home, shell] = *fields.as_slice() else {
            return Err("it does not have seven fields");
        };
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Ok(Self {
            name: text(name),
            password: Secret::new(password.to_vec()),
            uid: id(uid).ok_or("the user id is not a number")?,
            gid: id(gid).ok_or("the group id is not a number")?,
            gecos: text(gecos),
            home: text(home),
            shell: text(shell),
        })
    }

    /// Returns whether the password is in the shadow file.
    pub fn is_shadowed(&self) -> bool {
        self.password.expose() == b"x"
    }

    /// Returns the user id.
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// Returns the id of the primary group.
    pub fn gid(&self) -> u32 {
        self.gid
    }

    /// Returns the account, as found by the backend named `backend`.
    pub fn to_user(&self, backend: &str) -> User {
        User {
            name: self.name.clone(),
            alias_of: None,
            also_named: Vec::new(),
            uid: Some(self.uid),
            gid: Some(self.gid),
            gecos: self.gecos.clone(),
            home: self.home.clone(),
            shell: self.shell.clone(),
            groups: None,
            unclear_groups: Vec::new(),
            backend: backend.to_owned(),
        }
    }
}

/// Parses a user or group id: decimal digits and nothing else. The highest number is refused: to
/// the kernel it means "no change" (setreuid(2)).
fn id(digits: &[u8]) -> Option<u32> {
    number(digits).filter(|&id| id != u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn file(text: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("passwd");
        std::fs::write(&path, text).unwrap();
        (dir, path)
    }

    fn uid_of(text: impl AsRef<[u8]>, name: &str) -> Option<u32> {
        let (_dir, path) = file(text);
        find(&path, Some(name), false)
            .unwrap()
            .entry
            .map(|entry| entry.uid)
    }

    #[test]
    fn an_entry_is_read_with_all_its_fields() {
        let (_dir, path) =
            file("root:x:0:0::/root:/bin/sh\nalice:x:1000:100:Alice A,,:/home/a:/bin/zsh");
        let entry = find(&path, Some("alice"), false).unwrap().entry.unwrap();
        assert!(entry.is_shadowed());
        let user = entry.to_user("local");
        assert_eq!((user.uid, user.gid), (Some(1000), Some(100)));
        assert_eq!(
            [
                &user.name,
                &user.gecos,
                &user.home,
                &user.shell,
                &user.backend
            ],
            ["alice", "Alice A,,", "/home/a", "/bin/zsh", "local"]
        );
    }

    #[test]
    fn a_name_matches_byte_for_byte() {
        let text =
            "alice2:x:2:2:::\nAlice:x:3:3:::\nalice :x:4:4:::\nalic:x:5:5:::\nb:alice:6:6:::\n";
        assert_eq!(uid_of(text, "alice"), None);
        assert_eq!(uid_of(text, "Alice"), Some(3));
    }

    #[test]
    fn a_line_is_found_and_judged_wherever_the_c_library_would_find_it() {
        assert_eq!(uid_of(" \talice:x:501:1:::\n", "alice"), Some(501));
        let (_dir, path) = file(format!("alice:x:501:1:{}::\n", "A".repeat(5000)));
        let mut found = find(&path, Some("alice"), false).unwrap();
        let error = found.take_entry(&path).err().unwrap();
        assert!(
            error.ends_with("passwd: line 1 is not valid: it is too long"),
            "{error}"
        );
    }

    #[test]
    fn compat_lines_and_comments_are_skipped_silently() {
        let (_dir, path) =
            file("# alice:x:1:1:::\n\n  \n+alice::::::\n-alice::::::\n+::::::\n+\n+@staff\n");
        let found = find(&path, Some("alice"), false).unwrap();
        assert!(found.entry.is_none() && found.oddities.is_empty());
    }

    #[test]
    fn the_first_of_two_entries_counts_and_the_second_is_reported() {
        let (_dir, path) = file("alice:x:1:1:::\nbob:x:2:2:::\nalice:x:0:0:::\n");
        let found = find(&path, Some("alice"), false).unwrap();
        assert_eq!(found.entry.unwrap().uid, 1);
        assert_eq!(found.oddities.duplicates.first, [3]);
    }

    #[test]
    fn malformed_lines_hide_no_other_entry() {
        let mut text = b"garbage\n\xff\xfe\0\x01\n".to_vec();
        text.extend(vec![b'A'; 1 << 20]);
        text.extend(b"\nalice:x:1000:1000:::\n");
        let (_dir, path) = file(text);
        let found = find(&path, Some("alice"), false).unwrap();
        assert_eq!(found.entry.unwrap().uid, 1000);
        assert_eq!(found.oddities.malformed.first, [1, 2]);
        assert_eq!(found.oddities.too_long.first, [3]);
    }

    #[test]
    fn a_malformed_entry_is_reported_and_never_repaired() {
        for line in [
            "alice:x:1000:1000::/home",
            "alice:x:1000:1000::/home:/bin/sh:",
            "alice:x::1000:::",
            "alice:x:-1:1000:::",
            "alice:x:+1:1000:::",
            "alice:x:0x0:1000:::",
            "alice:x:4294967295:1000:::",
            "alice:x:4294967296:1000:::",
            "alice:x: 0:1000:::",
            "alice:x:1000:staff:::",
            "alice:x:1000:1000:a\0b::",
        ] {
            let (_dir, path) = file(line);
            let found = find(&path, Some("alice"), false).unwrap();
            assert!(
                found.entry.is_none() && found.oddities.unusable.is_some(),
                "{line}"
            );
        }
    }

    #[test]
    fn a_file_that_others_may_write_is_not_read() {
        use std::os::unix::fs::PermissionsExt;
        let (_dir, path) = file("alice:x:1:1:::\n");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o666)).unwrap();
        assert!(find(&path, Some("alice"), false).is_err());
    }
}
