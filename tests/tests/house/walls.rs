//! Checks the walls between crates, floors and folders.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use authchain_tests::imports::circles;

/// The floors of the library, lowest first. A file uses its own floor and those below.
const FLOORS: [&str; 7] = [
    "words", "tools", "files", "config", "backends", "factors", "chain",
];

/// The floors of the worker, lowest first. The sandbox is a crate below all of them.
const WORKER_FLOORS: &[&[&str]] = &[
    &[
        "answer",
        "arguments",
        "clock",
        "dialogue",
        "kind",
        "account_gate",
        "change_gate",
    ],
    &["guard", "net"],
    &["examination", "servers"],
    &["ldap", "nis", "probe"],
    &["kinds"],
    &["about", "asked", "launch", "session"],
];

/// The crates of this repository.
const CRATES: [&str; 5] = [
    "src/authchain/src",
    "src/authchain-cli/src",
    "src/authchain-sandbox/src",
    "src/authchain-worker/src",
    "src/pam_authchain/src",
];

/// The crates that are part of the module, and no others.
const MODULE_TREE: &str = include_str!("module-tree.txt");

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Every Rust file below `folder`, with its text.
pub(crate) fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found
}

fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| *floor == name)
}

/// The first path segment after each `crate::` in `text`.
fn mentions(text: &str) -> impl Iterator<Item = &str> {
    text.split("crate::").skip(1).map(|rest| {
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        &rest[..end]
    })
}

/// Asserts that a file on the floor `own` uses only that floor and those below. Returns the number
/// of such uses.
fn count_uses(path: &Path, text: &str, own: usize, floor: impl Fn(&str) -> Option<usize>) -> usize {
    let mut seen = 0;
    for name in mentions(text) {
        let used =
            floor(name).unwrap_or_else(|| panic!("{}: crate::{name} is no floor", path.display()));
        assert!(
            used <= own,
            "{} is on floor {own} and uses crate::{name}",
            path.display()
        );
        seen += 1;
    }
    seen
}

#[test]
fn a_file_of_the_library_uses_its_own_floor_and_those_below() {
    let library = root().join("src/authchain/src");
    let mut seen = 0;
    for (path, text) in sources("src/authchain/src") {
        let folder = path.strip_prefix(&library).unwrap().iter().next().unwrap();
        let Some(own) = floor(folder.to_str().unwrap()) else {
            continue;
        };
        seen += count_uses(&path, &text, own, floor);
    }
    assert!(
        seen > 30,
        "only {seen} uses were found: the test does not read what it should"
    );
}

#[test]
fn a_file_of_the_worker_uses_its_own_floor_and_those_below() {
    let worker = root().join("src/authchain-worker/src");
    let floor = |name: &str| WORKER_FLOORS.iter().position(|floor| floor.contains(&name));
    let mut seen = 0;
    for (path, text) in sources("src/authchain-worker/src") {
        let below = path.strip_prefix(&worker).unwrap().with_extension("");
        let folder = below.iter().next().unwrap().to_str().unwrap();
        if ["lib", "main"].contains(&folder) {
            continue;
        }
        let own = floor(folder).unwrap_or_else(|| panic!("{folder} is on no floor"));
        seen += count_uses(&path, &text, own, floor);
    }
    assert!(seen > 100, "only {seen} uses were found");
}

#[test]
fn no_files_of_a_crate_need_each_other_in_a_circle() {
    for folder in CRATES {
        let found = circles(&root().join(folder), &sources(folder));
        assert!(found.is_empty(), "{folder}: {found:#?}");
    }
}

#[test]
fn a_circle_that_somebody_plants_is_found() {
    let root = Path::new("src");
    let file = |path: &str, text: &str| (root.join(path), text.to_owned());
    let c = "use super::LIMIT;\npub struct C;\n// crate::b";
    let with = |c: &str| {
        let files = [
            file("lib.rs", "pub mod a;\nmod b;\n"),
            file(
                "a/mod.rs",
                "mod c;\npub use self::c::C;\nconst LIMIT: u8 = 1;",
            ),
            file("a/c.rs", c),
            file(
                "b.rs",
                "use crate::a::{C, self};\n#[cfg(test)]\nmod tests { use super::*; }",
            ),
        ];
        circles(root, &files)
    };
    assert_eq!(with(c), BTreeSet::new());
    for planted in [
        "use crate::b::B;\npub struct C;",
        "use crate::{b::{self, B}};\npub struct C;",
        "pub struct C(super::super::b::B);",
        "fn c() { crate::b::make() }\npub struct C;",
        "#[cfg(test)]\nmod tests;\nuse crate::b::B;\npub struct C;",
    ] {
        let circle = ["a/c.rs", "b.rs"].map(|path| root.join(path)).into();
        assert_eq!(with(planted), BTreeSet::from([circle]), "{planted}");
    }
}

