//! Second factors and app passwords under names by which no login finds them.

use authchain::config::Config;
use authchain::config::settings::GlobalSettings;
use authchain::files::app_passwords::AppPasswords;
use authchain::files::authenticator::Authenticator;
use authchain::files::factor_folder::FactorFolder;
use authchain::words::Username;

use crate::check::report::{Report, Severity};
use crate::person_name::{is_domain_stripped, system_uid, without_domain};

/// Reports them. Where the folders cannot be listed, that is in the report elsewhere.
pub(super) fn check(config: &Config<'_>, report: &mut Report) {
    let settings = &config.settings;
    let is_domain_stripped = is_domain_stripped(config);
    for name in FactorFolder::everybody(&settings.state_dir).unwrap_or_default() {
        let folder = FactorFolder::exactly(&settings.state_dir, &name);
        let bare = without_domain(&name).filter(|_| is_domain_stripped);
        let of_factor = about_factor(&folder, settings, &name, bare);
        let of_app_passwords = about_app_passwords(&folder, settings, &name, bare);
        for message in [of_factor, of_app_passwords].into_iter().flatten() {
            let message = format!("{name} has {message}");
            report.add(Severity::Warning, folder.path(), message);
        }
    }
}

/// Returns what is wrong with the second factor of a name; `bare` is the name that counts in its
/// place.
fn about_factor(
    folder: &FactorFolder,
    settings: &GlobalSettings,
    name: &Username,
    bare: Option<&str>,
) -> Option<String> {
    let is_enrolled = !matches!(Authenticator::read(folder.path()), Ok(None));
    if !is_enrolled {
        return None;
    }
    if *folder != FactorFolder::of(&settings.state_dir, name) {
        let message = "a second factor, which no login reads: the folder needs small letters";
        return Some(message.to_owned());
    }
    bare.map(|bare| format!("a second factor, which people who type \"{bare}\" are not asked for"))
}

/// Returns what is wrong with the app passwords of a name; `bare` is the name that counts in its
/// place.
fn about_app_passwords(
    folder: &FactorFolder,
    settings: &GlobalSettings,
    name: &Username,
    bare: Option<&str>,
) -> Option<String> {
    if AppPasswords::read(folder.path()).is_ok_and(|all| all.is_empty()) {
        return None;
    }
    if let Ok(Some(uid)) = system_uid(name, settings) {
        return Some(format!(
            "app passwords, which no login reads: user id {uid} is the system's own"
        ));
    }
    bare.map(|bare| format!("app passwords, which people who type \"{bare}\" cannot use"))
}
