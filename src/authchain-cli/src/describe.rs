//! `authchain describe`: the keys of the configuration, from the doc comments of the settings.

use authchain::chain::registry::{BACKEND_TYPES, BackendType};
use clap::Args;

use crate::schema::{Default, Setting, common_settings, global_settings, kind_settings};
use crate::terminal::{Ending, Failure, STRONG, Terminal};

/// The width to which help text is wrapped.
const WIDTH: usize = 78;

/// Describe the keys of authchain.toml
///
/// Without a TYPE: the keys at the top of the file, those of every backend, and the backend types.
/// With one: the keys of backends of that type.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  authchain describe
  authchain describe local
  authchain schema            the same for editors")]
pub(crate) struct Describe {
    /// A backend type
    #[arg(value_name = "TYPE")]
    kind: Option<String>,

    /// Print the key list of authchain.toml(5) in scdoc format
    #[arg(long, hide = true)]
    man: bool,
}

impl Describe {
    pub(crate) fn run(&self, terminal: &mut Terminal) -> Result<Ending, Failure> {
        if self.man {
            terminal.write(&manual());
            return Ok(Ending::Yes);
        }
        match &self.kind {
            None => everything(terminal),
            Some(name) => one(find(name)?, terminal),
        }
        Ok(Ending::Yes)
    }
}

fn find(name: &str) -> Result<&'static BackendType, Failure> {
    BACKEND_TYPES
        .iter()
        .find(|kind| kind.name == name)
        .ok_or_else(|| {
            let all: Vec<&str> = BACKEND_TYPES.iter().map(|kind| kind.name).collect();
            Failure::refused(format!(
                "there is no backend type {name:?}; known types: {}",
                all.join(", ")
            ))
        })
}

fn everything(terminal: &mut Terminal) {
    terminal.say_in(STRONG, "At the top of authchain.toml");
    terminal.write(&OnTerminal.settings(&global_settings()));
    terminal.say_in(STRONG, "In every [backend.NAME]");
    terminal.write(&OnTerminal.settings(&common_settings()));
    terminal.say_in(STRONG, "Backend types");
    for kind in BACKEND_TYPES {
        terminal.say(format_args!("\n  {STRONG}{}{STRONG:#}", kind.name));
        terminal.write(&wrapped(kind.help, 6));
    }
    terminal.say("\n`authchain describe TYPE` shows the keys of a type.");
}

fn one(kind: &BackendType, terminal: &mut Terminal) {
    terminal.say_in(
        STRONG,
        format_args!("[backend.NAME] with type = \"{}\"", kind.name),
    );
    terminal.write(&wrapped(kind.help, 2));
    terminal.write(&OnTerminal.settings(&kind_settings(kind)));
    terminal.say_in(STRONG, "And as in every [backend.NAME]");
    terminal.write(&OnTerminal.settings(&common_settings()));
}

/// Returns the key list of authchain.toml(5).
fn manual() -> String {
    let mut out =
        String::from("# GLOBAL KEYS\n\nAt the top of the file, before the first section.\n\n");
    out.push_str(&InManual.settings(&global_settings()));
    out.push_str("# KEYS OF EVERY BACKEND\n\nIn any *[backend.*_NAME_*]* section.\n\n");
    out.push_str(&InManual.settings(&common_settings()));
    for kind in BACKEND_TYPES {
        let (title, help) = (kind.name.to_uppercase(), scdoc(kind.help));
        out.push_str(&format!("# TYPE {title}\n\n{help}.\n\n"));
        out.push_str(&InManual.settings(&kind_settings(kind)));
    }
    out
}

/// The form in which settings are described.
trait Page {
    /// The text before a default.
    const DEFAULT: &'static str;
    /// The text for a setting that has no value unless one is given.
    const UNSET: &'static str;
    /// The text after the last setting.
    const END: &'static str;

    fn setting(&self, setting: &Setting, default: &str) -> String;

    fn settings(&self, settings: &[Setting]) -> String {
        let described = settings.iter().map(|setting| {
            let default = match &setting.default {
                Default::Value(value) => format!("{}{value}", Self::DEFAULT),
                Default::Unset => Self::UNSET.to_owned(),
                Default::None => "must be given".to_owned(),
            };
            self.setting(setting, &default)
        });
        described.collect::<String>() + Self::END
    }
}

/// Describes settings in lines for a terminal.
struct OnTerminal;

impl Page for OnTerminal {
    const DEFAULT: &'static str = "= ";
    const UNSET: &'static str = "is not set";
    const END: &'static str = "\n";

    fn setting(&self, setting: &Setting, default: &str) -> String {
        let Setting { name, kind, .. } = setting;
        let help = wrapped(&setting.help, 6);
        format!("\n  {STRONG}{name}{STRONG:#} {default}   ({kind})\n{help}")
    }
}

/// Describes settings in paragraphs of a manual page, in scdoc's format.
struct InManual;

impl Page for InManual {
    const DEFAULT: &'static str = "default: ";
    const UNSET: &'static str = "not set";
    const END: &'static str = "";

    fn setting(&self, setting: &Setting, default: &str) -> String {
        let [name, kind, default] = [&setting.name, &setting.kind, default].map(escape);
        format!(
            "*{name}* ({kind}; {default})\n\t{}\n\n",
            scdoc(&setting.help)
        )
    }
}

/// Wraps `text` into lines that begin with `indent` blanks.
fn wrapped(text: &str, indent: usize) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let length = indent
            .saturating_add(line.chars().count())
            .saturating_add(word.chars().count());
        if !line.is_empty() && length >= WIDTH {
            push_line(&mut out, &line, indent);
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    push_line(&mut out, &line, indent);
    out
}

fn push_line(out: &mut String, line: &str, indent: usize) {
    out.push_str(&" ".repeat(indent));
    out.push_str(line);
    out.push('\n');
}

/// Converts a doc comment, in which code is `code`, to scdoc, in which it is *bold*.
fn scdoc(text: &str) -> String {
    escape(text).replace('`', "*")
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('_', "\\_")
        .replace('*', "\\*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manuals_key_list_is_the_one_that_is_generated() {
        let page = include_str!("../../../man/authchain.toml.5.scd");
        let begin = "; begin: what `authchain describe --man` prints\n";
        let (_, rest) = page.split_once(begin).unwrap();
        let (keys, _) = rest.split_once("; end\n").unwrap();
        assert_eq!(
            keys,
            manual(),
            "put the output of `authchain describe --man` between the marks"
        );
    }

    #[test]
    fn text_is_broken_between_words_and_indented() {
        let text = "word ".repeat(40);
        let wrapped = wrapped(&text, 6);
        assert!(
            wrapped
                .lines()
                .all(|line| line.starts_with("      w") && line.len() <= WIDTH)
        );
        assert_eq!(wrapped.matches("word").count(), 40);
    }
}
