//! What a stack does with each answer we can give.

use super::dispatch::run;
use super::stack::{Entry, Module};
use super::syntax::Facility;
use crate::check::report::Severity;

/// Our own module.
pub(super) const OURS: &str = "pam_authchain";

/// Modules that check the system's own passwords.
const UNIX: [&str; 3] = ["pam_unix", "pam_unix_ng", "pam_tcb"];

/// Modules that let somebody in by themselves: another password, a token, being root already. A
/// wrong password and no token is what we ask about, so they refuse.
const CREDENTIALS: [&str; 24] = [
    "pam_sss",
    "pam_ldap",
    "pam_krb5",
    "pam_winbind",
    "pam_systemd_home",
    "pam_kanidm",
    "pam_himmelblau",
    "pam_userdb",
    "pam_mysql",
    "pam_pgsql",
    "pam_radius_auth",
    "pam_tacplus",
    "pam_oath",
    "pam_google_authenticator",
    "pam_u2f",
    "pam_yubico",
    "pam_fprintd",
    "pam_pkcs11",
    "pam_p11",
    "pam_ssh_agent_auth",
    "pam_duo",
    "pam_ccreds",
    "pam_rootok",
    "pam_timestamp",
];

/// Modules that say nothing about who somebody is.
const SILENT: [&str; 11] = [
    "pam_env",
    "pam_faildelay",
    "pam_nologin",
    "pam_group",
    "pam_mail",
    "pam_motd",
    "pam_echo",
    "pam_issue",
    "pam_warn",
    "pam_cap",
    "pam_keyinit",
];

/// What we answer when our configuration is broken.
const UNAVAILABLE: &str = "authinfo_unavail";

/// What everybody answers in a case that is played through.
#[derive(Clone, Copy)]
struct Case {
    ours: &'static str,
    unix: &'static str,
    credentials: &'static str,
}

/// A fault of a stack: how bad, and what.
pub(super) struct Fault {
    pub(super) severity: Severity,
    pub(super) message: String,
}

/// Answers that are played through a stack, and what it is told if it does not do with them as it
/// should.
struct Trial {
    /// Ours, one after the other.
    ours: &'static [&'static str],
    unix: &'static str,
    credentials: &'static str,
    /// Whether somebody should get in.
    should: bool,
    severity: Severity,
    /// The words, for the stack and those of our answers with which it does otherwise.
    words: fn(&[Entry], &[&str]) -> String,
    /// Whether it means something beside faults that were found before.
    stands_beside_others: bool,
}

const AUTH: [Trial; 3] = [
    Trial {
        ours: &["auth_err", "user_unknown", UNAVAILABLE],
        unix: "auth_err",
        credentials: "auth_err",
        should: false,
        severity: Severity::Error,
        // The other answers take the same way.
        words: |_, ours| {
            let first = ours.first().copied().unwrap_or_default();
            format!("a wrong password gets in: authchain answers {first} and the stack succeeds")
        },
        stands_beside_others: true,
    },
    Trial {
        ours: &[UNAVAILABLE],
        unix: "success",
        credentials: "auth_err",
        should: true,
        severity: Severity::Warning,
        words: |stack, _| locked_out(stack),
        stands_beside_others: true,
    },
    Trial {
        ours: &["success"],
        unix: "auth_err",
        credentials: "auth_err",
        should: true,
        severity: Severity::Warning,
        words: |_, _| {
            "a password that authchain accepts lets nobody in: another module must accept it too"
                .to_owned()
        },
        stands_beside_others: true,
    },
];

const ACCOUNT: [Trial; 3] = [
    Trial {
        ours: &["perm_denied", "acct_expired", "new_authtok_reqd"],
        unix: "success",
        credentials: "success",
        should: false,
        severity: Severity::Warning,
        words: |stack, ours| {
            format!(
                "a refusal of authchain ({}) would be skipped, and pam_unix behind or before it \
                 lets the locked and expired in: the control is `{}`",
                ours.join(", "),
                control_of_ours(stack)
            )
        },
        stands_beside_others: true,
    },
    Trial {
        ours: &[UNAVAILABLE],
        unix: "success",
        credentials: "success",
        should: true,
        severity: Severity::Warning,
        words: |stack, _| locked_out(stack),
        stands_beside_others: true,
    },
    Trial {
        ours: &["success"],
        unix: "user_unknown",
        credentials: "user_unknown",
        should: true,
        severity: Severity::Note,
        words: |_, _| {
            "people whom only authchain knows are refused here: another module must know them too"
                .to_owned()
        },
        stands_beside_others: false,
    },
];

