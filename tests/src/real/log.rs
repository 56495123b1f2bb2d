//! The machine's `/dev/log`, and everything that was written to it.

use std::os::unix::net::UnixDatagram;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::host::log::SEVERITIES;
use crate::pattern::{fit_one_by_one, fits};

/// How long a line may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);
const STOP: &str = "<0>stage: stop";

/// One datagram, in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// `sshd`
    pub program: String,
    /// What the program said, without time, name and process number.
    pub text: String,
    /// Everything, as it came.
    pub raw: String,
}

impl Line {
    /// Whether tools such as fail2ban count this line.
    pub fn is_failure(&self) -> bool {
        self.text.contains("): authentication failure; ")
    }

    /// Whether libpam or a module of a stack wrote this line.
    pub fn is_from_pam(&self) -> bool {
        ["pam_", "PAM "]
            .iter()
            .any(|start| self.text.starts_with(start))
    }

    /// Returns the text behind the name of its severity: `NOTICE pam_x(sshd:auth): text`.
    pub fn with_severity(&self) -> String {
        let priority = self
            .raw
            .strip_prefix('<')
            .and_then(|raw| raw.split_once('>'));
        let priority = priority.and_then(|(number, _)| number.parse::<usize>().ok());
        // The severity is the lowest three bits (RFC 3164 §4.1.1).
        let severity = priority.map_or("", |priority| SEVERITIES[priority & 7]);
        format!("{severity} {}", self.text)
    }

    fn parse(raw: &str) -> Self {
        let rest = raw.split_once('>').map_or(raw, |(_, rest)| rest);
        // libc puts the time first ("Nov 21 19:55:01 "), others leave it to the logger.
        let timed = rest.is_char_boundary(16) && rest.get(15..16) == Some(" ");
        let stamp = timed && rest.as_bytes()[..15].iter().filter(|b| **b == b':').count() == 2;
        let rest = if stamp { &rest[16..] } else { rest };
        let (tag, text) = rest.split_once(": ").unwrap_or(("", rest));
        let program = tag.split('[').next().unwrap_or_default();
        Self {
            program: program.to_string(),
            text: text.to_string(),
            raw: raw.to_string(),
        }
    }
}

#[derive(Default)]
struct Shared {
    lines: Mutex<Vec<Line>>,
    came: Condvar,
}

/// The log of a machine.
pub struct Log {
    shared: Arc<Shared>,
    path: std::path::PathBuf,
}

/// A position in the log.
#[derive(Debug, Clone, Copy)]
pub struct Mark(usize);

impl Log {
    /// Reads everything that comes to `socket`, which is bound at `path`.
    pub fn new(socket: UnixDatagram, path: std::path::PathBuf) -> Self {
        let shared = Arc::new(Shared::default());
        let reader = Arc::clone(&shared);
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65536];
            while let Ok(n) = socket.recv(&mut buffer) {
                let raw = String::from_utf8_lossy(&buffer[..n]);
                let raw = raw.trim_end_matches('\0');
                if raw == STOP {
                    break;
                }
                reader.lines.lock().unwrap().push(Line::parse(raw));
                reader.came.notify_all();
            }
        });
        Self { shared, path }
    }

    fn send(&self, raw: &str) {
        let socket = UnixDatagram::unbound().unwrap();
        socket.send_to(raw.as_bytes(), &self.path).unwrap();
    }

    /// Returns the present end of the log. Sends a datagram and waits for it: datagrams keep their
    /// order, so all earlier lines have arrived then.
    pub fn mark(&self) -> Mark {
        static NUMBER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let own = format!("<0>stage: mark {number}");
        self.send(&own);
        let mut lines = self.shared.lines.lock().unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = lines.iter().position(|line| line.raw == own) {
                lines.remove(at);
                return Mark(at);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the log reader has stopped");
            lines = self.shared.came.wait_timeout(lines, left).unwrap().0;
        }
    }

    /// Everything since `mark` that has been written by now.
    pub fn since(&self, mark: Mark) -> Vec<Line> {
        let end = self.mark();
        self.shared.lines.lock().unwrap()[mark.0..end.0].to_vec()
    }

    /// Waits for a line after `mark` whose text fits `pattern`.
    ///
    /// # Panics
    /// With the whole log since `mark`, if none comes.
    pub fn wait_for(&self, mark: Mark, pattern: &str) -> Line {
        self.find(mark, pattern).unwrap_or_else(|seen| {
            panic!(
                "no line like\n  {pattern}\ncame; there are\n{}",
                listing(&seen)
            )
        })
    }

    /// Waits for a line after `mark` whose text fits `pattern`. If none comes, returns all lines
    /// since `mark`.
    pub fn find(&self, mark: Mark, pattern: &str) -> Result<Line, Vec<Line>> {
        let deadline = Instant::now() + PATIENCE;
        let mut lines = self.shared.lines.lock().unwrap();
        loop {
            let news = lines.get(mark.0..).unwrap_or_default();
            if let Some(line) = news.iter().find(|line| fits(pattern, &line.text)) {
                return Ok(line.clone());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(news.to_vec());
            }
            lines = self.shared.came.wait_timeout(lines, left).unwrap().0;
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let socket = UnixDatagram::unbound().unwrap();
        let _ = socket.send_to(STOP.as_bytes(), &self.path);
    }
}

/// Returns the lines of libpam and the modules if they do not fit `patterns`, one pattern for each
/// line and in this order. Where a pattern begins with a severity, so do the lines.
pub fn not_as_told(patterns: &[String], lines: &[Line]) -> Option<String> {
    let has_severity = |text: &String| SEVERITIES.iter().any(|name| text.starts_with(name));
    let severe = patterns.iter().any(has_severity);
    let from_pam = lines.iter().filter(|line| line.is_from_pam());
    let written: Vec<String> = match severe {
        true => from_pam.map(Line::with_severity).collect(),
        false => from_pam.map(|line| line.text.clone()).collect(),
    };
    let is_told = fit_one_by_one(patterns, &written);
    (!is_told).then(|| format!("logged {written:#?}\n  instead of {patterns:#?}"))
}

/// Log lines, one a line, for a person.
pub fn listing(lines: &[Line]) -> String {
    let show = |line: &Line| format!("  {}: {}\n", line.program, line.text);
    lines.iter().map(show).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_datagram_is_taken_apart_with_and_without_a_time() {
        let timed = Line::parse("<86>Nov 21 19:55:01 sshd[7]: hello: you");
        assert_eq!(
            (timed.program.as_str(), timed.text.as_str()),
            ("sshd", "hello: you")
        );
        let bare = Line::parse("<85>sshd[7]: pam_x(sshd:auth): a");
        assert_eq!(
            (bare.program.as_str(), bare.text.as_str()),
            ("sshd", "pam_x(sshd:auth): a")
        );
    }
}
