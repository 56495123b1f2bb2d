//! The parsed configuration file: [`Config`].

use std::rc::Rc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::backend_table::BackendTable;
use super::error::ConfigError;
use super::keys::{DidYouMean, keys_of};
use super::rules::{self, Rule, RuleSettings, Rules};
use super::settings::local::LocalSettings;
use super::settings::{BackendSettings, GlobalSettings};
use super::source::{Source, read_keys};
use crate::files::group_file::GroupFile;

/// The path of the configuration, unless a module argument names another.
pub const DEFAULT_PATH: &str = "/etc/authchain/authchain.toml";

/// The key that holds the `[backend.NAME]` sections.
const BACKENDS: &str = "backend";

/// The key that holds the `[[rule]]` sections.
const RULES: &str = "rule";

/// The backend that every configuration has, even without a section: its name and its type.
const IMPLIED: &str = "local";

/// The second factor that a configuration has if `then` names it, even without a section: its name
/// and its type.
const IMPLIED_FACTOR: &str = "totp";

/// The types of sections that are second factors, and no sources of accounts.
const FACTOR_TYPES: [&str; 1] = ["totp"];

/// The type of sections that are second factors if a `then` names them.
const FACTOR_IF_NAMED: &str = "plugin";

/// The type of backends that answer only where a rule names the services.
const FOR_NAMED_SERVICES: &str = "app_passwords";

/// A configuration. Of each section, only the keys that all backends share are parsed yet.
#[derive(Debug)]
pub struct Config<'s> {
    /// The settings at the top of the file.
    pub settings: GlobalSettings,
    /// The backends: those with a section, and then `local` if it has none.
    pub backends: Vec<BackendTable<'s>>,
    /// The second factors: those with a section, and `totp` if a `then` names it.
    pub factors: Vec<BackendTable<'s>>,
    /// The rules, in the order of the file.
    pub rules: Rc<Rules>,
    source: &'s Source,
}

impl<'s> Config<'s> {
    /// Reads the configuration.
    ///
    /// # Errors
    /// For text that is not TOML, a file whose last line does not end, an unknown key, a value that
    /// does not fit, and a chain that is empty, names a backend twice or names one that does not
    /// exist. The error says where.
    pub fn parse(source: &'s Source) -> Result<Self, ConfigError> {
        let (config, faults) = Self::parse_all(source);
        faults.into_iter().next().map_or(Ok(config), Err)
    }

    /// Reads as much of the configuration as can be read, and returns every fault of the rest, for
    /// a report. A configuration with a fault must decide nothing: what is missing from it may have
    /// forbidden something.
    pub fn parse_all(source: &'s Source) -> (Self, Vec<ConfigError>) {
        let mut config = Self {
            settings: GlobalSettings::default(),
            backends: Vec::new(),
            factors: Vec::new(),
            rules: Rc::default(),
            source,
        };
        let mut root = match DeTable::parse(source.text()) {
            Ok(root) => root.into_inner(),
            Err(error) => return (config, vec![source.toml_error(&error)]),
        };
        let rules = root.remove(RULES);
        let mut faults = config.read_top(&root);
        faults.extend(config.read_sections(&mut root));
        if let Some(rules) = rules {
            let top_has_factor = !config.settings.then.is_empty();
            let (rules, wrong) = rules::parse(rules, top_has_factor, source);
            config.rules = Rc::new(rules);
            faults.extend(wrong);
        }
        faults.extend(config.take_named_factors());
        config.imply_factor();
        if faults.is_empty() {
            faults.extend(config.links(None).err());
            faults.extend(config.check_rules());
            faults.extend(config.check_factors());
        }
        faults.extend(source.check_end().err());
        (config, faults)
    }

    /// Reads the keys at the top, and returns their faults.
    fn read_top(&mut self, root: &DeTable<'s>) -> Vec<ConfigError> {
        let known = keys_of::<GlobalSettings>().iter().copied();
        let mut faults = self
            .source
            .unknown_keys(root, known.chain([BACKENDS, RULES]), |key| {
                if keys_of::<RuleSettings>().contains(&key) {
                    return Some("move it below the [[rule]] it is about");
                }
                let is_of_sections = keys_of::<BackendSettings>().contains(&key);
                is_of_sections.then_some("move it below the [backend.NAME] it is about")
            });
        let (settings, wrong): (Option<GlobalSettings>, _) =
            self.source.read_values(root.clone(), read_keys);
        faults.extend(wrong);
        if let Some(settings) = settings {
            if let (Err((key, message)), true) = (settings.check(), faults.is_empty()) {
                let span = root.get(key).map_or(0..0, Spanned::span);
                faults.push(self.source.error(span, message));
            }
            self.settings = settings;
        }
        faults
    }

