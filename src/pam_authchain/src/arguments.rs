//! The module's arguments: what stands behind `pam_authchain.so` in a PAM stack.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use authchain::chain::{Assembled, assemble};
use authchain::config::ConfigError;
use authchain::words::PamCode;

/// What the administrator wrote behind the module's name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// `config=PATH`: another configuration file.
    pub(crate) config: Option<PathBuf>,
    /// `chain=NAME,NAME`: another order of the configuration's backends.
    pub(crate) chain: Option<Vec<String>>,
    /// `debug`: more lines in the log.
    pub(crate) debug: bool,
    /// `nullok`: accounts without a password may log in, where the host allows it too.
    pub(crate) nullok: bool,
    /// `nodelay`: no pause after a failed login.
    pub(crate) nodelay: bool,
    /// What is none of these: a mistyped restriction would be none.
    pub(crate) unknown: Vec<String>,
    /// All of them, as they were written.
    pub(crate) written: Vec<String>,
}

impl Arguments {
    /// Sorts the arguments; of one given twice, the last counts.
    pub(crate) fn parse<'a>(arguments: impl Iterator<Item = &'a [u8]>) -> Self {
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
                "use_first_pass" | "try_first_pass" => {}
                _ => self.unknown.push(text.clone()),
            }
        }
        self.written.push(text);
    }

    /// Reads the configuration and builds the chain that these arguments ask for.
    ///
    /// # Errors
    /// [`Unusable`]. A fault here is never answered with another file or another chain: whoever may
    /// log in must not depend on a typing mistake.
    pub(crate) fn assemble(&self) -> Result<Assembled, Unusable> {
        if let Some(path) = self.config.as_ref().filter(|path| !path.is_absolute()) {
            // The working directory is the caller's choice, in su and sudo an attacker's.
            let line = format!("config={}: not an absolute path", path.display());
            return Err(Unusable::broken(line));
        }
        let assembled = assemble(self.config.as_deref(), self.chain.as_deref())?;
        match self.unknown.first() {
            None => Ok(assembled),
            Some(unknown) => Err(Unusable {
                log_socket: Some(assembled.settings.log_socket),
                ..Unusable::broken(format!("unknown argument \"{unknown}\""))
            }),
        }
    }
}

/// Why there is no chain to ask.
#[derive(Debug)]
pub(crate) struct Unusable {
    /// What is wrong and where, in one line.
    pub(crate) line: String,
    /// What to answer: `PAM_SERVICE_ERR` where the configuration or the arguments are broken,
    /// `PAM_SYSTEM_ERR` where this process could not read them.
    pub(crate) code: PamCode,
    /// Where to log it, if that could be read.
    pub(crate) log_socket: Option<PathBuf>,
}

impl Unusable {
    fn broken(line: String) -> Self {
        Self {
            line,
            code: PamCode::ServiceError,
            log_socket: None,
        }
    }
}

impl From<ConfigError> for Unusable {
    fn from(error: ConfigError) -> Self {
        let broken = Self::broken(error.to_string());
        match error.is_unread {
            true => Self {
                code: PamCode::SystemError,
                ..broken
            },
            false => broken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Arguments {
        Arguments::parse(arguments.iter().map(|argument| argument.as_bytes()))
    }

    /// A configuration and the argument that names it.
    fn configuration() -> (tempfile::TempDir, String) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("authchain.toml");
        std::fs::write(&path, "log_socket = \"/run/log\"\n").unwrap();
        (dir, format!("config={}", path.display()))
    }

    #[test]
    fn every_argument_has_its_meaning() {
        let arguments = parse(&["config=/x.toml", "chain=a,b", "debug", "nullok", "nodelay"]);
        assert_eq!(arguments.config, Some(PathBuf::from("/x.toml")));
        assert_eq!(arguments.chain, Some(vec!["a".to_owned(), "b".to_owned()]));
        assert!(arguments.debug && arguments.nullok && arguments.nodelay);
        assert!(arguments.unknown.is_empty());
    }

    #[test]
    fn what_libpam_reads_itself_is_not_unknown() {
        assert!(
            parse(&["use_first_pass", "try_first_pass"])
                .unknown
                .is_empty()
        );
    }

    #[test]
    fn a_mistyped_argument_is_a_broken_configuration() {
        for argument in [
            "nulok",
            "NULLOK",
            "nullok=yes",
            "chian=local",
            "Config=/x",
            "",
        ] {
            let (_dir, config) = configuration();
            let arguments = parse(&["debug", &config, argument]);
            assert!(!arguments.nullok);
            let unusable = arguments.assemble().err().unwrap();
            assert_eq!(unusable.code, PamCode::ServiceError);
            assert_eq!(unusable.line, format!("unknown argument \"{argument}\""));
            assert_eq!(unusable.log_socket, Some("/run/log".into()));
        }
    }

    #[test]
    fn a_path_that_depends_on_the_caller_is_refused() {
        for path in ["config=x.toml", "config=../x.toml", "config="] {
            let unusable = parse(&[path]).assemble().err().unwrap();
            assert_eq!(unusable.code, PamCode::ServiceError);
            assert!(
                unusable.line.ends_with("not an absolute path"),
                "{unusable:?}"
            );
        }
    }
}
