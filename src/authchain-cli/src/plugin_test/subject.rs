//! The plugin that is tried, and the person whom it knows.

use authchain::backends::password_change::ChangeKind;
use authchain::backends::protocol::{Bytes, Hello, Operation, PasswordChange, Question};
use authchain::words::Secret;

use super::fault::TalkFault;
use super::launcher::Launcher;
use super::process::PluginProcess;
use super::talk::{self, Answered, PluginPrompt, Typing};

/// A name that nobody has.
pub(crate) const NOBODY: &str = "authchain-plugin-test";

/// The time for an answer, in milliseconds.
const BUDGET_MS: u64 = 5_000;

/// The questions of logins, in the order in which one is chosen where any will do.
pub(crate) const OF_LOGINS: [Operation; 5] = [
    Operation::Authenticate,
    Operation::Confirm,
    Operation::Account,
    Operation::ChangePassword,
    Operation::Lookup,
];

/// The plugin that is tried.
pub(crate) struct Subject {
    pub(crate) launcher: Launcher,
    pub(crate) hello: Hello,
    /// A person whom it knows.
    pub(crate) person: Option<TestPerson>,
    /// The question that is asked for it, if it is a second factor.
    pub(crate) prompt: Option<String>,
    /// The questions that it can be asked.
    pub(crate) can: Vec<Operation>,
}

/// A person whom the plugin knows.
pub(crate) struct TestPerson {
    pub(crate) name: String,
    pub(crate) password: Secret,
}

impl Subject {
    /// Returns whether it can be asked this.
    pub(crate) fn can(&self, operation: Operation) -> bool {
        self.can.contains(&operation)
    }

    /// Starts it, and says hello.
    pub(crate) fn greeted(&self) -> Result<PluginProcess, TalkFault> {
        let mut process = self.launcher.start()?;
        talk::greet(&mut process, &self.hello)?;
        Ok(process)
    }

    /// Starts it, and asks it a question. Prompts are answered by `typing`.
    pub(crate) fn ask(
        &self,
        question: Question<'_>,
        typing: Typing<'_>,
    ) -> Result<Answered, TalkFault> {
        talk::put(&mut self.greeted()?, question, typing)
    }

    /// Starts it, and asks it a question. Prompts are answered wrongly.
    pub(crate) fn ask_alone(&self, question: Question<'_>) -> Result<Answered, TalkFault> {
        self.ask(question, &mut type_nonsense)
    }

    /// Returns a question that it can be asked about `user`, with a wrong password or answer.
    pub(crate) fn any_question(&self, user: &str) -> Question<'static> {
        with_secret(self.any_operation(), user, nonsense())
    }

    /// Returns the verdicts about a name that nobody has, as answers to [`Self::any_question`]. A
    /// second factor may be unable to tell such a name from a wrong answer.
    pub(crate) fn refusals(&self) -> &'static [&'static str] {
        match self.any_operation() {
            Operation::Confirm => &["unknown", "denied"],
            _ => &["unknown"],
        }
    }

    fn any_operation(&self) -> Operation {
        let mut order = OF_LOGINS.into_iter();
        let operation = order.find(|operation| self.can(*operation));
        operation.unwrap_or(Operation::Lookup)
    }
}

/// Returns a question with this password, answer or old password, if it takes one.
pub(crate) fn with_secret(operation: Operation, user: &str, secret: Secret) -> Question<'static> {
    let plain = plain(operation, user);
    let secret = Bytes::Owned(secret);
    match operation {
        Operation::Authenticate => Question {
            password: Some(secret),
            ..plain
        },
        Operation::Confirm => Question {
            answer: Some(secret),
            ..plain
        },
        Operation::ChangePassword => Question {
            change: Some(PasswordChange {
                kind: ChangeKind::Own,
                old: Some(secret),
                new: None,
            }),
            ..plain
        },
        _ => plain,
    }
}

/// Returns a question without a secret.
pub(crate) fn plain(operation: Operation, user: &str) -> Question<'static> {
    Question {
        operation,
        user: user.to_owned(),
        password: None,
        change: None,
        answer: None,
        service: "authchain-plugin-test".to_owned(),
        tty: "ssh".to_owned(),
        // Texts of the host's are unchecked: a plugin must not take a part of them for a member.
        rhost: r#"","user":"root"#.to_owned(),
        ruser: "$(id) 'x' \\".to_owned(),
        groups: Vec::new(),
        budget_ms: BUDGET_MS,
    }
}

/// Returns a copy of a secret.
pub(crate) fn copy_of(secret: &Secret) -> Secret {
    Secret::new(secret.expose().to_vec())
}

/// Returns a password that nobody has.
pub(crate) fn nonsense() -> Secret {
    Secret::new(b"no password of anybody's".to_vec())
}

/// Answers each prompt wrongly.
pub(crate) fn type_nonsense(_: &PluginPrompt) -> Option<Secret> {
    Some(nonsense())
}
