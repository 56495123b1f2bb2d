//! Floor 0: the words everything else is said in.

mod pam_code;
mod secret;
mod user;
mod username;
mod verdict;

pub use pam_code::PamCode;
pub use secret::Secret;
pub use user::User;
pub use username::{InvalidUsername, Username};
pub use verdict::{
    Account, AccountStatus, BackendError, ConversationError, Denial, DenialReason, Verdict,
};
