//! The form and the cost that a hash must have before it is computed.
//!
//! libcrypt accepts any cost, and a user who can set a hash chooses its cost: `rounds=999999999`
//! would keep a core busy for minutes at every login. A digest that was cut short must be refused
//! and not compared as far as it goes, because many passwords would match it.

use super::bounds::{fixed_length, limit, number_between};
use super::error::HashError;
use super::method::{Method, cost_of};
use super::tail::Tail;
use super::{argon2_phc, scrypt_cost};

/// Maximum length of a hash in bytes: `CRYPT_OUTPUT_SIZE` of libxcrypt (crypt.h).
const MAX_BYTES: u64 = 384;
/// Maximum number of rounds of sha256crypt and sha512crypt. Distributions choose 5000. The time
/// grows with the length of the typed password: this many rounds take 0.3 s with 8 bytes and 2 s
/// with 511.
const MAX_SHA_ROUNDS: u64 = 1_000_000;
/// Minimum number of rounds that libxcrypt accepts (lib/crypt-sha256.c).
const MIN_SHA_ROUNDS: u64 = 1000;
/// Maximum log2 of bcrypt's rounds, which takes about a second. Distributions choose 5 to 12.
const MAX_BCRYPT_COST: u64 = 14;
/// Minimum log2 of bcrypt's rounds, by its definition.
const MIN_BCRYPT_COST: u64 = 4;
/// Maximum number of rounds of the weak methods, which takes about a second.
const MAX_WEAK_ROUNDS: u64 = 1_000_000;

/// Checks that `stored` is a complete hash of `method` whose cost is within limits.
pub(super) fn check(method: Method, stored: &[u8]) -> Result<(), HashError> {
    let length = u64::try_from(stored.len()).unwrap_or(u64::MAX);
    limit("length", length, MAX_BYTES)?;
    let malformed = HashError::Malformed(method);
    let (_, cost) = cost_of(stored).ok_or(malformed)?;
    let rest = stored.get(cost.len()..).ok_or(malformed)?;
    check_cost(method, cost)?;
    let fits = Tail::of(method).fits(rest);
    if fits { Ok(()) } else { Err(malformed) }
}

/// Checks that the cost at the beginning of a hash is within limits.
pub(super) fn check_cost(method: Method, cost: &[u8]) -> Result<(), HashError> {
    match method {
        Method::Descrypt | Method::Md5crypt | Method::Nthash => Ok(()),
        Method::Bsdicrypt => {
            // Four digits of base 64 behind the `_`, lowest first.
            let rounds = cost.strip_prefix(b"_").and_then(fixed_length);
            limit_rounds(method, rounds, 0, MAX_WEAK_ROUNDS)
        }
        Method::Sha1crypt => {
            let rounds = number_between(cost, b"$sha1$");
            limit_rounds(method, rounds, 1, MAX_WEAK_ROUNDS)
        }
        Method::Sunmd5 if cost == b"$md5$" => Ok(()),
        Method::Sunmd5 => {
            let rounds = number_between(cost, b"$md5,rounds=");
            let rounds = rounds.or_else(|| number_between(cost, b"$md5$rounds="));
            limit_rounds(method, rounds, 1, MAX_WEAK_ROUNDS)
        }
        Method::Sha256crypt | Method::Sha512crypt if cost.len() == 3 => Ok(()),
        Method::Sha256crypt | Method::Sha512crypt => {
            let rounds = number_between(cost, b"$5$rounds=");
            let rounds = rounds.or_else(|| number_between(cost, b"$6$rounds="));
            limit_rounds(method, rounds, MIN_SHA_ROUNDS, MAX_SHA_ROUNDS)
        }
        Method::Bcrypt => limit_bcrypt(cost),
        Method::Scrypt | Method::Yescrypt | Method::GostYescrypt => {
            scrypt_cost::check(method, cost)
        }
        Method::Argon2 => argon2_phc::check(cost),
    }
}

fn limit_rounds(
    method: Method,
    rounds: Option<u64>,
    least: u64,
    most: u64,
) -> Result<(), HashError> {
    let rounds = rounds.filter(|&rounds| rounds >= least);
    limit("rounds", rounds.ok_or(HashError::Malformed(method))?, most)
}

fn limit_bcrypt(cost: &[u8]) -> Result<(), HashError> {
    let malformed = HashError::Malformed(Method::Bcrypt);
    match cost {
        [_, _, _, _, tens @ b'0'..=b'9', ones @ b'0'..=b'9', b'$'] => {
            let text = [*tens, *ones];
            let log2 = std::str::from_utf8(&text)
                .ok()
                .and_then(|text| text.parse().ok());
            let log2 = log2
                .filter(|&log2| log2 >= MIN_BCRYPT_COST)
                .ok_or(malformed)?;
            limit("cost", log2, MAX_BCRYPT_COST)
        }
        _ => Err(malformed),
    }
}
