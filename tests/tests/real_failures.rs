//! docs/failures.md, played: who gets in where what is wrong, at libpam and at the real programs.

use authchain_tests::need;
use authchain_tests::pattern::fits;
use authchain_tests::real::ask::{Answer, Ask};
use authchain_tests::real::hosts::{self, Host, by};
use authchain_tests::real::ipc::Run;
use authchain_tests::real::log::{Line, listing};
use authchain_tests::real::people::person;
use authchain_tests::real::ssh;
use authchain_tests::real::stacks::{
    COMMON_ACCOUNT, COMMON_AUTH, ConfigFile, Directory, Faults, ModuleFile, Stack, Standing, Town,
    Who, installed,
};

const PAGE: &str = include_str!("../../docs/failures.md");

const BOTH_ORDERS: &[&str] = &["\"local\", \"corp\"", "\"corp\", \"local\""];

/// A table of the page, and what its heading says of it.
struct Table {
    heading: &'static str,
    stacks: &'static [Stack],
    chains: &'static [&'static str],
    with_password: bool,
    without: bool,
}

const TABLES: [Table; 4] = [
    Table {
        heading: "With a password: debian-common-auth and debian-common-account, one-service",
        stacks: &[Stack::Common, Stack::OneService],
        chains: BOTH_ORDERS,
        with_password: true,
        without: false,
    },
    Table {
        heading: "Without a password: debian-common-account, one-service",
        stacks: &[Stack::Common, Stack::OneService],
        chains: BOTH_ORDERS,
        with_password: false,
        without: true,
    },
    Table {
        heading: "Without local in the chain: debian-common-auth and debian-common-account, one-service",
        stacks: &[Stack::Common, Stack::OneService],
        chains: &["\"corp\""],
        with_password: true,
        without: true,
    },
    Table {
        heading: "With and without a password: authchain-try",
        stacks: &[Stack::Try],
        chains: BOTH_ORDERS,
        with_password: true,
        without: true,
    },
];

/// In the page's words.
const FAULTS: [(&str, Faults); 14] = {
    const NONE: Faults = Faults {
        module: ModuleFile::Fine,
        config: ConfigFile::Fine,
        directory: Directory::Fine,
        standing: Standing::Fine,
    };
    const fn standing(standing: Standing) -> Faults {
        Faults { standing, ..NONE }
    }
    const fn directory(directory: Directory) -> Faults {
        Faults { directory, ..NONE }
    }
    const fn config(config: ConfigFile) -> Faults {
        Faults { config, ..NONE }
    }
    const fn module(module: ModuleFile) -> Faults {
        Faults { module, ..NONE }
    }
    [
        ("nothing", NONE),
        ("the password is wrong", standing(Standing::WrongPassword)),
        (
            "the password is locked, in the directory the account",
            standing(Standing::Locked),
        ),
        ("the account has expired", standing(Standing::Expired)),
        ("the directory is down", directory(Directory::Down)),
        ("the worker is missing", directory(Directory::NoWorker)),
        ("the worker dies", directory(Directory::Crashes)),
        ("the worker talks nonsense", directory(Directory::Garbage)),
        ("the configuration is broken", config(ConfigFile::Broken)),
        (
            "the configuration was moved away",
            config(ConfigFile::Moved),
        ),
        (
            "an argument in pam.d is mistyped",
            config(ConfigFile::Mistyped),
        ),
        ("the module is missing", module(ModuleFile::Missing)),
        ("the module is an empty file", module(ModuleFile::Empty)),
        (
            "the module is for another processor",
            module(ModuleFile::Foreign),
        ),
    ]
};

fn faults(words: &str) -> Faults {
    let found = FAULTS.iter().find(|(name, _)| *name == words);
    found.unwrap_or_else(|| panic!("nobody plays {words:?}")).1
}

/// Who started the program that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Starter {
    Root,
    Another,
}

/// A row of the page: whom it lets in, in the order of [`Who::ALL`].
struct Row {
    wrong: &'static str,
    starters: &'static [Starter],
    lets_in: [bool; 4],
}

impl Row {
    fn parse(line: &'static str) -> Self {
        let cells = cells(line);
        let starters = match cells[1] {
            "anybody" => &[Starter::Root, Starter::Another][..],
            "root" => &[Starter::Root],
            "another" => &[Starter::Another],
            other => panic!("who is {other:?}? {line}"),
        };
        let lets_in = [2, 3, 4, 5].map(|column| match cells[column] {
            "yes" => true,
            "no" => false,
            other => panic!("neither yes nor no: {other:?}: {line}"),
        });
        Self {
            wrong: cells[0],
            starters,
            lets_in,
        }
    }
}

fn cells(line: &'static str) -> Vec<&'static str> {
    let inner = line.trim_matches('|');
    inner.split('|').map(str::trim).collect()
}

/// The rows of the table below this heading of the page.
fn lines(heading: &str) -> Vec<&'static str> {
    let start = PAGE.split_once(&format!("# {heading}\n"));
    let (_, section) = start.unwrap_or_else(|| panic!("no heading {heading:?}"));
    let section = section.split("\n#").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|'));
    rows.skip(2).collect()
}

