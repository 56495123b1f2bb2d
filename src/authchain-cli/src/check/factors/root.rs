//! People who are kept out because they are not enrolled, root above all.

use std::path::Path;

use authchain::chain::registry;
use authchain::config::rules::{Choice, Conditions, Demand, Fit, RuleAccess};
use authchain::config::settings::{CodeEntry, Enrol, NotEnrolled};
use authchain::config::{BackendTable, Config};
use authchain::words::Username;

use super::demands;
use crate::check::report::{Report, Severity};

const ROOT: &str = "root";

/// Reports that root, or everybody, is asked for a factor without being enrolled.
pub(super) fn check(file: &Path, config: &Config<'_>, enrolled: &[Username], report: &mut Report) {
    let is_root = |name: &Username| name.as_str() == ROOT;
    if enrolled.is_empty() {
        let places = demands::all(config).filter(|asking| {
            refuses_others(&asking.demand) && !names_plugin(config, &asking.demand)
        });
        let places: Vec<String> = places.map(|asking| asking.place).collect();
        if !places.is_empty() {
            let place = places.join(", ");
            let message = format!(
                "nobody is enrolled, and so nobody gets in by {place}: run `authchain \
                 totp enrol`, or write not_enrolled = \"skip\" until everybody is enrolled"
            );
            report.add(Severity::Warning, file, message);
        }
    }
    if enrolled.iter().any(is_root) || !is_shut_out(config) {
        return;
    }
    let asks_plugins = demands::all(config).any(|asking| names_plugin(config, &asking.demand));
    if asks_plugins {
        let message = "root may depend on a plugin wherever root may log in with a password: write \
                       a rule for root's console with then = []";
        report.add(Severity::Warning, file, message);
    } else {
        let message = "root is not enrolled, and a code is asked for wherever root may log in with \
                       a password: run `authchain totp enrol root`, or write a rule for root's \
                       console with then = []";
        report.add(Severity::Error, file, message);
    }
}

/// Returns whether a plugin is among the factors of a demand: it alone knows who is enrolled.
fn names_plugin(config: &Config<'_>, demand: &Demand) -> bool {
    let named = |table: &&BackendTable<'_>| demand.factors.iter().any(|name| name == table.name());
    let mut factors = config.factors.iter().filter(named);
    factors.any(|table| {
        let factor = registry::factor(table, &config.settings);
        factor.is_ok_and(|factor| factor.is_presumed())
    })
}

/// Returns whether root, who is not enrolled, gets in nowhere with a password.
fn is_shut_out(config: &Config<'_>) -> bool {
    if system_backend(config, Choice::Top).is_none() {
        // Another module is in charge of root.
        return false;
    }
    for rule in config.rules.iter() {
        let user = &rule.conditions.user;
        if user.known_fit(|entry| entry.matches(ROOT, &[])) != Fit::Yes {
            continue;
        }
        let lets_in = rule.access == RuleAccess::Allow && is_let_in(config, Choice::Rule(rule));
        if lets_in || asks_for_user_alone(&rule.conditions) {
            return !lets_in;
        }
    }
    !is_let_in(config, Choice::Top)
}

/// Returns whether root gets in by the right password alone.
fn is_let_in(config: &Config<'_>, choice: Choice<'_>) -> bool {
    let demand = choice.demand(&Demand::at_the_top(&config.settings));
    let backend = system_backend(config, choice);
    backend.is_some_and(|table| table.common().mfa || !refuses_others(&demand))
}

/// Returns the backend that is asked about root.
fn system_backend<'c>(config: &'c Config<'_>, choice: Choice<'_>) -> Option<&'c BackendTable<'c>> {
    let named = |name: &str| config.backends.iter().find(|table| table.name() == name);
    let links = match choice.chain() {
        Some(names) => names.filter_map(named).collect(),
        None => config.links(None).unwrap_or_default(),
    };
    links.into_iter().find(|table| {
        let backend = registry::backend(table, &config.settings);
        backend.is_ok_and(|backend| backend.nature().is_system())
    })
}

/// Returns whether somebody who is not enrolled is refused.
fn refuses_others(demand: &Demand) -> bool {
    let may_enrol = demand.enrol == Enrol::Oneself && demand.code == CodeEntry::Asked;
    !demand.is_empty() && demand.not_enrolled == NotEnrolled::Refuse && !may_enrol
}

fn asks_for_user_alone(conditions: &Conditions) -> bool {
    let Conditions {
        service,
        group,
        from,
        tty,
        ..
    } = conditions;
    service.is_empty() && group.is_empty() && from.is_empty() && tty.is_empty()
}
