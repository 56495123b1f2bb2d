//! `authchain describe`: the settings of authchain.toml, from their doc comments.

use std::path::Path;

use authchain::chain::registry::{BACKEND_TYPES, BackendType};
use authchain::config::Config;
use authchain::config::settings::plugin::PluginPath;
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};

use crate::settings::{
    DefaultValue, Setting, common_settings, global_settings, plugin_settings, rule_settings,
    shared_settings, type_settings,
};
use crate::terminal::{Exit, Failure, STRONG, Terminal};
use crate::{plugins, setup};

/// The width to which help text is wrapped.
const WIDTH: usize = 78;

/// Describe the keys of authchain.toml
///
/// Without a TYPE: the keys at the top of the file, those of rules and of every backend, and the
/// backend types.
/// With one: the keys of backends of that type.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  authchain describe
  authchain describe local
  authchain describe --plugin htdigest
  authchain schema            the same for editors")]
pub(crate) struct Describe {
    /// A backend type
    #[arg(value_name = "TYPE", value_parser = PossibleValuesParser::new(type_names()))]
    type_name: Option<String>,

    /// Describe the settings of this plugin, which is started for that: a name, or a path
    #[arg(long, value_name = "PROGRAM", conflicts_with = "type_name")]
    plugin: Option<String>,

    /// Print the key list of authchain.toml(5) in scdoc format
    #[arg(long, hide = true)]
    man: bool,
}

impl Describe {
    pub(crate) fn run(
        &self,
        config: Option<&Path>,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        if self.man {
            terminal.write(&manual());
            return Ok(Exit::Success);
        }
        if let Some(program) = &self.plugin {
            return describe_plugin(program, config, terminal);
        }
        let named = |known: &&BackendType| self.type_name.as_deref() == Some(known.name);
        match BACKEND_TYPES.iter().find(named) {
            None => describe_all(terminal),
            Some(backend_type) => describe_type(backend_type, terminal),
        }
        Ok(Exit::Success)
    }
}

/// Starts the plugin, by the worker that the configuration names, and describes its settings.
fn describe_plugin(
    program: &str,
    config: Option<&Path>,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let source = setup::source(config)?;
    let config = Config::parse(&source).map_err(|error| setup::config_failure(&error))?;
    let program: PluginPath = program.parse().map_err(Failure::refused)?;
    let described = plugins::describe_program(&program, &config.settings);
    let described = described.map_err(|why| Failure::trouble(format!("{program}: {why}")))?;
    let can = plugins::words(&described.can).join(", ");
    terminal.print_styled(STRONG, format_args!("{program}"));
    terminal.print(format_args!("  can be asked: {can}"));
    match described.schema {
        Some(schema) => {
            terminal.print_styled(STRONG, "In `settings`");
            terminal.write(&TerminalFormat.format_all(&plugin_settings(&schema)));
        }
        None => terminal.print("  It does not describe its settings."),
    }
    Ok(Exit::Success)
}

/// Returns the names of the backend types, with the help that shells show beside them.
fn type_names() -> impl Iterator<Item = PossibleValue> {
    (BACKEND_TYPES.iter()).map(|known| PossibleValue::new(known.name).help(known.help))
}

fn describe_all(terminal: &mut Terminal) {
    terminal.print_styled(STRONG, "At the top of authchain.toml");
    terminal.write(&TerminalFormat.format_all(&global_settings()));
    terminal.print_styled(STRONG, "In a [[rule]]");
    terminal.write(&TerminalFormat.format_all(&rule_settings()));
    terminal.print_styled(
        STRONG,
        "In every [backend.NAME]; second factors have `type` alone",
    );
    terminal.write(&TerminalFormat.format_all(&common_settings()));
    terminal.print_styled(STRONG, "Backend types");
    for backend_type in BACKEND_TYPES {
        terminal.print(format_args!("\n  {STRONG}{}{STRONG:#}", backend_type.name));
        terminal.write(&wrapped(backend_type.help, 6));
    }
    terminal.print("\n`authchain describe TYPE` shows the keys of a type.");
}

