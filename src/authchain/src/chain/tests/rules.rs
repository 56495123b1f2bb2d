//! Tests of chains with rules.

use std::fs;
use std::path::Path;
use std::rc::Rc;

use proptest::prelude::*;

use super::scripted::{Answer, Scripted};
use super::*;
use crate::backends::Authority;
use crate::chain::ruling::Ruling;
use crate::config::rules::Rules;
use crate::config::settings::{Then, WhenUnavailable};
use crate::config::{Config, Source};
use crate::words::{Account, AccountStatus, PamCode};

/// The files of a machine on which bob is in the group `wheel`.
pub(super) struct GroupFiles(tempfile::TempDir);

impl GroupFiles {
    pub(super) fn new() -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        machine.write("passwd", "root:x:0:0:::\n");
        machine.write("group", "root:x:0:\nwheel:x:10:bob\nstaff:x:50:\n");
        machine
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.0.path().join(file), text).unwrap();
    }

    /// Returns a chain of the backends, of which those in `order` are asked where no rule names
    /// others.
    pub(super) fn chain(&self, rules: &str, backends: &[Scripted], order: usize) -> Chain {
        let mut links: Vec<_> = backends.iter().map(Scripted::link).collect();
        let others = links.split_off(order);
        let ruling = Ruling {
            rules: parsed(rules, backends).unwrap(),
            group_file: self.0.path().join("group"),
            passwd_file: self.0.path().join("passwd"),
            ..Ruling::default()
        };
        let chain = Chain::new(links, 1000, Box::new(FakeSystem::default())).unwrap();
        chain.with_rules(ruling, others, false)
    }

    pub(super) fn login(&self, rules: &str, backends: &[Scripted], name: &str) -> AuthDecision {
        let chain = self.chain(rules, backends, backends.len());
        login_in(&chain, &context(false), name, b"pw")
    }
}

/// Returns the rules in a configuration that has these backends; `None` if they have a fault.
fn parsed(rules: &str, backends: &[Scripted]) -> Option<Rc<Rules>> {
    let names: Vec<_> = backends.iter().map(|backend| &backend.name).collect();
    let sections = names.iter().map(|name| {
        format!("[backend.{name}]\ntype = \"local\"\npasswd = \"/p\"\nshadow = \"/s\"\n")
    });
    let text = format!("chain = {names:?}\n{}{rules}", sections.collect::<String>());
    let source = Source::new(Path::new("authchain.toml"), text);
    Config::parse(&source).ok().map(|config| config.rules)
}

