//! A host program reduced to its calls of libpam. `pam-host STAGE` plays the script in that
//! directory, and leaves its report there. `pam-host SERVICE SCRIPT` plays a script with this
//! system's stack for the service, and prints its report.

use std::ffi::CString;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use authchain_tests::host::perform::{SERVICE, perform};
use authchain_tests::host::scene::Script;
use nix::unistd::User;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.as_slice() {
        [_, stage] => on_stage(Path::new(stage)),
        [_, service, script] => on_a_machine(service, script),
        _ => panic!("usage: pam-host STAGE | SERVICE SCRIPT"),
    }
}

fn on_stage(stage: &Path) {
    // The stand-in for the name service opens its files now, and not within the module's call.
    let _ = User::from_name("root");
    let script: Script = serde_json::from_slice(&fs::read(stage.join("script")).unwrap()).unwrap();
    // Opened before the process gives up privileges.
    let mut file = File::create(stage.join("report")).unwrap();
    let report = perform(&script, &stage.join("pam.d"), SERVICE);
    file.write_all(&serde_json::to_vec(&report).unwrap())
        .unwrap();
}

fn on_a_machine(service: &str, script: &str) {
    let script: Script = serde_json::from_str(script).unwrap();
    let service = CString::new(service).unwrap();
    let report = perform(&script, Path::new("/etc/pam.d"), &service);
    print!("{}", serde_json::to_string(&report).unwrap());
}
