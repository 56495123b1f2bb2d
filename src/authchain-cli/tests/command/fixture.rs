//! A temporary folder with a configuration, in which tests run the command.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use nix::pty::openpty;
use nix::unistd::geteuid;

/// The password that everybody in these tests types. No output may ever contain it.
pub(crate) const PASSWORD: &str = "Correct-Horse!7";

/// The command as it was built.
pub(crate) const AUTHCHAIN: &str = env!("CARGO_BIN_EXE_authchain");

/// A configuration with one database of authchain's own accounts.
pub(crate) const GUESTS: &str = "chain = [\"guests\"]\nstate_dir = \"DIR\"\n[backend.guests]\n\
    type = \"local\"\npasswd = \"DIR/passwd\"\nshadow = \"DIR/shadow\"\n";

/// [`GUESTS`] behind a backend for the system's own files.
pub(crate) const WITH_SYSTEM: &str = "chain = [\"local\", \"guests\"]\nstate_dir = \"DIR\"\n\
    passwd_file = \"DIR/etc/passwd\"\n[backend.local]\ntype = \"local\"\n\
    passwd = \"DIR/etc/passwd\"\nshadow = \"DIR/etc/shadow\"\n[backend.guests]\n\
    type = \"local\"\npasswd = \"DIR/passwd\"\nshadow = \"DIR/shadow\"\n";

/// The exit code and the output of a run.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// Returns standard output and error together.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// Asserts that the run ended with this code, and that its output has all these words.
    pub(crate) fn expect(self, code: i32, words: &[&str]) -> Self {
        let text = self.text();
        assert_eq!(self.code, code, "{text}");
        for word in words {
            assert!(text.contains(word), "not there: {word}\n{text}");
        }
        self
    }
}

/// A temporary folder with a configuration.
pub(crate) struct Fixture {
    folder: tempfile::TempDir,
}

impl Fixture {
    /// Makes a folder with this configuration, in which `DIR` stands for the folder.
    pub(crate) fn new(config: &str) -> Self {
        let fixture = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        fixture.write("authchain.toml", config);
        // Programs that run as another user must be able to enter the folder.
        fs::set_permissions(fixture.folder.path(), Permissions::from_mode(0o755)).unwrap();
        fixture
    }

    /// Makes a folder with a database of authchain's own, and alice in it.
    pub(crate) fn with_alice() -> Self {
        let fixture = Self::new(GUESTS);
        fixture
            .run_with(&["user", "add", "alice-test"], PASSWORD)
            .expect(0, &["alice-test is added"]);
        fixture
    }

    /// Makes a folder with alice in a database of authchain's own, behind a system with people of its
    /// own: carol was never given a password, dave's is locked, erin has no line in the shadow file,
    /// and frank's password is empty.
    pub(crate) fn with_system() -> Self {
        let fixture = Self::with_alice();
        fixture.write("authchain.toml", WITH_SYSTEM);
        fixture.write(
            "etc/passwd",
            "root:x:0:0::/root:/bin/sh\ndaemon:x:1:1::/:/bin/false\nbob:x:70001:1::/:/bin/sh\n\
             carol:x:70002:1::/:/bin/sh\ndave:x:70003:1::/:/bin/sh\nerin:x:70004:1::/:/bin/sh\n\
             frank::70005:1::/:/bin/sh\nnobody:x:65534:1::/:/bin/false\n",
        );
        fixture.write(
            "etc/shadow",
            "root:*:1::::::\ndaemon:*:1::::::\nbob:$y$j9T$a$b:1::::::\ncarol:!*:1::::::\n\
             dave:!$y$j9T$a$b:1::::::\nnobody:*:1::::::\n",
        );
        fixture.chmod("etc/shadow", 0o600);
        fixture
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        // Whatever the umask is, a folder that others may write to is trusted nowhere.
        let mut folders = DirBuilder::new();
        folders.recursive(true).mode(0o755);
        folders.create(path.parent().unwrap()).unwrap();
        let folder = self.folder.path().to_str().unwrap();
        fs::write(&path, text.replace("DIR", folder)).unwrap();
        self.chmod(name, 0o644);
        path
    }

    /// Adds a folder of modules, for `--module-dir`: files that look like modules of this machine.
    pub(crate) fn add_modules(&self) {
        let modules = self.path("modules");
        fs::create_dir_all(&modules).unwrap();
        for name in [
            "authchain",
            "deny",
            "localuser",
            "permit",
            "succeed_if",
            "unix",
        ] {
            fs::copy(AUTHCHAIN, modules.join(format!("pam_{name}.so"))).unwrap();
        }
    }

    /// Makes a script with this text. Another process writes it: a thread that forks meanwhile would
    /// hold the file open for writing, and such a file cannot be executed.
    pub(crate) fn program(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        let mut tee = Command::new("tee");
        tee.arg(&path).stdout(Stdio::null()).stdin(Stdio::piped());
        let mut tee = tee.spawn().unwrap();
        let written = format!("#!/bin/sh\n{text}\n");
        tee.stdin
            .take()
            .unwrap()
            .write_all(written.as_bytes())
            .unwrap();
        assert!(tee.wait().unwrap().success());
        self.chmod(name, 0o755);
        path
    }

