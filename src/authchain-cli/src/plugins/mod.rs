//! Plugins: those that are installed, and what each says of itself.

mod installed;
pub(crate) mod schema;

use authchain::backends::protocol::Operation;
use authchain::backends::remote::{PluginDescription, Remote};
use authchain::chain::registry;
use authchain::config::settings::GlobalSettings;
use authchain::config::settings::plugin::PluginPath;

use crate::setup::{self, ShownJournal};
use crate::terminal::clean;

pub(crate) use installed::installed;

/// Returns what a plugin says of itself, or the reason why it could not be asked.
pub(crate) fn describe(
    remote: &Remote,
    settings: &GlobalSettings,
) -> Result<PluginDescription, String> {
    let context = setup::context(settings, &ShownJournal);
    let described = remote.describe(&context);
    described.map_err(|why| clean(&why.to_string()))
}

/// Returns what the plugin at this path says of itself, without any settings.
pub(crate) fn describe_program(
    program: &PluginPath,
    settings: &GlobalSettings,
) -> Result<PluginDescription, String> {
    describe(&registry::plugin_at(program, settings), settings)
}

/// Returns the questions that a plugin can be asked, as words.
pub(crate) fn words(can: &[Operation]) -> Vec<&'static str> {
    can.iter().map(|operation| operation.word()).collect()
}
