//! Measures storms of logins at one directory, with and without a wrong mark that it is down. Also
//! measures how long the return of a server goes unnoticed, for several round trips and on a busy
//! machine, and the cost of a server that accepts connections and never answers.
//!
//! `cargo bench -p authchain-tests --bench storm`. `AUTHCHAIN_WORKER` names the worker to measure,
//! which must be a release build for meaningful figures.

mod client;
mod way;

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use authchain_tests::servers::slapd::{Plan, Slapd};

use self::client::Client;
use self::way::Way;

/// The numbers of clients that log in at once, again and again.
const CLIENTS: [usize; 3] = [64, 160, 250];

/// The length of a storm, and the part at its beginning that does not count.
const STORM: Duration = Duration::from_secs(8);
const BEGINNING: Duration = Duration::from_secs(2);

/// The round trips between client and server, in milliseconds.
const ROUND_TRIPS: [u64; 6] = [0, 5, 10, 20, 40, 80];

/// The time for which the server is down, and the pause between two logins.
const DOWN: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(200);

/// The number of processes that keep a busy machine's CPUs busy.
const BUSY: usize = 32;

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
            Client::new(&slapd, &[slapd.ldaps()], run_dir).plant_mark();
            run_dir
        });
    }
    for round_trip in ROUND_TRIPS {
        outage(&slapd, 1, Duration::from_millis(round_trip));
    }
    hung(&slapd);
    let mut busy: Vec<Child> = (0..BUSY).map(|_| calculating()).collect();
    println!("beside {BUSY} processes that calculate:");
    for servers in [1, 2] {
        outage(&slapd, servers, Duration::from_millis(20));
    }
    for child in &mut busy {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

/// Starts a process that only calculates.
fn calculating() -> Child {
    let mut endless = Command::new("sh");
    endless.args(["-c", "while :; do :; done"]);
    endless.spawn().unwrap()
}

/// Runs this many clients, and prints how many logins were accepted.
fn storm(slapd: &Slapd, clients: usize, what: &str, prepare: impl FnOnce(&Path) -> &Path) {
    let folder = tempfile::tempdir().unwrap();
    let run_dir = folder.path().join("run");
    assert!(Client::new(slapd, &[slapd.ldaps()], &run_dir).login());
    let run_dir = prepare(&run_dir);
    let begin = Instant::now();
    let logins = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                let client = Client::new(slapd, &[slapd.ldaps()], run_dir);
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

/// Makes all servers unreachable for a while, and prints how long their return goes unnoticed.
fn outage(slapd: &Slapd, servers: usize, round_trip: Duration) {
    let folder = tempfile::tempdir().unwrap();
    let run_dir = folder.path().join("run");
    fs::create_dir(&run_dir).unwrap();
    let open = |port| Way::open(port, slapd.tls, round_trip);
    let mut ways: Vec<Way> = (0..servers).map(|_| open(0)).collect();
    let ports: Vec<u16> = ways.iter().map(|way| way.port).collect();
    let uris: Vec<String> = ports.iter().map(|port| uri(*port)).collect();
    let client = Client::new(slapd, &uris, &run_dir);
    let begin = Instant::now();
    assert!(client.login());
    let undisturbed = begin.elapsed();
    ways.iter_mut().for_each(Way::close);
    let begin = Instant::now();
    while begin.elapsed() < DOWN {
        assert!(!client.login());
        thread::sleep(PAUSE);
    }
    ways = ports.into_iter().map(open).collect();
    let back = Instant::now();
    while !client.login() {
        thread::sleep(PAUSE);
    }
    println!(
        "{servers} servers, {round_trip:?} away, down for {DOWN:?}: {:.0?} until the first login \
         (undisturbed: {undisturbed:.0?})",
        back.elapsed()
    );
    ways.iter_mut().for_each(Way::close);
}

/// Prints how long logins take where the first of two servers, or the only one, accepts connections
/// and never answers.
fn hung(slapd: &Slapd) {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = uri(silent.local_addr().unwrap().port());
    for uris in [vec![silent.clone(), slapd.ldaps()], vec![silent]] {
        let folder = tempfile::tempdir().unwrap();
        let client = Client::new(slapd, &uris, &folder.path().join("run"));
        let times: Vec<Duration> = (0..4)
            .map(|_| {
                let begin = Instant::now();
                assert_eq!(client.login(), uris.len() > 1);
                begin.elapsed()
            })
            .collect();
        println!("the first of {} servers hangs: {times:.0?}", uris.len());
    }
}

fn uri(port: u16) -> String {
    format!("ldaps://localhost:{port}")
}
