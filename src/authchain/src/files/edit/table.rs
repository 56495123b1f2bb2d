//! A file of lines whose fields are separated by colons. Lines that are not edited do not change.

use zeroize::{Zeroize, Zeroizing};

use super::error::EditError;

/// The lines of a passwd or shadow file, as bytes. Lines that are no entries are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    lines: Vec<Vec<u8>>,
}

impl Table {
    /// Splits a file into its lines.
    pub fn parse(bytes: &[u8]) -> Self {
        let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let lines = match text {
            [] => Vec::new(),
            text => text
                .split(|&byte| byte == b'\n')
                .map(<[u8]>::to_vec)
                .collect(),
        };
        Self { lines }
    }

    /// Returns the file's bytes; the last line, too, ends in a newline.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let lengths = self.lines.iter().map(|line| line.len().saturating_add(1));
        let mut bytes = Zeroizing::new(Vec::with_capacity(lengths.sum()));
        for line in &self.lines {
            bytes.extend(line);
            bytes.push(b'\n');
        }
        bytes
    }

    /// Returns the fields of the name's line.
    ///
    /// # Errors
    /// When the name has two lines: programs differ in which of them counts.
    pub fn fields(&self, name: &str) -> Result<Option<Vec<&[u8]>>, EditError> {
        Ok(self
            .find(name)?
            .and_then(|at| self.lines.get(at))
            .map(|line| fields_of(line)))
    }

    /// Replaces the name's line by `line`, or appends `line` where the name has none.
    ///
    /// # Errors
    /// As [`fields`](Self::fields).
    pub fn put(&mut self, name: &str, line: Vec<u8>) -> Result<(), EditError> {
        match self.find(name)?.and_then(|at| self.lines.get_mut(at)) {
            Some(old) => *old = line,
            None => self.lines.push(line),
        }
        Ok(())
    }

    /// Removes the name's line, if there is one.
    ///
    /// # Errors
    /// As [`fields`](Self::fields).
    pub fn remove(&mut self, name: &str) -> Result<(), EditError> {
        if let Some(at) = self.find(name)? {
            self.lines.remove(at);
        }
        Ok(())
    }

    /// Returns the fields of every line that is an entry.
    pub fn entries(&self) -> impl Iterator<Item = Vec<&[u8]>> {
        self.lines
            .iter()
            .filter(|line| is_entry(line))
            .map(|line| fields_of(line))
    }

    fn find(&self, name: &str) -> Result<Option<usize>, EditError> {
        // Logins read such a line as the C library does, and would go on to use it.
        let is_indented = |line: &&Vec<u8>| {
            let trimmed = line.trim_ascii_start();
            trimmed.len() < line.len() && name_of(trimmed) == name.as_bytes()
        };
        if self.lines.iter().any(|line| is_indented(&line)) {
            return Err(EditError::Refused(format!(
                "the line of {name} begins with a blank: remove it by hand"
            )));
        }
        let mut places = (self.lines.iter().enumerate())
            .filter(|(_, line)| name_of(line) == name.as_bytes() && is_entry(line))
            .map(|(at, _)| at);
        match (places.next(), places.next()) {
            (Some(first), Some(second)) => Err(EditError::Refused(format!(
                "{name} stands there twice, in lines {} and {}: remove one of them by hand",
                first.saturating_add(1),
                second.saturating_add(1)
            ))),
            (place, _) => Ok(place),
        }
    }
}

/// Returns whether a line is an entry, and not a comment, a blank line, or a `+` or `-` line of NIS
/// compat mode.
fn is_entry(line: &[u8]) -> bool {
    !matches!(line.first(), None | Some(b'#' | b'+' | b'-')) && line.contains(&b':')
}

/// Wipes the lines, which may hold hashes.
impl Drop for Table {
    fn drop(&mut self) {
        self.lines.zeroize();
    }
}

fn name_of(line: &[u8]) -> &[u8] {
    line.split(|&byte| byte == b':').next().unwrap_or_default()
}

fn fields_of(line: &[u8]) -> Vec<&[u8]> {
    line.split(|&byte| byte == b':').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ODD: &[u8] =
        b"# ours\n\n+@group::::::\nalice:x:1::::\nno colon\n  \n\xff\xfe:x:2::::\r\n:x:3\n#bob:x:4";

    #[test]
    fn lines_we_do_not_touch_stay_as_they_are() {
        let mut table = Table::parse(ODD);
        table.put("bob", b"bob:x:5".to_vec()).unwrap();
        table.put("alice", b"alice:x:9".to_vec()).unwrap();
        let expected = [
            &b"# ours\n\n+@group::::::\nalice:x:9\nno colon\n  \n\xff\xfe:x:2::::\r\n:x:3\n#bob:x:4\n"[..],
            b"bob:x:5\n",
        ];
        assert_eq!(*table.to_bytes(), expected.concat());
        table.remove("bob").unwrap();
        table.remove("nobody").unwrap();
        table.put("alice", b"alice:x:1::::".to_vec()).unwrap();
        assert_eq!(*table.to_bytes(), [ODD, b"\n"].concat());
    }

    #[test]
    fn a_line_that_begins_with_a_blank_is_refused_because_logins_read_it() {
        let mut table = Table::parse(b" alice:x:1\nbob:x:2\n");
        assert!(table.put("alice", b"alice:x:9".to_vec()).is_err());
        assert!(table.put("bob", b"bob:x:9".to_vec()).is_ok());
    }

    #[test]
    fn a_comment_or_a_longer_name_is_not_the_name() {
        let table = Table::parse(b"#alice:x\nalice2:x\nalic:x\nAlice:x\n+alice:x\nalice\n");
        assert_eq!(table.fields("alice"), Ok(None));
        assert_eq!(table.entries().count(), 3);
    }

    #[test]
    fn a_name_that_stands_there_twice_is_not_touched() {
        let mut table = Table::parse(b"a:1\nb:2\na:3\n");
        assert!(table.fields("a").is_err());
        assert!(table.put("a", Vec::new()).is_err());
        let error = table.remove("a").unwrap_err().to_string();
        assert_eq!(
            error,
            "a stands there twice, in lines 1 and 3: remove one of them by hand"
        );
    }

    #[test]
    fn an_empty_file_stays_empty() {
        for (text, expected) in [(&b""[..], &b""[..]), (b"\n", b""), (b"a:\n\n", b"a:\n\n")] {
            assert_eq!(**Table::parse(text).to_bytes(), *expected);
        }
    }
}
