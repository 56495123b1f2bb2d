//! Credentials, prompts, texts and log lines of the shipped stacks.

use authchain_tests::host::codes::{ACCT_EXPIRED, NEW_AUTHTOK_REQD};
use authchain_tests::real::ask::Ask;
use authchain_tests::real::failures::{BOTH_ORDERS, FAULTS, LOGINS, faults};
use authchain_tests::real::faults::{Faults, ModuleFile, Standing, Starter, Who};
use authchain_tests::real::log::not_as_told;
use authchain_tests::real::people::person;
use authchain_tests::real::shipped::Shipped;
use authchain_tests::real::stacks::{COMMON_ACCOUNT, COMMON_AUTH, Stack, Town, installed};

/// The caller's limits may also prevent the module of line 2 from loading.
#[test]
fn without_pam_succeed_if_a_module_that_does_not_load_ends_the_stack() {
    let Some(town) = Town::new("no pam_succeed_if", Stack::Common, BOTH_ORDERS[0]) else {
        return;
    };
    let wrong = faults("the module is missing");
    town.befall(wrong);
    for (file, text) in [
        ("common-auth", COMMON_AUTH),
        ("common-account", COMMON_ACCOUNT),
    ] {
        let text = installed(&town.machine, text);
        let absent = "/run/stage/absent/pam_succeed_if.so";
        town.machine
            .stack(file, &text.replace("pam_succeed_if.so", absent));
    }
    for starter in [Starter::Root, Starter::Another] {
        for (_, steps) in LOGINS {
            let service = if starter == Starter::Root {
                "sshd"
            } else {
                "sudo"
            };
            for who in Who::ALL {
                let answer = town.ask(starter, service, who, wrong, steps);
                assert_ne!(answer.first_refusal(), 0, "{service}, {who:?}: {answer:?}");
            }
        }
    }
}

/// sshd sets credentials in another process than the one that authenticated, or has not
/// authenticated at all: libpam then follows the stack with the modules' answers to setcred.
#[test]
fn credentials_are_set_in_a_process_that_never_authenticated() {
    let steps = "setcred open close setcred";
    for stack in [Stack::Common, Stack::OneService, Stack::Try] {
        let Some(town) = Town::new("credentials", stack, BOTH_ORDERS[0]) else {
            return;
        };
        for (words, wrong) in FAULTS {
            if stack == Stack::Try && wrong.module != ModuleFile::Fine {
                continue;
            }
            town.befall(wrong);
            for who in [Who::Root, Who::Local, Who::Directory] {
                let answer = town.ask(Starter::Root, "sshd", who, wrong, steps);
                assert_eq!(
                    answer.codes, [0; 4],
                    "{stack:?}, {words}, {who:?}: {answer:?}"
                );
                assert_eq!(answer.asked, [""; 0], "{stack:?}, {words}, {who:?}");
            }
        }
    }
}

#[test]
fn everybody_is_asked_once_and_hears_each_text_once_and_failures_are_counted_once() {
    for stack in [Stack::Common, Stack::OneService, Stack::Try] {
        for chain in BOTH_ORDERS {
            let Some(town) = Town::new("texts", stack, chain) else {
                return;
            };
            let complaints = Shipped::read().complaints(&town);
            assert!(complaints.is_empty(), "{stack:?}, {chain}: {complaints}");
        }
    }
}

/// While pam_unix stands in, it prompts, shows the texts and logs the failures.
#[test]
fn where_pam_unix_stands_in_there_is_one_question_and_one_failure_line_too() {
    let Some(town) = Town::new("pam_unix stands in", Stack::Common, BOTH_ORDERS[0]) else {
        return;
    };
    let unusable = |phase: &str| {
        format!("pam_authchain(sshd:{phase}): the configuration cannot be used: /etc/...")
    };
    let unloaded = ["PAM unable to dlopen(...", "PAM adding faulty module: ..."];
    let failure = "pam_unix(sshd:auth): authentication failure; logname=... uid=0 euid=0 tty=test \
                   ruser= rhost=192.0.2.7  user=alice";
    for (words, auth, account) in [
        (
            "the configuration is broken",
            vec![unusable("auth")],
            vec![unusable("account")],
        ),
        (
            "the module is missing",
            unloaded.map(str::to_owned).to_vec(),
            Vec::new(),
        ),
    ] {
        for (standing, failures) in [(Standing::Fine, 0), (Standing::WrongPassword, 1)] {
            let failed = vec![failure.to_owned(); failures];
            let told = [auth.clone(), failed, account.clone()].concat();
            let wrong = Faults {
                standing,
                ..faults(words)
            };
            town.befall(wrong);
            let mark = town.machine.log.mark();
            let answer = town.ask(Starter::Root, "sshd", Who::Local, wrong, "auth account");
            let lines = town.machine.log.since(mark);
            assert_eq!(not_as_told(&told, &lines), None, "{words}");
            assert_eq!(answer.asked, ["Password: "], "{words}: {answer:?}");
            assert_eq!(answer.told, [""; 0], "{words}: {answer:?}");
        }
    }
}

/// People with an expired account, a password that must be changed, and a password that expires
/// soon.
#[test]
fn while_pam_unix_stands_in_it_judges_the_account_and_says_so_once() {
    let Some(town) = Town::new("accounts of pam_unix", Stack::Common, BOTH_ORDERS[0]) else {
        return;
    };
    for words in ["the configuration is broken", "the module is missing"] {
        town.befall(faults(words));
        for (user, code) in [
            ("eve", ACCT_EXPIRED),
            ("charly", NEW_AUTHTOK_REQD),
            ("wanda", 0),
        ] {
            let ask = Ask {
                service: "sshd".into(),
                user: user.into(),
                password: person(user).password.unwrap().into(),
                steps: vec!["auth".into(), "account".into()],
                ..Ask::default()
            };
            let answer = town.machine.ask(&ask).unwrap();
            assert_eq!(answer.codes, [0, code], "{words}, {user}: {answer:?}");
            assert_eq!(answer.told.len(), 1, "{words}, {user}: {answer:?}");
        }
    }
}

/// A caller of su cannot break the configuration, but an administrator can. Even then, an empty
/// password must let nobody in.
#[test]
fn while_pam_unix_stands_in_an_empty_password_opens_nothing() {
    let Some(town) = Town::new("void", Stack::Common, BOTH_ORDERS[0]) else {
        return;
    };
    for words in ["the configuration is broken", "the module is missing"] {
        town.befall(faults(words));
        let ask = Ask {
            service: "login".into(),
            user: "void".into(),
            steps: vec!["auth".into()],
            ..Ask::default()
        };
        let answer = town.machine.ask(&ask).unwrap();
        assert_ne!(answer.codes, [0], "{words}: {answer:?}");
    }
}
