//! Starts, measures and ends the daemon of a peer.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long a daemon may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// A daemon with its children.
pub struct Daemon(Child);

impl Daemon {
    /// Starts the daemon, with its output in `log`.
    pub fn start(command: &mut Command, log: &Path) -> Self {
        let log = File::create(log).unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log);
        Self(command.spawn().unwrap())
    }

    /// The daemon and its descendants.
    fn processes(&self) -> Vec<u32> {
        let mut found = vec![self.0.id()];
        let mut next = 0;
        let table = parents();
        while let Some(parent) = found.get(next).copied() {
            found.extend(
                table
                    .iter()
                    .filter(|(_, of)| *of == parent)
                    .map(|(own, _)| *own),
            );
            next += 1;
        }
        found
    }

    /// The CPU time of all these processes, in milliseconds.
    pub fn cpu_ms(&self) -> f64 {
        let tasks = self.processes().into_iter().flat_map(|process| {
            let tasks = fs::read_dir(format!("/proc/{process}/task"))
                .into_iter()
                .flatten();
            tasks.flatten().map(|task| task.path())
        });
        let nanoseconds = |task: std::path::PathBuf| {
            let text = fs::read_to_string(task.join("schedstat")).unwrap_or_default();
            text.split(' ')
                .next()
                .and_then(|field| field.parse().ok())
                .unwrap_or(0.0)
        };
        tasks.map(nanoseconds).sum::<f64>() / 1e6
    }

    /// The memory of all these processes in MiB: PSS, which divides shared pages among processes,
    /// and RSS.
    pub fn memory_mib(&self) -> [f64; 2] {
        ["Pss:", "Rss:"].map(|key| {
            let kib = |process: u32| {
                let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup"));
                let text = text.unwrap_or_default();
                let line = text.lines().find_map(|line| line.strip_prefix(key));
                line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok())
            };
            self.processes().into_iter().filter_map(kib).sum::<f64>() / 1024.0
        })
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // SIGTERM first: the daemon ends its children itself.
        let pid = Pid::from_raw(self.0.id().try_into().unwrap());
        let _ = kill(pid, Signal::SIGTERM);
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end && matches!(self.0.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Every process and its parent.
fn parents() -> Vec<(u32, u32)> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let parent = |entry: fs::DirEntry| {
        let own = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // The name may hold anything, so only the text after its bracket is read.
        let parent = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()?;
        Some((own, parent))
    };
    processes.filter_map(parent).collect()
}