pub(super) fn directory(name: &str, groups: &[&'static str]) -> Scripted {
    let mut directory = Scripted::new(name, Authority::Directory, Answer::Accepts);
    directory.groups = Some(groups.to_vec());
    directory
}

fn is_asked(backend: &Scripted) -> bool {
    backend.asked() > 0
}

#[test]
fn a_rule_that_denies_keeps_every_backend_from_being_asked_and_takes_the_time_of_a_refusal() {
    let local = Scripted::new("local", Authority::System, Answer::Accepts);
    let corp = directory("corp", &[]);
    let rules = "[[rule]]\nname = \"not bob\"\nuser = [\"bob\"]\naccess = \"deny\"\n";
    let all = [local, corp];
    let decision = GroupFiles::new().login(rules, &all, "bob");
    assert_eq!(decision.code(), PamCode::AuthError);
    assert_eq!(decision.why(), "(unknown): rule \"not bob\" denies");
    assert_eq!(decision.barred(), None, "the password was not compared");
    assert!(!all.iter().any(is_asked));
    assert_eq!(all[0].spent(), 1);
}

#[test]
fn a_rule_that_allows_a_group_of_the_directory_lets_its_members_in_alone() {
    let rules = "[[rule]]\ngroup = [\"ops\"]\n[[rule]]\nname = \"others\"\naccess = \"deny\"\n";
    let machine = GroupFiles::new();
    let member = machine.login(rules, &[directory("corp", &["ops"])], "eve");
    assert_eq!(member.code(), PamCode::Success);
    assert!(
        member.why().ends_with("; rule 1 (line 6)"),
        "{}",
        member.why()
    );
    let other = machine.login(rules, &[directory("corp", &[])], "eve");
    assert_eq!(other.code(), PamCode::AuthError);
    assert!(
        other.why().ends_with("; rule \"others\" denies"),
        "{}",
        other.why()
    );
    // The password was right, so the person may hear why, and it was no guess.
    assert_eq!(other.barred(), Some(&AccountStatus::NotPermitted));
}

#[test]
fn groups_that_the_backend_does_not_find_out_refuse_the_login() {
    let rules = "[[rule]]\ngroup = [\"ops\"]\naccess = \"deny\"\n";
    let mut corp = directory("corp", &[]);
    corp.groups = None;
    let machine = GroupFiles::new();
    let decision = machine.login(rules, std::slice::from_ref(&corp), "eve");
    assert_eq!(decision.code(), PamCode::AuthInfoUnavailable);
    let words = "; no rule can be chosen: nobody says who is in the group ops";
    assert!(decision.why().ends_with(words), "{}", decision.why());
    let chain = machine.chain(rules, &[corp], 1);
    let account = chain.account(b"eve", None, &context(false));
    assert_eq!(account.code(), PamCode::AuthInfoUnavailable);
}

#[test]
fn a_group_file_that_cannot_be_used_refuses_where_a_group_decides_and_nowhere_else() {
    let rules = "[[rule]]\nservice = [\"test\"]\ngroup = [\"wheel\"]\naccess = \"deny\"\n";
    let machine = GroupFiles::new();
    machine.write("group", "wheel:x:10");
    let corp = directory("corp", &[]);
    let decision = machine.login(rules, std::slice::from_ref(&corp), "eve");
    assert_eq!(
        decision.code(),
        PamCode::AuthInfoUnavailable,
        "{}",
        decision.why()
    );
    assert!(!is_asked(&corp));
    let elsewhere = rules.replace("test", "sshd");
    let decision = machine.login(&elsewhere, &[corp], "eve");
    assert_eq!(decision.code(), PamCode::Success, "{}", decision.why());
}

#[test]
fn the_chain_of_a_rule_is_asked_in_place_of_the_usual_one() {
    let rules = "[[rule]]\ngroup = [\"wheel\"]\nchain = [\"b\"]\n";
    let all = [directory("a", &[]), directory("b", &[])];
    let machine = GroupFiles::new();
    let chain = machine.chain(rules, &all, 1);
    let bob = login_in(&chain, &context(false), "bob", b"pw");
    assert_eq!(bob.code(), PamCode::Success);
    assert_eq!((is_asked(&all[0]), is_asked(&all[1])), (false, true));
    let eve = login_in(&chain, &context(false), "eve", b"pw");
    assert_eq!(eve.code(), PamCode::Success);
    assert!(is_asked(&all[0]));
}

#[test]
fn a_rule_asks_no_backend_that_the_modules_line_leaves_out() {
    let rules = "[[rule]]\nname = \"b\"\nchain = [\"b\"]\n";
    let all = [directory("a", &[]), directory("b", &[])];
    let mut chain = GroupFiles::new().chain(rules, &all, 1);
    chain.is_of_line = true;
    let decision = login_in(&chain, &context(false), "eve", b"pw");
    assert_eq!(decision.code(), PamCode::AuthError);
    assert!(!all.iter().any(is_asked));
}

#[test]
fn whoever_a_group_of_the_directory_sends_to_another_chain_is_refused() {
    // Before the answer, no rule fits, and `a` is asked; by its groups, only `b` may accept.
    let rules = "[[rule]]\ngroup = [\"!ops\"]\n[[rule]]\nname = \"ops\"\nchain = [\"b\"]\n";
    let all = [directory("a", &["ops"]), directory("b", &[])];
    let decision = GroupFiles::new().login(rules, &all, "eve");
    assert_eq!(decision.code(), PamCode::AuthError);
    assert!(
        decision.why().ends_with("; rule \"ops\" does not ask a"),
        "{}",
        decision.why()
    );
}

#[test]
fn an_account_is_judged_by_the_same_rules_without_a_login() {
    let rules = "[[rule]]\nname = \"ops\"\ngroup = [\"!ops\"]\naccess = \"deny\"\n";
    let machine = GroupFiles::new();
    for (groups, code) in [
        (&["ops"][..], PamCode::Success),
        (&[], PamCode::PermissionDenied),
    ] {
        let chain = machine.chain(rules, &[directory("corp", groups)], 1);
        let decision = chain.account(b"eve", None, &context(false));
        assert_eq!(decision.code(), code, "{}", decision.why());
    }
    // Another module may know whom this chain does not know, and the rule is about them, too.
    let nobody = Scripted::new("corp", Authority::Directory, Answer::Unknown);
    let decision = machine
        .chain(rules, &[nobody], 1)
        .account(b"eve", None, &context(false));
    assert_eq!(decision.code(), PamCode::PermissionDenied);
}

#[test]
fn what_a_login_learned_is_no_answer_where_it_says_nothing_of_a_rules_group() {
    let rules = "[[rule]]\ngroup = [\"!ops\"]\naccess = \"deny\"\n";
    let corp = directory("corp", &["ops"]);
    let mut known = corp.known("eve").unwrap();
    let machine = GroupFiles::new();
    let chain = machine.chain(rules, std::slice::from_ref(&corp), 1);
    let code = |known: &Account| chain.account(b"eve", Some(known), &context(false)).code();
    assert_eq!(code(&known), PamCode::Success);
    assert!(!is_asked(&corp));
    known.user.groups = None;
    assert_eq!(code(&known), PamCode::Success);
    assert!(is_asked(&corp));
}

#[test]
fn a_directorys_groups_count_for_people_whom_the_passwd_file_has_without_a_password() {
    let rules = "[[rule]]\ngroup = [\"banned\"]\naccess = \"deny\"\n";
    let local = Scripted::new("local", Authority::System, Answer::Accepts);
    let machine = GroupFiles::new();
    let code = |corp: Scripted, name: &str| {
        let chain = machine.chain(rules, &[local.clone(), corp], 2);
        let account = chain.account(name.as_bytes(), None, &context(false));
        account.code()
    };
    assert_eq!(code(directory("corp", &[]), "alice"), PamCode::Success);
    let banned = code(directory("corp", &["banned"]), "alice");
    assert_eq!(banned, PamCode::PermissionDenied);
    let down = Scripted::new("corp", Authority::Directory, Answer::Unavailable);
    assert_eq!(code(down.clone(), "alice"), PamCode::AuthInfoUnavailable);
    // The name of somebody with a password belongs to the file alone.
    assert_eq!(code(down, "lena"), PamCode::Success);
}

#[test]
fn a_directory_is_asked_for_groups_only_of_people_whom_it_may_let_in() {
    let rules = "[[rule]]\ngroup = [\"banned\"]\naccess = \"deny\"\n";
    let machine = GroupFiles::new();
    let account = |all: &[&Scripted], known: Option<&Account>| {
        let all: Vec<_> = all.iter().map(|&backend| backend.clone()).collect();
        let chain = machine.chain(rules, &all, all.len());
        chain.account(b"bob", known, &context(false)).code()
    };
    let mail = |answer| Scripted::new("mail", Authority::Machine, answer);
    let (own, without_password) = (mail(Answer::Accepts), mail(Answer::HasNoPassword));
    let (down, banned) = (
        Scripted::new("corp", Authority::Directory, Answer::Unavailable),
        directory("corp", &["banned"]),
    );
    // Whoever has a password in the files is theirs, and no outage elsewhere matters.
    assert_eq!(account(&[&own, &down], None), PamCode::Success);
    assert_eq!(account(&[&own, &banned], None), PamCode::Success);
    assert!(!is_asked(&down) && !is_asked(&banned));
    let refused = account(&[&without_password, &down], None);
    assert_eq!(refused, PamCode::AuthInfoUnavailable);
    let refused = account(&[&without_password, &banned], None);
    assert_eq!(refused, PamCode::PermissionDenied);
    // Who has just logged in by the directory's password is in the directory's groups.
    let asked = banned.asked();
    let known = banned.known("bob");
    let refused = account(&[&own, &banned], known.as_ref());
    assert_eq!(refused, PamCode::PermissionDenied);
    assert_eq!(banned.asked(), asked);
    // One that has said in this walk that it does not know the person is not asked again.
    let elsewhere = Scripted::new("corp", Authority::Directory, Answer::Unknown);
    let allowed = account(&[&elsewhere, &without_password], None);
    assert_eq!((allowed, elsewhere.asked()), (PamCode::Success, 1));
}

#[test]
fn a_directory_tells_the_other_names_of_people_whom_the_passwd_file_has_too() {
    let rules = "[[rule]]\nuser = [\"mallory\"]\naccess = \"deny\"\n\
                 [[rule]]\ngroup = [\"users\"]\naccess = \"deny\"\nservice = [\"cron\"]\n";
    let local = Scripted::new("local", Authority::System, Answer::Accepts);
    let machine = GroupFiles::new();
    let code = |corp: &Scripted, service: &str| {
        let chain = machine.chain(rules, &[local.clone(), corp.clone()], 2);
        let context = Context {
            service,
            ..context(false)
        };
        chain.account(b"alice", None, &context).code()
    };
    let mut corp = directory("corp", &[]);
    assert_eq!(code(&corp, "cron"), PamCode::Success);
    corp.also_named = vec!["mallory"];
    assert_eq!(code(&corp, "cron"), PamCode::PermissionDenied);
    corp.also_named = vec![];
    corp.unclear_groups = vec!["users"];
    assert_eq!(code(&corp, "sshd"), PamCode::Success);
    assert_eq!(code(&corp, "cron"), PamCode::PermissionDenied);
}

#[test]
fn an_outage_refuses_people_of_the_passwd_file_only_where_a_directorys_group_can_decide() {
    let denies = "[[rule]]\ngroup = [\"banned\"]\naccess = \"deny\"\n";
    let all = [
        Scripted::new("local", Authority::System, Answer::Accepts),
        Scripted::new("corp", Authority::Directory, Answer::Unavailable),
    ];
    let machine = GroupFiles::new();
    machine.write("group", "root:x:0:\nwheel:x:10:alice\n");
    let code = |rules: &str, context: &Context<'_>| {
        let chain = machine.chain(rules, &all, 2);
        chain.account(b"alice", None, context).code()
    };
    for (rules, words) in [
        (format!("{denies}service = [\"cron\"]\n"), "another service"),
        (format!("{denies}user = [\"bob\"]\n"), "another person"),
        (
            format!("{denies}from = [\"192.0.2.7\"]\n"),
            "another address",
        ),
        (
            format!("[[rule]]\nuser = [\"alice\"]\n{denies}"),
            "behind a rule that fits",
        ),
        (
            format!("[[rule]]\ngroup = [\"ops\", \"wheel\"]\n{denies}"),
            "behind a group of this machine",
        ),
    ] {
        assert_eq!(code(&rules, &context(false)), PamCode::Success, "{words}");
        assert_eq!(code(&rules, &su()), PamCode::Success, "{words}, in su");
        assert!(!all.iter().skip(1).any(is_asked), "{words}");
    }
    for rules in [
        denies.to_owned(),
        format!("[[rule]]\nuser = [\"bob\"]\n{denies}"),
        format!("[[rule]]\ngroup = [\"ops\"]\nservice = [\"cron\"]\n{denies}"),
        format!("[[rule]]\ngroup = [\"wheel\", \"!ops\"]\n{denies}"),
    ] {
        let refused = PamCode::AuthInfoUnavailable;
        assert_eq!(code(&rules, &context(false)), refused, "{rules}");
        assert_ne!(code(&rules, &su()), PamCode::Success, "{rules}");
    }
}

