//! The worked example of `docs/adding-a-backend.md`: people in an htpasswd file.
//!
//! The page shows this file piece by piece, and the last test compares the two. In a change that
//! really adds the type, the settings would stand in `config/settings/htpasswd.rs`, the backend in
//! `backends/htpasswd.rs`, and `htpasswd` would be a row of `chain/registry.rs`.

use std::path::PathBuf;

use authchain::backends::{Backend, Nature};
use authchain::config::{BackendTable, ConfigError};
use authchain::files::password_hash::{DummyHash, HashError, verify};
use authchain::tools::request::{Attempt, Request};
use authchain::tools::trusted_file::{self, Access};
use authchain::words::{
    Account, AccountStatus, BackendError, Denial, DenialReason, Secret, User, Username, Verdict,
};
use serde::Deserialize;

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// People in an htpasswd file: lines of `name:hash`, as web servers keep them.
#[derive(Debug, Deserialize)]
#[serde(default)]
struct HtpasswdSettings {
    /// The file. It must belong to root, and nobody else may be able to read it.
    file: PathBuf,

    /// True to accept passwords stored by methods that are quickly guessed today.
    weak_hashes: bool,
}

impl Default for HtpasswdSettings {
    fn default() -> Self {
        Self {
            file: PathBuf::from("/etc/authchain/htpasswd"),
            weak_hashes: false,
        }
    }
}

impl HtpasswdSettings {
    /// Refuses a value of the right type that makes no sense.
    ///
    /// # Errors
    /// The key, and what is wrong with its value.
    fn check(&self) -> Result<(), (&'static str, String)> {
        match self.file.is_absolute() {
            true => Ok(()),
            false => Err(("file", "must be an absolute path".to_owned())),
        }
    }
}

/// Builds the backend from its `[backend.NAME]` section.
fn htpasswd(table: &BackendTable<'_>) -> Result<Box<dyn Backend>, ConfigError> {
    let settings: HtpasswdSettings = table.settings()?;
    if let Err((key, message)) = settings.check() {
        return Err(table.error_at(key, message));
    }
    let name = table.name().to_owned();
    Ok(Box::new(Htpasswd { name, settings }))
}

/// The backend over one htpasswd file.
struct Htpasswd {
    name: String,
    settings: HtpasswdSettings,
}

impl Backend for Htpasswd {
    fn name(&self) -> &str {
        &self.name
    }

    fn nature(&self) -> Nature {
        Nature::of_files(false)
    }

    fn lookup(&self, request: &Request<'_>) -> Result<Option<User>, BackendError> {
        let lines = self.lines()?;
        let hash = lines.hash_of(request.user);
        Ok(hash.map(|_| self.user(request.user)))
    }

    fn authenticate(&self, attempt: &mut Attempt<'_>) -> Result<Verdict, BackendError> {
        let lines = self.lines()?;
        let dummy = lines.dummy_hash();
        let Some(hash) = lines.hash_of(attempt.request.user) else {
            // A backend behind this one may accept the person, who should not wait for a hash.
            attempt.deferred.push(move |password| dummy.spend(password));
            return Ok(Verdict::Unknown);
        };
        match verify(attempt.password, hash, self.settings.weak_hashes) {
            Ok(true) => Ok(Verdict::Accepted(self.user(attempt.request.user), None)),
            Ok(false) => Ok(Verdict::Denied(DenialReason::BadCredential.into())),
            Err(error) => {
                dummy.spend(attempt.password);
                not_verified(error)
            }
        }
    }

    fn account(&self, request: &Request<'_>) -> Result<Option<Account>, BackendError> {
        let user = self.lookup(request)?;
        let status = AccountStatus::Valid { warning: None };
        Ok(user.map(|user| Account { user, status }))
    }

    fn burn_refusal_time(&self, password: &Secret) {
        let dummy = self.lines().map(|lines| lines.dummy_hash());
        dummy.unwrap_or_default().spend(password);
    }
}

