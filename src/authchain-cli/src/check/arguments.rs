//! Checks the module's arguments on the lines of PAM's service files.

use std::path::Path;

use authchain::config::ModuleArguments;

use super::configuration::{Configurations, is_missing};
use super::factors::AskingService;
use super::pam::OurLine;
use super::report::{Report, Severity};
use super::unprivileged;

/// Checks the arguments of a line, and whether its chain knows root where root must get in. Returns
/// whether a login by this line may start a worker.
///
/// A line without `config=` uses the configuration at `config`, or else the usual one.
/// `sshd_config` is sshd's own.
pub(super) fn check(
    line: &OurLine,
    config: Option<&Path>,
    sshd_config: &Path,
    configurations: &mut Configurations<'_>,
    report: &mut Report,
) -> bool {
    let written = line.arguments.iter().map(String::as_bytes);
    let arguments = ModuleArguments::parse(written);
    let say = |severity, message: String, report: &mut Report| {
        let place = (line.file.as_path(), line.number);
        report.add_pam(severity, place, &line.service, message);
    };
    for fault in arguments.faults() {
        let message = format!(
            "{fault}: the module answers as for a broken configuration, and authchain lets nobody \
             in here"
        );
        say(Severity::Error, message, report);
    }
    let path = arguments.config.as_deref().or(config);
    if path.is_some_and(Path::is_relative) {
        return false;
    }
    if let Some(message) = no_configuration(path, configurations.usual) {
        say(Severity::Warning, message, report);
    }
    let checked = configurations.check(path, report);
    if checked.is_broken() {
        // The fault is in the report already, but not that this line names the broken file.
        if arguments.config.is_some() {
            let message = "config= names a file that cannot be used; authchain lets nobody in here";
            say(Severity::Error, message.to_owned(), report);
        }
        return false;
    }
    let service = AskingService {
        name: &line.service,
        is_unprivileged: line.is_unprivileged,
    };
    checked.check_factors(&service, sshd_config, report);
    let chain = match checked.chain(arguments.chain.as_deref()) {
        Ok(chain) => chain,
        Err(error) => {
            say(Severity::Error, format!("chain=: {error}"), report);
            return false;
        }
    };
    if line.is_roots_only_way && !chain.knows_root {
        say(Severity::Error, no_way_for_root(&chain.names), report);
    }
    if line.is_unprivileged && !chain.need_root.is_empty() {
        let remark = unprivileged::remark(&chain.need_root);
        say(Severity::Note, remark, report);
    }
    chain.asks_servers
}

/// Returns the warning about a line that names no configuration while the default file is missing.
///
/// The chain of such a line is `local` alone. If the file was moved away by mistake, all that it
/// forbade is allowed.
fn no_configuration(path: Option<&Path>, default: &Path) -> Option<String> {
    let has_none = path.is_none() && is_missing(default);
    has_none.then(|| {
        let default = default.display();
        format!(
            "no config= here, and no {default}: the chain is `local` alone, and whatever a \
             configuration was to forbid is allowed; name it with config="
        )
    })
}

fn no_way_for_root(names: &[String]) -> String {
    format!(
        "root cannot get in here: the chain ({}) has no backend `local` over the system's passwd \
         file, which alone is asked about root",
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_warned_about_only_if_neither_it_nor_the_system_has_a_configuration() {
        let dir = tempfile::tempdir().unwrap();
        let default = dir.path().join("authchain.toml");
        let other = Path::new("/other.toml");
        let message = no_configuration(None, &default).unwrap();
        assert!(message.contains("the chain is `local` alone"), "{message}");
        assert_eq!(no_configuration(Some(other), &default), None);
        std::fs::write(&default, "").unwrap();
        assert_eq!(no_configuration(None, &default), None);
    }
}
