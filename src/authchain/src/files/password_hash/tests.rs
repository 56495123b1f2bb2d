use proptest::prelude::*;

use super::digest::equal;
use super::*;

pub(super) const PASSWORD: &[u8] = b"correct horse";

/// Made with crypt(3) of libxcrypt 4.4.33 from [`PASSWORD`].
pub(super) const VECTORS: &[&str] = &[
    "abhfCpXqd4GrI",
    "_J9..SDSDK4tlpJ87go.",
    "$1$saltsalt$NuzA7WTAelpl95xgBGWN60",
    "$1$$IfI/mw4YSCwcQoW.D.DSu1",
    "$md5$saltsalt$$nSdFLZqyU9njpMG3FhJsD0",
    "$md5,rounds=100$saltsalt$$q88IIAyAdrhjr0PiOMwir/",
    "$sha1$40000$saltsalt$Gfaj8GiG/0TFhwyxC4WnXzRAyGlA",
    "$3$$cfc43211ba8dc470832267827cac1407",
    "$2a$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2",
    "$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2",
    "$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
    "$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/",
    "$5$rounds=1000$saltsalt$R6e4P8ccT9iMqkYg7Z8YtpId/lfsIfnuPkp8WXposU8",
    "$5$$SCAp760RlvU0CgD9TQAY9wchWGPvPJ8P8S7gF/3F/S0",
    "$6$saltsalt$hRM5XZ86KXEw9UOmjigeVqFgULtFB2sgpC9lXQDfMib3Zgw7mEiUvBJI2EplzfAqxL5Vvwp2scFtv/uamSo5z0",
    "$6$rounds=1000$a.verylongsaltmo$pygZM3wKux5Re6hyjqmskXT1dsHHFirUumVbFu0nx0zigmiN56QEzm9BUlDYwL/s1Aib3PX7W4ymYWBYFPf2V1",
    "$7$CU..../....SodiumChloride$Yw7JGvjxkSv2Fvi7sJpBeLiTTtUGxnbZZs6HOj7nC3/",
    "$y$j9T$saltsalt$IFUVMd9IZg.1qt0VDKUmwCd8zfLLrtDA9mffjiD5skD",
    "$y$j75$saltsaltsalt$zQziiNee/3jd.PJJvsNgy7GH5uO3HbsUNcQ3Jsopj2B",
    "$y$j7T/.$saltsalt$XDF6X2gGptIgXJ64ZnptYPe9K8mGs1ig7KFUndmZkt1",
    "$gy$j75$saltsalt$Xm9A06cSx8F8nMilXIOZasjGmTGYYPpDSSFrTJ5xad2",
];

/// From the test program of the argon2 reference implementation (src/test.c).
const ARGON2_VECTORS: &[(&str, &str)] = &[
    (
        "password",
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    ),
    (
        "password",
        "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
    ),
    (
        "password",
        "$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
    ),
];

fn secret(bytes: impl AsRef<[u8]>) -> Secret {
    Secret::new(bytes.as_ref().to_vec())
}

fn all_vectors() -> impl Iterator<Item = (&'static [u8], &'static str)> {
    let crypt = VECTORS.iter().map(|&stored| (PASSWORD, stored));
    let argon2 = ARGON2_VECTORS.iter();
    crypt.chain(argon2.map(|&(password, stored)| (password.as_bytes(), stored)))
}

#[test]
fn the_right_password_matches_with_every_method() {
    for (password, stored) in all_vectors() {
        assert_eq!(
            verify(&secret(password), stored.as_bytes(), true),
            Ok(true),
            "{stored}"
        );
    }
}

#[test]
fn a_wrong_password_matches_with_no_method() {
    for (_, stored) in all_vectors() {
        for wrong in ["", "Correct horse", "correc", stored] {
            assert_eq!(
                verify(&secret(wrong), stored.as_bytes(), true),
                Ok(false),
                "{stored}"
            );
        }
    }
}

#[test]
fn a_hash_cut_short_is_refused_wherever_it_is_cut() {
    for (password, stored) in all_vectors() {
        // An argon2 digest may have any length from 16 bytes on, but a cut digest is not the digest
        // of that length.
        for length in 0..stored.len() {
            let cut = &stored.as_bytes()[..length];
            assert_ne!(
                verify(&secret(password), cut, true),
                Ok(true),
                "{stored} at {length}"
            );
        }
        let longer = format!("{stored}.");
        assert_ne!(
            verify(&secret(password), longer.as_bytes(), true),
            Ok(true),
            "{stored}"
        );
    }
}

