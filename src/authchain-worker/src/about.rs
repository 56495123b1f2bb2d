//! `--about`: prints how far this machine lets the worker be confined, as JSON.
//!
//! The process is confined for real, and the result reported. The kernel's version alone would not
//! tell: a container, another security module or a boot parameter may stand in the way.

use authchain_sandbox::confine::{Access, Profile, Refused, Report, confine};
use authchain_sandbox::process::ProcessFault;

use std::io::Write;
use std::process::ExitCode;

use serde::Serialize;

use crate::arguments::Arguments;

/// The answer to `--about`, which the command `authchain check` reads.
#[derive(Serialize)]
struct About {
    version: &'static str,
    processor: &'static str,
    /// True if every wall stands.
    complete: bool,
    #[serde(flatten)]
    outcome: Confinement,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Confinement {
    Confined(Report),
    Refused(String),
}

/// Prints one JSON object; succeeds if the worker would run here. `sanitized` is the result of the
/// process's first steps.
pub fn print(arguments: &Arguments, sanitized: Result<(), ProcessFault>) -> ExitCode {
    let confine = |()| confine(&Profile::SERVER, &Access::default(), &arguments.user);
    let confined = sanitized.map_err(Refused::from).and_then(confine);
    let about = About::of(confined.map_err(|refused| refused.to_string()));
    let is_usable = matches!(about.outcome, Confinement::Confined(_));
    let text = serde_json::to_string_pretty(&about).unwrap_or_default();
    let written = writeln!(std::io::stdout(), "{text}");
    match (is_usable, written) {
        (true, Ok(())) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

impl About {
    fn of(result: Result<Report, String>) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            processor: std::env::consts::ARCH,
            complete: result.as_ref().is_ok_and(Report::is_complete),
            outcome: result.map_or_else(Confinement::Refused, Confinement::Confined),
        }
    }
}
