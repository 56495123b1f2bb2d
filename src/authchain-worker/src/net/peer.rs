//! Who answers at a socket of this machine.
//!
//! A password goes over it in the clear. Whoever may write the folder can put a socket of theirs in
//! the place of a server that is not running, so the kernel is asked who listens there.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tokio::net::UnixStream;

use super::failure::{Failure, io_text};

/// What everybody may write: mode bits.
const WORLD_WRITABLE: u32 = 0o002;

/// Who may listen at a socket beside root: its owner, below folders that not everybody may write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SocketOwner(Option<u32>);

impl SocketOwner {
    /// Looks at the socket `path`, where links lead to, and at every folder above. Before the
    /// process is confined: later there are no files.
    pub fn of(path: &Path) -> Self {
        let look = || {
            let path = fs::canonicalize(path)?;
            let owner = fs::metadata(&path)?.uid();
            let folders = path.ancestors().skip(1).map(fs::metadata);
            let modes = folders.map(|folder| Ok(folder?.mode()));
            Ok::<_, io::Error>(Self::judge(owner, &modes.collect::<io::Result<Vec<_>>>()?))
        };
        // Not there, so that there is nobody to be connected to.
        look().unwrap_or_default()
    }

    fn judge(owner: u32, folder_modes: &[u32]) -> Self {
        let is_closed = |mode: &u32| mode & WORLD_WRITABLE == 0;
        Self(folder_modes.iter().all(is_closed).then_some(owner))
    }

    /// Sees to it that nobody else listens at the other end of `stream`.
    ///
    /// # Errors
    /// Under the name `step`, when it is somebody else or cannot be told.
    pub fn check(self, step: &'static str, stream: &UnixStream) -> Result<(), Failure> {
        let unclear = |error: io::Error| Failure::trouble(step, io_text(&error));
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
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;

    #[test]
    fn a_server_is_roots_or_owns_its_socket_where_not_everybody_could() {
        let may_serve =
            |peer, owner, mode| SocketOwner::judge(owner, &[mode, 0o755]).is_trusted(peer);
        assert!(may_serve(0, 5, 0o1777));
        assert!(may_serve(5, 5, 0o755));
        assert!(may_serve(5, 5, 0o2770));
        assert!(!may_serve(5, 5, 0o1777), "anybody may have put it there");
        assert!(
            !may_serve(5, 0, 0o755),
            "it was somebody else's when it was made"
        );
        assert!(!SocketOwner::of(Path::new("/nowhere/at all")).is_trusted(5));
    }

    #[test]
    fn a_socket_is_judged_where_it_really_is_and_by_every_folder_above_it() {
        let dir = tempfile::tempdir().unwrap();
        let (open, inner) = (dir.path().join("open"), dir.path().join("open/inner"));
        fs::create_dir_all(&inner).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o1777)).unwrap();
        let link = dir.path().join("link");
        symlink(open.join("socket"), &link).unwrap();
        for socket in [open.join("socket"), inner.join("socket")] {
            drop(UnixListener::bind(socket).unwrap());
        }
        for place in [open.join("socket"), inner.join("socket"), link] {
            let owner = SocketOwner::of(&place);
            assert_eq!(owner, SocketOwner::default(), "{}", place.display());
        }
    }
}
