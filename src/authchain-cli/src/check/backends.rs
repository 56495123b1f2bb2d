//! Checks whether each backend can work.

use std::path::Path;

use authchain::backends::Backend;
use authchain::chain::registry;
use authchain::config::settings::local::LocalSettings;
use authchain::config::{BackendTable, Config};
use authchain::files::passwd_files;
use authchain::tools::request::Request;
use authchain::tools::trusted_file::{Access, FileError, FileFault, folders};
use nix::unistd::geteuid;

use super::nobody::nobody;
use super::report::{Report, Severity};
use super::{named_files, online, people, revoked, user_ids, worker};
use crate::setup::{self, ShownJournal};

/// Checks every backend, in a chain or not. Local backends in a chain are asked a question;
/// servers are asked only if `asks_servers`.
pub(super) fn check(file: &Path, config: &Config<'_>, asks_servers: bool, report: &mut Report) {
    let asked = config.asked();
    // The worker is checked once, with the severity of the first backend that needs it.
    let mut worker = None;
    let is_used = |table: &BackendTable<'_>| asked.iter().any(|link| link.name() == table.name());
    let (used, spare): (Vec<_>, Vec<_>) = config.backends.iter().partition(|table| is_used(table));
    for (tables, severity) in [(used, Severity::Error), (spare, Severity::Warning)] {
        for table in tables {
            // A fault in the section is in the report already.
            let Ok(backend) = registry::backend(table, &config.settings) else {
                continue;
            };
            if !backend.nature().is_directory() {
                check_local(file, config, table, &*backend, severity, report);
                continue;
            }
            for warning in registry::warnings(table) {
                let message = format!("backend {}: {warning}", table.name());
                report.add(Severity::Warning, file, message);
            }
            named_files::check(table, severity, report);
            revoked::check(table, severity, report);
            user_ids::check(file, table, &*backend, report);
            let has_worker =
                *worker.get_or_insert_with(|| worker::check(&config.settings, severity, report));
            match asks_servers {
                true if has_worker => online::check(file, config, &*backend, severity, report),
                true => {}
                false => online::not_asked(backend.name(), report),
            }
        }
    }
}

/// Checks the files of a backend of type `local`, and whether it answers if it is in the chain.
fn check_local(
    file: &Path,
    config: &Config<'_>,
    table: &BackendTable<'_>,
    backend: &dyn Backend,
    severity: Severity,
    report: &mut Report,
) {
    let is_used = severity == Severity::Error;
    // Every configuration has a backend `local`; one that is not in the chain does not matter.
    if !is_used && backend.name() == "local" {
        return;
    }
    let Ok(settings) = table.settings::<LocalSettings>() else {
        return;
    };
    for (path, access) in [
        (&settings.passwd, Access::Public),
        (&settings.shadow, Access::GroupReadable),
    ] {
        if let Err(error) = passwd_files::open(path, access) {
            add_file_error(
                backend.name(),
                &error,
                &config.settings.state_dir,
                severity,
                report,
            );
        } else if let Err(error) = folders::judge(path) {
            // A warning only: the file could be opened, so it is one of the system's own, which the
            // module reads in any folder.
            report.add(Severity::Warning, &error.path, error.fault.to_string());
        }
    }
    people::check(backend.name(), &settings, &config.settings, report);
    if is_used {
        ask(file, config, backend, report);
    }
}

fn add_file_error(
    backend: &str,
    error: &FileError,
    state_dir: &Path,
    severity: Severity,
    report: &mut Report,
) {
    let hint = if error.fault == FileFault::Missing && error.path.parent() == Some(state_dir) {
        "; `authchain user add` makes it"
    } else {
        ""
    };
    let consequence = format!("{hint} (backend {backend} cannot answer)");
    report.add_file_error(severity, error, &consequence);
}

/// Asks the backend about a name that nobody has, to find out whether it can answer at all.
fn ask(file: &Path, config: &Config<'_>, backend: &dyn Backend, report: &mut Report) {
    let Some(name) = nobody() else {
        return;
    };
    if report.count(Severity::Error) > 0 || !geteuid().is_root() {
        return;
    }
    let context = setup::context(&config.settings, &ShownJournal);
    let request = Request {
        user: &name,
        deadline: context.deadline,
        groups: &[],
        context: &context,
    };
    if let Err(why) = backend.lookup(&request) {
        let message = format!("backend {} cannot answer: {why}", backend.name());
        report.add(Severity::Error, file, message);
    }
}
