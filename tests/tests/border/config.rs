//! A faulty configuration refuses everybody without a delay, and the log names the place of the
//! fault.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use authchain_tests::host::codes::SERVICE_ERR;
use authchain_tests::host::people::{ROSES_PASSWORD, scene};
use authchain_tests::host::scene::{Call, Phase, Report, Scene};
use authchain_tests::host::transaction::Transaction;
use authchain_tests::need;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

/// Plays the scene after `spoil` has done something to its configuration file.
fn spoiled(mut scene: Scene, spoil: impl FnOnce(&Path)) -> Report {
    scene.script.calls = [Phase::Authenticate, Phase::Account]
        .map(Call::new)
        .to_vec();
    let stage = Transaction::set(&scene);
    spoil(&stage.path().join("authchain.toml"));
    scene.script.process.dev_log = Some(stage.path().join("log"));
    stage.play(&scene)
}

/// The report must say that the configuration is broken, twice, without a question, and give `why` as the reason.
fn assert_refused(what: &str, report: &Report, why: &str) {
    assert_eq!(report.codes, [SERVICE_ERR; 2], "{what}: {report:#?}");
    assert_eq!(report.prompts, [""; 0], "{what}");
    assert_eq!(report.changes, [""; 0], "{what}");
    let line = |phase| {
        format!("ERR pam_authchain(stage:{phase}): the configuration cannot be used: {why}")
    };
    assert_eq!(report.log_lines, ["auth", "account"].map(line), "{what}");
}

fn rose() -> Scene {
    scene("rose", &[ROSES_PASSWORD])
}

#[test]
fn a_file_that_cannot_be_trusted_or_read_is_no_configuration() {
    if !need::root("border") {
        return;
    }
    type Spoil = fn(&Path);
    let cases: [(&str, Spoil, &str); 10] = [
        (
            "missing",
            |path| fs::remove_file(path).unwrap(),
            "{dir}/authchain.toml: no such file",
        ),
        (
            "a FIFO",
            |path| {
                fs::remove_file(path).unwrap();
                mkfifo(path, Mode::S_IRWXU).unwrap();
            },
            "{dir}/authchain.toml: a FIFO, not a regular file",
        ),
        (
            "a directory",
            |path| {
                fs::remove_file(path).unwrap();
                fs::create_dir(path).unwrap();
            },
            "{dir}/authchain.toml: a directory, not a regular file",
        ),
        (
            "huge, and not on the disk",
            |path| fs::File::create(path).unwrap().set_len(1 << 40).unwrap(),
            "{dir}/authchain.toml: larger than 1048576 bytes",
        ),
        (
            "somebody else's",
            |path| chown(path, Some(65534), None).unwrap(),
            "{dir}/authchain.toml: owned by user id 65534; it must belong to root",
        ),
        (
            "writable by a group",
            |path| fs::set_permissions(path, Permissions::from_mode(0o664)).unwrap(),
            "{dir}/authchain.toml: mode 0664 lets others write it; use chmod go-w",
        ),
        (
            "in a folder that everybody may write",
            |path| {
                let folder = path.parent().unwrap();
                fs::set_permissions(folder, Permissions::from_mode(0o777)).unwrap();
            },
            "{dir}: mode 0777 lets others replace what is in it; use chmod go-w",
        ),
        (
            "not text",
            |path| fs::write(path, b"chain = [\"local\"]\nmin_uid = \xff\n").unwrap(),
            "{dir}/authchain.toml:2:11: not UTF-8",
        ),
        (
            "a socket nobody listens at",
            |path| {
                fs::remove_file(path).unwrap();
                drop(std::os::unix::net::UnixListener::bind(path).unwrap());
            },
            "{dir}/authchain.toml: No such device or address (os error 6)",
        ),
        (
            "a link to itself",
            |path| {
                fs::remove_file(path).unwrap();
                std::os::unix::fs::symlink("authchain.toml", path).unwrap();
            },
            "{dir}/authchain.toml: Too many levels of symbolic links (os error 40)",
        ),
    ];
    for (what, spoil, why) in cases {
        assert_refused(what, &spoiled(rose(), spoil), why);
    }
}

