//! The groups that a question asks about, and those that its answer may name.

use std::collections::BTreeSet;

use super::{ProtocolError, WireUser};
pub use crate::config::rules::{MAX_GROUP_BYTES, MAX_GROUPS};

/// Checks the groups of a question: a limited number of different names, in printable characters.
///
/// # Errors
/// When a question cannot ask about these groups.
pub fn check_groups(groups: &[String]) -> Result<(), ProtocolError> {
    let bytes: usize = groups.iter().map(String::len).sum();
    if groups.len() > MAX_GROUPS {
        return fault(format!("more than {MAX_GROUPS} of them"));
    }
    if bytes > MAX_GROUP_BYTES {
        return fault(format!("more than {MAX_GROUP_BYTES} bytes together"));
    }
    if groups.iter().any(String::is_empty) {
        return fault("an empty name");
    }
    if groups.iter().any(|name| name.contains(char::is_control)) {
        return fault("a control character in a name");
    }
    check_distinct(groups)
}

/// Checks the groups in an answer, those that it finds unclear included: they are among those that
/// were `asked`, in the same spelling, and none comes twice. Nothing may be said of groups where
/// none was asked about.
///
/// # Errors
/// When the answer names other groups, or one of them twice.
pub fn check_answered(user: &WireUser, asked: &[String]) -> Result<(), ProtocolError> {
    let Some(groups) = &user.groups else {
        return match user.unclear_groups.is_empty() {
            true => Ok(()),
            false => fault("some that are unclear, and none that are clear"),
        };
    };
    let answered = [groups.as_slice(), &user.unclear_groups].concat();
    if asked.is_empty() || !answered.iter().all(|name| asked.contains(name)) {
        return fault("one that was not asked about");
    }
    check_distinct(&answered)
}

fn check_distinct(groups: &[String]) -> Result<(), ProtocolError> {
    let distinct: BTreeSet<&String> = groups.iter().collect();
    match distinct.len() == groups.len() {
        true => Ok(()),
        false => fault("one of them twice"),
    }
}

fn fault(why: impl Into<String>) -> Result<(), ProtocolError> {
    Err(ProtocolError::Groups(why.into()))
}
