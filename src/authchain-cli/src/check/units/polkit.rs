//! The unit in which polkit asks PAM from version 127 on.

use super::judge::Complaint;
use super::unit::Unit;
use crate::check::report::Severity;

/// The unit of polkit's helper, which was a set-user-ID program before.
pub(super) const HELPER: &str = "polkit-agent-helper@.service";

/// Returns the complaint about polkit's helper where it has no network. It replaces all other
/// complaints: polkit confines the helper on purpose, and no setting of the unit is a mistake.
pub(super) fn complaint<'u>(name: &str, unit: &'u Unit) -> Option<Complaint<'u>> {
    let at = (name == HELPER).then(|| unit.switched_on("PrivateNetwork"))?;
    Some(Complaint {
        severity: Severity::Warning,
        at: at?,
        message: "polkit asks PAM in this service, which has no network on purpose: nobody of a \
                  directory can show there who they are; administrators need a local password for \
                  polkit, or use sudo"
            .to_owned(),
    })
}
