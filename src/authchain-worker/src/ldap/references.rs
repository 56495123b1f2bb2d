//! Continuation references (RFC 4511 §4.5.3): other servers that hold a part of what was searched.

use authchain::config::settings::ldap::dn::Dn;

/// The note on references. They are not followed: the password would go wherever they lead.
pub(super) const NOT_FOLLOWED: &str =
    "other servers were named that may know more; referrals are not followed";

/// The partitions that every domain of Active Directory names below its root, and that hold no
/// people (MS-ADTS 6.1.1.1, 6.1.1.2).
const OWN_PARTITIONS: [(&str, &str); 3] = [
    ("cn", "configuration"),
    ("dc", "domaindnszones"),
    ("dc", "forestdnszones"),
];

/// Returns whether people or groups may be where the reference leads.
pub(super) fn may_know_more(url: &str) -> bool {
    let path = url.splitn(4, '/').nth(3).unwrap_or_default();
    let dn = path.split('?').next().and_then(Dn::parse);
    dn.is_none_or(|dn| {
        !(OWN_PARTITIONS.iter()).any(|(attribute, name)| dn.first_value(attribute) == Some(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partitions_of_a_domain_that_hold_no_people_know_no_more() {
        for (reference, expected) in [
            ("ldap://a.x/CN=Configuration,DC=a,DC=x", false),
            (
                "ldaps://DomainDnsZones.a.x/dc=domaindnszones,dc=a,dc=x??sub",
                false,
            ),
            ("ldap://a.x/DC=ForestDnsZones,DC=a,DC=x", false),
            ("ldap://child.a.x/DC=child,DC=a,DC=x", true),
            ("ldap://b.x/ou=people,cn=Configuration,dc=x", true),
            ("ldap://DomainDnsZones.a.x", true),
            ("ldap:///", true),
            ("", true),
        ] {
            assert_eq!(may_know_more(reference), expected, "{reference}");
        }
    }
}
