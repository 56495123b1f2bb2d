//! The settings of a unit that keep the worker from working, and what to write instead.
//!
//! Complaints are warnings at most: only names tell which unit belongs to which PAM service.

use super::list::allows;
use super::unit::{Assignment, Unit};
use crate::check::report::Severity;

/// A complaint about a setting that keeps the worker from working.
pub(super) struct Complaint<'u> {
    pub(super) severity: Severity,
    pub(super) at: &'u Assignment,
    pub(super) message: String,
}

/// A system call, and systemd's groups of calls that contain it. All calls are in `@known`.
type Call = (&'static str, &'static [&'static str]);

/// Calls without which the worker cannot answer.
const NEEDED: [Call; 8] = [
    ("setgroups", &["@setuid", "@privileged", SERVICE]),
    ("setresgid", &["@setuid", SERVICE]),
    ("setresuid", &["@setuid", "@privileged", SERVICE]),
    ("prctl", &["@process", SERVICE]),
    ("clone", &["@process", SERVICE]),
    ("epoll_ctl", &["@io-event", SERVICE]),
    ("socket", &["@network-io", SERVICE]),
    ("connect", &["@network-io", SERVICE]),
];

/// Landlock's calls: the worker can answer without them.
const LANDLOCK: [Call; 3] = [
    ("landlock_create_ruleset", &["@sandbox"]),
    ("landlock_add_rule", &["@sandbox"]),
    ("landlock_restrict_self", &["@sandbox"]),
];

const SERVICE: &str = "@system-service";

/// Returns the complaints about a unit.
pub(super) fn complaints(unit: &Unit) -> Vec<Complaint<'_>> {
    let all = [
        calls(unit),
        families(unit),
        network(unit),
        addresses(unit),
        interfaces(unit),
        user(unit),
        capabilities(unit),
        user_namespace(unit),
        processes(unit),
    ];
    all.into_iter().flatten().collect()
}

fn calls(unit: &Unit) -> Option<Complaint<'_>> {
    let values = unit.list("SystemCallFilter");
    let at = values.last()?;
    let lacks = |(call, groups): &Call| {
        let names = |word: &str| {
            // A call may be followed by an error: `connect:EPERM`.
            let word = word.split_once(':').map_or(word, |(word, _)| word);
            word == *call || word == "@known" || groups.contains(&word)
        };
        !allows(values.iter().map(|one| one.value.as_str()), names)
    };
    let missing: Vec<&str> = (NEEDED.iter().filter(|call| lacks(call)))
        .map(|(call, _)| *call)
        .collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        return warning(
            at,
            format!(
                "the worker may not call {missing}, so that nobody of a directory gets in; write \
                 SystemCallFilter={SERVICE} behind it"
            ),
        );
    }
    LANDLOCK.iter().any(lacks).then_some(())?;
    warning(
        at,
        "the worker has no Landlock, so that file modes alone protect files from it, and each \
         login logs a warning; write SystemCallFilter=landlock_create_ruleset landlock_add_rule \
         landlock_restrict_self behind it",
    )
}

fn families(unit: &Unit) -> Option<Complaint<'_>> {
    let values = unit.list("RestrictAddressFamilies");
    let at = values.last()?;
    let has = |family| {
        let values = values.iter().map(|one| one.value.as_str());
        allows(values, |word| word == family)
    };
    if !has("AF_INET") && !has("AF_INET6") {
        return warning(
            at,
            "the worker reaches no server but those of ldapi://; write \
             RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
        );
    }
    if has("AF_UNIX") {
        return None;
    }
    warning(
        at,
        "nothing is logged, and no server of ldapi:// is reached; write \
         RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
    )
}

fn network(unit: &Unit) -> Option<Complaint<'_>> {
    let at = unit.switched_on("PrivateNetwork")?;
    warning(
        at,
        "the worker reaches no server but those of ldapi://; write PrivateNetwork=no, or leave \
         this service to local accounts",
    )
}

/// Complains of addresses whose packets the kernel drops without a word: their servers look silent.
fn addresses(unit: &Unit) -> Option<Complaint<'_>> {
    let is_any = |one: &&Assignment| {
        let mut words = one.value.split_whitespace();
        words.any(|word| ["any", "0.0.0.0/0", "::/0"].contains(&word))
    };
    let at = unit.list("IPAddressDeny").into_iter().find(is_any)?;
    let allowed = unit.list("IPAddressAllow");
    let mut allowed = allowed.iter().flat_map(|one| one.value.split_whitespace());
    allowed.all(is_of_this_machine).then_some(())?;
    warning(
        at,
        "the worker hears nothing from servers of other machines, as if they were down; name \
         them, and the name servers, in IPAddressAllow",
    )
}

/// Returns whether a word of `IPAddressAllow` names no address of another machine.
fn is_of_this_machine(word: &str) -> bool {
    word == "localhost" || word == "::1" || word == "::1/128" || word.starts_with("127.")
}

/// Complains of interfaces for the same reason.
fn interfaces(unit: &Unit) -> Option<Complaint<'_>> {
    let values = unit.list("RestrictNetworkInterfaces");
    let at = values.last()?;
    let mut words = values.iter().flat_map(|one| one.value.split_whitespace());
    words.all(|word| word == "lo").then_some(())?;
    warning(
        at,
        "the worker hears nothing from servers of other machines, as if they were down; name the \
         interface that leads to them behind it",
    )
}

fn user(unit: &Unit) -> Option<Complaint<'_>> {
    let at = unprivileged(unit)?;
    Some(Complaint {
        severity: Severity::Note,
        at,
        message: "the program is not root; authchain.toml(5) says what works there".to_owned(),
    })
}

