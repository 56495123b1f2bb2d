//! Checks configuration files, and that their values fit together.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use authchain::backends::Nature;
use authchain::chain::registry;
use authchain::config::{BackendTable, Config, Source};

use super::factors::AskingService;
use super::report::{Report, Severity};
use super::{backends, factors, owners, plugins, rules, settings, unprivileged};

/// The configuration files that were checked: that of `--config` or the usual file, and those that
/// lines of PAM files name by `config=`.
pub(super) struct Configurations<'a> {
    /// The file that the module reads if no `config=` names one.
    pub(super) usual: &'a Path,
    asks_servers: bool,
    checked: BTreeMap<Option<PathBuf>, Checked>,
}

/// A configuration file that was checked.
pub(super) struct Checked {
    file: PathBuf,
    /// The file's text; `None` where the module cannot use it.
    source: Option<Source>,
}

/// The chain for one line of a PAM service file.
pub(super) struct CheckedChain {
    /// The backends' names, in the order in which they are asked.
    pub(super) names: Vec<String>,
    /// True if one of the backends reads the system's own passwd file, and so knows root.
    pub(super) knows_root: bool,
    /// True if one of the backends asks servers, by a worker.
    pub(super) asks_servers: bool,
    /// The backends that cannot answer in a program that is not root.
    pub(super) need_root: Vec<String>,
}

impl<'a> Configurations<'a> {
    /// Returns an empty collection. Servers will be asked only if `asks_servers`.
    pub(super) fn new(usual: &'a Path, asks_servers: bool) -> Self {
        Self {
            usual,
            asks_servers,
            checked: BTreeMap::new(),
        }
    }

    /// Checks the file at `path`, or the usual one, unless it was checked before.
    pub(super) fn check(&mut self, path: Option<&Path>, report: &mut Report) -> &Checked {
        let (usual, asks_servers) = (self.usual, self.asks_servers);
        // The usual file has one entry, whether a line names it or not.
        let path = path.or_else(|| (!is_missing(usual)).then_some(usual));
        self.checked
            .entry(path.map(Path::to_owned))
            .or_insert_with(|| Checked::new(path, usual, asks_servers, report))
    }
}

impl Checked {
    /// Checks the file at `path`; `None` means that the usual file is missing.
    fn new(path: Option<&Path>, usual: &Path, asks_servers: bool, report: &mut Report) -> Self {
        let file = path.unwrap_or(usual);
        let source = if path.is_some() {
            check_place(file, report);
            Source::read(file)
        } else {
            let message = "there is none: where no config= names one, the chain is `local` alone";
            report.add(Severity::Warning, file, message);
            Source::read_if_there(file)
        };
        let source = source.map_err(|error| report.add_config_error(&error)).ok();
        Self {
            file: file.to_owned(),
            source: source.filter(|source| check_text(file, source, asks_servers, report)),
        }
    }

    /// Returns whether the module cannot use the configuration.
    pub(super) fn is_broken(&self) -> bool {
        self.source.is_none()
    }

    /// Checks what a service does with the questions for second factors.
    pub(super) fn check_factors(
        &self,
        service: &AskingService<'_>,
        sshd_config: &Path,
        report: &mut Report,
    ) {
        let config = self.source.as_ref().map(Config::parse);
        if let Some(Ok(config)) = config {
            factors::check_service(&self.file, &config, service, sshd_config, report);
        }
    }

    /// Returns the chain in the given order, or in the order of the configuration.
    ///
    /// # Errors
    /// The reason why this order is not possible.
    pub(super) fn chain(&self, order: Option<&[String]>) -> Result<CheckedChain, String> {
        let source = self.source.as_ref().ok_or("the configuration is broken")?;
        let config = Config::parse(source).map_err(|error| error.message)?;
        let links = config.links(order).map_err(|error| error.message)?;
        let has = |nature: fn(Nature) -> bool| {
            links.iter().any(|table| {
                registry::backend(table, &config.settings)
                    .is_ok_and(|backend| nature(backend.nature()))
            })
        };
        Ok(CheckedChain {
            names: links.iter().map(|link| link.name().to_owned()).collect(),
            knows_root: has(Nature::is_system),
            asks_servers: has(Nature::is_directory),
            need_root: unprivileged::unable(&links),
        })
    }
}

/// Returns whether nothing is at this path, not even a symbolic link that leads nowhere.
pub(super) fn is_missing(file: &Path) -> bool {
    matches!(fs::symlink_metadata(file), Err(error) if error.kind() == ErrorKind::NotFound)
}

/// Adds a note about a file that others cannot read.
fn check_place(file: &Path, report: &mut Report) {
    let mode = fs::metadata(file).map(|metadata| metadata.mode());
    if mode.is_ok_and(|mode| mode & 0o004 == 0) {
        let message = "others cannot read it: screen lockers, which run as the user, will fail";
        report.add(Severity::Note, file, message);
    }
}

/// Checks the text of a configuration and the files that it names. Returns whether the module can
/// use the configuration.
fn check_text(file: &Path, source: &Source, asks_servers: bool, report: &mut Report) -> bool {
    let (config, mut faults) = Config::parse_all(source);
    faults.extend(registry::faults(&config));
    if faults.is_empty() {
        faults.extend(registry::build(&config, None).err());
    }
    faults.sort_by_key(|fault| (fault.location.as_ref()).map(|place| (place.line, place.column)));
    for fault in &faults {
        report.add_config_error(fault);
    }
    if !faults.is_empty() {
        return false;
    }
    let links = config.links(None).unwrap_or_default();
    let names: Vec<&str> = links.iter().map(|link| link.name()).collect();
    report.looked_at(format!("{}: chain {}", file.display(), names.join(", ")));
    settings::check(file, &config.settings, report);
    let asked = config.asked();
    check_links(file, &config, &asked, report);
    backends::check(file, &config, asks_servers, report);
    owners::check(&config, &asked, report);
    factors::check(file, &config, report);
    plugins::check(file, &config, report);
    rules::check(file, &config, report)
}

/// Reports backends that may take longer than the whole chain, and backends outside the chain.
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
        // Every configuration has a backend `local`, even where the file has no section for it.
        if !is_used && backend.name() != "local" {
            let message = format!("backend {} is not in the chain", backend.name());
            report.add(Severity::Note, file, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_file_is_checked_once_even_if_a_line_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let usual = dir.path().join("authchain.toml");
        fs::write(&usual, "chain = [\"local\"]\n").unwrap();
        let mut report = Report::default();
        let mut configurations = Configurations::new(&usual, false);
        for path in [None, Some(usual.as_path())] {
            configurations.check(path, &mut report);
        }
        let looked_at = &report.json()["looked_at"];
        assert_eq!(looked_at.as_array().unwrap().len(), 1, "{looked_at}");
    }
}
