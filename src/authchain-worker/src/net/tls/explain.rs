//! Explains failed TLS handshakes to an administrator.

use std::io;

use authchain::tools::journal::quoted;
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, Error, InvalidMessage, OtherError, PeerIncompatible,
};

use super::revocation::Words;

use crate::net::failure::{Failure, io_text};

const SECONDS_A_DAY: u64 = 24 * 60 * 60;

/// Returns the failure of a handshake. The server answers, unless this process is to blame.
pub fn failure(step: &'static str, error: &io::Error) -> Failure {
    match of_library(error) {
        Some(Error::General(_) | Error::FailedToGetRandomBytes | Error::FailedToGetCurrentTime) => {
            Failure::local(step, explain(error))
        }
        None if error.kind() != io::ErrorKind::UnexpectedEof => Failure::of_connection(step, error),
        _ => Failure::trouble(step, explain(error)),
    }
}

fn of_library(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// Returns the error in words that an administrator can act on. They contain no text of the TLS
/// library: its texts change with each version, and name types of Rust.
fn explain(error: &io::Error) -> String {
    let words = match of_library(error) {
        Some(Error::InvalidCertificate(fault)) => return certificate(fault),
        Some(Error::AlertReceived(alert)) => return refusal(*alert),
        Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            "what answers does not speak TLS here"
        }
        Some(Error::PeerIncompatible(why)) => incompatible(why),
        Some(Error::NoCertificatesPresented) => "the server shows no certificate",
        Some(Error::InvalidCertRevocationList(_)) => "tls_crl_file: a list cannot be verified",
        Some(Error::General(_) | Error::FailedToGetRandomBytes | Error::FailedToGetCurrentTime) => {
            "the handshake failed in this process"
        }
        Some(_) => "what the server sends in the handshake is not valid TLS",
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the server closed the connection during the handshake"
        }
        None => return io_text(error),
    };
    words.to_owned()
}

/// Returns the meaning of the alert by which a server ends a handshake (RFC 8446 §6.2).
fn refusal(alert: AlertDescription) -> String {
    let name = match alert {
        AlertDescription::HandshakeFailure => "handshake_failure",
        AlertDescription::InsufficientSecurity => "insufficient_security",
        AlertDescription::ProtocolVersion => "protocol_version",
        AlertDescription::UnrecognisedName => "unrecognized_name",
        AlertDescription::CertificateRequired => "certificate_required",
        AlertDescription::BadCertificate => "bad_certificate",
        AlertDescription::UnsupportedCertificate => "unsupported_certificate",
        AlertDescription::CertificateRevoked => "certificate_revoked",
        AlertDescription::CertificateExpired => "certificate_expired",
        AlertDescription::CertificateUnknown => "certificate_unknown",
        AlertDescription::UnknownCA => "unknown_ca",
        AlertDescription::AccessDenied => "access_denied",
        other => &format!("alert {}", u8::from(other)),
    };
    let cure = match alert {
        AlertDescription::HandshakeFailure => {
            "no cipher in common, or it wants a certificate of ours (tls_cert); it must offer ECDHE \
             with AES-GCM or ChaCha20"
        }
        AlertDescription::InsufficientSecurity => "it must offer ECDHE with AES-GCM or ChaCha20",
        AlertDescription::ProtocolVersion => "it speaks no version of TLS from tls_min on",
        AlertDescription::UnrecognisedName => "it has no certificate for the name it was asked for",
        AlertDescription::CertificateRequired => "it wants a certificate of ours (tls_cert)",
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied => "it does not accept our certificate (tls_cert)",
        _ => "see its own log",
    };
    format!("the server refuses the handshake: {name}; {cure}")
}

fn incompatible(why: &PeerIncompatible) -> &'static str {
    match why {
        PeerIncompatible::ServerDoesNotSupportTls12Or13 => {
            "the server speaks neither TLS 1.2 nor TLS 1.3"
        }
        PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig => {
            "the server speaks no version of TLS from tls_min on"
        }
        PeerIncompatible::NoCipherSuitesInCommon
        | PeerIncompatible::NoKxGroupsInCommon
        | PeerIncompatible::NoEcPointFormatsInCommon
        | PeerIncompatible::NoSignatureSchemesInCommon => {
            "no cipher in common with the server: it must offer ECDHE with AES-GCM or ChaCha20"
        }
        PeerIncompatible::ExtendedMasterSecretExtensionRequired => {
            "the server lacks extended_master_secret (RFC 7627), which TLS 1.2 needs to be safe"
        }
        _ => "the server's TLS lacks what TLS 1.2 and 1.3 need",
    }
}

fn certificate(fault: &CertificateError) -> String {
    let words = match fault {
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => return wrong_name(&expected.to_str(), &bare(presented)),
        CertificateError::UnknownIssuer => {
            "certificate is from an authority that tls_ca_file does not hold, or signed by itself"
        }
        CertificateError::ExpiredContext { time, not_after } => {
            let since = time.as_secs().saturating_sub(not_after.as_secs());
            return format!("certificate expired {} ago", days(since));
        }
        CertificateError::NotValidYetContext { time, not_before } => {
            let until = not_before.as_secs().saturating_sub(time.as_secs());
            return format!(
                "certificate will be valid in {} only; is this clock right?",
                days(until)
            );
        }
        CertificateError::Expired => "certificate expired",
        CertificateError::BadEncoding => "certificate is malformed",
        CertificateError::BadSignature => {
            "a signature is not valid: a key is RSA of less than 2048 bits, or tls_ca_file holds \
             another authority of the same name"
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "certificate is signed by a method that is not safe any more, such as SHA-1; it must \
             be signed with SHA-256 or better"
        }
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "certificate is not for servers: its extended key usage lacks serverAuth"
        }
        CertificateError::UnhandledCriticalExtension => {
            "certificate has a critical extension that is not known here"
        }
        CertificateError::Other(OtherError(why)) if why.is::<Words>() => return why.to_string(),
        CertificateError::Other(OtherError(why)) => path(why.downcast_ref()),
        _ => "certificate cannot be verified",
    };
    words.to_owned()
}

