//! Settings of `type = "active_directory"`.
//!
//! Begin with [`ActiveDirectorySettings`]; [`ActiveDirectorySettings::check`] checks several keys
//! together.

mod check;
pub mod group;
pub mod names;
#[cfg(feature = "examine")]
mod rule_groups;
mod servers;
mod settings;
pub mod sid;

pub use settings::ActiveDirectorySettings;
