//! Settings every backend has, whatever its type.

use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::instructions::Instructions;
#[cfg(feature = "schema")]
use super::schema::PositiveDuration;
use crate::config::ConfigDuration;

/// A key and the fault of its value.
pub type SettingsFault = (&'static str, String);

/// The fault of a key that only means something beside a second factor.
pub(in crate::config) const NO_FACTOR: &str =
    "needs a second factor, and `then` names none, neither in this rule nor at the top";

/// Returns the fault of a key.
pub(super) fn fault<T>(key: &'static str, message: impl Into<String>) -> Result<T, SettingsFault> {
    Err((key, message.into()))
}

/// Checks that `duration` is not zero.
pub(in crate::config) fn check_not_zero(
    key: &'static str,
    duration: ConfigDuration,
) -> Result<(), SettingsFault> {
    if duration.duration().is_zero() {
        return fault(key, "must be longer than nothing");
    }
    Ok(())
}

/// The keys that any `[backend.NAME]` section may have.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BackendSettings {
    /// The type of source; `authchain describe` lists them.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub kind: Spanned<String>,

    /// The next step when this backend knows the person and refuses: `next` asks the next backend,
    /// `stop` ends the chain. With `stop`, any answer but "no such person" ends the chain, even an
    /// outage, which would otherwise let in people whom this backend denies. A person who never had
    /// a password in local files (the field is `*` or `!`, or a line in the shadow file is missing)
    /// is not refused by them: the next backend is asked.
    #[serde(default)]
    pub on_denied: Then,

    /// The next step when this backend cannot answer: `next` asks the next backend, `stop` ends the
    /// chain. In su, sudo and other programs that run on behalf of a caller, the chain always ends:
    /// the caller could make any server seem unavailable.
    #[serde(default)]
    pub on_unavailable: Then,

    /// True to ask this backend also about names that have a password in the system's own files,
    /// even a locked one. Otherwise such a name means the account on this machine, and no directory
    /// is asked about it. Names that never had a password there (the field is `*` or `!`), and
    /// names without a line in the shadow file, do not count: directories are asked about them,
    /// unless the backend has `uid = "system"`. Of type `app_passwords` it is asked in any case.
    #[serde(default)]
    pub local_names: bool,

    /// True if the backend asks for a second factor itself, such as a directory that wants the
    /// code of an app behind the password. Whom it accepts is asked for no other. A backend of type
    /// `app_passwords` counts as one in any case.
    #[serde(default)]
    pub mfa: bool,

    /// `off` to refuse every change of a password of this backend, also by root: `passwd` and a
    /// forced change at a login then end with a text for the person. `on` lets passwords be changed
    /// where the backend can do that: `local`, `ldap` and `active_directory` can, and `nis` with
    /// `password_change = "yppasswd"`.
    #[serde(default)]
    pub password: PasswordChanges,

    /// A line for the person, such as `Your company password, please.`, of at most 200 bytes. It is
    /// shown before `Password: ` where this backend is in the chain of the login. Not every program
    /// shows the text of a prompt. The rule that names the chain may go by the person's name or
    /// groups: where it does, the line tells that to whoever types the name.
    #[serde(default)]
    pub instructions: Option<Instructions>,

    /// Maximum time for this backend to answer. It does not concern a `local` backend, which waits
    /// for no server.
    #[serde(default = "default_timeout")]
    #[cfg_attr(feature = "schema", schemars(with = "PositiveDuration"))]
    pub timeout: ConfigDuration,
}

/// Returns the fault of a path in the settings, if it has one: a relative path would begin in the
/// working directory, which the caller of su chooses.
pub(in crate::config) fn fault_of_path(path: &Path) -> Option<String> {
    (!path.is_absolute()).then(|| "must be an absolute path".to_owned())
}

fn default_timeout() -> ConfigDuration {
    ConfigDuration::from_millis(3_000)
}

impl BackendSettings {
    /// Returns the settings of a backend that has no section.
    pub(in crate::config) fn of_kind(kind: &str) -> Self {
        Self {
            kind: Spanned::new(0..0, kind.to_owned()),
            on_denied: Then::default(),
            on_unavailable: Then::default(),
            local_names: false,
            mfa: false,
            password: PasswordChanges::default(),
            instructions: None,
            timeout: default_timeout(),
        }
    }
}

/// The next step of the chain after an answer that accepts nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub enum Then {
    /// The next backend is asked.
    #[default]
    Next,
    /// The chain ends.
    Stop,
}

/// The answer to whether a backend's passwords may be changed through authchain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub enum PasswordChanges {
    /// They may, if the backend can change them.
    #[default]
    On,
    /// They may not.
    Off,
}
