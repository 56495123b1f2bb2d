//! The units that belong to a PAM service, by their names.
//!
//! Nothing on the system tells which unit asks for which PAM service: the name of the service is in
//! the code of each program. So this table has the names of Debian and Fedora.

use super::polkit::HELPER;

/// Services whose units do not have the name of the service.
const UNITS: [(&str, &[&str]); 17] = [
    ("cockpit", &["cockpit-session@.service"]),
    ("crond", &["crond.service", "cron.service"]),
    ("gdm-autologin", GDM),
    ("gdm-password", GDM),
    ("imap", DOVECOT),
    ("login", GETTY),
    ("lightdm-greeter", &["lightdm.service"]),
    ("pop3", DOVECOT),
    ("polkit-1", &[HELPER]),
    ("remote", GETTY),
    ("samba", &["smbd.service", "smb.service"]),
    ("sddm-greeter", &["sddm.service"]),
    ("smtp", &["saslauthd.service"]),
    (
        "sshd",
        &[
            "ssh.service",
            "ssh@.service",
            "sshd.service",
            "sshd@.service",
            "sshd-session@.service",
        ],
    ),
    ("systemd-user", &["user@.service"]),
    ("xdm", &["display-manager.service"]),
    ("xrdp-sesman", &["xrdp-sesman.service"]),
];

const DOVECOT: &[&str] = &["dovecot.service"];
const GDM: &[&str] = &["gdm.service", "gdm3.service"];
const GETTY: &[&str] = &[
    "getty@.service",
    "serial-getty@.service",
    "console-getty.service",
    "container-getty@.service",
];

/// Returns the names of the units whose programs may ask PAM for `service`. A service that is not
/// in the table has a unit of its own name.
pub(super) fn units_of(service: &str) -> Vec<String> {
    let known = UNITS.iter().find(|(name, _)| *name == service);
    match known {
        Some((_, units)) => units.iter().copied().map(str::to_owned).collect(),
        None => vec![format!("{service}.service"), format!("{service}@.service")],
    }
}
