//! The examples of plugins, the page that builds one, and `authchain plugin-test` behind walls.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use authchain_tests::host::built;
use authchain_tests::need;
use authchain_tests::servers::slapd::{Plan, Slapd};
use serde_json::Value;

const PAGE: &str = include_str!("../../../docs/writing-a-plugin.md");

/// The sh plugin that the page shows.
const PEOPLE: &str = include_str!("../../../examples/plugins/people.sh");

const PASSWORD: &str = "Open Sesame 7";

/// A folder with plugins, what they read, and a configuration.
struct Stage(tempfile::TempDir);

impl Stage {
    fn new() -> Self {
        let stage = Self(tempfile::tempdir().unwrap());
        fs::set_permissions(stage.0.path(), Permissions::from_mode(0o755)).unwrap();
        stage.write("passwd", "");
        stage.write(
            "authchain.toml",
            &stage.configuration("chain = [\"local\"]\n"),
        );
        stage
    }

    /// Returns the configuration whose top and sections are these.
    fn configuration(&self, text: &str) -> String {
        let (folder, worker) = (self.0.path().display(), built::worker());
        format!(
            "worker = {worker:?}\npasswd_file = \"{folder}/passwd\"\nrun_dir = \"{folder}/run\"\n\
             {text}"
        )
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file that everybody may read: the plugins run as another user.
    fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Installs a program, and returns its path.
    fn install(&self, program: &Path) -> String {
        let path = self.path(program.file_name().unwrap().to_str().unwrap());
        built::copy(program, &path);
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Installs an example.
    fn example(&self, name: &str) -> String {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/plugins");
        self.install(&examples.join(name))
    }

    /// Runs the command with these lines on standard input; returns its code and output.
    fn run(&self, arguments: &[&str], input: &str) -> (i32, String) {
        let mut command = Command::new(built::command());
        command.arg("--config").arg(self.path("authchain.toml"));
        finish(command.args(arguments), input)
    }

    /// Plays every case, and returns those that did not pass with their results.
    fn others(&self, arguments: &[&str], input: &str) -> Vec<(String, String)> {
        let (code, said) = self.run(&[&["plugin-test", "--json"], arguments].concat(), input);
        assert_eq!(code, 0, "{said}");
        let report: Value = serde_json::from_str(&said).unwrap();
        let cases = report["cases"].as_array().unwrap();
        assert!(cases.len() > 35, "{said}");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let results = cases.iter();
        let results = results.map(|case| (text(&case["case"]), text(&case["result"])));
        results.filter(|(_, result)| result != "passed").collect()
    }
}

fn finish(command: &mut Command, input: &str) -> (i32, String) {
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // The command may end without reading its input.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    (output.status.code().unwrap_or(-1), said)
}

/// Returns what a program prints.
fn printed(program: &str, arguments: &[&str], input: &str) -> String {
    let (code, said) = finish(Command::new(program).args(arguments), input);
    assert_eq!(code, 0, "{said}");
    said.trim().to_owned()
}

#[test]
fn people_of_a_file_log_in_by_the_plugin_in_sh() {
    // This machine may have an alice; root's tests run without its people.
    if !need::root("alice") {
        return;
    }
    let stage = Stage::new();
    let hash = printed("openssl", &["passwd", "-6", "-stdin"], PASSWORD);
    // The last line has no line feed: nobody else is taken for its person.
    let people = format!("alice:{hash}:10001\nempty::10003\nlocked:!:10004\nbob:{hash}:10002");
    let people = stage.write("people", &people);
    let plugin = stage.example("people.sh");
    let settings = stage.write("people.toml", &format!("file = \"{people}\"\n"));
    let arguments = [
        &plugin,
        "--settings",
        &settings,
        "--read",
        &people,
        "--user",
        "alice",
    ];
    let others = stage.others(&arguments, PASSWORD);
    let failed = others.iter().filter(|(_, result)| result == "failed");
    assert_eq!(failed.count(), 0, "{others:?}");
    let config = format!(
        "chain = [\"people\"]\n[backend.people]\ntype = \"plugin\"\nprogram = \"{plugin}\"\n\
         read = [\"{people}\"]\nsettings = {{ file = \"{people}\" }}\n"
    );
    stage.write("authchain.toml", &stage.configuration(&config));
    for (user, password, code, words) in [
        ("alice", PASSWORD, 0, "people: accepted"),
        ("alice", "open sesame 7", 1, "denied"),
        ("empty", "anything", 1, "denied"),
        ("locked", "!", 1, "denied"),
        ("carol", PASSWORD, 1, "unknown"),
    ] {
        let (exit, said) = stage.run(&["test", user], password);
        assert!(exit == code && said.contains(words), "{user}: {said}");
    }
    // Without `read`, the wall is in the way of the file, and nobody is unknown for that.
    let (exit, said) = stage.run(&["test", "carol"], PASSWORD);
    assert_eq!(exit, 1, "{said}");
    let config = config.replace(&format!("read = [\"{people}\"]\n"), "");
    stage.write("authchain.toml", &stage.configuration(&config));
    let (exit, said) = stage.run(&["test", "carol"], PASSWORD);
    assert!(
        exit == 2 && said.contains("cannot open settings.file"),
        "{said}"
    );
}

#[test]
fn people_of_an_htdigest_file_log_in_by_the_plugin_in_python() {
    if !need::file("the plugin in Python", "/usr/bin/python3") {
        return;
    }
    let stage = Stage::new();
    let hash = printed("md5sum", &[], &format!("alice:wiki:{PASSWORD}"));
    let other = printed("md5sum", &[], "alice:blog:other");
    let people = format!(
        "alice:blog:{}\r\nalice:wiki:{}\n",
        &other[..32],
        &hash[..32]
    );
    let people = stage.write("people.htdigest", &people);
    let plugin = stage.example("htdigest.py");
    let table = format!("file = \"{people}\"\nrealm = \"wiki\"\n[uids]\nalice = 10001\n");
    let settings = stage.write("web.toml", &table);
    let arguments = [
        &plugin,
        "--settings",
        &settings,
        "--read",
        &people,
        "--user",
        "alice",
    ];
    let others = stage.others(&arguments, PASSWORD);
    let advice: Vec<&str> = (others.iter())
        .filter(|(_, result)| result != "skipped")
        .map(|(case, _)| case.as_str())
        .collect();
    assert_eq!(advice, ["the groups of rules"]);
    let config = format!(
        "chain = [\"web\"]\n[backend.web]\ntype = \"plugin\"\nprogram = \"{plugin}\"\n\
         read = [\"{people}\"]\nsettings = {{ file = \"{people}\", realm = \"wiki\" }}\n"
    );
    stage.write("authchain.toml", &stage.configuration(&config));
    for (user, password, code, words) in [
        ("alice", PASSWORD, 0, "web: accepted"),
        ("alice", "other", 1, "denied"),
        ("bob", PASSWORD, 1, "unknown"),
    ] {
        let (exit, said) = stage.run(&["test", user], password);
        assert!(exit == code && said.contains(words), "{user}: {said}");
    }
    let config = config.replace("realm = \"wiki\"", "real = \"wiki\"");
    stage.write("authchain.toml", &stage.configuration(&config));
    let (exit, said) = stage.run(&["test", "alice"], PASSWORD);
    assert!(
        exit == 2 && said.contains("settings: realm is missing"),
        "{said}"
    );
}

/// A RADIUS server that ends with this value.
struct Radius(Child, String);

impl Radius {
    fn start(secret: &str) -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/servers/radius.py");
        let mut python = Command::new("/usr/bin/python3");
        let python = python.arg("-I").arg(program).arg(secret);
        let mut child = python.stdout(Stdio::piped()).spawn().unwrap();
        let mut port = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut port).unwrap();
        Self(child, format!("127.0.0.1:{}", port.trim()))
    }
}

