//! The textual form of certificates, keys and revocation lists (RFC 7468).

use base64ct::{Base64, Encoding};

/// Returns what the blocks with this label hold; `None` if one of them has no end, or is no base64.
pub fn blocks(pem: &[u8], label: &str) -> Option<Vec<Vec<u8>>> {
    let text = String::from_utf8_lossy(pem);
    let end = format!("-----END {label}-----");
    text.split(&format!("-----BEGIN {label}-----"))
        .skip(1)
        .map(|block| decode(block.split_once(&end)?.0))
        .collect()
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_ascii_whitespace().collect();
    let mut bytes = vec![0; text.len()];
    let length = Base64::decode(text, &mut bytes).ok()?.len();
    bytes.truncate(length);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_by_their_label_and_are_whole_or_nothing() {
        let of = |text: &str| blocks(text.as_bytes(), "X");
        let good = "a comment\n-----BEGIN X-----\nYWI=\n-----END X-----\n";
        assert_eq!(of(good), Some(vec![b"ab".to_vec()]));
        assert_eq!(of(&good.repeat(2)).map(|all| all.len()), Some(2));
        assert_eq!(of(&good.replace('X', "Y")), Some(vec![]));
        assert_eq!(of(""), Some(vec![]));
        for bad in ["-----BEGIN X-----\nYWI=\n", &good.replace("YWI=", "Y*")] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }
}
