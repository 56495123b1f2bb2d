//! A client of rpc.yppasswdd(8): connects to the master, and has a password changed.

use std::net::SocketAddr;

use authchain::config::settings::nis::NisSettings;
use authchain::tools::deadline::Deadline;

use super::channel::Channel;
use super::client::{Program, ask, failure, mapped_port, result};
use super::xdr::Writer;
use super::{rpc, yppasswd};
use crate::net::connect::first_of;
use crate::net::dns::random;
use crate::net::failure::{Failure, FailureKind, within, within_as};

pub(super) const STEP: &str = "yppasswdd";

const YPPASSWDD: Program = Program {
    name: "rpc.yppasswdd",
    null: yppasswd::NULL,
    setting: "as yppasswdd, with the server's name in front",
};

/// A connection to rpc.yppasswdd, which has answered.
pub(super) struct Yppasswdd(Channel);

impl Yppasswdd {
    /// Connects to the first of the master's addresses that answers, each with the port of the
    /// portmapper. It may be asked from any port.
    pub(super) async fn open(
        settings: &NisSettings,
        master: &[SocketAddr],
        deadline: Deadline,
    ) -> Result<Self, Failure> {
        let (known, transport) = (settings.yppasswdd.as_ref(), settings.transport);
        let port = known.and_then(|address| address.port);
        let open = async |mut address: SocketAddr, deadline| {
            address.set_port(match port {
                Some(port) => port,
                None => mapped_port(&YPPASSWDD, transport, address, deadline).await?,
            });
            let opening = async {
                let opening = Channel::open(address, transport, None);
                let mut channel = opening.await.map_err(|error| failure(STEP, &error))?;
                let answer = ask(&mut channel, STEP, yppasswd::NULL, Writer::default());
                result(STEP, &answer.await?)?;
                Ok(channel)
            };
            within(deadline, STEP, opening).await
        };
        first_of(master, deadline, open).await.map(Self)
    }

    /// Sends the arguments of an update, once, and returns the answer.
    pub(super) async fn update(
        mut self,
        arguments: Writer,
        deadline: Deadline,
    ) -> Result<i32, Failure> {
        let call = rpc::call(random()?, yppasswd::UPDATE, arguments);
        let asking = async {
            let reply = self.0.exchange_once(&call).await;
            reply.map_err(|error| failure(STEP, &error))
        };
        let reply = within_as(FailureKind::Trouble, deadline, STEP, asking).await;
        let reply = reply.map_err(Failure::unsure)?;
        let answer = rpc::result(&reply).and_then(yppasswd::answer);
        answer.map_err(|refusal| {
            let failure = Failure::trouble(STEP, refusal.to_string());
            match yppasswd::is_undone(refusal) {
                true => failure.spent(),
                false => failure.unsure(),
            }
        })
    }
}
