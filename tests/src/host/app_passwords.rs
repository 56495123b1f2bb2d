//! People with app passwords that the tests know.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use authchain::files::factor_folder::FactorFolder;
use authchain::words::Username;

/// The app password for the services `stage` and `dovecot`.
pub const PHONE: &str = "abcde-fghij-kmnpq-rstuv-wxyza";

/// The app password for the service `smtp`.
pub const PRINTER: &str = "bcdef-ghijk-mnpqr-stuvw-xyzab";

/// The file with these two, and with `cdefg-hijkm-npqrs-tuvwx-yzabc`, whose last day was long ago.
const FILE: &str = "\
authchain-app-passwords 1
0000000000000001 phone - stage,dovecot 20000 - 000102030405060708090a0b0c0d0e0f a4b94a96e128a400a395bbe7cb7743e3bda2c5a3e6b2c58e35938658d2dd3328
0000000000000002 printer - smtp 20000 - 000102030405060708090a0b0c0d0e0f 2956dff8a188b9fb91fb8a1b0c6da00fba11f23b300f9ca1ded95510cd17a84b
0000000000000003 old - stage,dovecot 20000 20001 000102030405060708090a0b0c0d0e0f 34b1c9ea92357274704536c123e94e8e376025ef1425e2ed7062ebe24c3c6caf
";

/// Gives somebody the app passwords, in this `state_dir`.
pub fn give(state_dir: &Path, name: &str) {
    let user = Username::parse(name.as_bytes()).unwrap();
    let folder = FactorFolder::of(state_dir, &user);
    folder.make().unwrap();
    let mut private = OpenOptions::new();
    private.write(true).create_new(true).mode(0o600);
    let mut file = private.open(folder.path().join("app-passwords")).unwrap();
    file.write_all(FILE.as_bytes()).unwrap();
}

/// Takes all app passwords from somebody.
pub fn take(state_dir: &Path, name: &str) {
    let user = Username::parse(name.as_bytes()).unwrap();
    let folder = FactorFolder::of(state_dir, &user);
    fs::write(
        folder.path().join("app-passwords"),
        "authchain-app-passwords 1\n",
    )
    .unwrap();
}
