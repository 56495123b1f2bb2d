//! `authchain check` on the configuration and the files it names.

use std::fs;
use std::os::unix::fs::symlink;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::fixture::{Fixture, GUESTS, finish, give_away, is_root};

/// Blocks in PEM form, of which nobody looks at the contents.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nYWI=\n-----END CERTIFICATE-----\n";
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nYWI=\n-----END PRIVATE KEY-----\n";

#[test]
fn a_sound_configuration_is_in_order() {
    let fixture = Fixture::with_alice();
    fixture
        .check()
        .expect(0, &["chain guests", "everything is in order"]);
}

#[test]
fn a_fault_in_the_text_is_shown_with_its_line_and_a_caret() {
    let cases = [
        ("colour = 1", "1:1: unknown key \"colour\""),
        ("dedline = \"5s\"", "did you mean \"deadline\"?"),
        (
            "[backend.x]\ntype = \"ldpa\"",
            "2:8: unknown backend type \"ldpa\"",
        ),
        (
            "[backend.x]\ntype = \"local\"\npaswd = \"/x\"",
            "did you mean \"passwd\"?",
        ),
        (
            "chain = [\"corp\"]",
            "1:10: the chain names \"corp\", but there is no",
        ),
        ("chain = []", "the chain is empty"),
        (
            "chain = [\"local\", \"local\"]",
            "1:19: the chain names \"local\" twice",
        ),
        ("chain = [", "unclosed array"),
        ("deadline = 8", "1:12: a duration such as"),
    ];
    Fixture::new("chain = [\"local\"]").check().expect(
        2,
        &["1:18: the file ends in the middle of a line", "1 error"],
    );
    for (text, expected) in cases {
        let run = Fixture::new(&format!("{text}\n"))
            .check()
            .expect(2, &["error: ", expected, "1 error"]);
        let is_about_the_file = text == "chain = []";
        assert!(
            is_about_the_file || run.out.contains(" | ^") || run.out.contains("^\n"),
            "{}",
            run.out
        );
    }
}

#[test]
fn a_file_that_cannot_be_a_configuration_is_an_error() {
    let fixture = Fixture::new("");
    let path = fixture.path("authchain.toml");
    let big = "#".repeat((1 << 20) + 1);
    let cases: [(&str, &dyn Fn()); 6] = [
        ("no such file", &|| {}),
        ("a directory", &|| fs::create_dir(&path).unwrap()),
        ("a FIFO", &|| {
            mkfifo(&path, Mode::from_bits_truncate(0o644)).unwrap();
        }),
        ("larger than 1048576 bytes", &|| {
            fs::write(&path, &big).unwrap();
        }),
        ("not UTF-8", &|| {
            fs::write(&path, b"a = 1\nb = \"\xff\"").unwrap();
        }),
        ("no such file", &|| {
            symlink("/nowhere/at/all", &path).unwrap();
        }),
    ];
    for (expected, put) in cases {
        let _ = fs::remove_file(&path);
        let _ = fs::remove_dir(&path);
        put();
        fixture.check().expect(2, &["error: ", expected]);
    }
}

#[test]
fn a_file_that_somebody_else_could_have_written_is_an_error() {
    let fixture = Fixture::new("");
    for mode in [0o664, 0o646, 0o666] {
        fixture.chmod("authchain.toml", mode);
        fixture.check().expect(2, &["lets others write it"]);
    }
    fixture.chmod("authchain.toml", 0o644);
    if is_root() {
        give_away(&fixture.path("authchain.toml"));
        fixture.check().expect(2, &["owned by user id 65534"]);
    }
}

#[test]
fn a_file_that_may_not_be_read_is_an_error() {
    if !is_root() {
        return;
    }
    let fixture = Fixture::new("");
    fixture.chmod("authchain.toml", 0o600);
    let mut command = fixture.command_of_nobody(&["check", "--pam-dir", "/nowhere"]);
    finish(&mut command, "").expect(2, &["permission denied"]);
}

