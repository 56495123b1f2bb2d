//! Checks the files with which a backend logs itself in. Without them the worker asks no server.

use std::path::PathBuf;

use authchain::config::BackendTable;
use authchain::config::settings::active_directory::ActiveDirectorySettings;
use authchain::config::settings::ldap::LdapSettings;
use authchain::tools::trusted_file::{self, Access};

use super::report::{Report, Severity};

/// Checks whether the files that `table` names are there, and nobody else's.
pub(super) fn check(table: &BackendTable<'_>, severity: Severity, report: &mut Report) {
    for (key, path, access) in files_of(table) {
        if let Err(error) = trusted_file::open(&path, access) {
            let consequence = format!(" ({key}: backend {} cannot answer)", table.name());
            report.add_file_error(severity, &error, &consequence);
        }
    }
}

/// Returns the files with their keys, and who may read them.
fn files_of(table: &BackendTable<'_>) -> Vec<(&'static str, PathBuf, Access)> {
    let password = |path| ("bind_password_file", path, Access::Private);
    match table.common().kind.get_ref().as_str() {
        "ldap" => {
            let Ok(settings) = table.settings::<LdapSettings>() else {
                return Vec::new();
            };
            let certificate = |path| ("tls_cert", path, Access::Public);
            let key = |path| ("tls_key", path, Access::Private);
            [
                settings.bind_password_file.map(password),
                settings.tls_cert.map(certificate),
                settings.tls_key.map(key),
            ]
            .into_iter()
            .flatten()
            .collect()
        }
        "active_directory" => (table.settings::<ActiveDirectorySettings>().ok())
            .and_then(|settings| settings.bind_password_file.map(password))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}