impl Htpasswd {
    fn lines(&self) -> Result<Lines, BackendError> {
        let bytes = trusted_file::read(&self.settings.file, Access::Private, MAX_FILE)?;
        Ok(Lines(Secret::new(bytes)))
    }

    fn user(&self, name: &Username) -> User {
        User {
            name: name.as_str().to_owned(),
            alias_of: None,
            also_named: Vec::new(),
            uid: None,
            gid: None,
            gecos: String::new(),
            home: String::new(),
            shell: String::new(),
            groups: None,
            unclear_groups: Vec::new(),
            backend: self.name.clone(),
        }
    }
}

/// Tells a hash that no password matches from one that could not be checked.
fn not_verified(error: HashError) -> Result<Verdict, BackendError> {
    let detail = error.to_string();
    match error {
        HashError::NotComputed(_) => Err(BackendError::Failed(detail)),
        _ if error.matches_nothing() => Ok(Verdict::Denied(Denial {
            detail: Some(detail),
            ..DenialReason::Locked.into()
        })),
        _ => Err(BackendError::Unavailable(detail)),
    }
}

/// The whole file, wiped from memory when it is dropped.
struct Lines(Secret);

impl Lines {
    /// Returns the hash in the first line of this name, as web servers do.
    fn hash_of(&self, name: &Username) -> Option<&[u8]> {
        let mut entries = self.entries();
        let found = entries.find(|(entry, _)| *entry == name.as_str().as_bytes());
        found.map(|(_, hash)| hash)
    }

    /// Returns the hash whose time a refusal takes if there is no hash to verify.
    fn dummy_hash(&self) -> DummyHash {
        let known = self.entries().find_map(|(_, hash)| DummyHash::of(hash));
        known.unwrap_or_default()
    }

