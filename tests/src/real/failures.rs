//! Parses docs/failures.md.

use crate::real::faults::{ConfigFile, Directory, Faults, ModuleFile, Standing, Starter};
use crate::real::stacks::Stack;

/// The page.
pub const PAGE: &str = include_str!("../../../docs/failures.md");

/// The two orders of a chain with local files and a directory.
pub const BOTH_ORDERS: &[&str] = &["\"local\", \"corp\"", "\"corp\", \"local\""];

/// The steps of a login with and without a password.
pub const LOGINS: [(bool, &str); 2] = [(true, "auth account setcred"), (false, "account setcred")];

/// A table of the page, and the cases that its heading names.
pub struct Table {
    /// Its heading.
    pub heading: &'static str,
    /// The stacks it is about.
    pub stacks: &'static [Stack],
    /// The chains it is about.
    pub chains: &'static [&'static str],
    /// Whether it is about logins with a password.
    pub with_password: bool,
    /// Whether it is about account checks without a password.
    pub without: bool,
}

/// The tables of who gets in.
pub const TABLES: [Table; 4] = [
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

/// The faults, by their words on the page.
pub const FAULTS: [(&str, Faults); 14] = {
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

/// Returns the faults that these words of the page name.
pub fn faults(words: &str) -> Faults {
    let found = FAULTS.iter().find(|(name, _)| *name == words);
    found.unwrap_or_else(|| panic!("nobody plays {words:?}")).1
}

/// A row of the page, with its answers in the order of [`Who::ALL`](super::faults::Who::ALL).
pub struct Row {
    /// The faults, in the page's words.
    pub wrong: &'static str,
    /// Who started the program.
    pub starters: &'static [Starter],
    /// Whether each gets in.
    pub lets_in: [bool; 4],
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

/// The cells of a row.
pub fn cells(line: &'static str) -> Vec<&'static str> {
    let inner = line.trim_matches('|');
    inner.split('|').map(str::trim).collect()
}

/// The rows of the table below this heading of the page.
pub fn lines(heading: &str) -> Vec<&'static str> {
    let start = PAGE.split_once(&format!("# {heading}\n"));
    let (_, section) = start.unwrap_or_else(|| panic!("no heading {heading:?}"));
    let section = section.split("\n#").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|'));
    rows.skip(2).collect()
}

impl Table {
    /// Its rows.
    pub fn rows(&self) -> Vec<Row> {
        lines(self.heading).into_iter().map(Row::parse).collect()
    }

    /// Whether the page lets `who` in when all of this is wrong: every row must say yes.
    pub fn lets_in(&self, wrong: Faults, starter: Starter, who: usize) -> bool {
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
