//! What a hash usually costs in the domain.
//!
//! A refusal for which none is computed, because there is no such person or no password could be the
//! right one, must not come sooner than one for a wrong password: whoever asks could tell who exists.

use authchain::config::settings::nis::NisSettings;
use authchain::files::password_hash::{Method, Template};

use super::client::{Client, OwnEntry};
use super::entries;
use super::questions::{credential, passwd_map};

/// How many entries are looked at: the first ones may be of people whom nobody lets in.
const SAMPLE: usize = 8;

/// The cost of the first hash that is found in the domain, whosever it is; without one, what
/// distributions make usual.
pub(super) async fn usual(settings: &NisSettings, client: &mut Client<'_>) -> Template {
    let map = passwd_map(settings);
    let mut key: Option<Vec<u8>> = None;
    for _ in 0..SAMPLE {
        let Ok(Some(entry)) = client.walk(map, key.as_deref()).await else {
            break;
        };
        if let Some(template) = cost_of(settings, client, &entry).await {
            return template;
        }
        key = Some(entry.key);
    }
    Template::default()
}

/// The cost of the hash of the person whose entry it is, if there is one that may be used.
async fn cost_of(
    settings: &NisSettings,
    client: &mut Client<'_>,
    found: &OwnEntry,
) -> Option<Template> {
    let name = std::str::from_utf8(&found.key).ok()?;
    let entry = entries::person(&found.value, name).ok()?;
    let credential = credential(settings, client, &entry, name).await.ok()?;
    let stored = credential.stored.expose();
    let is_usable = |method: Method| settings.weak_hashes || !method.is_weak();
    Template::of(stored).filter(|template| is_usable(template.method()))
}
