//! Checks which user listens at a Unix socket.
//!
//! A password goes over the socket in the clear. Anybody who may write the folder can put another
//! socket there while the server does not run. So the kernel is asked whose process listens.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tokio::net::UnixStream;

use super::failure::{Failure, io_text};

/// The mode bit of a folder that everybody may write.
const WORLD_WRITABLE: u32 = 0o002;

/// The user besides root who may listen at a socket: its owner, unless everybody may write a folder
/// above it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SocketOwner(Option<u32>);

impl SocketOwner {
    /// Reads the owner of the socket `path`, following symbolic links, and the mode of every folder
    /// above it. Called before the process is confined: then it can open no file.
    pub fn of(path: &Path) -> Self {
        let read = || {
            let path = fs::canonicalize(path)?;
            let owner = fs::metadata(&path)?.uid();
            let folders = path.ancestors().skip(1).map(fs::metadata);
            let modes = folders.map(|folder| Ok(folder?.mode()));
            Ok::<_, io::Error>(Self::judge(owner, &modes.collect::<io::Result<Vec<_>>>()?))
        };
        // If the socket is missing, connecting fails anyway.
        read().unwrap_or_default()
    }

    fn judge(owner: u32, folder_modes: &[u32]) -> Self {
        let is_closed = |mode: &u32| mode & WORLD_WRITABLE == 0;
        Self(folder_modes.iter().all(is_closed).then_some(owner))
    }

    /// Checks that root or the owner listens at the other end of `stream`.
    ///
    /// # Errors
    /// When another user listens, or the kernel does not tell who; `step` names the failure.
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
    fn a_server_runs_as_root_or_as_the_owner_of_a_socket_in_closed_folders() {
        let may_serve =
            |peer, owner, mode| SocketOwner::judge(owner, &[mode, 0o755]).is_trusted(peer);
        assert!(may_serve(0, 5, 0o1777));
        assert!(may_serve(5, 5, 0o755));
        assert!(may_serve(5, 5, 0o2770));
        assert!(!may_serve(5, 5, 0o1777), "anybody may have put it there");
        assert!(!may_serve(5, 0, 0o755), "another user owns the socket");
        assert!(!SocketOwner::of(Path::new("/nowhere/at all")).is_trusted(5));
    }

    #[test]
    fn links_to_a_socket_are_followed_and_every_folder_above_it_is_judged() {
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
