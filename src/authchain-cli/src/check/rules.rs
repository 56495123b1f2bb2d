//! Checks the rules beside this machine's files, and what is allowed in them but dangerous.

use std::collections::BTreeSet;
use std::path::Path;

use authchain::backends::Backend;
use authchain::chain::registry;
use authchain::config::Config;
use authchain::config::rules::{Fit, Group, Rule, RuleAccess};
use authchain::files::group_file::GroupFile;
use authchain::words::Username;

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
    }
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
    let backend = |table| registry::backend(table, &config.settings);
    let mut backends = config
        .asked()
        .into_iter()
        .filter_map(|table| backend(table).ok());
    let has_directory = backends.any(|backend| backend.nature().is_directory());
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
