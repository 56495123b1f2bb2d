//! `authchain test`, `lookup` and `hash`.

use authchain::files::password_hash::verify;
use authchain::words::Secret;
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::Pid;

use crate::fixture::{Fixture, GUESTS, PASSWORD, Person, finish, is_root};

#[test]
fn the_right_password_is_accepted_and_the_account_asked_about() {
    Fixture::with_alice()
        .run_with(&["test", "alice-test"], PASSWORD)
        .expect(
            0,
            &[
                "Password",
                "Account",
                "guests",
                "PAM_SUCCESS (0)",
                "alice-test: guests: accepted",
            ],
        );
}

#[test]
fn a_refusal_says_who_and_why() {
    let fixture = Fixture::with_alice();
    fixture
        .run_with(&["test", "alice-test"], "wrong")
        .expect(1, &["PAM_AUTH_ERR (7)", "guests denied: wrong password"]);
    fixture
        .run_with(&["test", "nobody-here"], PASSWORD)
        .expect(1, &["PAM_USER_UNKNOWN (10)", "(unknown): guests: unknown"]);
    fixture
        .run_with(&["test", "a:b"], PASSWORD)
        .expect(1, &["PAM_USER_UNKNOWN (10)", "the name has a ':'"]);
    fixture
        .run_with(&["test", "alice-test"], "")
        .expect(1, &["empty password"]);
}

#[test]
fn a_fault_has_another_exit_code_than_a_refusal() {
    let fixture = Fixture::with_alice();
    fixture
        .run(&["test", "alice-test"])
        .expect(2, &["PAM_CONV_ERR (19)"]);
    fixture.chmod("shadow", 0o644);
    fixture
        .run_with(&["test", "alice-test"], PASSWORD)
        .expect(2, &["PAM_AUTHINFO_UNAVAIL (9)"]);
    fixture.write("authchain.toml", "colour = 1");
    fixture
        .run_with(&["test", "alice-test"], PASSWORD)
        .expect(2, &["unknown key \"colour\"", "^^^^^^"]);
}

#[test]
fn a_locked_account_is_refused_with_and_without_its_password() {
    let fixture = Fixture::with_alice();
    fixture.run(&["user", "lock", "alice-test"]).expect(0, &[]);
    fixture
        .run_with(&["test", "alice-test"], PASSWORD)
        .expect(1, &["guests denied: locked"]);
    fixture
        .run(&["test", "alice-test", "--account-only"])
        .expect(1, &["PAM_ACCT_EXPIRED (13)"]);
    fixture
        .run(&["user", "unlock", "alice-test"])
        .expect(0, &[]);
    fixture
        .run_with(&["test", "alice-test"], PASSWORD)
        .expect(0, &[]);
}

#[test]
fn an_empty_password_needs_nullok() {
    let fixture = Fixture::with_alice();
    let passwd = fixture.read("passwd");
    fixture.write("passwd", &format!("{passwd}open:x:70009:70009:::\n"));
    fixture.write("shadow", "open::20000::::::\n");
    fixture.chmod("shadow", 0o600);
    fixture
        .run_with(&["test", "open"], "")
        .expect(1, &["empty password"]);
    fixture
        .run_with(&["test", "open", "--nullok"], "")
        .expect(0, &["PAM_SUCCESS"]);
}

#[test]
fn the_terminal_does_not_echo_the_password() {
    let fixture = Fixture::with_alice();
    let mut person = Person::sits_down(&mut fixture.command(&["test", "alice-test"]));
    person.is_asked("Password: ");
    let flags = tcgetattr(&person.terminal).unwrap().local_flags;
    assert!(!flags.contains(LocalFlags::ECHO));
    person.types(PASSWORD);
    let terminal = person.terminal.try_clone().unwrap();
    person.child.wait().unwrap();
    let flags = tcgetattr(&terminal).unwrap().local_flags;
    assert!(flags.contains(LocalFlags::ECHO));
    drop(terminal);
    person.leaves().expect(0, &["PAM_SUCCESS"]);
}

#[test]
fn a_signal_at_the_prompt_ends_the_command_and_leaves_the_terminal_as_it_was() {
    let fixture = Fixture::with_alice();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let mut person = Person::sits_down(&mut fixture.command(&["test", "alice-test"]));
        person.is_asked("Password: ");
        let pid = Pid::from_raw(i32::try_from(person.child.id()).unwrap());
        kill(pid, signal).unwrap();
        person.child.wait().unwrap();
        let flags = tcgetattr(&person.terminal).unwrap().local_flags;
        assert!(flags.contains(LocalFlags::ECHO), "{signal}");
        person.leaves().expect(128 + signal as i32, &[]);
    }
}

