//! Compares the claim of a code with the disk write that it needs, in one run: `make bench-factors`.
//!
//! A claim appends 64 bytes to the person's ledger, waits until they are on the disk, and reads what
//! was added to the ledger; in a verification the ledger was opened and read before it, for the
//! pause after wrong codes. The write alone is that of 64 bytes and fdatasync(2), in a file with
//! room set aside as the ledger has it. Figures are medians, and all take turns. The files are on
//! the disk of the build.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use authchain::config::settings::totp::TotpSettings;
use authchain::factors::Confirmation;
use authchain::factors::totp::{Totp, TotpEnrolment};
use authchain::files::authenticator::{Authenticator, CodeHash, RecoveryCodes};
use authchain::files::factor_folder::FactorFolder;
use authchain::files::ledger::{Counted, Durability};
use authchain::words::{Secret, Username};

/// The number of claims for a figure: more than a ledger has before a shorter one takes its place.
const CLAIMS: u64 = 1_500;

const SECRET: &[u8] = b"an authenticator app";

fn main() -> ExitCode {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let user = Username::parse(b"alice").unwrap();
    let folder = FactorFolder::of(dir.path(), &user);
    folder.make().unwrap();
    let other = FactorFolder::of(dir.path(), &Username::parse(b"bob").unwrap());
    enrol(&folder);
    enrol(&other);
    let plain = file_with_room(&dir.path().join("plain"));
    let factor = Totp {
        name: "totp".to_owned(),
        settings: TotpSettings::default(),
        state_dir: dir.path().to_owned(),
    };
    let (mut writes, mut claims) = (Vec::new(), Vec::new());
    let (mut ledgers, mut logins) = (Vec::new(), Vec::new());
    for step in 1..=CLAIMS {
        writes.push(timed(|| {
            (&plain).write_all(&[b'x'; 64]).unwrap();
            plain.sync_data().unwrap();
        }));
        let mut ledger = other.ledger().open().unwrap();
        ledger.history().unwrap();
        claims.push(timed(|| {
            let claim = Counted::Code { step: 2 * step };
            assert!(ledger.count(claim, Durability::Durable).unwrap().1);
        }));
        ledgers.push(timed(|| {
            let claim = Counted::Code { step: 2 * step + 1 };
            let (_, counts) = other.ledger().count(claim, Durability::Durable).unwrap();
            assert!(counts);
        }));
        let code = CodeHash::Sha1.code(SECRET, step).unwrap() % 1_000_000;
        let code = Secret::new(format!("{code:06}").into_bytes());
        let now = UNIX_EPOCH + Duration::from_secs(step * 30);
        logins.push(timed(|| verify(&factor, &user, &code, now)));
    }
    println!("{:<44} {:>9} {:>9}", "", "p50 ms", "ratio");
    let write = median(writes);
    for (what, time, goal) in [
        ("one write and fdatasync", write, ""),
        ("the claim of a code", median(claims), "<= 1.2"),
        (
            "the same with its ledger opened and read",
            median(ledgers),
            "",
        ),
        ("the whole of a verification", median(logins), ""),
    ] {
        println!("{what:<44} {time:>9.3} {:>9.2}   {goal}", time / write);
    }
    ExitCode::SUCCESS
}

fn enrol(folder: &FactorFolder) {
    folder.make().unwrap();
    let authenticator = Authenticator {
        secret: Secret::new(SECRET.to_vec()),
        hash: CodeHash::Sha1,
        digits: 6,
        period: 30,
        recovery: RecoveryCodes::default(),
    };
    assert!(authenticator.write_new(folder.path()).unwrap());
}

fn file_with_room(path: &Path) -> File {
    File::create(path).unwrap();
    let made = Command::new("fallocate")
        .args(["-n", "-l", "1048576"])
        .arg(path)
        .status();
    assert!(made.unwrap().success());
    fs::File::options().append(true).open(path).unwrap()
}

fn verify(factor: &Totp, user: &Username, code: &Secret, now: SystemTime) {
    let folder = FactorFolder::of(&factor.state_dir, user);
    let authenticator = Authenticator::read(folder.path()).unwrap().unwrap();
    let enrolment = TotpEnrolment::new(folder, authenticator);
    let said = enrolment.verify(code, now).unwrap();
    assert_eq!(said, Confirmation::Confirmed(None));
}

fn timed(what: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    what();
    begin.elapsed()
}

/// Returns the median, in milliseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}
