//! `authchain app-password add`.

use authchain::config::Config;
use authchain::config::rules::{Fit, Rule};
use authchain::files::app_passwords::{AppPasswords, NewAppPassword};
use authchain::tools::name_service;
use authchain::words::{BackendError, User, Username};
use clap::{Args, ValueHint};
use serde_json::json;

use super::people::{self, Owner, People};
use crate::all_backends::AllBackends;
use crate::terminal::{Exit, Failure, Terminal};
use crate::{clock, setup};

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
        let uid = self.uid_of(&name, config)?;
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
            terminal.print_message(format_args!(
                "warning: {name} has no user id, so that the password is good for whoever has the \
                 name"
            ));
        }
        self.warn_of_services(config, terminal);
        Ok(Exit::Success)
    }

    /// Returns the user id for which the password is made: the system's for the name, or else that
    /// of the account that a login with the password finds, before those of other backends. `None`
    /// if the account has none.
    fn uid_of(&self, name: &Username, config: &Config<'_>) -> Result<Option<u32>, Failure> {
        let system_user = name_service::user_named(name.as_str()).map_err(Failure::trouble)?;
        if let Some(user) = system_user {
            return Ok(Some(user.uid.as_raw()));
        }
        let services = self.service.iter();
        let rules = services.flat_map(|service| rules_for(config, service));
        let chains = rules.flat_map(|rule| rule.chain.iter().flatten());
        let chains = chains.chain(&config.settings.chain);
        let first: Vec<&str> = chains.map(|name| name.get_ref().as_str()).collect();
        let backends = AllBackends::of(config, &first);
        let backends = backends.map_err(|error| setup::config_failure(&error))?;
        uid_by(name, backends.lookup(name))
    }

    /// Warns of services in which the password does not count.
    fn warn_of_services(&self, config: &Config<'_>, terminal: &mut Terminal) {
        for service in &self.service {
            if rules_for(config, service).next().is_none() {
                terminal.print_message(format_args!(
                    "warning: no rule for {service} has app passwords in its chain, so that this \
                     one does not count there"
                ));
            }
        }
    }
}

/// Returns the rules for this service that have app passwords in their chain.
fn rules_for<'c>(config: &'c Config<'_>, service: &'c str) -> impl Iterator<Item = &'c Rule> {
    let rules = config.rules.iter();
    rules.filter(move |rule| asks(config, rule, service))
}

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

/// Returns the user id that the first backend gives that knows the name; `None` if it gives none.
///
/// # Errors
/// When none knows it.
fn uid_by<'b>(
    name: &Username,
    answers: impl Iterator<Item = (&'b str, Result<Option<User>, BackendError>)>,
) -> Result<Option<u32>, Failure> {
    let mut no_answer = None;
    for (backend, found) in answers {
        match found {
            Ok(Some(user)) => return Ok(user.uid),
            Ok(None) => {}
            Err(error) => no_answer = no_answer.or(Some((backend, error))),
        }
    }
    Err(match no_answer {
        Some((backend, error)) => {
            Failure::trouble(format!("{backend} cannot say who {name} is: {error}"))
        }
        None => Failure::refused(format!("neither the system nor a backend knows {name}")),
    })
}

fn parse_day(text: &str) -> Result<u64, String> {
    clock::day(text).ok_or_else(|| "a day is written as 2027-06-30".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::Exit;

    fn knows(uid: Option<u32>) -> Result<Option<User>, BackendError> {
        Ok(Some(User {
            name: "eve".to_owned(),
            alias_of: None,
            also_named: Vec::new(),
            uid,
            gid: None,
            gecos: String::new(),
            home: String::new(),
            shell: String::new(),
            groups: None,
            unclear_groups: Vec::new(),
            backend: "corp".to_owned(),
        }))
    }

    #[test]
    fn the_first_backend_that_knows_somebody_says_the_user_id() {
        let down = || Err(BackendError::Unavailable("down".to_owned()));
        let eve = Username::parse(b"eve").unwrap();
        for (answers, expected) in [
            ([Ok(None), knows(Some(5000))], Ok(Some(5000))),
            ([knows(None), knows(Some(5000))], Ok(None)),
            ([down(), knows(Some(5000))], Ok(Some(5000))),
            ([down(), Ok(None)], Err(Exit::Trouble)),
            ([Ok(None), Ok(None)], Err(Exit::Negative)),
        ] {
            let uid = uid_by(&eve, ["a", "b"].into_iter().zip(answers));
            assert_eq!(uid.map_err(|failure| failure.exit), expected);
        }
    }
}
