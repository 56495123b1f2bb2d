//! Explains failed TLS handshakes to an administrator.

use std::io;

use authchain::tools::journal::quoted;
use tokio_rustls::rustls::{CertificateError, Error, InvalidMessage, OtherError};

use super::revocation::Words;

use crate::net::failure::io_text;

const SECONDS_A_DAY: u64 = 24 * 60 * 60;

/// Returns the error in words an administrator can act on.
pub fn explain(error: &io::Error) -> String {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        Some(Error::InvalidCertificate(fault)) => certificate(fault),
        Some(Error::AlertReceived(alert)) => format!("the server refuses the handshake: {alert:?}"),
        Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            "what answers does not speak TLS here".to_owned()
        }
        Some(Error::PeerIncompatible(why)) => format!("no version or method in common: {why:?}"),
        Some(other) => other.to_string(),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the server closed the connection during the handshake".to_owned()
        }
        None => io_text(error),
    }
}

fn certificate(fault: &CertificateError) -> String {
    match fault {
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => {
            let expected = expected.to_str();
            match presented.as_slice() {
                [] => format!("certificate is for no name at all, not for {expected}"),
                names => {
                    let names = bare(names).into_iter().map(|name| quoted(&name));
                    let names = names.collect::<Vec<_>>().join(", ");
                    format!("certificate is for {names}, not {expected}")
                }
            }
        }
        CertificateError::UnknownIssuer => {
            "certificate is from an authority that tls_ca_file does not hold, or signed by itself"
                .to_owned()
        }
        CertificateError::ExpiredContext { time, not_after } => {
            let since = time.as_secs().saturating_sub(not_after.as_secs());
            format!("certificate expired {} ago", days(since))
        }
        CertificateError::NotValidYetContext { time, not_before } => {
            let until = not_before.as_secs().saturating_sub(time.as_secs());
            format!(
                "certificate will be valid in {} only; is this clock right?",
                days(until)
            )
        }
        CertificateError::Expired => "certificate expired".to_owned(),
        CertificateError::Other(OtherError(why)) if why.is::<Words>() => why.to_string(),
        other => format!("certificate: {other}"),
    }
}

/// Returns seconds as an administrator counts them.
pub fn days(seconds: u64) -> String {
    match seconds.checked_div(SECONDS_A_DAY).unwrap_or_default() {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

/// Returns bare names of those that rustls gives with their kind: `DnsName("ldap.example.com")`.
pub(super) fn bare(names: &[String]) -> Vec<String> {
    let bare = names.iter().map(|name| {
        let quoted = between(name, "(\"", "\")");
        let bare = quoted.or_else(|| between(name, "(", ")"));
        bare.unwrap_or(name).to_owned()
    });
    bare.collect()
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    rest.strip_suffix(end)
}
