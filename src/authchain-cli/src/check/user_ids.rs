//! Checks whose user ids count for the people of a backend, and who decides on their aliases.

use std::fs;
use std::path::Path;

use authchain::backends::Backend;
use authchain::config::BackendTable;
use authchain::config::settings::active_directory::ActiveDirectorySettings;
use authchain::config::settings::ldap::LdapSettings;
use authchain::config::settings::ldap::alias::Alias;

use super::report::{Report, Severity};

const SWITCH: &str = "/etc/nsswitch.conf";
const SSSD: &str = "/etc/sssd/sssd.conf";
const WINBIND: &str = "/etc/samba/smb.conf";

/// The name services that know nobody but the people of this machine's own files.
const OWN: [&str; 2] = ["files", "systemd"];

/// Adds notes on the aliases and on whose user ids count, and a warning if that keeps everybody
/// out.
pub(super) fn check(
    file: &Path,
    table: &BackendTable<'_>,
    backend: &dyn Backend,
    report: &mut Report,
) {
    let Some(aliases) = aliases_of(table) else {
        return;
    };
    let mut add = |severity, message: &str| {
        let message = format!("backend {}: {message}", table.name());
        report.add(severity, file, message);
    };
    if !aliases.is_empty() {
        add(Severity::Note, &writers_decide(&aliases));
    }
    let services = services_of(&read(SWITCH));
    if backend.nature().compares_uids {
        if let Some(who) = computer_of_uids(&services, &read(SSSD), &read(WINBIND)) {
            let message = format!(
                "uid = \"entry\", and {who} computes user ids: where an entry has another one, its \
                 owner is refused; uid = \"system\" does not compare"
            );
            add(Severity::Note, &message);
        }
        return;
    }
    let message = "uid = \"system\": the user id that NSS has for a name counts, whatever the entry \
                   says";
    add(Severity::Note, message);
    if !services.is_empty() && services.iter().all(|name| OWN.contains(&name.as_str())) {
        add(Severity::Warning, &nobody_is_known(&services));
    }
}

/// Returns the aliases of a directory; `None` for a backend that is no directory.
fn aliases_of(table: &BackendTable<'_>) -> Option<Vec<Alias>> {
    match table.common().kind.get_ref().as_str() {
        "ldap" => Some(table.settings::<LdapSettings>().ok()?.aliases),
        "active_directory" => Some(table.settings::<ActiveDirectorySettings>().ok()?.aliases),
        _ => None,
    }
}

/// Returns the note that whoever may write the attribute of an alias decides on logins.
fn writers_decide(aliases: &[Alias]) -> String {
    let attributes: Vec<&str> = aliases.iter().map(Alias::attribute).collect();
    format!(
        "aliases: whoever may write {} into an entry decides who comes in by such a name; nobody \
         but administrators may be able to",
        attributes.join(" or ")
    )
}

/// Returns the warning that the system's name services know nobody in a directory.
fn nobody_is_known(services: &[String]) -> String {
    format!(
        "uid = \"system\", and {SWITCH} (passwd: {}) asks nobody who knows people of a directory: \
         all of them are refused",
        services.join(" ")
    )
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// Returns the name services that are asked for users (nsswitch.conf(5)), without the actions in
/// brackets between them.
fn services_of(switch: &str) -> Vec<String> {
    let lines = switch.lines().map(|line| without_comment(line, "#"));
    let mut lines = lines.filter_map(|line| line.trim().strip_prefix("passwd:"));
    let line = lines.next_back();
    let mut services = Vec::new();
    for part in line.unwrap_or_default().split('[') {
        let names = part.split_once(']').map_or(part, |(_, names)| names);
        services.extend(names.split_whitespace().map(str::to_owned));
    }
    services
}

/// Returns which of the name services computes user ids, by its configuration.
fn computer_of_uids(services: &[String], sssd: &str, winbind: &str) -> Option<&'static str> {
    let is_asked = |name: &str| services.iter().any(|service| service == name);
    if is_asked("sss") && sssd_maps_ids(sssd) {
        Some("sssd (ldap_id_mapping)")
    } else if is_asked("winbind") && winbind_maps_ids(winbind) {
        Some("winbind (idmap config)")
    } else {
        None
    }
}

/// Returns whether a domain of sssd computes user ids from SIDs, which is the default of the
/// provider `ad` (sssd-ad(5)).
fn sssd_maps_ids(text: &str) -> bool {
    text.split("\n[").any(|section| {
        let value = |key| {
            section
                .lines()
                .filter_map(|line| value_of(line, key))
                .next_back()
        };
        let is_domain = section.trim_start_matches('[').starts_with("domain/");
        let mapping = value("ldap_id_mapping").map(str::to_ascii_lowercase);
        is_domain
            && match mapping.as_deref() {
                Some(mapping) => mapping == "true",
                None => value("id_provider") == Some("ad"),
            }
    })
}

/// Returns whether a domain of winbind computes user ids from SIDs (idmap_rid(8),
/// idmap_autorid(8)).
fn winbind_maps_ids(text: &str) -> bool {
    text.lines().any(|line| {
        let Some((key, value)) = without_comment(line, "#;").split_once('=') else {
            return false;
        };
        let key = key.trim().to_ascii_lowercase();
        let is_backend = key.starts_with("idmap config") && key.ends_with("backend");
        is_backend && ["rid", "autorid"].contains(&value.trim())
    })
}

/// Returns the value that a line of sssd.conf gives to `key`, if it does.
fn value_of<'l>(line: &'l str, key: &str) -> Option<&'l str> {
    let (name, value) = without_comment(line, "#;").split_once('=')?;
    (name.trim() == key).then(|| value.trim())
}

fn without_comment<'l>(line: &'l str, marks: &str) -> &'l str {
    line.split(|c| marks.contains(c)).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_services_that_are_asked_for_users_are_read_without_their_actions() {
        for (text, expected) in [
            ("passwd: files sss\n", "files sss"),
            (
                "#passwd: nis\npasswd:files [!UNAVAIL=return] winbind # last\n",
                "files winbind",
            ),
            ("passwd: [ NOTFOUND=return ] files\ngroup: sss\n", "files"),
            ("group: files\n", ""),
        ] {
            assert_eq!(services_of(text).join(" "), expected, "{text}");
        }
    }

    #[test]
    fn who_computes_user_ids_is_read_from_its_configuration() {
        const AD: &str = "[sssd]\ndomains = a\n[domain/a]\nid_provider = ad\n";
        let services = services_of("passwd: files sss winbind\n");
        let who = |sssd: &str, winbind: &str| {
            let found = computer_of_uids(&services, sssd, winbind);
            found.map(|who| who.split(' ').next().unwrap())
        };
        assert_eq!(who(AD, ""), Some("sssd"));
        assert_eq!(who(&format!("{AD}ldap_id_mapping = False\n"), ""), None);
        assert_eq!(who("[domain/a]\nid_provider = ldap\n", ""), None);
        assert_eq!(
            who(
                "[domain/a]\nid_provider = ldap\nldap_id_mapping = true\n",
                ""
            ),
            Some("sssd")
        );
        assert_eq!(
            who("", "[global]\n idmap config EX : backend = rid\n"),
            Some("winbind")
        );
        assert_eq!(
            who(
                "",
                "idmap config * : backend = tdb\n; idmap config a:backend = rid\n"
            ),
            None
        );
        assert_eq!(
            computer_of_uids(&services_of("passwd: files\n"), AD, ""),
            None
        );
    }
}
