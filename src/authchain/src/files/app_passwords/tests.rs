//! Tests of new app passwords, of the file, and of what a password opens.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;
use tempfile::{Builder, TempDir};

use super::*;
use crate::files::edit::EditError;
use crate::words::Secret;

fn new(label: &str, services: &[&str], end: Option<u64>) -> NewAppPassword {
    let services: Vec<String> = services.iter().copied().map(str::to_owned).collect();
    NewAppPassword::new(label, None, &services, 20_000, end).unwrap()
}

/// Returns a folder that is its owner's alone, whatever the umask.
fn private_folder() -> TempDir {
    let private = Permissions::from_mode(0o700);
    let folder = Builder::new().permissions(private).tempdir();
    folder.unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

/// Returns noon of a day.
fn noon(day: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(day * 86_400 + 43_200)
}

fn read(folder: &Path) -> AppPasswords {
    AppPasswords::read(folder).unwrap()
}

#[test]
fn a_new_password_is_five_groups_of_letters_that_cannot_be_mistaken() {
    let one = new("phone", &["imap"], None).shown;
    let groups: Vec<&str> = one.split('-').collect();
    assert_eq!(groups.len(), 5);
    for group in groups {
        assert_eq!(group.len(), 5, "{}", one.as_str());
        assert!(
            group
                .chars()
                .all(|c| "abcdefghijkmnpqrstuvwxyz".contains(c))
        );
    }
    assert_ne!(one, new("phone", &["imap"], None).shown);
}

#[test]
fn every_letter_comes_up() {
    let many: String = (0..200)
        .map(|_| new("a", &["b"], None).shown.to_string())
        .collect();
    for letter in "abcdefghijkmnpqrstuvwxyz".chars() {
        // 5,000 letters of 24: 208 of each, give or take 14.
        let count = many.matches(letter).count();
        assert!((110..310).contains(&count), "{letter}: {count}");
    }
}

#[test]
fn a_password_opens_its_services_until_its_last_day_is_over() {
    let folder = private_folder();
    let phone = new("phone", &["imap", "smtp"], Some(20_010));
    let laptop = new("laptop", &["imap"], None);
    for password in [&phone, &laptop] {
        AppPasswords::add(folder.path(), password.kept.clone()).unwrap();
    }
    let kept = read(folder.path());
    let judge = |typed: &str, service: &str, day: u64| {
        let judged = kept.judge(&secret(typed), service, noon(day));
        format!("{judged:?}").split(" {").next().unwrap().to_owned()
    };
    assert_eq!(judge(&phone.shown, "imap", 20_010), "Right(AppPassword");
    assert_eq!(judge(&phone.shown, "smtp", 20_000), "Right(AppPassword");
    assert_eq!(judge(&phone.shown, "imap", 20_011), "Ended(AppPassword");
    assert_eq!(
        judge(&phone.shown, "sshd", 20_000),
        "OfOtherServices(AppPassword"
    );
    assert_eq!(
        judge(&laptop.shown, "smtp", 20_000),
        "OfOtherServices(AppPassword"
    );
    assert_eq!(judge(&laptop.shown, "imap", 99_999), "Right(AppPassword");
    assert_eq!(judge("", "imap", 20_000), "Wrong");
    assert_eq!(
        judge(&new("x", &["imap"], None).shown, "imap", 20_000),
        "Wrong"
    );
}

#[test]
fn hyphens_blanks_and_case_do_not_count_and_everything_else_does() {
    let password = new("phone", &["imap"], None);
    let folder = private_folder();
    AppPasswords::add(folder.path(), password.kept.clone()).unwrap();
    let kept = read(folder.path());
    let is_right = |typed: &str| {
        let judged = kept.judge(&secret(typed), "imap", noon(20_000));
        matches!(judged, Judgement::Right(_))
    };
    let shown = password.shown.as_str();
    for typed in [
        shown.to_uppercase(),
        shown.replace('-', ""),
        shown.replace('-', " "),
        format!(" {shown} "),
    ] {
        assert!(is_right(&typed), "{typed}");
    }
    let letters = shown.replace('-', "");
    for typed in [
        letters.chars().skip(1).collect(),
        format!("{letters}a"),
        format!("{letters}123456"),
        shown.replace('-', "_"),
        format!("{letters}\0"),
    ] {
        assert!(!is_right(&typed), "{typed}");
    }
}

#[test]
fn of_many_that_are_added_at_once_none_is_lost() {
    let folder = private_folder();
    thread::scope(|scope| {
        for number in 0..24 {
            let path = folder.path();
            scope.spawn(move || {
                let password = new(&format!("app{number}"), &["imap"], None);
                AppPasswords::add(path, password.kept).unwrap();
            });
        }
    });
    assert_eq!(read(folder.path()).iter().count(), 24);
}

#[test]
fn a_label_is_taken_once_and_free_again_when_it_was_revoked() {
    let folder = private_folder();
    assert_eq!(AppPasswords::revoke(folder.path(), |_| true), Ok(0));
    assert!(!folder.path().join(".app-passwords.lock").exists());
    AppPasswords::add(folder.path(), new("phone", &["imap"], None).kept).unwrap();
    let again = AppPasswords::add(folder.path(), new("Phone", &["imap"], None).kept);
    assert!(matches!(again, Err(EditError::Refused(_))), "{again:?}");
    let revoked = AppPasswords::revoke(folder.path(), |password| password.label == "phone");
    assert_eq!(revoked, Ok(1));
    assert!(read(folder.path()).is_empty());
    AppPasswords::add(folder.path(), new("Phone", &["imap"], None).kept).unwrap();
}

#[test]
fn nobody_has_more_than_64() {
    let folder = private_folder();
    for number in 0..64 {
        let password = new(&format!("app{number}"), &["imap"], None);
        AppPasswords::add(folder.path(), password.kept).unwrap();
    }
    let one_more = AppPasswords::add(folder.path(), new("phone", &["imap"], None).kept);
    assert!(matches!(one_more, Err(EditError::Refused(_))));
}

#[test]
fn the_file_has_no_password_and_is_its_owners_alone() {
    let folder = private_folder();
    let password = new("phone", &["imap"], None);
    AppPasswords::add(folder.path(), password.kept).unwrap();
    let path = folder.path().join("app-passwords");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains(password.shown.as_str()));
    assert!(!text.contains(&password.shown.replace('-', "")));
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
}

