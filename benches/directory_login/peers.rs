//! Starts the peers in their chroot, and makes each log users in.

use std::path::PathBuf;
use std::time::Duration;

use authchain_tests::servers::directory::bulk_name;
use authchain_tests::servers::slapd::Slapd;

use super::chroot::{CORNER, Chroot};
use super::daemons::Daemon;
use super::drive::{Sample, Task, Way};
use super::floor::Floor;
use super::peer::{ALL, Peer};
use super::setup::{self, SERVER};

/// How often a daemon is asked whether it is up.
const TRIES: usize = 200;

/// The peers in their chroot, and the server they ask.
pub struct Peers {
    // First, so that the daemons end while the server still answers.
    daemons: Vec<(Peer, Daemon)>,
    chroot: Chroot,
    /// The server.
    pub slapd: Slapd,
}

impl Peers {
    /// Starts all peers, and waits until each lets a user in.
    pub fn start(chroot: Chroot, slapd: Slapd) -> Self {
        setup::everything(&chroot, &slapd);
        let mut peers = Self {
            daemons: Vec::new(),
            chroot,
            slapd,
        };
        for (peer, argv) in setup::DAEMONS {
            let daemon = peers.daemon(argv);
            peers.daemons.push((peer, daemon));
        }
        for peer in ALL {
            peers.await_login(peer);
        }
        peers
    }

    fn daemon(&self, argv: &[&str]) -> Daemon {
        let log = self.chroot.outside(&format!("{CORNER}/{}.log", argv[0]));
        Daemon::start(&mut self.chroot.command(argv), &log)
    }

    fn await_login(&self, peer: Peer) {
        let who = [person(0)];
        let mut last = None;
        for _ in 0..TRIES {
            last = self.log_in(peer, &who).first().copied();
            if last.is_some_and(|sample| sample.code == 0) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = self
            .chroot
            .outside(&format!("{CORNER}/{}.log", peer.service()));
        panic!("{peer:?} lets nobody in: {last:?}; see {}", log.display());
    }

    /// Logs these users in, one after the other.
    pub fn log_in(&self, peer: Peer, who: &[(String, String)]) -> Vec<Sample> {
        self.perform(self.way(peer), who, None)
    }

    /// Logs these users in after local files refused them: pam_unix, or our `local`.
    pub fn log_in_behind(&self, peer: Peer, who: &[(String, String)]) -> Vec<Sample> {
        let service = format!("{}-behind", peer.service());
        self.perform(Way::Pam(service), who, None)
    }

    /// Logs in with this many clients at once, again and again, for this many seconds.
    pub fn crowd(
        &self,
        peer: Peer,
        who: &[(String, String)],
        size: usize,
        seconds: f64,
    ) -> Vec<Sample> {
        self.perform(self.way(peer), who, Some((size, seconds)))
    }

    fn way(&self, peer: Peer) -> Way {
        match peer {
            Peer::Floor => Way::Floor(Floor {
                name: SERVER.to_owned(),
                port: self.slapd.tls,
                authority: format!("{CORNER}/ca.pem"),
            }),
            _ => Way::Pam(peer.service().to_owned()),
        }
    }

    fn perform(
        &self,
        way: Way,
        who: &[(String, String)],
        crowd: Option<(usize, f64)>,
    ) -> Vec<Sample> {
        let task = Task {
            way,
            logins: who.to_vec(),
            crowd,
        };
        let task = serde_json::to_string(&task).unwrap();
        let driver = format!("{CORNER}/driver");
        let output = self
            .chroot
            .command(&[&driver, "--drive", &task])
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the driver failed: {errors}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The daemon of a peer, if it has one.
    pub fn daemon_of(&self, peer: Peer) -> Option<&Daemon> {
        let found = self.daemons.iter().find(|(of, _)| *of == peer);
        found.map(|(_, daemon)| daemon)
    }

    /// The versions of the compared programs.
    pub fn versions(&self) -> String {
        let version = |package| self.chroot.version(package);
        format!("nslcd {}, SSSD {}", version("nslcd"), version("sssd-ldap"))
    }

    /// The path of our worker, seen from outside.
    pub fn worker(&self) -> PathBuf {
        self.chroot.outside(&format!("{CORNER}/authchain-worker"))
    }
}

/// A user of the directory, and the right password.
pub fn person(number: usize) -> (String, String) {
    let name = bulk_name(number);
    (name.clone(), format!("pw-{name}"))
}
