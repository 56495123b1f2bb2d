//! The servers that the keys of `type = "active_directory"` name together, and warnings about them.

use super::settings::ActiveDirectorySettings;
use crate::config::settings::ldap::uri::{Scheme, ServerUri};
use crate::config::settings::tls::TlsSettings;

impl ActiveDirectorySettings {
    /// Returns the addresses of `servers`.
    pub fn uris(&self) -> impl Iterator<Item = ServerUri> {
        let scheme = match self.starttls {
            true => Scheme::Ldap,
            false => Scheme::Ldaps,
        };
        (self.servers.iter()).map(move |server| ServerUri::of(scheme, server))
    }

    /// Returns what the keys say about TLS.
    pub fn tls_settings(&self) -> TlsSettings<'_> {
        TlsSettings {
            ca_file: &self.tls_ca_file,
            crl_file: self.tls_crl_file.as_deref(),
            verify: self.tls_verify,
            min: self.tls_min,
            client: None,
        }
    }

    /// Returns a warning, for the log, about each setting that is allowed but dangerous.
    pub fn warnings(&self) -> Vec<&'static str> {
        self.tls_settings().warning().into_iter().collect()
    }
}
