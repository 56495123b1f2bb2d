//! One LDAP connection: binds, searches, and changes of a password.

pub(super) mod accounts;
pub(super) mod writes;

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

use super::codes::{self, describe, is_server_fault};
use super::entry::Entry;
use super::password::Password;
use super::policy::control::{BindError, CONTROL, PolicyAnswer};
use super::references::{NOT_FOLLOWED, may_know_more};
use super::windows_errors::Reason;
use crate::guard::relay::{EndReason, relay};
use crate::net::connect::Connection;
use crate::net::failure::{Failure, FailureKind, within, within_as};

/// Names the bind of the service account in failures.
pub(super) const SERVICE_BIND: &str = "service bind";

/// An LDAP connection behind the guard, usually bound as the service account.
pub(super) struct Session {
    ldap: Ldap,
    wait: Wait,
    /// The end of `timeout`, however many servers there are.
    whole: Deadline,
    has_sent_password: bool,
}

/// The wait for the server's replies.
struct Wait {
    /// The reason for which the guard ended the connection, if it did.
    end_reason: EndReason,
    deadline: Deadline,
    /// The kind of failure that a timeout counts as.
    ///
    /// Until the first search is answered, a timeout means that the server is down: the time of
    /// that search depends on indexes and load, hardly on the name. Later it does not: those
    /// requests depend on one person's entry, and that person could otherwise make the server count
    /// as down for everybody.
    timeout_kind: FailureKind,
}

#[derive(Clone, Copy)]
pub(super) struct Search<'a> {
    /// The name of this request in failures.
    pub(super) step: &'static str,
    pub(super) base: &'a str,
    pub(super) scope: Scope,
    pub(super) filter: &'a str,
    pub(super) attributes: &'a [&'a str],
    /// Maximum number of entries that the server is to return.
    pub(super) limit: i32,
    /// The setting that the filter comes from, for when the server refuses it.
    pub(super) setting: Option<&'static str>,
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
            setting: None,
        }
    }
}

/// The entries that a search found.
pub(super) struct Hits {
    pub(super) entries: Vec<Entry>,
    /// The result code that says that the result was cut, if it was: sizeLimitExceeded, by the
    /// search's own limit or the server's, or adminLimitExceeded.
    pub(super) cut: Option<u32>,
    /// Other servers may have more entries; they are not asked.
    pub(super) is_elsewhere_too: bool,
    /// The base of the search does not exist, or is hidden from the account that searches.
    pub(super) is_missing: bool,
    /// The number of entries that were asked for at most.
    limit: i32,
}

impl Hits {
    /// Returns why there may be more entries than these, for the log; `None` where these are all.
    pub(super) fn gap(&self) -> Option<String> {
        let count = self.entries.len();
        let is_ours = i32::try_from(count).is_ok_and(|count| count >= self.limit);
        match (self.cut, self.is_elsewhere_too) {
            (Some(codes::SIZE_LIMIT), _) if is_ours => Some(format!("there are more than {count}")),
            (Some(code), _) => Some(format!(
                "the server gives {count} of them, and no more: {}",
                codes::named(code)
            )),
            (None, true) => Some(NOT_FOLLOWED.to_owned()),
            (None, false) => None,
        }
    }
}

/// The server's reply to the person's bind.
pub(super) struct BindReply {
    pub(super) result: LdapResult,
    pub(super) policy: PolicyAnswer,
}

impl BindReply {
    /// Returns whether the password is right, and has expired so that it is good for a change only
    /// (draft-behera-ldap-password-policy §6.2).
    pub(super) fn has_expired(&self) -> bool {
        let is_answer = matches!(self.result.rc, codes::SUCCESS | codes::INVALID_CREDENTIALS);
        is_answer && self.policy.error == Some(BindError::Expired)
    }
}

