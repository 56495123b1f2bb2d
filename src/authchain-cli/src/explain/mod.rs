//! `authchain explain`: which rule holds for a login, and why no earlier one does.

mod factors_asked;
mod rule_step;

use std::path::Path;

use authchain::chain::assemble;
use authchain::config::Config;
use authchain::config::rules::{Choice, Demand, FirstChoice, LoginFacts, MachineGroups};
use authchain::words::Username;
use clap::{Args, ValueHint};
use serde_json::{Value, json};

use crate::setup::{self, config_failure};
use crate::terminal::{BAD, Exit, Failure, GOOD, STRONG, Terminal, WARNING, clean};
use factors_asked::FactorsAsked;
use rule_step::{RuleStep, Standing};

/// Say which rule holds for a login, and why no earlier one does
///
/// Goes by the configuration and the files of this machine: no password is asked for, and no
/// server. Where a backend's groups could still change the rule, it says so. Where the module's
/// line in /etc/pam.d has `chain=`, give its value as `--chain`. Run as root, it says which second
/// factor the person is asked for.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  authchain explain --user alice --service sshd --from 192.0.2.7
  authchain explain --user alice --service login --tty tty1
  authchain explain --user alice --service sudo --chain local
  authchain explain --user bob --service su --json | jq -r .access

Exit codes:
  0  the login may be allowed: backends are asked
  1  it is denied before anybody is asked
  2  the configuration is broken, or a group that decides cannot be found out")]
pub(crate) struct Explain {
    /// The login name
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Username)]
    user: String,

    /// The PAM service, such as sshd
    #[arg(long, value_name = "NAME")]
    service: String,

    /// The address that the program gives as PAM_RHOST; without it, the login is local
    #[arg(long, value_name = "ADDRESS")]
    from: Option<String>,

    /// The terminal (PAM_TTY), such as tty1, or ssh for sshd
    #[arg(long, value_name = "NAME")]
    tty: Option<String>,

    /// The value of the module's argument chain=: the backends that may be asked, in order
    #[arg(long, value_name = "NAME,NAME...", value_delimiter = ',')]
    chain: Option<Vec<String>>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(crate) fn run(
        &self,
        config: Option<&Path>,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let user = setup::username(&self.user)?;
        // The module would refuse what cannot be assembled.
        assemble(config, self.chain.as_deref()).map_err(|error| config_failure(&error))?;
        let source = setup::source(config)?;
        let config = Config::parse(&source).map_err(|error| config_failure(&error))?;
        let explanation = self.explanation(&config, &user)?;
        if self.json {
            terminal.json(&explanation.json());
        } else {
            explanation.print(terminal);
        }
        Ok(explanation.exit())
    }

    fn explanation<'c>(
        &'c self,
        config: &'c Config<'_>,
        user: &Username,
    ) -> Result<Explanation<'c>, Failure> {
        let (group_file, passwd_file) = (&config.settings.group_file, &config.settings.passwd_file);
        let groups = MachineGroups::new(group_file, passwd_file, &self.user, &[]);
        let from = self.from.as_deref().unwrap_or_default();
        let tty = self.tty.as_deref().unwrap_or_default();
        let login = LoginFacts::new(&self.service, &self.user, from, tty);
        let refuse = |error| Failure::trouble(format!("{error}: the login would be refused"));
        let first = config.rules.first_choice(&login, |group| groups.has(group));
        let steps = rule_step::steps(&config.rules, &login, from, &groups);
        let at_the_top = config.links(self.chain.as_deref()).unwrap_or_default();
        let mut explanation = Explanation {
            has_chain_of_line: self.chain.is_some(),
            login,
            from,
            steps: steps.map_err(refuse)?,
            first: first.map_err(refuse)?,
            at_the_top: at_the_top.iter().map(|table| table.name()).collect(),
            factors: FactorsAsked::default(),
        };
        if explanation.may_allow() {
            let top = Demand::at_the_top(&config.settings);
            let demand = explanation.first.by_file.demand(&top);
            explanation.factors = FactorsAsked::new(demand, config, user, &explanation.chain());
        }
        Ok(explanation)
    }
}

