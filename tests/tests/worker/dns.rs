//! The worker's resolver, and name servers that are silent, confused or hostile.

use std::collections::BTreeSet;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use authchain::tools::deadline::{Deadline, system_clock};
use authchain_tests::servers::name_server::{
    NameServer, Question, Record, address, alias, service,
};
use authchain_worker::net::dns::{Config, Dns};
use authchain_worker::net::failure::{Failure, FailureKind};
use authchain_worker::net::srv::{self, Target};

const A: u16 = 1;
const AAAA: u16 = 28;

/// Much longer than anything takes here that is not to be waited for.
const PLENTY: Duration = Duration::from_secs(10);

fn wait<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(work)
}

fn config(servers: &[SocketAddr]) -> Config {
    Config {
        servers: servers.to_vec(),
        ..Config::default()
    }
}

fn within(config: Config, time: Duration, host: &str) -> Result<Vec<String>, Failure> {
    let dns = Dns::new(String::new(), config);
    let deadline = Deadline::after(system_clock, time);
    let found = wait(dns.addresses(host, 389, deadline))?;
    Ok(found.iter().map(|found| found.ip().to_string()).collect())
}

fn find(server: &NameServer, host: &str) -> Result<Vec<String>, Failure> {
    within(config(&[server.address]), PLENTY, host)
}

fn find_servers(server: &NameServer, name: &str) -> Result<Vec<Target>, Failure> {
    let dns = Dns::new(String::new(), config(&[server.address]));
    let deadline = Deadline::after(system_clock, PLENTY);
    wait(srv::servers(&dns, name, deadline))
}

/// Answers A questions with these records and others with none.
fn only_a(records: fn() -> Vec<Record>) -> impl Fn(&Question) -> Vec<Vec<u8>> {
    move |question| match question.kind {
        A => vec![question.answer(&records())],
        _ => vec![question.answer(&[])],
    }
}

fn one() -> Vec<Record> {
    vec![address("192.0.2.1")]
}

/// A name server that hears everything and says nothing.
fn silent() -> NameServer {
    NameServer::start(|_| Vec::new())
}

/// Where nobody is.
fn nobody() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap()
}

#[test]
fn a_name_has_the_addresses_of_both_families() {
    let server = NameServer::start(|question| {
        let text = match question.kind {
            A => "127.0.0.1",
            _ => "::1",
        };
        vec![question.answer(&[address(text)])]
    });
    let mut found = find(&server, "ldap.example").unwrap();
    found.sort();
    assert_eq!(found, ["127.0.0.1", "::1"]);
    let kinds: BTreeSet<u16> = server.asked().iter().map(|asked| asked.kind).collect();
    assert_eq!(kinds, [A, AAAA].into());
}

#[test]
fn a_hosts_file_and_numbers_ask_nobody() {
    let server = silent();
    let dns = Dns::new(
        "192.0.2.7 ldap.example".to_owned(),
        config(&[server.address]),
    );
    let deadline = Deadline::after(system_clock, PLENTY);
    for (host, expected) in [
        ("ldap.example", "192.0.2.7:636"),
        ("192.0.2.8", "192.0.2.8:636"),
        ("::1", "[::1]:636"),
    ] {
        let found = wait(dns.addresses(host, 636, deadline)).unwrap();
        assert_eq!(found, [expected.parse().unwrap()]);
    }
    let local = wait(dns.addresses("localhost", 636, deadline)).unwrap();
    assert_eq!(local.len(), 2);
    assert!(server.asked().is_empty());
}

#[test]
fn a_silent_server_leaves_time_for_the_next_and_ends_with_the_deadline() {
    let (dead, good) = (silent(), NameServer::start(only_a(one)));
    let both = config(&[dead.address, good.address]);
    let found = within(both, Duration::from_secs(2), "ldap.example").unwrap();
    assert_eq!(found, ["192.0.2.1"]);
    let alone = config(&[dead.address]);
    // On a busy machine, a shorter wait may be slept through.
    let failure = within(alone, Duration::from_secs(1), "ldap.example").unwrap_err();
    assert_eq!(failure.kind, FailureKind::Down);
    assert_eq!(
        failure.to_string(),
        "name resolution: name server 127.0.0.1: timed out"
    );
}

