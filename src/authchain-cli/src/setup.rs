//! The chain that the module would build, and a context for questions to it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use authchain::chain::{Assembled, assemble};
use authchain::config::settings::GlobalSettings;
use authchain::config::{ConfigError, DEFAULT_PATH, Source};
use authchain::tools::deadline::{Deadline, system_clock};
use authchain::tools::journal::{Journal, Severity};
use authchain::tools::request::Context;
use authchain::words::{InvalidUsername, Username};
use nix::unistd::{geteuid, getuid};

use crate::clock;
use crate::terminal::{Failure, clean};

/// Builds the chain of the configuration at `config`, or of the usual file.
pub(crate) fn chain(config: Option<&Path>) -> Result<Assembled, Failure> {
    assemble(config, None).map_err(|error| config_failure(&error))
}

/// Reads the configuration at `config`, or the usual file if it is there.
pub(crate) fn source(config: Option<&Path>) -> Result<Source, Failure> {
    let source = match config {
        Some(path) => Source::read(path),
        None => Source::read_if_there(Path::new(DEFAULT_PATH)),
    };
    source.map_err(|error| config_failure(&error))
}

/// Turns a configuration error into a failure that shows the place, the line and a caret under it.
pub(crate) fn config_failure(error: &ConfigError) -> Failure {
    Failure::trouble(error.with_citation())
}

/// Parses a login name; the failure says what is wrong with it.
pub(crate) fn username(name: &str) -> Result<Username, Failure> {
    Username::parse(name.as_bytes())
        .map_err(|invalid: InvalidUsername| Failure::refused(format!("{name:?}: {invalid}")))
}

/// Refuses whoever could not read the files in `state_dir` anyway, in words that say whose `what`
/// are.
///
/// # Errors
/// For everybody but root and the owner of the folder.
pub(crate) fn refuse_strangers(state_dir: &Path, what: &str) -> Result<(), Failure> {
    // Without the folder, only root can make it.
    let owner = fs::metadata(state_dir).map_or(0, |metadata| metadata.uid());
    match geteuid() {
        user if user.is_root() || user.as_raw() == owner => Ok(()),
        _ => Err(Failure::trouble(format!(
            "{}: {what} are root's; run this as root",
            state_dir.display()
        ))),
    }
}

/// Returns the context of a question to the chain. No PAM host asks it, so it has no terminal and
/// no remote host.
pub(crate) fn context<'a>(settings: &GlobalSettings, journal: &'a dyn Journal) -> Context<'a> {
    Context {
        service: "authchain",
        tty: "",
        rhost: "",
        ruser: "",
        uid: getuid().as_raw(),
        euid: geteuid().as_raw(),
        now: clock::now(),
        deadline: Deadline::after(system_clock, settings.deadline.duration()),
        allow_empty_password: false,
        has_publickey: false,
        silent: false,
        journal,
    }
}

/// A journal that prints to standard error the lines that the module would write to the log.
pub(crate) struct ShownJournal;

impl Journal for ShownJournal {
    fn write(&self, severity: Severity, line: &str) {
        use std::io::Write;
        let name = match severity {
            Severity::LOG_DEBUG | Severity::LOG_INFO => "note",
            Severity::LOG_NOTICE | Severity::LOG_WARNING => "warning",
            _ => "error",
        };
        // An error here cannot be reported: standard error itself is closed.
        let _ = writeln!(anstream::stderr(), "authchain: log {name}: {}", clean(line));
    }
}
