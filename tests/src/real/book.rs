//! The form of stories about real programs: `stories/real`.

use serde::Deserialize;

use crate::real::hosts::Host;

/// One host and what is told of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Book {
    pub(super) host: Host,
    /// Its name in PAM.
    pub(super) service: String,
    /// The line that tells of a failure, as every tool knows it; `{user}` is who tried.
    #[serde(default)]
    pub(super) failure: String,
    /// The line that tells of a guess before a server hears of it, in su and sudo.
    pub(super) guess: Option<String>,
    /// The prompt of PAM, which every attempt shows once; none where nothing of it is shown.
    pub(super) asks: Option<String>,
    /// Lines of its own that anybody may see.
    pub(super) says: Vec<String>,
    /// Does the user see no texts of PAM?
    #[serde(default)]
    pub(super) keeps_texts: bool,
    /// Does the user see none where the login is refused in authentication?
    #[serde(default)]
    pub(super) keeps_refusals: bool,
    /// The stories it shares with other hosts.
    pub(super) shared: Shared,
    /// Those among them that it cannot play, and why.
    #[serde(default)]
    pub(super) without: Vec<Without>,
    #[serde(default)]
    pub(super) story: Vec<Story>,
}

/// The file of stories that a host shares with others.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Shared {
    /// `stories/passwords.toml`
    Passwords,
    /// `stories/accounts.toml`
    Accounts,
    None,
}

/// A shared story that a host cannot play.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Without {
    pub(super) story: String,
    pub(super) because: String,
}

/// A file of stories that hosts share.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tales {
    pub(super) story: Vec<Story>,
}

/// One attempt to get in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Story {
    /// What it is about.
    pub(super) says: String,
    pub(super) user: String,
    pub(super) types: Option<Types>,
    /// Instead of `types`: a password of one's own.
    pub(super) password: Option<String>,
    pub(super) expect: Expectation,
    /// Must the host's failure line come, once?
    #[serde(default)]
    pub(super) failure: Failure,
    /// Is the password shown to a server?
    #[serde(default)]
    pub(super) asks_server: bool,
    /// What our module says of it in the phase of authentication.
    pub(super) auth: Option<String>,
    /// What our module says of it in the phase of the account.
    pub(super) account: Option<String>,
    /// Lines in our module's name that libpam writes before it.
    #[serde(default)]
    pub(super) libpam: Vec<String>,
    /// Lines of the host's own that must come. `<n>` is a number, `...` anything.
    #[serde(default)]
    pub(super) log: Vec<String>,
    /// Every text that the user sees beside what the host says to anybody.
    #[serde(default)]
    pub(super) tells: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Failure {
    #[default]
    No,
    Yes,
    /// pam_unix writes none here, or another one.
    Ours,
    /// Ours, and without the name, which may be a mistyped password.
    Nameless,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Types {
    Right,
    Wrong,
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Expectation {
    Accepted,
    Refused,
}
