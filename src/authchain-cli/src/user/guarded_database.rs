//! The database of authchain's own accounts, with checks that protect the system's accounts.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{self, Path};

use authchain::chain::{Chain, Finding, Step};
use authchain::config::settings::GlobalSettings;
use authchain::files::edit::Database;
use authchain::files::passwd_files::{SYSTEM_PASSWD, SYSTEM_SHADOW};
use authchain::tools::trusted_file::folders;
use authchain::words::Username;

use crate::setup;
use crate::terminal::Failure;

/// A database of accounts, with what is needed to check an edit of it.
pub(super) struct GuardedDatabase {
    pub(super) database: Database,
    pub(super) settings: GlobalSettings,
    /// The chain of the configuration; `None` where the configuration is broken.
    pub(super) chain: Option<Chain>,
}

impl GuardedDatabase {
    /// Returns the database for an edit.
    ///
    /// # Errors
    /// When its files are the system's, or when another user could replace them.
    pub(super) fn for_writing(&self) -> Result<&Database, Failure> {
        let files = [self.database.passwd(), self.database.shadow()];
        let system = [
            &self.settings.passwd_file,
            Path::new(SYSTEM_PASSWD),
            Path::new(SYSTEM_SHADOW),
        ];
        for file in files {
            if system.iter().any(|system| is_same(file, system)) {
                let message = "the system's own accounts are kept by useradd, passwd and userdel";
                return Err(Failure::refused(format!("{}: {message}", file.display())));
            }
            self.prepare_folder(file)?;
        }
        Ok(&self.database)
    }

    /// Checks that nobody else can write the folder of `file`: who can rename files there could
    /// replace it. Creates the folder if it is `state_dir` and missing.
    fn prepare_folder(&self, file: &Path) -> Result<(), Failure> {
        let trouble = |text: String| Failure::trouble(format!("{}: {text}", file.display()));
        let folder = file
            .parent()
            .ok_or_else(|| trouble("it has no folder".to_owned()))?;
        if folder == self.settings.state_dir && !folder.exists() {
            (fs::DirBuilder::new().mode(0o755).create(folder))
                .map_err(|error| trouble(error.to_string()))?;
        }
        folders::judge(file).map_err(|error| Failure::trouble(error.to_string()))
    }

    /// Returns the remark about an account that no backend of the chain finds, with the lines that
    /// the configuration lacks.
    pub(super) fn without_a_backend(&self, name: &Username) -> String {
        // The configuration takes absolute paths alone.
        let absolute = |path: &Path| path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let (passwd, shadow) = (self.database.passwd(), self.database.shadow());
        let (passwd, shadow) = (absolute(passwd), absolute(shadow));
        format!(
            "no backend of the chain reads {passwd} and {shadow}, so {name} cannot log in yet; \
             add \"guests\", or another name, to `chain` and this section at the end of the \
             configuration:\n[backend.guests]\ntype = \"local\"\npasswd = \"{passwd}\"\n\
             shadow = \"{shadow}\"",
            passwd = passwd.display(),
            shadow = shadow.display(),
        )
    }

    /// Returns whether a backend of the chain finds the name; false without a chain.
    pub(super) fn is_found_by_chain(&self, name: &Username) -> bool {
        let context = setup::context(&self.settings, &setup::ShownJournal);
        let steps = self
            .chain
            .as_ref()
            .map(|chain| chain.lookup(name, &context));
        let is_found = |step: &Step<_>| matches!(step.finding, Finding::Answered(_));
        steps.is_some_and(|steps| steps.iter().any(is_found))
    }
}

/// Returns whether two paths lead to the same file.
fn is_same(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => one == other,
    }
}
