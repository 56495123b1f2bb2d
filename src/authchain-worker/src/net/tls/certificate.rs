//! Reads the names and the expiry date of a server's certificate.
//!
//! There is no second parser of certificates. Instead, the verifier is asked to accept the
//! certificate for a name that no certificate has, and at a later date. Its refusals contain the
//! names and the expiry date.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio_rustls::rustls::client::danger::ServerCertVerifier;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{CertificateError, Error};

use super::pinned::Pinned;

/// A name that no certificate has (RFC 6761 §6.4).
const NOBODY: &str = "authchain.invalid";

/// The last second of the year 9999, the end of X.509's calendar (RFC 5280 §4.1.2.5).
const END_OF_TIME: Duration = Duration::from_secs(253_402_300_799);

/// The time before the expiry of a certificate from which on `check --online` warns.
pub const SOON: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A certificate that is valid today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The host names and addresses that it is for.
    pub names: Vec<String>,
    /// The time that is left until it, or a certificate that it depends on, expires.
    pub valid_for: Option<Duration>,
    /// True if it is trusted as that one, because no authority vouches for it.
    pub is_pinned: bool,
}

impl Certificate {
    /// Reads the first certificate of `chain`, which `verifier` has found good; `None` where there
    /// is none.
    pub fn of(verifier: &Pinned, chain: &[CertificateDer<'_>], now: SystemTime) -> Option<Self> {
        let today = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let by_authorities = verifier
            .authorities()
            .and_then(|authorities| refusal(authorities, chain, today));
        let refusal = |then| refusal(verifier, chain, then);
        let names = match refusal(today)? {
            CertificateError::NotValidForNameContext { presented, .. } => presented,
            _ => Vec::new(),
        };
        // An authority's certificate may expire before the server's.
        let ends = [today.saturating_add(SOON), END_OF_TIME];
        let end = ends.into_iter().find_map(|then| match refusal(then)? {
            CertificateError::ExpiredContext { not_after, .. } => Some(not_after),
            _ => None,
        });
        let end = end.map(|end| Duration::from_secs(end.as_secs()));
        Some(Self {
            names: super::explain::bare(&names),
            valid_for: end.map(|end| end.saturating_sub(today)),
            is_pinned: !matches!(
                by_authorities,
                Some(CertificateError::NotValidForNameContext { .. })
            ),
        })
    }
}

fn refusal(
    verifier: &dyn ServerCertVerifier,
    chain: &[CertificateDer<'_>],
    then: Duration,
) -> Option<CertificateError> {
    let (own, others) = chain.split_first()?;
    let name = ServerName::try_from(NOBODY).ok()?;
    let then = UnixTime::since_unix_epoch(then);
    match verifier.verify_server_cert(own, others, &name, &[], then) {
        Err(Error::InvalidCertificate(fault)) => Some(fault),
        _ => None,
    }
}
