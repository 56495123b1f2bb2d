use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, UNIX_EPOCH};

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

use super::*;
use crate::config::settings::local::LocalSettings;
use crate::files::password_hash::witness::costs_of;
use crate::tools::deadline::{Deadline, system_clock};
use crate::tools::journal::Journal;
use crate::tools::request::Context;
use crate::words::Username;

/// A hash of `correct horse`, at the lowest cost.
const HASH: &str = "$5$rounds=1000$saltsalt$R6e4P8ccT9iMqkYg7Z8YtpId/lfsIfnuPkp8WXposU8";

struct NoLog;

impl Journal for NoLog {
    fn write(&self, _: Severity, _: &str) {}
}

/// Files with alice in them, whose shadow line has this password and dates.
struct Accounts(tempfile::TempDir);

impl Accounts {
    fn with(password: &str, ageing: &str) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        fs::write(files.0.path().join("passwd"), "alice:x:1000:1000:::\n").unwrap();
        files.put(password, ageing);
        files
    }

    fn put(&self, password: &str, ageing: &str) {
        let shadow = self.0.path().join("shadow");
        fs::write(&shadow, format!("alice:{password}:{ageing}:\n")).unwrap();
        fs::set_permissions(&shadow, Permissions::from_mode(0o600)).unwrap();
    }

    /// Asks on day 20000 for the first call, and for the second if `new` is there.
    fn ask(
        &self,
        euid: u32,
        kind: ChangeKind,
        old: Option<&str>,
        new: Option<&str>,
    ) -> Result<ChangeVerdict, BackendError> {
        let settings = LocalSettings {
            passwd: self.0.path().join("passwd"),
            shadow: self.0.path().join("shadow"),
            weak_hashes: false,
        };
        let local = Local::new("files".to_owned(), settings, false);
        let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
        let deadline = Deadline::after(system_clock, Duration::from_secs(60));
        let context = Context {
            service: "passwd",
            tty: "",
            rhost: "",
            ruser: "",
            now: UNIX_EPOCH + Duration::from_secs(20_000 * 86_400),
            deadline,
            uid: 1000,
            euid,
            allow_empty_password: false,
            has_publickey: false,
            silent: false,
            journal: &NoLog,
        };
        let old = old.map(secret);
        let change = Change {
            request: Request {
                user: &Username::parse(b"alice").unwrap(),
                deadline,
                groups: &[],
                context: &context,
            },
            kind,
            old: old.as_ref(),
        };
        match new.map(secret) {
            Some(new) => local.update(&change, &new),
            None => local.preliminary(&change),
        }
    }

    fn own(&self, old: Option<&str>, new: Option<&str>) -> ChangeVerdict {
        self.ask(0, ChangeKind::Own, old, new).unwrap()
    }

    fn shadow(&self) -> String {
        fs::read_to_string(self.0.path().join("shadow")).unwrap()
    }
}

const DATES: &str = "19000:0:99999:7::";

#[test]
fn a_process_that_is_not_root_changes_nothing() {
    let files = Accounts::with(HASH, DATES);
    let verdict = files.ask(1000, ChangeKind::Own, Some("correct horse"), None);
    let busy = matches!(verdict, Ok(ChangeVerdict::Refused(ChangeRefusal::Busy(_))));
    assert!(busy, "{verdict:?}");
}

#[test]
fn the_old_password_is_verified_again_when_the_new_one_is_written() {
    let files = Accounts::with(HASH, DATES);
    assert_eq!(files.own(None, None), ChangeVerdict::OldPasswordNeeded);
    let old = Some("correct horse");
    assert_eq!(files.own(old, None), ChangeVerdict::Granted(None));
    files.put(&HASH.replace("R6e4", "AAAA"), DATES);
    let verdict = files.own(old, Some("new"));
    assert_eq!(
        verdict,
        ChangeVerdict::Denied(DenialReason::BadCredential.into())
    );
    assert!(files.shadow().contains("AAAA"));
    files.put(HASH, DATES);
    assert_eq!(files.own(old, Some("new")), ChangeVerdict::Granted(None));
    assert!(
        files.shadow().starts_with("alice:$argon2id$"),
        "{}",
        files.shadow()
    );
    assert!(files.shadow().ends_with(":20000:0:99999:7:::\n"));
}

#[test]
fn a_refusal_takes_the_time_of_one_hash_whatever_the_reason() {
    for password in [HASH, "!", "*", &format!("!{HASH}"), "$9$unknown"] {
        let files = Accounts::with(password, DATES);
        let costs = costs_of(|| drop(files.own(Some("wrong"), None)));
        assert_eq!(costs.len(), 1, "{password}: {costs:?}");
    }
}

#[test]
fn the_dates_decide_after_the_password() {
    for (ageing, expected) in [
        ("19998:5:99999:7::", ChangeRefusal::TooYoung(3)),
        ("19998:x:99999:7::", ChangeRefusal::TooYoung(i64::MAX - 2)),
        ("19000:0:99999:7::1", ChangeRefusal::AccountExpired),
        ("19000:0:30:7:10:", ChangeRefusal::PasswordExpired),
    ] {
        let files = Accounts::with(HASH, ageing);
        let verdict = files.own(Some("correct horse"), None);
        assert_eq!(verdict, ChangeVerdict::Refused(expected), "{ageing}");
        let wrong = files.own(Some("wrong"), None);
        assert!(matches!(wrong, ChangeVerdict::Denied(_)), "{ageing}");
        let by_root = files.ask(0, ChangeKind::ByRoot, None, None);
        assert_eq!(by_root, Ok(ChangeVerdict::Granted(None)), "{ageing}");
    }
    let young = Accounts::with(HASH, "0:5:99999:7::");
    let rule = Some("You cannot change the new password again for 5 days.".to_owned());
    assert_eq!(
        young.own(Some("correct horse"), None),
        ChangeVerdict::Granted(rule)
    );
}

#[test]
fn a_wrong_old_password_is_refused_without_the_lock() {
    let files = Accounts::with(HASH, DATES);
    let lock = fs::File::create(files.0.path().join(".shadow.lock")).unwrap();
    let whole_file = libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    fcntl(&lock, FcntlArg::F_OFD_SETLK(&whole_file)).unwrap();
    let verdict = files.own(Some("wrong"), Some("new"));
    let wrong = ChangeVerdict::Denied(DenialReason::BadCredential.into());
    assert_eq!(verdict, wrong);
}
