//! `authchain lookup`: shows the answer of each backend about a name.

use std::path::Path;

use authchain::chain::{Finding, Identities, Step, SystemIdentities};
use authchain::words::{BackendError, User, Username};
use clap::{Args, ValueHint};
use serde_json::{Value, json};

use crate::setup::{self, ShownJournal};
use crate::terminal::{Exit, Failure, GOOD, STRONG, Terminal, WARNING, clean};

/// Show what each backend knows of a name
///
/// All backends of the chain are asked, also those behind the one that would answer a login. Where
/// a backend's user id differs from the one the system has (NSS), a login through it is refused:
/// the same name is not the same person.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  authchain lookup alice
  authchain lookup alice --json | jq '.backends[] | select(.answer == \"known\") | .user.uid'

Exit codes:
  0  at least one backend knows the name
  1  every backend answered, and none knows it
  2  none knows it, and at least one could not say")]
pub(crate) struct Lookup {
    /// The name to look up
    #[arg(value_hint = ValueHint::Username)]
    user: String,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Lookup {
    pub(crate) fn run(
        &self,
        config: Option<&Path>,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let name = setup::username(&self.user)?;
        let assembled = setup::chain(config)?;
        let context = setup::context(&assembled.settings, &ShownJournal);
        let identities = SystemIdentities::new(assembled.settings.passwd_file.clone());
        let result = LookupResult {
            system: (identities.system_user(&name)).map(|user| user.map(|user| user.uid)),
            steps: assembled.chain.lookup(&name, &context),
            name,
        };
        if self.json {
            terminal.json(&result.json());
        } else {
            result.print(terminal);
        }
        Ok(result.exit())
    }
}

/// The answers of the system and of each backend of the chain about a name.
struct LookupResult {
    name: Username,
    /// The user id of the name in the name service (NSS).
    system: Result<Option<u32>, BackendError>,
    steps: Vec<Step<User>>,
}

impl LookupResult {
    fn exit(&self) -> Exit {
        let any =
            |wanted: fn(&Finding<User>) -> bool| self.steps.iter().any(|s| wanted(&s.finding));
        if any(|finding| matches!(finding, Finding::Answered(_))) {
            Exit::Success
        } else if any(|finding| matches!(finding, Finding::Unavailable(_) | Finding::Failed(_))) {
            Exit::Trouble
        } else {
            Exit::Negative
        }
    }

    /// Returns whether the backend's user id differs from the system's: then the same name means
    /// two people.
    fn uid_differs(&self, user: &User) -> bool {
        matches!((user.uid, &self.system), (Some(claimed), Ok(Some(system))) if claimed != *system)
    }

    fn print(&self, terminal: &mut Terminal) {
        terminal.print_styled(STRONG, &self.name);
        let system = match &self.system {
            Ok(Some(uid)) => format!("uid {uid}"),
            Ok(None) => {
                "unknown; sshd and login refuse a name that the system does not know".to_owned()
            }
            Err(why) => format!("cannot say: {why}"),
        };
        terminal.print(format_args!("  {:<16} {system}", "system (NSS)"));
        for step in &self.steps {
            self.print_step(step, terminal);
        }
    }

