//! Checks the rules of prose in CONTRIBUTING.md that a program can check.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::walls::{root, sources};

/// The rules, in the order of what [`faults`] finds.
const RULES: [&str; 4] = [
    "comments longer than 100 characters",
    "documentation with a banned opening",
    "functions whose documentation does not open with a verb in the third person",
    "names of types that stand in more than one file",
];

/// The longest line of a comment or a page, in characters.
const WIDTH: usize = 100;

/// The words with which no documentation may begin, because they name nothing.
const BANNED_OPENINGS: [&str; 8] = [
    "What ", "Who ", "Whose ", "Whom ", "Whoever ", "Whether ", "The same", "That of",
];

/// Words that end in "s" and are no verbs, or say nothing.
const NO_VERBS: [&str; 12] = [
    "always", "as", "bytes", "has", "is", "its", "lines", "names", "others", "ports", "this", "was",
];

#[test]
fn the_prose_of_every_crate_keeps_the_rules() {
    let crates = crates();
    assert!(crates.len() >= 5, "{crates:?}");
    for name in crates {
        let found = faults(&sources(&format!("src/{name}/src")));
        for (rule, places) in RULES.iter().zip(&found) {
            assert!(places.is_empty(), "{name}: {rule}:\n{}", places.join("\n"));
        }
    }
}

#[test]
fn every_page_is_wrapped() {
    let pages = pages();
    assert!(pages.len() > 10, "only {} pages were read", pages.len());
    for page in pages {
        let text = fs::read_to_string(root().join(&page)).unwrap();
        let long = long_lines_of_page(&text);
        assert!(
            long.is_empty(),
            "{}: longer than {WIDTH} characters: {long:#?}",
            page.display()
        );
    }
}

#[test]
fn each_rule_finds_what_breaks_it() {
    let first = format!(
        "//! {}\n\n/// Whether it is.\n#[inline]\npub(in crate::a) fn a() {{}}\n\n\
         /// The file.\n#[expect(\n    lint\n)]\nasync fn b() {{}}\n\n\
         /// Returns it.\nfn c() {{}}\n\n/// What it is.\nstruct Same;\n",
        "x".repeat(WIDTH)
    );
    let second = "pub(crate) enum Same {}\n#[cfg(test)]\nmod tests {\n".to_owned();
    let files = [("a.rs", first), ("b.rs", second)].map(|(path, text)| (path.into(), text));
    assert_eq!(faults(&files).map(|places| places.len()), [1, 2, 2, 1]);
}

#[test]
fn tables_and_code_of_a_page_need_not_be_wrapped() {
    let long = "x".repeat(WIDTH + 1);
    let page = format!("{long}\n\n| {long} |\n\n```\n{long}\n```\n\n    {long}\n");
    assert_eq!(long_lines_of_page(&page).len(), 1);
}

#[test]
fn every_link_between_pages_leads_to_a_heading_that_exists() {
    let mut links = 0;
    for page in pages() {
        let text = fs::read_to_string(root().join(&page)).unwrap();
        for target in targets(&text).filter(|target| !target.contains(':')) {
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let path = match file {
                "" => page.clone(),
                file => page.with_file_name(file),
            };
            let there = fs::read_to_string(root().join(&path));
            let there = there.unwrap_or_else(|_| panic!("{}: {target}", page.display()));
            let anchors: Vec<String> = there.lines().filter_map(anchor).collect();
            let is_there = heading.is_empty() || anchors.iter().any(|anchor| anchor == heading);
            assert!(is_there, "{}: no heading for {target}", page.display());
            links += 1;
        }
    }
    assert!(links > 30, "only {links} links were read");
}

#[test]
fn every_file_that_the_tour_names_exists() {
    let tour = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let decisions = fs::read_to_string(root().join("docs/decisions.md")).unwrap();
    let guide = fs::read_to_string(root().join("docs/adding-a-backend.md")).unwrap();
    let files: Vec<PathBuf> = ["src", "tests", "fuzz/fuzz_targets"]
        .iter()
        .flat_map(|folder| sources(folder).into_iter().map(|(path, _)| path))
        .collect();
    let text = [tour, decisions, guide].concat();
    let named = text
        .split('`')
        .filter(|word| word.ends_with(".rs") && !word.contains(' '));
    let named: BTreeSet<&str> = named.collect();
    for name in &named {
        assert!(files.iter().any(|file| file.ends_with(name)), "{name}");
    }
    assert!(named.len() > 15, "only {named:?}");
}

/// Returns the names of the folders in `src`.
fn crates() -> BTreeSet<String> {
    let folders = fs::read_dir(root().join("src")).unwrap();
    let names = folders.map(|folder| folder.unwrap().file_name());
    names.map(|name| name.into_string().unwrap()).collect()
}

