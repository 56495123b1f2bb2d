//! Tests of chains with app passwords, which say nothing of the account.

use super::rules::{GroupFiles, directory};
use super::scripted::{Answer, Scripted};
use super::*;
use crate::backends::Authority;
use crate::words::PamCode;

const RULES: &str = "[[rule]]\ngroup = [\"former\"]\naccess = \"deny\"\n";

fn app_passwords() -> Scripted {
    let mut app = Scripted::new("app", Authority::Machine, Answer::Accepts);
    app.is_for_programs = true;
    app.groups = None;
    app
}

fn login_with(directory: Scripted, name: &str) -> AuthDecision {
    GroupFiles::new().login(RULES, &[app_passwords(), directory], name)
}

#[test]
fn whoever_judges_the_account_says_which_groups_an_app_password_has() {
    let decision = login_with(directory("corp", &["staff"]), "eve");
    assert_eq!(decision.code(), PamCode::Success, "{}", decision.why());
    let decision = login_with(directory("corp", &["former"]), "eve");
    assert_eq!(decision.code(), PamCode::AuthError);
    assert!(
        decision.why().ends_with("; rule 1 (line 10) denies"),
        "{}",
        decision.why()
    );
}

#[test]
fn a_directory_is_asked_about_an_app_password_only_where_its_groups_decide() {
    let corp = directory("corp", &[]);
    let rules = "[[rule]]\nservice = [\"other\"]\ngroup = [\"former\"]\naccess = \"deny\"\n";
    let decision = GroupFiles::new().login(rules, &[app_passwords(), corp.clone()], "eve");
    assert_eq!((decision.code(), corp.asked()), (PamCode::Success, 0));
}

#[test]
fn groups_that_nobody_says_refuse_an_app_password() {
    let mut silent = directory("corp", &[]);
    silent.groups = None;
    let unknown = Scripted::new("corp", Authority::Directory, Answer::Unknown);
    let down = Scripted::new("corp", Authority::Directory, Answer::Unavailable);
    let ended = Scripted::new("corp", Authority::Directory, Answer::Denies);
    let anothers = Scripted::new("corp", Authority::Directory, Answer::AcceptsWithUid(7));
    for (directory, why) in [
        (silent, "nobody says who is in the group former"),
        (
            unknown,
            "no backend calls the account valid (app: unknown; corp: unknown)",
        ),
        (
            down,
            "no backend calls the account valid (app: unknown; corp unavailable: down)",
        ),
        (
            ended,
            "no backend calls the account valid (app: unknown; corp: the account has expired)",
        ),
        (
            anothers,
            "no backend calls the account valid (app: unknown; corp: unknown)",
        ),
    ] {
        let decision = login_with(directory, "eve");
        assert_eq!(decision.code(), PamCode::AuthInfoUnavailable, "{why}");
        let said = decision.why().replace(" (0 ms)", "");
        assert!(
            said.ends_with(&format!("; no rule can be chosen: {why}")),
            "{said}"
        );
    }
}

#[test]
fn an_app_password_is_good_only_for_the_user_id_for_which_it_was_made() {
    let mut app = app_passwords();
    app.answer = Answer::AcceptsWithUid(5000);
    let login = |name: &str, corp: Answer| {
        let corp = Scripted::new("corp", Authority::Directory, corp);
        let decision = GroupFiles::new().login("", &[app.clone(), corp.clone()], name);
        (decision.code(), decision.why().replace(" (0 ms)", ""))
    };
    let (code, why) = login("eve", Answer::AcceptsWithUid(5000));
    assert_eq!(code, PamCode::Success, "{why}");
    for (corp, code, words) in [
        (
            Answer::AcceptsWithUid(5001),
            PamCode::AuthError,
            "the app password is for user id 5000, the account has 5001",
        ),
        (
            Answer::Accepts,
            PamCode::AuthError,
            "the app password is for user id 5000, the account has none",
        ),
        (
            Answer::Unknown,
            PamCode::AuthInfoUnavailable,
            "no backend calls the account valid (app: unknown; corp: unknown)",
        ),
        (
            Answer::Unavailable,
            PamCode::AuthInfoUnavailable,
            "no backend calls the account valid (app: unknown; corp unavailable: down)",
        ),
    ] {
        let (found, why) = login("eve", corp);
        assert_eq!(found, code, "{why}");
        assert!(why.ends_with(words), "{why}");
    }
}

#[test]
fn a_directory_is_not_asked_for_the_user_id_of_a_name_that_the_system_knows() {
    let mut app = app_passwords();
    app.answer = Answer::AcceptsWithUid(1002);
    let corp = directory("corp", &[]);
    let decision = GroupFiles::new().login("", &[app, corp.clone()], "bob");
    assert_eq!((decision.code(), corp.asked()), (PamCode::Success, 0));
}

#[test]
fn an_app_password_does_not_count_where_a_group_leads_to_a_rule_that_does_not_ask_for_it() {
    let rules = "[[rule]]\ngroup = [\"ops\"]\n\
                 [[rule]]\nservice = [\"test\"]\nchain = [\"app\", \"corp\"]\n";
    let machine = GroupFiles::new();
    for (group, code) in [("ops", PamCode::AuthError), ("staff", PamCode::Success)] {
        let all = [directory("corp", &[group]), app_passwords()];
        let chain = machine.chain(rules, &all, 1);
        let decision = login_in(&chain, &context(false), "eve", b"pw");
        assert_eq!(decision.code(), code, "{}", decision.why());
    }
}
