//! The files of people who are enrolled.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use authchain::files::authenticator::{Authenticator, PendingAuthenticator};
use authchain::files::factor_folder::FactorFolder;
use authchain::tools::trusted_file::FileError;
use authchain::words::Username;

use crate::check::report::{Report, Severity};

/// Checks the files, and returns the people who are enrolled; `None` if that cannot be known.
pub(super) fn check(state_dir: &Path, report: &mut Report) -> Option<Vec<Username>> {
    let folder = state_dir.join("factors");
    let names = match FactorFolder::everybody_in_small_letters(state_dir) {
        Ok(names) => names,
        Err(error) => {
            let consequence = ": whoever is asked for a second factor is refused";
            report.add_file_error(
                Severity::Error,
                &FileError::at(&folder, &error),
                consequence,
            );
            return None;
        }
    };
    if fs::metadata(&folder).is_ok_and(|metadata| metadata.mode() & 0o077 != 0) {
        let message = "others can see who is enrolled; use chmod 0700";
        report.add(Severity::Warning, &folder, message);
    }
    let mut enrolled = Vec::new();
    for name in names {
        match is_enrolled(&FactorFolder::of(state_dir, &name), report) {
            Ok(true) => enrolled.push(name),
            Ok(false) => {}
            Err(error) => {
                let consequence = format!(": {name} is refused where a factor is asked for");
                report.add_file_error(Severity::Error, &error, &consequence);
                enrolled.push(name);
            }
        }
    }
    Some(enrolled)
}

/// Returns whether the person of this folder is enrolled, and reports a ledger with a fault.
fn is_enrolled(folder: &FactorFolder, report: &mut Report) -> Result<bool, FileError> {
    PendingAuthenticator::read(folder.path())?;
    let is_enrolled = Authenticator::read(folder.path())?.is_some();
    if let (true, Err(error)) = (is_enrolled, folder.ledger().history()) {
        let message = format!("{error}: nobody can be confirmed by it");
        report.add(Severity::Error, folder.path(), message);
    }
    Ok(is_enrolled)
}