/// Returns the fault in the path from a server's certificate to its authority (RFC 5280 §6).
fn path(fault: Option<&webpki::Error>) -> &'static str {
    match fault {
        Some(webpki::Error::CaUsedAsEndEntity) => {
            "certificate is that of an authority (CA:TRUE), perhaps signed by itself: have one \
             issued for the server (CA:FALSE), or put this very one into tls_ca_file"
        }
        Some(webpki::Error::EndEntityUsedAsCa) => {
            "certificate was issued by one that is no authority (CA:FALSE)"
        }
        Some(webpki::Error::UnsupportedCertVersion) => {
            "certificate is of X.509 version 1 or 2; it must be of version 3, with the server's \
             name in subjectAltName"
        }
        Some(webpki::Error::NameConstraintViolation) => {
            "certificate is for a name that its authority must not vouch for (name constraints)"
        }
        Some(
            webpki::Error::PathLenConstraintViolated
            | webpki::Error::MaximumPathDepthExceeded
            | webpki::Error::MaximumPathBuildCallsExceeded
            | webpki::Error::MaximumSignatureChecksExceeded,
        ) => "too many certificates stand between the server's and that of its authority",
        Some(
            webpki::Error::SignatureAlgorithmMismatch
            | webpki::Error::MalformedExtensions
            | webpki::Error::ExtensionValueInvalid
            | webpki::Error::InvalidSerialNumber
            | webpki::Error::EmptyEkuExtension
            | webpki::Error::MalformedDnsIdentifier
            | webpki::Error::MalformedNameConstraint
            | webpki::Error::InvalidNetworkMaskConstraint,
        ) => "certificate is malformed",
        _ => "certificate cannot be verified",
    }
}

fn wrong_name(expected: &str, names: &[String]) -> String {
    if names.is_empty() {
        return format!(
            "certificate is for no name at all, not for {expected}; its names must stand in \
             subjectAltName"
        );
    }
    // The right name in the wrong form: an address was entered as a DNS name.
    if names.iter().any(|name| name == expected) {
        return format!(
            "certificate has the address {expected} as a DNS name; it must be an iPAddress of \
             subjectAltName"
        );
    }
    let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    format!("certificate is for {}, not {expected}", names.join(", "))
}

/// Formats a number of seconds in days.
pub fn days(seconds: u64) -> String {
    match seconds.checked_div(SECONDS_A_DAY).unwrap_or_default() {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

/// Removes the kind that rustls writes around names: `DnsName("ldap.example.com")`.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::failure::FailureKind;
    use std::sync::Arc;

    fn explained(error: Error) -> String {
        explain(&io::Error::other(error))
    }

    #[test]
    fn a_handshake_fails_here_or_there() {
        let kind = |error| failure("TLS", &error).kind;
        for here in [
            io::Error::other(Error::FailedToGetRandomBytes),
            io::Error::other(Error::General(String::new())),
            io::Error::from_raw_os_error(nix::errno::Errno::ENOBUFS as i32),
        ] {
            assert_eq!(kind(here), FailureKind::Local);
        }
        for there in [
            io::Error::other(Error::NoCertificatesPresented),
            io::Error::other(Error::InvalidCertificate(CertificateError::Expired)),
            io::Error::from(io::ErrorKind::UnexpectedEof),
            io::Error::from_raw_os_error(nix::errno::Errno::ECONNRESET as i32),
        ] {
            assert_eq!(kind(there), FailureKind::Trouble);
        }
    }

    #[test]
    fn no_explanation_contains_a_text_of_a_library() {
        let paths = [
            webpki::Error::CaUsedAsEndEntity,
            webpki::Error::EndEntityUsedAsCa,
            webpki::Error::UnsupportedCertVersion,
            webpki::Error::NameConstraintViolation,
            webpki::Error::MaximumPathDepthExceeded,
            webpki::Error::MalformedExtensions,
            webpki::Error::UnsupportedCrlVersion,
        ];
        let paths = paths.map(|path| CertificateError::Other(OtherError(Arc::new(path))));
        let faults = [
            CertificateError::BadEncoding,
            CertificateError::BadSignature,
            CertificateError::InvalidPurpose,
            CertificateError::UnhandledCriticalExtension,
            CertificateError::ApplicationVerificationFailure,
        ];
        let faults = paths.into_iter().chain(faults);
        let faults = faults.map(|fault| (format!("{fault:?}"), Error::InvalidCertificate(fault)));
        let alerts = (0..=u8::MAX).map(|number| {
            let alert = AlertDescription::from(number);
            (format!("{alert:?}"), Error::AlertReceived(alert))
        });
        let incompatible = [
            PeerIncompatible::NoCipherSuitesInCommon,
            PeerIncompatible::ServerDoesNotSupportTls12Or13,
            PeerIncompatible::KeyShareExtensionRequired,
        ];
        let incompatible = incompatible
            .into_iter()
            .map(|why| (format!("{why:?}"), Error::PeerIncompatible(why)));
        let general = ("rustls".to_owned(), Error::General("rustls".to_owned()));
        for (name, error) in faults.chain(alerts).chain(incompatible).chain([general]) {
            let text = explained(error);
            assert!(!text.contains(&name), "{name}: {text}");
            let is_plain = |c: char| !c.is_control() && !"{}[]".contains(c);
            assert!(text.len() > 20 && text.chars().all(is_plain), "{text}");
        }
    }
}
