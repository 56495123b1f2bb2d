//! The domain controllers of a domain.

use authchain::config::settings::active_directory::ActiveDirectorySettings;
use authchain::config::settings::active_directory::names::SiteName;
use authchain::config::settings::ldap::Tls;
use authchain::config::settings::ldap::srv::SrvService;

use crate::ldap::sources::{LdapServer, Source, SrvRecord};

/// Returns the domain controllers that the settings name. Without any, returns the SRV records to
/// ask DNS for: those of the site, then those of all controllers.
pub(in crate::ldap) fn controllers(settings: &ActiveDirectorySettings) -> Vec<Source> {
    let (tls, port) = match settings.starttls {
        true => (Tls::Starttls, 389),
        false => (Tls::Ldaps, 636),
    };
    if !settings.servers.is_empty() {
        let server = |uri| Source::Server(LdapServer::named(&uri, tls));
        return settings.uris().map(server).collect();
    }
    let domain = settings.domain.as_str();
    let site = settings.site.as_ref().map(SiteName::as_str);
    let site = site.map(|site| format!("_ldap._tcp.{site}._sites.dc._msdcs.{domain}"));
    let all = format!("_ldap._tcp.dc._msdcs.{domain}");
    let records = |name| {
        let service = SrvService { name, tls };
        // The port in the records is that of LDAP without TLS.
        let port = Some(port);
        Source::Records(SrvRecord { service, port })
    };
    site.into_iter().chain([all]).map(records).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servers::Server as _;

    #[test]
    fn dns_is_asked_for_controllers_where_none_are_named_those_of_the_site_first() {
        let mut settings = ActiveDirectorySettings {
            domain: "ad.example.com".parse().unwrap(),
            site: "Berlin".parse().ok(),
            ..ActiveDirectorySettings::default()
        };
        let found = |settings: &ActiveDirectorySettings| {
            let sources = controllers(settings);
            let one = |source: &Source| (source.name().to_owned(), source.port().unwrap());
            sources.iter().map(one).collect::<Vec<_>>()
        };
        let berlin = "_ldap._tcp.Berlin._sites.dc._msdcs.ad.example.com";
        let all = "_ldap._tcp.dc._msdcs.ad.example.com";
        let expected = [berlin, all].map(|name| (name.to_owned(), 636));
        assert_eq!(found(&settings), expected);
        settings.starttls = true;
        settings.site = None;
        assert_eq!(found(&settings), [(all.to_owned(), 389)]);
        settings.servers = vec!["dc1.ad.example.com:1389".parse().unwrap()];
        let expected = ("ldap://dc1.ad.example.com:1389".to_owned(), 1389);
        assert_eq!(found(&settings), [expected]);
    }
}
