//! Settings of `type = "ldap"`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::config::Period;

pub(in crate::config::settings) mod check;
pub mod dn;
pub mod srv;
pub mod syntax;
pub mod uri;

use srv::{InvalidSrv, SrvName};
use uri::{InvalidUri, Scheme, ServerUri};

/// Where most distributions keep the certificates of the authorities they trust.
pub(super) const SYSTEM_CA_FILE: &str = "/etc/ssl/certs/ca-certificates.crt";

pub use super::common::Fault;
pub use super::tls::{TlsVerify, TlsVersion};

/// Accounts in an LDAP directory: OpenLDAP, 389 Directory Server and their like.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
// Their defaults mean nothing: `check` refuses them.
#[cfg_attr(feature = "schema", schemars(extend("required" = ["base"])))]
#[serde(default)]
pub struct LdapSettings {
    /// The servers, in the order they are tried: `ldaps://ldap1.example.com`,
    /// `ldap://ldap2.example.com:1389` or `ldapi://%2Frun%2Fslapd%2Fldapi`. There must be some here
    /// or by `srv`.
    pub uris: Vec<String>,

    /// The domain whose servers DNS names, such as `example.com`, tried after `uris`: its
    /// `_ldap._tcp` SRV records, or with `tls = "ldaps"` those of `_ldaps._tcp`, by priority,
    /// weight and port. The whole name of a service, such as `_ldap._tcp.dc._msdcs.example.com`, is
    /// asked for as it is. A server's certificate must be for its own name where that lies within
    /// the domain, and else for the domain, since DNS can be forged.
    pub srv: Option<String>,

    /// Servers that are tried only when no server of `uris` or `srv` answers.
    pub backup_uris: Vec<String>,

    /// How the connection is encrypted: `ldaps` from the first byte, `starttls` after a request in
    /// the clear, or `none`. Unless said, `ldaps://` means `ldaps` and `ldap://` means `starttls`;
    /// `ldapi://` never leaves the machine. `none` sends passwords readable by everyone on the way
    /// and needs `insecure_plaintext = true`.
    pub tls: Option<Tls>,

    /// Says that `tls = "none"` is meant.
    pub insecure_plaintext: bool,

    /// The certificates of the authorities that may vouch for the servers, in PEM. Nobody else's
    /// word counts, and the environment never adds any.
    pub tls_ca_file: PathBuf,

    /// The lists of revoked certificates, in PEM: one of each authority between the server's
    /// certificate and one in `tls_ca_file`, that one included. A certificate that is on them is
    /// refused, and so is one whose authority has no list there, or one that is too old: fetch each
    /// anew before its end.
    pub tls_crl_file: Option<PathBuf>,

    /// The client certificate to show to the servers, in PEM, with its chain.
    pub tls_cert: Option<PathBuf>,

    /// The private key of `tls_cert`, in PEM. Only its owner may be able to read it.
    pub tls_key: Option<PathBuf>,

    /// The oldest version of TLS to speak: `1.2` or `1.3`.
    pub tls_min: TlsVersion,

    /// What is checked about the server's certificate: `full` checks who vouches for it, its dates
    /// and its name, `ca` all but the name, `none` nothing. With anything but `full`, others can
    /// pose as the server and collect passwords.
    pub tls_verify: TlsVerify,

    /// The name authchain itself logs in with to search for people. Without it, it searches
    /// anonymously.
    pub bind_dn: Option<String>,

    /// The file with the password of `bind_dn`; a line break at its end does not count. Only its
    /// owner may be able to read it.
    pub bind_password_file: Option<PathBuf>,

    /// `external` logs authchain in as whom its client certificate says, or over `ldapi://` as the
    /// user it runs as, instead of with a password.
    pub sasl: Sasl,

    /// The entry below which people are, such as `ou=people,dc=example,dc=com`.
    pub base: String,

    /// How far below `base`: `sub` everything, `one` its children, `base` itself only.
    pub scope: Scope,

    /// The LDAP filter that finds a person; `%u` stands for the name that was typed, escaped.
    pub user_filter: String,

    /// The attribute that holds the login name. Its value must be the name that was typed.
    pub user_attr: String,

    /// The attribute that holds the numeric user id.
    pub uid_number_attr: String,

    /// The attribute that holds the numeric id of the primary group.
    pub gid_number_attr: String,

    /// The attribute that holds the home directory.
    pub home_attr: String,

    /// The attribute that holds the login shell.
    pub shell_attr: String,

    /// The attribute that holds the full name.
    pub gecos_attr: String,