#[test]
fn a_host_that_may_not_read_the_configuration_is_told_so() {
    if !need::root("border") {
        return;
    }
    let mut scene = rose();
    scene.script.process.uid = Some(65534);
    let report = spoiled(scene, |path| {
        fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    });
    assert_refused(
        "unreadable",
        &report,
        "{dir}/authchain.toml: permission denied",
    );
}

#[test]
fn a_fault_in_the_text_is_logged_with_its_place() {
    if !need::root("border") {
        return;
    }
    let cases = [
        (
            "deadlin = \"8s\"",
            "1:1: unknown key \"deadlin\" (did you mean \"deadline\"?)",
        ),
        (
            "[backend.local]\ntype = \"lokal\"",
            "2:8: unknown backend type \"lokal\" (did you mean \"local\"?); known types: local, ldap, active_directory, nis, app_passwords, plugin, totp",
        ),
        (
            "[backend.corp]\ntype = \"ldap\"\nbase = \"dc=x\"",
            "1:1: names no server; uris = [\"ldaps://ldap.example.com\"], or srv = \"example.com\"",
        ),
        (
            "[backend.corp]\ntype = \"ldap\"\nbase = \"dc=x\"\nuris = [\"http://x\"]",
            "4:8: \"http://x\" must begin with ldaps://, ldap:// or ldapi://",
        ),
        (
            "[backend.local]\ntype = \"local\"\npaswd = \"/x\"",
            "3:1: unknown key \"paswd\" (did you mean \"passwd\"?)",
        ),
        (
            "chain = [\"local\", \"corp\"]",
            "1:19: the chain names \"corp\", but there is no [backend.corp]",
        ),
        (
            "chain = [\"local\", \"local\"]",
            "1:19: the chain names \"local\" twice",
        ),
        ("chain = []", " the chain is empty: nobody could log in"),
        ("chain = [", "1:10: unclosed array, expected `]`"),
        // A path may contain a line feed, which is escaped in the log.
        ("\"a\\nb\" = 1", "1:1: unknown key \"a\\nb\""),
    ];
    for (text, why) in cases {
        let mut scene = rose();
        scene.config = Some(format!("{text}\n"));
        let report = spoiled(scene, |_| {});
        assert_refused(text, &report, &format!("{{dir}}/authchain.toml:{why}"));
    }
}

#[test]
fn a_configuration_that_was_cut_within_a_line_lets_nobody_in() {
    if !need::root("border") {
        return;
    }
    let report = spoiled(rose(), |file| {
        let text = std::fs::read_to_string(file).unwrap();
        std::fs::write(file, format!("{text}# cut")).unwrap();
    });
    let lines = report.log_lines.concat();
    assert_eq!(report.codes, [SERVICE_ERR; 2], "{report:#?}");
    assert!(
        lines.contains("the file ends in the middle of a line"),
        "{lines}"
    );
}

#[test]
fn an_argument_that_names_nothing_usable_is_refused_like_a_broken_file() {
    if !need::root("border") {
        return;
    }
    let cases = [
        (
            "chain=",
            "{dir}/authchain.toml: the chain names \"\", but there is no [backend.]",
        ),
        (
            "chain=local,corp",
            "{dir}/authchain.toml: the chain names \"corp\", but there is no [backend.corp]",
        ),
        (
            "chain=local,local",
            "{dir}/authchain.toml: the chain names \"local\" twice",
        ),
    ];
    for (argument, why) in cases {
        assert_refused(
            argument,
            &spoiled(rose().with_arguments(argument), |_| {}),
            why,
        );
    }
    let mut scene = rose().with_arguments("config=authchain.toml");
    scene.config = None;
    let report = spoiled(scene, |_| {});
    assert_refused(
        "relative",
        &report,
        "config=authchain.toml: not an absolute path",
    );
}
