//! The servers of a domain, as the settings name them.

use authchain::config::settings::nis::{Address, ChangeWay, NisSettings};

use crate::net::dns;
use crate::servers::Server;

impl Server for Address {
    fn name(&self) -> &str {
        self.as_str()
    }
}

/// Returns whether the address of one of them may have to be resolved: also that of a master, whose
/// name only a server tells.
pub(super) fn has_names(settings: &NisSettings) -> bool {
    let is_told = settings.password_change == ChangeWay::Yppasswd && settings.yppasswdd.is_none();
    let mut known = settings.servers.iter().chain(&settings.yppasswdd);
    is_told || known.any(|server| dns::is_name(&server.host))
}
