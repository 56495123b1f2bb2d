use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;

use nix::unistd::{getegid, geteuid, mkfifo};

use super::*;

/// A machine with a skeleton and a folder for homes.
struct HomeStage(tempfile::TempDir);

impl HomeStage {
    fn new() -> Self {
        let stage = Self(tempfile::tempdir().unwrap());
        for folder in ["home", "skel", "skel/.config"] {
            fs::create_dir(stage.path(folder)).unwrap();
        }
        fs::write(stage.path("skel/.profile"), "umask 027\n").unwrap();
        fs::set_permissions(stage.path("skel/.profile"), Permissions::from_mode(0o4755)).unwrap();
        fs::write(stage.path("skel/.config/app"), "x").unwrap();
        symlink("/etc/motd", stage.path("skel/motd")).unwrap();
        mkfifo(&stage.path("skel/fifo"), Mode::S_IRWXU).unwrap();
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn make(&self, name: &str) -> Result<MadeHome, String> {
        let (homes, skeleton) = (self.path("home"), self.path("skel"));
        NewHome {
            path: &homes.join(name),
            folders: std::slice::from_ref(&homes),
            uid: geteuid().as_raw(),
            gid: getegid().as_raw(),
            mode: 0o750,
            skeleton: &skeleton,
        }
        .make()
    }

    /// Returns the names in the folder of homes.
    fn homes(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("home")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().mode() & 0o7777
}

#[test]
fn a_home_is_a_copy_of_the_skeleton() {
    let stage = HomeStage::new();
    assert_eq!(stage.make("bob"), Ok(MadeHome::Made));
    let home = stage.path("home/bob");
    assert_eq!(mode(&home), 0o750);
    assert_eq!(mode(&home.join(".profile")), 0o755, "no setuid bit");
    assert_eq!(fs::read(home.join(".profile")).unwrap(), b"umask 027\n");
    assert_eq!(fs::read(home.join(".config/app")).unwrap(), b"x");
    assert_eq!(
        fs::read_link(home.join("motd")).unwrap(),
        Path::new("/etc/motd")
    );
    assert!(!home.join("fifo").exists());
    assert_eq!(stage.homes(), ["bob"]);
}

#[test]
fn whatever_is_there_stays_as_it_is() {
    let stage = HomeStage::new();
    symlink("/nowhere", stage.path("home/bob")).unwrap();
    assert_eq!(stage.make("bob"), Ok(MadeHome::WasThere));
    assert_eq!(
        fs::read_link(stage.path("home/bob")).unwrap(),
        Path::new("/nowhere")
    );
    assert_eq!(stage.homes(), ["bob"]);
}

#[test]
fn a_draft_that_a_killed_login_has_left_is_not_used() {
    let stage = HomeStage::new();
    let left = stage.path("home").join(format!(".bob.{}-0", process::id()));
    fs::create_dir(&left).unwrap();
    fs::write(left.join("theirs"), "").unwrap();
    assert_eq!(stage.make("bob"), Ok(MadeHome::Made));
    assert!(!stage.path("home/bob/theirs").exists());
    assert!(left.join("theirs").exists());
}

#[test]
fn a_skeleton_that_cannot_be_copied_leaves_nothing() {
    let stage = HomeStage::new();
    let huge = fs::File::create(stage.path("skel/.config/huge")).unwrap();
    huge.set_len(65 << 20).unwrap();
    let error = stage.make("bob").unwrap_err();
    let words =
        "home/bob was not made: its contents: the skeleton has more than 4096 entries or 64 MiB";
    assert!(error.ends_with(words), "{error}");
    assert_eq!(stage.homes(), [""; 0]);
}

#[test]
fn a_machine_without_a_skeleton_has_empty_homes() {
    let stage = HomeStage::new();
    fs::remove_dir_all(stage.path("skel")).unwrap();
    assert_eq!(stage.make("bob"), Ok(MadeHome::Made));
    assert_eq!(fs::read_dir(stage.path("home/bob")).unwrap().count(), 0);
}

#[test]
fn a_skeleton_that_is_a_link_is_not_followed() {
    let stage = HomeStage::new();
    fs::rename(stage.path("skel"), stage.path("else")).unwrap();
    symlink(stage.path("else"), stage.path("skel")).unwrap();
    assert!(stage.make("bob").is_err());
    assert_eq!(stage.homes(), [""; 0]);
}

#[test]
fn no_home_is_made_where_others_could_replace_it_or_by_an_odd_path() {
    let stage = HomeStage::new();
    fs::set_permissions(stage.path("home"), Permissions::from_mode(0o777)).unwrap();
    assert!(stage.make("bob").unwrap_err().contains(": its folders: "));
    let odd = |path: &str| {
        let home = NewHome {
            path: Path::new(path),
            folders: &[PathBuf::from("/home")],
            uid: 0,
            gid: 0,
            mode: 0o700,
            skeleton: Path::new(SKELETON),
        };
        home.make().unwrap_err()
    };
    for path in ["", "/", "home/bob", "/home/../bob", "/home/bob/.."] {
        assert!(odd(path).contains(": its path: "), "{path}");
    }
}

#[test]
fn a_folder_for_homes_that_is_missing_is_made_and_belongs_to_nobody_else() {
    let stage = HomeStage::new();
    fs::remove_dir(stage.path("home")).unwrap();
    assert_eq!(stage.make("bob"), Ok(MadeHome::Made));
    assert_eq!(mode(&stage.path("home")), 0o755);
}

#[test]
fn nothing_is_made_outside_of_the_folders_for_homes() {
    let stage = HomeStage::new();
    for name in ["../bob", "../homes/bob", "alice/bob", "EXAMPLE/bob"] {
        let error = stage.make(name).unwrap_err();
        assert!(error.contains(" was not made: its path: "), "{error}");
    }
    assert_eq!(stage.homes(), [""; 0]);
}
