//! The worker and real or hostile NIS servers.

mod changes;
mod check;
mod entries;
mod groups;
mod hostile;
mod hostile_changes;
mod logins;
mod masters;
mod pam;
mod servers;
