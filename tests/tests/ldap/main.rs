//! The worker and real or hostile LDAP servers.

mod accounts;
mod aliases;
mod changes;
mod dns;
mod groups;
mod hostile;
mod hostile_changes;
mod large;
mod logins;
mod pam;
mod pam_changes;
mod pam_rules;
mod pinned;
mod revoked;
mod rule_groups;
mod rules;
mod servers;
mod services;
mod unclear_groups;