/// Returns the assignment that makes the program another user than root. With `PAMName=`, systemd
/// asks PAM as root, before it changes the user.
fn unprivileged(unit: &Unit) -> Option<&Assignment> {
    unit.last("PAMName").is_none().then_some(())?;
    let is_other = |one: &&Assignment| !["", "root", "0"].contains(&one.value.as_str());
    (unit.last("User").filter(is_other)).or_else(|| unit.switched_on("DynamicUser"))
}

fn capabilities(unit: &Unit) -> Option<Complaint<'_>> {
    let at = unit.last("CapabilityBoundingSet")?;
    let values = unit.list("CapabilityBoundingSet");
    // An empty value removes every capability; values after it add some again.
    let has = |capability| {
        let all = values.iter().map(|one| one.value.as_str());
        !values.is_empty() && allows(all, |word| word == capability)
    };
    let is_enough = has("CAP_SETGID") && has("CAP_SETUID");
    (!is_enough && unprivileged(unit).is_none()).then_some(())?;
    warning(
        at,
        "the worker cannot become its own user, so that nobody of a directory gets in; write \
         CapabilityBoundingSet=CAP_SETUID CAP_SETGID behind it",
    )
}

fn user_namespace(unit: &Unit) -> Option<Complaint<'_>> {
    let is_own = |one: &&Assignment| one.value == "self";
    let at = unit.switched_on("PrivateUsers");
    let at = at.or_else(|| unit.last("PrivateUsers").filter(is_own))?;
    unprivileged(unit).is_none().then_some(())?;
    warning(
        at,
        "the worker's user has no id there, so that nobody of a directory gets in; write \
         PrivateUsers=no",
    )
}

fn processes(unit: &Unit) -> Option<Complaint<'_>> {
    let at_most_one = |one: &&Assignment| ["0", "1"].contains(&one.value.as_str());
    let mut limits = ["LimitNPROC", "TasksMax"].into_iter();
    let at = limits.find_map(|key| unit.last(key).filter(at_most_one))?;
    warning(
        at,
        "no worker can be started, so that nobody of a directory gets in; allow more",
    )
}

#[allow(clippy::unnecessary_wraps, reason = "every rule returns an Option")]
fn warning<'u>(at: &'u Assignment, message: impl Into<String>) -> Option<Complaint<'u>> {
    Some(Complaint {
        severity: Severity::Warning,
        at,
        message: message.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::unit::tests::unit;
    use super::*;

    fn said(lines: &str) -> String {
        let unit = unit(&format!("[Service]\n{lines}\n"));
        let all = complaints(&unit);
        let all = all.iter().map(|one| one.message.as_str());
        all.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn harmless_settings_are_not_reported() {
        for lines in [
            "",
            "NoNewPrivileges=yes\nMemoryDenyWriteExecute=yes\nRestrictNamespaces=yes",
            "SystemCallFilter=@system-service @sandbox",
            "SystemCallFilter=~@mount @keyring",
            "SystemCallFilter=read\nSystemCallFilter=",
            "RestrictAddressFamilies=AF_UNIX AF_INET",
            "RestrictAddressFamilies=~AF_PACKET AF_NETLINK",
            "PrivateNetwork=yes\nPrivateNetwork=no",
            "CapabilityBoundingSet=~CAP_SYS_ADMIN",
            "CapabilityBoundingSet=CAP_SETUID CAP_SETGID CAP_CHOWN",
            "PrivateUsers=identity",
            "User=%i\nPAMName=systemd-user",
            "LimitNPROC=64\nTasksMax=4915",
            "IPAddressDeny=any\nIPAddressAllow=localhost 192.0.2.0/24",
            "IPAddressDeny=203.0.113.0/24",
            "RestrictNetworkInterfaces=lo eth0",
            "RestrictNetworkInterfaces=~eth1",
        ] {
            assert_eq!(said(lines), "", "{lines}");
        }
    }

    #[test]
    fn each_harmful_setting_is_reported_with_its_correction() {
        for (lines, words) in [
            ("SystemCallFilter=@system-service", "has no Landlock"),
            (
                "SystemCallFilter=@system-service @sandbox\nSystemCallFilter=~@privileged",
                "may not call setgroups, setresuid, so",
            ),
            (
                "SystemCallFilter=@system-service ~connect:EPERM\nSystemCallFilter=~connect:EPERM",
                "may not call connect, so",
            ),
            ("RestrictAddressFamilies=AF_UNIX", "reaches no server"),
            ("RestrictAddressFamilies=none", "reaches no server"),
            ("RestrictAddressFamilies=AF_INET", "nothing is logged"),
            ("PrivateNetwork=true", "PrivateNetwork=no"),
            ("IPAddressDeny=any", "as if they were down"),
            ("IPAddressDeny=0.0.0.0/0 ::/0", "IPAddressAllow"),
            (
                "IPAddressDeny=any\nIPAddressAllow=localhost 127.0.0.53/32",
                "IPAddressAllow",
            ),
            ("RestrictNetworkInterfaces=lo", "as if they were down"),
            ("User=www-data\nCapabilityBoundingSet=", "is not root"),
            ("DynamicUser=yes", "is not root"),
            ("CapabilityBoundingSet=", "become its own user"),
            ("CapabilityBoundingSet=CAP_SETUID", "become its own user"),
            ("CapabilityBoundingSet=~CAP_SETGID", "become its own user"),
            ("PrivateUsers=yes", "PrivateUsers=no"),
            ("LimitNPROC=1", "no worker can be started"),
        ] {
            let said = said(lines);
            assert!(said.contains(words), "{lines}: {said}");
            assert_eq!(said.lines().count(), 1, "{lines}: {said}");
        }
    }
}
