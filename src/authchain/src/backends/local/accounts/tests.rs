use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use super::*;
use crate::backends;
use crate::backends::accounts::Entries;
use crate::config::settings::local::LocalSettings;
use crate::tools::deadline::{Deadline, system_clock};
use crate::tools::journal::Journal;

struct Silent;

impl Journal for Silent {
    fn write(&self, _: Severity, _: &str) {}
}

fn context() -> Context<'static> {
    Context {
        service: "authchain",
        tty: "",
        rhost: "",
        ruser: "",
        now: SystemTime::UNIX_EPOCH + Duration::from_secs(20_000 * 86_400),
        deadline: Deadline::after(system_clock, Duration::from_secs(20)),
        uid: 0,
        euid: 0,
        allow_empty_password: false,
        has_publickey: false,
        silent: false,
        journal: &Silent,
    }
}

fn guests() -> (tempfile::TempDir, Local) {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let settings = LocalSettings {
        passwd: dir.path().join("passwd"),
        shadow: dir.path().join("shadow"),
        weak_hashes: false,
    };
    (dir, Local::new("guests".to_owned(), settings, false))
}

fn bob() -> NewPerson {
    NewPerson {
        name: Username::parse(b"bob").unwrap(),
        uid: Some(70_000),
        gid: Some(100),
        gecos: "Bob".to_owned(),
        home: "/home/bob".to_owned(),
        shell: "/bin/sh".to_owned(),
        mail: None,
    }
}

#[test]
fn an_account_is_added_without_a_password_edited_and_removed() {
    let (dir, guests) = guests();
    let read = |name| fs::read_to_string(dir.path().join(name)).unwrap();
    let added = guests.register(&bob(), &context());
    assert_eq!(added, Ok(AccountVerdict::Done));
    assert_eq!(read("passwd"), "bob:x:70000:100:Bob:/home/bob:/bin/sh\n");
    assert_eq!(read("shadow"), "bob:!:20000:0:99999:7:::\n");
    let changes = Changes {
        gecos: Some("Bob B".to_owned()),
        shell: Some("/bin/false".to_owned()),
        ..Changes::default()
    };
    let name = &bob().name;
    assert_eq!(
        guests.edit(name, &changes, &context()),
        Ok(AccountVerdict::Done)
    );
    assert_eq!(
        read("passwd"),
        "bob:x:70000:100:Bob B:/home/bob:/bin/false\n"
    );
    let again = guests.register(&bob(), &context());
    assert!(matches!(again, Ok(AccountVerdict::Refused(_))), "{again:?}");
    assert_eq!(guests.remove(name, &context()), Ok(AccountVerdict::Done));
    assert_eq!(guests.remove(name, &context()), Ok(AccountVerdict::Unknown));
    assert_eq!(
        guests.edit(name, &changes, &context()),
        Ok(AccountVerdict::Unknown)
    );
}

#[test]
fn a_field_that_would_break_the_file_changes_nothing() {
    let (dir, guests) = guests();
    guests.register(&bob(), &context()).map(drop).unwrap();
    let before = fs::read(dir.path().join("passwd")).unwrap();
    for changes in [
        Changes {
            gecos: Some("a:0:0".to_owned()),
            ..Changes::default()
        },
        Changes {
            shell: Some("/bin/sh\nroot::0:0:::".to_owned()),
            ..Changes::default()
        },
        Changes {
            mail: Some("b@example.com".to_owned()),
            ..Changes::default()
        },
    ] {
        let verdict = guests.edit(&bob().name, &changes, &context());
        assert!(
            matches!(verdict, Ok(AccountVerdict::Refused(_))),
            "{changes:?}"
        );
    }
    assert_eq!(fs::read(dir.path().join("passwd")).unwrap(), before);
}

#[test]
fn the_people_of_a_file_are_listed_by_a_part_of_their_names() {
    let (dir, guests) = guests();
    let text = "alice:x:1:1:::\nbroken\n# c\nbob:x:2:2:B:/b:/bin/sh\nalina:x:3:3:::\n";
    fs::write(dir.path().join("passwd"), text).unwrap();
    let names = |matching: &str, most| {
        let selection = Selection {
            entries: Entries::People,
            matching: matching.to_owned(),
            most,
        };
        let mut names = Vec::new();
        let end = guests.list(&selection, &context(), &mut |entry| match entry {
            Listed::Person(person) => names.push(person.name),
            Listed::Group(group) => panic!("{group:?}"),
        });
        (names.join(" "), end.unwrap().more)
    };
    assert_eq!(names("", None), ("alice bob alina".to_owned(), false));
    assert_eq!(names("ali", None), ("alice alina".to_owned(), false));
    assert_eq!(names("ali", Some(1)), ("alice".to_owned(), true));
    assert_eq!(names("ali", Some(2)), ("alice alina".to_owned(), false));
    assert!(backends::Backend::list(&guests, Entries::Groups).is_err());
}

#[test]
fn the_systems_own_accounts_are_not_kept() {
    let (_dir, guests) = guests();
    let system = Local::new("local".to_owned(), LocalSettings::default(), false);
    assert!(
        backends::Backend::register(&guests).is_ok() && backends::Backend::remove(&guests).is_ok()
    );
    assert_eq!(
        backends::Backend::register(&system).err(),
        Some(CannotKeep::SystemFiles)
    );
    assert_eq!(
        backends::Backend::edit(&system).err(),
        Some(CannotKeep::SystemFiles)
    );
    assert_eq!(
        backends::Backend::remove(&system).err(),
        Some(CannotKeep::SystemFiles)
    );
    assert!(backends::Backend::list(&system, Entries::People).is_ok());
}