#[test]
fn a_user_id_of_another_evades_no_group_of_the_directory() {
    let denies = "[[rule]]\ngroup = [\"banned\"]\naccess = \"deny\"\n";
    let elsewhere = format!("{denies}service = [\"cron\"]\n");
    let local = Scripted::new("local", Authority::System, Answer::Accepts);
    let mut corp = directory("corp", &["banned"]);
    corp.answer = Answer::AcceptsWithUid(1234);
    let machine = GroupFiles::new();
    let code = |rules: &str, all: [&Scripted; 2]| {
        let chain = machine.chain(rules, &all.map(Clone::clone), 2);
        chain.account(b"alice", None, &context(false)).code()
    };
    let unavailable = PamCode::AuthInfoUnavailable;
    for all in [[&local, &corp], [&corp, &local]] {
        assert_eq!(code(denies, all), unavailable);
        assert_eq!(code(&elsewhere, all), PamCode::Success);
    }
    corp.on_denied = Then::Stop;
    assert_eq!(code(denies, [&local, &corp]), PamCode::PermissionDenied);
    assert_eq!(code(&elsewhere, [&local, &corp]), PamCode::Success);
    // Whoever has a password in a second passwd database belongs to it.
    corp.on_denied = Then::Next;
    let own = Scripted::new("mail", Authority::Machine, Answer::Accepts);
    assert_eq!(code(denies, [&corp, &own]), PamCode::Success);
}

