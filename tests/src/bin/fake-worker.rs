//! A worker whose behaviour the test chooses, right or wrong.
//!
//! The backend's `base` names the behaviour, as `cn=WORD`. The program shares no code of the
//! protocol with the module, so that the tests check the bytes themselves.

use std::fs;
use std::io::{BufRead, Write, stdin, stdout};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{ForkResult, fork, getpgrp, getpid, getppid};
use serde_json::{Value, json};

/// The one password there is: `opensesame`.
const PASSWORD: &str = "b3BlbnNlc2FtZQ==";

fn main() {
    let hello = hear();
    let settings = &hello["settings"];
    let word = settings["base"].as_str().unwrap();
    match word.trim_start_matches("cn=") {
        "garbage" => say_bytes(b"\x16\x03\x01 not JSON\n"),
        "endless" => say_bytes(&[b'x'; 70_000]),
        "drip" => drip(),
        "closed" => {
            // SAFETY: nothing uses them any more.
            unsafe { (libc::close(0), libc::close(1)) };
            forever();
        }
        "gone" => std::process::exit(3),
        "crashed" => {
            // The first signal goes to std's handler, which detects stack overflows.
            for _ in 0..2 {
                // SAFETY: the default action ends the process, which is what is wanted.
                unsafe { libc::raise(libc::SIGSEGV) };
            }
        }
        "silent" => forever(),
        "orphan" => orphan(),
        "murder" => murder(settings["tls_ca_file"].as_str().unwrap()),
        word => talk(word, &hello),
    }
    // Like a real worker, it runs until the socket closes.
    while !hear_line().is_empty() {}
}

/// Says hello, hears the question and answers it.
fn talk(word: &str, hello: &Value) {
    let can = [
        "authenticate",
        "lookup",
        "account",
        "change_password",
        "dance",
    ];
    say(&json!({"hello": 1, "can": can}));
    let question = hear();
    let (operation, question) = question.as_object().unwrap().iter().next().unwrap();
    match word {
        "stopping" => {
            kill(getppid(), Signal::SIGSTOP).unwrap();
            obliging(operation, question);
            sleep(Duration::from_millis(700));
            kill(getppid(), Signal::SIGCONT).unwrap();
        }
        "mute" => forever(),
        "prompts" => prompts(),
        "complaining" => complaining(false),
        "barring" => complaining(true),
        "insisting" => insisting(),
        "surroundings" => say(&json!({"verdict": "unknown", "notes": surroundings()})),
        "echo" => say(&json!({"verdict": "unknown", "notes": [question.to_string()]})),
        "down" => down(hello),
        "stranger" => say(&json!({"verdict": "accepted", "user": {"name": "mallory"}})),
        "boasting" => say(&json!({
            "verdict": "accepted",
            "user": {"name": "alice", "uid": 10_001, "groups": ["staff", "wheel"]},
        })),
        "nul" => say(&json!({"verdict": "accepted", "user": {"name": "alice\0"}})),
        "locked" => say(&json!({"verdict": "denied", "reason": "locked", "detail": "by\nhand"})),
        "knowing" => knowing(operation, question, "accepted", "valid"),
        "reticent" => reticent(operation, question),
        "ended" => knowing(operation, question, "must_change", "must_change_password"),
        "contradicting" => knowing(operation, question, "accepted", "locked"),
        "people" => people(operation, question),
        "demanding" => demanding(operation, question),
        "shut" => shut(operation, question),
        "expired" => expired(operation, question),
        "unknown" => say(&json!({"verdict": "unknown"})),
        "unavailable" => say(&json!({"verdict": "unavailable", "detail": "one: connect: refused"})),
        _ => obliging(operation, question),
    }
}

/// A source that wants the old password of root too, and makes no change.
fn demanding(operation: &str, question: &Value) {
    let refused = |reason, text| json!({"verdict": "refused", "reason": reason, "text": text});
    match (question.get("old_password"), question.get("new_password")) {
        _ if operation != "change_password" => obliging(operation, question),
        (None, _) => say(&refused("needs_old_password", "The old one is needed.")),
        (Some(_), None) => say(&json!({"verdict": "may_change"})),
        (Some(_), Some(_)) => say(&refused("unexplained", "Not now.")),
    }
}

