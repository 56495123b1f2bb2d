//! The groups that are looked for: those of `allow_groups`, and those that the rules ask about.

use std::fmt;

use authchain::config::settings::active_directory::group::DomainGroup;
use authchain::config::settings::active_directory::sid::Sid;
use authchain::config::settings::ldap::dn::Dn;
use authchain::config::settings::ldap::group::AllowedGroup;

/// A group, by the property that tells it from all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WantedGroup {
    Name(String),
    Dn(Dn),
    /// Its `gidNumber`.
    Number(u32),
    /// Its security identifier. Only a domain's groups have one.
    Sid(Sid),
}

/// A group that a rule asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AskedGroup {
    /// The group as the question spells it.
    pub(super) text: String,
    pub(super) group: WantedGroup,
}

/// The question in which groups a person is, and what has been found so far.
pub(super) struct GroupQuery<'q> {
    allowed: &'q [WantedGroup],
    asked: &'q [AskedGroup],
    found: Vec<&'q WantedGroup>,
    /// The groups that the person may be in, as far as is known.
    possible: Vec<&'q WantedGroup>,
}

/// The result of looking up a person's groups.
pub(super) struct GroupFindings {
    /// The reason why the person may not log in: in none of `allow_groups`.
    pub(super) denial: Option<&'static str>,
    /// The groups that a rule asks about and that the person is in.
    pub(super) groups: Vec<String>,
    /// The groups that a rule asks about, of which it is unclear whether the person is in.
    pub(super) unclear_groups: Vec<String>,
}

/// Writes the group as a rule would have it.
impl fmt::Display for WantedGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Dn(dn) => f.write_str(dn.as_str()),
            Self::Number(number) => number.fmt(f),
            Self::Sid(sid) => sid.fmt(f),
        }
    }
}

impl From<AllowedGroup> for WantedGroup {
    fn from(group: AllowedGroup) -> Self {
        match group {
            AllowedGroup::Name(name) => Self::Name(name),
            AllowedGroup::Dn(dn) => Self::Dn(dn),
        }
    }
}

impl From<DomainGroup> for WantedGroup {
    fn from(group: DomainGroup) -> Self {
        match group {
            DomainGroup::Name(name) => Self::Name(name),
            DomainGroup::Dn(dn) => Self::Dn(dn),
            DomainGroup::Sid { sid, .. } => Self::Sid(sid),
        }
    }
}

impl WantedGroup {
    /// Returns the DN of a group that is given by its DN.
    pub(super) fn dn(&self) -> Option<&Dn> {
        match self {
            Self::Dn(dn) => Some(dn),
            _ => None,
        }
    }
}

impl<'q> GroupQuery<'q> {
    /// Returns the question whether a person is in one of `allowed`, if there are any, and in which
    /// of `asked`.
    pub(super) fn new(allowed: &'q [WantedGroup], asked: &'q [AskedGroup]) -> Self {
        Self {
            allowed,
            asked,
            found: Vec::new(),
            possible: Vec::new(),
        }
    }

    /// Returns whether a rule asks about groups.
    pub(super) fn is_for_rules(&self) -> bool {
        !self.asked.is_empty()
    }

    /// Returns all groups that are looked for.
    pub(super) fn wanted(&self) -> impl Iterator<Item = &'q WantedGroup> + use<'q> {
        let asked = self.asked.iter().map(|asked| &asked.group);
        self.allowed.iter().chain(asked)
    }

    /// Notes that the person is in the wanted groups that `is_one` accepts.
    pub(super) fn note(&mut self, is_one: impl Fn(&WantedGroup) -> bool) {
        let found = self.wanted().filter(|wanted| is_one(wanted));
        self.found.extend(found);
    }

    /// Notes that the person may be in the wanted groups that `is_one` accepts.
    pub(super) fn note_possible(&mut self, is_one: impl Fn(&WantedGroup) -> bool) {
        let possible = self.wanted().filter(|wanted| is_one(wanted));
        self.possible.extend(possible);
    }

    /// Returns whether it matters that some groups are only possible.
    pub(super) fn is_unclear(&self) -> bool {
        let may_be_allowed = self
            .allowed
            .iter()
            .any(|group| self.possible.contains(&group));
        (!self.is_allowed() && may_be_allowed) || self.unclear().next().is_some()
    }

    /// Returns whether nothing more could be found out that matters.
    pub(super) fn is_done(&self) -> bool {
        self.is_allowed() && self.asked.iter().all(|asked| self.has(&asked.group))
    }

    /// Returns whether the person is in one of `allow_groups`, or need not be.
    pub(super) fn is_allowed(&self) -> bool {
        self.allowed.is_empty() || self.allowed.iter().any(|group| self.has(group))
    }

    /// Returns those of the groups asked about that the person was found to be in.
    pub(super) fn answer(&self) -> Vec<String> {
        let found = self.asked.iter().filter(|asked| self.has(&asked.group));
        found.map(|asked| asked.text.clone()).collect()
    }

    /// Returns those of the groups asked about that the person may be in, and was not found to be
    /// in.
    pub(super) fn unclear(&self) -> impl Iterator<Item = &'q str> {
        let asked = self.asked.iter();
        let is_unclear =
            |asked: &&AskedGroup| self.possible.contains(&&asked.group) && !self.has(&asked.group);
        asked.filter(is_unclear).map(|asked| asked.text.as_str())
    }

    fn has(&self, group: &WantedGroup) -> bool {
        self.found.contains(&group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> WantedGroup {
        WantedGroup::Name(name.to_owned())
    }

    fn asked(names: &[&str]) -> Vec<AskedGroup> {
        let asked = names.iter().map(|text| AskedGroup {
            text: (*text).to_owned(),
            group: name(text),
        });
        asked.collect()
    }

    #[test]
    fn one_allowed_group_is_enough_and_of_those_asked_about_each_counts() {
        let allowed = [name("staff"), name("guests")];
        let asked = asked(&["admins", "staff", "wheel"]);
        let mut query = GroupQuery::new(&allowed, &asked);
        assert!(!query.is_allowed() && !query.is_done());
        query.note(|group| *group == name("staff"));
        assert!(query.is_allowed() && !query.is_done());
        assert_eq!(query.answer(), ["staff"]);
        query.note(|group| *group != name("guests"));
        assert!(query.is_done());
        assert_eq!(query.answer(), ["admins", "staff", "wheel"]);
    }

    #[test]
    fn a_group_that_is_possible_opens_nothing_and_is_unclear_until_it_is_found() {
        let allowed = [name("staff")];
        let asked = asked(&["admins", "wheel"]);
        let mut query = GroupQuery::new(&allowed, &asked);
        assert!(!query.is_unclear());
        query.note_possible(|group| *group == name("staff"));
        assert!(query.is_unclear() && !query.is_allowed());
        assert_eq!(query.unclear().count(), 0);
        query.note(|group| *group == name("staff"));
        assert!(!query.is_unclear() && query.is_allowed());
        query.note_possible(|group| *group != name("staff"));
        query.note(|group| *group == name("wheel"));
        assert!(query.is_unclear() && !query.is_done());
        assert_eq!(query.unclear().collect::<Vec<_>>(), ["admins"]);
        assert_eq!(query.answer(), ["wheel"]);
    }

    #[test]
    fn without_groups_there_is_nothing_to_find_out() {
        assert!(GroupQuery::new(&[], &[]).is_done());
        assert!(!GroupQuery::new(&[], &asked(&["staff"])).is_done());
        assert!(GroupQuery::new(&[], &asked(&["staff"])).is_allowed());
    }
}
