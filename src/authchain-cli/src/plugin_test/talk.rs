//! One exchange with a plugin, from hello to verdict, with the checks that the module makes.

use std::time::Duration;

use authchain::backends::protocol::{
    Bytes, Conclusion, Hello, Message, Operation, Question, Reply, WireVerdict, check_answered,
    check_names,
};
use authchain::tools::deadline::{Deadline, system_clock};
use authchain::words::Secret;

use super::fault::TalkFault;
use super::process::PluginProcess;

/// The time that a plugin has to start and say hello.
pub(crate) const TO_SAY_HELLO: Duration = Duration::from_secs(10);

/// The time by which the module waits longer than the budget says.
const MARGIN: Duration = Duration::from_millis(100);

/// A question of the plugin's to the person.
pub(crate) struct PluginPrompt {
    pub(crate) text: String,
    pub(crate) echo: bool,
}

/// The person's part of an exchange: returns what is typed, or `None` if nobody answers.
pub(crate) type Typing<'t> = &'t mut dyn FnMut(&PluginPrompt) -> Option<Secret>;

/// The result of an exchange.
pub(crate) struct Answered {
    pub(crate) conclusion: Conclusion,
    /// The questions that the plugin asked the person.
    pub(crate) prompts: Vec<PluginPrompt>,
}

/// Says hello, and waits for the plugin's. Returns what it can be asked.
pub(crate) fn greet(
    process: &mut PluginProcess,
    hello: &Hello,
) -> Result<Vec<Operation>, TalkFault> {
    process.send(&Message::Hello(hello.clone()))?;
    heard_hello(process)
}

/// Waits for the plugin's hello. Returns what it can be asked.
pub(crate) fn heard_hello(process: &mut PluginProcess) -> Result<Vec<Operation>, TalkFault> {
    let deadline = Deadline::after(system_clock, TO_SAY_HELLO);
    let unexpected = |what: &str| Err(TalkFault::Unexpected(format!("{what} in place of hello")));
    match process.receive(deadline, TO_SAY_HELLO)? {
        Reply::Hello(can) => Ok(can),
        Reply::Verdict(conclusion) => match conclusion.verdict {
            WireVerdict::Unavailable(why) | WireVerdict::Failed(why) => {
                Err(TalkFault::CannotServe(why))
            }
            verdict => unexpected(&format!("the verdict {}", verdict.word())),
        },
        Reply::Prompt { .. } => unexpected("a prompt"),
        Reply::Info(_) | Reply::Error(_) => unexpected("a text"),
        Reply::Finding(_) => unexpected("a finding"),
        Reply::Listed(_) => unexpected("an entry"),
    }
}

/// Puts a question, and waits for the verdict.
pub(crate) fn put(
    process: &mut PluginProcess,
    question: Question<'_>,
    typing: Typing<'_>,
) -> Result<Answered, TalkFault> {
    let terms = Terms::of(&question);
    process.send(&Message::Question(question))?;
    hear(process, &terms, typing)
}

/// The parts of a question by which its answer is judged.
pub(crate) struct Terms {
    operation: Operation,
    user: String,
    groups: Vec<String>,
    budget: Duration,
    may_prompt: bool,
}

impl Terms {
    pub(crate) fn of(question: &Question<'_>) -> Self {
        Self {
            operation: question.operation,
            user: question.user.clone(),
            groups: question.groups.clone(),
            budget: Duration::from_millis(question.budget_ms),
            may_prompt: [Operation::Authenticate, Operation::Confirm].contains(&question.operation),
        }
    }
}

/// Waits for the verdict on a question that was sent.
pub(crate) fn hear(
    process: &mut PluginProcess,
    terms: &Terms,
    typing: Typing<'_>,
) -> Result<Answered, TalkFault> {
    let time = terms.budget.saturating_add(MARGIN);
    let mut deadline = Deadline::after(system_clock, time);
    let mut prompts = Vec::new();
    let unexpected = |what: &str| Err(TalkFault::Unexpected(what.to_owned()));
    loop {
        match process.receive(deadline, time)? {
            Reply::Verdict(conclusion) => {
                check(terms, &conclusion.verdict)?;
                return Ok(Answered {
                    conclusion,
                    prompts,
                });
            }
            Reply::Prompt { .. } if !terms.may_prompt => {
                return unexpected("a prompt, where nobody can be asked");
            }
            Reply::Prompt { echo, text } => {
                let prompt = PluginPrompt { text, echo };
                let Some(typed) = typing(&prompt) else {
                    return Err(TalkFault::Unanswered(prompt.text));
                };
                deadline = deadline.restarted();
                process.send(&Message::Answer(Bytes::Lent(&typed)))?;
                prompts.push(prompt);
            }
            Reply::Info(_) | Reply::Error(_) => {}
            Reply::Hello(_) => return unexpected("a second hello"),
            Reply::Finding(_) => return unexpected("a finding"),
            Reply::Listed(_) => return unexpected("an entry"),
        }
    }
}

/// Checks that the verdict answers the question and is about the right person.
fn check(terms: &Terms, verdict: &WireVerdict) -> Result<(), TalkFault> {
    let fault = |what: String| Err(TalkFault::Unexpected(what));
    let (word, asked) = (verdict.word(), terms.operation.word());
    if !terms.operation.can_have(verdict) {
        return fault(format!("the verdict {word} does not answer {asked}"));
    }
    if matches!(verdict, WireVerdict::Changed(_) | WireVerdict::Unsure(_)) {
        return fault(format!(
            "{word}, where only asked whether it may be changed"
        ));
    }
    let Some(user) = verdict.user() else {
        return Ok(());
    };
    if user.name != terms.user {
        return fault(format!(
            "{word} is about {:?}, not {:?}",
            user.name, terms.user
        ));
    }
    check_names(&user.also_named)
        .and_then(|()| check_answered(user, &terms.groups))
        .map_err(|error| TalkFault::Unexpected(error.to_string()))
}
