//! The roles of modules in a stack.

use super::services;
use super::simulator::{Entry, Facility};

/// The name of our own module.
pub(super) const OURS: &str = "pam_authchain";

/// Modules that check the system's own passwords.
const UNIX: [&str; 3] = ["pam_unix", "pam_unix_ng", "pam_tcb"];

/// Modules that verify a credential themselves: a password of another kind, or a token.
const CREDENTIALS: [&str; 23] = [
    "pam_sss",
    "pam_ldap",
    "pam_krb5",
    "pam_winbind",
    "pam_systemd_home",
    "pam_kanidm",
    "pam_himmelblau",
    "pam_userdb",
    "pam_mysql",
    "pam_pgsql",
    "pam_radius_auth",
    "pam_tacplus",
    "pam_oath",
    "pam_google_authenticator",
    "pam_u2f",
    "pam_yubico",
    "pam_fprintd",
    "pam_pkcs11",
    "pam_p11",
    "pam_ssh_agent_auth",
    "pam_duo",
    "pam_ccreds",
    "pam_timestamp",
];

/// Modules that always answer `ignore`.
const SILENT: [&str; 10] = [
    "pam_env",
    "pam_faildelay",
    "pam_nologin",
    "pam_group",
    "pam_mail",
    "pam_motd",
    "pam_echo",
    "pam_issue",
    "pam_warn",
    "pam_keyinit",
];

/// Modules that check a condition, such as the hour or the person's groups, and ask for no
/// password.
const CONDITIONS: [&str; 13] = [
    "pam_succeed_if",
    "pam_localuser",
    "pam_usertype",
    "pam_listfile",
    "pam_access",
    "pam_time",
    "pam_wheel",
    "pam_shells",
    "pam_securetty",
    "pam_sepermit",
    "pam_lastlog",
    "pam_faillock",
    "pam_tally2",
];

/// root, and groups whose members can become root.
const ADMINISTRATORS: [&str; 4] = ["root", "wheel", "sudo", "admin"];

/// The answers of a condition that does not hold.
const FAILURES: [&str; 4] = ["auth_err", "perm_denied", "user_unknown", "service_err"];

/// The role of a module in a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// Our module.
    Ours,
    /// pam_unix, or a module that replaces it.
    Unix,
    /// Another module that asks for a password or token.
    Credential,
    /// A module that always gives this answer.
    Fixed(&'static str),
    /// A module that checks a condition: its possible answers, and the people for whom it answers
    /// `success`.
    Condition(Vec<&'static str>, Reach),
}

/// The people for whom a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// Everybody, but only if root started the program.
    Root,
    /// People and groups that the line names, or the module's file.
    Named,
    /// Unknown people: this program does not know the module, which may ask for a password.
    Unknown,
    /// The person who started the program; if root started it, everybody.
    Caller,
    /// People in the local passwd file, or administrators.
    Local,
    /// Perhaps everybody.
    Wide,
}

impl Role {
    /// Returns the role of an entry in a service's stack.
    pub(super) fn of(entry: &Entry, facility: Facility, service: &str) -> Self {
        let has = |argument: &str| entry.arguments().iter().any(|given| given == argument);
        let has_people = has("item=user") || has("item=group");
        let condition = |reach| Self::Condition(with_failures("success"), reach);
        match entry.name() {
            OURS => Self::Ours,
            "pam_permit" => Self::Fixed("success"),
            "pam_deny" => Self::Fixed("auth_err"),
            name if UNIX.contains(&name) => Self::Unix,
            name if CREDENTIALS.contains(&name) => Self::Credential,
            "pam_rootok" if services::knows_its_caller(service) => condition(Reach::Root),
            // In these programs getuid(2) is 0, whoever logs in.
            "pam_rootok" if services::is_started_by_root(service) => {
                Self::Condition(vec!["success"], Reach::Wide)
            }
            "pam_rootok" => condition(Reach::Caller),
            "pam_succeed_if" => succeed_if(entry.arguments(), service),
            "pam_wheel" if has("trust") && has("deny") => condition(Reach::Wide),
            "pam_wheel" if has("trust") => condition(Reach::Named),
            "pam_wheel" => Self::Condition(with_failures("ignore"), Reach::Wide),
            // Accepts the people in its file, and nobody if the file is missing.
            "pam_listfile" if has_people && has("sense=allow") && !has("onerr=succeed") => {
                condition(Reach::Named)
            }
            "pam_localuser" => condition(Reach::Local),
            "pam_usertype" if has("issystem") => condition(Reach::Local),
            "pam_faillock" | "pam_tally2" if has("authfail") => {
                Self::Condition(vec!["ignore", "auth_err"], Reach::Wide)
            }
            // The answer depends on whether the module's file names the person.
            "pam_cap" => Self::Condition(vec!["ignore", "success"], Reach::Wide),
            "pam_nologin" if has("successok") => condition(Reach::Wide),
            name if SILENT.contains(&name) => Self::Fixed("ignore"),
            name if CONDITIONS.contains(&name) => condition(Reach::Wide),
            // An unknown module that can let people in alone. It may ask for a password or a token.
            _ if entry.jumps() || entry.is_sufficient() => match facility {
                Facility::Auth => condition(Reach::Unknown),
                _ => Self::Credential,
            },
            _ => condition(Reach::Wide),
        }
    }
}

