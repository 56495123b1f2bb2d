//! Reading a file line by line in a fixed amount of memory.

use std::io::{self, ErrorKind, Read};

use memchr::arch::all::memchr::One;
use zeroize::Zeroizing;

/// Maximum length of a line that is read whole, in bytes. Real lines have under 300 bytes.
pub(super) const MAX_LINE: usize = 4096;

/// Number of bytes of a longer line that are kept: enough for the longest name.
const HEAD: usize = 300;

/// Number of bytes that are read at a time, which is all the memory that is used.
const BUFFER: usize = 64 * 1024;

/// Size of the buffer for short files: each page that a login touches and wipes costs time.
const SMALL_BUFFER: usize = 2 * MAX_LINE;

/// One line, without its newline.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// At most [`MAX_LINE`] bytes.
    Text(&'a [u8]),
    /// The beginning of a longer line, the rest of which was skipped.
    TooLong(&'a [u8]),
}

/// The lines of a file, in a buffer that is wiped when dropped: other people's hashes were in it.
pub(super) struct Lines<R> {
    source: R,
    buffer: Zeroizing<Vec<u8>>,
    /// The offset in the buffer of the first byte that was read and not yet returned.
    start: usize,
    end: usize,
    /// The beginning of the line that is being skipped.
    head: Zeroizing<Vec<u8>>,
    /// The number of the line that was returned last.
    number: u64,
    at_end: bool,
}

impl<R: Read> Lines<R> {
    /// Returns the lines of `source`, which has about `size` bytes.
    pub(super) fn new(source: R, size: u64) -> Self {
        let size = usize::try_from(size).unwrap_or(BUFFER);
        Self {
            source,
            buffer: Zeroizing::new(vec![0; size.clamp(SMALL_BUFFER, BUFFER)]),
            start: 0,
            end: 0,
            head: Zeroizing::default(),
            number: 0,
            at_end: false,
        }
    }

    /// Returns the next line and its number, from 1; `None` at the end. A last line without a
    /// newline counts.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Line<'_>)>> {
        let mut skipping = false;
        loop {
            let newline = find(b'\n', self.pending());
            let whole = newline.is_some();
            let length = newline.unwrap_or(self.pending().len());
            if !whole && !self.at_end {
                if length > MAX_LINE {
                    if !skipping {
                        self.head = Zeroizing::new(head_of(self.pending()).to_vec());
                    }
                    skipping = true;
                    self.start = self.end;
                }
                self.fill()?;
                continue;
            }
            if !whole && length == 0 && !skipping {
                return Ok(None);
            }
            return Ok(Some(self.take_line(length, whole, skipping)));
        }
    }

    fn take_line(&mut self, length: usize, whole: bool, skipping: bool) -> (u64, Line<'_>) {
        let from = self.start;
        let to = from.saturating_add(length);
        self.start = to.saturating_add(usize::from(whole)).min(self.end);
        self.number = self.number.saturating_add(1);
        let line = match self.buffer.get(from..to) {
            Some(line) if !skipping && length <= MAX_LINE => Line::Text(line),
            Some(line) if !skipping => Line::TooLong(head_of(line)),
            _ => Line::TooLong(&self.head),
        };
        (self.number, line)
    }

    fn pending(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Moves the bytes that are pending, at most a line, to the front, and reads more behind them.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end = self.end.saturating_sub(self.start);
        self.start = 0;
        let free = self.buffer.get_mut(self.end..).unwrap_or_default();
        match self.source.read(free) {
            Ok(0) => self.at_end = true,
            Ok(count) => self.end = self.end.saturating_add(count),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

fn head_of(line: &[u8]) -> &[u8] {
    line.get(..HEAD).unwrap_or(line)
}

/// Returns the position of the first `byte`. It compares eight bytes at a time, and does not ask
/// the processor whether it has wider instructions: in a virtual machine the hypervisor answers,
/// which takes 0.05 ms, longer than reading a usual file. For a shadow file of 100,000 lines this
/// choice costs 2 ms.
pub(super) fn find(byte: u8, bytes: &[u8]) -> Option<usize> {
    One::new(byte).find(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A reader that returns a few bytes at a time, and fails with EINTR before each read.
    struct Drip<'a>(&'a [u8], usize, bool);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.2 = !self.2;
            if self.2 {
                return Err(ErrorKind::Interrupted.into());
            }
            let step = self.1.min(buffer.len());
            self.0.read(&mut buffer[..step])
        }
    }

    fn collect(text: &[u8], step: usize) -> Vec<Option<Vec<u8>>> {
        collect_from(text, step, text.len())
    }

    /// Collects the lines of a file that had this `size` when it was opened.
    fn collect_from(text: &[u8], step: usize, size: usize) -> Vec<Option<Vec<u8>>> {
        let mut lines = Lines::new(Drip(text, step, false), size as u64);
        let mut all = Vec::new();
        while let Some((number, line)) = lines.next().unwrap() {
            all.push(match line {
                Line::Text(text) => Some(text.to_vec()),
                Line::TooLong(head) => {
                    assert_eq!(head, [b'A'; HEAD]);
                    None
                }
            });
            assert_eq!(number, all.len() as u64);
        }
        all
    }

    #[test]
    fn lines_come_out_one_by_one_with_or_without_a_last_newline() {
        let expected = vec![
            Some(b"a".to_vec()),
            Some(b"".to_vec()),
            Some(b"bc".to_vec()),
        ];
        assert_eq!(collect(b"a\n\nbc\n", 100), expected);
        assert_eq!(collect(b"a\n\nbc", 100), expected);
        assert_eq!(collect(b"", 100), Vec::<Option<Vec<u8>>>::new());
    }

    #[test]
    fn a_line_over_the_limit_is_skipped_as_one_line() {
        for length in [MAX_LINE + 1, BUFFER - 1, BUFFER, BUFFER + 1, 1 << 20] {
            let long = vec![b'A'; length];
            let text = [b"first\n", &long[..], b"\nlast"].concat();
            let expected = [Some(b"first".to_vec()), None, Some(b"last".to_vec())];
            assert_eq!(collect(&text, BUFFER), expected, "{length}");
            assert_eq!(collect(&long, BUFFER), [None], "{length}");
        }
        let longest = vec![b'A'; MAX_LINE];
        assert_eq!(collect(&longest, 1000), [Some(longest.clone())]);
    }

    proptest! {
        #[test]
        fn lines_are_those_that_splitting_gives(
            text in proptest::collection::vec(prop_oneof![4 => any::<u8>(), 1 => Just(b'\n')], 0..2000),
            step in 1_usize..500,
        ) {
            let mut expected: Vec<Option<Vec<u8>>> =
                text.split(|&byte| byte == b'\n').map(|line| Some(line.to_vec())).collect();
            if expected.last() == Some(&Some(Vec::new())) {
                expected.pop();
            }
            prop_assert_eq!(collect(&text, step), expected);
        }

        /// Reads files that grow, shrink, or have no size, as in /proc; lines end where the buffer
        /// does, or nearly.
        #[test]
        fn lines_are_the_same_whatever_size_the_file_was_said_to_have(
            lengths in proptest::collection::vec(
                prop_oneof![0..100_usize, MAX_LINE - 3..MAX_LINE + 3, SMALL_BUFFER - 3..SMALL_BUFFER + 3], 1..12),
            is_ended in any::<bool>(),
            size in prop_oneof![Just(0), 0..4 * SMALL_BUFFER, Just(usize::MAX)],
            step in prop_oneof![1..500_usize, Just(BUFFER)],
        ) {
            let lines: Vec<_> = lengths.iter().map(|length| vec![b'A'; *length]).collect();
            let mut text = lines.join(&b'\n');
            // An empty last line counts as a line only if it ends in a newline.
            let is_ended = is_ended || lengths.last() == Some(&0);
            text.extend(is_ended.then_some(b'\n'));
            let expected: Vec<_> =
                lines.into_iter().map(|line| (line.len() <= MAX_LINE).then_some(line)).collect();
            prop_assert_eq!(collect_from(&text, step, size), expected.clone());
            prop_assert_eq!(collect_from(&text, step, text.len()), expected);
        }
    }
}
