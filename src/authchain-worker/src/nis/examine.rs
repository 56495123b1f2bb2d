//! Examines every server step by step, as a login would go, for the administrator.

use std::net::SocketAddr;

use authchain::backends::protocol::Question;
use authchain::config::settings::nis::{Address, ChangeWay, NisSettings};
use authchain::tools::deadline::Deadline;

use super::client::{CONNECT, Client, MASTER, Map, OwnEntry, PORTMAPPER, YPSERV, mapped_port};
use super::groups::entry_of;
use super::maps::{adjunct_map, passwd_map, shadow_map};
use super::master::Master;
use super::reserved::Ports;
use super::yppasswdd::Yppasswdd;
use super::{Nis, entries, portmap, yppasswdd};
use crate::answer::Answer;
use crate::examination::{Examination, GROUP_OF_A_RULE, Remark};
use crate::net::dns::{self, Dns};
use crate::net::failure::Failure;
use crate::servers::{Server as _, deadline_of};

/// The examination of a server.
struct NisExamination<'l> {
    steps: &'l Examination<'l>,
    settings: &'l NisSettings,
    dns: &'l Dns,
    /// A name that nobody has.
    unknown: &'l str,
    /// The groups that rules leave to directories.
    groups: &'l [String],
}

impl Nis {
    /// Examines every server, whether or not it was down before.
    pub(super) async fn examine(
        &mut self,
        question: &Question<'_>,
        mut steps: Examination<'_>,
    ) -> Answer {
        let whole = deadline_of(question);
        let timeout = self.settings.server_timeout.duration();
        for server in &self.settings.servers {
            steps.turn_to(server.name());
            let examination = NisExamination {
                steps: &steps,
                settings: &self.settings,
                dns: &self.dns,
                unknown: &question.user,
                groups: &question.groups,
            };
            // A step that failed has been reported, and ended the examination of its server.
            let _ = examination
                .examine(server, &mut self.ports, whole.within(timeout))
                .await;
        }
        Answer::unknown(None)
    }
}

