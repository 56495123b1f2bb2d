//! Values that are parsed from text when the file is read, so that each value of such a type is
//! valid. They are sent to the worker as text.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::active_directory::group::DomainGroup;
use super::active_directory::names::{BindName, DomainName, NetbiosName, SiteName};
use super::instructions::Instructions;
use super::ldap::alias::Alias;
use super::ldap::attribute::AttributeName;
use super::ldap::dn::Dn;
use super::ldap::filter::{AccessFilter, GroupFilter, UserFilter};
use super::ldap::group::AllowedGroup;
use super::ldap::srv::SrvName;
use super::ldap::template::DnTemplate;
use super::ldap::uri::{HostPort, ServerUri};
use super::nis::Address;
use super::nis::name::NisName;
use super::plugin::PluginPath;

/// Reads a list of values that are written as text.
// It is read as a list of texts first: serde's code for a list, once for each type of value, made
// the module larger by 10 KB.
pub(super) fn list<'de, T: FromStr<Err = String>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let values = texts.iter().map(|text| text.parse());
    values
        .collect::<Result<_, String>>()
        .map_err(D::Error::custom)
}

// Not inlined, so that the module has this code only once.
#[inline(never)]
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer)
}

/// Implements serde's traits for types that have `as_str` and a `FromStr`, whose error is for the
/// administrator.
macro_rules! written_as_text {
    ($($type:ty),+ $(,)?) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                text(deserializer)?.parse().map_err(D::Error::custom)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                String::schema_name()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                String::json_schema(generator)
            }
        }
    )+};
}

written_as_text!(
    AccessFilter,
    Address,
    Alias,
    AllowedGroup,
    AttributeName,
    BindName,
    Dn,
    DnTemplate,
    DomainGroup,
    DomainName,
    GroupFilter,
    HostPort,
    Instructions,
    NetbiosName,
    NisName,
    PluginPath,
    ServerUri,
    SiteName,
    SrvName,
    UserFilter,
);
