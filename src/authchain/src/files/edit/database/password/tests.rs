use super::super::super::lock::Lock;
use super::super::super::replace::WriteStep;
use super::*;
use crate::tools::deadline::system_clock;
use std::cell::Cell;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{XattrFlags, getxattr, setxattr};

const PASSWD: &str = "# people\nalice:x:5000:5000::/:/bin/sh\nold:$5$in:1:1:::\n";
const SHADOW: &str = "alice:!$6$a:1:2:3:4:5:6:7\nbob:$6$b:1:::::: \n";

struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = Self { folder };
        for (name, text, mode) in [("passwd", PASSWD, 0o644), ("shadow", SHADOW, 0o640)] {
            fs::write(files.path(name), text).unwrap();
            fs::set_permissions(files.path(name), Permissions::from_mode(mode)).unwrap();
        }
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn change(&self, name: &str, witness: Witness<'_>) -> Result<(), EditError> {
        self.change_on(20_000, name, witness)
    }

    fn change_on(&self, today: i64, name: &str, witness: Witness<'_>) -> Result<(), EditError> {
        let name = Username::parse(name.as_bytes()).unwrap();
        let edit = PasswordEdit {
            name: &name,
            hash: "$h",
            today,
            judged: None,
            deadline: Deadline::after(system_clock, Duration::from_secs(10)),
        };
        self.database().change_password_watched(&edit, witness)
    }

    fn database(&self) -> Database {
        Database::new(&self.path("passwd"), &self.path("shadow"))
    }

    /// Asserts that nothing but the files and their locks is in the folder.
    fn is_tidy(&self) -> bool {
        let names = fs::read_dir(self.folder.path()).unwrap();
        names.count() == 4
    }
}

fn nothing(_: &Path, _: WriteStep) {}

#[test]
fn a_password_is_replaced_with_its_lock_and_no_other_byte_changes() {
    let files = Files::new();
    files.change("alice", &nothing).unwrap();
    assert_eq!(files.text("passwd"), PASSWD);
    let expected = SHADOW.replace("!$6$a:1:2", "$h:20000:2");
    assert_eq!(files.text("shadow"), expected);
    assert!(files.is_tidy());
}

#[test]
fn the_day_of_a_change_is_never_day_zero() {
    for today in [0, -1, i64::MIN] {
        let files = Files::new();
        files.change_on(today, "alice", &nothing).unwrap();
        assert!(files.text("shadow").starts_with("alice:$h::2:3:4:5:6:7\n"));
    }
}

#[test]
fn a_hash_in_the_passwd_file_moves_to_the_shadow_file_if_there_is_one() {
    let files = Files::new();
    files.change("old", &nothing).unwrap();
    assert!(files.text("passwd").ends_with("old:x:1:1:::\n"));
    assert!(files.text("shadow").ends_with("old:$h:20000::::::\n"));

    let files = Files::new();
    fs::remove_file(files.path("shadow")).unwrap();
    files.change("old", &nothing).unwrap();
    assert!(files.text("passwd").ends_with("old:$h:1:1:::\n"));
    assert!(!files.path("shadow").exists());

    let missing = files.change("alice", &nothing).unwrap_err().to_string();
    assert!(missing.ends_with("shadow: no such file"), "{missing}");
    assert!(!files.path("shadow").exists());
}

#[test]
fn days_that_did_not_count_do_not_begin_to_count_with_a_change() {
    for (stale, is_changed) in [
        ("old:!$6$o:1:0:99999:7:::", true),
        ("old:!:1:5:::::", false),
        ("old:!:1:::::1:", false),
    ] {
        let files = Files::new();
        let shadow = format!("{SHADOW}{stale}\n");
        fs::write(files.path("shadow"), &shadow).unwrap();
        let changed = files.change("old", &nothing);
        assert_eq!(changed.is_ok(), is_changed, "{stale}: {changed:?}");
        assert_eq!(files.text("shadow") == shadow, !is_changed, "{stale}");
        assert_eq!(files.text("passwd") == PASSWD, !is_changed, "{stale}");
    }
}

#[test]
fn an_entry_that_is_not_the_judged_one_any_more_is_not_changed() {
    let judged = |line: &str| ShadowEntry::parse(line.as_bytes()).unwrap();
    for (line, expected) in [
        ("alice:!$6$a:1:2:3:4:5:6:7", Ok(())),
        ("alice:$6$a:1:2:3:4:5:6:7", Err(EditError::ChangedMeanwhile)),
        (
            "alice:!$6$a:1:9:3:4:5:6:7",
            Err(EditError::ChangedMeanwhile),
        ),
    ] {
        let files = Files::new();
        let edit = PasswordEdit {
            name: &Username::parse(b"alice").unwrap(),
            hash: "$h",
            today: 20_000,
            judged: Some(&judged(line)),
            deadline: Deadline::after(system_clock, Duration::from_secs(1)),
        };
        let changed = files.database().change_password(&edit);
        assert_eq!(changed, expected, "{line}");
        assert_eq!(files.text("shadow") == SHADOW, expected.is_err(), "{line}");
        assert!(files.is_tidy());
    }
}

#[test]
fn a_name_that_is_not_there_or_there_twice_is_not_changed() {
    let files = Files::new();
    assert!(matches!(
        files.change("bob", &nothing),
        Err(EditError::Refused(_))
    ));
    fs::write(files.path("shadow"), format!("{SHADOW}{SHADOW}")).unwrap();
    assert!(matches!(
        files.change("alice", &nothing),
        Err(EditError::Refused(_))
    ));
    assert_eq!(files.text("passwd"), PASSWD);
}

