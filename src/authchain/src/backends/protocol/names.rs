//! The other names of a person in an answer.

use super::ProtocolError;
use crate::words::Username;

/// Maximum number of other names that an answer may tell of a person.
pub const MAX_OTHER_NAMES: usize = 64;

/// Checks the other names of a person: a limited number of login names.
///
/// # Errors
/// When there are too many, or one is no login name.
pub fn check_names(names: &[String]) -> Result<(), ProtocolError> {
    let fault = |why: String| Err(ProtocolError::Names(why));
    if names.len() > MAX_OTHER_NAMES {
        return fault(format!("more than {MAX_OTHER_NAMES} of them"));
    }
    let faults = names.iter().map(|name| Username::parse(name.as_bytes()));
    match faults.filter_map(Result::err).next() {
        Some(invalid) => fault(format!("a name that is none: {invalid}")),
        None => Ok(()),
    }
}
