//! Floor 5: the rule by which backends are asked, and what comes of it.

mod assemble;
mod decision;
mod identity;
#[cfg(test)]
mod laws;
mod links;
pub mod registry;
mod report;
#[cfg(test)]
mod scripted;
mod stand_in;
mod walk;

pub use assemble::{Assembled, assemble};
pub use decision::{
    Accepted, AccountDecision, AuthDecision, Decision, Finding, Kept, Outcome, Step,
};
pub use identity::{Identities, SystemIdentities, SystemUser, is_system_uid};
pub use links::{Chain, Link};
pub use report::Caller;
