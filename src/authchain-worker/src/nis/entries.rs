//! The entries of the maps: lines of passwd(5), shadow(5) and passwd.adjunct.

use authchain::files::passwd_files::ageing::Ageing;
use authchain::files::passwd_files::is_entry_of;
use authchain::files::passwd_files::passwd::PasswdEntry;
use authchain::files::passwd_files::shadow::ShadowEntry;
use authchain::words::{Secret, Username, number};

/// The fault of an entry that is not the one that was asked for.
const ANOTHERS: &str = "the entry is somebody else's";

/// The place of a person's hash.
#[derive(Debug, PartialEq, Eq)]
pub enum HashPlace {
    /// In the passwd map itself.
    Here,
    /// In the shadow map.
    Shadow,
    /// In the adjunct map.
    Adjunct,
}

/// A stored password, and when it expires.
pub struct Credential {
    /// A hash, or nothing, or a mark that no password matches.
    pub stored: Secret,
    /// The dates on which it expires; none where the map does not tell.
    pub ageing: Ageing,
}

/// A line of the passwd map but for the password, byte for byte.
#[derive(Debug, PartialEq, Eq)]
pub struct Line<'v> {
    /// The name.
    pub name: &'v [u8],
    /// The user id.
    pub uid: u32,
    /// The id of the primary group.
    pub gid: u32,
    /// The full name and the like.
    pub gecos: &'v [u8],
    /// The home directory.
    pub home: &'v [u8],
    /// The login shell.
    pub shell: &'v [u8],
}

/// A line of a map of groups, as in group(5).
#[derive(Debug, PartialEq, Eq)]
pub struct GroupEntry<'v> {
    /// The name.
    pub name: &'v [u8],
    /// The group id.
    pub gid: u32,
    members: &'v [u8],
}

/// Returns whether a person or a group can have this name in NIS.
///
/// NIS keeps entries of its own in the maps, under keys that begin with `YP_`. `+` and `-` stand in
/// passwd files, where they refer to NIS, and are no names in it.
pub fn can_be_a_name(name: &str) -> bool {
    Username::parse(name.as_bytes()).is_ok() && !name.starts_with("YP_")
}

/// Reads the entry of `name` in the passwd map.
///
/// # Errors
/// When it is malformed, or the entry of another name.
pub fn person(value: &[u8], name: &str) -> Result<PasswdEntry, &'static str> {
    check_name(value, name)?;
    PasswdEntry::parse(value)
}

/// Reads the entry of `name` in the passwd map, byte for byte.
///
/// # Errors
/// As [`person`].
pub fn line<'v>(value: &'v [u8], name: &str) -> Result<Line<'v>, &'static str> {
    let entry = person(value, name)?;
    let fields: Vec<&[u8]> = value.split(|&byte| byte == b':').collect();
    let [name, _, _, _, gecos, home, shell] = fields[..] else {
        return Err("it does not have seven fields");
    };
    Ok(Line {
        name,
        uid: entry.uid(),
        gid: entry.gid(),
        gecos,
        home,
        shell,
    })
}

/// Reads the entry of a group.
///
/// # Errors
/// When it is malformed, as a line is that was cut off.
pub fn group(value: &[u8]) -> Result<GroupEntry<'_>, &'static str> {
    if value.contains(&0) {
        return Err("it has a NUL");
    }
    let fields: Vec<&[u8]> = value.split(|&byte| byte == b':').collect();
    let [name, _, gid, members] = fields[..] else {
        return Err("it does not have four fields");
    };
    let gid = number(gid).ok_or("the group id is not a number")?;
    Ok(GroupEntry { name, gid, members })
}

/// Returns the place of the hash, by the password field in the entry of `name`.
///
/// # Errors
/// When it refers to the hash of another name.
pub fn place(password: &[u8], name: &str) -> Result<HashPlace, &'static str> {
    match password {
        b"x" => Ok(HashPlace::Shadow),
        [b'#', b'#', other @ ..] if other == name.as_bytes() => Ok(HashPlace::Adjunct),
        [b'#', b'#', ..] => Err("its password is somebody else's"),
        _ => Ok(HashPlace::Here),
    }
}

/// Reads the entry of `name` in the shadow map.
///
/// # Errors
/// As [`person`].
pub fn shadow(value: &[u8], name: &str) -> Result<Credential, &'static str> {
    check_name(value, name)?;
    let ShadowEntry { password, ageing } = ShadowEntry::parse(value)?;
    Ok(Credential {
        stored: password,
        ageing,
    })
}

