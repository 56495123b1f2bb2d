use super::*;
use proptest::prelude::*;

fn ports(servers: &[&str], transport: &str) -> Option<Vec<u16>> {
    ports_with(servers, transport, serde_json::json!({}))
}

fn ports_with(servers: &[&str], transport: &str, changes: serde_json::Value) -> Option<Vec<u16>> {
    let mut settings = serde_json::json!({
        "domain": "example", "servers": servers, "transport": transport, "source_port": "any",
    });
    let own = settings.as_object_mut().unwrap();
    own.extend(changes.as_object().unwrap().clone());
    let hello = Hello {
        backend: "old".to_owned(),
        kind: "nis".to_owned(),
        settings,
        avoid: Vec::new(),
        probe: Vec::new(),
        probe_ms: 0,
    };
    Nis::prepare(&hello).unwrap().access().ports
}

/// Reads `stream` as everything it could be, as the fuzzer does.
fn read(stream: &[u8]) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let mut stream = stream;
    let reply = runtime.unwrap().block_on(channel::read_record(&mut stream));
    let Ok(reply) = reply else { return false };
    let Ok(result) = rpc::result(&reply) else {
        return false;
    };
    let _ = portmap::answer(portmap::GETADDR, result);
    let _ = portmap::answer(portmap::GETPORT, result);
    let _ = yp::entry(result);
    let _ = yppasswd::answer(result);
    let Ok(yp::MatchReply::Value(value)) = yp::answer(result) else {
        return false;
    };
    let _ = entries::shadow(value, "alice");
    let _ = entries::adjunct(value, "alice");
    let _ = entries::group(value).map(|group| group.has("alice"));
    entries::person(value, "alice").is_ok()
}

#[test]
fn the_fuzzers_corpus_finds_nothing_in_what_nis_servers_say() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let corpus = std::fs::read_dir(root.join("fuzz/corpus/nis")).unwrap();
    let read: Vec<bool> = corpus
        .map(|entry| read(&std::fs::read(entry.unwrap().path()).unwrap()))
        .collect();
    assert!(read.len() > 20, "{read:?}");
    assert!(read.contains(&true) && read.contains(&false), "{read:?}");
}

proptest! {
    #[test]
    fn no_bytes_from_a_nis_server_make_us_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200), start in 0..5_usize,
    ) {
        // A valid header, so that some messages are read further than the first number.
        let header = [0, 1, 0, 0, 0].map(|number: u32| number.to_be_bytes()).concat();
        let body = [&header[..start * 4], &bytes].concat();
        let mark = 1 << 31 | u32::try_from(body.len()).unwrap();
        read(&[&mark.to_be_bytes()[..], &body].concat());
        read(&bytes);
    }
}

#[test]
fn no_port_is_open_that_no_server_needs() {
    assert_eq!(ports(&["192.0.2.1:834"], "tcp"), Some(vec![834]));
    assert_eq!(
        ports(&["nis1:834", "[::1]:7"], "tcp"),
        Some(vec![834, 7, 53])
    );
    assert_eq!(ports(&["192.0.2.1:834", "192.0.2.2"], "tcp"), None);
    // Landlock knows rules for TCP only.
    assert_eq!(ports(&["192.0.2.1"], "udp"), Some(vec![]));
    assert_eq!(ports(&["nis1"], "udp"), Some(vec![53]));
}

#[test]
fn the_port_of_yppasswdd_is_open_only_where_passwords_are_changed() {
    let server = &["192.0.2.1:834"];
    let with = |transport, yppasswdd: Option<&str>| {
        let changes = serde_json::json!({
            "password_change": "yppasswd", "yppasswdd": yppasswdd,
        });
        ports_with(server, transport, changes)
    };
    assert_eq!(with("tcp", Some("192.0.2.1:835")), Some(vec![834, 835]));
    assert_eq!(with("tcp", Some("nis1:835")), Some(vec![834, 835, 53]));
    // The portmapper tells the port.
    assert_eq!(with("tcp", Some("192.0.2.1")), None);
    assert_eq!(with("tcp", None), None);
    // A server tells the name of the master.
    assert_eq!(with("udp", None), Some(vec![53]));
}
