//! All settings: each is a field with its default, and a doc comment that is also its help text.
//!
//! The text of a field is parsed once, when the file is read: its type is the one that the backends
//! use.

pub mod active_directory;
pub mod app_passwords;
mod common;
mod global;
mod home_dirs;
mod instructions;
mod json;
pub mod ldap;
pub mod local;
pub mod nis;
pub mod plugin;
#[cfg(feature = "schema")]
pub(super) mod schema;
mod second_factor;
mod text;
pub mod tls;
pub mod totp;

pub use common::{BackendSettings, PasswordChanges, SettingsFault, Then};
pub(super) use common::{NO_FACTOR, check_not_zero};
pub use global::{GlobalSettings, WhenUnavailable};
pub use instructions::Instructions;
pub use json::from_json;
pub use second_factor::{CodeEntry, Enrol, NotEnrolled, PublicKey};
