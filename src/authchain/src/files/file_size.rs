//! The limit on the size of files (`RLIMIT_FSIZE`), which the caller of su and passwd sets.

use std::io;

use nix::errno::Errno;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, rlim_t, setrlimit};

/// Raises the limit while it lives. Beyond the limit, a write would end the host program by the
/// signal `SIGXFSZ`.
pub(in crate::files) struct UnlimitedFileSize {
    before: Option<(rlim_t, rlim_t)>,
}

impl UnlimitedFileSize {
    /// Raises the limit, if it is below `bytes`.
    ///
    /// # Errors
    /// When this process may not raise it: nothing may be written then.
    pub(in crate::files) fn for_writing(bytes: rlim_t) -> io::Result<Self> {
        let before = getrlimit(Resource::RLIMIT_FSIZE)?;
        if before.0 >= bytes {
            return Ok(Self { before: None });
        }
        // Raising the hard limit takes CAP_SYS_RESOURCE, which root may lack in a container.
        let raised = setrlimit(Resource::RLIMIT_FSIZE, RLIM_INFINITY, RLIM_INFINITY)
            .or_else(|_| setrlimit(Resource::RLIMIT_FSIZE, before.1, before.1));
        let before = Self {
            before: Some(before),
        };
        match raised.and_then(|()| getrlimit(Resource::RLIMIT_FSIZE)) {
            Ok((soft, _)) if soft >= bytes => Ok(before),
            _ => Err(Errno::EFBIG.into()),
        }
    }
}

impl Drop for UnlimitedFileSize {
    fn drop(&mut self) {
        if let Some((soft, hard)) = self.before {
            // Nobody is kept from lowering a limit.
            let _ = setrlimit(Resource::RLIMIT_FSIZE, soft, hard);
        }
    }
}