#[test]
fn a_plugin_that_says_nothing_of_accounts_evades_no_rule_about_a_group() {
    let denies = "[[rule]]\ngroup = [\"banned\"]\naccess = \"deny\"\n";
    let local = Scripted::new("local", Authority::System, Answer::Accepts);
    let mut plugin = directory("p", &["banned"]);
    plugin.lacks_accounts = true;
    let machine = GroupFiles::new();
    for all in [[&local, &plugin], [&plugin, &local]] {
        let chain = machine.chain(denies, &all.map(Clone::clone), 2);
        let decision = chain.account(b"alice", None, &context(false));
        assert_eq!(
            decision.code(),
            PamCode::AuthInfoUnavailable,
            "{}",
            decision.why()
        );
    }
}

#[test]
fn the_groups_of_people_in_the_passwd_file_are_those_of_the_directory_that_a_login_takes() {
    let rules = "[[rule]]\ngroup = [\"ops\"]\n[[rule]]\naccess = \"deny\"\n";
    let local = Scripted::new("local", Authority::System, Answer::Accepts);
    let (member, other) = (directory("a", &["ops"]), directory("b", &[]));
    let (member, other) = (&member, &other);
    let machine = GroupFiles::new();
    let code = |all: [&Scripted; 2], known: Option<&Account>| {
        let all = [&local, all[0], all[1]].map(Clone::clone);
        let chain = machine.chain(rules, &all, 3);
        chain.account(b"alice", known, &context(false)).code()
    };
    assert_eq!(code([member, other], None), PamCode::Success);
    assert!(!is_asked(other));
    assert_eq!(code([other, member], None), PamCode::PermissionDenied);
    // Who has just logged in by a directory's password has the groups of that directory.
    let by_member = member.known("alice");
    assert_eq!(code([other, member], by_member.as_ref()), PamCode::Success);
    let by_other = other.known("alice");
    let refused = code([member, other], by_other.as_ref());
    assert_eq!(refused, PamCode::PermissionDenied);
    // One that does not know the same person is passed, and one that does not answer is not.
    for (answer, expected) in [
        (Answer::Unknown, PamCode::Success),
        (Answer::AcceptsWithUid(1234), PamCode::Success),
        (Answer::Unavailable, PamCode::AuthInfoUnavailable),
    ] {
        let first = Scripted::new("b", Authority::Directory, answer);
        assert_eq!(code([&first, member], None), expected, "{answer:?}");
    }
}