    pub(crate) fn chmod(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), Permissions::from_mode(mode)).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Returns the command, to be run on this folder's configuration.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.command_at(Path::new(AUTHCHAIN), arguments)
    }

    /// Returns the command to be run by [`NOBODY`]: a copy, because nobody may be unable to enter
    /// the folder in which the command was built.
    pub(crate) fn command_of_nobody(&self, arguments: &[&str]) -> Command {
        let copy = self.path("authchain");
        // Copied by cp(1): a thread of this process that forks meanwhile would hold the file open
        // for writing, and such a file cannot be executed.
        let copied = Command::new("cp")
            .arg(AUTHCHAIN)
            .arg(&copy)
            .status()
            .unwrap();
        assert!(copied.success());
        let mut command = self.command_at(&copy, arguments);
        command.uid(NOBODY).gid(NOBODY);
        command
    }

    fn command_at(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments);
        if !arguments.contains(&"--config") {
            command.arg("--config").arg(self.path("authchain.toml"));
        }
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        finish(&mut self.command(arguments), "")
    }

    /// Runs the command with these lines on standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Run {
        finish(&mut self.command(arguments), &format!("{input}\n"))
    }

    /// Runs `check` without PAM stacks.
    pub(crate) fn check(&self) -> Run {
        fs::create_dir_all(self.path("no-pam.d")).unwrap();
        let pam = self.path("no-pam.d");
        self.run(&["check", "--pam-dir", pam.to_str().unwrap()])
    }
}

/// Runs a command to its end.
pub(crate) fn finish(command: &mut Command, input: &str) -> Run {
    if !input.is_empty() {
        command.stdin(Stdio::piped());
    }
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    if let Some(mut stdin) = child.stdin.take() {
        // The command may end without reading its input.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().unwrap();
    let run = Run {
        code: code(output.status),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    assert!(!run.text().contains(PASSWORD), "{}", run.text());
    assert!(!run.text().contains("panicked"), "{}", run.text());
    run
}

/// Returns the exit code, or 128 and the signal's number, as shells have it.
fn code(status: ExitStatus) -> i32 {
    status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap())
}

/// A command whose standard input is a terminal, at which a person types.
pub(crate) struct Person {
    pub(crate) child: Child,
    pub(crate) keyboard: fs::File,
    /// The terminal's other side, kept open so that its settings can be read at the end.
    pub(crate) terminal: fs::File,
    seen: String,
}

impl Person {
    pub(crate) fn sits_down(command: &mut Command) -> Self {
        let pair = openpty(None, None).unwrap();
        let terminal = fs::File::from(pair.slave);
        let child = command
            .stdin(terminal.try_clone().unwrap())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            child,
            keyboard: fs::File::from(pair.master),
            terminal,
            seen: String::new(),
        }
    }

    /// Reads until this question is shown.
    pub(crate) fn is_asked(&mut self, question: &str) {
        let mut byte = [0];
        let stderr = self.child.stderr.as_mut().unwrap();
        while !self.seen.ends_with(question) {
            assert_eq!(stderr.read(&mut byte).unwrap(), 1, "{}", self.seen);
            self.seen.push(char::from(byte[0]));
        }
    }

    pub(crate) fn types(&mut self, line: &str) {
        self.keyboard
            .write_all(format!("{line}\n").as_bytes())
            .unwrap();
    }

    /// Waits for the end of the command. Text on the terminal counts as output too.
    pub(crate) fn leaves(mut self) -> Run {
        let (mut out, mut err) = (String::new(), self.seen);
        (self.child.stdout.take().unwrap())
            .read_to_string(&mut out)
            .unwrap();
        (self.child.stderr.take().unwrap())
            .read_to_string(&mut err)
            .unwrap();
        let code = code(self.child.wait().unwrap());
        drop(self.terminal);
        let mut shown = Vec::new();
        // Reading ends in an error once nobody has the terminal open any more.
        let _ = self.keyboard.read_to_end(&mut shown);
        out.push_str(&String::from_utf8_lossy(&shown));
        assert!(!format!("{out}{err}").contains(PASSWORD), "{out}{err}");
        Run { code, out, err }
    }
}

/// Returns whether the test runs as root. If not, prints that the test is skipped, even where the
/// test harness captures output. In CI every test must run as root.
#[expect(
    clippy::disallowed_methods,
    reason = "the environment is the developer's"
)]
pub(crate) fn is_root() -> bool {
    let is_root = geteuid().is_root();
    if !is_root {
        let thread = std::thread::current();
        let test = thread.name().unwrap_or_default();
        let _ = writeln!(
            std::io::stderr(),
            "skipped: {test}: files of others and modes need root"
        );
        assert_ne!(
            std::env::var("CI").unwrap_or_default(),
            "true",
            "in CI nothing is skipped"
        );
    }
    is_root
}

/// A user id that owns no file.
pub(crate) const NOBODY: u32 = 65534;

pub(crate) fn give_away(path: &Path) {
    std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
}
