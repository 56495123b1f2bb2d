//! Floor 3: the configuration, from text to values, with errors that point at the key.
//!
//! - [`Source`]: the text, read from a [trusted file](crate::tools::trusted_file).
//! - [`Config`]: the keys at the top of the file, and a [`BackendTable`] for each section.
//! - [`rules`]: the `[[rule]]` sections, and the choice of the one that holds for a login.
//! - [`settings`]: one field for each setting. The field's doc comment documents the setting; the
//!   command's `describe`, the JSON Schema and authchain.toml(5) are made from it.
//! - [`ModuleArguments`]: the arguments of the module on its line in `/etc/pam.d`.
//! - [`ConfigError`]: file, line, column, key, and the key that may have been meant.
//!
//! A single error makes the whole file invalid. The list of backend types is not on this floor, but
//! in the registry of `chain`.
//!
//! **Uses** the floors below. **Used by** `backends`, `chain`, the module and the command, and by
//! the worker, which reads the same settings.
//! **Begin with** [`Config::parse`].

mod arguments;
mod backend_table;
mod duration;
mod error;
mod file;
mod keys;
pub mod rules;
pub mod settings;
mod source;
mod wording;

pub use arguments::ModuleArguments;
pub use backend_table::BackendTable;
pub use duration::ConfigDuration;
pub use error::{ConfigError, Location};
pub use file::{Config, DEFAULT_PATH};
pub use source::Source;
