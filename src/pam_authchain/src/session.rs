//! `pam_open_session`

use authchain::chain::Assembled;
use authchain::tools::journal::{PamJournal, Phase};
use authchain::words::PamCode;
use nix::unistd::geteuid;

use crate::call::Call;

/// Makes the home directory of a person who has none, where the configuration says so.
///
/// The session begins whatever comes of it: a configuration with a fault is in the log of the login
/// already, and a person without a home may still be let in.
pub(crate) fn open(call: &mut Call<'_>) -> PamCode {
    if let (true, Some(name)) = (geteuid().is_root(), call.handle.user_item()) {
        let items = call.handle.items();
        let (syslog, assembled) = call.log_and_chain();
        let journal = PamJournal::new(&syslog, &items.service, Phase::Session);
        if let Ok(Assembled { chain, settings }) = assembled {
            let context = call.context(&items, &settings, &journal);
            chain.make_home(&name, &context);
        }
    }
    PamCode::Success
}
