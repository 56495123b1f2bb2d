//! Checks the rules whose chain has app passwords.

use std::path::Path;

use authchain::chain::registry;
use authchain::config::rules::{Choice, Demand, Rule};
use authchain::config::{BackendTable, Config};

use super::report::{Report, Severity};

/// Warns of a rule in which app passwords are of no use: people come in with their own password
/// alone, or nobody knows the account.
pub(super) fn check(file: &Path, config: &Config<'_>, rule: &Rule, report: &mut Report) {
    let chain = rule.chain.iter().flatten();
    let named = chain.filter_map(|name| {
        let mut all = config.backends.iter();
        all.find(|table| table.name() == name.get_ref())
    });
    let (for_programs, others): (Vec<_>, Vec<_>) =
        named.partition(|table| is_for_programs(config, table));
    let Some(app_passwords) = for_programs.first() else {
        return;
    };
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

fn is_for_programs(config: &Config<'_>, table: &BackendTable<'_>) -> bool {
    let backend = registry::backend(table, &config.settings);
    backend.is_ok_and(|backend| backend.nature().is_for_programs)
}
