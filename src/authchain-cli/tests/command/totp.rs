//! `authchain totp`.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use authchain::files::authenticator::Authenticator;
use authchain::files::factor_folder::FactorFolder;
use authchain::files::ledger::{Counted, Durability};
use authchain::words::Username;
use serde_json::Value;

use crate::fixture::{Fixture, GUESTS, Run, finish, give_away, is_root};

/// How long an enrolment waits for its first code, and a little more.
const TOO_LONG: Duration = Duration::from_secs(7 * 86_400 + 60);

fn fixture() -> Fixture {
    Fixture::new(&format!(
        "{GUESTS}[backend.totp]\ntype = \"totp\"\nissuer = \"Example & Co\"\ndigits = 8\n"
    ))
}

#[expect(clippy::disallowed_methods, reason = "codes go by the time")]
fn now() -> SystemTime {
    SystemTime::now()
}

/// Returns the code that an app shows now for this secret, `steps` later.
fn code(secret: &str, steps: u64) -> String {
    let authenticator = Authenticator {
        secret: Authenticator::secret_of(secret).unwrap(),
        ..Authenticator::new(Default::default(), 8).unwrap()
    };
    let seconds = now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let code = authenticator
        .hash
        .code(authenticator.secret.expose(), seconds / 30 + steps);
    format!("{:08}", code.unwrap() % 100_000_000)
}

fn folder(fixture: &Fixture, user: &str) -> FactorFolder {
    FactorFolder::of(
        &fixture.path(""),
        &Username::parse(user.as_bytes()).unwrap(),
    )
}

/// Enrols somebody who confirms at once, and returns the secret.
fn enrol(fixture: &Fixture, user: &str) -> String {
    let pending = fixture
        .run(&["totp", "enrol", user, "--json"])
        .expect(0, &[]);
    let secret = pending.json()["secret"].as_str().unwrap().to_owned();
    let code = code(&secret, 0);
    let confirmed = fixture.run(&["totp", "confirm", user, &code]);
    confirmed.expect(0, &[&format!("{user} is enrolled")]);
    secret
}

fn status(fixture: &Fixture, user: &str) -> Value {
    let run = fixture.run(&["totp", "status", user, "--json"]);
    run.json()[0].clone()
}

