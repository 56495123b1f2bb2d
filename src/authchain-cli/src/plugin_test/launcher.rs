//! The ways in which a plugin is started.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use authchain::backends::plugin::{NETWORK, READ, RUN};
use authchain::tools::trusted_file::open_program;

use super::fault::TalkFault;
use super::process::PluginProcess;

/// A way to start the plugin.
pub(crate) enum Launcher {
    /// By the worker, behind its walls, as in a login.
    Confined {
        worker: PathBuf,
        user: String,
        program: PathBuf,
        read: Vec<PathBuf>,
        network: bool,
    },
    /// Directly, without walls; what it writes to standard error is shown.
    Unconfined(PathBuf),
    /// Authchain's own worker in place of a plugin.
    Worker { worker: PathBuf, user: String },
}

impl Launcher {
    /// Returns the program that is tried, for the report.
    pub(crate) fn name(&self) -> String {
        let (Self::Confined { program: path, .. }
        | Self::Unconfined(path)
        | Self::Worker { worker: path, .. }) = self;
        path.display().to_string()
    }

    /// Starts the plugin, with one socket as its standard input and output.
    ///
    /// # Errors
    /// When it cannot be started, or may not be.
    pub(crate) fn start(&self) -> Result<PluginProcess, TalkFault> {
        let mut command = self.command()?;
        let failed = |error: std::io::Error| TalkFault::NotStarted(error.to_string());
        let (ours, theirs) = UnixStream::pair().map_err(failed)?;
        let theirs = OwnedFd::from(theirs);
        let stderr = match self {
            Self::Unconfined(_) => Stdio::inherit(),
            _ => Stdio::null(),
        };
        command.env_clear().process_group(0);
        command.stdin(theirs.try_clone().map_err(failed)?);
        command.stdout(theirs).stderr(stderr);
        let child = command.spawn().map_err(failed)?;
        Ok(PluginProcess::new(child, ours))
    }

    fn command(&self) -> Result<Command, TalkFault> {
        let (worker, user) = match self {
            Self::Unconfined(program) => {
                let mut command = Command::new(program);
                command.current_dir("/");
                return Ok(command);
            }
            Self::Confined { worker, user, .. } | Self::Worker { worker, user } => (worker, user),
        };
        // The module starts no other worker either.
        open_program(worker).map_err(|error| TalkFault::NotStarted(error.to_string()))?;
        let mut command = Command::new(worker);
        command.arg0("authchain-worker").args(["--user", user]);
        if let Self::Confined {
            program,
            read,
            network,
            ..
        } = self
        {
            command.arg(RUN).arg(program);
            for path in read {
                command.arg(READ).arg(path);
            }
            command.args(network.then_some(NETWORK));
        }
        Ok(command)
    }
}