/// Returns whether pam_unix takes over the password that another module asked for.
pub(super) fn takes_a_password_over(entry: &Entry) -> bool {
    let is_unix = UNIX.contains(&entry.name());
    is_unix && (entry.arguments().iter()).any(|given| given == "use_first_pass")
}

fn with_failures(success: &'static str) -> Vec<&'static str> {
    [success].into_iter().chain(FAILURES).collect()
}

/// Reads the conditions of pam_succeed_if(8), all of which must hold.
fn succeed_if(arguments: &[String], service: &str) -> Role {
    const FLAGS: [&str; 6] = [
        "debug",
        "use_uid",
        "quiet",
        "quiet_fail",
        "quiet_success",
        "audit",
    ];
    let is_flag = |word: &&String| FLAGS.contains(&word.as_str());
    let asks_caller = arguments.iter().any(|word| word == "use_uid");
    let words: Vec<&String> = arguments.iter().filter(|word| !is_flag(word)).collect();
    let mut reach = None;
    for triple in words.chunks(3) {
        let [left, how, right] = triple else {
            return Role::Fixed("service_err");
        };
        match one_condition(left, how, right, service, asks_caller) {
            Held::Always => {}
            Held::Never => return Role::Fixed("auth_err"),
            Held::For(whom) => reach = Some(reach.map_or(whom, |known: Reach| known.min(whom))),
        }
    }
    match reach {
        None => Role::Fixed("success"),
        Some(reach) => Role::Condition(with_failures("success"), reach),
    }
}

/// The people for whom a condition of pam_succeed_if holds.
enum Held {
    Always,
    Never,
    For(Reach),
}

fn one_condition(left: &str, how: &str, right: &str, service: &str, asks_caller: bool) -> Held {
    let (left, how) = (left.to_ascii_lowercase(), how.to_ascii_lowercase());
    let names_some = matches!(how.as_str(), "=" | "in" | "ingroup" | "eq");
    let names_administrators = right.split(':').any(|name| ADMINISTRATORS.contains(&name));
    let is_told_its_caller = services::knows_its_caller(service);
    match left.as_str() {
        "service" => match (how.as_str(), right.split(':').any(|one| one == service)) {
            ("=", _) => Held::always_if(right == service),
            ("!=", _) => Held::always_if(right != service),
            ("in", is_listed) => Held::always_if(is_listed),
            ("notin", is_listed) => Held::always_if(!is_listed),
            _ => Held::For(Reach::Wide),
        },
        "uid" if asks_caller && is_told_its_caller && names_some && right == "0" => {
            Held::For(Reach::Root)
        }
        _ if asks_caller && services::is_started_by_root(service) => Held::For(Reach::Wide),
        _ if asks_caller && !is_told_its_caller => Held::For(Reach::Caller),
        // The person at the prompt may claim any name.
        "login" | "name" | "user" if names_some && !asks_caller && names_administrators => {
            Held::For(Reach::Local)
        }
        "login" | "name" | "user" if names_some => Held::For(Reach::Named),
        "ruser" if names_some && is_told_its_caller => Held::For(Reach::Named),
        "uid" if matches!(how.as_str(), "<" | "lt" | "<=" | "le" | "=" | "eq") => {
            Held::For(Reach::Local)
        }
        _ => Held::For(Reach::Wide),
    }
}

impl Held {
    fn always_if(holds: bool) -> Self {
        if holds { Self::Always } else { Self::Never }
    }
}
