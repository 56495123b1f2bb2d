//! The command `authchain`, for administrators: checks the configuration before it locks anybody
//! out, tries logins without a login program, edits authchain's own accounts, and enrols people in
//! second factors.
//!
//! Nothing here runs during a login. Each subcommand is a file or a folder. Several subcommands use
//! these files:
//!
//! | file | holds |
//! |---|---|
//! | `arguments` | the command line |
//! | `terminal` | output, and the exit code |
//! | `setup` | the chain of the configuration, and a context for questions to it |
//! | `all_backends` | all backends of the configuration, asked who knows a name |
//! | `prompt` | questions, with and without echo |
//! | `person_name` | names under which nobody may be enrolled |
//! | `clock` | the wall clock, read in one place |
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

mod all_backends;
mod app_password;
mod arguments;
mod backends;
mod check;
mod clock;
mod completions;
mod describe;
mod explain;
mod hash;
mod login_test;
mod lookup;
mod named_backend;
mod person_name;
mod plugin_test;
mod plugins;
mod prompt;
mod provision;
mod schema;
mod settings;
mod setup;
mod sync;
mod terminal;
mod totp;
mod user;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::arguments::{Arguments, Command};
use crate::terminal::{Exit, Failure, Terminal};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Printing fails where the pipe is closed; that cannot be reported.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let mut terminal = Terminal::standard();
    let exit = run(&arguments, &mut terminal).unwrap_or_else(|failure| {
        terminal.print_message(format_args!("{}", failure.message));
        failure.exit
    });
    terminal.finish(exit)
}

fn run(arguments: &Arguments, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let config = arguments.config.as_deref();
    match &arguments.command {
        Command::Check(check) => check.run(config, terminal),
        Command::Test(test) => test.run(config, terminal),
        Command::Explain(explain) => explain.run(config, terminal),
        Command::Backends(backends) => backends.run(config, terminal),
        Command::Lookup(lookup) => lookup.run(config, terminal),
        Command::Hash(hash) => hash.run(terminal),
        Command::User(user) => user.run(config, terminal),
        Command::Provision(provision) => provision.run(config, terminal),
        Command::Sync(sync) => sync.run(config, terminal),
        Command::Totp(totp) => totp.run(config, terminal),
        Command::AppPassword(passwords) => passwords.run(config, terminal),
        Command::PluginTest(plugin) => plugin.run(config, terminal),
        Command::Describe(describe) => describe.run(config, terminal),
        Command::Schema(schema) => schema.run(config, terminal),
        Command::Completions(completions) => Ok(completions.run(&Arguments::command(), terminal)),
    }
}
