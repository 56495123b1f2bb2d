//! A model of many logins at one server. The marks are real; the clock, the network and the server
//! are simulated.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

use proptest::prelude::*;

use super::*;

/// The longest time that connecting may take (`connect_timeout`), in milliseconds as everywhere
/// here.
const CONNECT_TIMEOUT: u64 = 1_500;

/// The time of this machine and the server for one login, of which connecting is a part.
const COST: u64 = 8;
const COST_OF_CONNECTING: u64 = 4;

/// A server, the network on the way to it, and its clients.
#[derive(Debug, Clone)]
struct World {
    round_trip: u64,
    /// The most by which other programs of the machine make connecting take longer.
    load: u64,
    /// The time in which the server is down.
    down: Range<u64>,
    /// True if it refuses connections then; else it is silent.
    refuses: bool,
    clients: usize,
    /// The pause of a client between two logins.
    pause: u64,
    seed: u64,
}

/// A login that is over.
#[derive(Debug)]
struct Login {
    began: u64,
    ended: u64,
    is_accepted: bool,
}

/// A login that waits for the server.
struct Waiting {
    began: u64,
    plan: Plan,
    /// The time it will take to be connected, if it will be.
    open: Option<u64>,
}

impl World {
    /// Returns a pseudo-random number below `end`.
    fn random(&mut self, end: u64) -> u64 {
        self.seed = (self.seed)
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33).checked_rem(end).unwrap_or_default()
    }

    /// Begins a login that asks the server. Returns when it will be over, and the login.
    fn ask(&mut self, folder: &RunDir, began: u64, now: u64, busy: usize) -> (u64, Waiting) {
        let plan = folder.plan(now);
        let probe = u64::try_from(plan.probe_time.as_millis()).unwrap();
        let limit = match plan.doubtful().next() {
            Some(_) => probe.min(CONNECT_TIMEOUT),
            None => CONNECT_TIMEOUT,
        };
        let queue = COST_OF_CONNECTING * u64::try_from(busy).unwrap();
        let open =
            2 * self.round_trip + queue * (80 + self.random(41)) / 100 + self.random(self.load + 1);
        let (takes, open) = match self.down.contains(&now) {
            true if self.refuses => (self.round_trip, None),
            true => (limit, None),
            false if open > limit => (limit, None),
            false => (open * COST / COST_OF_CONNECTING, Some(open)),
        };
        (now + takes + 1, Waiting { began, plan, open })
    }

    /// Plays the logins of all clients from `begin` to `end`.
    fn play(&mut self, folder: &RunDir, begin: u64, end: u64) -> Vec<Login> {
        let mut over = Vec::new();
        let mut waiting: Vec<Option<Waiting>> = (0..self.clients).map(|_| None).collect();
        let mut events: BinaryHeap<_> =
            (0..self.clients).map(|who| Reverse((begin, who))).collect();
        while let Some(Reverse((now, who))) = events.pop() {
            let busy = waiting.iter().flatten().count();
            let Some(login) = waiting[who].take() else {
                if now < end {
                    let (then, login) = self.ask(folder, now, now, busy);
                    waiting[who] = Some(login);
                    events.push(Reverse((then, who)));
                }
                continue;
            };
            let found = match login.open {
                Some(open) => up(ONE, open),
                None => down(&[ONE]),
            };
            folder.breaker().learn(&login.plan, &found, at(now));
            if login.open.is_none() && folder.breaker().is_any_back(&login.plan, &[]) {
                let (then, login) = self.ask(folder, login.began, now, busy);
                waiting[who] = Some(login);
                events.push(Reverse((then, who)));
                continue;
            }
            over.push(Login {
                began: login.began,
                ended: now,
                is_accepted: login.open.is_some(),
            });
            events.push(Reverse((now + self.pause, who)));
        }
        over
    }
}

/// Returns how many of these logins were accepted, and how many there were.
fn count<'a>(logins: impl Iterator<Item = &'a Login>) -> (usize, usize) {
    logins.fold((0, 0), |(accepted, all), login| {
        (accepted + usize::from(login.is_accepted), all + 1)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_server_that_is_back_is_found_within_two_seconds(
        round_trip in 0..=80u64,
        load in 0..=150u64,
        seconds in 1..=40u64,
        refuses: bool,
        was_up: bool,
        clients in 1..=20usize,
        seed: u64,
    ) {
        let folder = RunDir::new();
        if was_up {
            folder.found_up(ONE, 2 * round_trip + load / 2, 0);
        }
        let back = seconds * 1_000;
        let down = 1..back;
        let mut world = World { round_trip, load, down, refuses, clients, pause: 250, seed };
        let logins = world.play(&folder, 1, back + 4_000);
        let first = logins.iter().filter(|login| login.is_accepted && login.ended > back);
        let first = first.map(|login| login.ended - back).min();
        prop_assert!(first.is_some_and(|after| after <= 2_000), "{first:?}");
    }

    #[test]
    fn a_server_that_hangs_costs_its_time_once_and_then_little(
        round_trip in 0..=80u64,
        was_up: bool,
        seed: u64,
    ) {
        let folder = RunDir::new();
        if was_up {
            folder.found_up(ONE, 2 * round_trip, 0);
        }
        let (down, refuses) = (0..u64::MAX, false);
        let mut world =
            World { round_trip, load: 0, down, refuses, clients: 1, pause: 300, seed };
        let logins = world.play(&folder, 1, 30_000);
        let times = logins.iter().map(|login| login.ended - login.began);
        let (long, short): (Vec<u64>, Vec<u64>) = times.partition(|took| *took > 641);
        prop_assert_eq!(long, [CONNECT_TIMEOUT + 1]);
        prop_assert!(short.len() > 20);
    }
}

/// Returns the number of logins accepted after the first two seconds of a storm, the percentage
/// refused after them, and the percentage refused in all.
fn storm(clients: usize, planted: bool) -> (usize, usize, usize) {
    let folder = RunDir::new();
    folder.found_up(ONE, 4, 0);
    if planted {
        folder.found_down(&[ONE], 9_999);
    }
    let (down, refuses) = (0..0, false);
    let mut world = World {
        round_trip: 1,
        load: 0,
        down,
        refuses,
        clients,
        pause: 0,
        seed: 1,
    };
    let logins = world.play(&folder, 10_000, 22_000);
    let (accepted, all) = count(logins.iter().filter(|login| login.ended > 12_000));
    let (ever, all_ever) = count(logins.iter());
    let percent = |part: usize, whole: usize| (whole - part) * 100 / whole.max(1);
    (accepted, percent(accepted, all), percent(ever, all_ever))
}

#[test]
fn one_mark_that_is_wrong_does_not_turn_a_storm_of_logins_away() {
    for clients in [64, 160, 250] {
        let (undisturbed, ..) = storm(clients, false);
        let (rate, refused, refused_ever) = storm(clients, true);
        assert!(
            rate * 2 >= undisturbed,
            "{clients}: {rate} of {undisturbed}"
        );
        assert!(refused <= 5, "{clients}: {refused} %");
        assert!(refused_ever <= 5, "{clients}: {refused_ever} % in all");
    }
}
