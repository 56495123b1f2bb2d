//! The list of the backend types, by name. No other file has a list of them.

mod files;
mod plugins;
mod section;
mod servers;

use std::rc::Rc;

use serde::de::DeserializeOwned;

use self::files::{app_passwords, local, totp};
use self::plugins::{PLUGIN, plugin, plugin_factor};
#[cfg(feature = "manage")]
pub use self::plugins::{plugin_at, plugin_in};
use self::section::{Built, Surroundings};
use self::servers::{active_directory, ldap, nis};
use super::factors::Factors;
use super::identity::SystemIdentities;
use super::links::{Chain, Link};
use super::ruling::Ruling;
use crate::backends::{Backend, Nature};
use crate::config::rules::Demand;
use crate::config::settings::active_directory::ActiveDirectorySettings;
#[cfg(feature = "examine")]
use crate::config::settings::app_passwords::AppPasswordsSettings;
use crate::config::settings::ldap::LdapSettings;
use crate::config::settings::local::LocalSettings;
use crate::config::settings::nis::NisSettings;
use crate::config::settings::plugin::PluginSettings;
#[cfg(feature = "examine")]
use crate::config::settings::totp::TotpSettings;
use crate::config::settings::{BackendSettings, GlobalSettings, Then};
use crate::config::{BackendTable, Config, ConfigError};
use crate::factors::Factor;

