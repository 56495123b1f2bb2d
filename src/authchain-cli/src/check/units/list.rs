//! Settings that list what is allowed, or behind a `~` what is not.

/// Returns whether a setting with these values allows a thing, of which `names` says whether a word
/// names it, by itself or among others.
///
/// The first value decides what becomes of things that no value names: systemd.exec(5),
/// `SystemCallFilter=`.
pub(super) fn allows<'v>(
    values: impl Iterator<Item = &'v str>,
    names: impl Fn(&str) -> bool,
) -> bool {
    let mut allowed = None;
    for value in values {
        let (is_denial, words) = match value.strip_prefix('~') {
            Some(words) => (true, words),
            None => (false, value),
        };
        let unnamed = allowed.unwrap_or(is_denial);
        let is_named = words.split_whitespace().any(&names);
        allowed = Some(if is_named { !is_denial } else { unnamed });
    }
    allowed.unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_decides_about_what_no_value_names() {
        let is_allowed = |values: &[&str]| allows(values.iter().copied(), |word| word == "a");
        for (values, expected) in [
            (&[][..], true),
            (&["a b"], true),
            (&["b"], false),
            (&["b", "a"], true),
            (&["b a", "~a"], false),
            (&["~b"], true),
            (&["~b a"], false),
            (&["~a", "a"], true),
            (&["none"], false),
        ] {
            assert_eq!(is_allowed(values), expected, "{values:?}");
        }
    }
}
