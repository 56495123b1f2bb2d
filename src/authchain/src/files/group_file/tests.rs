//! Group files, good and bad.

use super::*;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

/// A folder with a group file and a passwd file.
struct TwoFiles {
    dir: tempfile::TempDir,
}

impl TwoFiles {
    fn new(group: impl AsRef<[u8]>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("group"), group).unwrap();
        fs::write(
            dir.path().join("passwd"),
            "alice:x:1000:100::/:\nbob:x:1001:x::/:\n",
        )
        .unwrap();
        Self { dir }
    }

    fn groups_of(&self, name: &str, own_names: &[&str]) -> Result<FileGroups, BackendError> {
        let file = GroupFile::read(&self.dir.path().join("group")).unwrap();
        FileGroups::find(&file, &self.dir.path().join("passwd"), name, own_names)
    }
}

fn groups_of(group: impl AsRef<[u8]>, name: &str) -> FileGroups {
    TwoFiles::new(group).groups_of(name, &[]).unwrap()
}

/// Returns `yes`, `no`, or the reason why neither is known.
fn in_short(answer: Result<bool, BackendError>) -> String {
    match answer {
        Ok(true) => "yes".to_owned(),
        Ok(false) => "no".to_owned(),
        Err(error) => {
            let text = error.to_string();
            text.split_once("group: ").unwrap().1.to_owned()
        }
    }
}

#[test]
fn members_and_people_of_the_primary_group_are_in_it_by_name_and_number() {
    let groups = groups_of(
        "wheel:x:10:root,alice\nusers:x:100:\nstaff:x:50:alicia,al,bob\n",
        "alice",
    );
    for (name, id, expected) in [
        ("wheel", 10, "yes"),
        ("users", 100, "yes"),
        ("staff", 50, "no"),
    ] {
        assert_eq!(in_short(groups.has_name(name)), expected, "{name}");
        assert_eq!(in_short(groups.has_id(id)), expected, "{name}");
    }
    assert_eq!(in_short(groups.has_name("nowhere")), "no");
    // Nobody needs to give the primary group a name.
    assert_eq!(
        in_short(groups_of("wheel:x:10:\n", "alice").has_id(100)),
        "yes"
    );
}

#[test]
fn a_second_line_of_a_group_counts_as_in_the_c_library() {
    let groups = groups_of("wheel:x:10:root\nwheel:x:11:alice\n", "alice");
    assert_eq!(in_short(groups.has_name("wheel")), "yes");
    assert_eq!(in_short(groups.has_id(11)), "yes");
    assert_eq!(in_short(groups.has_id(10)), "no");
}

#[test]
fn blanks_before_a_member_do_not_count_and_others_make_the_line_doubtful() {
    let groups = groups_of(" \twheel:x:10:root, alice,,\n", "alice");
    assert_eq!(in_short(groups.has_name("wheel")), "yes");
    for members in ["alice ", "alice \t,root", "root,alice\r", "ali ce", "\u{1}"] {
        let groups = groups_of(format!("wheel:x:10:{members}\n"), "alice");
        let expected = "line 1 is not valid: a member has a blank or a control character";
        assert_eq!(in_short(groups.has_name("wheel")), expected, "{members:?}");
        assert_eq!(in_short(groups.has_name("other")), "no", "{members:?}");
    }
}

#[test]
fn a_malformed_line_leaves_its_own_group_unknown_and_no_other() {
    for (line, fault) in [
        ("wheel:x:10", "it does not have four fields"),
        ("wheel:x:10:alice:", "it does not have four fields"),
        ("wheel:x:ten:alice", "the group id is not a number"),
        ("wheel:x::alice", "the group id is not a number"),
        ("wheel:x:+10:alice", "the group id is not a number"),
        ("wheel:x:4294967295:alice", "the group id is not a number"),
    ] {
        let groups = groups_of(
            format!("{line}\nstaff:x:50:bob\nusers:x:7:alice\n"),
            "alice",
        );
        let expected = format!("line 1 is not valid: {fault}");
        assert_eq!(in_short(groups.has_name("wheel")), expected, "{line}");
        // The number on the line may be any.
        assert_eq!(in_short(groups.has_id(50)), expected, "{line}");
        assert_eq!(in_short(groups.has_id(7)), "yes", "{line}");
        assert_eq!(in_short(groups.has_name("staff")), "no", "{line}");
        assert_eq!(in_short(groups.has_name("users")), "yes", "{line}");
    }
}

