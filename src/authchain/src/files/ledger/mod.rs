//! The ledger of a person: everything that is counted, in one append-only file.
//!
//! A code of a second factor may be used once, wrong codes slow down the next attempt, and a
//! confirmed login may be remembered. Each of these is a [`Counted`] in a record of 64 bytes. To
//! claim a code, a process appends one record and reads the file: **the first record that claims
//! the code wins**. There is no lock, so nobody can be kept waiting by a process that was stopped,
//! and a process that is killed leaves a whole record or none that counts.
//!
//! - [`Ledger`]: creates the ledger and opens it. Room is set aside in advance, for the day when
//!   the disk is full.
//! - [`OpenLedger`]: reads and appends.
//! - [`History`]: the meaning of the records, in their order.
//!
//! When a file has grown, a process appends a last record, the seal, and makes the next file, which
//! begins with a summary. The records before the seal never change, so any other process can make
//! the next file in its place. A record behind the seal does not count: the process that appended
//! it appends it again, to the next file.
//!
//! A new file's name is on the disk some time after the file has got it. Whoever first makes a
//! durable claim in the file waits for that, and appends a record that says so.

mod counted;
mod error;
mod folder;
mod generation;
mod history;
#[expect(
    clippy::module_inception,
    reason = "the type that the folder is named after"
)]
mod ledger;
mod record;

pub use counted::{AppPasswordId, Counted, RecoverySet, RememberKey};
pub use error::LedgerError;
pub use history::{History, RememberedLogin};
pub use ledger::{Durability, Ledger, OpenLedger};

#[cfg(test)]
mod tests;
