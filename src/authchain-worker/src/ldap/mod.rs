//! The `ldap` backend, and `active_directory`: what a directory says about a person.
//!
//! It works in two steps, with the confinement between them: [`Ldap::prepare`] reads the files that
//! the settings name, [`Kind::answer`] uses the network and no file. A [`Directory`] holds
//! everything that is the same for all connections, a [`session`] is one connection, and
//! [`questions`] answers a question over it. Only `questions` and `examine` use all parts of a
//! directory.
//!
//! | file | holds |
//! |---|---|
//! | [`prepare`] | makes a directory of the settings and files |
//! | [`directory`] | a directory, by its parts |
//! | [`questions`] | the steps that answer each question |
//! | [`examine`] | examines every server step by step, for the administrator |
//! | [`flavour`] | the differences between Active Directory and other directories |
//! | [`active_directory`] | the side of Active Directory in these differences |
//! | [`sources`] | the servers, as the settings or DNS name them |
//! | [`connector`] | the way to a server, and who logs in there |
//! | [`starttls`] | the request in the clear that asks for TLS |
//! | [`accounts`] | the tasks about accounts: adding, editing, removing and listing people |
//! | [`session`] | one connection: bind, search, change a password |
//! | [`person`], [`aliases`] | the search for the one entry that is the person |
//! | [`typed_name`] | the login name that was typed |
//! | [`access`] | whether the person's entry lets them log in |
//! | [`groups`], [`group_walk`], [`membership`], [`group_query`] | the groups of the person |
//! | [`policy`] | passwords and accounts that expire |
//! | [`refusals`], [`windows_errors`] | the meaning of a server's refusal of a password |
//! | [`change_refusals`] | the meaning of a server's answer to a change of a password |
//! | [`password`] | passwords that may be sent |
//! | [`entry`], [`codes`] | the entry that a search returned; the meaning of a result code |

mod access;
mod accounts;
mod active_directory;
mod aliases;
mod change_refusals;
mod codes;
mod connector;
mod directory;
mod entry;
mod examine;
mod flavour;
mod group_query;
mod group_walk;
mod groups;
mod membership;
mod other_names;
mod password;
mod person;
mod policy;
mod prepare;
mod questions;
mod references;
mod refusals;
mod session;
mod sources;
mod starttls;
mod typed_name;
mod windows_errors;

use authchain::backends::protocol::{AccountTask, Hello, Operation, Question};
use authchain::words::BackendError;
use authchain_sandbox::confine::Access;

use self::directory::Directory;
use self::flavour::Flavour;
use self::sources::ports;
use crate::dialogue::Dialogue;
use crate::examination::Examination;
use crate::kind::{Answering, Kind};
use crate::net::connect::Endpoint;
use crate::servers::Health;

/// The operations of a directory.
const OF_DIRECTORIES: &[Operation] = &[
    Operation::Authenticate,
    Operation::Lookup,
    Operation::Account,
    Operation::ChangePassword,
    Operation::Examine,
    Operation::Register,
    Operation::Edit,
    Operation::Remove,
    Operation::List,
];

/// The operations of a domain: its own tools add and remove people.
const OF_DOMAINS: &[Operation] = &[
    Operation::Authenticate,
    Operation::Lookup,
    Operation::Account,
    Operation::ChangePassword,
    Operation::Examine,
    Operation::Edit,
    Operation::List,
];

/// A backend that has read all the files that it needs.
pub struct Ldap {
    directory: Directory,
    /// The state of the servers, as the module knows it.
    health: Health,
}

impl Ldap {
    /// Reads the settings, and the files they name.
    ///
    /// # Errors
    /// When the settings are faulty or a file cannot be used. The error names the fault.
    pub fn prepare(hello: &Hello) -> Result<Self, BackendError> {
        Self::of(prepare::ldap(&hello.settings), hello)
    }

    /// Reads the settings of a domain, and the files they name.
    ///
    /// # Errors
    /// When the settings are faulty or a file cannot be used. The error names the fault.
    pub fn prepare_domain(hello: &Hello) -> Result<Self, BackendError> {
        Self::of(prepare::active_directory(&hello.settings), hello)
    }

    fn of(directory: Result<Directory, BackendError>, hello: &Hello) -> Result<Self, BackendError> {
        Ok(Self {
            directory: directory?,
            health: Health::from(hello),
        })
    }
}

impl Kind for Ldap {
    /// Returns the ports and sockets of the servers, and no files.
    fn access(&self) -> Access {
        let sources = &self.directory.sources;
        let sockets = sources
            .iter()
            .filter_map(|source| match source.endpoint()? {
                Endpoint::Unix(server) => Some(server.path.clone()),
                Endpoint::Tcp(_) => None,
            });
        Access {
            unix_sockets: sockets.collect(),
            ports: ports(sources),
            ..Access::none()
        }
    }

    fn can(&self) -> &'static [Operation] {
        match self.directory.flavour {
            Flavour::Generic(_) => OF_DIRECTORIES,
            Flavour::ActiveDirectory(_) => OF_DOMAINS,
        }
    }

    fn answer<'a>(
        &'a mut self,
        question: &'a Question<'_>,
        dialogue: &'a mut Dialogue<'_>,
    ) -> Answering<'a> {
        let directory = &self.directory;
        match question.operation {
            Operation::Examine => {
                Box::pin(directory.examine(question, Examination::begin(dialogue)))
            }
            _ => Box::pin(directory.ask(question, &self.health)),
        }
    }

    fn carry_out<'a>(
        &'a mut self,
        task: &'a AccountTask,
        dialogue: &'a mut Dialogue<'_>,
    ) -> Answering<'a> {
        let carrying = self.directory.carry_out(task, &self.health, dialogue);
        Box::pin(carrying)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servers::deadline_of;

    // A future lies on the stack while it is made and moved. It once took 400 more pages from the
    // kernel, 0.8 ms of each start.
    #[test]
    fn what_a_login_awaits_takes_little_room() {
        let settings =
            r#"{"uris":["ldap://a"],"tls":"none","insecure_plaintext":true,"base":"dc=x"}"#;
        let hello = Hello {
            backend: "corp".to_owned(),
            kind: "ldap".to_owned(),
            settings: serde_json::from_str(settings).unwrap(),
            avoid: Vec::new(),
            probe: Vec::new(),
            probe_ms: 40,
        };
        let prepared = Ldap::prepare(&hello).unwrap();
        let question = Question {
            operation: authchain::backends::protocol::Operation::Lookup,
            user: String::new(),
            password: None,
            change: None,
            answer: None,
            service: String::new(),
            tty: String::new(),
            rhost: String::new(),
            ruser: String::new(),
            groups: Vec::new(),
            budget_ms: 1,
        };
        let asking = size_of_val(&prepared.directory.ask(&question, &prepared.health));
        let deadline = deadline_of(&question);
        let resolving = size_of_val(&prepared.directory.connector.dns.addresses("a", 1, deadline));
        assert!(
            asking < 16 << 10 && resolving < 8 << 10,
            "{asking} {resolving}"
        );
    }
}
