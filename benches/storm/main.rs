//! Storms of logins at one directory, with a mark that is wrong and without; and how long it takes
//! until a server that was down is found back, by how far away it is.
//!
//! `cargo bench -p authchain-tests --bench storm`. `AUTHCHAIN_WORKER` names the worker to measure,
//! a release build for figures worth telling.

mod client;
mod way;

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use authchain_tests::servers::slapd::{Plan, Slapd};

use self::client::Client;
use self::way::Way;

/// The numbers of people who log in at once, again and again.
const CLIENTS: [usize; 3] = [64, 160, 250];

/// The length of a storm, and the part at its beginning that does not count.
const STORM: Duration = Duration::from_secs(8);
const BEGINNING: Duration = Duration::from_secs(2);

/// The round trips between client and server, in milliseconds.
const ROUND_TRIPS: [u64; 6] = [0, 5, 10, 20, 40, 80];

/// The time for which the server is down, and the pause between two logins.
const DOWN: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(200);

fn main() {
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    for clients in CLIENTS {
        storm(&slapd, clients, "nothing is remembered", |_| {
            Path::new("/proc/none")
        });
        storm(&slapd, clients, "undisturbed", |run_dir| run_dir);
        storm(&slapd, clients, "one mark planted", |run_dir| {
            Client::new(&slapd, &slapd.ldaps(), run_dir).plant_mark();
            run_dir
        });
    }
    for round_trip in ROUND_TRIPS {
        outage(&slapd, Duration::from_millis(round_trip));
    }
}

/// Has so many people log in, and prints how many got in.
fn storm(slapd: &Slapd, clients: usize, what: &str, prepare: impl FnOnce(&Path) -> &Path) {
    let folder = tempfile::tempdir().unwrap();
    let run_dir = folder.path().join("run");
    assert!(Client::new(slapd, &slapd.ldaps(), &run_dir).login());
    let run_dir = prepare(&run_dir);
    let begin = Instant::now();
    let logins = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                let client = Client::new(slapd, &slapd.ldaps(), run_dir);
                while begin.elapsed() < STORM {
                    let is_accepted = client.login();
                    logins.lock().unwrap().push((begin.elapsed(), is_accepted));
                }
            });
        }
    });
    let mut logins = logins.into_inner().unwrap();
    logins.retain(|(ended, _)| (BEGINNING..STORM).contains(ended));
    let accepted = logins.iter().filter(|(_, is_accepted)| *is_accepted);
    let accepted = accepted.count();
    let refused = (logins.len() - accepted) * 100 / logins.len().max(1);
    let rate = accepted as f64 / (STORM - BEGINNING).as_secs_f64();
    println!("{clients} clients, {what}: {rate:.0} logins/s, {refused} % refused");
}

/// Takes the server away for a while, and prints how long it takes to be found back.
fn outage(slapd: &Slapd, round_trip: Duration) {
    let folder = tempfile::tempdir().unwrap();
    let run_dir = folder.path().join("run");
    fs::create_dir(&run_dir).unwrap();
    let mut way = Way::open(0, slapd.tls, round_trip);
    let port = way.port;
    let client = Client::new(slapd, &format!("ldaps://localhost:{port}"), &run_dir);
    assert!(client.login());
    way.close();
    let begin = Instant::now();
    while begin.elapsed() < DOWN {
        assert!(!client.login());
        thread::sleep(PAUSE);
    }
    way = Way::open(port, slapd.tls, round_trip);
    let back = Instant::now();
    while !client.login() {
        thread::sleep(PAUSE);
    }
    println!(
        "{round_trip:?} away, down for {DOWN:?}: {:?} until the first login",
        back.elapsed()
    );
    way.close();
}