#[test]
fn a_domain_beside_the_name_evades_no_rule() {
    let rules = "[[rule]]\nuser = [\"alice\"]\naccess = \"deny\"\n";
    for name in ["alice@example.com", "EXAMPLE\\alice", "ALICE@example.com"] {
        let decision = GroupFiles::new().login(rules, &[directory("corp", &[])], name);
        assert_eq!(decision.code(), PamCode::AuthError, "{name}");
    }
}

#[test]
fn another_name_of_the_entry_evades_no_rule_and_no_group_file() {
    let machine = GroupFiles::new();
    let code = |rules: &str, also_named: &[&'static str]| {
        let mut corp = directory("corp", &[]);
        corp.also_named = also_named.to_vec();
        let chain = machine.chain(rules, std::slice::from_ref(&corp), 1);
        let login = machine
            .login(rules, std::slice::from_ref(&corp), "eve")
            .code();
        (login, chain.account(b"eve", None, &context(false)).code())
    };
    let refused = (PamCode::AuthError, PamCode::PermissionDenied);
    let allowed = (PamCode::Success, PamCode::Success);
    let by_name = "[[rule]]\nuser = [\"mallory\"]\naccess = \"deny\"\n";
    assert_eq!(code(by_name, &["m"]), allowed);
    for other in ["mallory", "MALLORY", "mallory@x.org"] {
        assert_eq!(code(by_name, &["m", other]), refused, "{other}");
    }
    // The file has bob in wheel, and nobody says whether he is the same person.
    let by_file = "[[rule]]\ngroup = [\"wheel\"]\naccess = \"deny\"\n";
    let unavailable = (PamCode::AuthInfoUnavailable, PamCode::AuthInfoUnavailable);
    assert_eq!(code(by_file, &["rob"]), allowed);
    assert_eq!(code(by_file, &["bob"]), unavailable);
}

