//! Compares a login through a plugin with the plugin alone, in one run: `make bench-plugin`.
//!
//! The plugins answer at once: one is compiled, the other is the example in Python. Alone, they are
//! started without walls, told what the module tells them, and killed when they have answered. A
//! login of a local person stands beside them, of which nearly all is the hash. All take turns;
//! figures are medians. As root, the plugin becomes another user, as in sshd.

#[path = "../local_login/measure.rs"]
mod measure;
#[path = "../release.rs"]
mod release;

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant, SystemTime};

use authchain::chain::{Chain, Outcome, assemble};
use authchain::tools::conversation::Conversation;
use authchain::tools::deadline::{Deadline, system_clock};
use authchain::tools::journal::{Journal, Severity};
use authchain::tools::request::Context;
use authchain::words::{ConversationError, Secret};
use nix::unistd::{geteuid, getuid};
use serde_json::{Value, json};

use measure::{median, paired};

/// The number of logins for a figure.
const LOGINS: usize = 300;

const PASSWORD: &str = "opensesame";

/// The password as the protocol has it.
const PASSWORD_BASE64: &str = "b3BlbnNlc2FtZQ==";

fn main() -> ExitCode {
    let stage = Stage::set();
    println!(
        "{:<28} {:>9} {:>9} {:>9}",
        "p50 ms", "login", "alone", "more"
    );
    let compiled = stage.plugin("compiled", json!({"base": "cn=obliging"}));
    let difference = row("a compiled plugin", &compiled);
    let file = stage.path("people.htdigest");
    let settings = json!({"file": file, "realm": "wiki"});
    row("a plugin in Python", &stage.plugin("htdigest.py", settings));
    let local = stage.chain("local");
    let login = median(LOGINS / 5, || login(&local));
    println!("{:<28} {login:>9.3}", "a local login, sha512");
    println!("goal: at most 3 ms more than the compiled plugin alone; {difference:.3} it is");
    ExitCode::SUCCESS
}

/// Measures a plugin, prints its row, and returns what a login takes beyond it.
fn row(what: &str, plugin: &Plugin) -> f64 {
    let [login, alone] = paired(LOGINS, || login(&plugin.chain), || plugin.alone());
    let more = login - alone;
    println!("{what:<28} {login:>9.3} {alone:>9.3} {more:>9.3}");
    more
}

/// A folder with the worker, the plugins and people.
struct Stage(tempfile::TempDir);

/// A plugin, and the chain that asks it.
struct Plugin {
    chain: Chain,
    program: PathBuf,
    hello: Value,
}

impl Stage {
    fn set() -> Self {
        let stage = Self(tempfile::tempdir().unwrap());
        fs::set_permissions(stage.0.path(), Permissions::from_mode(0o755)).unwrap();
        release::stripped("authchain-worker", &stage.path("worker"));
        release::stripped("fake-worker", &stage.path("compiled"));
        let python = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = python.join("../examples/plugins/htdigest.py");
        fs::copy(python, stage.path("htdigest.py")).unwrap();
        for program in ["worker", "compiled", "htdigest.py"] {
            let mode = Permissions::from_mode(0o755);
            fs::set_permissions(stage.path(program), mode).unwrap();
        }
        let digest = printed("md5sum", &[], &format!("alice:wiki:{PASSWORD}"));
        stage.write(
            "people.htdigest",
            0o644,
            &format!("alice:wiki:{}\n", &digest[..32]),
        );
        let hash = printed("openssl", &["passwd", "-6", "-stdin"], PASSWORD);
        stage.write("passwd", 0o644, "alice:x:10001:10001::/:/bin/sh\n");
        stage.write(
            "shadow",
            0o600,
            &format!("alice:{}:19000::::::\n", hash.trim()),
        );
        stage.write("nobody", 0o644, "");
        let folder = stage.0.path().display();
        let local = format!(
            "[backend.local]\ntype = \"local\"\npasswd = \"{folder}/passwd\"\n\
             shadow = \"{folder}/shadow\"\n"
        );
        stage.write("local.toml", 0o644, &stage.configuration("local", &local));
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, mode: u32, text: &str) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), Permissions::from_mode(mode)).unwrap();
    }

    fn configuration(&self, chain: &str, section: &str) -> String {
        let folder = self.0.path().display();
        format!(
            "chain = [\"{chain}\"]\nworker = \"{folder}/worker\"\nrun_dir = \"{folder}/run\"\n\
             passwd_file = \"{folder}/nobody\"\n{section}"
        )
    }

    /// Returns the chain of the configuration `name`.
    fn chain(&self, name: &str) -> Chain {
        let config = self.path(&format!("{name}.toml"));
        let assembled = assemble(Some(&config), None);
        assembled
            .unwrap_or_else(|error| panic!("{}", error.with_citation()))
            .chain
    }

    /// Returns the plugin of this name.
    fn plugin(&self, name: &str, settings: Value) -> Plugin {
        let folder = self.0.path().display();
        let pairs = settings.as_object().unwrap().iter();
        let pairs: Vec<String> = pairs
            .map(|(key, value)| format!("{key} = {value}"))
            .collect();
        let section = format!(
            "[backend.p]\ntype = \"plugin\"\nprogram = \"{folder}/{name}\"\n\
             read = [\"{folder}/people.htdigest\"]\nsettings = {{ {} }}\n",
            pairs.join(", ")
        );
        let config = self.configuration("p", &section);
        self.write(&format!("{name}.toml"), 0o644, &config);
        Plugin {
            chain: self.chain(name),
            program: self.path(name),
            hello: json!({"hello": 1, "backend": "p", "type": "plugin", "settings": settings}),
        }
    }
}

