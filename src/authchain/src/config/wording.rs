//! Says in our own words what the parser finds wrong with a value, so that a message tells what to
//! write.

/// Returns the message for a fault that serde words: a value of another type or out of range, a
/// word that is none of those allowed, or a key that is missing. Other messages stay as they are.
pub(super) fn reworded(message: &str) -> String {
    wrong_value(message)
        .or_else(|| unknown_word(message))
        .or_else(|| missing_key(message))
        .unwrap_or_else(|| message.to_owned())
}

fn wrong_value(message: &str) -> Option<String> {
    let fault = ["invalid type: ", "invalid value: "];
    let rest = (fault.iter()).find_map(|fault| message.strip_prefix(fault))?;
    // What is there may contain these words, too; what should be there does not.
    let (_, expected) = rest.rsplit_once(", expected ")?;
    let wanted = match expected {
        "a sequence" => "a list such as [\"a\", \"b\"]".to_owned(),
        "a boolean" => "true or false, without quotes,".to_owned(),
        "a string" | "path string" => "a text in quotes, such as \"a\",".to_owned(),
        expected => match largest(expected) {
            Some(most) => format!("a whole number from 0 to {most}"),
            None => expected.to_owned(),
        },
    };
    Some(format!("{wanted} belongs here{}", instead(rest)))
}

/// Returns `, not 8` for a message that begins with ``integer `8` `` or `string "8"`; nothing where
/// what is there is no single value.
fn instead(rest: &str) -> String {
    let (given, _) = rest.rsplit_once(", expected ").unwrap_or_default();
    let value = given.find(['`', '"']).and_then(|at| given.get(at..));
    value.map_or_else(String::new, |value| {
        format!(", not {}", value.trim_matches('`'))
    })
}

/// Returns the largest number of an integer type.
fn largest(integer: &str) -> Option<u64> {
    match integer {
        "u8" => Some(u8::MAX.into()),
        "u16" => Some(u16::MAX.into()),
        "u32" => Some(u32::MAX.into()),
        _ => None,
    }
}

/// Rewords ``unknown variant `halt`, expected `next` or `stop` ``.
fn unknown_word(message: &str) -> Option<String> {
    let rest = message.strip_prefix("unknown variant `")?;
    let (given, expected) = rest.split_once("`, expected ")?;
    let expected = expected.strip_prefix("one of ").unwrap_or(expected);
    let allowed = expected.replace('`', "\"");
    Some(format!(
        "\"{given}\" is none of the words allowed: {allowed}"
    ))
}

/// Rewords ``missing field `base` ``.
fn missing_key(message: &str) -> Option<String> {
    let key = message.strip_prefix("missing field `")?.strip_suffix('`')?;
    Some(format!("the key \"{key}\" is missing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_of_a_value_says_what_to_write() {
        for (message, expected) in [
            (
                "invalid type: string \"local\", expected a sequence",
                "a list such as [\"a\", \"b\"] belongs here, not \"local\"",
            ),
            (
                "invalid value: integer `-1`, expected u32",
                "a whole number from 0 to 4294967295 belongs here, not -1",
            ),
            (
                "invalid type: string \"no, expected u32\", expected a boolean",
                "true or false, without quotes, belongs here, not \"no, expected u32\"",
            ),
            (
                "invalid type: integer `1`, expected path string",
                "a text in quotes, such as \"a\", belongs here, not 1",
            ),
            (
                "invalid value: string \"8 hours\", expected a duration such as \"3s\"",
                "a duration such as \"3s\" belongs here, not \"8 hours\"",
            ),
            (
                "invalid type: map, expected a sequence",
                "a list such as [\"a\", \"b\"] belongs here",
            ),
            (
                "unknown variant `halt`, expected `next` or `stop`",
                "\"halt\" is none of the words allowed: \"next\" or \"stop\"",
            ),
            (
                "unknown variant `x`, expected one of `a`, `b`, `c`",
                "\"x\" is none of the words allowed: \"a\", \"b\", \"c\"",
            ),
            ("missing field `base`", "the key \"base\" is missing"),
            ("duplicate key", "duplicate key"),
        ] {
            assert_eq!(reworded(message), expected);
        }
    }
}