    fn print_step(&self, step: &Step<User>, terminal: &mut Terminal) {
        let backend = &step.backend;
        let (style, text) = match &step.finding {
            Finding::Answered(user) => (GOOD, describe(user)),
            Finding::Denied(denial) | Finding::NoPassword(denial) => {
                (WARNING, format!("refuses: {denial}"))
            }
            Finding::Unknown => (anstyle::Style::new(), "unknown".to_owned()),
            Finding::Unavailable(why) => (WARNING, format!("unavailable: {why}")),
            Finding::Failed(why) => (WARNING, format!("failed: {why}")),
            Finding::NotAsked(why) => (anstyle::Style::new(), format!("not asked: {why}")),
        };
        terminal.print(format_args!(
            "  {backend:<16} {style}{}{style:#}",
            clean(&text)
        ));
        if let Finding::Answered(user) = &step.finding {
            if self.uid_differs(user) {
                terminal.print(format_args!(
                    "  {:<16} {WARNING}another user id than the system's: logins through {backend} are refused{WARNING:#}",
                    ""
                ));
            }
        }
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name.as_str(),
            "system_uid": self.system.as_ref().ok().copied().flatten(),
            "system_error": self.system.as_ref().err().map(ToString::to_string),
            "backends": self.steps.iter().map(|step| self.json_step(step)).collect::<Vec<_>>(),
        })
    }

    fn json_step(&self, step: &Step<User>) -> Value {
        let (answer, detail, user) = match &step.finding {
            Finding::Answered(user) => ("known", None, Some(user)),
            Finding::Denied(denial) | Finding::NoPassword(denial) => {
                ("denied", Some(denial.to_string()), None)
            }
            Finding::Unknown => ("unknown", None, None),
            Finding::Unavailable(why) => ("unavailable", Some(why.clone()), None),
            Finding::Failed(why) => ("failed", Some(why.clone()), None),
            Finding::NotAsked(why) => ("not_asked", Some(why.to_string()), None),
        };
        json!({
            "backend": step.backend,
            "answer": answer,
            "detail": detail,
            "user": user.map(|user| json!({
                "name": user.name, "alias_of": user.alias_of,
                "also_named": user.also_named, "uid": user.uid, "gid": user.gid, "gecos": user.gecos,
                "home": user.home, "shell": user.shell, "groups": user.groups,
                "uid_differs_from_system": self.uid_differs(user),
            })),
            "milliseconds": u64::try_from(step.took.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

fn describe(user: &User) -> String {
    let number = |id: Option<u32>| id.map_or_else(|| "none".to_owned(), |id| id.to_string());
    let alias = match &user.alias_of {
        Some(own) => format!(" (an alias of {own})"),
        None => String::new(),
    };
    let mut parts = vec![
        format!(
            "{}{alias} uid {} gid {}",
            user.name,
            number(user.uid),
            number(user.gid)
        ),
        user.gecos.clone(),
        user.home.clone(),
        user.shell.clone(),
    ];
    if !user.also_named.is_empty() {
        parts.push(format!("also named {}", user.also_named.join(" ")));
    }
    if let Some(groups) = user.groups.as_ref().filter(|groups| !groups.is_empty()) {
        parts.push(format!("groups {}", groups.join(" ")));
    }
    parts.retain(|part| !part.is_empty());
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn answers(findings: Vec<Finding<User>>) -> LookupResult {
        let step = |finding| Step {
            backend: "b".to_owned(),
            finding,
            took: Duration::ZERO,
        };
        LookupResult {
            name: Username::parse(b"alice").unwrap(),
            system: Ok(Some(1000)),
            steps: findings.into_iter().map(step).collect(),
        }
    }

    fn alice(uid: u32) -> Finding<User> {
        Finding::Answered(User {
            name: "alice".to_owned(),
            alias_of: None,
            also_named: Vec::new(),
            uid: Some(uid),
            gid: None,
            gecos: String::new(),
            home: String::new(),
            shell: String::new(),
            groups: None,
            unclear_groups: Vec::new(),
            backend: "b".to_owned(),
        })
    }

    #[test]
    fn a_known_name_outweighs_unavailable_backends() {
        let away = || Finding::Unavailable("away".to_owned());
        assert_eq!(answers(vec![away(), alice(1000)]).exit(), Exit::Success);
        assert_eq!(
            answers(vec![away(), Finding::Unknown]).exit(),
            Exit::Trouble
        );
        assert_eq!(answers(vec![Finding::Unknown]).exit(), Exit::Negative);
    }

    #[test]
    fn a_user_id_that_differs_from_the_systems_is_flagged() {
        for (uid, differs) in [(1000, false), (1001, true)] {
            let json = answers(vec![alice(uid)]).json();
            assert_eq!(
                json["backends"][0]["user"]["uid_differs_from_system"],
                differs
            );
        }
    }
}
