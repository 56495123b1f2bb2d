//! The keys of a settings struct, each with its JSON Schema in the simplest form.

use serde_json::{Map, Value, json};

/// The keys of a settings struct.
pub(crate) struct Keys {
    /// The schema of each key.
    pub(crate) schemas: Map<String, Value>,
    /// The keys that must be given.
    pub(crate) required: Vec<String>,
}

/// Returns the keys of the struct with this schema.
pub(crate) fn keys_of(schema: schemars::Schema) -> Keys {
    keys_in(schema.to_value())
}

/// Returns the keys of the object with this schema.
pub(crate) fn keys_in(mut value: Value) -> Keys {
    let definitions = value.get("$defs").cloned().unwrap_or_default();
    resolve(&mut value, &definitions);
    let required = value.get("required").and_then(Value::as_array);
    let required = required.into_iter().flatten().filter_map(Value::as_str);
    let required: Vec<String> = required.map(str::to_owned).collect();
    let mut schemas = match value.get_mut("properties") {
        Some(Value::Object(properties)) => std::mem::take(properties),
        _ => Map::new(),
    };
    for (key, schema) in &mut schemas {
        simplify(schema);
        if let (Value::Object(members), true) = (schema, required.contains(key)) {
            members.remove("default");
        }
    }
    Keys { schemas, required }
}

/// Replaces each reference by the type it refers to.
fn resolve(value: &mut Value, definitions: &Value) {
    if let Value::Object(object) = value {
        let name = (object.get("$ref").and_then(Value::as_str))
            .and_then(|reference| reference.strip_prefix("#/$defs/"))
            .map(str::to_owned);
        if let Some(Value::Object(target)) = name.and_then(|name| definitions.get(name)) {
            object.remove("$ref");
            // A member beside `$ref`, such as the description of the key, replaces the type's.
            merge(object, target);
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

/// Takes over the members of `other` that the schema does not have.
fn merge(schema: &mut Map<String, Value>, other: &Map<String, Value>) {
    for (member, value) in other {
        schema
            .entry(member.clone())
            .or_insert_with(|| value.clone());
    }
}

/// Turns the schema of a Rust type into what TOML needs: no null, the range of a number as minimum
/// and maximum, an enum as a list of words. With a list, a wrong word is one error; with `oneOf` it
/// would be one for each allowed word.
fn simplify(schema: &mut Value) {
    let Value::Object(members) = schema else {
        return;
    };
    // An optional enum is written as `anyOf: [enum, null]`, an optional text as
    // `["string", "null"]`.
    let choice = members
        .remove("anyOf")
        .and_then(|choices| choices.get(0).cloned());
    if let Some(Value::Object(choice)) = choice {
        merge(members, &choice);
    }
    if let Some(Value::Array(types)) = members.get("type") {
        let first = types.first().cloned().unwrap_or_default();
        members.insert("type".to_owned(), first);
    }
    if members.get("default") == Some(&Value::Null) {
        members.remove("default");
    }
    if let Some(Value::Array(choices)) = members.remove("oneOf") {
        let words = choices.iter().filter_map(|choice| choice.get("const"));
        members.insert("enum".to_owned(), words.cloned().collect());
        members.insert("type".to_owned(), json!("string"));
    }
    if members.remove("format") == Some(json!("uint32")) {
        members.entry("maximum").or_insert(json!(u32::MAX));
    }
    if let Some(Value::String(text)) = members.get_mut("description") {
        *text = text.replace('\n', " ");
    }
    if let Some(items) = members.get_mut("items") {
        simplify(items);
    }
}
