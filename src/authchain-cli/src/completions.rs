//! `authchain completions`: prints completion scripts, which packages install.

use clap::{Args, Command};
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
    pub(crate) fn run(&self, mut command: Command, terminal: &mut Terminal) -> Exit {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "authchain", &mut script);
        terminal.write(&String::from_utf8_lossy(&script));
        Exit::Success
    }
}
