//! `authchain hash`: hashes a password for a shadow file.

use authchain::files::password_hash::NewHash;
use authchain::words::Secret;
use clap::{Args, ValueEnum};

use crate::prompt;
use crate::terminal::{Exit, Failure, Terminal};

/// Hash a password for a shadow file
///
/// Asks twice on a terminal, reads one line elsewhere. argon2id is known to backends of type
/// `local` only; pam_unix and the rest of the system verify the others.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  authchain hash
  authchain hash --method yescrypt
  printf '%s\\n' \"$password\" | authchain hash")]
pub(crate) struct Hash {
    /// How to hash
    #[arg(long, value_enum, default_value_t = Method::Argon2id)]
    method: Method,
}

/// The ways to hash a new password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Method {
    /// argon2id at 19 MiB, two passes
    Argon2id,
    /// yescrypt at the system's default cost
    Yescrypt,
    /// sha512crypt with 5000 rounds
    Sha512,
}

impl Hash {
    pub(crate) fn run(&self, terminal: &mut Terminal) -> Result<Exit, Failure> {
        let hash = new_hash(self.method)?;
        terminal.print(hash);
        Ok(Exit::Success)
    }
}

/// Asks for a new password and hashes it.
pub(crate) fn new_hash(method: Method) -> Result<String, Failure> {
    let password = prompt::new_password()
        .map_err(|error| Failure::trouble(error.to_string()))?
        .ok_or_else(|| Failure::refused("the two passwords differ"))?;
    if password.is_empty() {
        return Err(Failure::refused("the password is empty"));
    }
    compute_hash(&password, method)
}

fn compute_hash(password: &Secret, method: Method) -> Result<String, Failure> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt)
        .map_err(|error| Failure::trouble(format!("no random numbers: {error}")))?;
    let kind = match method {
        Method::Argon2id => NewHash::Argon2id,
        Method::Yescrypt => NewHash::Yescrypt,
        Method::Sha512 => NewHash::Sha512crypt,
    };
    kind.make(password, &salt)
        .map_err(|error| Failure::refused(error.to_string()))
}
