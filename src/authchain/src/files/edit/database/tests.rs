use super::super::replace::WriteStep;
use super::*;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};

struct Fixture {
    folder: tempfile::TempDir,
    database: Database,
}

fn fixture(passwd: &str, shadow: &str) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let (passwd_file, shadow_file) = (folder.path().join("passwd"), folder.path().join("shadow"));
    fs::write(&passwd_file, passwd).unwrap();
    fs::write(&shadow_file, shadow).unwrap();
    fs::set_permissions(&shadow_file, fs::Permissions::from_mode(0o600)).unwrap();
    let database = Database::new(&passwd_file, &shadow_file);
    Fixture { folder, database }
}

impl Fixture {
    fn text(&self, file: &str) -> String {
        fs::read_to_string(self.folder.path().join(file)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let accounts = self.database.list().unwrap();
        accounts.into_iter().map(|account| account.name).collect()
    }
}

fn name(text: &str) -> Username {
    Username::parse(text.as_bytes()).unwrap()
}

fn new(hash: Option<&str>) -> NewAccount<'_> {
    NewAccount {
        uid: &|taken| Ok(70_000 + u32::try_from(taken.len()).unwrap()),
        gid: None,
        gecos: "Bob",
        home: "/home/bob",
        shell: "/bin/sh",
        hash,
    }
}

const PASSWD: &str = "# people\nalice:x:5000:5000::/:/bin/sh\n";
const SHADOW: &str = "alice:$6$a:1:0:99999:7:::\n";

#[test]
fn an_account_is_added_with_both_its_lines() {
    let fixture = fixture(PASSWD, SHADOW);
    fixture
        .database
        .add(&name("bob"), &new(Some("$h")), 20_000)
        .unwrap();
    assert_eq!(
        fixture.text("passwd"),
        format!("{PASSWD}bob:x:70001:70001:Bob:/home/bob:/bin/sh\n")
    );
    assert_eq!(
        fixture.text("shadow"),
        format!("{SHADOW}bob:$h:20000:0:99999:7:::\n")
    );
    let again = fixture
        .database
        .add(&name("bob"), &new(None), 1)
        .unwrap_err();
    assert_eq!(again, EditError::Refused("bob exists already".to_owned()));
}

#[test]
fn files_that_are_not_there_are_made_with_the_right_modes() {
    let folder = tempfile::tempdir().unwrap();
    let (passwd, shadow) = (folder.path().join("passwd"), folder.path().join("shadow"));
    Database::new(&passwd, &shadow)
        .add(&name("bob"), &new(None), 1)
        .unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(&passwd), mode(&shadow)), (0o644, 0o600));
}

#[test]
fn a_file_that_another_program_makes_or_replaces_meanwhile_is_not_overwritten() {
    for shadow in [None, Some(SHADOW)] {
        let fixture = fixture(PASSWD, SHADOW);
        let path = fixture.folder.path().join("shadow");
        if shadow.is_none() {
            fs::remove_file(&path).unwrap();
        }
        let theirs = |path: &Path, step: WriteStep| {
            if step == WriteStep::Synced {
                fs::write(path.with_file_name("theirs"), "theirs:!::::::::\n").unwrap();
                fs::rename(path.with_file_name("theirs"), path).unwrap();
            }
        };
        let added = (fixture.database).add_watched(&name("bob"), &new(None), 1, &theirs);
        assert!(matches!(added, Err(EditError::File(_))), "{added:?}");
        assert_eq!(fixture.text("shadow"), "theirs:!::::::::\n");
        assert_eq!(fixture.text("passwd"), PASSWD);
    }
}

#[test]
fn no_field_can_add_a_line_or_a_field() {
    let fixture = fixture(PASSWD, SHADOW);
    for gecos in ["a:b", "a\nroot::0:0::/:/bin/sh", "\u{7f}"] {
        let new = NewAccount { gecos, ..new(None) };
        assert!(
            fixture.database.add(&name("bob"), &new, 1).is_err(),
            "{gecos:?}"
        );
    }
    assert_eq!(fixture.text("passwd"), PASSWD);
    assert_eq!(fixture.text("shadow"), SHADOW);
}

#[test]
fn a_password_in_the_passwd_file_moves_to_the_shadow_file_when_it_is_changed() {
    let fixture = fixture("old:$1$in:1:1:::\n", "");
    fixture
        .database
        .set_password(&name("old"), "$h", 20_000)
        .unwrap();
    assert_eq!(fixture.text("passwd"), "old:x:1:1:::\n");
    assert!(fixture.text("shadow").starts_with("old:$h:20000:"));
}

#[test]
fn a_password_in_the_passwd_file_is_locked_too() {
    let fixture = fixture("old:$1$in:1:1:::\n", "");
    fixture.database.lock(&name("old")).unwrap();
    assert_eq!(fixture.text("passwd"), "old:x:1:1:::\n");
    assert_eq!(fixture.text("shadow"), "old:!$1$in::::::1:1\n");
}

