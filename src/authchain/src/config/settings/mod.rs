//! All settings: each is a field with its default, and a doc comment that is also its help text.
//!
//! A field has the type that is used: its text is parsed where the file is read, and nowhere else.

pub mod active_directory;
mod common;
mod global;
mod json;
pub mod ldap;
pub mod local;
pub mod nis;
#[cfg(feature = "schema")]
mod schema;
mod text;
pub mod tls;

pub(super) use common::longer_than_nothing;
pub use common::{BackendSettings, SettingsFault, Then};
pub use global::GlobalSettings;
pub use json::from_json;
