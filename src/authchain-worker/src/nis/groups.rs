//! The groups of a person, by the maps of groups.
//!
//! The servers themselves say who is in a group: the maps of groups and the primary group in the
//! passwd map, of which people can change nothing but their password, name and shell (yppasswd).

use authchain::backends::protocol::WireUser;
use authchain::config::settings::nis::NisSettings;
use authchain::words::number;
use zeroize::Zeroizing;

use super::client::{Client, Map};
use super::entries::{can_be_a_name, group};
use super::maps::malformed;
use crate::net::failure::Failure;

const STEP: &str = "group map";

/// Returns those of the groups that the person is in. Each is looked up by its name, or by its
/// number; a group that does not exist has no members.
///
/// # Errors
/// When a map cannot be read, or an entry is not the one that was asked for.
pub(super) async fn groups(
    settings: &NisSettings,
    client: &mut Client<'_>,
    asked: &[String],
    person: &WireUser,
) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for text in asked {
        if is_member(settings, client, text, person).await? {
            found.push(text.clone());
        }
    }
    Ok(found)
}

async fn is_member(
    settings: &NisSettings,
    client: &mut Client<'_>,
    text: &str,
    person: &WireUser,
) -> Result<bool, Failure> {
    let gid: Option<u32> = number(text.as_bytes());
    if gid.is_some() && gid == person.gid {
        return Ok(true);
    }
    let Some(value) = entry_of(settings, client, text).await? else {
        return Ok(false);
    };
    let group = group(&value).map_err(|fault| malformed(STEP, fault))?;
    let is_it = match gid {
        Some(gid) => group.gid == gid,
        None => group.name == text.as_bytes(),
    };
    match is_it {
        true => Ok(Some(group.gid) == person.gid || group.has(&person.name)),
        false => Err(malformed(STEP, "the entry is another group's")),
    }
}

/// Returns the entry of a group, by its name or its number; `None` if there is none.
///
/// # Errors
/// When a map cannot be read.
pub(super) async fn entry_of(
    settings: &NisSettings,
    client: &mut Client<'_>,
    text: &str,
) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    let (name, key) = match number::<u32>(text.as_bytes()) {
        Some(gid) => (&settings.gid_map, gid.to_string()),
        None if !can_be_a_name(text) => return Ok(None),
        None => (&settings.group_map, text.to_owned()),
    };
    let map = Map {
        step: STEP,
        name: name.as_str(),
        is_secret: false,
    };
    client.look_up(map, &key).await
}
