//! Floor 3: the configuration.

pub mod settings;
