//! Settings of `type = "app_passwords"`.

use serde::Deserialize;

/// Passwords for programs that cannot ask for a second factor, such as mail programs. `authchain
/// app-password` gives them out, each for some services; root keeps them in `state_dir`. Only a
/// rule with `service` may name such a backend in its `chain`, and whom it accepts is asked for no
/// second factor. It knows passwords alone: another backend of the chain must know the account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(default)]
pub struct AppPasswordsSettings {}
