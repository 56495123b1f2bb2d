//! Checks whether the servers of a backend answer as they should.

use std::path::Path;
use std::time::Duration;

use authchain::backends::Backend;
use authchain::backends::protocol::ServerFinding;
use authchain::config::Config;
use authchain::tools::deadline::{Deadline, system_clock};
use authchain::tools::request::Request;

use super::nobody::nobody;
use super::report::{Report, Severity};
use super::rules;
use crate::setup::{self, ShownJournal};

/// Maximum time for all servers of a backend together. A server that hangs takes `connect_timeout`,
/// or some seconds if it hangs after connecting.
const PATIENCE: Duration = Duration::from_secs(60);

/// The step in which workers look for a group of a rule. Where several directories are asked, one
/// of them may do without the group.
const GROUP_OF_A_RULE: &str = "group of a rule";

/// Lets the backend's worker examine every server. No finding is reported as worse than `worst`.
pub(super) fn check(
    file: &Path,
    config: &Config<'_>,
    backend: &dyn Backend,
    worst: Severity,
    report: &mut Report,
) {
    let Some(name) = nobody() else {
        return;
    };
    let context = setup::context(&config.settings, &ShownJournal);
    let directories = rules::directories(config);
    let groups = match directories
        .iter()
        .any(|table| table.name() == backend.name())
    {
        true => rules::groups_of_directories(config),
        false => Vec::new(),
    };
    let request = Request {
        user: &name,
        deadline: Deadline::after(system_clock, PATIENCE),
        groups: &groups,
        context: &context,
    };
    let backend_name = backend.name();
    let has_others = directories.len() > 1;
    let mut hear = |finding: ServerFinding| {
        let worst = match finding.step.as_str() {
            GROUP_OF_A_RULE if has_others => worst.min(Severity::Note),
            _ => worst,
        };
        report.add_server(worst, file, backend_name, finding);
    };
    if let Err(why) = backend.examine(&request, &mut hear) {
        let message = format!("the servers of backend {backend_name} cannot be asked: {why}");
        report.add(worst, file, message);
    }
}

/// Adds a line that says that the backend's servers were not asked.
pub(super) fn not_asked(backend: &str, report: &mut Report) {
    report.looked_at(format!(
        "the servers of backend {backend} were not asked; `authchain check --online` asks them"
    ));
}
