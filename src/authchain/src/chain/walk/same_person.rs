//! The check that a backend and the system have the same person for a name.

use super::{Known, Walk};
use crate::chain::identity::SystemUser;
use crate::chain::links::Link;
use crate::tools::journal::quoted;
use crate::words::{BackendError, User, Username};

impl<A: Known> Walk<'_, A> {
    /// Returns the reason why the user that the backend found is not the system's user of the name;
    /// `None` if they are the same.
    pub(super) fn mistaken_identity(
        &self,
        link: &Link,
        found: &User,
    ) -> Result<Option<String>, BackendError> {
        if !link.backend.is_same_name(self.user, &found.name) {
            return Ok(Some(format!("the entry's name is \"{}\"", found.name)));
        }
        if link.backend.nature().is_system() {
            return Ok(None);
        }
        let system = self.system_user()?;
        if let Some(detail) = self.local_spelling(system.as_ref())? {
            return Ok(Some(detail));
        }
        if let Some(own) = &found.alias_of {
            if let Some(detail) = self.mistaken_alias(own, system.as_ref())? {
                return Ok(Some(detail));
            }
        }
        self.mistaken_uid(link, found.uid, system.map(|user| user.uid))
    }

    /// Returns the reason why the system's user of the name cannot be a person of the backend,
    /// which does not answer; `None` if it can.
    pub(super) fn mistaken_without_answer(
        &self,
        link: &Link,
    ) -> Result<Option<String>, BackendError> {
        let Some(system) = self.system_user()? else {
            return Ok(Some("the system does not know the name".to_owned()));
        };
        match self.local_spelling(Some(&system))? {
            Some(detail) => Ok(Some(detail)),
            None => self.mistaken_uid(link, None, Some(system.uid)),
        }
    }

    /// Returns the reason if the name service spells the name like another name of the local passwd
    /// file: host programs would go on with that local user and their groups.
    fn local_spelling(&self, system: Option<&SystemUser>) -> Result<Option<String>, BackendError> {
        let other = system.filter(|user| user.name != self.user.as_str());
        let Some(name) = other.and_then(|user| Username::parse(user.name.as_bytes()).ok()) else {
            return Ok(None);
        };
        let is_local = self.chain.identities.local_uid(&name)?.is_some();
        Ok(is_local.then(|| format!("the system calls this name \"{name}\", which is its own")))
    }

    /// Returns why the person named `own` may not go by the typed name, which the backend has as
    /// their alias. Whoever may write an alias could otherwise take the name of another user: where
    /// the system knows the name, it must have the same user id for `own`.
    fn mistaken_alias(
        &self,
        own: &str,
        system: Option<&SystemUser>,
    ) -> Result<Option<String>, BackendError> {
        let alias = format!("it is an alias of {}", quoted(own));
        if self.local_uid()?.is_some() {
            return Ok(Some(format!("{alias}, and a name of the system's own")));
        }
        let Some(system) = system else {
            return Ok(None);
        };
        let own_user = match Username::parse(own.as_bytes()) {
            Ok(own) => self.chain.identities.system_user(&own)?,
            Err(_) => None,
        };
        match own_user {
            Some(user) if user.uid == system.uid => Ok(None),
            Some(SystemUser { uid, .. }) => Ok(Some(format!(
                "{alias}, whose uid is {uid}; the system's is {}",
                system.uid
            ))),
            None if self.context.on_behalf_of().is_some() => {
                let why = format!("{alias}, which the name service does not know");
                Err(BackendError::Failed(why))
            }
            None => Ok(Some(format!("{alias}, which the system does not know"))),
        }
    }

    /// Returns what is wrong with the person's user id, if something is. The entry's counts where
    /// there is one and the backend's are compared, or else the system's.
    fn mistaken_uid(
        &self,
        link: &Link,
        of_entry: Option<u32>,
        of_system: Option<u32>,
    ) -> Result<Option<String>, BackendError> {
        let compares_uids = link.backend.nature().compares_uids;
        let of_entry = of_entry.filter(|_| compares_uids);
        if let (Some(entry), Some(system)) = (of_entry, of_system) {
            if entry != system {
                let detail = format!("its uid is {entry}, the system's is {system}");
                return Ok(Some(detail));
            }
        }
        match of_entry.or(of_system) {
            Some(uid) if self.chain.is_the_systems(uid) => {
                Ok(Some(format!("uid {uid} is the system's own")))
            }
            Some(uid) => self.owner_of(uid),
            None if compares_uids => Ok(None),
            None => Ok(Some(
                "the system has no user id for this name, and uid = \"system\" takes no other"
                    .to_owned(),
            )),
        }
    }

    /// Returns the reason if the passwd file gives the user id to another name: a person who may
    /// set the user id in their own entry would act as that other user.
    fn owner_of(&self, uid: u32) -> Result<Option<String>, BackendError> {
        if self.local_uid()? == Some(uid) {
            return Ok(None);
        }
        let owner = self.chain.identities.local_name(uid)?;
        Ok(owner.map(|owner| format!("uid {uid} is that of \"{owner}\" on this machine")))
    }

    /// Returns the user that the system has for the name. The local file is read first: it cannot
    /// hang, and a broken name service may answer "no such user" instead of reporting an error.
    ///
    /// su and sudo have found the user by the name service already. If it does not know the user
    /// now, limits that the caller has set (setrlimit(2)) have made it fail.
    fn system_user(&self) -> Result<Option<SystemUser>, BackendError> {
        if let Some(uid) = self.local_uid()? {
            let name = self.user.to_string();
            return Ok(Some(SystemUser { name, uid }));
        }
        let user = self.chain.identities.system_user(self.user)?;
        if user.is_none() && self.context.on_behalf_of().is_some() {
            let why = "the name service does not know the name any more".to_owned();
            return Err(BackendError::Failed(why));
        }
        Ok(user)
    }
}
