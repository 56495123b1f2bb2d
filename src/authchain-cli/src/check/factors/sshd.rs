//! An sshd that does not ask for a second factor.

mod settings;

use std::path::Path;

use authchain::config::settings::{CodeEntry, PublicKey};

use super::demands::Asking;
use crate::check::report::{Report, Severity};
use settings::SshdSettings;

/// Reports how sshd passes a factor by, or keeps everybody out because it does not ask. A file that
/// cannot be read is passed over: only its main part is understood in any case.
pub(super) fn check(file: &Path, asking: &Asking, report: &mut Report) {
    let Some(settings) = SshdSettings::read(file) else {
        return;
    };
    let place = &asking.place;
    let asks = settings.is_on("kbdinteractiveauthentication", true);
    if !asks && asking.demand.code == CodeEntry::Asked {
        let message = format!(
            "{place}: a code is asked for, and sshd does not ask: nobody gets in with a \
             password; write KbdInteractiveAuthentication yes, and PasswordAuthentication no"
        );
        report.add(Severity::Warning, file, message);
    }
    if asks && settings.takes_method_password() && asking.demand.code == CodeEntry::Asked {
        let message = format!(
            "{place}: a code is asked for, and sshd's method password cannot ask for it: whoever \
             uses it is refused; write PasswordAuthentication no"
        );
        report.add(Severity::Warning, file, message);
    }
    if !settings.is_on("pubkeyauthentication", true) || settings.wants_more_than_a_key() {
        return;
    }
    let message = format!(
        "{place}: a code is asked for, and a key alone passes it by; write \
         AuthenticationMethods publickey,keyboard-interactive if it should not"
    );
    // Who writes that a key counts believes that it is not enough.
    let severity = match asking.demand.publickey {
        PublicKey::Counts => Severity::Warning,
        PublicKey::Ignored => Severity::Note,
    };
    report.add(severity, file, message);
}
