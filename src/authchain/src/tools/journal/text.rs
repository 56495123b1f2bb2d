//! Texts that others chose, in a form that cannot be mistaken for our own words in a log line.

/// Maximum length of the value of a field, in characters.
const MAX_FIELD: usize = 256;

/// Maximum length of a quotation of a text that others chose, in characters, escapes included.
const MAX_QUOTE: usize = 200;

/// Returns `text` with everything that could end or recolour a log line written out visibly.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_invisible(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// Returns `text`, which a stranger may have chosen, in double quotes: cleaned, cut, and with its
/// own quotes and backslashes escaped, so that it cannot end the quotation and forge the rest of
/// the line.
pub fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    let mut room = MAX_QUOTE;
    for c in text.chars() {
        let written: String = match c {
            '"' | '\\' => ['\\', c].iter().collect(),
            c if is_invisible(c) => c.escape_default().collect(),
            c => c.into(),
        };
        match room.checked_sub(written.chars().count()) {
            Some(left) => room = left,
            None => {
                out.push('…');
                break;
            }
        }
        out.push_str(&written);
    }
    out.push('"');
    out
}

/// Returns the first `length` characters of `text`, and a closing quote where a quotation was cut
/// off. Without the closing quote, our own text behind the quotation would seem to be quoted.
pub fn cut(text: &str, length: usize) -> String {
    let mut out = String::with_capacity(text.len().min(length.saturating_add(1)));
    let (mut is_in_quote, mut is_escaped) = (false, false);
    for c in text.chars().take(length) {
        out.push(c);
        (is_in_quote, is_escaped) = match c {
            '"' if !is_escaped => (!is_in_quote, false),
            '\\' if is_in_quote && !is_escaped => (true, true),
            _ => (is_in_quote, false),
        };
    }
    if is_escaped {
        out.pop();
    }
    if is_in_quote {
        out.push('"');
    }
    out
}

/// Returns `text` as the value of a `key=value` field: blanks, `=` and invisible characters become
/// `_`, so that no value can look like a field of its own. A longer text is cut, so that it cannot
/// push later fields off the end of the line.
pub fn field(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MAX_FIELD));
    for c in text.chars().take(MAX_FIELD) {
        if c.is_whitespace() || is_invisible(c) || c == '=' {
            out.push('_');
        } else {
            out.push(c);
        }
    }
    out
}

/// Returns whether `c` is a control character, or an invisible character that breaks lines or turns
/// the writing direction.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_cannot_push_the_next_one_off_the_line() {
        assert_eq!(field(&"x".repeat(5000)).len(), MAX_FIELD);
    }

    #[test]
    fn nothing_a_stranger_types_starts_a_second_line_or_field() {
        assert_eq!(clean("a\nb\x1b[31m\u{202e}"), "a\\nb\\u{1b}[31m\\u{202e}");
        assert_eq!(
            field("al ice rhost=198.51.100.1\n"),
            "al_ice_rhost_198.51.100.1_"
        );
    }

    #[test]
    fn somebody_elses_words_cannot_leave_their_quotes() {
        assert_eq!(quoted("x; root: local"), r#""x; root: local""#);
        assert_eq!(quoted(r#"x"; root: \"#), r#""x\"; root: \\""#);
        assert_eq!(quoted("a\nb"), r#""a\nb""#);
        for filling in ["x", "\"", "\\", "\u{202e}"] {
            let long = quoted(&filling.repeat(5000));
            assert!(long.chars().count() <= MAX_QUOTE + 3, "{long}");
            assert!(long.ends_with("…\""), "{long}");
            for length in 0..long.chars().count() + 2 {
                let cut = cut(&long, length);
                let bare = cut.replace("\\\\", "").replace("\\\"", "");
                assert_eq!(
                    bare.matches('"').count(),
                    if length == 0 { 0 } else { 2 },
                    "{cut}"
                );
            }
        }
        assert_eq!(cut(r#"a "b" c"#, 5), r#"a "b""#);
        assert_eq!(cut(r#"a "b" c"#, 4), r#"a "b""#);
    }
}
