//! The faults of rules that only show when they are seen together, or beside the rest of the
//! configuration.

use std::collections::BTreeSet;

use toml::Spanned;

use super::choice::Rules;
use super::cover::{contradictions, covers};
use super::fit::Fit;
use super::group::{Group, MAX_GROUP_BYTES, MAX_GROUPS};
use super::rule::Rule;
use super::settings::RuleAccess;
use crate::config::error::ConfigError;
use crate::config::source::Source;
use crate::files::group_file::GroupFile;

/// The user whom no set of rules may shut out of every service.
const ROOT: &str = "root";

/// Returns the faults of the rules taken together. `knows_root` says whether a chain has the
/// system's own accounts; `None` is the chain at the top of the file.
pub(in crate::config) fn check(
    rules: &Rules,
    source: &Source,
    knows_root: impl Fn(Option<&[Spanned<String>]>) -> bool,
) -> Vec<ConfigError> {
    let mut faults = Vec::new();
    for (place, rule) in rules.iter().enumerate() {
        let mut earlier = rules.iter().take(place);
        if let Some(hiding) = earlier.find(|earlier| covers(earlier, rule)) {
            let message = format!("the rule can never fit: {hiding} fits whenever this one would");
            faults.push(source.error(rule.span.clone(), message));
        }
        let own = contradictions(&rule.conditions).into_iter();
        faults.extend(own.map(|(span, message)| source.error(span, message)));
    }
    faults.extend(too_many_groups(rules, source));
    let last_word = shuts_root_out(rules, knows_root);
    faults.extend(last_word.map(|rule| {
        let message = format!(
            "no rule lets {ROOT} in, whatever the service: {ROOT} needs a rule before this one, or \
             an exception from it, and a chain with the system's own files"
        );
        source.error(rule.span.clone(), message)
    }));
    faults
}

/// Returns the fault of the first group that does not fit into a question to a backend.
fn too_many_groups(rules: &Rules, source: &Source) -> Option<ConfigError> {
    let mut names = BTreeSet::new();
    let mut bytes = 0_usize;
    for entry in rules.entries_for_backends() {
        let name = entry.get_ref().to_string();
        bytes = bytes.saturating_add(if names.contains(&name) { 0 } else { name.len() });
        names.insert(name);
        if names.len() > MAX_GROUPS || bytes > MAX_GROUP_BYTES {
            let message = format!(
                "backends can be asked about {MAX_GROUPS} groups of {MAX_GROUP_BYTES} bytes \
                 together, and no more"
            );
            return Some(source.error(entry.span(), message));
        }
    }
    None
}

/// Returns the first rule that fits root whatever the service, if neither it nor a rule before it
/// can let root in. Where the chain at the top does not know root, another module is in charge.
pub(super) fn shuts_root_out(
    rules: &Rules,
    knows_root: impl Fn(Option<&[Spanned<String>]>) -> bool,
) -> Option<&Rule> {
    if !knows_root(None) {
        return None;
    }
    for rule in rules.iter() {
        let conditions = &rule.conditions;
        let lets_in = rule.access == RuleAccess::Allow && knows_root(rule.chain.as_deref());
        match conditions.user.known_fit(|entry| entry.matches(ROOT, &[])) {
            Fit::No => {}
            Fit::Yes if lets_in => return None,
            _ if conditions.ask_for_user_alone() => return Some(rule),
            _ => {}
        }
    }
    None
}

/// Returns the faults of groups that only `file` can say the members of, and does not have: a
/// mistyped name would mean a group that nobody is in.
pub(in crate::config) fn check_groups(
    rules: &Rules,
    source: &Source,
    file: &GroupFile,
) -> Vec<ConfigError> {
    let by_file = rules.iter().filter(|rule| !rule.asks_backends_for_groups());
    let entries = by_file.flat_map(|rule| rule.conditions.group.entries());
    let is_missing = |entry: &&Spanned<Group>| match entry.get_ref() {
        Group::Name(name) => !file.has(name),
        Group::Id(_) => false,
    };
    let fault = |entry: &Spanned<Group>| {
        let message = format!(
            "{} has no group \"{}\", and a rule with `chain` counts no other groups",
            file.path().display(),
            entry.get_ref()
        );
        source.error(entry.span(), message)
    };
    entries.filter(is_missing).map(fault).collect()
}
