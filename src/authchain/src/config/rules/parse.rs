//! From the text of `[[rule]]` sections to rules.

use std::collections::BTreeSet;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::choice::Rules;
use super::demand::DemandKeys;
use super::list::List;
use super::pattern::Pattern;
use super::rule::{Conditions, Rule};
use super::settings::{RuleAccess, RuleSettings};
use crate::config::error::ConfigError;
use crate::config::keys::keys_of;
use crate::config::settings::{
    BackendSettings, CodeEntry, GlobalSettings, NO_FACTOR, PublicKey, check_not_zero,
};
use crate::config::source::{Source, read_keys};

/// Reads the value of the key `rule`. `top_has_factor` is true if `then` at the top of the file
/// names a factor. Returns the rules that can be read, and the faults of the
/// rest.
pub(in crate::config) fn parse<'s>(
    value: Spanned<DeValue<'s>>,
    top_has_factor: bool,
    source: &'s Source,
) -> (Rules, Vec<ConfigError>) {
    let span = value.span();
    let DeValue::Array(sections) = value.into_inner() else {
        let message = "rules are sections of their own: [[rule]]".to_owned();
        return (Rules::default(), vec![source.error(span, message)]);
    };
    let (mut rules, mut faults) = (Vec::new(), Vec::new());
    let (mut line, mut counted_to) = (1_usize, 0);
    for (section, number) in sections.into_iter().zip(1..) {
        let span = section.span();
        let passed = source.text().get(counted_to..span.start);
        line = line.saturating_add(passed.unwrap_or_default().matches('\n').count());
        counted_to = span.start;
        let DeValue::Table(table) = section.into_inner() else {
            faults.push(source.error(span, "a rule is a section: [[rule]]".to_owned()));
            continue;
        };
        let mut section = Section {
            table: Spanned::new(span, table),
            top_has_factor,
            source,
            faults: Vec::new(),
        };
        rules.extend(section.read(number, line));
        faults.extend(section.faults);
    }
    faults.extend(names_given_twice(&rules, source));
    (Rules(rules), faults)
}

/// A section that is being read.
struct Section<'s> {
    table: Spanned<DeTable<'s>>,
    /// True if `then` at the top of the file names a factor.
    top_has_factor: bool,
    source: &'s Source,
    /// The faults that were found so far.
    faults: Vec<ConfigError>,
}

