//! One connection to one server.

use std::os::unix::net::UnixStream as StdUnixStream;

use authchain::config::settings::ldap::Scope;
use authchain::tools::deadline::Deadline;
use authchain::tools::journal::quoted;
use authchain::words::Secret;
use ldap3::controls::{PagedResults, RawControl};
use ldap3::{
    Ldap, LdapConnAsync, LdapConnSettings, LdapError, LdapResult, SearchOptions, SearchResult,
    StdStream,
};
use tokio::net::UnixStream;

use super::codes::{self, describe, is_trouble};
use super::entry::Entry;
use super::password::Password;
use super::policy::control::{CONTROL, PolicyAnswer};
use super::windows_errors::Reason;
use crate::guard::relay::{Ending, relay};
use crate::net::connect::Connection;
use crate::net::failure::{Failure, FailureKind, within, within_as};

/// The name of the service's own login in failures.
pub(super) const SERVICE_BIND: &str = "service bind";

/// A connection that is open, guarded, and as a rule logged in as the service.
pub(super) struct Session {
    ldap: Ldap,
    ending: Ending,
    deadline: Deadline,
    /// The end of `timeout`, whichever servers there are.
    whole: Deadline,
    /// The meaning of silence from now on. A server that cannot find an entry may be down: how long
    /// that takes is a matter of its indexes and its load, hardly of the name. A server that is
    /// slow about one person's password or groups is not down: that person could otherwise shut
    /// others out.
    silence: FailureKind,
    /// True once the person's password has been sent.
    has_sent_password: bool,
}

/// A search.
#[derive(Clone, Copy)]
pub(super) struct Search<'a> {
    pub(super) step: &'static str,
    pub(super) base: &'a str,
    pub(super) scope: Scope,
    pub(super) filter: &'a str,
    pub(super) attributes: &'a [&'a str],
    pub(super) limit: i32,
}

impl<'a> Search<'a> {
    /// Returns a search for the one entry named `dn`.
    pub(super) fn entry(step: &'static str, dn: &'a str, attributes: &'a [&'a str]) -> Self {
        Self {
            step,
            base: dn,
            scope: Scope::Base,
            filter: "(objectClass=*)",
            attributes,
            limit: 1,
        }
    }
}

/// The result of a search.
pub(super) struct Hits {
    pub(super) entries: Vec<Entry>,
    /// The server has more entries than were asked for, or than it gives.
    pub(super) is_cut: bool,
    /// The number of references to other servers, which are not asked.
    pub(super) references: usize,
    /// The base does not exist, or is hidden.
    pub(super) is_missing: bool,
}

/// The answer of a server to the person's bind.
pub(super) struct BindAnswer {
    pub(super) result: LdapResult,
    pub(super) policy: PolicyAnswer,
}

impl Session {
    /// Puts the guard between the connection and ldap3, which only takes sockets of its own kind.
    /// The server must answer by `deadline`, to leave time for others, and once it has been sent
    /// the person's password by `whole`: from then on no other is asked.
    pub(super) async fn over(
        connection: Box<dyn Connection>,
        deadline: Deadline,
        whole: Deadline,
    ) -> Result<Self, Failure> {
        let failure = |error| Failure::of_socket("guard", &error);
        let (ours, theirs) = StdUnixStream::pair().map_err(failure)?;
        let ours = ours
            .set_nonblocking(true)
            .and_then(|()| UnixStream::from_std(ours));
        let ours = ours.map_err(failure)?;
        let ending = Ending::default();
        tokio::spawn(relay(connection, ours, ending.clone()));
        let settings = LdapConnSettings::new().set_std_stream(StdStream::Unix(theirs));
        let opened = LdapConnAsync::with_settings(settings, "ldapi:///").await;
        let (driver, ldap) =
            opened.map_err(|error| Failure::trouble("guard", error.to_string()))?;
        tokio::spawn(driver.drive());
        Ok(Self {
            ldap,
            ending,
            deadline,
            whole,
            silence: FailureKind::Down,
            has_sent_password: false,
        })
    }

    /// Returns whether the server may have counted an attempt at the person's password.
    pub(super) fn has_sent_password(&self) -> bool {
        self.has_sent_password
    }

    /// Waits for any answer, to the cheapest question there is: the kernel takes connections for a
    /// server that hangs.
    pub(super) async fn hear(&mut self, deadline: Deadline) -> Result<(), Failure> {
        let root = Search::entry("root entry", "", &["1.1"]);
        let answer = within(deadline, root.step, self.request(&root)).await;
        answer.map(drop)
    }

    /// Logs in as the account `dn`.
    pub(super) async fn bind_service(&mut self, dn: &str, secret: &Secret) -> Result<(), Failure> {
        let password = Password::of(secret);
        let password = password.map_err(|_| Failure::settings(SERVICE_BIND, "no password"))?;
        let result = self.ldap.simple_bind(dn, password.expose()).await;
        self.service_answer(dn, result)
    }

    /// Logs in as the user of the connection (SASL EXTERNAL, RFC 4422 appendix A).
    pub(super) async fn bind_external(&mut self) -> Result<(), Failure> {
        let result = self.ldap.sasl_external_bind().await;
        self.service_answer("external", result)
    }

