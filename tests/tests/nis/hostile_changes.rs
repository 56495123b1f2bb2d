//! A NIS master that refuses, lies and is silent when it is to change a password.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use authchain::backends::protocol::RefusalReason;
use authchain_tests::servers::asker::{Asker, Told};
use authchain_tests::servers::fake_yp::{
    self, Call, numbers, record, reply, settings, string, tcp, udp, unavailable,
};

const UPDATE: u32 = 1;
const MASTER: u32 = 9;

fn asker(port: u16, transport: &str) -> Asker {
    Asker::of_kind("nis", settings(port, transport))
        .with("password_change", "yppasswd")
        .with("yppasswdd", format!("127.0.0.1:{port}"))
}

/// Changes the password of alice over each transport at a master that answers as `answer` says.
fn changed(answer: impl Fn(&Call) -> Vec<u8> + Clone + Send + 'static) -> [Told; 2] {
    let (ports, _) = masters(answer);
    ports.map(|(port, transport)| {
        let mut asker = asker(port, transport);
        asker.budget_ms = 1_500;
        asker.change("alice", "pw-alice", "new horse")
    })
}

/// The port of a master for each transport, and the number of updates that were asked of them.
type Masters = ([(u16, &'static str); 2], Arc<AtomicUsize>);

fn masters(answer: impl Fn(&Call) -> Vec<u8> + Clone + Send + 'static) -> Masters {
    let updates = Arc::new(AtomicUsize::new(0));
    let (own, counted) = (answer.clone(), Arc::clone(&updates));
    let is_update = |call: &Call, updates: &AtomicUsize| {
        let is_update = call.procedure == UPDATE;
        updates.fetch_add(usize::from(is_update), Ordering::SeqCst);
        is_update
    };
    let stream = tcp(move |call| match is_update(call, &counted) {
        // An empty record would be an answer, and no bytes close the connection.
        true => match own(call) {
            bytes if bytes.is_empty() => Vec::new(),
            bytes => record(&bytes),
        },
        false => record(&call.good()),
    });
    let counted = Arc::clone(&updates);
    let datagrams = udp(move |socket, call, from| {
        let bytes = match is_update(&call, &counted) {
            true => answer(&call),
            false => call.good(),
        };
        if !bytes.is_empty() {
            let _ = socket.send_to(&bytes, from);
        }
    });
    ([(stream, "tcp"), (datagrams, "udp")], updates)
}

#[test]
fn zero_alone_says_that_the_password_was_changed() {
    for told in changed(|call| reply(call.xid, &[0; 4])) {
        assert!(told.is_changed(), "{told:?}");
    }
    for code in [1, 2, -1, i32::MIN, i32::MAX] {
        for told in changed(move |call| reply(call.xid, &code.to_be_bytes())) {
            let reason = told.refusal().map(|(reason, _)| reason);
            assert_eq!(reason, Some(RefusalReason::Unexplained), "{told:?}");
            assert!(told.conclusion.notes[0].contains(&format!("the answer is {code};")));
        }
    }
}

#[test]
fn a_master_that_did_not_carry_the_update_out_has_not_changed_the_password() {
    for (behind_xid, words) in [
        (&[1, 1, 1, 1][..], "yppasswdd: the server denies the call"),
        (&[1, 0, 0, 0, 1], "yppasswdd: the program is not there"),
        (
            &[1, 0, 0, 0, 2, 3, 4],
            "yppasswdd: the program speaks other versions",
        ),
        (
            &[1, 0, 0, 0, 3],
            "yppasswdd: the program has no such procedure",
        ),
        (
            &[1, 0, 0, 0, 4],
            "yppasswdd: the program cannot read the arguments",
        ),
    ] {
        for told in changed(move |call| numbers(&[&[call.xid], behind_xid].concat())) {
            unavailable(&told, words);
            assert!(told.conclusion.servers.down.is_empty(), "{told:?}");
        }
    }
}

#[test]
fn any_other_answer_leaves_it_unsure() {
    let good = |call: &Call| reply(call.xid, &[0; 4]);
    for length in (4..good(&Call::default()).len()).step_by(4) {
        for told in changed(move |call| good(call)[..length].to_vec()) {
            assert!(told.unsure().is_some(), "{length}: {told:?}");
        }
    }
    for behind_xid in [
        &[1, 0, 0, 0, 5][..],
        &[1, 0, 0, 0, 0, 0, 0],
        &[0, 2],
        &[1, 9],
    ] {
        for told in changed(move |call| numbers(&[&[call.xid], behind_xid].concat())) {
            let why = told.unsure().unwrap_or_else(|| panic!("{told:?}"));
            assert!(
                why.starts_with("127.0.0.1:") && why.contains(": yppasswdd: "),
                "{why}"
            );
        }
    }
}

/// rpc.yppasswdd would carry out the second call too, and refuse it because the password has
/// changed.
#[test]
fn a_silent_master_is_asked_once_and_leaves_it_unsure() {
    let (ports, updates) = masters(|_| Vec::new());
    for (told, (port, transport)) in changed(|_| Vec::new()).iter().zip(ports) {
        assert!(told.unsure().is_some(), "{told:?}");
        let mut asker = asker(port, transport);
        asker.budget_ms = 1_500;
        let told = asker.change("alice", "pw-alice", "new horse");
        assert!(told.unsure().is_some(), "{transport}: {told:?}");
        assert_eq!(updates.swap(0, Ordering::SeqCst), 1, "{transport}");
    }
}

#[test]
fn a_password_is_sent_only_to_be_changed_and_only_if_it_is_right() {
    let (ports, updates) = masters(|call| reply(call.xid, &[0; 4]));
    for (port, transport) in ports {
        let asker = asker(port, transport);
        assert!(asker.may_change("alice", "pw-alice").may_be_changed());
        assert!(
            asker
                .change("alice", "wrong", "new horse")
                .denial()
                .is_some()
        );
        assert!(
            asker
                .change_as_root("alice", Some("new horse"))
                .refusal()
                .is_some()
        );
        assert_eq!(updates.load(Ordering::SeqCst), 0, "{transport}");
    }
}

#[test]
fn a_false_master_is_refused_whatever_it_is_called() {
    let long = "x".repeat(5_000);
    for (name, words) in [
        ("", "a server names \"\", which is no name of a host"),
        ("\u{1b}[2J", "a server names \"\\u{1b}[2J\", "),
        ("127.0.0.2", "which is none of servers"),
        ("::1", "which is none of servers"),
        (&long, "not a valid answer"),
    ] {
        let name = name.to_owned();
        let port = tcp(move |call| match call.procedure {
            MASTER => record(&reply(
                call.xid,
                &[numbers(&[1]), string(name.as_bytes())].concat(),
            )),
            _ => record(&call.good()),
        });
        let told = asker(port, "tcp")
            .with("yppasswdd", ())
            .may_change("alice", "pw-alice");
        unavailable(&told, words);
    }
    let port = tcp(|call| match call.procedure {
        MASTER => record(&reply(call.xid, &fake_yp::status(-1))),
        _ => record(&call.good()),
    });
    let told = asker(port, "tcp")
        .with("yppasswdd", ())
        .may_change("alice", "pw-alice");
    unavailable(&told, "passwd.byname is missing, or refused to us");
}