#[test]
fn a_folder_that_others_may_write_is_an_error() {
    let fixture = Fixture::with_alice();
    fs::set_permissions(
        fixture.path(""),
        std::os::unix::fs::PermissionsExt::from_mode(0o777),
    )
    .unwrap();
    let fault = "mode 0777 lets others replace what is in it; use chmod go-w";
    fixture.check().expect(2, &["error", fault]);
}

#[test]
fn a_backend_that_cannot_open_its_files_is_an_error() {
    let fixture = Fixture::with_alice();
    fixture.chmod("shadow", 0o644);
    fixture
        .check()
        .expect(2, &["shadow", "backend guests cannot answer"]);
    fs::remove_file(fixture.path("shadow")).unwrap();
    fixture.check().expect(2, &["no such file"]);
}

#[test]
fn a_backend_outside_the_chain_only_warns() {
    let fixture = Fixture::with_alice();
    let more = "[backend.spare]\ntype = \"local\"\npasswd = \"/nowhere\"\nshadow = \"/nowhere\"\n";
    fixture.write("authchain.toml", &format!("{GUESTS}{more}"));
    fixture.check().expect(
        1,
        &["backend spare cannot answer", "spare is not in the chain"],
    );
}

#[test]
fn values_that_contradict_each_other_are_warnings() {
    let fixture = Fixture::with_alice();
    let config = format!("deadline = \"1s\"\nmin_uid = 2\nlog_unknown_users = true\n{GUESTS}");
    fixture.write("authchain.toml", &config);
    fixture.check().expect(
        1,
        &[
            "may take 3s, but the whole chain has 1s",
            "min_uid = 2",
            "log_unknown_users",
            "2 warnings",
        ],
    );
}

#[test]
fn a_min_uid_that_gives_system_accounts_away_is_an_error() {
    let fixture = Fixture::with_alice();
    for min_uid in ["0", "1"] {
        fixture.write("authchain.toml", &format!("min_uid = {min_uid}\n{GUESTS}"));
        fixture
            .check()
            .expect(2, &["daemon, bin and mail count as people"]);
    }
}

#[test]
fn a_missing_passwd_file_is_an_error() {
    let fixture = Fixture::with_alice();
    let config = format!("passwd_file = \"DIR/nowhere\"\n{GUESTS}");
    fixture.write("authchain.toml", &config);
    let expected = ["nowhere: no such file (setting `passwd_file`)"];
    fixture.check().expect(2, &expected);
    fixture.write("nowhere", "");
    fixture.check().expect(0, &["in order"]);
    fixture.chmod("nowhere", 0o666);
    let expected = ["lets others write it", "`passwd_file`"];
    fixture.check().expect(2, &expected);
}

#[test]
fn a_run_dir_that_others_can_write_is_a_warning() {
    let fixture = Fixture::with_alice();
    fs::create_dir(fixture.path("run")).unwrap();
    fixture.write(
        "authchain.toml",
        &format!("run_dir = \"DIR/run\"\n{GUESTS}"),
    );
    fixture.check().expect(0, &["in order"]);
    // The mode of /tmp.
    fixture.chmod("run", 0o1777);
    let expected = [
        "run: its mode 1777 lets others write it",
        "the module cannot remember there",
        "1 warning",
    ];
    fixture.check().expect(1, &expected);
    fixture.write(
        "authchain.toml",
        &format!("run_dir = \"DIR/run/inner\"\n{GUESTS}"),
    );
    fixture.check().expect(1, &["others could make it first"]);
}

#[test]
fn a_run_dir_that_is_a_file_or_cannot_be_made_is_a_warning() {
    let fixture = Fixture::with_alice();
    fixture.write("run", "");
    for (run_dir, expected) in [
        (
            "run",
            "run: it is no folder: the module cannot remember there which servers are down",
        ),
        (
            "run/inner",
            "run/inner: it cannot be made: a file stands where a folder above it should: the module cannot",
        ),
        (
            "nowhere/run",
            "it is not there, nor is the folder it would be made in: the module cannot",
        ),
    ] {
        let text = format!("run_dir = \"DIR/{run_dir}\"\n{GUESTS}");
        fixture.write("authchain.toml", &text);
        let so = "so each login waits for those servers again";
        fixture.check().expect(1, &[expected, so, "1 warning"]);
    }
}

