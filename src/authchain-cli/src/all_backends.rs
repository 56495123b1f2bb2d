//! All backends of the configuration, asked who knows a name.

use std::path::Path;
use std::time::Duration;

use authchain::backends::Backend;
use authchain::backends::accounts::{Entries, Listed, Selection};
use authchain::chain::registry;
use authchain::config::settings::GlobalSettings;
use authchain::config::{Config, ConfigError};
use authchain::tools::deadline::{Deadline, system_clock};
use authchain::tools::request::{Context, Request};
use authchain::words::{BackendError, User, Username};

use crate::setup::{self, ShownJournal};
use crate::terminal::Failure;

/// All backends of a configuration, in a chain or not: a name may be somebody's in any of them.
pub(crate) struct AllBackends {
    settings: GlobalSettings,
    /// The backends, each with its timeout.
    backends: Vec<(Box<dyn Backend>, Duration)>,
}

impl AllBackends {
    /// Builds the backends of the configuration at `config`, or of the usual file.
    ///
    /// # Errors
    /// For any fault of the configuration.
    pub(crate) fn open(config: Option<&Path>) -> Result<Self, Failure> {
        // The module would refuse what cannot be assembled.
        setup::chain(config)?;
        let source = setup::source(config)?;
        let config = Config::parse(&source);
        let all = config.and_then(|config| Self::of(&config, &[]));
        all.map_err(|error| setup::config_failure(&error))
    }

    /// Builds the backends of a configuration: those of these names before the others.
    ///
    /// # Errors
    /// For a fault in the section of a backend.
    pub(crate) fn of(config: &Config<'_>, first: &[&str]) -> Result<Self, ConfigError> {
        let settings = config.settings.clone();
        let mut tables: Vec<_> = config.backends.iter().collect();
        tables.sort_by_key(|table| {
            let place = first.iter().position(|name| *name == table.name());
            place.unwrap_or(first.len())
        });
        let mut backends = Vec::new();
        for table in tables {
            let backend = registry::backend(table, &settings)?;
            backends.push((backend, table.common().timeout.duration()));
        }
        Ok(Self { settings, backends })
    }

    /// Looks the name up in each backend, in order, and returns the backends' names and answers.
    pub(crate) fn lookup<'a>(
        &'a self,
        name: &'a Username,
    ) -> impl Iterator<Item = (&'a str, Result<Option<User>, BackendError>)> {
        self.backends.iter().map(move |(backend, timeout)| {
            let context = Context {
                deadline: Deadline::after(system_clock, *timeout),
                ..setup::context(&self.settings, &ShownJournal)
            };
            let request = Request {
                user: name,
                deadline: context.deadline,
                groups: &[],
                context: &context,
            };
            (backend.name(), backend.lookup(&request))
        })
    }

    /// Returns in words which backend knows the name, or may know it; `None` if none does.
    pub(crate) fn who_knows(&self, name: &Username) -> Option<String> {
        self.lookup(name).find_map(|(backend, found)| match found {
            Ok(None) => None,
            Ok(Some(_)) => Some(format!("{backend} knows {name}, too")),
            Err(_) => Some(format!("{backend} may know {name}, too")),
        })
    }

    /// Returns in words which of this machine's files has the name in other letters, or may have
    /// it; `None` if none has.
    pub(crate) fn who_has_in_other_letters(&self, name: &Username) -> Option<String> {
        let files = self.backends.iter().map(|(backend, _)| backend);
        let mut files = files.filter(|backend| backend.nature().answers_at_once);
        files.find_map(|backend| {
            let list = backend.list(Entries::People).ok()?;
            let everybody = Selection {
                entries: Entries::People,
                matching: String::new(),
                most: None,
            };
            let mut other = None;
            let listed = list.list(
                &everybody,
                &setup::context(&self.settings, &ShownJournal),
                &mut |entry| match entry {
                    Listed::Person(person) if is_other_spelling(&person.name, name) => {
                        other = Some(person.name);
                    }
                    _ => {}
                },
            );
            let backend = backend.name();
            match (listed, other) {
                (_, Some(other)) => Some(format!("{backend} knows {other}, too")),
                (Err(_), None) => Some(format!("{backend} may know {name} in other letters")),
                (Ok(_), None) => None,
            }
        })
    }
}

/// Returns whether a name differs from `name`, and in `A` and `a` alone.
pub(crate) fn is_other_spelling(other: &str, name: &Username) -> bool {
    other != name.as_str() && other.eq_ignore_ascii_case(name.as_str())
}
