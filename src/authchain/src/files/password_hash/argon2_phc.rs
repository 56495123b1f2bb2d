//! argon2 in PHC strings: `$argon2id$v=19$m=19456,t=2,p=1$salt$digest`.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use base64ct::{Base64Unpadded, Encoding};
use zeroize::Zeroizing;

use super::bounds::{limit, number};
use super::digest::equal;
use super::error::HashError;
use super::hashable::is_hashable;
use super::method::{Method, cost_of};
use crate::words::Secret;

/// Maximum memory: 256 MiB.
const MAX_MEMORY_KIB: u64 = 256 * 1024;
/// Maximum number of passes over the memory.
const MAX_PASSES: u64 = 16;
/// Maximum of memory times passes, to which the time is proportional: 1 GiB. So much work takes 1.4
/// to 2.2 s with 256 MiB of memory, and 1.0 to 1.4 s with 64 MiB (release build).
const MAX_WORK_KIB: u64 = 1024 * 1024;
/// Maximum number of lanes, which are computed one after the other here.
const MAX_LANES: u64 = 16;

/// The cost of new hashes: 19 MiB of memory, two passes, one lane. The smallest setting that the
/// OWASP Password Storage Cheat Sheet calls sufficient, and about what distributions choose for
/// yescrypt. With the 64 MiB of RFC 9106, many logins at once would need too much memory.
const NEW_MEMORY_KIB: u32 = 19 * 1024;
const NEW_PASSES: u32 = 2;
const NEW_LANES: u32 = 1;
/// The length of new digests in bytes, which RFC 9106 §4 recommends.
const NEW_DIGEST: usize = 32;

const MALFORMED: HashError = HashError::Malformed(Method::Argon2);
const NOT_COMPUTED: HashError = HashError::NotComputed(Method::Argon2);

/// Makes a new argon2id hash of `password` with `salt`, whose 16 bytes are what RFC 9106 §3.1
/// recommends.
///
/// libcrypt does not know argon2, so that only the `local` backend will accept it, not `pam_unix`.
///
/// # Errors
/// For a password that would never match its hash, and if memory is short.
pub(super) fn hash_argon2id(password: &Secret, salt: &[u8; 16]) -> Result<String, HashError> {
    if !is_hashable(password.expose()) {
        return Err(HashError::UnusablePassword);
    }
    let params = Params::new(NEW_MEMORY_KIB, NEW_PASSES, NEW_LANES, Some(NEW_DIGEST))
        .map_err(|_| NOT_COMPUTED)?;
    let mut digest = Zeroizing::new([0; NEW_DIGEST]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.expose(), salt, digest.as_mut_slice())
        .map_err(|_| NOT_COMPUTED)?;
    // Written here: the crate's own writer of PHC strings would add 5 KB to the module.
    let [salt, digest] = [&salt[..], digest.as_slice()].map(Base64Unpadded::encode_string);
    let cost = format!("m={NEW_MEMORY_KIB},t={NEW_PASSES},p={NEW_LANES}");
    Ok(format!("$argon2id$v=19${cost}${salt}${digest}"))
}

/// Checks that `cost`, the part of a hash before its salt, is well-formed and within limits.
pub(super) fn check(cost: &[u8]) -> Result<(), HashError> {
    let cost = Argon2Cost::parse(cost).ok_or(MALFORMED)?;
    limit("m", cost.memory_kib, MAX_MEMORY_KIB)?;
    limit("t", cost.passes, MAX_PASSES)?;
    let work = cost.memory_kib.saturating_mul(cost.passes);
    limit("m*t", work, MAX_WORK_KIB)?;
    limit("p", cost.lanes, MAX_LANES)?;
    cost.params(None).map(|_| ()).ok_or(MALFORMED)
}

/// Returns whether `password` gives the digest in `stored`, which has passed [`check`].
pub(super) fn matches(password: &[u8], stored: &[u8]) -> Result<bool, HashError> {
    let text = std::str::from_utf8(stored).map_err(|_| MALFORMED)?;
    let parts = PasswordHash::new(text).map_err(|_| MALFORMED)?;
    let (Some(salt), Some(digest)) = (parts.salt, parts.hash) else {
        return Err(MALFORMED);
    };
    let (_, cost) = cost_of(stored).ok_or(MALFORMED)?;
    let cost = Argon2Cost::parse(cost).ok_or(MALFORMED)?;
    let params = cost.params(Some(digest.len())).ok_or(MALFORMED)?;
    let mut computed = Zeroizing::new(vec![0; digest.len()]);
    Argon2::new(cost.algorithm, cost.version, params)
        .hash_password_into(password, &salt, &mut computed)
        .map_err(|_| NOT_COMPUTED)?;
    Ok(equal(&computed, digest.as_bytes()))
}