#[test]
fn a_server_that_is_not_there_costs_no_time_and_is_named() {
    let failure = within(config(&[nobody()]), PLENTY, "ldap.example").unwrap_err();
    assert_eq!(
        failure.to_string(),
        "name resolution: name server 127.0.0.1: connection refused"
    );
}

#[test]
fn a_server_that_cannot_tell_is_no_answer_and_the_next_is_asked() {
    for code in [2, 4, 5] {
        let broken = NameServer::start(move |question| vec![question.code(code)]);
        let good = NameServer::start(only_a(one));
        let both = config(&[broken.address, good.address]);
        assert_eq!(within(both, PLENTY, "x.example").unwrap(), ["192.0.2.1"]);
        let mut alone = config(&[broken.address]);
        alone.search = vec!["elsewhere.example".to_owned()];
        let failure = within(alone, PLENTY, "x.example").unwrap_err();
        assert_eq!(failure.kind, FailureKind::Down, "{failure}");
        let names: BTreeSet<String> = broken.asked().into_iter().map(|a| a.name).collect();
        // Whoever is not sure about one name must not be led to another.
        assert_eq!(names, ["x.example".to_owned()].into());
    }
}

#[test]
fn what_is_not_the_answer_is_passed_over_until_it_comes() {
    let server = NameServer::start(|question| {
        let evil = [address("198.51.100.66")];
        let mut another_question = question.answer(&evil);
        another_question[13] ^= 1;
        let mut no_answer = question.answer(&evil);
        no_answer[2] &= 0x7f;
        vec![
            Vec::new(),
            b"garbage".to_vec(),
            vec![0xff; 4096],
            question.with_id(question.id ^ 1, &evil),
            another_question,
            no_answer,
            question.answer(&if question.kind == A {
                one()
            } else {
                Vec::new()
            }),
        ]
    });
    assert_eq!(find(&server, "ldap.example").unwrap(), ["192.0.2.1"]);
    assert!(server.asked().iter().all(|asked| !asked.is_tcp));
}

#[test]
fn whoever_guesses_too_often_is_not_listened_to_any_more() {
    let server = NameServer::start(|question| {
        let evil = || [address("198.51.100.66")];
        match (question.is_tcp, question.kind) {
            (true, A) => vec![question.answer(&one())],
            (true, _) => vec![question.answer(&[])],
            // The right number comes last.
            _ => (1..=50)
                .map(|step| question.with_id(question.id.wrapping_add(50 - step), &evil()))
                .collect(),
        }
    });
    assert_eq!(find(&server, "ldap.example").unwrap(), ["192.0.2.1"]);
}

#[test]
fn an_answer_that_does_not_fit_comes_over_tcp() {
    let server = NameServer::start(|question| match question.is_tcp {
        false => vec![question.truncated()],
        true => {
            let host = |n| service(0, 0, 389, &format!("dc{n}.example.com"));
            vec![question.answer(&(0..100).map(host).collect::<Vec<_>>())]
        }
    });
    let found = find_servers(&server, "_ldap._tcp.example.com").unwrap();
    assert_eq!(found.len(), 16, "no more than can be tried");
    let mut tcp_only = config(&[server.address]);
    tcp_only.use_tcp = true;
    let before = server.asked().len();
    let _ = within(tcp_only, PLENTY, "ldap.example");
    assert!(server.asked()[before..].iter().all(|asked| asked.is_tcp));
}

#[test]
fn a_name_that_is_not_there_is_looked_for_in_the_next_domain() {
    let server = NameServer::start(|question| match (&*question.name, question.kind) {
        ("ldap.b.example", A) => vec![question.answer(&one())],
        ("ldap.b.example" | "ldap.a.example", _) => vec![question.answer(&[])],
        _ => vec![question.code(3)],
    });
    let mut config = config(&[server.address]);
    config.search = vec!["a.example".to_owned(), "b.example".to_owned()];
    assert_eq!(
        within(config.clone(), PLENTY, "ldap").unwrap(),
        ["192.0.2.1"]
    );
    let failure = within(config, PLENTY, "dc").unwrap_err();
    assert_eq!(
        failure.to_string(),
        "name resolution: no such name, or it has no address"
    );
}