/// Lists where a crate breaks each of the [`RULES`].
fn faults(files: &[(PathBuf, String)]) -> [Vec<String>; 4] {
    let [mut long, mut banned, mut verbless] = [Vec::new(), Vec::new(), Vec::new()];
    let mut types: BTreeMap<&str, Vec<&Path>> = BTreeMap::new();
    for (path, text) in files {
        let place = |line: &str| format!("{}: {}", path.display(), line.trim());
        let has_no_verb = |line: &&str| !begins_with_verb(line);
        long.extend(text.lines().filter(is_long_comment).map(place));
        banned.extend(openings(text).filter(has_banned_opening).map(place));
        let of_functions = openings_of_functions(text).into_iter();
        verbless.extend(of_functions.filter(has_no_verb).map(place));
        for name in types_of(path, text) {
            types.entry(name).or_default().push(path);
        }
    }
    types.retain(|_, paths| paths.len() > 1);
    let repeated = types
        .iter()
        .map(|(name, paths)| format!("{name}: {paths:?}"));
    [long, banned, verbless, repeated.collect()]
}

fn is_long_comment(line: &&str) -> bool {
    line.trim_start().starts_with("//") && line.chars().count() > WIDTH
}

/// Returns the first line of all documentation, of modules and fields too.
fn openings(text: &str) -> impl Iterator<Item = &str> {
    let mut was_documentation = false;
    text.lines().map(str::trim).filter_map(move |line| {
        let words = line.strip_prefix("///").or(line.strip_prefix("//!"));
        let is_first = words.is_some() && !was_documentation;
        was_documentation = words.is_some();
        words.filter(|_| is_first).map(str::trim)
    })
}

fn has_banned_opening(line: &&str) -> bool {
    BANNED_OPENINGS
        .iter()
        .any(|banned| line.starts_with(banned))
}

/// Returns the first line of each function's documentation.
fn openings_of_functions(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut opening = None;
    let mut in_attribute = false;
    for line in text.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            opening = opening.or(Some(words.trim()));
        } else if in_attribute || line.starts_with("#[") {
            in_attribute = !line.ends_with(']');
        } else {
            // The line is empty in a macro that inserts its caller's first line.
            let opening = opening.take().filter(|opening| !opening.is_empty());
            found.extend(opening.filter(|_| is_function(line)));
        }
    }
    found
}

fn is_function(line: &str) -> bool {
    let Some((before, _)) = without_visibility(line).split_once("fn ") else {
        return false;
    };
    let modifiers = ["const", "async", "unsafe", "extern", "\"C\""];
    before
        .split_whitespace()
        .all(|word| modifiers.contains(&word))
}

/// Removes `pub` and `pub(...)` from the beginning of a line.
fn without_visibility(line: &str) -> &str {
    match line.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(") ").map_or("", |(_, rest)| rest),
        Some(rest) => rest.trim_start(),
        None => line,
    }
}

/// Whether a word ends like a verb in the third person, as "Returns" does and "The" does not.
fn begins_with_verb(opening: &str) -> bool {
    let first = opening.split(|c: char| !c.is_alphabetic()).next();
    let first = first.unwrap_or_default().to_lowercase();
    first.ends_with('s') && !NO_VERBS.contains(&first.as_str())
}

/// Returns the types that a file defines at its left margin, those of its tests left out.
fn types_of<'t>(path: &Path, text: &'t str) -> BTreeSet<&'t str> {
    let is_of_tests = |part: &std::ffi::OsStr| part == "tests" || part == "tests.rs";
    if path.iter().any(is_of_tests) {
        return BTreeSet::new();
    }
    let before_tests = text.split("#[cfg(test)]\nmod tests {").next();
    let lines = before_tests.unwrap_or_default().lines();
    lines.filter_map(type_of).collect()
}

fn type_of(line: &str) -> Option<&str> {
    let line = without_visibility(line);
    let kinds = ["struct ", "enum ", "trait ", "union ", "type "];
    let rest = kinds.iter().find_map(|kind| line.strip_prefix(kind))?;
    rest.split(|c: char| !c.is_alphanumeric() && c != '_')
        .next()
}

/// Returns every Markdown page of the project, by its path in the tree.
fn pages() -> Vec<PathBuf> {
    let folders = ["", "docs", ".github", ".github/ISSUE_TEMPLATE"];
    let mut found = Vec::new();
    for folder in folders.map(Path::new) {
        let entries = fs::read_dir(root().join(folder)).unwrap();
        let pages = entries.map(|entry| folder.join(entry.unwrap().file_name()));
        found.extend(pages.filter(|page| page.extension().is_some_and(|ending| ending == "md")));
    }
    found
}

/// Returns the lines of prose that are too long; tables and code cannot be wrapped.
fn long_lines_of_page(text: &str) -> Vec<&str> {
    let mut in_block = false;
    let mut found = Vec::new();
    for line in text.lines() {
        in_block ^= line.trim_start().starts_with("```");
        // An entry that quotes a log line may be as long as that line.
        let is_quote = line.starts_with("- `");
        let is_prose = !in_block && !line.starts_with('|') && !line.starts_with("    ");
        if is_prose && !is_quote && line.chars().count() > WIDTH {
            found.push(line);
        }
    }
    found
}

/// Returns the targets of a page's links.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    let rests = text.split("](").skip(1);
    rests.filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
}

/// Returns the anchor that a heading gets: small letters, and hyphens for blanks.
fn anchor(line: &str) -> Option<String> {
    let heading = line
        .strip_prefix('#')?
        .trim_start_matches('#')
        .strip_prefix(' ')?;
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    let heading = heading.to_lowercase();
    Some(
        heading
            .chars()
            .filter(kept)
            .collect::<String>()
            .replace(' ', "-"),
    )
}