#[test]
fn a_worker_user_that_is_a_persons_account_is_an_error() {
    let fixture = Fixture::with_alice();
    // Every system has this user.
    let config = format!("worker_user = \"bin\"\nmin_uid = 2\n{GUESTS}");
    fixture.write("authchain.toml", &config);
    fixture.check().expect(
        2,
        &["is somebody's account (its user id 2 is not below min_uid"],
    );
    fixture.write(
        "authchain.toml",
        &format!("worker_user = \"nobody\"\n{GUESTS}"),
    );
    fixture.check().expect(0, &["in order"]);
}

#[test]
fn a_dangerous_setting_of_a_domain_is_a_warning() {
    let fixture = Fixture::with_alice();
    let domain = "[backend.ad]\ntype = \"active_directory\"\ndomain = \"ad.example.com\"\n";
    let warning = "backend ad: tls_verify = \"none\": anyone may pose as the server";
    fixture.write("authchain.toml", &format!("{GUESTS}{domain}"));
    let run = fixture.check();
    assert!(!run.out.contains(warning), "{}", run.out);
    fixture.write(
        "authchain.toml",
        &format!("{GUESTS}{domain}tls_verify = \"none\"\n"),
    );
    fixture.check().expect(1, &[warning]);
}

#[test]
fn the_backends_that_are_asked_about_local_names_are_reported() {
    let fixture = Fixture::with_system();
    let run = fixture.check().expect(
        0,
        &[
            "note: ",
            "bob, dave, frank: the name belongs to this file",
            "and guests is not asked about it",
            "carol, erin: this file has no password for the name, which is left to guests",
        ],
    );
    for system in ["root", "daemon", "nobody"] {
        assert!(!run.out.contains(system), "{}", run.out);
    }
    let usual = fixture.read("authchain.toml");
    let both = usual.replace(", \"guests\"", ", \"guests\", \"ad\"");
    let domain = "[backend.ad]\ntype = \"active_directory\"\ndomain = \"ad.example.com\"\n";
    fixture.write(
        "authchain.toml",
        &format!("{both}{domain}uid = \"system\"\n"),
    );
    let run = fixture.check();
    for words in [
        "and guests, ad is not asked about it",
        "this file has no password for the name, which is left to guests: ",
        "carol, erin: ad is not asked about the name, since uid = \"system\" compares no user id",
    ] {
        assert!(run.out.contains(words), "{words}: {}", run.out);
    }
    fixture.write("authchain.toml", &usual);
    let entry = |number: u32| format!("m{number}::{}:1:::\n", number + 70_100);
    let many: String = (0..9).map(entry).collect();
    let passwd = fixture.read("etc/passwd");
    fixture.write("etc/passwd", &format!("{passwd}{many}"));
    let expected = ["bob, dave, frank, m0, m1 and 7 more: the name belongs"];
    fixture.check().expect(0, &expected);
    // A chain without other backends needs no report about names.
    let alone = fixture.read("authchain.toml").replace(", \"guests\"", "");
    fixture.write("authchain.toml", &alone);
    let run = fixture.check();
    assert!(!run.out.contains("the name belongs"), "{}", run.out);
}

#[test]
fn a_user_id_that_differs_from_the_systems_is_a_warning() {
    let fixture = Fixture::with_alice();
    let passwd = fixture.read("passwd");
    fixture.write(
        "passwd",
        &format!("{passwd}root:x:70007:0:::\nbob:x:0:0:::\n"),
    );
    fixture.check().expect(
        1,
        &[
            "root has user id 70007 here and 0 in the system",
            "bob has user id 0",
        ],
    );
}

