//! The calls of libpam that a host makes.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;

use super::conversation::Conversation;
use super::scene::{Call, Hex, Item, Phase};

const PAM_USER: c_int = 2;
const PAM_DATA_SILENT: c_int = 0x4000_0000;

/// `struct pam_message`
#[repr(C)]
pub(super) struct Message {
    pub(super) style: c_int,
    pub(super) text: *const c_char,
}

/// `struct pam_response`
#[repr(C)]
pub(super) struct Response {
    pub(super) text: *mut c_char,
    pub(super) code: c_int,
}

/// The function a host answers questions with.
pub(super) type Converse =
    unsafe extern "C" fn(c_int, *mut *const Message, *mut *mut Response, *mut c_void) -> c_int;

/// `struct pam_conv`
#[repr(C)]
struct Conv {
    function: Option<Converse>,
    data: *mut c_void,
}

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_start_confdir(
        service: *const c_char,
        user: *const c_char,
        conversation: *const Conv,
        confdir: *const c_char,
        handle: *mut *mut c_void,
    ) -> c_int;
    fn pam_end(handle: *mut c_void, status: c_int) -> c_int;
    fn pam_set_item(handle: *mut c_void, item: c_int, value: *const c_void) -> c_int;
    fn pam_get_item(handle: *const c_void, item: c_int, value: *mut *const c_void) -> c_int;
    fn pam_authenticate(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_acct_mgmt(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_setcred(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_open_session(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_close_session(handle: *mut c_void, flags: c_int) -> c_int;
    fn pam_chauthtok(handle: *mut c_void, flags: c_int) -> c_int;
}

/// A PAM transaction, from `pam_start` to `pam_end`.
pub struct Handle {
    raw: *mut c_void,
    last: c_int,
    /// Boxed: libpam keeps the address.
    conversation: Box<Conversation>,
}

impl Handle {
    /// Starts a transaction for `service`, whose stack is in `confdir`.
    pub fn start(
        confdir: &CStr,
        service: &CStr,
        user: Option<&Hex>,
        conversation: Conversation,
    ) -> Self {
        let mut conversation = Box::new(conversation);
        let user = user.map(c_string);
        let conv = Conv {
            function: conversation.function(),
            data: ptr::from_mut(&mut *conversation).cast(),
        };
        let mut raw = ptr::null_mut();
        // SAFETY: all strings end in NUL and outlive the call; the conversation lives as long as
        // the handle.
        let code = unsafe {
            pam_start_confdir(
                service.as_ptr(),
                user.as_ref().map_or(ptr::null(), |user| user.as_ptr()),
                &raw const conv,
                confdir.as_ptr(),
                &raw mut raw,
            )
        };
        assert_eq!(code, 0, "pam_start_confdir");
        Self {
            raw,
            last: 0,
            conversation,
        }
    }

    /// Sets an item.
    pub fn set(&mut self, item: Item, value: &Hex) {
        let value = c_string(value);
        // SAFETY: the handle is live, the value a C string that libpam copies.
        let code = unsafe { pam_set_item(self.raw, item as c_int, value.as_ptr().cast()) };
        assert_eq!(code, 0, "pam_set_item");
    }

    /// `PAM_USER`
    pub fn user(&self) -> Option<Hex> {
        let mut value = ptr::null();
        // SAFETY: the handle is live.
        unsafe { pam_get_item(self.raw, PAM_USER, &raw mut value) };
        // SAFETY: the item is null or a C string.
        (!value.is_null()).then(|| Hex::of(unsafe { CStr::from_ptr(value.cast()) }.to_bytes()))
    }

    /// Calls a PAM function.
    pub fn call(&mut self, call: Call) -> i32 {
        let function = match call.phase {
            Phase::Authenticate => pam_authenticate,
            Phase::Account => pam_acct_mgmt,
            Phase::Setcred => pam_setcred,
            Phase::OpenSession => pam_open_session,
            Phase::CloseSession => pam_close_session,
            Phase::Chauthtok => pam_chauthtok,
        };
        // SAFETY: the handle is live.
        self.last = unsafe { function(self.raw, call.flags) };
        self.last
    }

    /// Ends the transaction in a forked child, which must not use the handle afterwards.
    pub(super) fn end_silently(&mut self) {
        // SAFETY: the handle is live, and by the caller's promise not used again.
        unsafe { pam_end(self.raw, self.last | PAM_DATA_SILENT) };
    }

    /// Ends the transaction, so that libpam unloads the modules. Returns the texts that the person
    /// saw.
    pub fn end(mut self) -> Vec<String> {
        // SAFETY: the handle is live, and not used again.
        unsafe { pam_end(self.raw, self.last) };
        std::mem::take(&mut self.conversation.seen)
    }
}

fn c_string(bytes: &Hex) -> CString {
    CString::new(bytes.bytes().collect::<Vec<_>>()).unwrap()
}
