//! `authchain check` on the configuration and the files it names.

use std::fs;
use std::os::unix::fs::symlink;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::house::{GUESTS, House, finish, give_away, is_root};

#[test]
fn a_configuration_in_order_is_told_so() {
    let house = House::with_alice();
    house
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
        ("deadline = 8", "1:12: invalid type"),
    ];
    for (text, expected) in cases {
        let run = House::new(text)
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
    let house = House::new("");
    let path = house.path("authchain.toml");
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
        house.check().expect(2, &["error: ", expected]);
    }
}

#[test]
fn a_file_that_somebody_else_could_have_written_is_an_error() {
    let house = House::new("");
    for mode in [0o664, 0o646, 0o666] {
        house.chmod("authchain.toml", mode);
        house.check().expect(2, &["lets others write it"]);
    }
    house.chmod("authchain.toml", 0o644);
    if is_root() {
        give_away(&house.path("authchain.toml"));
        house.check().expect(2, &["owned by user id 65534"]);
    }
}

#[test]
fn a_file_that_may_not_be_read_is_an_error() {
    if !is_root() {
        return;
    }
    let house = House::new("");
    house.chmod("authchain.toml", 0o600);
    let mut command = house.command_of_nobody(&["check", "--pam-dir", "/nowhere"]);
    finish(&mut command, "").expect(2, &["permission denied"]);
}

#[test]
fn a_folder_that_others_may_write_is_an_error() {
    let house = House::with_alice();
    fs::set_permissions(
        house.path(""),
        std::os::unix::fs::PermissionsExt::from_mode(0o777),
    )
    .unwrap();
    let fault = "mode 0777 lets others replace what is in it; use chmod go-w";
    house.check().expect(2, &["error", fault]);
}

#[test]
fn a_backend_that_cannot_open_its_files_is_an_error() {
    let house = House::with_alice();
    house.chmod("shadow", 0o644);
    house
        .check()
        .expect(2, &["shadow", "backend guests cannot answer"]);
    fs::remove_file(house.path("shadow")).unwrap();
    house.check().expect(2, &["no such file"]);
}

#[test]
fn a_backend_outside_the_chain_only_warns() {
    let house = House::with_alice();
    let more = "[backend.spare]\ntype = \"local\"\npasswd = \"/nowhere\"\nshadow = \"/nowhere\"\n";
    house.write("authchain.toml", &format!("{GUESTS}{more}"));
    house.check().expect(
        1,
        &["backend spare cannot answer", "spare is not in the chain"],
    );
}

#[test]
fn values_that_do_not_go_together_are_warnings() {
    let house = House::with_alice();
    let config = format!("deadline = \"1s\"\nmin_uid = 0\nlog_unknown_users = true\n{GUESTS}");
    house.write("authchain.toml", &config);
    house.check().expect(
        1,
        &[
            "may take 3s, but the whole chain has 1s",
            "min_uid = 0",
            "log_unknown_users",
            "2 warnings",
        ],
    );
}

#[test]
fn a_name_that_means_somebody_else_in_the_system_is_a_warning() {
    let house = House::with_alice();
    let passwd = house.read("passwd");
    house.write(
        "passwd",
        &format!("{passwd}root:x:70007:0:::\nbob:x:0:0:::\n"),
    );
    house.check().expect(
        1,
        &[
            "root has user id 70007 here and 0 in the system",
            "bob has user id 0",
        ],
    );
}

#[test]
fn scripts_get_the_same_as_json() {
    let house = House::new("deadline = \"8s\"\ncolour = 1");
    let json = house
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
    let house = House::with_alice();
    let (passwd, shadow) = (house.read("passwd"), house.read("shadow"));
    house.write("passwd", &format!("{passwd}no colon\nold:x:70001:1:::\n"));
    house.write(
        "shadow",
        &format!("{shadow}old:$1$saltsalt$NuzA7WTAelpl95xgBGWN60:1::::::\n"),
    );
    house.chmod("shadow", 0o600);
    let run = house.check().expect(
        1,
        &[
            "line 2: no entry, skipped",
            "no password will be accepted for old: md5crypt hashes are refused",
        ],
    );
    assert!(!run.out.contains("saltsalt"), "{}", run.out);
    house.write("authchain.toml", &format!("{GUESTS}weak_hashes = true\n"));
    house.write("passwd", &format!("{passwd}old:x:70001:1:::\n"));
    house.check().expect(0, &["everything is in order"]);
}
