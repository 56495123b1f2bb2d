//! `authchain hash`: a password's hash, for a shadow file.

use authchain::files::password_hash::hash_argon2id;
use authchain::words::Secret;
use clap::{Args, ValueEnum};

use crate::prompt;
use crate::terminal::{Ending, Failure, Terminal};

/// Bytes of salt: what RFC 9106 §3.1 recommends.
const SALT_BYTES: usize = 16;

/// Hash a password for a shadow file
///
/// Asks twice on a terminal, reads one line elsewhere. argon2id is known to backends of type `local`
/// only, not to pam_unix.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  authchain hash
  printf '%s\\n' \"$password\" | authchain hash")]
pub(crate) struct Hash {
    /// How to hash
    #[arg(long, value_enum, default_value_t = Method::Argon2id)]
    method: Method,
}

/// The ways to hash a new password. The system's own (yescrypt and the like) come from passwd(1)
/// and mkpasswd(1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Method {
    /// argon2id at 19 MiB, two passes
    Argon2id,
}

impl Hash {
    pub(crate) fn run(&self, terminal: &mut Terminal) -> Result<Ending, Failure> {
        let hash = new_hash(self.method)?;
        terminal.say(hash);
        Ok(Ending::Yes)
    }
}

/// Asks for a new password and hashes it.
pub(crate) fn new_hash(method: Method) -> Result<String, Failure> {
    let password = prompt::new_password()
        .map_err(|error| Failure::trouble(error.to_string()))?
        .ok_or_else(|| Failure::refused("the two passwords differ; nothing was changed"))?;
    if password.is_empty() {
        return Err(Failure::refused("an empty password would let anybody in"));
    }
    hash(&password, method)
}

fn hash(password: &Secret, method: Method) -> Result<String, Failure> {
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt)
        .map_err(|error| Failure::trouble(format!("no random numbers: {error}")))?;
    match method {
        Method::Argon2id => hash_argon2id(password, &salt),
    }
    .map_err(|error| Failure::refused(error.to_string()))
}
