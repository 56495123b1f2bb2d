//! Tests of the codes of RFC 6238 and of the file.

use proptest::prelude::*;

use super::*;
use crate::words::Secret;

/// RFC 6238, appendix B: the time in seconds, and the codes of SHA-1, SHA-256 and SHA-512.
const VECTORS: [(u64, [u32; 3]); 6] = [
    (59, [94_287_082, 46_119_246, 90_693_936]),
    (1_111_111_109, [7_081_804, 68_084_774, 25_091_201]),
    (1_111_111_111, [14_050_471, 67_062_674, 99_943_326]),
    (1_234_567_890, [89_005_924, 91_819_424, 93_441_116]),
    (2_000_000_000, [69_279_037, 90_698_825, 38_618_901]),
    (20_000_000_000, [65_353_130, 77_737_706, 47_863_826]),
];

#[test]
fn the_codes_are_those_of_the_rfc() {
    let seed = b"1234567890".repeat(7);
    for (time, codes) in VECTORS {
        for ((hash, length), code) in CodeHash::ALL.into_iter().zip([20, 32, 64]).zip(codes) {
            let computed = hash.code(&seed[..length], time / 30).unwrap() % 100_000_000;
            assert_eq!(computed, code, "{} at {time}", hash.name());
        }
    }
}

#[test]
fn the_file_is_read_as_it_was_written() {
    let mut authenticator = Authenticator::new(CodeHash::Sha256, 8).unwrap();
    let codes = NewRecoveryCodes::new().unwrap();
    authenticator.recovery = codes.kept;
    let folder = tempfile::tempdir().unwrap();
    assert!(Authenticator::read(folder.path()).unwrap().is_none());
    assert!(authenticator.write_new(folder.path()).unwrap());
    assert!(
        !authenticator.write_new(folder.path()).unwrap(),
        "it is there"
    );
    let read = Authenticator::read(folder.path()).unwrap().unwrap();
    assert_eq!(read.secret.expose(), authenticator.secret.expose());
    assert_eq!(
        (read.hash, read.digits, read.period),
        (CodeHash::Sha256, 8, 30)
    );
    assert_eq!(read.recovery, authenticator.recovery);
    let typed = codes.shown[3].to_lowercase().replace('-', " ");
    assert_eq!(read.recovery.place_of(typed.as_bytes()), Some(3));
    assert_eq!(read.recovery.place_of(b"AAAAA-AAAAA"), None);
    let entries = std::fs::read_dir(folder.path()).unwrap();
    assert_eq!(entries.count(), 1, "nothing else is left");
}

#[test]
fn a_file_with_a_fault_is_refused_and_the_secret_is_not_in_the_words() {
    let good = Authenticator::new(CodeHash::Sha1, 6).unwrap().text();
    for (old, new, words) in [
        ("authchain-totp 1", "authchain-totp 2", "first line"),
        ("secret ", "secret 1", "line 2 cannot be understood"),
        ("SHA1", "MD5", "line 3 cannot be understood"),
        ("digits 6", "digits 5", "no usable line \"digits\""),
        ("period 30", "period 0", "no usable line \"period\""),
        ("period 30", "nothing", "line 5 cannot be understood"),
        ("recovery-salt", "recovery", "line 6 cannot be understood"),
    ] {
        let text = good.replacen(old, new, 1);
        let fault = Authenticator::parse(&text).err().unwrap();
        assert!(fault.contains(words), "{fault}");
    }
}

#[test]
fn a_short_secret_is_none() {
    assert!(Authenticator::secret_of("JBSWY3DPEHPK3PXP").is_some());
    assert!(Authenticator::secret_of("JBSWY3DPEHPK3PX").is_none());
    assert!(Authenticator::secret_of("jbswy3dpehpk3pxp").is_none());
}

#[test]
fn an_address_has_no_character_that_would_end_it() {
    let authenticator = Authenticator {
        secret: Secret::new(b"0123456789".to_vec()),
        hash: CodeHash::Sha1,
        digits: 6,
        period: 30,
        recovery: RecoveryCodes::default(),
    };
    let address = authenticator.address("mail & more", "al?ce@x");
    assert_eq!(
        address.as_str(),
        "otpauth://totp/mail%20%26%20more:al%3Fce%40x?secret=GAYTEMZUGU3DOOBZ\
         &issuer=mail%20%26%20more&algorithm=SHA1&digits=6&period=30"
    );
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "(authchain-totp 1\n)?(?s).{0,80}") {
        let _ = Authenticator::parse(&text);
    }
}

#[test]
fn a_pending_authenticator_is_none_that_a_login_reads() {
    let folder = tempfile::tempdir().unwrap();
    let authenticator = Authenticator::new(CodeHash::Sha1, 6).unwrap();
    PendingAuthenticator::write(&authenticator, folder.path()).unwrap();
    assert!(Authenticator::read(folder.path()).unwrap().is_none());
    let pending = PendingAuthenticator::read(folder.path()).unwrap().unwrap();
    let secret = pending.authenticator.secret;
    assert_eq!(secret.expose(), authenticator.secret.expose());
    assert!(PendingAuthenticator::remove(folder.path()).unwrap());
    assert!(!PendingAuthenticator::remove(folder.path()).unwrap());
}

#[test]
fn codes_of_another_program_have_a_salt_of_their_own() {
    let mut codes = RecoveryCodes::without_codes().unwrap();
    codes.add("12345678");
    assert_eq!(codes.place_of(b"1234 5678"), Some(0));
    assert_ne!(codes.set(), RecoveryCodes::without_codes().unwrap().set());
}
