//! A system logger that keeps everything it receives.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

const STOP: &[u8] = b"stop";

/// Names of the severities, by number (RFC 3164).
pub const SEVERITIES: [&str; 8] = [
    "EMERG", "ALERT", "CRIT", "ERR", "WARNING", "NOTICE", "INFO", "DEBUG",
];

/// AUTHPRIV, as a part of a priority.
const AUTHPRIV: u32 = 10 << 3;

/// The tag of the module's lines, whatever the host is called.
const TAG: &str = "authchain";

/// A datagram socket and the thread that reads it.
pub struct Log {
    path: PathBuf,
    reader: JoinHandle<Vec<String>>,
}

impl Log {
    /// Listens at `path`. A thread reads at once, because a slow logger would lose lines.
    pub fn listen(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).unwrap();
        set_permissions(path, Permissions::from_mode(0o777)).unwrap();
        let reader = std::thread::spawn(move || {
            let mut lines = Vec::new();
            let mut buffer = vec![0; 1 << 16];
            loop {
                let n = socket.recv(&mut buffer).unwrap();
                if &buffer[..n] == STOP {
                    return lines;
                }
                lines.push(readable(&String::from_utf8_lossy(&buffer[..n])));
            }
        });
        Self {
            path: path.to_owned(),
            reader,
        }
    }

    /// Everything that was logged until now.
    pub fn stop(self) -> Vec<String> {
        let socket = UnixDatagram::unbound().unwrap();
        socket.send_to(STOP, &self.path).unwrap();
        self.reader.join().unwrap()
    }
}

/// `<85>authchain[7]: text` → `NOTICE text`; a packet of another shape, facility or tag stays as it
/// is.
fn readable(packet: &str) -> String {
    let parse = || {
        let (priority, rest) = packet.strip_prefix('<')?.split_once('>')?;
        let priority: u32 = priority.parse().ok()?;
        let severity = SEVERITIES.get((priority.checked_sub(AUTHPRIV)?) as usize)?;
        let (tag, text) = rest.split_once("]: ")?;
        let (tag, pid) = tag.rsplit_once('[')?;
        (tag == TAG && pid.parse::<u32>().is_ok()).then(|| format!("{severity} {text}"))
    };
    parse().unwrap_or_else(|| packet.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_of_another_facility_or_tag_shows() {
        assert_eq!(readable("<85>authchain[7]: text"), "NOTICE text");
        for other in ["<13>authchain[7]: text", "<85>sshd[7]: text"] {
            assert_eq!(readable(other), other);
        }
    }
}
