//! The types of backend there are: the only file that names every one.

use authchain::backends::protocol::Hello;
use authchain::words::BackendError;

use crate::kind::Kind;
use crate::ldap::Ldap;
use crate::nis::Nis;

#[cfg(feature = "confinement-probe")]
use crate::probe::Probe;

/// Reads the settings and the files that they name, while the process is still root.
type Prepare = fn(&Hello) -> Result<Box<dyn Kind>, BackendError>;

/// Each `type` of the configuration, and what prepares it.
const TYPES: &[(&str, Prepare)] = &[
    ("ldap", |hello| Ok(Box::new(Ldap::prepare(hello)?))),
    ("active_directory", |hello| {
        Ok(Box::new(Ldap::prepare_domain(hello)?))
    }),
    ("nis", |hello| Ok(Box::new(Nis::prepare(hello)?))),
    #[cfg(feature = "confinement-probe")]
    ("confinement_probe", |hello| {
        Ok(Box::new(Probe::prepare(hello)))
    }),
];

/// Prepares the backend that `hello` describes.
///
/// # Errors
/// The reason why the backend cannot be prepared, for the log.
pub fn prepare(hello: &Hello) -> Result<Box<dyn Kind>, BackendError> {
    let named = TYPES.iter().find(|(name, _)| *name == hello.kind);
    let (_, prepare) = named.ok_or_else(|| {
        let why = format!("this worker knows no backends of type \"{}\"", hello.kind);
        BackendError::Unavailable(why)
    })?;
    prepare(hello)
}
