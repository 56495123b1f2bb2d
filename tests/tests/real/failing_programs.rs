//! Plays docs/failures.md with the real su, sudo, login, sshd and cron.

use authchain_tests::need;
use authchain_tests::pattern::fits;
use authchain_tests::real::failures::{BOTH_ORDERS, TABLES, Table, faults};
use authchain_tests::real::faults::{Starter, Who};
use authchain_tests::real::hosts::{self, Host, by};
use authchain_tests::real::ipc::Run;
use authchain_tests::real::log::listing;
use authchain_tests::real::people::person;
use authchain_tests::real::ssh;
use authchain_tests::real::stacks::{Stack, Town};

/// Plays the rows of the page with a real program, for those people with whom the program can be
/// started. An accepted login logs no failure, and a refused one at most one.
fn play_for_real(table: &Table, host: Host, starter: Starter, persons: &[Who]) {
    let test = "failures at real programs";
    if !host.programs().iter().all(|path| need::file(test, path)) {
        return;
    }
    let Some(town) = Town::new(test, Stack::Common, BOTH_ORDERS[0]) else {
        return;
    };
    match host {
        Host::SshdPassword | Host::SshdKeyboard | Host::SshdKey => {
            ssh::start_with(&town.machine, "PermitRootLogin yes\n");
        }
        host => host.start(&town.machine),
    }
    if host == Host::SudoSilent {
        let sudoers = "Defaults !lecture\nALL ALL=(ALL:ALL) NOPASSWD: ALL\n";
        town.machine.write("/etc/sudoers", 0o440, sudoers);
    }
    let mut complaints = String::new();
    for row in table.rows() {
        if !row.starters.contains(&starter) {
            continue;
        }
        let wrong = faults(row.wrong);
        town.befall(wrong);
        for (who, lets_in) in Who::ALL.into_iter().zip(row.lets_in) {
            if !persons.contains(&who) {
                continue;
            }
            let mark = town.machine.log.mark();
            let (user, password) = (who.name(wrong.standing), who.password(wrong.standing));
            let outcome = host.attempt(&town.machine, user, &password);
            let lines = town.machine.log.since(mark);
            let failures = lines.iter().filter(|line| line.is_failure()).count();
            if outcome.accepted != lets_in || failures > usize::from(!lets_in) {
                complaints += &format!(
                    "\n{}, {who:?}: {}\n{}",
                    row.wrong,
                    outcome.shown,
                    listing(&lines)
                );
            }
        }
    }
    assert!(complaints.is_empty(), "{host:?}: {complaints}");
}

/// The people who can own a crontab, and those who can call sudo.
const KNOWN: &[Who] = &[Who::Root, Who::Local, Who::Directory];

#[test]
fn su_lets_in_whom_the_page_names() {
    play_for_real(&TABLES[0], Host::Su, Starter::Another, &Who::ALL);
}

#[test]
fn sudo_lets_in_whom_the_page_names() {
    play_for_real(&TABLES[0], Host::Sudo, Starter::Another, &KNOWN[1..]);
    play_for_real(&TABLES[1], Host::SudoSilent, Starter::Another, &KNOWN[1..]);
}

#[test]
fn login_lets_in_whom_the_page_names() {
    play_for_real(&TABLES[0], Host::Login, Starter::Root, &Who::ALL);
    play_for_real(&TABLES[1], Host::LoginForced, Starter::Root, KNOWN);
}

#[test]
fn sshd_lets_in_with_a_password_whom_the_page_names() {
    play_for_real(&TABLES[0], Host::SshdPassword, Starter::Root, &Who::ALL);
}

#[test]
fn sshd_keyboard_interactive_lets_in_whom_the_page_names() {
    play_for_real(&TABLES[0], Host::SshdKeyboard, Starter::Root, &Who::ALL);
}

#[test]
fn sshd_lets_in_with_a_key_whom_the_page_names() {
    play_for_real(&TABLES[1], Host::SshdKey, Starter::Root, &Who::ALL);
}

#[test]
fn cron_runs_the_jobs_of_those_whom_the_page_names() {
    play_for_real(&TABLES[1], Host::Cron, Starter::Root, KNOWN);
}

/// su and sudo, called by root from a shell for repairs.
#[test]
fn su_and_sudo_go_on_working_for_root_while_the_module_is_missing() {
    let Some(town) = Town::new("root's su", Stack::Common, BOTH_ORDERS[0]) else {
        return;
    };
    Host::Sudo.start(&town.machine);
    town.befall(faults("the module is missing"));
    let root = town.machine.command(&[]);
    for (program, outcome) in [
        ("su", hosts::su(&town.machine, &root, "alice", "")),
        ("sudo", hosts::sudo(&town.machine, &root, "")),
    ] {
        assert!(outcome.accepted, "{program}: {}", outcome.shown);
    }
}

/// Whatever a caller's limits prevent from being loaded or read, only authchain lets people in.
#[test]
fn no_limit_of_a_callers_leads_to_pam_unix() {
    let Some(town) = Town::new("limits", Stack::Common, BOTH_ORDERS[0]) else {
        return;
    };
    Host::Sudo.start(&town.machine);
    let limits = (4..80).step_by(3).map(|mib| (Some(mib << 20), None));
    let limits = limits.chain((3..16).map(|files| (None, Some(files))));
    let (mut not_loaded, mut loaded) = (0, 0);
    for (max_memory, max_open_files) in limits {
        for password in [person("alice").password.unwrap(), "a wrong guess".into()] {
            for program in ["su", "sudo"] {
                let mark = town.machine.log.mark();
                let caller = |name| Run {
                    max_memory,
                    max_open_files,
                    ..by(&town.machine, &person(name), &[])
                };
                let outcome = match program {
                    "su" => hosts::su(&town.machine, &caller("mallory"), "alice", &password),
                    _ => hosts::sudo(&town.machine, &caller("alice"), &password),
                };
                let lines = town.machine.log.since(mark);
                let has = |pattern: &str| lines.iter().any(|line| fits(pattern, &line.text));
                let accepted = has("pam_authchain(...:auth): alice: local: accepted ...");
                let about = format!(
                    "{program}, {max_memory:?}, {max_open_files:?}: {}\n{}",
                    outcome.shown,
                    listing(&lines)
                );
                assert!(!has("pam_unix(..."), "{about}");
                assert!(accepted || !outcome.accepted, "{about}");
                loaded += usize::from(accepted);
                not_loaded += usize::from(has("PAM unable to dlopen(.../pam_authchain.so)..."));
            }
        }
    }
    assert!(loaded > 0 && not_loaded > 0, "{loaded}, {not_loaded}");
}
