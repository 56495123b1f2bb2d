//! The subcommands of `authchain user`.

use clap::Subcommand;

use super::add::Add;
use super::list::List;

/// The subcommands of `authchain user`.
#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    Add(Add),
    /// Set another password; a locked account stays locked
    Passwd {
        /// The name
        user: String,
    },
    /// Set the full name
    SetName {
        /// The login name
        user: String,
        /// The full name
        name: String,
    },
    /// Set the mail address, where the backend has one
    SetMail {
        /// The login name
        user: String,
        /// The address; an empty one takes it away
        address: String,
    },
    /// Set the login shell
    SetShell {
        /// The login name
        user: String,
        /// The shell
        #[arg(value_name = "FILE")]
        shell: String,
    },
    /// Lock an account: passwords, ssh keys, cron and sudo
    ///
    /// Puts `!` before the password's hash and sets the expiry date to 2 January 1970. The `!`
    /// alone ends password logins only; the date ends whatever asks for no password. The expiry
    /// date there was is kept in the shadow line's reserved field, and comes back with `unlock`.
    Lock {
        /// The name
        user: String,
    },
    /// Take a lock away
    ///
    /// Removes the `!` and gives the account the expiry date it had before. A date that `lock` did
    /// not set stays.
    Unlock {
        /// The name
        user: String,
    },
    /// Delete an account; files that belong to it stay
    Del {
        /// The name
        user: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    List(List),
    /// List the accounts whose names have a part
    Search {
        /// The part
        part: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one account
    Show {
        /// The name
        user: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}
