//! Compares logins at a domain controller with the types `active_directory` and `ldap`, in turns:
//! the difference is the cost of Active Directory's peculiarities. Also measures a controller that
//! is down or hangs, and a user in a thousand groups.
//!
//! `cargo bench -p authchain-tests --bench active_directory`, as root. `AUTHCHAIN_WORKER` names the
//! worker to measure, which must be a release build for meaningful figures.

use std::fmt::Write as _;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use authchain_tests::servers::asker::{Asker, Told};
use authchain_tests::servers::free_port;
use authchain_tests::servers::hostile::{serve, wait};
use authchain_tests::servers::samba::{ADDRESS, BASE, PASSWORD, Samba, domain};
use serde_json::json;

/// The number of logins of each kind, and of account checks for the user in many groups.
const LOGINS: usize = 200;
const ACCOUNTS: usize = 30;

/// The number of chains of nested groups, and the depth of each.
const CHAINS: usize = 100;
const DEPTH: usize = 10;

fn main() {
    let Some(samba) = domain() else { return };
    let ldap = Asker::new(samba.settings_as_ldap());
    let corp = samba.asker();
    let alone = samba.asker_alone();
    let down = json!([format!("127.0.0.1:{}", free_port()), ADDRESS]);
    let down = corp.with("servers", down);
    let login = |asker: &Asker| accepted(asker.login("alice", PASSWORD));
    report(
        "login",
        LOGINS,
        [
            ("ldap", &|| login(&ldap)),
            ("active_directory", &|| login(&corp)),
            ("without an account that searches", &|| login(&alone)),
            ("one controller down", &|| login(&down)),
        ],
    );
    let hung = serve(|stream| drop(thread::spawn(|| wait(stream))));
    let hung = (corp.with("servers", json!([format!("127.0.0.1:{hung}"), ADDRESS])))
        .with("connect_timeout", "300ms");
    let one = Instant::now();
    login(&hung);
    println!(
        "login, one controller hung, connect_timeout 300 ms: {:?}",
        one.elapsed()
    );
    add_groups(samba);
    let mut grouped = corp.with("allow_groups", json!([format!("bench-0-{}", DEPTH - 1)]));
    // The domain controller itself takes its time.
    grouped.budget_ms = 20_000;
    report(
        "account",
        ACCOUNTS,
        [
            ("no groups wanted", &|| drop(corp.account("bob"))),
            ("1,000 nested groups", &|| {
                let told = grouped.account("bob");
                assert!(
                    told.status()
                        .is_some_and(|status| status.to_string() == "valid"),
                    "{told:?}"
                );
            }),
        ],
    );
}

fn accepted(told: Told) {
    assert!(told.is_accepted(), "{told:?}");
}

/// Does the actions in turns, `rounds` times, and prints the medians.
fn report<const N: usize>(what: &str, rounds: usize, actions: [(&str, &dyn Fn()); N]) {
    let mut times = [const { Vec::new() }; N];
    for _ in 0..rounds {
        for (times, (_, action)) in times.iter_mut().zip(&actions) {
            let begin = Instant::now();
            action();
            times.push(begin.elapsed());
        }
    }
    let medians = times.map(median);
    for (median, (name, _)) in medians.iter().zip(&actions) {
        let ratio = median.as_secs_f64() / medians[0].as_secs_f64();
        println!(
            "{what}, {name}: {:.2} ms ({ratio:.2})",
            median.as_secs_f64() * 1e3
        );
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Puts bob into the first group of each chain.
fn add_groups(samba: &Samba) {
    let mut text = String::new();
    for chain in 0..CHAINS {
        for depth in 0..DEPTH {
            let group = |depth: usize| format!("CN=bench-{chain}-{depth},CN=Users,{BASE}");
            let member = match depth.checked_sub(1) {
                Some(inner) => group(inner),
                None => format!("CN=bob,CN=Users,{BASE}"),
            };
            let (dn, name) = (group(depth), format!("bench-{chain}-{depth}"));
            writeln!(
                text,
                "dn: {dn}\nchangetype: add\nobjectClass: group\n\
                 sAMAccountName: {name}\nmember: {member}\n"
            )
            .unwrap();
        }
    }
    let path = samba.path("groups.ldif");
    fs::write(&path, text).unwrap();
    samba.apply(&path);
}
