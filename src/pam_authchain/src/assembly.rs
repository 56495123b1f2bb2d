//! Builds the chain that the module's arguments ask for.

use std::path::PathBuf;

use authchain::chain::{Assembled, assemble};
use authchain::config::{ConfigError, ModuleArguments};
use authchain::words::PamCode;

/// The reason why there is no chain to ask.
#[derive(Debug)]
pub(crate) struct Unusable {
    /// The fault and its place, in one line.
    pub(crate) line: String,
    /// The code to answer with: `PAM_SERVICE_ERR` where the configuration or the arguments are
    /// broken, `PAM_SYSTEM_ERR` where this process could not read them.
    pub(crate) code: PamCode,
    /// The socket of the log, if that setting could be read.
    pub(crate) log_socket: Option<PathBuf>,
}

/// Reads the configuration and builds the chain that the arguments ask for.
///
/// # Errors
/// [`Unusable`]. No fault makes the module use another file or another chain: who may log in must
/// not depend on a typing mistake.
pub(crate) fn assemble_for(arguments: &ModuleArguments) -> Result<Assembled, Unusable> {
    let config = arguments.config.as_deref();
    if config.is_some_and(|path| !path.is_absolute()) {
        return Err(Unusable::broken(arguments.faults().join("; ")));
    }
    let assembled = assemble(config, arguments.chain.as_deref())?;
    match arguments.faults().as_slice() {
        [] => Ok(assembled),
        faults => Err(Unusable {
            log_socket: Some(assembled.settings.log_socket),
            ..Unusable::broken(faults.join("; "))
        }),
    }
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

    fn refused(arguments: &[&str]) -> Unusable {
        let arguments = arguments.iter().map(|argument| argument.as_bytes());
        assemble_for(&ModuleArguments::parse(arguments))
            .err()
            .unwrap()
    }

    #[test]
    fn a_mistyped_argument_is_a_broken_configuration() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("authchain.toml");
        std::fs::write(&path, "log_socket = \"/run/log\"\n").unwrap();
        let config = format!("config={}", path.display());
        for argument in ["nulok", "chian=local", "Config=/x", ""] {
            let unusable = refused(&[&config, argument]);
            assert_eq!(unusable.code, PamCode::ServiceError);
            let line = format!("unknown argument \"{argument}\"");
            assert!(unusable.line.starts_with(&line), "{unusable:?}");
            assert_eq!(unusable.log_socket, Some("/run/log".into()));
        }
    }

    #[test]
    fn a_path_that_depends_on_the_caller_is_a_broken_configuration() {
        for path in ["config=x.toml", "config="] {
            let unusable = refused(&[path]);
            assert_eq!(unusable.code, PamCode::ServiceError);
            assert_eq!(unusable.line, format!("{path}: not an absolute path"));
        }
    }
}
