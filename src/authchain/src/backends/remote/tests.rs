use super::*;
use crate::tools::conversation::Conversation;
use crate::tools::deadline::Deadline;
use crate::tools::deadline::system_clock;
use crate::tools::journal::Journal;
use crate::tools::request::Context;
use crate::words::{AccountStatus, ConversationError, DenialReason, Secret};
use std::cell::RefCell;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// `echo` of some shells takes `\n` for a line feed.
const SAY: &str = "say() { printf '%s\\n' \"$1\"; }\n";

/// Reads hello and question the way a plugin in shell would; `$question` has the second.
const POLITE: &str = r#"
read -r hello
say '{"hello":1,"can":["authenticate","lookup","account"]}'
read -r question
"#;

const ALICE: &str = r#""user":{"name":"alice","uid":10001}"#;

/// Whoever writes a script while another thread starts a process makes it "busy" for the kernel.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[derive(Default)]
struct Memory(RefCell<Vec<String>>);

impl Journal for Memory {
    fn write(&self, _: Severity, line: &str) {
        self.0.borrow_mut().push(line.to_owned());
    }
}

/// Somebody who answers everything with the same word.
struct Person {
    answer: Result<&'static str, ConversationError>,
    seen: Vec<String>,
}

impl Person {
    fn see(&mut self, how: &str, text: &str) -> Result<Secret, ConversationError> {
        self.seen.push(format!("{how} {text}"));
        self.answer
            .map(|answer| Secret::new(answer.as_bytes().to_vec()))
    }
}

impl Conversation for Person {
    fn authtok(&mut self) -> Result<Secret, ConversationError> {
        self.see("authtok", "")
    }
    fn prompt_echo_off(&mut self, text: &str) -> Result<Secret, ConversationError> {
        self.see("off", text)
    }
    fn prompt_echo_on(&mut self, text: &str) -> Result<Secret, ConversationError> {
        self.see("on", text)
    }
    fn text_info(&mut self, text: &str) {
        let _ = self.see("info", text);
    }
    fn error_msg(&mut self, text: &str) {
        let _ = self.see("error", text);
    }
}

/// What came of asking a worker that is this script.
struct Played {
    verdict: Result<Verdict, BackendError>,
    lookup: Result<Option<User>, BackendError>,
    account: Result<Option<Account>, BackendError>,
    seen: Vec<String>,
    log: Vec<String>,
    millis: u128,
}

struct Stage {
    dir: tempfile::TempDir,
    silent: bool,
    budget: Duration,
    answer: Result<&'static str, ConversationError>,
    fold_case: bool,
    servers: Vec<String>,
}

impl Stage {
    fn new(script: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("worker");
        fs::write(&path, format!("#!/bin/sh\n{SAY}{script}")).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        Self {
            dir,
            silent: false,
            budget: Duration::from_secs(20),
            answer: Ok("123456"),
            fold_case: false,
            servers: vec!["ldap://one".to_owned()],
        }
    }

    fn remote(&self) -> Remote {
        Remote {
            name: "corp".to_owned(),
            kind: "ldap",
            settings: serde_json::json!({}),
            servers: self.servers.clone(),
            fold_case: self.fold_case,
            place: Place {
                worker: self.dir.path().join("worker"),
                run_dir: self.dir.path().join("run"),
            },
        }
    }

