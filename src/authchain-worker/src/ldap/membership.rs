//! The filters that find the groups of which a person or a group is a member.

use authchain::config::settings::ldap::LdapSettings;
use authchain::config::settings::ldap::attribute::AttributeName;
use ldap3::ldap_escape;

use super::person::Person;

/// The attribute that names members by their login names (RFC 2307); all others hold DNs.
const BY_NAME: &str = "memberUid";

/// The ways in which groups name their members.
pub(super) struct Membership {
    /// The attributes that hold the DNs of members.
    by_dn: Vec<String>,
    /// True if posixGroups name their members by `memberUid`.
    by_name: bool,
    /// True if the gidNumber of a person's own entry makes them a member.
    by_number: bool,
}

/// The parts of an entry that may make the person a member of groups and prove nothing: in many
/// directories people may write them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Doubts {
    /// True if the entry has several names by which a group may have its members.
    pub(super) has_other_names: bool,
    /// The number of the primary group, where it does not count.
    pub(super) number: Option<u32>,
}

impl Doubts {
    /// No doubt.
    pub(super) const NONE: Self = Self {
        has_other_names: false,
        number: None,
    };

    /// Returns whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::NONE
    }
}

impl Membership {
    pub(super) fn new(settings: &LdapSettings) -> Self {
        let names = settings.group_members.iter().map(AttributeName::as_str);
        let (by_name, by_dn) =
            names.partition::<Vec<_>, _>(|name| name.eq_ignore_ascii_case(BY_NAME));
        Self {
            by_dn: by_dn.into_iter().map(str::to_owned).collect(),
            by_name: !by_name.is_empty(),
            by_number: settings.allow_primary_group,
        }
    }

    /// Returns the attributes that hold the DNs of members.
    pub(super) fn by_dn(&self) -> impl Iterator<Item = &str> {
        self.by_dn.iter().map(String::as_str)
    }

    /// Returns the attribute that holds the login names of members, if groups have one.
    pub(super) fn by_name(&self) -> Option<&'static str> {
        self.by_name.then_some(BY_NAME)
    }

    /// Returns the filter of the groups that a person is in.
    pub(super) fn of_person(&self, person: &Person) -> String {
        let number = person.user.gid.filter(|_| self.by_number);
        self.by(&person.dn, &[&person.name], number)
    }

    /// Returns the filter of the groups that a person may be in: those of
    /// [`of_person`](Self::of_person), and those that only speak for what the person may have
    /// written.
    pub(super) fn of_person_at_most(&self, person: &Person) -> String {
        let others = person.user.also_named.iter().map(String::as_str);
        let names: Vec<&str> = [person.name.as_str()].into_iter().chain(others).collect();
        self.by(&person.dn, &names, person.user.gid)
    }

    /// Returns the parts of the person's entry that make a member of groups and prove nothing.
    pub(super) fn doubts(&self, person: &Person) -> Doubts {
        Doubts {
            has_other_names: self.by_name && !person.user.also_named.is_empty(),
            number: person.user.gid.filter(|_| !self.by_number),
        }
    }

    fn by(&self, dn: &str, names: &[&str], number: Option<u32>) -> String {
        let by_name = |name: &&str| format!("({BY_NAME}={})", ldap_escape(*name));
        let names = names.iter().filter(|_| self.by_name).map(by_name);
        let number = number.map(|number| format!("(gidNumber={number})"));
        let posix = names.chain(number);
        let posix = posix.map(|part| format!("(&(objectClass=posixGroup){part})"));
        format!("(|{}{})", self.of_dn(dn), posix.collect::<String>())
    }

    /// Returns the filter of the groups that one of `groups` is a member of; `None` where no group
    /// can be a member.
    pub(super) fn of_groups(&self, groups: &[String]) -> Option<String> {
        let parts = groups.iter().map(|dn| self.of_dn(dn));
        let can_be = !self.by_dn.is_empty() && !groups.is_empty();
        can_be.then(|| format!("(|{})", parts.collect::<String>()))
    }

    fn of_dn(&self, dn: &str) -> String {
        let dn = ldap_escape(dn);
        let parts = self.by_dn.iter().map(|name| format!("({name}={dn})"));
        parts.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "uid=alice,dc=x";

    fn membership(attributes: &[&str], allow_primary_group: bool) -> Membership {
        Membership::new(&LdapSettings {
            group_members: (attributes.iter())
                .map(|name| name.parse().unwrap())
                .collect(),
            allow_primary_group,
            ..LdapSettings::default()
        })
    }

    fn filter(attributes: &[&str], allow_primary_group: bool) -> String {
        let mut person = Person::made_of(ALICE, "alice");
        person.user.gid = Some(27);
        membership(attributes, allow_primary_group).of_person(&person)
    }

    #[test]
    fn a_persons_own_gid_number_counts_only_with_allow_primary_group() {
        assert_eq!(filter(&["member"], false), "(|(member=uid=alice,dc=x))");
        let expected = "(|(member=uid=alice,dc=x)(&(objectClass=posixGroup)(gidNumber=27)))";
        assert_eq!(filter(&["member"], true), expected);
    }

    #[test]
    fn another_name_and_a_number_that_does_not_count_are_doubts() {
        let mut person = Person::made_of(ALICE, "alice");
        let at_most = |person: &Person, attributes| {
            let membership = membership(attributes, false);
            (
                membership.of_person_at_most(person),
                membership.doubts(person).is_empty(),
            )
        };
        let (filter, is_sure) = at_most(&person, &["memberUid"]);
        assert_eq!(filter, "(|(&(objectClass=posixGroup)(memberUid=alice)))");
        assert!(is_sure);
        person.user.also_named = vec!["a*l".to_owned()];
        assert!(at_most(&person, &["member"]).1, "DNs name one entry");
        person.user.gid = Some(27);
        let (filter, is_sure) = at_most(&person, &["memberUid"]);
        let expected = "(|(&(objectClass=posixGroup)(memberUid=alice))\
                        (&(objectClass=posixGroup)(memberUid=a\\2al))\
                        (&(objectClass=posixGroup)(gidNumber=27)))";
        assert_eq!(filter, expected);
        assert!(!is_sure);
        assert!(membership(&["member"], true).doubts(&person).is_empty());
    }

    #[test]
    fn only_the_attributes_of_the_settings_are_searched() {
        let names = "(|(&(objectClass=posixGroup)(memberUid=alice)))";
        assert_eq!(filter(&["MemberUID"], false), names);
        let groups = ["cn=a".to_owned(), "cn=b".to_owned()];
        let parents = |attributes: &[&str]| membership(attributes, false).of_groups(&groups);
        assert_eq!(parents(&["memberUid"]), None, "names of groups are no DNs");
        let expected = "(|(member=cn=a)(member=cn=b))";
        assert_eq!(parents(&["member", "memberUid"]).as_deref(), Some(expected));
        assert_eq!(membership(&["member"], false).of_groups(&[]), None);
    }
}
