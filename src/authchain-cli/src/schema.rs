//! `authchain schema`: the JSON Schema of authchain.toml, and its settings one by one.

use authchain::chain::registry::{BACKEND_TYPES, BackendType};
use authchain::config::settings::{BackendSettings, GlobalSettings};
use schemars::schema_for;
use serde_json::{Map, Value, json};

use crate::terminal::{Ending, Terminal};

/// The pattern of a backend's name; the parser accepts the same characters.
const NAME: &str = "^[A-Za-z0-9_-]+$";

pub(crate) fn run(terminal: &mut Terminal) -> Ending {
    terminal.json(&document());
    Ending::Yes
}

/// One key of the configuration.
pub(crate) struct Setting {
    /// The name of the key.
    pub(crate) name: String,
    /// A word for the values that the key takes.
    pub(crate) kind: String,
    /// The value that holds where the key is left out.
    pub(crate) default: Default,
    /// The description of the key.
    pub(crate) help: String,
}

/// The value that holds where a key is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Default {
    /// This value, as it would be written in authchain.toml.
    Value(String),
    /// No value; the description of the key says what that means.
    Unset,
    /// The key must not be left out.
    None,
}

/// Returns the keys at the top of the file.
pub(crate) fn global_settings() -> Vec<Setting> {
    settings(&inlined(schema_for!(GlobalSettings)))
}

/// Returns the keys of every backend.
pub(crate) fn common_settings() -> Vec<Setting> {
    settings(&inlined(schema_for!(BackendSettings)))
}

/// Returns the keys of backends of one type.
pub(crate) fn kind_settings(kind: &BackendType) -> Vec<Setting> {
    settings(&inlined((kind.schema)()))
}

/// Returns the schema of the whole file.
pub(crate) fn document() -> Value {
    let mut properties = properties(&inlined(schema_for!(GlobalSettings)));
    properties.insert(
        "backend".to_owned(),
        json!({
            "description": "The sources of accounts: a section [backend.NAME] each.",
            "type": "object",
            "propertyNames": { "pattern": NAME },
            "additionalProperties": { "oneOf": BACKEND_TYPES.iter().map(backend).collect::<Vec<_>>() },
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

/// Returns the schema of the section of a backend of one type.
fn backend(kind: &BackendType) -> Value {
    let (common, own) = (
        inlined(schema_for!(BackendSettings)),
        inlined((kind.schema)()),
    );
    let required = [required(&common), required(&own)].concat();
    let mut all = properties(&common);
    all.extend(properties(&own));
    all.insert(
        "type".to_owned(),
        json!({ "const": kind.name, "description": kind.help }),
    );
    json!({
        "title": kind.name,
        "description": kind.help,
        "type": "object",
        "properties": all,
        "required": required,
        "additionalProperties": false,
    })
}

/// Returns the schema of a struct with each reference replaced by the type it refers to.
fn inlined(schema: schemars::Schema) -> Value {
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
                // A member beside the reference describes this key, so it is kept.
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

fn properties(schema: &Value) -> Map<String, Value> {
    match schema.get("properties") {
        Some(Value::Object(properties)) => properties.clone(),
        _ => Map::new(),
    }
}

fn settings(schema: &Value) -> Vec<Setting> {
    let required = required(schema);
    let setting = |(name, schema): (String, Value)| Setting {
        kind: kind_of(&schema),
        default: match schema.get("default") {
            _ if required.contains(&name) => Default::None,
            None | Some(Value::Null) => Default::Unset,
            Some(value) => Default::Value(value.to_string()),
        },
        help: text(&schema, "description").replace('\n', " "),
        name,
    };
    properties(schema).into_iter().map(setting).collect()
}

/// Returns the keys that must be given.
fn required(schema: &Value) -> Vec<String> {
    let names = schema.get("required").and_then(Value::as_array);
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    names.map(str::to_owned).collect()
}

/// Returns a word for the values a key takes.
fn kind_of(schema: &Value) -> String {
    if let Some(title) = schema.get("title").and_then(Value::as_str) {
        return title.to_owned();
    }
    // The schema of a key that may be left out and takes one of a few words.
    if let Some(Value::Array(choices)) = schema.get("anyOf") {
        return choices.first().map(kind_of).unwrap_or_default();
    }
    if let Some(Value::Array(choices)) = schema.get("oneOf") {
        let constants = choices.iter().filter_map(|choice| choice.get("const"));
        return constants
            .map(Value::to_string)
            .collect::<Vec<_>>()
            .join(" or ");
    }
    match text(schema, "type").as_str() {
        "array" => {
            let item = schema.get("items").map(kind_of).unwrap_or_default();
            format!("list of {item}s")
        }
        "boolean" => "true or false".to_owned(),
        other => other.to_owned(),
    }
}

fn text(schema: &Value, key: &str) -> String {
    match schema.get(key) {
        Some(Value::String(text)) => text.clone(),
        // The type of a key that may be left out is ["string", "null"].
        Some(Value::Array(choices)) => {
            choices
                .iter()
                .filter_map(Value::as_str)
                .find(|choice| *choice != "null")
                .map(str::to_owned)
        }
        .unwrap_or_default(),
        _ => String::new(),
    }
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
    fn every_key_that_is_described_is_accepted_with_its_default() {
        for setting in global_settings() {
            let Default::Value(default) = setting.default else {
                panic!("{} has no default", setting.name)
            };
            read(&format!("{} = {default}", setting.name)).unwrap();
        }
        for kind in BACKEND_TYPES {
            let mut all = common_settings();
            all.extend(kind_settings(kind));
            let mut section = format!("[backend.x]\ntype = \"{}\"\n", kind.name);
            section += match kind.name {
                "ldap" => "srv = 'x'\nbase = 'dc=x'\n",
                "active_directory" => "domain = 'x'\n",
                "nis" => "domain = 'x'\nservers = ['x']\n",
                _ => "",
            };
            for setting in &all {
                let Default::Value(default) = &setting.default else {
                    continue;
                };
                read(&format!("{section}{} = {default}", setting.name)).unwrap();
            }
        }
    }

    #[test]
    fn a_key_that_is_not_described_is_accepted_nowhere() {
        assert!(read("colour = 1").is_err());
        assert!(read("[backend.x]\ntype = \"local\"\ncolour = 1").is_err());
        let document = document();
        assert_eq!(document["additionalProperties"], false);
        for kind in document["properties"]["backend"]["additionalProperties"]["oneOf"]
            .as_array()
            .unwrap()
        {
            assert_eq!(kind["additionalProperties"], false);
        }
    }

    #[test]
    fn every_setting_says_what_it_takes_and_what_it_means() {
        let kinds = BACKEND_TYPES.iter().flat_map(kind_settings);
        for setting in global_settings()
            .into_iter()
            .chain(common_settings())
            .chain(kinds)
        {
            assert!(
                !setting.kind.is_empty() && !setting.help.is_empty(),
                "{}",
                setting.name
            );
        }
    }

    #[test]
    fn keys_that_must_be_given_are_known() {
        let kinds = BACKEND_TYPES.iter().flat_map(kind_settings);
        let all = global_settings()
            .into_iter()
            .chain(common_settings())
            .chain(kinds);
        let needed = all.filter(|setting| setting.default == Default::None);
        let needed: Vec<String> = needed.map(|setting| setting.name).collect();
        assert_eq!(needed, ["type", "base", "domain", "domain", "servers"]);
    }

    #[test]
    fn the_document_has_no_reference_left_and_knows_the_choices() {
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
