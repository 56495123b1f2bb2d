//! The settings of TLS that all protocols share.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::common::{SettingsFault, fault};

/// The file in which most distributions keep the certificates of the authorities they trust.
pub(super) const SYSTEM_CA_FILE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The `tls_*` keys of a backend.
// A view of the settings of a type. The types do not share a struct with these keys, because each
// type describes them in its own words, and because errors about fields that serde flattens lack
// the place in the file.
#[derive(Debug, Clone, Copy)]
pub struct TlsSettings<'s> {
    /// The file of the authorities that are trusted.
    pub ca_file: &'s Path,
    /// The file of the lists of revoked certificates.
    pub crl_file: Option<&'s Path>,
    /// The checks of a server's certificate.
    pub verify: TlsVerify,
    /// The oldest version that is accepted.
    pub min: TlsVersion,
    /// The files of our own certificate and of its key, for servers that ask for one.
    pub client: Option<(&'s Path, &'s Path)>,
}

impl TlsSettings<'_> {
    /// Refuses revocation lists if no certificate is checked: they would not protect, but seem to.
    pub(super) fn check(&self) -> Result<(), SettingsFault> {
        match (self.crl_file, self.verify) {
            (Some(_), TlsVerify::None) => fault(
                "tls_crl_file",
                "means nothing with tls_verify = \"none\", which checks no certificate",
            ),
            _ => Ok(()),
        }
    }

    /// Returns a warning if the certificate check is so weak that others can pose as the server.
    pub(super) fn warning(&self) -> Option<&'static str> {
        match self.verify {
            TlsVerify::Full => None,
            TlsVerify::Ca => {
                Some("tls_verify = \"ca\": any server its authorities know may pose as this one")
            }
            TlsVerify::None => Some("tls_verify = \"none\": anyone may pose as the server"),
        }
    }
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum TlsVersion {
    /// RFC 5246.
    #[default]
    #[serde(rename = "1.2")]
    V1_2,
    /// RFC 8446.
    #[serde(rename = "1.3")]
    V1_3,
}

/// The checks of a server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum TlsVerify {
    /// Checks the certificate's authority, dates and name.
    #[default]
    Full,
    /// Checks the authority and the dates.
    Ca,
    /// Checks nothing.
    None,
}
