//! The requests that change a password. Each is sent once, and its answer is waited for until the
//! end of `timeout`: afterwards no other server is asked.

use std::collections::HashSet;

use ldap3::exop::PasswordModify;
use ldap3::{LdapResult, Mod};
use zeroize::Zeroizing;

use super::Session;
use crate::ldap::password::Password;
use crate::ldap::policy::control::{ChangeError, PolicyAnswer};
use crate::net::failure::{Failure, FailureKind};

/// The attribute that holds passwords, which also says how they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ldap) enum PasswordAttribute {
    /// `userPassword` (RFC 4519 §2.41): the password itself.
    UserPassword,
    /// `unicodePwd` (MS-ADTS 3.1.1.3.1.5): in quotes, as UTF-16 with the low byte first.
    UnicodePwd,
}

impl PasswordAttribute {
    fn name(self) -> &'static [u8] {
        match self {
            Self::UserPassword => b"userPassword",
            Self::UnicodePwd => b"unicodePwd",
        }
    }

    fn value(self, password: Password<'_>) -> Zeroizing<Vec<u8>> {
        let text = password.expose();
        match self {
            Self::UserPassword => Zeroizing::new(text.into()),
            Self::UnicodePwd => {
                let units = ["\"", text, "\""].into_iter().flat_map(str::encode_utf16);
                // Room for all of it: a buffer that grows leaves copies in its former memory.
                let units_at_most = text.len().saturating_add(2);
                let mut value = Vec::with_capacity(units_at_most.saturating_mul(2));
                value.extend(units.flat_map(u16::to_le_bytes));
                Zeroizing::new(value)
            }
        }
    }
}

/// Names the change in failures.
pub(in crate::ldap) const STEP: &str = "password change";

/// The server's reply to a change of a password.
pub(in crate::ldap) struct ChangeReply {
    pub(in crate::ldap) result: LdapResult,
    /// The reason in the control of the password policy.
    pub(in crate::ldap) error: Option<ChangeError>,
}

impl From<LdapResult> for ChangeReply {
    fn from(result: LdapResult) -> Self {
        let error = PolicyAnswer::of(&result.ctrls).change_error;
        Self { result, error }
    }
}

impl Session {
    /// Changes a password by the Password Modify operation (RFC 3062): the password of `whose`, or
    /// of the person who is logged in on this connection.
    pub(in crate::ldap) async fn modify_password(
        &mut self,
        whose: Option<&str>,
        old: Option<Password<'_>>,
        new: Password<'_>,
    ) -> Result<ChangeReply, Failure> {
        self.prepare_change();
        let request = PasswordModify {
            user_id: whose,
            old_pass: old.map(Password::expose),
            new_pass: Some(new.expose()),
        };
        let sending = self.ldap.extended(request);
        let reply = self.wait.reply(STEP, sending).await;
        reply.map(|reply| reply.1.into()).map_err(Failure::unsure)
    }

    /// Changes the password of the entry `dn` by writing it, in place of whatever password is
    /// there.
    pub(in crate::ldap) async fn write_password(
        &mut self,
        dn: &str,
        attribute: PasswordAttribute,
        new: Password<'_>,
    ) -> Result<ChangeReply, Failure> {
        let new = attribute.value(new);
        let replace = Mod::Replace(attribute.name(), HashSet::from([new.as_slice()]));
        self.write(dn, vec![replace]).await
    }

    /// Changes the password of the entry `dn` by deleting the old one and adding the new one, for
    /// a policy that demands both (pwdSafeModify), and for domains.
    pub(in crate::ldap) async fn exchange_password(
        &mut self,
        dn: &str,
        attribute: PasswordAttribute,
        old: Password<'_>,
        new: Password<'_>,
    ) -> Result<ChangeReply, Failure> {
        let [old, new] = [old, new].map(|password| attribute.value(password));
        let delete = Mod::Delete(attribute.name(), HashSet::from([old.as_slice()]));
        let add = Mod::Add(attribute.name(), HashSet::from([new.as_slice()]));
        self.write(dn, vec![delete, add]).await
    }

    async fn write(&mut self, dn: &str, changes: Vec<Mod<&[u8]>>) -> Result<ChangeReply, Failure> {
        self.prepare_change();
        let sending = self.ldap.modify(dn, changes);
        let reply = self.wait.reply(STEP, sending).await;
        reply.map(ChangeReply::from).map_err(Failure::unsure)
    }

    /// Writes one value of an attribute that is no password.
    pub(in crate::ldap) async fn write_value(
        &mut self,
        dn: &str,
        attribute: &'static str,
        value: &str,
    ) -> Result<LdapResult, Failure> {
        let replace = Mod::Replace(attribute, HashSet::from([value]));
        let sending = self.ldap.modify(dn, vec![replace]);
        self.wait.reply(attribute, sending).await
    }

    fn prepare_change(&mut self) {
        self.ask_policy();
        self.wait.timeout_kind = FailureKind::Trouble;
        self.wait.deadline = self.whole;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use authchain::words::Secret;

    #[test]
    fn a_value_is_written_into_memory_that_is_reserved_once() {
        for text in ["a", "a long password of letters", "\u{e4}\u{1f511}\u{20ac}"] {
            let secret = Secret::new(text.into());
            let value = PasswordAttribute::UnicodePwd.value(Password::of(&secret).ok().unwrap());
            assert_eq!(value.capacity(), 2 * (text.len() + 2), "{text}");
        }
    }

    #[test]
    fn a_domain_wants_passwords_in_quotes_and_two_bytes_a_letter() {
        let secret = Secret::new("a\u{e4}\u{1f511}".into());
        let password = Password::of(&secret).ok().unwrap();
        let value = PasswordAttribute::UnicodePwd.value(password);
        assert_eq!(**value, *b"\"\0a\0\xe4\0\x3d\xd8\x11\xdd\"\0");
        let value = PasswordAttribute::UserPassword.value(password);
        assert_eq!(**value, *secret.expose());
    }
}
