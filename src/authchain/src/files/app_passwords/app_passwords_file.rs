//! The file of a person's app passwords.

use std::io;
use std::path::Path;
use std::time::SystemTime;

use super::app_password::{AppPassword, Judgement};
use super::typed::Typed;
use crate::files::edit::EditError;
use crate::files::edit::lock::{LOCK_WAIT, Lock};
use crate::files::new_file::NewFile;
use crate::tools::deadline::{Deadline, system_clock};
use crate::tools::trusted_file::{self, Access, FileError, FileFault};
use crate::words::Secret;

/// The name of the file in a person's folder.
const NAME: &str = "app-passwords";

/// The name of the file with the lock, which whoever changes the file holds. Logins do not need it.
const LOCK: &str = ".app-passwords.lock";

/// The first line.
const HEADER: &str = "authchain-app-passwords 1";

/// Maximum size of the file, in bytes.
const MAX_SIZE: u64 = 256 * 1024;

/// Maximum number of app passwords of a person.
const MAX_COUNT: usize = 64;

/// A person's app passwords, in the order in which they were made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AppPasswords(Vec<AppPassword>);

impl AppPasswords {
    /// Reads the file in a person's folder; none if there is no file.
    ///
    /// # Errors
    /// When the file cannot be read, may be somebody else's, or has a fault.
    pub fn read(folder: &Path) -> Result<Self, FileError> {
        let path = folder.join(NAME);
        let text = match trusted_file::read(&path, Access::Private, MAX_SIZE) {
            Err(error) if error.fault == FileFault::Missing => return Ok(Self::default()),
            text => text?,
        };
        let fault = |words: &str| FileError::at(&path, FileFault::Io(words.to_owned()));
        let text = std::str::from_utf8(&text).map_err(|_| fault("it is not text"))?;
        Self::parse(text).map_err(|words| fault(&words))
    }

    /// Adds an app password to the file in a person's folder, which must exist.
    ///
    /// # Errors
    /// When the person has one of this label or too many, or the file cannot be read or written.
    pub fn add(folder: &Path, new: AppPassword) -> Result<(), EditError> {
        change(folder, |passwords| {
            if passwords.named(&new.label).is_some() {
                let message = format!("there is an app password \"{}\" already", new.label);
                return Err(EditError::Refused(message));
            }
            if passwords.0.len() >= MAX_COUNT {
                let message = format!("nobody may have more than {MAX_COUNT} app passwords");
                return Err(EditError::Refused(message));
            }
            passwords.0.push(new);
            Ok(())
        })
    }

    /// Removes those app passwords that `is_revoked` names, and returns their number.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn revoke(
        folder: &Path,
        is_revoked: impl Fn(&AppPassword) -> bool,
    ) -> Result<usize, EditError> {
        if !folder.join(NAME).exists() {
            return Ok(0);
        }
        change(folder, |passwords| {
            let before = passwords.0.len();
            passwords.0.retain(|password| !is_revoked(password));
            Ok(before.saturating_sub(passwords.0.len()))
        })
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns them in the order in which they were made.
    pub fn iter(&self) -> std::slice::Iter<'_, AppPassword> {
        self.0.iter()
    }

    /// Judges a password that was typed for a service.
    pub fn judge(&self, password: &Secret, service: &str, now: SystemTime) -> Judgement<'_> {
        let typed = Typed::parse(password);
        let found = typed.and_then(|typed| {
            let mut all = self.0.iter();
            all.find_map(|password| password.judge(&typed, service, now))
        });
        found.unwrap_or(Judgement::Wrong)
    }

    /// Returns the one of this label, in whatever letters: two that differ in `A` and `a` alone
    /// would be mistaken for each other.
    fn named(&self, label: &str) -> Option<&AppPassword> {
        let mut all = self.0.iter();
        all.find(|password| password.label.eq_ignore_ascii_case(label))
    }

    pub(super) fn text(&self) -> String {
        let lines = self.0.iter().map(AppPassword::line);
        let lines = [HEADER.to_owned()].into_iter().chain(lines);
        lines.map(|line| line + "\n").collect()
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines();
        if lines.next() != Some(HEADER) {
            return Err(format!("its first line is not \"{HEADER}\""));
        }
        let parse = |(line, number): (&str, usize)| {
            let fault = || format!("line {number} cannot be understood");
            AppPassword::parse(line).ok_or_else(fault)
        };
        lines
            .zip(2..)
            .map(parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// Changes the file under its lock, so that of two changes at once none is lost. A reader sees the
/// old file or the new one.
fn change<T>(
    folder: &Path,
    change: impl FnOnce(&mut AppPasswords) -> Result<T, EditError>,
) -> Result<T, EditError> {
    let trouble =
        |error: io::Error| EditError::File(format!("{}: {error}", folder.join(NAME).display()));
    let deadline = Deadline::after(system_clock, LOCK_WAIT);
    let _lock = Lock::take(&folder.join(LOCK), &deadline)?;
    let passwords = AppPasswords::read(folder);
    let mut passwords = passwords.map_err(|error| EditError::File(error.to_string()))?;
    let result = change(&mut passwords)?;
    let file = NewFile::create(folder, NAME).map_err(trouble)?;
    file.write(passwords.text().as_bytes()).map_err(trouble)?;
    file.replace(NAME).map_err(trouble)?;
    Ok(result)
}