/// What is wrong with a stack in which we stand.
pub(super) fn judge(facility: Facility, stack: &[Entry]) -> Vec<Fault> {
    let trials: &[Trial] = match facility {
        Facility::Auth => &AUTH,
        Facility::Account => &ACCOUNT,
        Facility::Password | Facility::Session => &[],
    };
    let mut faults: Vec<Fault> = Vec::new();
    for trial in trials {
        if trial.stands_beside_others || faults.is_empty() {
            faults.extend(trial.on(stack));
        }
        // Where a wrong password gets in, nothing else matters.
        if faults.iter().any(|fault| fault.severity == Severity::Error) {
            break;
        }
    }
    faults
}

impl Trial {
    fn on(&self, stack: &[Entry]) -> Option<Fault> {
        let is_fault = |ours: &&&'static str| {
            let case = Case {
                ours,
                unix: self.unix,
                credentials: self.credentials,
            };
            some_way_in(stack, case) != self.should
        };
        let wrong: Vec<&str> = self.ours.iter().filter(is_fault).copied().collect();
        (!wrong.is_empty()).then(|| Fault {
            severity: self.severity,
            message: (self.words)(stack, &wrong),
        })
    }
}

/// Why nobody gets in when our configuration is broken.
fn locked_out(stack: &[Entry]) -> String {
    const NOBODY: &str = "nobody gets in when the configuration is broken, not even root";
    let behind = stack.iter().skip_while(|entry| entry.name() != OURS);
    let is_other =
        |entry: &Entry| matches!(&entry.module, Module::Ask { .. }) && entry.name() != OURS;
    if !stack.iter().any(is_other) {
        format!("authchain stands alone in this stack: {NOBODY}")
    } else if !behind.clone().any(is_unix) {
        format!("no pam_unix behind authchain: {NOBODY}")
    } else if behind.clone().any(takes_a_password_over) {
        format!("pam_unix has `use_first_pass`, and a broken authchain asks for none: {NOBODY}")
    } else {
        let control = control_of_ours(stack);
        format!("pam_unix is there, but `{control}` lets no failure of authchain pass: {NOBODY}")
    }
}

fn takes_a_password_over(entry: &Entry) -> bool {
    is_unix(entry)
        && entry
            .arguments()
            .iter()
            .any(|given| given == "use_first_pass")
}

fn is_unix(entry: &Entry) -> bool {
    UNIX.contains(&entry.name())
}

fn control_of_ours(stack: &[Entry]) -> &str {
    stack
        .iter()
        .find_map(|entry| match &entry.module {
            Module::Ask { control, .. } if entry.name() == OURS => Some(control.text.as_str()),
            _ => None,
        })
        .unwrap_or_default()
}

/// Whether the stack succeeds, however the modules decide that choose a way through it.
fn some_way_in(stack: &[Entry], case: Case) -> bool {
    [true, false]
        .into_iter()
        .any(|jumping| run(stack, &|entry| answer(entry, case, jumping)) == "success")
}

