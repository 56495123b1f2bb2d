//! A directory, as its settings describe it: what is the same for every connection and every
//! question.

use super::access::Admission;
use super::connector::Connector;
use super::flavour::Flavour;
use super::person::People;
use super::sources::Source;

/// A directory whose settings and files have been read.
pub(super) struct Directory {
    /// Its servers, in the order they are asked.
    pub(super) sources: Vec<Source>,
    /// The way to one of them.
    pub(super) connector: Connector,
    /// How a person is found.
    pub(super) people: People,
    /// Which people this machine admits, whatever groups they are in.
    pub(super) admission: Admission,
    /// What is done one way in Active Directory and another elsewhere: names, groups, accounts,
    /// refusals.
    pub(super) flavour: Flavour,
    /// What is allowed but dangerous, for the log.
    pub(super) warnings: Vec<&'static str>,
}