#[test]
fn a_file_with_a_fault_is_refused() {
    let good = AppPasswords::parse("authchain-app-passwords 1\n").unwrap();
    assert!(good.is_empty());
    let folder = private_folder();
    AppPasswords::add(folder.path(), new("phone", &["imap"], Some(20_010)).kept).unwrap();
    let text = read(folder.path()).text();
    for (old, new, words) in [
        (
            "authchain-app-passwords 1",
            "authchain-app-passwords 2",
            "first line",
        ),
        (" imap", " ", "line 2 cannot be understood"),
        (" imap", " imap,", "line 2 cannot be understood"),
        (" imap", " IMAP", "line 2 cannot be understood"),
        (" phone -", " phone +1", "line 2 cannot be understood"),
        (" phone", " -", "line 2 cannot be understood"),
        (" 20010", " +20010", "line 2 cannot be understood"),
        (" 20010", "", "line 2 cannot be understood"),
    ] {
        assert!(text.contains(old), "{text}");
        let fault = AppPasswords::parse(&text.replacen(old, new, 1)).unwrap_err();
        assert!(fault.contains(words), "{fault}");
    }
}

#[test]
fn labels_and_services_are_words() {
    for (label, service) in [
        ("my phone", "imap"),
        ("", "imap"),
        ("-phone", "imap"),
        ("ph\u{f6}ne", "imap"),
        ("phone", ""),
        ("phone", "imap*"),
        ("phone", "IMAP"),
        ("phone", "a,b"),
        ("phone", "../imap"),
    ] {
        let made = NewAppPassword::new(label, None, &[service.to_owned()], 1, None);
        assert!(made.is_err(), "{label:?} {service:?}");
    }
    assert!(NewAppPassword::new("phone", None, &[], 1, None).is_err());
}

proptest! {
    // Each case waits for the disk.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_file_is_read_as_it_was_written(
        label in "[A-Za-z0-9][A-Za-z0-9._-]{0,30}",
        services in prop::collection::vec("[a-z0-9][a-z0-9._-]{0,10}", 1..4),
        uid: Option<u32>,
        created: u64,
        end: Option<u64>,
    ) {
        let new = NewAppPassword::new(&label, uid, &services, created, end).unwrap();
        let folder = private_folder();
        AppPasswords::add(folder.path(), new.kept.clone()).unwrap();
        let kept = read(folder.path());
        prop_assert_eq!(kept.iter().collect::<Vec<_>>(), [&new.kept]);
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "(authchain-app-passwords 1\n)?(?s).{0,80}") {
        let _ = AppPasswords::parse(&text);
    }
}
