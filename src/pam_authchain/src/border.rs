//! Turns a raw call of libpam into a return code, and lets no panic reach libpam.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::slice;

use authchain::config::ModuleArguments;
use authchain::words::PamCode;

use crate::call::{Call, Flags};
use crate::guard;
use crate::handle::Handle;

/// The arguments with which libpam calls an entry point.
pub(crate) struct RawCall {
    pamh: *mut c_void,
    flags: c_int,
    argc: c_int,
    argv: *const *const c_char,
}

impl RawCall {
    /// Takes the arguments of a call.
    ///
    /// # Safety
    /// While the call lasts, `pamh` must be null or a PAM handle that nobody else uses, and `argv`
    /// null or `argc` pointers, each null or a C string.
    pub(crate) unsafe fn new(
        pamh: *mut c_void,
        flags: c_int,
        argc: c_int,
        argv: *const *const c_char,
    ) -> Self {
        Self {
            pamh,
            flags,
            argc,
            argv,
        }
    }

    fn arguments(&self) -> ModuleArguments {
        let count = usize::try_from(self.argc).unwrap_or(0);
        if self.argv.is_null() {
            return ModuleArguments::default();
        }
        // SAFETY: by `new`'s promise, `argv` is null or has `argc` pointers.
        let pointers = unsafe { slice::from_raw_parts(self.argv, count) };
        let present = pointers.iter().filter(|pointer| !pointer.is_null());
        // SAFETY: by `new`'s promise, a pointer that is not null is a C string.
        ModuleArguments::parse(
            present.map(|pointer| unsafe { CStr::from_ptr(*pointer) }.to_bytes()),
        )
    }
}

/// Runs `answer` on the call and returns the number of its code. No panic leaves this function.
pub(crate) fn enter(raw: RawCall, answer: fn(&mut Call<'_>) -> PamCode) -> c_int {
    let code = guard::catching(|| {
        // SAFETY: by `RawCall::new`'s promise, the handle is null or ours alone during this call.
        let Some(handle) = (unsafe { Handle::new(raw.pamh) }) else {
            return PamCode::SystemError;
        };
        let arguments = raw.arguments();
        #[cfg(feature = "panic-injection")]
        crate::injection::obey(&arguments);
        answer(&mut Call {
            handle,
            flags: Flags::new(raw.flags),
            arguments,
        })
    });
    code.number()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr;

    fn raw(argc: c_int, argv: *const *const c_char) -> RawCall {
        // SAFETY: the tests below pass null, or as many pointers as they say.
        unsafe { RawCall::new(ptr::null_mut(), 0, argc, argv) }
    }

    #[test]
    fn a_call_without_a_handle_is_a_system_error() {
        let code = enter(raw(0, ptr::null()), |_| PamCode::Success);
        assert_eq!(code, PamCode::SystemError.number());
    }

    #[test]
    fn absent_arguments_are_no_arguments() {
        assert_eq!(raw(3, ptr::null()).arguments(), ModuleArguments::default());
        let argv = [ptr::null(), c"debug".as_ptr(), ptr::null()];
        assert!(raw(3, argv.as_ptr()).arguments().debug);
        assert!(!raw(-1, argv.as_ptr()).arguments().debug);
        assert!(!raw(1, argv.as_ptr()).arguments().debug);
    }
}
