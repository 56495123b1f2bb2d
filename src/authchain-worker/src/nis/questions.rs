//! Answers each question, in the steps that it takes.

use authchain::backends::protocol::{Bytes, Operation, WireVerdict};
use authchain::words::DenialReason;

use super::change::change;
use super::client::Client;
use super::inquiry::NisInquiry;
use super::maps::credential;
use super::person::{Owner, find};
use super::proof::{prove, spend_dummy};
use crate::account_gate::right_password;
use crate::answer::Answer;
use crate::clock::now;
use crate::net::failure::Failure;

/// Asks one server.
pub(super) async fn ask(
    inquiry: &NisInquiry<'_>,
    mut client: Client<'_>,
) -> Result<Answer, Failure> {
    let (settings, question) = (inquiry.settings, inquiry.question);
    let typed = question.password.as_ref().map(Bytes::secret);
    let person = match find(inquiry, &mut client).await? {
        Owner::Person(person) => person,
        Owner::Nobody(note) => {
            if let Some(typed) = typed {
                spend_dummy(inquiry, &mut client, typed).await;
            }
            return Ok(Answer::unknown(note));
        }
    };
    if question.operation == Operation::Lookup {
        let user = person.wire_user(inquiry, &mut client).await?;
        return Ok(WireVerdict::Found(user).into());
    }
    if let (Operation::Authenticate, None) = (question.operation, typed) {
        return Ok(WireVerdict::Denied(DenialReason::EmptyPassword.into()).into());
    }
    let credential = credential(settings, &mut client, &person.entry, &question.user).await?;
    match (question.operation, typed) {
        (Operation::Account, _) => {
            let user = person.wire_user(inquiry, &mut client).await?;
            Ok(WireVerdict::Account(user, credential.ageing.status(now())).into())
        }
        (Operation::Authenticate, Some(typed)) => {
            match prove(inquiry, &mut client, typed, &credential.stored).await {
                Ok(()) => {
                    let user = person.wire_user(inquiry, &mut client).await?;
                    Ok(right_password(user, &credential.ageing.status(now())).into())
                }
                Err(verdict) => Ok(verdict.into()),
            }
        }
        (Operation::ChangePassword, _) => change(inquiry, client, &person, &credential).await,
        // Examinations go to `examine`, and lookups have been answered.
        _ => Ok(Answer::unknown(None)),
    }
}
