//! Stories: scenes with the results that they must have, in TOML.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use nix::unistd::geteuid;
use serde::Deserialize;

use super::app_passwords;
use super::authenticator::{enrol, with_code};
use super::built;
use super::codes::code_name;
use super::scene::{ALONE, Call, Hex, Item, Phase, QUIET, Report, Scene};
use super::transaction::Transaction;
use crate::pattern::{fit_one_by_one, fits};

/// A file of stories about the same people.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stories {
    /// The configuration of stories that have none.
    #[serde(default)]
    config: String,
    /// Files beside it. `{today-3}` stands for the day three days ago, as shadow(5) counts.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// People who are enrolled in the second factor `totp`, in the folder `state`.
    #[serde(default)]
    enrolled: Vec<String>,
    /// People who have app passwords, in the folder `state`.
    #[serde(default)]
    with_app_passwords: Vec<String>,
    story: Vec<Story>,
}

/// One story.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// The title.
    pub name: String,
    #[serde(default)]
    arguments: String,
    stack: Option<String>,
    config: Option<String>,
    user: Option<String>,
    user_hex: Option<String>,
    /// What the person types; `{code}` stands for the code that her app shows now.
    #[serde(default)]
    answers: Vec<String>,
    #[serde(default)]
    items: BTreeMap<Item, String>,
    /// `authenticate SILENT = PAM_SUCCESS`
    calls: Vec<String>,
    /// Everything the person sees.
    #[serde(default)]
    prompts: Vec<String>,
    /// Everything that is logged; see [`pattern`](crate::pattern). `{dir}` stands for the scene's directory.
    #[serde(default)]
    log: Vec<String>,
    /// Files beside the configuration that the story changes, as they are at its end, each as a
    /// pattern.
    #[serde(default)]
    left: BTreeMap<String, String>,
    /// The real user id, as in su; the process is root.
    real_uid: Option<u32>,
    /// `PAM_USER` that the host sets before the second call.
    then_user: Option<String>,
}

impl Stories {
    /// Reads the stories of a file.
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let mut stories: Self =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for text in stories.files.values_mut() {
            *text = dated(text);
        }
        stories
    }

    /// Plays all stories, and says which results differ from them.
    ///
    /// # Panics
    /// With everything that is wrong, story by story.
    pub fn play(&self) {
        let wrong: Vec<String> = (self.story.iter())
            .filter_map(|story| {
                let scene = story.scene(self);
                let stage = Transaction::set(&scene);
                for name in &self.enrolled {
                    enrol(&stage.path().join("state"), name);
                }
                for name in &self.with_app_passwords {
                    app_passwords::give(&stage.path().join("state"), name);
                }
                let mut faults = story.faults(&stage.play(&scene));
                faults.extend(story.faults_of_files(self, stage.path()));
                (!faults.is_empty()).then(|| format!("{}:\n{}", story.name, faults.concat()))
            })
            .collect();
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }
}

impl Story {
    fn scene(&self, stories: &Stories) -> Scene {
        let mut scene = Scene::new("", &[]);
        scene.arguments.clone_from(&self.arguments);
        scene.stack = self.stack.clone().unwrap_or_else(|| ALONE.to_owned());
        let config = self.config.as_ref().unwrap_or(&stories.config);
        scene.config = Some(format!("{QUIET}{}", with_programs(config)));
        scene.files.clone_from(&stories.files);
        let user = self.user.as_deref().map(Hex::from);
        scene.script.user = user.or(self.user_hex.clone().map(Hex));
        scene.script.answers = self
            .answers
            .iter()
            .map(|text| with_code(text).as_str().into())
            .collect();
        let items = self.items.iter();
        scene.script.items = items
            .map(|(item, text)| (*item, text.as_str().into()))
            .collect();
        scene.script.process.real_uid = self.real_uid;
        if let Some(user) = &self.then_user {
            let items = [(Item::User, user.as_str().into())];
            scene.script.meanwhile = [(1, items.into())].into();
        }
        scene.script.calls = self.calls.iter().map(|call| parse(call).0).collect();
        scene
    }

