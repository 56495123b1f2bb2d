//! The program, user and folder of workers on this machine.

use std::path::PathBuf;
use std::rc::Rc;

use crate::backends::plugin::PluginProgram;
use crate::backends::worker::{Reaper, Worker, WorkerFault};

/// The program that workers run, and what it needs on this machine.
#[derive(Clone)]
pub struct WorkerSetup {
    /// The worker's program.
    pub worker: PathBuf,
    /// The user it becomes.
    pub worker_user: String,
    /// The plugin it becomes; `None` for a worker of our own.
    pub plugin: Option<PluginProgram>,
    /// The folder of marks about servers that are down.
    pub run_dir: PathBuf,
    /// Waits for the end of workers that have answered; one for all backends of a call.
    pub reaper: Rc<Reaper>,
}

impl WorkerSetup {
    /// Starts a worker.
    pub(super) fn start(&self) -> Result<Worker<'_>, WorkerFault> {
        let plugin = self.plugin.as_ref();
        Worker::start(&self.worker, &self.worker_user, plugin, &self.reaper)
    }
}