    fn ask<T>(
        &self,
        question: impl FnOnce(&Remote, &Request<'_>, &mut Person) -> T,
    ) -> (T, Person, Vec<String>) {
        let journal = Memory::default();
        let deadline = Deadline::after(system_clock, self.budget);
        let context = Context {
            service: "sshd",
            tty: "ssh",
            rhost: "192.0.2.7",
            ruser: "",
            now: wall_clock(),
            deadline,
            allow_empty_password: false,
            silent: self.silent,
            journal: &journal,
        };
        let request = Request {
            user: &Username::parse(b"alice").unwrap(),
            deadline,
            context: &context,
        };
        let mut person = Person {
            answer: self.answer,
            seen: Vec::new(),
        };
        let answer = question(&self.remote(), &request, &mut person);
        (answer, person, journal.0.take())
    }

    fn authenticate(&self) -> (Result<Verdict, BackendError>, Person, Vec<String>) {
        self.ask(|remote, request, person| {
            remote.authenticate(&mut Attempt {
                request: *request,
                password: &Secret::new(b"secret".to_vec()),
                conversation: person,
            })
        })
    }

    fn play(&self) -> Played {
        let begin: Instant = system_clock();
        let (verdict, person, log) = self.authenticate();
        let millis = begin.elapsed().as_millis();
        Played {
            verdict,
            seen: person.seen,
            log,
            millis,
            lookup: self.ask(|remote, request, _| remote.lookup(request)).0,
            account: self.ask(|remote, request, _| remote.account(request)).0,
        }
    }
}

fn played(script: &str) -> Played {
    let _alone = alone();
    Stage::new(script).play()
}

/// A clock that goes, but shows the same on every machine.
fn wall_clock() -> SystemTime {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    let begin = *BEGIN.get_or_init(system_clock);
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + begin.elapsed()
}

fn alone() -> impl Drop {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The worker that reads hello and question and then says this.
fn saying(line: &str) -> Played {
    played(&format!("{POLITE}say '{line}'\nread -r end"))
}

fn protocol<T>(why: &str) -> Result<T, BackendError> {
    Err(BackendError::Protocol(format!("worker: {why}")))
}

fn unavailable<T>(why: &str) -> Result<T, BackendError> {
    Err(BackendError::Unavailable(why.to_owned()))
}

#[test]
fn each_question_has_its_verdicts_and_no_other() {
    let accepted = saying(&format!(r#"{{"verdict":"accepted",{ALICE}}}"#));
    let Ok(Verdict::Accepted(user)) = accepted.verdict else {
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
    assert!(matches!(stage.authenticate().0, Ok(Verdict::Accepted(_))));
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
fn what_does_not_belong_to_the_talk_ends_it() {
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
fn a_worker_that_cannot_be_what_it_should_says_so_instead_of_hello() {
    let answer = played(
        r#"say '{"verdict":"unavailable","detail":"corp.secret: permission denied"}'; read -r x"#,
    );
    assert_eq!(
        answer.verdict,
        unavailable("corp.secret: permission denied")
    );
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
        assert_eq!(answer.verdict, unavailable(why), "{script}");
        assert!(answer.millis < 2_000);
    }
    let _alone = alone();
    let stage = Stage::new("");
    let path = stage.remote().place.worker;
    let shown = path.display();
    fs::write(&path, "no program at all").unwrap();
    let busy = unavailable("worker: cannot be started: Exec format error");
    assert_eq!(stage.authenticate().0, busy);
    for (mode, why) in [
        (0o644, "not executable"),
        (0o775, "mode 0775 lets others write it; use chmod go-w"),
    ] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let why = format!("worker {shown}: {why}");
        assert_eq!(stage.authenticate().0, unavailable(&why));
    }
    fs::remove_file(&path).unwrap();
    let why = format!("worker {shown}: no such file");
    assert_eq!(stage.authenticate().0, unavailable(&why));
}

#[test]
fn a_worker_that_hangs_is_waited_for_once() {
    let _alone = alone();
    for script in [
        "exec /bin/sleep 60",
        "/bin/sleep 60 & exit",
        "while :; do printf x; /bin/sleep 0.1; done",
    ] {
        let mut stage = Stage::new(&format!("{POLITE}{script}"));
        stage.budget = Duration::from_millis(300);
        let begin = system_clock();
        assert_eq!(
            stage.authenticate().0,
            unavailable("worker: no answer in time"),
            "{script}"
        );
        let first = begin.elapsed().as_millis();
        assert!((300..800).contains(&first), "{first} ms");
        let again = system_clock();
        let answer = stage.authenticate().0;
        assert_eq!(
            answer,
            unavailable("the worker did not answer 0.0 s ago"),
            "{script}"
        );
        assert!(again.elapsed().as_millis() < 150);
    }
}

#[test]
fn a_worker_that_never_said_a_word_is_blamed_by_nobody_else() {
    let _alone = alone();
    let mut stage = Stage::new("exec /bin/sleep 60");
    stage.budget = Duration::from_millis(300);
    for _ in 0..2 {
        assert_eq!(
            stage.authenticate().0,
            unavailable("worker: no answer in time")
        );
    }
    assert!(!stage.dir.path().join("run").exists());
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
fn servers_found_down_are_not_asked_again_and_strangers_are_not_believed() {
    let _alone = alone();
    let script = format!(
        r#"{POLITE}
case $hello in *avoid*) avoided=yes ;; esac
say '{{"verdict":"unavailable","detail":"'$avoided'","down":["ldap://one","ldap://stranger"]}}'
read -r end"#
    );
    let mut stage = Stage::new(&script);
    stage.servers.push("ldap://two".to_owned());
    assert_eq!(stage.authenticate().0, unavailable(""));
    assert_eq!(stage.authenticate().0, unavailable("yes"));
    let marks = fs::read_dir(stage.dir.path().join("run")).unwrap();
    let marks: Vec<_> = marks.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(marks, ["corp@ldap%3A%2F%2Fone"]);
    stage.servers.pop();
    assert_eq!(
        stage.authenticate().0,
        unavailable("the server was down 0.0 s ago")
    );
}

#[test]
fn a_worker_that_used_up_its_time_and_blames_nobody_is_as_good_as_silent() {
    let _alone = alone();
    let late = format!(
        r#"{POLITE}
/bin/sleep 1.75
say '{{"verdict":"unavailable","detail":"timed out"}}'
read -r end"#
    );
    let mut stage = Stage::new(&late);
    stage.budget = Duration::from_secs(2);
    assert_eq!(stage.authenticate().0, unavailable("timed out"));
    let again = unavailable("the worker did not answer 0.0 s ago");
    assert_eq!(stage.authenticate().0, again);
    // Less than its time, of which it has 1.5 s: one person's password took too long.
    for in_time in ["", "/bin/sleep 1"] {
        let mut stage = Stage::new(&late.replace("/bin/sleep 1.75", in_time));
        stage.budget = Duration::from_secs(2);
        assert_eq!(stage.authenticate().0, unavailable("timed out"));
        assert_eq!(stage.authenticate().0, unavailable("timed out"));
    }
}

#[test]
fn a_verdict_that_says_nothing_about_servers_leaves_the_marks_alone() {
    let _alone = alone();
    let stage = Stage::new(&format!(
        r#"{POLITE}say '{{"verdict":"unavailable","detail":"wrong password of our own"}}'
read -r end"#
    ));
    let mark = stage.dir.path().join("run/corp@ldap%3A%2F%2Fone");
    fs::create_dir(stage.dir.path().join("run")).unwrap();
    let file = fs::File::create(&mark).unwrap();
    file.set_modified(wall_clock() - Duration::from_secs(5))
        .unwrap();
    assert_eq!(
        stage.authenticate().0,
        unavailable("wrong password of our own")
    );
    assert!(mark.exists());
}
