//! Names with `*`, as `service` and `tty` have them.

use std::fmt;

/// A name in which `*` stands for any characters, or for none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Reads an entry of `service`.
    ///
    /// # Errors
    /// For a text that is no name of a service, with the fault.
    pub(super) fn service(text: &str) -> Result<Self, String> {
        check(text)?;
        if text.contains('/') {
            return Err(format!("\"{text}\": a service is named without its folder"));
        }
        if text.contains(|c: char| c.is_ascii_uppercase()) {
            let lower = text.to_ascii_lowercase();
            return Err(format!(
                "\"{text}\": PAM has services in small letters: \"{lower}\""
            ));
        }
        Ok(Self(text.to_owned()))
    }

    /// Reads an entry of `tty`. A `/dev/` in front does not count.
    ///
    /// # Errors
    /// For a text that is no name of a terminal, with the fault.
    pub(super) fn terminal(text: &str) -> Result<Self, String> {
        let name = text.strip_prefix("/dev/").unwrap_or(text);
        check(name)?;
        Ok(Self(name.to_owned()))
    }

    /// Returns whether the pattern matches the whole of `name`.
    pub fn matches(&self, name: &str) -> bool {
        let Some((first, others)) = self.0.split_once('*') else {
            return self.0 == name;
        };
        let (middle, last) = others.rsplit_once('*').unwrap_or(("", others));
        let rest = name.strip_prefix(first);
        let Some(mut rest) = rest.and_then(|rest| rest.strip_suffix(last)) else {
            return false;
        };
        for piece in middle.split('*') {
            let Some((_, behind)) = rest.split_once(piece) else {
                return false;
            };
            rest = behind;
        }
        true
    }

    /// Returns whether the pattern matches every name that `other` matches. `*` in the text of
    /// `other` can only be matched by a `*`, so that it counts as any characters here, too.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.matches(&other.0)
    }

    /// Returns whether no name matches both; false where that is not plain to see.
    pub(super) fn is_apart_from(&self, other: &Self) -> bool {
        match (self.0.contains('*'), other.0.contains('*')) {
            (_, false) => !self.matches(&other.0),
            (false, true) => !other.matches(&self.0),
            (true, true) => false,
        }
    }
}

/// Writes the pattern as it is in the file, without `/dev/`.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn check(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("the name is empty".to_owned());
    }
    if name.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(format!("{name:?} has a blank or a control character"));
    }
    if name.starts_with('!') {
        return Err(format!("\"{name}\": one \"!\" excludes, two mean nothing"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::terminal(text).unwrap()
    }

    #[test]
    fn a_star_stands_for_any_characters_or_none() {
        for (text, fitting, others) in [
            (
                "tty1",
                &["tty1"][..],
                &["tty", "tty11", "Tty1", "tty*", ""][..],
            ),
            (
                "tty*",
                &["tty", "tty1", "ttyS0"],
                &["pts/1", "xtty", "/dev/tty1", "../tty1"],
            ),
            ("*", &["", "ssh", "../x"], &[]),
            ("*1*1", &["11", "x11", "1x1", "111"], &["1", "1x", "x1x"]),
            (
                "a*b*c",
                &["abc", "aXbYc", "abbc", "abcbc"],
                &["abcd", "ac", "acb"],
            ),
            ("\u{e9}*", &["\u{e9}", "\u{e9}\u{e9}"], &["e"]),
        ] {
            for name in fitting {
                assert!(pattern(text).matches(name), "{text} {name}");
            }
            for name in others {
                assert!(!pattern(text).matches(name), "{text} {name}");
            }
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = pattern(&"a*".repeat(100));
        assert!(!pattern.matches(&format!("{}b", "a".repeat(99))));
        assert!(!pattern.matches(&"b".repeat(10_000)));
    }

    #[test]
    fn dev_in_front_does_not_count() {
        assert_eq!(pattern("/dev/pts/*"), pattern("pts/*"));
        assert!(!pattern("/dev//dev/tty1").matches("tty1"));
    }

    proptest! {
        #[test]
        fn what_a_pattern_covers_it_matches(
            wide in "[ab*]{1,6}", narrow in "[ab*]{1,6}", name in "[ab]{0,8}",
        ) {
            let (wide, narrow) = (pattern(&wide), pattern(&narrow));
            if wide.covers(&narrow) && narrow.matches(&name) {
                prop_assert!(wide.matches(&name));
            }
            if wide.is_apart_from(&narrow) {
                prop_assert!(!wide.matches(&name) || !narrow.matches(&name));
            }
        }
    }
}
