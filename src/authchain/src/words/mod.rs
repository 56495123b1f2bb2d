//! Floor 0: the types that all other floors use.
//!
//! Small types without behaviour of their own: a name, a secret, a person, an answer. They open no
//! file, read no clock and know of no other floor.
//!
//! - [`Username`]: a login name that was checked once. A name is refused, never repaired.
//! - [`Secret`]: a password, which cannot be printed or copied and is wiped when it is dropped.
//! - [`Verdict`] and [`BackendError`]: what a backend says. *Denied* and *unknown* are verdicts;
//!   *unavailable* and *failed* are errors, so that the compiler keeps them apart.
//! - [`User`] and [`Account`]: who somebody is, and whether the account may be used.
//! - [`PamCode`]: the return codes the module uses.
//! - [`number()`]: an integer in a text, without the plus sign that `from_str` takes.
//!
//! **Used by** every floor above, the module, the worker and the command.
//! **Begin with** [`Verdict`]: the rest of the library is there to find one.

mod number;
mod pam_code;
mod secret;
mod user;
mod username;
mod verdict;

pub use number::number;
pub use pam_code::PamCode;
pub use secret::Secret;
pub use user::User;
pub use username::{InvalidUsername, Username, bare};
pub use verdict::{
    Account, AccountStatus, BackendError, ConversationError, Denial, DenialReason, Verdict,
};
