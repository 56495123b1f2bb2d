//! Reads `/proc/self/status`.

use std::fs::File;
use std::io::{self, Read};

/// The lines of `/proc/self/status` that show whether the process is confined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Status {
    /// The union of the permitted, effective and ambient capabilities.
    pub(crate) capabilities: u64,
    /// The effective capabilities alone.
    pub(crate) effective: u64,
    /// The number of threads; any besides the first would stay unconfined.
    pub(crate) threads: u64,
    /// The attribute no_new_privs (prctl(2)): execve(2) grants no privileges.
    pub(crate) no_new_privs: bool,
    /// True if the kernel has seccomp: only then does the file have a line `Seccomp`.
    pub(crate) has_seccomp: bool,
    /// True if system calls are filtered: by the host's filter, until this process adds its own.
    pub(crate) is_filtered: bool,
}

impl Status {
    /// Reads the status. A confined process cannot: Landlock and seccomp forbid opening `/proc`.
    pub(crate) fn read() -> io::Result<Self> {
        // The file has about 1.5 KiB and comes with one read; a growing buffer would take eight.
        let mut text = [0; 4096];
        let count = File::open("/proc/self/status")?.read(&mut text)?;
        let text = text.get(..count).unwrap_or_default();
        Ok(Self::parse(&String::from_utf8_lossy(text)))
    }

    fn parse(text: &str) -> Self {
        let mut status = Self::default();
        for (name, value) in text.lines().filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            match name {
                // An unparsable value counts as every capability.
                "CapPrm" | "CapEff" | "CapAmb" => {
                    let capabilities = u64::from_str_radix(value, 16).unwrap_or(u64::MAX);
                    status.capabilities |= capabilities;
                    if name == "CapEff" {
                        status.effective = capabilities;
                    }
                }
                "Threads" => status.threads = value.parse().unwrap_or(u64::MAX),
                "Seccomp" => {
                    status.has_seccomp = true;
                    status.is_filtered = value != "0";
                }
                "NoNewPrivs" => status.no_new_privs = value == "1",
                _ => {}
            }
        }
        status
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_and_unparsable_values_count_as_the_worst() {
        let text = "Name:\tx\nThreads:\t2\nCapInh:\t0000000000000001\nCapPrm:\t0000000000000400\nCapEff:\t0000000000000080\nCapAmb:\t0000000000000001\nNoNewPrivs:\t1\nSeccomp:\t0\n";
        let expected = Status {
            capabilities: 0x481,
            effective: 0x80,
            threads: 2,
            no_new_privs: true,
            has_seccomp: true,
            is_filtered: false,
        };
        assert_eq!(Status::parse(text), expected);
        let worst = Status::parse("CapEff:\t?\n");
        assert_eq!(worst.capabilities, u64::MAX);
        assert!(!worst.has_seccomp && !worst.is_filtered);
        assert!(Status::parse("Seccomp:\t2\n").is_filtered);
    }

    #[test]
    fn this_process_has_a_status() {
        assert!(Status::read().unwrap().threads >= 1);
    }
}
