//! Verifies pinned certificates: those of servers that stand themselves in `tls_ca_file`.
//!
//! A pinned certificate is trusted whoever signed it, and whatever the signature is. Its dates, its
//! purpose and its name are checked like any other's, and its key verifies the handshake.

use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use tokio_rustls::rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};

use super::revocation;

/// A verifier that trusts a certificate for which an authority of `tls_ca_file` vouches, or which
/// stands itself in that file.
#[derive(Debug)]
pub struct Pinned {
    certificates: Arc<[CertificateDer<'static>]>,
    authorities: Option<Arc<dyn ServerCertVerifier>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Pinned {
    /// Returns the verifier for a file of these certificates. `authorities` verifies by those of
    /// them that are authorities', if there are any.
    pub(super) fn new(
        certificates: &Arc<[CertificateDer<'static>]>,
        authorities: Option<Arc<dyn ServerCertVerifier>>,
        provider: &CryptoProvider,
    ) -> Self {
        Self {
            certificates: Arc::clone(certificates),
            authorities,
            algorithms: provider.signature_verification_algorithms,
        }
    }

    /// Returns the verifier that trusts the authorities alone.
    pub(super) fn authorities(&self) -> Option<&dyn ServerCertVerifier> {
        self.authorities.as_deref()
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let vouch = |intermediates: &[_]| match &self.authorities {
            Some(authorities) => authorities.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            ),
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        let verified = vouch(intermediates);
        if verified.is_ok() || !self.certificates.contains(end_entity) {
            return verified;
        }
        // A refusal by a revocation list holds for a pinned certificate, too. The authorities are
        // asked again without the intermediates: the server chooses them, and they may make the
        // verifier give up before it comes to the list that has this certificate.
        let refused = [verified, vouch(&[])]
            .into_iter()
            .find(|verified| verified.as_ref().is_err_and(revocation::is_behind));
        refused.unwrap_or_else(|| self.verify_pinned(end_entity, server_name, now))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl Pinned {
    /// Verifies a certificate for which no authority need vouch.
    fn verify_pinned(
        &self,
        certificate: &CertificateDer<'_>,
        server_name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = ParsedCertificate::try_from(certificate)?;
        subject(&certificate, now, &self.algorithms)?;
        verify_server_name(&certificate, server_name)?;
        Ok(ServerCertVerified::assertion())
    }
}

/// Returns true if the certificate may vouch for others (RFC 5280 §4.2.1.9): it says CA:TRUE, or is
/// of X.509 version 1, which cannot say it.
pub(super) fn is_authority(
    certificate: &CertificateDer<'_>,
    algorithms: &WebPkiSupportedAlgorithms,
) -> bool {
    // The parser is the one for servers' certificates: what it refuses may be a root all the same.
    let Ok(certificate) = ParsedCertificate::try_from(certificate) else {
        return true;
    };
    let subject = |time| subject(&certificate, time, algorithms);
    let found = match subject(UnixTime::since_unix_epoch(Duration::ZERO)) {
        Err(Error::InvalidCertificate(CertificateError::NotValidYetContext {
            not_before, ..
        })) => subject(not_before),
        found => found,
    };
    matches!(found, Ok(Subject::Authority))
}

/// The kind of subject that a certificate names (RFC 5280 §4.2.1.9).
enum Subject {
    Server,
    Authority,
}

/// Returns whose certificate it is, if it is valid at `time`.
///
/// The library is asked while it trusts nobody. It looks at the dates first, then whether the
/// certificate is an authority's, then at its purpose, and last for an authority that vouches.
fn subject(
    certificate: &ParsedCertificate<'_>,
    time: UnixTime,
    algorithms: &WebPkiSupportedAlgorithms,
) -> Result<Subject, Error> {
    let (nobody, all) = (RootCertStore::empty(), algorithms.all);
    match verify_server_cert_signed_by_trust_anchor(certificate, &nobody, &[], time, all) {
        Ok(()) | Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            Ok(Subject::Server)
        }
        Err(Error::InvalidCertificate(CertificateError::Other(OtherError(why))))
            if matches!(why.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity)) =>
        {
            Ok(Subject::Authority)
        }
        Err(error) => Err(error),
    }
}