    /// Where a person's entry is, such as `uid=%u,ou=people,dc=example,dc=com`, `%u` being the
    /// name, escaped. It saves the search: the person logs in at once and authchain reads the entry
    /// with the person's own rights. An unknown name is then refused like a wrong password. Without
    /// `bind_dn` or `sasl`, nobody is logged in where no password is given, as for keys and `sudo`:
    /// a person who is not shown to strangers, or does not fit `access_filter` or `allow_groups` as
    /// far as strangers can see, is then unavailable instead of unknown, and an expiry date that
    /// strangers cannot see ends no account. Set `bind_dn` where people come in with keys.
    pub user_dn_template: Option<String>,

    /// An LDAP filter the person's entry must fit besides; `%u` is the name, `%s` the PAM service,
    /// `%h` this machine's name. Attributes that people may write themselves keep nobody out.
    pub access_filter: Option<String>,

    /// Groups of which the person must be in at least one, directly or through other groups: names
    /// of groups under `group_base`, or DNs. Without any, no group is asked for. What counts is
    /// that a group names its members; what an entry says of its own groups (`memberOf`) does not,
    /// since people may be allowed to write theirs.
    pub allow_groups: Vec<String>,

    /// The entry below which groups are, such as `ou=groups,dc=example,dc=com`. It must be said
    /// where `allow_groups` has names. Nobody but administrators should be able to write there.
    pub group_base: Option<String>,

    /// The LDAP filter that says what a group is. The entry of a person is none, whatever fits.
    pub group_filter: String,

    /// Whether the primary group counts as well: the posixGroup with the number that the person's
    /// entry has in `gid_number_attr`. Only where people may not write that number themselves.
    pub allow_primary_group: bool,

    /// Which account rules apply: `shadow` the shadow* attributes, `ppolicy` the server's password
    /// policy, `none` neither, `auto` whatever the entry has.
    pub account_policy: AccountPolicy,

    /// Asks the server what its password policy says about each login: expired, locked, to be
    /// changed. Servers that do not know the question ignore it. A password that is to be changed
    /// is refused where the entry does not show that to `account_policy`: whoever asks about the
    /// account later would see nothing of it.
    pub ppolicy: bool,

    /// How long one server may take to be connected to, TLS included.
    #[cfg_attr(feature = "schema", schemars(with = "Period"))]
    pub connect_timeout: Period,

    /// Which name the entry must have: `exact` the one that was typed, byte for byte, `ascii` the
    /// same with `A` to `Z` read as `a` to `z`.
    pub case: Case,
}

impl Default for LdapSettings {
    fn default() -> Self {
        Self {
            uris: Vec::new(),
            srv: None,
            backup_uris: Vec::new(),
            tls: None,
            insecure_plaintext: false,
            tls_ca_file: PathBuf::from(SYSTEM_CA_FILE),
            tls_crl_file: None,
            tls_cert: None,
            tls_key: None,
            tls_min: TlsVersion::default(),
            tls_verify: TlsVerify::default(),
            bind_dn: None,
            bind_password_file: None,
            sasl: Sasl::default(),
            base: String::new(),
            scope: Scope::default(),
            user_filter: "(&(objectClass=posixAccount)(uid=%u))".to_owned(),
            user_attr: "uid".to_owned(),
            uid_number_attr: "uidNumber".to_owned(),
            gid_number_attr: "gidNumber".to_owned(),
            home_attr: "homeDirectory".to_owned(),
            shell_attr: "loginShell".to_owned(),
            gecos_attr: "gecos".to_owned(),
            user_dn_template: None,
            access_filter: None,
            allow_groups: Vec::new(),
            group_base: None,
            group_filter: "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)\
                           (objectClass=posixGroup)(objectClass=group))"
                .to_owned(),
            allow_primary_group: false,
            account_policy: AccountPolicy::default(),
            ppolicy: true,
            connect_timeout: Period::from_millis(1_500),
            case: Case::default(),
        }
    }
}

impl LdapSettings {
    /// Finds what cannot be meant: the key, and what is wrong with it.
    ///
    /// # Errors
    /// The first fault found, in the order of the keys.
    pub fn check(&self) -> Result<(), Fault> {
        check::check(self)
    }

