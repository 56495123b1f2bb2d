//! Every server of a backend, looked at step by step, for the administrator.

use super::setup::WorkerSetup;
use super::talk::{WorkerQuestion, budget_within, greet, readable, unexpected};
use crate::backends::protocol::{Hello, Operation, Reply, ServerFinding, Severity, WireVerdict};
use crate::backends::worker::WorkerFault;
use crate::tools::request::Request;
use crate::words::BackendError;

/// Most findings that there may be: a dozen steps each for more servers than anybody has.
const MAX_FINDINGS: usize = 2_000;

/// Asks the worker to look at all of its servers; marks about servers that were down are neither
/// read nor written.
pub(super) fn examine(
    setup: &WorkerSetup,
    hello: Hello,
    request: &Request<'_>,
    hear: &mut dyn FnMut(ServerFinding),
) -> Result<(), BackendError> {
    let asked = WorkerQuestion::without_person(Operation::Examine, request);
    let verdict = talk(setup, hello, &asked, hear)?;
    match verdict {
        WireVerdict::Unknown => Ok(()),
        WireVerdict::Unavailable(detail) => Err(BackendError::Unavailable(detail)),
        WireVerdict::Failed(detail) => Err(BackendError::Failed(detail)),
        _ => Err(unexpected("another verdict than examine has").into()),
    }
}

fn talk(
    setup: &WorkerSetup,
    hello: Hello,
    asked: &WorkerQuestion<'_, '_>,
    hear: &mut dyn FnMut(ServerFinding),
) -> Result<WireVerdict, WorkerFault> {
    let deadline = asked.request.deadline;
    let mut worker = setup.start()?;
    worker.allow_replies(MAX_FINDINGS);
    match greet(&mut worker, hello, deadline)? {
        Reply::Hello(can) if can.contains(&Operation::Examine) => {}
        Reply::Hello(_) => {
            hear(unsupported());
            return Ok(WireVerdict::Unknown);
        }
        Reply::Verdict(conclusion) => return Ok(conclusion.verdict),
        _ => return Err(unexpected("something before its hello")),
    }
    let budget = budget_within(deadline.remaining());
    worker.send(&asked.to_message(budget), deadline)?;
    loop {
        match worker.receive(deadline)? {
            Reply::Finding(finding) => hear(shown(finding)),
            Reply::Verdict(conclusion) => return Ok(conclusion.verdict),
            _ => return Err(unexpected("neither a finding nor a verdict")),
        }
    }
}

/// Returns the finding about a worker that does not know this question.
fn unsupported() -> ServerFinding {
    ServerFinding {
        server: String::new(),
        step: Operation::Examine.word().to_owned(),
        took: std::time::Duration::ZERO,
        severity: Severity::Note,
        text: "its worker cannot examine servers; try `authchain test`".to_owned(),
    }
}

/// Makes the texts of a finding fit for a terminal.
fn shown(finding: ServerFinding) -> ServerFinding {
    ServerFinding {
        server: readable(&finding.server),
        step: readable(&finding.step),
        text: readable(&finding.text),
        ..finding
    }
}
