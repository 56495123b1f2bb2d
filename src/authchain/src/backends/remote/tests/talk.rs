//! Tests of the replies that a worker may send, and of those that end the exchange.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

use super::stage::{ALICE, POLITE, Stage, alone, failed, played, protocol, saying, unavailable};
use crate::backends::Backend;
use crate::tools::deferred::Deferred;
use crate::tools::request::Attempt;
use crate::words::{AccountStatus, BackendError, ConversationError, DenialReason, Secret, Verdict};

/// Returns what a worker that is this script comes to, asked with a password of this length.
fn asked_with(script: &str, length: usize) -> Result<Verdict, BackendError> {
    let _alone = alone();
    let password = Secret::new(vec![b'x'; length]);
    let (verdict, ..) = Stage::new(script).ask(|remote, request, person| {
        remote.authenticate(&mut Attempt {
            request: *request,
            password: &password,
            conversation: person,
            deferred: &Deferred::default(),
        })
    });
    verdict
}

#[test]
fn a_password_longer_than_any_is_wrong_for_whoever_is_there_and_no_fault() {
    let told = |verdict: &str, length| {
        let script = format!(
            "{POLITE}case $question in *password*) say '{{\"verdict\":\"accepted\",{ALICE}}}' ;; \
             *) say '{verdict}' ;; esac; read -r end"
        );
        asked_with(&script, length)
    };
    let found = format!(r#"{{"verdict":"found",{ALICE}}}"#);
    let long = 32 * 1024;
    assert!(matches!(told(&found, long), Ok(Verdict::Accepted(..))));
    for length in [long + 1, 1 << 20] {
        let Ok(Verdict::Denied(denial)) = told(&found, length) else {
            panic!("{length}");
        };
        assert_eq!(denial.reason, DenialReason::BadCredential);
        let unknown = r#"{"verdict":"unknown"}"#;
        assert_eq!(told(unknown, length), Ok(Verdict::Unknown));
        let down = r#"{"verdict":"unavailable","detail":"down"}"#;
        assert_eq!(told(down, length), unavailable("down"));
    }
}

/// Returns the groups of the person who is looked up, or the fault.
fn groups_of(asked: &[&str], script: &str) -> Result<Option<Vec<String>>, BackendError> {
    let _alone = alone();
    let mut stage = Stage::new(script);
    stage.groups = asked.iter().map(ToString::to_string).collect();
    let (found, ..) = stage.ask(|remote, request, _| remote.lookup(request));
    found.map(|user| user.unwrap().groups)
}

#[test]
fn a_worker_names_only_groups_that_it_was_asked_about() {
    let claiming = |asked: &[&str], groups: &str| {
        let user = format!(r#""user":{{"name":"alice"{groups}}}"#);
        let script = format!("{POLITE}say '{{\"verdict\":\"found\",{user}}}'\nread -r end");
        groups_of(asked, &script)
    };
    let asked = &["staff", "1000"][..];
    let owned = |groups: &[&str]| Ok(Some(groups.iter().map(ToString::to_string).collect()));
    assert_eq!(claiming(asked, r#","groups":["staff"]"#), owned(&["staff"]));
    assert_eq!(claiming(asked, r#","groups":[]"#), owned(&[]));
    assert_eq!(claiming(asked, ""), Ok(None), "it has not found out");
    assert_eq!(claiming(&[], ""), Ok(None));
    let others = || protocol("a list of \"groups\" with one that was not asked about");
    for groups in [
        r#"["wheel"]"#,
        r#"["staff","wheel"]"#,
        r#"["Staff"]"#,
        r#"["staff "]"#,
    ] {
        assert_eq!(
            claiming(asked, &format!(r#","groups":{groups}"#)),
            others(),
            "{groups}"
        );
    }
    assert_eq!(claiming(&[], r#","groups":["staff"]"#), others());
    assert_eq!(claiming(&[], r#","groups":[]"#), others());
    let twice = protocol("a list of \"groups\" with one of them twice");
    assert_eq!(claiming(asked, r#","groups":["1000","1000"]"#), twice);
}

#[test]
fn groups_that_no_question_can_ask_about_are_a_fault_and_reach_no_worker() {
    let silent = format!("{POLITE}say '{{\"verdict\":\"found\",{ALICE}}}'\nread -r end");
    let empty = failed("the question is a list of \"groups\" with an empty name");
    assert_eq!(groups_of(&["staff", ""], &silent), empty);
}

#[test]
fn each_question_has_its_verdicts_and_no_other() {
    let accepted = saying(&format!(r#"{{"verdict":"accepted",{ALICE}}}"#));
    let Ok(Verdict::Accepted(user, None)) = accepted.verdict else {
        panic!("{:?}", accepted.verdict)
    };
    assert_eq!(
        (user.name.as_str(), user.uid, user.backend.as_str()),
        ("alice", Some(10001), "corp")
    );
    assert_eq!(accepted.lookup, protocol("another verdict than lookup has"));
    assert_eq!(
        accepted.account,
        protocol("another verdict than account has")
    );

    let wire = r#""status":"valid","warning":"3 days left""#;
    let knowing = saying(&format!(r#"{{"verdict":"accepted",{ALICE},{wire}}}"#));
    let warning = Some("3 days left".to_owned());
    let status = Some(AccountStatus::Valid { warning });
    assert_eq!(knowing.verdict, Ok(Verdict::Accepted(user, status)));
    let wire = r#""status":"must_change_password""#;
    let ended = saying(&format!(r#"{{"verdict":"must_change",{ALICE},{wire}}}"#));
    let Ok(Verdict::MustChange(_, status)) = ended.verdict else {
        panic!("{:?}", ended.verdict)
    };
    assert_eq!(status, Some(AccountStatus::MustChangePassword));

    let denied = saying(r#"{"verdict":"denied","reason":"locked"}"#);
    assert_eq!(
        denied.verdict,
        Ok(Verdict::Denied(DenialReason::Locked.into()))
    );
    assert_eq!(denied.account, protocol("another verdict than account has"));

    let found = saying(&format!(r#"{{"verdict":"found",{ALICE}}}"#));
    assert_eq!(found.lookup.unwrap().unwrap().uid, Some(10001));
    assert_eq!(
        found.verdict,
        protocol("another verdict than authenticate has")
    );

    let account = saying(&format!(
        r#"{{"verdict":"account",{ALICE},"status":"locked"}}"#
    ));
    assert_eq!(
        account.account.unwrap().unwrap().status,
        AccountStatus::Locked
    );
    assert_eq!(
        account.verdict,
        protocol("another verdict than authenticate has")
    );

    let unknown = saying(r#"{"verdict":"unknown","notes":["slow\nsearch"]}"#);
    assert_eq!(unknown.verdict, Ok(Verdict::Unknown));
    assert_eq!((unknown.lookup, unknown.account), (Ok(None), Ok(None)));
    assert_eq!(unknown.log, ["corp: slow\nsearch"]);

    let down = saying(r#"{"verdict":"unavailable","detail":"one: connect: timed out"}"#);
    assert_eq!(down.verdict, unavailable("one: connect: timed out"));
    assert_eq!(down.lookup, unavailable("one: connect: timed out"));
}

#[test]
fn somebody_elses_entry_is_no_answer() {
    let other = r#"{"verdict":"accepted","user":{"name":"Alice"}}"#;
    assert_eq!(
        saying(other).verdict,
        protocol("a verdict about another name")
    );
    let _alone = alone();
    let mut stage = Stage::new(&format!("{POLITE}say '{other}'\nread -r end"));
    stage.fold_case = true;
    assert!(matches!(stage.authenticate().0, Ok(Verdict::Accepted(..))));
}

#[test]
fn a_worker_can_ask_and_tell_the_person() {
    let script = format!(
        r#"{POLITE}
say '{{"info":"Hello\u001b[31m\nthere"}}'
say '{{"prompt":"echo_off","text":"Code: "}}'
read -r first
say '{{"error":"One more."}}'
say '{{"prompt":"echo_on","text":"Colour: "}}'
read -r second
if [ "$first$second" = '{{"answer":"MTIzNDU2"}}{{"answer":"MTIzNDU2"}}' ]; then
  say '{{"verdict":"unknown"}}'
fi"#
    );
    let answer = played(&script);
    assert_eq!(answer.verdict, Ok(Verdict::Unknown));
    assert_eq!(
        answer.seen,
        [
            "info Hello\\u{1b}[31m\nthere",
            "off Code: ",
            "error One more.",
            "on Colour: "
        ]
    );
    assert_eq!(answer.lookup, protocol("a prompt for nobody"));
    let _alone = alone();
    let mut stage = Stage::new(&script);
    stage.silent = true;
    assert_eq!(stage.authenticate().1.seen, ["off Code: ", "on Colour: "]);
    stage.answer = Err(ConversationError::Aborted);
    let error = BackendError::Conversation(ConversationError::Aborted);
    assert_eq!(stage.authenticate().0, Err(error));
}

#[test]
fn a_panic_leaves_nothing_of_a_worker_that_is_ending() {
    let _alone = alone();
    let script = format!(
        "echo $$ > \"${{0%/*}}/pid\"\n{POLITE}say '{{\"verdict\":\"unknown\"}}'\nread -r end"
    );
    let stage = Stage::new(&script);
    let call = || {
        stage.ask(|remote, request, _| {
            assert_eq!(remote.lookup(request), Ok(None));
            panic!("SIGCHLD blocked: {}", is_blocked(Signal::SIGCHLD))
        })
    };
    let payload = catch_unwind(AssertUnwindSafe(call)).err().unwrap();
    let said = payload.downcast_ref::<String>().unwrap();
    assert_eq!(said, "SIGCHLD blocked: true");
    assert!(!is_blocked(Signal::SIGCHLD));
    let pid = fs::read_to_string(stage.dir.path().join("pid")).unwrap();
    let pid = Pid::from_raw(pid.trim().parse().unwrap());
    assert_eq!(waitpid(pid, None), Err(Errno::ECHILD));
}

fn is_blocked(signal: Signal) -> bool {
    SigSet::thread_get_mask().unwrap().contains(signal)
}

#[test]
fn a_warning_can_go_to_a_terminal_whichever_verdict_it_came_with() {
    let warned = Some(AccountStatus::Valid {
        warning: Some("\\u{1b}[2J3 days\nleft".to_owned()),
    });
    let wire = format!(r#"{ALICE},"status":"valid","warning":"\u001b[2J3 days\nleft""#);
    let account = saying(&format!(r#"{{"verdict":"account",{wire}}}"#)).account;
    assert_eq!(account.unwrap().map(|account| account.status), warned);
    let Ok(Verdict::Accepted(_, status)) =
        saying(&format!(r#"{{"verdict":"accepted",{wire}}}"#)).verdict
    else {
        panic!("not accepted")
    };
    assert_eq!(status, warned);
}

#[test]
fn a_line_that_is_not_allowed_ends_the_talk() {
    for (script, why) in [
        (
            r#"say '{"verdict":"unknown"}'; read -r x"#,
            "a verdict before its hello",
        ),
        (
            r#"say '{"prompt":"echo_on","text":""}'; read -r x"#,
            "a prompt before its hello",
        ),
        (
            r#"say '{"hello":2,"can":[]}'; read -r x"#,
            "version 2, not 1",
        ),
        (
            r#"say '{"hello":1,"can":["lookup"]}'; read -r x"#,
            "cannot authenticate",
        ),
        (
            r#"say '{"hello":1,"can":["authenticate"]}{}'; read -r x"#,
            "malformed: trailing characters at line 1 column 35",
        ),
        (
            r#"say nonsense; read -r x"#,
            "malformed: expected ident at line 1 column 2",
        ),
    ] {
        assert_eq!(played(script).verdict, protocol(why), "{script}");
    }
    let twice = saying(r#"{"hello":1,"can":[]}"#);
    assert_eq!(twice.verdict, protocol("a second hello"));
    let chatty = format!("{POLITE}while :; do say '{{\"info\":\"x\"}}'; done");
    assert_eq!(played(&chatty).verdict, protocol("more than 64 lines"));
    let endless = format!("{POLITE}while :; do printf xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done");
    assert_eq!(
        played(&endless).verdict,
        protocol("a line longer than 65536 bytes")
    );
}

#[test]
fn a_worker_that_cannot_work_says_so_instead_of_hello() {
    let answer = played(
        r#"say '{"verdict":"unavailable","detail":"corp.secret: permission denied"}'; read -r x"#,
    );
    assert_eq!(
        answer.verdict,
        unavailable("corp.secret: permission denied")
    );
}

#[test]
fn the_worker_is_to_answer_a_little_sooner_than_we_give_up() {
    let script = format!(
        "{POLITE}budget=${{question##*budget_ms\\\":}}\nsay \"{{\\\"verdict\\\":\\\"unavailable\\\",\\\"detail\\\":\\\"${{budget%%\\}}*}}\\\"}}\"\nread -r end"
    );
    let _alone = alone();
    for (budget, least, most) in [(20_000, 19_000, 19_900), (200, 50, 150)] {
        let mut stage = Stage::new(&script);
        stage.budget = Duration::from_millis(budget);
        let Err(BackendError::Unavailable(told)) = stage.authenticate().0 else {
            panic!()
        };
        let told: u64 = told.parse().unwrap();
        assert!((least..=most).contains(&told), "{told}");
    }
}

#[test]
fn each_way_to_fail_has_its_own_reason() {
    for (script, why) in [
        ("exit 3", "worker: ended without an answer: exit status 3"),
        (
            "kill -SEGV $$",
            "worker: ended without an answer: killed by SIGSEGV",
        ),
        (
            "exec </dev/null >/dev/null; exec /bin/sleep 60",
            "worker: ended without an answer",
        ),
    ] {
        let answer = played(script);
        assert_eq!(answer.verdict, failed(why), "{script}");
        assert!(answer.millis < 2_000);
    }
    let _alone = alone();
    let stage = Stage::new("");
    let path = stage.remote().setup.worker;
    let shown = path.display();
    fs::write(&path, "no program at all").unwrap();
    let busy = failed("worker: cannot be started: Exec format error");
    assert_eq!(stage.authenticate().0, busy);
    for (mode, why) in [
        (0o644, "not executable; use chmod 0755"),
        (0o775, "mode 0775 lets others write it; use chmod go-w"),
    ] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let why = format!("worker {shown}: {why}");
        assert_eq!(stage.authenticate().0, failed(&why));
    }
    fs::remove_file(&path).unwrap();
    let why = format!("worker {shown}: no such file");
    assert_eq!(stage.authenticate().0, failed(&why));
}
