//! `authchain schema`: the JSON Schema of authchain.toml.
//!
//! It is written so that an editor marks the one key that is at fault:
//!
//! - Each type has its keys by `if` and `then`. With `oneOf`, a section with one fault fits no
//!   type, and the whole of it is at fault.
//! - No other keys are allowed by `additionalProperties: {"not": …}`. With `false`, the object that
//!   has the key is at fault, which is the whole section again.
//!
//! It is of draft 7, which editors and strict validators read without being told to.

pub(crate) mod keys;

use std::path::Path;

use authchain::chain::registry::BACKEND_TYPES;
use authchain::config::Config;
use authchain::config::rules::RuleSettings;
use authchain::config::settings::{BackendSettings, GlobalSettings};
use clap::Args;
use schemars::schema_for;
use serde_json::{Map, Value, json};

use self::keys::{Keys, keys_of};
use crate::terminal::{Exit, Failure, Terminal};
use crate::{plugins, setup};

/// The type of plugins, whose settings depend on their program.
const PLUGIN: &str = "plugin";

/// The pattern of a backend's name; the parser accepts the same characters.
const NAME: &str = "^[A-Za-z0-9_-]+$";

/// Print the JSON Schema of authchain.toml, for editors
#[derive(Debug, Args)]
#[command(after_help = "\
It is installed as share/authchain/authchain.schema.json. Editors that use taplo find it by the first
line of authchain.toml:
  #:schema /usr/share/authchain/authchain.schema.json")]
pub(crate) struct SchemaCommand {
    /// Add the settings of the plugins that are installed; each is started for that
    #[arg(long)]
    plugins: bool,
}

impl SchemaCommand {
    pub(crate) fn run(
        &self,
        config: Option<&Path>,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let plugins = match self.plugins {
            true => described_plugins(config)?,
            false => Vec::new(),
        };
        terminal.json(&document(&plugins));
        Ok(Exit::Success)
    }
}

/// A plugin as `program` names it, and the schema of its settings.
type DescribedPlugin = (String, Value);

/// Starts every plugin that is installed, and returns those that describe their settings.
fn described_plugins(config: Option<&Path>) -> Result<Vec<DescribedPlugin>, Failure> {
    let source = setup::source(config)?;
    let config = Config::parse(&source).map_err(|error| setup::config_failure(&error))?;
    let described = plugins::installed().into_iter().filter_map(|program| {
        let described = plugins::describe_program(&program, &config.settings).ok()?;
        Some((program.to_string(), described.schema?))
    });
    Ok(described.collect())
}

/// Returns the schema of the whole file, with the settings of these plugins.
fn document(plugins: &[DescribedPlugin]) -> Value {
    let mut properties = keys_of(schema_for!(GlobalSettings)).schemas;
    let backends = json!({
        "description": "The sources of accounts: a section [backend.NAME] each.",
        "type": "object",
        "propertyNames": { "pattern": NAME },
        "additionalProperties": section(plugins),
    });
    properties.insert("backend".to_owned(), backends);
    let rules = json!({
        "description": "Who may in where: sections [[rule]], of which the first that fits holds.",
        "type": "array",
        "items": {
            "type": "object",
            "properties": keys_of(schema_for!(RuleSettings)).schemas,
            "additionalProperties": nothing("unknown key"),
        },
    });
    properties.insert("rule".to_owned(), rules);
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "authchain.toml",
        "description": "The login chain: which backends are asked who somebody is, and in which order.",
        "type": "object",
        "properties": properties,
        "additionalProperties": nothing("unknown key"),
    })
}

