//! A validator of JSON Schema that knows the keywords we use and panics at every other, as strict
//! validators do.

use serde_json::Value;

/// Returns the path of each fault of a value: where an editor puts its mark.
pub(super) fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    validate(schema, value, "", &mut found);
    found
}

fn validate(schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
    let Value::Object(members) = schema else {
        assert_eq!(*schema, true);
        return;
    };
    for (keyword, part) in members {
        let fits = match keyword.as_str() {
            "$schema" | "title" | "description" | "default" | "then" | "else" => true,
            "type" => has_type(value, part.as_str().unwrap()),
            "enum" => part.as_array().unwrap().contains(value),
            "const" => part == value,
            "pattern" => value.as_str().is_none_or(|text| matches(part, text)),
            "minimum" => value
                .as_i64()
                .is_none_or(|number| number >= part.as_i64().unwrap()),
            "maximum" => value
                .as_i64()
                .is_none_or(|number| number <= part.as_i64().unwrap()),
            "minLength" => value
                .as_str()
                .is_none_or(|text| text.len() as u64 >= part.as_u64().unwrap()),
            "minItems" => length(value).is_none_or(|n| n >= part.as_u64().unwrap()),
            "maxItems" => length(value).is_none_or(|n| n <= part.as_u64().unwrap()),
            "uniqueItems" => value.as_array().is_none_or(|items| is_unique(items)),
            "required" => strings(part).all(|key| value.get(key).is_some()),
            "not" => !faults(part, value).is_empty(),
            "if" => {
                let branch = match faults(part, value).is_empty() {
                    true => "then",
                    false => "else",
                };
                validate(&schema[branch], value, path, found);
                true
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    validate(part, item, &format!("{path}/{index}"), found);
                }
                true
            }
            "properties" | "propertyNames" | "additionalProperties" => {
                validate_keys(schema, keyword, value, path, found);
                true
            }
            other => panic!("{other} is no keyword of ours"),
        };
        if !fits {
            found.push(path.to_owned());
        }
    }
}

fn validate_keys(
    schema: &Value,
    keyword: &str,
    object: &Value,
    path: &str,
    found: &mut Vec<String>,
) {
    for (key, value) in object.as_object().into_iter().flatten() {
        let path = format!("{path}/{key}");
        let known = schema["properties"].get(key);
        match (keyword, known) {
            ("propertyNames", _) => {
                validate(&schema[keyword], &Value::from(key.as_str()), &path, found);
            }
            ("properties", Some(known)) => validate(known, value, &path, found),
            ("additionalProperties", None) => validate(&schema[keyword], value, &path, found),
            _ => {}
        }
    }
}

fn has_type(value: &Value, name: &str) -> bool {
    match name {
        "array" => value.is_array(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64(),
        "object" => value.is_object(),
        "string" => value.is_string(),
        other => panic!("{other} is no type of TOML"),
    }
}

/// Returns whether a text matches a pattern of the schema.
fn matches(pattern: &Value, text: &str) -> bool {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = text.strip_suffix(unit).unwrap();
    let is_duration = !digits.is_empty() && ["ms", "s", "m", "h", "d"].contains(&unit);
    match pattern.as_str().unwrap() {
        "^/" => text.starts_with('/'),
        "^[0-9]+(ms|s|m|h|d)$" => is_duration,
        "^0*[1-9][0-9]*(ms|s|m|h|d)$" => is_duration && digits.contains(|c| c != '0'),
        "^[A-Za-z0-9_-]+$" => {
            let is_sign = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            !text.is_empty() && text.chars().all(is_sign)
        }
        other => panic!("{other} is no pattern of ours"),
    }
}

fn length(value: &Value) -> Option<u64> {
    value.as_array().map(|items| items.len() as u64)
}

fn is_unique(items: &[Value]) -> bool {
    (1..items.len()).all(|end| !items[..end].contains(&items[end]))
}

fn strings(part: &Value) -> impl Iterator<Item = &str> {
    part.as_array()
        .unwrap()
        .iter()
        .map(|item| item.as_str().unwrap())
}
