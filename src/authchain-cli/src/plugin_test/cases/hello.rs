//! Hello: the plugin starts, and says what it can be asked.

use std::time::Duration;

use authchain::backends::protocol::{Hello, Operation};
use authchain::tools::deadline::{Deadline, system_clock};

use super::super::case::{CaseList, CaseOutcome};
use super::super::fault::TalkFault;
use super::super::process::PluginProcess;
use super::super::subject::{OF_LOGINS, Subject};
use super::super::talk;

/// The time in which a plugin that talks too early is caught.
const A_WHILE: Duration = Duration::from_millis(200);

/// Plays the cases, and returns whether the plugin said hello.
pub(super) fn play(subject: &mut Subject, list: &mut CaseList) -> bool {
    let heard = &mut Vec::new();
    list.play_always("hello", || {
        let greeted = (subject.launcher.start())
            .and_then(|mut process| talk::greet(&mut process, &subject.hello));
        match greeted {
            Ok(can) => {
                heard.extend(can);
                said(heard)
            }
            Err(fault) => (&fault).into(),
        }
    });
    subject.can.append(heard);
    if !is_for_logins(&subject.can) {
        return false;
    }
    list.play("silence before the question", || silence(subject));
    list.play("a hello of version 2", || other_version(subject));
    true
}

/// Returns whether a login would ask it anything.
fn is_for_logins(can: &[Operation]) -> bool {
    can.iter().any(|operation| OF_LOGINS.contains(operation))
}

fn said(can: &[Operation]) -> CaseOutcome {
    if !is_for_logins(can) {
        return CaseOutcome::failed(
            "it can be asked nothing that a login asks",
            "name in `can` what you answer: authenticate, lookup, account or confirm",
        );
    }
    let words: Vec<&str> = can.iter().map(|operation| operation.word()).collect();
    CaseOutcome::Passed(format!("can {}", words.join(", ")))
}

/// Listens for a plugin that answers before it has read whom the question is about.
fn silence(subject: &Subject) -> CaseOutcome {
    let mut process = match subject.greeted() {
        Ok(process) => process,
        Err(fault) => return (&fault).into(),
    };
    match process.receive(Deadline::after(system_clock, A_WHILE), A_WHILE) {
        Err(TalkFault::Silent(_)) => CaseOutcome::Passed("waits for the question".to_owned()),
        Err(fault) => (&fault).into(),
        Ok(_) => CaseOutcome::failed(
            "says something between hello and the question",
            "after hello, read the question first",
        ),
    }
}

/// Says hello in a version that there is not yet.
fn other_version(subject: &Subject) -> CaseOutcome {
    let line = version_2(&subject.hello);
    let heard = subject.launcher.start().and_then(|mut process| {
        process.send_bytes(line.as_bytes())?;
        refuses(&mut process)
    });
    match heard {
        Err(fault) => (&fault).into(),
        Ok(true) => CaseOutcome::Passed("is refused".to_owned()),
        Ok(false) => CaseOutcome::Advised(
            "says hello as if it were version 1".to_owned(),
            "end if `hello` is not 1: a later version may mean something else".to_owned(),
        ),
    }
}

fn version_2(hello: &Hello) -> String {
    let message = serde_json::json!({
        "hello": 2, "backend": hello.backend, "type": hello.kind, "settings": hello.settings,
    });
    format!("{message}\n")
}

/// Returns whether the plugin ends, or says that it cannot serve.
fn refuses(process: &mut PluginProcess) -> Result<bool, TalkFault> {
    match talk::heard_hello(process) {
        Err(TalkFault::Ended(_) | TalkFault::CannotServe(_)) => Ok(true),
        Err(fault) => Err(fault),
        Ok(_) => Ok(false),
    }
}