/// Returns the schema of a [backend.NAME] section.
fn section(plugins: &[DescribedPlugin]) -> Value {
    let common = keys_of(schema_for!(BackendSettings));
    let types: Vec<(&str, Keys)> = (BACKEND_TYPES.iter())
        .map(|backend_type| (backend_type.name, keys_of((backend_type.schema)())))
        .collect();
    let mut properties = common.schemas.clone();
    properties.extend(in_any_type(&types));
    let names: Vec<&str> = types.iter().map(|(name, _)| *name).collect();
    if let Some(Value::Object(schema)) = properties.get_mut("type") {
        schema.insert("enum".to_owned(), json!(names));
    }
    let known = BACKEND_TYPES.iter().zip(&types).rev();
    let mut section = known.fold(json!({}), |otherwise, (known, (name, keys))| {
        let is_shared = |key: &&String| *key == "type" || !known.is_factor();
        let shared = common.schemas.keys().filter(is_shared);
        let mut of_this_type = json!({
            "properties": in_this_type(keys, shared, &properties),
            "required": keys.required,
            "additionalProperties": nothing(&format!("no key of type {name}")),
        });
        if let (PLUGIN, Value::Object(members)) = (*name, &mut of_this_type) {
            members.extend(by_program(plugins));
        }
        json!({
            "if": { "properties": { "type": { "const": name } }, "required": ["type"] },
            "then": of_this_type,
            "else": otherwise,
        })
    });
    if let Value::Object(section) = &mut section {
        section.insert("type".to_owned(), json!("object"));
        section.insert("properties".to_owned(), json!(properties));
        section.insert("required".to_owned(), json!(common.required));
    }
    section
}

/// Returns the members of a schema that say what the settings of each of these plugins are.
fn by_program(plugins: &[DescribedPlugin]) -> Map<String, Value> {
    plugins.iter().fold(Map::new(), |otherwise, (program, settings)| {
        Map::from_iter([
            (
                "if".to_owned(),
                json!({ "properties": { "program": { "const": program } }, "required": ["program"] }),
            ),
            ("then".to_owned(), json!({ "properties": { "settings": settings } })),
            ("else".to_owned(), Value::Object(otherwise)),
        ])
    })
}

/// Returns a schema that no value fits; validators show its title.
fn nothing(title: &str) -> Value {
    json!({ "not": { "title": title } })
}

/// Returns the keys of all types, with as much as is true of a key in every type that has it.
/// Editors that do not look into `then` document and complete keys by this.
fn in_any_type(types: &[(&str, Keys)]) -> Map<String, Value> {
    let mut merged = Map::new();
    for key in types.iter().flat_map(|(_, keys)| keys.schemas.keys()) {
        let same_key = types.iter().filter_map(|(name, keys)| {
            let schema = keys.schemas.get(key)?.as_object()?;
            Some((*name, schema))
        });
        let same_key: Vec<(&str, &Map<String, Value>)> = same_key.collect();
        merged.insert(key.clone(), Value::Object(in_common(&same_key)));
    }
    merged
}

/// Returns the members that the schemas of a key have in common, and the descriptions of all types.
fn in_common(schemas: &[(&str, &Map<String, Value>)]) -> Map<String, Value> {
    let Some((_, first)) = schemas.first() else {
        return Map::new();
    };
    let mut common = (*first).clone();
    common.retain(|member, value| {
        (schemas.iter()).all(|(_, schema)| schema.get(member) == Some(&*value))
    });
    if !common.contains_key("description") {
        let described = schemas.iter().filter_map(|(name, schema)| {
            let text = schema.get("description")?.as_str()?;
            Some(format!("`{name}`: {text}"))
        });
        let described = described.collect::<Vec<_>>().join("\n\n");
        common.insert("description".to_owned(), json!(described));
    }
    common
}

/// Returns the keys that a section of a type may have, its own and the `shared` ones, with the
/// schema of those about which `known`, the keys of all types, does not say everything.
fn in_this_type<'k>(
    keys: &Keys,
    shared: impl Iterator<Item = &'k String>,
    known: &Map<String, Value>,
) -> Map<String, Value> {
    let own = keys.schemas.iter().map(|(key, schema)| {
        let is_known = (known.get(key)).is_some_and(|known| demands(known) == demands(schema));
        match is_known {
            true => (key.clone(), Value::Bool(true)),
            false => (key.clone(), schema.clone()),
        }
    });
    let shared = shared.map(|key| (key.clone(), Value::Bool(true)));
    shared.chain(own).collect()
}

/// Returns a schema without its description.
fn demands(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Value::Object(members) = &mut schema {
        members.remove("description");
    }
    schema
}

#[cfg(test)]
mod tests;
