//! The format of the stories about real programs in `stories/real`.

use serde::Deserialize;

use crate::real::hosts::Host;

/// One host and its stories.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Book {
    pub(super) host: Host,
    /// Its name in PAM.
    pub(super) service: String,
    /// The host's log line for a failed login, which tools such as fail2ban read. `{user}` is the
    /// user.
    #[serde(default)]
    pub(super) failure: String,
    /// The log line that su and sudo write before a guess reaches a server.
    pub(super) guess: Option<String>,
    /// The prompt of PAM, which every attempt shows once. None where the host shows no prompt.
    pub(super) asks: Option<String>,
    /// Patterns of the host's own output, whoever tries.
    pub(super) says: Vec<String>,
    /// Whether the host shows no texts of PAM.
    #[serde(default)]
    pub(super) keeps_texts: bool,
    /// Whether the host shows no texts of a refused authentication.
    #[serde(default)]
    pub(super) keeps_refusals: bool,
    /// The stories that the host shares with others.
    pub(super) shared: Shared,
    /// The shared stories that this host cannot play, and why.
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
    /// The title.
    pub(super) says: String,
    pub(super) user: String,
    pub(super) types: Option<Types>,
    /// Instead of `types`: the text of the password.
    pub(super) password: Option<String>,
    pub(super) expect: Expectation,
    /// Whether the host's failure line must come, once.
    #[serde(default)]
    pub(super) failure: Failure,
    /// Whether the password reaches a server.
    #[serde(default)]
    pub(super) asks_server: bool,
    /// The log lines of our module in the authentication.
    pub(super) auth: Option<String>,
    /// The log lines of our module in the account check.
    pub(super) account: Option<String>,
    /// The log lines that libpam writes before ours, under the module's name.
    #[serde(default)]
    pub(super) libpam: Vec<String>,
    /// Lines of the host's own that must come. `<n>` is a number, `...` anything.
    #[serde(default)]
    pub(super) log: Vec<String>,
    /// Every text that the user sees, except the lines of `says` of the host.
    #[serde(default)]
    pub(super) tells: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Failure {
    #[default]
    No,
    Yes,
    /// pam_unix writes no such line here, or another one.
    Ours,
    /// Our module's, without the name, which may be a mistyped password.
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
