//! Lines of pam.d(5), read as libpam reads them (`_pam_parse_conf_file` of Linux-PAM 1.5 to 1.7).

use super::control::Control;

/// A facility of PAM: the first word of a line, and the group of functions it applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Facility {
    Auth,
    Account,
    Password,
    Session,
}

impl Facility {
    /// All facilities.
    pub(crate) const ALL: [Self; 4] = [Self::Auth, Self::Account, Self::Password, Self::Session];

    fn parse(word: &str) -> Option<Self> {
        let names = ["auth", "account", "password", "session"];
        let at = names
            .iter()
            .position(|name| word.eq_ignore_ascii_case(name))?;
        Self::ALL.get(at).copied()
    }
}

/// Returns whether libpam takes the character for a blank between words.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n')
}

/// The instruction of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Instruction {
    /// Asks a module.
    Module {
        control: Control,
        module: String,
        arguments: Vec<String>,
        /// True for `-auth` and the like: libpam does not complain where the module is missing.
        may_be_missing: bool,
    },
    /// Includes the lines of another file, as a substack or in this stack.
    Include { file: String, is_substack: bool },
    /// Cannot be used: libpam treats the line as a module that answers `perm_denied`.
    Broken { why: String, control: Control },
}

/// The facilities that the first word of a line names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One facility.
    Of(Facility),
    /// All facilities: Debian's `@include`.
    All,
    /// No facility. In a service's own file libpam counts the line as `auth`. In a file that a line
    /// of one facility includes, libpam counts it as this facility.
    Unknown,
}

/// A line that is neither blank nor a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The number of the line in the file, or of its first part if the line is continued.
    pub(crate) number: usize,
    /// The facilities for which the line counts.
    pub(crate) kind: Kind,
    /// The instruction.
    pub(crate) instruction: Instruction,
}

/// Parses the lines of a file.
pub(crate) fn parse(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let text = text.strip_suffix('\n').unwrap_or(text);
    let mut numbered = text.split('\n').enumerate();
    while let Some((at, first)) = numbered.next() {
        let number = at.saturating_add(1);
        let (mut whole, mut goes_on) = strip(first);
        let mut fault = None;
        while goes_on {
            let next = numbered.next().map(|(_, next)| strip(next));
            let Some((text, more)) = next else {
                fault = Some(CUT_OFF);
                break;
            };
            if text.is_empty() && !more {
                fault = Some(INTERRUPTED);
                break;
            }
            whole.push(' ');
            whole.push_str(&text);
            goes_on = more;
        }
        if let Some(why) = fault {
            lines.push(unusable(number, why));
        } else if let Some(line) = parse_line(number, split_words(&whole)) {
            lines.push(line);
        }
    }
    lines
}

const CUT_OFF: &str = "the file ends where this line goes on, and libpam uses none of it";

/// The fault of a line that ends in a backslash before a blank line or a comment.
const INTERRUPTED: &str = "a blank line or a comment stands behind its backslash: before 1.6, \
                           Linux-PAM goes on behind that, and since then the line ends there; join \
                           the lines";

fn unusable(number: usize, why: &str) -> Line {
    Line {
        number,
        kind: Kind::All,
        instruction: Instruction::Broken {
            why: why.to_owned(),
            control: Control::bad(),
        },
    }
}

/// Returns a line without its comment, and whether a backslash at its end continues it. A backslash
/// before a comment does not continue the line.
fn strip(line: &str) -> (String, bool) {
    if let Some((before, _)) = line.split_once('#') {
        return (before.trim_matches(is_blank).to_owned(), false);
    }
    let line = line.trim_matches(is_blank);
    match line.strip_suffix('\\') {
        Some(before) => (before.to_owned(), true),
        None => (line.to_owned(), false),
    }
}

/// A word of a line, without the brackets around it.
struct Token {
    text: String,
    is_bracketed: bool,
}

/// Splits a line into words at blanks. `[a b]` is one word, in which `\]` stands for a bracket.
fn split_words(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches(is_blank);
    while !rest.is_empty() {
        let (text, is_bracketed, after) = match rest.strip_prefix('[') {
            Some(inner) => {
                let (text, after) = bracketed(inner);
                (text, true, after)
            }
            None => {
                let end = rest.find(is_blank).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                (word.to_owned(), false, after)
            }
        };
        tokens.push(Token { text, is_bracketed });
        rest = after.trim_start_matches(is_blank);
    }
    tokens
}

fn bracketed(inner: &str) -> (String, &str) {
    let mut word = String::new();
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

fn parse_line(number: usize, tokens: Vec<Token>) -> Option<Line> {
    let mut tokens = tokens.into_iter();
    let first = tokens.next()?.text;
    if first.eq_ignore_ascii_case("@include") {
        return Some(Line {
            number,
            kind: Kind::All,
            instruction: include(tokens.next(), false),
        });
    }
    let (word, may_be_missing) = match first.strip_prefix('-') {
        Some(word) => (word, true),
        None => (first.as_str(), false),
    };
    let instruction = parse_instruction(&mut tokens, may_be_missing);
    Some(match Facility::parse(word) {
        Some(facility) => Line {
            number,
            kind: Kind::Of(facility),
            instruction,
        },
        None => Line {
            number,
            kind: Kind::Unknown,
            instruction: of_no_facility(instruction, word),
        },
    })
}

/// Returns the instruction of a line whose first word is no facility. libpam follows such an
/// include, but does not ask such a module.
fn of_no_facility(instruction: Instruction, word: &str) -> Instruction {
    match instruction {
        Instruction::Module { control, .. } | Instruction::Broken { control, .. } => {
            Instruction::Broken {
                why: format!("unknown type \"{word}\""),
                control,
            }
        }
        include @ Instruction::Include { .. } => include,
    }
}

fn parse_instruction(
    tokens: &mut impl Iterator<Item = Token>,
    may_be_missing: bool,
) -> Instruction {
    let Some(token) = tokens.next() else {
        return Instruction::Broken {
            why: "no control and no module".to_owned(),
            control: Control::bad(),
        };
    };
    match token.text.to_ascii_lowercase().as_str() {
        "include" => return include(tokens.next(), false),
        "substack" => return include(tokens.next(), true),
        _ => {}
    }
    let control = Control::parse(&token.text, token.is_bracketed);
    match tokens.next() {
        None => Instruction::Broken {
            why: "no module".to_owned(),
            control,
        },
        Some(module) => Instruction::Module {
            control,
            module: module.text,
            arguments: tokens.map(|token| token.text).collect(),
            may_be_missing,
        },
    }
}

/// Returns an include. Without a file name, it fails as if the file were missing.
fn include(file: Option<Token>, is_substack: bool) -> Instruction {
    Instruction::Include {
        file: file.map(|token| token.text).unwrap_or_default(),
        is_substack,
    }
}
