//! Which conditions fit whenever others do, so that a rule with the others behind them is dead.

use std::ops::Range;

use super::group::Group;
use super::list::List;
use super::origin::OriginEntry;
use super::pattern::Pattern;
use super::rule::{Conditions, Rule};
use super::user::UserEntry;

/// How two entries of a list compare.
struct Comparison<T> {
    /// Returns whether the first matches whatever the second matches.
    covers: fn(&T, &T) -> bool,
    /// Returns whether nothing matches both; false where that is not known.
    is_apart: fn(&T, &T) -> bool,
}

const PATTERNS: Comparison<Pattern> = Comparison {
    covers: Pattern::covers,
    is_apart: Pattern::is_apart_from,
};

const USERS: Comparison<UserEntry> = Comparison {
    covers: PartialEq::eq,
    is_apart: UserEntry::is_apart_from,
};

const ORIGINS: Comparison<OriginEntry> = Comparison {
    covers: OriginEntry::covers,
    // Of two networks, one contains the other or they have no address in common.
    is_apart: |one, other| !one.covers(other) && !other.covers(one),
};

const GROUPS: Comparison<Group> = Comparison {
    covers: PartialEq::eq,
    // People are in many groups.
    is_apart: |_, _| false,
};

/// Returns whether `wide` fits whenever `narrow` does; false where that is not plain to see.
pub(super) fn covers(wide: &Rule, narrow: &Rule) -> bool {
    let (all, some) = (&wide.conditions, &narrow.conditions);
    // What is compared fastest comes first: a file may have two hundred rules.
    list_covers(&all.user, &some.user, &USERS)
        && groups_cover(wide, narrow)
        && list_covers(&all.service, &some.service, &PATTERNS)
        && list_covers(&all.tty, &some.tty, &PATTERNS)
        && list_covers(&all.from, &some.from, &ORIGINS)
}

/// Compares the groups. A rule with a chain does not count the backend's groups: it is no wider by
/// what it includes, and no narrower by what it excludes.
fn groups_cover(wide: &Rule, narrow: &Rule) -> bool {
    let (all, some) = (&wide.conditions.group, &narrow.conditions.group);
    let sources = [wide, narrow].map(Rule::asks_backends_for_groups);
    let is_comparable = match sources {
        [true, false] => all.excluded.is_empty(),
        [false, true] => all.included.is_empty(),
        _ => true,
    };
    is_comparable && list_covers(all, some, &GROUPS)
}

fn list_covers<T>(wide: &List<T>, narrow: &List<T>, entries: &Comparison<T>) -> bool {
    let includes = wide.included.is_empty()
        || !narrow.included.is_empty()
            && (narrow.included.iter()).all(|one| {
                let mut by = wide.included.iter();
                by.any(|wide| (entries.covers)(wide.get_ref(), one.get_ref()))
            });
    let excludes_no_more = wide.excluded.iter().all(|out| {
        let is_out = |by: &T| (entries.covers)(by, out.get_ref());
        let is_apart = |one: &T| (entries.is_apart)(one, out.get_ref());
        narrow.excluded.iter().any(|by| is_out(by.get_ref()))
            || !narrow.included.is_empty()
                && narrow.included.iter().all(|one| is_apart(one.get_ref()))
    });
    includes && excludes_no_more
}

/// Returns the entries that can never match, because the same list excludes them: their places and
/// what is wrong.
pub(super) fn contradictions(conditions: &Conditions) -> Vec<(Range<usize>, String)> {
    let mut found = excluded_entries(&conditions.service, &PATTERNS);
    found.extend(excluded_entries(&conditions.user, &USERS));
    found.extend(excluded_entries(&conditions.group, &GROUPS));
    found.extend(excluded_entries(&conditions.from, &ORIGINS));
    found.extend(excluded_entries(&conditions.tty, &PATTERNS));
    found
}

fn excluded_entries<T: std::fmt::Display>(
    list: &List<T>,
    entries: &Comparison<T>,
) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    for one in &list.included {
        let is_out = |by: &&toml::Spanned<T>| (entries.covers)(by.get_ref(), one.get_ref());
        if let Some(by) = list.excluded.iter().find(is_out) {
            let by = by.get_ref();
            let message = format!("this list excludes the entry again, by \"!{by}\"");
            found.push((one.span(), message));
        }
    }
    found
}
