//! PAM's items: the statements of the host program about a login.

/// The items of a login, for rules and log lines; an item that is not set is empty.
///
/// A stranger may have chosen the texts. Bytes in them that are not UTF-8 are replaced, which does
/// no harm: no account is looked up by them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Items {
    pub(crate) service: String,
    pub(crate) tty: String,
    pub(crate) rhost: String,
    pub(crate) ruser: String,
}