/// Runs a program, and returns what it prints.
fn printed(program: &str, arguments: &[&str], input: &str) -> String {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

impl Plugin {
    /// Asks the plugin without worker and walls, and returns the milliseconds until it is gone.
    fn alone(&self) -> f64 {
        let begin = Instant::now();
        let (ours, theirs) = UnixStream::pair().unwrap();
        let theirs = OwnedFd::from(theirs);
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .stdin(theirs.try_clone().unwrap())
            .stdout(theirs);
        let mut child = command.spawn().unwrap();
        drop(command);
        let mut lines = BufReader::new(&ours);
        let question = json!({"authenticate": {
            "user": "alice", "password": PASSWORD_BASE64, "service": "bench", "tty": "",
            "rhost": "", "ruser": "", "budget_ms": 5000,
        }});
        let mut reply = String::new();
        for message in [&self.hello, &question] {
            (&ours)
                .write_all(format!("{message}\n").as_bytes())
                .unwrap();
            reply.clear();
            lines.read_line(&mut reply).unwrap();
        }
        assert!(reply.contains("accepted"), "{reply}");
        child.kill().unwrap();
        child.wait().unwrap();
        begin.elapsed().as_secs_f64() * 1e3
    }
}

/// Logs alice in, and returns the milliseconds.
fn login(chain: &Chain) -> f64 {
    let begin = Instant::now();
    let context = Context {
        service: "bench",
        tty: "",
        rhost: "",
        ruser: "",
        uid: getuid().as_raw(),
        euid: geteuid().as_raw(),
        now: SystemTime::now(),
        deadline: Deadline::after(system_clock, Duration::from_secs(10)),
        allow_empty_password: false,
        has_publickey: false,
        silent: true,
        journal: &Silent,
    };
    let decision = chain.authenticate(b"alice", &context, &mut Typist, |_| ());
    let is_in = matches!(decision.outcome, Outcome::Answered(_));
    assert!(is_in, "{}", decision.why());
    begin.elapsed().as_secs_f64() * 1e3
}

/// A journal that nobody reads.
struct Silent;

impl Journal for Silent {
    fn write(&self, _: Severity, _: &str) {}
}

/// A person who types the password.
struct Typist;

impl Conversation for Typist {
    fn authtok(&mut self, _: Option<&str>) -> Result<Secret, ConversationError> {
        Ok(Secret::new(PASSWORD.into()))
    }

    fn prompt_echo_off(&mut self, _: &str) -> Result<Secret, ConversationError> {
        Err(ConversationError::NoAnswer)
    }

    fn prompt_echo_on(&mut self, _: &str) -> Result<Secret, ConversationError> {
        Err(ConversationError::NoAnswer)
    }

    fn text_info(&mut self, _: &str) {}

    fn error_msg(&mut self, _: &str) {}
}
