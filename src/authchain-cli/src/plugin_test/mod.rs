//! `authchain plugin-test`: plays docs/PROTOCOL.md against a plugin.
//!
//! | file | holds |
//! |---|---|
//! | `launcher`, `process` | how the plugin is started, and what runs then |
//! | `talk`, `fault` | one exchange with it, and what can be wrong with that |
//! | `subject` | the plugin that is tried, and the person it knows |
//! | `cases` | what is tried, a file for each part of the page |
//! | `case`, `report` | the result of a case; all of them as a table or JSON |

mod case;
mod cases;
mod fault;
mod launcher;
mod process;
mod report;
mod subject;
mod talk;

use std::fs;
use std::path::{Path, PathBuf};

use authchain::backends::protocol::Hello;
use authchain::config::Config;
use authchain::config::settings::GlobalSettings;
use authchain::config::settings::plugin::{PluginPath, PluginSettings};
use authchain::words::Secret;
use clap::{Args, ValueHint};
use serde_json::{Map, Value};

use self::case::CaseList;
use self::launcher::Launcher;
use self::subject::{Subject, TestPerson};
use crate::prompt::{self, Echo};
use crate::setup;
use crate::terminal::{Exit, Failure, Terminal};

/// Play the whole of docs/PROTOCOL.md against a plugin, and report what it gets wrong
///
/// The plugin is started as a login starts it, behind the same walls, about fifty times: with
/// right, wrong and unknown names, with names and passwords that break out of careless programs,
/// with prompts, with too little time, and with a caller that hangs up. With --user, the password
/// of that person is asked for, and the plugin is told half a dozen wrong ones: take a person made
/// for tests.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  authchain plugin-test ./htdigest.py --settings htdigest.toml --read /srv/www/htdigest --user alice
  authchain plugin-test otp --user alice --prompt 'Code: '   installed, as a second factor
  authchain plugin-test ./p.sh --unconfined                  shows its standard error
  authchain plugin-test --type ldap --settings corp.toml     authchain's own worker

Exit codes:
  0  it keeps to every must of the page
  1  it breaks one
  2  it could not be tried: wrong usage")]
