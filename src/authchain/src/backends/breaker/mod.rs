//! Remembers servers that earlier logins found down or up, so that a login does not wait for dead
//! servers again.
//!
//! A mark is an empty file in a folder under `/run`. Its modification time is when the server was
//! found down. The file is empty because the caller of su limits the size of the files that su
//! writes (`RLIMIT_FSIZE`), and because an empty file can be made on a full disk. Beside a mark
//! there may be a claim: until its modification time, one login has the task of finding out whether
//! the server is back. A third file has the times at which the last login that was connected to the
//! server began to connect (access time) and was connected (modification time).
//!
//! Marks only make a login quicker: a marked server is asked last and briefly, never left out. If
//! anything is wrong with the files or their folder, servers are asked as if there were no marks.
//!
//! The caller of su can stop su and its worker until every deadline is over. So a process whose
//! real and effective user ids differ has the marks of its caller, which only processes of this
//! caller read: callers can slow down only their own logins. Marks also hold for one network
//! namespace: a service without the machine's network (`PrivateNetwork` of systemd) finds all
//! servers down.

mod folder;
mod name;
mod network;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::{Duration, SystemTime};

use self::folder::{Claim, Folder, LONGEST_CLAIM};
use self::name::{FileKind, decode, encode};
pub(super) use self::network::namespace;
use super::protocol::ServersFound;
use crate::tools::deadline::Deadline;

/// The time after which a server that was found down is probed, and the time between two probes.
const REST: Duration = Duration::from_secs(1);

/// The time for which a mark holds. Then one login asks the server as if it had no mark, for as
/// long as that takes: the server may be back, but too far away to answer a probe in time.
const EXPIRY: Duration = Duration::from_secs(30);

/// The factor by which a probe may take longer than the last good login took to be connected.
const PATIENCE: u32 = 4;

/// The bounds of the time that a probe may take. The lower bound is long enough for a busy machine:
/// with less time, a slow server would seem to be down.
const PROBE: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(5)];

/// The time that a probe may take where no login was ever connected: four round trips of 80 ms,
/// and some.
const FIRST_PROBE: Duration = Duration::from_millis(400);

/// Maximum number of servers that one worker may report as down, and as answering.
const MAX_FOUND: usize = 16;

/// Maximum number of marks of one owner, and of servers known to be up. Whoever forges DNS answers
/// can make up names of servers, and all marks are sent to the worker in one line.
const MAX_MARKS: usize = 64;

/// The marks of one backend.
pub(super) struct Breaker<'a> {
    run_dir: &'a Path,
    /// The backend in one network. Without a known network, nothing is remembered.
    backend: Option<String>,
    /// The caller on whose behalf the process runs: the marks are that caller's.
    caller: Option<u32>,
    folder: Option<Folder>,
}

/// The servers that this login asks in another way because of their marks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Servers to be asked briefly, and after all others.
    pub(super) avoid: Vec<String>,
    /// Servers to be asked briefly, and before all others: this login has the task of finding out
    /// whether they are back.
    pub(super) probe: Vec<String>,
    /// The time that each of these has to show that it is back.
    pub(super) probe_time: Duration,
    began: SystemTime,
    /// True if there is enough time for a missing answer to mean that the server is down. Earlier
    /// backends may have left too little.
    has_enough_time: bool,
}

/// The state of one mark.
enum MarkState {
    Avoid,
    Probe,
    /// The server is asked as if it had no mark.
    Expired,
}

impl Plan {
    /// Returns the plan of a login that begins `now` and knows of no server that is down.
    pub(super) fn of_unknown(now: SystemTime) -> Self {
        Self {
            avoid: Vec::new(),
            probe: Vec::new(),
            probe_time: Duration::ZERO,
            began: now,
            has_enough_time: true,
        }
    }

