//! Patterns of log lines in which numbers and parts may differ.

/// Whether the whole of `text` fits `pattern`. `<n>` stands for a number and `...` for anything.
pub fn fits(pattern: &str, text: &str) -> bool {
    if let Some(rest) = pattern.strip_prefix("...") {
        let mut starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
        return starts.any(|at| fits(rest, &text[at..]));
    }
    if let Some(rest) = pattern.strip_prefix("<n>") {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        return digits > 0 && fits(rest, &text[digits..]);
    }
    match (pattern.chars().next(), text.chars().next()) {
        (None, None) => true,
        (Some(p), Some(t)) if p == t => fits(&pattern[p.len_utf8()..], &text[t.len_utf8()..]),
        _ => false,
    }
}

/// Whether there are as many texts as patterns, and each text fits the pattern at its place.
pub fn fit_one_by_one(patterns: &[String], texts: &[String]) -> bool {
    let all_fit = || {
        patterns
            .iter()
            .zip(texts)
            .all(|(pattern, text)| fits(pattern, text))
    };
    patterns.len() == texts.len() && all_fit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_the_whole_line_or_not_at_all() {
        assert!(fits("took <n> ms", "took 12 ms"));
        assert!(!fits("took <n> ms", "took ms"));
        assert!(!fits("user=alice", "user=alice rhost=x"));
        assert!(fits("...user=alice", "a user=a user=alice"));
        assert!(fits(
            "Accepted ... for alice ...",
            "Accepted password for alice from x"
        ));
    }
}
