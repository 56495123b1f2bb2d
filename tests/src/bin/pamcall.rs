//! A host program reduced to its calls of libpam: `pamcall ASK` prints the answer as JSON.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;

use authchain_tests::real::ipc::{Answer, Ask, Manner};
use nix::libc;

const SUCCESS: c_int = 0;
const BUF_ERR: c_int = 5;
const CONV_ERR: c_int = 19;
const ECHO_OFF: c_int = 1;
const ECHO_ON: c_int = 2;

const RHOST: c_int = 4;
const TTY: c_int = 3;

#[repr(C)]
struct Message {
    style: c_int,
    text: *const c_char,
}

#[repr(C)]
struct Response {
    text: *mut c_char,
    code: c_int,
}

type Converse =
    unsafe extern "C" fn(c_int, *const *const Message, *mut *mut Response, *mut c_void) -> c_int;

#[repr(C)]
struct Conversation {
    converse: Option<Converse>,
    data: *mut c_void,
}

enum Handle {}

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_start(
        service: *const c_char,
        user: *const c_char,
        conversation: *const Conversation,
        handle: *mut *mut Handle,
    ) -> c_int;
    fn pam_end(handle: *mut Handle, status: c_int) -> c_int;
    fn pam_set_item(handle: *mut Handle, item: c_int, value: *const c_void) -> c_int;
    fn pam_authenticate(handle: *mut Handle, flags: c_int) -> c_int;
    fn pam_setcred(handle: *mut Handle, flags: c_int) -> c_int;
    fn pam_acct_mgmt(handle: *mut Handle, flags: c_int) -> c_int;
    fn pam_open_session(handle: *mut Handle, flags: c_int) -> c_int;
    fn pam_close_session(handle: *mut Handle, flags: c_int) -> c_int;
}

/// What the conversation knows and remembers.
struct Person {
    manner: Manner,
    password: CString,
    answer: Answer,
}

/// Answers a module's questions.
///
/// # Safety
/// As PAM says: `count` messages, and `data` is the [`Person`].
unsafe extern "C" fn converse(
    count: c_int,
    messages: *const *const Message,
    responses: *mut *mut Response,
    data: *mut c_void,
) -> c_int {
    // SAFETY: set in `main`, which lives longer.
    let person = unsafe { &mut *data.cast::<Person>() };
    let count = usize::try_from(count).unwrap();
    // SAFETY: `calloc` has no preconditions; PAM frees what it gets.
    let array: *mut Response = unsafe { libc::calloc(count, size_of::<Response>()) }.cast();
    if array.is_null() {
        return BUF_ERR;
    }
    for at in 0..count {
        // SAFETY: there are `count` messages.
        let message = unsafe { &**messages.add(at) };
        // SAFETY: a message's text is a C string.
        let text = unsafe { CStr::from_ptr(message.text) }
            .to_string_lossy()
            .into_owned();
        if !matches!(message.style, ECHO_OFF | ECHO_ON) {
            person.answer.told.push(text);
            continue;
        }
        person.answer.asked.push(text);
        if person.manner == Manner::Answers {
            // SAFETY: the array has `count` places; `strdup` copies a C string.
            unsafe { (*array.add(at)).text = libc::strdup(person.password.as_ptr()) };
        }
    }
    if matches!(person.manner, Manner::Fails | Manner::ForgetsTheArray) {
        // SAFETY: ours; its places are empty.
        unsafe { libc::free(array.cast()) };
    } else {
        // SAFETY: PAM gives a place for the array.
        unsafe { *responses = array };
    }
    if person.manner == Manner::Fails {
        CONV_ERR
    } else {
        SUCCESS
    }
}

fn main() {
    let text = std::env::args().nth(1).expect("usage: pamcall ASK");
    let ask: Ask = serde_json::from_str(&text).unwrap();
    let mut person = Person {
        manner: ask.manner,
        password: CString::new(ask.password.clone()).unwrap(),
        answer: Answer::default(),
    };
    let data: *mut Person = &raw mut person;
    let conversation = Conversation {
        converse: (ask.manner != Manner::IsNotThere).then_some(converse as Converse),
        data: data.cast(),
    };
    let service = CString::new(ask.service.as_str()).unwrap();
    let user = CString::new(ask.user.clone()).unwrap();
    let mut handle = ptr::null_mut();
    // SAFETY: all of it lives until `pam_end`.
    let started = unsafe {
        pam_start(
            service.as_ptr(),
            user.as_ptr(),
            &raw const conversation,
            &raw mut handle,
        )
    };
    assert_eq!(started, SUCCESS, "pam_start");
    for (item, value) in [(RHOST, c"192.0.2.7"), (TTY, c"test")] {
        // SAFETY: libpam copies the string.
        unsafe { pam_set_item(handle, item, value.as_ptr().cast()) };
    }
    let mut last = SUCCESS;
    let mut codes = Vec::new();
    for step in &ask.steps {
        let call = match step.as_str() {
            "auth" => pam_authenticate,
            "account" => pam_acct_mgmt,
            "setcred" => pam_setcred,
            "open" => pam_open_session,
            "close" => pam_close_session,
            other => panic!("unknown step {other}"),
        };
        // SAFETY: the handle is open.
        last = unsafe { call(handle, ask.flags) };
        codes.push(last);
    }
    // SAFETY: the handle is not used again.
    unsafe { pam_end(handle, last) };
    person.answer.codes = codes;
    print!("{}", serde_json::to_string(&person.answer).unwrap());
}
