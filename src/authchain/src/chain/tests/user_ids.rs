//! Chains in which the system's user id counts, whatever the entry says (`uid = "system"`).

use super::fake_system::{FakeSystem, Override};
use super::scripted::{Answer, Scripted};
use super::*;
use crate::backends::Authority;
use crate::config::settings::Then;
use crate::words::PamCode;

#[test]
fn where_the_systems_user_id_counts_the_entrys_is_not_compared() {
    let mut corp = Scripted::new("corp", Authority::Directory, Answer::AcceptsWithUid(1001));
    assert!(!accepts(&login(std::slice::from_ref(&corp), "bob", b"pw")));
    corp.compares_uids = false;
    assert!(accepts(&login(std::slice::from_ref(&corp), "bob", b"pw")));
    assert!(accepts(&account(std::slice::from_ref(&corp), "bob")));
    let known = corp.known("bob");
    let asked = corp.asked();
    assert!(accepts(&account_known(
        std::slice::from_ref(&corp),
        "bob",
        known.as_ref()
    )));
    assert_eq!(corp.asked(), asked, "the hint was not enough");
}

#[test]
fn where_the_systems_user_id_counts_a_name_without_one_is_refused() {
    let mut corp = Scripted::new("corp", Authority::Directory, Answer::AcceptsWithUid(2000));
    assert!(accepts(&login(
        std::slice::from_ref(&corp),
        "mallory",
        b"pw"
    )));
    corp.compares_uids = false;
    let decision = login(std::slice::from_ref(&corp), "mallory", b"pw");
    let line = decision.why();
    let reason = "(the system has no user id for this name, and uid = \"system\" takes no other)";
    assert!(line.contains(reason), "{line}");
    assert_eq!(decision.code(), PamCode::AuthError);
    assert_eq!(
        account(std::slice::from_ref(&corp), "mallory").code(),
        PamCode::UserUnknown
    );
    corp.on_denied = Then::Stop;
    assert_eq!(
        account(&[corp], "mallory").code(),
        PamCode::PermissionDenied
    );
}

#[test]
fn where_the_systems_user_id_counts_no_user_id_of_the_systems_own_does() {
    let mut corp = Scripted::new("corp", Authority::Directory, Answer::AcceptsWithUid(2000));
    corp.compares_uids = false;
    let cases: [(Override<Option<SystemUser>>, &str); 4] = [
        (
            Some(|| Ok(Some(user("bob", 0)))),
            "uid 0 is the system's own",
        ),
        (
            Some(|| Ok(Some(user("bob", 999)))),
            "uid 999 is the system's own",
        ),
        (
            Some(|| Ok(Some(user("bob", 1001)))),
            "uid 1001 is that of \"lena\"",
        ),
        (
            Some(|| Ok(Some(user("lena", 1001)))),
            "the system calls this name \"lena\"",
        ),
    ];
    for (name_service, reason) in cases {
        let system = FakeSystem {
            name_service,
            ..FakeSystem::default()
        };
        let chain = chain_in(system, std::slice::from_ref(&corp));
        let line = login_in(&chain, &context(false), "bob", b"pw").why();
        assert!(line.contains(reason), "{line}");
    }
}

#[test]
fn where_the_systems_user_id_counts_the_names_of_its_files_are_not_the_directorys() {
    let mut corp = Scripted::new("corp", Authority::Directory, Answer::Accepts);
    assert!(accepts(&login(std::slice::from_ref(&corp), "alice", b"pw")));
    corp.compares_uids = false;
    let asked = corp.asked();
    let line = login(std::slice::from_ref(&corp), "alice", b"pw").why();
    assert!(
        line.contains("corp not asked: the system's own files have this name"),
        "{line}"
    );
    assert_eq!(
        account(std::slice::from_ref(&corp), "alice").outcome,
        Outcome::Unavailable
    );
    assert_eq!(corp.asked(), asked);
    corp.local_names = true;
    assert!(accepts(&login(&[corp], "alice", b"pw")));
}

fn user(name: &str, uid: u32) -> SystemUser {
    let name = name.to_owned();
    SystemUser { name, uid }
}
