//! A `[backend.NAME]` section of the configuration.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::ConfigError;
use super::keys::{DidYouMean, keys_of};
use super::settings::{BackendSettings, GlobalSettings, Then, check_not_zero};
use super::source::{Source, read_keys};

/// A backend's section: its name, the settings that all backends share, and the keys of its type,
/// which are not read yet.
#[derive(Debug, Clone)]
pub struct BackendTable<'s> {
    name: String,
    common: BackendSettings,
    table: Spanned<DeTable<'s>>,
    source: &'s Source,
}

impl<'s> BackendTable<'s> {
    /// Reads the settings that all backends share; those of the type are read by
    /// [`settings`](Self::settings). Returns the faults besides, and no section where one of them
    /// leaves nothing to go on with.
    pub(super) fn parse(
        name: &Spanned<Cow<'s, str>>,
        value: Spanned<DeValue<'s>>,
        source: &'s Source,
    ) -> (Option<Self>, Vec<ConfigError>) {
        let label = name.get_ref();
        let span = value.span();
        let nothing = |message: String| (None, vec![source.error(name.span(), message)]);
        let DeValue::Table(table) = value.into_inner() else {
            return nothing(format!("\"{label}\" must be a section: [backend.{label}]"));
        };
        if label.is_empty()
            || !label
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        {
            let message = "a backend's name is made of letters, digits, '-' and '_'";
            return nothing(message.to_owned());
        }
        if !table.contains_key("type") {
            return nothing(format!("[backend.{label}] has no \"type\""));
        }
        let (common, mut faults) = source.read_values(table.clone(), read_keys);
        let section = common.map(|common| Self {
            name: label.to_string(),
            common,
            table: Spanned::new(span, table),
            source,
        });
        faults.extend(section.as_ref().and_then(Self::check));
        (section, faults)
    }

    /// Returns the fault of the settings that all backends share, if there is one.
    fn check(&self) -> Option<ConfigError> {
        if let Err((key, message)) = check_not_zero("timeout", self.common.timeout) {
            return Some(self.error_at(key, message));
        }
        let is_contradiction = self.common.on_denied == Then::Stop
            && self.common.on_unavailable == Then::Next
            && self.table.get_ref().contains_key("on_unavailable");
        is_contradiction.then(|| {
            let message = "\"next\" contradicts on_denied = \"stop\": an outage would let in \
                           people whom this backend denies";
            self.error_at("on_unavailable", message)
        })
    }

    /// Returns the section of a backend that has no section in the file.
    pub(super) fn implied(name: &str, kind: &str, source: &'s Source) -> Self {
        Self {
            name: name.to_owned(),
            common: BackendSettings::of_kind(kind),
            table: Spanned::new(0..0, DeTable::new()),
            source,
        }
    }

    /// Returns the backend's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the settings that all backends share.
    pub fn common(&self) -> &BackendSettings {
        &self.common
    }

    /// Reads the keys of the backend's own type.
    ///
    /// # Errors
    /// For an unknown key, with the key that may have been meant, and for a value of the wrong type
    /// or form.
    pub fn settings<T: for<'de> Deserialize<'de>>(&self) -> Result<T, ConfigError> {
        let mut unknown = self.unknown_keys::<T>().into_iter();
        if let Some(error) = unknown.next() {
            return Err(error);
        }
        let settings = read_keys(self.table.get_ref().clone());
        settings.map_err(|wrong| self.source.value_error(&wrong))
    }

    /// Returns every fault of the keys of the backend's own type. What `check` says of them all
    /// together counts only where each of them can be read.
    #[cfg(feature = "examine")]
    pub fn faults<T: for<'de> Deserialize<'de>>(
        &self,
        check: fn(&T) -> Result<(), super::settings::SettingsFault>,
    ) -> Vec<ConfigError> {
        let mut faults = self.unknown_keys::<T>();
        let table = self.table.get_ref().clone();
        let (settings, wrong) = self.source.read_values(table, read_keys);
        faults.extend(wrong);
        if let (Some(settings), true) = (settings, faults.is_empty()) {
            let together = check(&settings).err();
            faults.extend(together.map(|(key, message)| self.error_at(key, message)));
        }
        faults
    }

    fn unknown_keys<T: for<'de> Deserialize<'de>>(&self) -> Vec<ConfigError> {
        let known = keys_of::<BackendSettings>()
            .iter()
            .chain(keys_of::<T>())
            .copied();
        self.source
            .unknown_keys(self.table.get_ref(), known, |key| {
                let is_of_the_top = keys_of::<GlobalSettings>().contains(&key);
                is_of_the_top.then_some("move it to the top of the file, above the first section")
            })
    }

    /// Returns the faults of a second factor's section that has keys of backends, beside those in
    /// `shared`.
    pub(super) fn keys_of_backends(&self, shared: &[&str]) -> Vec<ConfigError> {
        let of_backends = keys_of::<BackendSettings>()
            .iter()
            .filter(|key| !shared.contains(key));
        let table = self.table.get_ref();
        let written = of_backends.filter(|key| table.contains_key(**key));
        written
            .map(|key| self.error_at(key, "a second factor has no such key: it is no backend"))
            .collect()
    }

    /// Returns the settings of the backend's own type as JSON, with defaults filled in, for the
    /// worker.
    ///
    /// # Errors
    /// For settings that have no JSON, such as paths that are not UTF-8.
    pub fn to_json<T: Serialize>(&self, settings: &T) -> Result<serde_json::Value, ConfigError> {
        serde_json::to_value(settings).map_err(|error| {
            let message = format!("[backend.{}]: {error}", self.name);
            self.source.error(self.table.span(), message)
        })
    }

    /// Returns an error that points at the value of `key`, or at the section where the key is not
    /// set.
    pub fn error_at(&self, key: &str, message: impl Into<String>) -> ConfigError {
        let value = self.table.get_ref().get(key);
        let span = value.map_or_else(|| self.table.span(), Spanned::span);
        self.source.error(span, message.into())
    }

    /// Returns the error for a `type` that is none of `kinds`.
    pub fn unknown_kind<'k>(&self, kinds: impl Iterator<Item = &'k str> + Clone) -> ConfigError {
        let given = self.common.kind.get_ref();
        let hint = DidYouMean(given, kinds.clone()).to_string();
        let all = kinds.collect::<Vec<_>>().join(", ");
        let message = format!("unknown backend type \"{given}\"{hint}; known types: {all}");
        self.source.error(self.common.kind.span(), message)
    }
}
