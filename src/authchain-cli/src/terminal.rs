//! Output, and the exit code.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use authchain::files::edit::EditError;
use serde_json::Value;

/// The style of results that are fine.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// The style of warnings.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default();
/// The style of errors.
pub(crate) const BAD: Style = AnsiColor::Red.on_default();
/// The style of headings.
pub(crate) const STRONG: Style = Style::new().bold();

/// The exit code, which has the same three values for every subcommand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Fine, accepted, found, done.
    Success = 0,
    /// Warnings, refused, unknown, not done.
    Negative = 1,
    /// Errors, or the question could not be answered.
    Trouble = 2,
}

/// The reason why a subcommand failed.
#[derive(Debug)]
pub(crate) struct Failure {
    /// [`Exit::Negative`] if a rule refused the command, [`Exit::Trouble`] after any other failure.
    pub(crate) exit: Exit,
    /// The text for the administrator.
    pub(crate) message: String,
}

impl Failure {
    /// Returns the failure of a command that a rule refused; nothing was changed.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Negative,
            message: message.into(),
        }
    }

    /// Returns the failure of a command that could not be carried out, such as by an I/O error.
    pub(crate) fn trouble(message: impl Display) -> Self {
        Self {
            exit: Exit::Trouble,
            message: message.to_string(),
        }
    }
}

impl From<EditError> for Failure {
    fn from(error: EditError) -> Self {
        match error {
            EditError::File(text)
            | EditError::Busy(text)
            | EditError::NotFlushed(text)
            | EditError::Stranded(text) => Self::trouble(text),
            // The fields are options of `authchain user add`.
            EditError::UnusableField(_) => Self::refused(format!("--{error}")),
            EditError::NoPassword => {
                Self::refused(format!("{error}; set one with `authchain user passwd`"))
            }
            EditError::Refused(text) => Self::refused(text),
            EditError::ChangedMeanwhile => Self::refused(error.to_string()),
        }
    }
}

/// Standard output and error.
///
/// Printing never returns an error: a closed pipe (`authchain check | head -1`) must neither panic
/// nor stop work that has begun. [`finish`](Self::finish) reports the first error.
pub(crate) struct Terminal {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    fault: Option<io::Error>,
}

impl Terminal {
    /// Returns the process's own output and error streams. Colours are dropped where the stream is
    /// no terminal or `NO_COLOR` is set.
    pub(crate) fn standard() -> Self {
        Self {
            out: Box::new(anstream::stdout()),
            err: Box::new(anstream::stderr()),
            fault: None,
        }
    }

    /// Prints a line of the answer to standard output.
    pub(crate) fn print(&mut self, line: impl Display) {
        if self.fault.is_none() {
            self.fault = writeln!(self.out, "{line}").err();
        }
    }

    /// Prints a line of the answer with a style.
    pub(crate) fn print_styled(&mut self, style: Style, line: impl Display) {
        self.print(format_args!("{style}{line}{style:#}"));
    }

    /// Prints text that has its own newlines.
    pub(crate) fn write(&mut self, text: &str) {
        if self.fault.is_none() {
            self.fault = self.out.write_all(text.as_bytes()).err();
        }
    }

    /// Prints a value as JSON, for scripts.
    pub(crate) fn json(&mut self, value: &Value) {
        self.print(format_args!("{value:#}"));
    }

    /// Prints a message to standard error.
    pub(crate) fn print_message(&mut self, line: impl Display) {
        // An error here cannot be reported: standard error itself is closed.
        let _ = writeln!(self.err, "authchain: {line}");
    }

    /// Flushes the output and returns the exit code.
    pub(crate) fn finish(mut self, exit: Exit) -> ExitCode {
        let fault = self.fault.take().or_else(|| self.out.flush().err());
        match fault {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => {
                self.print_message(format_args!("cannot write the answer: {error}"));
                ExitCode::from(Exit::Trouble as u8)
            }
            _ => ExitCode::from(exit as u8),
        }
    }
}

/// Returns `text` with its control characters escaped, so that text from a directory cannot control
/// the terminal.
pub(crate) fn clean(text: &str) -> String {
    authchain::tools::journal::clean(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn exit_on(kind: ErrorKind) -> ExitCode {
        let mut terminal = Terminal {
            out: Box::new(Broken(kind)),
            err: Box::new(Broken(kind)),
            fault: None,
        };
        terminal.print("one");
        terminal.print("two");
        terminal.print_message("three");
        terminal.finish(Exit::Negative)
    }

    #[test]
    fn an_edit_error_names_the_option_or_the_command_that_helps() {
        for (error, exit, text) in [
            (
                EditError::UnusableField("gecos"),
                Exit::Negative,
                "--gecos: a colon or a control character would break the file",
            ),
            (
                EditError::NoPassword,
                Exit::Negative,
                "it has no password to unlock; set one with `authchain user passwd`",
            ),
            (EditError::Refused("r".to_owned()), Exit::Negative, "r"),
            (EditError::File("t".to_owned()), Exit::Trouble, "t"),
        ] {
            let failure = Failure::from(error);
            assert_eq!((failure.exit, failure.message.as_str()), (exit, text));
        }
    }

    #[test]
    fn a_closed_pipe_keeps_the_exit_code_and_a_full_disk_does_not() {
        assert_eq!(exit_on(ErrorKind::BrokenPipe), ExitCode::from(1));
        assert_eq!(exit_on(ErrorKind::StorageFull), ExitCode::from(2));
    }
}
