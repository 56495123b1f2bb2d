//! The master of a domain, on which passwords are changed: a false one, a silent one, one that is
//! ahead of its maps.

use authchain::backends::protocol::RefusalReason;
use authchain_tests::need;
use authchain_tests::servers::asker::Asker;
use authchain_tests::servers::ypserv::Ypserv;
use authchain_tests::servers::ypserv::domain::Domain;

use super::changes::{NEW, asker, domain, serving};

#[test]
fn a_server_cannot_send_a_password_to_a_master_of_its_own_choice() {
    for (master, words) in [
        // Nobody knows this name.
        ("stage", "master: a server names \"stage\", "),
        ("192.0.2.66", "which is none of servers"),
        ("127.0.0.1:835", "which is no name of a host"),
        ("a b", "which is no name of a host"),
    ] {
        let domain = Domain {
            master: Some(master),
            ..Domain::usual()
        };
        let Some(server) = serving("another master", &domain) else {
            return;
        };
        for told in [
            server.asks(|| asker().may_change("ann", "pw-ann")),
            server.asks(|| asker().change("ann", "pw-ann", NEW)),
        ] {
            let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
            assert!(why.contains(words), "{master}: {why}");
            assert!(
                why.ends_with("if it is the master, write it as yppasswdd"),
                "{why}"
            );
            assert_eq!(told.conclusion.servers.down, [""; 0]);
        }
        // The administrator's word counts.
        let told = server.asks(|| {
            let known = asker().with("yppasswdd", "127.0.0.1");
            known.change("ann", "pw-ann", NEW)
        });
        assert!(told.is_changed(), "{told:?}");
    }
}

#[test]
fn a_master_without_the_daemon_is_named_and_no_server_called_down() {
    let domain = domain();
    let Some(server) = Ypserv::serving("no yppasswdd", &domain) else {
        return;
    };
    let why = |asker: Asker| {
        let told = server.asks(|| asker.may_change("ann", "pw-ann"));
        assert_eq!(told.conclusion.servers.down, [""; 0], "{told:?}");
        told.unavailable()
            .unwrap_or_else(|| panic!("{told:?}"))
            .to_owned()
    };
    assert_eq!(
        why(asker()),
        "127.0.0.1: portmapper: rpc.yppasswdd does not run there"
    );
    let known = asker().with("yppasswdd", "127.0.0.1:841");
    assert_eq!(why(known), "127.0.0.1: yppasswdd: connection refused");
    if !need::file("no yppasswdd", "/usr/sbin/rpc.yppasswdd") {
        return;
    }
    // Whoever runs a program on the master could have registered it.
    server.start_yppasswdd(2040, &domain);
    let why = why(asker());
    assert!(
        why.contains("rpc.yppasswdd is said to be on port 2040, which any user"),
        "{why}"
    );
    let told = server.asks(|| {
        let known = asker().with("yppasswdd", "127.0.0.1:2040");
        known.change("ann", "pw-ann", NEW)
    });
    assert!(told.is_changed(), "{told:?}");
}

/// The maps lag behind the master: the old password is right here, and wrong there.
#[test]
fn a_master_that_refuses_without_a_reason_is_no_wrong_password() {
    let Some(server) = serving("a lagging map", &domain()) else {
        return;
    };
    assert!(
        server
            .asks(|| asker().change("ann", "pw-ann", NEW))
            .is_changed()
    );
    let told = server.asks(|| asker().change("ann", "pw-ann", "newer horse"));
    let text = (
        RefusalReason::Unexplained,
        "NIS password could not be changed.",
    );
    assert_eq!(told.refusal(), Some(text), "{told:?}");
    let note = "yppasswdd: the answer is 1; the log of the master may say why";
    assert_eq!(told.conclusion.notes, [note]);
}
