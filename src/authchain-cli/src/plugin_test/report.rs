//! The report: a table for people, JSON for programs.

use serde_json::{Value, json};

use super::case::{CaseList, CaseOutcome, PlayedCase};
use crate::terminal::{BAD, GOOD, STRONG, Terminal, WARNING, clean};

/// Returns the report for programs.
pub(crate) fn json(program: &str, list: &CaseList) -> Value {
    let case = |case: &PlayedCase| {
        json!({
            "case": case.name,
            "result": case.outcome.word(),
            "said": case.outcome.said(),
            "do": case.outcome.cure(),
            "milliseconds": u64::try_from(case.took.as_millis()).unwrap_or(u64::MAX),
        })
    };
    json!({
        "program": program,
        "passed": list.is_passed(),
        "cases": list.played.iter().map(case).collect::<Vec<_>>(),
    })
}

/// Prints the report for people.
pub(crate) fn print(program: &str, list: &CaseList, terminal: &mut Terminal) {
    terminal.print_styled(STRONG, clean(program));
    for case in &list.played {
        print_case(case, terminal);
    }
    let [failed, advice, passed, skipped] =
        ["failed", "advice", "passed", "skipped"].map(|word| list.count(word));
    let style = if failed == 0 { GOOD } else { BAD };
    let advice = match advice {
        0 => String::new(),
        _ => format!(", {advice} with advice"),
    };
    terminal.print(format_args!(
        "{style}{failed} failed{style:#}, {passed} passed{advice}, {skipped} skipped"
    ));
}

fn print_case(case: &PlayedCase, terminal: &mut Terminal) {
    let style = match &case.outcome {
        CaseOutcome::Passed(_) => GOOD,
        CaseOutcome::Failed(..) => BAD,
        CaseOutcome::Advised(..) => WARNING,
        CaseOutcome::Skipped(_) => anstyle::Style::new(),
    };
    let (word, milliseconds) = (case.outcome.word(), case.took.as_millis());
    terminal.print(format_args!(
        "  {:<34} {milliseconds:>5} ms  {style}{word:<7}{style:#}  {}",
        case.name,
        clean(case.outcome.said())
    ));
    if let Some(cure) = case.outcome.cure() {
        terminal.print(format_args!("  {:>55} {}", "→", clean(cure)));
    }
}