#[test]
fn the_findings_are_printed_as_json_too() {
    let fixture = Fixture::new("deadline = \"8s\"\ncolour = 1");
    let json = fixture
        .run(&["check", "--json", "--pam-dir", "/nowhere"])
        .json();
    assert_eq!(json["status"], "errors");
    let finding = &json["findings"][0];
    assert_eq!(
        (&finding["line"], &finding["column"]),
        (&2.into(), &1.into())
    );
    assert_eq!(finding["severity"], "error");
}

#[test]
fn people_whose_password_can_never_match_are_a_warning() {
    let fixture = Fixture::with_alice();
    let (passwd, shadow) = (fixture.read("passwd"), fixture.read("shadow"));
    fixture.write("passwd", &format!("{passwd}no colon\nold:x:70001:1:::\n"));
    fixture.write(
        "shadow",
        &format!("{shadow}old:$1$saltsalt$NuzA7WTAelpl95xgBGWN60:1::::::\n"),
    );
    fixture.chmod("shadow", 0o600);
    let run = fixture.check().expect(
        1,
        &[
            "line 2: no entry, skipped",
            "no password will be accepted for old: md5crypt hashes are refused",
        ],
    );
    assert!(!run.out.contains("saltsalt"), "{}", run.out);
    fixture.write("authchain.toml", &format!("{GUESTS}weak_hashes = true\n"));
    fixture.write("passwd", &format!("{passwd}old:x:70001:1:::\n"));
    fixture.check().expect(0, &["everything is in order"]);
}

#[test]
fn what_a_backend_logs_itself_in_with_must_be_its_own_secret() {
    let fixture = Fixture::new(
        "chain = [\"local\"]\n[backend.corp]\ntype = \"ldap\"\nuris = [\"ldaps://a\"]\n\
         base = \"dc=x\"\ntls_ca_file = \"DIR/ca\"\nbind_dn = \"cn=a\"\nbind_password_file = \"DIR/secret\"\n\
         tls_cert = \"DIR/cert\"\ntls_key = \"DIR/key\"\n[backend.ad]\n\
         type = \"active_directory\"\ntls_ca_file = \"DIR/ca\"\ndomain = \"ad.example.com\"\nbind_dn = \"a@x\"\n\
         bind_password_file = \"DIR/ad.secret\"\n",
    );
    let said = || fixture.check().text();
    let missing = said();
    for words in [
        "ca: no such file (tls_ca_file: backend corp cannot answer)",
        "ca: no such file (tls_ca_file: backend ad cannot answer)",
        "secret: no such file (bind_password_file: backend corp cannot answer)",
        "cert: no such file (tls_cert: backend corp cannot answer)",
        "key: no such file (tls_key: backend corp cannot answer)",
        "ad.secret: no such file (bind_password_file: backend ad cannot answer)",
    ] {
        assert!(missing.contains(words), "{words}: {missing}");
    }
    fixture.write("ca", CERTIFICATE);
    let files = ["secret", "cert", "key", "ad.secret"];
    for (mode, faults) in [(0o644, 3), (0o640, 3), (0o666, 4), (0o600, 0)] {
        for file in files {
            fixture.write(file, &format!("{CERTIFICATE}{KEY}"));
            fixture.chmod(file, mode);
        }
        let said = said();
        let found = said.lines().filter(|line| line.contains("cannot answer"));
        assert_eq!(found.count(), faults, "{mode:o}: {said}");
        assert_eq!(said.contains("opens it to others"), faults > 0, "{said}");
    }
}

#[test]
fn a_missing_passwd_file_of_the_system_is_one_error_and_not_a_warning_for_everybody() {
    let fixture = Fixture::with_system();
    fs::remove_file(fixture.path("etc/passwd")).unwrap();
    fixture.write("passwd", "ann:x:10:1::/:/bin/sh\nben:x:11:1::/:/bin/sh\n");
    let run = fixture.check().expect(2, &["(setting `passwd_file`)"]);
    assert!(!run.text().contains("the system's own\n"), "{}", run.text());
}

