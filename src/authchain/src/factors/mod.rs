//! Floor 5: second factors, which confirm somebody whom a backend has accepted.
//!
//! - [`Factor`]: the trait. A factor says whether somebody is enrolled, and verifies what they
//!   answer. It decides nothing.
//! - [`plugin`]: a program of the administrator's.
//! - [`totp`]: the codes of authenticator apps.
//! - [`remember`]: where a confirmed login is remembered for a while.
//!
//! An error of a factor refuses the login. No factor is skipped because it cannot be asked.
//!
//! **Uses** the floors below. **Used by** `chain` and the command, which enrols people.
//! **Begin with** [`Factor`], then [`totp::Totp`].

mod factor;
pub mod plugin;
pub mod remember;
pub mod totp;

pub use factor::{Confirmation, Confirming, Enrolment, EnrolmentNumber, Factor};
