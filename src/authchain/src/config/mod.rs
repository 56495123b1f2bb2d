//! Floor 3: the configuration, from text to values, with errors that point at the key.
//!
//! - [`Source`]: the text, read from a file that must belong to root.
//! - [`Config`]: the keys at the top of the file, and a [`BackendTable`] for each section.
//! - [`settings`]: every setting, once, as a field. Its doc comment is its manual: the command's
//!   `describe`, the JSON Schema and authchain.toml(5) print it.
//! - [`ConfigError`]: file, line, column, key, and the key that may have been meant.
//!
//! A file with one fault in it is refused as a whole. Which backend types exist is not known here;
//! the registry of the chain knows.
//!
//! **Uses** the floors below. **Used by** `backends`, `chain`, the worker, which reads the same
//! settings, the module and the command.
//! **Begin with** [`Config::parse`].

mod arguments;
mod backend_table;
mod duration;
mod error;
mod file;
mod keys;
pub mod settings;
mod source;

pub use arguments::ModuleArguments;
pub use backend_table::BackendTable;
pub use duration::Period;
pub use error::{ConfigError, Location};
pub use file::{Config, DEFAULT_PATH};
pub use source::Source;
