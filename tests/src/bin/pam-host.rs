//! Plays the script in the directory given, and leaves its report there.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use authchain_tests::host::perform::perform;
use authchain_tests::host::scene::Script;

fn main() {
    let stage = PathBuf::from(std::env::args_os().nth(1).expect("a stage"));
    let script: Script = serde_json::from_slice(&fs::read(stage.join("script")).unwrap()).unwrap();
    // Opened before the process gives anything up.
    let mut file = File::create(stage.join("report")).unwrap();
    let report = perform(&script, &stage.join("pam.d"));
    file.write_all(&serde_json::to_vec(&report).unwrap())
        .unwrap();
}