#[test]
fn files_that_import_several_siblings_at_once_do_not_need_their_folder() {
    let files = [
        ("a/mod.rs", "mod c;\nmod d;\nmod e;\nfn a() { c::make() }"),
        ("a/c.rs", "use super::{d, e};"),
        ("a/d.rs", ""),
        ("a/e.rs", ""),
    ];
    let files = files.map(|(path, text)| (Path::new("src").join(path), text.to_owned()));
    assert_eq!(circles(Path::new("src"), &files), BTreeSet::new());
}

/// The name of the type that a line defines, if it does.
fn defined(line: &str) -> Option<&str> {
    let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.find(|word| ["struct", "enum", "trait", "type"].contains(word))?;
    let name = words.next()?;
    name.starts_with(char::is_uppercase).then_some(name)
}

#[test]
fn a_type_name_means_one_type_in_a_crate() {
    for folder in CRATES {
        let mut seen = BTreeSet::new();
        for (path, text) in sources(folder) {
            for line in text.lines() {
                // An indented type is local to a function, or a member of a trait.
                let begins = ["pub", "struct", "enum", "trait", "type"];
                if begins.iter().any(|word| line.starts_with(word)) {
                    let name = defined(line).unwrap_or_default();
                    let is_new = name.is_empty() || seen.insert(name.to_owned());
                    assert!(is_new, "{}: a second {name}", path.display());
                }
            }
        }
        assert!(seen.len() > 5, "{folder}: {seen:?}");
    }
}

#[test]
fn the_module_carries_the_crates_on_its_list_and_no_other() {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "-p",
            "pam_authchain",
            "-e",
            "normal",
            "--prefix",
            "none",
        ])
        .args(["--format", "{lib}"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = |text: &str| -> BTreeSet<String> {
        let words = text
            .lines()
            .map(|line| line.split('#').next().unwrap().trim().to_owned());
        words.filter(|line| !line.is_empty()).collect()
    };
    let found = lines(
        &String::from_utf8(output.stdout)
            .unwrap()
            .replace(" (*)", ""),
    );
    let listed = lines(MODULE_TREE);
    let new: Vec<_> = found.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&found).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "not in tests/tests/house/module-tree.txt: {new:?}; no longer used: {gone:?}"
    );
}

/// The files outside the module that have unsafe code: each calls C.
const ROOMS: [&str; 3] = [
    "password_hash/crypt.rs",
    "confine/install.rs",
    "authchain-sandbox/src/priority.rs",
];

#[test]
fn unsafe_code_stays_in_its_rooms() {
    for folder in [
        "src/authchain/src",
        "src/authchain-cli/src",
        "src/authchain-sandbox/src",
        "src/authchain-worker/src",
    ] {
        for (path, text) in sources(folder) {
            let is_room = ROOMS.iter().any(|room| path.ends_with(room));
            let has_unsafe = text
                .lines()
                .any(|line| !line.trim_start().starts_with("//") && line.contains("unsafe {"));
            assert!(is_room || !has_unsafe, "{}", path.display());
        }
    }
}

#[test]
fn every_threat_in_the_table_names_a_test_that_exists() {
    let table = fs::read_to_string(root().join("docs/threats.md")).unwrap();
    let tests: BTreeSet<String> = ["src", "tests"]
        .iter()
        .flat_map(|folder| sources(folder))
        .flat_map(|(_, text)| test_names(&text))
        .collect();
    let mut rows = 0;
    for row in table.lines().filter(|line| {
        line.starts_with("| ") && !line.starts_with("| #") && !line.starts_with("|--")
    }) {
        let proofs = row.trim_end_matches(['|', ' ']).rsplit('|').next().unwrap();
        let names: Vec<&str> = proofs.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "a threat without a test: {row}");
        for name in names {
            assert!(
                tests.contains(name),
                "docs/threats.md names `{name}`, which is no test"
            );
        }
        rows += 1;
    }
    assert!(rows >= 20, "only {rows} rows were read");
}

/// The functions that stand directly under a `#[test]`, in or out of `proptest!`.
fn test_names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut armed = false;
    for line in text.lines().map(str::trim) {
        if line == "#[test]" {
            armed = true;
        } else if let Some(rest) = line.strip_prefix("fn ").filter(|_| armed) {
            names.push(rest.split('(').next().unwrap().to_owned());
            armed = false;
        } else if !line.starts_with("#[") {
            armed = false;
        }
    }
    names
}

#[test]
fn nothing_is_left_half_done() {
    for folder in ["src", "tests"] {
        for (path, text) in sources(folder) {
            // Split, so that the search does not find this file.
            for mark in [
                concat!("TO", "DO"),
                concat!("FIX", "ME"),
                concat!("#[ig", "nore"),
            ] {
                assert!(!text.contains(mark), "{}: {mark}", path.display());
            }
        }
    }
}
