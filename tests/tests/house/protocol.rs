//! Compares the code with the page about the protocol, and tests other spellings of messages.

use std::fs;
use std::path::PathBuf;

use authchain::backends::protocol::{LineBuffer, Message, Operation, Reply};

use crate::walls::root;

fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(root().join("fuzz/corpus").join(target)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

#[test]
fn every_line_that_is_written_up_is_a_line_of_the_protocol() {
    let text = fs::read_to_string(root().join("docs/PROTOCOL.md")).unwrap();
    let mut seen = 0;
    for line in text.lines() {
        if let Some(message) = line.strip_prefix("→ ") {
            let read = Message::parse(message.as_bytes()).unwrap_or_else(|e| panic!("{line}: {e}"));
            let written = read.to_line().unwrap();
            assert_eq!(String::from_utf8_lossy(&written).trim_end(), message);
            seen += 1;
        } else if let Some(reply) = line.strip_prefix("← ") {
            Reply::parse(reply.as_bytes()).unwrap_or_else(|e| panic!("{line}: {e}"));
            seen += 1;
        }
    }
    assert!(seen > 10, "only {seen} lines were found");
}

#[test]
fn each_question_has_the_verdicts_that_are_written_up() {
    let text = fs::read_to_string(root().join("docs/PROTOCOL.md")).unwrap();
    let user = r#""user":{"name":"alice"}"#;
    let verdicts = [
        ("accepted", user),
        ("must_change", user),
        ("may_change", r#""text":"x""#),
        ("changed", r#""text":"x""#),
        ("denied", r#""reason":"locked""#),
        ("refused", r#""reason":"quality","text":"x""#),
        ("unsure", r#""detail":"x""#),
        ("found", user),
        ("account", r#""user":{"name":"alice"},"status":"valid""#),
        ("unknown", r#""notes":[]"#),
        ("unavailable", r#""detail":"x""#),
        ("failed", r#""detail":"x""#),
        ("registered", user),
        ("edited", r#""notes":[]"#),
        ("removed", r#""notes":[]"#),
        ("listed", r#""count":0"#),
        ("described", r#""schema":{}"#),
    ];
    for operation in Operation::ALL {
        let begin = format!("| `{}` | ", operation.word());
        let row = text.lines().find(|line| line.starts_with(&begin));
        let row = row.unwrap_or_else(|| panic!("{begin}is not in the table"));
        let cell = row.rsplit(" | ").next().unwrap();
        let written: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
        let known = verdicts.iter().filter(|(word, members)| {
            let line = format!(r#"{{"verdict":"{word}",{members}}}"#);
            match Reply::parse(line.as_bytes()).unwrap() {
                Reply::Verdict(conclusion) => operation.can_have(&conclusion.verdict),
                other => panic!("{other:?}"),
            }
        });
        let known: Vec<&str> = known.map(|(word, _)| *word).collect();
        assert_eq!(known, written, "{row}");
    }
}

#[test]
fn the_fuzzers_corpus_finds_nothing_in_replies() {
    let corpus = corpus("reply");
    let mut replies = 0;
    for (path, bytes) in &corpus {
        let mut rest = &bytes[..];
        let mut lines = LineBuffer::default();
        while lines.read_from(&mut rest).unwrap() > 0 {
            while let Some(line) = lines.next_line().unwrap() {
                if let Ok(reply) = Reply::parse(line) {
                    let line = reply.to_line().unwrap();
                    assert_eq!(Reply::parse(&line), Ok(reply), "{}", path.display());
                    replies += 1;
                }
            }
        }
    }
    assert!(
        replies >= 10 && corpus.len() >= replies + 10,
        "{replies} of {}",
        corpus.len()
    );
}

#[test]
fn the_fuzzers_corpus_finds_nothing_in_messages() {
    let corpus = corpus("message");
    let mut messages = 0;
    for (path, bytes) in &corpus {
        if let Ok(message) = Message::parse(bytes) {
            let line = message.to_line().unwrap();
            let again = Message::parse(&line).unwrap().to_line().unwrap();
            // Floating-point numbers in settings may change in the last digit, but no setting has
            // one.
            if !matches!(message, Message::Hello(_)) {
                assert_eq!(*again, *line, "{}", path.display());
            }
            messages += 1;
        }
    }
    assert!(
        messages >= 5 && corpus.len() >= messages + 5,
        "{messages} of {}",
        corpus.len()
    );
}
