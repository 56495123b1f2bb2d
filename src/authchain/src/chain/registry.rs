//! The list of the backend types, by name. No other file has a list of them.

use std::cell::Cell;
use std::rc::Rc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::factors::Factors;
use super::identity::SystemIdentities;
use super::links::{Chain, Link};
#[cfg(feature = "manage")]
use super::rights;
use super::ruling::Ruling;
#[cfg(feature = "manage")]
use crate::backends::accounts::AccountRights;
use crate::backends::app_passwords::AppPasswordBackend;
use crate::backends::local::Local;
use crate::backends::password_change::CannotChange;
use crate::backends::plugin::PluginProgram;
use crate::backends::remote::{Remote, WorkerSetup};
use crate::backends::{Backend, Nature};
use crate::config::rules::Demand;
use crate::config::settings::active_directory::ActiveDirectorySettings;
use crate::config::settings::app_passwords::AppPasswordsSettings;
use crate::config::settings::ldap::{Case, LdapSettings, UidSource};
use crate::config::settings::local::LocalSettings;
use crate::config::settings::nis::{ChangeWay, NisSettings};
#[cfg(feature = "manage")]
use crate::config::settings::plugin::PluginPath;
use crate::config::settings::plugin::PluginSettings;
use crate::config::settings::totp::TotpSettings;
use crate::config::settings::{BackendSettings, GlobalSettings, SettingsFault, Then};
use crate::config::{BackendTable, Config, ConfigError};
use crate::factors::Factor;
use crate::factors::plugin::PluginFactor;
use crate::factors::totp::Totp;

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

/// The result of building a section.
type Built<T> = Result<Box<T>, ConfigError>;

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

/// The part of a configuration that all sections share.
struct Surroundings<'g> {
    /// The settings at the top.
    global: &'g GlobalSettings,
    /// The program, user and folder of workers.
    setup: WorkerSetup,
}

impl<'g> Surroundings<'g> {
    fn new(global: &'g GlobalSettings) -> Self {
        let setup = WorkerSetup {
            worker: global.worker.clone(),
            worker_user: global.worker_user.clone(),
            plugin: None,
            run_dir: global.run_dir.clone(),
            reaper: Rc::default(),
        };
        Self { global, setup }
    }
}

/// The type of programs of the administrator's.
const PLUGIN: &str = "plugin";

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