fn answer(entry: &Entry, case: Case, jumping: bool) -> &'static str {
    let has = |argument: &str| entry.arguments().iter().any(|given| given == argument);
    match entry.name() {
        "" | "pam_deny" => "auth_err",
        "pam_permit" => "success",
        OURS => case.ours,
        "pam_faillock" | "pam_tally2" if has("authfail") => "auth_err",
        // Where the configuration is broken we ask nobody, so there is no password to take over.
        _ if takes_a_password_over(entry) && case.ours == UNAVAILABLE => "auth_err",
        name if UNIX.contains(&name) => case.unix,
        name if CREDENTIALS.contains(&name) => case.credentials,
        name if SILENT.contains(&name) => "ignore",
        // A module that looks at circumstances: it may choose the way (both ways are tried), it may
        // forbid (it does not), and where it may let somebody in by itself, it is meant to.
        _ if entry.jumps() => {
            if jumping {
                "success"
            } else {
                "auth_err"
            }
        }
        _ if entry.is_sufficient() => "auth_err",
        _ => "success",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::pam::stack::expand;
    use crate::check::pam::tests::files;

    fn faults(facility: Facility, text: &str) -> Vec<String> {
        let (_dir, files) = files(&[("s", text)]);
        let stack = expand(&files, &files.path_of("s"), facility);
        judge(facility, &stack)
            .into_iter()
            .map(|fault| fault.message)
            .collect()
    }

    fn assert_fault(facility: Facility, text: &str, expected: &str) {
        let found = faults(facility, text);
        assert!(
            found.len() == 1 && found[0].contains(expected),
            "{text}\n  found {found:?}\n  expected {expected}"
        );
    }

    #[test]
    fn the_stacks_we_ship_have_no_fault() {
        for (facility, text) in [
            (
                Facility::Auth,
                include_str!("../../../../../pam.d/debian-common-auth"),
            ),
            (
                Facility::Account,
                include_str!("../../../../../pam.d/debian-common-account"),
            ),
            (
                Facility::Auth,
                include_str!("../../../../../pam.d/one-service"),
            ),
            (
                Facility::Account,
                include_str!("../../../../../pam.d/one-service"),
            ),
        ] {
            assert_eq!(faults(facility, text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_stack_that_lets_a_wrong_password_in_is_an_error() {
        for text in [
            "auth sufficient pam_authchain.so\nauth required pam_permit.so",
            "auth optional pam_authchain.so\nauth required pam_permit.so",
            "auth [success=ok user_unknown=ignore default=die] pam_authchain.so\nauth required pam_permit.so",
            "auth [success=2 default=ignore] pam_authchain.so\nauth [success=1 default=ignore] pam_unix.so\nauth optional pam_deny.so\nauth required pam_permit.so",
            "auth [success=1 default=ignore] pam_localuser.so\nauth requisite pam_deny.so\nauth optional pam_authchain.so\nauth required pam_permit.so",
        ] {
            assert_fault(Facility::Auth, text, "a wrong password gets in");
        }
    }

    #[test]
    fn a_stack_that_locks_everybody_out_with_a_broken_configuration_is_named() {
        let cases = [
            ("auth required pam_authchain.so", "authchain stands alone"),
            (
                "auth sufficient pam_authchain.so\nauth required pam_deny.so",
                "no pam_unix behind authchain",
            ),
            (
                "auth requisite pam_authchain.so\nauth optional pam_unix.so",
                "`requisite` lets no failure",
            ),
            (
                "auth sufficient pam_authchain.so\nauth required pam_unix.so use_first_pass",
                "a broken authchain asks for none",
            ),
        ];
        for (text, expected) in cases {
            assert_fault(Facility::Auth, text, expected);
        }
        assert_fault(
            Facility::Account,
            "account required pam_unix.so\naccount required pam_authchain.so",
            "no pam_unix behind authchain",
        );
    }

    #[test]
    fn pam_unix_may_also_stand_before_us() {
        let text = "auth sufficient pam_unix.so\nauth sufficient pam_authchain.so use_first_pass\nauth required pam_deny.so";
        assert_eq!(faults(Facility::Auth, text), Vec::<String>::new());
    }

    #[test]
    fn a_refusal_that_is_skipped_is_named() {
        for text in [
            "account [success=1 default=ignore] pam_authchain.so\naccount required pam_unix.so\naccount required pam_permit.so",
            "account sufficient pam_authchain.so\naccount required pam_unix.so",
            "account optional pam_authchain.so\naccount required pam_unix.so",
        ] {
            assert_fault(Facility::Account, text, "would be skipped");
        }
    }

    #[test]
    fn an_account_stack_that_refuses_whom_only_we_know_is_noted() {
        let text = "account required pam_authchain.so\naccount required pam_unix.so";
        let text = text.replace(
            "required pam_authchain",
            "[success=ok authinfo_unavail=ignore default=die] pam_authchain",
        );
        assert_fault(
            Facility::Account,
            &text,
            "people whom only authchain knows are refused",
        );
    }

    #[test]
    fn needing_two_passwords_at_once_is_named() {
        let text = "auth [success=ok authinfo_unavail=ignore default=die] pam_authchain.so\nauth required pam_unix.so try_first_pass";
        assert_fault(Facility::Auth, text, "another module must accept it too");
    }

    #[test]
    fn modules_that_look_at_circumstances_do_not_raise_false_alarms() {
        for text in [
            "auth sufficient pam_rootok.so\nauth sufficient pam_authchain.so\nauth required pam_unix.so",
            "auth sufficient pam_succeed_if.so user ingroup nopasswdlogin\nauth sufficient pam_authchain.so\nauth required pam_unix.so",
            "auth required pam_faillock.so preauth\nauth sufficient pam_authchain.so\nauth sufficient pam_unix.so\nauth [default=die] pam_faillock.so authfail\nauth required pam_deny.so",
            "auth optional pam_faildelay.so\nauth requisite pam_nologin.so\nauth sufficient pam_authchain.so\nauth sufficient pam_unix.so\nauth required pam_deny.so",
        ] {
            assert_eq!(faults(Facility::Auth, text), Vec::<String>::new(), "{text}");
        }
    }
}
