//! The files of `make build`, as a package would ship them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Copies the file `name` of the release build to `to`, without its symbols.
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
    // Copied from beginning to end, as packages are unpacked. strip does not write in order, so
    // that the file is in many small pieces of the page cache, and a start takes 0.1 ms more.
    fs::copy(&stripped, to).unwrap();
    // Pages that are not yet on disk would count as private memory of the process.
    File::open(to).unwrap().sync_all().unwrap();
}

/// The folder of the release build: this program is in the same target directory.
pub fn folder() -> PathBuf {
    let exe = std::env::current_exe().unwrap();
    let release = exe.ancestors().find(|path| path.ends_with("release"));
    release.expect("a release build").to_owned()
}
