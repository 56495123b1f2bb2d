//! The keys of `type = "ldap"`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::alias::Alias;
use super::attribute::AttributeName;
use super::choices::{
    AccountAccess, AccountPolicy, Case, ChangeMethod, Sasl, Scope, Tls, UidSource,
};
use super::dn::Dn;
use super::filter::{AccessFilter, GroupFilter, UserFilter};
use super::group::AllowedGroup;
use super::srv::SrvName;
use super::template::DnTemplate;
use super::uri::ServerUri;
use crate::config::ConfigDuration;
#[cfg(feature = "schema")]
use crate::config::settings::schema::PositiveDuration;
use crate::config::settings::text::list;
use crate::config::settings::tls::{SYSTEM_CA_FILE, TlsVerify, TlsVersion};

/// Accounts in an LDAP directory: OpenLDAP, 389 Directory Server and their like.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
// The defaults of these keys are empty, and `check` refuses them.
#[cfg_attr(feature = "schema", schemars(extend("required" = ["base"])))]
#[serde(default)]
pub struct LdapSettings {
    /// The servers, in the order they are tried: `ldaps://ldap1.example.com`,
    /// `ldap://ldap2.example.com:1389` or `ldapi://%2Frun%2Fslapd%2Fldapi`. There must be some
    /// here, or `srv` must be set.
    #[serde(deserialize_with = "list")]
    pub uris: Vec<ServerUri>,

    /// The domain, such as `example.com`, whose servers are found by DNS SRV records and tried
    /// after `uris`, by priority, weight and port. The records are those of `_ldap._tcp`, or with
    /// `tls = "ldaps"` those of `_ldaps._tcp`. The whole name of a service, such as
    /// `_ldap._tcp.dc._msdcs.example.com`, is accepted, too. If a server lies within the domain,
    /// its certificate must be for the server's name; otherwise for the domain, since DNS can be
    /// forged.
    pub srv: Option<SrvName>,

    /// Servers that are tried only when no server of `uris` or `srv` answers.
    #[serde(deserialize_with = "list")]
    pub backup_uris: Vec<ServerUri>,

    /// How the connection is encrypted: `ldaps` from the first byte, `starttls` after a request in
    /// the clear, or `none`. If it is not set, `ldaps://` means `ldaps` and `ldap://` means
    /// `starttls`; `ldapi://` never leaves the machine. With `none`, everybody on the network path
    /// can read the passwords; it needs `insecure_plaintext = true`.
    pub tls: Option<Tls>,

    /// Confirms that `tls = "none"` is intended.
    pub insecure_plaintext: bool,

    /// The certificates of the authorities that may vouch for the servers, in PEM. No other
    /// authority is trusted, and the environment never adds one. A server whose own certificate
    /// stands here is trusted by that (pinned), while its dates and name are right.
    pub tls_ca_file: PathBuf,

    /// The lists of revoked certificates, in PEM: one list of each authority, from the issuer of
    /// the server's certificate up to the authority in `tls_ca_file`. A certificate on a list is
    /// refused. So is a certificate whose authority has no list in the file, or one that is too
    /// old: fetch a new list before the next update of the old one is due.
    pub tls_crl_file: Option<PathBuf>,

    /// The client certificate to show to the servers, in PEM, with its chain.
    pub tls_cert: Option<PathBuf>,

    /// The private key of `tls_cert`, in PEM. Only its owner may be able to read it.
    pub tls_key: Option<PathBuf>,

    /// The oldest version of TLS to speak: `1.2` or `1.3`.
    pub tls_min: TlsVersion,

    /// The checks of the server's certificate: `full` checks its authority, dates and name, `ca`
    /// all but the name, `none` nothing. With anything but `full`, others can pose as the server
    /// and collect passwords.
    pub tls_verify: TlsVerify,

    /// The distinguished name as which authchain itself binds to search for people. Without it,
    /// authchain searches anonymously.
    pub bind_dn: Option<Dn>,

    /// The file with the password of `bind_dn`; a line break at its end does not count. Only its
    /// owner may be able to read it.
    pub bind_password_file: Option<PathBuf>,

    /// How authchain itself binds, instead of with a password: `external` takes the identity from
    /// its client certificate, or over `ldapi://` from the user it runs as.
    pub sasl: Sasl,

    /// The entry below which people are, such as `ou=people,dc=example,dc=com`.
    pub base: Dn,

    /// How far below `base`: `sub` everything, `one` its children, `base` itself only.
    pub scope: Scope,

    /// The LDAP filter that finds a person; `%u` stands for the name that was typed, escaped.
    pub user_filter: UserFilter,

    /// The attribute that holds the login name. Its value must be the name that was typed.
    pub user_attr: AttributeName,

    /// Attributes by which people may log in as well as by name: `mail=%u`,
    /// `userPrincipalName=%u@example.com` or `proxyAddresses=smtp:%u`, where `%u` stands for the
    /// name that was typed. The value must be an address, with one `@`. An alias is looked for only
    /// where nobody has that name, and must lead to exactly one entry that `user_filter` finds by
    /// its own name. The login keeps the name that was typed, so lists of names on this machine
    /// must have the alias, too. Where NSS knows it, the user id must be the one that NSS has for
    /// the person's own name. Whoever may write such an attribute decides who comes in: nobody but
    /// administrators may. It contradicts `user_dn_template`, which leaves the search out.
    #[serde(deserialize_with = "list")]
    pub aliases: Vec<Alias>,

    /// The attribute that holds the numeric user id.
    pub uid_number_attr: AttributeName,

