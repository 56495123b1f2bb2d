//! A directory, as its settings describe it: what is the same for every connection and every
//! question.

use authchain::config::settings::ldap::AccountAccess;

use super::access::Admission;
use super::connector::Connector;
use super::flavour::Flavour;
use super::person::People;
use super::sources::Source;

/// A directory whose settings and files have been read.
pub(super) struct Directory {
    /// Its servers, in the order they are asked.
    pub(super) sources: Vec<Source>,
    /// The parts that open a connection to a server.
    pub(super) connector: Connector,
    /// The search for a person.
    pub(super) people: People,
    /// Which people this machine admits, whatever groups they are in.
    pub(super) admission: Admission,
    /// The names, groups, accounts and refusals, which differ between Active Directory and other
    /// directories.
    pub(super) flavour: Flavour,
    /// The use that the command may make of the rights of authchain's own account.
    pub(super) accounts: AccountAccess,
    /// Warnings for the log about settings that are allowed but dangerous.
    pub(super) warnings: Vec<&'static str>,
}