#[test]
fn another_name_is_followed_within_the_answer_and_never_in_a_circle() {
    let server = NameServer::start(only_a(|| {
        vec![
            alias("b.example"),
            alias("c.example").of("b.example"),
            address("192.0.2.1").of("C.example"),
            address("198.51.100.66").of("evil.example"),
        ]
    }));
    assert_eq!(find(&server, "a.example").unwrap(), ["192.0.2.1"]);
    let circle = NameServer::start(only_a(|| {
        vec![
            alias("b.example"),
            alias("a.example").of("b.example"),
            address("198.51.100.66").of("evil.example"),
        ]
    }));
    let failure = find(&circle, "a.example").unwrap_err();
    assert!(failure.to_string().contains("malformed"), "{failure}");
}

#[test]
fn an_answer_that_is_broken_or_endless_is_none() {
    let pointers = [0xc0, 0x20, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 66];
    let cut = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 200, 192, 0];
    for (count, bytes) in [
        (1, &pointers[..]),
        (1, &cut),
        (9, &[]),
        (u16::MAX, &[0; 400]),
    ] {
        let bytes = bytes.to_vec();
        let server = NameServer::start(move |question| vec![question.with_bytes(count, &bytes)]);
        assert_eq!(
            find(&server, "a.example").unwrap_err().kind,
            FailureKind::Down
        );
    }
    let many = NameServer::start(only_a(|| (0..300).flat_map(|_| one()).collect()));
    assert!(find(&many, "a.example").is_err());
    let some = NameServer::start(only_a(|| (0..20).flat_map(|_| one()).collect()));
    assert_eq!(find(&some, "a.example").unwrap().len(), 16);
}

#[test]
fn a_family_that_is_never_answered_for_holds_nobody_up() {
    let server = NameServer::start(|question| match question.kind {
        A => vec![question.answer(&one())],
        _ => Vec::new(),
    });
    assert_eq!(find(&server, "ldap.example").unwrap(), ["192.0.2.1"]);
}

#[test]
fn nobody_can_guess_the_number_and_the_port_of_the_next_question() {
    let server = NameServer::start(only_a(one));
    for _ in 0..8 {
        find(&server, "ldap.example").unwrap();
    }
    let asked = server.asked();
    let ports: BTreeSet<u16> = asked.iter().map(|asked| asked.from.port()).collect();
    let ids: BTreeSet<u16> = asked.iter().map(|asked| asked.id).collect();
    assert!(ports.len() > 8 && ids.len() > 8, "{asked:?}");
    let steps = asked
        .windows(2)
        .map(|two| two[1].id.wrapping_sub(two[0].id));
    assert!(steps.collect::<BTreeSet<_>>().len() > 8, "{asked:?}");
}

#[test]
fn a_domains_servers_come_by_priority_and_know_their_names() {
    let server = NameServer::start(|question| {
        vec![question.answer(&[
            service(20, 0, 636, "dc2.example.com"),
            service(10, 5, 1636, "dc1.example.com"),
            service(30, 0, 389, "dc.elsewhere.test"),
            service(40, 0, 389, "not a host.example.com"),
            service(40, 0, 0, "noport.example.com"),
        ])]
    });
    let found = find_servers(&server, "_ldap._tcp.example.com").unwrap();
    let found: Vec<_> = (found.iter())
        .map(|target| (&*target.host, target.port, &*target.identity))
        .collect();
    assert_eq!(
        found,
        [
            ("dc1.example.com", 1636, "dc1.example.com"),
            ("dc2.example.com", 636, "dc2.example.com"),
            ("dc.elsewhere.test", 389, "example.com"),
        ]
    );
}

#[test]
fn a_domain_without_servers_says_so() {
    let refusing = NameServer::start(|question| vec![question.answer(&[service(0, 0, 0, ".")])]);
    let failure = find_servers(&refusing, "_ldap._tcp.example.com").unwrap_err();
    assert!(failure.to_string().contains("no such service"), "{failure}");
    let unknowing = NameServer::start(|question| vec![question.code(3)]);
    let failure = find_servers(&unknowing, "_ldap._tcp.example.com").unwrap_err();
    assert!(failure.to_string().contains("no SRV records"), "{failure}");
    assert_eq!(
        failure.kind,
        FailureKind::Trouble,
        "the name server answers"
    );
}
