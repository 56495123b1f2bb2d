//! The maps of a domain, and the search for a person's hash in them.

use authchain::config::settings::nis::NisSettings;
use authchain::files::passwd_files::passwd::PasswdEntry;

use super::client::{Client, Map};
use super::entries::{self, Credential, HashPlace};
use crate::net::failure::Failure;

pub(super) fn passwd_map(settings: &NisSettings) -> Map<'_> {
    Map {
        step: "passwd map",
        name: settings.passwd_map.as_str(),
        is_secret: false,
    }
}

pub(super) fn shadow_map(settings: &NisSettings) -> Map<'_> {
    Map {
        step: "shadow map",
        name: settings.shadow_map.as_str(),
        is_secret: true,
    }
}

pub(super) fn adjunct_map(settings: &NisSettings) -> Map<'_> {
    Map {
        step: "adjunct map",
        name: settings.adjunct_map.as_str(),
        is_secret: true,
    }
}

/// Looks up the hash of a person in the passwd map, in whichever map the hash is.
pub(super) async fn credential(
    settings: &NisSettings,
    client: &mut Client<'_>,
    entry: &PasswdEntry,
    name: &str,
) -> Result<Credential, Failure> {
    let password = entry.password.expose();
    let place = entries::place(password, name).map_err(|fault| malformed("passwd map", fault))?;
    let (map, parse): (_, fn(&[u8], &str) -> _) = match place {
        HashPlace::Here => return Ok(Credential::lasting(password)),
        HashPlace::Shadow => (shadow_map(settings), entries::shadow),
        HashPlace::Adjunct => (adjunct_map(settings), entries::adjunct),
    };
    let step = map.step;
    // One map is older than the other: another server may have both.
    let missing = || Failure::trouble(step, "no entry, although the passwd map promises one");
    let value = client.look_up(map, name).await?.ok_or_else(missing)?;
    parse(&value, name).map_err(|fault| malformed(step, fault))
}

pub(super) fn malformed(step: &'static str, fault: &'static str) -> Failure {
    Failure::trouble(step, format!("not a valid entry: {fault}"))
}
