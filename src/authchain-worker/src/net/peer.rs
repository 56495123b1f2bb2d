//! Who answers at a socket of this machine.
//!
//! A password goes over it in the clear. Whoever may write the folder can put a socket of theirs in the
//! place of a server that is not running, so the kernel is asked who listens there.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tokio::net::UnixStream;

use super::failure::{Failure, words};

/// What everybody may write: mode bits.
const WORLD_WRITABLE: u32 = 0o002;

/// Who may listen at a socket beside root: its owner, in a folder that not everybody may write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keeper(Option<u32>);

impl Keeper {
    /// Looks at the socket `path`. Before the process is confined: later there are no files.
    pub fn of(path: &Path) -> Self {
        let folder = path.parent().unwrap_or(Path::new("/"));
        let (Ok(socket), Ok(folder)) = (fs::metadata(path), fs::metadata(folder)) else {
            // Not there, so that there is nobody to be connected to.
            return Self::default();
        };
        Self::judge(socket.uid(), folder.mode())
    }

    fn judge(owner: u32, folder_mode: u32) -> Self {
        Self((folder_mode & WORLD_WRITABLE == 0).then_some(owner))
    }

    /// Sees to it that nobody else listens at the other end of `stream`.
    ///
    /// # Errors
    /// Under the name `step`, when it is somebody else or cannot be told.
    pub fn check(self, step: &'static str, stream: &UnixStream) -> Result<(), Failure> {
        let unclear = |error: io::Error| Failure::trouble(step, words(&error));
        let peer = stream.peer_cred().map_err(unclear)?.uid();
        if self.is_trusted(peer) {
            return Ok(());
        }
        let text =
            format!("user id {peer} listens there, who is neither root nor sure to be the server");
        Err(Failure::trouble(step, text))
    }

    fn is_trusted(self, peer: u32) -> bool {
        peer == 0 || self.0 == Some(peer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_roots_or_owns_its_socket_where_not_everybody_could() {
        let may_serve = |peer, owner, mode| Keeper::judge(owner, mode).is_trusted(peer);
        assert!(may_serve(0, 5, 0o1777));
        assert!(may_serve(5, 5, 0o755));
        assert!(may_serve(5, 5, 0o2770));
        assert!(!may_serve(5, 5, 0o1777), "anybody may have put it there");
        assert!(
            !may_serve(5, 0, 0o755),
            "it was somebody else's when it was made"
        );
        assert!(!Keeper::of(Path::new("/nowhere/at all")).is_trusted(5));
    }
}
