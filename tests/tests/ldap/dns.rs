//! Servers that are found with DNS, name servers that are down, and missing routes: the real worker
//! and module on a private network.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use authchain_tests::host::built;
use authchain_tests::host::codes::{AUTHINFO_UNAVAIL, SUCCESS};
use authchain_tests::host::people::{ROSES_PASSWORD, scene};
use authchain_tests::host::scene::{Call, Phase, Report};
use authchain_tests::host::transaction::Transaction;
use authchain_tests::pattern::fits;
use authchain_tests::servers::asker::Asker;
use authchain_tests::servers::named::{beside_named_directory, beside_silent_name_server};
use serde_json::{Value, json};

#[test]
fn a_domain_is_enough_to_find_its_servers() {
    beside_named_directory(|named| {
        let mut corp = Asker::new(named.settings("example"));
        // The caller of su must not choose where passwords go.
        let hostile = [
            ("RES_OPTIONS", "use-vc"),
            ("LOCALDOMAIN", "evil.test"),
            ("HOSTALIASES", "/dev/stdin"),
        ];
        corp.environment = hostile
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        let told = corp.login("alice", "pw-alice");
        assert!(told.is_accepted(), "{told:?}");
        let [gone] = &told.conclusion.servers.down[..] else {
            panic!("{told:?}");
        };
        assert!(gone.starts_with("ldap://gone.example:"), "{gone}");
        let note = format!("{gone}: connect: connection refused");
        assert_eq!(told.conclusion.notes[..1], [note]);
        assert!(named.names.asked().iter().all(|asked| !asked.is_tcp));
        let mut knowing = corp.clone();
        knowing.avoid = told.conclusion.servers.down.clone();
        let told = knowing.login("alice", "wrong");
        assert!(
            told.denial().is_some() && told.conclusion.servers.down.is_empty(),
            "{told:?}"
        );
        let told = corp.with("tls", "ldaps").login("alice", "pw-alice");
        assert!(
            told.is_accepted() && told.conclusion.servers.down.is_empty(),
            "{told:?}"
        );
        let whole = corp.with("srv", "_ldaps._tcp.example");
        assert!(whole.login("alice", "pw-alice").is_accepted());
        let named_first = corp.with("uris", json!(["ldap://elsewhere.example:1"]));
        let told = named_first.login("alice", "pw-alice");
        assert!(told.is_accepted(), "{told:?}");
        assert_eq!(
            told.conclusion.servers.down[0],
            "ldap://elsewhere.example:1"
        );
    });
}

#[test]
fn a_name_that_no_certificate_can_have_leaves_the_domains_other_servers() {
    beside_named_directory(|named| {
        let told =
            Asker::new(named.settings("_ldap._tcp.odd._sites.example")).login("alice", "pw-alice");
        assert!(told.is_accepted(), "{told:?}");
        let note = &told.conclusion.notes[0];
        assert!(
            note.ends_with("TLS: no host name: \"-odd.example\""),
            "{note}"
        );
    });
}

/// An attacker who forges DNS can name a host of their own, with a valid certificate.
#[test]
fn a_server_outside_the_domain_needs_the_domains_certificate() {
    beside_named_directory(|named| {
        let told = Asker::new(named.settings("other.test")).login("alice", "pw-alice");
        let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
        let expected = "TLS: certificate is for \"elsewhere.example\", not other.test";
        assert!(why.contains(expected), "{why}");
        assert!(!named.slapd.log().contains("cn=svc"), "a login was tried");
    });
}

/// Logs `user` in four times through the module, with these settings of the servers.
fn play_four_times(settings: &Value, user: &str, password: &str) -> Report {
    let mut scene = scene(user, &[password; 4]);
    let worker = built::worker();
    let keys: String = (settings.as_object().unwrap().iter())
        .map(|(key, value)| format!("{key} = {value}\n"))
        .collect();
    let local = scene.config.unwrap();
    scene.config = Some(format!(
        "chain = [\"local\", \"corp\"]\nrun_dir = \"{{dir}}/run\"\nworker = {worker:?}\n{local}\
         [backend.corp]\ntype = \"ldap\"\n{keys}"
    ));
    Transaction::run(&scene.calling(&[Call::new(Phase::Authenticate); 4]))
}

/// Checks that the first login waits for the servers until its time is over, that later ones do not,
/// that people in the local files never wait, and that the log has a line like this.
///
/// The quickest of the later logins counts: a process that a busy machine keeps from running cannot
/// tell whether a server is down, so the login waits for the server again.
fn assert_paid_for_once(settings: &Value, line: &str) {
    let rose = play_four_times(settings, "rose", ROSES_PASSWORD);
    assert_eq!(rose.codes, [SUCCESS; 4], "{rose:#?}");
    assert!(
        rose.millis.iter().all(|millis| *millis < 1_000.0),
        "{rose:#?}"
    );
    let report = play_four_times(settings, "alice", "pw-alice");
    assert_eq!(report.codes, [AUTHINFO_UNAVAIL; 4], "{report:#?}");
    assert!(report.millis[0] < 3_200.0, "{report:#?}");
    let is_short = |millis: &f64| *millis < 700.0;
    assert!(report.millis[1..].iter().any(is_short), "{report:#?}");
    assert!(
        report.log_lines.iter().any(|said| fits(line, said)),
        "{report:#?}"
    );
}

/// Settings that need no certificate, for servers that are never reached.
fn settings(key: &str, value: Value) -> Value {
    json!({ key: value, "base": "dc=example", "tls": "none", "insecure_plaintext": true })
}

#[test]
fn a_dead_name_server_is_paid_for_once_and_never_by_local_people() {
    beside_silent_name_server(|| {
        let dead = "name resolution: name server 127.0.0.1: timed out";
        let line = format!("...corp unavailable: _ldap._tcp.example: {dead} (<n> ms)");
        assert_paid_for_once(&settings("srv", json!("example")), &line);
        let line = format!("...corp unavailable: ldap://one.example: {dead} (<n> ms)");
        assert_paid_for_once(&settings("uris", json!(["ldap://one.example"])), &line);
    });
}

/// A listener whose queue is full: a new connection gets no answer.
struct BlackHole {
    _listener: TcpListener,
    _waiting: Vec<TcpStream>,
    port: u16,
}

impl BlackHole {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        nix::sys::socket::listen(&listener, nix::sys::socket::Backlog::new(0).unwrap()).unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let patience = Duration::from_millis(100);
        let mut waiting = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, patience) {
            waiting.push(stream);
            assert!(waiting.len() < 100, "there is always room");
        }
        Self {
            _listener: listener,
            _waiting: waiting,
            port: address.port(),
        }
    }
}

#[test]
fn a_way_that_swallows_every_packet_is_paid_for_once_and_never_by_local_people() {
    let hole = BlackHole::new();
    let uri = format!("ldap://127.0.0.1:{}", hole.port);
    let line = format!("...corp unavailable: {uri}: connect: timed out (connect_timeout) (<n> ms)");
    assert_paid_for_once(&settings("uris", json!([uri])), &line);
}