#[test]
fn an_unclear_group_refuses_only_where_it_decides() {
    let machine = GroupFiles::new();
    let login = |rules: &str| {
        let mut corp = directory("corp", &["ops"]);
        corp.unclear_groups = vec!["users"];
        let decision = machine.login(rules, std::slice::from_ref(&corp), "eve");
        let chain = machine.chain(rules, std::slice::from_ref(&corp), 1);
        let account = chain.account(b"eve", None, &context(false));
        let is_in = decision.code() == PamCode::Success;
        assert_eq!(account.code() == PamCode::Success, is_in, "{rules}");
        (is_in, decision.why())
    };
    let denies = "[[rule]]\nname = \"a\"\ngroup = [\"users\"]\naccess = \"deny\"\n";
    let (is_in, why) = login(denies);
    let words = "rule \"a\" denies if it fits: whether the person is in its group is unclear";
    assert!(!is_in && why.ends_with(words), "{why}");
    assert!(!login(&denies.replace("users", "!users")).0);
    assert!(login(&denies.replace("users", "guests")).0);
    let ops = "[[rule]]\ngroup = [\"ops\"]\n[[rule]]\ntty = [\"*\"]\naccess = \"deny\"\n";
    let users = "[[rule]]\ngroup = [\"users\"]\n";
    assert!(login(&format!("{users}{ops}")).0, "both ways let in");
    assert!(!login(&format!("{users}{}", ops.replace("ops", "guests"))).0);
}