/// A directory that shows nobody but to themselves.
fn shut(operation: &str, question: &Value) {
    let user = json!({"name": question["user"], "uid": 10_001});
    match (operation, question.get("new_password")) {
        ("change_password", None) => say(&json!({"verdict": "may_change", "user": user})),
        ("change_password", Some(_)) => say(&json!({"verdict": "changed"})),
        _ => say(&json!({"verdict": "unavailable", "detail": "nobody is logged in to look"})),
    }
}

/// A directory in which every name but `nobody-here` has an account, and all are in the group
/// `staff`.
fn obliging(operation: &str, question: &Value) {
    let name = question["user"].as_str().unwrap();
    let mut user = json!({"name": name, "uid": 10_001, "gid": 10_001, "home": "/home"});
    if let Some(asked) = question["groups"].as_array() {
        let staff = asked.iter().filter(|group| *group == "staff");
        user["groups"] = staff.cloned().collect();
    }
    if name == "nobody-here" {
        return say(&json!({"verdict": "unknown"}));
    }
    match operation {
        "change_password" => say(&json!({
            "verdict": "refused", "reason": "not_permitted", "text": "Ask the office for it."
        })),
        "lookup" => say(&json!({"verdict": "found", "user": user})),
        "account" => say(&json!({
            "verdict": "account", "user": user, "status": "valid", "warning": "3 days left"
        })),
        _ if question["password"] == PASSWORD => {
            say(&json!({"verdict": "accepted", "user": user}));
        }
        _ => say(&json!({"verdict": "denied", "reason": "bad_credential"})),
    }
}

/// Adds the account's status to the verdict on the password, and logs every question.
fn knowing(operation: &str, question: &Value, verdict: &str, status: &str) {
    if ["lookup", "change_password"].contains(&operation) {
        return obliging(operation, question);
    }
    let note = format!("asked to {operation} {}", question["user"]);
    let verdict = match operation {
        "account" => "account",
        _ if question["password"] == PASSWORD => verdict,
        _ => {
            return say(&json!({
                "verdict": "denied", "reason": "bad_credential", "notes": [note],
            }));
        }
    };
    let user = json!({"name": question["user"], "uid": 10_001});
    say(&json!({
        "verdict": verdict, "user": user, "status": status, "warning": "3 days left",
        "notes": [note],
    }));
}

/// A directory with one person in each state, and no other: see `real::people::directory`.
fn people(operation: &str, question: &Value) {
    let name = question["user"].as_str().unwrap();
    let (uid, status) = match name {
        "dora" => (10_001, "valid"),
        "dirk" => (10_002, "locked"),
        "doris" => (10_003, "account_expired"),
        "dean" => (10_004, "valid"),
        "dina" => (10_005, "must_change_password"),
        _ => return say(&json!({"verdict": "unknown"})),
    };
    let user = json!({"name": name, "uid": uid});
    let warning = (name == "dean").then_some("3 days left");
    say(&match (operation, question["password"] == PASSWORD) {
        ("lookup", _) => json!({"verdict": "found", "user": user}),
        ("account", _) => {
            json!({"verdict": "account", "user": user, "status": status, "warning": warning})
        }
        (_, false) => json!({"verdict": "denied", "reason": "bad_credential"}),
        (_, true) if status == "locked" => json!({"verdict": "denied", "reason": "locked"}),
        (_, true) => json!({"verdict": "accepted", "user": user}),
    });
}

/// The same directory, but a login's reply leaves the account's status out.
fn reticent(operation: &str, question: &Value) {
    match operation {
        "account" => knowing(operation, question, "accepted", "valid"),
        _ => obliging(operation, question),
    }
}

/// A directory in which every account has ended.
fn expired(operation: &str, question: &Value) {
    let user = json!({"name": question["user"]});
    match operation {
        "account" => {
            say(&json!({"verdict": "account", "user": user, "status": "account_expired"}));
        }
        _ => say(&json!({"verdict": "denied", "reason": "not_permitted"})),
    }
}

