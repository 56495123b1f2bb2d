//! Checks the certificate revocation lists that backends name. Without a valid list the worker
//! trusts no server.

use std::path::PathBuf;

use authchain::config::BackendTable;
use authchain::config::settings::active_directory::ActiveDirectorySettings;
use authchain::config::settings::ldap::LdapSettings;
use authchain::files::revocation_lists::{self, MAX_FILE};
use authchain::tools::trusted_file::{self, Access};

use super::report::{Report, Severity};
use crate::clock::now;

/// Checks the file of `table`, if it names one.
pub(super) fn check(table: &BackendTable<'_>, severity: Severity, report: &mut Report) {
    let Some(path) = file_of(table) else {
        return;
    };
    let bytes = trusted_file::read(&path, Access::Public, MAX_FILE);
    let lists = bytes
        .map_err(|error| error.fault.to_string())
        .and_then(|bytes| revocation_lists::lists(&bytes).map_err(|lack| lack.to_string()));
    let (faults, consequence) = match lists {
        Ok(lists) => {
            let old = lists.iter().filter(|list| list.is_too_old(now()));
            let old = old.map(revocation_lists::RevocationList::complaint);
            (old.collect(), "believes no server of that authority")
        }
        Err(fault) => (vec![fault], "cannot answer"),
    };
    for fault in faults {
        let message = format!(
            "{fault} (tls_crl_file: backend {} {consequence})",
            table.name()
        );
        report.add(severity, &path, message);
    }
}

fn file_of(table: &BackendTable<'_>) -> Option<PathBuf> {
    match table.common().kind.get_ref().as_str() {
        "ldap" => table.settings::<LdapSettings>().ok()?.tls_crl_file,
        "active_directory" => {
            table
                .settings::<ActiveDirectorySettings>()
                .ok()?
                .tls_crl_file
        }
        _ => None,
    }
}
