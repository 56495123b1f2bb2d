//! Measures a server that is down, one that hangs, and its return.
//!
//! All peers meet each fault at the same time, each in a thread: waiting for a server takes no CPU
//! time from others.

use std::time::{Duration, Instant};

use super::peer::Peer;
use super::peers::{Peers, person};
use super::table::{Better, Cell, Goal, Row};

/// The peers that are measured with faults.
const PEERS: [Peer; 3] = [Peer::Authchain, Peer::Nslcd, Peer::Sssd];

/// The number of logins after the first, where they are not too slow.
const LATER: usize = 5;
const SLOW: Duration = Duration::from_secs(2);

/// How long a peer may take to notice that the server is back.
const PATIENCE: Duration = Duration::from_secs(100);

/// The default time that a backend of ours waits for its servers, and 0.2 s more.
const TIMEOUT_MS: f64 = 3_200.0;

/// The times of the logins during a fault, and the time until the server is used again.
#[derive(Default, Clone, Copy)]
struct Trouble {
    first_ms: f64,
    later_ms: f64,
    back_s: f64,
    /// The number of logins that were accepted without a server.
    accepted: usize,
}

/// The rows, from the quickest fault to the slowest.
pub fn faults(peers: &mut Peers) -> Vec<Row> {
    peers.slapd.stop();
    let refused = each(|peer| during(peers, peer));
    peers.slapd.start_again();
    let refused = with_way_back(peers, refused);
    // Resets every peer's memory of the fault.
    for peer in PEERS {
        peers.log_in(peer, &[person(0)]);
    }
    peers.slapd.freeze();
    let hung = each(|peer| during(peers, peer));
    peers.slapd.thaw();
    let hung = with_way_back(peers, hung);
    [
        rows("port closed", refused, [10.0, 10.0]),
        rows("server hangs", hung, [TIMEOUT_MS, 50.0]),
    ]
    .concat()
}

fn each<T: Send>(what: impl Fn(Peer) -> T + Sync) -> [T; PEERS.len()] {
    std::thread::scope(|scope| {
        let what = &what;
        PEERS
            .map(|peer| scope.spawn(move || what(peer)))
            .map(|thread| thread.join().unwrap())
    })
}

/// Measures the first login, and the slowest of the next.
fn during(peers: &Peers, peer: Peer) -> Trouble {
    let login = |number| peers.log_in(peer, &[person(number)])[0];
    let first = login(1);
    let begin = Instant::now();
    let mut later = Vec::new();
    while later.len() < LATER && (later.is_empty() || begin.elapsed() < SLOW) {
        later.push(login(2 + later.len()));
    }
    let all = later.iter().chain([&first]);
    Trouble {
        first_ms: first.ms,
        later_ms: later.iter().map(|sample| sample.ms).fold(0.0, f64::max),
        back_s: f64::INFINITY,
        accepted: all.filter(|sample| sample.code == 0).count(),
    }
}

/// Adds the time from now, when the server has just come back, until a login succeeds.
fn with_way_back(peers: &Peers, troubles: [Trouble; PEERS.len()]) -> [Trouble; PEERS.len()] {
    let begin = Instant::now();
    let back = each(|peer| {
        while begin.elapsed() < PATIENCE {
            if peers.log_in(peer, &[person(9)])[0].code == 0 {
                return begin.elapsed().as_secs_f64();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        f64::INFINITY
    });
    let mut troubles = troubles;
    for (trouble, back_s) in troubles.iter_mut().zip(back) {
        trouble.back_s = back_s;
    }
    troubles
}

fn rows(fault: &str, troubles: [Trouble; PEERS.len()], goals: [f64; 2]) -> Vec<Row> {
    let row = |what: &str, figure: fn(&Trouble) -> f64, goal| {
        let cell = |trouble: &Trouble| Cell {
            figure: Some(figure(trouble)),
            failed: trouble.accepted,
        };
        let [own, nslcd, sssd] = [0, 1, 2].map(|at: usize| cell(&troubles[at]));
        Row {
            what: format!("{fault}: {what}"),
            cells: [own, nslcd, sssd, Cell::default()],
            better: Better::Less,
            goals: vec![Goal::Bound(goal)],
        }
    };
    vec![
        row("first login, ms", |trouble| trouble.first_ms, goals[0]),
        row(
            "slowest of the next, ms",
            |trouble| trouble.later_ms,
            goals[1],
        ),
        row("success after it is back, s", |trouble| trouble.back_s, 1.5),
    ]
}