impl Table {
    fn rows(&self) -> Vec<Row> {
        lines(self.heading).into_iter().map(Row::parse).collect()
    }

    /// Whom the page lets in when all of this is wrong: those for whom every row says yes.
    fn lets_in(&self, wrong: Faults, starter: Starter, who: usize) -> bool {
        let applies = |row: &Row| {
            let fault = faults(row.wrong);
            row.starters.contains(&starter)
                && (fault.module == wrong.module || fault.module == ModuleFile::Fine)
                && (fault.config == wrong.config || fault.config == ConfigFile::Fine)
                && (fault.directory == wrong.directory || fault.directory == Directory::Fine)
                && (fault.standing == wrong.standing || fault.standing == Standing::Fine)
        };
        let rows = self.rows();
        rows.iter()
            .filter(|row| applies(row))
            .all(|row| row.lets_in[who])
    }
}

/// The steps of a login with and without a password.
const LOGINS: [(bool, &str); 2] = [(true, "auth account setcred"), (false, "account setcred")];

/// Whether a program that `starter` started lets somebody in, who does all right but what is wrong.
fn asks(
    town: &Town,
    starter: Starter,
    service: &str,
    who: Who,
    wrong: Faults,
    steps: &str,
) -> Answer {
    let ask = Ask {
        service: service.into(),
        user: who.name(wrong.standing).into(),
        password: who.password(wrong.standing).into(),
        steps: steps.split(' ').map(String::from).collect(),
        real_uid: (starter == Starter::Another).then(|| person("mallory").uid),
        ..Ask::default()
    };
    let answer = town.machine.ask(&ask);
    answer.unwrap_or_else(|how| panic!("{service}, {who:?}, {wrong:?}: {how:?}"))
}

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
        let wrong = faults(row.wrong);
        town.befall(wrong);
        for (with_password, steps) in LOGINS {
            if !(if with_password {
                table.with_password
            } else {
                table.without
            }) {
                continue;
            }
            for starter in row.starters {
                for service in services(*starter, with_password) {
                    for (who, lets_in) in Who::ALL.into_iter().zip(row.lets_in) {
                        let mark = town.machine.log.mark();
                        let answer = asks(&town, *starter, service, who, wrong, steps);
                        if (first_refusal(&answer) == 0) != lets_in {
                            complaints += &format!(
                                "\n{stack:?}, {chain}, {}, {service}, {who:?}, {steps}: {answer:?}\n{}",
                                row.wrong,
                                listing(&town.machine.log.since(mark))
                            );
                        }
                    }
                }
            }
        }
    }
    Some(complaints)
}

/// A program goes no further than that.
fn first_refusal(answer: &Answer) -> i32 {
    *answer.codes.iter().find(|code| **code != 0).unwrap_or(&0)
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

/// Each failure has one row for whoever starts a program, in the tables that tell all.
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

/// The whole product of what can be wrong. Those get in for whom every row of the page says yes.
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
                    let answer = asks(&town, starter, service, who, wrong, steps);
                    if (first_refusal(&answer) == 0) != table.lets_in(wrong, starter, index) {
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
        asks(
            &town,
            Starter::Root,
            "sshd",
            Who::Directory,
            wrong,
            LOGINS[0].1,
        );
        let lines = town.machine.log.since(mark);
        assert!(
            lines.iter().any(|line| fits(pattern, &line.text)),
            "{}: no line {pattern}\n{}",
            cells[0],
            listing(&lines)
        );
    }
}

/// Plays the page's rows at a real program, with those persons whom it can be asked about. Whoever
/// gets in leaves no failure behind, and whoever does not leaves one at most.
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
            let failures = lines.iter().filter(is_failure).count();
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

/// The line that tools count.
fn is_failure(line: &&Line) -> bool {
    line.text.contains("): authentication failure; ")
}

/// Whom a crontab can belong to, and who can call sudo.
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

/// root's own su and sudo, from the shell in which root is putting things right.
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

/// Whatever a caller's limits keep from being loaded or read: who gets in was let in by authchain.
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

/// What the caller's limits keep out may be line 2's module as well.
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
        for (with_password, steps) in LOGINS {
            let service = services(starter, with_password)[0];
            for who in Who::ALL {
                let answer = asks(&town, starter, service, who, wrong, steps);
                assert_ne!(first_refusal(&answer), 0, "{service}, {who:?}: {answer:?}");
            }
        }
    }
}

/// sshd sets credentials in another process than the one that authenticated, or has not
/// authenticated at all: libpam then follows the stack by what the modules answer to that.
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
                let answer = asks(&town, Starter::Root, "sshd", who, wrong, steps);
                assert_eq!(
                    answer.codes, [0; 4],
                    "{stack:?}, {words}, {who:?}: {answer:?}"
                );
                assert_eq!(answer.asked, [""; 0], "{stack:?}, {words}, {who:?}");
            }
        }
    }
}

