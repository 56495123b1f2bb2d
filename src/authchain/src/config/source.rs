//! The text of a configuration file before it is parsed: [`Source`]. Errors quote it.

use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::string::FromUtf8Error;

use serde::Deserialize;
use serde::de::value::MapDeserializer;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::ConfigError;
use super::keys::DidYouMean;
use super::wording::reworded;
use crate::tools::trusted_file::{self, Access, FileFault};

/// Maximum size of a configuration file, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The parser's error about a value that does not fit.
pub(super) struct WrongValue {
    error: toml::de::Error,
    /// The bytes that it is about, where they are known.
    span: Option<Range<usize>>,
}

impl WrongValue {
    /// Makes an error about the value at `value`, or about a part of it.
    pub(super) fn new(error: toml::de::Error, value: Option<Range<usize>>) -> Self {
        let span = error.span().or(value);
        Self { error, span }
    }
}

/// Reads the keys of a table one by one.
// The table is deserialized as a map: toml's own deserializer contains the code for all other
// values, too, 10 KB for each type.
pub(super) fn read_keys<T: for<'de> Deserialize<'de>>(table: DeTable<'_>) -> Result<T, WrongValue> {
    let mut read = 0..0;
    let pairs = table.into_iter().map(|(key, value)| {
        read = value.span();
        (key.into_inner(), value)
    });
    let settings = T::deserialize(MapDeserializer::new(pairs));
    // An error about the text of a value has no span. The value that was read last is then the
    // faulty one.
    settings.map_err(|error| WrongValue::new(error, Some(read)))
}

/// The text of a configuration, and the path of its file.
#[derive(Debug)]
pub struct Source {
    file: PathBuf,
    text: String,
    /// True if the text was read from a file.
    must_end_its_last_line: bool,
}

impl Source {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// When the file is missing, may have been written by others, is larger than 1 MiB or is not
    /// UTF-8.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        Self::from_bytes(file, trusted_file::read(file, Access::Public, MAX_BYTES)?)
    }

    /// Reads a configuration file like [`read`](Self::read); a missing file counts as empty.
    ///
    /// # Errors
    /// As [`read`](Self::read) for a file that exists, and for a symbolic link without a target.
    pub fn read_if_there(file: &Path) -> Result<Self, ConfigError> {
        match trusted_file::read(file, Access::Public, MAX_BYTES) {
            Err(error) if error.fault == FileFault::Missing && !file.is_symlink() => {
                Ok(Self::new(file, String::new()))
            }
            bytes => Self::from_bytes(file, bytes?),
        }
    }

    fn from_bytes(file: &Path, bytes: Vec<u8>) -> Result<Self, ConfigError> {
        let text = String::from_utf8(bytes).map_err(|error| not_utf8(file, &error))?;
        // A file that was truncated to nothing has lost all keys that forbid something.
        if text.trim().is_empty() {
            return Err(ConfigError::whole(file, "the file is empty".to_owned()));
        }
        Ok(Self {
            must_end_its_last_line: true,
            ..Self::new(file, text)
        })
    }

    /// Builds a source from `text`, as if it had been read from `file`.
    pub fn new(file: &Path, text: String) -> Self {
        Self {
            file: file.to_owned(),
            text,
            must_end_its_last_line: false,
        }
    }

    /// Checks that the file ends with a newline: a file that was cut short may have lost keys that
    /// forbid something.
    pub(super) fn check_end(&self) -> Result<(), ConfigError> {
        if !self.must_end_its_last_line || self.text.ends_with('\n') {
            return Ok(());
        }
        let message = "the file ends in the middle of a line: it may have been cut short, and have \
                       lost a key that forbids something; end its last line";
        let end = self.text.len();
        Err(self.error(end..end, message.to_owned()))
    }

    /// Returns the text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn error(&self, span: Range<usize>, message: String) -> ConfigError {
        ConfigError::at(&self.file, &self.text, span, message)
    }

    pub(super) fn whole_error(&self, message: String) -> ConfigError {
        ConfigError::whole(&self.file, message)
    }

    pub(super) fn toml_error(&self, error: &toml::de::Error) -> ConfigError {
        match error.span() {
            Some(span) => self.error(span, message_of(error)),
            None => self.whole_error(message_of(error)),
        }
    }

    pub(super) fn value_error(&self, wrong: &WrongValue) -> ConfigError {
        match &wrong.span {
            Some(span) => self.error(span.clone(), message_of(&wrong.error)),
            None => self.whole_error(message_of(&wrong.error)),
        }
    }

    /// Returns an error for each key of `table` that is not among `known`. `place` says where in
    /// the file a key belongs that is known elsewhere.
    pub(super) fn unknown_keys<'k>(
        &self,
        table: &DeTable<'_>,
        known: impl Iterator<Item = &'k str> + Clone,
        place: impl Fn(&str) -> Option<&'static str>,
    ) -> Vec<ConfigError> {
        let is_known = |key: &&Spanned<Cow<'_, str>>| known.clone().any(|k| k == key.get_ref());
        let unknown = table.keys().filter(|key| !is_known(key));
        let error = |key: &Spanned<Cow<'_, str>>| {
            let name = key.get_ref();
            let message = match place(name) {
                Some(place) => format!("the key \"{name}\" does not belong here: {place}"),
                None => format!("unknown key \"{name}\"{}", DidYouMean(name, known.clone())),
            };
            self.error(key.span(), message)
        };
        unknown.map(error).collect()
    }

    /// Reads the values of a table by `read`, and returns an error for each that does not fit. Such
    /// a value is left out; there is no result where that does not help.
    pub(super) fn read_values<'t, T>(
        &self,
        mut table: DeTable<'t>,
        read: impl Fn(DeTable<'t>) -> Result<T, WrongValue>,
    ) -> (Option<T>, Vec<ConfigError>) {
        let mut faults = Vec::new();
        loop {
            let wrong = match read(table.clone()) {
                Ok(values) => return (Some(values), faults),
                Err(wrong) => wrong,
            };
            let key = wrong
                .span
                .as_ref()
                .and_then(|span| key_at(&table, span.start));
            // A key that is missing may be one that was left out.
            if key.is_some() || faults.is_empty() {
                faults.push(self.value_error(&wrong));
            }
            match key {
                Some(key) => table.remove(key.as_str()),
                None => return (None, faults),
            };
        }
    }
}

