//! Floor 3: the configuration, from text to values, with errors that point at the key.

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
pub use error::{ConfigError, Place};
pub use file::{Config, DEFAULT_PATH};
pub use source::Source;
