//! Names that break out of quotes, patterns, filters and commands. A login may have any of them.

use authchain::backends::protocol::{Question, WireVerdict};
use authchain::words::Username;

use super::super::case::{CaseList, CaseOutcome, in_words};
use super::super::subject::{Subject, copy_of, with_secret};

const ESCAPE: &str = "the name may have any character: escape it for wherever you put it, or \
                      compare it as a whole, and answer unknown";

/// Plays the cases.
pub(super) fn play(subject: &Subject, list: &mut CaseList) {
    for (shape, name) in names(subject.person.as_ref().map(|person| person.name.as_str())) {
        if Username::parse(name.as_bytes()).is_ok() {
            list.play(format!("a name with {shape}"), || ask_about(subject, &name));
        }
    }
}

/// Returns names by their shapes. With the name of a person, they are patterns that fit it.
fn names(person: Option<&str>) -> Vec<(&'static str, String)> {
    let person = person.unwrap_or("somebody");
    let mut shorter = person.to_owned();
    shorter.pop();
    vec![
        ("quotes", format!("{person}\"'`")),
        ("an escaped end", format!("{person}\\")),
        ("an asterisk", format!("{shorter}*")),
        ("an asterisk alone", "*".to_owned()),
        ("a dot for a letter", format!("{shorter}.")),
        ("a pattern", format!("^{person}$|.*")),
        ("a question mark", format!("{shorter}?")),
        ("a set of letters", format!("{shorter}[!x]")),
        ("a filter of LDAP", format!("{person})(|(uid=*")),
        ("an escape of LDAP", "\\2a".to_owned()),
        ("a condition of SQL", "' OR '1'='1' -- ".trim().to_owned()),
        ("a command", format!("$(echo {person})")),
        ("a command behind it", format!("{person}; echo {person}")),
        ("blanks inside", format!("{person} {person}")),
        ("a letter less", shorter.clone()),
        ("a letter more", format!("{person}x")),
        ("a format", "%s%n%x".to_owned()),
        ("a brace", format!("{{{person}}}")),
        ("letters of Unicode", "zoë-Ωμέγα-名前-🦀".to_owned()),
        ("a line separator", format!("{person}\u{2028}{person}")),
        ("256 bytes", "n".repeat(256)),
    ]
}

/// Asks about a name with the person's password: a name that is taken for theirs is found out.
fn ask_about(subject: &Subject, name: &str) -> CaseOutcome {
    let heard = subject.ask_alone(question(subject, name));
    match &heard {
        Ok(answered) => match &answered.conclusion.verdict {
            verdict @ (WireVerdict::Unavailable(_) | WireVerdict::Failed(_)) => {
                CaseOutcome::Advised(in_words(verdict), ESCAPE.to_owned())
            }
            _ => CaseOutcome::of(&heard, subject.refusals(), ESCAPE),
        },
        Err(_) => CaseOutcome::of(&heard, &[], ESCAPE),
    }
}

fn question(subject: &Subject, name: &str) -> Question<'static> {
    let question = subject.any_question(name);
    match &subject.person {
        Some(person) => with_secret(question.operation, name, copy_of(&person.password)),
        None => question,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_that_a_login_may_have() {
        for (shape, name) in names(Some("alice")) {
            assert_eq!(Username::parse(name.as_bytes()).err(), None, "{shape}");
        }
    }
}
