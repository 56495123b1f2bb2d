//! MD5 (RFC 1321) and HMAC-MD5 (RFC 2104), which RADIUS is made of. Nothing else should be.

use std::array::from_fn;

const SHIFTS: [[u32; 4]; 4] = [
    [7, 12, 17, 22],
    [5, 9, 14, 20],
    [4, 11, 16, 23],
    [6, 10, 15, 21],
];

/// Returns the hash of the parts in a row.
pub(crate) fn md5(parts: &[&[u8]]) -> [u8; 16] {
    let mut text = parts.concat();
    let bits = (text.len() as u64).wrapping_mul(8);
    text.push(0x80);
    while text.len() % 64 != 56 {
        text.push(0);
    }
    text.extend(bits.to_le_bytes());
    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in text.chunks_exact(64) {
        let mut numbers = block.chunks_exact(4).map(|bytes| {
            bytes
                .iter()
                .rev()
                .fold(0_u32, |number, byte| number << 8 | u32::from(*byte))
        });
        let words = from_fn(|_| numbers.next().unwrap_or_default());
        state = mixed(state, &words);
    }
    let mut bytes = state.into_iter().flat_map(u32::to_le_bytes);
    from_fn(|_| bytes.next().unwrap_or_default())
}

fn mixed(state: [u32; 4], words: &[u32; 16]) -> [u32; 4] {
    let [mut a, mut b, mut c, mut d] = state;
    for step in 0..64_usize {
        let (mix, word) = match step / 16 {
            0 => ((b & c) | (!b & d), step),
            1 => ((d & b) | (!d & c), 5 * step + 1),
            2 => (b ^ c ^ d, 3 * step + 5),
            _ => (c ^ (b | !d), 7 * step),
        };
        let word = words.get(word % 16).copied().unwrap_or_default();
        let shifts = SHIFTS.get(step / 16).copied().unwrap_or_default();
        let shift = shifts.get(step % 4).copied().unwrap_or_default();
        // The whole part of 2³² times the sine.
        let sine = (((step + 1) as f64).sin().abs() * 4_294_967_296.0) as u32;
        let sum = a.wrapping_add(mix).wrapping_add(sine).wrapping_add(word);
        (a, d, c, b) = (d, c, b, b.wrapping_add(sum.rotate_left(shift)));
    }
    let mut added = [a, b, c, d].into_iter().zip(state);
    from_fn(|_| added.next().map_or(0, |(new, old)| old.wrapping_add(new)))
}

/// Returns the HMAC of the text. The key has 64 bytes at most.
pub(crate) fn hmac_md5(key: &[u8], text: &[u8]) -> [u8; 16] {
    let padded = |with: u8| -> [u8; 64] { from_fn(|at| key.get(at).unwrap_or(&0) ^ with) };
    md5(&[&padded(0x5c), &md5(&[&padded(0x36), text])])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: [u8; 16]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_hashes_are_those_of_the_rfcs() {
        for (text, hash) in [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"),
            (
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                "57edf4a22be3c955ac49da2e2107b67a",
            ),
        ] {
            assert_eq!(hex(md5(&[text.as_bytes()])), hash, "{text}");
        }
        let keyed = hmac_md5(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(hex(keyed), "750c783e6ab0b503eaa86e310a5db738");
    }
}
