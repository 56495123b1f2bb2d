//! `authchain user`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use nix::poll::{PollTimeout, poll};

use crate::fixture::{Fixture, GUESTS, PASSWORD, Person, finish};

fn mode(fixture: &Fixture, name: &str) -> u32 {
    fs::metadata(fixture.path(name))
        .unwrap()
        .permissions()
        .mode()
        & 0o7777
}

#[test]
fn an_account_lives_from_add_to_del() {
    let fixture = Fixture::with_alice();
    assert_eq!(
        (mode(&fixture, "passwd"), mode(&fixture, "shadow")),
        (0o644, 0o600)
    );
    assert_eq!(
        fixture.read("passwd"),
        "alice-test:x:70000:70000::/home/alice-test:/bin/sh\n"
    );
    fixture
        .run_with(&["user", "passwd", "alice-test"], "another one")
        .expect(0, &["has a new password"]);
    fixture
        .run_with(&["test", "alice-test"], PASSWORD)
        .expect(1, &[]);
    fixture
        .run_with(&["test", "alice-test"], "another one")
        .expect(0, &[]);
    fixture
        .run(&["user", "del", "alice-test"])
        .expect(1, &["use --yes"]);
    fixture
        .run(&["user", "del", "alice-test", "--yes"])
        .expect(0, &["alice-test is deleted"]);
    assert_eq!(fixture.read("passwd") + &fixture.read("shadow"), "");
    fixture
        .run(&["user", "del", "alice-test", "--yes"])
        .expect(1, &["no account here"]);
}

#[test]
fn every_field_of_an_account_can_be_given() {
    let fixture = Fixture::new(GUESTS);
    let arguments = [
        "user",
        "add",
        "bob-test",
        "--uid",
        "71234",
        "--gid",
        "100",
        "--gecos",
        "Bob B",
        "--home",
        "/srv/bob-test",
        "--shell",
        "/bin/false",
        "--no-password",
    ];
    fixture
        .run(&arguments)
        .expect(0, &["user id 71234", "the system does not know bob-test"]);
    assert_eq!(
        fixture.read("passwd"),
        "bob-test:x:71234:100:Bob B:/srv/bob-test:/bin/false\n"
    );
    assert!(fixture.read("shadow").starts_with("bob-test:!:"));
    fixture
        .run(&["user", "unlock", "bob-test"])
        .expect(1, &["no password to unlock"]);
}

#[test]
fn system_names_and_invalid_names_are_refused() {
    let fixture = Fixture::new(GUESTS);
    for (name, expected) in [
        ("root", "root is a system name"),
        ("daemon", "daemon is a system name"),
        ("a:b", "has a ':'"),
        ("../x", "has a '/'"),
        ("a\nb", "control character"),
        (" alice-test", "begins or ends with a blank"),
        ("", "is empty"),
    ] {
        fixture
            .run(&["user", "add", name, "--no-password"])
            .expect(1, &[expected]);
    }
    assert!(!fixture.path("passwd").exists());
}

#[test]
fn ids_of_the_system_and_of_others_are_refused() {
    let fixture = Fixture::with_alice();
    for (uid, expected) in [
        ("0", "the system's own"),
        ("999", "below min_uid"),
        ("70000", "another account's here"),
        ("61184", "systemd's (61184 to 65519)"),
        ("65534", "nobody's (65534)"),
        ("2", "bin's in the system"),
    ] {
        if uid == "2" {
            fixture.write("authchain.toml", &format!("min_uid = 2\n{GUESTS}"));
        }
        fixture
            .run(&["user", "add", "bob-test", "--uid", uid, "--no-password"])
            .expect(1, &[expected]);
    }
}

#[test]
fn the_systems_own_files_are_refused() {
    let fixture = Fixture::new(GUESTS);
    fixture.write("passwd", "");
    let files = [
        "user",
        "add",
        "bob-test",
        "--no-password",
        "--passwd-file",
        "/etc/passwd",
    ];
    fixture.run(&files).expect(1, &["useradd"]);
    std::os::unix::fs::symlink("/etc/shadow", fixture.path("link")).unwrap();
    let link = fixture.path("link");
    let files = [
        "user",
        "lock",
        "bob-test",
        "--shadow-file",
        link.to_str().unwrap(),
    ];
    fixture.run(&files).expect(1, &["useradd"]);
}

