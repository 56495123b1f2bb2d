//! `authchain totp`: who is enrolled in the codes of authenticator apps.

mod confirm;
mod disable;
mod enrol;
mod enrolments;
mod import;
mod qr;
mod recovery;
mod sheet;
mod status;
mod unlock;

use std::path::Path;

use clap::{Args, Subcommand};

use crate::terminal::{Exit, Failure, Terminal};
use enrolments::Enrolments;

/// Enrol people in the codes of authenticator apps: enrol, confirm, disable, status, …
///
/// A code is asked for where the configuration names the factor in `then`. The secrets are in the
/// configuration's state_dir, and root's alone.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  authchain totp enrol alice                    a QR code, and a code of the app to confirm it
  authchain totp enrol --file staff --json > new-codes; authchain totp confirm alice 123456
  authchain totp status --json | jq -r '.[] | select(.recovery_codes_left < 3) | .user'
  authchain totp import alice --google ~alice/.google_authenticator

Exit codes:
  0  done; with status: enrolled
  1  refused; nothing was changed
  2  a file could not be read or written")]
pub(crate) struct TotpCommand {
    #[command(subcommand)]
    action: TotpAction,
}

/// The subcommands of `authchain totp`.
#[derive(Debug, Subcommand)]
enum TotpAction {
    Enrol(enrol::Enrol),
    Confirm(confirm::Confirm),
    Disable(disable::Disable),
    Status(status::Status),
    Unlock(unlock::Unlock),
    Recovery(recovery::Recovery),
    Import(import::Import),
}

impl TotpCommand {
    pub(crate) fn run(
        &self,
        config: Option<&Path>,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let enrolments = Enrolments::of(config)?;
        match &self.action {
            TotpAction::Enrol(enrol) => enrol.run(&enrolments, terminal),
            TotpAction::Confirm(confirm) => confirm.run(&enrolments, terminal),
            TotpAction::Disable(disable) => disable.run(&enrolments, terminal),
            TotpAction::Status(status) => status.run(&enrolments, terminal),
            TotpAction::Unlock(unlock) => unlock.run(&enrolments, terminal),
            TotpAction::Recovery(recovery) => recovery.run(&enrolments, terminal),
            TotpAction::Import(import) => import.run(&enrolments, terminal),
        }
    }
}
