//! The little languages inside the values: filters, attribute names, templates.

/// How deep a filter may be nested; the library that sends it parses it recursively.
const DEPTH: usize = 32;

/// Returns whether `text` is an LDAP filter (RFC 4515).
pub fn is_filter(text: &str) -> bool {
    filter(text, DEPTH) == Some("")
}

/// Takes one filter off the front of `text`, and returns what follows it.
fn filter(text: &str, depth: usize) -> Option<&str> {
    let depth = depth.checked_sub(1)?;
    let inner = text.strip_prefix('(')?;
    let rest = match inner.chars().next()? {
        '&' | '|' => filters(inner.get(1..)?, depth)?,
        '!' => filter(inner.get(1..)?, depth)?,
        _ => item(inner)?,
    };
    rest.strip_prefix(')')
}

fn filters(mut text: &str, depth: usize) -> Option<&str> {
    while text.starts_with('(') {
        text = filter(text, depth)?;
    }
    Some(text)
}

/// Takes `attribute=value` or one of its relatives off the front of `text`, and returns what
/// follows from the closing parenthesis on.
fn item(text: &str) -> Option<&str> {
    let (item, _) = text.split_at(text.find(['(', ')'])?);
    let (attribute, value) = item.split_once('=')?;
    let name = attribute.trim_end_matches(['~', '<', '>', ':']);
    let is_name = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | ';' | '.' | ':'));
    let is_sound = is_name && !name.is_empty() && escapes_are_whole(value);
    is_sound.then(|| text.get(item.len()..))?
}

/// Returns whether each backslash is followed by two hexadecimal digits.
fn escapes_are_whole(value: &str) -> bool {
    value.split('\\').skip(1).all(|rest| {
        let digits = rest.as_bytes().get(..2).unwrap_or_default();
        digits.len() == 2 && digits.iter().all(u8::is_ascii_hexdigit)
    })
}

/// Returns whether `text` can be the name of an attribute: `uid`, `sAMAccountName`, `1.3.6.1.4`.
pub fn is_attribute(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ';'))
}

/// Fills in a template: `%u` is replaced by what `fill` has for `u`, `%%` by a percent sign.
///
/// # Errors
/// The letter after a `%` that stands for nothing.
pub fn fill<'t>(
    template: &str,
    fill: impl Fn(char) -> Option<&'t str>,
) -> Result<String, Option<char>> {
    let mut parts = template.split('%');
    let mut text = parts.next().unwrap_or_default().to_owned();
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        let Some(letter) = part.chars().next() else {
            // Two percent signs have nothing between them; the last one alone has nothing after.
            let next = parts.next().ok_or(None)?;
            text.push('%');
            text.push_str(next);
            continue;
        };
        text.push_str(fill(letter).ok_or(Some(letter))?);
        text.push_str(part.get(letter.len_utf8()..).unwrap_or_default());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_balanced_and_every_item_has_an_attribute() {
        for good in [
            "(uid=x)",
            "(&(objectClass=posixAccount)(uid=x))",
            "(|(a=1)(!(b=2))(c>=3)(d~=4))",
            "(memberOf:1.2.840.113556.1.4.1941:=cn=a,dc=b)",
            "(cn=*)",
            "(&)",
            "(uid=\\2a\\28)",
            "(uid=j\u{fc}rgen)",
        ] {
            assert!(is_filter(good), "{good}");
        }
        let deep = format!("{}(a=1){}", "(!".repeat(40), ")".repeat(40));
        for bad in [
            "",
            "uid=x",
            "(uid=x",
            "(uid=x))",
            "(uid)",
            "(=x)",
            "(u(id=x)",
            "(&(uid=x)",
            "(uid=\\2)",
            "(uid=\\zz)",
            "(uid=x)(uid=y)",
            "(u d=x)",
            &deep,
        ] {
            assert!(!is_filter(bad), "{bad}");
        }
    }

    #[test]
    fn placeholders_are_filled_and_strange_ones_refused() {
        let with = |template| fill(template, |letter| (letter == 'u').then_some("alice"));
        assert_eq!(with("(uid=%u)"), Ok("(uid=alice)".to_owned()));
        assert_eq!(with("%u%u"), Ok("alicealice".to_owned()));
        assert_eq!(with("100%%, %u"), Ok("100%, alice".to_owned()));
        assert_eq!(with("%%u"), Ok("%u".to_owned()));
        assert_eq!(with("(uid=%x)"), Err(Some('x')));
        assert_eq!(with("(uid=%\u{fc})"), Err(Some('\u{fc}')));
        assert_eq!(with("(uid=%"), Err(None));
    }

    #[test]
    fn attribute_names_have_no_syntax_of_their_own() {
        assert!(is_attribute("uid") && is_attribute("2.5.4.3") && is_attribute("cn;lang-de"));
        for bad in ["", "u id", "uid=", "*", "uid)", "\u{fc}id", "-uid"] {
            assert!(!is_attribute(bad), "{bad}");
        }
    }
}
