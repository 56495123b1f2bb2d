//! A process whose machine is suspended for a day while it waits for an answer (`sleeper`): then
//! prints the seconds until its deadline.
//!
//! It enters a time namespace in which the clock that counts suspended time is a day ahead, and
//! every other clock is where it was. Only a process with one thread can, so this is a program of
//! its own.

use std::fs::{self, File};
use std::time::Duration;

use authchain::tools::deadline::{Deadline, system_clock};
use nix::libc::CLONE_NEWTIME;
use nix::sched::{CloneFlags, setns, unshare};

fn main() {
    let deadline = Deadline::after(system_clock, Duration::from_secs(8 * 3600));
    sleep_for_a_day();
    println!("{}", deadline.remaining().as_secs());
}

fn sleep_for_a_day() {
    let time = CloneFlags::from_bits_retain(CLONE_NEWTIME);
    unshare(time).expect("unshare");
    fs::write("/proc/self/timens_offsets", "boottime 86400 0").expect("offsets");
    let later = File::open("/proc/self/ns/time_for_children").unwrap();
    setns(later, time).expect("setns");
}
