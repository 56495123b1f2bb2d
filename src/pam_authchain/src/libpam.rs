//! The functions of libpam that `pam-bindings` does not have.

use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_void};
use std::ptr;
use std::time::Duration;

use authchain::tools::password_dialogue::NoNewPassword;
use authchain::words::{ConversationError, Secret};

// Values of `security/_pam_types.h`, as C integers.

/// `PAM_AUTHTOK`, the item of the password; of the new one, if the password is changed.
const AUTHTOK: c_int = 6;

/// `PAM_OLDAUTHTOK`, the item of the old password.
const OLD_AUTHTOK: c_int = 7;

const SUCCESS: c_int = 0;

/// `PAM_AUTH_ERR`: returned by `pam_get_authtok` under `use_first_pass` if no earlier module has
/// set a password.
const AUTH_ERR: c_int = 7;

/// `PAM_AUTHTOK_ERR`: returned by `pam_get_authtok` if the conversation is absent, fails or has no
/// answer.
const AUTHTOK_ERR: c_int = 20;

/// `PAM_TRY_AGAIN`: returned by `pam_get_authtok` if two new passwords differ.
const TRY_AGAIN: c_int = 24;

unsafe extern "C" {
    fn pam_get_authtok(
        pamh: *mut c_void,
        item: c_int,
        authtok: *mut *const c_char,
        prompt: *const c_char,
    ) -> c_int;

    fn pam_set_item(pamh: *mut c_void, item: c_int, value: *const c_void) -> c_int;

    fn pam_getenv(pamh: *mut c_void, name: *const c_char) -> *const c_char;

    fn pam_fail_delay(pamh: *mut c_void, microseconds: c_uint) -> c_int;
}

/// Returns the password that an earlier module has set, or else asks with `prompt`, or without one
/// with libpam's. A percent sign is no format: libpam passes a prompt on as it is.
///
/// libpam obeys `use_first_pass`, and needs no `try_first_pass`. It keeps the answer for later
/// modules, and wipes it when the PAM call ends.
///
/// # Errors
/// [`NoEarlierPassword`](ConversationError::NoEarlierPassword) under `use_first_pass`,
/// [`NoAnswer`](ConversationError::NoAnswer) if the conversation gave no answer, and
/// [`Aborted`](ConversationError::Aborted) for every other code.
///
/// # Safety
/// `pamh` must be a live PAM handle that nobody else uses.
pub(crate) unsafe fn authtok(
    pamh: *mut c_void,
    prompt: Option<&CStr>,
) -> Result<Secret, ConversationError> {
    // SAFETY: the caller's promise.
    unsafe { item_or_prompt(pamh, AUTHTOK, prompt) }.map_err(error_of)
}

/// Returns the old password like [`authtok`]. libpam keeps it between the two calls of a change.
///
/// # Errors
/// As [`authtok`].
///
/// # Safety
/// As [`authtok`].
pub(crate) unsafe fn old_authtok(pamh: *mut c_void) -> Result<Secret, ConversationError> {
    // SAFETY: the caller's promise.
    unsafe { item_or_prompt(pamh, OLD_AUTHTOK, None) }.map_err(error_of)
}

/// Returns the new password like [`authtok`], in a call that changes passwords: libpam asks twice,
/// and obeys `use_authtok`.
///
/// # Errors
/// As [`authtok`], and if the two answers differ.
///
/// # Safety
/// As [`authtok`].
pub(crate) unsafe fn new_authtok(pamh: *mut c_void) -> Result<Secret, NoNewPassword> {
    // SAFETY: the caller's promise.
    unsafe { item_or_prompt(pamh, AUTHTOK, None) }.map_err(|code| match code {
        TRY_AGAIN => NoNewPassword::Differ,
        code => NoNewPassword::NotAsked(error_of(code)),
    })
}

/// Clears the password, so that libpam asks for another.
///
/// # Safety
/// As [`authtok`].
pub(crate) unsafe fn clear_authtok(pamh: *mut c_void) {
    // SAFETY: the caller's promise; a null value clears the item (pam_set_item(3)).
    let _ = unsafe { pam_set_item(pamh, AUTHTOK, ptr::null()) };
}

/// Returns a variable of the environment that PAM keeps for the session; `None` if it is not set.
///
/// # Safety
/// As [`authtok`].
pub(crate) unsafe fn getenv(pamh: *mut c_void, name: &CStr) -> Option<CString> {
    // SAFETY: the caller's promise for `pamh`; the name is a C string.
    let value = unsafe { pam_getenv(pamh, name.as_ptr()) };
    if value.is_null() {
        return None;
    }
    // SAFETY: a pointer that is not null is a C string of libpam's, which is copied at once.
    Some(unsafe { CStr::from_ptr(value) }.to_owned())
}

/// Returns the item, which libpam asks for if it is not set, or libpam's code.
///
/// # Safety
/// As [`authtok`].
unsafe fn item_or_prompt(
    pamh: *mut c_void,
    item: c_int,
    prompt: Option<&CStr>,
) -> Result<Secret, c_int> {
    let mut answer = ptr::null();
    let prompt = prompt.map_or(ptr::null(), CStr::as_ptr);
    // SAFETY: the caller's promise for `pamh`; `answer` and the prompt, a C string, outlive the
    // call; a null prompt means the standard one.
    let code = unsafe { pam_get_authtok(pamh, item, &raw mut answer, prompt) };
    match code {
        SUCCESS if answer.is_null() => Err(AUTHTOK_ERR),
        SUCCESS => {
            // SAFETY: after a success, a pointer that is not null is a C string, which libpam keeps
            // until the PAM call ends.
            let answer = unsafe { CStr::from_ptr(answer) };
            Ok(Secret::new(answer.to_bytes().to_vec()))
        }
        code => Err(code),
    }
}

/// Returns the reason why `pam_get_authtok` gave no password.
fn error_of(code: c_int) -> ConversationError {
    match code {
        AUTHTOK_ERR => ConversationError::NoAnswer,
        AUTH_ERR => ConversationError::NoEarlierPassword,
        _ => ConversationError::Aborted,
    }
}

/// Asks libpam to pause for about `delay` if this PAM call fails; the longest pause that a module
/// has asked for counts.
///
/// # Safety
/// `pamh` must be a live PAM handle that nobody else uses.
pub(crate) unsafe fn fail_delay(pamh: *mut c_void, delay: Duration) {
    let microseconds = c_uint::try_from(delay.as_micros()).unwrap_or(c_uint::MAX);
    // SAFETY: the caller's promise for `pamh`. `pam_fail_delay` fails only for a null handle.
    let _ = unsafe { pam_fail_delay(pamh, microseconds) };
}
