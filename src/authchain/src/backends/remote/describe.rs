//! The question to a plugin about itself, for the administrator.

use serde_json::Value;

use super::Remote;
use super::talk::{budget_within, fault_of, greet, millis, unexpected};
use crate::backends::breaker::Plan;
use crate::backends::protocol::{
    AccountEnd, AccountTask, AccountWork, Message, Operation, Reply, WireVerdict,
};
use crate::tools::request::Context;
use crate::words::BackendError;

/// A plugin's description of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginDescription {
    /// The questions that it can be asked.
    pub can: Vec<Operation>,
    /// A JSON Schema of its settings; `None` if it does not describe them.
    pub schema: Option<Value>,
}

impl Remote {
    /// Starts the plugin, and returns what it says of itself.
    ///
    /// # Errors
    /// When it could not be asked.
    pub fn describe(&self, context: &Context<'_>) -> Result<PluginDescription, BackendError> {
        let deadline = context.deadline;
        let mut worker = self.setup.start()?;
        let hello = self.hello(&Plan::of_unknown(context.now));
        let can = match greet(&mut worker, hello, deadline)? {
            Reply::Hello(can) => can,
            Reply::Verdict(conclusion) => {
                return Err(fault_of(conclusion.verdict, "a verdict before its hello"));
            }
            _ => return Err(unexpected("something before its hello").into()),
        };
        if !can.contains(&Operation::Describe) {
            let schema = None;
            return Ok(PluginDescription { can, schema });
        }
        let task = AccountTask {
            work: AccountWork::Describe,
            budget_ms: millis(budget_within(deadline.remaining())),
        };
        worker.send(&Message::Task(task), deadline)?;
        let Reply::Verdict(conclusion) = worker.receive(deadline)? else {
            return Err(unexpected("no verdict").into());
        };
        match conclusion.verdict {
            WireVerdict::Carried(AccountEnd::Described(schema)) => {
                let schema = Some(schema);
                Ok(PluginDescription { can, schema })
            }
            verdict => Err(fault_of(verdict, "another verdict than describe has")),
        }
    }
}
