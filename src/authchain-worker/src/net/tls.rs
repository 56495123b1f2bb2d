//! The trust in servers' certificates, from the settings alone.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use authchain::config::settings::tls::{TlsSettings, TlsVerify, TlsVersion};
use authchain::tools::trusted_file::{self, Access};
use authchain::words::BackendError;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::ServerCertVerifier;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use zeroize::Zeroizing;

mod certificate;
mod explain;
mod pinned;
mod revocation;
mod verify;

pub use certificate::{Certificate, SOON};
pub use explain::{days, failure};
pub use pinned::Pinned;
use revocation::ByLists;

/// The largest file of certificates, in bytes. A distribution's bundle has a quarter of a megabyte.
const MAX_FILE: u64 = 8 * 1024 * 1024;

/// The authorities that are trusted, and how every handshake is done.
pub struct Trust {
    /// The configuration of every handshake.
    pub config: Arc<ClientConfig>,
    /// The verifier without revocation lists; `None` with `tls_verify = "none"`.
    pub verifier: Option<Arc<Pinned>>,
    /// True if certificates are compared with lists of revoked ones.
    pub has_lists: bool,
    /// The checks of a certificate.
    pub verify: TlsVerify,
    /// The file from which the authorities were read.
    pub ca_file: PathBuf,
}

/// Reads the files that `settings` names, and returns the configuration of every handshake.
///
/// The cryptography provider is passed explicitly: no default of the process and no environment
/// variable decides whom the worker trusts.
///
/// # Errors
/// For a file that cannot be read, or lacks the expected certificate, key or list.
pub fn configure(settings: &TlsSettings<'_>) -> Result<Trust, BackendError> {
    let provider = Arc::new(ring::default_provider());
    let versions: &[_] = match settings.min {
        TlsVersion::V1_2 => &[&TLS12, &TLS13],
        TlsVersion::V1_3 => &[&TLS13],
    };
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_protocol_versions(versions);
    let builder = builder.map_err(|error| BackendError::Failed(error.to_string()))?;
    let builder = builder.dangerous();
    let verifiers = match settings.verify {
        TlsVerify::Full | TlsVerify::Ca => Some(verifiers(settings, &provider)?),
        TlsVerify::None => None,
    };
    let (examining, handshaking) = verifiers.unzip();
    let builder = builder.with_custom_certificate_verifier(match handshaking {
        Some(verifier) if settings.verify == TlsVerify::Full => verifier,
        Some(verifier) => Arc::new(verify::AnyName::new(verifier)),
        None => Arc::new(verify::Anyone::new(&provider)),
    });
    let mut config = match settings.client {
        Some((cert, key)) => builder
            .with_client_auth_cert(certificates(cert)?, private_key(key)?)
            .map_err(|error| fault(key, error))?,
        None => builder.with_no_client_auth(),
    };
    // One handshake a process: there is nothing to resume.
    config.resumption = Resumption::disabled();
    Ok(Trust {
        config: Arc::new(config),
        verifier: examining,
        has_lists: settings.crl_file.is_some(),
        verify: settings.verify,
        ca_file: settings.ca_file.to_owned(),
    })
}

/// Two verifiers. The first one examines certificates. The second one is for handshakes, and also
/// checks revocation lists if there are any.
type Verifiers = (Arc<Pinned>, Arc<dyn ServerCertVerifier>);

fn verifiers(
    settings: &TlsSettings<'_>,
    provider: &Arc<CryptoProvider>,
) -> Result<Verifiers, BackendError> {
    let certificates = certificates(settings.ca_file)?;
    let roots = Arc::new(roots(&certificates, provider));
    let is_readable = |certificate| ParsedCertificate::try_from(certificate).is_ok();
    if roots.is_empty() && !certificates.iter().any(is_readable) {
        return Err(fault(settings.ca_file, "no certificate in it can be read"));
    }
    let certificates = certificates.into();
    let builder = || {
        let (roots, provider) = (Arc::clone(&roots), Arc::clone(provider));
        WebPkiServerVerifier::builder_with_provider(roots, provider)
    };
    let pinned = |authorities| Arc::new(Pinned::new(&certificates, authorities, provider));
    let without_lists: Option<Arc<dyn ServerCertVerifier>> = match roots.is_empty() {
        true => None,
        false => Some((builder().build()).map_err(|error| fault(settings.ca_file, error))?),
    };
    let with_lists = match settings.crl_file {
        Some(file) => Some(Arc::new(ByLists::new(builder(), file)?) as _),
        None => without_lists.clone(),
    };
    Ok((pinned(without_lists), pinned(with_lists)))
}

/// Returns the authorities among the certificates of `tls_ca_file`. A server's certificate there
/// vouches for no other.
fn roots(certificates: &[CertificateDer<'_>], provider: &CryptoProvider) -> RootCertStore {
    let algorithms = provider.signature_verification_algorithms;
    let is_authority = |der: &&CertificateDer<'_>| pinned::is_authority(der, &algorithms);
    let authorities = certificates.iter().filter(is_authority);
    let mut roots = RootCertStore::empty();
    // Some bundles contain malformed certificates: they are ignored.
    roots.add_parsable_certificates(authorities.map(|der| CertificateDer::from(der.as_ref())));
    roots
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, BackendError> {
    let bytes = trusted_file::read(path, Access::Public, MAX_FILE)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => {
            Err(fault(path, "holds no certificate in PEM form"))
        }
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(fault(path, error)),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, BackendError> {
    let bytes = Zeroizing::new(trusted_file::read(path, Access::Private, MAX_FILE)?);
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| fault(path, error))
}

/// Returns that what a file holds is of no use.
fn fault(path: &Path, why: impl fmt::Display) -> BackendError {
    BackendError::Unavailable(format!("{}: {why}", path.display()))
}