fn prompts() {
    say(&json!({"info": "A code was sent."}));
    say(&json!({"prompt": "echo_off", "text": "Code: "}));
    let code = hear()["answer"].clone();
    say(&json!({"prompt": "echo_on", "text": "Colour: "}));
    let colour = hear()["answer"].clone();
    let (blue, number) = ("Ymx1ZQ==", "MTIzNDU2");
    if code == number && colour == blue {
        say(&json!({"verdict": "accepted", "user": {"name": "alice", "uid": 10_001}}));
    } else {
        say(&json!({"verdict": "denied", "reason": "bad_credential"}));
    }
}

/// Sends two error texts, and refuses: a wrong password, or a right one whose account has expired.
fn complaining(is_right: bool) {
    say(&json!({"error": "One thing went wrong."}));
    say(&json!({"error": "Another thing went wrong."}));
    let (reason, status) = match is_right {
        true => ("not_permitted", Some("account_expired")),
        false => ("bad_credential", None),
    };
    say(&json!({"verdict": "denied", "reason": reason, "status": status}));
}

/// Asks for a code until it is right.
fn insisting() {
    // 123456, in base64.
    let right = "MTIzNDU2";
    say(&json!({"prompt": "echo_off", "text": "Code: "}));
    while hear()["answer"] != right {
        say(&json!({"error": "Wrong code."}));
        say(&json!({"prompt": "echo_off", "text": "Code: "}));
    }
    say(&json!({"verdict": "accepted", "user": {"name": "alice", "uid": 10_001}}));
}

/// Says that every server is down, and logs the servers that it was allowed to ask.
fn down(hello: &Value) {
    let list = |key: &str| hello[key].as_array().cloned().unwrap_or_default();
    let avoid = list("avoid");
    let mut asked = list("probe");
    let rest = hello["settings"]["uris"].as_array().unwrap().iter();
    asked.extend(rest.filter(|uri| !avoid.contains(uri)).cloned());
    asked.extend(avoid.clone());
    let note = format!("avoid {avoid:?} probe {:?}", list("probe"));
    say(&json!({"verdict": "unavailable", "detail": "down", "down": asked, "notes": [note]}));
}

/// What the worker inherited and should not have.
fn surroundings() -> Vec<String> {
    let mut notes = vec![
        format!("blocked: {:x}", signals("SigBlk")),
        // Rust's runtime ignores SIGPIPE. The C library blocks 32 and 33 wherever it spawns.
        format!("ignored: {:x}", signals("SigIgn") & !0x1_8000_1000),
    ];
    notes.push(format!("variables: {}", std::env::vars_os().count()));
    notes.push(format!("own group: {}", getpgrp() == getpid()));
    notes.push(format!(
        "arguments: {:?}",
        std::env::args().collect::<Vec<_>>()
    ));
    for fd in 0..3 {
        let target = fs::read_link(format!("/proc/self/fd/{fd}")).unwrap();
        let target = target.display().to_string();
        let kind = target.split(':').next().unwrap();
        notes.push(format!("{fd}: {kind}"));
    }
    notes
}

fn signals(key: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let mut lines = status.lines().filter_map(|line| line.split_once(":\t"));
    let (_, set) = lines.find(|(found, _)| *found == key).unwrap();
    u64::from_str_radix(set, 16).unwrap()
}

/// Leaves a process behind that keeps the socket open.
fn orphan() {
    // SAFETY: this process has one thread.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => forever(),
        ForkResult::Parent { .. } => std::process::exit(0),
    }
}

/// Kills the host, and writes a file when its socket closes.
fn murder(path: &str) {
    kill(getppid(), Signal::SIGKILL).unwrap();
    while !hear_line().is_empty() {}
    fs::write(path, "ended").unwrap();
}

fn drip() {
    for byte in b"{\"hello\":1,\"can\":[\"authenticate\"]}\n".iter().cycle() {
        say_bytes(&[*byte]);
        sleep(Duration::from_secs(1));
    }
}

fn forever() {
    sleep(Duration::from_secs(3600));
}

fn say(message: &Value) {
    say_bytes(format!("{message}\n").as_bytes());
}

fn say_bytes(bytes: &[u8]) {
    let mut out = stdout();
    if out.write_all(bytes).and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

fn hear() -> Value {
    let line = hear_line();
    if line.is_empty() {
        std::process::exit(0);
    }
    serde_json::from_str(&line).unwrap()
}

fn hear_line() -> String {
    let mut line = String::new();
    let _ = stdin().lock().read_line(&mut line);
    line
}
