//! The keys of a `[[rule]]` section.

use serde::Deserialize;
use toml::Spanned;

use crate::config::ConfigDuration;
#[cfg(feature = "schema")]
use crate::config::settings::schema::PositiveDuration;
use crate::config::settings::{CodeEntry, Enrol, NotEnrolled, PublicKey};

/// The keys of a `[[rule]]` section.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(default)]
pub struct RuleSettings {
    /// The name of the rule in the log and in `authchain explain`. No two rules have the same.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", length(min = 1)))]
    pub name: Option<Spanned<String>>,

    /// The PAM services of which one must match: `sshd`, or with `*` for any characters
    /// `systemd-*`. In this list and those below, an entry with `!` in front excludes: a list fits
    /// if no such entry matches and, if there are others, one of them does.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<Vec<String>>", length(min = 1))
    )]
    pub service: Option<Vec<Spanned<String>>>,

    /// The login names of which one must match, letter for letter. Where a name differs in `A` and
    /// `a` alone, or is an alias or another name of a person who is named here, the login is denied
    /// if the rule fits by its other keys: a backend may take both names for the same person.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<Vec<String>>", length(min = 1))
    )]
    pub user: Option<Vec<Spanned<String>>>,

    /// The groups, by name or number, of which the person must be in one. In a rule with `chain`
    /// only `group_file` and the primary group in `passwd_file` count, and a name must be in
    /// `group_file`; in other rules, the groups that the backend knows count as well. If it cannot
    /// be found out whether somebody is in a group that decides, the login is refused.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<Vec<String>>", length(min = 1))
    )]
    pub group: Option<Vec<Spanned<String>>>,

    /// The addresses and networks, such as `192.0.2.7`, `10.0.0.0/8` or `2001:db8::/32`, of which
    /// one must have the address that the program gives as `PAM_RHOST`; `local` is a login without
    /// one. An IPv4 address in IPv6 notation (`::ffff:10.0.0.1`) is the IPv4 address, so that
    /// `0.0.0.0/0` and `::/0` together are every address. Names are never resolved. If the program
    /// gives a host name instead of an address, the login is denied where the address would decide.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<Vec<String>>", length(min = 1))
    )]
    pub from: Option<Vec<Spanned<String>>>,

    /// The terminals (`PAM_TTY`) of which one must match: `tty1`, or with `*` for any characters
    /// `tty*`. A `/dev/` in front does not count. In su and sudo the caller chooses the terminal
    /// and may have none, so name those that are allowed rather than those that are not.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<Vec<String>>", length(min = 1))
    )]
    pub tty: Option<Vec<Spanned<String>>>,

    /// The access of logins that fit the rule: `allow` leaves it to the backends, `deny` asks none
    /// and lets nobody in, with a password or with a key.
    pub access: RuleAccess,

    /// The backends to ask, in order, in place of those at the top of the file.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<Vec<String>>", length(min = 1), extend("uniqueItems" = true))
    )]
    pub chain: Option<Vec<Spanned<String>>>,

    /// The second factors of which one is asked for, in place of those at the top of the file; `[]`
    /// asks for none.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<Vec<String>>", extend("uniqueItems" = true))
    )]
    pub then: Option<Vec<Spanned<String>>>,

    /// The answer to somebody who is enrolled in none of the factors, in place of `not_enrolled` at
    /// the top of the file.
    pub not_enrolled: Option<NotEnrolled>,

    /// The people who may enrol somebody, in place of `enrol` at the top of the file.
    pub enrol: Option<Enrol>,

    /// Where the code is typed. `asked` asks for it after the password. `appended` takes the last
    /// digits of the password for the code and asks for nothing, for programs that ask for a
    /// password alone, such as mail servers. The password of somebody who is not enrolled is not
    /// touched.
    pub code: CodeEntry,

    /// The weight of a public key that sshd has verified before it asks PAM, as it does under
    /// `AuthenticationMethods publickey,keyboard-interactive`. With `ignored` the password is asked
    /// for all the same. With `counts` the key stands for the password, and only the second factor
    /// is asked for. A login with a key alone does not ask PAM, and so asks for no factor.
    pub publickey: PublicKey,

    /// How long a second factor counts after it was confirmed or used: for the same person and
    /// service, from the same terminal and session or from the same address. Without it, each login
    /// asks.
    #[cfg_attr(feature = "schema", schemars(with = "Option<PositiveDuration>"))]
    pub remember: Option<ConfigDuration>,

    /// How long a second factor counts at most, however often it is used. Without it, four hours,
    /// or `remember` if that is longer.
    #[cfg_attr(feature = "schema", schemars(with = "Option<PositiveDuration>"))]
    pub remember_max: Option<ConfigDuration>,

    /// Make home directories or make none, in place of `make_home` at the top of the file. At the
    /// beginning of a session only `group_file` says who is in a group.
    pub make_home: Option<bool>,
}

/// The access of logins that fit a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "lowercase")]
pub enum RuleAccess {
    /// The backends decide.
    #[default]
    Allow,
    /// Nobody is let in.
    Deny,
}
