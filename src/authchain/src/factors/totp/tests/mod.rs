//! Tests of codes that are verified and claimed, over real ledgers.

mod self_enrolment;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::*;
use crate::config::settings::totp::TotpSettings;
use crate::factors::{Confirmation, Enrolment, Factor};
use crate::files::authenticator::{Authenticator, CodeHash, NewRecoveryCodes};
use crate::files::factor_folder::FactorFolder;
use crate::files::ledger::{Counted, Durability};
use crate::words::{BackendError, Secret, Username};

/// A machine on which alice is enrolled.
struct Enrolled {
    state_dir: tempfile::TempDir,
    codes: NewRecoveryCodes,
}

fn alice() -> Username {
    Username::parse(b"alice").unwrap()
}

fn authenticator() -> Authenticator {
    Authenticator {
        secret: Secret::new(b"12345678901234567890".to_vec()),
        hash: CodeHash::Sha1,
        digits: 6,
        period: 30,
        recovery: NewRecoveryCodes::new().unwrap().kept,
    }
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// Returns the code that alice's app shows at a time.
fn code(seconds: u64) -> String {
    let code = CodeHash::Sha1.code(b"12345678901234567890", seconds / 30);
    format!("{:06}", code.unwrap() % 1_000_000)
}

impl Enrolled {
    fn new() -> Self {
        let stage = Self {
            state_dir: tempfile::tempdir().unwrap(),
            codes: NewRecoveryCodes::new().unwrap(),
        };
        let folder = stage.folder();
        folder.make().unwrap();
        let authenticator = Authenticator {
            recovery: stage.codes.kept.clone(),
            ..authenticator()
        };
        assert!(authenticator.write_new(folder.path()).unwrap());
        stage
    }

    fn folder(&self) -> FactorFolder {
        FactorFolder::of(self.state_dir.path(), &alice())
    }

    fn factor(&self) -> Totp {
        factor(self.state_dir.path())
    }

    fn enrolment(&self) -> TotpEnrolment {
        let authenticator = Authenticator::read(self.folder().path()).unwrap();
        TotpEnrolment::new(self.folder(), authenticator.unwrap())
    }

    fn verify(&self, answer: &str, seconds: u64) -> Result<Confirmation, BackendError> {
        let answer = Secret::new(answer.as_bytes().to_vec());
        self.enrolment().verify(&answer, at(seconds))
    }

    fn confirms(&self, answer: &str, seconds: u64) -> bool {
        matches!(self.verify(answer, seconds), Ok(Confirmation::Confirmed(_)))
    }

    fn refusal(&self, answer: &str, seconds: u64) -> String {
        match self.verify(answer, seconds) {
            Ok(Confirmation::Refused(why)) => why,
            other => panic!("{other:?}"),
        }
    }
}

fn factor(state_dir: &Path) -> Totp {
    Totp {
        name: "totp".to_owned(),
        settings: TotpSettings {
            issuer: Some("test".to_owned()),
            ..TotpSettings::default()
        },
        state_dir: state_dir.to_owned(),
    }
}

const NOW: u64 = 1_800_000_000;

#[test]
fn a_code_is_good_once_and_so_are_those_of_the_steps_beside() {
    let stage = Enrolled::new();
    assert!(stage.confirms(&code(NOW - 30), NOW));
    assert_eq!(
        stage.refusal(&code(NOW - 30), NOW),
        "the code was used before"
    );
    assert!(stage.confirms(&code(NOW + 30), NOW));
    assert_eq!(stage.refusal(&code(NOW), NOW), "the code was used before");
    assert!(stage.confirms(&code(NOW + 60), NOW + 60));
}

#[test]
fn a_code_of_another_time_is_told_from_a_wrong_one() {
    let stage = Enrolled::new();
    let late = stage.refusal(&code(NOW - 300), NOW);
    assert_eq!(
        late,
        "wrong code: it is that of 5 min ago, so look at the clocks"
    );
    let early = stage.refusal(&code(NOW + 60), NOW);
    assert_eq!(
        early,
        "wrong code: it is that of 60 s to come, so look at the clocks"
    );
    for wrong in ["", "12345", "1234567", "abcdef", "+12345"] {
        assert!(
            stage.refusal(wrong, NOW + 7200).contains("wrong code"),
            "{wrong}"
        );
        stage.unlock();
    }
}

impl Enrolled {
    fn unlock(&self) {
        let unlocked = Counted::Unlocked {
            at: NOW * 1000,
            step: NOW / 30 + 1,
        };
        let ledger = self.folder().ledger();
        assert!(ledger.count(unlocked, Durability::Durable).unwrap().1);
    }
}

#[test]
fn blanks_in_a_code_do_not_count() {
    let stage = Enrolled::new();
    let code = code(NOW);
    let (one, two) = code.split_at(3);
    assert!(stage.confirms(&format!("{one} {two}"), NOW));
}

#[test]
fn a_recovery_code_is_good_once_whatever_the_clock_says() {
    let stage = Enrolled::new();
    assert!(stage.confirms(&code(NOW), NOW));
    let first = &stage.codes.shown[0];
    let left = Confirmation::Confirmed(Some("by a recovery code, 9 left".to_owned()));
    assert_eq!(stage.verify(&first.to_lowercase(), 7), Ok(left));
    assert_eq!(
        stage.refusal(first, NOW),
        "the recovery code was used before"
    );
    assert!(stage.confirms(&stage.codes.shown[1], NOW));
}

#[test]
fn after_five_wrong_codes_a_right_one_has_to_wait() {
    let stage = Enrolled::new();
    for _ in 0..5 {
        assert_eq!(stage.refusal("000000", NOW), "wrong code");
    }
    let pause = "5 wrong codes in a row, so none is verified for 30 s";
    assert_eq!(stage.refusal(&code(NOW), NOW), pause);
    assert_eq!(stage.refusal(&stage.codes.shown[0], NOW), pause);
    assert!(stage.confirms(&code(NOW + 30), NOW + 30));
    assert_eq!(stage.refusal("000000", NOW + 30), "wrong code");
}

#[test]
fn a_clock_that_was_set_back_is_told_and_recovery_codes_go_on() {
    let stage = Enrolled::new();
    assert!(stage.confirms(&code(NOW), NOW));
    let back = stage.refusal(&code(NOW - 3600), NOW - 3600);
    assert_eq!(
        back,
        "the clock was set back, by 60 min or more since the last code"
    );
    assert!(stage.confirms(&stage.codes.shown[0], NOW - 3600));
    let unlocked = Counted::Unlocked {
        at: (NOW - 3600) * 1000,
        step: (NOW - 3600) / 30 + 1,
    };
    stage
        .folder()
        .ledger()
        .count(unlocked, Durability::Durable)
        .unwrap();
    assert_eq!(
        stage.refusal(&code(NOW - 3600), NOW - 3600),
        "the code was used before",
        "somebody may have seen it"
    );
    assert!(stage.confirms(&code(NOW - 3540), NOW - 3540));
}

#[test]
fn of_many_logins_with_one_code_at_once_one_is_confirmed() {
    for threads in [24, 200] {
        let stage = Enrolled::new();
        for round in 0..10 {
            let now = NOW + 60 * round;
            let (start, confirmed) = (Barrier::new(threads), AtomicUsize::new(0));
            thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| {
                        start.wait();
                        if stage.confirms(&code(now), now) {
                            confirmed.fetch_add(1, Ordering::Relaxed);
                        }
                    });
                }
            });
            assert_eq!(confirmed.into_inner(), 1, "round {round} of {threads}");
            stage.unlock();
        }
    }
}

