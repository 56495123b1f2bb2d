//! Connections to the servers: portmappers, ports, refusals, servers that are down or hang.

use std::time::Duration;

use authchain_tests::host::built;
use authchain_tests::servers::asker::{Asker, Told};
use authchain_tests::servers::ypserv::{PORT, Ypserv, settings};
use authchain_tests::worker::open_folder;
use serde_json::json;

/// A user id that is neither root's nor another user's.
const STRANGER: u32 = 54_321;

fn asker() -> Asker {
    Asker::of_kind("nis", settings())
}

fn why(told: &Told) -> &str {
    told.unavailable().unwrap_or_else(|| panic!("{told:?}"))
}

#[test]
fn hashes_that_are_kept_from_other_ports_are_unavailable_and_it_says_why() {
    let Some(server) = Ypserv::start("reserved ports") else {
        return;
    };
    // The target directory may be closed to other users.
    let folder = open_folder();
    let path = folder.path().join("worker");
    built::copy(built::worker(), &path);
    for transport in ["tcp", "udp"] {
        let any = asker()
            .with("source_port", "any")
            .with("transport", transport);
        for (name, map) in [("shadowed", "shadow"), ("adjoined", "adjunct")] {
            let told = server.login(&any, name, &format!("pw-{name}"));
            let words = format!("127.0.0.1: {map} map: ");
            assert!(why(&told).starts_with(&words), "{told:?}");
            assert!(why(&told).ends_with("and source_port here"), "{told:?}");
            assert!(
                told.conclusion.servers.down.is_empty(),
                "it answers: {told:?}"
            );
        }
        assert!(server.login(&any, "ann", "pw-ann").is_accepted());
        let told = server.asks(|| any.account("expired"));
        assert!(told.unavailable().is_some(), "{told:?}");
        let mut stranger = asker().with("transport", transport);
        stranger.uid = Some(STRANGER);
        stranger.worker.clone_from(&path);
        let told = server.login(&stranger, "shadowed", "pw-shadowed");
        let words = "ports below 1024 are root's, and this program does not run as root";
        assert!(why(&told).ends_with(words), "{told:?}");
        assert!(server.login(&stranger, "ann", "pw-ann").is_accepted());
        let told = server.login(&stranger.with("source_port", "reserved"), "ann", "pw-ann");
        let why = format!("source_port = \"reserved\": {words}");
        assert_eq!(told.failed(), Some(&*why), "{told:?}");
        let reserved = asker()
            .with("source_port", "reserved")
            .with("transport", transport);
        assert!(
            server
                .login(&reserved, "shadowed", "pw-shadowed")
                .is_accepted()
        );
    }
}

#[test]
fn a_server_that_does_not_let_us_ask_is_unavailable_and_nobody_unknown() {
    let Some(server) = Ypserv::start("securenets") else {
        return;
    };
    server.signal("-KILL", "ypserv");
    server.allow("host 192.0.2.1\n");
    server.start_ypserv(PORT);
    for name in ["ann", "nobody-here"] {
        let told = server.login(&asker(), name, "pw-ann");
        assert_eq!(
            why(&told),
            "127.0.0.1: passwd map: passwd.byname is missing, or refused to us: see securenets \
             on the server"
        );
    }
}

#[test]
fn what_the_server_does_not_have_is_named() {
    let Some(server) = Ypserv::start("names") else {
        return;
    };
    let login = |asker: Asker, name: &str| {
        let told = server.login(&asker, name, &format!("pw-{name}"));
        assert!(told.conclusion.servers.down.is_empty(), "{told:?}");
        why(&told).to_owned()
    };
    let text = login(asker().with("domain", "elsewhere"), "ann");
    let words = "127.0.0.1: passwd map: the server does not serve the domain elsewhere";
    assert_eq!(text, words);
    let text = login(asker().with("passwd_map", "people"), "ann");
    assert!(
        text.contains("passwd map: people is missing, or refused"),
        "{text}"
    );
    server.withdraw("shadow.byname");
    let text = login(asker(), "shadowed");
    assert!(
        text.contains("shadow map: shadow.byname is missing, or"),
        "{text}"
    );
}

