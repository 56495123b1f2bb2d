//! Changes of passwords by a real rpc.yppasswdd.

use authchain::backends::password_change::ChangeKind;
use authchain::backends::protocol::RefusalReason;
use authchain::words::DenialReason;
use authchain_tests::need;
use authchain_tests::servers::asker::Asker;
use authchain_tests::servers::ypserv::domain::{Domain, METHODS, PASSWORD, hash};
use authchain_tests::servers::ypserv::{PASSWD, SHADOW, Ypserv, settings};
use serde_json::json;

/// The port of rpc.yppasswdd, which the servers beside it leave free.
const PORT: u16 = 840;

const NEW: &str = "new horse";

/// The domain of the tests, made on a server whose name is one of this machine's.
fn domain() -> Domain {
    let mut domain = Domain {
        master: Some("localhost"),
        ..Domain::usual()
    };
    domain.add("young", 2401, "x");
    let today = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap()
        .as_secs()
        / 86_400;
    let line = format!("young:{}:{today}:5:99999:7:::", hash("pw-young"));
    domain.shadow.push(line);
    domain
}

fn serving(test: &str, domain: &Domain) -> Option<Ypserv> {
    if !need::file(test, "/usr/sbin/rpc.yppasswdd") {
        return None;
    }
    let server = Ypserv::serving(test, domain)?;
    server.start_yppasswdd(PORT, domain);
    Some(server)
}

fn asker() -> Asker {
    Asker::of_kind("nis", settings()).with("password_change", "yppasswd")
}

/// Makes the maps of what rpc.yppasswdd has written, as its own script does in a while.
fn push(server: &Ypserv, mut domain: Domain, name: &str) {
    let is_theirs = |line: &String| line.split(':').next() == Some(name);
    for (lines, file) in [
        (&mut domain.passwd, PASSWD),
        (&mut domain.shadow, SHADOW),
        (&mut domain.adjunct, SHADOW),
    ] {
        for line in lines.iter_mut().filter(|line| is_theirs(line)) {
            *line = server.source_line(file, name);
        }
    }
    server.publish(&domain);
    server.push();
}

#[test]
fn a_password_is_changed_on_the_master_in_whichever_map_its_hash_is() {
    let domain = domain();
    let Some(server) = serving("changes of NIS", &domain) else {
        return;
    };
    let known = json!(format!("127.0.0.1:{PORT}"));
    for (asker, name, file) in [
        (asker(), "ann", PASSWD),
        (asker().with("transport", "udp"), "shadowed", SHADOW),
        (asker().with("yppasswdd", known), "\u{fc}gli", PASSWD),
        (
            asker().with("servers", json!(["localhost"])),
            "sha512",
            PASSWD,
        ),
    ] {
        let old = match name {
            "sha512" => PASSWORD.to_owned(),
            name => format!("pw-{name}"),
        };
        let before = server.source_line(file, name);
        let told = server.asks(|| asker.may_change(name, &old));
        assert!(told.may_be_changed(), "{name}: {told:?}");
        assert_eq!(
            server.source_line(file, name),
            before,
            "a check changes nothing"
        );
        let told = server.asks(|| asker.change(name, &old, NEW));
        assert!(
            told.is_changed() && told.conclusion.notes.is_empty(),
            "{told:?}"
        );
        let after = server.source_line(file, name);
        let (hash_before, hash_after) = (hash_of(&before), hash_of(&after));
        assert_ne!(hash_before, hash_after);
        assert_eq!(hash_after[..3], *"$6$");
        if file == PASSWD {
            assert_eq!(before.replace(hash_before, hash_after), after);
        }
        push(&server, domain.clone(), name);
        assert!(server.login(&asker, name, NEW).is_accepted(), "{name}");
        let told = server.login(&asker, name, &old);
        assert_eq!(told.denial(), Some(DenialReason::BadCredential), "{told:?}");
    }
}

fn hash_of(line: &str) -> &str {
    line.split(':').nth(1).unwrap()
}

/// rpc.yppasswdd takes the file of `passwd.adjunct` for its shadow file.
#[test]
fn a_password_in_the_adjunct_map_is_changed_too() {
    let mut own = Domain {
        master: Some("localhost"),
        ..Domain::default()
    };
    own.add("adjoined", 2301, "##adjoined");
    own.adjunct = vec![format!("adjoined:{}:::::", hash("pw-adjoined"))];
    let Some(server) = serving("an adjunct change", &own) else {
        return;
    };
    let told = server.asks(|| asker().change("adjoined", "pw-adjoined", NEW));
    assert!(told.is_changed(), "{told:?}");
    push(&server, own, "adjoined");
    assert!(server.login(&asker(), "adjoined", NEW).is_accepted());
}