    /// Returns the servers that this login asks only briefly.
    fn doubtful(&self) -> impl Iterator<Item = &String> {
        self.avoid.iter().chain(&self.probe)
    }
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
        Self {
            run_dir,
            backend: network.map(|network| format!("{backend}:{network}")),
            caller,
            folder: Folder::open(run_dir),
        }
    }

    /// Decides how this login asks the servers that have marks.
    pub(super) fn plan(&self, now: SystemTime, deadline: Deadline) -> Plan {
        let patience = deadline.remaining();
        let mut plan = Plan {
            has_enough_time: patience.saturating_mul(2) >= deadline.budget(),
            ..Plan::of_unknown(now)
        };
        for server in self.servers(FileKind::Mark) {
            match self.state_of(&server, now, patience) {
                Some(MarkState::Avoid) => plan.avoid.push(server),
                Some(MarkState::Probe) => plan.probe.push(server),
                Some(MarkState::Expired) | None => {}
            }
        }
        let times = plan.doubtful().map(|server| self.probe_time(server));
        plan.probe_time = times.max().unwrap_or_default();
        plan
    }

    /// Records which servers this login found up or down.
    ///
    /// A probe that failed does not renew the mark: otherwise a server too far away for a probe
    /// would never again be asked with the full time.
    pub(super) fn learn(&mut self, plan: &Plan, found: &ServersFound, now: SystemTime) {
        for server in found.up.iter().take(MAX_FOUND) {
            self.forget(server);
            self.remember_up(server, Duration::from_millis(found.open_ms), now);
        }
        let is_news = |server: &&String| {
            !server.is_empty() && plan.doubtful().all(|doubtful| doubtful != *server)
        };
        for server in found.down.iter().filter(is_news).take(MAX_FOUND) {
            self.mark(server, plan, now);
        }
    }

    /// Returns whether another login has found back a server that this login asked only briefly.
    /// Servers in `own`, which this login has found back itself, do not count.
    pub(super) fn is_any_back(&self, plan: &Plan, own: &[String]) -> bool {
        let marked = self.servers(FileKind::Mark);
        plan.doubtful()
            .any(|server| !marked.contains(server) && !own.contains(server))
    }

    /// Returns the servers about which this owner has a file of this kind.
    fn servers(&self, kind: FileKind) -> Vec<String> {
        let (Some(folder), Some(owner)) = (&self.folder, self.owner(kind)) else {
            return Vec::new();
        };
        let names = folder.names().into_iter();
        let servers = names.filter_map(|name| decode(kind, &name, &owner));
        let mut servers: Vec<String> = servers.filter(|server| !server.is_empty()).collect();
        servers.sort_unstable();
        servers
    }

    fn state_of(&self, server: &str, now: SystemTime, patience: Duration) -> Option<MarkState> {
        let folder = self.folder.as_ref()?;
        let age = self.age(server, now)?;
        if age < REST {
            return Some(MarkState::Avoid);
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
            Claim::Anothers => Some(MarkState::Avoid),
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

    /// Returns how long a brief look at the server may take.
    fn probe_time(&self, server: &str) -> Duration {
        let [least, most] = PROBE;
        let took = self
            .last_up(server)
            .and_then(|[from, to]| to.duration_since(from).ok());
        took.map_or(FIRST_PROBE, |took| {
            took.saturating_mul(PATIENCE).clamp(least, most)
        })
    }

    /// Returns when the last good login began to connect to the server, and when it was connected.
    fn last_up(&self, server: &str) -> Option<[SystemTime; 2]> {
        let name = self.file(FileKind::Up, server)?;
        self.folder.as_ref()?.times_of(&name)
    }

    /// Marks the server, unless another login was connected to it since this login began: then the
    /// server is slow, and not down.
    fn mark(&mut self, server: &str, plan: &Plan, now: SystemTime) {
        let since = plan.began..=now;
        let is_up = self
            .last_up(server)
            .is_some_and(|[_, up]| since.contains(&up));
        if plan.has_enough_time && !is_up {
            self.set(FileKind::Mark, server, [now, now], now);
        }
    }

    /// Remembers how long it took to be connected to the server, but not in su and sudo: their
    /// caller can make it take as long as they like.
    fn remember_up(&mut self, server: &str, took: Duration, now: SystemTime) {
        if let (None, Some(from)) = (self.caller, now.checked_sub(took)) {
            self.set(FileKind::Up, server, [from, now], now);
        }
    }

    /// Gives the file these times. A missing file is made, unless there are too many.
    fn set(&mut self, kind: FileKind, server: &str, times: [SystemTime; 2], now: SystemTime) {
        let Some(name) = self.file(kind, server) else {
            return;
        };
        if self.folder.is_none() {
            self.folder = Folder::make(self.run_dir);
        }
        let Some(folder) = &self.folder else {
            return;
        };
        if folder.times_of(&name).is_none() {
            // Old files are swept here: only a new file can make them too many.
            folder.sweep(now);
            if self.servers(kind).len() >= MAX_MARKS {
                return;
            }
        }
        folder.set(&name, times);
    }

    fn forget(&self, server: &str) {
        let names = [FileKind::Mark, FileKind::Claim].map(|kind| self.file(kind, server));
        for name in names.iter().flatten() {
            if let Some(folder) = &self.folder {
                folder.remove(name);
            }
        }
    }

    /// Returns the owner of files of this kind. All processes share the files about servers that
    /// are up.
    fn owner(&self, kind: FileKind) -> Option<String> {
        let backend = self.backend.as_ref()?;
        Some(match (kind, self.caller) {
            (FileKind::Mark | FileKind::Claim, Some(uid)) => format!("{backend}~{uid}"),
            _ => backend.clone(),
        })
    }

    /// Returns the name of a file of ours that is about `server`.
    fn file(&self, kind: FileKind, server: &str) -> Option<String> {
        encode(kind, &self.owner(kind)?, server)
    }
}
