//! What can be wrong with a login, and for whom.

use crate::real::people::person;

/// What can be wrong with the module's file.
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

/// What can be wrong with the configuration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ConfigFile {
    /// Nothing.
    #[default]
    Fine,
    /// It does not parse.
    Broken,
    /// It is not where `config=` says.
    Moved,
    /// The line in pam.d has an argument that nobody knows.
    Mistyped,
}

/// What can be wrong behind the module.
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
    /// The worker says what it should not.
    Garbage,
}

/// What can be wrong with a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    #[default]
    Fine,
    /// The password typed is not the right one.
    WrongPassword,
    /// The password, in the directory the account, is locked.
    Locked,
    /// The account has expired.
    Expired,
}

/// Everything that is wrong at one time.
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

/// Who wants to get in.
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

    /// The name of somebody of this kind in this state.
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

    /// What they type.
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
