//! What stands behind the module's name in PAM's service files.

use std::path::{Path, PathBuf};

use authchain::config::{DEFAULT_PATH, did_you_mean};

use super::Configurations;
use super::pam::OurLine;
use super::report::{Report, Severity};

/// Arguments that are a word, as the module knows them.
const WORDS: [&str; 5] = [
    "debug",
    "nullok",
    "use_first_pass",
    "try_first_pass",
    "nodelay",
];

/// Arguments that have a value.
const KEYS: [&str; 2] = ["config=", "chain="];

/// Checks the arguments of a line, and whether root gets in by it. Lines without `config=` use the
/// configuration at `config`, or the one at the usual place.
pub(super) fn check(
    line: &OurLine,
    config: Option<&Path>,
    configurations: &mut Configurations,
    report: &mut Report,
) {
    let arguments = Arguments::parse(&line.arguments);
    let say = |severity, message: String, report: &mut Report| {
        let place = (line.file.as_path(), line.number);
        report.add_pam(severity, place, &line.service, message);
    };
    for unknown in &arguments.unknown {
        say(Severity::Error, unknown_argument(unknown), report);
    }
    let path = arguments.config.as_deref().or(config);
    if let Some(path) = arguments.config.as_ref().filter(|path| !path.is_absolute()) {
        let message = format!(
            "config={}: not an absolute path; authchain lets nobody in here",
            path.display()
        );
        return say(Severity::Error, message, report);
    }
    if let Some(message) = local_alone(path, Path::new(DEFAULT_PATH)) {
        say(Severity::Warning, message, report);
    }
    let checked = configurations.check(path, report);
    if checked.is_broken() {
        // The file itself was complained of; where it is named here, that is this line's matter too.
        if arguments.config.is_some() {
            let message = "config= names a file that cannot be used; authchain lets nobody in here";
            say(Severity::Error, message.to_owned(), report);
        }
        return;
    }
    match checked.chain(arguments.chain.as_deref()) {
        Err(error) => say(Severity::Error, format!("chain=: {error}"), report),
        Ok(chain) if line.is_roots_only_way && !chain.knows_root => {
            say(Severity::Error, no_way_for_root(&chain.names), report);
        }
        Ok(_) => {}
    }
}

/// The arguments of a line; of one given twice, the last counts.
#[derive(Debug, Default, PartialEq, Eq)]
struct Arguments {
    config: Option<PathBuf>,
    chain: Option<Vec<String>>,
    unknown: Vec<String>,
}

impl Arguments {
    fn parse(arguments: &[String]) -> Self {
        let mut parsed = Self::default();
        for argument in arguments {
            if let Some(file) = argument.strip_prefix("config=") {
                parsed.config = Some(PathBuf::from(file));
            } else if let Some(names) = argument.strip_prefix("chain=") {
                parsed.chain = Some(names.split(',').map(str::to_owned).collect());
            } else if !WORDS.contains(&argument.as_str()) {
                parsed.unknown.push(argument.clone());
            }
        }
        parsed
    }
}

fn unknown_argument(argument: &str) -> String {
    // What stands before the value is what was mistyped.
    let given = match argument.split_once('=') {
        Some((key, _)) => format!("{key}="),
        None => argument.to_owned(),
    };
    let known: Vec<&str> = KEYS.into_iter().chain(WORDS).collect();
    let hint = did_you_mean(&given, &known);
    format!(
        "unknown module argument \"{argument}\"{hint}: the module answers as for a broken \
         configuration, and authchain lets nobody in here"
    )
}

/// Returns what a line without a configuration comes to: one that was moved away forbids nothing.
fn local_alone(path: Option<&Path>, default: &Path) -> Option<String> {
    let is_alone = path.is_none() && is_missing(default);
    is_alone.then(|| {
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

fn is_missing(file: &Path) -> bool {
    let found = std::fs::symlink_metadata(file);
    matches!(found, Err(error) if error.kind() == std::io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_argument_is_told_what_was_meant() {
        for (argument, expected) in [
            ("chian=local", "\"chian=local\" (did you mean \"chain=\"?)"),
            ("Config=/etc/x.toml", "(did you mean \"config=\"?)"),
            ("conf=/etc/x.toml", "(did you mean \"config=\"?)"),
            ("nulok", "(did you mean \"nullok\"?)"),
            ("nullok=yes", "(did you mean \"nullok\"?)"),
            ("colour", "argument \"colour\": the module"),
        ] {
            let message = unknown_argument(argument);
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn a_line_without_a_configuration_is_local_alone_where_there_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let default = dir.path().join("authchain.toml");
        let other = Path::new("/other.toml");
        let message = local_alone(None, &default).unwrap();
        assert!(message.contains("the chain is `local` alone"), "{message}");
        assert_eq!(local_alone(Some(other), &default), None);
        std::fs::write(&default, "").unwrap();
        assert_eq!(local_alone(None, &default), None);
    }

    #[test]
    fn the_last_of_an_argument_counts() {
        let given = ["config=/a", "chain=a,b", "debug", "config=/b", "x"].map(str::to_owned);
        let expected = Arguments {
            config: Some(PathBuf::from("/b")),
            chain: Some(vec!["a".to_owned(), "b".to_owned()]),
            unknown: vec!["x".to_owned()],
        };
        assert_eq!(Arguments::parse(&given), expected);
    }
}