/// A backend type.
pub struct BackendType {
    /// The value of `type`.
    pub name: &'static str,
    /// A description in one line.
    pub help: &'static str,
    build: Build,
    warnings: fn(&BackendTable<'_>) -> Vec<&'static str>,
    /// Returns why rules may not hear of the groups of a backend's people.
    #[cfg(feature = "examine")]
    group_warnings: fn(&BackendTable<'_>) -> Vec<&'static str>,
    /// Returns every fault of a section.
    #[cfg(feature = "examine")]
    faults: fn(&BackendTable<'_>) -> Vec<ConfigError>,
    /// The JSON Schema of the settings that only this type has.
    #[cfg(feature = "schema")]
    pub schema: fn() -> schemars::Schema,
}

/// The function that builds what a section describes.
#[derive(Clone, Copy)]
enum Build {
    /// A source of accounts.
    Backend(fn(&BackendTable<'_>, &Surroundings<'_>) -> Built<dyn Backend>),
    /// A second factor.
    Factor(fn(&BackendTable<'_>, &Surroundings<'_>) -> Built<dyn Factor>),
    /// A second factor if a `then` names it, and otherwise a source of accounts.
    Either(
        fn(&BackendTable<'_>, &Surroundings<'_>) -> Built<dyn Backend>,
        fn(&BackendTable<'_>, &Surroundings<'_>) -> Built<dyn Factor>,
    ),
}

impl BackendType {
    /// Returns whether it is always a second factor, and so has no key of backends.
    pub fn is_factor(&self) -> bool {
        matches!(self.build, Build::Factor(_))
    }
}

/// The type over passwd and shadow files.
const LOCAL: &str = "local";

/// The backend types, in the order they are described.
pub const BACKEND_TYPES: &[BackendType] = &[
    BackendType {
        name: LOCAL,
        help: "passwd(5) and shadow(5) files: the system's own, or others in the same format",
        build: Build::Backend(local),
        warnings: |_| Vec::new(),
        #[cfg(feature = "examine")]
        group_warnings: |_| Vec::new(),
        #[cfg(feature = "examine")]
        faults: |table| table.faults(LocalSettings::check),
        #[cfg(feature = "schema")]
        schema: || schemars::schema_for!(LocalSettings),
    },
    BackendType {
        name: "ldap",
        help: "an LDAP directory: OpenLDAP, 389 Directory Server and their like",
        build: Build::Backend(ldap),
        warnings: |table| warnings_of(table, LdapSettings::warnings),
        #[cfg(feature = "examine")]
        group_warnings: |table| warnings_of(table, LdapSettings::group_warnings),
        #[cfg(feature = "examine")]
        faults: |table| table.faults(LdapSettings::check),
        #[cfg(feature = "schema")]
        schema: || schemars::schema_for!(LdapSettings),
    },
    BackendType {
        name: "active_directory",
        help: "a domain of Active Directory, of Windows or Samba",
        build: Build::Backend(active_directory),
        warnings: |table| warnings_of(table, ActiveDirectorySettings::warnings),
        #[cfg(feature = "examine")]
        group_warnings: |table| warnings_of(table, ActiveDirectorySettings::group_warnings),
        #[cfg(feature = "examine")]
        faults: |table| table.faults(ActiveDirectorySettings::check),
        #[cfg(feature = "schema")]
        schema: || schemars::schema_for!(ActiveDirectorySettings),
    },
    BackendType {
        name: "nis",
        help: "a NIS domain (ypserv): password hashes in maps, sent in the clear",
        build: Build::Backend(nis),
        warnings: |table| warnings_of(table, NisSettings::warnings),
        #[cfg(feature = "examine")]
        group_warnings: |_| Vec::new(),
        #[cfg(feature = "examine")]
        faults: |table| table.faults(NisSettings::check),
        #[cfg(feature = "schema")]
        schema: || schemars::schema_for!(NisSettings),
    },
    BackendType {
        name: "app_passwords",
        help: "passwords for programs that cannot ask for a second factor, such as mail programs",
        build: Build::Backend(app_passwords),
        warnings: |_| Vec::new(),
        #[cfg(feature = "examine")]
        group_warnings: |_| Vec::new(),
        #[cfg(feature = "examine")]
        faults: |table| table.faults::<AppPasswordsSettings>(|_| Ok(())),
        #[cfg(feature = "schema")]
        schema: || schemars::schema_for!(AppPasswordsSettings),
    },
    BackendType {
        name: PLUGIN,
        help: "a program of your own, as a source of accounts or, in `then`, as a second factor",
        build: Build::Either(plugin, plugin_factor),
        warnings: |table| warnings_of(table, PluginSettings::warnings),
        #[cfg(feature = "examine")]
        group_warnings: |_| Vec::new(),
        #[cfg(feature = "examine")]
        faults: |table| table.faults(PluginSettings::check),
        #[cfg(feature = "schema")]
        schema: || schemars::schema_for!(PluginSettings),
    },
    BackendType {
        name: "totp",
        help: "a second factor, to be named in `then`: the codes of authenticator apps",
        build: Build::Factor(totp),
        warnings: |_| Vec::new(),
        #[cfg(feature = "examine")]
        group_warnings: |_| Vec::new(),
        #[cfg(feature = "examine")]
        faults: |table| table.faults(TotpSettings::check),
        #[cfg(feature = "schema")]
        schema: || schemars::schema_for!(TotpSettings),
    },
];

/// Returns the warnings about the settings of a section; none if they have a fault.
fn warnings_of<T: DeserializeOwned>(
    table: &BackendTable<'_>,
    warnings: fn(&T) -> Vec<&'static str>,
) -> Vec<&'static str> {
    let settings = table.settings::<T>();
    settings.as_ref().map(warnings).unwrap_or_default()
}

/// Returns warnings about what is allowed but dangerous in a section, for the administrator.
pub fn warnings(table: &BackendTable<'_>) -> Vec<&'static str> {
    match type_of(table) {
        Some(known) => (known.warnings)(table),
        None => Vec::new(),
    }
}

/// Returns why rules may not hear of the groups of the people of a section's backend, for the
/// administrator; each reason goes on after the backend's name.
#[cfg(feature = "examine")]
pub fn group_warnings(table: &BackendTable<'_>) -> Vec<&'static str> {
    type_of(table).map_or_else(Vec::new, |known| (known.group_warnings)(table))
}

/// Returns every fault of every section, as far as it is about the backend's own type.
#[cfg(feature = "examine")]
pub fn faults(config: &Config<'_>) -> Vec<ConfigError> {
    let of = |table: &BackendTable<'_>| match type_of(table) {
        Some(known) => (known.faults)(table),
        None => vec![table.unknown_kind(BACKEND_TYPES.iter().map(|known| known.name))],
    };
    let sections = config.backends.iter().chain(&config.factors);
    let faults = sections.flat_map(of);
    faults.chain(second_of_a_type(config)).collect()
}

/// Returns the fault of a second section of a factor's type: people are enrolled in the type, so
/// that both would be one factor.
fn second_of_a_type(config: &Config<'_>) -> Option<ConfigError> {
    let kind = |table: &BackendTable<'_>| table.common().kind.get_ref().clone();
    let mut before: Vec<&BackendTable<'_>> = Vec::new();
    for table in config.factors.iter().filter(|table| kind(table) != PLUGIN) {
        if let Some(first) = before.iter().find(|first| kind(first) == kind(table)) {
            let message = format!("[backend.{}] is the same second factor", first.name());
            return Some(table.error_at("type", message));
        }
        before.push(table);
    }
    None
}

fn type_of(table: &BackendTable<'_>) -> Option<&'static BackendType> {
    let kind = table.common().kind.get_ref();
    BACKEND_TYPES.iter().find(|known| known.name == kind)
}

/// Builds the chain of a configuration; `order` (a module argument) replaces the file's.
///
/// # Errors
/// For a fault in any backend's section, in the chain or not: a part of a faulty file is never used
/// alone.
pub fn build(config: &Config<'_>, order: Option<&[String]>) -> Result<Chain, ConfigError> {
    let surroundings = Surroundings::new(&config.settings);
    let mut built = Vec::new();
    for table in &config.backends {
        built.push((table.name(), link(table, &surroundings)?));
    }
    let mut links = Vec::new();
    for wanted in config.links(order)? {
        let place = built.iter().position(|(name, _)| *name == wanted.name());
        let place = place.ok_or_else(|| config.empty_chain())?;
        links.push(built.swap_remove(place).1);
    }
    let identities = Box::new(system_identities(config)?);
    let chain = Chain::new(links, config.settings.min_uid, identities);
    let chain = chain.ok_or_else(|| config.empty_chain())?;
    let others = built.into_iter().map(|(_, link)| link).collect();
    let chain = chain.with_rules(ruling(config), others, order.is_some());
    Ok(chain.with_factors(factors(config)?))
}

fn factors(config: &Config<'_>) -> Result<Factors, ConfigError> {
    second_of_a_type(config).map_or(Ok(()), Err)?;
    let all = config
        .factors
        .iter()
        .map(|table| factor(table, &config.settings));
    Ok(Factors {
        all: all.collect::<Result<_, _>>()?,
        state_dir: config.settings.state_dir.clone(),
        ..Factors::default()
    })
}

fn ruling(config: &Config<'_>) -> Ruling {
    let settings = &config.settings;
    Ruling {
        rules: Rc::clone(&config.rules),
        group_file: settings.group_file.clone(),
        passwd_file: settings.passwd_file.clone(),
        account_when_unavailable: settings.account_when_unavailable,
        demand: Demand::at_the_top(settings),
        make_home: settings.make_home,
        home_dirs: settings.home_dirs.clone(),
    }
}

/// Returns the system's identities: those of its passwd file, and of every shadow file that a
/// section uses with this passwd file.
///
/// # Errors
/// For a fault in the section of a `local` backend.
pub fn system_identities(config: &Config<'_>) -> Result<SystemIdentities, ConfigError> {
    let passwd_file = &config.settings.passwd_file;
    let mut shadow_files = Vec::new();
    let is_local = |table: &&BackendTable<'_>| table.common().kind.get_ref() == LOCAL;
    for table in config.backends.iter().filter(is_local) {
        let settings: LocalSettings = table.settings()?;
        shadow_files.push((settings.passwd, settings.shadow));
    }
    let defaults = LocalSettings::default();
    shadow_files.push((defaults.passwd, defaults.shadow));
    shadow_files.sort();
    shadow_files.dedup();
    let beside = shadow_files
        .into_iter()
        .filter(|(passwd, _)| passwd == passwd_file);
    let identities = SystemIdentities::new(passwd_file.clone());
    Ok(beside.fold(identities, |identities, (_, shadow)| {
        identities.with_shadow(shadow)
    }))
}

fn link(table: &BackendTable<'_>, surroundings: &Surroundings<'_>) -> Result<Link, ConfigError> {
    let common = table.common();
    let backend = backend_in(table, surroundings)?;
    let nature = backend.nature();
    Ok(Link {
        backend,
        on_denied: common.on_denied,
        on_unavailable: match common.on_denied {
            Then::Stop => Then::Stop,
            Then::Next => common.on_unavailable,
        },
        local_names: common.local_names || nature.is_for_programs,
        mfa: asks_no_more(common, nature),
        password: common.password,
        instructions: common.instructions.clone(),
        timeout: common.timeout.duration(),
    })
}

/// Returns whether those whom the backend of a section accepts are asked for no second factor.
pub fn stands_for_factor(table: &BackendTable<'_>, global: &GlobalSettings) -> bool {
    backend(table, global).is_ok_and(|backend| asks_no_more(table.common(), backend.nature()))
}

fn asks_no_more(common: &BackendSettings, nature: Nature) -> bool {
    common.mfa || nature.is_for_programs
}

/// Builds the backend of one section, in the chain or not.
///
/// # Errors
/// For a fault in the section.
pub fn backend(
    table: &BackendTable<'_>,
    global: &GlobalSettings,
) -> Result<Box<dyn Backend>, ConfigError> {
    backend_in(table, &Surroundings::new(global))
}

fn backend_in(
    table: &BackendTable<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Box<dyn Backend>, ConfigError> {
    match type_of(table).map(|known| known.build) {
        Some(Build::Backend(build) | Build::Either(build, _)) => build(table, surroundings),
        _ => Err(table.unknown_kind(BACKEND_TYPES.iter().map(|known| known.name))),
    }
}

/// Builds the second factor of one section.
///
/// # Errors
/// For an unknown type, and for settings with a fault.
pub fn factor(
    table: &BackendTable<'_>,
    global: &GlobalSettings,
) -> Result<Box<dyn Factor>, ConfigError> {
    match type_of(table).map(|known| known.build) {
        Some(Build::Factor(build) | Build::Either(_, build)) => {
            build(table, &Surroundings::new(global))
        }
        _ => Err(table.unknown_kind(BACKEND_TYPES.iter().map(|known| known.name))),
    }
}

#[cfg(test)]
mod tests;
