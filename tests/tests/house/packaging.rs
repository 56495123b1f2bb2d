//! The scripts of packaging/, on systems that are not Debian's kin.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

use tempfile::{TempDir, tempdir};

use super::walls::root;

/// What a shell prints, to both streams.
pub(crate) fn said(output: &Output) -> String {
    let streams = [&output.stdout, &output.stderr];
    streams.map(|bytes| String::from_utf8_lossy(bytes)).concat()
}

fn pam_dir(system: &Path, multiarch: &str) -> String {
    let mut command = Command::new("sh");
    command.arg(root().join("packaging/pam-dir")).arg(system);
    let output = command.env("MULTIARCH", multiarch).output().unwrap();
    said(&output).trim().to_owned()
}

#[test]
fn the_module_goes_where_libpam_looks_for_modules() {
    let debian = "x86_64-linux-gnu";
    for (folder, links, multiarch) in [
        ("/usr/lib/x86_64-linux-gnu/security", &[][..], debian),
        // A Debian of old, where /lib is no link.
        ("/lib/x86_64-linux-gnu/security", &[], debian),
        ("/usr/lib64/security", &[("usr/lib", "lib")], ""),
        ("/lib64/security", &[], ""),
        // Arch Linux.
        ("/usr/lib/security", &[("lib", "usr/lib64")], ""),
    ] {
        let system = tempdir().unwrap();
        let system = system.path().canonicalize().unwrap();
        let modules = system.join(&folder[1..]);
        fs::create_dir_all(&modules).unwrap();
        fs::write(modules.join("pam_unix.so"), "").unwrap();
        for (target, link) in links {
            symlink(target, system.join(link)).unwrap();
        }
        assert_eq!(pam_dir(&system, multiarch), folder);
    }
}

#[test]
fn without_any_module_the_layout_says_where_modules_go() {
    let system = tempdir().unwrap();
    let system = system.path();
    fs::create_dir_all(system.join("usr/lib")).unwrap();
    assert_eq!(
        pam_dir(system, "aarch64-linux-gnu"),
        "/usr/lib/aarch64-linux-gnu/security"
    );
    assert_eq!(pam_dir(system, ""), "/usr/lib/security");
    symlink("lib", system.join("usr/lib64")).unwrap();
    assert_eq!(pam_dir(system, ""), "/usr/lib/security");
    fs::remove_file(system.join("usr/lib64")).unwrap();
    fs::create_dir(system.join("usr/lib64")).unwrap();
    assert_eq!(pam_dir(system, ""), "/usr/lib64/security");
}

/// A folder of programs that stands in for those of a system that is not Debian's kin.
fn programs(compiler: &str) -> TempDir {
    let folder = tempdir().unwrap();
    let cc = folder.path().join("cc");
    fs::write(&cc, format!("#!/bin/sh\n{compiler}\n")).unwrap();
    fs::set_permissions(&cc, Permissions::from_mode(0o755)).unwrap();
    symlink("/usr/bin/tr", folder.path().join("tr")).unwrap();
    folder
}

fn need_packages(subject: &str, compiler: &str) -> Output {
    let mut command = Command::new("/bin/sh");
    command
        .arg(root().join("packaging/need-packages"))
        .arg(subject);
    command
        .env("PATH", programs(compiler).path())
        .output()
        .unwrap()
}

#[test]
fn elsewhere_than_on_debian_what_is_missing_is_named() {
    let without_headers = need_packages("test", "exit 1");
    assert!(!without_headers.status.success());
    assert!(said(&without_headers).contains("libpam0g-dev"));
    assert!(said(&without_headers).contains("slapd"));
    // Where all programs are in one folder, nothing can be missing here.
    if !Path::new("/usr/sbin/openssl").exists() {
        for (subject, is_named) in [("build", false), ("test", true)] {
            let output = need_packages(subject, "exit 0");
            assert!(output.status.success(), "{}", said(&output));
            assert_eq!(said(&output).contains("ldapsearch (ldap-utils)"), is_named);
            assert!(said(&output).contains("scdoc (scdoc)"));
        }
    }
}
