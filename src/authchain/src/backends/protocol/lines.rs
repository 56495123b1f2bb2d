//! Lines on a stream.

use std::io::{self, Read, Write};

use serde::Serialize;
use zeroize::Zeroizing;

use super::{MAX_LINE, ProtocolError};

/// The size of the first buffer in bytes: most lines are shorter.
const USUAL: usize = 4096;

/// Collects the bytes of a stream, and returns them line by line.
///
/// It never holds more than [`MAX_LINE`] bytes. In the worker it holds passwords, so each buffer is
/// wiped when it is dropped or replaced by a larger buffer.
pub struct LineBuffer {
    buffer: Zeroizing<Vec<u8>>,
    /// The offset in the buffer at which the next line begins.
    start: usize,
    /// The offset in the buffer at which the received bytes end.
    end: usize,
    /// The offset in the buffer up to which there is no line feed.
    seen: usize,
}

impl Default for LineBuffer {
    fn default() -> Self {
        Self {
            buffer: Zeroizing::new(vec![0; USUAL]),
            start: 0,
            end: 0,
            seen: 0,
        }
    }
}

impl LineBuffer {
    /// Reads once from `stream`, and returns the number of bytes; 0 is the end of the stream.
    ///
    /// # Errors
    /// The errors of the stream. After `WouldBlock` and `Interrupted`, no bytes are lost.
    /// `InvalidData` if [`next_line`](Self::next_line) has already refused the line as too long.
    pub fn read_from(&mut self, stream: &mut impl Read) -> io::Result<usize> {
        self.make_room();
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        if room.is_empty() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let count = stream.read(room)?;
        self.end = self.end.saturating_add(count).min(self.buffer.len());
        Ok(count)
    }

    /// Returns the next line without its line feed; `None` until it is whole.
    ///
    /// # Errors
    /// When the line is longer than [`MAX_LINE`] bytes.
    pub fn next_line(&mut self) -> Result<Option<&[u8]>, ProtocolError> {
        let unseen = self.buffer.get(self.seen..self.end).unwrap_or_default();
        let Some(position) = unseen.iter().position(|byte| *byte == b'\n') else {
            self.seen = self.end;
            return match self.end.saturating_sub(self.start) {
                MAX_LINE.. => Err(ProtocolError::TooLong),
                _ => Ok(None),
            };
        };
        let feed = self.seen.saturating_add(position);
        let begin = std::mem::replace(&mut self.start, feed.saturating_add(1));
        self.seen = self.start;
        Ok(Some(self.buffer.get(begin..feed).unwrap_or_default()))
    }

    /// Returns whether no bytes are left after the lines that were taken.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Moves the bytes that are left to the beginning, and takes a larger buffer if it is full.
    fn make_room(&mut self) {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end = self.end.saturating_sub(self.start);
        self.seen = self.seen.saturating_sub(self.start);
        self.start = 0;
        if self.end == self.buffer.len() && self.end < MAX_LINE {
            let larger = self.end.saturating_mul(4).min(MAX_LINE);
            let mut buffer = Zeroizing::new(Vec::with_capacity(larger));
            buffer.extend_from_slice(&self.buffer);
            buffer.resize(larger, 0);
            self.buffer = buffer;
        }
    }
}

/// Encodes one message as a line, line feed included, in a buffer that never grew: growing would
/// leave a copy of a password behind.
pub(super) fn encode(message: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, ProtocolError> {
    let mut count = Count(1);
    serde_json::to_writer(&mut count, message)?;
    if count.0 > MAX_LINE {
        return Err(ProtocolError::TooLong);
    }
    let mut line = Zeroizing::new(Vec::with_capacity(count.0));
    serde_json::to_writer(&mut *line, message)?;
    line.push(b'\n');
    Ok(line)
}

/// Counts what is written to it.
struct Count(usize);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