impl Session {
    /// Opens a session over `connection`, whose server must answer by `deadline`, to leave time for
    /// others. Once the server has been sent the person's password, no other is asked, and it has
    /// until `whole`. It may send `most` bytes in all.
    ///
    /// ldap3 takes only its own types of sockets, so it gets one end of a socket pair, and the
    /// guard relays between the other end and `connection`.
    pub(super) async fn over(
        connection: Box<dyn Connection>,
        deadline: Deadline,
        whole: Deadline,
        most: usize,
    ) -> Result<Self, Failure> {
        let failure = |error| Failure::of_socket("guard", &error);
        let (ours, theirs) = StdUnixStream::pair().map_err(failure)?;
        let ours = ours
            .set_nonblocking(true)
            .and_then(|()| UnixStream::from_std(ours));
        let ours = ours.map_err(failure)?;
        let end_reason = EndReason::default();
        tokio::spawn(relay(connection, ours, most, end_reason.clone()));
        let settings = LdapConnSettings::new().set_std_stream(StdStream::Unix(theirs));
        // ldap3 wants a URL; the socket set above is used instead.
        let opened = LdapConnAsync::with_settings(settings, "ldapi:///").await;
        let (driver, ldap) =
            opened.map_err(|error| Failure::trouble("guard", error.to_string()))?;
        tokio::spawn(driver.drive());
        Ok(Self {
            ldap,
            wait: Wait {
                end_reason,
                deadline,
                timeout_kind: FailureKind::Down,
            },
            whole,
            has_sent_password: false,
        })
    }

    /// Returns whether the server may have counted an attempt at the person's password.
    pub(super) fn has_sent_password(&self) -> bool {
        self.has_sent_password
    }

    /// Returns when the whole answer is due.
    pub(super) fn end(&self) -> Deadline {
        self.whole
    }

    /// Waits for the reply to the cheapest search: a connection alone proves nothing, since the
    /// kernel accepts it for a server that hangs.
    pub(super) async fn hear(&mut self, deadline: Deadline) -> Result<(), Failure> {
        let root = Search::entry("root entry", "", &["1.1"]);
        let reply = within(deadline, root.step, self.search_raw(&root)).await;
        reply.map(drop)
    }

    /// Binds as the service account `dn`. The caller limits the time.
    pub(super) async fn bind_service(&mut self, dn: &str, secret: &Secret) -> Result<(), Failure> {
        let password = Password::of(secret);
        let password = password.map_err(|_| Failure::settings(SERVICE_BIND, "no password"))?;
        let reply = self.ldap.simple_bind(dn, password.expose()).await;
        self.check_service_bind(dn, reply)
    }

    /// Binds with the identity of the connection itself: the TLS client certificate, or the user id
    /// on a UNIX socket (SASL EXTERNAL, RFC 4422 appendix A). The caller limits the time.
    pub(super) async fn bind_external(&mut self) -> Result<(), Failure> {
        let reply = self.ldap.sasl_external_bind().await;
        self.check_service_bind("external", reply)
    }

    fn check_service_bind(
        &self,
        identity: &str,
        reply: Result<LdapResult, LdapError>,
    ) -> Result<(), Failure> {
        let result = reply.map_err(|error| self.wait.failure(SERVICE_BIND, &error))?;
        let reason = Reason::of(&result.text);
        let text =
            (reason.as_ref()).map_or_else(|| describe(&result), |reason| reason.text().to_owned());
        // A server that reports the state of the account has found it, and another password would
        // not help.
        let may_be_wrong = !matches!(reason, Some(Reason::State(..) | Reason::PasswordEnded(_)));
        let text = match result.rc {
            codes::SUCCESS => return Ok(()),
            code if is_server_fault(code) => return Err(Failure::trouble(SERVICE_BIND, text)),
            codes::INVALID_CREDENTIALS if may_be_wrong => {
                format!("wrong bind_dn or password: {identity}: {text}")
            }
            _ => format!("{identity}: {text}"),
        };
        Err(Failure::configuration_error(SERVICE_BIND, &text))
    }

    /// Binds as `dn` with the person's password and returns the server's reply; `asks_policy`
    /// requests the control of the password policy.
    pub(super) async fn bind(
        &mut self,
        dn: &str,
        password: Password<'_>,
        asks_policy: bool,
    ) -> Result<BindReply, Failure> {
        let step = "bind";
        // Servers may take a bind with an empty DN as anonymous, and let any password succeed.
        if dn.trim().is_empty() {
            return Err(Failure::trouble(step, "an entry without a name"));
        }
        if asks_policy {
            self.ask_policy();
        }
        self.wait.timeout_kind = FailureKind::Trouble;
        self.has_sent_password = true;
        self.wait.deadline = self.whole;
        let binding = self.ldap.simple_bind(dn, password.expose());
        let result = self.wait.reply(step, binding).await?;
        let policy = PolicyAnswer::of(&result.ctrls);
        Ok(BindReply { result, policy })
    }

