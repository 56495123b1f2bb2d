//! Checks the requirements of RELEASING.md: one version, and a changelog in one format.

use std::fs;

use super::walls::root;

/// The groups of a changelog (Keep a Changelog 1.1.0).
const GROUPS: [&str; 6] = [
    "Added",
    "Changed",
    "Deprecated",
    "Removed",
    "Fixed",
    "Security",
];

fn page(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

#[test]
fn every_crate_has_the_version_of_the_workspace() {
    let folders = fs::read_dir(root().join("src")).unwrap();
    let mut manifests: Vec<_> = folders
        .map(|folder| folder.unwrap().path().join("Cargo.toml"))
        .collect();
    manifests.push(root().join("tests/Cargo.toml"));
    assert!(manifests.len() > 4);
    for manifest in manifests {
        let text = fs::read_to_string(&manifest).unwrap();
        let own = text.lines().find(|line| line.starts_with("version"));
        assert_eq!(own, Some("version.workspace = true"), "{manifest:?}");
    }
}

#[test]
fn the_changelog_has_the_known_groups_and_one_line_an_entry() {
    let changelog = page("CHANGELOG.md");
    let newest = changelog.split("\n## ").nth(1).unwrap();
    let mut entries = 0;
    for line in newest.lines().skip(1) {
        if let Some(group) = line.strip_prefix("### ") {
            assert!(GROUPS.contains(&group), "no group of a changelog: {group}");
        } else if line.starts_with("- ") {
            entries += 1;
        } else {
            let is_between = line.is_empty() || line.starts_with("#### ");
            assert!(is_between, "more than one line: {line}");
        }
    }
    assert!(entries > 0, "the newest version has no entries");
}

#[test]
fn the_version_is_in_the_changelog_or_not_released_yet() {
    let manifest = page("Cargo.toml");
    let mut lines = manifest.lines();
    let version = lines.find_map(|line| line.strip_prefix("version = "));
    let version = version.unwrap().trim_matches('"');
    let changelog = page("CHANGELOG.md");
    let newest = changelog.split("\n## ").nth(1).unwrap();
    assert!(
        newest.starts_with("[Unreleased]") || newest.starts_with(&format!("[{version}] - ")),
        "CHANGELOG.md begins with neither [Unreleased] nor [{version}]"
    );
}

#[test]
fn the_public_ci_runs_what_must_pass_here() {
    let workflow = page(".github/workflows/ci.yml");
    for step in [
        "bash .ci/run",
        "make msrv",
        "make minimal-versions",
        "make advisories",
        "make doc",
        "make fuzz-build",
        "make aarch64",
    ] {
        assert!(workflow.contains(step), "no step of the public CI: {step}");
    }
}
