//! What a hash usually costs in the domain.
//!
//! A refusal for which none is computed, because there is no such person or no password could be
//! the right one, must not come sooner than one for a wrong password: whoever asks could tell who
//! exists.

use authchain::config::settings::nis::NisSettings;
use authchain::files::password_hash::{Method, Template, cost_of};

use super::client::{Client, OwnEntry};
use super::entries;
use super::maps::{credential, passwd_map};

/// How many entries are looked at: the first ones may be of people whom nobody lets in.
const SAMPLE: usize = 8;

/// A hash to be computed for nothing.
pub(super) struct DummyHash {
    pub(super) template: Template,
    /// Whether it takes milliseconds.
    pub(super) is_quick: bool,
}

impl Default for DummyHash {
    fn default() -> Self {
        Self {
            template: Template::default(),
            is_quick: true,
        }
    }
}

/// Returns a hash like the first one that is found in the domain, whosever it is; without one, like
/// those that distributions make. A costly one counts only where there is no quick one: one person
/// may have chosen it, and everybody whom a backend behind this one knows would wait for it.
pub(super) async fn dummy_hash(settings: &NisSettings, client: &mut Client<'_>) -> DummyHash {
    let map = passwd_map(settings);
    let mut key: Option<Vec<u8>> = None;
    let mut costly = None;
    for _ in 0..SAMPLE {
        let Ok(Some(entry)) = client.walk(map, key.as_deref()).await else {
            break;
        };
        match like(settings, client, &entry).await {
            Some(dummy) if dummy.is_quick => return dummy,
            found => costly = costly.or(found),
        }
        key = Some(entry.key);
    }
    costly.unwrap_or_default()
}

/// Returns a hash like that of the person whose entry it is, if there is one that may be used.
async fn like(
    settings: &NisSettings,
    client: &mut Client<'_>,
    found: &OwnEntry,
) -> Option<DummyHash> {
    let name = std::str::from_utf8(&found.key).ok()?;
    let entry = entries::person(&found.value, name).ok()?;
    let credential = credential(settings, client, &entry, name).await.ok()?;
    let stored = credential.stored.expose();
    let is_usable = |method: Method| settings.weak_hashes || !method.is_weak();
    let template = Template::of(stored).filter(|template| is_usable(template.method()))?;
    let is_quick = is_quick(stored);
    Some(DummyHash { template, is_quick })
}

/// Returns whether a hash has no cost of its own, or the one that distributions choose:
/// milliseconds.
pub(super) fn is_quick(stored: &[u8]) -> bool {
    match cost_of(stored) {
        None => true,
        Some((method, cost)) => match method {
            Method::Descrypt | Method::Md5crypt | Method::Nthash => true,
            Method::Sha256crypt | Method::Sha512crypt => cost.len() == "$6$".len(),
            Method::Yescrypt => cost == b"$y$j9T$",
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_over_in_milliseconds_is_quick() {
        for quick in [
            "!",
            "",
            "abhfCpXqd4GrI",
            "$1$a$b",
            "$6$salt$x",
            "$y$j9T$salt$x",
        ] {
            assert!(is_quick(quick.as_bytes()), "{quick}");
        }
        for slow in [
            "$6$rounds=5001$salt$x",
            "$y$jDT$salt$x",
            "$2b$12$x",
            "$7$CU..../....x",
        ] {
            assert!(!is_quick(slow.as_bytes()), "{slow}");
        }
    }
}
