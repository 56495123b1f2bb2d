//! A dummy hash with the method and cost of a NIS domain's hashes.
//!
//! A refusal without a hash, because the name is unknown or no password could be right, must not
//! come sooner than one for a wrong password: the time would tell who exists.

use authchain::config::settings::nis::NisSettings;
use authchain::files::password_hash::{DummyHash, Method, cost_of};

use super::client::{Client, OwnEntry};
use super::entries;
use super::maps::{credential, passwd_map};

/// The most entries that are tried: the first ones may have no usable hash.
const SAMPLE: usize = 8;

/// A dummy hash, and whether it is quick.
pub(super) struct TimedDummy {
    pub(super) hash: DummyHash,
    /// True if it takes milliseconds only.
    pub(super) is_quick: bool,
}

impl Default for TimedDummy {
    fn default() -> Self {
        Self {
            hash: DummyHash::default(),
            is_quick: true,
        }
    }
}

/// Returns a dummy of the first quick hash in the sample, or else of the first costly hash, or else
/// the default. A quick hash is preferred: a costly one may be the choice of one person, and the
/// people of later backends would all wait for it.
pub(super) async fn dummy_hash(settings: &NisSettings, client: &mut Client<'_>) -> TimedDummy {
    let map = passwd_map(settings);
    let mut key: Option<Vec<u8>> = None;
    let mut costly = None;
    for _ in 0..SAMPLE {
        let Ok(Some(entry)) = client.walk(map, key.as_deref()).await else {
            break;
        };
        match dummy_of(settings, client, &entry).await {
            Some(dummy) if dummy.is_quick => return dummy,
            found => costly = costly.or(found),
        }
        key = Some(entry.key);
    }
    costly.unwrap_or_default()
}

/// Returns a dummy of the hash in this entry, if its method may be used.
async fn dummy_of(
    settings: &NisSettings,
    client: &mut Client<'_>,
    found: &OwnEntry,
) -> Option<TimedDummy> {
    let name = std::str::from_utf8(&found.key).ok()?;
    let entry = entries::person(&found.value, name).ok()?;
    let credential = credential(settings, client, &entry, name).await.ok()?;
    let stored = credential.stored.expose();
    let is_usable = |method: Method| settings.weak_hashes || !method.is_weak();
    let hash = DummyHash::of(stored).filter(|hash| is_usable(hash.method()))?;
    let is_quick = is_quick(stored);
    Some(TimedDummy { hash, is_quick })
}

/// Returns whether a hash takes milliseconds: its method has no cost, or the cost is the one that
/// distributions choose.
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