/// The rule for a login, and the way to it.
struct Explanation<'c> {
    login: LoginFacts<'c>,
    /// `PAM_RHOST`.
    from: &'c str,
    /// The rules in order, up to the last that may hold.
    steps: Vec<RuleStep<'c>>,
    first: FirstChoice<'c>,
    /// True if the module's line says which backends may be asked.
    has_chain_of_line: bool,
    /// The chain of the module's line, or that at the top of the file.
    at_the_top: Vec<&'c str>,
    factors: FactorsAsked<'c>,
}

impl Explanation<'_> {
    fn exit(&self) -> Exit {
        match self.may_allow() {
            true => Exit::Success,
            false => Exit::Negative,
        }
    }

    /// Returns whether a backend is asked, which may let the person in.
    fn may_allow(&self) -> bool {
        !self.chain().is_empty()
    }

    /// Returns the backends that are asked, in order.
    fn chain(&self) -> Vec<&str> {
        let is_left = |name: &&str| !self.has_chain_of_line || self.at_the_top.contains(name);
        match self.first.by_file.chain() {
            _ if !self.first.may_allow => Vec::new(),
            Some(chain) => chain.filter(is_left).collect(),
            None => self.at_the_top.clone(),
        }
    }

    /// Returns whether the rule allows, and chain= leaves none of its backends.
    fn is_shut_out(&self) -> bool {
        self.first.may_allow && self.chain().is_empty()
    }

    fn rule(&self) -> String {
        match self.first.by_file.rule() {
            Some(rule) => rule.to_string(),
            None => "none: the keys at the top of the file hold".to_owned(),
        }
    }

    fn access(&self) -> &'static str {
        match self.first.by_file {
            Choice::Unclear(_) => "unclear",
            _ if self.is_shut_out() => "deny",
            choice if choice.allows() => "allow",
            _ => "deny",
        }
    }

    fn depends_on_backend(&self) -> bool {
        (self.steps.iter()).any(|step| step.standing == Standing::UpToTheBackend)
    }

    fn print(&self, terminal: &mut Terminal) {
        let (from, tty) = match (self.from, self.login.tty) {
            ("", "") => (String::new(), String::new()),
            ("", tty) => (String::new(), format!(", terminal {tty}")),
            (from, "") => (format!(", from {from}"), String::new()),
            (from, tty) => (format!(", from {from}"), format!(", terminal {tty}")),
        };
        let login = format!(
            "{}, service {}{from}{tty}",
            self.login.user, self.login.service
        );
        terminal.print_styled(STRONG, clean(&login));
        for step in &self.steps {
            step.print(terminal);
        }
        let style = match (self.may_allow(), self.access()) {
            (true, "allow") => GOOD,
            (true, _) => WARNING,
            (false, _) => BAD,
        };
        let access = match self.access() {
            "unclear" => "deny: nobody can know whether the rule fits",
            "deny" if self.is_shut_out() => "deny: chain= leaves out all backends of the rule",
            access => access,
        };
        let but = match self.depends_on_backend() {
            _ if self.is_shut_out() => "",
            true => ", unless the groups of the backend make another rule fit",
            false => "",
        };
        terminal.print(format_args!("  {:<10} {}", "rule", clean(&self.rule())));
        terminal.print(format_args!(
            "  {:<10} {style}{access}{style:#}{but}",
            "access"
        ));
        let chain = match self.chain() {
            chain if chain.is_empty() => "nobody".to_owned(),
            chain => chain.join(", "),
        };
        terminal.print(format_args!("  {:<10} {chain}", "asked"));
        self.factors.print(terminal);
    }

    fn json(&self) -> Value {
        json!({
            "user": self.login.user,
            "service": self.login.service,
            "from": self.from,
            "tty": self.login.tty,
            "rules": self.steps.iter().map(RuleStep::json).collect::<Vec<_>>(),
            "rule": self.first.by_file.rule().map(ToString::to_string),
            "access": self.access(),
            "depends_on_backend": self.depends_on_backend(),
            "may_allow": self.may_allow(),
            "chain": self.chain(),
            "factors": self.factors.factors_json(),
            "confirmation": self.factors.confirmation_json(),
        })
    }
}
