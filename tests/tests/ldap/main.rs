//! The worker and real or hostile LDAP servers.

mod aliases;
mod dns;
mod groups;
mod hostile;
mod large;
mod logins;
mod pam;
mod pinned;
mod revoked;
mod rule_groups;
mod rules;
mod servers;
mod services;
