//! The examples we ship are read as the module and the programs around it read them.

use std::fs;
use std::path::{Path, PathBuf};

use authchain::chain::registry;
use authchain::config::{Config, Source};

fn examples(folder: &str, ending: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let files = fs::read_dir(root.join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let found: Vec<_> = files
        .filter(|path| path.to_str().unwrap().ends_with(ending))
        .collect();
    assert!(!found.is_empty(), "no examples in {folder}");
    found
}

/// The settings of a text that the module would accept.
fn accept(path: &Path, text: String) -> String {
    let source = Source::new(path, text);
    let config = Config::parse(&source).unwrap_or_else(|error| panic!("{}", error.with_citation()));
    registry::build(&config, None).unwrap_or_else(|error| panic!("{}", error.with_citation()));
    // Where in the text the values stand is all that may differ.
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
