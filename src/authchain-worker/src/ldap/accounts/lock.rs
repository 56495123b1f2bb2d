//! Locking an account as the server itself keeps locks.

use std::collections::HashSet;

use authchain::backends::protocol::RefusalReason;
use ldap3::Mod;

use super::edit::replace;
use crate::answer::Answer;
use crate::ldap::active_directory::account::{CONTROL, with_disabled};
use crate::ldap::directory::Directory;
use crate::ldap::entry::hidden;
use crate::ldap::flavour::Flavour;
use crate::ldap::person::Person;
use crate::ldap::policy::control::CONTROL as PASSWORD_POLICY;
use crate::ldap::policy::{LOCKED_TIME, SUBENTRY};
use crate::ldap::session::{Search, Session};
use crate::net::failure::Failure;

/// The value of [`LOCKED_TIME`] with which the lock never ends by itself
/// (draft-behera-ldap-password-policy §5.3.3).
const FOR_EVER: &str = "000001010000Z";

/// The attribute of a policy that makes the server keep locks.
const LOCKOUT: &str = "pwdLockout";

const NO_LOCK: &str =
    "the server offers no password policy, so that authchain knows no lock that it would keep";

const UNHEEDED: &str = "account_policy does not heed the password policy, so that the lock would \
                        keep nobody out; set account_policy = \"auto\" or \"ppolicy\"";

const DOUBT: &str = "authchain keeps the lock; the server itself refuses the password only if the \
                     policy of the entry has pwdLockout TRUE, which cannot be seen";

impl Directory {
    /// Returns the changes that lock an account, or take the lock away, as the server itself keeps
    /// locks.
    pub(super) async fn lock(
        &self,
        session: &mut Session,
        person: &Person,
        locked: bool,
    ) -> Result<Result<Vec<Mod<String>>, Answer>, Failure> {
        let refused = |why| Ok(Err(Answer::refused(RefusalReason::NotSupported, why)));
        match &self.flavour {
            Flavour::ActiveDirectory(_) => {
                let Some(flags) = person.entry.number::<i64>(CONTROL) else {
                    return Err(hidden("modify", &person.dn, CONTROL));
                };
                Ok(Ok(flag_changes(flags, locked)))
            }
            Flavour::Generic(generic) if !generic.accounts.policy.heeds_ppolicy() => {
                refused(UNHEEDED)
            }
            Flavour::Generic(_) => match has_password_policy(session).await? {
                false => refused(NO_LOCK),
                true => {
                    let value = if locked { FOR_EVER } else { "" };
                    Ok(Ok(vec![replace(LOCKED_TIME, value)]))
                }
            },
        }
    }

    /// Returns why the server itself may not keep the lock of an account; `None` if it does.
    pub(super) async fn doubt_about_lock(
        &self,
        session: &mut Session,
        person: &Person,
    ) -> Option<String> {
        if self.flavour.domain().is_some() {
            return None;
        }
        match person.entry.text(SUBENTRY) {
            Some(policy) if keeps_locks(session, policy).await => None,
            _ => Some(DOUBT.to_owned()),
        }
    }
}

/// Returns the changes of the flags of an account in a domain. The old value is deleted by name,
/// even where it stays, so that a change in between is not undone.
fn flag_changes(flags: i64, locked: bool) -> Vec<Mod<String>> {
    let one = |flags: i64| HashSet::from([flags.to_string()]);
    let name = || CONTROL.to_owned();
    let new = with_disabled(flags, locked);
    vec![Mod::Delete(name(), one(flags)), Mod::Add(name(), one(new))]
}

/// Returns whether it can be seen that a policy keeps locks.
async fn keeps_locks(session: &mut Session, policy: &str) -> bool {
    let search = Search::entry("policy search", policy, &[LOCKOUT]);
    let hits = session.search(search).await;
    hits.is_ok_and(|hits| {
        let policy = hits.entries.first();
        policy.is_some_and(|policy| policy.text(LOCKOUT) == Some("TRUE"))
    })
}

/// Returns whether the server has a password policy, by the control of which it speaks.
async fn has_password_policy(session: &mut Session) -> Result<bool, Failure> {
    let search = Search::entry("root entry", "", &["supportedControl"]);
    let hits = session.search(search).await?;
    let root = hits.entries.first();
    Ok(root.is_some_and(|root| {
        root.texts("supportedControl")
            .any(|oid| oid == PASSWORD_POLICY)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_never_written_over_those_that_were_not_read() {
        for flags in [512, 514] {
            for locked in [true, false] {
                let changes = flag_changes(flags, locked);
                let new = if locked { "514" } else { "512" };
                let [Mod::Delete(_, old), Mod::Add(_, added)] = changes.as_slice() else {
                    panic!("{changes:?}")
                };
                assert_eq!(*old, HashSet::from([flags.to_string()]));
                assert_eq!(*added, HashSet::from([new.to_owned()]));
            }
        }
    }
}
