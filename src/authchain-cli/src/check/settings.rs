//! Warns about values at the top of the configuration that are allowed but dangerous.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use authchain::config::settings::GlobalSettings;
use authchain::files::passwd_files::{SYSTEM_SHADOW, shadow, was_ever_a_password};
use authchain::tools::trusted_file::{self, Access, folders};
use nix::unistd::{User, geteuid};

use super::report::{Report, Severity};

/// The kernel's own user id for nobody (`overflowuid` in proc(5)).
pub(super) const NOBODY: u32 = 65_534;

/// The time after which login(1) gives up (`LOGIN_TIMEOUT` of login.defs(5)); sshd waits for two
/// minutes.
const PATIENCE_OF_LOGIN: Duration = Duration::from_secs(60);

/// User ids below this one belong to the system on every distribution.
const SURELY_SYSTEM: u32 = 100;

/// Shells with which nobody can run a command.
const NO_SHELLS: [&str; 6] = ["nologin", "false", "sync", "true", "shutdown", "halt"];

/// Checks the values at the top of the file.
pub(super) fn check(file: &Path, settings: &GlobalSettings, report: &mut Report) {
    if let Some((severity, message)) = fault_of_min_uid(settings.min_uid) {
        report.add(severity, file, message);
    }
    if let Err(error) = trusted_file::open(&settings.passwd_file, Access::Public) {
        let message = format!(
            "{} (setting `passwd_file`): without it the module cannot tell which names are the \
             system's own, so it asks local files alone, about every name",
            error.fault
        );
        report.add(Severity::Error, &error.path, message);
    }
    if settings.deadline.duration() > PATIENCE_OF_LOGIN {
        let message = format!(
            "deadline = {}: login(1) gives up after 60 seconds, before the chain has answered",
            settings.deadline
        );
        report.add(Severity::Warning, file, message);
    }
    if settings.log_unknown_users {
        let message = "log_unknown_users = true: passwords typed as names will stand in the log";
        report.add(Severity::Note, file, message);
    }
    check_worker_user(file, settings, report);
    check_run_dir(&settings.run_dir, report);
}

fn fault_of_min_uid(min_uid: u32) -> Option<(Severity, String)> {
    let whose = "a server may say who they are";
    match min_uid {
        0 | 1 => Some((
            Severity::Error,
            format!("min_uid = {min_uid}: daemon, bin and mail count as people, and {whose}"),
        )),
        ..SURELY_SYSTEM => Some((
            Severity::Warning,
            format!(
                "min_uid = {min_uid}: system accounts with this user id or a higher one count as \
                 people, and {whose}"
            ),
        )),
        _ => None,
    }
}

/// Checks that no person and no other program uses the worker's user. The worker is told every
/// password, and a process of the same user can stop it or read its memory.
fn check_worker_user(file: &Path, settings: &GlobalSettings, report: &mut Report) {
    let name = settings.worker_user.as_str();
    // If there is no such user, the worker's answer to `--about` says so.
    let Ok(Some(user)) = User::from_name(name) else {
        return;
    };
    let found = shadow::find(Path::new(SYSTEM_SHADOW), Some(name), false);
    let entry = found.ok().and_then(|found| found.entry);
    let password = entry.as_ref().map(|entry| entry.password.expose());
    if let Some(why) = sign_of_a_person(&user, password, settings.min_uid) {
        let message = format!(
            "worker_user = \"{name}\" is somebody's account ({why}): whoever has it can stop the \
             worker, and look for passwords in it; name a user that only the worker uses"
        );
        report.add(Severity::Error, file, message);
    }
}

/// Returns a sign that a person, or a program other than the worker, uses this account; `None` if
/// no sign is found.
fn sign_of_a_person(user: &User, password: Option<&[u8]>, min_uid: u32) -> Option<String> {
    let uid = user.uid.as_raw();
    let shell = user.shell.file_name().map(|name| name.to_string_lossy());
    let is_login_shell = match shell.as_deref() {
        // No shell means /bin/sh.
        None => true,
        Some(name) => !NO_SHELLS.contains(&name),
    };
    if uid >= min_uid && uid != NOBODY {
        Some(format!("its user id {uid} is not below min_uid"))
    } else if is_login_shell {
        Some(format!("its shell is {:?}", user.shell))
    } else if password.is_some_and(was_ever_a_password) {
        Some("it has a password".to_owned())
    } else {
        None
    }
}

