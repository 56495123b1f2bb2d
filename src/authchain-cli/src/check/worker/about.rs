//! Reads the answer of `authchain-worker --about`, for the administrator.

use authchain::config::settings::GlobalSettings;
use serde_json::Value;

/// The version of this command; the worker should have the same.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The command line that creates the worker's user, for a system whose package did not.
const MAKE_USER: &str = "useradd --system --no-create-home --home-dir / --shell /usr/sbin/nologin";

/// The JSON of the answer. Any member may be missing or of another type.
pub(super) struct About(Value);

impl About {
    /// Parses the worker's output; `None` if another program than authchain's worker wrote it.
    pub(super) fn parse(printed: &[u8]) -> Option<Self> {
        let about = Self(serde_json::from_slice(printed).ok()?);
        let is_answer = about.at("/refused").is_string() || about.at("/confined").is_object();
        (is_answer && about.at("/version").is_string()).then_some(about)
    }

    /// Returns the member at this JSON Pointer (RFC 6901), or null.
    fn at(&self, place: &str) -> &Value {
        self.0.pointer(place).unwrap_or(&Value::Null)
    }

    /// Returns the reason why the worker would not run; `None` if it would.
    pub(super) fn refusal(&self) -> Option<&str> {
        self.at("/refused").as_str()
    }

    /// Returns a sentence for each wall that is missing or weak.
    pub(super) fn weaknesses(&self, settings: &GlobalSettings) -> Vec<String> {
        let walls = [
            self.user(settings),
            self.landlock(),
            self.calls(),
            self.rights(),
        ];
        let walls: Vec<String> = walls.into_iter().flatten().collect();
        let is_complete = self.at("/complete").as_bool() == Some(true);
        let notes = self.at("/confined/notes").as_array();
        // A newer worker may have walls that this command does not know. Its notes name them.
        let notes = (notes.into_iter().flatten()).filter_map(Value::as_str);
        let unnamed = notes.filter(|_| walls.is_empty() && !is_complete);
        let unnamed: Vec<String> = unnamed.map(str::to_owned).collect();
        (self.version().into_iter())
            .chain(walls)
            .chain(unnamed)
            .collect()
    }

    /// Returns one line about the walls of a worker that has them all.
    pub(super) fn summary(&self) -> String {
        let user = self
            .at("/confined/user/name")
            .as_str()
            .unwrap_or("another user");
        let level = self
            .at("/confined/landlock/abi")
            .as_i64()
            .unwrap_or_default();
        format!("confined as user {user}, Landlock level {level}, system calls filtered")
    }

    fn version(&self) -> Option<String> {
        let theirs = self.at("/version").as_str()?;
        (theirs != VERSION).then(|| {
            format!(
                "is of version {theirs}, this command of {VERSION}; install both, and the module, \
                 from one package"
            )
        })
    }

    fn user(&self, settings: &GlobalSettings) -> Option<String> {
        let user = |place: &str| self.at(&format!("/confined/user/{place}"));
        let wanted = &settings.worker_user;
        match (user("name").as_str(), user("is_other").as_bool()) {
            (Some(name), Some(true)) if name == wanted => None,
            (name, Some(true)) => Some(format!(
                "there is no user {wanted} (setting `worker_user`), so it runs as {}, whose id \
                 other daemons may share; make the user with systemd-sysusers, or {MAKE_USER} \
                 {wanted}",
                name.unwrap_or("somebody else"),
            )),
            _ => Some("keeps the user who starts it".to_owned()),
        }
    }

    fn landlock(&self) -> Option<String> {
        let why = match self.at("/confined/landlock/state").as_str() {
            Some("enforced") => return None,
            Some("switched_off") => "it was not switched on at boot: add landlock to lsm=",
            Some("missing") => "the kernel has none: it comes with Linux 5.13",
            Some("forbidden") => "a filter of system calls forbids it",
            _ => "it does not say why",
        };
        Some(format!(
            "runs without Landlock, file modes alone keep it from files: {why}"
        ))
    }

    fn calls(&self) -> Option<String> {
        let is_filtered = self.at("/confined/seccomp").as_bool() == Some(true);
        let text =
            "runs without seccomp, so it can make every system call: the kernel has no filters";
        (!is_filtered).then(|| text.to_owned())
    }

    fn rights(&self) -> Option<String> {
        if self.at("/confined/no_new_privs").as_bool() != Some(true) {
            return Some("cannot show that it gains no privileges: is /proc mounted?".to_owned());
        }
        match self.at("/confined/capabilities").as_u64() {
            Some(0) => None,
            Some(left) => Some(format!("keeps the capabilities {left:#x}")),
            None => Some("cannot show that it has no capabilities: is /proc mounted?".to_owned()),
        }
    }
}

#[cfg(test)]
#[path = "../../../tests/command/confined_worker.rs"]
mod confined_worker;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn weaknesses(about: &Value) -> Vec<String> {
        let about = About::parse(about.to_string().as_bytes()).unwrap();
        about.weaknesses(&GlobalSettings::default())
    }

    #[test]
    fn a_worker_behind_every_wall_has_no_weakness() {
        assert_eq!(weaknesses(&confined_worker::about()), [""; 0]);
        let summary = About(confined_worker::about()).summary();
        assert_eq!(
            summary,
            "confined as user authchain, Landlock level 6, system calls filtered"
        );
    }

    #[test]
    fn each_wall_that_is_missing_is_named_with_its_reason() {
        for (place, value, words) in [
            ("/version", json!("0.0.9"), "is of version 0.0.9"),
            ("/confined/user/name", json!("nobody"), "useradd --system"),
            ("/confined/user/is_other", json!(false), "keeps the user"),
            (
                "/confined/landlock",
                json!({"state": "missing"}),
                "Linux 5.13",
            ),
            (
                "/confined/landlock",
                json!({"state": "switched_off"}),
                "lsm=",
            ),
            (
                "/confined/landlock",
                json!({"state": "forbidden"}),
                "a filter of system calls forbids it",
            ),
            ("/confined/landlock", json!(7), "does not say why"),
            ("/confined/seccomp", json!(false), "without seccomp"),
            (
                "/confined/no_new_privs",
                json!(false),
                "gains no privileges",
            ),
            ("/confined/capabilities", json!(8), "capabilities 0x8"),
            ("/confined/capabilities", json!(null), "/proc"),
        ] {
            let mut about = confined_worker::about();
            *about.pointer_mut(place).unwrap() = value;
            let found = weaknesses(&about);
            assert_eq!(found.len(), 1, "{place}: {found:?}");
            assert!(found[0].contains(words), "{place}: {found:?}");
        }
        let mut about = confined_worker::about();
        about["complete"] = json!(false);
        about["confined"]["notes"] = json!(["a wall of next year is missing"]);
        assert_eq!(weaknesses(&about), ["a wall of next year is missing"]);
    }

    #[test]
    fn output_of_another_program_is_no_answer() {
        for printed in [
            "",
            "usage",
            "{}",
            "[]",
            r#"{"version":"1"}"#,
            r#"{"confined":{}}"#,
        ] {
            assert!(About::parse(printed.as_bytes()).is_none(), "{printed}");
        }
    }
}
