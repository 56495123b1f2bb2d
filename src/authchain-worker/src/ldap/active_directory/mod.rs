//! The parts in which Active Directory differs from other directories.
//!
//! The connection, the search and the order of the questions are the same as for any directory. A
//! [`Domain`](domain::Domain) holds what differs: the names of a person, the meaning of a refusal,
//! the state of an account and its groups.
//!
//! | file | holds |
//! |---|---|
//! | [`domain`] | a domain, by its settings |
//! | [`controllers`] | its servers |
//! | [`names`] | the ways one person can be named |
//! | [`refusals`] | what a domain controller means when it refuses a password |
//! | [`account`] | the state of an account |
//! | [`password_rules`] | the rules for new passwords |
//! | [`limits`] | when an account may be used, and where |
//! | [`groups`] | the groups of a person, nested ones and the primary one included |

pub(super) mod account;
pub(super) mod controllers;
pub(super) mod domain;
pub(super) mod groups;
mod limits;
mod names;
mod password_rules;
mod refusals;
