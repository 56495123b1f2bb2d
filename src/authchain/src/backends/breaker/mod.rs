//! Marks of the servers that earlier logins found down, so that this one does not wait for them
//! again.
//!
//! A mark is an empty file in a folder under `/run`; its time of change is when the server was
//! found down. Empty, because whoever starts su decides how large the files may be that it writes
//! (`RLIMIT_FSIZE`), and because that also works on a full disk. Beside a mark there may be a
//! claim: its time is until when one login has the task of finding out whether the server is back.
//!
//! Whoever starts su can stop it, and its worker, until every deadline is over. So a process whose
//! real and effective user ids differ has marks of its own, which no other process heeds: its
//! caller can lock out nobody but themselves. Marks also hold for one network namespace: a service
//! with a network of its own (`PrivateNetwork` of systemd) finds nobody there.
//!
//! The marks only ever make a login quicker. Whatever is wrong with them or their
//! folder, servers are asked as if there were none.

mod folder;
mod name;
mod network;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::{Duration, SystemTime};

use self::folder::{Claim, Folder, LONGEST_CLAIM};
use self::name::{FileKind, decode, encode, is_ours};
pub(super) use self::network::namespace;
use crate::tools::deadline::Deadline;

/// The time for which a server that was found down is not asked at all, and the time between two
/// probes from then on.
const REST: Duration = Duration::from_secs(1);

/// The time for which a mark holds. Then one login asks the server as if it had no mark, for as
/// long as that takes: the server may be back, but too far away to answer a probe in time.
const EXPIRY: Duration = Duration::from_secs(30);

/// The age at which a mark is removed. A mark that is in use is renewed all the time; one that is
/// this old belongs to a caller who has not come back, or to a backend that is no longer
/// configured.
const LIFE: Duration = Duration::from_secs(60 * 60);

/// The longest time a server may take to answer a probe.
pub(super) const PROBE: Duration = Duration::from_millis(40);

/// Most servers that are marked of those that one worker reports as down.
const MAX_DOWN: usize = 16;

/// Most marks that one owner may have. Where DNS names the servers, whoever forges DNS answers can
/// make names up, and the worker is told all marks in one line.
const MAX_MARKS: usize = 64;

/// The marks of one backend.
pub(super) struct Breaker<'a> {
    run_dir: &'a Path,
    /// The owner of the marks: the backend in one network, and perhaps one caller. Without one,
    /// there are no marks.
    owner: Option<String>,
    folder: Option<Folder>,
}

/// The consequences of the marks for this login.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Servers that are not to be asked.
    pub(super) avoid: Vec<String>,
    /// Servers to be asked briefly: this login has the task of finding out whether they are back.
    pub(super) probe: Vec<String>,
    /// Servers to be asked as ever, although there is a mark: it has expired.
    expired: Vec<String>,
    /// True if there is enough time for a missing answer to mean that the server is down. A server
    /// that was given only the time that backends before it left over has not been shown to be
    /// down.
    is_fair: bool,
}

/// The state of one mark.
enum MarkState {
    Avoid(Duration),
    Probe,
    Expired,
}

impl<'a> Breaker<'a> {
    /// Opens the marks of `backend` in the folder `run_dir`, those that were made in the same
    /// `network` namespace; where the process runs on behalf of a `caller`, only that caller's.
    pub(super) fn open(
        run_dir: &'a Path,
        backend: &str,
        network: Option<u64>,
        caller: Option<u32>,
    ) -> Self {
        let owner = network.map(|network| match caller {
            Some(uid) => format!("{backend}:{network}~{uid}"),
            None => format!("{backend}:{network}"),
        });
        Self {
            run_dir,
            owner,
            folder: Folder::open(run_dir),
        }
    }

    /// Decides what this login does about the marks. `servers` are those the backend has, as far as
    /// that is known; `patience` is how long it may take to ask one of them.
    ///
    /// # Errors
    /// Where there is no server left to ask: how long ago the last of them was found down.
    pub(super) fn plan(
        &self,
        servers: &[String],
        now: SystemTime,
        deadline: Deadline,
    ) -> Result<Plan, Duration> {
        let patience = deadline.remaining();
        let mut plan = Plan {
            is_fair: patience.saturating_mul(2) >= deadline.budget(),
            ..Plan::default()
        };
        let mut latest = Duration::MAX;
        for name in self.marks() {
            let Some(state) = self.state_of(&name, now, patience) else {
                continue;
            };
            match state {
                MarkState::Avoid(age) => {
                    latest = latest.min(age);
                    plan.avoid.push(name);
                }
                MarkState::Probe => plan.probe.push(name),
                MarkState::Expired => plan.expired.push(name),
            }
        }
        let is_avoided = |server| plan.avoid.contains(server);
        if !servers.is_empty() && servers.iter().all(is_avoided) {
            return Err(latest);
        }
        Ok(plan)
    }

