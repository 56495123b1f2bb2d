//! The person that a question is about, in the passwd map.

use authchain::backends::protocol::WireUser;
use authchain::files::passwd_files::passwd::PasswdEntry;
use zeroize::Zeroizing;

use super::client::Client;
use super::entries;
use super::groups::groups;
use super::inquiry::NisInquiry;
use super::maps::{malformed, passwd_map};
use crate::net::failure::Failure;

/// The owner of a name in the passwd map.
pub(super) enum Owner {
    Person(NisPerson),
    /// Nobody; perhaps with a note on the entry that was found instead.
    Nobody(Option<String>),
}

/// A person in the passwd map.
pub(super) struct NisPerson {
    pub(super) entry: PasswdEntry,
    /// The entry as it was read.
    pub(super) value: Zeroizing<Vec<u8>>,
}

/// Looks for the name in the question. An entry whose user id is below min_uid is a system account,
/// and counts as nobody's.
pub(super) async fn find(
    inquiry: &NisInquiry<'_>,
    client: &mut Client<'_>,
) -> Result<Owner, Failure> {
    let (map, name) = (passwd_map(inquiry.settings), &inquiry.question.user);
    let Some(value) = client.look_up(map, name).await? else {
        return Ok(Owner::Nobody(None));
    };
    let entry = entries::person(&value, name).map_err(|fault| malformed(map.step, fault))?;
    let (uid, least) = (entry.uid(), inquiry.settings.min_uid);
    if uid < least {
        let note = format!("the user id {uid} is below min_uid = {least}: not taken from NIS");
        return Ok(Owner::Nobody(Some(note)));
    }
    Ok(Owner::Person(NisPerson { entry, value }))
}

impl NisPerson {
    /// Returns the person, with the groups that the question asks about.
    pub(super) async fn wire_user(
        &self,
        inquiry: &NisInquiry<'_>,
        client: &mut Client<'_>,
    ) -> Result<WireUser, Failure> {
        // The module adds the name of the backend.
        let user = WireUser::from(self.entry.to_user(""));
        let groups = match &inquiry.question.groups[..] {
            [] => None,
            asked => Some(groups(inquiry.settings, client, asked, &user).await?),
        };
        Ok(WireUser { groups, ..user })
    }
}