fn describe_type(backend_type: &BackendType, terminal: &mut Terminal) {
    terminal.print_styled(
        STRONG,
        format_args!("[backend.NAME] with type = \"{}\"", backend_type.name),
    );
    terminal.write(&wrapped(backend_type.help, 2));
    terminal.write(&TerminalFormat.format_all(&type_settings(backend_type)));
    terminal.print_styled(STRONG, "And as in every [backend.NAME]");
    terminal.write(&TerminalFormat.format_all(&shared_settings(backend_type)));
}

/// Returns the key list of authchain.toml(5).
fn manual() -> String {
    let mut out =
        String::from("# GLOBAL KEYS\n\nAt the top of the file, before the first section.\n\n");
    out.push_str(&ManualFormat.format_all(&global_settings()));
    out.push_str("# KEYS OF A RULE\n\nIn a *[[rule]]* section; see *RULES*.\n\n");
    out.push_str(&ManualFormat.format_all(&rule_settings()));
    out.push_str(
        "# KEYS OF EVERY BACKEND\n\nIn any *[backend.*_NAME_*]* section; \
         that of a second factor has *type* alone of them.\n\n",
    );
    out.push_str(&ManualFormat.format_all(&common_settings()));
    for backend_type in BACKEND_TYPES {
        let (title, help) = (backend_type.name.to_uppercase(), scdoc(backend_type.help));
        out.push_str(&format!("# TYPE {title}\n\n{help}.\n\n"));
        out.push_str(&ManualFormat.format_all(&type_settings(backend_type)));
    }
    out
}

/// The format in which settings are described.
trait Format {
    /// The text before a default value.
    const DEFAULT: &'static str;
    /// The text for a setting that is unset by default.
    const UNSET: &'static str;
    /// The text after the last setting.
    const END: &'static str;

    fn format_one(&self, setting: &Setting, default: &str) -> String;

    fn format_all(&self, settings: &[Setting]) -> String {
        let described = settings.iter().map(|setting| {
            let default = match &setting.default {
                DefaultValue::Value(value) => format!("{}{value}", Self::DEFAULT),
                DefaultValue::Unset => Self::UNSET.to_owned(),
                DefaultValue::Required => "must be given".to_owned(),
            };
            self.format_one(setting, &default)
        });
        described.collect::<String>() + Self::END
    }
}

/// Describes settings in lines for a terminal.
struct TerminalFormat;

impl Format for TerminalFormat {
    const DEFAULT: &'static str = "= ";
    const UNSET: &'static str = "is not set";
    const END: &'static str = "\n";

    fn format_one(&self, setting: &Setting, default: &str) -> String {
        let Setting {
            name, value_type, ..
        } = setting;
        let help = wrapped(&setting.help, 6);
        format!("\n  {STRONG}{name}{STRONG:#} {default}   ({value_type})\n{help}")
    }
}

/// Describes settings in paragraphs of a manual page, in scdoc's format.
struct ManualFormat;

impl Format for ManualFormat {
    const DEFAULT: &'static str = "default: ";
    const UNSET: &'static str = "not set";
    const END: &'static str = "";

    fn format_one(&self, setting: &Setting, default: &str) -> String {
        let [name, value_type, default] = [&setting.name, &setting.value_type, default].map(escape);
        format!(
            "*{name}* ({value_type}; {default})\n\t{}\n\n",
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
        // `>=`: a blank comes before the word.
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

/// Converts a doc comment to scdoc: text in backquotes becomes bold.
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
    fn the_key_list_of_the_manual_is_up_to_date() {
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
    fn the_manual_has_an_example_of_every_type() {
        let page = include_str!("../../../man/authchain.toml.5.scd");
        let (_, examples) = page.split_once("\n# EXAMPLES\n").unwrap();
        for known in BACKEND_TYPES {
            let name = known.name;
            let (_, example) = examples.split_once(&format!("## Type {name}\n")).unwrap();
            let example = example.split("\n## ").next().unwrap();
            assert!(example.contains(&format!("type = \"{name}\"")), "{name}");
        }
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
