//! Lines of pam.d(5), read as libpam reads them.

use std::collections::BTreeMap;

/// What a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Facility {
    Auth,
    Account,
    Password,
    Session,
}

impl Facility {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::Auth, Self::Account, Self::Password, Self::Session];

    fn parse(word: &str) -> Option<Self> {
        let names = ["auth", "account", "password", "session"];
        let at = names
            .iter()
            .position(|name| word.eq_ignore_ascii_case(name))?;
        Self::ALL.get(at).copied()
    }
}

/// What libpam does with a module's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Ignore,
    Bad,
    Die,
    Ok,
    Done,
    Reset,
    Jump(usize),
}

impl Action {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "ignore" => Self::Ignore,
            "bad" => Self::Bad,
            "die" => Self::Die,
            "ok" => Self::Ok,
            "done" => Self::Done,
            "reset" => Self::Reset,
            number => match number.parse().ok()? {
                0 => Self::Ignore,
                lines => Self::Jump(lines),
            },
        })
    }
}

/// The action for every answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Control {
    named: BTreeMap<String, Action>,
    default: Action,
    /// As it was written.
    pub(super) text: String,
}

impl Control {
    /// What happens after this answer, which is named as in brackets: `auth_err`.
    pub(super) fn action(&self, answer: &str) -> Action {
        self.named.get(answer).copied().unwrap_or(self.default)
    }

    fn word(word: &str) -> Option<Self> {
        let (success, default, ignore) = match word.to_ascii_lowercase().as_str() {
            "required" => (Action::Ok, Action::Bad, Action::Ignore),
            "requisite" => (Action::Ok, Action::Die, Action::Ignore),
            "optional" => (Action::Ok, Action::Ignore, Action::Ignore),
            "sufficient" => (Action::Done, Action::Ignore, Action::Ignore),
            _ => return None,
        };
        let named = [
            ("success", success),
            ("new_authtok_reqd", success),
            ("ignore", ignore),
        ];
        Some(Self {
            named: named
                .into_iter()
                .map(|(name, action)| (name.to_owned(), action))
                .collect(),
            default,
            text: word.to_owned(),
        })
    }

    /// `[success=1 default=ignore]`; what is not named is bad.
    fn brackets(text: &str) -> Option<Self> {
        let mut named = BTreeMap::new();
        for pair in text.split_whitespace() {
            let (answer, action) = pair.split_once('=')?;
            named.insert(answer.to_owned(), Action::parse(action)?);
        }
        let default = named.remove("default").unwrap_or(Action::Bad);
        Some(Self {
            named,
            default,
            text: format!("[{text}]"),
        })
    }
}

/// What a line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// A module.
    Module {
        control: Control,
        module: String,
        arguments: Vec<String>,
        /// `-auth`: no complaint when the module is not there.
        may_be_missing: bool,
    },
    /// Another file's lines, in a stack of their own or not.
    Include { file: String, is_substack: bool },
    /// Something libpam cannot read, and counts as a failure.
    Broken(String),
}

/// A line with something in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number; the first one, where it is continued.
    pub(super) number: usize,
    /// What it is for; `None` for Debian's `@include`, which stands for all.
    pub(super) facility: Option<Facility>,
    /// What it asks for.
    pub(super) what: What,
}

/// Reads a file.
pub(super) fn parse(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut numbered = text.lines().enumerate();
    while let Some((at, first)) = numbered.next() {
        let (mut whole, mut goes_on) = strip(first);
        while goes_on {
            let Some((_, next)) = numbered.next() else {
                break;
            };
            let (text, more) = strip(next);
            whole.push(' ');
            whole.push_str(&text);
            // A blank line or comment between is skipped, and the line still waits for its rest.
            goes_on = more || text.is_empty();
        }
        let words = words(&whole);
        if let Some(line) = parse_line(at.saturating_add(1), &words) {
            lines.push(line);
        }
    }
    lines
}

/// A line without its comment, and whether it goes on in the next one. A backslash before a comment
/// continues nothing.
fn strip(line: &str) -> (String, bool) {
    if let Some((before, _)) = line.split_once('#') {
        return (before.trim().to_owned(), false);
    }
    let line = line.trim();
    match line.strip_suffix('\\') {
        Some(before) => (before.to_owned(), true),
        None => (line.to_owned(), false),
    }
}

/// Words between blanks; `[a b]` is one, in which `\]` is a bracket.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('[') {
            Some(inner) => bracketed(inner),
            None => {
                let end = rest.find([' ', '\t']).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                (word.to_owned(), after)
            }
        };
        words.push(word);
        rest = after.trim_start();
    }
    words
}

fn bracketed(inner: &str) -> (String, &str) {
    let mut word = String::from("[");
    let mut characters = inner.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            ']' => return (word, inner.get(at.saturating_add(1)..).unwrap_or_default()),
            '\\' if inner.get(at..).is_some_and(|rest| rest.starts_with("\\]")) => {
                characters.next();
                word.push(']');
            }
            c => word.push(c),
        }
    }
    (word, "")
}

