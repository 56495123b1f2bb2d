//! From a configuration file to a chain that can be asked.

use std::path::Path;

use super::links::Chain;
use super::registry;
use crate::config::settings::GlobalSettings;
use crate::config::{Config, ConfigError, DEFAULT_PATH, Source};

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
    let chain = registry::build(&config, order)?;
    Ok(Assembled {
        chain,
        settings: config.settings,
    })
}
