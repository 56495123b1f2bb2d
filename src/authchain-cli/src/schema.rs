//! `authchain schema`: the JSON Schema of authchain.toml.

use authchain::chain::registry::{BACKEND_TYPES, BackendType};
use authchain::config::settings::{BackendSettings, GlobalSettings};
use schemars::schema_for;
use serde_json::{Map, Value, json};

use crate::terminal::{Exit, Terminal};

/// The pattern of a backend's name; the parser accepts the same characters.
const NAME: &str = "^[A-Za-z0-9_-]+$";

pub(crate) fn run(terminal: &mut Terminal) -> Exit {
    terminal.json(&document());
    Exit::Success
}

/// Returns the schema of the whole file.
fn document() -> Value {
    let mut properties = properties_of(&inlined(schema_for!(GlobalSettings)));
    properties.insert(
        "backend".to_owned(),
        json!({
            "description": "The sources of accounts: a section [backend.NAME] each.",
            "type": "object",
            "propertyNames": { "pattern": NAME },
            "additionalProperties": { "oneOf": BACKEND_TYPES.iter().map(section_schema).collect::<Vec<_>>() },
        }),
    );
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "authchain.toml",
        "description": "The login chain: which backends are asked who somebody is, and in which order.",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

/// Returns the schema of a [backend.NAME] section with this type.
fn section_schema(backend_type: &BackendType) -> Value {
    let (common, own) = (
        inlined(schema_for!(BackendSettings)),
        inlined((backend_type.schema)()),
    );
    let required = [required_keys(&common), required_keys(&own)].concat();
    let mut properties = properties_of(&common);
    properties.extend(properties_of(&own));
    // The common part allows any text as the type.
    properties.insert(
        "type".to_owned(),
        json!({ "const": backend_type.name, "description": backend_type.help }),
    );
    json!({
        "title": backend_type.name,
        "description": backend_type.help,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// Returns the schema of a struct with each reference replaced by the type it refers to.
pub(crate) fn inlined(schema: schemars::Schema) -> Value {
    let mut value = schema.to_value();
    let definitions = value.get("$defs").cloned().unwrap_or_default();
    resolve(&mut value, &definitions);
    value
}

fn resolve(value: &mut Value, definitions: &Value) {
    if let Value::Object(object) = value {
        let name = (object.get("$ref").and_then(Value::as_str))
            .and_then(|reference| reference.strip_prefix("#/$defs/"))
            .map(str::to_owned);
        if let Some(Value::Object(target)) = name.and_then(|name| definitions.get(name)) {
            object.remove("$ref");
            for (key, part) in target {
                // A member beside `$ref`, such as the description of the key, replaces the member
                // of the type.
                object.entry(key.clone()).or_insert_with(|| part.clone());
            }
        }
    }
    match value {
        Value::Object(object) => object
            .values_mut()
            .for_each(|part| resolve(part, definitions)),
        Value::Array(array) => array.iter_mut().for_each(|part| resolve(part, definitions)),
        _ => {}
    }
}

/// Returns the schemas of the keys, by name.
pub(crate) fn properties_of(schema: &Value) -> Map<String, Value> {
    match schema.get("properties") {
        Some(Value::Object(properties)) => properties.clone(),
        _ => Map::new(),
    }
}

/// Returns the names of the keys that must be given.
pub(crate) fn required_keys(schema: &Value) -> Vec<String> {
    let names = schema.get("required").and_then(Value::as_array);
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use authchain::chain::registry;
    use authchain::config::{Config, ConfigError, Source};
    use std::path::Path;

    fn read(text: &str) -> Result<(), ConfigError> {
        let source = Source::new(Path::new("authchain.toml"), text.to_owned());
        let config = Config::parse(&source)?;
        registry::build(&config, None).map(|_| ())
    }

    #[test]
    fn unknown_keys_are_rejected_by_the_parser_and_the_schema() {
        assert!(read("colour = 1").is_err());
        assert!(read("[backend.x]\ntype = \"local\"\ncolour = 1").is_err());
        let document = document();
        assert_eq!(document["additionalProperties"], false);
        for section in document["properties"]["backend"]["additionalProperties"]["oneOf"]
            .as_array()
            .unwrap()
        {
            assert_eq!(section["additionalProperties"], false);
        }
    }

    #[test]
    fn references_are_resolved_and_enums_have_their_constants() {
        let document = document();
        assert!(!document.to_string().contains("$ref"));
        let local = &document["properties"]["backend"]["additionalProperties"]["oneOf"][0];
        assert_eq!(local["properties"]["type"]["const"], "local");
        assert_eq!(
            local["properties"]["on_denied"]["oneOf"][1]["const"],
            "stop"
        );
        assert_eq!(local["required"], json!(["type"]));
    }
}