#[test]
fn weak_methods_are_refused_by_name_until_they_are_allowed() {
    let refusal = |stored: &str| verify(&secret(PASSWORD), stored.as_bytes(), false).unwrap_err();
    assert_eq!(
        refusal(VECTORS[0]).to_string(),
        "the hash is descrypt, refused unless weak_hashes = true"
    );
    for stored in &VECTORS[..8] {
        assert!(matches!(refusal(stored), HashError::Weak(_)), "{stored}");
    }
    for stored in &VECTORS[8..] {
        assert_eq!(
            verify(&secret(PASSWORD), stored.as_bytes(), false),
            Ok(true),
            "{stored}"
        );
    }
}

#[test]
fn a_cost_over_its_limit_is_refused_before_any_hash_runs() {
    let bombs = [
        (
            "$5$rounds=1000001$salt$",
            "rounds=1000001 is over the limit of 1000000",
        ),
        (
            "$6$rounds=999999999$salt$",
            "rounds=999999999 is over the limit of 1000000",
        ),
        ("$2b$15$", "cost=15 is over the limit of 14"),
        ("$2y$31$", "cost=31 is over the limit of 14"),
        (
            "$y$jET$salt$",
            "memory_kib=524288 is over the limit of 262144",
        ),
        (
            "$gy$jFT$salt$",
            "memory_kib=1048576 is over the limit of 262144",
        ),
        (
            "$7$FU..../....salt$",
            "memory_kib=524288 is over the limit of 262144",
        ),
        (
            "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$",
            "m=4194304 is over the limit of 262144",
        ),
        (
            "$argon2id$v=19$m=64,t=4294967295,p=1$c29tZXNhbHQ$",
            "t=4294967295 is over the limit of 16",
        ),
        (
            "$md5,rounds=4000000000$salt$$",
            "rounds=4000000000 is over the limit of 1000000",
        ),
        (
            "$sha1$4294967295$salt$",
            "rounds=4294967295 is over the limit of 1000000",
        ),
        (
            "_zzzzSDSDK4tlpJ87go.",
            "rounds=16777215 is over the limit of 1000000",
        ),
    ];
    for (stored, message) in bombs {
        let error = verify(&secret(PASSWORD), stored.as_bytes(), true).unwrap_err();
        assert_eq!(error.to_string(), message, "{stored}");
    }
    let long = [b"$6$".as_slice(), &[b'a'; 400]].concat();
    assert_eq!(
        verify(&secret(PASSWORD), &long, true)
            .unwrap_err()
            .to_string(),
        "length=403 is over the limit of 384"
    );
}

#[test]
fn what_is_no_hash_of_a_known_method_is_unknown() {
    for stored in [
        "",
        "*",
        "!",
        "x",
        "!!",
        "!!$6$salt$x",
        "*LK*",
        "*0",
        "*1",
        "$",
        "$$",
        "$9$salt$x",
        "$2x$05$a",
        "NP",
        "abhfCpXqd4GrI ",
        "abhfCpXqd4Gr:",
        "$apr1$salt$x",
        "\u{e4}\u{f6}",
    ] {
        assert_eq!(
            verify(&secret(PASSWORD), stored.as_bytes(), true),
            Err(HashError::Unknown),
            "{stored}"
        );
    }
    assert_eq!(
        verify(&secret(PASSWORD), &[b'A'; 1 << 20], true),
        Err(HashError::Unknown)
    );
}

#[test]
fn what_has_a_prefix_and_not_the_form_is_malformed() {
    for stored in [
        "$6$",
        "$6$salt",
        "$6$salt$",
        "$6$rounds=$salt$x",
        "$6$rounds=10$saltsalt$x",
        "$6$rounds=05000$salt$x",
        "$6$rounds=-1$salt$x",
        "$5$salt$x",
        "$2b$",
        "$2b$05$",
        "$2b$5$abc",
        "$2b$03$abc",
        "$2b$xx$abc",
        "$y$",
        "$y$j9T",
        "$y$j9T$",
        "$y$j9T$salt$",
        "$gy$",
        "$7$",
        "$7$CU..",
        "$1$",
        "$md5$",
        "$md5,",
        "$sha1$",
        "$sha1$0$salt$x",
        "$3$",
        "$3$$",
        "$argon2id$",
        "$argon2id$v=19$",
        "_",
        "_J9..",
    ] {
        let result = verify(&secret(PASSWORD), stored.as_bytes(), true);
        assert!(
            matches!(result, Err(HashError::Malformed(_))),
            "{stored}: {result:?}"
        );
    }
    // One character over what the method's salt or digest may have.
    let sha512 = VECTORS[14].replace("saltsalt", "seventeen.letters");
    assert_eq!(
        verify(&secret(PASSWORD), sha512.as_bytes(), true),
        Err(HashError::Malformed(Method::Sha512crypt))
    );
}

