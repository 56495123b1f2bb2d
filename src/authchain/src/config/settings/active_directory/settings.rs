//! The keys of `type = "active_directory"`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::group::DomainGroup;
use super::names::{BindName, DomainName, NetbiosName, SiteName};
use crate::config::ConfigDuration;
use crate::config::settings::ldap::alias::Alias;
use crate::config::settings::ldap::dn::Dn;
use crate::config::settings::ldap::filter::AccessFilter;
use crate::config::settings::ldap::uri::HostPort;
use crate::config::settings::ldap::{AccountAccess, UidSource};
#[cfg(feature = "schema")]
use crate::config::settings::schema::PositiveDuration;
use crate::config::settings::text::list;
use crate::config::settings::tls::{SYSTEM_CA_FILE, TlsVerify, TlsVersion};

/// A domain of Active Directory, of Windows or Samba.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
// Its default is empty, and `check` refuses it.
#[cfg_attr(feature = "schema", schemars(extend("required" = ["domain"])))]
#[serde(default)]
pub struct ActiveDirectorySettings {
    /// The domain's DNS name, such as `ad.example.com`.
    pub domain: DomainName,

    /// The domain controllers, in the order they are tried: names or addresses, with a port where
    /// it is not the usual one. Without any, DNS is asked for their SRV records. If a server that
    /// DNS names lies within the domain, its certificate must be for the server's name; otherwise
    /// for the domain, since DNS can be forged.
    #[serde(deserialize_with = "list")]
    pub servers: Vec<HostPort>,

    /// The site whose domain controllers are tried first, where DNS is asked.
    pub site: Option<SiteName>,

    /// Connects to port 389 and asks for TLS there, instead of to port 636, which speaks TLS from
    /// the first byte. Nothing but this request is sent without TLS.
    pub starttls: bool,

    /// The certificates of the authorities that may vouch for the domain controllers, in PEM: the
    /// domain's own, as a rule. No other authority is trusted, and the environment never adds one.
    /// A domain controller whose own certificate stands here is trusted by that (pinned), while its
    /// dates and name are right.
    pub tls_ca_file: PathBuf,

    /// The lists of revoked certificates, in PEM: one list of each authority, from the issuer of a
    /// domain controller's certificate up to the authority in `tls_ca_file`. A certificate on a
    /// list is refused. So is a certificate whose authority has no list in the file, or one that is
    /// too old: fetch a new list before the next update of the old one is due.
    pub tls_crl_file: Option<PathBuf>,

    /// The oldest version of TLS to speak: `1.2` or `1.3`.
    pub tls_min: TlsVersion,

    /// The checks of a domain controller's certificate: `full` checks its authority, dates and
    /// name, `ca` all but the name, `none` nothing. With anything but `full`, others can pose as
    /// the server and collect passwords.
    pub tls_verify: TlsVerify,

    /// The account as which authchain itself binds to search for people:
    /// `authchain@ad.example.com`, or a distinguished name. Without it, authchain binds with the
    /// person's password at once, and reads the entry with the person's own rights: an unknown name
    /// is refused like a wrong password, and nothing can be found out without a password. Where no
    /// password is given, as for keys and `sudo`, an account that is not in /etc/passwd is then
    /// unavailable.
    pub bind_dn: Option<BindName>,

    /// The file with the password of `bind_dn`; a line break at its end does not count. Only its
    /// owner may be able to read it.
    pub bind_password_file: Option<PathBuf>,

    /// The entry below which people are, such as `ou=staff,dc=ad,dc=example,dc=com`; the whole
    /// domain if it is not set.
    pub base: Option<Dn>,

    /// Accepts `alice@ad.example.com` as well as `alice`. For systems whose name service knows
    /// people by that name.
    pub qualified_names: bool,

    /// The domain's short name (NetBIOS), such as `EXAMPLE`. With it, `EXAMPLE\alice` is accepted
    /// as well as `alice`. For systems whose name service knows people by that name.
    pub netbios_name: Option<NetbiosName>,

    /// Attributes by which people may log in as well as by name: `mail=%u`,
    /// `userPrincipalName=%u@example.com` or `proxyAddresses=smtp:%u`, where `%u` stands for the
    /// name that was typed. The value must be an address, with one `@`. An alias is looked for only
    /// where nobody has that name, and must lead to exactly one entry. The login keeps the name
    /// that was typed, so lists of names on this machine must have the alias, too. Where NSS knows
    /// it, the user id must be the one that NSS has for the person's own name. Whoever may write
    /// such an attribute decides who comes in: nobody but administrators may. It needs `bind_dn`.
    #[serde(deserialize_with = "list")]
    pub aliases: Vec<Alias>,

    /// The user id that counts for a person: `entry` refuses a person whose `uidNumber`, if there
    /// is one, is another than the system's (NSS), `system` takes the system's and does not read
    /// `uidNumber`. `system` is for machines whose name service computes user ids from SIDs, as
    /// sssd and winbind do. A name that NSS does not know is refused then, and the names of
    /// `passwd_file` are not looked for in this backend, unless `local_names = true`: no user id
    /// shows any more that they mean the same person.
    pub uid: UidSource,

    /// An LDAP filter that the person's entry must match, too; `%u` is the name, `%s` the PAM
    /// service, `%h` this machine's name.
    pub access_filter: Option<AccessFilter>,

    /// Groups of which the person must be in at least one, directly, through other groups or as the
    /// primary group: names of groups of the domain, DNs, or SIDs such as
    /// `S-1-5-21-1004336348-1177238915-682003330-512`. Without any, no group is needed.
    #[serde(deserialize_with = "list")]
    pub allow_groups: Vec<DomainGroup>,

    /// The time before a password expires in which its owner is warned at each login.
    #[cfg_attr(feature = "schema", schemars(with = "ConfigDuration"))]
    pub password_warning: ConfigDuration,

    /// The use that the command `authchain user --backend` makes of the rights of `bind_dn`: `read`
    /// lists people, `write` also edits and locks them below `base`. It concerns no login. An
    /// account that may write is worth more to a thief: give `bind_dn` no more rights than the
    /// command needs.
    pub accounts: AccountAccess,

    /// Maximum time for connecting to one domain controller, TLS included.
    #[cfg_attr(feature = "schema", schemars(with = "PositiveDuration"))]
    pub connect_timeout: ConfigDuration,
}

impl Default for ActiveDirectorySettings {
    fn default() -> Self {
        Self {
            domain: DomainName::default(),
            servers: Vec::new(),
            site: None,
            starttls: false,
            tls_ca_file: PathBuf::from(SYSTEM_CA_FILE),
            tls_crl_file: None,
            tls_min: TlsVersion::default(),
            tls_verify: TlsVerify::default(),
            bind_dn: None,
            bind_password_file: None,
            base: None,
            qualified_names: false,
            netbios_name: None,
            aliases: Vec::new(),
            uid: UidSource::default(),
            access_filter: None,
            allow_groups: Vec::new(),
            password_warning: ConfigDuration::from_days(14),
            accounts: AccountAccess::default(),
            connect_timeout: ConfigDuration::from_millis(1_500),
        }
    }
}
