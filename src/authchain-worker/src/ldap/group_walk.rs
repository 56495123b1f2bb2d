//! A walk from a person up through the groups that searches have found.

use std::collections::BTreeSet;

use authchain::config::settings::ldap::dn::Dn;
use authchain::words::number;

use super::entry::Entry;
use super::group_query::{GroupQuery, WantedGroup};
use super::membership::Doubts;
use super::session::Hits;

pub(super) const CLASS: &str = "objectClass";

/// The group id of a posixGroup (RFC 2307).
pub(super) const NUMBER: &str = "gidNumber";

/// The object class of groups that have a number.
const POSIX: &str = "posixGroup";

/// The object classes of people, whose entries are never groups: those of the core schemas, of RFC
/// 2307 and of Active Directory. A person who may write their entry can add object classes that
/// make a group, but cannot remove the structural one (RFC 4512 §2.4.2).
const PEOPLE: [&str; 7] = [
    "person",
    "organizationalPerson",
    "inetOrgPerson",
    "residentialPerson",
    "account",
    "posixAccount",
    "user",
];

/// A walk from a person up through their groups.
pub(super) struct Walk<'w, 'q> {
    pub(super) query: &'w mut GroupQuery<'q>,
    /// The base of groups.
    base: &'w Dn,
    /// The DN of the person.
    own: Option<Dn>,
    pub(super) seen: BTreeSet<Dn>,
    /// The groups whose parent groups have not been asked for.
    level: Vec<String>,
    /// The parts of the filter of the first level that prove nothing.
    doubts: Doubts,
    is_first_level: bool,
    /// True once a group was found that the person may be in for a doubt alone.
    is_doubtful: bool,
    /// A group whose object class cannot be read: it may be a person.
    pub(super) unclear: Option<String>,
    /// The reason why groups may be missing, for the log.
    pub(super) gap: Option<String>,
}

impl<'w, 'q> Walk<'w, 'q> {
    pub(super) fn new(query: &'w mut GroupQuery<'q>, base: &'w Dn, own: Option<Dn>) -> Self {
        Self {
            query,
            base,
            own,
            seen: BTreeSet::new(),
            level: Vec::new(),
            doubts: Doubts::NONE,
            is_first_level: true,
            is_doubtful: false,
            unclear: None,
            gap: None,
        }
    }

    /// Returns the walk with a filter of the first level that has these doubts.
    pub(super) fn with_doubts(self, doubts: Doubts) -> Self {
        Self { doubts, ..self }
    }

    /// Ends a level, and returns its groups.
    pub(super) fn next_level(&mut self) -> Vec<String> {
        self.is_first_level = false;
        std::mem::take(&mut self.level)
    }

    /// Notes the groups that a search found, and whether there may be more.
    pub(super) fn note_all(&mut self, hits: &Hits) {
        hits.entries.iter().for_each(|group| self.note(group));
        self.gap = self.gap.take().or_else(|| hits.gap());
    }

    /// Notes a group, unless it is a person's entry, or lies below the entry of this person, who
    /// may have created it.
    pub(super) fn note(&mut self, group: &Entry) {
        let Some(dn) = Dn::parse(&group.dn).filter(|dn| !dn.is_empty()) else {
            return;
        };
        let is_own = (self.own.as_ref()).is_none_or(|own| dn.is_under(own));
        if is_own || is_person(group) {
            return;
        }
        if group.texts(CLASS).next().is_none() {
            self.unclear = Some(group.dn.clone());
            return;
        }
        // A group may have several names, one of them only in its DN. Names and numbers count below
        // the base only: elsewhere, others may create groups that have them.
        let is_below = dn.is_under(self.base);
        let names = (group.texts("cn").chain(dn.first_value("cn"))).map(str::to_lowercase);
        let names: BTreeSet<String> = names.collect();
        let numbers = || group.texts(NUMBER).map(|text| number(text.as_bytes()));
        let is_it = |wanted: &WantedGroup| match wanted {
            WantedGroup::Name(name) => is_below && names.contains(&name.to_lowercase()),
            WantedGroup::Number(wanted) => {
                is_below && numbers().any(|number| number == Some(*wanted))
            }
            WantedGroup::Dn(wanted) => *wanted == dn,
            WantedGroup::Sid(_) => false,
        };
        match self.is_sure(group) {
            true => self.query.note(is_it),
            false => self.query.note_possible(is_it),
        }
        if self.seen.insert(dn) {
            self.level.push(group.dn.clone());
        }
    }

    /// Returns whether the person is in the group because of what others have written. Above a
    /// group of which this is not known, it is not known of any.
    fn is_sure(&mut self, group: &Entry) -> bool {
        if self.is_first_level {
            let own = self.doubts.number;
            let mut numbers = group.texts(NUMBER).map(|text| number(text.as_bytes()));
            let by_number =
                own.is_some() && (numbers.any(|number| number == own) || hides_number(group));
            let is_doubtful = self.doubts.has_other_names || by_number;
            self.is_doubtful |= is_doubtful;
            return !is_doubtful;
        }
        !self.is_doubtful
    }
}

/// Returns whether the server does not show the number that a posixGroup must have.
fn hides_number(group: &Entry) -> bool {
    let is_posix = group
        .texts(CLASS)
        .any(|class| class.eq_ignore_ascii_case(POSIX));
    is_posix && group.texts(NUMBER).next().is_none()
}

/// Returns whether an entry is a person's.
pub(super) fn is_person(entry: &Entry) -> bool {
    let is_one = |class: &str| (PEOPLE.iter()).any(|person| person.eq_ignore_ascii_case(class));
    entry.texts(CLASS).any(is_one)
}
