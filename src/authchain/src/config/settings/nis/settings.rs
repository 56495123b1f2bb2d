//! The keys of `type = "nis"`.

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::name::NisName;
use crate::config::ConfigDuration;
#[cfg(feature = "schema")]
use crate::config::settings::schema::PositiveDuration;
use crate::config::settings::text::list;

/// Maximum number of servers: at every login, a port may be reserved for each.
pub(super) const MAX_SERVERS: usize = 16;

/// Accounts in a domain of NIS, the Network Information Service, once called Yellow Pages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
// The defaults of these keys are empty, and `check` refuses them.
#[cfg_attr(feature = "schema", schemars(extend("required" = ["domain", "servers"])))]
#[serde(default)]
pub struct NisSettings {
    /// The NIS domain, which has nothing to do with a domain of the DNS.
    pub domain: NisName,

    /// The servers, names or addresses, in the order they are asked: `192.0.2.5`,
    /// `nis1.example.com:834`, `[2001:db8::5]:834`. With a port, the portmapper is not asked.
    #[serde(deserialize_with = "list")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = MAX_SERVERS)))]
    pub servers: Vec<Address>,

    /// How the servers are asked: `tcp`, or `udp`, whose answers are more easily forged.
    pub transport: Transport,

    /// The port from which questions are sent. `reserved` is a port below 1024, which only root can
    /// use; servers may hide the hashes from other ports. `any` is any port. `auto` is a reserved
    /// port if one can be had, and otherwise any port.
    pub source_port: SourcePort,

    /// The map of the accounts, by name.
    pub passwd_map: NisName,

    /// The map with the hashes and dates of accounts whose password field is `x` in `passwd_map`.
    pub shadow_map: NisName,

    /// The map with the hashes of accounts whose password field is `##` and their name in
    /// `passwd_map`.
    pub adjunct_map: NisName,

    /// The map of the groups, by name, for rules that name groups.
    pub group_map: NisName,

    /// The map of the groups, by group id, for rules that name groups by their ids.
    pub gid_map: NisName,

    /// The lowest user id of people: accounts with a lower one are unknown here.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub min_uid: u32,

    /// True to accept passwords stored by methods that are quickly guessed today: descrypt,
    /// bsdicrypt, md5crypt, sunmd5, sha1crypt and nt.
    pub weak_hashes: bool,

    /// The way in which passwords are changed: `off` not at all, `yppasswd` by `rpc.yppasswdd` on
    /// the master of `passwd_map`. The old password of whoever changes it then crosses the network
    /// in the clear, beside the new hash. The new hash has the method and cost of the old one; it
    /// is sha512crypt if that method is weak.
    pub password_change: ChangeWay,

    /// The server on which `rpc.yppasswdd` runs, written like one of `servers`; with a port, the
    /// portmapper is not asked. Without this key, it is the server that is named as the master of
    /// `passwd_map`, which must be one of `servers`.
    pub yppasswdd: Option<Address>,

    /// Maximum time for one server, from the lookup of its name to its last answer.
    #[cfg_attr(feature = "schema", schemars(with = "PositiveDuration"))]
    pub server_timeout: ConfigDuration,
}

impl Default for NisSettings {
    fn default() -> Self {
        Self {
            domain: NisName::default(),
            servers: Vec::new(),
            transport: Transport::default(),
            source_port: SourcePort::default(),
            passwd_map: NisName::known("passwd.byname"),
            shadow_map: NisName::known("shadow.byname"),
            adjunct_map: NisName::known("passwd.adjunct.byname"),
            group_map: NisName::known("group.byname"),
            gid_map: NisName::known("group.bygid"),
            min_uid: 1000,
            weak_hashes: false,
            password_change: ChangeWay::default(),
            yppasswdd: None,
            server_timeout: ConfigDuration::from_millis(1_500),
        }
    }
}

/// How servers are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// TCP: to forge an answer, somebody off the network path must guess its sequence numbers.
    #[default]
    Tcp,
    /// UDP: to forge an answer, somebody off the network path must guess 32 bits and a port.
    Udp,
}

/// The port from which questions are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SourcePort {
    /// Below 1024 if such a port can be had, otherwise any port.
    #[default]
    Auto,
    /// Below 1024, or not at all.
    Reserved,
    /// Any free port.
    Any,
}

/// The way in which passwords are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ChangeWay {
    /// Not at all.
    #[default]
    Off,
    /// By the procedure `YPPASSWDPROC_UPDATE` of rpc.yppasswdd(8).
    Yppasswd,
}
