//! One rule beside a login: which of its keys fit, and why the others do not.

use authchain::config::rules::{
    Conditions, Fit, LoginFacts, MachineGroups, Origin, Rule, RuleAccess, Rules,
};
use authchain::words::BackendError;
use serde_json::{Value, json};

use crate::terminal::{GOOD, Terminal, WARNING, clean};

/// A rule that was looked at.
pub(super) struct RuleStep<'r> {
    rule: &'r Rule,
    pub(super) standing: Standing,
    /// The keys that do not fit, or of which that is not known.
    obstacles: Vec<Obstacle>,
}

/// How a rule stands to a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It fits.
    Fits,
    /// It does not fit.
    DoesNotFit,
    /// It fits if the backend that accepts says so, by its groups.
    UpToTheBackend,
    /// Nobody can know whether it fits.
    Unclear,
}

/// A key that keeps a rule from fitting.
struct Obstacle {
    key: &'static str,
    entries: String,
    why: String,
}

/// Returns the rules in order, up to the one that holds whatever a backend says.
pub(super) fn steps<'r>(
    rules: &'r Rules,
    login: &LoginFacts<'_>,
    from: &str,
    groups: &MachineGroups<'_>,
) -> Result<Vec<RuleStep<'r>>, BackendError> {
    let mut steps = Vec::new();
    for rule in rules.iter() {
        let (step, is_last) = RuleStep::new(rule, login, from, groups)?;
        steps.push(step);
        if is_last {
            break;
        }
    }
    Ok(steps)
}

impl<'r> RuleStep<'r> {
    /// Compares a rule with a login, and returns besides whether no rule behind it can hold.
    fn new(
        rule: &'r Rule,
        login: &LoginFacts<'_>,
        from: &str,
        groups: &MachineGroups<'_>,
    ) -> Result<(Self, bool), BackendError> {
        let conditions = &rule.conditions;
        let mut obstacles = obstacles_but_for_groups(conditions, login, from);
        let keys = conditions.fit_but_for_groups(login);
        let of_groups = match keys {
            Fit::No => Fit::No,
            _ => fit_of_groups(rule, groups)?,
        };
        if keys != Fit::No && of_groups != Fit::Yes {
            obstacles.push(Obstacle {
                key: "group",
                entries: conditions.group.to_string(),
                why: reason_of_groups(of_groups, login),
            });
        }
        let standing = match (keys, of_groups) {
            (Fit::No, _) | (_, Fit::No) => Standing::DoesNotFit,
            (Fit::Unclear, _) => Standing::Unclear,
            (Fit::Yes, Fit::Unclear) => Standing::UpToTheBackend,
            (Fit::Yes, Fit::Yes) => Standing::Fits,
        };
        let step = Self {
            rule,
            standing,
            obstacles,
        };
        Ok((step, of_groups == Fit::Yes))
    }

    pub(super) fn print(&self, terminal: &mut Terminal) {
        let then = match self.rule.access {
            RuleAccess::Allow => "allows",
            RuleAccess::Deny => "denies",
        };
        let plain = anstyle::Style::new();
        let (style, standing) = match self.standing {
            Standing::Fits => (GOOD, format!("fits, and {then}")),
            Standing::DoesNotFit => (plain, "does not fit".to_owned()),
            Standing::UpToTheBackend => (WARNING, format!("may fit, and then {then}")),
            Standing::Unclear => (WARNING, "may fit or not, which denies".to_owned()),
        };
        let rule = clean(&self.rule.to_string());
        terminal.print(format_args!("  {rule} {style}{standing}{style:#}"));
        for Obstacle { key, entries, why } in &self.obstacles {
            let line = format!("{key} = {entries}: {why}");
            terminal.print(format_args!("    {}", clean(&line)));
        }
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "rule": self.rule.to_string(),
            "number": self.rule.number,
            "line": self.rule.line,
            "name": self.rule.name,
            "fits": match self.standing {
                Standing::Fits => "yes",
                Standing::DoesNotFit => "no",
                Standing::UpToTheBackend => "up_to_the_backend",
                Standing::Unclear => "unclear",
            },
            "access": match self.rule.access {
                RuleAccess::Allow => "allow",
                RuleAccess::Deny => "deny",
            },
            "obstacles": self.obstacles.iter().map(Obstacle::json).collect::<Vec<_>>(),
        })
    }
}

impl Obstacle {
    fn json(&self) -> Value {
        json!({ "key": self.key, "entries": self.entries, "why": self.why })
    }
}

fn obstacles_but_for_groups(
    conditions: &Conditions,
    login: &LoginFacts<'_>,
    from: &str,
) -> Vec<Obstacle> {
    let keys = conditions.fit_of_keys(login).into_iter();
    let keys = keys.filter(|(_, fit)| *fit != Fit::Yes);
    keys.map(|(key, fit)| Obstacle {
        key,
        entries: entries_of(conditions, key),
        why: reason(key, fit, login, from),
    })
    .collect()
}

/// Returns whether the person's groups fit by the group file, as far as a backend cannot change it.
fn fit_of_groups(rule: &Rule, groups: &MachineGroups<'_>) -> Result<Fit, BackendError> {
    rule.conditions.group.fit(|group| {
        let is_member = groups.has(group)?;
        let is_known = is_member || !rule.asks_backends_for_groups();
        Ok(is_known.then_some(is_member))
    })
}

fn entries_of(conditions: &Conditions, key: &str) -> String {
    match key {
        "service" => conditions.service.to_string(),
        "user" => conditions.user.to_string(),
        "from" => conditions.from.to_string(),
        _ => conditions.tty.to_string(),
    }
}

/// Returns what the login has where a key does not fit.
fn reason(key: &str, fit: Fit, login: &LoginFacts<'_>, from: &str) -> String {
    match (key, fit) {
        ("service", _) => format!("the service is {}", login.service),
        ("user", Fit::Unclear) => format!("{} may be the same person", login.user),
        ("user", _) => format!("the name is {}", login.user),
        ("from", Fit::Unclear) => format!("\"{from}\" is no address"),
        ("from", _) if login.origin == Origin::Local => "the login is local".to_owned(),
        ("from", _) => format!("the login is from {from}"),
        _ if login.tty.is_empty() => "there is no terminal".to_owned(),
        _ => format!("the terminal is {}", login.tty),
    }
}

fn reason_of_groups(fit: Fit, login: &LoginFacts<'_>) -> String {
    let user = login.user;
    match fit {
        Fit::Unclear => format!("the backend that accepts {user} may know of more groups"),
        _ => format!("the groups of {user} on this machine do not fit"),
    }
}
