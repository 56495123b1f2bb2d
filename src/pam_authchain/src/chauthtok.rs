//! `pam_chauthtok`

use authchain::tools::conversation::Conversation;
use authchain::tools::journal::{Journal, PamJournal, Phase, Severity};
use authchain::words::PamCode;

use crate::call::Call;

/// Refuses to change a password, in the first of libpam's two calls (`PAM_PRELIM_CHECK`): no
/// backend can change passwords yet.
pub(crate) fn answer(call: &mut Call<'_>) -> PamCode {
    let items = call.handle.items();
    let (syslog, _) = call.log_and_chain();
    let journal = PamJournal::new(&syslog, &items.service, Phase::Chauthtok);
    call.log_if_debug(&journal);
    journal.write(
        Severity::LOG_NOTICE,
        "password change refused: no backend can change passwords",
    );
    if !call.flags.silent() {
        call.handle.error_msg("Passwords cannot be changed here.");
    }
    PamCode::PermissionDenied
}