#[test]
fn in_a_file_that_was_cut_nobody_is_known_not_to_be_a_member() {
    let whole = "wheel:x:10:alice\nstaff:x:50:bob,alice\nzoo:x:60:alice\n";
    for length in 0..whole.len() {
        let part = whole.get(..length).unwrap();
        let (groups, is_cut) = (groups_of(part, "alice"), !part.ends_with('\n'));
        for name in ["wheel", "staff", "zoo"] {
            let answer = in_short(groups.has_name(name));
            assert!(!is_cut || answer != "no", "{length} {name}");
        }
    }
    let groups = groups_of("wheel:x:10:al", "alice");
    let expected = "the file ends in the middle of a line: it may have been cut short";
    assert_eq!(in_short(groups.has_name("other")), expected);
    assert_eq!(
        in_short(groups_of("", "alice").has_id(5)),
        "the file is empty"
    );
}

#[test]
fn comments_compat_lines_and_lines_without_a_colon_are_no_groups() {
    let text = "#wheel:x:10:alice\n\n  \n+wheel:x:10:alice\n-wheel:::\n+\nwheel\n";
    let groups = groups_of(text, "alice");
    assert_eq!(in_short(groups.has_name("wheel")), "no");
    assert_eq!(in_short(groups.has_id(10)), "no");
}

#[test]
fn a_member_in_other_letters_or_under_the_persons_own_name_is_a_doubt() {
    let files = TwoFiles::new("guests:x:70:alice,root\nstaff:x:50:bob\n");
    for (name, own_names) in [
        ("ALICE", &[][..]),
        ("a@x.org", &["alice"]),
        ("A@x.org", &["Alice"]),
        ("eve", &["eve", "mallory", "alice"]),
    ] {
        let groups = files.groups_of(name, own_names).unwrap();
        let expected = "line 1: \"alice\" may be the same person";
        assert_eq!(in_short(groups.has_name("guests")), expected, "{name}");
        assert_eq!(in_short(groups.has_id(70)), expected, "{name}");
        assert_eq!(in_short(groups.has_name("staff")), "no", "{name}");
    }
}

#[test]
fn the_primary_group_of_the_persons_own_name_is_a_doubt() {
    let files = TwoFiles::new("users:x:100:\nstaff:x:50:bob\n");
    let groups = files.groups_of("ALICE", &["alice"]).unwrap();
    let expected = "line 1: \"alice\" may be the same person";
    assert_eq!(in_short(groups.has_name("users")), expected);
    assert_eq!(in_short(groups.has_id(100)), expected);
    assert_eq!(in_short(groups.has_name("staff")), "no");
}

#[test]
fn a_group_of_ten_thousand_members_is_read_to_its_end() {
    let mut members: Vec<String> = (0..10_000).map(|n| format!("person{n}")).collect();
    members.push("alice".to_owned());
    let groups = groups_of(format!("all:x:10:{}\n", members.join(",")), "alice");
    assert_eq!(in_short(groups.has_name("all")), "yes");
}

#[test]
fn odd_bytes_are_compared_as_they_are() {
    let groups = groups_of(b"\xff:x:10:alice\nstaff:x:50:\xff\xfe,alice\n", "alice");
    assert_eq!(in_short(groups.has_name("\u{fffd}")), "no");
    assert_eq!(in_short(groups.has_name("staff")), "yes");
    assert_eq!(in_short(groups.has_id(10)), "yes");
}

#[test]
fn a_persons_broken_passwd_line_leaves_all_their_groups_unknown() {
    let files = TwoFiles::new("wheel:x:10:bob\n");
    let error = files.groups_of("bob", &[]).err().unwrap().to_string();
    assert!(
        error.ends_with("passwd: line 2 is not valid: the group id is not a number"),
        "{error}"
    );
    // A person of a directory has no line.
    assert_eq!(
        in_short(files.groups_of("eve", &[]).unwrap().has_name("wheel")),
        "no"
    );
}

#[test]
fn a_group_file_that_others_may_write_is_not_read() {
    let files = TwoFiles::new("wheel:x:10:alice\n");
    let path = files.dir.path().join("group");
    fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
    assert!(GroupFile::read(&path).is_err());
    fs::remove_file(&path).unwrap();
    assert!(GroupFile::read(&path).is_err());
}

#[test]
fn a_name_is_in_the_file_even_on_a_line_with_a_fault() {
    let files = TwoFiles::new("wheel:x:10:\nstaff:x\n#zoo:x:1:\n");
    let file = GroupFile::read(&files.dir.path().join("group")).unwrap();
    for (name, expected) in [
        ("wheel", true),
        ("staff", true),
        ("zoo", false),
        ("whee", false),
    ] {
        assert_eq!(file.has(name), expected, "{name}");
    }
}
