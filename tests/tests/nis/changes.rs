//! Changes of passwords by a real rpc.yppasswdd.

use authchain::backends::password_change::ChangeKind;
use authchain::backends::protocol::RefusalReason;
use authchain::words::DenialReason;
use authchain_tests::need;
use authchain_tests::servers::asker::Asker;
use authchain_tests::servers::ypserv::domain::{Domain, METHODS, PASSWORD, hash};
use authchain_tests::servers::ypserv::{PASSWD, PORT as YPSERV, SHADOW, Ypserv, settings};
use serde_json::json;

/// The port of rpc.yppasswdd, which the servers beside it leave free.
const PORT: u16 = 840;

pub(super) const NEW: &str = "new horse";

/// The domain of the tests, made on a server whose name is one of this machine's.
pub(super) fn domain() -> Domain {
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

pub(super) fn serving(test: &str, domain: &Domain) -> Option<Ypserv> {
    if !need::file(test, "/usr/sbin/rpc.yppasswdd") {
        return None;
    }
    let server = Ypserv::serving(test, domain)?;
    server.start_yppasswdd(PORT, domain);
    Some(server)
}

pub(super) fn asker() -> Asker {
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
    // With every port in the settings, Landlock lets the worker connect to no other.
    let confined = asker()
        .with("servers", json!([format!("127.0.0.1:{YPSERV}")]))
        .with("yppasswdd", format!("127.0.0.1:{PORT}"));
    for (asker, name, file) in [
        (asker(), "ann", PASSWD),
        (asker().with("transport", "udp"), "shadowed", SHADOW),
        (confined, "\u{fc}gli", PASSWD),
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