pub(crate) struct PluginTest {
    /// The plugin: a path with a slash in it, or the name of an installed plugin
    #[arg(
        value_hint = ValueHint::ExecutablePath,
        required_unless_present = "backend_type",
        conflicts_with = "backend_type"
    )]
    program: Option<PathBuf>,

    /// Try authchain's own worker as this type of backend, such as ldap
    #[arg(long = "type", value_name = "TYPE", conflicts_with = "unconfined")]
    backend_type: Option<String>,

    /// A person whom the plugin knows; the password is asked for, or read from standard input
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Username)]
    user: Option<String>,

    /// Read the password from the first line of this file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "user")]
    password_file: Option<PathBuf>,

    /// The settings, as the table `settings` of the section has them: TOML, or JSON in FILE.json
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    settings: Option<PathBuf>,

    /// Let it read this file or folder, as `read` in the section does
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    read: Vec<PathBuf>,

    /// The user that it runs as, as `user` in the section has it
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Username)]
    run_as: Option<String>,

    /// Let it connect to servers, as `network` in the section does
    #[arg(long)]
    network: bool,

    /// As a second factor: the question that is asked for it, as `prompt` in the section has it
    #[arg(long, value_name = "TEXT", requires = "user")]
    prompt: Option<String>,

    /// Start it without walls and show what it writes to standard error, to find faults
    #[arg(long)]
    unconfined: bool,

    /// Play only the cases whose names have this text
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl PluginTest {
    pub(crate) fn run(
        &self,
        config: Option<&Path>,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let global = Config::parse(&setup::source(config)?)
            .map_err(|error| setup::config_failure(&error))?
            .settings;
        let settings = self.settings()?;
        let mut subject = Subject {
            launcher: self.launcher(&settings, &global)?,
            hello: Hello {
                backend: "plugin-test".to_owned(),
                kind: self.backend_type.clone().unwrap_or("plugin".to_owned()),
                settings: Value::Object(settings.settings),
                avoid: Vec::new(),
                probe: Vec::new(),
                probe_ms: 0,
            },
            person: self.person()?,
            prompt: settings.prompt,
            can: Vec::new(),
        };
        let mut list = CaseList {
            only: self.only.clone(),
            played: Vec::new(),
        };
        cases::play(&mut subject, &mut list);
        let name = subject.launcher.name();
        match self.json {
            true => terminal.json(&report::json(&name, &list)),
            false => report::print(&name, &list, terminal),
        }
        Ok(match list.is_passed() {
            true => Exit::Success,
            false => Exit::Negative,
        })
    }

    /// Returns the settings that the section would have.
    fn settings(&self) -> Result<PluginSettings, Failure> {
        let own = match &self.settings {
            Some(file) => read_settings(file)?,
            None => Map::new(),
        };
        let mut read = Vec::new();
        for path in &self.read {
            read.push(absolute(path)?);
        }
        let settings = PluginSettings {
            program: self.plugin_path()?,
            settings: own,
            read,
            user: self.run_as.clone(),
            network: self.network,
            prompt: self.prompt.clone(),
        };
        match settings.check() {
            Err((key, message)) if self.backend_type.is_none() => Err(Failure::trouble(format!(
                "--{}: {message}",
                if key == "user" { "run-as" } else { key }
            ))),
            _ => Ok(settings),
        }
    }

    fn plugin_path(&self) -> Result<PluginPath, Failure> {
        let Some(program) = &self.program else {
            return Ok(PluginPath::default());
        };
        let text = program.to_string_lossy();
        let text = match text.contains('/') {
            true => absolute(program)?.to_string_lossy().into_owned(),
            false => text.into_owned(),
        };
        text.parse()
            .map_err(|why| Failure::trouble(format!("{text}: {why}")))
    }

    fn launcher(
        &self,
        settings: &PluginSettings,
        global: &GlobalSettings,
    ) -> Result<Launcher, Failure> {
        let program = settings.program.path();
        if self.unconfined {
            return Ok(Launcher::Unconfined(program));
        }
        let worker = global.worker.clone();
        if !worker.exists() {
            let text = format!(
                "{}: no such worker; --unconfined needs none",
                worker.display()
            );
            return Err(Failure::trouble(text));
        }
        let user = settings.user.as_ref().unwrap_or(&global.worker_user);
        let user = user.clone();
        Ok(match self.backend_type {
            Some(_) => Launcher::Worker { worker, user },
            None => Launcher::Confined {
                worker,
                user,
                program,
                read: settings.read.clone(),
                network: settings.network,
            },
        })
    }

    fn person(&self) -> Result<Option<TestPerson>, Failure> {
        let Some(name) = &self.user else {
            return Ok(None);
        };
        let name = setup::username(name)?.as_str().to_owned();
        let password = match &self.password_file {
            Some(file) => first_line(file)?,
            None => prompt::ask(&format!("Password of {name}: "), Echo::Off)
                .map_err(|error| Failure::trouble(error.to_string()))?,
        };
        match password.is_empty() {
            true => Err(Failure::trouble("an empty password is sent to no plugin")),
            false => Ok(Some(TestPerson { name, password })),
        }
    }
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path)
        .map_err(|error| Failure::trouble(format!("{}: {error}", path.display())))
}

fn read_settings(file: &Path) -> Result<Map<String, Value>, Failure> {
    let failed = |why: String| Failure::trouble(format!("{}: {why}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
    match file
        .extension()
        .is_some_and(|extension| extension == "json")
    {
        true => serde_json::from_str(&text).map_err(|error| failed(error.to_string())),
        false => toml::from_str(&text).map_err(|error| failed(error.to_string())),
    }
}

fn first_line(file: &Path) -> Result<Secret, Failure> {
    let mut bytes =
        fs::read(file).map_err(|error| Failure::trouble(format!("{}: {error}", file.display())))?;
    if let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
        bytes.truncate(end);
    }
    Ok(Secret::new(bytes))
}
