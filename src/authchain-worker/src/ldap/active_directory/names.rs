//! The names of an account: as it is typed, and as it is sent.

use authchain::config::settings::active_directory::names::NetbiosName;

use super::domain::Domain;
use crate::ldap::typed_name::Login;

/// The characters that no account of a domain has in its name (MS-SAMR 3.1.1.6), and those that
/// separate it from a domain.
const NEVER: [char; 16] = [
    '"', '/', '\\', '[', ']', ':', ';', '|', '=', ',', '+', '*', '?', '<', '>', '@',
];

impl Domain {
    /// Takes a login name apart; `None` for a name that no account of this domain has.
    pub(in crate::ldap) fn login<'a>(&self, typed: &'a str) -> Option<Login<'a>> {
        let settings = &self.settings;
        let (before, rest) = match (self.short_name(), typed.split_once('\\')) {
            (Some(own), Some((domain, _))) if domain.eq_ignore_ascii_case(own) => {
                typed.split_at(domain.len().saturating_add(1))
            }
            _ => ("", typed),
        };
        let (name, after) = match rest.rsplit_once('@') {
            Some((name, domain))
                if settings.qualified_names
                    && before.is_empty()
                    && domain.eq_ignore_ascii_case(settings.domain.as_str()) =>
            {
                rest.split_at(name.len())
            }
            _ => (rest, ""),
        };
        let is_one = !name.is_empty() && !name.contains(NEVER);
        is_one.then_some(Login {
            before,
            name,
            after,
        })
    }

    /// Returns the name by which a domain controller knows the account (MS-ADTS 5.1.1.1.1). Another
    /// account that has this name as its `userPrincipalName` would be logged in instead, so the
    /// caller must check whose token it got.
    pub(in crate::ldap) fn principal(&self, name: &str) -> String {
        match self.short_name() {
            Some(domain) => format!("{domain}\\{name}"),
            None => format!("{name}@{}", self.settings.domain.as_str()),
        }
    }

    fn short_name(&self) -> Option<&str> {
        self.settings.netbios_name.as_ref().map(NetbiosName::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::super::groups::DomainGroups;
    use super::*;
    use authchain::config::settings::active_directory::ActiveDirectorySettings;
    use authchain::config::settings::ldap::dn::Dn;
    use proptest::prelude::*;

    fn domain(qualified_names: bool, netbios_name: Option<&str>) -> Domain {
        Domain {
            settings: ActiveDirectorySettings {
                domain: "ad.example.com".parse().unwrap(),
                qualified_names,
                netbios_name: netbios_name.map(|name| name.parse().unwrap()),
                ..ActiveDirectorySettings::default()
            },
            root: Dn::default(),
            groups: DomainGroups::new(&Dn::default(), &[]),
            workstation: String::new(),
        }
    }

    #[test]
    fn a_login_names_an_account_of_this_domain_or_nobody() {
        let (plain, all) = (domain(false, None), domain(true, Some("EXAMPLE")));
        for (typed, in_plain, in_all) in [
            ("alice", Some("alice"), Some("alice")),
            ("p(ar)en", Some("p(ar)en"), Some("p(ar)en")),
            ("alice@ad.example.com", None, Some("alice")),
            ("alice@AD.Example.COM", None, Some("alice")),
            ("alice@example.com", None, None),
            ("alice@", None, None),
            ("@ad.example.com", None, None),
            ("a@b@ad.example.com", None, None),
            ("EXAMPLE\\alice", None, Some("alice")),
            ("example\\alice", None, Some("alice")),
            ("OTHER\\alice", None, None),
            ("\\alice", None, None),
            ("EXAMPLE\\", None, None),
            ("EXAMPLE\\alice@ad.example.com", None, None),
            ("EXAMPLE\\EXAMPLE\\alice", None, None),
            ("al*ce", None, None),
        ] {
            let name = |domain: &Domain| domain.login(typed).map(|login| login.name.to_owned());
            assert_eq!(name(&plain).as_deref(), in_plain, "{typed}");
            assert_eq!(name(&all).as_deref(), in_all, "{typed}");
        }
    }

    #[test]
    fn an_accounts_own_spelling_replaces_the_typed_one_and_nothing_else() {
        let all = domain(true, Some("EXAMPLE"));
        let spelled = |typed: &str| all.login(typed).unwrap().spelled("alice");
        assert_eq!(spelled("ALICE"), "alice");
        assert_eq!(spelled("ALICE@AD.example.com"), "alice@AD.example.com");
        assert_eq!(spelled("Example\\ALICE"), "Example\\alice");
    }

    #[test]
    fn the_short_name_is_used_where_it_is_known_because_it_can_mean_one_account_only() {
        assert_eq!(domain(false, None).principal("al"), "al@ad.example.com");
        assert_eq!(
            domain(false, Some("EXAMPLE")).principal("al"),
            "EXAMPLE\\al"
        );
    }

    proptest! {
        #[test]
        fn a_login_spelled_as_it_was_typed_is_what_was_typed(typed in "\\PC{0,20}(@ad.example.com)?") {
            if let Some(login) = domain(true, Some("EXAMPLE")).login(&typed) {
                prop_assert_eq!(login.spelled(login.name), typed);
            }
        }
    }
}
