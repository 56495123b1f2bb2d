//! The settings of authchain.toml one by one, read from the JSON Schema.

use authchain::chain::registry::BackendType;
use authchain::config::rules::RuleSettings;
use authchain::config::settings::{BackendSettings, GlobalSettings};
use schemars::schema_for;
use serde_json::Value;

use crate::schema::keys::{Keys, keys_in, keys_of};
use crate::terminal::clean;

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
    read_settings(keys_of(schema_for!(GlobalSettings)))
}

/// Returns the settings of a rule.
pub(crate) fn rule_settings() -> Vec<Setting> {
    read_settings(keys_of(schema_for!(RuleSettings)))
}

/// Returns the settings that all backends share.
pub(crate) fn common_settings() -> Vec<Setting> {
    read_settings(keys_of(schema_for!(BackendSettings)))
}

/// Returns the settings of a type's sections that other types have, too: of a second factor, `type`
/// alone.
pub(crate) fn shared_settings(backend_type: &BackendType) -> Vec<Setting> {
    let mut settings = common_settings();
    settings.retain(|setting| !backend_type.is_factor() || setting.name == "type");
    settings
}

/// Returns the settings that only this backend type has.
pub(crate) fn type_settings(backend_type: &BackendType) -> Vec<Setting> {
    read_settings(keys_of((backend_type.schema)()))
}

/// Returns the settings of a plugin, by the JSON Schema that it gives of them. Labels go in front
/// of the descriptions.
pub(crate) fn plugin_settings(schema: &Value) -> Vec<Setting> {
    let mut keys = keys_in(schema.clone());
    for schema in keys.schemas.values_mut() {
        let label = schema.as_object_mut().and_then(|it| it.remove("title"));
        let label = label.as_ref().and_then(Value::as_str);
        let help = text(schema, "description");
        let help = label.map_or(help.to_owned(), |label| format!("{label}: {help}"));
        if let Value::Object(members) = schema {
            members.insert("description".to_owned(), Value::String(help));
        }
    }
    let settings = read_settings(keys).into_iter();
    let readable = |setting: Setting| Setting {
        name: clean(&setting.name),
        value_type: clean(&setting.value_type),
        default: match setting.default {
            DefaultValue::Value(value) => DefaultValue::Value(clean(&value)),
            other => other,
        },
        help: clean(&setting.help),
    };
    settings.map(readable).collect()
}

fn read_settings(keys: Keys) -> Vec<Setting> {
    let Keys { schemas, required } = keys;
    let setting = |(name, schema): (String, Value)| Setting {
        value_type: value_type(&schema),
        default: match schema.get("default") {
            Some(value) => DefaultValue::Value(value.to_string()),
            None if required.contains(&name) => DefaultValue::Required,
            None => DefaultValue::Unset,
        },
        help: text(&schema, "description").to_owned(),
        name,
    };
    schemas.into_iter().map(setting).collect()
}

/// Returns the type of the value as people read it, with its range.
fn value_type(schema: &Value) -> String {
    if let Some(Value::Array(words)) = schema.get("enum") {
        let words: Vec<String> = words.iter().map(Value::to_string).collect();
        return words.join(" or ");
    }
    match (text(schema, "title"), text(schema, "type")) {
        ("", "array") => list_type(schema),
        ("", "boolean") => "true or false".to_owned(),
        ("", "integer") => match (schema.get("minimum"), schema.get("maximum")) {
            (Some(least), Some(most)) => format!("integer from {least} to {most}"),
            (Some(least), None) => format!("integer, {least} at least"),
            (None, Some(most)) => format!("integer, {most} at most"),
            (None, None) => "integer".to_owned(),
        },
        ("", "object") => "table".to_owned(),
        ("", other) => other.to_owned(),
        (title, _) => title.to_owned(),
    }
}

fn list_type(schema: &Value) -> String {
    let item = schema.get("items").map(value_type).unwrap_or_default();
    match (schema.get("minItems"), schema.get("maxItems")) {
        (Some(least), Some(most)) => format!("list of {least} to {most} {item}s"),
        (Some(least), None) => format!("list of {item}s, {least} at least"),
        _ => format!("list of {item}s"),
    }
}

/// Returns the text of a member of the schema; without one, an empty text.
fn text<'s>(schema: &'s Value, member: &str) -> &'s str {
    schema
        .get(member)
        .and_then(Value::as_str)
        .unwrap_or_default()
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
        for setting in rule_settings() {
            if let DefaultValue::Value(default) = setting.default {
                accept(&format!("[[rule]]\n{} = {default}", setting.name));
            }
        }
        for backend_type in BACKEND_TYPES {
            let mut all = shared_settings(backend_type);
            all.extend(type_settings(backend_type));
            let mut section = format!("[backend.x]\ntype = \"{}\"\n", backend_type.name);
            section += match backend_type.name {
                "ldap" => "srv = 'x'\nbase = 'dc=x'\n",
                "active_directory" => "domain = 'x'\n",
                "nis" => "domain = 'x'\nservers = ['x']\n",
                "plugin" => "program = 'x'\n",
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
            .chain(rule_settings())
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
        let expected = ["type", "base", "domain", "domain", "servers", "program"];
        assert_eq!(needed, expected);
    }
}
