//! The rules as a whole: from the text of a file to the choice for a login.

mod choosing;
mod faults;
mod generated;
mod laws;

use std::path::Path;

use super::{Choice, FirstChoice, Group, LoginFacts, SecondChoice};
use crate::config::{Config, Source};

/// Groups in the tests: those of the file, and those of the backend.
type InGroups<'a> = &'a [&'a str];

fn source(text: &str) -> Source {
    Source::new(Path::new("authchain.toml"), text.to_owned())
}

fn is_among(groups: InGroups<'_>) -> impl Fn(&Group) -> Result<bool, String> {
    |group| Ok(groups.contains(&group.to_string().as_str()))
}

/// Returns a word for a choice: `top`, `unclear N`, or `allow N` and `deny N` with the rule's
/// number.
fn in_short(choice: &Choice<'_>) -> String {
    let number = choice.rule().map_or(0, |rule| rule.number);
    match choice {
        Choice::Top => "top".to_owned(),
        Choice::Unclear(_) => format!("unclear {number}"),
        Choice::Rule(_) if choice.allows() => format!("allow {number}"),
        Choice::Rule(_) => format!("deny {number}"),
    }
}

/// Returns the choice where it is clear.
fn only<'r>(chosen: &SecondChoice<'r>) -> Choice<'r> {
    assert!(chosen.others.is_empty(), "{chosen:?}");
    chosen.first
}

/// Returns the first choice by this text, and whether the login may be allowed.
fn first(text: &str, login: &LoginFacts<'_>, file: InGroups<'_>) -> (String, bool) {
    let source = source(text);
    let config = Config::parse(&source).unwrap();
    let FirstChoice {
        by_file, may_allow, ..
    } = config.rules.first_choice(login, is_among(file)).unwrap();
    (in_short(&by_file), may_allow)
}

/// Returns the second choice by this text.
fn second(text: &str, login: &LoginFacts<'_>, file: InGroups<'_>, backend: InGroups<'_>) -> String {
    let source = source(text);
    let config = Config::parse(&source).unwrap();
    let of_backend = |group: &Group| is_among(backend)(group).map(Some);
    let chosen = (config.rules).second_choice(login, is_among(file), of_backend);
    in_short(&only(&chosen.unwrap()))
}
