//! The files and mounts of a new test machine.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};

use crate::host::built;
use crate::real::ipc::Plan;
use crate::real::machine::{Machine, sibling};
use crate::real::people::{Person, files};

/// Private directories of a machine.
const PRIVATE: [&str; 6] = ["etc", "home", "root", "run", "var", "dev"];
/// Devices that a machine shares with the outside.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// The program that does nothing but ask PAM.
pub(crate) const PAM_HOST: &str = "/run/stage/pam-host";

/// The program that does its worst to the one that it starts, on the machine.
pub const TORMENTOR: &str = "/run/stage/tormentor";

/// The programs that ask PAM on these machines.
const SERVICES: [&str; 13] = [
    "sshd", "login", "su", "su-l", "sudo", "sudo-i", "cron", "atd", "chsh", "chfn", "cups",
    "vsftpd", "dovecot",
];

/// Makes the directories of a machine, still empty, and its devices.
pub(crate) fn build(directory: &tempfile::TempDir) {
    let root = directory.path();
    let folders = [
        "etc/pam.d",
        "home",
        "root",
        "run/stage",
        "run/sshd",
        "run/sudo",
        "run/lock",
        "dev/pts",
        "dev/shm",
        "var/log",
        "var/lib/sudo",
        "var/spool/cron/crontabs",
        "var/mail",
        "var/tmp",
    ];
    for folder in folders {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    for folder in PRIVATE {
        fs::set_permissions(root.join(folder), Permissions::from_mode(0o755)).unwrap();
    }
    fs::set_permissions(root.join("var/tmp"), Permissions::from_mode(0o1777)).unwrap();
    for device in DEVICES {
        File::create(root.join("dev").join(device)).unwrap();
    }
    symlink("/proc/self/fd", root.join("dev/fd")).unwrap();
    // sudo asks for a terminal of its own; a device that is mounted alone finds no terminals.
    symlink("pts/ptmx", root.join("dev/ptmx")).unwrap();
    symlink("/run", root.join("var/run")).unwrap();
}

/// Plans where each directory and device is mounted.
pub(crate) fn plan(directory: &tempfile::TempDir) -> Plan {
    let outside = |path: &str| format!("{}/{path}", directory.path().display());
    let device = |name: &&str| (format!("/dev/{name}"), outside(&format!("dev/{name}")));
    // Devices come first: once /dev is covered, the real ones are out of reach.
    let mut binds: Vec<_> = DEVICES.iter().chain(&["pts", "shm"]).map(device).collect();
    binds.extend(PRIVATE.map(|folder| (outside(folder), format!("/{folder}"))));
    Plan {
        hostname: "stage".into(),
        binds,
    }
}

/// Writes the files and accounts of a running machine.
pub(crate) fn furnish(machine: &Machine, people: &[Person]) {
    for (path, mode, text) in files(people) {
        machine.write(path, mode, &text);
    }
    for person in people {
        let home = machine.outside(&person.home());
        fs::create_dir_all(&home).unwrap();
        chown(&home, Some(person.uid), Some(person.uid)).unwrap();
        machine.write(
            &format!("{}/.profile", person.home()),
            0o644,
            "echo now I am $(id -un)\nexit\n",
        );
    }
    let library = machine.outside("/etc/ld.so.cache");
    fs::copy("/etc/ld.so.cache", library).unwrap();
    // The checkout may be in /home, which a machine has of its own.
    built::copy(sibling("pam-host"), machine.outside(PAM_HOST));
    built::copy(sibling("tormentor"), machine.outside(TORMENTOR));
    fs::copy(
        &machine.module.path,
        machine.outside(&machine.module.inside()),
    )
    .unwrap();
    machine.write(
        "/etc/nsswitch.conf",
        0o644,
        "passwd: files\ngroup: files\nshadow: files\nhosts: files\n",
    );
    machine.write("/etc/hosts", 0o644, "127.0.0.1 localhost stage\n");
    machine.write("/etc/shells", 0o644, "/bin/sh\n");
    machine.write(
        "/etc/login.defs",
        0o644,
        "FAIL_DELAY 0\nLOGIN_RETRIES 1\nLOGIN_TIMEOUT 60\nSYSLOG_SU_ENAB yes\n",
    );
    machine.write(
        "/etc/authchain/authchain.toml",
        0o644,
        "chain = [\"local\"]\n",
    );
    machine.stack("other", "auth required pam_deny.so\naccount required pam_deny.so\npassword required pam_deny.so\nsession required pam_deny.so\n");
    for service in SERVICES {
        machine.stack(service, &machine.plain_stack());
    }
}
