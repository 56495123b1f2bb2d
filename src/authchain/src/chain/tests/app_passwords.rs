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
            "the account says no groups (app: unknown; corp: unknown)",
        ),
        (
            down,
            "the account says no groups (app: unknown; corp unavailable: down)",
        ),
        (
            ended,
            "the account says no groups (app: unknown; corp: the account has expired)",
        ),
        (
            anothers,
            "the account says no groups (app: unknown; corp: unknown)",
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
