//! The faults that a login can meet, and the people who log in.

use crate::real::people::person;

/// Faults of the module's file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ModuleFile {
    /// Nothing.
    #[default]
    Fine,
    /// It is not there.
    Missing,
    /// It is there and empty.
    Empty,
    /// It is made for another processor.
    Foreign,
}

/// Faults of the configuration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ConfigFile {
    /// Nothing.
    #[default]
    Fine,
    /// It does not parse.
    Broken,
    /// The file that `config=` names does not exist.
    Moved,
    /// The line in pam.d has an unknown argument.
    Mistyped,
}

/// Faults of the worker and the servers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Directory {
    /// Nothing.
    #[default]
    Fine,
    /// No server answers.
    Down,
    /// There is no worker to ask one.
    NoWorker,
    /// The worker dies.
    Crashes,
    /// The worker sends an answer that breaks the protocol.
    Garbage,
}

/// Faults of a password or an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    #[default]
    Fine,
    /// The password typed is not the right one.
    WrongPassword,
    /// The password is locked; for a person of the directory, the account.
    Locked,
    /// The account has expired.
    Expired,
}

/// All faults at one time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// See [`ModuleFile`].
    pub module: ModuleFile,
    /// See [`ConfigFile`].
    pub config: ConfigFile,
    /// See [`Directory`].
    pub directory: Directory,
    /// See [`Standing`].
    pub standing: Standing,
}

/// The kind of user who logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// root.
    Root,
    /// A person in /etc/passwd.
    Local,
    /// A person of the directory.
    Directory,
    /// A name that nobody knows.
    Nobody,
}

impl Who {
    /// Everybody.
    pub const ALL: [Self; 4] = [Self::Root, Self::Local, Self::Directory, Self::Nobody];

    /// The name of such a user in this state.
    pub fn name(self, standing: Standing) -> &'static str {
        match (self, standing) {
            (Self::Root, _) => "root",
            (Self::Local, Standing::Locked) => "lola",
            (Self::Local, Standing::Expired) => "eve",
            (Self::Local, _) => "alice",
            (Self::Directory, Standing::Locked) => "dirk",
            (Self::Directory, Standing::Expired) => "doris",
            (Self::Directory, _) => "dora",
            (Self::Nobody, _) => "nobodyatall",
        }
    }

    /// The password that such a user types.
    pub fn password(self, standing: Standing) -> String {
        match (self, standing) {
            (Self::Nobody, _) | (_, Standing::WrongPassword) => "a wrong guess".into(),
            _ => person(self.name(standing)).password.unwrap(),
        }
    }
}

/// Who started the program that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Starter {
    /// root: sshd, login, cron.
    Root,
    /// An ordinary person: su, sudo.
    Another,
}
