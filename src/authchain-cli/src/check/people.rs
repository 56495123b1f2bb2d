//! Finds people in the files of a local backend who cannot log in.

use std::collections::BTreeMap;
use std::path::Path;

use authchain::chain::{Identities, SystemIdentities, is_system_uid};
use authchain::config::settings::GlobalSettings;
use authchain::config::settings::local::LocalSettings;
use authchain::files::edit::Table;
use authchain::files::passwd_files::{passwd, shadow};
use authchain::files::password_hash::Method;
use authchain::tools::trusted_file::{self, Access};
use authchain::words::{Username, number};

use super::report::{Report, Severity};

/// Maximum size of a file that is checked, in bytes.
const MAX_BYTES: u64 = 16 << 20;

/// Maximum number of names in a message.
const NAMED: usize = 5;

/// Checks the lines of the files. A file that cannot be opened is in the report already.
pub(super) fn check(
    backend: &str,
    files: &LocalSettings,
    settings: &GlobalSettings,
    report: &mut Report,
) {
    odd_lines(files, report);
    unusable_hashes(files, report);
    // Without the system's file every id would look like one of its own.
    let has_system = || trusted_file::open(&settings.passwd_file, Access::Public).is_ok();
    if files.passwd != settings.passwd_file && has_system() {
        compare_with_system(backend, &files.passwd, settings, report);
    }
}

/// Reports lines that every login ignores.
fn odd_lines(files: &LocalSettings, report: &mut Report) {
    let passwd = passwd::find(&files.passwd, None, false).map(|found| found.oddities);
    let shadow = shadow::find(&files.shadow, None, false).map(|found| found.oddities);
    for (path, oddities) in [(&files.passwd, passwd), (&files.shadow, shadow)] {
        if let Some(oddities) = oddities.ok().filter(|oddities| !oddities.is_empty()) {
            report.add(Severity::Warning, path, oddities.to_string());
        }
    }
}

/// Reports stored passwords that can never match, grouped by the reason.
fn unusable_hashes(files: &LocalSettings, report: &mut Report) {
    let mut refused: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for fields in entries(&files.shadow, Access::GroupReadable).entries() {
        let (Some(name), Some(hash)) = (fields.first(), fields.get(1)) else {
            continue;
        };
        if let Some(why) = refusal(hash, files.weak_hashes) {
            let name = String::from_utf8_lossy(name).into_owned();
            refused.entry(why).or_default().push(name);
        }
    }
    for (why, names) in refused {
        let message = format!("no password will be accepted for {}: {why}", listed(&names));
        report.add(Severity::Warning, &files.shadow, message);
    }
}

/// Returns why a stored password will never match; `None` if it can match, or if the account is
/// meant to have no password.
fn refusal(stored: &[u8], weak_hashes: bool) -> Option<String> {
    // Empty, locked, or never set.
    if matches!(stored.first(), None | Some(b'!' | b'*')) {
        return None;
    }
    match Method::of(stored) {
        None => Some("what is stored is no hash of a known method".to_owned()),
        Some(method) if method.is_weak() && !weak_hashes => Some(format!(
            "{method} hashes are refused unless weak_hashes = true"
        )),
        Some(_) => None,
    }
}

/// Lists a few names: `a, b and 7 more`.
pub(super) fn listed(names: &[String]) -> String {
    let shown = names
        .iter()
        .take(NAMED)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Reports people whom the chain refuses because their user id differs from the system's for the
/// same name, and people whose user id is the system's own.
fn compare_with_system(
    backend: &str,
    passwd: &Path,
    settings: &GlobalSettings,
    report: &mut Report,
) {
    let identities = SystemIdentities::new(settings.passwd_file.clone());
    for fields in entries(passwd, Access::Public).entries() {
        let uid = fields.get(2).and_then(|uid| number::<u32>(uid));
        let name = fields.first().and_then(|name| Username::parse(name).ok());
        let (Some(name), Some(uid)) = (name, uid) else {
            continue;
        };
        let system = identities.system_user(&name).ok().flatten();
        match system.map(|user| user.uid) {
            Some(system) if system != uid => {
                let message = format!(
                    "{name} has user id {uid} here and {system} in the system: logins through \
                     backend {backend} are refused"
                );
                report.add(Severity::Warning, passwd, message);
            }
            _ if is_system_uid(uid, settings.min_uid) => {
                let message = format!("{name} has user id {uid}, which is the system's own");
                report.add(Severity::Warning, passwd, message);
            }
            _ => {}
        }
    }
}

/// Reads a file; one that cannot be read has no entries.
pub(super) fn entries(path: &Path, access: Access) -> Table {
    Table::parse(&trusted_file::read(path, access, MAX_BYTES).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locked_and_unset_passwords_are_not_reported_as_unusable() {
        for (stored, weak_hashes, is_missed) in [
            ("", false, false),
            ("!", false, false),
            ("*", false, false),
            ("!$1$salt$x", false, false),
            ("$y$j9T$salt$hash", false, false),
            ("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", false, false),
            ("$1$saltsalt$NuzA7WTAelpl95xgBGWN60", false, true),
            ("$1$saltsalt$NuzA7WTAelpl95xgBGWN60", true, false),
            ("$9$what", true, true),
            ("x", false, true),
        ] {
            let found = refusal(stored.as_bytes(), weak_hashes);
            assert_eq!(found.is_some(), is_missed, "{stored}: {found:?}");
        }
    }

    #[test]
    fn a_long_list_of_names_is_cut() {
        let names: Vec<String> = ('a'..='g').map(String::from).collect();
        assert_eq!(listed(&names), "a, b, c, d, e and 2 more");
        assert_eq!(listed(&names[..2]), "a, b");
    }
}
