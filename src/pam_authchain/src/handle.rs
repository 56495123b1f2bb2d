//! A PAM handle: the items of the host program, and the conversation with the person.
//!
//! The only file that knows `pam-bindings`; what that crate lacks is in [`libpam`].

use std::cell::Cell;
use std::ffi::{CStr, CString, c_void};
use std::ptr;
use std::time::Duration;

use authchain::tools::conversation::Conversation;
use authchain::tools::password_dialogue::{NoNewPassword, PasswordDialogue};
use authchain::words::{ConversationError, PamCode, Secret};
use nix::unistd::{geteuid, getuid};
use pam::constants::{
    PAM_ERROR_MSG, PAM_PROMPT_ECHO_OFF, PAM_PROMPT_ECHO_ON, PAM_TEXT_INFO, PamMessageStyle,
    PamResultCode,
};
use pam::conv::Conv;
use pam::items::{RHost, RUser, Service, Tty, User};
use pam::module::PamHandle;

use crate::hint::Hint;
use crate::items::Items;
use crate::libpam;
use crate::permission::Permission;

/// A PAM handle for the time of one call.
pub(crate) struct Handle<'h> {
    pam: &'h mut PamHandle,
    /// The pause after a failure, for which libpam is asked with the password.
    fail_delay: Option<Duration>,
}

/// The data that libpam keeps for us between the calls of a transaction (pam_set_data(3)).
type Slot = Cell<Option<Note>>;

/// A note of one call for another.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one at a time, and the slot is on the heap"
)]
enum Note {
    /// Of a login, for the question about the account.
    Hint(Hint),
    /// Of the first call of a change of a password, for the second.
    Permission(Permission),
}

/// A variable whose address is part of the name of our data in libpam. Another copy of the module
/// has another address, so that neither reads a [`Hint`] of another layout.
static OURS: u8 = 0;

impl<'h> Handle<'h> {
    /// Returns the handle at `pamh`; `None` if the pointer is null.
    ///
    /// # Safety
    /// `pamh` must be null, or a PAM handle that nobody else uses during `'h`.
    pub(crate) unsafe fn new(pamh: *mut c_void) -> Option<Self> {
        // SAFETY: the caller's promise. `PamHandle` has no size, so the reference covers no memory.
        unsafe { pamh.cast::<PamHandle>().as_mut() }.map(|pam| Self {
            pam,
            fail_delay: None,
        })
    }