#[test]
fn an_account_without_an_answer_is_let_in_only_where_that_is_set_and_only_for_the_directorys_own() {
    let down = Scripted::new("corp", Authority::Directory, Answer::Unavailable);
    let local = Scripted::new("local", Authority::System, Answer::Unknown);
    let fails = Scripted::new("corp", Authority::Directory, Answer::Fails);
    let broken = Scripted::new("local", Authority::System, Answer::Unavailable);
    let grouped = "[[rule]]\ngroup = [\"ops\"]\naccess = \"deny\"\n";
    let account = |rules: &str, all: &[&Scripted], name: &str, context: &Context<'_>| {
        let all: Vec<_> = all.iter().map(|&backend| backend.clone()).collect();
        let mut chain = GroupFiles::new().chain(rules, &all, all.len());
        let refused = chain.account(name.as_bytes(), None, context).code();
        assert_ne!(refused, PamCode::Success);
        chain.ruling.account_when_unavailable = WhenUnavailable::Allow;
        chain.account(name.as_bytes(), None, context).code() == PamCode::Success
    };
    assert!(account("", &[&local, &down], "bob", &context(false)));
    // What a server said is no outage, and the system must have a user who may be the directory's.
    let mut answers = down.clone();
    answers.has_a_server_that_answers = true;
    assert!(!account("", &[&local, &answers], "bob", &context(false)));
    assert!(!account("", &[&local, &down], "eve", &context(false)));
    let another = Scripted::new("a", Authority::Directory, Answer::AcceptsOtherName);
    assert!(!account("", &[&another, &down], "bob", &context(false)));
    // The caller of sudo could have caused it, and so could whoever runs a screen locker.
    assert!(!account("", &[&local, &down], "bob", &su()));
    let locker = Context {
        uid: 1000,
        euid: 1000,
        ..context(false)
    };
    assert!(!account("", &[&local, &down], "bob", &locker));
    // The passwd file has alice.
    assert!(!account("", &[&local, &down], "alice", &context(false)));
    assert!(!account("", &[&local, &fails], "bob", &context(false)));
    assert!(!account("", &[&broken, &down], "bob", &context(false)));
    assert!(!account(grouped, &[&local, &down], "bob", &context(false)));
}

prop_compose! {
    fn a_rule()(
        user in prop::option::of(prop::sample::select(vec!["bob", "!bob", "eve"])),
        group in prop::option::of(prop::sample::select(vec!["wheel", "!wheel", "staff", "!staff"])),
        denies: bool,
    ) -> String {
        let list = |key: &str, entry: Option<&str>| {
            entry.map(|entry| format!("{key} = [\"{entry}\"]\n")).unwrap_or_default()
        };
        let access = if denies { "access = \"deny\"\n" } else { "" };
        format!("[[rule]]\n{}{}{access}", list("user", user), list("group", group))
    }
}

fn rules() -> impl Strategy<Value = String> {
    let some = proptest::collection::vec(a_rule(), 1..4).prop_map(|rules| rules.concat());
    let corp = [directory("corp", &[])];
    some.prop_filter("has a fault", move |rules| parsed(rules, &corp).is_some())
}

fn groups() -> impl Strategy<Value = Vec<&'static str>> {
    proptest::sample::subsequence(vec!["wheel", "staff"], 0..=2)
}

fn lets_in(machine: &GroupFiles, rules: &str, corp: &Scripted, name: &str) -> (bool, bool) {
    let all = std::slice::from_ref(corp);
    let login = machine.login(rules, all, name).code() == PamCode::Success;
    let chain = machine.chain(rules, all, 1);
    let account = chain.account(name.as_bytes(), None, &context(false));
    (login, account.code() == PamCode::Success)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_rule_lets_in_whom_the_backends_do_not(
        rules in rules(), groups in groups(), name in prop::sample::select(vec!["bob", "eve"]),
    ) {
        let mut corp = directory("corp", &groups);
        corp.answer = Answer::Denies;
        prop_assert_eq!(lets_in(&GroupFiles::new(), &rules, &corp, name), (false, false));
    }

    #[test]
    fn a_login_and_its_account_are_allowed_by_the_same_rule(
        rules in rules(), groups in groups(), name in prop::sample::select(vec!["bob", "eve"]),
    ) {
        let (login, account) = lets_in(&GroupFiles::new(), &rules, &directory("corp", &groups), name);
        prop_assert_eq!(login, account);
    }

    #[test]
    fn no_fault_of_a_group_lets_in_more(
        rules in rules(), groups in groups(), name in prop::sample::select(vec!["bob", "eve"]),
        fault in 0..3,
    ) {
        let machine = GroupFiles::new();
        let mut corp = directory("corp", &groups);
        let before = lets_in(&machine, &rules, &corp, name);
        match fault {
            0 => machine.write("group", "root:x:0:\nwhe"),
            1 => corp.groups = None,
            _ => corp.unclear_groups = corp.groups.replace(Vec::new()).unwrap(),
        }
        let after = lets_in(&machine, &rules, &corp, name);
        prop_assert!(after.0 <= before.0 && after.1 <= before.1, "{:?} {:?}", before, after);
    }
}
