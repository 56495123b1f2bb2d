//! The cost parameters of scrypt, yescrypt and gost-yescrypt.
//!
//! Both encodings are read as libxcrypt reads them (lib/alg-yescrypt-common.c, `yescrypt_r`):
//! `$7$` has log2(N) in one digit of base 64, then r and p in five digits each, lowest first; `$y$`
//! has numbers of varying length, whose first digit tells how many follow.

use super::bounds::{digit, fixed_length, limit};
use super::error::HashError;
use super::method::Method;

/// Maximum memory of a hash in KiB: 256 MiB, sixteen times what distributions choose.
const MAX_MEMORY_KIB: u64 = 256 * 1024;
/// Maximum of memory in KiB times lanes times passes, which takes about a second or two.
const MAX_WORK_KIB: u64 = 4 * MAX_MEMORY_KIB;

/// The parameters that decide memory and time.
#[derive(Debug, PartialEq, Eq)]
struct ScryptCost {
    /// log2(N), N being the number of blocks.
    log2_blocks: u64,
    /// r: the size of a block in units of 128 bytes.
    block_size: u64,
    /// p: lanes computed one after the other.
    lanes: u64,
    /// t: passes beyond the first.
    extra_passes: u64,
}

/// Checks that `cost`, the part of a hash before its salt, is well-formed and within limits.
pub(super) fn check(method: Method, cost: &[u8]) -> Result<(), HashError> {
    let parsed = match method {
        Method::Scrypt => cost.strip_prefix(b"$7$").and_then(scrypt),
        Method::GostYescrypt => cost.strip_prefix(b"$gy$").and_then(yescrypt),
        _ => cost.strip_prefix(b"$y$").and_then(yescrypt),
    };
    let cost = parsed.ok_or(HashError::Malformed(method))?;
    let memory = cost.memory_kib();
    limit("memory_kib", memory, MAX_MEMORY_KIB)?;
    let passes = cost.extra_passes.saturating_add(1);
    let work = memory.saturating_mul(cost.lanes).saturating_mul(passes);
    limit("work_kib", work, MAX_WORK_KIB)
}

impl ScryptCost {
    /// Returns the memory in KiB, 128·N·r bytes rounded up.
    fn memory_kib(&self) -> u64 {
        let shift = u32::try_from(self.log2_blocks).unwrap_or(u32::MAX);
        let blocks = 1_u64.checked_shl(shift).unwrap_or(u64::MAX);
        blocks.saturating_mul(self.block_size).div_ceil(8)
    }
}

fn scrypt(digits: &[u8]) -> Option<ScryptCost> {
    let (&log2_blocks, rest) = digits.split_first()?;
    let (block_size, lanes) = rest.split_at_checked(5)?;
    if lanes.len() != 5 {
        return None;
    }
    Some(ScryptCost {
        log2_blocks: digit(log2_blocks)?,
        block_size: fixed_length(block_size)?,
        lanes: fixed_length(lanes)?,
        extra_passes: 0,
    })
}

fn yescrypt(text: &[u8]) -> Option<ScryptCost> {
    let mut text = text.strip_suffix(b"$")?;
    let _flavour = varying_length(&mut text, 0)?;
    let mut cost = ScryptCost {
        log2_blocks: varying_length(&mut text, 1)?,
        block_size: varying_length(&mut text, 1)?,
        lanes: 1,
        extra_passes: 0,
    };
    if !text.is_empty() {
        let present = varying_length(&mut text, 1)?;
        if present & 1 != 0 {
            cost.lanes = varying_length(&mut text, 2)?;
        }
        if present & 2 != 0 {
            cost.extra_passes = varying_length(&mut text, 1)?;
        }
        // 4 is a hash upgraded in place, 8 a table in read-only memory; crypt(3) has neither.
        if present > 3 {
            return None;
        }
    }
    text.is_empty().then_some(cost)
}

/// The beginnings of numbers of varying length. In each row: the lowest first digit, the number of
/// digits that follow such a digit, and the first number that is written so.
const KINDS: [(u64, usize, u64); 6] = [
    (63, 5, 17_318_448),
    (62, 4, 541_232),
    (60, 3, 16_944),
    (56, 2, 560),
    (48, 1, 48),
    (0, 0, 0),
];

