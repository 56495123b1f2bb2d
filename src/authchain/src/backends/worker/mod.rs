//! A worker process, as seen by the module: started, spoken to, ended.

mod call_filter;
mod channel;
mod child;
mod fault;
mod reaper;

use std::path::Path;

use self::channel::Channel;
use self::child::Child;
pub(super) use self::fault::WorkerFault;
pub use self::reaper::Reaper;
use super::plugin::PluginProgram;
use super::protocol::{Message, Reply};
use crate::tools::deadline::Deadline;

/// A worker that lives as long as this value.
///
/// Nothing of it is left when its reaper is gone: no process, zombie, descriptor or changed signal
/// mask.
pub(super) struct Worker<'r> {
    // Dropped in this order: the closed socket is what tells a worker to end.
    channel: Channel,
    child: Child,
    reaper: &'r Reaper,
}

impl<'r> Worker<'r> {
    /// Starts the program at `path`, which is to become `user`, and `plugin` if there is one.
    pub(super) fn start(
        path: &Path,
        user: &str,
        plugin: Option<&PluginProgram>,
        reaper: &'r Reaper,
    ) -> Result<Self, WorkerFault> {
        let (channel, theirs) = Channel::pair().map_err(WorkerFault::Start)?;
        reaper.block().map_err(WorkerFault::Start)?;
        let child = Child::start(path, user, plugin, &theirs)?;
        Ok(Self {
            channel,
            child,
            reaper,
        })
    }

    /// Allows `limit` replies of the worker, more than other questions need.
    #[cfg(feature = "examine")]
    pub(super) fn allow_replies(&mut self, limit: usize) {
        self.channel.allow_replies(limit);
    }

    /// Sends a message.
    pub(super) fn send(
        &mut self,
        message: &Message<'_>,
        deadline: Deadline,
    ) -> Result<(), WorkerFault> {
        let line = message.to_line().map_err(WorkerFault::Unsent)?;
        let sent = self.channel.send(&line, deadline);
        sent.map_err(|fault| self.explained(fault))
    }

    /// Waits for the worker's next reply.
    pub(super) fn receive(&mut self, deadline: Deadline) -> Result<Reply, WorkerFault> {
        let reply = self.channel.receive(deadline);
        reply.map_err(|fault| self.explained(fault))
    }

    /// Ends the worker without waiting until it has ended: the reaper waits.
    pub(super) fn leave(self) {
        let Self {
            channel,
            child,
            reaper,
        } = self;
        drop(channel);
        let _ = child.kill();
        reaper.take(child);
    }

    /// Adds how the worker ended to a fault, for the log: a worker that hung up has usually ended.
    fn explained(&mut self, fault: WorkerFault) -> WorkerFault {
        match fault {
            WorkerFault::Ended(_) => WorkerFault::Ended(self.child.how_it_ended()),
            other => other,
        }
    }
}
