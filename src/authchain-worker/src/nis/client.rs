//! A client of one server: connects, and looks keys up in maps.

use std::io;
use std::net::SocketAddr;

use authchain::config::settings::nis::{Address, NisSettings, Transport};
use authchain::tools::deadline::Deadline;
use zeroize::Zeroizing;

use super::channel::Channel;
use super::portmap;
use super::reserved::Ports;
use super::rpc::{self, Procedure, RpcRefusal};
use super::xdr::{Reader, Writer};
use super::yp::{self, MatchReply, Status};
use crate::net::connect::first_of;
use crate::net::dns::{Dns, random};
use crate::net::failure::{Failure, FailureKind, io_text, within, within_as};

pub(super) const CONNECT: &str = "connect";
pub(super) const PORTMAPPER: &str = "portmapper";
pub(super) const MASTER: &str = "master";

/// The last reserved port: above it, any user of the server may have a program.
const LAST_RESERVED: u16 = 1023;

/// A program of a server, whose port its portmapper tells.
pub(super) struct Program {
    pub(super) name: &'static str,
    /// A procedure of it, which does nothing.
    pub(super) null: Procedure,
    /// Where a port is written that the portmapper is not believed.
    pub(super) setting: &'static str,
}

pub(super) const YPSERV: Program = Program {
    name: "ypserv",
    null: yp::NULL,
    setting: "behind the server's name",
};

/// A map: its name, and the name of the step that reads it.
#[derive(Clone, Copy)]
pub(super) struct Map<'n> {
    pub(super) step: &'static str,
    pub(super) name: &'n str,
    /// True if servers give it only to reserved ports.
    pub(super) is_secret: bool,
}

/// An entry that outlives the reply it came in.
pub(super) struct OwnEntry {
    pub(super) value: Zeroizing<Vec<u8>>,
    pub(super) key: Vec<u8>,
}

/// A connection to a server.
pub(super) struct Client<'p> {
    channel: Channel,
    domain: &'p str,
    deadline: Deadline,
    /// The reason why the server is not asked from a reserved port, if one was wanted.
    unreserved: Option<&'static str>,
    /// The meaning of silence from now on: a server that has answered is not down, only slow.
    silence: FailureKind,
}

impl<'p> Client<'p> {
    /// Connects to `server`, whose last answer must come by `deadline`.
    pub(super) async fn open(
        settings: &'p NisSettings,
        dns: &Dns,
        server: &Address,
        ports: &mut Ports,
        deadline: Deadline,
    ) -> Result<Self, Failure> {
        let port = server.port.unwrap_or(portmap::PORT);
        let addresses = dns.addresses(&server.host, port, deadline).await?;
        let unreserved = ports.missing;
        let open = async |mut address: SocketAddr, deadline| {
            if server.port.is_none() {
                let port = mapped_port(&YPSERV, settings.transport, address, deadline);
                address.set_port(port.await?);
            }
            let reserved = ports.take(address.ip())?;
            let opening = Channel::open(address, settings.transport, reserved);
            let opening = async { opening.await.map_err(|error| failure(CONNECT, &error)) };
            let mut channel = within(deadline, CONNECT, opening).await?;
            // A TCP connection shows that a server is there; over UDP, only an answer does.
            if let Channel::Udp(_) = channel {
                let arguments = Writer::default();
                let answer = ask(&mut channel, CONNECT, yp::NULL, arguments);
                result(CONNECT, &within(deadline, CONNECT, answer).await?)?;
            }
            Ok(channel)
        };
        Ok(Self {
            channel: first_of(&addresses, deadline, open).await?,
            domain: settings.domain.as_str(),
            deadline,
            unreserved,
            silence: FailureKind::Down,
        })
    }

    /// Returns whether the server says that it serves the domain.
    pub(super) async fn serves_the_domain(&mut self) -> Result<bool, Failure> {
        let step = "domain";
        let arguments = Writer::default().string(self.domain.as_bytes());
        let asking = ask(&mut self.channel, step, yp::DOMAIN, arguments);
        let reply = within(self.deadline, step, asking).await?;
        let answer = Reader::new(result(step, &reply)?).number();
        answer
            .map(|is_served| is_served == 1)
            .map_err(|malformed| trouble(step, malformed.into()))
    }

    /// Returns where questions come from: a reserved port, or the reason why not.
    pub(super) fn source(&self) -> String {
        match (self.channel.own_port(), self.unreserved) {
            (Some(port @ ..=LAST_RESERVED), _) => format!("from the reserved port {port}"),
            (_, Some(why)) => format!("from any port: {why}"),
            (_, None) => "from any port".to_owned(),
        }
    }

    /// Looks `key` up in `map`; `None` where the map does not have it.
    pub(super) async fn look_up(
        &mut self,
        map: Map<'_>,
        key: &str,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        let question = yp::question(self.domain, map.name, key);
        self.value(map, map.step, yp::MATCH, question).await
    }

