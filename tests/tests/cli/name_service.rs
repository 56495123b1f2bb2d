//! What the command does where a source of the name service is configured and not there yet.

use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use authchain_tests::host::built;
use authchain_tests::namespace::own_mounts;
use authchain_tests::need;
use nix::mount::{MsFlags, mount};

/// A source that answers `ENOENT` as long as nobody has configured it, as extrausers does without
/// its files. The C library brings it along.
const NSSWITCH: &str = "passwd: files hesiod\n";

/// Gives this thread, and what it starts, this text for /etc/nsswitch.conf.
fn own_nsswitch() {
    own_mounts();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(NSSWITCH.as_bytes()).unwrap();
    let (path, nothing): (_, Option<&str>) = ("/etc/nsswitch.conf", None);
    mount(Some(file.path()), path, nothing, MsFlags::MS_BIND, nothing).unwrap();
}

/// Runs the command with this configuration file and standard input; returns what it said.
fn run(config: &std::path::Path, arguments: &[&str], input: &str) -> (Option<i32>, String) {
    let mut command = Command::new(built::command());
    command.arg("--config").arg(config).args(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn guests_are_added_and_let_in_where_a_source_of_the_name_service_is_not_there_yet() {
    if !need::root("a name service of one's own") {
        return;
    }
    let work = || {
        own_nsswitch();
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("authchain.toml");
        let state = folder.path().display();
        let text = format!(
            "chain = [\"guests\"]\nstate_dir = \"{state}\"\n[backend.guests]\ntype = \"local\"\n\
             passwd = \"{state}/passwd\"\nshadow = \"{state}/shadow\"\n"
        );
        std::fs::write(&config, text).unwrap();
        let password = "Correct-Horse!7\n";
        let (code, said) = run(&config, &["user", "add", "guest-test"], password);
        assert_eq!(code, Some(0), "{said}");
        let (code, said) = run(&config, &["test", "guest-test"], password);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("guest-test: guests: accepted"), "{said}");
    };
    thread::spawn(work).join().unwrap();
}
