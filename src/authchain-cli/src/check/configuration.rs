//! The configuration file and what its values mean together.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use authchain::chain::registry;
use authchain::config::{BackendTable, Config, DEFAULT_PATH, Source};

use super::report::{Report, Severity};
use super::{backends, owners, settings};

/// What is known of a configuration once it was checked.
pub(super) struct Checked {
    /// Its text; none where it cannot be used.
    source: Option<Source>,
}

/// A chain in the order that a line of PAM's wants.
pub(super) struct CheckedChain {
    pub(super) names: Vec<String>,
    /// Whether one of its backends reads the system's own passwd file, and so knows root.
    pub(super) knows_root: bool,
}

impl Checked {
    /// Checks the file at `path`, or the usual one, which need not be there; and its servers, if
    /// they are to be asked.
    pub(super) fn new(path: Option<&Path>, asks_servers: bool, report: &mut Report) -> Self {
        let file = path.unwrap_or(Path::new(DEFAULT_PATH));
        let is_missing = path.is_none() && is_missing(file);
        if is_missing {
            let message = "there is none: where no config= names one, the chain is `local` alone";
            report.add(Severity::Warning, file, message);
        } else {
            check_place(file, report);
        }
        let source = match path {
            Some(path) => Source::read(path),
            None => Source::read_if_there(file),
        };
        let source = match source {
            Ok(source) => source,
            Err(error) => {
                report.add_config_error(&error);
                return Self { source: None };
            }
        };
        if check_text(file, &source, asks_servers, report) {
            Self {
                source: Some(source),
            }
        } else {
            Self { source: None }
        }
    }

    /// Returns whether the module cannot use it.
    pub(super) fn is_broken(&self) -> bool {
        self.source.is_none()
    }

    /// Returns the chain in this order.
    ///
    /// # Errors
    /// Where it cannot be put in this order; the text says why.
    pub(super) fn chain(&self, order: Option<&[String]>) -> Result<CheckedChain, String> {
        let source = self.source.as_ref().ok_or("the configuration is broken")?;
        let config = Config::parse(source).map_err(|error| error.message)?;
        let links = config.links(order).map_err(|error| error.message)?;
        let is_system = |table: &&BackendTable<'_>| {
            registry::backend(table, &config.settings)
                .is_ok_and(|backend| backend.nature().is_system())
        };
        Ok(CheckedChain {
            names: links.iter().map(|link| link.name().to_owned()).collect(),
            knows_root: links.iter().any(is_system),
        })
    }
}

fn is_missing(file: &Path) -> bool {
    matches!(fs::symlink_metadata(file), Err(error) if error.kind() == std::io::ErrorKind::NotFound)
}

fn check_place(file: &Path, report: &mut Report) {
    let mode = fs::metadata(file).map(|metadata| metadata.mode());
    if mode.is_ok_and(|mode| mode & 0o004 == 0) {
        let message = "others cannot read it: screen lockers, which run as the user, will fail";
        report.add(Severity::Note, file, message);
    }
}

/// Says whether the module can use the text.
fn check_text(file: &Path, source: &Source, asks_servers: bool, report: &mut Report) -> bool {
    let config = match Config::parse(source) {
        Ok(config) => config,
        Err(error) => {
            report.add_config_error(&error);
            return false;
        }
    };
    if let Err(error) = registry::build(&config, None) {
        report.add_config_error(&error);
        return false;
    }
    let links = config.links(None).unwrap_or_default();
    let names: Vec<&str> = links.iter().map(|link| link.name()).collect();
    report.looked_at(format!("{}: chain {}", file.display(), names.join(", ")));
    settings::check(file, &config.settings, report);
    check_links(file, &config, &links, report);
    backends::check(file, &config, asks_servers, report);
    owners::check(&config, &links, report);
    true
}

fn check_links(file: &Path, config: &Config<'_>, links: &[&BackendTable<'_>], report: &mut Report) {
    let deadline = config.settings.deadline;
    for link in links {
        let (name, timeout) = (link.name(), link.common().timeout);
        if timeout.duration() > deadline.duration() {
            let message = format!(
                "backend {name} may take {timeout}, but the whole chain has {deadline} (deadline)"
            );
            report.add(Severity::Warning, file, message);
        }
    }
    for backend in &config.backends {
        let is_used = links.iter().any(|link| link.name() == backend.name());
        // `local` is there without being written.
        if !is_used && backend.name() != "local" {
            let message = format!("backend {} is not in the chain", backend.name());
            report.add(Severity::Note, file, message);
        }
    }
}
