//! What Active Directory does its own way.
//!
//! The connection, the search, the order of the questions are those of any directory; a
//! [`Domain`](domain::Domain) says what is different in one: how a person is called, what a domain
//! controller means, what state an account is in, which groups it is in.
//!
//! | file | holds |
//! |---|---|
//! | [`domain`] | a domain, by its settings |
//! | [`controllers`] | its servers |
//! | [`names`] | the ways one person can be named |
//! | [`refusals`] | what a domain controller means when it refuses a password |
//! | [`account`] | the state of an account |
//! | [`limits`] | when an account may be used, and where |
//! | [`groups`] | the groups of a person, nested ones and the primary one included |

pub(super) mod account;
pub(super) mod controllers;
pub(super) mod domain;
pub(super) mod groups;
mod limits;
mod names;
mod refusals;
