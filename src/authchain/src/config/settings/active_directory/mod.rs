//! Settings of `type = "active_directory"`.
//!
//! Begin with [`ActiveDirectorySettings`]; [`ActiveDirectorySettings::check`] checks several keys
//! together.

mod check;
pub mod group;
pub mod names;
mod servers;
mod settings;
pub mod sid;

pub use settings::ActiveDirectorySettings;
