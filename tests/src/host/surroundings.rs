//! The state of the host process that no call of a module may change.

use std::collections::BTreeMap;
use std::fs;

use nix::libc;

/// The state of this process, as far as a module could change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surroundings(BTreeMap<String, String>);

/// Lines of `/proc/self/status` that a module may not change.
const STATUS: &[&str] = &[
    "Umask",
    "Uid",
    "Gid",
    "Groups",
    "Threads",
    "SigBlk",
    "SigIgn",
    "SigCgt",
    "CapEff",
    "CapPrm",
    "NoNewPrivs",
    "Seccomp",
];

/// The children of this process that nobody has reaped, dead or alive.
pub fn children() -> Vec<String> {
    let own = std::process::id().to_string();
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let stats = entries.filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok());
    // "7 (name) S 1 …": the state and the parent stand behind the last parenthesis.
    let is_child = |stat: &String| {
        let parent = stat
            .rsplit_once(") ")
            .and_then(|(_, rest)| rest.split(' ').nth(1));
        parent == Some(&own)
    };
    stats.filter(is_child).collect()
}

/// Whether an alarm(2) of this process goes on.
fn has_alarm() -> bool {
    let zero = libc::timeval {
        tv_sec: 0,
        tv_usec: 0,
    };
    let mut left = libc::itimerval {
        it_interval: zero,
        it_value: zero,
    };
    // SAFETY: the call fills the structure.
    let code = unsafe { libc::getitimer(libc::ITIMER_REAL, &raw mut left) };
    assert_eq!(code, 0);
    left.it_value.tv_sec != 0 || left.it_value.tv_usec != 0
}

impl Surroundings {
    /// The present state.
    pub fn now() -> Self {
        let mut all = BTreeMap::new();
        let status = fs::read_to_string("/proc/self/status").unwrap();
        for (key, value) in status.lines().filter_map(|line| line.split_once(':')) {
            if STATUS.contains(&key) {
                all.insert(key.to_owned(), value.trim().to_owned());
            }
        }
        all.insert(
            "limits".into(),
            fs::read_to_string("/proc/self/limits").unwrap(),
        );
        let cwd = fs::read_link("/proc/self/cwd").unwrap();
        all.insert("cwd".into(), cwd.display().to_string());
        for (name, value) in std::env::vars_os() {
            all.insert(format!("environment {name:?}"), format!("{value:?}"));
        }
        for entry in fs::read_dir("/proc/self/fd").unwrap() {
            let path = entry.unwrap().path();
            // The descriptor of the open directory is closed before its link is read, or its link
            // is the same each time.
            if let Ok(target) = fs::read_link(&path) {
                all.insert(path.display().to_string(), target.display().to_string());
            }
        }
        all.insert("children".into(), format!("{:?}", children()));
        all.insert("alarm".into(), has_alarm().to_string());
        Self(all)
    }

    /// What is different in `later`.
    pub fn changes(&self, later: &Self) -> Vec<String> {
        let keys = self
            .0
            .keys()
            .chain(later.0.keys().filter(|key| !self.0.contains_key(*key)));
        keys.filter(|key| self.0.get(*key) != later.0.get(*key))
            .map(|key| format!("{key}: {:?} -> {:?}", self.0.get(key), later.0.get(key)))
            .collect()
    }
}
