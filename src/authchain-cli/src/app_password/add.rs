//! `authchain app-password add`.

use authchain::config::Config;
use authchain::config::rules::{Fit, Rule};
use authchain::files::app_passwords::{AppPasswords, NewAppPassword};
use authchain::tools::name_service;
use clap::{Args, ValueHint};
use serde_json::json;

use super::people::{self, Owner, People};
use crate::clock;
use crate::terminal::{Exit, Failure, Terminal};

/// Make a password, and show it once
///
/// The password is the only line of standard output, unless there is --json. Blanks and hyphens
/// need not be typed, and case does not count.
#[derive(Debug, Args)]
pub(super) struct AddAppPassword {
    /// The name
    #[arg(value_hint = ValueHint::Username)]
    user: String,

    /// The program or device that gets the password, such as phone
    #[arg(long)]
    label: String,

    /// The PAM services that take it, such as dovecot
    #[arg(
        long,
        value_name = "NAME,NAME...",
        value_delimiter = ',',
        required = true
    )]
    service: Vec<String>,

    /// The last day (UTC) on which it is taken, such as 2027-06-30
    #[arg(long, value_name = "DAY", value_parser = parse_day)]
    until: Option<u64>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl AddAppPassword {
    pub(super) fn run(
        &self,
        config: &Config<'_>,
        people: &People<'_>,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let Owner { name, folder } = people.taker(&self.user)?;
        let today = clock::today();
        if self.until.is_some_and(|day| day < today) {
            return Err(Failure::refused("--until: the day is over"));
        }
        let system_user = name_service::user_named(name.as_str()).map_err(Failure::trouble)?;
        let uid = system_user.map(|user| user.uid.as_raw());
        let new = NewAppPassword::new(&self.label, uid, &self.service, today, self.until);
        let new = new.map_err(Failure::refused)?;
        let told = || people::json(&name, &new.kept, json!({ "password": *new.shown }));
        let json = self.json.then(told);
        folder.make().map_err(Failure::trouble)?;
        AppPasswords::add(folder.path(), new.kept)?;
        match json {
            Some(json) => terminal.json(&json),
            None => terminal.print(new.shown.as_str()),
        }
        let label = &self.label;
        terminal.print_message(format_args!(
            "the app password \"{label}\" of {name}; it is not shown again"
        ));
        if uid.is_none() {
            terminal.print_message(format_args!("warning: the system does not know {name}"));
        }
        self.warn_of_services(config, terminal);
        Ok(Exit::Success)
    }

    /// Warns of services in which the password does not count.
    fn warn_of_services(&self, config: &Config<'_>, terminal: &mut Terminal) {
        for service in &self.service {
            if !config.rules.iter().any(|rule| asks(config, rule, service)) {
                terminal.print_message(format_args!(
                    "warning: no rule for {service} has app passwords in its chain, so that this \
                     one does not count there"
                ));
            }
        }
    }
}

/// Returns whether a rule for this service has app passwords in its chain.
fn asks(config: &Config<'_>, rule: &Rule, service: &str) -> bool {
    let services = &rule.conditions.service;
    let fit = services.known_fit(|entry| Some(entry.matches(service)));
    let is_asked = |name: &str| {
        let mut all = config.backends.iter();
        all.any(|table| table.name() == name && table.common().kind.get_ref() == "app_passwords")
    };
    let mut chain = rule.chain.iter().flatten();
    fit == Fit::Yes && chain.any(|name| is_asked(name.get_ref()))
}

fn parse_day(text: &str) -> Result<u64, String> {
    clock::day(text).ok_or_else(|| "a day is written as 2027-06-30".to_owned())
}