/// What somebody is asked and told in a login, and what it leaves in the log.
struct Heard {
    user: &'static str,
    types: Types,
    /// What they are told, each once.
    told: &'static [&'static str],
    /// libpam's last answer.
    code: i32,
    /// Lines that count a failure.
    failures: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Types {
    Right,
    Wrong,
}

const AUTH_ERR: i32 = 7;
const NEW_AUTHTOK_REQD: i32 = 12;
const ACCT_EXPIRED: i32 = 13;

#[rustfmt::skip]
const HEARD: [Heard; 11] = [
    Heard { user: "root", types: Types::Right, told: &[], code: 0, failures: 0 },
    Heard { user: "alice", types: Types::Right, told: &[], code: 0, failures: 0 },
    Heard { user: "alice", types: Types::Wrong, told: &[], code: AUTH_ERR, failures: 1 },
    Heard { user: "eve", types: Types::Right, told: &["Your account has expired; please contact your system administrator."], code: ACCT_EXPIRED, failures: 0 },
    Heard { user: "wanda", types: Types::Right, told: &["Your password will expire in 2 days."], code: 0, failures: 0 },
    Heard { user: "charly", types: Types::Right, told: &["You must change your password now."], code: NEW_AUTHTOK_REQD, failures: 0 },
    Heard { user: "dora", types: Types::Right, told: &[], code: 0, failures: 0 },
    Heard { user: "dora", types: Types::Wrong, told: &[], code: AUTH_ERR, failures: 1 },
    Heard { user: "doris", types: Types::Right, told: &["Your account has expired; please contact your system administrator."], code: ACCT_EXPIRED, failures: 0 },
    Heard { user: "dean", types: Types::Right, told: &["3 days left"], code: 0, failures: 0 },
    Heard { user: "dina", types: Types::Right, told: &["You must change your password now."], code: NEW_AUTHTOK_REQD, failures: 0 },
];

#[test]
fn everybody_is_asked_once_and_hears_each_text_once_and_failures_are_counted_once() {
    for stack in [Stack::Common, Stack::OneService, Stack::Try] {
        for chain in BOTH_ORDERS {
            let Some(town) = Town::new("texts", stack, chain) else {
                return;
            };
            let mut complaints = String::new();
            for heard in &HEARD {
                complaints += &heard.complaint(&town);
            }
            assert!(complaints.is_empty(), "{stack:?}, {chain}: {complaints}");
        }
    }
}

impl Heard {
    fn complaint(&self, town: &Town) -> String {
        let right = person(self.user).password.unwrap();
        let steps: &[&str] = match self.types {
            Types::Right => &["auth", "account"],
            Types::Wrong => &["auth"],
        };
        let ask = Ask {
            service: "sshd".into(),
            user: self.user.into(),
            password: match self.types {
                Types::Right => right.into(),
                Types::Wrong => "a wrong guess".into(),
            },
            steps: steps.iter().map(ToString::to_string).collect(),
            ..Ask::default()
        };
        let mark = town.machine.log.mark();
        let answer = town.machine.ask(&ask).unwrap();
        let lines = town.machine.log.since(mark);
        let count = |part: &str| lines.iter().filter(|line| line.text.contains(part)).count();
        let is_told = answer.asked == ["Password: "]
            && answer.told == self.told
            && answer.codes.last() == Some(&self.code)
            && lines.iter().filter(is_failure).count() == self.failures
            && count("pam_unix(") == 0
            && count("pam_succeed_if(") + count("pam_localuser(") == 0;
        if is_told {
            return String::new();
        }
        format!(
            "\n{}, {:?}: {answer:?}\n{}",
            self.user,
            self.types,
            listing(&lines)
        )
    }
}

/// While pam_unix stands in, it is the one who asks, tells and counts.
#[test]
fn where_pam_unix_stands_in_there_is_one_question_and_one_failure_line_too() {
    let Some(town) = Town::new("pam_unix stands in", Stack::Common, BOTH_ORDERS[0]) else {
        return;
    };
    for words in ["the configuration is broken", "the module is missing"] {
        for (standing, failures) in [(Standing::Fine, 0), (Standing::WrongPassword, 1)] {
            let wrong = Faults {
                standing,
                ..faults(words)
            };
            town.befall(wrong);
            let mark = town.machine.log.mark();
            let answer = asks(
                &town,
                Starter::Root,
                "sshd",
                Who::Local,
                wrong,
                "auth account",
            );
            let lines = town.machine.log.since(mark);
            let found = lines.iter().filter(is_failure).count();
            assert_eq!(found, failures, "{words}: {}", listing(&lines));
            assert_eq!(answer.asked, ["Password: "], "{words}: {answer:?}");
            assert_eq!(answer.told, [""; 0], "{words}: {answer:?}");
        }
    }
}

/// A caller of su can break nothing, but an administrator can: that must open no door either.
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
