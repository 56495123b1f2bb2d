//! Another user's rights on files, for the time of one call.

use nix::unistd::{Gid, Uid, setfsgid, setfsuid};

/// The person whose home is made.
pub(super) struct HomeOwner {
    pub(super) uid: Uid,
    pub(super) gid: Gid,
}

impl HomeOwner {
    /// Does `work` with the person's rights on files (setfsuid(2)). New files belong to the person,
    /// and where the person may not write, nothing is written.
    pub(super) fn does<T>(&self, work: impl FnOnce() -> T) -> T {
        let _before = Rights {
            gid: setfsgid(self.gid),
            uid: setfsuid(self.uid),
        };
        work()
    }
}

/// The rights of before, which come back when this is dropped.
struct Rights {
    gid: Gid,
    uid: Uid,
}

impl Drop for Rights {
    fn drop(&mut self) {
        // The kernel refuses no process to return to its effective user (setfsuid(2)).
        setfsuid(self.uid);
        setfsgid(self.gid);
    }
}
