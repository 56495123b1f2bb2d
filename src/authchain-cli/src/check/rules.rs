//! Checks the rules beside this machine's files, and what is allowed in them but dangerous.

use std::collections::BTreeSet;
use std::path::Path;

use authchain::backends::Backend;
use authchain::chain::registry;
use authchain::config::rules::{Fit, Group, Rule, RuleAccess};
use authchain::config::{BackendTable, Config};
use authchain::files::group_file::GroupFile;
use authchain::words::Username;

use super::app_passwords;
use super::report::{Report, Severity};

/// Services in which an ordinary person chooses the terminal.
const STARTED_BY_PEOPLE: [&str; 4] = ["su", "su-l", "sudo", "sudo-i"];

/// Checks the rules. Returns whether the module can use them.
pub(super) fn check(file: &Path, config: &Config<'_>, report: &mut Report) -> bool {
    if config.rules.is_empty() {
        return true;
    }
    let rules: Vec<String> = config.rules.iter().map(ToString::to_string).collect();
    report.looked_at(format!("{}: {}", file.display(), rules.join(", ")));
    for rule in config.rules.iter() {
        check_terminals(file, rule, report);
        check_spelling(file, config, rule, report);
        app_passwords::check(file, config, rule, report);
    }
    check_directories(file, config, report);
    check_groups(file, config, report)
}

/// Warns of a rule that denies by a terminal which the caller of su need not have.
fn check_terminals(file: &Path, rule: &Rule, report: &mut Report) {
    let conditions = &rule.conditions;
    if rule.access != RuleAccess::Deny || conditions.tty.included.is_empty() {
        return;
    }
    let fits = |service: &str| {
        let fit = (conditions.service).known_fit(|entry| Some(entry.matches(service)));
        fit == Fit::Yes
    };
    if let Some(service) = STARTED_BY_PEOPLE.into_iter().find(|service| fits(service)) {
        let message = format!(
            "{rule} denies by terminal: in {service} the caller chooses the terminal, and may have \
             none; allow the terminals that may be used, and deny the others"
        );
        report.add(Severity::Warning, file, message);
    }
}

/// Notes that a rule on names denies the other spellings that a backend takes.
fn check_spelling(file: &Path, config: &Config<'_>, rule: &Rule, report: &mut Report) {
    let Some(name) = rule.conditions.user.entries().next() else {
        return;
    };
    let asked = config.asked().into_iter();
    let mut backends = asked.filter_map(|table| registry::backend(table, &config.settings).ok());
    if let Some(backend) = backends.find(|backend| folds_case(&**backend)) {
        let message = format!(
            "{rule} goes by letters: backend {} takes {} for the same person, whom the rule denies \
             if it fits by its other keys",
            backend.name(),
            name.get_ref().to_string().to_uppercase()
        );
        report.add(Severity::Note, file, message);
    }
}

fn folds_case(backend: &dyn Backend) -> bool {
    Username::parse(b"a").is_ok_and(|name| backend.is_same_name(&name, "A"))
}

/// Warns of directories that may not tell their people's groups where a rule asks for them.
fn check_directories(file: &Path, config: &Config<'_>, report: &mut Report) {
    let mut rules = config.rules.iter();
    let Some(rule) = rules.find(|rule| asks_backends(rule)) else {
        return;
    };
    for table in config.links(None).unwrap_or_default() {
        for warning in registry::group_warnings(table) {
            let message = format!(
                "{rule} goes by groups, and backend {} {warning}",
                table.name()
            );
            report.add(Severity::Warning, file, message);
        }
    }
}

fn asks_backends(rule: &Rule) -> bool {
    rule.asks_backends_for_groups() && !rule.conditions.group.is_empty()
}

/// Warns of rules in which a group of this machine opens something, and a directory may have a
/// group of the same name: whoever administers the directory says who is in it, too.
fn check_names_of_both(file: &Path, config: &Config<'_>, groups: &GroupFile, report: &mut Report) {
    let directories = directories(config);
    let Some(directory) = directories.first() else {
        return;
    };
    for rule in config.rules.iter().filter(|rule| asks_backends(rule)) {
        let opening = match rule.access {
            RuleAccess::Allow => &rule.conditions.group.included,
            RuleAccess::Deny => &rule.conditions.group.excluded,
        };
        let is_of_both = |group: &Group| matches!(group, Group::Name(name) if groups.has(name));
        if let Some(name) = opening.iter().find(|name| is_of_both(name.get_ref())) {
            let message = format!(
                "{rule} counts a group \"{}\" of backend {} beside the one in {}: only a rule \
                 with `chain` goes by this machine's groups alone",
                name.get_ref(),
                directory.name(),
                groups.path().display()
            );
            report.add(Severity::Warning, file, message);
        }
    }
}

/// Returns the sections of the directories that a rule without `chain` has asked.
pub(super) fn directories<'c>(config: &'c Config<'_>) -> Vec<&'c BackendTable<'c>> {
    let top = config.links(None).unwrap_or_default().into_iter();
    top.filter(|table| is_directory(config, table)).collect()
}

/// Returns the groups of rules that the group file does not have, so that a directory must; all of
/// them where the file cannot be read.
pub(super) fn groups_of_directories(config: &Config<'_>) -> Vec<String> {
    let file = GroupFile::read(&config.settings.group_file).ok();
    let is_here = |group: &&Group| match (group, &file) {
        (Group::Name(name), Some(file)) => file.has(name),
        _ => false,
    };
    let groups = config.rules.groups_of_backends();
    let groups: BTreeSet<String> = groups
        .filter(|group| !is_here(group))
        .map(Group::to_string)
        .collect();
    groups.into_iter().collect()
}

fn is_directory(config: &Config<'_>, table: &BackendTable<'_>) -> bool {
    let backend = registry::backend(table, &config.settings);
    backend.is_ok_and(|backend| backend.nature().is_directory())
}

/// Checks the groups of the rules. Returns whether the module can use them.
fn check_groups(file: &Path, config: &Config<'_>, report: &mut Report) -> bool {
    let mut rules = config.rules.iter();
    if rules.all(|rule| rule.conditions.group.is_empty()) {
        return true;
    }
    let groups = match GroupFile::read(&config.settings.group_file) {
        Ok(groups) => groups,
        Err(error) => {
            let consequence = " (setting `group_file`): logins that a group decides are refused";
            report.add_file_error(Severity::Error, &error, consequence);
            return !config.rules.need_group_file();
        }
    };
    let faults = config.check_groups(&groups);
    for fault in &faults {
        report.add_config_error(fault);
    }
    check_unknown_groups(file, config, &groups, report);
    check_names_of_both(file, config, &groups, report);
    faults.is_empty()
}

/// Reports the groups that the group file does not have: a backend must know them, or nobody does.
fn check_unknown_groups(file: &Path, config: &Config<'_>, groups: &GroupFile, report: &mut Report) {
    let unknown = config
        .rules
        .groups_of_backends()
        .filter_map(|group| match group {
            Group::Name(name) => (!groups.has(name)).then_some(name.as_str()),
            Group::Id(_) => None,
        });
    let unknown: BTreeSet<&str> = unknown.collect();
    let asked = config.asked();
    let has_directory = asked.iter().any(|table| is_directory(config, table));
    let (severity, who) = match has_directory {
        true => (Severity::Note, "only a directory can say who is in it"),
        false => (Severity::Warning, "nobody is in it"),
    };
    for name in unknown {
        let path = groups.path().display();
        let message = format!("{path} does not have the group \"{name}\" of a rule: {who}");
        report.add(severity, file, message);
    }
}
