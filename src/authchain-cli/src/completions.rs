//! `authchain completions`: for packages, which install what it prints.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::terminal::{Ending, Terminal};

/// Print completions for a shell
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self, terminal: &mut Terminal) -> Ending {
        let mut script = Vec::new();
        clap_complete::generate(
            self.shell,
            &mut Arguments::command(),
            "authchain",
            &mut script,
        );
        terminal.write(&String::from_utf8_lossy(&script));
        Ending::Yes
    }
}
