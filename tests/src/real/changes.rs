//! Changes of passwords by real programs, as `stories/real/changes/*.toml` tell them: prompts, texts,
//! lines of our module, and which passwords are right afterwards.

use std::fs;

use serde::Deserialize;

use crate::host::codes::SUCCESS;
use crate::pattern::fits;
use crate::real::ask::Ask;
use crate::real::hosts::{by, caller};
use crate::real::ipc::Run;
use crate::real::log::{Line, listing, not_as_told};
use crate::real::machine::{Ending, Machine};
use crate::real::people::{Person, files};
use crate::real::pty::Pty;
use crate::real::stacks::COMMON_PASSWORD;

/// One program and its stories.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Book {
    /// Its name in PAM.
    service: String,
    /// The program and its arguments.
    runs: Vec<String>,
    stack: Stack,
    /// Patterns of the program's own output, whoever calls it.
    #[serde(default)]
    says: Vec<String>,
    story: Vec<Story>,
}

/// What changes passwords.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Stack {
    /// Our module alone.
    Plain,
    /// pam.d/debian-common-password.
    Shipped,
    /// The same with pam_pwquality in front, as it says itself.
    Quality,
}

/// One call of the program. Each finds everybody's passwords as they were.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    /// The title.
    says: String,
    /// Who calls it.
    by: String,
    /// Further arguments.
    #[serde(default)]
    with: Vec<String>,
    /// Its standard input. Without it, the program has a terminal.
    input: Option<String>,
    /// Each prompt, and what is typed there.
    #[serde(default)]
    dialogue: Vec<[String; 2]>,
    code: i32,
    /// Everything else that it shows.
    #[serde(default)]
    shows: Vec<String>,
    /// Every line of an outcome, without what stands behind `; uid=`.
    #[serde(default)]
    log: Vec<String>,
    /// Names, and the passwords that are right afterwards.
    right: Vec<[String; 2]>,
}

/// Plays a book on a machine of these people.
///
/// # Panics
/// With every story that did not end as told.
pub fn play(machine: &Machine, people: &[Person], book: &str) {
    let book: Book = toml::from_str(book).unwrap_or_else(|e| panic!("{e}"));
    let stack = machine.plain_stack() + &book.stack.lines(machine);
    machine.stack(&book.service, &stack);
    machine.stack("stage", &machine.plain_stack());
    let wrong: String = (book.story.iter())
        .map(|story| {
            let wrong = story.play(machine, people, &book);
            let wrong = wrong
                .iter()
                .map(|what| format!("\n* {}: {what}", story.says));
            wrong.collect::<String>()
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong}");
}

impl Stack {
    fn lines(self, machine: &Machine) -> String {
        let (module, arguments) = (machine.module.inside(), machine.module.arguments);
        let shipped = COMMON_PASSWORD.replace("pam_authchain.so", &module);
        match self {
            Self::Plain => format!("password required {module} {arguments}\n"),
            Self::Shipped => shipped,
            Self::Quality => {
                let line = "password  requisite  pam_pwquality.so retry=3";
                assert!(shipped.contains(line), "the page names another line");
                let history = "pam_pwhistory.so remember=10";
                let behind = format!("{history} use_authtok");
                format!("{line}\n{}", shipped.replace(history, &behind))
            }
        }
    }
}

impl Story {
    fn play(&self, machine: &Machine, people: &[Person], book: &Book) -> Vec<String> {
        for (path, mode, text) in files(people) {
            machine.write(path, mode, &text);
        }
        machine.write("/etc/security/opasswd", 0o600, "");
        let mark = machine.log.mark();
        let ending = self.run(machine, book);
        let lines = machine.log.since(mark);
        let mut wrong = Vec::new();
        if ending.code != self.code {
            wrong.push(format!("it ends with {}", ending.code));
        }
        wrong.extend(self.wrong_sight(book, &ending.output));
        wrong.extend(self.wrong_lines(book, &lines));
        for [name, password] in &self.right {
            if !is_right(machine, name, password) {
                wrong.push(format!("{password:?} is not {name}'s password"));
            }
        }
        if !wrong.is_empty() {
            wrong.push(format!("seen:\n  {}", ending.output.replace('\n', "\n  ")));
            wrong.push(format!("log:\n{}", listing(&lines)));
        }
        wrong
    }

    fn run(&self, machine: &Machine, book: &Book) -> Ending {
        let argv: Vec<&str> = book
            .runs
            .iter()
            .chain(&self.with)
            .map(String::as_str)
            .collect();
        let run = by(machine, &caller(machine, &self.by), &argv);
        let Some(input) = &self.input else {
            return self.talk(machine, &run);
        };
        machine.write("/run/stage/input", 0o644, input);
        let shell = ["/bin/sh", "-c", "exec \"$@\" </run/stage/input", "sh"];
        machine.run(&by(
            machine,
            &caller(machine, &self.by),
            &[&shell, &argv[..]].concat(),
        ))
    }

    fn talk(&self, machine: &Machine, run: &Run) -> Ending {
        let mut terminal = Pty::start(machine, run);
        for [prompt, answer] in &self.dialogue {
            if terminal.wait_for(&[prompt]).is_some() {
                terminal.enter(answer);
            }
        }
        terminal.end()
    }

    fn wrong_sight(&self, book: &Book, shown: &str) -> Option<String> {
        let told: Vec<&str> = (self.dialogue.iter().map(|[prompt, _]| prompt))
            .chain(&self.shows)
            .map(|line| line.trim_end())
            .collect();
        let own = |line: &&str| !book.says.iter().any(|pattern| fits(pattern, line));
        let seen = shown.split(['\r', '\n']).map(str::trim_end);
        let mut seen: Vec<&str> = seen.filter(|line| !line.is_empty()).filter(own).collect();
        let before = seen.clone();
        for line in &told {
            match seen.iter().position(|seen| fits(line, seen)) {
                Some(at) => drop(seen.remove(at)),
                None => return Some(format!("no {line:?} in {before:?}")),
            }
        }
        (!seen.is_empty()).then(|| format!("{seen:?} was not told"))
    }

    fn wrong_lines(&self, book: &Book, lines: &[Line]) -> Option<String> {
        let whole = |line: &String| {
            format!(
                "pam_authchain({}:chauthtok): {line}; uid=<n> euid=0 ...",
                book.service
            )
        };
        let is_outcome = |line: &&Line| {
            let words = ["changed in ", "not changed: ", "perhaps changed in "];
            (words.iter()).any(|words| line.text.contains(&format!(": password {words}")))
        };
        let ours: Vec<Line> = lines.iter().filter(is_outcome).cloned().collect();
        not_as_told(&self.log.iter().map(whole).collect::<Vec<_>>(), &ours)
    }
}

fn is_right(machine: &Machine, user: &str, password: &str) -> bool {
    let ask = Ask {
        service: "stage".into(),
        user: user.into(),
        password: password.into(),
        steps: vec!["auth".into()],
        ..Ask::default()
    };
    machine.ask(&ask).unwrap().first_refusal() == SUCCESS
}

/// Puts pam_pwquality's dictionary on the machine, whose `/var` is its own.
pub fn bring_dictionary(machine: &Machine) {
    let folder = machine.outside("/var/cache/cracklib");
    fs::create_dir_all(&folder).unwrap();
    for file in fs::read_dir("/var/cache/cracklib").unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
}