#[test]
fn what_a_killed_process_left_goes_at_the_next_change_of_any_file_or_when_asked() {
    for asked in [false, true] {
        let files = Files::new();
        for name in [".passwd.new", ".shadow.new"] {
            fs::write(files.path(name), SHADOW).unwrap();
        }
        match asked {
            true => files.database().tidy().unwrap(),
            false => drop(files.change("nobody", &nothing)),
        }
        assert!(files.is_tidy(), "{asked}");
    }
}

#[test]
fn what_another_process_may_just_be_writing_stays() {
    let files = Files::new();
    fs::write(files.path(".shadow.new"), SHADOW).unwrap();
    let patience = Deadline::after(system_clock, Duration::ZERO);
    let held = Lock::take(&files.path(".shadow.lock"), &patience).unwrap();
    files.database().tidy().unwrap();
    assert!(files.path(".shadow.new").exists());
    drop(held);
    files.database().tidy().unwrap();
    assert!(files.is_tidy());
}

#[test]
fn a_change_that_is_killed_anywhere_leaves_the_old_password_or_the_new_one() {
    for name in ["alice", "old"] {
        let mut steps = 0;
        loop {
            let files = Files::new();
            let left = Cell::new(steps);
            let witness = |_: &Path, _: WriteStep| {
                assert!(left.get() > 0, "killed");
                left.set(left.get() - 1);
            };
            let outcome = catch_unwind(AssertUnwindSafe(|| files.change(name, &witness)));
            let (passwd, shadow) = (files.text("passwd"), files.text("shadow"));
            assert_eq!(passwd.lines().count(), 3);
            assert!(passwd.contains("old:$5$in:1:1:::") || shadow.contains("old:$h:20000:"));
            assert!(shadow.contains("alice:!$6$a:1:2:") || shadow.contains("alice:$h:20000:2:"));
            assert!(shadow.contains("bob:$6$b:1:::::: \n"));
            // The lock is gone, and so is what the killed change left.
            files.change(name, &nothing).unwrap();
            assert!(files.is_tidy());
            if outcome.is_ok() {
                break;
            }
            steps += 1;
        }
        assert_eq!(steps, if name == "old" { 10 } else { 5 });
    }
}

#[test]
fn the_new_file_has_the_owner_mode_and_extended_attributes_of_the_old_one() {
    let files = Files::new();
    let path = files.path("shadow");
    let is_root = nix::unistd::geteuid().is_root();
    if is_root {
        std::os::unix::fs::chown(&path, Some(0), Some(42)).unwrap();
    }
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let has_attributes = setxattr(&path, "user.note", b"ours", XattrFlags::empty()).is_ok();
    // An ACL that lets user 5 read, as setfacl(1) writes it.
    let acl: Vec<u8> = [
        &2_u32.to_le_bytes()[..],
        &entry(1, 6, u32::MAX),
        &entry(2, 4, 5),
        &entry(4, 0, u32::MAX),
        &entry(0x10, 4, u32::MAX),
        &entry(0x20, 0, u32::MAX),
    ]
    .concat();
    let acl_name = "system.posix_acl_access";
    let has_acl = setxattr(&path, acl_name, &acl, XattrFlags::empty()).is_ok();
    let before = fs::metadata(&path).unwrap();
    files.change("alice", &nothing).unwrap();
    let after = fs::metadata(&path).unwrap();
    assert_ne!(before.ino(), after.ino());
    let attributes = |file: &fs::Metadata| (file.uid(), file.gid(), file.mode());
    assert_eq!(attributes(&before), attributes(&after));
    let mut value = [0; 64];
    if has_attributes {
        assert_eq!(getxattr(&path, "user.note", &mut value), Ok(4));
    }
    if has_acl {
        let length = getxattr(&path, acl_name, &mut value).unwrap();
        assert_eq!(value[..length], acl);
    }
}

/// Returns an entry of an ACL.
fn entry(tag: u16, permissions: u16, id: u32) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes[..2].copy_from_slice(&tag.to_le_bytes());
    bytes[2..4].copy_from_slice(&permissions.to_le_bytes());
    bytes[4..].copy_from_slice(&id.to_le_bytes());
    bytes
}

#[test]
fn what_another_program_wrote_without_the_lock_is_not_overwritten() {
    let files = Files::new();
    let theirs = "somebody:else:1::::::\n";
    let witness = |path: &Path, step: WriteStep| {
        if step == WriteStep::Synced {
            fs::write(path, theirs).unwrap();
        }
    };
    let error = files.change("alice", &witness).unwrap_err().to_string();
    assert!(
        error.ends_with("shadow: another program has just written to it"),
        "{error}"
    );
    assert_eq!(files.text("shadow"), theirs);
    assert!(files.is_tidy());
}

#[test]
fn two_changes_at_once_are_both_made() {
    let files = Files::new();
    fs::write(files.path("passwd"), format!("{PASSWD}bob:x:2:2:::\n")).unwrap();
    std::thread::scope(|scope| {
        for name in ["alice", "bob"] {
            let files = &files;
            scope.spawn(move || files.change(name, &nothing).unwrap());
        }
    });
    assert_eq!(
        files.text("shadow"),
        "alice:$h:20000:2:3:4:5:6:7\nbob:$h:20000:::::: \n"
    );
}