    /// Returns the items that the host program has set.
    pub(crate) fn items(&mut self) -> Items {
        macro_rules! text {
            ($item:ident) => {
                lossy((self.pam.get_item::<$item<'_>>().ok().flatten()).map(|item| item.0))
            };
        }
        let service = text!(Service);
        Items {
            tty: text!(Tty),
            rhost: text!(RHost),
            ruser: text!(RUser),
            has_publickey: is_sshd(&service) && self.has_publickey(),
            service,
        }
    }

    /// Returns whether sshd says that it has verified a public key (`ExposeAuthInfo` in
    /// sshd_config(5) has the form of the text).
    fn has_publickey(&mut self) -> bool {
        // SAFETY: the pointer is a live handle, which is ours alone.
        let methods = unsafe { libpam::getenv(self.as_ptr(), c"SSH_AUTH_INFO_0") };
        let methods = lossy(methods.as_deref());
        methods
            .lines()
            .any(|method| method.starts_with("publickey "))
    }

    /// Returns the name the person gave, byte for byte; asks for it where the host has none yet.
    ///
    /// # Errors
    /// The code to answer with when there is no name.
    pub(crate) fn user(&mut self) -> Result<Vec<u8>, PamCode> {
        if let Some(name) = self.user_item() {
            return Ok(name);
        }
        // The text is read back from the item: `get_user` refuses what is not UTF-8.
        let asked = self.pam.get_user(None);
        match (self.user_item(), asked) {
            (Some(name), _) => Ok(name),
            (None, Err(PamResultCode::PAM_SYSTEM_ERR | PamResultCode::PAM_BUF_ERR)) => {
                Err(PamCode::SystemError)
            }
            (None, _) => Err(PamCode::ConversationError),
        }
    }

    /// Asks libpam, as soon as there is a password, to pause for about `delay` if this call fails.
    /// Where nobody answers the prompt, nobody has guessed.
    pub(crate) fn delay_failures(&mut self, delay: Duration) {
        self.fail_delay = Some(delay);
    }

    /// Keeps `hint` for a later call of this transaction, in place of an earlier one.
    pub(crate) fn keep(&mut self, hint: Hint) {
        self.keep_note(&name_of_slot(""), Note::Hint(hint));
    }

    /// Drops the hint of an earlier call.
    pub(crate) fn forget(&mut self) {
        let _ = self.take(|_| true);
    }

    /// Takes the hint of an earlier call if it `fits`: each hint answers one question only.
    pub(crate) fn take(&mut self, fits: impl FnOnce(&Hint) -> bool) -> Option<Hint> {
        let slot = self.slot(&name_of_slot(""))?;
        match slot.take()? {
            Note::Hint(hint) if fits(&hint) => return Some(hint),
            // It may belong to another line of the stack, with another configuration, whose account
            // line will take it.
            other => slot.set(Some(other)),
        }
        None
    }

    /// Keeps the permission to change a password for the second call by the line of the stack with
    /// these `arguments`, in place of an earlier one.
    pub(crate) fn permit(&mut self, arguments: &str, permission: Permission) {
        self.keep_note(&name_of_slot(arguments), Note::Permission(permission));
    }

    /// Takes the permission of the first call by the line of the stack with these `arguments`: each
    /// is good for one change.
    pub(crate) fn take_permission(&mut self, arguments: &str) -> Option<Permission> {
        match self.slot(&name_of_slot(arguments))?.take()? {
            Note::Permission(permission) => Some(permission),
            Note::Hint(_) => None,
        }
    }

    fn keep_note(&mut self, name: &str, note: Note) {
        // If libpam has no memory for the note, there is none.
        let _ = self.pam.set_data(name, Box::new(Slot::new(Some(note))));
    }

    fn slot(&self, name: &str) -> Option<&Slot> {
        // SAFETY: only `keep_note`, in this copy of the module, stores data whose name begins with
        // the address of `OURS`, and all of it has this type. The data lives until `keep_note`
        // replaces it or the transaction ends. Neither happens while `self` is borrowed here.
        unsafe { self.pam.get_data(name) }.ok()
    }

    /// Returns the item `PAM_USER`, without a prompt where it is not set.
    pub(crate) fn user_item(&self) -> Option<Vec<u8>> {
        let item = self.pam.get_item::<User<'_>>().ok().flatten()?;
        Some(item.0.to_bytes().to_vec())
    }

    fn send(&self, style: PamMessageStyle, text: &str) -> Result<Option<Secret>, PamResultCode> {
        let Some(conversation) = self.pam.get_item::<Conv<'_>>()? else {
            return Err(PamResultCode::PAM_CONV_ERR);
        };
        // In C, a NUL would cut the text.
        let answer = conversation.send(style, &text.replace('\0', " "))?;
        Ok(answer.map(|answer| Secret::new(answer.as_bytes().to_vec())))
    }

    fn ask(&self, style: PamMessageStyle, text: &str) -> Result<Secret, ConversationError> {
        match self.send(style, text) {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(ConversationError::NoAnswer),
            Err(_) => Err(ConversationError::Aborted),
        }
    }

    /// Asks libpam for the pause, before the outcome is known: a request on failures only would
    /// reveal the outcome before the delay.
    fn request_fail_delay(&mut self) {
        if let Some(delay) = self.fail_delay {
            // SAFETY: the pointer is a live handle, which is ours alone.
            unsafe { libpam::fail_delay(self.as_ptr(), delay) };
        }
    }

    fn as_ptr(&mut self) -> *mut c_void {
        ptr::from_mut(self.pam).cast()
    }
}

impl Conversation for Handle<'_> {
    fn authtok(&mut self, prompt: Option<&str>) -> Result<Secret, ConversationError> {
        // The settings allow no NUL; a text with one is no reason to refuse a login.
        let prompt = prompt.and_then(|text| CString::new(text).ok());
        // SAFETY: the pointer is a live handle, which is ours alone.
        let password = unsafe { libpam::authtok(self.as_ptr(), prompt.as_deref()) }?;
        self.request_fail_delay();
        Ok(password)
    }

    fn prompt_echo_off(&mut self, text: &str) -> Result<Secret, ConversationError> {
        self.ask(PAM_PROMPT_ECHO_OFF, text)
    }

    fn prompt_echo_on(&mut self, text: &str) -> Result<Secret, ConversationError> {
        self.ask(PAM_PROMPT_ECHO_ON, text)
    }

    fn text_info(&mut self, text: &str) {
        // An error does not matter: many hosts show no messages, some return no responses.
        let _ = self.send(PAM_TEXT_INFO, text);
    }

    fn error_msg(&mut self, text: &str) {
        let _ = self.send(PAM_ERROR_MSG, text);
    }
}

impl PasswordDialogue for Handle<'_> {
    fn old_authtok(&mut self) -> Result<Secret, ConversationError> {
        // SAFETY: the pointer is a live handle, which is ours alone.
        let password = unsafe { libpam::old_authtok(self.as_ptr()) }?;
        self.request_fail_delay();
        Ok(password)
    }

    fn new_authtok(&mut self) -> Result<Secret, NoNewPassword> {
        // SAFETY: as above.
        unsafe { libpam::new_authtok(self.as_ptr()) }
    }

    fn clear_new_authtok(&mut self) {
        // SAFETY: as above.
        unsafe { libpam::clear_authtok(self.as_ptr()) };
    }
}

/// Returns whether the host is sshd itself. Where somebody else called this process, the variables
/// may be theirs.
fn is_sshd(service: &str) -> bool {
    service == "sshd" && getuid().is_root() && geteuid().is_root()
}

fn name_of_slot(what: &str) -> String {
    format!("pam_authchain {:p} {what}", &raw const OURS)
}

fn lossy(text: Option<&CStr>) -> String {
    text.map(CStr::to_string_lossy)
        .unwrap_or_default()
        .into_owned()
}
