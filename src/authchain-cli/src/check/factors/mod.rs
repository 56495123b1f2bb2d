//! Checks second factors: whom they would keep out, and where they would not be asked for.

mod clock;
mod demands;
mod disk;
mod enrolled;
mod hosts;
mod names;
mod root;
mod sshd;

use std::collections::BTreeSet;
use std::path::Path;

use authchain::config::rules::Rule;
use authchain::config::{BackendTable, Config};

use super::report::{Report, Severity};
use demands::asked_in;
pub(super) use hosts::AskingService;

/// Checks the factors of a configuration beside the files of the people.
pub(super) fn check(file: &Path, config: &Config<'_>, report: &mut Report) {
    check_unused(file, config, report);
    names::check(config, report);
    let is_used = demands::all(config).any(|asking| !asking.demand.is_empty());
    if !is_used {
        return;
    }
    if let Some(enrolled) = enrolled::check(&config.settings.state_dir, report) {
        root::check(file, config, &enrolled, report);
    }
    disk::check(&config.settings.state_dir, report);
    clock::check(Path::new("/run"), report);
}

/// Checks what a service does with the questions that the configuration has for it.
pub(super) fn check_service(
    file: &Path,
    config: &Config<'_>,
    service: &AskingService<'_>,
    sshd_config: &Path,
    report: &mut Report,
) {
    for asking in asked_in(service.name, config) {
        hosts::check(file, &asking, service, report);
        if service.name == "sshd" {
            sshd::check(sshd_config, &asking, report);
        }
    }
}

/// Reports factors that nobody is asked for.
fn check_unused(file: &Path, config: &Config<'_>, report: &mut Report) {
    let of_rules = config.rules.iter().flat_map(Rule::then);
    let named = config.settings.then.iter().chain(of_rules);
    let named: BTreeSet<&str> = named.map(|name| name.get_ref().as_str()).collect();
    let names = config.factors.iter().map(BackendTable::name);
    for name in names.filter(|name| !named.contains(name)) {
        let message = format!("nobody is asked for {name}: no `then` names it");
        report.add(Severity::Warning, file, message);
    }
}
