//! `authchain backends`: the backends of the configuration, and what each of them can do.

mod capability;
mod plugins;
mod servers;

use std::path::Path;

use authchain::backends::Backend;
use authchain::chain::registry;
use authchain::config::{BackendTable, Config};
use clap::Args;
use serde_json::{Value, json};

use crate::setup;
use crate::terminal::{Exit, Failure, GOOD, STRONG, Terminal, WARNING, clean};
use capability::{Capability, capabilities};
use plugins::InstalledPlugin;
use servers::ServerState;

/// Show each backend, and what it can do or why it cannot
///
/// Says for each backend of the configuration, in the chain or not, whether it can verify
/// passwords, judge accounts, look people up, change passwords, and add, edit, remove and list
/// accounts, and whether rules hear of its groups. Plugins are started to ask them; those that are
/// installed are listed, too.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  authchain backends
  authchain backends --online          asks the servers, too
  authchain backends --json | jq '.backends[] | select(.capabilities.edit.can) | .name'")]
pub(crate) struct Backends {
    /// Contact every server, and say what each cannot do
    #[arg(long)]
    online: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A backend, as it is shown.
struct ShownBackend {
    name: String,
    kind: String,
    is_in_chain: bool,
    capabilities: Vec<Capability>,
    servers: Vec<ServerState>,
}

impl Backends {
    pub(crate) fn run(
        &self,
        config: Option<&Path>,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let source = setup::source(config)?;
        let config = Config::parse(&source).map_err(|error| setup::config_failure(&error))?;
        let tables = config.backends.iter();
        let shown = tables.map(|table| self.shown(table, &config));
        let shown = shown.collect::<Result<Vec<_>, _>>()?;
        let plugins: Vec<_> = InstalledPlugin::all(&config.settings);
        match self.json {
            true => terminal.json(&json!({
                "backends": shown.iter().map(ShownBackend::json).collect::<Value>(),
                "plugins": plugins.iter().map(InstalledPlugin::json).collect::<Value>(),
            })),
            false => {
                shown.iter().for_each(|backend| backend.print(terminal));
                plugins::print(&plugins, terminal);
            }
        }
        Ok(Exit::Success)
    }

    fn shown(
        &self,
        table: &BackendTable<'_>,
        config: &Config<'_>,
    ) -> Result<ShownBackend, Failure> {
        let backend = registry::backend(table, &config.settings);
        let backend = backend.map_err(|error| setup::config_failure(&error))?;
        let servers = match self.online && backend.nature().is_directory() {
            true => servers::ask(&*backend, &config.settings),
            false => named_servers(&*backend),
        };
        let mut capabilities = capabilities(table, &*backend);
        plugins::correct(table, &config.settings, &mut capabilities);
        for state in &servers {
            state.correct(&mut capabilities);
        }
        let asked = config.asked();
        Ok(ShownBackend {
            name: table.name().to_owned(),
            kind: table.common().kind.get_ref().clone(),
            is_in_chain: asked.iter().any(|link| link.name() == table.name()),
            capabilities,
            servers,
        })
    }
}

/// Returns the servers that the settings name.
fn named_servers(backend: &dyn Backend) -> Vec<ServerState> {
    let named = backend.servers().iter();
    named.map(|server| ServerState::named(server)).collect()
}

impl ShownBackend {
    fn print(&self, terminal: &mut Terminal) {
        let Self { name, kind, .. } = self;
        let spare = if self.is_in_chain {
            ""
        } else {
            ", in no chain"
        };
        terminal.print_styled(STRONG, format_args!("{name}: {kind}{spare}"));
        for server in &self.servers {
            server.print(terminal);
        }
        for Capability { name, can } in &self.capabilities {
            match can {
                Ok(more) if more.is_empty() => {
                    terminal.print(format_args!("  {name:<16} {GOOD}yes{GOOD:#}"));
                }
                Ok(more) => {
                    terminal.print(format_args!("  {name:<16} {GOOD}yes{GOOD:#}: {more}"));
                }
                Err(why) => terminal.print(format_args!(
                    "  {name:<16} {WARNING}no{WARNING:#}: {}",
                    clean(why)
                )),
            }
        }
    }

    fn json(&self) -> Value {
        let capabilities = self.capabilities.iter().map(|capability| {
            let value = match &capability.can {
                Ok(more) if more.is_empty() => json!({ "can": true }),
                Ok(more) => json!({ "can": true, "more": more }),
                Err(why) => json!({ "can": false, "why": why }),
            };
            (capability.name.to_owned(), value)
        });
        json!({
            "name": self.name,
            "type": self.kind,
            "in_chain": self.is_in_chain,
            "servers": self.servers.iter().map(ServerState::json).collect::<Value>(),
            "capabilities": capabilities.collect::<serde_json::Map<_, _>>(),
        })
    }
}
