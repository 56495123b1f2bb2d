//! The settings of authchain.toml one by one, read from the JSON Schema.

use authchain::chain::registry::BackendType;
use authchain::config::settings::{BackendSettings, GlobalSettings};
use schemars::schema_for;
use serde_json::Value;

use crate::schema::{inlined, properties_of, required_keys};

/// A key of authchain.toml.
pub(crate) struct Setting {
    pub(crate) name: String,
    /// The type of the value as people read it, such as `duration` or `list of strings`.
    pub(crate) value_type: String,
    pub(crate) default: DefaultValue,
    /// The description, from the doc comment of the setting.
    pub(crate) help: String,
}

/// The value of a setting whose key is not in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DefaultValue {
    /// This value, as it would be written in authchain.toml.
    Value(String),
    /// No value; the description of the setting says what that means.
    Unset,
    /// None: the key must be given.
    Required,
}

/// Returns the settings at the top of the file.
pub(crate) fn global_settings() -> Vec<Setting> {
    read_settings(&inlined(schema_for!(GlobalSettings)))
}

/// Returns the settings that all backends share.
pub(crate) fn common_settings() -> Vec<Setting> {
    read_settings(&inlined(schema_for!(BackendSettings)))
}

/// Returns the settings that only this backend type has.
pub(crate) fn type_settings(backend_type: &BackendType) -> Vec<Setting> {
    read_settings(&inlined((backend_type.schema)()))
}

fn read_settings(schema: &Value) -> Vec<Setting> {
    let required = required_keys(schema);
    let setting = |(name, schema): (String, Value)| Setting {
        value_type: value_type(&schema),
        default: match required.contains(&name) {
            true => DefaultValue::Required,
            false => default_value(&schema),
        },
        help: first_text(&schema, "description").replace('\n', " "),
        name,
    };
    properties_of(schema).into_iter().map(setting).collect()
}

fn default_value(schema: &Value) -> DefaultValue {
    match schema.get("default") {
        None | Some(Value::Null) => DefaultValue::Unset,
        Some(value) => DefaultValue::Value(value.to_string()),
    }
}

/// Returns the type of the value as people read it.
fn value_type(schema: &Value) -> String {
    if let Some(title) = schema.get("title").and_then(Value::as_str) {
        return title.to_owned();
    }
    // schemars writes an optional enum as `anyOf: [enum, null]`.
    if let Some(Value::Array(choices)) = schema.get("anyOf") {
        return choices.first().map(value_type).unwrap_or_default();
    }
    if let Some(Value::Array(choices)) = schema.get("oneOf") {
        let constants = choices.iter().filter_map(|choice| choice.get("const"));
        return constants
            .map(Value::to_string)
            .collect::<Vec<_>>()
            .join(" or ");
    }
    match first_text(schema, "type").as_str() {
        "array" => {
            let item = schema.get("items").map(value_type).unwrap_or_default();
            format!("list of {item}s")
        }
        "boolean" => "true or false".to_owned(),
        other => other.to_owned(),
    }
}

/// Returns the text of a member of the schema. If the member is a list, returns its first text
/// other than `"null"`: schemars writes the type of an optional key as `["string", "null"]`.
fn first_text(schema: &Value, member: &str) -> String {
    let is_type = |choice: &&str| *choice != "null";
    let text = match schema.get(member) {
        Some(Value::String(text)) => Some(text.as_str()),
        Some(Value::Array(choices)) => choices.iter().filter_map(Value::as_str).find(is_type),
        _ => None,
    };
    text.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use authchain::chain::registry::{self, BACKEND_TYPES};
    use authchain::config::{Config, Source};
    use std::path::Path;

    fn accept(text: &str) {
        let source = Source::new(Path::new("authchain.toml"), text.to_owned());
        registry::build(&Config::parse(&source).unwrap(), None).unwrap();
    }

    #[test]
    fn every_key_that_is_described_is_accepted_with_its_default() {
        for setting in global_settings() {
            let DefaultValue::Value(default) = setting.default else {
                panic!("{} has no default", setting.name)
            };
            accept(&format!("{} = {default}", setting.name));
        }
        for backend_type in BACKEND_TYPES {
            let mut all = common_settings();
            all.extend(type_settings(backend_type));
            let mut section = format!("[backend.x]\ntype = \"{}\"\n", backend_type.name);
            section += match backend_type.name {
                "ldap" => "srv = 'x'\nbase = 'dc=x'\n",
                "active_directory" => "domain = 'x'\n",
                "nis" => "domain = 'x'\nservers = ['x']\n",
                _ => "",
            };
            for setting in &all {
                let DefaultValue::Value(default) = &setting.default else {
                    continue;
                };
                accept(&format!("{section}{} = {default}", setting.name));
            }
        }
    }

    #[test]
    fn every_setting_has_a_type_and_a_description() {
        let of_types = BACKEND_TYPES.iter().flat_map(type_settings);
        for setting in global_settings()
            .into_iter()
            .chain(common_settings())
            .chain(of_types)
        {
            assert!(
                !setting.value_type.is_empty() && !setting.help.is_empty(),
                "{}",
                setting.name
            );
        }
    }

    #[test]
    fn required_keys_have_no_default() {
        let of_types = BACKEND_TYPES.iter().flat_map(type_settings);
        let all = global_settings()
            .into_iter()
            .chain(common_settings())
            .chain(of_types);
        let needed = all.filter(|setting| setting.default == DefaultValue::Required);
        let needed: Vec<String> = needed.map(|setting| setting.name).collect();
        assert_eq!(needed, ["type", "base", "domain", "domain", "servers"]);
    }
}
