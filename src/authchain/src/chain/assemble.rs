//! From a configuration file to a chain that can be asked.

use std::path::Path;

use super::links::Chain;
use super::registry;
use crate::config::settings::GlobalSettings;
use crate::config::{Config, ConfigError, DEFAULT_PATH, Source};
use crate::files::group_file::GroupFile;

/// A chain, and the settings that all its backends share.
pub struct Assembled {
    /// The chain.
    pub chain: Chain,
    /// The keys at the top of the file.
    pub settings: GlobalSettings,
}

/// Reads the configuration at `path` and builds its chain; `order` replaces the order of the file.
///
/// Without a `path` the file is [`DEFAULT_PATH`]; if that does not exist, the chain is `local`
/// alone. The file at a given `path` must exist.
///
/// # Errors
/// For any fault of the file: it is used as a whole or not at all.
pub fn assemble(path: Option<&Path>, order: Option<&[String]>) -> Result<Assembled, ConfigError> {
    let source = match path {
        Some(path) => Source::read(path)?,
        None => Source::read_if_there(Path::new(DEFAULT_PATH))?,
    };
    let config = Config::parse(&source)?;
    check_groups(&config)?;
    let chain = registry::build(&config, order)?;
    Ok(Assembled {
        chain,
        settings: config.settings,
    })
}

/// Checks the groups of rules that only the group file can tell.
///
/// # Errors
/// When the file does not have a group, or cannot be read.
fn check_groups(config: &Config<'_>) -> Result<(), ConfigError> {
    if !config.rules.need_group_file() {
        return Ok(());
    }
    let file = GroupFile::read(&config.settings.group_file)?;
    let faults = config.check_groups(&file).into_iter();
    faults.map(Err).next().unwrap_or(Ok(()))
}