    /// Returns the name of the server on which `map` is made.
    pub(super) async fn master(&mut self, map: Map<'_>) -> Result<String, Failure> {
        let question = yp::of_map(self.domain, map.name);
        let name = self.value(map, MASTER, yp::MASTER, question).await?;
        let name = name.and_then(|name| String::from_utf8(name.to_vec()).ok());
        name.ok_or_else(|| Failure::trouble(MASTER, "not a valid answer: no name"))
    }

    /// Makes a call whose reply has a value or none.
    async fn value(
        &mut self,
        map: Map<'_>,
        step: &'static str,
        procedure: Procedure,
        arguments: Writer,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        let asking = ask(&mut self.channel, step, procedure, arguments);
        let reply = within_as(self.silence, self.deadline, step, asking).await?;
        self.silence = FailureKind::Trouble;
        match yp::answer(result(step, &reply)?).map_err(|refusal| trouble(step, refusal))? {
            MatchReply::Value(value) => Ok(Some(Zeroizing::new(value.to_vec()))),
            MatchReply::NoKey => Ok(None),
            MatchReply::Refused(status) => Err(self.refused(map, status)),
        }
    }

    /// Reads the entry after the one with `key`, or the first one; `None` after the last.
    pub(super) async fn walk(
        &mut self,
        map: Map<'_>,
        key: Option<&[u8]>,
    ) -> Result<Option<OwnEntry>, Failure> {
        let (procedure, arguments) = yp::walk(self.domain, map.name, key);
        let asking = ask(&mut self.channel, map.step, procedure, arguments);
        let reply = within_as(self.silence, self.deadline, map.step, asking).await?;
        let entry = yp::entry(result(map.step, &reply)?);
        let entry = entry.map_err(|refusal| trouble(map.step, refusal))?;
        Ok(entry.map(|entry| OwnEntry {
            value: Zeroizing::new(entry.value.to_vec()),
            key: entry.key.to_vec(),
        }))
    }

    /// Returns the failure of a refusal. To clients that may not ask, servers answer that there is
    /// no map or domain.
    fn refused(&self, map: Map<'_>, status: Status) -> Failure {
        let (domain, name) = (self.domain, map.name);
        let text = match status {
            yp::NO_DOMAIN => format!("the server does not serve the domain {domain}"),
            yp::NO_MAP => match (map.is_secret, self.unreserved) {
                (true, Some(why)) => format!("{name} is missing, or refused to us: {why}"),
                (true, None) => format!(
                    "{name} is missing, or refused to us: see securenets and ypserv.conf on the \
                     server, and source_port here"
                ),
                (false, _) => {
                    format!("{name} is missing, or refused to us: see securenets on the server")
                }
            },
            status => format!("{name}: {status}"),
        };
        Failure::trouble(map.step, text)
    }
}

/// Asks the portmapper at this address for the port of a program.
pub(super) async fn mapped_port(
    program: &Program,
    transport: Transport,
    portmapper: SocketAddr,
    deadline: Deadline,
) -> Result<u16, Failure> {
    let (procedure, arguments) = portmap::question(program.null, portmapper, transport);
    let asking = async {
        let opened = Channel::open(portmapper, transport, None).await;
        let mut channel = opened.map_err(|error| failure(PORTMAPPER, &error))?;
        ask(&mut channel, PORTMAPPER, procedure, arguments).await
    };
    let reply = within(deadline, PORTMAPPER, asking).await?;
    let answer = portmap::answer(procedure, result(PORTMAPPER, &reply)?);
    match answer.map_err(|refusal| trouble(PORTMAPPER, refusal))? {
        Some(port @ ..=LAST_RESERVED) => Ok(port),
        Some(port) => {
            let text = format!(
                "{} is said to be on port {port}, which any user of the server may have; \
                 if that is right, write it {}",
                program.name, program.setting
            );
            Err(Failure::trouble(PORTMAPPER, text))
        }
        None => {
            let text = format!("{} does not run there", program.name);
            Err(Failure::down(PORTMAPPER, text))
        }
    }
}

/// Makes one call and returns its reply.
pub(super) async fn ask(
    channel: &mut Channel,
    step: &'static str,
    procedure: Procedure,
    arguments: Writer,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let call = rpc::call(random()?, procedure, arguments);
    let reply = channel.exchange(&call).await;
    reply.map_err(|error| failure(step, &error))
}

pub(super) fn result<'r>(step: &'static str, reply: &'r [u8]) -> Result<&'r [u8], Failure> {
    rpc::result(reply).map_err(|refusal| trouble(step, refusal))
}

fn trouble(step: &'static str, refusal: RpcRefusal) -> Failure {
    Failure::trouble(step, refusal.to_string())
}

pub(super) fn failure(step: &'static str, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::InvalidData => {
            Failure::trouble(step, format!("not a valid answer: {error}"))
        }
        io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => {
            Failure::trouble(step, "the server closed the connection")
        }
        io::ErrorKind::ConnectionReset => Failure::trouble(step, io_text(error)),
        _ => Failure::of_socket(step, error),
    }
}
