//! Every server step by step, as a login would go, for the administrator.

use std::net::SocketAddr;

use authchain::backends::protocol::Question;
use authchain::config::settings::nis::{Address, NisSettings};
use authchain::tools::deadline::Deadline;

use super::client::{CONNECT, Client, Map, PORTMAPPER, mapped_port};
use super::maps::{adjunct_map, passwd_map, shadow_map};
use super::reserved::Ports;
use super::{Nis, entries, portmap};
use crate::answer::Answer;
use crate::examination::{Examination, Remark};
use crate::net::dns::{self, Dns};
use crate::net::failure::Failure;
use crate::servers::{Server as _, deadline_of};

/// A server that is being looked at.
struct NisLook<'l> {
    told: &'l Examination<'l>,
    settings: &'l NisSettings,
    dns: &'l Dns,
    /// A name nobody has.
    nobody: &'l str,
}

impl Nis {
    /// Looks at every server, whatever is known of it already.
    pub(super) async fn examine(
        &mut self,
        question: &Question<'_>,
        mut told: Examination<'_>,
    ) -> Answer {
        let whole = deadline_of(question);
        let timeout = self.settings.server_timeout.duration();
        for server in &self.settings.servers {
            told.turn_to(server.name());
            let look = NisLook {
                told: &told,
                settings: &self.settings,
                dns: &self.dns,
                nobody: &question.user,
            };
            // A step that failed has been told, and ended the look at its server.
            let _ = look
                .at(server, &mut self.ports, whole.within(timeout))
                .await;
        }
        Answer::unknown(None)
    }
}

impl NisLook<'_> {
    async fn at(&self, server: &Address, ports: &mut Ports, deadline: Deadline) -> Option<()> {
        self.find_the_port(server, deadline).await?;
        let opening = Client::open(self.settings, self.dns, server, ports, deadline);
        let opening = async { opening.await.map_err(error) };
        let judge = |client: &Client<'_>, _| Remark::fine(client.source());
        let mut client = self.told.step(CONNECT, opening, judge).await?;
        self.domain(&mut client).await?;
        self.people(&mut client).await?;
        let shadow = shadow_map(self.settings);
        let needs = "whoever has x for a password cannot log in";
        self.hashes(&mut client, shadow, Remark::warning(needs))
            .await;
        let adjunct = adjunct_map(self.settings);
        let needs = "needed only where passwords are ## and a name";
        self.hashes(&mut client, adjunct, Remark::note(needs)).await;
        Some(())
    }

    /// Examines name and port, where there is something to be found out.
    async fn find_the_port(&self, server: &Address, deadline: Deadline) -> Option<()> {
        let port = server.port.unwrap_or(portmap::PORT);
        let naming = self.dns.addresses(&server.host, port, deadline);
        let naming = async { naming.await.map_err(error) };
        let addresses = match dns::is_name(&server.host) {
            true => {
                let judge = |found: &Vec<_>, _| listed(found);
                self.told.step(dns::STEP, naming, judge).await?
            }
            false => naming.await.ok()?,
        };
        if server.port.is_some() {
            return Some(());
        }
        let portmapper = *addresses.first()?;
        let asking = mapped_port(self.settings, portmapper, deadline);
        let asking = async { asking.await.map_err(error) };
        let judge = |port: &u16, _| Remark::fine(format!("ypserv is on port {port}"));
        self.told.step(PORTMAPPER, asking, judge).await.map(drop)
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
        self.told.step("domain", asking, judge).await
    }

    /// Examines whether somebody could be found, and whether nobody is nobody.
    async fn people(&self, client: &mut Client<'_>) -> Option<()> {
        let map = passwd_map(self.settings);
        let asking = async {
            let value = client.look_up(map, self.nobody).await.map_err(error)?;
            let first = client.walk(map, None).await.map_err(error)?;
            Ok((value.is_some(), first))
        };
        let judge = |(is_somebody, first): &(bool, Option<_>), _| match (is_somebody, first) {
            (true, _) => {
                Remark::warning(format!("{} has somebody called {}", map.name, self.nobody))
            }
            (_, None) => Remark::warning(format!("{} has nobody", map.name)),
            (false, Some(entry)) => first_entry(map, entry),
        };
        self.told.step(map.step, asking, judge).await.map(drop)
    }

    /// Examines whether a map with hashes may be read; `otherwise` says what it means where not.
    async fn hashes(&self, client: &mut Client<'_>, map: Map<'_>, otherwise: Remark) {
        let asking = async {
            let asked = client.look_up(map, self.nobody).await;
            let refused = |failure: Failure| Remark {
                text: format!("{}; {}", failure.text, otherwise.text),
                ..otherwise.clone()
            };
            asked.map_err(refused)
        };
        let judge = |_: &Option<_>, _| Remark::fine(format!("{} may be read", map.name));
        self.told.step(map.step, asking, judge).await;
    }
}

/// Returns whether the map holds what such a map holds.
fn first_entry(map: Map<'_>, entry: &super::client::OwnEntry) -> Remark {
    let name = String::from_utf8_lossy(&entry.key);
    match entries::person(&entry.value, &name) {
        Ok(_) => Remark::fine(format!("{} may be read", map.name)),
        Err(fault) => Remark::warning(format!("{}: its first entry: {fault}", map.name)),
    }
}

fn listed(found: &[SocketAddr]) -> Remark {
    let texts = found.iter().map(|address| address.ip().to_string());
    Remark::fine(texts.collect::<Vec<_>>().join(", "))
}

fn error(failure: Failure) -> Remark {
    Remark::error(failure.text)
}
