//! The file of an authenticator's secret.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::SystemTime;

use base32ct::{Base32UpperUnpadded, Encoding};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::code_hash::CodeHash;
use super::recovery::RecoveryCodes;
use crate::files::hex::{from_hex, hex};
use crate::files::new_file::NewFile;
use crate::tools::random::random_bytes;
use crate::tools::trusted_file::{self, Access, FileError, FileFault};
use crate::words::{Secret, number};

/// The name of the file in a person's folder.
const NAME: &str = "totp";

/// The first line.
const HEADER: &str = "authchain-totp 1";

/// Maximum size of the file, in bytes.
const MAX_SIZE: u64 = 16 * 1024;

/// The size of a new secret in bytes, as RFC 4226 (section 4) recommends.
const NEW_SECRET: usize = 20;

/// The size of the shortest secret that is taken, in bytes: what Google Authenticator's PAM module
/// once made.
pub const MIN_SECRET: usize = 10;

/// The secret that an authenticator app shares with this machine, and how its codes look.
pub struct Authenticator {
    /// The secret.
    pub secret: Secret,
    /// The hash function of the codes.
    pub hash: CodeHash,
    /// The number of digits of a code: 6 to 8.
    pub digits: u32,
    /// The seconds for which a code is shown.
    pub period: u64,
    /// The recovery codes.
    pub recovery: RecoveryCodes,
}

impl Authenticator {
    /// Makes a new secret.
    ///
    /// # Errors
    /// When the kernel has no random numbers.
    pub fn new(hash: CodeHash, digits: u32) -> io::Result<Self> {
        Ok(Self {
            secret: Secret::new(random_bytes::<NEW_SECRET>()?.to_vec()),
            hash,
            digits,
            period: 30,
            recovery: RecoveryCodes::without_codes()?,
        })
    }

    /// Reads the file in a person's folder; `None` if there is none: nobody has enrolled the
    /// person.
    ///
    /// # Errors
    /// When the file cannot be read, may be somebody else's, or has a fault.
    pub fn read(folder: &Path) -> Result<Option<Self>, FileError> {
        Self::read_named(NAME, folder)
    }

    pub(super) fn read_named(name: &str, folder: &Path) -> Result<Option<Self>, FileError> {
        let path = folder.join(name);
        let text = match trusted_file::read(&path, Access::Private, MAX_SIZE) {
            Err(error) if error.fault == FileFault::Missing => return Ok(None),
            text => Zeroizing::new(text?),
        };
        let fault = |words: &str| FileError::at(&path, FileFault::Io(words.to_owned()));
        let text = std::str::from_utf8(&text).map_err(|_| fault("it is not text"))?;
        Self::parse(text).map(Some).map_err(|words| fault(&words))
    }