#[test]
fn an_argon2_digest_under_16_bytes_is_refused() {
    // 15 bytes are 20 digits; the crate would compute and compare as many.
    let short = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4r";
    assert_eq!(
        verify(&secret("password"), short.as_bytes(), true),
        Err(HashError::Malformed(Method::Argon2))
    );
}

#[test]
fn a_password_that_is_too_long_or_has_a_nul_never_matches() {
    // The hash of 511 letters. A longer password would match it if it were cut.
    let phrase = std::ffi::CString::new([b'a'; MAX_PASSWORD]).unwrap();
    let stored = crypt::crypt(&phrase, b"$5$rounds=1000$saltsalt$").unwrap();
    assert_eq!(verify(&secret([b'a'; 511]), &stored, false), Ok(true));
    assert_eq!(verify(&secret([b'a'; 512]), &stored, false), Ok(false));
    assert_eq!(
        verify(&secret(vec![b'a'; 100_000]), &stored, false),
        Ok(false)
    );
    let with_nul = [PASSWORD, b"\0"].concat();
    assert_eq!(
        verify(&secret(&with_nul), VECTORS[8].as_bytes(), false),
        Ok(false)
    );
    // A password with a NUL does not even match the hash of the bytes that are hashed in its place.
    let stored = crypt::crypt(c"a\x01b", b"$5$rounds=1000$saltsalt$").unwrap();
    assert_eq!(verify(&secret(b"a\0b"), &stored, false), Ok(false));
}

#[test]
fn bytes_that_are_not_utf8_are_a_password_like_any_other() {
    let phrase = std::ffi::CString::new(b"p\xfc\xff".to_vec()).unwrap();
    let stored = crypt::crypt(&phrase, b"$5$rounds=1000$saltsalt$").unwrap();
    assert_eq!(verify(&secret(b"p\xfc\xff"), &stored, false), Ok(true));
}

/// The vectors that cost little, so that some hundred of them may run.
const CHEAP: &[usize] = &[0, 1, 2, 4, 7, 8, 10, 12, 15, 18];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn arbitrary_bytes_never_match_and_never_panic(
        stored in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        prop_assert!(verify(&secret(PASSWORD), &stored, true) != Ok(true));
    }

    #[test]
    fn arbitrary_text_behind_a_prefix_never_matches(
        prefix in proptest::sample::select(vec!["$5$", "$6$", "$2b$04$", "$y$", "$gy$", "$7$", "$1$", "$md5", "$sha1$", "$3$", "_", "$argon2id$"]),
        rest in "[./0-9A-Za-z$=,v]{0,90}",
    ) {
        let stored = format!("{prefix}{rest}");
        prop_assert!(verify(&secret(PASSWORD), stored.as_bytes(), true) != Ok(true));
    }

    #[test]
    fn a_hash_with_one_byte_changed_never_matches(
        vector in proptest::sample::select(CHEAP.to_vec()),
        at in any::<proptest::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut stored = VECTORS[vector].as_bytes().to_vec();
        let tail = cost_of(&stored).unwrap().1.len();
        let at = tail + at.index(stored.len() - tail);
        prop_assume!(stored[at] != byte);
        stored[at] = byte;
        prop_assert!(verify(&secret(PASSWORD), &stored, true) != Ok(true));
    }

    #[test]
    fn bytes_are_equal_only_to_themselves(
        a in proptest::collection::vec(any::<u8>(), 0..20),
        b in proptest::collection::vec(any::<u8>(), 0..20),
    ) {
        prop_assert_eq!(equal(&a, &b), a == b);
        prop_assert!(equal(&a, &a));
    }
}