#[test]
fn a_name_without_an_account_cannot_be_changed() {
    let fixture = fixture(PASSWD, SHADOW);
    let bob = name("bob");
    let refused = EditError::Refused("bob has no account here".to_owned());
    assert_eq!(fixture.database.lock(&bob), Err(refused));
    assert!(fixture.database.unlock(&bob).is_err());
    assert!(fixture.database.delete(&bob).is_err());
    assert!(fixture.database.set_password(&bob, "$h", 1).is_err());
    assert_eq!(fixture.text("shadow"), SHADOW);
}

/// Runs `act` once for each of its steps, and panics after that step, as if the process were
/// killed.
fn killed_at_every_step(
    act: impl Fn(&Database, Witness<'_>) -> Result<(), EditError>,
    examine: impl Fn(&Fixture),
) {
    let mut survived = false;
    let mut step = 0;
    while !survived {
        let fixture = fixture(PASSWD, SHADOW);
        let left = Cell::new(step);
        let witness = |_: &Path, _: WriteStep| {
            if left.get() == 0 {
                // Like a kill, the panic releases the lock and runs no clean-up code.
                panic!("killed");
            }
            left.set(left.get() - 1);
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| act(&fixture.database, &witness)));
        survived = outcome.is_ok();
        examine(&fixture);
        step += 1;
    }
    assert_eq!(
        step, 11,
        "two files, five steps each, and the run that is not killed"
    );
}

#[test]
fn an_add_that_is_killed_anywhere_leaves_no_name_without_its_password() {
    let add = |database: &Database, witness: Witness<'_>| {
        database
            .add_watched(&name("bob"), &new(Some("$h")), 20_000, witness)
            .map(|_| ())
    };
    killed_at_every_step(add, |fixture| {
        let is_there = fixture.names().contains(&"bob".to_owned());
        let has_password = fixture.text("shadow").contains("bob:$h:20000");
        assert!(has_password || !is_there);
        assert!(fixture.text("shadow").starts_with(SHADOW));
        if !is_there {
            fixture
                .database
                .add(&name("bob"), &new(Some("$second")), 1)
                .unwrap();
            assert_eq!(
                fixture.text("shadow"),
                format!("{SHADOW}bob:$second:1:0:99999:7:::\n")
            );
        }
        assert_eq!(fixture.names(), ["alice", "bob"]);
    });
}

#[test]
fn a_delete_that_is_killed_anywhere_leaves_no_name_without_its_password() {
    let delete = |database: &Database, witness: Witness<'_>| {
        database.delete_watched(&name("alice"), witness)
    };
    killed_at_every_step(delete, |fixture| {
        let is_there = fixture.names().contains(&"alice".to_owned());
        assert!(fixture.text("shadow") == SHADOW || !is_there);
        if is_there {
            fixture.database.delete(&name("alice")).unwrap();
        }
        fixture.database.add(&name("alice"), &new(None), 1).unwrap();
        assert_eq!(fixture.text("shadow"), "alice:!:1:0:99999:7:::\n");
    });
}

#[test]
fn two_writers_at_once_both_succeed() {
    let fixture = fixture("", "");
    std::thread::scope(|scope| {
        for writer in 0..2 {
            let database = &fixture.database;
            scope.spawn(move || {
                for n in 0..20 {
                    let name = name(&format!("u{writer}-{n}"));
                    database.add(&name, &new(None), 1).unwrap();
                }
            });
        }
    });
    let uids: BTreeSet<_> = fixture
        .database
        .list()
        .unwrap()
        .iter()
        .map(|a| a.uid)
        .collect();
    assert_eq!((fixture.names().len(), uids.len()), (40, 40));
    assert_eq!(fixture.text("shadow").lines().count(), 40);
}

#[test]
fn two_databases_with_one_file_in_common_exclude_each_other() {
    let fixture = fixture(PASSWD, SHADOW);
    let second = fixture.folder.path().join("second");
    let mut other = Database::new(fixture.database.passwd(), &second);
    other.patience = Duration::ZERO;
    let witness = |_: &Path, _: WriteStep| {
        let busy = other.add(&name("eve"), &new(None), 1);
        assert!(matches!(busy, Err(EditError::Busy(_))), "{busy:?}");
    };
    (fixture.database)
        .add_watched(&name("bob"), &new(None), 1, &witness)
        .unwrap();
    assert_eq!(fixture.names(), ["alice", "bob"]);
}

#[test]
fn a_shadow_file_that_others_may_read_is_not_edited() {
    let fixture = fixture(PASSWD, SHADOW);
    let shadow = fixture.folder.path().join("shadow");
    fs::set_permissions(&shadow, fs::Permissions::from_mode(0o644)).unwrap();
    let error = fixture.database.lock(&name("alice")).unwrap_err();
    assert!(matches!(error, EditError::File(_)), "{error:?}");
    assert_eq!(fixture.text("shadow"), SHADOW);
}

#[test]
fn a_list_says_who_is_locked_and_shows_no_hash() {
    let fixture = fixture(PASSWD, SHADOW);
    fixture.database.lock(&name("alice")).unwrap();
    let accounts = fixture.database.list().unwrap();
    assert_eq!((accounts[0].is_locked, accounts[0].expire), (true, Some(1)));
    assert!(!format!("{accounts:?}").contains("$6$"));
}
