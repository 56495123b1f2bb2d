//! The functions of libpam that `pam-bindings` does not have.

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::ptr;
use std::time::Duration;

use authchain::words::{ConversationError, Secret};

/// `PAM_AUTHTOK`, the item of the password (`security/_pam_types.h`).
const AUTHTOK: c_int = 6;

/// `PAM_SUCCESS`
const SUCCESS: c_int = 0;

/// `PAM_AUTH_ERR`: libpam's word for `use_first_pass` without an earlier password.
const AUTH_ERR: c_int = 7;

/// `PAM_AUTHTOK_ERR`: libpam's word for a conversation that is absent, fails or answers nothing.
const AUTHTOK_ERR: c_int = 20;

unsafe extern "C" {
    fn pam_get_authtok(
        pamh: *mut c_void,
        item: c_int,
        authtok: *mut *const c_char,
        prompt: *const c_char,
    ) -> c_int;

    fn pam_fail_delay(pamh: *mut c_void, microseconds: c_uint) -> c_int;
}

/// Returns the password: an earlier module's, or one asked for with libpam's own prompt.
///
/// libpam obeys `use_first_pass`, takes an earlier password by itself (`try_first_pass` or not),
/// keeps the answer for modules behind us and wipes it when the phase ends. We copy it once.
///
/// # Errors
/// When there is no password.
///
/// # Safety
/// `pamh` must be a live PAM handle that nobody else uses.
pub(crate) unsafe fn authtok(pamh: *mut c_void) -> Result<Secret, ConversationError> {
    let mut answer = ptr::null();
    // SAFETY: the caller's promise for `pamh`; `answer` outlives the call; a null prompt means the
    // standard one.
    let code = unsafe { pam_get_authtok(pamh, AUTHTOK, &raw mut answer, ptr::null()) };
    match code {
        SUCCESS if !answer.is_null() => {
            // SAFETY: after a success it is null or a C string, libpam's until the phase ends.
            let answer = unsafe { CStr::from_ptr(answer) };
            Ok(Secret::new(answer.to_bytes().to_vec()))
        }
        SUCCESS | AUTHTOK_ERR => Err(ConversationError::NoAnswer),
        AUTH_ERR => Err(ConversationError::NoEarlierPassword),
        _ => Err(ConversationError::Aborted),
    }
}

/// Asks for a pause of about `delay` should the phase fail; libpam takes the longest asked for.
///
/// # Safety
/// `pamh` must be a live PAM handle that nobody else uses.
pub(crate) unsafe fn fail_delay(pamh: *mut c_void, delay: Duration) {
    let microseconds = c_uint::try_from(delay.as_micros()).unwrap_or(c_uint::MAX);
    // SAFETY: the caller's promise for `pamh`. It fails only without a handle.
    let _ = unsafe { pam_fail_delay(pamh, microseconds) };
}
