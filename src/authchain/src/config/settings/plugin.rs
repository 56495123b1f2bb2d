//! Settings of `type = "plugin"`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::common::{SettingsFault, fault, fault_of_path};
use super::global::LIBEXEC;

/// The folder of plugins that are named without a path, within the folder of the worker.
const FOLDER: &str = "plugins";

/// How serde passes on a date of TOML, for which JSON has no value.
const DATE: &str = "$__toml_private_datetime";

/// Most characters of a question.
const MAX_PROMPT: usize = 100;

/// A program of your own, which answers for a source of accounts that authchain does not know, or
/// as a second factor if `then` names it. It is started for each question, confined, and speaks
/// docs/PROTOCOL.md. docs/writing-a-plugin.md shows how one is made.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
// The default of this key is empty, and `check` refuses it.
#[cfg_attr(feature = "schema", schemars(extend("required" = ["program"])))]
#[serde(default)]
pub struct PluginSettings {
    /// The program: an absolute path, or the name of a file in /usr/libexec/authchain/plugins. It
    /// and the folders that lead to it must be root's, and nobody else may be able to write them.
    pub program: PluginPath,

    /// The settings of the plugin itself, which are passed on to it as they are. Secrets do not
    /// belong here: name a file that has them, and let the plugin read it (`read`).
    pub settings: Map<String, Value>,

    /// Files and folders that the plugin may read, beside what the system has installed in /usr.
    /// Their modes must let the plugin's user read them, too.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub read: Vec<PathBuf>,

    /// True if the plugin may connect to servers, over TCP and UDP. Otherwise it has no network.
    pub network: bool,

    /// The user that the plugin runs as, if it is another than `worker_user`. All processes of one
    /// user together have a limit, so that a plugin with a user of its own cannot use up the
    /// processes of others.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub user: Option<String>,

    /// As a second factor: a question, such as `Code: `, that is asked right after the password,
    /// whether or not it was right, and whose answer the plugin gets. Without it, the plugin asks
    /// its questions itself, after a right password only: those who see a question then know that
    /// the password was right.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = MAX_PROMPT)))]
    pub prompt: Option<String>,
}

impl PluginSettings {
    /// Checks that the settings make sense.
    ///
    /// # Errors
    /// The first key with a fault, in the order of the keys, and its fault.
    pub fn check(&self) -> Result<(), SettingsFault> {
        if self.program == PluginPath::default() {
            return fault("program", "is missing: the program of the plugin");
        }
        if self.settings.values().any(has_date) {
            return fault("settings", "a date or time must be written in quotes");
        }
        if let Some(message) = self.read.iter().find_map(|path| fault_of_path(path)) {
            return fault("read", message);
        }
        if (self.user.as_deref()).is_some_and(|name| name.is_empty() || name.contains('\0')) {
            return fault("user", "must be the name of a user");
        }
        match self.prompt.as_deref() {
            Some(text) if text.trim().is_empty() || text.contains(char::is_control) => fault(
                "prompt",
                "the question is empty, or has a control character",
            ),
            Some(text) if text.chars().count() > MAX_PROMPT => fault(
                "prompt",
                format!("the question has more than {MAX_PROMPT} characters"),
            ),
            _ => Ok(()),
        }
    }

    /// Returns warnings about what is allowed but dangerous, for the administrator.
    pub fn warnings(&self) -> Vec<&'static str> {
        let root = Path::new("/");
        let warning = "read names the root directory: only file modes keep the plugin from files";
        Vec::from_iter((self.read.iter().any(|path| path == root)).then_some(warning))
    }
}

/// Returns whether a value has a date of TOML somewhere in it.
fn has_date(value: &Value) -> bool {
    match value {
        Value::Array(values) => values.iter().any(has_date),
        Value::Object(members) => members.contains_key(DATE) || members.values().any(has_date),
        _ => false,
    }
}

/// The program of a plugin: an absolute path, or a name in the folder of plugins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PluginPath(String);

impl PluginPath {
    /// Returns the text as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the absolute path.
    pub fn path(&self) -> PathBuf {
        // An absolute path replaces the folder.
        Self::folder().join(&self.0)
    }

    /// Returns the folder of plugins that are named without a path.
    pub fn folder() -> PathBuf {
        Path::new(LIBEXEC).join(FOLDER)
    }
}

impl fmt::Display for PluginPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PluginPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || ['-', '_', '.'].contains(&c);
        let is_name = text.chars().all(is_plain) && !text.starts_with(['.', '-']);
        match Path::new(text).is_absolute() || (is_name && !text.is_empty()) {
            true => Ok(Self(text.to_owned())),
            false => Err("must be an absolute path, or the name of an installed plugin".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings::json::faulty_key_of;

    fn faulty_key(lines: &str) -> Option<String> {
        let mut table: toml::Table = "program = 'htdigest'".parse().unwrap();
        table.extend(lines.parse::<toml::Table>().unwrap());
        faulty_key_of(&serde_json::to_value(table).unwrap(), PluginSettings::check)
    }

    #[test]
    fn a_program_is_a_path_or_the_name_of_an_installed_plugin() {
        let path = |text: &str| text.parse().map(|path: PluginPath| path.path());
        let htdigest = PathBuf::from("/usr/libexec/authchain/plugins/htdigest");
        assert_eq!(path("htdigest"), Ok(htdigest));
        assert_eq!(path("/srv/p.py"), Ok(PathBuf::from("/srv/p.py")));
        for wrong in ["", "a/b", "..", "../x", ".x", "-x", "a b", "a\0"] {
            assert!(path(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_faulty_value_is_reported_with_its_key() {
        for (lines, key) in [
            ("program = ''", "program"),
            ("program = 'a/b'", "program"),
            ("settings = 'x'", "settings"),
            ("read = ['a']", "read"),
            ("network = 1", "network"),
            ("user = ''", "user"),
            ("prompt = ' '", "prompt"),
            ("prompt = \"a\\u001b\"", "prompt"),
        ] {
            assert_eq!(faulty_key(lines).as_deref(), Some(key), "{lines}");
        }
        let long = format!("prompt = '{}'", "x".repeat(101));
        assert_eq!(faulty_key(&long).as_deref(), Some("prompt"));
        let good = "read = ['/a']\nnetwork = true\nprompt = 'Code: '\n[settings]\na = [1, 'x']";
        assert_eq!(faulty_key(good), None);
    }

    #[test]
    fn a_date_in_the_settings_is_refused() {
        let text = "program = 'p'\n[settings.a]\nb = [2026-01-01]\n";
        let settings: PluginSettings = toml::from_str(text).unwrap();
        assert_eq!(settings.check().unwrap_err().0, "settings");
    }
}
