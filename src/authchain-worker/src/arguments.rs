//! The command line. The module names the user, and a plugin with what it may reach: the settings
//! of the backend come over the socket.

use authchain_sandbox::confine::{DEFAULT_USER, Walls};

use std::ffi::OsString;
use std::path::PathBuf;

use authchain::backends::plugin;

/// The arguments of the worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    /// Report how far this machine lets the worker be confined, and end.
    pub about: bool,
    /// Build these walls and end. A worker starts another worker so, to try out what the filter of
    /// its host allows.
    pub trial: Option<Walls>,
    /// The unprivileged user to become.
    pub user: String,
    /// The plugin to become, in place of a worker of ours.
    pub plugin: Option<Plugin>,
}

/// A plugin, and what it may reach.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plugin {
    /// Its program.
    pub program: PathBuf,
    /// The files and folders that it may read.
    pub read: Vec<PathBuf>,
    /// True if it may connect to servers.
    pub network: bool,
}

impl Arguments {
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    /// With a text for a person, where there is anything else than `--about` and `--user NAME`, or
    /// than the arguments of a plugin.
    pub fn parse(mut given: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let mut arguments = Self {
            about: false,
            trial: None,
            user: DEFAULT_USER.to_owned(),
            plugin: None,
        };
        while let Some(argument) = given.next() {
            match argument.to_str() {
                Some("--about") => arguments.about = true,
                Some("--user") => arguments.user = name(given.next())?,
                Some("--trial") => arguments.trial = Some(walls(given.next())?),
                Some(plugin::RUN) => arguments.plugin().program = path(given.next())?,
                Some(plugin::READ) => arguments.plugin().read.push(path(given.next())?),
                Some(plugin::NETWORK) => arguments.plugin().network = true,
                _ => return Err(format!("knows --about and --user NAME, not {argument:?}")),
            }
        }
        match &arguments.plugin {
            Some(plugin) if plugin.program.as_os_str().is_empty() => {
                Err(format!("{} is missing", plugin::RUN))
            }
            _ => Ok(arguments),
        }
    }

    fn plugin(&mut self) -> &mut Plugin {
        self.plugin.get_or_insert_default()
    }
}

fn path(given: Option<OsString>) -> Result<PathBuf, String> {
    let path = given.map(PathBuf::from).filter(|path| path.is_absolute());
    path.ok_or_else(|| "a plugin's paths must be absolute".to_owned())
}

fn name(given: Option<OsString>) -> Result<String, String> {
    let name = given.and_then(|name| name.into_string().ok());
    name.filter(|name| !name.is_empty())
        .ok_or_else(|| "--user needs a name".to_owned())
}

fn walls(given: Option<OsString>) -> Result<Walls, String> {
    let word = given.and_then(|word| word.into_string().ok());
    word.and_then(|word| Walls::parse(&word))
        .ok_or_else(|| "--trial is for the worker itself".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Arguments, String> {
        Arguments::parse(words.split_whitespace().map(OsString::from))
    }

    #[test]
    fn the_module_may_name_a_user_and_a_person_may_ask_about_the_confinement() {
        let plain = parse("").unwrap();
        assert_eq!((plain.about, plain.user.as_str()), (false, "authchain"));
        let both = parse("--about --user ldapworker").unwrap();
        assert_eq!((both.about, both.user.as_str()), (true, "ldapworker"));
        for walls in [Walls::All, Walls::WithoutLandlock] {
            let arguments = parse(&format!("--trial {}", walls.word())).unwrap();
            assert_eq!(arguments.trial, Some(walls));
        }
        for wrong in ["--user", "--about=yes", "ldap", "--trial", "--trial none"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_module_names_a_plugin_and_what_it_may_reach() {
        let words = "--user authchain --run /p --read /a --network --read /b";
        let plugin = parse(words).unwrap().plugin.unwrap();
        assert_eq!(plugin.program, PathBuf::from("/p"));
        assert_eq!(plugin.read, ["/a", "/b"].map(PathBuf::from));
        assert!(plugin.network);
        assert_eq!(parse("--user authchain").unwrap().plugin, None);
        for wrong in [
            "--run",
            "--run p",
            "--read /a",
            "--network",
            "--run /p --read a",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
