//! The conversation function of a host, answered from a script.

use std::collections::VecDeque;
use std::ffi::{CStr, c_int, c_void};

use super::libpam::{Converse, Message, Response};
use super::scene::{Fault, Hex, Script};

const SUCCESS: c_int = 0;
const CONV_ERR: c_int = 19;
const ECHO_OFF: c_int = 1;
const ECHO_ON: c_int = 2;

/// The answers that the script still gives, and the texts that were shown.
pub struct Conversation {
    answers: VecDeque<Hex>,
    fault: Option<Fault>,
    /// Every text that was shown, with its style in front.
    pub seen: Vec<String>,
}

impl Conversation {
    /// Prepares the answers of the script.
    pub fn new(script: &Script) -> Self {
        Self {
            answers: script.answers.iter().cloned().collect(),
            fault: script.fault,
            seen: Vec::new(),
        }
    }

    pub(super) fn function(&self) -> Option<Converse> {
        (self.fault != Some(Fault::NoFunction)).then_some(converse)
    }

    fn see(&mut self, style: c_int, text: &CStr) {
        let style = match style {
            ECHO_OFF => "echo_off",
            ECHO_ON => "echo_on",
            3 => "error",
            4 => "info",
            _ => "unheard of",
        };
        self.seen
            .push(format!("{style}: {}", text.to_string_lossy()));
    }

    /// The answer in memory that libpam or the module frees. Nothing else decodes it, so that any
    /// other copy in memory is not the host's.
    fn answer(&mut self) -> Option<*mut u8> {
        let hex = self.answers.pop_front()?;
        // SAFETY: plain allocation, zeroed, with room for the NUL.
        let buffer: *mut u8 = unsafe { libc::calloc(hex.bytes().len() + 1, 1) }.cast();
        for (i, byte) in hex.bytes().enumerate() {
            // SAFETY: within the buffer.
            unsafe { buffer.add(i).write(byte) };
        }
        Some(buffer)
    }
}

/// # Safety
/// As libpam calls it: `messages` has `count` messages, `data` is the address of a [`Conversation`].
unsafe extern "C" fn converse(
    count: c_int,
    messages: *mut *const Message,
    responses: *mut *mut Response,
    data: *mut c_void,
) -> c_int {
    assert_eq!(count, 1, "the module asks one thing at a time");
    // SAFETY: the address is the one that was given to pam_start.
    let conversation = unsafe { &mut *data.cast::<Conversation>() };
    // SAFETY: there is one message, by the assertion above.
    let message = unsafe { &**messages };
    // SAFETY: a message has a text.
    conversation.see(message.style, unsafe { CStr::from_ptr(message.text) });
    match conversation.fault {
        Some(Fault::Fails(code)) => return code,
        Some(Fault::NoArray) => return SUCCESS,
        _ => {}
    }
    // SAFETY: plain allocation, zeroed; libpam or the module frees it.
    let array: *mut Response = unsafe { libc::calloc(1, size_of::<Response>()) }.cast();
    let asks = message.style == ECHO_OFF || message.style == ECHO_ON;
    if asks && conversation.fault.is_none() {
        let Some(answer) = conversation.answer() else {
            // SAFETY: allocated above, and not yet passed on.
            unsafe { libc::free(array.cast()) };
            return CONV_ERR;
        };
        // SAFETY: the array has one response.
        unsafe { (*array).text = answer.cast() };
    }
    // SAFETY: libpam gave this place for the array.
    unsafe { responses.write(array) };
    SUCCESS
}
