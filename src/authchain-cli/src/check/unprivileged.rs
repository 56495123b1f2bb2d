//! The backends that cannot answer in a program that is not root, such as a screen locker.

use authchain::config::BackendTable;
use authchain::config::settings::active_directory::ActiveDirectorySettings;
use authchain::config::settings::ldap::LdapSettings;

/// Returns the names of the backends with files that only root may read.
pub(super) fn unable(links: &[&BackendTable<'_>]) -> Vec<String> {
    let unable = links.iter().filter(|table| needs_root(table));
    unable.map(|table| table.name().to_owned()).collect()
}

/// Returns whether the backend reads a shadow file, another file of passwords, or a secret.
fn needs_root(table: &BackendTable<'_>) -> bool {
    match table.common().kind.get_ref().as_str() {
        "local" | "app_passwords" => true,
        "ldap" => (table.settings::<LdapSettings>())
            .is_ok_and(|settings| settings.bind_password_file.is_some()),
        "active_directory" => (table.settings::<ActiveDirectorySettings>())
            .is_ok_and(|settings| settings.bind_password_file.is_some()),
        _ => false,
    }
}

/// Returns the note about a line whose program is not root and whose chain has the backends
/// `unable` to answer there.
pub(super) fn remark(unable: &[String]) -> String {
    format!(
        "this program is not root, and may not read the files of {}; what works there is a \
         configuration of its own (config=), whose chain has a directory with user_dn_template and \
         without bind_dn; see authchain.toml(5)",
        unable.join(", ")
    )
}
