//! The home directory of a person who has none, when a session begins.

use std::ffi::OsStr;
use std::path::Path;

use super::links::Chain;
use crate::files::home::{MadeHome, NewHome, SKELETON};
use crate::files::login_defs::{self, LOGIN_DEFS};
use crate::tools::journal::Severity;
use crate::tools::name_service;
use crate::tools::request::Context;
use crate::words::{Username, bare};

impl Chain {
    /// Makes the home directory of a person who has none, if the rule that fits says so, and writes
    /// into the log what was made or why not. No session depends on it.
    pub fn make_home(&self, name: &[u8], context: &Context<'_>) {
        let Ok(user) = Username::parse(name) else {
            return;
        };
        let (severity, line) = match self.made_home(&user, context) {
            Ok(None) => return,
            Ok(Some(made)) => (Severity::LOG_INFO, made),
            Err(why) => (Severity::LOG_ERR, why),
        };
        context.journal.write(severity, &format!("{user}: {line}"));
    }

    /// Returns what was made, for the log.
    fn made_home(&self, user: &Username, context: &Context<'_>) -> Result<Option<String>, String> {
        let chosen = self.ruling.choose(user, context);
        let chosen = chosen.map_err(|error| format!("no rule can be chosen: {error}"))?;
        let rule = chosen.by_file.rule().and_then(|rule| rule.make_home);
        if !rule.unwrap_or(self.ruling.make_home) {
            return Ok(None);
        }
        // The name service says where the host program will look for the home.
        let Some(person) = name_service::user_named(user.as_str())? else {
            return Ok(None);
        };
        let uid = person.uid.as_raw();
        if self.is_the_systems(uid) {
            return Ok(None);
        }
        if person.dir.file_name() != Some(OsStr::new(bare(user.as_str()))) {
            let home = person.dir.display();
            return Err(format!(
                "{home} was not made: it is not named after the person"
            ));
        }
        let home = NewHome {
            path: &person.dir,
            folders: &self.ruling.home_dirs,
            uid,
            gid: person.gid.as_raw(),
            mode: login_defs::home_mode(Path::new(LOGIN_DEFS)),
            skeleton: Path::new(SKELETON),
        };
        Ok(match home.make()? {
            MadeHome::Made => Some(format!("made the home directory {}", person.dir.display())),
            MadeHome::WasThere => None,
        })
    }
}
