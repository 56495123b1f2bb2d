//! What `make build` has built, as a package would ship it.

use std::fs::File;
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
    let mut strip = Command::new("strip");
    strip.args(["--strip-unneeded", "-o"]).arg(to).arg(&built);
    let status = strip.status().unwrap();
    assert!(status.success(), "strip {}", built.display());
    // Pages that have yet to reach the disk would count as the process's own.
    File::open(to).unwrap().sync_all().unwrap();
}

/// The folder of the release build: this program is in the same target directory.
pub fn folder() -> PathBuf {
    let exe = std::env::current_exe().unwrap();
    let release = exe.ancestors().find(|path| path.ends_with("release"));
    release.expect("a release build").to_owned()
}
