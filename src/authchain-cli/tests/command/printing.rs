//! Help, schema, completions, and where output goes.

use std::fs::{File, OpenOptions};
use std::io::Read;

use nix::pty::openpty;
use nix::unistd::pipe;

use crate::fixture::{Fixture, GUESTS};

#[test]
fn a_closed_pipe_causes_no_panic_and_no_other_exit_code() {
    let fixture = Fixture::new(GUESTS);
    for arguments in [
        &["describe"][..],
        &["schema"],
        &["--help"],
        &["completions", "bash"],
    ] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let mut command = fixture.command(arguments);
        let output = command.stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_full_disk_is_trouble() {
    let fixture = Fixture::new(GUESTS);
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = fixture
        .command(&["describe"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn colours_are_for_terminals_without_no_color() {
    let fixture = Fixture::new(GUESTS);
    let run = fixture.run(&["describe"]).expect(0, &["chain"]);
    assert!(!run.out.contains('\u{1b}'));
    assert!(on_a_terminal(&fixture, None).contains('\u{1b}'));
    assert!(!on_a_terminal(&fixture, Some("1")).contains('\u{1b}'));
}

fn on_a_terminal(fixture: &Fixture, no_color: Option<&str>) -> String {
    let pair = openpty(None, None).unwrap();
    let mut command = fixture.command(&["describe", "local"]);
    command.env_remove("NO_COLOR").env("TERM", "xterm");
    if let Some(value) = no_color {
        command.env("NO_COLOR", value);
    }
    let mut child = command.stdout(File::from(pair.slave)).spawn().unwrap();
    drop(command);
    let mut shown = Vec::new();
    // The reading ends in an error when the last writer has closed the terminal.
    let _ = File::from(pair.master).read_to_end(&mut shown);
    assert!(child.wait().unwrap().success());
    String::from_utf8(shown).unwrap()
}

#[test]
fn every_help_page_has_examples_or_exit_codes() {
    let fixture = Fixture::new(GUESTS);
    fixture
        .run(&["--help"])
        .expect(0, &["Examples:", "Exit codes:"]);
    for command in ["check", "test", "lookup", "user"] {
        fixture
            .run(&[command, "--help"])
            .expect(0, &["Examples:", "Exit codes:"]);
    }
    for command in ["hash", "describe"] {
        fixture.run(&[command, "--help"]).expect(0, &["Examples:"]);
    }
}

#[test]
fn wrong_usage_is_trouble() {
    let fixture = Fixture::new(GUESTS);
    fixture.run(&["colour"]).expect(2, &["colour"]);
    fixture.run(&["test"]).expect(2, &["<USER>"]);
    fixture
        .run(&["describe", "ldpa"])
        .expect(2, &["local, ldap, active_directory, nis"]);
}

#[test]
fn the_schema_is_json_and_every_shell_has_completions() {
    let fixture = Fixture::new(GUESTS);
    let schema = fixture.run(&["schema"]).json();
    assert_eq!(schema["properties"]["min_uid"]["default"], 1000);
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        fixture
            .run(&["completions", shell])
            .expect(0, &["authchain"]);
    }
}

#[test]
fn completions_know_the_types_and_no_hidden_option() {
    let fixture = Fixture::new(GUESTS);
    for shell in ["bash", "fish", "zsh"] {
        let run = fixture.run(&["completions", shell]);
        let run = run.expect(0, &["online", "active_directory"]);
        for hidden in ["--man", "-l man"] {
            assert!(!run.out.contains(hidden), "{hidden} in {shell}");
        }
    }
}

#[test]
fn fish_completes_the_files_of_plugins() {
    let fixture = Fixture::new(GUESTS);
    let words = [
        "using_subcommand plugin-test\" -F\n",
        "using_subcommand test\" -f -a",
    ];
    fixture.run(&["completions", "fish"]).expect(0, &words);
}

#[test]
fn a_type_is_described_with_its_own_and_the_common_keys() {
    let fixture = Fixture::new(GUESTS);
    fixture
        .run(&["describe", "local"])
        .expect(0, &["weak_hashes", "on_denied", "timeout = \"3s\""]);
}
