//! What `make build` has built, as a package would ship it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Puts the file `name` of the release build, without its symbols, at `to`.
pub fn stripped(name: &str, to: &Path) {
    let built = folder().join(name);
    assert!(
        built.exists(),
        "{}: run `make build` first",
        built.display()
    );
    let folder = tempfile::tempdir().unwrap();
    let stripped = folder.path().join(name);
    let mut strip = Command::new("strip");
    strip
        .args(["--strip-unneeded", "-o"])
        .arg(&stripped)
        .arg(&built);
    let status = strip.status().unwrap();
    assert!(status.success(), "strip {}", built.display());
    // From beginning to end, as packages are unpacked: strip writes here and there, which leaves the kernel
    // with a file in many small pieces, and a start takes 0.1 ms more.
    fs::copy(&stripped, to).unwrap();
    // Pages that have yet to reach the disk would count as the process's own.
    File::open(to).unwrap().sync_all().unwrap();
}

/// The folder of the release build: this program is in the same target directory.
pub fn folder() -> PathBuf {
    let exe = std::env::current_exe().unwrap();
    let release = exe.ancestors().find(|path| path.ends_with("release"));
    release.expect("a release build").to_owned()
}
