//! The places of a configuration that ask for second factors.

use authchain::config::Config;
use authchain::config::rules::{Choice, Conditions, Demand, Fit, Rule, RuleAccess};

use crate::check::app_passwords;

/// A place of a configuration that asks for a second factor: a rule, or the top of the file.
pub(super) struct Asking {
    /// The place, in words.
    pub(super) place: String,
    pub(super) demand: Demand,
    /// True if programs that cannot ask have passwords of their own there.
    pub(super) has_app_passwords: bool,
}

/// Returns the places that say what a login needs, if it is allowed.
pub(super) fn all(config: &Config<'_>) -> impl Iterator<Item = Asking> {
    let allowing = config
        .rules
        .iter()
        .filter(|rule| rule.access == RuleAccess::Allow);
    let of_rules = allowing.map(|rule| of_rule(rule, config));
    of_rules.chain([of_top(config)])
}

/// Returns the places that ask for a factor in a service, in the order of the rules.
pub(super) fn asked_in(service: &str, config: &Config<'_>) -> Vec<Asking> {
    let mut places = Vec::new();
    for rule in config.rules.iter() {
        let conditions = &rule.conditions;
        let fit = conditions
            .service
            .known_fit(|entry| Some(entry.matches(service)));
        if fit == Fit::No {
            continue;
        }
        if rule.access == RuleAccess::Allow {
            places.push(of_rule(rule, config));
        }
        if asks_for_service_alone(conditions) {
            return asking(places);
        }
    }
    places.push(of_top(config));
    asking(places)
}

fn of_rule(rule: &Rule, config: &Config<'_>) -> Asking {
    Asking {
        place: rule.to_string(),
        demand: Choice::Rule(rule).demand(&Demand::at_the_top(&config.settings)),
        has_app_passwords: !app_passwords::in_chain(rule, config).is_empty(),
    }
}

fn of_top(config: &Config<'_>) -> Asking {
    Asking {
        place: "the keys at the top of the file".to_owned(),
        demand: Demand::at_the_top(&config.settings),
        has_app_passwords: false,
    }
}

fn asking(mut places: Vec<Asking>) -> Vec<Asking> {
    places.retain(|asking| !asking.demand.is_empty());
    places
}

fn asks_for_service_alone(conditions: &Conditions) -> bool {
    let Conditions {
        user,
        group,
        from,
        tty,
        ..
    } = conditions;
    user.is_empty() && group.is_empty() && from.is_empty() && tty.is_empty()
}
