//! Settings of `type = "ldap"`.
//!
//! Begin with [`LdapSettings`]. Each key has the type that is used, and is parsed once, where the
//! file is read; [`LdapSettings::check`] looks for what only several keys together show.

pub mod alias;
pub mod attribute;
mod check;
mod choices;
pub mod dn;
pub mod filter;
pub mod group;
mod servers;
mod settings;
pub mod srv;
pub mod template;
pub mod uri;

pub use choices::{AccountPolicy, Case, Sasl, Scope, Tls, UidSource};
pub use settings::LdapSettings;
