//! `authchain completions`: prints completion scripts, which packages install.

use clap::builder::PossibleValue;
use clap::{Arg, Args, Command, ValueHint};
use clap_complete::Shell;

use crate::terminal::{Exit, Terminal};

/// Print completions for a shell
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Prints the script for `command`, the whole command line.
    pub(crate) fn run(&self, command: &Command, terminal: &mut Terminal) -> Exit {
        let mut command = shown(command).version(env!("CARGO_PKG_VERSION"));
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "authchain", &mut script);
        terminal.write(&String::from_utf8_lossy(&script));
        if self.shell == Shell::Fish {
            terminal.write(&fish_arguments(&command));
        }
        Exit::Success
    }
}

/// Returns the command without hidden options, which clap_complete would offer.
fn shown(command: &Command) -> Command {
    let arguments = command.get_arguments();
    Command::new(command.get_name().to_owned())
        .about(command.get_about().cloned().unwrap_or_default())
        .args(arguments.filter(|argument| !argument.is_hide_set()))
        .subcommands(command.get_subcommands().map(shown))
}

/// Returns the lines for arguments that are no options, for which clap_complete has none in fish.
fn fish_arguments(command: &Command) -> String {
    let mut lines = String::new();
    for subcommand in command.get_subcommands() {
        for argument in subcommand.get_positionals() {
            let (name, values) = (subcommand.get_name(), fish_values(argument));
            lines += &format!(
                "complete -c authchain -n \"__fish_authchain_using_subcommand {name}\" {values}\n"
            );
        }
    }
    lines
}

/// Returns the options of fish's `complete` for the values of an argument.
fn fish_values(argument: &Arg) -> String {
    match argument.get_value_hint() {
        ValueHint::Username => return "-f -a \"(__fish_complete_users)\"".to_owned(),
        ValueHint::ExecutablePath => return "-F".to_owned(),
        _ => {}
    }
    let values = argument.get_possible_values();
    let names: Vec<&str> = values.iter().map(PossibleValue::get_name).collect();
    format!("-f -a \"{}\"", names.join(" "))
}
