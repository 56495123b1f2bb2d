//! Sets up a scene and starts a host that plays it.

use std::ffi::CString;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::geteuid;
use tempfile::TempDir;

use super::built;
use super::log::Log;
use super::perform::{SERVICE, play};
use super::scene::{Process, Report, Scene};

/// A scene on its stage: a directory with stack, configuration, files and log.
pub struct Transaction {
    dir: TempDir,
}

impl Transaction {
    /// Sets up the scene, plays it and removes its directory.
    pub fn run(scene: &Scene) -> Report {
        Self::set(scene).play(scene)
    }

    /// Sets the scene.
    pub fn set(scene: &Scene) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let stage = Self { dir };
        fs::set_permissions(stage.path(), Permissions::from_mode(0o755)).unwrap();
        let mut arguments = scene.arguments.clone();
        if let Some(config) = &scene.config {
            stage.write("authchain.toml", config, 0o644);
            arguments += &format!(" config={}", stage.path().join("authchain.toml").display());
        }
        for (name, text) in &scene.files {
            stage.write(name, text, 0o600);
        }
        let confdir = stage.path().join("pam.d");
        fs::create_dir(&confdir).unwrap();
        let module = stage.module(scene);
        let stack = (scene.stack.replace("{arguments}", &arguments))
            .replace("{module}", module.to_str().unwrap());
        for service in ["stage", "backstage"] {
            fs::write(confdir.join(service), stage.filled(&stack)).unwrap();
        }
        let nobody = ["auth", "account", "password", "session"]
            .map(|facility| format!("{facility} required pam_deny.so\n"));
        fs::write(confdir.join("other"), nobody.concat()).unwrap();
        stage
    }

    /// Its directory.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Plays the scene; its report has what was logged.
    pub fn play(&self, scene: &Scene) -> Report {
        let log = Log::listen(&self.path().join("log"));
        let report = self.path().join("report");
        let output = self.host(scene).output().unwrap();
        let log_lines = self.heard(log);
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(
            output.status.success(),
            "the host ended with {}: {text}{log_lines:#?}",
            output.status
        );
        let mut report: Report = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
        fs::remove_file(self.path().join("log")).unwrap();
        report.log_lines = log_lines;
        report.output = text;
        report
    }

    /// Plays a scene whose host dies before its report, and returns what was logged.
    ///
    /// # Panics
    /// If the host reports.
    pub fn play_to_the_death(&self, scene: &Scene) -> Vec<String> {
        let log = Log::listen(&self.path().join("log"));
        let output = self.host(scene).output().unwrap();
        assert!(!output.status.success(), "the host lives");
        self.heard(log)
    }

    /// The host, with its script laid out.
    fn host(&self, scene: &Scene) -> Command {
        let script = serde_json::to_string(&scene.script).unwrap();
        fs::write(self.path().join("script"), self.filled(&script)).unwrap();
        let report = self.path().join("report");
        fs::write(&report, "").unwrap();
        fs::set_permissions(&report, Permissions::from_mode(0o666)).unwrap();
        let name = self.path().join(&scene.host_name);
        let _ = fs::remove_file(&name);
        symlink(built::host(), &name).unwrap();
        let mut host = Command::new(name);
        host.arg(self.path()).env_clear().envs(&scene.environment);
        self.hide_people(&mut host);
        host
    }

    /// Makes NSS in the host know only this machine's system users: a user of the machine may have
    /// the name of a person of the scene, and would be another person to the module.
    fn hide_people(&self, host: &mut Command) {
        let passwd = fs::read_to_string("/etc/passwd").unwrap();
        let is_system = |line: &&str| {
            let uid = line.split(':').nth(2).and_then(|uid| uid.parse().ok());
            uid.is_some_and(|uid: u32| uid < 1000 || uid == geteuid().as_raw())
        };
        let lines: Vec<&str> = passwd.lines().filter(is_system).collect();
        let known = self.path().join("known");
        fs::write(&known, lines.join("\n") + "\n").unwrap();
        fs::set_permissions(&known, Permissions::from_mode(0o644)).unwrap();
        host.env("LD_PRELOAD", "libnss_wrapper.so")
            .env("NSS_WRAPPER_PASSWD", &known)
            .env("NSS_WRAPPER_GROUP", "/etc/group");
    }

    /// Plays the scene in this process, for times without the start of a process.
    ///
    /// Ignores the script's `process`: this process stays as it is.
    pub fn play_here(&self, scene: &Scene) -> Report {
        let log = Log::listen(&self.path().join("log"));
        let mut script = scene.script.clone();
        script.process = Process::default();
        let confdir = CString::new(self.path().join("pam.d").as_os_str().as_bytes()).unwrap();
        let mut report = play(&script, &confdir, SERVICE);
        report.log_lines = self.heard(log);
        fs::remove_file(self.path().join("log")).unwrap();
        report
    }

    /// The module's path, or that of a copy for a host that is not root and may not reach the
    /// target directory.
    fn module(&self, scene: &Scene) -> PathBuf {
        if scene.script.process.uid.is_none() {
            return scene.module.clone();
        }
        let copy = self.path().join("module.so");
        fs::copy(&scene.module, &copy).unwrap();
        copy
    }

    /// What was logged; the scene's directory is `{dir}` here too.
    fn heard(&self, log: Log) -> Vec<String> {
        let dir = self.path().to_str().unwrap();
        let lines = log.stop().into_iter();
        lines.map(|line| line.replace(dir, "{dir}")).collect()
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        let path = self.path().join(name);
        fs::write(&path, self.filled(text)).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    }

    fn filled(&self, text: &str) -> String {
        text.replace("{dir}", self.path().to_str().unwrap())
    }
}