    fn service_answer(
        &self,
        who: &str,
        result: Result<LdapResult, LdapError>,
    ) -> Result<(), Failure> {
        let result = result.map_err(|error| failure(&self.ending, SERVICE_BIND, &error))?;
        service_answer(who, &result)
    }

    /// Returns whether `password` is that of the entry `dn`.
    pub(super) async fn bind(
        &mut self,
        dn: &str,
        password: Password<'_>,
        asks_policy: bool,
    ) -> Result<BindAnswer, Failure> {
        let step = "bind";
        if dn.trim().is_empty() {
            return Err(Failure::trouble(step, "an entry without a name"));
        }
        if asks_policy {
            self.ldap.with_controls(vec![RawControl {
                ctype: CONTROL.to_owned(),
                crit: false,
                val: None,
            }]);
        }
        self.silence = FailureKind::Trouble;
        self.has_sent_password = true;
        self.deadline = self.whole;
        let (deadline, ending) = (self.deadline, self.ending.clone());
        let binding = self.ldap.simple_bind(dn, password.expose());
        let binding = async {
            binding
                .await
                .map_err(|error| failure(&ending, step, &error))
        };
        let result = within_as(self.silence, deadline, step, binding).await?;
        let policy = PolicyAnswer::of(&result.ctrls);
        Ok(BindAnswer { result, policy })
    }

    /// Searches, without following references or referrals.
    pub(super) async fn search(&mut self, search: Search<'_>) -> Result<Hits, Failure> {
        let found = self.request(&search).await?;
        self.silence = FailureKind::Trouble;
        hits(&search, found)
    }

    /// Searches, and returns the server's answer with whatever code.
    pub(super) async fn request(&mut self, search: &Search<'_>) -> Result<SearchResult, Failure> {
        let seconds = self.deadline.remaining().as_secs().saturating_add(1);
        let options = SearchOptions::new()
            .sizelimit(search.limit)
            .timelimit(i32::try_from(seconds).unwrap_or(i32::MAX));
        let scope = match search.scope {
            Scope::Base => ldap3::Scope::Base,
            Scope::One => ldap3::Scope::OneLevel,
            Scope::Sub => ldap3::Scope::Subtree,
        };
        let (deadline, ending) = (self.deadline, self.ending.clone());
        self.ldap.with_search_options(options);
        let searching = self
            .ldap
            .search(search.base, scope, search.filter, search.attributes);
        let searching = async {
            searching
                .await
                .map_err(|error| failure(&ending, search.step, &error))
        };
        within_as(self.silence, deadline, search.step, searching).await
    }

    /// Limits the next search to its first page (RFC 2696): domain controllers of Samba know no
    /// other limit.
    pub(super) fn turn_one_page(&mut self, size: i32) {
        let cookie = Vec::new();
        self.ldap
            .with_controls(vec![PagedResults { size, cookie }.into()]);
    }
}

/// Returns the failure of an operation. If the guard ended the connection, the guard knows why;
/// ldap3 only knows that it ended.
fn failure(ending: &Ending, step: &'static str, error: &LdapError) -> Failure {
    match ending.reason() {
        Some(reason) => Failure::trouble(step, reason),
        None => Failure::trouble(step, codes::server_text(&error.to_string())),
    }
}

fn service_answer(who: &str, result: &LdapResult) -> Result<(), Failure> {
    let reason = Reason::of(&result.text);
    let text =
        (reason.as_ref()).map_or_else(|| describe(result), |reason| reason.text().to_owned());
    // The state of an account says that the name is right, and that no other password would help.
    let may_be_wrong = !matches!(reason, Some(Reason::State(..) | Reason::PasswordEnded(_)));
    match result.rc {
        codes::SUCCESS => Ok(()),
        code if is_trouble(code) => Err(Failure::trouble(SERVICE_BIND, text)),
        codes::INVALID_CREDENTIALS if may_be_wrong => {
            let text = format!("configuration error: wrong bind_dn or password: {who}: {text}");
            Err(Failure::settings(SERVICE_BIND, text))
        }
        _ => {
            let text = format!("configuration error: {who}: {text}");
            Err(Failure::settings(SERVICE_BIND, text))
        }
    }
}

fn hits(search: &Search<'_>, SearchResult(entries, result): SearchResult) -> Result<Hits, Failure> {
    let entries: Option<Vec<Entry>> = entries.into_iter().map(Entry::of).collect();
    let entries = entries.ok_or_else(|| Failure::trouble(search.step, "a malformed entry"))?;
    let hits = Hits {
        entries,
        is_cut: result.rc == codes::SIZE_LIMIT,
        references: result.refs.len(),
        is_missing: result.rc == codes::NO_SUCH_OBJECT,
    };
    match result.rc {
        codes::SUCCESS | codes::SIZE_LIMIT | codes::NO_SUCH_OBJECT => Ok(hits),
        codes::REFERRAL => {
            let there = codes::server_text(&result.refs.join(" "));
            let text = format!(
                "configuration error: {} is on another server ({there}); referrals are not followed",
                quoted(search.base)
            );
            Err(Failure::settings(search.step, text))
        }
        code if is_trouble(code) => Err(Failure::trouble(search.step, describe(&result))),
        _ => {
            let text = format!(
                "configuration error: {}: {}",
                quoted(search.base),
                describe(&result)
            );
            Err(Failure::settings(search.step, text))
        }
    }
}