#[test]
fn what_cannot_be_counted_is_not_verified() {
    let stage = Enrolled::new();
    let folder = stage.folder();
    let ledger = folder.path().join("ledger.1");
    fs::set_permissions(&ledger, Permissions::from_mode(0o606)).unwrap();
    assert!(matches!(
        stage.verify(&code(NOW), NOW),
        Err(BackendError::Failed(_))
    ));
    fs::remove_file(&ledger).unwrap();
    let error = stage.verify(&code(NOW), NOW).unwrap_err();
    assert!(error.to_string().ends_with("there is no ledger"), "{error}");
}

#[test]
fn nobody_is_enrolled_whose_file_is_missing_and_a_faulty_file_is_an_error() {
    let stage = Enrolled::new();
    let bob = Username::parse(b"bob").unwrap();
    assert!(stage.factor().enrolment(&bob).unwrap().is_none());
    fs::write(stage.folder().path().join("totp"), "authchain-totp 1\n").unwrap();
    assert!(stage.factor().enrolment(&alice()).is_err());
}

#[test]
fn a_code_is_taken_off_a_password_only_if_there_is_one_and_a_password_before_it() {
    let stage = Enrolled::new();
    let split = |password: &str| {
        let password = Secret::new(password.as_bytes().to_vec());
        let parts = stage.enrolment().split(&password);
        parts.map(|parts| {
            [parts.0, parts.1].map(|part| String::from_utf8(part.expose().to_vec()).unwrap())
        })
    };
    assert_eq!(split("secret 123456").unwrap(), ["secret ", "123456"]);
    for password in ["123456", "secret", "secret12345", "secret12345x", ""] {
        assert_eq!(split(password), None, "{password}");
    }
}
