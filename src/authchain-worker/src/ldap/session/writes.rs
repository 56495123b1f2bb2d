//! The requests that change a password. Each is sent once, and its answer is waited for until the
//! end of `timeout`: afterwards no other server is asked.

use std::collections::HashSet;

use ldap3::exop::PasswordModify;
use ldap3::{LdapResult, Mod};

use super::Session;
use crate::ldap::password::Password;
use crate::ldap::policy::control::{ChangeError, PolicyAnswer};
use crate::net::failure::{Failure, FailureKind};

/// The attribute that holds the password (RFC 4519 §2.41).
const PASSWORD: &str = "userPassword";

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
        new: Password<'_>,
    ) -> Result<ChangeReply, Failure> {
        let replace = Mod::Replace(PASSWORD, HashSet::from([new.expose()]));
        self.write(dn, vec![replace]).await
    }

    /// Changes the password of the entry `dn` by deleting the old one and adding the new one, for
    /// a policy that demands both (pwdSafeModify).
    pub(in crate::ldap) async fn exchange_password(
        &mut self,
        dn: &str,
        old: Password<'_>,
        new: Password<'_>,
    ) -> Result<ChangeReply, Failure> {
        let delete = Mod::Delete(PASSWORD, HashSet::from([old.expose()]));
        let add = Mod::Add(PASSWORD, HashSet::from([new.expose()]));
        self.write(dn, vec![delete, add]).await
    }

    async fn write(&mut self, dn: &str, changes: Vec<Mod<&str>>) -> Result<ChangeReply, Failure> {
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
