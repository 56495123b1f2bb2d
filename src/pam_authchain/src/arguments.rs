//! The module's arguments: what stands behind `pam_authchain.so` in a PAM stack.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use authchain::chain::{Assembled, assemble};

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
    /// What is none of these, for a line in the log. A typing mistake must not keep everybody out.
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
    /// One line that says what is wrong and where. A fault here is never answered with another
    /// file or another chain: whoever may log in must not depend on a typing mistake.
    pub(crate) fn assemble(&self) -> Result<Assembled, String> {
        if let Some(path) = self.config.as_ref().filter(|path| !path.is_absolute()) {
            // The working directory is the caller's choice, in su and sudo an attacker's.
            return Err(format!("config={}: not an absolute path", path.display()));
        }
        assemble(self.config.as_deref(), self.chain.as_deref()).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Arguments {
        Arguments::parse(arguments.iter().map(|argument| argument.as_bytes()))
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
    fn a_typing_mistake_is_remembered_and_means_nothing() {
        let arguments = parse(&["nulok", "NULLOK", "nullok=yes", ""]);
        assert_eq!(arguments.unknown.len(), 4);
        assert!(!arguments.nullok);
    }

    #[test]
    fn a_path_that_depends_on_the_caller_is_refused() {
        for path in ["config=x.toml", "config=../x.toml", "config="] {
            let error = parse(&[path]).assemble().err().unwrap();
            assert!(error.ends_with("not an absolute path"), "{error}");
        }
    }
}
