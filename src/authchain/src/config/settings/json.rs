//! Settings as JSON, which the worker gets.

use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;
use serde_json::{Error, Value};

use super::common::SettingsFault;

/// Reads settings that [`BackendTable::to_json`](crate::config::BackendTable::to_json) wrote, and
/// refuses those in which `check` finds a fault.
///
/// # Errors
/// The fault of the settings, for the log, with its key if there is one.
pub fn from_json<T: DeserializeOwned>(
    settings: &Value,
    check: fn(&T) -> Result<(), SettingsFault>,
) -> Result<T, String> {
    let Value::Object(table) = settings else {
        return Err("settings: not a table".to_owned());
    };
    let mut read = "";
    let pairs = table.iter().map(|(key, value)| {
        read = key;
        (key.as_str(), value.clone())
    });
    let settings: Result<T, Error> = T::deserialize(MapDeserializer::new(pairs));
    let settings = settings.map_err(|error| format!("settings: {read} {error}"))?;
    check(&settings).map_err(|(key, message)| format!("settings: {key} {message}"))?;
    Ok(settings)
}

/// Returns the key of the fault in a section, if there is one.
#[cfg(test)]
pub(super) fn faulty_key_of<T: DeserializeOwned>(
    settings: &Value,
    check: fn(&T) -> Result<(), SettingsFault>,
) -> Option<String> {
    let fault = from_json(settings, check).err()?;
    fault.split(' ').nth(1).map(str::to_owned)
}
