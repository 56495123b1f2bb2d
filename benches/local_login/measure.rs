//! Medians over processes of their own.

use std::fs::File;
use std::io::{Read, Write};

use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, fork};

/// Medians of two measurements made in turn.
pub fn paired(
    count: usize,
    mut first: impl FnMut() -> f64,
    mut second: impl FnMut() -> f64,
) -> [f64; 2] {
    let mut samples = [Vec::new(), Vec::new()];
    for _ in 0..count {
        samples[0].push(first());
        samples[1].push(second());
    }
    samples.map(middle)
}

/// The median of so many measurements.
pub fn median(count: usize, mut measure: impl FnMut() -> f64) -> f64 {
    middle((0..count).map(|_| measure()).collect())
}

fn middle(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

/// Runs `measure` in a process of its own, so that nothing is left from the sample before.
pub fn in_a_child(measure: impl FnOnce() -> f64) -> f64 {
    let (reader, writer) = nix::unistd::pipe().unwrap();
    let (mut reader, mut writer) = (File::from(reader), File::from(writer));
    // SAFETY: this process has one thread.
    match unsafe { fork() }.unwrap() {
        ForkResult::Child => {
            writer.write_all(&measure().to_ne_bytes()).unwrap();
            // SAFETY: ends the child without running the parent's destructors.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child } => {
            drop(writer);
            let mut bytes = [0; 8];
            reader
                .read_exact(&mut bytes)
                .expect("the measurement failed; see above");
            waitpid(child, None).unwrap();
            f64::from_ne_bytes(bytes)
        }
    }
}
