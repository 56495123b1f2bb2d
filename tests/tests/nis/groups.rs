//! The groups that rules ask about: in which of them the maps say that a person is.

use authchain::words::DenialReason;
use authchain_tests::servers::asker::{Asker, Told};
use authchain_tests::servers::fake_yp::{self, Call, alice, record, reply, status, value};
use authchain_tests::servers::ypserv::{Ypserv, settings};

fn asker() -> Asker {
    Asker::of_kind("nis", settings())
}

#[track_caller]
fn assert_unavailable(told: &Told, words: &str) {
    let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
    assert!(why.contains(words), "{why}");
}

#[test]
fn a_rule_hears_of_exactly_the_groups_that_somebody_is_in() {
    let Some(server) = Ypserv::start("groups") else {
        return;
    };
    let asked = [
        "staff",
        "500",
        "users",
        "100",
        "others",
        "502",
        "\u{fc}bung",
        "nothing",
        "9999",
        "Staff",
        "cn=staff,dc=x",
        "YP_MASTER_NAME",
        "+",
        "00500",
    ];
    for transport in ["tcp", "udp"] {
        let corp = asker().with("transport", transport).about(&asked);
        for (name, groups) in [
            ("ann", &["staff", "500", "users", "100", "00500"][..]),
            ("shadowed", &["staff", "500", "users", "100", "00500"]),
            ("\u{fc}gli", &["users", "100", "\u{fc}bung"]),
            ("adjoined", &["users", "100"]),
        ] {
            let login = server.login(&corp, name, &format!("pw-{name}"));
            let [account, lookup] = [
                server.asks(|| corp.account(name)),
                server.asks(|| corp.lookup(name)),
            ];
            for told in [login, account, lookup] {
                assert_eq!(told.groups().as_deref(), Some(groups), "{name}: {told:?}");
            }
        }
    }
    let told = server.login(&asker(), "ann", "pw-ann");
    assert_eq!(told.groups(), None, "no rule asks");
    let told = server.login(&asker().about(&["short"]), "ann", "wrong");
    assert_eq!(told.denial(), Some(DenialReason::BadCredential), "{told:?}");
}

#[test]
fn a_group_whose_line_was_cut_off_makes_no_list() {
    let Some(server) = Ypserv::start("cutgroups") else {
        return;
    };
    for asked in ["short", "503"] {
        let told = server.login(&asker().about(&["staff", asked]), "ann", "pw-ann");
        let words = "group map: not a valid entry: it does not have four fields";
        assert_unavailable(&told, words);
    }
}

#[test]
fn a_map_of_groups_that_is_missing_makes_no_list() {
    let Some(server) = Ypserv::start("nogroups") else {
        return;
    };
    server.withdraw("group.byname");
    for told in [
        server.login(&asker().about(&["staff"]), "ann", "pw-ann"),
        server.asks(|| asker().about(&["staff"]).account("ann")),
    ] {
        assert_unavailable(
            &told,
            "group map: group.byname is missing, or refused to us",
        );
    }
    let told = server.login(&asker().about(&["500", "100"]), "ann", "pw-ann");
    assert_eq!(told.groups(), Some(vec!["500", "100"]), "{told:?}");
    let other = asker().with("group_map", "group.bygid").about(&["500"]);
    assert!(server.login(&other, "ann", "pw-ann").is_accepted());
}

/// Logs in as alice at a server that sends `answer` for each group.
fn after(asked: &str, answer: impl Fn(&Call) -> Vec<u8> + Send + 'static) -> Told {
    let port = fake_yp::tcp(move |call| {
        let is_group = call.bytes.windows(6).any(|bytes| bytes == b"group.");
        record(&match is_group {
            true => answer(call),
            false => call.good(),
        })
    });
    let settings = fake_yp::settings(port, "tcp");
    Asker::of_kind("nis", settings)
        .with("server_timeout", "10s")
        .about(&[asked])
        .login("alice", "pw-alice")
}

#[test]
fn a_servers_false_answers_about_a_group_make_no_list() {
    let good = |call: &Call| reply(call.xid, &value(b"staff:*:500:bob,alice"));
    assert_eq!(after("staff", good).groups(), Some(vec!["staff"]));
    assert_eq!(after("500", good).groups(), Some(vec!["500"]));
    let none = |call: &Call| reply(call.xid, &status(-3));
    assert_eq!(after("staff", none).groups(), Some(vec![]));
    for (asked, line) in [
        ("staff", "wheel:*:500:alice"),
        ("staff", "Staff:*:500:alice"),
        ("500", "staff:*:501:alice"),
        ("staff", "staff:*:500"),
        ("staff", "staff:*:500:alice:"),
        ("staff", "staff:*::alice"),
        ("staff", "staff:*:-1:alice"),
        ("staff", "staff:*:500:alice\0"),
        ("staff", ""),
    ] {
        let told = after(asked, move |call| reply(call.xid, &value(line.as_bytes())));
        assert_unavailable(&told, "group map: not a valid entry: ");
    }
    for code in [-8, -7, -6, -5, -4, -2, -1, 0, 2] {
        let told = after("staff", move |call| reply(call.xid, &status(code)));
        assert_unavailable(&told, "group map: ");
    }
    let told = after("staff", |call| reply(call.xid, &value(alice().as_bytes())));
    assert_unavailable(&told, "group map: not a valid entry: ");
    let told = after("staff", |call| {
        let many: String = (0..600).map(|number| format!("many{number},")).collect();
        let line = format!("staff:*:500:{many}alice");
        reply(call.xid, &value(line.as_bytes()))
    });
    assert_unavailable(&told, "group map: not a valid answer");
    for length in [4, 20, 27, 31] {
        let told = after("staff", move |call| {
            let whole = reply(call.xid, &value(b"staff:*:500:bob,alice"));
            whole[..length].to_vec()
        });
        assert_unavailable(&told, "group map: not a valid answer");
    }
}
