//! The PAM border: six functions that libpam calls inside `sshd`, `sudo` and `login`, as root.
//!
//! All six have the same form: [`border::enter`] reads the raw call under a panic guard, a function
//! of this crate answers with a [`PamCode`], and the number of the code is returned. The
//! `authchain` library makes all decisions; this crate only connects it to libpam.
//!
//! A call leaves nothing behind but a few bytes that libpam keeps ([`hint`]): no thread, no
//! descriptor, no changed signal. The calls of a login may be made in different processes (sshd) or
//! for different users (sudo), so no call needs an earlier call.

mod account;
mod account_text;
mod assembly;
mod authenticate;
mod border;
mod call;
mod chauthtok;
mod guard;
mod handle;
mod hint;
#[cfg(feature = "panic-injection")]
mod injection;
mod items;
mod libpam;
mod permission;
mod session;

use std::ffi::{c_char, c_int, c_void};

use authchain::words::PamCode;

use border::RawCall;

/// The form that all six functions have.
macro_rules! entry_point {
    ($(#[$doc:meta])* $name:ident => $answer:expr) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// The arguments must be as libpam passes them: see [`RawCall::new`].
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(
            pamh: *mut c_void,
            flags: c_int,
            argc: c_int,
            argv: *const *const c_char,
        ) -> c_int {
            // SAFETY: the caller promises what `RawCall::new` asks for.
            let raw = unsafe { RawCall::new(pamh, flags, argc, argv) };
            border::enter(raw, $answer)
        }
    };
}

entry_point! {
    /// `pam_authenticate`: is the person who they say they are?
    pam_sm_authenticate => authenticate::answer
}

entry_point! {
    /// `pam_acct_mgmt`: may the account be used now?
    pam_sm_acct_mgmt => account::answer
}

entry_point! {
    /// `pam_chauthtok`: may the password be changed, and then: change it.
    pam_sm_chauthtok => chauthtok::answer
}

entry_point! {
    /// `pam_setcred`: nothing to do, and that is a success.
    ///
    /// Never `PAM_IGNORE`: a stack of nothing but ignored modules is a failure, and sshd drops the
    /// session. It must not depend on `authenticate` either, which sshd runs in another process.
    pam_sm_setcred => |_| PamCode::Success
}

entry_point! {
    /// `pam_open_session`: is a home directory to be made?
    pam_sm_open_session => session::open
}

entry_point! {
    /// `pam_close_session`: nothing to do, without any input or output.
    pam_sm_close_session => |_| PamCode::Success
}
