//! Floor 5: which backends are asked, and the decision that follows.
//!
//! - [`assemble()`]: from a configuration file to a [`Chain`].
//! - [`Chain`]: the backends in their order, and the three questions to them: authentication,
//!   account and lookup. A chain is never empty.
//! - [`Decision`]: the outcome, what each backend said, the PAM code and the line for the log.
//! - [`ChangeDecision`]: the same for each of the two calls by which a password is changed.
//! - [`registry`]: the list of the backend types, by name.
//! - [`Identities`]: what the system's own files and NSS say about a name. A name with a password
//!   in these files belongs to them alone.
//!
//! The laws of the chain, stated over generated chains and answers, are in `chain/tests/laws.rs`:
//! above all, no fault that a caller can cause ever lets in somebody who would not get in without
//! it.
//!
//! **Uses** the floors below. **Used by** the module and the command.
//! **Begin with** [`Chain::authenticate`], and follow it.

mod assemble;
mod change;
mod decision;
mod factors;
mod homes;
mod identity;
mod links;
mod login;
mod owner;
pub mod registry;
mod report;
#[cfg(feature = "manage")]
mod rights;
mod route;
mod ruling;
mod stand_in;
#[cfg(test)]
mod tests;
mod walk;

pub use assemble::{Assembled, assemble};
pub use change::{ChangeDecision, ChangeOutcome, ChangePhase, Preliminary};
pub use decision::{
    Accepted, AccountDecision, AuthDecision, ConfirmationStep, Decision, Finding, Outcome, Step,
    WhyNotAsked,
};
pub use factors::Factors;
pub use identity::{Identities, SystemIdentities, SystemUser, is_system_uid};
pub use links::{Chain, Link};
pub use report::GivenName;
