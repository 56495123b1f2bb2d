//! The note that the first call of `pam_chauthtok` leaves for the second.
//!
//! libpam makes the second call only after the first succeeded in every module of the stack, on the
//! same handle. The note holds the module to this: without it, or if anything is different,
//! nothing is changed.

use authchain::chain::Preliminary;

use crate::hint::Login;

/// The result of the first call.
#[derive(Debug)]
pub(crate) struct Permission {
    login: Login,
    /// The permission; `None` where nobody knows the name, so that the second call leaves it to
    /// the other modules as the first did.
    allowed: Option<Preliminary>,
}

impl Permission {
    /// Takes the result of a first call by this process, for this name and these items.
    pub(crate) fn new(login: Login, allowed: Option<Preliminary>) -> Self {
        Self { login, allowed }
    }

    /// Returns the result, if the second call is about the same.
    pub(crate) fn if_of(self, login: &Login) -> Option<Option<Preliminary>> {
        (self.login == *login).then_some(self.allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::items::Items;

    #[test]
    fn a_change_is_of_the_user_of_the_first_call() {
        let items = |service: &str| Items {
            service: service.to_owned(),
            tty: String::new(),
            rhost: String::new(),
            ruser: String::new(),
            has_publickey: false,
        };
        let login = |name: &[u8], service| Login::new(None, name, &items(service));
        let first = || Permission::new(login(b"alice", "passwd"), None);
        assert_eq!(first().if_of(&login(b"alice", "passwd")), Some(None));
        assert_eq!(first().if_of(&login(b"root", "passwd")), None);
        assert_eq!(first().if_of(&login(b"alice", "su")), None);
    }
}
