//! Settings of `type = "ldap"`.
//!
//! Begin with [`LdapSettings`]. Each key is parsed once, when the file is read;
//! [`LdapSettings::check`] checks several keys together.

pub mod alias;
pub mod attribute;
mod check;
mod choices;
pub mod dn;
pub mod filter;
pub mod group;
#[cfg(feature = "examine")]
pub(super) mod rule_groups;
mod servers;
mod settings;
pub mod srv;
pub mod template;
pub mod uri;

pub use choices::{AccountAccess, AccountPolicy, Case, ChangeMethod, Sasl, Scope, Tls, UidSource};
pub use settings::LdapSettings;
