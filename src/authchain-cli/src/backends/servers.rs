//! The servers of a backend, and what they say with `--online`.

use std::collections::BTreeMap;
use std::time::Duration;

use authchain::backends::Backend;
use authchain::backends::protocol::{ServerFinding, Severity};
use authchain::config::settings::GlobalSettings;
use authchain::tools::deadline::{Deadline, system_clock};
use authchain::tools::request::Request;
use authchain::words::Username;
use serde_json::{Value, json};

use super::capability::{CHANGE_PASSWORD, Capability};
use crate::setup::{self, ShownJournal};
use crate::terminal::{GOOD, Terminal, WARNING, clean};

/// Maximum time for all servers of a backend together.
const PATIENCE: Duration = Duration::from_secs(60);

/// The step in which a worker reports that a server cannot change passwords.
const PASSWORD_CHANGE: &str = "password change";

/// A server, and the faults that were found.
#[derive(Default)]
pub(super) struct ServerState {
    name: String,
    is_asked: bool,
    faults: Vec<String>,
    /// The reason why it changes no passwords.
    no_change: Option<String>,
}

impl ServerState {
    /// Returns a server that was not asked.
    pub(super) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    fn hear(&mut self, finding: &ServerFinding) {
        self.is_asked = true;
        match finding.severity {
            _ if finding.step == PASSWORD_CHANGE => self.no_change = Some(finding.text.clone()),
            Severity::Fine | Severity::Note => {}
            Severity::Warning | Severity::Error => {
                self.faults
                    .push(format!("{}: {}", finding.step, finding.text));
            }
        }
    }

    /// Corrects the capabilities that the settings promise and the server lacks.
    pub(super) fn correct(&self, capabilities: &mut [Capability]) {
        let Some(why) = &self.no_change else { return };
        for capability in capabilities {
            if capability.name == CHANGE_PASSWORD && capability.can.is_ok() {
                capability.can = Err(format!("{}: {why}", self.name));
            }
        }
    }

    pub(super) fn print(&self, terminal: &mut Terminal) {
        let name = clean(&self.name);
        match (self.is_asked, self.faults.is_empty()) {
            (false, _) => terminal.print(format_args!("  {:<16} {name}", "server")),
            (true, true) => terminal.print(format_args!(
                "  {:<16} {name}: {GOOD}answers{GOOD:#}",
                "server"
            )),
            (true, false) => terminal.print(format_args!(
                "  {:<16} {name}: {WARNING}{}{WARNING:#}",
                "server",
                clean(&self.faults.join("; "))
            )),
        }
    }

    pub(super) fn json(&self) -> Value {
        json!({ "name": self.name, "asked": self.is_asked, "faults": self.faults })
    }
}

/// Asks the worker to examine every server.
pub(super) fn ask(backend: &dyn Backend, settings: &GlobalSettings) -> Vec<ServerState> {
    // A name that nobody has, for a search without a result.
    let Ok(name) = Username::parse(b"authchain-check") else {
        return Vec::new();
    };
    let context = setup::context(settings, &ShownJournal);
    let request = Request {
        user: &name,
        deadline: Deadline::after(system_clock, PATIENCE),
        groups: &[],
        context: &context,
    };
    let mut states: BTreeMap<String, ServerState> = BTreeMap::new();
    let mut hear = |finding: ServerFinding| {
        let state = states
            .entry(finding.server.clone())
            .or_insert_with(|| ServerState::named(&finding.server));
        state.hear(&finding);
    };
    if let Err(error) = backend.examine(&request, &mut hear) {
        return vec![ServerState {
            name: "none could be asked".to_owned(),
            is_asked: true,
            faults: vec![error.to_string()],
            no_change: None,
        }];
    }
    states.into_values().collect()
}
