//! PAM's items (pam_set_item(3)): what the host program says about a login.

/// The items of a login, for rules and log lines; an item that is not set is empty.
///
/// A stranger may have chosen the texts. Bytes that are not UTF-8 are replaced: no account is
/// looked up by an item of this type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Items {
    pub(crate) service: String,
    pub(crate) tty: String,
    pub(crate) rhost: String,
    pub(crate) ruser: String,
    /// True if sshd has verified a public key of the person.
    pub(crate) has_publickey: bool,
}
