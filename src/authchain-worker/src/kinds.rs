//! The types of server there are: the only file that names every one.

use std::path::PathBuf;

use authchain::backends::protocol::{Conclusion, Hello, Operation, Question, WireVerdict};

#[cfg(feature = "confinement-probe")]
use crate::probe::Probe;

/// A backend that is ready to be asked: its files are read, its settings understood.
#[non_exhaustive]
pub enum Kind {
    /// Tries what must not be possible.
    #[cfg(feature = "confinement-probe")]
    Probe(Probe),
    /// Cannot find out anything, and says why.
    Broken(String),
}

/// What a backend needs once it is confined.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Files and folders to read, beside what name resolution reads.
    pub files: Vec<PathBuf>,
    /// The servers' Unix sockets.
    pub unix_sockets: Vec<PathBuf>,
    /// The servers' TCP ports; none means any.
    pub ports: Vec<u16>,
}

impl Kind {
    /// Reads the settings and the files they name, as root still.
    pub fn prepare(hello: &Hello) -> Self {
        match hello.kind.as_str() {
            #[cfg(feature = "confinement-probe")]
            "confinement_probe" => Self::Probe(Probe::prepare(hello)),
            other => Self::Broken(format!("this worker knows no backends of type \"{other}\"")),
        }
    }

    /// What is to stay within its reach.
    pub fn reach(&self) -> Reach {
        match self {
            #[cfg(feature = "confinement-probe")]
            Self::Probe(probe) => probe.reach(),
            Self::Broken(_) => Reach::default(),
        }
    }

    /// What it can be asked.
    pub fn can(&self) -> Vec<Operation> {
        Operation::ALL.to_vec()
    }

    /// Finds out. Dropped unfinished when the time is up or nobody waits for the answer any more.
    pub async fn answer(&mut self, question: &Question<'_>) -> Conclusion {
        match self {
            #[cfg(feature = "confinement-probe")]
            Self::Probe(probe) => probe.answer(question).await,
            Self::Broken(why) => {
                // Whose question it was makes no difference.
                let _ = question;
                WireVerdict::Unavailable(why.clone()).into()
            }
        }
    }
}
