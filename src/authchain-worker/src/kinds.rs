//! The types of server there are: the only file that names every one.

use authchain::backends::protocol::{Hello, Operation, Question};

use crate::answer::Answer;
use crate::confine::Access;
use crate::dialogue::Dialogue;
use crate::{ldap, nis};

#[cfg(feature = "confinement-probe")]
use crate::probe::Probe;

/// A backend that is ready to be asked: its files are read, its settings understood.
#[non_exhaustive]
pub enum Kind {
    /// Asks a directory, Active Directory included.
    Ldap(Box<ldap::Ldap>),
    /// Asks a NIS domain.
    Nis(Box<nis::Prepared>),
    /// Tries what must not be possible.
    #[cfg(feature = "confinement-probe")]
    Probe(Probe),
    /// Cannot find out anything, and says why.
    Broken(String),
}

impl Kind {
    /// Reads the settings and the files they name, as root still.
    pub fn prepare(hello: &Hello) -> Self {
        match hello.kind.as_str() {
            "ldap" => Self::directory(ldap::Ldap::prepare(hello)),
            "active_directory" => Self::directory(ldap::Ldap::prepare_domain(hello)),
            "nis" => match nis::Prepared::new(hello) {
                Ok(prepared) => Self::Nis(Box::new(prepared)),
                Err(why) => Self::Broken(why),
            },
            #[cfg(feature = "confinement-probe")]
            "confinement_probe" => Self::Probe(Probe::prepare(hello)),
            other => Self::Broken(format!("this worker knows no backends of type \"{other}\"")),
        }
    }

    fn directory(prepared: Result<ldap::Ldap, String>) -> Self {
        match prepared {
            Ok(prepared) => Self::Ldap(Box::new(prepared)),
            Err(why) => Self::Broken(why),
        }
    }

    /// What it needs once it is confined.
    pub fn access(&self) -> Access {
        match self {
            Self::Ldap(prepared) => prepared.access(),
            Self::Nis(prepared) => prepared.access(),
            #[cfg(feature = "confinement-probe")]
            Self::Probe(probe) => probe.access(),
            // It has nobody to ask.
            Self::Broken(_) => Access::none(),
        }
    }

    /// What it can be asked.
    pub fn can(&self) -> Vec<Operation> {
        Operation::ALL.to_vec()
    }

    /// Finds out. Dropped unfinished when the time is up or nobody waits for the answer any more.
    pub async fn answer(&mut self, question: &Question<'_>, dialogue: &mut Dialogue<'_>) -> Answer {
        match self {
            Self::Ldap(ldap) => ldap.answer(question, dialogue).await,
            Self::Nis(nis) => nis.answer(question, dialogue).await,
            #[cfg(feature = "confinement-probe")]
            Self::Probe(probe) => probe.answer(question, dialogue).await,
            Self::Broken(why) => Answer::unavailable(why.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_ask_nobody_reaches_nobody() {
        let access = Kind::Broken(String::new()).access();
        assert_eq!(access.ports, Some(Vec::new()));
    }
}
