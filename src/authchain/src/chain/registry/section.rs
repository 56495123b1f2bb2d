//! The parts that the building of every section uses.

use std::cell::Cell;
use std::rc::Rc;

use serde::Serialize;
use serde::de::DeserializeOwned;

#[cfg(feature = "manage")]
use crate::backends::accounts::AccountRights;
use crate::backends::remote::{Remote, WorkerSetup};
use crate::config::settings::{GlobalSettings, SettingsFault};
use crate::config::{BackendTable, ConfigError};

/// The result of building a section.
pub(super) type Built<T> = Result<Box<T>, ConfigError>;

/// The part of a configuration that all sections share.
pub(super) struct Surroundings<'g> {
    /// The settings at the top.
    pub(super) global: &'g GlobalSettings,
    /// The program, user and folder of workers.
    pub(super) setup: WorkerSetup,
}

impl<'g> Surroundings<'g> {
    pub(super) fn new(global: &'g GlobalSettings) -> Self {
        let setup = WorkerSetup {
            worker: global.worker.clone(),
            worker_user: global.worker_user.clone(),
            plugin: None,
            run_dir: global.run_dir.clone(),
            reaper: Rc::default(),
        };
        Self { global, setup }
    }
}

/// Reads the settings of a section, and refuses those in which `check` finds a fault.
pub(super) fn checked<T: DeserializeOwned>(
    table: &BackendTable<'_>,
    check: fn(&T) -> Result<(), SettingsFault>,
) -> Result<T, ConfigError> {
    let settings: T = table.settings()?;
    match check(&settings) {
        Ok(()) => Ok(settings),
        Err((key, message)) => Err(table.error_at(key, message)),
    }
}

/// Builds a backend that asks a worker, tells `A` from `a`, compares user ids and changes
/// passwords.
pub(super) fn remote<T: Serialize>(
    table: &BackendTable<'_>,
    surroundings: &Surroundings<'_>,
    settings: &T,
    servers: Vec<String>,
) -> Result<Remote, ConfigError> {
    let kind = table.common().kind.get_ref();
    Ok(Remote {
        servers,
        ..usual_remote(table.name(), kind, table.to_json(settings)?, surroundings)
    })
}

/// Returns a backend that asks a worker without servers that are known, and has the properties that
/// most have.
pub(super) fn usual_remote(
    name: &str,
    kind: &str,
    settings: serde_json::Value,
    surroundings: &Surroundings<'_>,
) -> Remote {
    Remote {
        name: name.to_owned(),
        kind: kind.to_owned(),
        settings,
        servers: Vec::new(),
        fold_case: false,
        compares_uids: true,
        strips_domains: false,
        finds_by_password: false,
        cannot_change: None,
        #[cfg(feature = "manage")]
        rights: AccountRights::none("authchain keeps and lists no accounts of this type"),
        setup: surroundings.setup.clone(),
        unanswered: Cell::default(),
        lacked_question: Cell::default(),
    }
}
