//! `authchain check`: finds the faults of a configuration before they lock somebody out.

mod app_passwords;
mod arguments;
mod backends;
mod configuration;
mod factors;
mod named_files;
mod nobody;
mod online;
mod owners;
mod pam;
mod people;
mod plugins;
mod print;
mod report;
mod revoked;
mod rules;
mod settings;
mod units;
mod unprivileged;
mod user_ids;
mod worker;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use authchain::config::DEFAULT_PATH;
use clap::Args;

use crate::terminal::{Exit, Failure, Terminal};
use configuration::Configurations;
use pam::Pam;
use report::Report;

/// The folders of systemd's units (systemd.unit(5)) that administrators and packages use.
const UNIT_FOLDERS: [&str; 5] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// Check the configuration, the files it names and the PAM stacks that use it
///
/// Says what is wrong and where. A PAM stack is walked as libpam would walk it, with every answer
/// that authchain can give: does a wrong password get in, does a refusal get lost, does an
/// administrator get in when the configuration is broken? Of services that ask servers, the units
/// of systemd are read: does anything in them keep the worker from its work? Servers are asked with
/// --online only.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  authchain check
  authchain check --online                   and do the servers answer, as they should?
  authchain check --config ./new.toml && cp new.toml /etc/authchain/authchain.toml
  authchain check --json | jq -r '.findings[] | \"\\(.severity) \\(.file):\\(.line) \\(.message)\"'

Exit codes:
  0  everything is in order
  1  warnings
  2  errors: logins fail, or somebody gets in who should not")]
pub(crate) struct Check {
    /// The folder of PAM's service files; given twice, a file in the first hides one in the second
    #[arg(long, default_values = ["/etc/pam.d", "/usr/lib/pam.d"], value_name = "DIR")]
    pam_dir: Vec<PathBuf>,

    /// Where modules without a path are looked for [default: the usual folders]
    #[arg(long, value_name = "DIR")]
    module_dir: Option<PathBuf>,

    /// Where systemd's units lie, the most important folder first
    #[arg(long, default_values = UNIT_FOLDERS, value_name = "DIR")]
    unit_dir: Vec<PathBuf>,

    /// sshd's configuration, which decides whether a second factor is asked for
    #[arg(long, default_value = "/etc/ssh/sshd_config", value_name = "FILE")]
    sshd_config: PathBuf,

    /// Go to every server of every backend, step by step as a login does, and say what is wrong
    #[arg(long)]
    online: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(crate) fn run(
        &self,
        config: Option<&Path>,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let mut report = Report::default();
        let mut configurations = Configurations::new(Path::new(DEFAULT_PATH), self.online);
        configurations.check(config, &mut report);
        let pam = Pam {
            folders: &self.pam_dir,
            modules: self.module_dir.as_deref(),
        };
        let mut services = BTreeSet::new();
        for line in pam.check(&mut report) {
            if arguments::check(
                &line,
                config,
                &self.sshd_config,
                &mut configurations,
                &mut report,
            ) {
                services.insert(line.service);
            }
        }
        units::check(&services, &self.unit_dir, &mut report);
        if self.json {
            terminal.json(&report.json());
        } else {
            print::print(&report, terminal);
        }
        Ok(report.exit())
    }
}
