//! What the host says about a login.

/// What the host says about the login, for rules and log lines; empty where it says nothing.
///
/// The texts are the host's or a stranger's. What is not UTF-8 in them is replaced: no account is
/// looked up by them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Items {
    pub(crate) service: String,
    pub(crate) tty: String,
    pub(crate) rhost: String,
    pub(crate) ruser: String,
}
