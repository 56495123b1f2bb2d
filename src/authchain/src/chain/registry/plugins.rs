//! Sections of plugins, as backends and as second factors.

use std::rc::Rc;

#[cfg(feature = "manage")]
use super::section::usual_remote;
use super::section::{Surroundings, checked, remote};
use crate::backends::Backend;
#[cfg(feature = "manage")]
use crate::backends::accounts::AccountRights;
use crate::backends::plugin::PluginProgram;
use crate::backends::remote::{Remote, WorkerSetup};
#[cfg(feature = "manage")]
use crate::config::settings::GlobalSettings;
#[cfg(feature = "manage")]
use crate::config::settings::plugin::PluginPath;
use crate::config::settings::plugin::PluginSettings;
use crate::config::{BackendTable, ConfigError};
use crate::factors::Factor;
use crate::factors::plugin::PluginFactor;

/// The type of programs of the administrator's.
pub(super) const PLUGIN: &str = "plugin";

pub(super) fn plugin(
    table: &BackendTable<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Box<dyn Backend>, ConfigError> {
    let settings: PluginSettings = checked(table, PluginSettings::check)?;
    if settings.prompt.is_some() {
        let message = "is for a second factor: name the section in `then`";
        return Err(table.error_at("prompt", message));
    }
    Ok(Box::new(plugin_of(table, surroundings, settings)?))
}

pub(super) fn plugin_factor(
    table: &BackendTable<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Box<dyn Factor>, ConfigError> {
    let mut settings: PluginSettings = checked(table, PluginSettings::check)?;
    let question = settings.prompt.take();
    Ok(Box::new(PluginFactor {
        remote: Rc::new(plugin_of(table, surroundings, settings)?),
        question,
        timeout: table.common().timeout.duration(),
    }))
}

/// Returns the way to the plugin of a section, whether it is a backend or a second factor; `None`
/// for a section of another type.
///
/// # Errors
/// For a fault in the section.
#[cfg(feature = "manage")]
pub fn plugin_in(
    table: &BackendTable<'_>,
    global: &GlobalSettings,
) -> Result<Option<Remote>, ConfigError> {
    if table.common().kind.get_ref() != PLUGIN {
        return Ok(None);
    }
    let settings: PluginSettings = checked(table, PluginSettings::check)?;
    plugin_of(table, &Surroundings::new(global), settings).map(Some)
}

/// Returns the way to a plugin that no section names, without any settings.
#[cfg(feature = "manage")]
pub fn plugin_at(program: &PluginPath, global: &GlobalSettings) -> Remote {
    let name = program.as_str();
    let remote = usual_remote(
        name,
        PLUGIN,
        serde_json::json!({}),
        &Surroundings::new(global),
    );
    Remote {
        rights: AccountRights::OF_WORKER,
        setup: WorkerSetup {
            plugin: Some(PluginProgram {
                program: program.path(),
                read: Vec::new(),
                network: false,
            }),
            ..remote.setup
        },
        ..remote
    }
}

/// Builds the way to the plugin of a section.
fn plugin_of(
    table: &BackendTable<'_>,
    surroundings: &Surroundings<'_>,
    settings: PluginSettings,
) -> Result<Remote, ConfigError> {
    let remote = remote(table, surroundings, &settings.settings, Vec::new())?;
    let plugin = PluginProgram {
        program: settings.program.path(),
        read: settings.read,
        network: settings.network,
    };
    let setup = remote.setup;
    Ok(Remote {
        #[cfg(feature = "manage")]
        rights: AccountRights::OF_WORKER,
        setup: WorkerSetup {
            worker_user: settings.user.unwrap_or(setup.worker_user),
            plugin: Some(plugin),
            ..setup
        },
        ..remote
    })
}
