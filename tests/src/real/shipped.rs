//! Logins through a shipped stack, with all their results, as `stories/real/shipped.toml` tells
//! them. A prompt, a text or a line of the log that a story does not tell is a fault.

use serde::Deserialize;

use crate::host::codes::code_name;
use crate::host::scene::Fault;
use crate::real::ask::{Answer, Ask};
use crate::real::log::not_as_told;
use crate::real::people::person;
use crate::real::stacks::Town;

/// The stories that hold for every shipped stack.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shipped {
    story: Vec<Story>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    /// The title.
    says: String,
    user: String,
    /// The password typed. None: the program only checks the account.
    types: Option<Types>,
    #[serde(default)]
    runs: Runs,
    /// The codes of `auth` and, if the program gets that far, `account`.
    codes: Vec<String>,
    /// Every text that the user sees.
    #[serde(default)]
    tells: Vec<String>,
    /// Every line of libpam and its modules, with its severity. `<n>` is a number, `...` anything.
    #[serde(default)]
    log: Vec<String>,
    /// `log` where the directory is asked first, if different.
    log_directory_first: Option<Vec<String>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Types {
    Right,
    Wrong,
    Nothing,
    /// Hangs up at the prompt.
    Never,
}

/// How the program that calls PAM runs.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Runs {
    /// As sshd.
    #[default]
    Root,
    /// As sudo, started by mallory.
    Sudo,
    /// As a screen locker, with the rights of the user.
    Locker,
}

impl Shipped {
    /// Reads the stories.
    pub fn read() -> Self {
        let text = include_str!("../../stories/real/shipped.toml");
        toml::from_str(text).unwrap_or_else(|error| panic!("shipped.toml: {error}"))
    }

    /// Plays all stories, and returns the results that differ from them.
    pub fn complaints(&self, town: &Town) -> String {
        let stories = self.story.iter();
        stories.filter_map(|story| story.complaint(town)).collect()
    }
}

impl Story {
    fn complaint(&self, town: &Town) -> Option<String> {
        let mark = town.machine.log.mark();
        let answer = town.machine.ask(&self.ask());
        let answer = answer.unwrap_or_else(|how| panic!("{}: {how:?}", self.says));
        let lines = town.machine.log.since(mark);
        let mut faults = self.faults(&answer);
        let other_order = self.log_directory_first.as_ref();
        let told = other_order.filter(|_| town.asks_directory_first());
        faults.extend(not_as_told(told.unwrap_or(&self.log), &lines));
        (!faults.is_empty()).then(|| format!("\n{}:\n  {}", self.says, faults.join("\n  ")))
    }

    fn ask(&self) -> Ask {
        let somebody = || person(&self.user);
        // A program stops after a refusal.
        let steps = match self.types {
            None => &["account"][..],
            Some(_) => &["auth", "account"][..self.codes.len()],
        };
        Ask {
            service: match self.runs {
                Runs::Sudo => "sudo".into(),
                Runs::Root | Runs::Locker => "sshd".into(),
            },
            user: self.user.clone().into_bytes(),
            password: match self.types {
                Some(Types::Right) => somebody().password.unwrap().into_bytes(),
                Some(Types::Wrong) => b"a wrong guess".to_vec(),
                _ => Vec::new(),
            },
            fault: (self.types == Some(Types::Never)).then_some(Fault::NoReply),
            steps: steps.iter().map(ToString::to_string).collect(),
            real_uid: (self.runs == Runs::Sudo).then(|| person("mallory").uid),
            uid: (self.runs == Runs::Locker).then(|| somebody().uid),
            ..Ask::default()
        }
    }

    fn faults(&self, answer: &Answer) -> Vec<String> {
        let codes: Vec<String> = answer.codes.iter().map(|code| code_name(*code)).collect();
        let prompts = vec!["Password: ".to_owned(); usize::from(self.types.is_some())];
        let told = [
            ("answered", &codes, &self.codes),
            ("asked", &answer.asked, &prompts),
            ("told", &answer.told, &self.tells),
        ];
        let wrong = told.into_iter().filter(|(_, got, told)| got != told);
        wrong
            .map(|(what, got, told)| format!("{what} {got:?} instead of {told:?}"))
            .collect()
    }
}
