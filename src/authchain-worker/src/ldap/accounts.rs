//! The tasks about accounts: adding, editing, removing and listing people.
//!
//! | file | holds |
//! |---|---|
//! | [`register`] | adding a person |
//! | [`edit`] | editing and removing an entry |
//! | [`lock`] | the changes that lock an account |
//! | [`list`] | people and groups, page by page |
//! | [`entry_name`] | the name by which an entry is on a list |
//! | [`changed`] | the meaning of a server's reply to a change |

mod changed;
mod edit;
mod entry_name;
mod list;
mod lock;
mod register;

use authchain::backends::accounts::Entries;
use authchain::backends::protocol::{AccountTask, AccountWork, RefusalReason};
use authchain::config::settings::ldap::AccountAccess;

use self::list::Telling;
use super::directory::Directory;
use super::questions::Reached;
use super::session::Session;
use crate::answer::Answer;
use crate::dialogue::Dialogue;
use crate::guard::{MAX_CONNECTION, MAX_LIST};
use crate::net::failure::Failure;
use crate::servers::{Health, Outcome, deadline_of_task, in_turn};

impl Directory {
    /// Carries out a task, just before its budget ends at the latest. A failure becomes
    /// *unavailable* or *failed*, and after a request for a change *unsure*.
    pub(super) async fn carry_out(
        &self,
        task: &AccountTask,
        health: &Health,
        dialogue: &Dialogue<'_>,
    ) -> Answer {
        let AccountTask { work, .. } = task;
        let is_list = matches!(work, AccountWork::List(_));
        if !is_list && self.accounts != AccountAccess::Write {
            let why = "bind_dn may not write: accounts = \"read\"";
            return Answer::refused(RefusalReason::NotPermitted, why);
        }
        let most = if is_list { MAX_LIST } else { MAX_CONNECTION };
        let whole = deadline_of_task(task);
        let telling = Telling::begin(dialogue);
        in_turn(
            &self.sources,
            health,
            whole,
            self.warnings.iter().map(ToString::to_string).collect(),
            async |turn, own| {
                let mut session = match self.reach(turn, own, whole, most).await? {
                    Reached::Servers(servers) => return Ok(Outcome::Servers(servers)),
                    Reached::Session(session) => session,
                };
                let done = self.carry_out_over(&mut session, work, &telling).await;
                // Another server would tell the same entries again.
                let done = done.map_err(|failure| match telling.has_begun() {
                    true => failure.spent(),
                    false => failure,
                });
                done.map(Outcome::from)
            },
        )
        .await
    }

    async fn carry_out_over(
        &self,
        session: &mut Session,
        work: &AccountWork,
        telling: &Telling<'_>,
    ) -> Result<Answer, Failure> {
        match work {
            AccountWork::Register(new) => self.register(session, new).await,
            AccountWork::Edit(name, changes) => self.edit(session, name, changes).await,
            AccountWork::Remove(name) => self.remove(session, name).await,
            AccountWork::List(selection) => match selection.entries {
                Entries::People => self.list_people(session, selection, telling).await,
                Entries::Groups => self.list_groups(session, selection, telling).await,
            },
            AccountWork::Describe => Ok(Answer::failed("only plugins describe themselves")),
        }
    }
}
