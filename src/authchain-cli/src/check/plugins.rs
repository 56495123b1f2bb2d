//! Checks the plugins of a configuration: whether they start, and what they say of their settings.

use std::path::Path;

use authchain::backends::protocol::Operation;
use authchain::chain::registry;
use authchain::config::settings::plugin::PluginSettings;
use authchain::config::{BackendTable, Config};
use nix::unistd::User;

use super::report::{Report, Severity};
use crate::plugins;

/// Checks every plugin, as a backend or as a second factor.
pub(super) fn check(file: &Path, config: &Config<'_>, report: &mut Report) {
    for table in &config.backends {
        check_one(file, config, table, &AS_BACKEND, report);
    }
    for table in &config.factors {
        check_one(file, config, table, &AS_FACTOR, report);
    }
}

/// The needs of the place in which a plugin is used.
struct Use {
    needed: Operation,
    consequence: &'static str,
    cure: &'static str,
}

const AS_BACKEND: Use = Use {
    needed: Operation::Authenticate,
    consequence: "nobody gets in by it",
    cure: "if it is a second factor, name it in `then`",
};

const AS_FACTOR: Use = Use {
    needed: Operation::Confirm,
    consequence: "everybody who is asked for it is refused",
    cure: "if it is a source of accounts, take it out of `then`",
};

fn check_one(
    file: &Path,
    config: &Config<'_>,
    table: &BackendTable<'_>,
    used: &Use,
    report: &mut Report,
) {
    // A fault in the section is in the report already.
    let Ok(Some(remote)) = registry::plugin_in(table, &config.settings) else {
        return;
    };
    let Ok(settings) = table.settings::<PluginSettings>() else {
        return;
    };
    let name = table.name();
    check_files(file, name, &settings, config, report);
    let described = match plugins::describe(&remote, &config.settings) {
        Ok(described) => described,
        Err(why) => {
            let message = format!("plugin {name}: {why} ({})", used.consequence);
            report.add(Severity::Error, file, message);
            return;
        }
    };
    if !described.can.contains(&used.needed) {
        let word = used.needed.word();
        let message = format!(
            "plugin {name} cannot {word} ({}); {}",
            used.consequence, used.cure
        );
        report.add(Severity::Error, file, message);
    }
    let knows_accounts = described.can.contains(&Operation::Account);
    if used.needed == Operation::Authenticate && !knows_accounts {
        let message = format!(
            "plugin {name} says nothing of accounts: another backend of the chain must know them, \
             or its people are refused after the right password, and always where a rule depends \
             on a group"
        );
        report.add(Severity::Warning, file, message);
    }
    let Some(schema) = &described.schema else {
        return;
    };
    for fault in plugins::schema::faults(&remote.settings, schema) {
        report.add_config_error(&table.error_at("settings", fault.to_string()));
    }
}

/// Checks that the files and the user that the section names are there.
fn check_files(
    file: &Path,
    name: &str,
    settings: &PluginSettings,
    config: &Config<'_>,
    report: &mut Report,
) {
    for path in settings.read.iter().filter(|path| !path.exists()) {
        let message = format!("is not there (read: plugin {name} cannot read it)");
        report.add(Severity::Warning, path, message);
    }
    let Some(user) = &settings.user else {
        return;
    };
    let message = match User::from_name(user) {
        Ok(None) => format!("plugin {name}: there is no user {user}, so it runs as nobody"),
        Ok(Some(found)) if found.uid.as_raw() >= config.settings.min_uid => format!(
            "plugin {name}: {user} is somebody's account: whoever has it can stop the plugin, and \
             read its memory"
        ),
        _ => return,
    };
    report.add(Severity::Warning, file, message);
}
