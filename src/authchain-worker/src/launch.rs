//! `--run`: becomes a plugin. The process is walled in first, and then executes the plugin's
//! program, which speaks with the module itself.
//!
//! The file that is executed is the one that was judged: it is opened once, and executed by its
//! descriptor.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use authchain::tools::trusted_file::open_program;
use authchain_sandbox::confine::{Access, Landlock, Profile, Refused, confine};
use authchain_sandbox::process::{self, Limits, ProcessFault};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};

use crate::arguments::Plugin;
use crate::net::failure::io_text;

/// The refusal where the kernel cannot keep plugins apart.
const NO_LANDLOCK: &str = "a plugin needs Landlock, which the kernel lacks, has switched off, or the \
                           service's SystemCallFilter forbids";

/// The longest first line of a script that the kernel reads (`BINPRM_BUF_SIZE`).
const MAX_FIRST_LINE: u64 = 256;

/// Becomes the plugin, as the user `user`, and returns only if that fails: with the reason.
/// `sanitized` is the result of the process's first steps.
pub fn become_plugin(plugin: &Plugin, user: &str, sanitized: Result<(), ProcessFault>) -> String {
    if let Err(fault) = sanitized.and_then(|()| process::verify_limits(Limits::PLUGIN)) {
        return Refused::from(fault).to_string();
    }
    let trusted = match TrustedProgram::open(&plugin.program) {
        Ok(trusted) => trusted,
        Err(why) => return why,
    };
    process::write_no_files();
    let access = Access::of_plugin(&trusted.programs(), &plugin.read, plugin.network);
    match confine(&Profile::PLUGIN, &access, user) {
        // Without Landlock, a plugin could read and write the memory of others of the same user.
        Ok(report) if !matches!(report.landlock, Landlock::Enforced { .. }) => {
            return NO_LANDLOCK.to_owned();
        }
        // Without a change of user, the processes of a whole desktop would count.
        Ok(report) if report.user.is_other => process::limit_processes(),
        Ok(_) => {}
        Err(refused) => return refused.to_string(),
    }
    trusted.execute()
}

/// A program that nobody but root could have written, and its interpreter if it is a script.
struct TrustedProgram<'p> {
    path: &'p Path,
    program: File,
    interpreter: Option<PathBuf>,
}

impl<'p> TrustedProgram<'p> {
    fn open(path: &'p Path) -> Result<Self, String> {
        let program = open_program(path).map_err(|error| error.to_string())?;
        let mut first_line = Vec::new();
        let read = (&program).take(MAX_FIRST_LINE).read_to_end(&mut first_line);
        read.map_err(|error| format!("{}: {}", path.display(), io_text(&error)))?;
        let interpreter = interpreter(&first_line);
        if let Some(interpreter) = &interpreter {
            let judged = open_program(interpreter);
            judged.map_err(|error| format!("interpreter of {}: {error}", path.display()))?;
        }
        Ok(Self {
            path,
            program,
            interpreter,
        })
    }

    fn programs(&self) -> Vec<&Path> {
        let interpreter = self.interpreter.as_deref();
        [self.path].into_iter().chain(interpreter).collect()
    }

    /// Executes the program, with no environment, and no argument but its name.
    fn execute(&self) -> String {
        let failed =
            |error: &std::io::Error| format!("{}: {}", self.path.display(), io_text(error));
        if self.interpreter.is_some() {
            // The interpreter opens the script by this descriptor.
            let kept = fcntl(&self.program, FcntlArg::F_SETFD(FdFlag::empty()));
            if let Err(errno) = kept {
                return failed(&errno.into());
            }
        }
        let descriptor = format!("/proc/self/fd/{}", self.program.as_raw_fd());
        let error = Command::new(descriptor).arg0(self.path).env_clear().exec();
        failed(&error)
    }
}

/// Returns the interpreter that the first line of a script names (execve(2)).
fn interpreter(first_line: &[u8]) -> Option<PathBuf> {
    let line = first_line.strip_prefix(b"#!")?;
    let line = line.split(|&byte| byte == b'\n').next()?.trim_ascii_start();
    let is_blank = |byte: &u8| [b' ', b'\t'].contains(byte);
    let name = line.split(is_blank).next()?;
    Some(PathBuf::from(OsStr::from_bytes(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_a_script_names_its_interpreter() {
        let of = |line: &[u8]| interpreter(line).map(|path| path.display().to_string());
        assert_eq!(of(b"#!/bin/sh\necho").as_deref(), Some("/bin/sh"));
        let spaced = of(b"#! \t/usr/bin/python3 -I\n");
        assert_eq!(spaced.as_deref(), Some("/usr/bin/python3"));
        assert_eq!(of(b"#!/bin/sh").as_deref(), Some("/bin/sh"));
        assert_eq!(of(b"\x7fELF"), None);
        assert_eq!(of(b"#!\n").as_deref(), Some(""));
    }
}