impl Drop for Radius {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn codes_of_a_radius_server_are_a_second_factor_by_the_plugin_in_rust() {
    // This machine may have an alice; root's tests run without its people.
    if !need::root("alice") {
        return;
    }
    if !need::file("a RADIUS server", "/usr/bin/python3") {
        return;
    }
    let stage = Stage::new();
    let server = Radius::start("a shared secret");
    let secret = stage.write("secret", "a shared secret\n");
    let plugin = stage.install(&built::radius_plugin());
    let table = format!(
        "server = \"{}\"\nsecret = \"{secret}\"\nnas = \"stage\"\n",
        server.1
    );
    let settings = stage.write("radius.toml", &table);
    let more = ["--settings", &settings, "--read", &secret, "--network"];
    let arguments = [&[plugin.as_str(), "--user", "alice"], &more[..]].concat();
    let others = stage.others(&arguments, &format!("{PASSWORD}\n123456\n"));
    let advice: Vec<&str> = (others.iter())
        .filter(|(_, result)| result != "skipped")
        .map(|(case, _)| case.as_str())
        .collect();
    assert_eq!(advice, ["confirm of an unknown name"], "{others:?}");

    let hash = printed("openssl", &["passwd", "-6", "-stdin"], PASSWORD);
    stage.write(
        "guests",
        "alice:x:10001:10001::/:/bin/sh\nbob:x:10002:10002::/:/bin/sh\n",
    );
    let shadow = format!("alice:{hash}:19000::::::\nbob:{hash}:19000::::::\n");
    let shadow = stage.write("shadow", &shadow);
    fs::set_permissions(&shadow, Permissions::from_mode(0o600)).unwrap();
    let inline = table.trim().replace('\n', ", ");
    let config = format!(
        "chain = [\"guests\"]\nthen = [\"token\"]\n[backend.guests]\ntype = \"local\"\n\
         passwd = \"{}\"\nshadow = \"{shadow}\"\n[backend.token]\ntype = \"plugin\"\n\
         program = \"{plugin}\"\nnetwork = true\nread = [\"{secret}\"]\nsettings = {{ {inline} }}\n\
         timeout = \"2s\"\n",
        stage.path("guests").display()
    );
    stage.write("authchain.toml", &stage.configuration(&config));
    for (user, code, exit) in [
        ("alice", "123456", 0),
        ("alice", "654321", 1),
        ("bob", "123456", 1),
    ] {
        let (found, said) = stage.run(&["test", user], &format!("{PASSWORD}\n{code}\n"));
        assert_eq!(found, exit, "{user} {code}: {said}");
    }
    drop(server);
    let (found, said) = stage.run(&["test", "alice"], &format!("{PASSWORD}\n123456\n"));
    assert!(
        found == 2 && said.contains("no answer in time"),
        "{found}: {said}"
    );
}

#[test]
fn a_plugin_behind_walls_is_told_what_it_needs() {
    let stage = Stage::new();
    let people = stage.write("people", "");
    let settings = stage.write("people.toml", &format!("file = \"{people}\"\n"));
    let plugin = stage.example("people.sh");
    let arguments = ["plugin-test", &plugin, "--settings", &settings];
    let (code, said) = stage.run(&arguments, "");
    assert!(
        code == 1 && said.contains("files that it reads need --read"),
        "{said}"
    );
    fs::set_permissions(&plugin, Permissions::from_mode(0o775)).unwrap();
    let (code, said) = stage.run(&arguments, "");
    assert!(
        code == 1 && said.contains("mode 0775 lets others write it"),
        "{said}"
    );
}

#[test]
fn our_own_worker_keeps_to_the_page() {
    if !need::root("a directory") {
        return;
    }
    let Some(slapd) = Slapd::start(&Plan::default()) else {
        return;
    };
    let stage = Stage::new();
    let settings = stage.write("corp.toml", &slapd.settings_as_toml());
    let arguments = ["--type", "ldap", "--settings", &settings, "--user", "alice"];
    let others = stage.others(&arguments, "pw-alice");
    let others: Vec<_> = others
        .iter()
        .filter(|(_, result)| result != "skipped")
        .collect();
    assert!(others.is_empty(), "{others:?}");
}

/// The commands of the page's numbered steps up to the login at sshd, in a row: the lines that are
/// indented as code, outside of fenced blocks.
fn commands() -> String {
    let steps = PAGE.split_once("\n1. ").unwrap().1;
    let steps = steps.split_once("\n7. ").unwrap().0;
    let mut is_fenced = false;
    let mut commands = String::new();
    for line in steps.lines() {
        is_fenced ^= line.trim_start().starts_with("```");
        if let Some(command) = line.strip_prefix("       ").filter(|_| !is_fenced) {
            commands += &format!("{command}\n");
        }
    }
    commands
}

/// The block of the page that is fenced in this way, without its indentation.
fn block(fence: &str) -> String {
    let block = PAGE.split_once(&format!("   ```{fence}\n")).unwrap().1;
    let lines = block.split_once("   ```\n").unwrap().0.lines();
    lines
        .map(|line| line.strip_prefix("   ").unwrap_or(line).to_owned() + "\n")
        .collect()
}

/// What stands for programs that ask a person, or that only root may run.
const SHELL: &str = r#"
openssl() { echo "$PASSWORD" | command openssl "$@" -stdin; }
authchain() { [ "$1" = check ] || echo "$PASSWORD" | "$AUTHCHAIN" --config "$CONFIG" "$@"; }
set -e
"#;

#[test]
fn the_page_leads_from_nothing_to_a_login() {
    // This machine may have an alice; root's tests run without its people.
    if !need::root("alice") {
        return;
    }
    assert_eq!(block("sh"), PEOPLE);
    let stage = Stage::new();
    let folder = stage.0.path().to_str().unwrap();
    let here = |text: &str| {
        text.replace("/etc/authchain", folder)
            .replace("/usr/libexec/authchain", folder)
            // Not every machine has the group.
            .replace("-m 640 -g authchain people", "-m 644 people-made")
            .replace("> people\n", "> people-made\n")
    };
    let people = fs::read_to_string(stage.example("people.sh")).unwrap();
    assert_eq!(people, PEOPLE);
    let config = here(&block("toml")).replace("\"local\", ", "").replace(
        "program = \"people\"",
        &format!("program = \"{folder}/plugins/people\""),
    );
    stage.write("authchain.toml", &stage.configuration(&config));
    let script = format!("{SHELL}{}", here(&commands()));
    let mut sh = Command::new("sh");
    sh.args(["-c", &script]).current_dir(folder);
    sh.env("PASSWORD", PASSWORD)
        .env("AUTHCHAIN", built::command());
    sh.env("CONFIG", stage.path("authchain.toml"));
    let (code, said) = finish(&mut sh, "");
    assert_eq!(code, 0, "{script}\n{said}");
    assert!(said.contains("0 failed"), "{said}");
    assert!(said.contains("alice: people: accepted"), "{said}");
}
