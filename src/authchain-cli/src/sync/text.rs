//! Texts that may be fields of a line in passwd(5) or group(5).

use authchain::words::Username;

/// Returns why a name of a directory is no name for the name service; `None` if it is one.
pub(super) fn fault_of_name(name: &str) -> Option<String> {
    if let Err(invalid) = Username::parse(name.as_bytes()) {
        return Some(invalid.to_string());
    }
    // Machines of a domain have a dollar sign at the end.
    let inner = name.strip_suffix('$').unwrap_or(name);
    let is_plain = inner
        .chars()
        .all(|c| c.is_alphanumeric() || "._-@".contains(c));
    let is_misread = inner.is_empty()
        || inner.starts_with(['.', '@'])
        || inner.bytes().all(|byte| byte.is_ascii_digit());
    match is_plain && !is_misread {
        true => None,
        false => Some("shells, patterns or numbers could be meant by such a name".to_owned()),
    }
}

/// Returns why a home directory or a login shell is none; `None` if they are.
/// A person need not have a shell.
pub(crate) fn fault_of_paths(home: &str, shell: &str) -> Option<&'static str> {
    if !is_path(home) {
        return Some("no home directory that is a path");
    }
    let is_fine = shell.is_empty() || is_path(shell);
    (!is_fine).then_some("its login shell is no path")
}

/// Returns whether a text is the path of a folder or program, without what would break the line.
fn is_path(text: &str) -> bool {
    text.starts_with('/') && !text.contains([':', '\n']) && !text.contains(char::is_control)
}

/// Returns a full name as a field: it is a comment, so that a character that would break the line
/// becomes a blank.
pub(super) fn comment(text: &str) -> String {
    text.replace(|c: char| c == ':' || c.is_control(), " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_every_program_reads_alike_become_lines() {
        for name in ["alice", "a.b-c_d", "j\u{fc}rgen", "a$", "a@b.test", "4ever"] {
            assert_eq!(fault_of_name(name), None, "{name}");
        }
        for name in [
            "",
            "a:b",
            "a b",
            "a,b",
            "+alice",
            "-x",
            "#c",
            "~",
            "1234",
            "a\nb",
            "a/b",
            "$x",
            "a$b",
            "a;b",
            "@nis",
            "*)(uid=*",
            "a`b",
            "!x",
            "$",
            "..",
            "a*",
            "a'b",
            "a\u{202e}b",
        ] {
            assert!(fault_of_name(name).is_some(), "{name:?}");
        }
    }

    #[test]
    fn a_path_has_nothing_that_ends_a_field_and_a_comment_loses_it() {
        assert!(is_path("/home/a b") && is_path("/bin/sh"));
        for text in ["", "home", "/a:b", "/a\nroot::0:0", "/a\u{1b}"] {
            assert!(!is_path(text), "{text:?}");
        }
        assert_eq!(comment("A: B\nC"), "A  B C");
    }
}