#[test]
fn a_server_that_is_stopped_is_down_and_found_again_when_it_is_back() {
    let Some(server) = Ypserv::start("a stop") else {
        return;
    };
    server.signal("-KILL", "ypserv");
    for transport in ["tcp", "udp"] {
        let asker = asker().with("transport", transport);
        let told = server.login(&asker, "ann", "pw-ann");
        assert_eq!(why(&told), "127.0.0.1: connect: connection refused");
        assert_eq!(told.conclusion.servers.down, ["127.0.0.1"]);
    }
    server.start_ypserv(PORT);
    assert!(server.login(&asker(), "ann", "pw-ann").is_accepted());
    // This time the server unregisters at the portmapper.
    server.signal("-TERM", "ypserv");
    server.await_no_ypserv();
    let told = server.login(&asker(), "ann", "pw-ann");
    assert_eq!(
        why(&told),
        "127.0.0.1: portmapper: ypserv does not run there"
    );
    assert_eq!(told.conclusion.servers.down, ["127.0.0.1"]);
    server.start_ypserv(PORT);
    server.signal("-KILL", "rpcbind");
    let told = server.login(&asker(), "ann", "pw-ann");
    assert_eq!(why(&told), "127.0.0.1: portmapper: connection refused");
    // With a known port, the portmapper is not needed.
    let direct = asker().with("servers", json!([format!("127.0.0.1:{PORT}")]));
    assert!(server.login(&direct, "ann", "pw-ann").is_accepted());
}

#[test]
fn a_server_or_a_portmapper_that_hangs_costs_its_time_and_no_more() {
    let Some(server) = Ypserv::start("a hang") else {
        return;
    };
    for (program, step) in [("ypserv", "passwd map"), ("rpcbind", "portmapper")] {
        server.signal("-STOP", program);
        for transport in ["tcp", "udp"] {
            let asker = asker()
                .with("server_timeout", "800ms")
                .with("transport", transport);
            let told = server.login(&asker, "ann", "pw-ann");
            let step = match (program, transport) {
                ("ypserv", "udp") => "connect",
                _ => step,
            };
            assert_eq!(
                why(&told),
                format!("127.0.0.1: {step}: timed out (server_timeout)")
            );
            assert_eq!(told.conclusion.servers.down, ["127.0.0.1"]);
            assert!(told.took < Duration::from_millis(1_600), "{told:?}");
        }
        server.signal("-CONT", program);
        assert!(server.login(&asker(), "ann", "pw-ann").is_accepted());
    }
}

#[test]
fn another_server_is_asked_after_a_fault_and_never_after_an_answer() {
    let Some(server) = Ypserv::start("two servers") else {
        return;
    };
    server.start_second();
    let names = [
        format!("127.0.0.1:{PORT}"),
        format!("127.0.0.1:{}", PORT + 2),
    ];
    let both = asker()
        .with("servers", json!(names))
        .with("server_timeout", "800ms");
    assert!(server.login(&both, "ann", "pw-ann").is_accepted());
    server.signal("-STOP", "ypserv");
    let told = server.login(&both, "shadowed", "pw-shadowed");
    assert!(told.is_accepted(), "{told:?}");
    assert_eq!(told.conclusion.servers.down, names[..1]);
    let note = format!("{}: passwd map: timed out (server_timeout)", names[0]);
    assert!(told.conclusion.notes.contains(&note), "{told:?}");
    let mut avoiding = both.clone();
    avoiding.avoid = names[..1].to_vec();
    let told = server.login(&avoiding, "shadowed", "pw-shadowed");
    assert!(
        told.is_accepted() && told.conclusion.servers.down.is_empty(),
        "{told:?}"
    );
    server.signal("-CONT", "ypserv");
    server.signal("-KILL", "ypserv");
    assert!(server.login(&both, "ann", "pw-ann").is_accepted());
    server.start_ypserv(PORT);
    server.signal("-STOP", "second");
    // If the first server answers, the second is not asked.
    for (name, password) in [
        ("ann", "wrong"),
        ("nobody-here", "x"),
        ("star", "*"),
        ("ann", "pw-ann"),
    ] {
        let told = server.login(&both, name, password);
        assert!(told.unavailable().is_none(), "{told:?}");
        assert!(told.conclusion.servers.down.is_empty(), "{told:?}");
    }
    // The server has no such entry, which is a fault: its map may be older than on another server.
    let told = server.login(&both, "noshadow", "x");
    assert_eq!(told.conclusion.servers.down, names[1..], "{told:?}");
}

/// A port that is not released at once would be unusable for a minute, and there are about 400.
#[test]
fn six_hundred_logins_in_a_minute_do_not_use_up_the_reserved_ports() {
    let Some(server) = Ypserv::start("six hundred logins") else {
        return;
    };
    let reserved = asker()
        .with("source_port", "reserved")
        .with("servers", json!([format!("127.0.0.1:{PORT}")]));
    let begin = std::time::Instant::now();
    server.asks(|| {
        for number in 0..600 {
            let told = reserved.login("shadowed", "pw-shadowed");
            assert!(told.is_accepted(), "{number}: {told:?}");
        }
    });
    // After a longer time the ports would be released anyway, and the test would show nothing.
    assert!(
        begin.elapsed() < Duration::from_secs(60),
        "too slow a machine"
    );
    assert_eq!(server.waiting_ports(), 0);
}