fn local(
    table: &BackendTable<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Box<dyn Backend>, ConfigError> {
    let settings: LocalSettings = checked(table, LocalSettings::check)?;
    let is_system = settings.passwd == surroundings.global.passwd_file;
    let name = table.name().to_owned();
    Ok(Box::new(Local::new(name, settings, is_system)))
}

fn ldap(
    table: &BackendTable<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Box<dyn Backend>, ConfigError> {
    let settings: LdapSettings = checked(table, LdapSettings::check)?;
    let servers = settings.uris.iter().chain(&settings.backup_uris);
    // With `srv`, only the worker finds out which servers there are.
    let known = servers.filter(|_| settings.srv.is_none());
    let servers = known.map(ToString::to_string).collect();
    Ok(Box::new(Remote {
        #[cfg(feature = "manage")]
        rights: rights::of_directory(&settings),
        fold_case: settings.case == Case::Ascii,
        compares_uids: settings.uid == UidSource::Entry,
        finds_by_password: settings.binds_as_the_person(),
        ..remote(table, surroundings, &settings, servers)?
    }))
}

fn nis(
    table: &BackendTable<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Box<dyn Backend>, ConfigError> {
    let settings: NisSettings = checked(table, NisSettings::check)?;
    let servers = settings.servers.iter();
    let servers = servers.map(|server| server.as_str().to_owned()).collect();
    Ok(Box::new(Remote {
        #[cfg(feature = "manage")]
        rights: rights::of_nis(),
        cannot_change: (settings.password_change == ChangeWay::Off).then_some(CannotChange::NoWay),
        ..remote(table, surroundings, &settings, servers)?
    }))
}

fn active_directory(
    table: &BackendTable<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Box<dyn Backend>, ConfigError> {
    let settings: ActiveDirectorySettings = checked(table, ActiveDirectorySettings::check)?;
    let servers = settings.uris().map(|uri| uri.to_string()).collect();
    Ok(Box::new(Remote {
        #[cfg(feature = "manage")]
        rights: rights::of_domain(&settings),
        fold_case: true,
        strips_domains: settings.qualified_names || settings.netbios_name.is_some(),
        compares_uids: settings.uid == UidSource::Entry,
        finds_by_password: settings.bind_dn.is_none(),
        ..remote(table, surroundings, &settings, servers)?
    }))
}

fn app_passwords(
    table: &BackendTable<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Box<dyn Backend>, ConfigError> {
    let AppPasswordsSettings {} = table.settings()?;
    Ok(Box::new(AppPasswordBackend {
        name: table.name().to_owned(),
        state_dir: surroundings.global.state_dir.clone(),
    }))
}

fn totp(
    table: &BackendTable<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Box<dyn Factor>, ConfigError> {
    Ok(Box::new(Totp {
        name: table.name().to_owned(),
        settings: checked(table, TotpSettings::check)?,
        state_dir: surroundings.global.state_dir.clone(),
    }))
}

fn plugin(
    table: &BackendTable<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Box<dyn Backend>, ConfigError> {
    let settings: PluginSettings = checked(table, PluginSettings::check)?;
    if settings.prompt.is_some() {
        let message = "is for a second factor: name the section in `then`";
        return Err(table.error_at("prompt", message));
    }
    Ok(Box::new(plugin_of(table, surroundings, settings)?))
}

fn plugin_factor(
    table: &BackendTable<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Box<dyn Factor>, ConfigError> {
    let mut settings: PluginSettings = checked(table, PluginSettings::check)?;
    let question = settings.prompt.take();
    Ok(Box::new(PluginFactor {
        remote: Rc::new(plugin_of(table, surroundings, settings)?),
        question,
        timeout: table.common().timeout.duration(),
    }))
}

/// Returns the way to the plugin of a section, whether it is a backend or a second factor; `None`
/// for a section of another type.
///
/// # Errors
/// For a fault in the section.
#[cfg(feature = "manage")]
pub fn plugin_in(
    table: &BackendTable<'_>,
    global: &GlobalSettings,
) -> Result<Option<Remote>, ConfigError> {
    if table.common().kind.get_ref() != PLUGIN {
        return Ok(None);
    }
    let settings: PluginSettings = checked(table, PluginSettings::check)?;
    plugin_of(table, &Surroundings::new(global), settings).map(Some)
}

/// Returns the way to a plugin that no section names, without any settings.
#[cfg(feature = "manage")]
pub fn plugin_at(program: &PluginPath, global: &GlobalSettings) -> Remote {
    let Surroundings { setup, .. } = Surroundings::new(global);
    Remote {
        name: program.as_str().to_owned(),
        kind: PLUGIN.to_owned(),
        settings: serde_json::json!({}),
        servers: Vec::new(),
        fold_case: false,
        compares_uids: true,
        strips_domains: false,
        finds_by_password: false,
        cannot_change: None,
        rights: AccountRights::OF_WORKER,
        setup: WorkerSetup {
            plugin: Some(PluginProgram {
                program: program.path(),
                read: Vec::new(),
                network: false,
            }),
            ..setup
        },
        unanswered: Cell::default(),
        lacked_question: Cell::default(),
    }
}

/// Builds the way to the plugin of a section.
fn plugin_of(
    table: &BackendTable<'_>,
    surroundings: &Surroundings<'_>,
    settings: PluginSettings,
) -> Result<Remote, ConfigError> {
    let remote = remote(table, surroundings, &settings.settings, Vec::new())?;
    let plugin = PluginProgram {
        program: settings.program.path(),
        read: settings.read,
        network: settings.network,
    };
    let setup = remote.setup;
    Ok(Remote {
        #[cfg(feature = "manage")]
        rights: AccountRights::OF_WORKER,
        setup: WorkerSetup {
            worker_user: settings.user.unwrap_or(setup.worker_user),
            plugin: Some(plugin),
            ..setup
        },
        ..remote
    })
}

/// Builds a backend that asks a worker, tells `A` from `a`, compares user ids and changes
/// passwords.
fn remote<T: Serialize>(
    table: &BackendTable<'_>,
    surroundings: &Surroundings<'_>,
    settings: &T,
    servers: Vec<String>,
) -> Result<Remote, ConfigError> {
    Ok(Remote {
        name: table.name().to_owned(),
        kind: table.common().kind.get_ref().clone(),
        settings: table.to_json(settings)?,
        servers,
        fold_case: false,
        compares_uids: true,
        strips_domains: false,
        finds_by_password: false,
        cannot_change: None,
        #[cfg(feature = "manage")]
        rights: AccountRights::none("authchain keeps and lists no accounts of this type"),
        setup: surroundings.setup.clone(),
        unanswered: Cell::default(),
        lacked_question: Cell::default(),
    })
}

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

/// Reads the settings of a section, and refuses those in which `check` finds a fault.
fn checked<T: DeserializeOwned>(
    table: &BackendTable<'_>,
    check: fn(&T) -> Result<(), SettingsFault>,
) -> Result<T, ConfigError> {
    let settings: T = table.settings()?;
    match check(&settings) {
        Ok(()) => Ok(settings),
        Err((key, message)) => Err(table.error_at(key, message)),
    }
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
mod tests {
    use super::*;
    use std::path::Path;

    use crate::config::Source;

    fn error(text: &str) -> String {
        let source = Source::new(Path::new("authchain.toml"), text.to_owned());
        let built = Config::parse(&source).and_then(|config| build(&config, None));
        built
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn second_factors_are_of_the_types_that_the_configuration_takes_for_them() {
        for known in BACKEND_TYPES {
            let text = format!("[backend.a]\ntype = \"{}\"\n", known.name);
            let source = Source::new(Path::new("authchain.toml"), text);
            let (config, _) = Config::parse_all(&source);
            assert_eq!(
                config.factors.len() == 1,
                known.is_factor(),
                "{}",
                known.name
            );
        }
    }

    #[test]
    fn a_fault_in_any_section_is_named_with_its_place() {
        let cases = [
            (
                "[backend.a]\ntype = \"totp\"\n[backend.b]\ntype = \"totp\"\n",
                "4:8: [backend.a] is the same second factor",
            ),
            (
                "[backend.a]\ntype = \"locl\"",
                "2:8: unknown backend type \"locl\" (did you mean \"local\"?); known types: local, ldap, active_directory, nis, app_passwords, plugin, totp",
            ),
            (
                "[backend.a]\ntype = \"local\"\npaswd = \"/a\"",
                "3:1: unknown key \"paswd\" (did you mean \"passwd\"?)",
            ),
            (
                "[backend.a]\ntype = \"local\"\nchain = [\"local\"]",
                "3:1: the key \"chain\" does not belong here: move it to the top of the file, above the first section",
            ),
            (
                "[backend.a]\ntype = \"ldap\"\nuris = [\"ldaps://a\"]\ntls = \"x\"",
                "4:7: \"x\" is none of the words allowed: \"ldaps\", \"starttls\", \"none\"",
            ),
            (
                "[backend.a]\ntype = \"local\"\npasswd = 1",
                "3:10: a text in quotes, such as \"a\", belongs here, not 1",
            ),
            (
                "[backend.a]\ntype = \"local\"\npasswd = \"a\"\nshadow = \"/b\"",
                "3:10: must be an absolute path",
            ),
            (
                "[backend.a]\ntype = \"local\"\npasswd = \"/a\"\nshadow = \"b\"",
                "4:10: must be an absolute path",
            ),
            (
                "[backend.a]\ntype = \"local\"\npasswd = \"/a\"",
                "3:10: passwd and shadow belong together: set both, or neither",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(error(text), format!("authchain.toml:{expected}"), "{text}");
        }
    }

    #[test]
    fn each_type_warns_of_its_dangerous_settings() {
        for (section, expected) in [
            ("type = \"local\"", ""),
            (
                "type = \"active_directory\"\ntls_verify = \"none\"",
                "tls_verify = \"none\"",
            ),
            (
                "type = \"ldap\"\nuris = [\"ldaps://a\"]\ntls_verify = \"ca\"",
                "tls_verify = \"ca\"",
            ),
            ("type = \"ldap\"\ntls_verify = 1", ""),
            ("type = \"nis\"", ""),
            (
                "type = \"nis\"\npassword_change = \"yppasswd\"",
                "password_change = \"yppasswd\"",
            ),
        ] {
            let text = format!("[backend.a]\n{section}");
            let source = Source::new(Path::new("authchain.toml"), text);
            let config = Config::parse(&source).unwrap();
            let table = config.backends.iter().find(|table| table.name() == "a");
            let found = warnings(table.unwrap()).concat();
            assert!(found.starts_with(expected), "{section}: {found}");
            assert_eq!(found.is_empty(), expected.is_empty(), "{section}: {found}");
        }
    }

    #[test]
    fn only_the_backend_over_the_systems_passwd_file_is_the_systems() {
        let section = LocalSettings::default();
        let is_system = |passwd_file: &str| {
            let text = format!("passwd_file = \"{passwd_file}\"");
            let source = Source::new(Path::new("authchain.toml"), text);
            let config = Config::parse(&source).unwrap();
            backend(&config.backends[0], &config.settings)
                .unwrap()
                .nature()
                .is_system()
        };
        assert!(is_system(section.passwd.to_str().unwrap()));
        assert!(!is_system("/srv/passwd"));
    }
}