    /// Reads the sections, and returns the faults of what all backends share.
    fn read_sections(&mut self, root: &mut DeTable<'s>) -> Vec<ConfigError> {
        let mut faults = Vec::new();
        if let Some((key, value)) = root.remove_entry(BACKENDS) {
            let DeValue::Table(sections) = value.into_inner() else {
                let message = "\"backend\" must be sections: [backend.NAME]".to_owned();
                return vec![self.source.error(key.span(), message)];
            };
            for (name, section) in sections {
                let (table, wrong) = BackendTable::parse(&name, section, self.source);
                let is_factor = |table: &BackendTable<'_>| {
                    FACTOR_TYPES.contains(&table.common().kind.get_ref().as_str())
                };
                match table {
                    Some(table) if is_factor(&table) => {
                        faults.extend(table.keys_of_backends(&["type"]));
                        self.factors.push(table);
                    }
                    table => self.backends.extend(table),
                }
                faults.extend(wrong);
            }
        }
        if self.backend(IMPLIED).is_none() {
            let implied = BackendTable::implied(IMPLIED, IMPLIED, self.source);
            self.backends.push(implied);
        }
        faults
    }

    /// Returns the faults of the rules that show beside the rest of the configuration.
    fn check_rules(&self) -> Vec<ConfigError> {
        let check_chain = |rule: &Rule| {
            let names_services = rule.conditions.name_services();
            self.resolve_entries(rule.chain.as_deref()?, names_services)
                .err()
        };
        let mut faults: Vec<_> = self.rules.iter().filter_map(check_chain).collect();
        faults.extend(rules::check(&self.rules, self.source, |chain| {
            let tables = self.resolve_entries(chain.unwrap_or(&self.settings.chain), true);
            tables.map_or(true, |tables| {
                tables.iter().any(|table| self.knows_root(table))
            })
        }));
        faults
    }

    /// Takes the sections that are second factors because a `then` names them, and returns the
    /// faults of their keys.
    fn take_named_factors(&mut self) -> Vec<ConfigError> {
        let named: Vec<String> = (self.thens().flatten())
            .map(|name| name.get_ref().clone())
            .collect();
        let (factors, backends) =
            std::mem::take(&mut self.backends)
                .into_iter()
                .partition(|table| {
                    let may_be = table.common().kind.get_ref() == FACTOR_IF_NAMED;
                    may_be && named.iter().any(|name| name == table.name())
                });
        self.backends = backends;
        let factors: Vec<BackendTable<'s>> = factors;
        let shared = ["type", "timeout"];
        let faults = factors
            .iter()
            .flat_map(|table| table.keys_of_backends(&shared));
        let faults = faults.collect();
        self.factors.extend(factors);
        faults
    }

    /// Adds the factor that needs no section, where a `then` names it and there is none.
    fn imply_factor(&mut self) {
        let is_named = self
            .thens()
            .flatten()
            .any(|name| name.get_ref() == IMPLIED_FACTOR);
        let all = self.backends.iter().chain(&self.factors);
        if is_named
            && !all
                .map(BackendTable::name)
                .any(|name| name == IMPLIED_FACTOR)
        {
            let implied = BackendTable::implied(IMPLIED_FACTOR, IMPLIED_FACTOR, self.source);
            self.factors.push(implied);
        }
    }

    /// Returns the lists of second factors, at the top and in rules.
    fn thens(&self) -> impl Iterator<Item = &[Spanned<String>]> {
        let of_rules = self.rules.iter().map(Rule::then);
        [self.settings.then.as_slice()].into_iter().chain(of_rules)
    }

    /// Returns the faults of the names in `then`.
    fn check_factors(&self) -> Vec<ConfigError> {
        let mut faults = Vec::new();
        for then in self.thens() {
            for (place, entry) in then.iter().enumerate() {
                let name = entry.get_ref();
                let mut before = then.iter().take(place);
                let message = if before.any(|other| other.get_ref() == name) {
                    format!("the list names \"{name}\" twice")
                } else if self.factors.iter().any(|factor| factor.name() == name) {
                    continue;
                } else if self.backend(name).is_some() {
                    format!("[backend.{name}] is no second factor: name it in `chain`")
                } else {
                    let hint = DidYouMean(name, self.factors.iter().map(BackendTable::name));
                    format!("there is no second factor [backend.{name}]{hint}")
                };
                faults.push(self.source.error(entry.span(), message));
            }
        }
        faults
    }

    /// Returns whether a backend reads the system's own accounts. A section with a fault, which is
    /// found when it is read, counts as one that does.
    fn knows_root(&self, table: &BackendTable<'_>) -> bool {
        let reads_passwd_file =
            |settings: LocalSettings| settings.passwd == self.settings.passwd_file;
        let settings = table.settings();
        table.common().kind.get_ref() == IMPLIED && settings.map_or(true, reads_passwd_file)
    }

    /// Returns the faults of group names that `file` does not have and no backend may add.
    pub fn check_groups(&self, file: &GroupFile) -> Vec<ConfigError> {
        rules::check_groups(&self.rules, self.source, file)
    }

    /// Returns the tables of the chain's backends, in the order they are asked.
    ///
    /// # Errors
    /// As [`parse`](Self::parse) for the chain; `order` (a module argument) replaces the order in
    /// the file.
    pub fn links(&self, order: Option<&[String]>) -> Result<Vec<&BackendTable<'s>>, ConfigError> {
        match order {
            Some(order) => self.resolve(order.iter().map(|name| (name.as_str(), None)), false),
            None => self.resolve_entries(&self.settings.chain, false),
        }
    }

    /// Returns the tables of the backends that some login may ask, each once: those of the chain at
    /// the top of the file, and those that only rules name.
    pub fn asked(&self) -> Vec<&BackendTable<'s>> {
        let of_rules = self.rules.iter().filter_map(|rule| rule.chain.as_ref());
        let mut asked: Vec<&BackendTable<'s>> = Vec::new();
        for name in [&self.settings.chain].into_iter().chain(of_rules).flatten() {
            let is_new = asked.iter().all(|table| table.name() != name.get_ref());
            asked.extend(self.backend(name.get_ref()).filter(|_| is_new));
        }
        asked
    }

    /// Returns the error about a chain without backends.
    pub(crate) fn empty_chain(&self) -> ConfigError {
        self.source
            .whole_error("the chain is empty: nobody could log in".to_owned())
    }

    fn backend(&self, name: &str) -> Option<&BackendTable<'s>> {
        self.backends.iter().find(|backend| backend.name() == name)
    }

    fn resolve_entries(
        &self,
        chain: &[Spanned<String>],
        names_services: bool,
    ) -> Result<Vec<&BackendTable<'s>>, ConfigError> {
        let entries = chain.iter();
        let entries = entries.map(|entry| (entry.get_ref().as_str(), Some(entry)));
        self.resolve(entries, names_services)
    }

    /// Returns the tables of the backends in a chain. `names_services` is true for the chain of a
    /// rule that names services.
    fn resolve<'n>(
        &self,
        names: impl Iterator<Item = (&'n str, Option<&'n Spanned<String>>)>,
        names_services: bool,
    ) -> Result<Vec<&BackendTable<'s>>, ConfigError> {
        let mut links: Vec<&BackendTable<'s>> = Vec::new();
        for (name, place) in names {
            if links.iter().any(|link| link.name() == name) {
                return Err(self.chain_error(place, format!("the chain names \"{name}\" twice")));
            }
            let Some(link) = self.backend(name) else {
                if self.factors.iter().any(|factor| factor.name() == name) {
                    let message = format!("\"{name}\" is a second factor: name it in `then`");
                    return Err(self.chain_error(place, message));
                }
                let hint = DidYouMean(name, self.backends.iter().map(BackendTable::name));
                let message =
                    format!("the chain names \"{name}\", but there is no [backend.{name}]{hint}");
                return Err(self.chain_error(place, message));
            };
            if !names_services && link.common().kind.get_ref() == FOR_NAMED_SERVICES {
                let message =
                    format!("\"{name}\" has app passwords: only a rule with `service` may name it");
                return Err(self.chain_error(place, message));
            }
            links.push(link);
        }
        if links.is_empty() {
            return Err(self.empty_chain());
        }
        Ok(links)
    }

    fn chain_error(&self, place: Option<&Spanned<String>>, message: String) -> ConfigError {
        match place {
            Some(name) => self.source.error(name.span(), message),
            None => self.source.whole_error(message),
        }
    }
}

#[cfg(test)]
mod tests;
