//! The shipped stacks agree with one another, and pages quote them exactly.

use std::fs;
use std::path::PathBuf;

use authchain_tests::real::stacks::{
    COMMON_ACCOUNT, COMMON_AUTH, COMMON_PASSWORD, COMMON_SESSION, ONE_SERVICE, SCREEN_LOCKER, TRY,
};

use crate::walls::root;

/// The lines of a text that libpam reads, without comments.
fn lines(text: &str) -> Vec<&str> {
    let read = |line: &&str| !line.is_empty() && !line.starts_with('#');
    text.lines().filter(read).collect()
}

fn of_type<'t>(facility: &str, text: &'t str) -> Vec<&'t str> {
    let mut lines = lines(text);
    lines.retain(|line| line.split_whitespace().next() == Some(facility));
    lines
}

fn pages() -> Vec<PathBuf> {
    let folders = ["", "docs", "man", "conf", "packaging"].map(|folder| root().join(folder));
    let files = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap());
    let paths = files.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.is_file()).collect()
}

/// The runs of stack lines on a page that contain authchain.
fn quotes(page: &str) -> Vec<Vec<&str>> {
    let is_line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.len() > 2
            && ["auth", "account", "password", "session"].contains(&words[0])
            && words.iter().any(|word| word.ends_with(".so"))
    };
    let mut runs = vec![Vec::new()];
    for line in page.lines().map(str::trim) {
        if is_line(line) {
            runs.last_mut().unwrap().push(line);
        } else {
            runs.push(Vec::new());
        }
    }
    runs.retain(|run| run.iter().any(|line| line.contains("pam_authchain.so")));
    runs
}

#[test]
fn the_block_is_the_same_in_every_stack_we_ship() {
    for (facility, common) in [("auth", COMMON_AUTH), ("account", COMMON_ACCOUNT)] {
        assert_eq!(of_type(facility, ONE_SERVICE), lines(common));
    }
    let comment = |text: &'static str| text.split_once("# Line 1: ").unwrap().1;
    let explained = comment(COMMON_AUTH);
    assert!(comment(ONE_SERVICE).starts_with(explained));
    // `auth` and `account` handle failures alike, except for the code that only `account` has.
    let account = lines(COMMON_ACCOUNT).join("\n");
    let account = account.replace(" new_authtok_reqd=done", "");
    let codes = |text: &str| {
        text.lines()
            .next()
            .unwrap()
            .split_once('[')
            .unwrap()
            .1
            .to_owned()
    };
    assert_eq!(codes(&account), codes(&lines(COMMON_AUTH).join("\n")));
}

#[test]
fn every_line_of_authchain_that_we_ship_names_the_configuration() {
    let password = COMMON_PASSWORD.replace("use_authtok config=", "config=");
    let texts = [
        COMMON_AUTH,
        COMMON_ACCOUNT,
        &password,
        COMMON_SESSION,
        ONE_SERVICE,
        TRY,
        SCREEN_LOCKER,
    ];
    for text in texts {
        // A locker reads another one than the programs of root.
        let name = match text == SCREEN_LOCKER {
            true => "screen-locker",
            false => "authchain",
        };
        let mut ours = lines(text);
        ours.retain(|line| line.contains("pam_authchain.so"));
        assert!(!ours.is_empty(), "{text}");
        for line in ours {
            let configuration = format!("pam_authchain.so config=/etc/authchain/{name}.toml");
            assert!(line.ends_with(&configuration), "{line}");
        }
    }
}

#[test]
fn pages_quote_the_stacks_we_ship_as_they_are() {
    let shipped = [
        COMMON_AUTH,
        COMMON_ACCOUNT,
        COMMON_PASSWORD,
        COMMON_SESSION,
        TRY,
        SCREEN_LOCKER,
    ]
    .map(lines);
    let mut quoting = Vec::new();
    for path in pages() {
        let page = fs::read_to_string(&path).unwrap();
        for quote in quotes(&page) {
            assert!(shipped.contains(&quote), "{path:?} quotes {quote:#?}");
            quoting.push(path.file_name().unwrap().to_str().unwrap().to_owned());
        }
    }
    quoting.sort();
    let expected = [
        ("failures.md", 2),
        ("pam_authchain.8.scd", 4),
        ("passwords.md", 1),
        ("people.md", 1),
        ("screen-lockers.md", 1),
    ];
    let expected = expected.map(|(page, times)| vec![page; times]).concat();
    assert_eq!(quoting, expected);
}

#[test]
fn a_quote_that_differs_is_found() {
    let page = "So:\n\n    auth  required  pam_authchain.so\n    auth required pam_deny.so\n\nend";
    assert_eq!(
        quotes(page),
        [[
            "auth  required  pam_authchain.so",
            "auth required pam_deny.so"
        ]]
    );
    assert_eq!(quotes("`auth sufficient pam_unix.so` is not ours").len(), 0);
}
