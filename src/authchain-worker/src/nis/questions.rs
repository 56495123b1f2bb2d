//! Answers each question, in the steps that it takes.

use authchain::backends::protocol::{Bytes, Operation, Question, WireUser, WireVerdict};
use authchain::config::settings::nis::{Address, NisSettings};
use authchain::files::passwd_files::passwd::PasswdEntry;
use authchain::files::password_hash::HashError;
use authchain::tools::deadline::Deadline;
use authchain::words::{DenialReason, Secret};

use super::client::Client;
use super::dummy_hash::dummy_hash;
use super::entries;
use super::groups::groups;
use super::maps::{credential, malformed, passwd_map};
use super::password::{Judgment, judge_by, spend_by};
use crate::account_gate::right_password;
use crate::answer::Answer;
use crate::clock::now;
use crate::net::failure::Failure;
use crate::servers::Server as _;

/// The owner of a name in the passwd map.
enum Owner {
    Person(PasswdEntry),
    /// Nobody; perhaps with a note on the entry that was found instead.
    Nobody(Option<String>),
}

/// Asks one server; a hash must be done by `whole`.
pub(super) async fn ask(
    settings: &NisSettings,
    server: &Address,
    mut client: Client<'_>,
    question: &Question<'_>,
    whole: Deadline,
) -> Result<Answer, Failure> {
    let name = question.user.as_str();
    let typed = question.password.as_ref().map(Bytes::secret);
    let entry = match find(settings, &mut client, name).await? {
        Owner::Person(entry) => entry,
        Owner::Nobody(note) => {
            if let Some(typed) = typed {
                spend_dummy(settings, &mut client, whole, typed).await;
            }
            return Ok(Answer::unknown(note));
        }
    };
    match (question.operation, typed) {
        (Operation::Lookup, _) => {
            let user = wire_user(settings, &mut client, question, &entry).await?;
            Ok(WireVerdict::Found(user).into())
        }
        (Operation::Account, _) => {
            let credential = credential(settings, &mut client, &entry, name).await?;
            let status = credential.ageing.status(now());
            let user = wire_user(settings, &mut client, question, &entry).await?;
            Ok(WireVerdict::Account(user, status).into())
        }
        // Examinations go to `examine`, and this backend is asked for no change.
        (Operation::Examine | Operation::ChangePassword, _) => Ok(Answer::unknown(None)),
        (Operation::Authenticate, None) => {
            Ok(WireVerdict::Denied(DenialReason::EmptyPassword.into()).into())
        }
        (Operation::Authenticate, Some(typed)) => {
            let credential = credential(settings, &mut client, &entry, name).await?;
            let answer = match judge_by(whole, typed, &credential.stored, settings.weak_hashes) {
                Ok(Ok(Judgment::Right)) => {
                    let user = wire_user(settings, &mut client, question, &entry).await?;
                    right_password(user, &credential.ageing.status(now()))
                }
                Ok(Ok(Judgment::Wrong)) => WireVerdict::Denied(DenialReason::BadCredential.into()),
                Ok(Ok(Judgment::NoneIsRight(denial))) => {
                    spend_dummy(settings, &mut client, whole, typed).await;
                    WireVerdict::Denied(denial)
                }
                // Other servers have the same hash.
                Ok(Err(error)) => {
                    spend_dummy(settings, &mut client, whole, typed).await;
                    let why = format!("{}: {error}", server.name());
                    match error {
                        HashError::NotComputed(_) => WireVerdict::Failed(why),
                        _ => WireVerdict::Unavailable(why),
                    }
                }
                Err(error) => WireVerdict::Failed(format!("{}: {error}", server.name())),
            };
            Ok(answer.into())
        }
    }
}

/// Takes the time of a wrong password.
async fn spend_dummy(
    settings: &NisSettings,
    client: &mut Client<'_>,
    deadline: Deadline,
    typed: &Secret,
) {
    let dummy = dummy_hash(settings, client).await;
    spend_by(deadline, &dummy, typed);
}

/// Looks for `name`. An entry whose user id is below min_uid is a system account, and counts as
/// nobody's.
async fn find(
    settings: &NisSettings,
    client: &mut Client<'_>,
    name: &str,
) -> Result<Owner, Failure> {
    let map = passwd_map(settings);
    let Some(value) = client.look_up(map, name).await? else {
        return Ok(Owner::Nobody(None));
    };
    let entry = entries::person(&value, name).map_err(|fault| malformed(map.step, fault))?;
    let (uid, least) = (entry.uid(), settings.min_uid);
    if uid < least {
        let note = format!("the user id {uid} is below min_uid = {least}: not taken from NIS");
        return Ok(Owner::Nobody(Some(note)));
    }
    Ok(Owner::Person(entry))
}

/// Returns the person, with the groups that the question asks about.
async fn wire_user(
    settings: &NisSettings,
    client: &mut Client<'_>,
    question: &Question<'_>,
    entry: &PasswdEntry,
) -> Result<WireUser, Failure> {
    // The module adds the name of the backend.
    let user = WireUser::from(entry.to_user(""));
    let groups = match &question.groups[..] {
        [] => None,
        asked => Some(groups(settings, client, asked, &user).await?),
    };
    Ok(WireUser { groups, ..user })
}