    /// Returns what is allowed but dangerous, in words for the log.
    pub fn warnings(&self) -> Vec<&'static str> {
        let servers = self.servers().unwrap_or_default();
        let named_by_dns = self.srv_name().ok().flatten().map(|name| name.tls);
        let mut all = servers.iter().map(|(_, tls)| *tls).chain(named_by_dns);
        let has_tls = all.any(|tls| tls != Tls::None);
        let is_clear = |(uri, tls): &(ServerUri, Tls)| {
            // A Unix socket never leaves the machine.
            *tls == Tls::None && uri.scheme != Scheme::Ldapi
        };
        let plaintext = (servers.iter().any(is_clear) || named_by_dns == Some(Tls::None))
            .then_some("tls = \"none\": passwords can be read by everyone on the way");
        let verify = warning_about(self.tls_verify).filter(|_| has_tls);
        plaintext.into_iter().chain(verify).collect()
    }

    /// Returns the servers of `uris` with the encryption of their connections, in the order they
    /// are tried.
    ///
    /// # Errors
    /// For a URI that is none; [`check`](Self::check) finds them first.
    pub fn servers(&self) -> Result<Vec<(ServerUri, Tls)>, InvalidUri> {
        self.with_tls(&self.uris)
    }

    /// Returns the servers of `backup_uris`, like [`servers`](Self::servers).
    ///
    /// # Errors
    /// As [`servers`](Self::servers).
    pub fn backup_servers(&self) -> Result<Vec<(ServerUri, Tls)>, InvalidUri> {
        self.with_tls(&self.backup_uris)
    }

    /// Returns the service whose servers DNS names, where `srv` is set.
    ///
    /// # Errors
    /// For a name that is none; [`check`](Self::check) finds it first.
    pub fn srv_name(&self) -> Result<Option<SrvName>, InvalidSrv> {
        let name = self.srv.as_deref();
        name.map(|name| SrvName::parse(name, self.tls)).transpose()
    }

    fn with_tls(&self, uris: &[String]) -> Result<Vec<(ServerUri, Tls)>, InvalidUri> {
        let servers = uris.iter().map(|text| ServerUri::parse(text));
        servers
            .map(|uri| uri.map(|uri| (self.tls_of(&uri), uri)))
            .map(|result| result.map(|(tls, uri)| (uri, tls)))
            .collect()
    }

    fn tls_of(&self, uri: &ServerUri) -> Tls {
        match uri.scheme {
            Scheme::Ldapi => Tls::None,
            Scheme::Ldaps => Tls::Ldaps,
            Scheme::Ldap => self.tls.unwrap_or(Tls::Starttls),
        }
    }

    /// Returns the entry below which groups are: `base` where none is named.
    pub fn group_base(&self) -> &str {
        self.group_base.as_deref().unwrap_or(&self.base)
    }

    /// Returns the files that a worker must read before it drops its privileges.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let secret = self.bind_password_file.as_deref();
        [
            Some(&*self.tls_ca_file),
            self.tls_crl_file.as_deref(),
            self.tls_cert.as_deref(),
            self.tls_key.as_deref(),
            secret,
        ]
        .into_iter()
        .flatten()
    }
}

/// Returns the warning about a certificate check that lets others pose as the server.
pub(super) fn warning_about(verify: TlsVerify) -> Option<&'static str> {
    match verify {
        TlsVerify::Full => None,
        TlsVerify::Ca => {
            Some("tls_verify = \"ca\": any server its authorities know may pose as this one")
        }
        TlsVerify::None => Some("tls_verify = \"none\": anyone may pose as the server"),
    }
}

/// How a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// From the first byte.
    Ldaps,
    /// After a request in the clear.
    Starttls,
    /// Not at all.
    None,
}

/// How authchain itself logs in, besides with a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Sasl {
    /// It does not.
    #[default]
    None,
    /// As whom the connection says.
    External,
}

/// How far below its base a search goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The entry itself.
    Base,
    /// Its children.
    One,
    /// Itself and everything below.
    #[default]
    Sub,
}

/// Which account rules apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum AccountPolicy {
    /// Those the entry has attributes of.
    #[default]
    Auto,
    /// The shadow* attributes of RFC 2307.
    Shadow,
    /// The password policy of draft-behera-ldap-password-policy.
    Ppolicy,
    /// None.
    None,
}

impl AccountPolicy {
    /// Returns whether the shadow* attributes count.
    pub fn heeds_shadow(self) -> bool {
        matches!(self, Self::Auto | Self::Shadow)
    }

    /// Returns whether the password policy's attributes count.
    pub fn heeds_ppolicy(self) -> bool {
        matches!(self, Self::Auto | Self::Ppolicy)
    }
}

/// When two names are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Case {
    /// When they are the same bytes.
    #[default]
    Exact,
    /// When they differ at most in the case of ASCII letters.
    Ascii,
}

impl Case {
    /// Returns whether an entry named `entry` is the person asked for as `asked`.
    pub fn is_same(self, asked: &str, entry: &str) -> bool {
        match self {
            Self::Exact => asked == entry,
            Self::Ascii => asked.eq_ignore_ascii_case(entry),
        }
    }
}
