//! Settings that are allow lists, or deny lists if the value begins with `~`.

/// Returns whether a setting with these values allows an item, such as a system call. `names` tells
/// whether a word of the setting means the item, or a group that contains it.
///
/// If the first value is an allow list, items that no value names are forbidden; otherwise they are
/// allowed (`SystemCallFilter=` in systemd.exec(5)).
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
    fn the_first_value_decides_about_items_that_no_value_names() {
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
