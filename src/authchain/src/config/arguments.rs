//! The module's arguments: the words after `pam_authchain.so` on a line of a PAM stack.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::keys::DidYouMean;

/// All arguments, without their values.
const KNOWN: [&str; 8] = [
    "config=",
    "chain=",
    "debug",
    "nullok",
    "nodelay",
    "use_first_pass",
    "try_first_pass",
    "use_authtok",
];

/// The arguments that the administrator wrote after the module's name.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ModuleArguments {
    /// `config=PATH`: another configuration file.
    pub config: Option<PathBuf>,
    /// `chain=NAME,NAME`: another order of the configuration's backends.
    pub chain: Option<Vec<String>>,
    /// `debug`: more lines in the log.
    pub debug: bool,
    /// `nullok`: accounts without a password may log in, where the host allows it too.
    pub nullok: bool,
    /// `nodelay`: no pause after a failed login.
    pub nodelay: bool,
    /// Unknown arguments. They make the configuration unusable, since a mistyped restriction would
    /// restrict nothing.
    pub unknown: Vec<String>,
    /// All arguments as they were written.
    pub written: Vec<String>,
}

impl ModuleArguments {
    /// Parses the arguments. If one is given twice, the last counts.
    pub fn parse<'a>(arguments: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut parsed = Self::default();
        for argument in arguments {
            parsed.take(argument);
        }
        parsed
    }

    fn take(&mut self, argument: &[u8]) {
        let text = String::from_utf8_lossy(argument).into_owned();
        if let Some(path) = argument.strip_prefix(b"config=") {
            self.config = Some(PathBuf::from(OsStr::from_bytes(path)));
        } else if let Some(names) = text.strip_prefix("chain=") {
            self.chain = Some(names.split(',').map(str::to_owned).collect());
        } else {
            match text.as_str() {
                "debug" => self.debug = true,
                "nullok" => self.nullok = true,
                "nodelay" => self.nodelay = true,
                // libpam reads these itself, when it is asked for the password.
                "use_first_pass" | "try_first_pass" | "use_authtok" => {}
                _ => self.unknown.push(text.clone()),
            }
        }
        self.written.push(text);
    }

    /// Returns each argument that cannot be used, and its fault.
    pub fn faults(&self) -> Vec<String> {
        let relative = self.config.iter().filter(|path| !path.is_absolute());
        // The caller of su or sudo chooses the working directory.
        let relative =
            relative.map(|path| format!("config={}: not an absolute path", path.display()));
        let unknown = self
            .unknown
            .iter()
            .map(|argument| unknown_argument(argument));
        relative.chain(unknown).collect()
    }
}

fn unknown_argument(argument: &str) -> String {
    // Only the key is compared: the value cannot be mistyped.
    let given = match argument.split_once('=') {
        Some((key, _)) => format!("{key}="),
        None => argument.to_owned(),
    };
    let hint = DidYouMean(&given, KNOWN.into_iter());
    format!("unknown argument \"{argument}\"{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> ModuleArguments {
        ModuleArguments::parse(arguments.iter().map(|argument| argument.as_bytes()))
    }

    #[test]
    fn every_argument_has_its_meaning() {
        let arguments = parse(&["config=/x.toml", "chain=a,b", "debug", "nullok", "nodelay"]);
        assert_eq!(arguments.config, Some(PathBuf::from("/x.toml")));
        assert_eq!(arguments.chain, Some(vec!["a".to_owned(), "b".to_owned()]));
        assert!(arguments.debug && arguments.nullok && arguments.nodelay);
        assert_eq!(arguments.faults(), [""; 0]);
    }

    #[test]
    fn every_argument_that_is_known_can_be_given() {
        for argument in KNOWN {
            let given = argument.replace('=', "=/x");
            assert_eq!(parse(&[&given]).faults(), [""; 0], "{argument}");
        }
    }

    #[test]
    fn of_an_argument_given_twice_the_last_counts() {
        let arguments = parse(&["config=/a", "chain=a,b", "config=/b"]);
        assert_eq!(arguments.config, Some(PathBuf::from("/b")));
        assert_eq!(arguments.written, ["config=/a", "chain=a,b", "config=/b"]);
    }

    #[test]
    fn a_mistyped_argument_gets_a_suggestion() {
        for (argument, hint) in [
            ("chian=local", " (did you mean \"chain=\"?)"),
            ("Config=/etc/x.toml", " (did you mean \"config=\"?)"),
            ("conf=/etc/x.toml", " (did you mean \"config=\"?)"),
            ("nulok", " (did you mean \"nullok\"?)"),
            ("nullok=yes", " (did you mean \"nullok\"?)"),
            ("colour", ""),
            ("", ""),
        ] {
            let arguments = parse(&["debug", argument]);
            assert!(!arguments.nullok);
            let fault = format!("unknown argument \"{argument}\"{hint}");
            assert_eq!(arguments.faults(), [fault]);
        }
    }

    #[test]
    fn a_path_that_depends_on_the_caller_is_refused() {
        for path in ["config=x.toml", "config=../x.toml", "config="] {
            let fault = format!("{path}: not an absolute path");
            assert_eq!(parse(&[path]).faults(), [fault]);
        }
    }
}