    fn entries(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let lines = self.0.expose().split(|byte| *byte == b'\n');
        lines.filter_map(|line| {
            let mut fields = line.splitn(2, |byte| *byte == b':');
            Some((fields.next()?, fields.next()?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    use authchain::chain::{Chain, Identities, Link, SystemUser};
    use authchain::config::settings::{PasswordChanges, Then};
    use authchain::config::{Config, Source};
    use authchain::files::password_hash::NewHash;
    use authchain::tools::conversation::Conversation;
    use authchain::tools::deadline::{Deadline, system_clock};
    use authchain::tools::journal::{Journal, Severity};
    use authchain::tools::request::Context;
    use authchain::words::{ConversationError, PamCode};

    #[test]
    fn a_right_password_a_wrong_one_and_an_unknown_name_are_three_answers() {
        let file = Fixture::new(0o600);
        assert_eq!(file.login("alice", "opensesame").0, PamCode::Success);
        assert_eq!(file.login("alice", "guess").0, PamCode::AuthError);
        assert_eq!(file.login("bob", "opensesame").0, PamCode::UserUnknown);
    }

    #[test]
    fn a_file_that_others_can_read_is_unavailable() {
        let (code, why) = Fixture::new(0o644).login("alice", "opensesame");
        assert_eq!(code, PamCode::AuthInfoUnavailable);
        assert!(why.contains("mode 0644 opens it to others"), "{why}");
    }

    #[test]
    fn a_hash_that_no_password_matches_is_a_denial_with_its_reason() {
        let (code, why) = Fixture::new(0o600).login("carol", "opensesame");
        assert_eq!(code, PamCode::AuthError);
        assert!(
            why.starts_with("carol: web denied: locked (not a hash of"),
            "{why}"
        );
    }

    #[test]
    fn a_path_that_depends_on_the_callers_folder_is_refused_with_its_place() {
        let error = build("[backend.web]\ntype = \"htpasswd\"\nfile = \"htpasswd\"").err();
        let error = error.map(|error| error.to_string());
        let expected = "authchain.toml:3:8: must be an absolute path";
        assert_eq!(error.as_deref(), Some(expected));
    }

    #[test]
    fn every_piece_of_code_on_the_page_stands_in_this_file() {
        let page = include_str!("../../../docs/adding-a-backend.md");
        let example = include_str!("adding_a_backend.rs");
        let blocks = page.split("```rust\n").skip(1);
        let blocks: Vec<&str> = blocks
            .map(|rest| rest.split("```").next().unwrap())
            .collect();
        assert!(blocks.len() > 5, "only {} pieces were found", blocks.len());
        for block in blocks {
            assert!(example.contains(block), "not in the example:\n{block}");
        }
    }

    /// An htpasswd file with alice and, with a hash by no method we know, carol.
    struct Fixture(tempfile::TempDir);

    impl Fixture {
        fn new(mode: u32) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let password = Secret::new(b"opensesame".to_vec());
            let hash = NewHash::Sha512crypt.make(&password, &[7; 16]).unwrap();
            let file = folder.path().join("htpasswd");
            fs::write(&file, format!("alice:{hash}\ncarol:$apr1$salt$digest\n")).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            Self(folder)
        }

        /// Returns the PAM code of a login and the line that says why.
        fn login(&self, name: &str, password: &'static str) -> (PamCode, String) {
            let file = self.0.path().join("htpasswd");
            let section = format!("[backend.web]\ntype = \"htpasswd\"\nfile = {file:?}");
            let chain = chain_of(build(&section).unwrap());
            let decision = chain.authenticate(
                name.as_bytes(),
                &context(),
                &mut OnePassword(password),
                |_| (),
            );
            (decision.code(), decision.why())
        }
    }

    fn build(text: &str) -> Result<Box<dyn Backend>, ConfigError> {
        let source = Source::new(Path::new("authchain.toml"), text.to_owned());
        let config = Config::parse(&source)?;
        htpasswd(&config.backends[0])
    }

    fn chain_of(backend: Box<dyn Backend>) -> Chain {
        let link = Link {
            backend,
            on_denied: Then::Next,
            on_unavailable: Then::Next,
            local_names: false,
            mfa: false,
            password: PasswordChanges::On,
            instructions: None,
            timeout: Duration::from_secs(3),
        };
        Chain::new(vec![link], 1000, Box::new(EmptySystem)).unwrap()
    }

    fn context() -> Context<'static> {
        Context {
            service: "sshd",
            tty: "ssh",
            rhost: "192.0.2.7",
            ruser: "",
            now: SystemTime::UNIX_EPOCH,
            deadline: Deadline::after(system_clock, Duration::from_secs(60)),
            uid: 0,
            euid: 0,
            allow_empty_password: false,
            has_publickey: false,
            silent: false,
            journal: &NoJournal,
        }
    }

    /// A system whose own files and name service know nobody.
    struct EmptySystem;

    impl Identities for EmptySystem {
        fn local_uid(&self, _: &Username) -> Result<Option<u32>, BackendError> {
            Ok(None)
        }
        fn has_local_password(&self, _: &Username) -> Result<bool, BackendError> {
            Ok(false)
        }
        fn local_name(&self, _: u32) -> Result<Option<String>, BackendError> {
            Ok(None)
        }
        fn system_user(&self, _: &Username) -> Result<Option<SystemUser>, BackendError> {
            Ok(None)
        }
    }

    /// A person who types this password, and can be asked nothing else.
    struct OnePassword(&'static str);

    impl Conversation for OnePassword {
        fn authtok(&mut self, _: Option<&str>) -> Result<Secret, ConversationError> {
            Ok(Secret::new(self.0.as_bytes().to_vec()))
        }
        fn prompt_echo_off(&mut self, _: &str) -> Result<Secret, ConversationError> {
            Err(ConversationError::NoAnswer)
        }
        fn prompt_echo_on(&mut self, _: &str) -> Result<Secret, ConversationError> {
            Err(ConversationError::NoAnswer)
        }
        fn text_info(&mut self, _: &str) {}
        fn error_msg(&mut self, _: &str) {}
    }

    struct NoJournal;

    impl Journal for NoJournal {
        fn write(&self, _: Severity, _: &str) {}
    }
}
