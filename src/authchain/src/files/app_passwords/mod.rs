//! Passwords for programs that cannot ask for a second factor, such as mail programs.
//!
//! - [`AppPasswords`]: all of one person's, in a file that root alone can read.
//! - [`AppPassword`]: one of them: its label, the services that take it, its end, and its hash.
//! - [`NewAppPassword`]: a password that was just made, to be shown once.

mod app_password;
mod app_passwords_file;
mod new_app_password;
mod typed;
mod words;

pub use app_password::{AppPassword, Judgement};
pub use app_passwords_file::AppPasswords;
pub use new_app_password::NewAppPassword;
pub use typed::Typed;

#[cfg(test)]
mod tests;