/// Checks the folder in which the module marks servers that are down. The module uses the folder
/// only if nobody but root and the module's own user can write it.
fn check_run_dir(run_dir: &Path, report: &mut Report) {
    let own = fault_of_run_dir(run_dir);
    let above = || folders::judge(run_dir).err().map(|error| error.to_string());
    if let Some(fault) = own.or_else(above) {
        let message = format!(
            "{fault}: the module cannot remember there which servers are down (setting \
             `run_dir`), so each login waits for those servers again"
        );
        report.add(Severity::Warning, run_dir, message);
    }
}

/// Returns why the module would not use the folder. If the folder is missing, judges its parent:
/// others must not be able to create the folder first.
fn fault_of_run_dir(run_dir: &Path) -> Option<String> {
    let metadata = match fs::symlink_metadata(run_dir) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return fault_of_parent(run_dir.parent()?);
        }
        Err(error) if error.kind() == ErrorKind::NotADirectory => {
            return Some("it cannot be made: a file stands where a folder above it should".into());
        }
        Err(error) => return Some(error.to_string()),
    };
    let (owner, mode) = (metadata.uid(), metadata.mode() & 0o7777);
    if !metadata.is_dir() {
        Some("it is no folder".to_owned())
    } else if owner != 0 && owner != geteuid().as_raw() {
        Some(format!("it belongs to user id {owner}"))
    } else if mode & 0o022 != 0 {
        Some(format!("its mode {mode:04o} lets others write it"))
    } else {
        None
    }
}

fn fault_of_parent(parent: &Path) -> Option<String> {
    match fs::metadata(parent) {
        Err(_) => Some("it is not there, nor is the folder it would be made in".to_owned()),
        Ok(metadata) if metadata.mode() & 0o022 != 0 => {
            Some("it is not there, and others could make it first".to_owned())
        }
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::PathBuf;

    use nix::unistd::Uid;

    #[test]
    fn a_low_min_uid_is_a_warning_and_one_below_2_an_error() {
        let severity = |min_uid| fault_of_min_uid(min_uid).map(|(severity, _)| severity);
        for (min_uid, expected) in [
            (0, Some(Severity::Error)),
            (1, Some(Severity::Error)),
            (2, Some(Severity::Warning)),
            (99, Some(Severity::Warning)),
            (100, None),
            (1000, None),
        ] {
            assert_eq!(severity(min_uid), expected, "{min_uid}");
        }
    }

    fn user(uid: u32, shell: &str) -> User {
        let mut user = User::from_uid(Uid::from_raw(0)).unwrap().unwrap();
        user.uid = Uid::from_raw(uid);
        user.shell = PathBuf::from(shell);
        user
    }

    #[test]
    fn an_account_of_a_person_is_refused_as_the_workers_user() {
        const NOLOGIN: &str = "/usr/sbin/nologin";
        for (uid, shell, password, expected) in [
            (998, NOLOGIN, Some("!"), ""),
            (998, NOLOGIN, Some("!*"), ""),
            (998, NOLOGIN, None, ""),
            (NOBODY, "/bin/false", None, ""),
            (1000, NOLOGIN, Some("!"), "user id 1000"),
            (33, "/bin/sh", Some("*"), "its shell"),
            (33, "", Some("*"), "its shell"),
            (33, NOLOGIN, Some("$y$j9T$a$b"), "a password"),
            (33, NOLOGIN, Some(""), "a password"),
            (33, NOLOGIN, Some("!$y$j9T$a$b"), "a password"),
        ] {
            let found = sign_of_a_person(&user(uid, shell), password.map(str::as_bytes), 1000);
            let found = found.unwrap_or_default();
            let is_as_expected =
                found.contains(expected) && found.is_empty() == expected.is_empty();
            assert!(is_as_expected, "{uid} {shell} {password:?}: {found}");
        }
    }

    #[test]
    fn a_run_dir_that_the_module_would_not_use_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("run");
        let is_sound = || fault_of_run_dir(&run).is_none();
        let chmod = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode));
        assert!(is_sound());
        chmod(dir.path(), 0o1777).unwrap();
        assert!(!is_sound());
        chmod(dir.path(), 0o755).unwrap();
        fs::create_dir(&run).unwrap();
        for (mode, expected) in [
            (0o700, true),
            (0o755, true),
            (0o1777, false),
            (0o775, false),
        ] {
            chmod(&run, mode).unwrap();
            assert_eq!(is_sound(), expected, "{mode:o}");
        }
        fs::remove_dir(&run).unwrap();
        symlink(dir.path(), &run).unwrap();
        assert!(!is_sound());
        assert!(fault_of_run_dir(&run.join("nowhere/at/all")).is_some());
    }
}
