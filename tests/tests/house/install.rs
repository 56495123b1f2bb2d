//! `make install`: what it puts where, for whom, and what it says.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Output};

use tempfile::{TempDir, tempdir};

use super::packaging::said;
use super::walls::root;

/// What `make build man` leaves, as far as `make install` looks at it, and where that goes.
struct Installation {
    dir: TempDir,
    prefix: &'static str,
}

impl Installation {
    /// Makes the programs of a build for `prefix`, without manual pages.
    fn new(prefix: &'static str) -> Self {
        let dir = tempdir().unwrap();
        let release = dir.path().join("target/release");
        fs::create_dir(dir.path().join("root")).unwrap();
        fs::create_dir_all(release.join("share")).unwrap();
        // Programs that `strip` takes.
        let program = fs::canonicalize("/bin/true").unwrap();
        for name in ["authchain", "authchain-worker", "libpam_authchain.so"] {
            fs::copy(&program, release.join(name)).unwrap();
        }
        let schema = format!("\"{prefix}/libexec/authchain/authchain-worker\"\n");
        fs::write(release.join("share/authchain.schema.json"), schema).unwrap();
        for shell in ["bash", "fish", "zsh"] {
            fs::write(release.join("share").join(shell), "").unwrap();
        }
        Self { dir, prefix }
    }

    fn make(&self, target: &str, umask: &str) -> Output {
        let dir = self.dir.path().display();
        let (root, prefix) = (root(), self.prefix);
        let variables = format!("DESTDIR={dir}/root PREFIX={prefix} PAM_DIR=/pam");
        let make = format!("umask {umask} && make -C {root:?} {target} {variables}");
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(make)
            .env("CARGO_TARGET_DIR", format!("{dir}/target"));
        command.env_remove("MAKEFLAGS").env_remove("MAKELEVEL");
        command.output().unwrap()
    }

    fn text(&self, path: &str) -> String {
        let path = format!("{}/root{path}", self.dir.path().display());
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The files that are installed, with their modes.
    fn files(&self) -> Vec<(String, u32)> {
        let root = self.dir.path().join("root");
        let mut command = Command::new("find");
        let found = command
            .arg(&root)
            .args(["-type", "f", "-printf", "/%P %m\n"])
            .output();
        let found = said(&found.unwrap());
        let file = |line: &str| {
            let (path, mode) = line.rsplit_once(' ').unwrap();
            (path.to_owned(), u32::from_str_radix(mode, 8).unwrap())
        };
        found.lines().map(file).collect()
    }
}

#[test]
fn everybody_can_read_what_is_installed_and_only_root_writes_it() {
    for umask in ["0002", "0077"] {
        let installation = Installation::new("/usr");
        let output = installation.make("install", umask);
        assert!(output.status.success(), "{}", said(&output));
        let files = installation.files();
        assert!(files.len() > 30, "{files:?}");
        for (path, mode) in files {
            assert!(
                [0o644, 0o755].contains(&mode),
                "{path}: {mode:o} with umask {umask}"
            );
        }
    }
}

#[test]
fn another_prefix_moves_what_pages_and_examples_name() {
    let installation = Installation::new("/usr/local");
    let output = installation.make("install", "0022");
    assert!(output.status.success(), "{}", said(&output));
    let configuration = installation.text("/etc/authchain/authchain.toml");
    assert!(configuration.contains("#worker = \"/usr/local/libexec/authchain/authchain-worker\""));
    installation.text("/usr/local/share/authchain/authchain.schema.json");
    let line = "#:schema /usr/local/share/authchain/authchain.schema.json\n";
    assert!(configuration.starts_with(line));
    let examples = installation.files().into_iter().map(|(path, _)| path);
    let examples: Vec<_> = examples.filter(|path| path.ends_with(".toml")).collect();
    assert!(examples.len() > 5, "{examples:?}");
    for example in examples {
        assert!(installation.text(&example).starts_with(line), "{example}");
    }
    let readme = installation.text("/usr/local/share/doc/authchain/README.md");
    assert!(readme.contains("/usr/local/share/doc/authchain/examples"));
    let elsewhere = installation
        .files()
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| {
            !["/usr/local/", "/etc/authchain/", "/pam/"]
                .iter()
                .any(|folder| path.starts_with(folder))
        });
    assert_eq!(elsewhere.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn programs_that_look_for_their_worker_elsewhere_are_not_installed() {
    let mut installation = Installation::new("/usr");
    installation.prefix = "/usr/local";
    let output = installation.make("install", "0022");
    assert!(!output.status.success());
    assert!(said(&output).contains("elsewhere than in /usr/local/libexec/authchain"));
    assert_eq!(installation.files(), []);
}

#[test]
fn pages_that_nobody_made_are_not_installed_and_it_says_so() {
    let installation = Installation::new("/usr");
    let pages = installation.dir.path().join("target/man");
    fs::create_dir(&pages).unwrap();
    fs::write(pages.join("authchain.1"), ".TH\n").unwrap();
    fs::write(pages.join("pam_authchain.8"), "").unwrap();
    let output = said(&installation.make("install", "0022"));
    assert_eq!(
        installation.text("/usr/share/man/man1/authchain.1"),
        ".TH\n"
    );
    for page in ["authchain.toml.5", "pam_authchain.8"] {
        assert!(
            output.contains(&format!("without the manual page {page}")),
            "{output}"
        );
        assert!(
            installation
                .files()
                .iter()
                .all(|(path, _)| !path.ends_with(page))
        );
    }
}

#[test]
fn what_is_installed_is_taken_away_again_but_for_the_configuration() {
    let installation = Installation::new("/usr");
    assert!(installation.make("install", "0022").status.success());
    let output = installation.make("uninstall", "0022");
    assert!(output.status.success(), "{}", said(&output));
    let left: Vec<_> = installation
        .files()
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    assert_eq!(left, ["/etc/authchain/authchain.toml"]);
}

#[test]
fn every_page_of_the_manual_has_the_date_of_the_sources() {
    let has_scdoc = Command::new("scdoc").arg("-v").output().is_ok();
    if !has_scdoc {
        return;
    }
    let installation = Installation::new("/usr/local");
    let output = installation.make("man -o build-packages SOURCE_DATE_EPOCH=86400", "0022");
    assert!(output.status.success(), "{}", said(&output));
    for page in ["authchain.1", "authchain.toml.5", "pam_authchain.8"] {
        let page = installation.dir.path().join("target/man").join(page);
        let text = fs::read_to_string(page).unwrap();
        assert!(text.contains("\"1970-01-02\""), "{text}");
        assert!(!text.contains("/usr/libexec"), "{text}");
    }
}

#[test]
fn without_scdoc_no_page_is_made_and_it_says_so() {
    let installation = Installation::new("/usr");
    // A PATH in which there is everything but scdoc.
    let folder = tempdir().unwrap();
    for program in ["sh", "mkdir", "sed", "mv", "git", "stat"] {
        let found = said(
            &Command::new("sh")
                .args(["-c", &format!("command -v {program}")])
                .output()
                .unwrap(),
        );
        symlink(found.trim(), folder.path().join(program)).unwrap();
    }
    let path = format!("man -o build-packages PATH={}", folder.path().display());
    let output = installation.make(&path, "0022");
    assert!(!output.status.success());
    assert!(
        said(&output).contains("scdoc is missing"),
        "{}",
        said(&output)
    );
    assert!(!installation.dir.path().join("target/man").exists());
}
