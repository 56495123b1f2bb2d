//! Plugins: those that are installed, and what those of the configuration can do.

use authchain::chain::registry;
use authchain::config::BackendTable;
use authchain::config::settings::GlobalSettings;
use authchain::config::settings::plugin::PluginPath;
use serde_json::{Value, json};

use super::capability::Capability;
use crate::plugins::{describe, describe_program, installed, words};
use crate::terminal::{GOOD, STRONG, Terminal, WARNING, clean};

/// A plugin in the folder of plugins.
pub(super) struct InstalledPlugin {
    name: String,
    /// The questions that it can be asked, or the reason why it cannot be used.
    can: Result<Vec<&'static str>, String>,
}

impl InstalledPlugin {
    /// Starts every plugin that is installed, and asks what it can do.
    pub(super) fn all(settings: &GlobalSettings) -> Vec<Self> {
        let ask = |program: PluginPath| Self {
            name: program.as_str().to_owned(),
            can: describe_program(&program, settings).map(|described| words(&described.can)),
        };
        installed().into_iter().map(ask).collect()
    }

    pub(super) fn json(&self) -> Value {
        match &self.can {
            Ok(can) => json!({ "name": self.name, "can": can }),
            Err(why) => json!({ "name": self.name, "why": why }),
        }
    }
}

pub(super) fn print(plugins: &[InstalledPlugin], terminal: &mut Terminal) {
    if plugins.is_empty() {
        return;
    }
    let folder = PluginPath::folder();
    terminal.print_styled(STRONG, format_args!("Plugins in {}", folder.display()));
    for InstalledPlugin { name, can } in plugins {
        let name = clean(name);
        match can {
            Ok(can) => {
                let can = can.join(", ");
                terminal.print(format_args!("  {name:<16} {GOOD}answers{GOOD:#}: {can}"));
            }
            Err(why) => terminal.print(format_args!(
                "  {name:<16} {WARNING}cannot be used without settings{WARNING:#}: {why}"
            )),
        }
    }
}

/// Corrects the capabilities of a section's plugin by what it says of itself. A section of another
/// type has no plugin.
pub(super) fn correct(
    table: &BackendTable<'_>,
    settings: &GlobalSettings,
    capabilities: &mut [Capability],
) {
    let Ok(Some(remote)) = registry::plugin_in(table, settings) else {
        return;
    };
    let can = describe(&remote, settings).map(|described| words(&described.can));
    for capability in capabilities {
        let word = match capability.name {
            "list_groups" => "list",
            // Rules hear of the groups in its answers.
            "groups" => continue,
            name => name,
        };
        match &can {
            Ok(can) if can.contains(&word) => {}
            Ok(_) => capability.can = Err("the plugin cannot".to_owned()),
            Err(why) => capability.can = Err(why.clone()),
        }
    }
}
