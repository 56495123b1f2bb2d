//! PAM's items: the host's statements about a login.

/// The host's statements about the login, for rules and log lines; empty where it makes none.
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