impl NisExamination<'_> {
    async fn examine(&self, server: &Address, ports: &mut Ports, deadline: Deadline) -> Option<()> {
        self.find_the_port(server, deadline).await?;
        let opening = Client::open(self.settings, self.dns, server, ports, deadline);
        let opening = async { opening.await.map_err(error) };
        let judge = |client: &Client<'_>, _| Remark::fine(client.source());
        let mut client = self.steps.step(CONNECT, opening, judge).await?;
        self.domain(&mut client).await?;
        self.people(&mut client).await?;
        let shadow = shadow_map(self.settings);
        let needs = "whoever has x for a password cannot log in";
        self.hashes(&mut client, shadow, Remark::warning(needs))
            .await;
        let adjunct = adjunct_map(self.settings);
        let needs = "needed only where passwords are ## and a name";
        self.hashes(&mut client, adjunct, Remark::note(needs)).await;
        for group in self.groups {
            self.group(&mut client, group).await?;
        }
        if self.settings.password_change == ChangeWay::Yppasswd {
            self.changes(client, deadline).await;
        }
        Some(())
    }

    /// Examines the server's name and port, where they have to be found out.
    async fn find_the_port(&self, server: &Address, deadline: Deadline) -> Option<()> {
        let port = server.port.unwrap_or(portmap::PORT);
        let naming = self.dns.addresses(&server.host, port, deadline);
        let naming = async { naming.await.map_err(error) };
        let addresses = match dns::is_name(&server.host) {
            true => {
                let judge = |found: &Vec<SocketAddr>, _| {
                    let found = found.iter().map(|address| address.ip().to_string());
                    Remark::fine(found.collect::<Vec<_>>().join(", "))
                };
                self.steps.step(dns::STEP, naming, judge).await?
            }
            false => naming.await.ok()?,
        };
        if server.port.is_some() {
            return Some(());
        }
        let portmapper = *addresses.first()?;
        let transport = self.settings.transport;
        let asking = mapped_port(&YPSERV, transport, portmapper, deadline);
        let asking = async { asking.await.map_err(error) };
        let judge = |port: &u16, _| Remark::fine(format!("ypserv is on port {port}"));
        self.steps.step(PORTMAPPER, asking, judge).await.map(drop)
    }

    async fn domain(&self, client: &mut Client<'_>) -> Option<()> {
        let domain = self.settings.domain.as_str();
        let asking = async {
            match client.serves_the_domain().await.map_err(error)? {
                true => Ok(()),
                false => Err(Remark::error(format!(
                    "{domain} is not served here, or not to us: see securenets on the server"
                ))),
            }
        };
        let judge = |(): &(), _| Remark::fine(format!("{domain} is served"));
        self.steps.step("domain", asking, judge).await
    }

    /// Examines whether the passwd map has entries, and none for a name that nobody has.
    async fn people(&self, client: &mut Client<'_>) -> Option<()> {
        let map = passwd_map(self.settings);
        let asking = async {
            let value = client.look_up(map, self.unknown).await.map_err(error)?;
            let first = client.walk(map, None).await.map_err(error)?;
            Ok((value.is_some(), first))
        };
        let judge = |(is_somebody, first): &(bool, Option<OwnEntry>), _| match (is_somebody, first)
        {
            (true, _) => {
                Remark::warning(format!("{} has somebody called {}", map.name, self.unknown))
            }
            (_, None) => Remark::warning(format!("{} has nobody", map.name)),
            (false, Some(entry)) => {
                let name = String::from_utf8_lossy(&entry.key);
                match entries::person(&entry.value, &name) {
                    Ok(_) => Remark::fine(format!("{} may be read", map.name)),
                    Err(fault) => {
                        Remark::warning(format!("{}: its first entry: {fault}", map.name))
                    }
                }
            }
        };
        self.steps.step(map.step, asking, judge).await.map(drop)
    }

    /// Examines whether there is a master that can be asked to change passwords.
    async fn changes(&self, mut client: Client<'_>, deadline: Deadline) -> Option<()> {
        let finding = async {
            let master = Master::find(self.settings, &mut client).await?;
            let addresses = master.addresses(self.settings, self.dns, deadline);
            addresses.await.map(|addresses| (master, addresses))
        };
        let finding = async { finding.await.map_err(no_changes) };
        let judge = |(master, found): &(Master<'_>, Vec<SocketAddr>), _| {
            let found = found.iter().map(|address| address.ip().to_string());
            let found = found.collect::<Vec<_>>().join(", ");
            Remark::fine(format!("{master} is {found}"))
        };
        let (_, master) = self.steps.step(MASTER, finding, judge).await?;
        let opening = Yppasswdd::open(self.settings, &master, deadline);
        let opening = async { opening.await.map_err(no_changes) };
        let judge = |_: &Yppasswdd, _| Remark::fine("rpc.yppasswdd answers");
        self.steps
            .step(yppasswdd::STEP, opening, judge)
            .await
            .map(drop)
    }

    /// Examines whether a map with hashes may be read; `otherwise` is the remark for one that may
    /// not.
    async fn hashes(&self, client: &mut Client<'_>, map: Map<'_>, otherwise: Remark) {
        let asking = async {
            let asked = client.look_up(map, self.unknown).await;
            let refused = |failure: Failure| Remark {
                text: format!("{}; {}", failure.text, otherwise.text),
                ..otherwise.clone()
            };
            asked.map_err(refused)
        };
        let judge = |_: &Option<_>, _| Remark::fine(format!("{} may be read", map.name));
        self.steps.step(map.step, asking, judge).await;
    }

    /// Examines whether a group of a rule exists.
    async fn group(&self, client: &mut Client<'_>, group: &str) -> Option<()> {
        let asking = async {
            let found = entry_of(self.settings, client, group).await;
            found.map_err(error)
        };
        let judge = |found: &Option<_>, _| match found {
            Some(_) => Remark::fine(group),
            None => Remark::warning(format!("there is no group {group}; look at the rules")),
        };
        self.steps
            .step(GROUP_OF_A_RULE, asking, judge)
            .await
            .map(drop)
    }
}

fn no_changes(failure: Failure) -> Remark {
    Remark::warning(format!("{}; no password can be changed", failure.text))
}

fn error(failure: Failure) -> Remark {
    Remark::error(failure.text)
}