#[test]
fn a_new_hash_is_one_that_every_host_of_the_domain_knows() {
    let Some(server) = serving("new hashes", &domain()) else {
        return;
    };
    let asker = asker().with("weak_hashes", true);
    for (name, beginning) in [
        ("des", "$6$"),
        ("md5", "$6$"),
        ("sha256", "$5$"),
        ("rounds", "$6$rounds=1000$"),
        ("bcrypt", "$2b$05$"),
        ("yes", "$y$j9T$"),
        ("gost", "$6$"),
    ] {
        assert!(METHODS.iter().any(|(method, ..)| *method == name));
        let told = server.asks(|| asker.change(name, PASSWORD, NEW));
        assert!(told.is_changed(), "{name}: {told:?}");
        let line = server.source_line(PASSWD, name);
        assert!(hash_of(&line).starts_with(beginning), "{line}");
    }
    let told = server.asks(|| self::asker().change("md5", PASSWORD, NEW));
    let why = told.unavailable().unwrap_or_else(|| panic!("{told:?}"));
    assert!(why.contains("unless weak_hashes = true"), "{why}");
}

#[test]
fn whoever_does_not_know_the_old_password_changes_nothing() {
    let domain = domain();
    let Some(server) = serving("refused changes of NIS", &domain) else {
        return;
    };
    let before = (
        server.source_line(PASSWD, "ann"),
        server.source_line(SHADOW, "shadowed"),
    );
    for (name, old, reason) in [
        ("ann", "wrong", DenialReason::BadCredential),
        ("shadowed", "wrong", DenialReason::BadCredential),
        // rpc.yppasswdd takes the password of its own root for everybody's.
        ("ann", "root of all", DenialReason::BadCredential),
        ("ann", "", DenialReason::EmptyPassword),
        ("locked", "pw-locked", DenialReason::Locked),
        ("star", "*", DenialReason::Locked),
        ("empty", "x", DenialReason::EmptyPassword),
    ] {
        for told in [
            server.asks(|| asker().may_change(name, old)),
            server.asks(|| asker().change(name, old, NEW)),
        ] {
            assert_eq!(told.denial(), Some(reason), "{name}: {told:?}");
        }
    }
    for name in ["nobody-here", "rootish", "system", "YP_MASTER_NAME"] {
        let told = server.asks(|| asker().change(name, &format!("pw-{name}"), NEW));
        assert!(told.is_unknown(), "{name}: {told:?}");
    }
    let after = (
        server.source_line(PASSWD, "ann"),
        server.source_line(SHADOW, "shadowed"),
    );
    assert_eq!(before, after);
}

#[test]
fn dates_forbid_and_demand_a_change_in_nis_as_in_local_files() {
    let domain = domain();
    let Some(server) = serving("ageing in NIS", &domain) else {
        return;
    };
    let reason = |name: &str, kind| {
        let told = server.asks(|| {
            let old = format!("pw-{name}");
            asker().change_of(kind, name, Some(&old), Some(NEW.as_bytes()))
        });
        told.refusal().map(|(reason, _)| reason)
    };
    for (name, kind, expected) in [
        ("expired", ChangeKind::Own, RefusalReason::AccountExpired),
        ("ended", ChangeKind::Own, RefusalReason::PasswordExpired),
        ("young", ChangeKind::Own, RefusalReason::TooYoung),
        ("shadowed", ChangeKind::Expired, RefusalReason::NotExpired),
        ("ann", ChangeKind::Expired, RefusalReason::NotExpired),
        // Not even root gets past the minimum age of rpc.yppasswdd, which gives no reason.
        ("young", ChangeKind::ByRoot, RefusalReason::Unexplained),
    ] {
        assert_eq!(reason(name, kind), Some(expected), "{name}");
    }
    assert!(server.login(&asker(), "forced", "pw-forced").must_change());
    assert_eq!(reason("forced", ChangeKind::Expired), None);
    push(&server, domain, "forced");
    let told = server.login(&asker(), "forced", NEW);
    assert!(told.is_accepted() && !told.must_change(), "{told:?}");
}

#[test]
fn root_too_has_to_give_the_old_password() {
    let Some(server) = serving("root and NIS", &domain()) else {
        return;
    };
    for new in [None, Some(NEW)] {
        let told = server.asks(|| asker().change_as_root("ann", new));
        let reason = told.refusal().map(|(reason, _)| reason);
        assert_eq!(reason, Some(RefusalReason::NeedsOldPassword), "{told:?}");
    }
    let told = server.asks(|| {
        let new = Some(NEW.as_bytes());
        asker().change_of(ChangeKind::ByRoot, "ann", Some("pw-ann"), new)
    });
    assert!(told.is_changed(), "{told:?}");
}

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

#[test]
fn without_the_setting_no_password_of_nis_is_changed() {
    let Some(server) = serving("no changes", &domain()) else {
        return;
    };
    let told = server.asks(|| {
        asker()
            .with("password_change", "off")
            .change("ann", "pw-ann", NEW)
    });
    assert_eq!(
        told.failed(),
        Some("this worker cannot change_password"),
        "{told:?}"
    );
}