#[test]
fn a_folder_that_others_may_write_is_refused() {
    let fixture = Fixture::new(GUESTS);
    fs::set_permissions(fixture.path(""), fs::Permissions::from_mode(0o777)).unwrap();
    fixture
        .run(&["user", "add", "bob-test", "--no-password"])
        .expect(2, &["mode 0777"]);
    let mut command = fixture.command(&[
        "user",
        "add",
        "bob-test",
        "--no-password",
        "--shadow-file",
        "s",
    ]);
    command
        .args(["--passwd-file", "p"])
        .current_dir(fixture.path(""));
    finish(&mut command, "").expect(2, &["mode 0777"]);
}

#[test]
fn the_state_folder_is_made_when_it_is_missing() {
    let fixture = Fixture::new("state_dir = \"DIR/state\"\n");
    fixture
        .run(&["user", "add", "bob-test", "--no-password"])
        .expect(0, &[]);
    assert_eq!(mode(&fixture, "state"), 0o755);
    assert_eq!(mode(&fixture, "state/shadow"), 0o600);
}

#[test]
fn foreign_lines_stay_as_they_are() {
    let fixture = Fixture::with_alice();
    let odd = "# ours\n\nno colon\n+@group::::::\n";
    let passwd = fixture.read("passwd");
    fixture.write("passwd", &format!("{odd}{passwd}"));
    fixture
        .run(&["user", "add", "bob-test", "--no-password"])
        .expect(0, &[]);
    fixture
        .run(&["user", "del", "alice-test", "--yes"])
        .expect(0, &[]);
    assert_eq!(
        fixture.read("passwd"),
        format!("{odd}bob-test:x:70001:70001::/home/bob-test:/bin/sh\n")
    );
}

#[test]
fn lock_and_unlock_leave_no_trace() {
    let fixture = Fixture::with_alice();
    let before = fixture.read("shadow");
    fixture
        .run(&["user", "lock", "alice-test"])
        .expect(0, &["alice-test is locked"]);
    assert!(fixture.read("shadow").contains("alice-test:!$argon2id$"));
    let json = fixture.run(&["user", "list", "--json"]).json();
    assert_eq!(
        (&json[0]["state"], &json[0]["expires"]),
        (&"locked".into(), &"1970-01-02".into())
    );
    fixture
        .run_with(&["user", "passwd", "alice-test"], PASSWORD)
        .expect(0, &["still locked"]);
    fixture
        .run(&["user", "unlock", "alice-test"])
        .expect(0, &[]);
    let tail = |text: &str| text.rsplit_once('$').unwrap().1[43..].to_owned();
    assert_eq!(tail(&fixture.read("shadow")), tail(&before));
}

#[test]
fn an_account_that_was_expired_before_the_lock_is_expired_after_it() {
    let fixture = Fixture::with_alice();
    let ended = fixture.read("shadow").replace(":7:::", ":7::1:");
    // Written into the existing file, so that its mode stays 0600.
    fs::write(fixture.path("shadow"), &ended).unwrap();
    for action in ["lock", "unlock"] {
        let run = fixture.run(&["user", action, "alice-test"]).expect(0, &[]);
        let told = run.err.contains("its expiry date 1970-01-02 in");
        assert_eq!(told, action == "unlock", "{}", run.err);
    }
    assert_eq!(fixture.read("shadow"), ended);
}

#[test]
fn a_list_shows_everybody_and_no_hash() {
    let fixture = Fixture::with_alice();
    fixture
        .run(&["user", "add", "bob-test", "--no-password", "--gecos", "Bob"])
        .expect(0, &[]);
    let run = fixture.run(&["user", "list"]).expect(
        0,
        &["alice-test", "active", "bob-test", "no password", "Bob"],
    );
    assert!(!run.out.contains('$'), "{}", run.out);
    let run = fixture.run(&["user", "list", "--json"]);
    assert!(!run.out.contains('$'), "{}", run.out);
    assert_eq!(run.json()[1]["uid"], 70_001);
}

