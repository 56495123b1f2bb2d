//! The settings of a plugin, held against the JSON Schema that it gives of them.
//!
//! The words that are looked at are listed in docs/PROTOCOL.md; others say nothing here.

use std::fmt;

use serde_json::{Map, Value};

use crate::terminal::clean;

/// A fault of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PluginSettingFault {
    /// The keys that lead to it, such as `server.port`; empty for the whole table.
    path: String,
    message: String,
}

impl fmt::Display for PluginSettingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.is_empty() {
            true => f.write_str(&self.message),
            false => write!(f, "{}: {}", clean(&self.path), self.message),
        }
    }
}

/// Returns every fault of the settings.
pub(crate) fn faults(settings: &Value, schema: &Value) -> Vec<PluginSettingFault> {
    let mut faults = Faults::default();
    faults.of_value(settings, schema);
    faults.found
}

#[derive(Default)]
struct Faults {
    /// The keys that lead to the value that is looked at.
    path: Vec<String>,
    found: Vec<PluginSettingFault>,
}

impl Faults {
    fn add(&mut self, message: impl Into<String>) {
        let path = self.path.join(".");
        let message = clean(&message.into());
        self.found.push(PluginSettingFault { path, message });
    }

    fn of_value(&mut self, value: &Value, schema: &Value) {
        if let Some(words) = list(schema, "enum") {
            if !words.contains(value) {
                let words: Vec<String> = words.iter().map(Value::to_string).collect();
                self.add(format!("{value} is none of {}", words.join(", ")));
            }
        }
        if let Some(kind) = schema.get("type").and_then(Value::as_str) {
            if !is_of_type(value, kind) {
                self.add(format!("{value} is no {kind}"));
                return;
            }
        }
        match value {
            Value::Number(number) => self.of_number(number.as_f64(), value, schema),
            Value::String(text) => {
                let length = text.chars().count();
                self.of_length(length, schema, ["minLength", "maxLength"], "characters");
            }
            Value::Array(items) => {
                self.of_length(items.len(), schema, ["minItems", "maxItems"], "values");
                let Some(schema) = schema.get("items") else {
                    return;
                };
                for (place, item) in (1_usize..).zip(items) {
                    self.within(&place.to_string(), item, schema);
                }
            }
            Value::Object(members) => self.of_members(members, schema),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn of_number(&mut self, number: Option<f64>, value: &Value, schema: &Value) {
        let bound = |word| schema.get(word).and_then(Value::as_f64);
        let Some(number) = number else {
            return;
        };
        if let Some(least) = bound("minimum").filter(|least| number < *least) {
            self.add(format!("{value} is less than {least}"));
        }
        if let Some(most) = bound("maximum").filter(|most| number > *most) {
            self.add(format!("{value} is more than {most}"));
        }
    }

    fn of_length(&mut self, length: usize, schema: &Value, bounds: [&str; 2], what: &str) {
        let bound = |word| {
            let bound = schema.get(word).and_then(Value::as_u64);
            bound.map(|bound| usize::try_from(bound).unwrap_or(usize::MAX))
        };
        let [least, most] = bounds.map(bound);
        if let Some(least) = least.filter(|least| length < *least) {
            self.add(format!("has {length} {what}, and needs {least} at least"));
        }
        if let Some(most) = most.filter(|most| length > *most) {
            self.add(format!("has {length} {what}, and may have {most} at most"));
        }
    }

    fn of_members(&mut self, members: &Map<String, Value>, schema: &Value) {
        let properties = schema.get("properties").and_then(Value::as_object);
        for name in list(schema, "required").into_iter().flatten() {
            let name = name.as_str().unwrap_or_default();
            if !members.contains_key(name) {
                self.add(format!("\"{name}\" must be given"));
            }
        }
        for (name, value) in members {
            let known = properties.and_then(|properties| properties.get(name));
            match (known, schema.get("additionalProperties")) {
                (Some(schema), _) => self.within(name, value, schema),
                (None, Some(Value::Bool(false))) => self.add(format!("unknown key \"{name}\"")),
                (None, Some(schema)) => self.within(name, value, schema),
                (None, None) => {}
            }
        }
    }

    fn within(&mut self, name: &str, value: &Value, schema: &Value) {
        self.path.push(name.to_owned());
        self.of_value(value, schema);
        self.path.pop();
    }
}

fn list<'s>(schema: &'s Value, word: &str) -> Option<&'s Vec<Value>> {
    schema.get(word).and_then(Value::as_array)
}

/// Returns whether a value is of a type of JSON Schema. One that is not known says nothing.
fn is_of_type(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({
            "type": "object",
            "required": ["file"],
            "additionalProperties": false,
            "properties": {
                "file": {"type": "string", "minLength": 1},
                "port": {"type": "integer", "minimum": 1, "maximum": 65535},
                "mode": {"enum": ["pap", "chap"]},
                "servers": {"type": "array", "maxItems": 2, "items": {"type": "string"}},
                "tls": {"type": "object", "properties": {"verify": {"type": "boolean"}}},
                "factor": {"type": "number"},
            },
        })
    }

    fn faults_of(settings: &Value) -> Vec<String> {
        let found = faults(settings, &schema());
        let mut found: Vec<String> = found.iter().map(ToString::to_string).collect();
        // The order of keys depends on how serde_json was built.
        found.sort();
        found
    }

    #[test]
    fn good_settings_have_no_fault() {
        let good = json!({
            "file": "/a", "port": 1812, "mode": "pap", "servers": ["a", "b"],
            "tls": {"verify": true, "more": 1}, "factor": 0.5,
        });
        assert_eq!(faults_of(&good), Vec::<String>::new());
    }

    #[test]
    fn every_fault_is_named_with_its_key() {
        for (settings, expected) in [
            (json!({}), vec!["\"file\" must be given"]),
            (
                json!({"file": ""}),
                vec!["file: has 0 characters, and needs 1 at least"],
            ),
            (
                json!({"file": "a", "prot": 1}),
                vec!["unknown key \"prot\""],
            ),
            (
                json!({"file": 1, "port": 0, "mode": "x"}),
                vec![
                    "file: 1 is no string",
                    "mode: \"x\" is none of \"pap\", \"chap\"",
                    "port: 0 is less than 1",
                ],
            ),
            (
                json!({"file": "a", "port": 65536}),
                vec!["port: 65536 is more than 65535"],
            ),
            (
                json!({"file": "a", "servers": ["a", 1, "c"]}),
                vec![
                    "servers.2: 1 is no string",
                    "servers: has 3 values, and may have 2 at most",
                ],
            ),
            (
                json!({"file": "a", "tls": {"verify": "yes"}}),
                vec!["tls.verify: \"yes\" is no boolean"],
            ),
        ] {
            assert_eq!(faults_of(&settings), expected, "{settings}");
        }
    }

    #[test]
    fn control_characters_of_a_plugin_are_written_out() {
        let schema = json!({"enum": ["\u{1b}[2J"]});
        let found = faults(&json!("a"), &schema);
        assert!(!found[0].to_string().contains('\u{1b}'));
    }
}
