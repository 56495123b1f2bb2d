//! Controls of lines, parsed as `_pam_parse_control` of Linux-PAM 1.5 to 1.7 parses them.

use std::collections::BTreeMap;

/// An action of libpam on a module's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Action {
    Ignore,
    Bad,
    Die,
    Ok,
    Done,
    Reset,
    Jump(usize),
}

/// The words for actions, in the order libpam tries them.
const ACTIONS: [(&str, Action); 6] = [
    ("ignore", Action::Ignore),
    ("ok", Action::Ok),
    ("done", Action::Done),
    ("bad", Action::Bad),
    ("die", Action::Die),
    ("reset", Action::Reset),
];

/// The names of PAM's return values in controls, by number.
pub(crate) const ANSWERS: [&str; 32] = [
    "success",
    "open_err",
    "symbol_err",
    "service_err",
    "system_err",
    "buf_err",
    "perm_denied",
    "auth_err",
    "cred_insufficient",
    "authinfo_unavail",
    "user_unknown",
    "maxtries",
    "new_authtok_reqd",
    "acct_expired",
    "session_err",
    "cred_unavail",
    "cred_expired",
    "cred_err",
    "no_module_data",
    "conv_err",
    "authtok_err",
    "authtok_recover_err",
    "authtok_lock_busy",
    "authtok_disable_aging",
    "try_again",
    "ignore",
    "abort",
    "authtok_expired",
    "module_unknown",
    "bad_item",
    "conv_again",
    "incomplete",
];

/// The control of a line: an action for every answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Control {
    named: BTreeMap<&'static str, Action>,
    default: Action,
    /// The control as it was written.
    pub(crate) text: String,
    /// True if libpam cannot parse the control; then every answer is bad.
    pub(crate) is_unreadable: bool,
}

impl Control {
    /// Returns the action on an answer, such as `auth_err`.
    pub(crate) fn action(&self, answer: &str) -> Action {
        self.named.get(answer).copied().unwrap_or(self.default)
    }

    /// Returns the control for which every answer is bad.
    pub(super) fn bad() -> Self {
        Self {
            named: BTreeMap::new(),
            default: Action::Bad,
            text: String::new(),
            is_unreadable: false,
        }
    }

    /// Parses a control: a word such as `required`, or pairs such as `success=ok`. libpam
    /// accepts either form in brackets or bare: `[required]` and `success=ok` are valid too.
    pub(super) fn parse(text: &str, is_bracketed: bool) -> Self {
        let control = Self::word(text).or_else(|| Self::pairs(text));
        Self {
            text: match is_bracketed {
                true => format!("[{text}]"),
                false => text.to_owned(),
            },
            ..control.unwrap_or(Self {
                is_unreadable: true,
                ..Self::bad()
            })
        }
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
            named: named.into_iter().collect(),
            default,
            ..Self::bad()
        })
    }

    /// Parses pairs such as `success=1 default=ignore`. If an answer is named twice, its last
    /// action counts; if `default` is, its first. Without `default`, answers that are not named are
    /// bad.
    fn pairs(text: &str) -> Option<Self> {
        let mut named = BTreeMap::new();
        let mut default = None;
        let mut rest = text.trim_start_matches(is_space);
        while !rest.is_empty() {
            let (answer, after) = answer(rest)?;
            let after = after.trim_start_matches(is_space).strip_prefix('=')?;
            let (action, after) = action(after.trim_start_matches(is_space))?;
            match answer {
                None => default = default.or(Some(action)),
                Some(answer) => {
                    named.insert(answer, action);
                }
            }
            rest = after.trim_start_matches(is_space);
        }
        Some(Self {
            named,
            default: default.unwrap_or(Action::Bad),
            ..Self::bad()
        })
    }
}

/// Returns the answer at the beginning of the text (`None` for `default`), and the rest. libpam
/// needs no blank between them.
fn answer(text: &str) -> Option<(Option<&'static str>, &str)> {
    let named = ANSWERS.into_iter().map(|name| (name, Some(name)));
    let mut all = named.chain([("default", None)]);
    all.find_map(|(word, answer)| Some((answer, text.strip_prefix(word)?)))
}

/// Returns the action at the beginning of the text, and the rest.
fn action(text: &str) -> Option<(Action, &str)> {
    let mut words = ACTIONS.into_iter();
    if let Some(found) = words.find_map(|(word, action)| Some((action, text.strip_prefix(word)?))) {
        return Some(found);
    }
    let end = text.find(|c: char| !c.is_ascii_digit());
    let (digits, after) = text.split_at(end.unwrap_or(text.len()));
    let lines = digits.parse().ok().filter(|lines| *lines > 0)?;
    Some((Action::Jump(lines), after))
}

/// Returns whether C's `isspace` holds for the character.
fn is_space(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\x0b'
}
