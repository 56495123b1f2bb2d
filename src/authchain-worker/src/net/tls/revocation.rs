//! Verifies certificates by lists of revoked ones (CRLs, RFC 5280 §5).

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use authchain::files::revocation_lists::{self, MAX_FILE, RevocationList};
use authchain::tools::journal::quoted;
use authchain::tools::trusted_file::{self, Access};
use authchain::words::BackendError;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::client::{
    ServerCertVerifierBuilder, VerifierBuilderError, WebPkiServerVerifier,
};
use tokio_rustls::rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, ServerName, UnixTime,
};
use tokio_rustls::rustls::{
    CertRevocationListError, CertificateError, DigitallySignedStruct, Error, OtherError,
    SignatureScheme,
};

/// A verifier that also checks revocation lists, and names the list that is at fault.
#[derive(Debug)]
pub(super) struct ByLists {
    inner: Arc<WebPkiServerVerifier>,
    file: PathBuf,
    lists: Vec<RevocationList>,
}

/// The reason why a certificate is refused, in words for the log.
#[derive(Debug)]
pub(super) struct Words(String);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Words {}

impl ByLists {
    /// Reads the lists, and has `builder` make a verifier that checks every certificate of a chain
    /// by the list of its authority. A certificate without a list, or with a list that is too old,
    /// is refused: it may have been revoked.
    pub(super) fn new(
        builder: ServerCertVerifierBuilder,
        file: &Path,
    ) -> Result<Self, BackendError> {
        let fault = |text: &dyn fmt::Display| {
            BackendError::Unavailable(format!("tls_crl_file {}: {text}", file.display()))
        };
        let bytes = trusted_file::read(file, Access::Public, MAX_FILE)?;
        let lists = revocation_lists::lists(&bytes).map_err(|lack| fault(&lack))?;
        let ders = lists.iter().map(|list| list.der.clone());
        let inner = builder
            .with_crls(ders.map(CertificateRevocationListDer::from))
            .enforce_revocation_expiration()
            .build()
            .map_err(|error| match error {
                VerifierBuilderError::InvalidCrl(why) => fault(&in_words(&why)),
                _ => fault(&"nothing can be checked by it"),
            })?;
        Ok(Self {
            inner,
            file: file.to_owned(),
            lists,
        })
    }

    fn words(&self, fault: ListFault, is_direct: bool, now: UnixTime) -> String {
        let file = self.file.display();
        match fault {
            ListFault::Revoked if is_direct => "certificate was revoked".to_owned(),
            ListFault::Revoked => {
                "certificate was revoked, or that of an authority on the way to it".to_owned()
            }
            ListFault::NoList => {
                let authorities = self.lists.iter().map(|list| quoted(&list.authority));
                format!(
                    "tls_crl_file {file}: no list of the certificate's authority, or of one on the \
                     way to it; it holds those of {}",
                    authorities.collect::<Vec<_>>().join(", ")
                )
            }
            ListFault::TooOld => format!("tls_crl_file {file}: {}", self.too_old(now)),
            ListFault::Unusable(why) => format!("tls_crl_file {file}: {why}"),
        }
    }
    fn too_old(&self, now: UnixTime) -> String {
        let now = UNIX_EPOCH
            .checked_add(Duration::from_secs(now.as_secs()))
            .unwrap_or(UNIX_EPOCH);
        let old = self.lists.iter().filter(|list| list.is_too_old(now));
        let old: Vec<String> = old.map(RevocationList::complaint).collect();
        match old.is_empty() {
            true => "a list is too old".to_owned(),
            false => old.join(", "),
        }
    }
}

/// Returns true if a list, or the lack of one, is the reason why a certificate is refused.
pub(super) fn is_behind(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidCertificate(CertificateError::Other(OtherError(why))) if why.is::<Words>()
    )
}

/// A revoked certificate, or a fault of the lists.
enum ListFault {
    Revoked,
    NoList,
    TooOld,
    Unusable(&'static str),
}

impl ListFault {
    fn of(error: &Error) -> Option<Self> {
        Some(match error {
            Error::InvalidCertificate(CertificateError::Revoked) => Self::Revoked,
            Error::InvalidCertificate(CertificateError::UnknownRevocationStatus) => Self::NoList,
            Error::InvalidCertificate(
                CertificateError::ExpiredRevocationList
                | CertificateError::ExpiredRevocationListContext { .. },
            ) => Self::TooOld,
            Error::InvalidCertRevocationList(why) => Self::Unusable(in_words(why)),
            _ => return None,
        })
    }
}

fn in_words(error: &CertRevocationListError) -> &'static str {
    match error {
        CertRevocationListError::BadSignature => {
            "a list is not signed by the authority that it names"
        }
        CertRevocationListError::IssuerInvalidForCrl => {
            "a list is signed by an authority that may not sign lists (keyUsage cRLSign)"
        }
        CertRevocationListError::UnsupportedCrlVersion => "a list is not of version 2",
        CertRevocationListError::UnsupportedDeltaCrl => "a list only tells changes to another",
        CertRevocationListError::UnsupportedIndirectCrl => "a list is by somebody else's authority",
        _ => "a list is malformed, or says what is not understood",
    }
}

impl ServerCertVerifier for ByLists {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let inner = &self.inner;
        let checked =
            inner.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        checked.map_err(|error| match ListFault::of(&error) {
            Some(fault) => {
                let words = self.words(fault, intermediates.is_empty(), now);
                CertificateError::Other(OtherError(Arc::new(Words(words)))).into()
            }
            None => error,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
