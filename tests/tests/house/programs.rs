//! Every file of tests is part of a program: cargo silently ignores a file that no `mod` names.

use std::fs;
use std::path::{Path, PathBuf};

use crate::walls::root;

#[test]
fn no_file_of_tests_is_left_out_of_its_program() {
    let mut seen = 0;
    for program in programs() {
        let text = fs::read_to_string(program.join("main.rs")).unwrap();
        for name in modules(&program) {
            let line = format!("mod {name};");
            assert!(
                text.lines().any(|other| other == line),
                "{}/main.rs lacks `{line}`",
                program.display()
            );
            seen += 1;
        }
    }
    assert!(seen > 30, "only {seen} files were found");
}

/// The folders of test programs.
fn programs() -> Vec<PathBuf> {
    let mut found = entries(&root().join("tests/tests"));
    found.retain(|path| path.is_dir());
    found
}

/// The names of the files beside `main.rs`.
fn modules(program: &Path) -> Vec<String> {
    let files = entries(program).into_iter();
    let sources = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let names = sources.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned());
    names.filter(|name| name != "main").collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}
