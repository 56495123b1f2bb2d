//! Compares logins at a directory with nslcd and SSSD, in one run: `make bench-directory`.
//!
//! All three log in as hosts do: `pam_start` to `pam_end` in a new process, with the same libpam,
//! over ldaps, at one slapd with 1,000 people. They run in a chroot (see [`chroot`]), each set up
//! as its documentation says and without a cache of passwords. They take turns, so that a machine
//! that slows down slows all alike. The floor is the cost of TLS and one bind, without PAM, a
//! search or a new process.
//!
//! `--quick` measures little, and no faults: those take minutes, because nslcd and SSSD wait for
//! minutes. Needs root, for namespaces and a chroot.

#[path = "../child.rs"]
mod child;
mod chroot;
mod daemons;
mod drive;
mod faults;
mod floor;
mod logins;
mod peer;
mod peers;
#[path = "../release.rs"]
mod release;
mod setup;
mod table;

use std::process::{Command, ExitCode};

use authchain_tests::servers::asker::Asker;
use authchain_tests::servers::slapd::{Plan, Slapd};
use nix::unistd::Uid;

use chroot::{Chroot, os_release};
use logins::Effort;
use peer::Peer;
use peers::Peers;
use table::{Better, Cell, Goal, Row};

const THOROUGH: Effort = Effort {
    rounds: 9,
    logins: 15,
    seconds: 4.0,
};

const QUICK: Effort = Effort {
    rounds: 3,
    logins: 10,
    seconds: 1.0,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--drive") {
        drive::drive(&arguments[at + 1]);
        return ExitCode::SUCCESS;
    }
    if !Uid::effective().is_root() {
        eprintln!("skipped: a chroot and namespaces need root");
        return ExitCode::FAILURE;
    }
    match measure(arguments.iter().any(|argument| argument == "--quick")) {
        Some(()) => ExitCode::SUCCESS,
        None => ExitCode::FAILURE,
    }
}

/// Prints the table; `None` without a slapd.
fn measure(is_quick: bool) -> Option<()> {
    let effort = if is_quick { QUICK } else { THOROUGH };
    let plan = Plan {
        bulk: 1_000,
        watches: false,
        ..Plan::default()
    };
    // Started after the chroot, so that it is in the same mount namespace.
    let chroot = Chroot::ready();
    let slapd = Slapd::start(&plan)?;
    let mut peers = Peers::start(chroot, slapd);
    println!("{}\n", circumstances(&peers));
    table::head();
    let mut is_reached = true;
    let mut print = |rows: Vec<Row>| {
        for row in rows {
            is_reached &= row.print();
        }
    };
    print(logins::one_by_one(&peers, effort));
    print(logins::crowds(&peers, effort));
    print(memory(&peers));
    if !is_quick {
        eprintln!("a server that is down, and one that hangs: about four minutes");
        print(faults::faults(&mut peers));
    }
    let verdict = if is_reached {
        "reaches every goal"
    } else {
        "misses goals: see there"
    };
    println!("\nauthchain {verdict}.");
    Some(())
}

/// The machine, the date and the versions.
fn circumstances(peers: &Peers) -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let date = Command::new("date")
        .arg("+%-d %B %Y, %H:%M")
        .output()
        .unwrap()
        .stdout;
    format!(
        "{}; {} cores of {}; {}; {}; times better in the columns with ×",
        String::from_utf8_lossy(&date).trim(),
        std::thread::available_parallelism().map_or(0, usize::from),
        model.map_or("an unknown processor", |(_, model)| model),
        os_release("PRETTY_NAME"),
        peers.versions(),
    )
}

/// The memory between logins, and the memory of our worker during one.
fn memory(peers: &Peers) -> Vec<Row> {
    let of = |peer, at: usize| Cell::from(peers.daemon_of(peer).unwrap().memory_mib()[at]);
    let cells = |own: Cell, at| {
        [
            own,
            of(Peer::Nslcd, at),
            of(Peer::Sssd, at),
            Cell::default(),
        ]
    };
    let row = |what: &str, cells, goals: &[Goal]| Row {
        what: what.to_owned(),
        cells,
        better: Better::Less,
        goals: goals.to_vec(),
    };
    let asker = Asker::of(peers.worker(), peers.slapd.settings());
    let (name, password) = peers::person(0);
    let told = asker.login(&name, password);
    assert!(told.is_accepted(), "{told:?}");
    let worker = Cell::from(told.peak_kib as f64 / 1024.0);
    vec![
        row(
            "resident between logins, MiB (PSS)",
            cells(Cell::from(0.0), 0),
            &[],
        ),
        row(
            "resident during a login, MiB (RSS)",
            cells(worker, 1),
            &[Goal::Bound(8.0)],
        ),
    ]
}
