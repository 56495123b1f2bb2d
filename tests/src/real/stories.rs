//! Who knocks where with what, and what comes of it: told in `stories/hosts/*.toml`.

use serde::Deserialize;

use crate::need;
use crate::pattern::fits;
use crate::real::hosts::Host;
use crate::real::log::{Line, listing};
use crate::real::machine::Machine;
use crate::real::module::Module;
use crate::real::people::{Person, everybody, person};

/// One host and what is told of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Book {
    host: Host,
    /// Its name in PAM.
    service: String,
    /// The line that tells of a failure, as every tool knows it; `{user}` is who tried.
    #[serde(default)]
    failure: String,
    /// The stories it shares with other hosts.
    shared: Shared,
    /// Those among them that it cannot play, and why.
    #[serde(default)]
    without: Vec<Without>,
    #[serde(default)]
    story: Vec<Story>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Shared {
    /// `stories/passwords.toml`
    Passwords,
    /// `stories/accounts.toml`
    Accounts,
    None,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Without {
    story: String,
    because: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tales {
    story: Vec<Story>,
}

/// One attempt to get in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    /// What it is about.
    says: String,
    user: String,
    types: Option<Types>,
    /// Instead of `types`: a password of one's own.
    password: Option<String>,
    expect: Expectation,
    /// Must the host's failure line come?
    #[serde(default)]
    failure: Failure,
    /// What our module says of it in the phase of authentication.
    auth: Option<String>,
    /// What our module says of it in the phase of the account.
    account: Option<String>,
    /// Other log lines that must come. `{module}` is the module's name, `<n>` a number, `...`
    /// anything.
    #[serde(default)]
    log: Vec<String>,
    /// Log lines that must not come.
    #[serde(default)]
    never: Vec<String>,
    /// What the user must see.
    #[serde(default)]
    shows: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Failure {
    #[default]
    No,
    Yes,
    /// pam_unix writes none here, or another one.
    Ours,
    /// Ours, and without the name, which may be a mistyped password.
    Nameless,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Types {
    Right,
    Wrong,
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Expectation {
    Accepted,
    Refused,
}

/// Plays a book on a machine of its own.
///
/// # Panics
/// With every story that did not end as told.
pub fn play(test: &str, book: &str) {
    let book: Book = toml::from_str(book).unwrap_or_else(|e| panic!("{test}: {e}"));
    let Some(machine) = machine_for(test, book.host) else {
        return;
    };
    let shared = match book.shared {
        Shared::Passwords => include_str!("../../stories/real/passwords.toml"),
        Shared::Accounts => include_str!("../../stories/real/accounts.toml"),
        Shared::None => "story = []",
    };
    let mut shared: Tales = toml::from_str(shared).unwrap_or_else(|e| panic!("shared: {e}"));
    for without in &book.without {
        let before = shared.story.len();
        shared.story.retain(|story| story.says != without.story);
        assert_ne!(before, shared.story.len(), "no story {}", without.story);
        println!("not played: {}: {}", without.story, without.because);
    }
    let mut wrong = String::new();
    for story in shared.story.iter().chain(&book.story) {
        for complaint in story.play(&book, &machine) {
            wrong += &format!("\n* {}: {complaint}", story.says);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A machine with `host` running and the module on trial, if all of that is there.
pub fn machine_for(test: &str, host: Host) -> Option<Machine> {
    let missing = host
        .programs()
        .iter()
        .find(|path| !std::path::Path::new(path).exists());
    if let Some(program) = missing {
        need::skip(test, &format!("{program} is not installed"));
        return None;
    }
    let machine = machine_with(test, &everybody())?;
    host.start(&machine);
    Some(machine)
}

/// A machine with these people and the module on trial, if that is there.
pub fn machine_with(test: &str, people: &[Person]) -> Option<Machine> {
    if !need::root(test) {
        return None;
    }
    let Some(module) = Module::on_trial() else {
        need::skip(test, "there is no pam_unix.so to stand in");
        return None;
    };
    Some(Machine::with_people(module, people))
}

impl Story {
    fn password(&self) -> String {
        match (&self.password, self.types) {
            (Some(own), _) => own.clone(),
            (None, Some(Types::Right)) => person(&self.user).password.unwrap_or_default(),
            (None, Some(Types::Wrong)) => "a wrong guess".into(),
            (None, Some(Types::Nothing) | None) => String::new(),
        }
    }

    fn play(&self, book: &Book, machine: &Machine) -> Vec<String> {
        let password = self.password();
        let mark = machine.log.mark();
        let outcome = book.host.attempt(machine, &self.user, &password);
        let mut wrong = Vec::new();
        if outcome.accepted != (self.expect == Expectation::Accepted) {
            wrong.push(format!("should be {:?}", self.expect));
        }
        for text in &self.shows {
            if !outcome.shown.contains(text) {
                wrong.push(format!("the user does not see {text:?}"));
            }
        }
        for pattern in self.expected_lines(book, &machine.module) {
            // Once the outcome is wrong, nobody need wait for lines that may never come.
            let in_time = if wrong.is_empty() {
                machine.log.find(mark, &pattern).is_ok()
            } else {
                let lines = machine.log.since(mark);
                lines.iter().any(|line| fits(&pattern, &line.text))
            };
            if !in_time {
                wrong.push(format!("not in the log: {pattern}"));
            }
        }
        let lines = machine.log.since(mark);
        wrong.extend(self.must_not_be_there(machine, &lines));
        wrong.extend(self.wrong_count(machine, &lines));
        wrong.extend(misbehaviour(&lines, &password));
        if !wrong.is_empty() {
            wrong.push(format!("seen:\n  {}", outcome.shown.replace('\n', "\n  ")));
            wrong.push(format!("log:\n{}", listing(&lines)));
        }
        wrong
    }

    /// The patterns of all lines that must come, with this host's and module's names in them.
    fn expected_lines(&self, book: &Book, module: &Module) -> Vec<String> {
        let mut patterns = self.log.clone();
        // Where a host repeats the name as the caller's, it is hidden there as well.
        let failure = |name: &str| {
            book.failure
                .replace("{user}", name)
                .replace("{caller}", name)
        };
        match self.failure {
            Failure::Yes => patterns.push(failure(&self.user)),
            Failure::Ours if module.is_ours() => patterns.push(failure(&self.user)),
            Failure::Nameless if module.is_ours() => patterns.push(failure("(unknown)")),
            _ => {}
        }
        for (phase, line) in [("auth", &self.auth), ("account", &self.account)] {
            if let Some(line) = line.as_ref().filter(|_| module.is_ours()) {
                patterns.push(format!("{{module}}({{service}}:{phase}): {line}"));
            }
        }
        let named = |pattern: String| {
            pattern
                .replace("{module}", module.name)
                .replace("{service}", &book.service)
        };
        patterns.into_iter().map(named).collect()
    }

    /// Tools count failures: there is one line for each, and none without one.
    fn wrong_count(&self, machine: &Machine, lines: &[Line]) -> Option<String> {
        let wanted = usize::from(self.failure != Failure::No);
        let is_failure = |line: &&Line| line.text.contains("): authentication failure; ");
        let found = lines.iter().filter(is_failure).count();
        (machine.module.is_ours() && found != wanted)
            .then(|| format!("{found} failure lines instead of {wanted}"))
    }

    fn must_not_be_there(&self, machine: &Machine, lines: &[Line]) -> Vec<String> {
        let patterns = self
            .never
            .iter()
            .map(|p| p.replace("{module}", machine.module.name));
        patterns
            .filter(|pattern| lines.iter().any(|line| fits(pattern, &line.text)))
            .map(|pattern| format!("in the log: {pattern}"))
            .collect()
    }
}

/// What no story may ever cause, whatever else it is about.
pub fn misbehaviour(lines: &[Line], password: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for line in lines {
        // Short ones turn up by chance.
        if password.len() > 5 && line.raw.contains(password) {
            wrong.push(format!("the password is in the log: {}", line.text));
        }
        let ours = line.text.starts_with("pam_authchain(");
        if ours && line.text.chars().any(char::is_control) {
            wrong.push(format!(
                "control characters in a line of ours: {:?}",
                line.text
            ));
        }
        for bad in [
            "panic",
            "egmentation",
            "unable to dlopen",
            "adding faulty module",
            "no module",
        ] {
            if line.text.contains(bad) {
                wrong.push(format!("{bad}: {}", line.text));
            }
        }
    }
    let failures = lines.iter().filter(|line| {
        line.text.starts_with("pam_authchain(") && line.text.contains("): authentication failure; ")
    });
    for failure in failures {
        if !fits(
            "...: authentication failure; logname=... uid=<n> euid=<n> tty=... ruser=... rhost=...  user=...",
            &failure.text,
        ) || failure
            .text
            .rsplit("  user=")
            .next()
            .is_some_and(|name| name.contains(' '))
        {
            wrong.push(format!("not the shape every tool knows: {}", failure.text));
        }
    }
    wrong
}