fn parse_line(number: usize, words: &[String]) -> Option<Line> {
    let mut words = words.iter().map(String::as_str);
    let first = words.next()?;
    if first == "@include" {
        let what = include(words.next(), false);
        return Some(Line {
            number,
            facility: None,
            what,
        });
    }
    let (word, may_be_missing) = match first.strip_prefix('-') {
        Some(word) => (word, true),
        None => (first, false),
    };
    let Some(facility) = Facility::parse(word) else {
        // libpam counts such a line as a failing one in whatever it is asked for.
        let what = What::Broken(format!("unknown type \"{word}\""));
        return Some(Line {
            number,
            facility: None,
            what,
        });
    };
    let what = what(&mut words, may_be_missing);
    Some(Line {
        number,
        facility: Some(facility),
        what,
    })
}

fn what<'w>(words: &mut impl Iterator<Item = &'w str>, may_be_missing: bool) -> What {
    let Some(word) = words.next() else {
        return What::Broken("no control and no module".to_owned());
    };
    match word.to_ascii_lowercase().as_str() {
        "include" => return include(words.next(), false),
        "substack" => return include(words.next(), true),
        _ => {}
    }
    let control = match word.strip_prefix('[') {
        Some(inner) => Control::brackets(inner),
        None => Control::word(word),
    };
    let Some(control) = control else {
        return What::Broken(format!("control {word:?} cannot be read"));
    };
    let Some(module) = words.next() else {
        return What::Broken("no module".to_owned());
    };
    What::Module {
        control,
        module: module.to_owned(),
        arguments: words
            .map(|word| word.strip_prefix('[').unwrap_or(word).to_owned())
            .collect(),
        may_be_missing,
    }
}

fn include(file: Option<&str>, is_substack: bool) -> What {
    match file {
        Some(file) => What::Include {
            file: file.to_owned(),
            is_substack,
        },
        None => What::Broken("an include without a file".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(line: &str) -> (Control, String, Vec<String>) {
        match parse(line).remove(0).what {
            What::Module {
                control,
                module,
                arguments,
                ..
            } => (control, module, arguments),
            other => panic!("{line:?}: {other:?}"),
        }
    }

    #[test]
    fn comments_blank_lines_and_continuations_are_read_as_libpam_reads_them() {
        let text = "# c\n\n  auth required \\\n  pam_a.so \\\n\n# c\n x=1 # y\naccount required pam_b.so#z\n";
        let lines = parse(text);
        assert_eq!(lines.len(), 2);
        assert_eq!(
            (lines[0].number, lines[0].facility),
            (3, Some(Facility::Auth))
        );
        assert_eq!(lines[1].number, 8);
        assert_eq!(module("auth required \\\n pam_a.so x \\\n y").2, ["x", "y"]);
        assert_eq!(module("account required pam_b.so#z").1, "pam_b.so");
    }

    #[test]
    fn brackets_hold_actions_and_arguments_with_blanks() {
        let line = "auth\t[success=2 user_unknown=ignore default=die]  pam_x.so [a b\\] c] d";
        let (control, module, arguments) = module(line);
        assert_eq!(control.action("success"), Action::Jump(2));
        assert_eq!(control.action("user_unknown"), Action::Ignore);
        assert_eq!(control.action("perm_denied"), Action::Die);
        assert_eq!(
            (module.as_str(), arguments),
            ("pam_x.so", vec!["a b] c".to_owned(), "d".to_owned()])
        );
    }

    #[test]
    fn what_brackets_do_not_name_is_bad() {
        let (control, ..) = module("auth [success=ok] pam_x.so");
        assert_eq!(control.action("auth_err"), Action::Bad);
    }

    #[test]
    fn the_words_are_the_manuals_brackets() {
        for (word, success, error) in [
            ("required", Action::Ok, Action::Bad),
            ("Requisite", Action::Ok, Action::Die),
            ("sufficient", Action::Done, Action::Ignore),
            ("optional", Action::Ok, Action::Ignore),
        ] {
            let (control, ..) = module(&format!("auth {word} pam_x.so"));
            assert_eq!(
                (control.action("success"), control.action("auth_err")),
                (success, error)
            );
        }
    }

    #[test]
    fn includes_are_recognised_in_all_three_forms() {
        for (line, facility, is_substack) in [
            ("@include common-auth", None, false),
            ("auth include common-auth", Some(Facility::Auth), false),
            ("-AUTH substack common-auth", Some(Facility::Auth), true),
        ] {
            let file = "common-auth".to_owned();
            let expected = Line {
                number: 1,
                facility,
                what: What::Include { file, is_substack },
            };
            assert_eq!(parse(line), [expected]);
        }
    }

    #[test]
    fn what_libpam_cannot_read_is_broken() {
        for line in [
            "auth",
            "auth required",
            "auth requred pam_x.so",
            "auth [success] pam_x.so",
            "auth [success=some] pam_x.so",
            "auth include",
            "autth required pam_x.so",
        ] {
            assert!(matches!(parse(line)[0].what, What::Broken(_)), "{line}");
        }
    }
}