impl Section<'_> {
    fn read(&mut self, number: usize, line: usize) -> Option<Rule> {
        self.check_keys();
        let settings = self.settings()?;
        self.check_second_factor(&settings);
        self.check_access(&settings);
        let demand = DemandKeys::new(&settings);
        Some(Rule {
            number,
            line,
            name: settings.name.as_ref().map(|name| self.name(name)),
            access: settings.access,
            conditions: Conditions {
                service: self.list("service", settings.service, Pattern::service),
                user: self.list("user", settings.user, str::parse),
                group: self.list("group", settings.group, str::parse),
                from: self.list("from", settings.from, str::parse),
                tty: self.list("tty", settings.tty, Pattern::terminal),
            },
            demand,
            chain: settings.chain,
            make_home: settings.make_home,
            span: self.table.span(),
        })
    }

    fn check_keys(&mut self) {
        let known = keys_of::<RuleSettings>().iter().copied();
        let unknown = self
            .source
            .unknown_keys(self.table.get_ref(), known, |key| {
                if keys_of::<GlobalSettings>().contains(&key) {
                    return Some("move it to the top of the file, above the first section");
                }
                let is_of_backends = keys_of::<BackendSettings>().contains(&key);
                is_of_backends.then_some("move it below the [backend.NAME] it is about")
            });
        self.faults.extend(unknown);
        if self.table.get_ref().is_empty() {
            let message = "the rule says nothing: every login would fit it".to_owned();
            self.faults
                .push(self.source.error(self.table.span(), message));
        }
    }

    fn settings(&mut self) -> Option<RuleSettings> {
        let table = self.table.get_ref().clone();
        let (settings, wrong) = self.source.read_values(table, read_keys);
        self.faults.extend(wrong);
        settings
    }

    /// Refuses keys about second factors that contradict each other, and those that would be
    /// believed to protect, and mean nothing without a factor.
    fn check_second_factor(&mut self, settings: &RuleSettings) {
        if settings.access == RuleAccess::Deny && settings.then.is_some() {
            self.add("then", "a rule with access = \"deny\" asks for nothing");
        }
        for (key, duration) in [
            ("remember", settings.remember),
            ("remember_max", settings.remember_max),
        ] {
            let checked = duration.map(|duration| check_not_zero(key, duration));
            if let Some(Err((key, message))) = checked {
                self.add(key, &message);
            }
        }
        match (settings.remember, settings.remember_max) {
            (None, Some(_)) => self.add("remember_max", "it needs `remember` beside it"),
            (Some(unused), Some(longest)) if longest.duration() < unused.duration() => {
                self.add("remember_max", "it is shorter than `remember`");
            }
            _ => {}
        }
        let has_factor = match &settings.then {
            Some(then) => !then.is_empty(),
            None => self.top_has_factor,
        };
        for (key, needs_factor) in [
            ("not_enrolled", settings.not_enrolled.is_some()),
            ("enrol", settings.enrol.is_some()),
            ("code", settings.code == CodeEntry::Appended),
            ("publickey", settings.publickey == PublicKey::Counts),
            ("remember", settings.remember.is_some()),
        ] {
            if needs_factor && !has_factor {
                self.add(key, NO_FACTOR);
            }
        }
        if settings.code == CodeEntry::Appended && settings.publickey == PublicKey::Counts {
            self.add(
                "code",
                "where a key counts, there is no password to append a code to",
            );
        }
    }

    fn check_access(&mut self, settings: &RuleSettings) {
        let Some(chain) = &settings.chain else {
            return;
        };
        if chain.is_empty() {
            self.add("chain", "the chain is empty: nobody could log in");
        }
        if settings.access == RuleAccess::Deny {
            self.add("chain", "a rule with access = \"deny\" asks no backend");
        }
    }

    fn name(&mut self, name: &Spanned<String>) -> String {
        let text = name.get_ref();
        if text.trim().is_empty() || text.contains(|c: char| c.is_control() || c == '"') {
            let message = "a rule's name is not empty, and has no control character and no '\"'";
            self.add("name", message);
        }
        text.clone()
    }

    fn list<T>(
        &mut self,
        key: &str,
        written: Option<Vec<Spanned<String>>>,
        parse: fn(&str) -> Result<T, String>,
    ) -> List<T> {
        let mut list = List::default();
        if written.as_ref().is_some_and(Vec::is_empty) {
            let message = "the list is empty: leave the key out if it is not to matter";
            self.add(key, message);
        }
        for entry in written.into_iter().flatten() {
            let span = entry.span();
            let (text, entries) = match entry.get_ref().strip_prefix('!') {
                Some(text) => (text, &mut list.excluded),
                None => (entry.get_ref().as_str(), &mut list.included),
            };
            match parse(text) {
                Ok(value) => entries.push(Spanned::new(span, value)),
                Err(message) => self.faults.push(self.source.error(span, message)),
            }
        }
        list
    }

    /// Adds a fault of the value of `key`.
    fn add(&mut self, key: &str, message: &str) {
        let value = self.table.get_ref().get(key);
        let span = value.map_or_else(|| self.table.span(), Spanned::span);
        self.faults
            .push(self.source.error(span, message.to_owned()));
    }
}

fn names_given_twice(rules: &[Rule], source: &Source) -> Vec<ConfigError> {
    let mut seen = BTreeSet::new();
    let mut faults = Vec::new();
    for rule in rules {
        if rule.name.as_ref().is_some_and(|name| !seen.insert(name)) {
            let message = format!("there is a {rule} before this one");
            faults.push(source.error(rule.span.clone(), message));
        }
    }
    faults
}