struct Argon2Cost {
    algorithm: Algorithm,
    version: Version,
    memory_kib: u64,
    passes: u64,
    lanes: u64,
}

impl Argon2Cost {
    /// Reads `$argon2id$v=19$m=65536,t=3,p=4$`. Strings with a key id or associated data are
    /// refused: they cannot be verified without the key.
    fn parse(cost: &[u8]) -> Option<Self> {
        let mut fields = cost
            .strip_prefix(b"$")?
            .strip_suffix(b"$")?
            .split(|&byte| byte == b'$');
        let algorithm = match fields.next()? {
            b"argon2id" => Algorithm::Argon2id,
            b"argon2i" => Algorithm::Argon2i,
            b"argon2d" => Algorithm::Argon2d,
            _ => return None,
        };
        let (version, costs) = match (fields.next()?, fields.next()) {
            (b"v=19", Some(costs)) => (Version::V0x13, costs),
            (b"v=16", Some(costs)) => (Version::V0x10, costs),
            // Strings from before the version field existed.
            (costs, None) => (Version::V0x10, costs),
            _ => return None,
        };
        let mut costs = costs.split(|&byte| byte == b',');
        let mut value = |key: &[u8]| number(costs.next()?.strip_prefix(key)?);
        let (memory_kib, passes, lanes) = (value(b"m=")?, value(b"t=")?, value(b"p=")?);
        let nothing_more = costs.next().is_none() && fields.next().is_none();
        nothing_more.then_some(Self {
            algorithm,
            version,
            memory_kib,
            passes,
            lanes,
        })
    }

    fn params(&self, digest_bytes: Option<usize>) -> Option<Params> {
        let memory = u32::try_from(self.memory_kib).ok()?;
        let passes = u32::try_from(self.passes).ok()?;
        let lanes = u32::try_from(self.lanes).ok()?;
        Params::new(memory, passes, lanes, digest_bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_over_the_limits_are_refused_by_name() {
        let refused = |what, value, limit| Err(HashError::TooCostly { what, value, limit });
        assert_eq!(
            check(b"$argon2id$v=19$m=4194304,t=1,p=1$"),
            refused("m", 4_194_304, 262_144)
        );
        assert_eq!(
            check(b"$argon2id$v=19$m=64,t=4294967295,p=1$"),
            refused("t", 4_294_967_295, 16)
        );
        assert_eq!(
            check(b"$argon2d$v=19$m=4096,t=1,p=17$"),
            refused("p", 17, 16)
        );
        assert_eq!(
            check(b"$argon2i$m=99999999999999999999999,t=1,p=1$"),
            refused("m", u64::MAX, 262_144)
        );
        assert_eq!(
            check(b"$argon2id$v=19$m=262144,t=5,p=1$"),
            refused("m*t", 1_310_720, 1_048_576)
        );
        assert_eq!(check(b"$argon2id$v=19$m=262144,t=4,p=16$"), Ok(()));
        assert_eq!(check(b"$argon2id$v=19$m=65536,t=16,p=16$"), Ok(()));
    }

    #[test]
    fn other_forms_are_malformed() {
        for cost in [
            "$argon2id$v=19$m=64,t=1$",
            "$argon2id$v=19$t=1,m=64,p=1$",
            "$argon2id$v=19$m=64,t=1,p=1,keyid=AAAA$",
            "$argon2id$v=18$m=64,t=1,p=1$",
            "$argon2id$v=19$m=064,t=1,p=1$",
            "$argon2id$v=19$m=64,t=0,p=1$",
            "$argon2id$v=19$m=7,t=1,p=1$",
            "$argon2id$v=19$m=64,t=1,p=16$",
            "$argon2id$m=64,t=1,p=1$x$",
            "$argon2id$",
        ] {
            assert_eq!(check(cost.as_bytes()), Err(MALFORMED), "{cost}");
        }
    }
}
