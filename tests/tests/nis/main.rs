//! The worker and real or hostile NIS servers.

mod check;
mod entries;
mod groups;
mod hostile;
mod logins;
mod pam;
mod servers;