#[test]
fn lookup_says_what_each_backend_knows() {
    let fixture = Fixture::with_alice();
    fixture
        .run(&["lookup", "alice-test"])
        .expect(0, &["system (NSS)", "guests", "uid 70000"]);
    fixture
        .run(&["lookup", "nobody-here"])
        .expect(1, &["guests", "unknown"]);
    let json = fixture.run(&["lookup", "alice-test", "--json"]).json();
    assert_eq!(json["backends"][0]["answer"], "known");
    assert_eq!(json["backends"][0]["user"]["uid"], 70_000);
    std::fs::remove_file(fixture.path("passwd")).unwrap();
    fixture
        .run(&["lookup", "alice-test"])
        .expect(2, &["unavailable"]);
}

#[test]
fn lookup_flags_a_user_id_that_is_not_the_systems() {
    // Whether bin has a password on this machine is root's to know.
    if !is_root() {
        return;
    }
    let fixture = Fixture::new(&format!("min_uid = 2\n{GUESTS}"));
    fixture.write("passwd", "bin:x:70007:0:::\n");
    let told = ["system (NSS)", "uid 2", "logins through guests are refused"];
    fixture.run(&["lookup", "bin"]).expect(0, &told);
    for name in ["root", "nobody"] {
        fixture.write("passwd", &format!("{name}:x:70007:0:::\n"));
        fixture
            .run(&["lookup", name])
            .expect(1, &["guests", "not asked: a system name"]);
    }
}

#[test]
fn control_characters_of_an_account_do_not_reach_the_terminal() {
    let fixture = Fixture::with_alice();
    fixture.write("passwd", "eve:x:70007:0:\u{1b}]0;owned\u{7}::\n");
    let run = fixture.run(&["lookup", "eve"]).expect(0, &["\\u{1b}"]);
    assert!(!run.out.contains('\u{1b}'));
}

#[test]
fn a_printed_hash_verifies() {
    let fixture = Fixture::new(GUESTS);
    let typed = |text: &str| Secret::new(text.as_bytes().to_vec());
    for (arguments, begin) in [
        (&["hash"][..], "$argon2id$"),
        (&["hash", "--method", "yescrypt"], "$y$j9T$"),
        (&["hash", "--method", "sha512"], "$6$"),
    ] {
        let hash = fixture
            .run_with(arguments, PASSWORD)
            .expect(0, &[begin])
            .out;
        let again = fixture.run_with(arguments, PASSWORD).out;
        assert_ne!(hash, again, "the salt is new each time");
        let hash = hash.trim_end().as_bytes();
        assert_eq!(verify(&typed(PASSWORD), hash, false), Ok(true));
        assert_eq!(verify(&typed("wrong"), hash, false), Ok(false));
    }
}

#[test]
fn empty_and_overlong_passwords_are_not_hashed() {
    let fixture = Fixture::new(GUESTS);
    fixture
        .run_with(&["hash"], "")
        .expect(1, &["the password is empty"]);
    fixture
        .run_with(&["hash"], &"x".repeat(600))
        .expect(1, &["longer than 511 bytes"]);
    fixture
        .run_with(&["hash"], &"x".repeat(5000))
        .expect(2, &["longer than 4096 bytes"]);
    fixture.run(&["hash"]).expect(2, &["standard input ended"]);
}

#[test]
fn two_different_passwords_are_not_hashed() {
    let fixture = Fixture::new(GUESTS);
    let mut person = Person::sits_down(&mut fixture.command(&["hash"]));
    person.is_asked("New password: ");
    person.types(PASSWORD);
    person.is_asked("Once more: ");
    person.types("Corect-Horse!7");
    let run = person.leaves().expect(1, &["the two passwords differ"]);
    assert!(!run.out.contains("$argon2"));
}

#[test]
fn without_permission_to_read_the_shadow_file_the_answer_is_unavailable() {
    if !is_root() {
        return;
    }
    let fixture = Fixture::with_alice();
    let mut command = fixture.command_of_nobody(&["test", "alice-test"]);
    finish(&mut command, &format!("{PASSWORD}\n"))
        .expect(2, &["PAM_AUTHINFO_UNAVAIL", "permission denied"]);
}
