//! The servers that a section of `type = "ldap"` names, and warnings about its settings.

use super::choices::{Sasl, Tls};
use super::dn::Dn;
use super::settings::LdapSettings;
use super::srv::SrvService;
use super::uri::{Scheme, ServerUri};
use crate::config::settings::tls::TlsSettings;

impl LdapSettings {
    /// Returns the servers of `uris` with the encryption of their connections, in the order they
    /// are tried.
    pub fn servers(&self) -> impl Iterator<Item = (&ServerUri, Tls)> {
        self.uris.iter().map(|uri| (uri, self.tls_of(uri)))
    }

    /// Returns the servers of `backup_uris`, like [`servers`](Self::servers).
    pub fn backup_servers(&self) -> impl Iterator<Item = (&ServerUri, Tls)> {
        self.backup_uris.iter().map(|uri| (uri, self.tls_of(uri)))
    }

    /// Returns the SRV service under which DNS lists the servers, if `srv` is set.
    pub fn srv_service(&self) -> Option<SrvService> {
        self.srv.as_ref().map(|name| name.service(self.tls))
    }

    fn tls_of(&self, uri: &ServerUri) -> Tls {
        match uri.scheme {
            Scheme::Ldapi => Tls::None,
            Scheme::Ldaps => Tls::Ldaps,
            Scheme::Ldap => self.tls.unwrap_or(Tls::Starttls),
        }
    }

    /// Returns what the keys say about TLS.
    pub fn tls_settings(&self) -> TlsSettings<'_> {
        TlsSettings {
            ca_file: &self.tls_ca_file,
            crl_file: self.tls_crl_file.as_deref(),
            verify: self.tls_verify,
            min: self.tls_min,
            client: (self.tls_cert.as_deref()).zip(self.tls_key.as_deref()),
        }
    }

    /// Returns the entry below which groups are: `base` where none is named.
    pub fn group_base(&self) -> &Dn {
        self.group_base.as_ref().unwrap_or(&self.base)
    }

    /// Returns whether the first bind is the person's own: there is no login to search with.
    pub fn binds_as_the_person(&self) -> bool {
        let has_login = self.bind_dn.is_some() || self.sasl == Sasl::External;
        !has_login && self.user_dn_template.is_some()
    }

    /// Returns a warning about each setting that is allowed but dangerous.
    pub fn warnings(&self) -> Vec<&'static str> {
        let named_by_dns = self.srv_service().map(|service| service.tls);
        let named = || self.servers().chain(self.backup_servers());
        let mut all = named().map(|(_, tls)| tls).chain(named_by_dns);
        let has_tls = all.any(|tls| tls != Tls::None);
        let is_clear = |(uri, tls): (&ServerUri, Tls)| {
            // A Unix socket never leaves the machine.
            tls == Tls::None && uri.scheme != Scheme::Ldapi
        };
        let plaintext = (named().any(is_clear) || named_by_dns == Some(Tls::None))
            .then_some("tls = \"none\": passwords can be read by everyone on the way");
        let verify = self.tls_settings().warning().filter(|_| has_tls);
        plaintext.into_iter().chain(verify).collect()
    }
}
