//! `authchain test`: a login without a login program.

use std::fmt::Display;
use std::io::Write;
use std::path::Path;

use authchain::chain::{Decision, Finding, Outcome};
use authchain::tools::conversation::Conversation;
use authchain::tools::request::Context;
use authchain::words::{AccountStatus, ConversationError, PamCode, Secret};
use clap::{Args, ValueHint};

use crate::prompt::{self, Echo};
use crate::setup::{self, ShownJournal};
use crate::terminal::{BAD, Exit, Failure, GOOD, STRONG, Terminal, WARNING, clean};

/// Try a login: asks for the password and shows what each backend says
///
/// Runs the chain that the module would run, in this process and with your rights. It does not
/// show what a PAM stack makes of the answer: `authchain check` examines the stacks. Nothing is
/// written to the system's log.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  authchain test alice
  authchain test alice --service sshd --rhost 192.0.2.7
  authchain test alice --account-only        as cron and ssh keys ask: no password
  authchain test alice < password-file       not a terminal: one line is read

Exit codes:
  0  accepted, and the account may be used
  1  refused, or unknown to everybody
  2  nobody could say, or the configuration is broken")]
pub(crate) struct LoginTest {
    /// The name to log in with
    #[arg(value_hint = ValueHint::Username)]
    user: String,

    /// The PAM service to log in as, such as sshd
    #[arg(long, default_value = "authchain", value_name = "NAME")]
    service: String,

    /// The remote host to come from
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        value_name = "HOST"
    )]
    rhost: String,

    /// Ask for no password, only whether the account may be used
    #[arg(long)]
    account_only: bool,

    /// Let an empty password through to local backends, as the module does with `nullok`
    #[arg(long)]
    nullok: bool,
}

impl LoginTest {
    pub(crate) fn run(
        &self,
        config: Option<&Path>,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let assembled = setup::chain(config)?;
        let name = self.user.as_bytes();
        let mut heard = None;
        if !self.account_only {
            let context = self.context(setup::context(&assembled.settings, &ShownJournal));
            let decision = (assembled.chain).authenticate(name, &context, &mut Person, |_| ());
            report("Password", &decision, decision.code(), terminal);
            let exit = exit_of(&decision.outcome);
            if exit != Exit::Success {
                return Ok(exit);
            }
            heard = decision.warning().map(str::to_owned);
        }
        let context = self.context(setup::context(&assembled.settings, &ShownJournal));
        let decision = assembled.chain.account(name, None, &context);
        report("Account", &decision, decision.code(), terminal);
        Ok(account_exit(decision.outcome, heard, terminal))
    }

    fn context<'a>(&'a self, context: Context<'a>) -> Context<'a> {
        Context {
            service: &self.service,
            rhost: &self.rhost,
            allow_empty_password: self.nullok,
            has_publickey: false,
            ..context
        }
    }
}

fn report<A: Display>(phase: &str, decision: &Decision<A>, code: PamCode, terminal: &mut Terminal) {
    terminal.print_styled(STRONG, phase);
    for step in &decision.steps {
        let style = match &step.finding {
            Finding::Answered(_) => GOOD,
            Finding::Denied(_) => BAD,
            Finding::Unavailable(_) | Finding::Failed(_) => WARNING,
            Finding::NoPassword(_) | Finding::Unknown | Finding::NotAsked(_) => {
                anstyle::Style::new()
            }
        };
        let milliseconds = step.took.as_secs_f64() * 1_000.0;
        let finding = clean(&finding_text(&step.finding));
        terminal.print(format_args!(
            "  {:<16} {style}{finding}{style:#}  ({milliseconds:.1} ms)",
            step.backend
        ));
    }
    let style = if code == PamCode::Success { GOOD } else { BAD };
    terminal.print(format_args!(
        "  answer           {style}{code}{style:#} ({})",
        code.number()
    ));
    terminal.print(format_args!(
        "  why              {}",
        clean(&decision.why())
    ));
}

fn finding_text<A: Display>(finding: &Finding<A>) -> String {
    match finding {
        Finding::Answered(answer) => answer.to_string(),
        Finding::Denied(denial) => format!("denied: {denial}"),
        Finding::NoPassword(denial) => denial.to_string(),
        Finding::Unknown => "unknown".to_owned(),
        Finding::Unavailable(why) => format!("unavailable: {why}"),
        Finding::Failed(why) => format!("failed: {why}"),
        Finding::NotAsked(why) => format!("not asked: {why}"),
    }
}

fn exit_of<A>(outcome: &Outcome<A>) -> Exit {
    match outcome {
        Outcome::Answered(_) => Exit::Success,
        Outcome::Denied(_) | Outcome::Unknown => Exit::Negative,
        Outcome::Unavailable | Outcome::Failed | Outcome::Conversation(_) => Exit::Trouble,
    }
}

/// Returns the exit, and shows what the person of a valid account is told: what the login has
/// `heard`, or the account's own warning.
fn account_exit(
    outcome: Outcome<AccountStatus>,
    heard: Option<String>,
    terminal: &mut Terminal,
) -> Exit {
    match outcome {
        Outcome::Answered(AccountStatus::Valid { warning }) => {
            if let Some(warning) = heard.or(warning) {
                terminal.print(format_args!(
                    "  {WARNING}message{WARNING:#}          {}",
                    clean(&warning)
                ));
            }
            Exit::Success
        }
        Outcome::Answered(_) => Exit::Negative,
        other => exit_of(&other),
    }
}

/// The conversation with the person at the terminal.
struct Person;

impl Person {
    /// Asks the person. If there is no answer, prints the reason: `ConversationError` cannot carry
    /// it.
    fn ask(text: &str, echo: Echo) -> Result<Secret, ConversationError> {
        prompt::ask(&clean(text), echo).map_err(|error| {
            print_text(&error.to_string());
            ConversationError::NoAnswer
        })
    }
}

impl Conversation for Person {
    fn authtok(&mut self, prompt: Option<&str>) -> Result<Secret, ConversationError> {
        self.prompt_echo_off(prompt.unwrap_or("Password: "))
    }

    fn prompt_echo_off(&mut self, text: &str) -> Result<Secret, ConversationError> {
        Self::ask(text, Echo::Off)
    }

    fn prompt_echo_on(&mut self, text: &str) -> Result<Secret, ConversationError> {
        Self::ask(text, Echo::On)
    }

    fn text_info(&mut self, text: &str) {
        print_text(text);
    }

    fn error_msg(&mut self, text: &str) {
        print_text(text);
    }
}

/// Prints a line of the conversation to standard error, apart from the result.
fn print_text(text: &str) {
    let _ = writeln!(anstream::stderr(), "{}", clean(text));
}