#[test]
fn files_that_do_not_hold_what_they_should_are_errors_and_all_of_them_are_told() {
    let fixture = Fixture::new(
        "chain = [\"local\", \"corp\"]\n[backend.corp]\ntype = \"ldap\"\n\
         uris = [\"ldaps://a\"]\nbase = \"dc=x\"\ntls_ca_file = \"DIR/ca\"\nbind_dn = \"cn=a\"\n\
         bind_password_file = \"DIR/secret\"\ntls_cert = \"DIR/cert\"\ntls_key = \"DIR/key\"\n",
    );
    let put = |secret: &str, ca: &str, cert: &str, key: &str| {
        for (name, text) in [("secret", secret), ("ca", ca), ("cert", cert), ("key", key)] {
            fixture.write(name, text);
            fixture.chmod(name, 0o600);
        }
        fixture.check().text()
    };
    for (secret, expected) in [
        ("", "secret: it is empty (bind_password_file"),
        ("\r\n", "secret: it is empty (bind_password_file"),
        ("a\0b", "secret: the password in it has a NUL"),
        (
            &"x".repeat(512),
            "secret: the password in it is over 511 bytes long",
        ),
    ] {
        let text = put(secret, "", KEY, CERTIFICATE);
        for words in [
            expected,
            "ca: it is empty (tls_ca_file: backend corp cannot answer)",
            "cert: holds no certificate in PEM form (tls_cert: backend corp cannot answer)",
            "key: holds no private key in PEM form (tls_key: backend corp cannot answer)",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(!text.contains("a\0b") && !text.contains("xxxx"), "{text}");
    }
    let cut = put("x", &CERTIFICATE[..40], CERTIFICATE, KEY);
    assert!(
        cut.contains("ca: a certificate in it is cut short or no PEM"),
        "{cut}"
    );
    let text = put("x", CERTIFICATE, CERTIFICATE, KEY);
    assert!(!text.contains("cannot answer)"), "{text}");
    // Nothing is read that is not needed.
    let plain = "chain = [\"local\"]\n[backend.corp]\ntype = \"ldap\"\nbase = \"dc=x\"\n\
                 uris = [\"ldapi://%2frun%2fldapi\"]\ntls_ca_file = \"DIR/nowhere\"\n";
    fixture.write("authchain.toml", plain);
    let text = fixture.check().text();
    assert!(!text.contains("tls_ca_file"), "{text}");
}

#[test]
fn every_fault_of_the_text_is_told_and_not_the_first_alone() {
    let fixture = Fixture::new(
        "deadline = \"0s\"\nchain = [\"corp\"]\n[backend.corp]\ntype = \"ldap\"\n\
         uris = \"ldaps://a\"\nbase = \"x\"\nmin_uid = 5\n[backend.town]\ntype = \"nis\"\n\
         [backend.other]\ntype = \"lap\"\n[backend.files]\ntype = \"local\"\npasswd = \"/a\"\n",
    );
    fixture.check().expect(
        2,
        &[
            "1:12: must be longer than nothing",
            "5:8: a list such as [\"a\", \"b\"] belongs here, not \"ldaps://a\"",
            "6:8: ",
            "7:1: the key \"min_uid\" does not belong here: move it to the top",
            "8:1: ",
            "11:8: unknown backend type \"lap\" (did you mean \"ldap\"?)",
            "14:10: passwd and shadow belong together",
            "7 errors",
        ],
    );
}

#[test]
fn a_deadline_that_hardly_helps_or_outlasts_the_program_is_a_warning() {
    let with = |deadline: &str| {
        let fixture = Fixture::with_alice();
        fixture.write(
            "authchain.toml",
            &format!("deadline = \"{deadline}\"\n{GUESTS}"),
        );
        fixture.check()
    };
    with("8s").expect(0, &["in order"]);
    with("90s").expect(
        1,
        &["deadline = 90s: ", "login(1) gives up after 60 seconds"],
    );
}
