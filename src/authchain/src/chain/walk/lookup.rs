//! A walk that looks a name up in every backend, and decides nothing.

use super::{Known, Walk};
use crate::chain::decision::{Finding, Step};
use crate::chain::links::{Chain, Link};
use crate::tools::request::Context;
use crate::words::{User, Username};

impl Chain {
    /// Returns the finding of each backend about the name, for the administrator.
    pub fn lookup(&self, user: &Username, context: &Context<'_>) -> Vec<Step<User>> {
        let route = self.whole_route();
        let mut walk = Walk::new(self, &route, user, context);
        for link in &route.links {
            walk.lookup(link);
        }
        walk.steps
    }
}

impl Known for User {
    const IS_ABOUT_SOMEBODY: bool = true;

    fn is_final(&self) -> bool {
        false
    }
}

impl Walk<'_, User> {
    fn lookup(&mut self, link: &Link) {
        // Every backend is asked, even those after the end of the walk.
        let _ = self.ask(link, |walk| {
            let user = link.backend.lookup(&walk.request(link))?;
            Ok(user.map_or(Finding::Unknown, Finding::Answered))
        });
    }
}