    /// The user id that counts for a person: `entry` refuses a person whose entry has another one
    /// than the system (NSS), `system` takes the system's and does not read the entry's. `system`
    /// is for machines whose name service computes user ids. A name that NSS does not know is
    /// refused then, and the names of `passwd_file` are not looked for in this backend, unless
    /// `local_names = true`: no user id shows any more that they mean the same person.
    pub uid: UidSource,

    /// The attribute that holds the numeric id of the primary group.
    pub gid_number_attr: AttributeName,

    /// The attribute that holds the home directory.
    pub home_attr: AttributeName,

    /// The attribute that holds the login shell.
    pub shell_attr: AttributeName,

    /// The attribute that holds the full name.
    pub gecos_attr: AttributeName,

    /// The distinguished name of a person's entry, such as `uid=%u,ou=people,dc=example,dc=com`,
    /// where `%u` stands for the name, escaped. It saves the search: authchain binds with the
    /// person's password at once, and reads the entry with the person's own rights. An unknown name
    /// is then refused like a wrong password. Without `bind_dn` or `sasl`, authchain reads
    /// anonymously where no password is given, as for keys and `sudo`. A person whom anonymous
    /// clients cannot see, or cannot see to match `access_filter` and `allow_groups`, is then
    /// unavailable, and so is everybody where rules ask about groups. An expiry date that they
    /// cannot see does not count. Set `bind_dn` where people log in with keys.
    pub user_dn_template: Option<DnTemplate>,

    /// An LDAP filter that the person's entry must match, too; `%u` is the name, `%s` the PAM
    /// service, `%h` this machine's name. Attributes that people may write themselves keep nobody
    /// out.
    pub access_filter: Option<AccessFilter>,

    /// Groups of which the person must be in at least one, directly or through other groups: names
    /// of groups under `group_base`, or DNs. Without any, no group is needed. Only the members that
    /// a group names count, not the groups that a person's entry names (`memberOf`), since people
    /// may be allowed to write those.
    #[serde(deserialize_with = "list")]
    pub allow_groups: Vec<AllowedGroup>,

    /// The entry below which groups are, such as `ou=groups,dc=example,dc=com`. It must be set if
    /// `allow_groups` has names. Without it, rules find out nothing of groups that they give by
    /// name or group id. Nobody but administrators should be able to write there.
    pub group_base: Option<Dn>,

    /// The LDAP filter that matches groups. A person's entry is never a group, even if it matches.
    pub group_filter: GroupFilter,

    /// The attributes by which groups name their members: `memberUid` by their login names, in
    /// posixGroups, every other attribute by their DNs. Leave out attributes that the server
    /// refuses to search.
    #[serde(deserialize_with = "list")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub group_members: Vec<AttributeName>,

    /// True to count the primary group as well: the posixGroup with the number that the person's
    /// entry has in `gid_number_attr`. Only where people may not write that number themselves. To
    /// rules such a group is unclear otherwise: nobody is let in by it, and nobody gets around it.
    pub allow_primary_group: bool,

    /// Which account rules apply: `shadow` the shadow* attributes, `ppolicy` the server's password
    /// policy, `none` neither, `auto` whatever the entry has.
    pub account_policy: AccountPolicy,

    /// Asks the server what its password policy says about each login: expired, locked, to be
    /// changed. Servers that do not know this control ignore it. If a password must be changed, but
    /// the entry does not show this to `account_policy`, the login is refused: the later question
    /// about the account would not find it out, and the old password could be used for ever.
    pub ppolicy: bool,

    /// The request by which passwords are changed: `exop` the Password Modify operation (RFC 3062),
    /// `modify` a value written to `userPassword`, for servers without that operation. Either way
    /// the server gets the new password itself and has to hash it. Every server does so with
    /// `exop`; with `modify`, OpenLDAP stores it in the clear, unless its ppolicy overlay has
    /// `ppolicy_hash_cleartext`. People change their own passwords, and authchain the day in
    /// `shadowLastChange`, with their own rights, root with those of `bind_dn`.
    pub password_change: ChangeMethod,

    /// The use that the command `authchain user --backend` makes of the rights of `bind_dn`: `read`
    /// lists people and groups, `write` also adds, edits, locks and removes people below `base`. It
    /// concerns no login. An account that may write is worth more to a thief: give `bind_dn` no
    /// more rights than the command needs.
    pub accounts: AccountAccess,

    /// Maximum time for connecting to one server, TLS included.
    #[cfg_attr(feature = "schema", schemars(with = "PositiveDuration"))]
    pub connect_timeout: ConfigDuration,

    /// How the name in the entry must match the name that was typed: `exact` byte for byte, `ascii`
    /// with `A` to `Z` read as `a` to `z`.
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
            base: Dn::default(),
            scope: Scope::default(),
            user_filter: UserFilter::default(),
            user_attr: AttributeName::known("uid"),
            aliases: Vec::new(),
            uid_number_attr: AttributeName::known("uidNumber"),
            uid: UidSource::default(),
            gid_number_attr: AttributeName::known("gidNumber"),
            home_attr: AttributeName::known("homeDirectory"),
            shell_attr: AttributeName::known("loginShell"),
            gecos_attr: AttributeName::known("gecos"),
            user_dn_template: None,
            access_filter: None,
            allow_groups: Vec::new(),
            group_base: None,
            group_filter: GroupFilter::default(),
            group_members: ["member", "uniqueMember", "memberUid"]
                .map(AttributeName::known)
                .into(),
            allow_primary_group: false,
            account_policy: AccountPolicy::default(),
            ppolicy: true,
            password_change: ChangeMethod::default(),
            accounts: AccountAccess::default(),
            connect_timeout: ConfigDuration::from_millis(1_500),
            case: Case::default(),
        }
    }
}
