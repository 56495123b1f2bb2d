use super::*;
use crate::account_gate::barred;
use crate::ldap::policy::control::PolicyAnswer;
use authchain::words::AccountStatus;
use ldap3::LdapResult;

fn answer(rc: u32, error: Option<BindError>) -> BindReply {
    let result = LdapResult {
        rc,
        matched: String::new(),
        text: String::new(),
        refs: vec![],
        ctrls: vec![],
    };
    let mut policy = PolicyAnswer::default();
    policy.error = error;
    BindReply { result, policy }
}

fn reason(answer: Option<Answer>) -> Option<DenialReason> {
    match answer?.verdict {
        WireVerdict::Denied(denial) => Some(denial.reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_yes_that_the_policy_contradicts_is_a_no() {
    for (error, expected) in [
        (None, None),
        (Some(BindError::MustChange), None),
        (Some(BindError::Expired), Some(DenialReason::NotPermitted)),
        (Some(BindError::Locked), Some(DenialReason::Locked)),
    ] {
        let answer = answer(codes::SUCCESS, error);
        assert_eq!(reason(refusal(&answer).unwrap()), expected, "{error:?}");
        let guessed = refusal_of_derived_name(&answer).unwrap();
        assert_eq!(reason(guessed), expected, "{error:?}");
    }
}

#[test]
fn an_entry_that_is_missing_is_a_wrong_guess_and_otherwise_trouble() {
    let missing = answer(codes::NO_SUCH_OBJECT, None);
    let guessed = refusal_of_derived_name(&missing).unwrap();
    assert_eq!(reason(guessed), Some(DenialReason::BadCredential));
    // An entry that was just found: this server is at odds with itself.
    assert!(refusal(&missing).is_err());
    let busy = answer(51, None);
    assert!(refusal_of_derived_name(&busy).is_err());
}

#[test]
fn only_accounts_that_may_be_used_get_in() {
    let warning = || Some("soon".to_owned());
    for (status, expected) in [
        (AccountStatus::Valid { warning: None }, None),
        (AccountStatus::Valid { warning: warning() }, None),
        (AccountStatus::MustChangePassword, None),
        (AccountStatus::Locked, Some(DenialReason::Locked)),
        (
            AccountStatus::PasswordExpired,
            Some(DenialReason::NotPermitted),
        ),
        (
            AccountStatus::AccountExpired,
            Some(DenialReason::NotPermitted),
        ),
        (
            AccountStatus::NotPermitted,
            Some(DenialReason::NotPermitted),
        ),
    ] {
        let reason = status
            .forbids_login()
            .then(|| barred(status.clone(), "").reason);
        assert_eq!(reason, expected, "{status}");
    }
}