    /// Records what this login found out: the servers in `down` did not answer; all others that it
    /// was to ask did, or will be asked as ever the next time.
    ///
    /// A probe that failed leaves the mark as it is: else a server too far away for probes would
    /// never be asked properly again.
    pub(super) fn learn(&mut self, plan: &Plan, down: &[String], now: SystemTime) {
        let is_down = |server: &&String| down.contains(server);
        let back = plan.probe.iter().chain(&plan.expired);
        for server in back.filter(|server| !is_down(server)) {
            self.forget(server);
        }
        let is_news = |server: &&String| !server.is_empty() && !plan.probe.contains(server);
        for server in down.iter().filter(is_news).take(MAX_DOWN) {
            self.mark(server, plan, now);
        }
    }

    /// Returns the servers of this backend that have marks.
    fn marks(&self) -> Vec<String> {
        let (Some(folder), Some(owner)) = (&self.folder, &self.owner) else {
            return Vec::new();
        };
        let names = folder.names().into_iter();
        let names = names.filter_map(|name| decode(&name, owner));
        let names = names.filter(|server| !server.is_empty());
        let mut names: Vec<String> = names.collect();
        names.sort_unstable();
        names
    }

    fn state_of(&self, server: &str, now: SystemTime, patience: Duration) -> Option<MarkState> {
        let folder = self.folder.as_ref()?;
        let age = self.age(server, now)?;
        if age < REST {
            return Some(MarkState::Avoid(age));
        }
        let (state, needs) = if age < EXPIRY {
            (MarkState::Probe, Duration::ZERO)
        } else {
            (MarkState::Expired, patience)
        };
        let claim = self.file(FileKind::Claim, server)?;
        let until = now.checked_add(REST.saturating_add(needs).min(LONGEST_CLAIM))?;
        match folder.claim(&claim, now, until) {
            Claim::Ours => Some(state),
            Claim::Anothers => Some(MarkState::Avoid(age)),
            // Without claims, no login could ever find out that the server is back.
            Claim::Impossible => None,
        }
    }

    /// Returns how long ago the server was found down. A mark from the future says nothing: it is
    /// from before the clock was set back.
    fn age(&self, server: &str, now: SystemTime) -> Option<Duration> {
        let mark = self.file(FileKind::Mark, server)?;
        let since = self.folder.as_ref()?.time_of(&mark)?;
        now.duration_since(since).ok()
    }

    fn mark(&mut self, server: &str, plan: &Plan, now: SystemTime) {
        let Some(name) = self.file(FileKind::Mark, server).filter(|_| plan.is_fair) else {
            return;
        };
        if self.folder.is_none() {
            self.folder = Folder::make(self.run_dir);
        }
        let Some(folder) = &self.folder else {
            return;
        };
        // Here, because only where marks are made do they become too many.
        sweep(folder, now);
        if folder.time_of(&name).is_some() || self.marks().len() < MAX_MARKS {
            folder.set(&name, now);
        }
    }

    fn forget(&self, server: &str) {
        let names = [FileKind::Mark, FileKind::Claim].map(|kind| self.file(kind, server));
        for name in names.iter().flatten() {
            if let Some(folder) = &self.folder {
                folder.remove(name);
            }
        }
    }

    /// Returns the name of a file of ours that is about `server`.
    fn file(&self, kind: FileKind, server: &str) -> Option<String> {
        encode(kind, self.owner.as_deref()?, server)
    }
}

/// Removes marks and claims that were not touched for long, whoever made them. At worst a login
/// asks a server as if it had no mark.
fn sweep(folder: &Folder, now: SystemTime) {
    for name in folder.names().iter().filter(|name| is_ours(name)) {
        let age = folder.time_of(name).map(|time| now.duration_since(time));
        if matches!(age, Some(Ok(age)) if age > LIFE) {
            folder.remove_empty(name);
        }
    }
}
