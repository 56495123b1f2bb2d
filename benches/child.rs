//! Measures in a child process.

use std::fs::File;
use std::io::{Read, Write};

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// Runs `measure` in a child process, so that earlier samples have no effect. Only for programs
/// with one thread.
pub fn in_a_child<const N: usize>(measure: impl FnOnce() -> [f64; N]) -> [f64; N] {
    let (reader, writer) = nix::unistd::pipe().unwrap();
    let (mut reader, mut writer) = (File::from(reader), File::from(writer));
    // SAFETY: this process has one thread.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            for figure in measure() {
                writer.write_all(&figure.to_ne_bytes()).unwrap();
            }
            // SAFETY: ends the child without running the parent's destructors.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child } => {
            drop(writer);
            let figures = [(); N].map(|()| {
                let mut bytes = [0; 8];
                reader
                    .read_exact(&mut bytes)
                    .expect("the measurement failed; see above");
                f64::from_ne_bytes(bytes)
            });
            waitpid(child, None).unwrap();
            figures
        }
    }
}
