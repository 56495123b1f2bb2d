//! The codes of authenticator apps (TOTP, RFC 6238), and recovery codes.
//!
//! - [`Totp`]: the factor.
//! - `verification.rs`: an answer is counted, verified, and claimed.
//! - `self_enrolment.rs`: somebody enrols at a login.

mod self_enrolment;
#[cfg(test)]
mod tests;
#[expect(
    clippy::module_inception,
    reason = "the type that the folder is named after"
)]
mod totp;
mod verification;

pub use totp::Totp;
pub use verification::TotpEnrolment;
