//! Logins with second factors at real programs, as `stories/real/factors/*.toml` tell them: prompts,
//! who comes in, and lines of our module.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::host::authenticator::{code, enrol};
use crate::need;
use crate::real::ask::Ask;
use crate::real::hosts::{Host, by, caller};
use crate::real::log::listing;
use crate::real::machine::Machine;
use crate::real::misbehaviour::misbehaviour;
use crate::real::people::{everybody, person};
use crate::real::pty::Pty;
use crate::real::ssh;
use crate::real::stories::machine_with;

/// The services of these tests.
const SERVICES: [&str; 8] = [
    "su", "sudo", "login", "sshd", "stage", "dovecot", "imap", "vsftpd",
];

/// The keys before the rules.
const TOP: &str = "chain = [\"local\"]\nfail_delay = \"0s\"\n";

/// The beginning of what a program shows that runs as the user.
const PROOF: &str = "now I am ";

/// A machine on which every service asks our module, and alice and bob are enrolled.
pub fn machine(test: &str, rules: &str) -> Option<Machine> {
    let machine = machine_with(test, &everybody()).filter(|machine| machine.module.is_ours())?;
    let stack = machine.plain_stack();
    for service in SERVICES {
        machine.stack(service, &stack);
    }
    let config = format!("{TOP}{rules}\n");
    machine.write("/etc/authchain/authchain.toml", 0o644, &config);
    for name in ["alice", "bob"] {
        enrol(&machine.outside("/var/lib/authchain"), name);
    }
    Some(machine)
}

/// A login with the person's password and this code, in a program without peculiarities.
pub fn login_of(user: &str, code: &str) -> Ask {
    Ask {
        service: "stage".into(),
        user: user.into(),
        password: person(user).password.unwrap().into(),
        change: vec![code.into()],
        steps: vec!["auth".into()],
        ..Ask::default()
    }
}

/// A configuration, and logins of alice's one after the other. In all that is typed, `{password}`
/// is her password, `{now}` the code of her app, and `{next}` the one after it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FactorBook {
    /// The rules of the configuration, and the keys before them.
    rules: String,
    /// The programs without which nothing is played.
    #[serde(default)]
    needs: Vec<String>,
    /// Further files, with their contents.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// The server that runs, and which the stories with a `password` ask.
    host: Option<Host>,
    /// Settings of an sshd that runs.
    sshd: Option<String>,
    story: Vec<FactorStory>,
}

/// One login: by a program on a terminal, by an ssh client, or at the book's server.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FactorStory {
    /// The title.
    says: String,
    /// The program on a terminal, and its arguments.
    #[serde(default)]
    runs: Vec<String>,
    /// Who calls it.
    #[serde(default)]
    by: String,
    /// Each prompt of it, and what is typed there.
    #[serde(default)]
    dialogue: Vec<[String; 2]>,
    /// The methods that an ssh client tries.
    methods: Option<String>,
    /// The answer to the client's or the server's question for the password.
    #[serde(default)]
    password: String,
    /// The answer to the client's question for the code.
    #[serde(default)]
    code: String,
    /// True if a program runs as somebody in the end.
    accepted: bool,
    /// Texts, and how often each is shown.
    #[serde(default)]
    shows: BTreeMap<String, usize>,
    /// Lines that must come in the log.
    #[serde(default)]
    log: Vec<String>,
}

/// Plays a book on a machine of its own.
///
/// # Panics
/// With every story that did not end as told.
pub fn play(test: &str, book: &str) {
    let book: FactorBook = toml::from_str(book).unwrap_or_else(|e| panic!("{test}: {e}"));
    if !book.needs.iter().all(|program| need::file(test, program)) {
        return;
    }
    let Some(machine) = machine(test, &book.rules) else {
        return;
    };
    for (path, text) in &book.files {
        machine.write(path, 0o440, text);
    }
    if let Some(settings) = &book.sshd {
        ssh::start_with(&machine, settings);
    }
    if let Some(host) = book.host {
        host.start(&machine);
    }
    let secrets = Secrets {
        password: person("alice").password.unwrap(),
        now: code(0),
        next: code(1),
    };
    let wrong: String = (book.story.iter())
        .flat_map(|story| {
            let wrong = story.play(&machine, book.host, &secrets).into_iter();
            wrong.map(|what| format!("\n* {}: {what}", story.says))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong}");
}

/// What alice types.
struct Secrets {
    password: String,
    now: String,
    next: String,
}

impl Secrets {
    fn typed(&self, text: &str) -> String {
        text.replace("{password}", &self.password)
            .replace("{now}", &self.now)
            .replace("{next}", &self.next)
    }
}

impl FactorStory {
    fn play(&self, machine: &Machine, host: Option<Host>, secrets: &Secrets) -> Vec<String> {
        let mark = machine.log.mark();
        let (accepted, shown) = self.go(machine, host, secrets);
        let mut wrong = Vec::new();
        if accepted != self.accepted {
            wrong.push(format!("accepted: {accepted}"));
        }
        for (text, times) in &self.shows {
            let seen = shown.matches(text).count();
            if seen != *times {
                wrong.push(format!("{text:?} is shown {seen} times"));
            }
        }
        for pattern in &self.log {
            // Once the outcome is wrong, do not wait for lines that may never come.
            if wrong.is_empty() && machine.log.find(mark, pattern).is_err() {
                wrong.push(format!("not in the log: {pattern}"));
            }
        }
        let lines = machine.log.since(mark);
        wrong.extend(misbehaviour(&lines, &secrets.password));
        if !wrong.is_empty() {
            wrong.push(format!("seen:\n  {}", shown.replace('\n', "\n  ")));
            wrong.push(format!("log:\n{}", listing(&lines)));
        }
        wrong
    }

    /// Tries to log in, and returns whether that succeeds, and the output.
    fn go(&self, machine: &Machine, host: Option<Host>, secrets: &Secrets) -> (bool, String) {
        let (password, code) = (secrets.typed(&self.password), secrets.typed(&self.code));
        let shown = match (&self.methods, host) {
            (Some(methods), _) => {
                ssh::knock_with_code(machine, methods, "alice", &password, &code).output
            }
            (None, Some(host)) => {
                let outcome = host.attempt(machine, "alice", &password);
                return (outcome.accepted, outcome.shown);
            }
            (None, None) => self.talk(machine, secrets),
        };
        (shown.contains(PROOF), shown)
    }

    /// Runs the program on a terminal, answers its prompts, and returns what it shows.
    fn talk(&self, machine: &Machine, secrets: &Secrets) -> String {
        let argv: Vec<String> = self.runs.iter().map(|word| secrets.typed(word)).collect();
        let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
        let mut terminal = Pty::start(machine, &by(machine, &caller(machine, &self.by), &argv));
        for [prompt, answer] in &self.dialogue {
            if terminal.wait_for(&[prompt]).is_some() {
                terminal.enter(&secrets.typed(answer));
            }
        }
        terminal.end().output
    }
}
