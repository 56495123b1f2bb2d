//! One call of the module: its handle, flags, arguments, configuration and log.

use std::ffi::c_int;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use authchain::chain::{Assembled, ChangePhase, GivenName};
use authchain::config::settings::GlobalSettings;
use authchain::config::{DEFAULT_PATH, ModuleArguments};
use authchain::files::edit::real_uid;
use authchain::tools::deadline::{Deadline, system_clock};
use authchain::tools::journal::{DEFAULT_SOCKET, Journal, PamJournal, Severity, Syslog};
use authchain::tools::request::Context;
use authchain::words::PamCode;
use nix::unistd::geteuid;

use crate::assembly::{Unusable, assemble_for};
use crate::handle::Handle;
use crate::items::Items;

/// A call of one of the six functions.
pub(crate) struct Call<'h> {
    /// The PAM handle.
    pub(crate) handle: Handle<'h>,
    /// The flags of the host program.
    pub(crate) flags: Flags,
    /// The arguments that the administrator wrote in the stack.
    pub(crate) arguments: ModuleArguments,
}

impl Call<'_> {
    /// Returns the context of this call, for the chain.
    pub(crate) fn context<'c>(
        &self,
        items: &'c Items,
        settings: &GlobalSettings,
        journal: &'c dyn Journal,
    ) -> Context<'c> {
        Context {
            service: &items.service,
            tty: &items.tty,
            rhost: &items.rhost,
            ruser: &items.ruser,
            uid: real_uid().as_raw(),
            euid: geteuid().as_raw(),
            now: wall_clock(),
            deadline: Deadline::after(system_clock, settings.deadline.duration()),
            // The host's flag (`PAM_DISALLOW_NULL_AUTHTOK`) counts more than the administrator's
            // `nullok`.
            allow_empty_password: self.arguments.nullok && !self.flags.forbid_empty_password(),
            has_publickey: items.has_publickey,
            silent: self.flags.silent(),
            journal,
        }
    }

    /// Reads the configuration, builds its chain, and returns the log that it names.
    ///
    /// If the configuration is broken and its `log_socket` cannot be read, the log is the system's
    /// (`/dev/log`).
    pub(crate) fn log_and_chain(&self) -> (Syslog, Result<Assembled, Unusable>) {
        let assembled = assemble_for(&self.arguments);
        let socket = match &assembled {
            Ok(assembled) => Some(assembled.settings.log_socket.clone()),
            Err(unusable) => unusable.log_socket.clone(),
        };
        let socket = socket.unwrap_or_else(|| PathBuf::from(DEFAULT_SOCKET));
        (Syslog::new(socket), assembled)
    }

    /// Logs the flags and the arguments of the call, if an argument is `debug`.
    pub(crate) fn log_if_debug(&self, journal: &PamJournal<'_>) {
        let arguments = &self.arguments;
        if arguments.debug {
            let config = arguments.config.as_deref();
            let line = format!(
                "called with flags {:#x}, configuration {}, arguments: {}",
                self.flags.0,
                config.unwrap_or(Path::new(DEFAULT_PATH)).display(),
                arguments.written.join(" "),
            );
            journal.write(Severity::LOG_DEBUG, &line);
        }
    }
}

/// Logs why there is no chain to ask, and returns the code to answer with.
pub(crate) fn unusable(journal: &PamJournal<'_>, unusable: &Unusable) -> PamCode {
    let line = format!("the configuration cannot be used: {}", unusable.line);
    journal.write(Severity::LOG_ERR, &line);
    unusable.code
}

/// Logs that there is no login name, from the host program or the person, and returns `code`.
pub(crate) fn nameless(journal: &PamJournal<'_>, code: PamCode) -> PamCode {
    journal.write(
        Severity::LOG_NOTICE,
        &format!("no login name was given ({code})"),
    );
    code
}

/// The flags of a call (`security/_pam_types.h`).
#[derive(Clone, Copy)]
pub(crate) struct Flags(c_int);

impl Flags {
    const SILENT: c_int = 0x8000;
    const DISALLOW_NULL_AUTHTOK: c_int = 0x1;
    const CHANGE_EXPIRED_AUTHTOK: c_int = 0x20;
    const UPDATE_AUTHTOK: c_int = 0x2000;
    const PRELIM_CHECK: c_int = 0x4000;

    /// Takes the flags as libpam passes them.
    pub(crate) fn new(flags: c_int) -> Self {
        Self(flags)
    }

    /// Returns whether the module must send no messages (`PAM_SILENT`): libpam would pass them on.
    pub(crate) fn silent(self) -> bool {
        self.0 & Self::SILENT != 0
    }

    /// Returns which of the two calls of a change this is; `None` where the host did not call
    /// through libpam, which sets one of the two flags.
    pub(crate) fn change_phase(self) -> Option<ChangePhase> {
        match (self.0 & Self::PRELIM_CHECK, self.0 & Self::UPDATE_AUTHTOK) {
            (Self::PRELIM_CHECK, 0) => Some(ChangePhase::Preliminary),
            (0, Self::UPDATE_AUTHTOK) => Some(ChangePhase::Update),
            _ => None,
        }
    }

    /// Returns whether only a password that has expired is to be changed.
    pub(crate) fn only_expired(self) -> bool {
        self.0 & Self::CHANGE_EXPIRED_AUTHTOK != 0
    }

    fn forbid_empty_password(self) -> bool {
        self.0 & Self::DISALLOW_NULL_AUTHTOK != 0
    }
}

/// Returns the name, and whether the log line about a failure may show it.
pub(crate) fn given_name<'n>(name: &'n [u8], settings: &GlobalSettings) -> GivenName<'n> {
    GivenName {
        name,
        log_unknown_users: settings.log_unknown_users,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the border, where the wall clock is read once"
)]
fn wall_clock() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_one_by_one() {
        assert!(Flags::new(0x8001).silent() && Flags::new(0x8001).forbid_empty_password());
        assert!(!Flags::new(0x8000).forbid_empty_password());
        assert!(!Flags::new(0x1).silent());
        assert!(Flags::new(0x4020).only_expired() && !Flags::new(0x4000).only_expired());
    }

    #[test]
    fn a_call_is_one_of_the_two_of_a_change_or_neither() {
        let phase = |flags| Flags::new(flags).change_phase();
        assert_eq!(phase(0xc020), Some(ChangePhase::Preliminary));
        assert_eq!(phase(0x2000), Some(ChangePhase::Update));
        assert_eq!(phase(0x8020), None);
        assert_eq!(phase(0x6000), None);
    }
}
