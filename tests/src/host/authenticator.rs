//! People with an authenticator app, whose secret the tests know.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use authchain::files::authenticator::{Authenticator, CodeHash, RecoveryCodes};
use authchain::files::factor_folder::FactorFolder;
use authchain::words::{Secret, Username};

/// The secret of everybody.
pub const SECRET: &[u8] = b"an authenticator app";

/// A recovery code that everybody has, as it is typed.
pub const RECOVERY_CODE: &str = "ABCDE-FGHIJ";

/// Enrols somebody in the second factor `totp`, in this `state_dir`.
pub fn enrol(state_dir: &Path, name: &str) {
    let user = Username::parse(name.as_bytes()).unwrap();
    let folder = FactorFolder::of(state_dir, &user);
    folder.make().unwrap();
    let mut recovery = RecoveryCodes::default();
    recovery.add(&RECOVERY_CODE.replace('-', ""));
    let authenticator = Authenticator {
        secret: Secret::new(SECRET.to_vec()),
        hash: CodeHash::Sha1,
        digits: 6,
        period: 30,
        recovery,
    };
    assert!(authenticator.write_new(folder.path()).unwrap());
}

/// Returns the code that the app shows `steps` of 30 seconds after now.
pub fn code(steps: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let step = (now.as_secs() / 30).checked_add_signed(steps).unwrap();
    let code = CodeHash::Sha1.code(SECRET, step).unwrap();
    format!("{:06}", code % 1_000_000)
}

/// Puts the present code in place of `{code}`.
pub(super) fn with_code(text: &str) -> String {
    text.replace("{code}", &code(0))
}
