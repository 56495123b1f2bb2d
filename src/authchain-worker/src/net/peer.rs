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

/// Sees to it that whoever listens at the socket `path` is root; or who owns it, in a folder that not
/// everybody may write.
///
/// # Errors
/// Under the name `step`, when it is somebody else or cannot be told.
pub(super) fn check(step: &'static str, stream: &UnixStream, path: &Path) -> Result<(), Failure> {
    let unclear = |error: io::Error| Failure::trouble(step, words(&error));
    let peer = stream.peer_cred().map_err(unclear)?.uid();
    if peer == 0 {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(Path::new("/"));
    let owner = fs::metadata(path).map_err(unclear)?.uid();
    let mode = fs::metadata(folder).map_err(unclear)?.mode();
    if may_serve(peer, owner, mode) {
        return Ok(());
    }
    let text =
        format!("user id {peer} listens there, who is neither root nor sure to be the server");
    Err(Failure::trouble(step, text))
}

fn may_serve(peer: u32, owner: u32, folder_mode: u32) -> bool {
    peer == 0 || (peer == owner && folder_mode & WORLD_WRITABLE == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_roots_or_owns_its_socket_where_not_everybody_could() {
        assert!(may_serve(0, 5, 0o1777));
        assert!(may_serve(5, 5, 0o755));
        assert!(may_serve(5, 5, 0o2770));
        assert!(!may_serve(5, 5, 0o1777), "anybody may have put it there");
        assert!(
            !may_serve(5, 0, 0o755),
            "it was somebody else's when it was made"
        );
    }
}