    /// Adds the request for the control of the password policy to the next request.
    fn ask_policy(&mut self) {
        self.ldap.with_controls(vec![RawControl {
            ctype: CONTROL.to_owned(),
            crit: false,
            val: None,
        }]);
    }

    /// Searches, without following references or referrals.
    pub(super) async fn search(&mut self, search: Search<'_>) -> Result<Hits, Failure> {
        let found = self.search_raw(&search).await?;
        self.wait.timeout_kind = FailureKind::Trouble;
        read_hits(&search, found)
    }

    /// Searches and returns the result, whatever its code.
    pub(super) async fn search_raw(
        &mut self,
        search: &Search<'_>,
    ) -> Result<SearchResult, Failure> {
        let seconds = self.wait.deadline.remaining().as_secs().saturating_add(1);
        let options = SearchOptions::new()
            .sizelimit(search.limit)
            .timelimit(i32::try_from(seconds).unwrap_or(i32::MAX));
        let scope = match search.scope {
            Scope::Base => ldap3::Scope::Base,
            Scope::One => ldap3::Scope::OneLevel,
            Scope::Sub => ldap3::Scope::Subtree,
        };
        self.ldap.with_search_options(options);
        let searching = self
            .ldap
            .search(search.base, scope, search.filter, search.attributes);
        self.wait.reply(search.step, searching).await
    }

    /// Limits the next search to its first page (RFC 2696), for a sample of the entries: Samba's
    /// domain controllers ignore the size limit.
    pub(super) fn limit_to_first_page(&mut self, size: i32) {
        let cookie = Vec::new();
        self.ldap
            .with_controls(vec![PagedResults { size, cookie }.into()]);
    }
}

impl Wait {
    /// Waits for the reply to `request`.
    async fn reply<T>(
        &self,
        step: &'static str,
        request: impl Future<Output = Result<T, LdapError>>,
    ) -> Result<T, Failure> {
        let request = async { request.await.map_err(|error| self.failure(step, &error)) };
        within_as(self.timeout_kind, self.deadline, step, request).await
    }

    /// Turns an error of ldap3 into a failure. If the guard ended the connection, the guard knows
    /// why; ldap3 only knows that it ended.
    fn failure(&self, step: &'static str, error: &LdapError) -> Failure {
        let ended = self.end_reason.failure(step);
        ended.unwrap_or_else(|| Failure::trouble(step, codes::server_text(&error.to_string())))
    }
}

fn read_hits(
    search: &Search<'_>,
    SearchResult(entries, result): SearchResult,
) -> Result<Hits, Failure> {
    let entries: Option<Vec<Entry>> = entries.into_iter().map(Entry::of).collect();
    let entries = entries.ok_or_else(|| Failure::trouble(search.step, "a malformed entry"))?;
    let hits = Hits {
        entries,
        cut: matches!(result.rc, codes::SIZE_LIMIT | codes::ADMIN_LIMIT).then_some(result.rc),
        is_elsewhere_too: result.refs.iter().any(|url| may_know_more(url)),
        is_missing: result.rc == codes::NO_SUCH_OBJECT,
        limit: search.limit,
    };
    match result.rc {
        codes::SUCCESS | codes::SIZE_LIMIT | codes::ADMIN_LIMIT | codes::NO_SUCH_OBJECT => Ok(hits),
        codes::REFERRAL => {
            let there = codes::server_text(&result.refs.join(" "));
            let text = format!(
                "{} is on another server ({there}); referrals are not followed",
                quoted(search.base)
            );
            Err(Failure::configuration_error(search.step, &text))
        }
        code if is_server_fault(code) => Err(Failure::trouble(search.step, describe(&result))),
        _ => {
            let setting = search.setting.map(|key| format!(" ({key})"));
            let setting = setting.unwrap_or_default();
            let text = format!("{}{setting}: {}", quoted(search.base), describe(&result));
            Err(Failure::configuration_error(search.step, &text))
        }
    }
}