#[test]
fn nothing_counts_before_a_code_of_the_app_was_right() {
    let fixture = fixture();
    let mut command = fixture.command(&["totp", "enrol", "alice-test"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut shown = String::new();
    let stdout = child.stdout.as_mut().unwrap();
    while !shown.contains("every 30 seconds\n") {
        let mut byte = [0];
        assert_eq!(stdout.read(&mut byte).unwrap(), 1, "{shown}");
        shown.push(char::from(byte[0]));
    }
    assert!(!folder(&fixture, "alice-test").path().exists());
    let address = shown.split("otpauth://").nth(1).unwrap();
    assert!(address.starts_with("totp/Example%20%26%20Co:alice-test?secret="));
    let secret = address.split(['=', '&']).nth(1).unwrap();
    let (right, wrong) = (code(secret, 0), "1234567");
    let typed = format!("{wrong}\n{} {}\n", &right[..4], &right[4..]);
    child
        .stdin
        .take()
        .unwrap()
        .write_all(typed.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let run = Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    run.expect(
        0,
        &[
            "wrong code; once more",
            "alice-test is enrolled",
            "good once",
        ],
    );
    let standing = status(&fixture, "alice-test");
    assert_eq!(standing["state"], "enrolled");
    assert_eq!(standing["recovery_codes_left"], 10);
    let file = fs::metadata(folder(&fixture, "alice-test").path().join("totp")).unwrap();
    assert_eq!(file.permissions().mode() & 0o7777, 0o600);
    fixture
        .run(&["totp", "enrol", "ALICE-test"])
        .expect(1, &["enrolled already", "totp disable"]);
}

#[test]
fn three_wrong_codes_enrol_nobody() {
    let fixture = fixture();
    let mut command = fixture.command(&["totp", "enrol", "alice-test"]);
    finish(&mut command, "1\n2\n3\n").expect(1, &["no code was right", "clock says"]);
    assert!(!folder(&fixture, "alice-test").path().exists());
}

#[test]
fn an_enrolment_waits_for_its_first_code_and_not_for_ever() {
    let fixture = fixture();
    fixture.write("staff", "# staff\nalice-test\n\nbob-test\nno:name\n");
    let list = fixture.path("staff");
    let run = fixture.run(&["totp", "enrol", "--file", list.to_str().unwrap(), "--json"]);
    let run = run.expect(1, &["no:name", "the system does not know bob-test"]);
    let people: Vec<Value> = run
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!((people.len(), &people[1]["user"]), (2, &"bob-test".into()));
    assert_eq!(people[0]["recovery_codes"].as_array().unwrap().len(), 10);
    assert_eq!(status(&fixture, "alice-test")["state"], "pending");
    fixture
        .run(&["totp", "confirm", "alice-test", "12345678"])
        .expect(1, &["no code was right"]);
    let [alice, bob] = ["alice-test", "bob-test"].map(|user| folder(&fixture, user));
    let waiting = fs::File::open(bob.path().join("totp.pending")).unwrap();
    waiting.set_modified(now() - TOO_LONG).unwrap();
    assert_eq!(status(&fixture, "bob-test")["state"], "void");
    let right = |person: &Value| code(person["secret"].as_str().unwrap(), 0);
    fixture
        .run(&["totp", "confirm", "bob-test", &right(&people[1])])
        .expect(1, &["is void"]);
    fixture
        .run(&["totp", "confirm", "bob-test", &right(&people[1])])
        .expect(1, &["no enrolment of bob-test waits"]);
    fixture
        .run_with(&["totp", "confirm", "alice-test"], &right(&people[0]))
        .expect(0, &["alice-test is enrolled"]);
    assert!(!alice.path().join("totp.pending").exists());
}

#[test]
fn a_new_enrolment_takes_no_code_of_a_time_that_has_passed() {
    let fixture = fixture();
    enrol(&fixture, "alice-test");
    fixture
        .run(&["totp", "disable", "alice-test"])
        .expect(0, &["not enrolled any more"]);
    fixture
        .run(&["totp", "disable", "alice-test"])
        .expect(1, &["is not enrolled"]);
    fixture
        .run(&["totp", "status", "alice-test"])
        .expect(1, &["not enrolled"]);
    let again = fixture.run(&["totp", "enrol", "alice-test", "--json"]);
    let secret = again.json()["secret"].as_str().unwrap().to_owned();
    // Should the step pass between the two, there is nothing to see; the next step is right.
    let confirm = |code: &str| fixture.run(&["totp", "confirm", "alice-test", code]);
    let run = confirm(&code(&secret, 0));
    assert!(
        run.code == 0 || run.text().contains("was used before"),
        "{}",
        run.text()
    );
    if run.code == 1 {
        confirm(&code(&secret, 1)).expect(0, &[]);
    }
}

#[test]
fn a_name_in_other_letters_that_has_app_passwords_alone_is_not_enrolled_twice() {
    let fixture = fixture();
    enrol(&fixture, "alice-test");
    fs::create_dir(fixture.path("factors/Alice-test")).unwrap();
    let everybody = fixture.run(&["totp", "status", "--json"]).expect(0, &[]);
    assert_eq!(everybody.json().as_array().unwrap().len(), 1);
}

#[test]
fn new_recovery_codes_void_the_old() {
    let fixture = fixture();
    enrol(&fixture, "alice-test");
    let before = Authenticator::read(folder(&fixture, "alice-test").path());
    let run = fixture.run(&["totp", "recovery", "alice-test"]);
    let run = run.expect(0, &["not shown again"]);
    let code = run.out.lines().find(|line| line.contains('-')).unwrap();
    let after = Authenticator::read(folder(&fixture, "alice-test").path());
    let places = [before, after].map(|authenticator| {
        let authenticator = authenticator.unwrap().unwrap();
        authenticator.recovery.place_of(code.trim().as_bytes())
    });
    assert_eq!(places, [None, Some(0)]);
    fixture
        .run(&["totp", "recovery", "bob-test"])
        .expect(1, &["bob-test is not enrolled"]);
}

#[test]
fn a_pause_and_a_clock_that_was_set_back_are_shown_and_ended() {
    let fixture = fixture();
    enrol(&fixture, "alice-test");
    let ledger = folder(&fixture, "alice-test").ledger();
    let now = now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let at = u64::try_from(now.as_millis()).unwrap();
    let later = now.as_secs() / 30 + 1_000;
    let counted = |counted| ledger.count(counted, Durability::Kept).unwrap();
    counted(Counted::Code { step: later });
    for _ in 0..5 {
        counted(Counted::Attempt { at });
    }
    let standing = status(&fixture, "alice-test");
    assert_eq!(standing["failures"], 5);
    assert!(standing["pause_seconds"].as_u64().unwrap() > 0);
    assert_eq!(standing["clock_was_set_back"], true);
    fixture
        .run(&["totp", "status"])
        .expect(0, &["alice-test", "5 wrong codes", "a time to come"]);
    fixture
        .run(&["totp", "unlock", "alice-test"])
        .expect(0, &["may use the codes to come"]);
    let standing = status(&fixture, "alice-test");
    assert_eq!(standing["failures"], 0);
    assert_eq!(standing["pause_seconds"], Value::Null);
    assert_eq!(standing["clock_was_set_back"], false);
}

#[test]
fn secrets_of_other_programs_are_taken_over_and_used_codes_are_not() {
    let fixture = fixture();
    let path = fixture.write(
        "google",
        "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n\" DISALLOW_REUSE 1\n\" TOTP_AUTH\n12345678\n",
    );
    let google = path.to_str().unwrap();
    let import = |user: &str| fixture.run(&["totp", "import", user, "--google", google]);
    import("alice-test").expect(2, &["mode 0644", "chmod 0600"]);
    fixture.chmod("google", 0o600);
    import("alice-test").expect(0, &["with 1 recovery codes"]);
    import("alice-test").expect(1, &["enrolled already"]);
    let steps = now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs()
        / 30;
    let history = folder(&fixture, "alice-test").ledger().history().unwrap();
    assert!(
        steps - history.last_step().unwrap() <= 1,
        "no code of before counts"
    );
    fixture.write(
        "oath",
        "HOTP/T30/6 bob-test - 3132333435363738393031323334353637383930\n",
    );
    fixture.chmod("oath", 0o600);
    let oath = fixture.path("oath");
    let import =
        |user: &str| fixture.run(&["totp", "import", user, "--oath", oath.to_str().unwrap()]);
    import("bob-test").expect(0, &["is enrolled"]);
    import("carol-test").expect(1, &["no line of carol-test"]);
}

#[test]
fn a_file_that_others_can_replace_is_not_read_by_root() {
    let fixture = fixture();
    fixture.write("home/google", "GEZDGNBVGY3TQOJQ\n\" TOTP_AUTH\n");
    fixture.chmod("home/google", 0o600);
    fixture.chmod("home", 0o777);
    let path = fixture.path("home/google");
    fixture
        .run(&[
            "totp",
            "import",
            "nobody-test",
            "--google",
            path.to_str().unwrap(),
        ])
        .expect(1, &["can replace the file"]);
    let run = fixture.run(&[
        "totp",
        "import",
        "daemon",
        "--google",
        path.to_str().unwrap(),
    ]);
    run.expect(2, &["google: "]);
}

#[test]
fn a_clock_that_was_set_back_does_not_stand_in_the_way_of_a_new_enrolment() {
    let fixture = fixture();
    fixture
        .run(&["totp", "unlock", "alice-test"])
        .expect(1, &["alice-test is not enrolled"]);
    let alice = folder(&fixture, "alice-test");
    alice.make().unwrap();
    let step = now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs()
        / 30;
    let ahead = Counted::Code { step: step + 1_000 };
    alice.ledger().count(ahead, Durability::Kept).unwrap();
    let pending = fixture.run(&["totp", "enrol", "alice-test", "--json"]);
    let secret = pending.json()["secret"].as_str().unwrap().to_owned();
    fixture
        .run(&["totp", "confirm", "alice-test", &code(&secret, 0)])
        .expect(1, &["was used before", "totp unlock"]);
    fixture
        .run(&["totp", "unlock", "alice-test"])
        .expect(0, &["may use the codes to come"]);
    fixture
        .run(&["totp", "confirm", "alice-test", &code(&secret, 1)])
        .expect(0, &["is enrolled"]);
}

#[test]
fn a_file_in_a_home_is_read_with_the_rights_of_its_owner() {
    if !is_root() {
        return;
    }
    let fixture = fixture();
    let text = "GEZDGNBVGY3TQOJQ\n\" TOTP_AUTH\n";
    for name in ["home/own", "home/roots", "secret"] {
        fixture.write(name, text);
        fixture.chmod(name, 0o600);
    }
    give_away(&fixture.path("home"));
    give_away(&fixture.path("home/own"));
    std::os::unix::fs::symlink(fixture.path("secret"), fixture.path("home/link")).unwrap();
    fs::hard_link(fixture.path("secret"), fixture.path("home/hard")).unwrap();
    let import = |name: &str| {
        let path = fixture.path("home").join(name);
        fixture.run(&[
            "totp",
            "import",
            "nobody",
            "--google",
            path.to_str().unwrap(),
        ])
    };
    import("roots").expect(2, &["roots: Permission denied"]);
    import("hard").expect(2, &["hard: Permission denied"]);
    import("link").expect(2, &["link: Too many levels of symbolic links"]);
    import("none").expect(2, &["none: No such file"]);
    import("own").expect(0, &["nobody is enrolled"]);
}

#[test]
fn a_ledger_that_is_gone_is_trouble() {
    let fixture = fixture();
    enrol(&fixture, "alice-test");
    fs::remove_file(folder(&fixture, "alice-test").path().join("ledger.1")).unwrap();
    fixture
        .run(&["totp", "status"])
        .expect(2, &["there is no ledger: nobody gets in"]);
}

#[test]
fn nobody_else_than_the_owner_of_the_folder_is_let_near() {
    if !is_root() {
        return;
    }
    let fixture = fixture();
    let mut command = fixture.command_of_nobody(&["totp", "status"]);
    finish(&mut command, "").expect(2, &["run this as root"]);
}
