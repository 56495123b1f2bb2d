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

    /// Returns the filter of the groups that a person is in.
    pub(super) fn of_person(&self, person: &Person) -> String {
        let by_name = || format!("({BY_NAME}={})", ldap_escape(&person.name));
        let name = self.by_name.then(by_name);
        let gid = person.user.gid.filter(|_| self.by_number);
        let number = gid.map(|gid| format!("(gidNumber={gid})"));
        let posix = [name, number].into_iter().flatten();
        let posix = posix.map(|part| format!("(&(objectClass=posixGroup){part})"));
        format!("(|{}{})", self.of_dn(&person.dn), posix.collect::<String>())
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
