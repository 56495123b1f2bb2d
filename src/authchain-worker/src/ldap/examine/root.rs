//! Examines the root DSE (RFC 4512 §5.1), in which a server describes itself.

use authchain::config::settings::ldap::AccountPolicy;
use ldap3::SearchResult;

use super::{Directory, Search, ServerExamination};
use crate::clock::now;
use crate::examination::Remark;
use crate::ldap::codes::server_text;
use crate::ldap::connector::Identity;
use crate::ldap::entry::Entry;
use crate::ldap::flavour::{ChangeRequest, Flavour};
use crate::ldap::policy::control::CONTROL;
use crate::ldap::policy::time;

const CONTEXTS: &str = "namingContexts";
const MECHANISMS: &str = "supportedSASLMechanisms";
const CONTROLS: &str = "supportedControl";
const EXTENSIONS: &str = "supportedExtension";
const CAPABILITIES: &str = "supportedCapabilities";
const VENDOR: [&str; 2] = ["vendorName", "vendorVersion"];
/// The clock of Active Directory, and of Samba.
const TIME: &str = "currentTime";

const ATTRIBUTES: &[&str] = &[
    "objectClass",
    CONTEXTS,
    MECHANISMS,
    CONTROLS,
    EXTENSIONS,
    CAPABILITIES,
    VENDOR[0],
    VENDOR[1],
    TIME,
];

/// The Password Modify operation (RFC 3062 §2).
const PASSWORD_MODIFY: &str = "1.3.6.1.4.1.4203.1.11.1";

/// The only attribute by which OpenLDAP names itself.
const OPENLDAP: &str = "OpenLDAProotDSE";
/// `LDAP_CAP_ACTIVE_DIRECTORY_OID`, MS-ADTS §3.1.1.3.4.3.1.
const ACTIVE_DIRECTORY: &str = "1.2.840.113556.1.4.800";

/// The difference of two clocks in seconds that Kerberos allows (RFC 4120 §8.2).
const SKEW: i64 = 300;

/// The most naming contexts that are listed.
const MAX_CONTEXTS: usize = 4;

/// The root DSE; empty where it cannot be read.
pub(super) struct Root(Entry);

impl Directory {
    /// Examines the root DSE. A server that does not show it may be as good as any other.
    pub(super) async fn root(&self, server: &mut ServerExamination<'_>) -> Option<Root> {
        let search = Search::entry("root entry", "", ATTRIBUTES);
        let (steps, asking) = (server.steps, server.ask(self, &search));
        let found = steps.step("root entry", asking, |found, _| match first(found) {
            Some(root) => self.judge_root(&root),
            None => Remark::note("cannot be read, so nothing is known of what the server can do"),
        });
        let root = first(&found.await?).unwrap_or(Root(Entry::default()));
        if let Some(there) = root.0.text(TIME).and_then(time::parse) {
            steps.remark("clock", judge_clock(there, time::seconds(now())));
        }
        if self.lacks_password_modify(&root) {
            let text = "the server offers no RFC 3062; password_change = \"modify\" may do";
            steps.remark("password change", Remark::note(text));
        }
        Some(root)
    }

    /// Returns whether passwords are to be changed by an operation that the server does not list.
    fn lacks_password_modify(&self, root: &Root) -> bool {
        let by_operation = self.flavour.change_request() == ChangeRequest::PasswordModify;
        let lists_some = root.0.text(EXTENSIONS).is_some();
        by_operation && lists_some && !root.has(EXTENSIONS, PASSWORD_MODIFY)
    }

    fn judge_root(&self, root: &Root) -> Remark {
        let mut remark = Remark::fine(format!("{}; {}", root.vendor(), root.contexts()));
        if matches!(self.connector.identity, Identity::External)
            && !root.has(MECHANISMS, "EXTERNAL")
        {
            remark = remark.and(Remark::warning("sasl = \"external\" is not on offer"));
        }
        match &self.flavour {
            Flavour::Generic(generic)
                if generic.accounts.asks_control && !root.has(CONTROLS, CONTROL) =>
            {
                let text = "no password policy control, so ppolicy has no effect";
                remark.and(match generic.accounts.policy {
                    AccountPolicy::Ppolicy => Remark::warning(text),
                    _ => Remark::note(text),
                })
            }
            _ => remark,
        }
    }
}

fn first(SearchResult(entries, _): &SearchResult) -> Option<Root> {
    entries.first().cloned().and_then(Entry::of).map(Root)
}

fn judge_clock(there: i64, here: i64) -> Remark {
    let ahead = there.saturating_sub(here);
    let apart = ahead.saturating_abs();
    match (apart, ahead.is_positive()) {
        (..=1, _) => Remark::fine("the same as ours"),
        (..=SKEW, _) => Remark::fine(format!("{apart} s from ours")),
        (_, true) => Remark::warning(format!(
            "{apart} s ahead of ours; is chrony or ntpd at work?"
        )),
        (_, false) => Remark::warning(format!("{apart} s behind ours; is chrony or ntpd at work?")),
    }
}

impl Root {
    fn has(&self, attribute: &str, value: &str) -> bool {
        self.0.texts(attribute).any(|text| text == value)
    }

    /// Returns the name of the server's software.
    fn vendor(&self) -> String {
        if self.has(CAPABILITIES, ACTIVE_DIRECTORY) {
            return "Active Directory".to_owned();
        }
        if self.has("objectClass", OPENLDAP) {
            return "OpenLDAP".to_owned();
        }
        let named = VENDOR.into_iter().filter_map(|name| self.0.text(name));
        let named: Vec<String> = named.map(server_text).collect();
        match named.is_empty() {
            true => "a server that does not say whose it is".to_owned(),
            false => named.join(" "),
        }
    }

    /// Returns the naming contexts that the server claims, in words.
    pub(super) fn contexts(&self) -> String {
        let contexts = self.0.texts(CONTEXTS).filter(|context| !context.is_empty());
        let contexts: Vec<String> = contexts.take(MAX_CONTEXTS).map(server_text).collect();
        match contexts.is_empty() {
            true => "the server does not say what it has".to_owned(),
            false => format!("the server has {}", contexts.join(" and ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use authchain::backends::protocol::Severity;

    #[test]
    fn a_server_is_known_by_what_it_shows() {
        let vendor = |attributes| Root(Entry::made_of("", attributes)).vendor();
        assert_eq!(vendor(&[("objectclass", OPENLDAP)]), "OpenLDAP");
        let named = [("vendorName", "389 Project"), ("vendorVersion", "2.4\x1b")];
        assert_eq!(vendor(&named), r#""389 Project" "2.4\u{1b}""#);
        let microsoft = [(CAPABILITIES, ACTIVE_DIRECTORY), ("vendorName", "Samba")];
        assert_eq!(vendor(&microsoft), "Active Directory");
    }

    #[test]
    fn clocks_more_than_five_minutes_apart_are_a_warning() {
        let judged = |there| judge_clock(there, 1_000_000);
        assert_eq!(judged(1_000_001).severity, Severity::Fine);
        assert_eq!(judged(999_700).severity, Severity::Fine);
        assert_eq!(
            judged(999_699).text,
            "301 s behind ours; is chrony or ntpd at work?"
        );
        assert_eq!(judged(1_000_400).severity, Severity::Warning);
        assert_eq!(judge_clock(i64::MIN, i64::MAX).severity, Severity::Warning);
    }
}