    /// Writes the file into a person's folder, unless there is one already, and returns whether it
    /// was written.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_new(&self, folder: &Path) -> io::Result<bool> {
        self.draft(NAME, folder)?.appear_as(NAME)
    }

    /// Writes the file in place of the one that is there.
    ///
    /// # Errors
    /// When it cannot be written: then the old one is whole.
    pub fn write_over(&self, folder: &Path) -> io::Result<()> {
        self.write_over_named(NAME, folder)
    }

    pub(super) fn write_over_named(&self, name: &str, folder: &Path) -> io::Result<()> {
        self.draft(name, folder)?.replace(name)
    }

    /// Writes the text into a new file without a name, and removes those of killed processes.
    fn draft(&self, name: &str, folder: &Path) -> io::Result<NewFile> {
        NewFile::remove_left_over(folder, name);
        let file = NewFile::create(folder, name)?;
        file.write(self.text().as_bytes())?;
        Ok(file)
    }

    /// Returns when the file in a person's folder was written.
    ///
    /// # Errors
    /// When it cannot be looked at.
    pub fn written(folder: &Path) -> io::Result<SystemTime> {
        fs::metadata(folder.join(NAME))?.modified()
    }

    /// Removes the file from a person's folder, and returns whether there was one.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(folder: &Path) -> io::Result<bool> {
        remove(&folder.join(NAME))
    }

    /// Reads a secret in base32; `None` for other text, and for one that is too short.
    pub fn secret_of(text: &str) -> Option<Secret> {
        let secret = Secret::new(Base32UpperUnpadded::decode_vec(text).ok()?);
        (secret.expose().len() >= MIN_SECRET).then_some(secret)
    }

    /// Returns a number that changes with the secret and with the recovery codes.
    pub fn number(&self) -> [u8; 32] {
        let hash = Sha256::new_with_prefix(self.recovery.salt);
        hash.chain_update(self.secret.expose()).finalize().into()
    }

    /// Returns the secret in base32, as a person types it into an app.
    pub fn secret_in_base32(&self) -> Zeroizing<String> {
        Zeroizing::new(Base32UpperUnpadded::encode_string(self.secret.expose()))
    }

    /// Returns the address that apps read from a QR code
    /// (<https://github.com/google/google-authenticator/wiki/Key-Uri-Format>).
    pub fn address(&self, issuer: &str, user: &str) -> Zeroizing<String> {
        let (issuer, user) = (percent_encoded(issuer), percent_encoded(user));
        let secret = self.secret_in_base32();
        let (hash, digits, period) = (self.hash.name(), self.digits, self.period);
        Zeroizing::new(format!(
            "otpauth://totp/{issuer}:{user}?secret={}&issuer={issuer}&algorithm={hash}\
             &digits={digits}&period={period}",
            secret.as_str()
        ))
    }

    pub(super) fn text(&self) -> Zeroizing<String> {
        // Room for all of it: a text that grows would leave copies of the secret behind.
        let mut text = Zeroizing::new(String::with_capacity(MAX_SIZE as usize));
        let _ = writeln!(text, "{HEADER}");
        let _ = writeln!(text, "secret {}", self.secret_in_base32().as_str());
        let _ = writeln!(text, "algorithm {}", self.hash.name());
        let _ = writeln!(text, "digits {}", self.digits);
        let _ = writeln!(text, "period {}", self.period);
        let _ = writeln!(text, "recovery-salt {}", hex(&self.recovery.salt));
        for hash in &self.recovery.hashes {
            let _ = writeln!(text, "recovery {}", hex(hash));
        }
        text
    }

    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines();
        if lines.next() != Some(HEADER) {
            return Err(format!("its first line is not \"{HEADER}\""));
        }
        let (mut secret, mut hash, mut digits, mut period) = (None, None, None, None);
        let mut recovery = RecoveryCodes::default();
        for (line, number_of_line) in lines.zip(2..) {
            let fault = || format!("line {number_of_line} cannot be understood");
            let (key, value) = line.split_once(' ').ok_or_else(fault)?;
            match key {
                "secret" => secret = Some(Self::secret_of(value).ok_or_else(fault)?),
                "algorithm" => hash = Some(CodeHash::named(value).ok_or_else(fault)?),
                "digits" => digits = number(value.as_bytes()).filter(|n| (6..=8).contains(n)),
                "period" => period = number(value.as_bytes()).filter(|n| (15..=300).contains(n)),
                "recovery-salt" => recovery.salt = from_hex(value).ok_or_else(fault)?,
                "recovery" => recovery.hashes.push(from_hex(value).ok_or_else(fault)?),
                _ => return Err(fault()),
            }
        }
        let missing = |key: &str| format!("it has no usable line \"{key}\"");
        Ok(Self {
            secret: secret.ok_or_else(|| missing("secret"))?,
            hash: hash.ok_or_else(|| missing("algorithm"))?,
            digits: digits.ok_or_else(|| missing("digits"))?,
            period: period.ok_or_else(|| missing("period"))?,
            recovery,
        })
    }
}

/// Removes a file for good, and returns whether there was one.
pub(super) fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        removed => removed?,
    }
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(true)
}

/// Writes a text for an address: letters, digits and a few others stay (RFC 3986, section 2.3).
fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        let _ = match byte {
            b'-' | b'.' | b'_' | b'~' => write!(encoded, "{}", char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => write!(encoded, "{}", char::from(byte)),
            byte => write!(encoded, "%{byte:02X}"),
        };
        encoded
    })
}
