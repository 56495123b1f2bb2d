//! Sections of backends and second factors over this machine's files.

use super::section::{Surroundings, checked};
use crate::backends::Backend;
use crate::backends::app_passwords::AppPasswordBackend;
use crate::backends::local::Local;
use crate::config::settings::app_passwords::AppPasswordsSettings;
use crate::config::settings::local::LocalSettings;
use crate::config::settings::totp::TotpSettings;
use crate::config::{BackendTable, ConfigError};
use crate::factors::Factor;
use crate::factors::totp::Totp;

pub(super) fn local(
    table: &BackendTable<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Box<dyn Backend>, ConfigError> {
    let settings: LocalSettings = checked(table, LocalSettings::check)?;
    let is_system = settings.passwd == surroundings.global.passwd_file;
    let name = table.name().to_owned();
    Ok(Box::new(Local::new(name, settings, is_system)))
}

pub(super) fn app_passwords(
    table: &BackendTable<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Box<dyn Backend>, ConfigError> {
    let AppPasswordsSettings {} = table.settings()?;
    Ok(Box::new(AppPasswordBackend {
        name: table.name().to_owned(),
        state_dir: surroundings.global.state_dir.clone(),
    }))
}

pub(super) fn totp(
    table: &BackendTable<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Box<dyn Factor>, ConfigError> {
    Ok(Box::new(Totp {
        name: table.name().to_owned(),
        settings: checked(table, TotpSettings::check)?,
        state_dir: surroundings.global.state_dir.clone(),
    }))
}
