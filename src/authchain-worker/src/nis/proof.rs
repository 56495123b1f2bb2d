//! Verifies a typed password. A refusal takes the time of a hash, whatever its reason.

use authchain::backends::protocol::WireVerdict;
use authchain::files::password_hash::HashError;
use authchain::words::{DenialReason, Secret};

use super::client::Client;
use super::dummy_hash::dummy_hash;
use super::inquiry::NisInquiry;
use super::password::{Judgment, judge_by, spend_by};

/// Verifies that `typed` is the password in `stored`; an error is the verdict where it is not, or
/// could not be found out.
pub(super) async fn prove(
    inquiry: &NisInquiry<'_>,
    client: &mut Client<'_>,
    typed: &Secret,
    stored: &Secret,
) -> Result<(), WireVerdict> {
    let weak_hashes = inquiry.settings.weak_hashes;
    match judge_by(inquiry.whole, typed, stored, weak_hashes) {
        Ok(Ok(Judgment::Right)) => Ok(()),
        Ok(Ok(Judgment::Wrong)) => Err(WireVerdict::Denied(DenialReason::BadCredential.into())),
        Ok(Ok(Judgment::NoneIsRight(denial))) => {
            spend_dummy(inquiry, client, typed).await;
            Err(WireVerdict::Denied(denial))
        }
        // Other servers have the same hash.
        Ok(Err(error)) => {
            spend_dummy(inquiry, client, typed).await;
            let why = inquiry.about_server(error);
            Err(match error {
                HashError::NotComputed(_) => WireVerdict::Failed(why),
                _ => WireVerdict::Unavailable(why),
            })
        }
        Err(error) => Err(WireVerdict::Failed(inquiry.about_server(error))),
    }
}

/// Takes the time of a wrong password.
pub(super) async fn spend_dummy(inquiry: &NisInquiry<'_>, client: &mut Client<'_>, typed: &Secret) {
    let dummy = dummy_hash(inquiry.settings, client).await;
    spend_by(inquiry.whole, &dummy, typed);
}
