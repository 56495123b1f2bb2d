//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::app_password::AppPasswordCommand;
use crate::backends::Backends;
use crate::check::Check;
use crate::completions::Completions;
use crate::describe::Describe;
use crate::explain::Explain;
use crate::hash::Hash;
use crate::login_test::LoginTest;
use crate::lookup::Lookup;
use crate::plugin_test::PluginTest;
use crate::provision::Provision;
use crate::schema::SchemaCommand;
use crate::sync::Sync;
use crate::totp::TotpCommand;
use crate::user::User;

/// The end of each subcommand's short help.
const EXIT_CODES: &str = "\
Exit codes:
  0  yes: fine, accepted, found, done
  1  no: warnings, refused, unknown, not done
  2  trouble: errors, nobody could say, wrong usage";

/// The end of the command's long help.
const EXAMPLES: &str = "\
Examples:
  authchain check                    before you log out: is everything in order?
  authchain test alice               would alice get in, and who says so?
  authchain explain --user alice --service sshd
                                     which rule holds for her there?
  authchain backends                 what can each backend do, and why not?
  authchain lookup alice             what does each backend know of alice?
  authchain user add alice           an account of authchain's own
  authchain sync corp --to /var/lib/extrausers
                                     the people of a directory, for the name service
  authchain totp enrol alice         codes of an app as a second factor
  authchain plugin-test ./plugin.py  does it keep to the protocol?
  authchain describe local           which keys does a backend of type local have?

Exit codes:
  0  yes: fine, accepted, found, done
  1  no: warnings, refused, unknown, not done
  2  trouble: errors, nobody could say, wrong usage

Manual: authchain(1), authchain.toml(5), pam_authchain(8)";

/// One login chain for Linux: checks it, tries it, keeps its own accounts.
///
/// The module pam_authchain.so asks an ordered chain of backends who somebody is. This command is
/// for whoever runs the machine; no login needs it.
#[derive(Debug, Parser)]
#[command(name = "authchain", version, after_help = EXIT_CODES, after_long_help = EXAMPLES)]
#[command(arg_required_else_help = true, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Read this configuration instead of /etc/authchain/authchain.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Check(Check),
    Test(LoginTest),
    Explain(Explain),
    Backends(Backends),
    Lookup(Lookup),
    Hash(Hash),
    User(User),
    Provision(Provision),
    Sync(Sync),
    Totp(TotpCommand),
    AppPassword(AppPasswordCommand),
    PluginTest(PluginTest),
    Describe(Describe),
    Schema(SchemaCommand),
    Completions(Completions),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_and_option_stands_in_the_manual() {
        let manual = include_str!("../../../man/authchain.1.scd");
        let mut missing = Vec::new();
        walk(&Arguments::command(), "## authchain ", "\n", &mut |word| {
            if !manual.contains(&word) {
                missing.push(word);
            }
        });
        assert!(
            missing.is_empty(),
            "not in man/authchain.1.scd: {missing:?}"
        );
    }

    /// Visits every option, and the name of every subcommand with `before` and `after` around it.
    fn walk(command: &clap::Command, before: &str, after: &str, visit: &mut impl FnMut(String)) {
        let shown = command
            .get_arguments()
            .filter(|option| !option.is_hide_set());
        for option in shown.filter_map(clap::Arg::get_long) {
            if !matches!(option, "help" | "version") {
                visit(format!("*--{option}*"));
            }
        }
        for subcommand in command.get_subcommands() {
            if subcommand.get_name() != "help" {
                visit(format!("{before}{}{after}", subcommand.get_name()));
                walk(subcommand, "\n*", "* ", visit);
            }
        }
    }
}
