//! Reports about which names in the system's passwd file the other backends are asked.

use std::collections::HashMap;
use std::path::Path;

use authchain::backends::Nature;
use authchain::chain::{is_system_uid, registry};
use authchain::config::settings::local::LocalSettings;
use authchain::config::{BackendTable, Config};
use authchain::files::passwd_files::passwd::PasswdEntry;
use authchain::files::passwd_files::was_ever_a_password;
use authchain::tools::trusted_file::{self, Access};

use super::people::{entries, listed};
use super::report::{Report, Severity};

/// Reports which names belong to the local files, and which names are left to other backends. A
/// chain without other backends needs no report.
pub(super) fn check(config: &Config<'_>, links: &[&BackendTable<'_>], report: &mut Report) {
    let passwd_file = &config.settings.passwd_file;
    let is = |table: &BackendTable<'_>, nature: fn(Nature) -> bool| {
        registry::backend(table, &config.settings).is_ok_and(|backend| nature(backend.nature()))
    };
    let (system, mut others): (Vec<&&BackendTable<'_>>, Vec<_>) =
        (links.iter()).partition(|table| is(table, Nature::is_system));
    others
        .retain(|table| !table.common().local_names && !is(table, |nature| nature.is_for_programs));
    let settings = system
        .first()
        .map(|table| table.settings::<LocalSettings>());
    let Some(Ok(LocalSettings { shadow, .. })) = settings else {
        return;
    };
    // A file that cannot be read is in the report already.
    if others.is_empty() || trusted_file::open(&shadow, Access::GroupReadable).is_err() {
        return;
    }
    let (local, left) = people(passwd_file, &shadow, config.settings.min_uid);
    let (comparing, trusting): (Vec<&&BackendTable<'_>>, Vec<_>) =
        (others.iter().copied()).partition(|table| is(table, |nature| nature.compares_uids));
    let [others, comparing, trusting] = [others, comparing, trusting].map(|tables| {
        let names: Vec<&str> = tables.iter().map(|table| table.name()).collect();
        names.join(", ")
    });
    let belongs = format!(
        "the name belongs to this file, which has a password for it, and {others} is not asked \
         about it, unless its section says local_names = true"
    );
    let is_left = format!(
        "this file has no password for the name, which is left to {comparing}: anyone whom they \
         accept gets this account"
    );
    let is_not_asked = format!(
        "{trusting} is not asked about the name, since uid = \"system\" compares no user id, unless \
         its section says local_names = true"
    );
    for (names, backends, message) in [
        (&local, others, belongs),
        (&left, comparing, is_left),
        (&left, trusting, is_not_asked),
    ] {
        if !names.is_empty() && !backends.is_empty() {
            let message = format!("{}: {message}", listed(names));
            report.add(Severity::Note, passwd_file, message);
        }
    }
}

/// Returns the names of people that belong to the files, and the names left to other backends.
fn people(passwd: &Path, shadow: &Path, min_uid: u32) -> (Vec<String>, Vec<String>) {
    let shadow = entries(shadow, Access::GroupReadable);
    let mut passwords: HashMap<&[u8], &[u8]> = HashMap::new();
    for fields in shadow.entries() {
        if let [name, password, ..] = *fields.as_slice() {
            // Where a name has several lines, the first one counts.
            passwords.entry(name).or_insert(password);
        }
    }
    let (mut local, mut left) = (Vec::new(), Vec::new());
    for fields in entries(passwd, Access::Public).entries() {
        let Ok(entry) = PasswdEntry::parse(&fields.join(&b':')) else {
            continue;
        };
        if is_system_uid(entry.uid(), min_uid) {
            continue;
        }
        let name = entry.to_user("").name;
        let is_theirs = match entry.is_shadowed() {
            true => (passwords.get(name.as_bytes()))
                .is_some_and(|password| was_ever_a_password(password)),
            false => was_ever_a_password(entry.password.expose()),
        };
        match is_theirs {
            true => local.push(name),
            false => left.push(name),
        }
    }
    (local, left)
}
