//! Passwords that may be sent.

use std::path::Path;

use authchain::tools::trusted_file::{self, Access};
use authchain::words::{BackendError, Denial, DenialReason, Secret};
use zeroize::Zeroizing;

/// The longest password that is sent, in bytes. No directory stores longer ones, and some servers
/// hang up on them.
const MAX_BYTES: usize = 511;

/// A password that a simple bind may carry.
#[derive(Clone, Copy)]
pub(super) struct Password<'a>(&'a str);

/// The reason why a password must not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PasswordFault {
    /// A simple bind without a password is unauthenticated, and may succeed (RFC 4513 §5.1.2).
    Empty,
    /// A server that ends the password at the NUL accepts whatever follows.
    Nul,
    TooLong,
    NotUtf8,
}

impl<'a> Password<'a> {
    /// Returns the secret as a password, if it may be sent.
    pub(super) fn of(secret: &'a Secret) -> Result<Self, PasswordFault> {
        match secret.expose() {
            [] => Err(PasswordFault::Empty),
            bytes if bytes.len() > MAX_BYTES => Err(PasswordFault::TooLong),
            bytes if bytes.contains(&0) => Err(PasswordFault::Nul),
            bytes => std::str::from_utf8(bytes)
                .map(Self)
                .map_err(|_| PasswordFault::NotUtf8),
        }
    }

    pub(super) fn expose(self) -> &'a str {
        self.0
    }
}

impl PasswordFault {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Empty => "it is empty",
            Self::Nul => "it has a NUL in it",
            Self::TooLong => "it is longer than 511 bytes",
            Self::NotUtf8 => "it is not UTF-8",
        }
    }
}

impl From<PasswordFault> for Denial {
    fn from(fault: PasswordFault) -> Self {
        match fault {
            PasswordFault::Empty => DenialReason::EmptyPassword.into(),
            fault => Self {
                detail: Some(format!("not sent: {}", fault.text())),
                ..DenialReason::BadCredential.into()
            },
        }
    }
}

/// Reads the service's password from its file.
pub(super) fn read(path: &Path) -> Result<Secret, BackendError> {
    let limit = 4096;
    let mut bytes = Zeroizing::new(trusted_file::read(path, Access::Private, limit)?);
    let end = bytes.strip_suffix(b"\n").map_or(bytes.len(), <[u8]>::len);
    bytes.truncate(end);
    let end = bytes.strip_suffix(b"\r").map_or(bytes.len(), <[u8]>::len);
    bytes.truncate(end);
    let secret = Secret::new(std::mem::take(&mut bytes));
    match Password::of(&secret) {
        Ok(_) => Ok(secret),
        Err(fault) => {
            let why = format!("{}: no password: {}", path.display(), fault.text());
            Err(BackendError::Unavailable(why))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_directory_could_misunderstand_is_never_sent() {
        let fault = |bytes: &[u8]| Password::of(&Secret::new(bytes.to_vec())).err();
        assert_eq!(fault(b""), Some(PasswordFault::Empty));
        assert_eq!(fault(b"right\0junk"), Some(PasswordFault::Nul));
        assert_eq!(fault(b"\0"), Some(PasswordFault::Nul));
        assert_eq!(fault(&[b'x'; 512]), Some(PasswordFault::TooLong));
        assert_eq!(fault(b"caf\xe9"), Some(PasswordFault::NotUtf8));
        assert_eq!(fault("p\u{e4}ss w\u{f6}rd".as_bytes()), None);
        assert_eq!(fault(&[b'x'; 511]), None);
    }

    #[test]
    fn one_line_break_at_the_end_of_a_file_does_not_count() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        for (text, expected) in [
            ("a b\n", "a b"),
            ("ab\r\n", "ab"),
            ("ab", "ab"),
            ("a\n\n", "a\n"),
        ] {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
            assert_eq!(read(&path).ok().unwrap().expose(), expected.as_bytes());
        }
        std::fs::write(&path, "\n").unwrap();
        let error = read(&path).err().unwrap();
        assert!(error.to_string().ends_with("it is empty"));
    }
}
