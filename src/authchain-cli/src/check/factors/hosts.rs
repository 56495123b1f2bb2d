//! Programs that cannot put a second question.

use std::path::Path;

use authchain::config::settings::CodeEntry;

use super::demands::Asking;
use crate::check::report::{Report, Severity};

/// Services of programs that ask for a password alone, and give it as the answer to every question.
const ASK_ONCE: [&str; 20] = [
    "cups",
    "cyrus",
    "dovecot",
    "exim",
    "exim4",
    "ftp",
    "httpd",
    "imap",
    "nginx",
    "openvpn",
    "pop",
    "pop3",
    "postgresql",
    "proftpd",
    "pure-ftpd",
    "radiusd",
    "sieve",
    "smtp",
    "smtpd",
    "vsftpd",
];

/// A service in which the module may ask for a second factor.
pub(in crate::check) struct AskingService<'s> {
    pub(in crate::check) name: &'s str,
    /// True if its program is not root.
    pub(in crate::check) is_unprivileged: bool,
}

/// Warns of a service whose program cannot put the question, or cannot see who is enrolled.
pub(super) fn check(
    file: &Path,
    asking: &Asking,
    service: &AskingService<'_>,
    report: &mut Report,
) {
    let (name, place) = (service.name, &asking.place);
    let cannot_ask = ASK_ONCE.contains(&name) && asking.demand.code == CodeEntry::Asked;
    if cannot_ask && !asking.has_app_passwords {
        let message = format!(
            "{place}: a code is asked for in {name}, whose program gives the password as the \
             answer to every question: nobody gets in; in a rule for it, write code = \"appended\" \
             (totp only), or put a backend of type app_passwords into its chain"
        );
        report.add(Severity::Warning, file, message);
    }
    if service.is_unprivileged {
        let message = format!(
            "{place}: a code is asked for in {name}, whose program is not root and cannot see \
             who is enrolled: nobody gets in; write then = [] into a rule for it"
        );
        report.add(Severity::Warning, file, message);
    }
}
