//! Checks the rules whose chain has app passwords.

use std::path::Path;

use authchain::chain::registry;
use authchain::config::rules::{Choice, Demand, Rule};
use authchain::config::{BackendTable, Config};

use super::report::{Report, Severity};

/// Warns of a rule in which app passwords are of no use: people come in with their own password
/// alone, or nobody knows the account.
pub(super) fn check(file: &Path, config: &Config<'_>, rule: &Rule, report: &mut Report) {
    let for_programs = in_chain(rule, config);
    let Some(app_passwords) = for_programs.first() else {
        return;
    };
    let is_other = |table: &&BackendTable<'_>| !is_for_programs(config, table);
    let others: Vec<_> = named(rule, config).filter(is_other).collect();
    if others.is_empty() {
        let message = format!(
            "{rule} asks {} alone, which knows no account: nobody comes in where the program asks \
             PAM about the account",
            app_passwords.name()
        );
        report.add(Severity::Warning, file, message);
    }
    let demand = Choice::Rule(rule).demand(&Demand::at_the_top(&config.settings));
    let plain = others.iter().filter(|table| !table.common().mfa);
    let plain: Vec<&str> = plain.map(|table| table.name()).collect();
    if demand.is_empty() && !plain.is_empty() {
        let message = format!(
            "{rule} takes a person's own password of {}, too, and asks for no second factor: app \
             passwords keep nobody out unless the rule has `then`",
            plain.join(", ")
        );
        report.add(Severity::Warning, file, message);
    }
}

/// Returns the backends with app passwords in the chain of a rule.
pub(super) fn in_chain<'c>(rule: &'c Rule, config: &'c Config<'_>) -> Vec<&'c BackendTable<'c>> {
    let named = named(rule, config);
    named
        .filter(|table| is_for_programs(config, table))
        .collect()
}

/// Returns the backends that a rule names.
fn named<'c>(rule: &'c Rule, config: &'c Config<'_>) -> impl Iterator<Item = &'c BackendTable<'c>> {
    let named = |name: &str| config.backends.iter().find(|table| table.name() == name);
    let chain = rule.chain.iter().flatten();
    chain.filter_map(move |name| named(name.get_ref()))
}

fn is_for_programs(config: &Config<'_>, table: &BackendTable<'_>) -> bool {
    let backend = registry::backend(table, &config.settings);
    backend.is_ok_and(|backend| backend.nature().is_for_programs)
}
