//! Reads the shipped examples as the module and other programs read them.

use std::fs;
use std::path::{Path, PathBuf};

use authchain::chain::registry;
use authchain::config::{Config, Source};

use crate::walls::root;

fn examples(folder: &str, ending: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let found: Vec<_> = files
        .filter(|path| path.to_str().unwrap().ends_with(ending))
        .collect();
    assert!(!found.is_empty(), "no examples in {folder}");
    found
}

/// Parses a text as the module does, and returns its settings.
fn accept(path: &Path, text: String) -> String {
    let source = Source::new(path, text);
    let config = Config::parse(&source).unwrap_or_else(|error| panic!("{}", error.with_citation()));
    registry::build(&config, None).unwrap_or_else(|error| panic!("{}", error.with_citation()));
    // Only the positions of the values in the text may differ.
    let settings = format!("{:?}", config.settings);
    let parts = settings
        .split("span: ")
        .map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.'));
    parts.collect()
}

#[test]
fn every_example_of_a_configuration_is_one() {
    for path in examples("conf", ".toml") {
        accept(&path, fs::read_to_string(&path).unwrap());
    }
}

#[test]
fn every_configuration_that_a_page_shows_is_one() {
    let folders = [("", ".md", 1), ("docs", ".md", 3), ("man", ".scd", 4)];
    for (folder, ending, least) in folders {
        let mut count = 0;
        for page in examples(folder, ending) {
            for block in blocks(&page).into_iter().filter(Block::is_configuration) {
                assert!(block.is_fenced, "{page:?} has settings outside of ```toml");
                accept(&page, block.text);
                count += 1;
            }
        }
        assert!(count >= least, "{count} configurations in {folder:?}");
    }
}

/// A fenced block of a page, or the text outside all blocks.
#[derive(Default)]
struct Block {
    is_fenced: bool,
    is_toml: bool,
    /// The text of the block, with an empty line for each earlier line of the page, so that errors
    /// have the page's line numbers.
    text: String,
}

impl Block {
    fn is_configuration(&self) -> bool {
        let has = |start: &str| {
            self.text
                .lines()
                .any(|line| line.trim_start().starts_with(start))
        };
        self.is_toml || has("chain = ") || has("[backend.")
    }
}

fn blocks(page: &Path) -> Vec<Block> {
    let page = fs::read_to_string(page).unwrap();
    let mut found = vec![Block::default()];
    let mut current = 0;
    for (number, line) in page.lines().enumerate() {
        match line.trim_start().strip_prefix("```") {
            Some(language) if current == 0 => {
                found.push(Block {
                    is_fenced: true,
                    is_toml: language == "toml",
                    text: "\n".repeat(number + 1),
                });
                current = found.len() - 1;
            }
            Some(_) => current = 0,
            None => {
                found[current].text.push_str(line);
                found[current].text.push('\n');
            }
        }
    }
    found
}

#[test]
fn what_the_commented_configuration_shows_as_defaults_are_the_defaults() {
    for path in examples("conf", "/authchain.toml") {
        let text = fs::read_to_string(&path).unwrap();
        let shown: Vec<&str> = text.lines().map(uncommented).collect();
        assert!(shown.contains(&"min_uid = 1000"), "nothing was uncommented");
        assert_eq!(accept(&path, shown.join("\n")), accept(&path, text));
    }
}

/// `#min_uid = 1000` → `min_uid = 1000`; prose stays a comment.
fn uncommented(line: &str) -> &str {
    match line.strip_prefix('#') {
        Some(rest)
            if rest.starts_with('[') || rest.starts_with(|c: char| c.is_ascii_lowercase()) =>
        {
            rest
        }
        _ => line,
    }
}

#[test]
fn every_line_of_an_example_stack_is_one_libpam_knows() {
    for path in examples("pam.d", "") {
        let text = fs::read_to_string(&path).unwrap();
        for line in text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            let words: Vec<&str> = line.split_whitespace().collect();
            assert!(
                ["auth", "account", "password", "session"].contains(&words[0]),
                "{line}"
            );
            let control = line[words[0].len()..].trim_start();
            let rest = match control.strip_prefix('[') {
                Some(actions) => actions.split_once(']').expect(line).1,
                None => control.split_once(char::is_whitespace).expect(line).1,
            };
            let module = rest.split_whitespace().next().expect(line);
            assert!(
                module.starts_with("pam_") && module.ends_with(".so"),
                "{line}"
            );
        }
    }
}
