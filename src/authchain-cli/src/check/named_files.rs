//! Checks the files with which a backend logs itself in, and those by which it trusts a server.
//! Without them the worker asks no server.

use std::path::{Path, PathBuf};

use authchain::config::BackendTable;
use authchain::config::settings::active_directory::ActiveDirectorySettings;
use authchain::config::settings::ldap::uri::Scheme;
use authchain::config::settings::ldap::{LdapSettings, Tls};
use authchain::config::settings::tls::{TlsSettings, TlsVerify};
use authchain::files::pem;
use authchain::tools::trusted_file::{self, Access};
use zeroize::Zeroizing;

use super::report::{Report, Severity};

/// Maximum size of such a file, in bytes; the worker has the same.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// The longest password that is sent to a directory, in bytes.
const MAX_PASSWORD: usize = 511;

/// The labels of private keys in PEM form (RFC 7468 §10, and those of RSA and EC before it).
const KEYS: [&str; 3] = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"];

/// A file that a backend's section names.
struct Named {
    key: &'static str,
    path: PathBuf,
    content: Content,
}

/// The kind of content that a file must have.
#[derive(Clone, Copy)]
enum Content {
    Password,
    Certificates,
    PrivateKey,
}

/// Checks whether the files that `table` names are there, nobody else's, and hold what they should.
pub(super) fn check(table: &BackendTable<'_>, severity: Severity, report: &mut Report) {
    for Named { key, path, content } in files_of(table) {
        let consequence = format!(" ({key}: backend {} cannot answer)", table.name());
        match trusted_file::read(&path, content.access(), MAX_BYTES).map(Zeroizing::new) {
            Err(error) => report.add_file_error(severity, &error, &consequence),
            Ok(bytes) => {
                if let Some(lack) = content.lack(&bytes) {
                    report.add(severity, &path, format!("{lack}{consequence}"));
                }
            }
        }
    }
}

impl Content {
    fn access(self) -> Access {
        match self {
            Self::Password | Self::PrivateKey => Access::Private,
            Self::Certificates => Access::Public,
        }
    }

    /// Returns what these bytes lack, if anything.
    fn lack(self, bytes: &[u8]) -> Option<&'static str> {
        let holds = |label: &&str| pem::blocks(bytes, label).is_some_and(|all| !all.is_empty());
        match self {
            Self::Password => fault_of_password(bytes),
            Self::Certificates if bytes.is_empty() => Some("it is empty"),
            Self::Certificates => match pem::blocks(bytes, "CERTIFICATE") {
                None => Some("a certificate in it is cut short or no PEM"),
                Some(all) if all.is_empty() => Some("holds no certificate in PEM form"),
                Some(_) => None,
            },
            Self::PrivateKey => {
                (!KEYS.iter().any(holds)).then_some("holds no private key in PEM form")
            }
        }
    }
}

/// Returns why the worker sends no such password to a directory, if it sends none. One line break
/// at the end does not count.
fn fault_of_password(bytes: &[u8]) -> Option<&'static str> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    match bytes.strip_suffix(b"\r").unwrap_or(bytes) {
        [] => Some("it is empty"),
        bytes if bytes.len() > MAX_PASSWORD => Some("the password in it is over 511 bytes long"),
        bytes if bytes.contains(&0) => Some("the password in it has a NUL"),
        bytes => (std::str::from_utf8(bytes).is_err()).then_some("it is not UTF-8"),
    }
}

fn files_of(table: &BackendTable<'_>) -> Vec<Named> {
    match table.common().kind.get_ref().as_str() {
        "ldap" => table.settings().map_or_else(|_| Vec::new(), of_ldap),
        "active_directory" => (table.settings::<ActiveDirectorySettings>()).map_or_else(
            |_| Vec::new(),
            |settings| {
                let mut files = of_tls(&settings.tls_settings());
                files.extend(password(settings.bind_password_file.as_deref()));
                files
            },
        ),
        _ => Vec::new(),
    }
}

fn of_ldap(settings: LdapSettings) -> Vec<Named> {
    let mut uris = settings.uris.iter().chain(&settings.backup_uris);
    let is_remote = settings.srv.is_some() || uris.any(|uri| uri.scheme != Scheme::Ldapi);
    let mut files = match is_remote && settings.tls != Some(Tls::None) {
        true => of_tls(&settings.tls_settings()),
        false => Vec::new(),
    };
    files.extend(password(settings.bind_password_file.as_deref()));
    files
}

fn password(path: Option<&Path>) -> Option<Named> {
    Some(Named {
        key: "bind_password_file",
        path: path?.to_owned(),
        content: Content::Password,
    })
}

fn of_tls(settings: &TlsSettings<'_>) -> Vec<Named> {
    let authorities = Some(settings.ca_file).filter(|_| settings.verify != TlsVerify::None);
    let (cert, key) = settings.client.unzip();
    [
        ("tls_ca_file", authorities, Content::Certificates),
        ("tls_cert", cert, Content::Certificates),
        ("tls_key", key, Content::PrivateKey),
    ]
    .into_iter()
    .filter_map(|(key, path, content)| {
        Some(Named {
            key,
            path: path?.to_owned(),
            content,
        })
    })
    .collect()
}