    fn faults(&self, report: &Report) -> Vec<String> {
        let codes: Vec<&str> = self.calls.iter().map(|call| parse(call).1).collect();
        let got: Vec<String> = report.codes.iter().map(|code| code_name(*code)).collect();
        let mut faults = Vec::new();
        if codes != got {
            faults.push(format!("  answered {got:?}\n  instead of {codes:?}\n"));
        }
        if self.prompts != report.prompts {
            let (got, told) = (&report.prompts, &self.prompts);
            faults.push(format!("  showed {got:#?}\n  instead of {told:#?}\n"));
        }
        let (told, lines) = (&self.log_here(), &report.log_lines);
        if !fit_one_by_one(told, lines) {
            faults.push(format!("  logged {lines:#?}\n  instead of {told:#?}\n"));
        }
        if !report.output.is_empty() || !report.changes.is_empty() {
            faults.push(format!("  left {} {:?}\n", report.output, report.changes));
        }
        faults
    }

    /// Compares the files with what the story leaves, and the others with what they were.
    fn faults_of_files(&self, stories: &Stories, folder: &Path) -> Vec<String> {
        let here = folder.to_str().unwrap();
        let filled = |text: &String| dated(&text.replace("{dir}", here));
        let fault = |(name, before): (&String, &String)| {
            let text = std::fs::read_to_string(folder.join(name)).unwrap();
            let is_right = match self.left.get(name) {
                Some(pattern) => fits(&filled(pattern), &text),
                None => text == before.replace("{dir}", here),
            };
            (!is_right).then(|| format!("  left {name}:\n{text}"))
        };
        stories.files.iter().filter_map(fault).collect()
    }

    /// The log of a host with the user id of this process: without root's, what it cannot find out
    /// is no error to the module.
    fn log_here(&self) -> Vec<String> {
        let is_root = geteuid().is_root();
        let is_told =
            |line: &str| line.contains(" unavailable: ") || line.contains(" web failed: ");
        let level = |line: &String| match is_told(line) && !is_root {
            true => line.replacen("ERR ", "DEBUG ", 1),
            false => line.clone(),
        };
        self.log.iter().map(level).collect()
    }
}

/// Puts the worker and the plugin of stories into a configuration.
fn with_programs(config: &str) -> String {
    if !config.contains("{worker}") {
        return config.to_owned();
    }
    let path = |program: PathBuf| program.to_str().unwrap().to_owned();
    let config = config.replace("{worker}", &path(built::worker()));
    config.replace("{plugin}", &path(built::script("stories/plugin.sh")))
}

/// `account SILENT = PAM_SUCCESS`
fn parse(line: &str) -> (Call, &str) {
    let (call, code) = line.split_once(" = ").expect("call = code");
    let mut words = call.split_whitespace();
    let phase = match words.next().unwrap_or_default() {
        "authenticate" => Phase::Authenticate,
        "account" => Phase::Account,
        "setcred" => Phase::Setcred,
        "open_session" => Phase::OpenSession,
        "close_session" => Phase::CloseSession,
        "chauthtok" => Phase::Chauthtok,
        other => panic!("no call is named {other}"),
    };
    let flags = words.map(|word| match word {
        "SILENT" => 0x8000,
        "DISALLOW_NULL_AUTHTOK" => 1,
        "CHANGE_EXPIRED_AUTHTOK" => 0x20,
        other => panic!("no flag is named {other}"),
    });
    let flags = flags.sum();
    (Call { phase, flags }, code)
}

/// `{today-3}` → `20775`
fn dated(text: &str) -> String {
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let today = i64::try_from(seconds / 86_400).unwrap();
    let mut parts = text.split("{today");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (offset, rest) = part.split_once('}').expect("{today-3}");
        let offset: i64 = if offset.is_empty() {
            0
        } else {
            offset.parse().unwrap()
        };
        out += &format!("{}{rest}", today + offset);
    }
    out
}