#[test]
fn accounts_added_at_the_same_time_are_all_kept() {
    let fixture = Fixture::new(GUESTS);
    let names: Vec<String> = (0..12).map(|n| format!("u{n}")).collect();
    let children: Vec<_> = (names.iter())
        .map(|name| {
            let mut command = fixture.command(&["user", "add", name, "--no-password"]);
            command
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let json = fixture.run(&["user", "list", "--json"]).json();
    let mut uids: Vec<_> = json
        .as_array()
        .unwrap()
        .iter()
        .map(|a| a["uid"].as_u64().unwrap())
        .collect();
    uids.sort_unstable();
    assert_eq!(uids, (70_000..70_012).collect::<Vec<_>>());
}

#[test]
fn a_writer_killed_at_any_moment_leaves_whole_files() {
    let fixture = Fixture::with_alice();
    let alice = (fixture.read("passwd"), fixture.read("shadow"));
    for n in 0..40_u64 {
        let name = format!("u{n}");
        let mut command = fixture.command(&["user", "add", &name, "--no-password"]);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let _ = poll(&mut [], PollTimeout::from(u8::try_from(n / 4).unwrap()));
        child.kill().unwrap();
        child.wait().unwrap();
        let (passwd, shadow) = (fixture.read("passwd"), fixture.read("shadow"));
        assert!(passwd.starts_with(&alice.0) && passwd.ends_with('\n'));
        assert!(shadow.starts_with(&alice.1) && shadow.ends_with('\n'));
        for line in passwd.lines() {
            let name = line.split(':').next().unwrap();
            assert!(
                shadow
                    .lines()
                    .any(|line| line.starts_with(&format!("{name}:"))),
                "{name}"
            );
        }
    }
    fixture
        .run(&["user", "add", "last", "--no-password"])
        .expect(0, &[]);
    let left: Vec<_> = fs::read_dir(fixture.path(""))
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().ends_with(".new")),
        "{left:?}"
    );
}

#[test]
fn deleting_asks_a_person_first() {
    let fixture = Fixture::with_alice();
    for (answer, code) in [("", 1), ("n", 1), ("y", 0)] {
        let mut person = Person::sits_down(&mut fixture.command(&["user", "del", "alice-test"]));
        person.is_asked("Delete alice-test? [y/N] ");
        person.types(answer);
        person.leaves().expect(code, &[]);
    }
    assert_eq!(fixture.read("passwd"), "");
}

#[test]
fn a_new_password_is_typed_twice() {
    let fixture = Fixture::with_alice();
    let mut person = Person::sits_down(&mut fixture.command(&["user", "add", "bob-test"]));
    person.is_asked("New password: ");
    person.types(PASSWORD);
    person.is_asked("Once more: ");
    person.types(PASSWORD);
    person.leaves().expect(0, &["bob-test is added"]);
    fixture
        .run_with(&["test", "bob-test"], PASSWORD)
        .expect(0, &[]);
}

#[test]
fn an_account_in_files_that_no_backend_reads_is_warned_about() {
    let fixture = Fixture::new("");
    let [passwd, shadow] = ["other-passwd", "other-shadow"].map(|name| fixture.path(name));
    let arguments = [
        "user",
        "--passwd-file",
        passwd.to_str().unwrap(),
        "--shadow-file",
        shadow.to_str().unwrap(),
        "add",
        "alice-test",
    ];
    let told = [
        "alice-test is added",
        "no backend of the chain reads ",
        "add \"guests\", or another name, to `chain` and this section",
        "\n[backend.guests]\ntype = \"local\"\npasswd = \"/",
    ];
    fixture.run_with(&arguments, PASSWORD).expect(0, &told);
}

#[test]
fn a_home_or_a_shell_that_is_no_absolute_path_is_refused_before_the_password_is_asked_for() {
    let fixture = Fixture::new(GUESTS);
    for (option, path) in [("--home", "relative"), ("--home", ""), ("--shell", "bash")] {
        let run = fixture.run(&["user", "add", "zoe-test", option, path]);
        run.expect(1, &[option, "must be an absolute path"]);
    }
    assert!(!fixture.path("passwd").exists());
}

#[test]
fn a_list_of_files_that_are_missing_says_so() {
    let fixture = Fixture::new(GUESTS);
    let missing = "passwd: no such file, so there is no account; `authchain user add` makes it";
    fixture.run(&["user", "list"]).expect(0, &[missing]);
    let run = fixture
        .run(&["user", "list", "--json"])
        .expect(0, &[missing]);
    assert_eq!(run.out.trim(), "[]");
    let with_alice = Fixture::with_alice().run(&["user", "list"]);
    assert!(
        !with_alice.text().contains("no such file"),
        "{}",
        with_alice.text()
    );
}