/// Takes one number of varying length off `text`, highest digit first, counted from `least`.
fn varying_length(text: &mut &[u8], least: u64) -> Option<u64> {
    let (&first, rest) = text.split_first()?;
    let first = digit(first)?;
    let &(lowest, more, start) = KINDS.iter().find(|(lowest, ..)| first >= *lowest)?;
    let (digits, rest) = rest.split_at_checked(more)?;
    let head = first.checked_sub(lowest)?;
    let offset = digits.iter().try_fold(head, |number, &byte| {
        Some(number.checked_mul(64)?.saturating_add(digit(byte)?))
    })?;
    *text = rest;
    offset.checked_add(start)?.checked_add(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(method: Method, cost: &str) -> u64 {
        let cost = match method {
            Method::Scrypt => scrypt(&cost.as_bytes()[3..]),
            _ => yescrypt(&cost.as_bytes()[3..]),
        };
        cost.unwrap().memory_kib()
    }

    /// Reads what crypt_gensalt(3) of libxcrypt 4.4.33 writes for its cost numbers 1 to 11.
    #[test]
    fn the_costs_that_gensalt_writes_are_read_right() {
        let yescrypt = [
            ("$y$j75$", 1),
            ("$y$j85$", 2),
            ("$y$j7T$", 4),
            ("$y$j8T$", 8),
            ("$y$j9T$", 16),
            ("$y$jAT$", 32),
            ("$y$jBT$", 64),
            ("$y$jCT$", 128),
            ("$y$jDT$", 256),
            ("$y$jET$", 512),
            ("$y$jFT$", 1024),
        ];
        for (cost, mebibytes) in yescrypt {
            assert_eq!(memory(Method::Yescrypt, cost), mebibytes * 1024, "{cost}");
        }
        for (cost, mebibytes) in [("$7$BU..../....", 32), ("$7$GU..../....", 1024)] {
            assert_eq!(memory(Method::Scrypt, cost), mebibytes * 1024, "{cost}");
        }
    }

    #[test]
    fn the_limits_are_inclusive() {
        assert_eq!(check(Method::Yescrypt, b"$y$jDT$"), Ok(()));
        assert_eq!(check(Method::Scrypt, b"$7$EU..../...."), Ok(()));
        let over = |what, value, limit| Err(HashError::TooCostly { what, value, limit });
        assert_eq!(
            check(Method::Yescrypt, b"$y$jET$"),
            over("memory_kib", 512 * 1024, MAX_MEMORY_KIB)
        );
        assert_eq!(
            check(Method::GostYescrypt, b"$gy$jFT$"),
            over("memory_kib", 1024 * 1024, MAX_MEMORY_KIB)
        );
        assert_eq!(
            check(Method::Scrypt, b"$7$FU..../...."),
            over("memory_kib", 512 * 1024, MAX_MEMORY_KIB)
        );
        // 16 MiB, but 64 * 64 lanes of it.
        assert_eq!(
            check(Method::Scrypt, b"$7$AU......../."),
            Err(HashError::Malformed(Method::Scrypt))
        );
        assert_eq!(
            check(Method::Scrypt, b"$7$AU....../.."),
            over("work_kib", 4096 * 16 * 1024, MAX_WORK_KIB)
        );
        assert_eq!(
            check(Method::Scrypt, b"$7$zzzzzzzzzzz"),
            over("memory_kib", u64::MAX.div_ceil(8), MAX_MEMORY_KIB)
        );
    }

    #[test]
    fn numbers_of_every_length_join_without_a_gap() {
        let number = |text: &str| {
            let mut text = text.as_bytes();
            varying_length(&mut text, 0).filter(|_| text.is_empty())
        };
        assert_eq!(number("j"), Some(47));
        assert_eq!(number("k."), Some(48));
        assert_eq!(number("rz"), Some(559));
        assert_eq!(number("s.."), Some(560));
        assert_eq!(number("vzz"), Some(16_943));
        assert_eq!(number("w..."), Some(16_944));
        assert_eq!(number("xzzz"), Some(541_231));
        assert_eq!(number("y...."), Some(541_232));
        assert_eq!(number("yzzzz"), Some(17_318_447));
        assert_eq!(number("z....."), Some(17_318_448));
        assert_eq!(number("k"), None);
        assert_eq!(number(""), None);
    }

    #[test]
    fn parameters_that_crypt_does_not_use_are_malformed() {
        for cost in [
            "$y$",
            "$y$j$",
            "$y$j9$",
            "$y$j9T",
            "$y$j9T1..$",
            "$y$j9T5.$",
            "$y$j9T.$",
            "$y$j9T..x$",
        ] {
            assert_eq!(
                check(Method::Yescrypt, cost.as_bytes()),
                Err(HashError::Malformed(Method::Yescrypt)),
                "{cost}"
            );
        }
        assert_eq!(check(Method::Yescrypt, b"$y$j9T..$"), Ok(()));
    }
}