/// Returns the key to which this byte belongs, in the key itself or in its value.
fn key_at(table: &DeTable<'_>, at: usize) -> Option<String> {
    let is_it = |(key, value): &(&Spanned<Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
        key.span().contains(&at) || value.span().contains(&at)
    };
    Some(table.iter().find(is_it)?.0.get_ref().to_string())
}

/// Returns the message of a fault in one line, for the log. The parser's longer messages list what
/// it expected, a line each.
fn message_of(error: &toml::de::Error) -> String {
    reworded(&error.message().trim().replace('\n', ", "))
}

/// Points at the first byte that is not UTF-8.
fn not_utf8(file: &Path, error: &FromUtf8Error) -> ConfigError {
    let good = error.utf8_error().valid_up_to();
    let text = String::from_utf8_lossy(error.as_bytes());
    // What comes before the bad byte is the same in the lossy text, so offsets agree.
    ConfigError::at(file, &text, good..good, "not UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn a_file_that_is_not_there_is_empty_and_a_link_that_leads_nowhere_is_a_fault() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("authchain.toml");
        assert_eq!(Source::read_if_there(&file).unwrap().text(), "");
        assert!(Source::read(&file).is_err());
        std::os::unix::fs::symlink("/nowhere/at/all", &file).unwrap();
        assert!(Source::read_if_there(&file).is_err());
    }

    #[test]
    fn a_file_that_was_cut_within_a_line_is_a_fault() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x.toml");
        let whole = b"chain = [\"corp\"]\n[backend.corp]\ntype = \"ldap\"\nbase = \"dc=x\"\n\
                     allow_groups = [\"admins\"]\n";
        let read = |length| {
            std::fs::write(&file, &whole[..length]).unwrap();
            let source = Source::read(&file)?;
            Config::parse(&source).map(|_| ())
        };
        for length in 0..whole.len() {
            let is_cut = !whole[..length].ends_with(b"\n");
            assert!(!is_cut || read(length).is_err(), "{length}");
        }
        assert_eq!(read(whole.len()), Ok(()));
        let error = read(whole.len() - 1).unwrap_err().to_string();
        let expected = "x.toml:5:26: the file ends in the middle of a line: it may have been cut \
                        short, and have lost a key that forbids something; end its last line";
        assert!(error.ends_with(expected), "{error}");
    }

    #[test]
    fn the_first_byte_that_is_not_utf8_is_pointed_at() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x.toml");
        std::fs::write(&file, b"a = 1\nb = \"\xff\"\n").unwrap();
        let error = Source::read(&file).unwrap_err().to_string();
        assert!(error.ends_with("x.toml:2:6: not UTF-8"), "{error}");
    }
}
