//! The capabilities of one backend, each with yes or the reason why not.

use authchain::backends::Backend;
use authchain::backends::accounts::{CannotKeep, Entries, Field};
use authchain::backends::password_change::CannotChange;
use authchain::chain::registry;
use authchain::config::BackendTable;
use authchain::config::settings::PasswordChanges;
use nix::unistd::geteuid;

/// A capability: yes, perhaps with more about it, or the reason why not.
pub(super) struct Capability {
    pub(super) name: &'static str,
    pub(super) can: Result<String, String>,
}

impl Capability {
    fn new(name: &'static str, can: Result<String, String>) -> Self {
        Self { name, can }
    }
}

/// The name of the capability to change passwords.
pub(super) const CHANGE_PASSWORD: &str = "change_password";

/// Returns the capabilities of a backend, as its settings and this process allow.
pub(super) fn capabilities(table: &BackendTable<'_>, backend: &dyn Backend) -> Vec<Capability> {
    let keeps = |can: Result<(), CannotKeep>| match can {
        Ok(()) => Ok(String::new()),
        Err(why) => Err(why.to_string()),
    };
    vec![
        Capability::new("authenticate", Ok(String::new())),
        Capability::new("account", without_password(backend)),
        Capability::new("lookup", without_password(backend)),
        Capability::new(CHANGE_PASSWORD, change_password(table, backend)),
        Capability::new("register", keeps(backend.register().map(drop))),
        Capability::new("edit", edit(backend)),
        Capability::new("remove", keeps(backend.remove().map(drop))),
        Capability::new("list", keeps(backend.list(Entries::People).map(drop))),
        Capability::new(
            "list_groups",
            keeps(backend.list(Entries::Groups).map(drop)),
        ),
        Capability::new("groups", groups(table, backend)),
    ]
}

/// Returns whether people are found without their password.
fn without_password(backend: &dyn Backend) -> Result<String, String> {
    match backend.change_password() {
        Ok(change) if change.finds_by_password() => {
            Err("without bind_dn, only a person's password shows them".to_owned())
        }
        _ => Ok(String::new()),
    }
}

fn change_password(table: &BackendTable<'_>, backend: &dyn Backend) -> Result<String, String> {
    if table.common().password == PasswordChanges::Off {
        return Err(CannotChange::Off.to_string());
    }
    backend.change_password().map_err(|why| why.to_string())?;
    match backend.nature().answers_at_once && !geteuid().is_root() {
        true => Err("not root: only root may lock the files".to_owned()),
        false => Ok(String::new()),
    }
}

/// Returns the fields that can be edited.
fn edit(backend: &dyn Backend) -> Result<String, String> {
    let edit = backend.edit().map_err(|why| why.to_string())?;
    let fields = Field::ALL.into_iter();
    let fields = fields.filter(|field| edit.lacks(*field).is_none());
    let fields: Vec<String> = fields.map(|field| field.to_string()).collect();
    Ok(fields.join(", "))
}

/// Returns whether rules hear of the groups of the backend's people.
fn groups(table: &BackendTable<'_>, backend: &dyn Backend) -> Result<String, String> {
    if !backend.nature().is_directory() {
        return Err("the groups of /etc/group count for everybody".to_owned());
    }
    match registry::group_warnings(table).first() {
        Some(why) => Err((*why).to_owned()),
        None => Ok(String::new()),
    }
}