/// Reads the entry of `name` in the adjunct map: its second field is the hash, the others are about
/// audit.
///
/// # Errors
/// As [`person`].
pub fn adjunct(value: &[u8], name: &str) -> Result<Credential, &'static str> {
    check_name(value, name)?;
    if value.contains(&0) {
        return Err("it has a NUL");
    }
    let stored = value.split(|&byte| byte == b':').nth(1).unwrap_or_default();
    Ok(Credential::lasting(stored))
}

impl GroupEntry<'_> {
    /// Returns whether the person of this name is a member. Blanks around the names of members
    /// count for nothing, as for the C library.
    pub fn has(&self, name: &str) -> bool {
        let mut members = self.members.split(|&byte| byte == b',');
        members.any(|member| member.trim_ascii() == name.as_bytes())
    }
}

impl Credential {
    /// Returns a stored password that never expires.
    pub fn lasting(stored: &[u8]) -> Self {
        Self {
            stored: Secret::new(stored.to_vec()),
            ageing: Ageing::default(),
        }
    }
}

fn check_name(value: &[u8], name: &str) -> Result<(), &'static str> {
    is_entry_of(value, name).then_some(()).ok_or(ANOTHERS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_nis_uses_itself_are_nobodys() {
        for name in ["alice", "\u{fc}gli", "YP", "yp_last"] {
            assert!(can_be_a_name(name), "{name}");
        }
        for name in [
            "YP_MASTER_NAME",
            "YP_LAST_MODIFIED",
            "YP_SECURE",
            "+",
            "-alice",
            "+@staff",
            "",
            "a:b",
            "a\0",
        ] {
            assert!(!can_be_a_name(name), "{name}");
        }
    }

    #[test]
    fn only_the_entry_of_the_name_is_read() {
        let line = b"alice:x:1000:100:Alice:/home/alice:/bin/sh";
        let entry = person(line, "alice").unwrap();
        assert_eq!(entry.uid(), 1000);
        for (value, name) in [
            (&line[..], "alic"),
            (line, "Alice"),
            (b"nismaster.lab", "YP_MASTER_NAME"),
            (b"alice", "alice"),
            (b"", ""),
        ] {
            assert_eq!(person(value, name).err(), Some(ANOTHERS), "{name}");
        }
        assert!(person(b"alice:x:1000:100:::/bin/sh:x", "alice").is_err());
        assert!(person(b"alice:x:+1000:100:::/bin/sh", "alice").is_err());
        assert_eq!(shadow(b"bob:h:::::::", "alice").err(), Some(ANOTHERS));
        assert_eq!(adjunct(b"bob:h:::::", "alice").err(), Some(ANOTHERS));
    }

    #[test]
    fn a_hash_is_where_the_line_says_and_never_under_another_name() {
        assert_eq!(place(b"x", "alice"), Ok(HashPlace::Shadow));
        assert_eq!(place(b"##alice", "alice"), Ok(HashPlace::Adjunct));
        for here in [&b""[..], b"*", b"!", b"xx", b"#alice", b"$6$a$b"] {
            assert_eq!(place(here, "alice"), Ok(HashPlace::Here), "{here:?}");
        }
        for elsewhere in [&b"##bob"[..], b"##", b"##alice2"] {
            assert!(place(elsewhere, "alice").is_err(), "{elsewhere:?}");
        }
    }

    #[test]
    fn a_group_has_the_members_that_its_whole_line_names() {
        let line = b"staff:*:500:alice,bob, carol ,,d\xc3\xa4n";
        let staff = group(line).unwrap();
        assert_eq!((staff.name, staff.gid), (&b"staff"[..], 500));
        for name in ["alice", "bob", "carol", "d\u{e4}n"] {
            assert!(staff.has(name), "{name}");
        }
        for name in ["alic", "alice,bob", "Alice", "staff", "ob", "*"] {
            assert!(!staff.has(name), "{name}");
        }
        assert!(!group(b"staff::500:").unwrap().has("alice"));
        for line in [
            &b"staff:*:500"[..],
            b"staff",
            b"",
            b"staff:*:500:alice:bob",
            b"staff:*::alice",
            b"staff:*:+500:alice",
            b"staff:*:4294967296:alice",
            b"staff:*:500:alice\0",
        ] {
            assert!(group(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn hashes_are_read_with_their_dates() {
        let found = shadow(b"alice:$6$a$b:19000:0:90:7:14:19001:", "alice").unwrap();
        assert_eq!(found.stored.expose(), b"$6$a$b");
        assert_eq!(found.ageing.expire, Some(19_001));
        let found = adjunct(b"alice:$1$a$b:::::", "alice").unwrap();
        assert_eq!(found.stored.expose(), b"$1$a$b");
        assert_eq!(found.ageing, Ageing::default());
        assert!(shadow(b"alice:$6$a$b:never::::::", "alice").is_err());
        assert!(adjunct(b"alice:$1$a\0", "alice").is_err());
    }
}
