//! Names under which nobody may be enrolled, or have an account or a password of authchain's own.

use authchain::chain::{Identities, SystemIdentities, is_system_uid, registry};
use authchain::config::Config;
use authchain::config::settings::GlobalSettings;
use authchain::words::{BackendError, Username, bare};

use crate::terminal::Failure;

/// Returns whether a backend takes a name with a domain for the person of the name without it.
pub(crate) fn is_domain_stripped(config: &Config<'_>) -> bool {
    let asked = config.asked().into_iter();
    let mut backends = asked.filter_map(|table| registry::backend(table, &config.settings).ok());
    backends.any(|backend| backend.nature().strips_domains)
}

/// Returns the name without its domain; `None` if it has none.
pub(crate) fn without_domain(name: &Username) -> Option<&str> {
    let bare = bare(name.as_str());
    (bare != name.as_str()).then_some(bare)
}

/// Refuses a name with a domain, which is not the one that counts where a backend strips domains.
pub(crate) fn refuse_domain(name: &Username) -> Result<(), Failure> {
    without_domain(name).map_or(Ok(()), |bare| {
        let message = format!("{name}: the name that counts is \"{bare}\", without the domain");
        Err(Failure::refused(message))
    })
}

/// Returns the user id of a name of the system's own, about which the chain asks only the system's
/// own files; `None` for other names.
///
/// # Errors
/// When the passwd file cannot be used.
pub(crate) fn system_uid(
    name: &Username,
    settings: &GlobalSettings,
) -> Result<Option<u32>, BackendError> {
    let uid = SystemIdentities::new(settings.passwd_file.clone()).local_uid(name)?;
    Ok(uid.filter(|uid| is_system_uid(*uid, settings.min_uid)))
}

/// Refuses a name of the system's own.
pub(crate) fn refuse_system_name(
    name: &Username,
    settings: &GlobalSettings,
) -> Result<(), Failure> {
    let uid = system_uid(name, settings).map_err(Failure::trouble)?;
    uid.map_or(Ok(()), |uid| {
        Err(Failure::refused(format!(
            "{name} is a system name (user id {uid} in {})",
            settings.passwd_file.display()
        )))
    })
}
