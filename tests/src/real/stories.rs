//! Attempts to log in at a host, with all their results, as `stories/real/hosts/*.toml` tell them.
//! A prompt, a text or a line of a module that a story does not tell is a fault.

use crate::need;
use crate::pattern::fits;
use crate::real::book::{Book, Expectation, Failure, Shared, Story, Tales, Types};
use crate::real::hosts::{Host, Outcome};
use crate::real::log::{listing, not_as_told};
use crate::real::machine::Machine;
use crate::real::misbehaviour::misbehaviour;
use crate::real::module::Module;
use crate::real::people::{Person, everybody, person};

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
    let attempt = |user: &str, password: &str| book.host.attempt(&machine, user, password);
    let wrong: String = (shared.story.iter().chain(&book.story))
        .map(|story| story.complaints(&book, &machine, &attempt))
        .collect();
    assert!(wrong.is_empty(), "{wrong}");
}

/// Returns the results that differ from `stories`, played with the host of `book`. Does not play
/// the stories of `book`.
pub fn complaints(
    machine: &Machine,
    book: &str,
    stories: &str,
    attempt: impl Fn(&str, &str) -> Outcome,
) -> String {
    let book: Book = toml::from_str(book).unwrap();
    let tales: Tales = toml::from_str(stories).unwrap();
    let stories = tales.story.iter();
    stories
        .map(|story| story.complaints(&book, machine, &attempt))
        .collect()
}

/// A machine with `host` running and the module under test, if both are installed.
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

/// A machine with these people and the module under test, if that exists.
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

    fn complaints(
        &self,
        book: &Book,
        machine: &Machine,
        attempt: &impl Fn(&str, &str) -> Outcome,
    ) -> String {
        let complaints = self.play(book, machine, attempt).into_iter();
        complaints
            .map(|complaint| format!("\n* {}: {complaint}", self.says))
            .collect()
    }

    fn play(
        &self,
        book: &Book,
        machine: &Machine,
        attempt: &impl Fn(&str, &str) -> Outcome,
    ) -> Vec<String> {
        let password = self.password();
        let mark = machine.log.mark();
        let outcome = attempt(&self.user, &password);
        let mut wrong = Vec::new();
        if outcome.accepted != (self.expect == Expectation::Accepted) {
            wrong.push(format!("should be {:?}", self.expect));
        }
        wrong.extend(self.wrong_sight(book, &outcome.shown));
        let from_pam = self.lines_from_pam(book, &machine.module);
        for pattern in self.log.iter().chain(&from_pam) {
            // Once the outcome is wrong, do not wait for lines that may never come.
            let in_time = if wrong.is_empty() {
                machine.log.find(mark, pattern).is_ok()
            } else {
                let lines = machine.log.since(mark);
                lines.iter().any(|line| fits(pattern, &line.text))
            };
            if !in_time {
                wrong.push(format!("not in the log: {pattern}"));
            }
        }
        let lines = machine.log.since(mark);
        if machine.module.is_ours() {
            wrong.extend(not_as_told(&from_pam, &lines));
        }
        wrong.extend(misbehaviour(&lines, &password));
        if !wrong.is_empty() {
            wrong.push(format!("seen:\n  {}", outcome.shown.replace('\n', "\n  ")));
            wrong.push(format!("log:\n{}", listing(&lines)));
        }
        wrong
    }

    /// Returns the prompts and texts that differ from the story, line by line.
    fn wrong_sight(&self, book: &Book, shown: &str) -> Vec<String> {
        let lines = shown.split(['\r', '\n']).filter(|line| !line.is_empty());
        let own = |line: &&str| book.says.iter().any(|pattern| fits(pattern, line));
        let (prompts, texts): (Vec<&str>, Vec<&str>) = lines
            .filter(|line| !own(line))
            .partition(|line| book.asks.as_ref().is_some_and(|asks| fits(asks, line)));
        let wanted = usize::from(book.asks.is_some());
        let is_refused_at_once = self.expect == Expectation::Refused && self.account.is_none();
        let is_kept = book.keeps_texts || (book.keeps_refusals && is_refused_at_once);
        let told = if is_kept { &[][..] } else { &self.tells };
        let mut wrong = Vec::new();
        if prompts.len() != wanted {
            wrong.push(format!("{prompts:?} instead of {wanted} prompts"));
        }
        if texts != told {
            wrong.push(format!("the user sees {texts:?} instead of {told:?}"));
        }
        wrong
    }

    /// The patterns of all lines that libpam and the modules write, in order.
    fn lines_from_pam(&self, book: &Book, module: &Module) -> Vec<String> {
        // Where the host passes the user's name as the caller's too, the log hides both.
        let named = |line: &str, name: &str| line.replace("{user}", name).replace("{caller}", name);
        let failure = |name: &str| named(&book.failure, name);
        let mut patterns = match module.is_ours() {
            true => self.libpam.clone(),
            false => Vec::new(),
        };
        if let Some(guess) = book.guess.as_ref().filter(|_| self.asks_server) {
            patterns.push(named(guess, &self.user));
        }
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
        let placed = |pattern: String| {
            pattern
                .replace("{module}", module.name)
                .replace("{service}", &book.service)
        };
        patterns.into_iter().map(placed).collect()
    }
}
