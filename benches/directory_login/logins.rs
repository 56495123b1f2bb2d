//! Logins without faults: the time and CPU time of one, and the number per second.

use super::drive::Sample;
use super::peer::{ALL, Peer};
use super::peers::{Peers, person};
use super::table::{Better, Cell, Goal, Row};

/// The size of the measurement.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// The number of rounds, in each of which every peer has its turn.
    pub rounds: usize,
    /// The logins of each kind in a turn.
    pub logins: usize,
    /// The seconds of many clients at once.
    pub seconds: f64,
}

/// The kinds of login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Right,
    Wrong,
    Unknown,
    BehindFiles,
}

const KINDS: [Kind; 4] = [Kind::Right, Kind::Wrong, Kind::Unknown, Kind::BehindFiles];

/// All samples of a peer and a kind, and the CPU time of its daemon for them.
#[derive(Default)]
struct Record {
    samples: Vec<Sample>,
    failed: usize,
    daemon_ms: f64,
}

/// Measures single logins. The peers take turns, so that a machine that slows down slows all alike.
pub fn one_by_one(peers: &Peers, effort: Effort) -> Vec<Row> {
    let mut records: [[Record; KINDS.len()]; ALL.len()] = Default::default();
    for round in 0..effort.rounds {
        for kind in KINDS {
            let who = kind.people(round, effort.logins);
            for peer in ALL.into_iter().filter(|peer| kind.is_for(*peer)) {
                records[peer as usize][kind as usize].take(peers, peer, kind, &who);
            }
        }
    }
    let cells = |kind: Kind, figure: fn(&Record) -> f64| {
        ALL.map(|peer| records[peer as usize][kind as usize].cell(figure))
    };
    let row = |what: &str, kind, figure, goals: &[Goal]| Row {
        what: what.to_owned(),
        cells: cells(kind, figure),
        better: Better::Less,
        goals: goals.to_vec(),
    };
    let quick = [
        Goal::Bound(2.5),
        Goal::Times(1.2, Peer::Nslcd),
        Goal::Times(4.0, Peer::Sssd),
    ];
    vec![
        row(
            "right password, pam_authenticate alone, p50 ms",
            Kind::Right,
            |r| quantile(r.samples.iter().map(|sample| sample.auth_ms), 0.5),
            &quick,
        ),
        row(
            "right password, p50 ms",
            Kind::Right,
            |r| r.millis(0.5),
            &[],
        ),
        row(
            "right password, p95 ms",
            Kind::Right,
            |r| r.millis(0.95),
            &[],
        ),
        row(
            "right password, CPU ms, server not counted",
            Kind::Right,
            Record::cpu_ms,
            &[Goal::Bound(1.8)],
        ),
        row(
            "wrong password, p50 ms",
            Kind::Wrong,
            |r| r.millis(0.5),
            &[],
        ),
        row(
            "wrong password, p95 ms",
            Kind::Wrong,
            |r| r.millis(0.95),
            &[],
        ),
        row(
            "unknown name, p50 ms",
            Kind::Unknown,
            |r| r.millis(0.5),
            &[],
        ),
        row(
            "unknown name, p95 ms",
            Kind::Unknown,
            |r| r.millis(0.95),
            &[],
        ),
        row(
            "right password behind local files, p50 ms",
            Kind::BehindFiles,
            |r| r.millis(0.5),
            &[],
        ),
    ]
}

impl Kind {
    /// The same users in each round, except that unknown names are new each time.
    fn people(self, round: usize, count: usize) -> Vec<(String, String)> {
        let somebody = |number| match self {
            Self::Right | Self::BehindFiles => person(number),
            Self::Wrong => (person(number).0, "a wrong guess".to_owned()),
            Self::Unknown => (
                format!("stranger{round}-{number}"),
                "a wrong guess".to_owned(),
            ),
        };
        (0..count).map(somebody).collect()
    }

    /// The floor only binds.
    fn is_for(self, peer: Peer) -> bool {
        peer != Peer::Floor || matches!(self, Self::Right | Self::Wrong)
    }

    /// PAM's code that must come: success, a wrong password, an unknown user.
    fn code(self) -> i32 {
        match self {
            Self::Right | Self::BehindFiles => 0,
            Self::Wrong => 7,
            Self::Unknown => 10,
        }
    }
}

impl Record {
    fn take(&mut self, peers: &Peers, peer: Peer, kind: Kind, who: &[(String, String)]) {
        let daemon_ms = || peers.daemon_of(peer).map_or(0.0, |daemon| daemon.cpu_ms());
        let before = daemon_ms();
        let samples = match kind {
            Kind::BehindFiles => peers.log_in_behind(peer, who),
            _ => peers.log_in(peer, who),
        };
        self.daemon_ms += daemon_ms() - before;
        let (good, bad): (Vec<_>, Vec<_>) = samples
            .into_iter()
            .partition(|sample| sample.code == kind.code());
        for sample in &bad {
            eprintln!(
                "{peer:?}, {kind:?}: PAM code {} after {:.1} ms",
                sample.code, sample.ms
            );
        }
        self.samples.extend(good);
        self.failed += bad.len();
    }

    fn cell(&self, figure: fn(&Self) -> f64) -> Cell {
        Cell {
            figure: (!self.samples.is_empty()).then(|| figure(self)),
            failed: self.failed,
        }
    }

    fn millis(&self, part: f64) -> f64 {
        quantile(self.samples.iter().map(|sample| sample.ms), part)
    }

    /// The CPU time of a login: of the host, of its children, and of the daemon.
    fn cpu_ms(&self) -> f64 {
        let hosts: f64 = self.samples.iter().map(|sample| sample.cpu_ms).sum();
        (hosts + self.daemon_ms) / self.samples.len() as f64
    }
}

/// The quantile `part` of the samples.
fn quantile(samples: impl Iterator<Item = f64>, part: f64) -> f64 {
    let mut all: Vec<f64> = samples.collect();
    all.sort_by(f64::total_cmp);
    all[((all.len() - 1) as f64 * part).round() as usize]
}

/// Measures many clients at once: the median of the rounds.
pub fn crowds(peers: &Peers, effort: Effort) -> Vec<Row> {
    let everybody: Vec<_> = (0..1000).map(person).collect();
    let row = |size: usize| {
        let mut figures: [Vec<f64>; ALL.len()] = Default::default();
        let mut failed = [0; ALL.len()];
        for _ in 0..effort.rounds.div_ceil(3) {
            for peer in ALL {
                let samples = peers.crowd(peer, &everybody, size, effort.seconds);
                let good = samples.iter().filter(|sample| sample.code == 0).count();
                figures[peer as usize].push(good as f64 / effort.seconds);
                failed[peer as usize] += samples.len() - good;
            }
        }
        let cell = |peer: Peer| Cell {
            figure: Some(quantile(figures[peer as usize].iter().copied(), 0.5)),
            failed: failed[peer as usize],
        };
        Row {
            what: format!("logins a second, {size} at once"),
            cells: ALL.map(cell),
            better: Better::More,
            goals: match size {
                1 => vec![Goal::NoFailure],
                _ => vec![Goal::Bound(500.0), Goal::NoFailure],
            },
        }
    };
    [1, 8, 64].map(row).into()
}
