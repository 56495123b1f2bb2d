//! Plays docs/failures.md with libpam: who gets in with each fault, and the log lines.

use authchain_tests::pattern::fits;
use authchain_tests::real::failures::{
    BOTH_ORDERS, FAULTS, LOGINS, PAGE, Row, TABLES, Table, cells, faults, lines,
};
use authchain_tests::real::faults::{
    ConfigFile, Directory, Faults, ModuleFile, Standing, Starter, Who,
};
use authchain_tests::real::log::listing;
use authchain_tests::real::stacks::{Stack, Town};

fn services(starter: Starter, with_password: bool) -> &'static [&'static str] {
    match (starter, with_password) {
        (Starter::Root, true) => &["login", "sshd"],
        (Starter::Root, false) => &["sshd", "cron"],
        (Starter::Another, true) => &["su", "sudo"],
        (Starter::Another, false) => &["sudo", "sudo-i"],
    }
}

/// Plays every row of a table for one stack and one order of the chain.
fn play(table: &Table, stack: Stack, chain: &'static str) -> Option<String> {
    let town = Town::new("failures", stack, chain)?;
    let mut complaints = String::new();
    for row in table.rows() {
        town.befall(faults(row.wrong));
        for (starter, service, steps) in logins(table, &row) {
            for (who, lets_in) in Who::ALL.into_iter().zip(row.lets_in) {
                let mark = town.machine.log.mark();
                let answer = town.ask(starter, service, who, faults(row.wrong), steps);
                if (answer.first_refusal() == 0) != lets_in {
                    complaints += &format!(
                        "\n{stack:?}, {chain}, {}, {service}, {who:?}, {steps}: {answer:?}\n{}",
                        row.wrong,
                        listing(&town.machine.log.since(mark))
                    );
                }
            }
        }
    }
    Some(complaints)
}

/// The starters, their programs, and the programs' PAM calls.
fn logins(table: &Table, row: &Row) -> Vec<(Starter, &'static str, &'static str)> {
    let mut logins = Vec::new();
    for (with_password, steps) in LOGINS {
        let is_told = [table.without, table.with_password][usize::from(with_password)];
        for starter in row.starters.iter().filter(|_| is_told) {
            let services = services(*starter, with_password).iter();
            logins.extend(services.map(|service| (*starter, *service, steps)));
        }
    }
    logins
}

fn play_all(table: &Table) {
    let mut complaints = String::new();
    for stack in table.stacks {
        for chain in table.chains {
            match play(table, *stack, chain) {
                Some(more) => complaints += &more,
                None => return,
            }
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
}

#[test]
fn with_a_password_those_get_in_whom_the_page_names() {
    play_all(&TABLES[0]);
}

#[test]
fn without_a_password_those_get_in_whom_the_page_names() {
    play_all(&TABLES[1]);
}

#[test]
fn without_local_in_the_chain_those_get_in_whom_the_page_names() {
    play_all(&TABLES[2]);
}

#[test]
fn the_stack_to_try_lets_in_whom_the_page_names() {
    play_all(&TABLES[3]);
}

/// In the complete tables, each fault has one row for each starter.
#[test]
fn no_row_of_the_page_is_missing_or_told_twice() {
    let headings: Vec<&str> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    assert_eq!(headings, TABLES.each_ref().map(|table| table.heading));
    for table in &TABLES[..2] {
        let rows = table.rows();
        for (words, fault) in FAULTS {
            for starter in [Starter::Root, Starter::Another] {
                let found = rows
                    .iter()
                    .filter(|row| row.wrong == words && row.starters.contains(&starter))
                    .count();
                let wanted =
                    usize::from(table.with_password || fault.standing != Standing::WrongPassword);
                assert_eq!(found, wanted, "{}: {words}, {starter:?}", table.heading);
            }
        }
    }
    let logged: Vec<&str> = lines("What the log says, and what to do")
        .into_iter()
        .map(|line| cells(line)[0])
        .collect();
    assert_eq!(logged, FAULTS.map(|(words, _)| words)[1..]);
}

/// All combinations of faults. A person gets in if every row of the page says yes.
#[test]
fn where_several_things_are_wrong_every_row_must_say_yes() {
    let Some(town) = Town::new("several failures", Stack::Common, BOTH_ORDERS[0]) else {
        return;
    };
    let mut complaints = String::new();
    for wrong in product() {
        town.befall(wrong);
        for (table, (_, steps)) in TABLES.iter().zip(LOGINS) {
            for (starter, service) in [(Starter::Root, "sshd"), (Starter::Another, "sudo")] {
                for (index, who) in Who::ALL.into_iter().enumerate() {
                    let answer = town.ask(starter, service, who, wrong, steps);
                    if (answer.first_refusal() == 0) != table.lets_in(wrong, starter, index) {
                        complaints +=
                            &format!("\n{wrong:?}, {service}, {who:?}, {steps}: {answer:?}");
                    }
                }
            }
        }
    }
    assert!(complaints.is_empty(), "{complaints}");
}

fn product() -> impl Iterator<Item = Faults> {
    use {ConfigFile as C, Directory as D, ModuleFile as M, Standing as S};
    let modules = [M::Fine, M::Missing, M::Empty, M::Foreign].into_iter();
    modules.flat_map(|module| {
        [C::Fine, C::Broken, C::Moved]
            .into_iter()
            .flat_map(move |config| {
                [D::Fine, D::Down, D::NoWorker]
                    .into_iter()
                    .flat_map(move |directory| {
                        let standings = [S::Fine, S::WrongPassword, S::Locked].into_iter();
                        standings.map(move |standing| Faults {
                            module,
                            config,
                            directory,
                            standing,
                        })
                    })
            })
    })
}

#[test]
fn the_log_says_of_each_failure_what_the_page_says() {
    let Some(town) = Town::new("failures in the log", Stack::Common, BOTH_ORDERS[0]) else {
        return;
    };
    for line in lines("What the log says, and what to do") {
        let cells = cells(line);
        let wrong = faults(cells[0]);
        let pattern = cells[1].trim_matches('`');
        town.befall(wrong);
        let mark = town.machine.log.mark();
        town.ask(Starter::Root, "sshd", Who::Directory, wrong, LOGINS[0].1);
        let lines = town.machine.log.since(mark);
        assert!(
            lines.iter().any(|line| fits(pattern, &line.text)),
            "{}: no line {pattern}\n{}",
            cells[0],
            listing(&lines)
        );
    }
}
