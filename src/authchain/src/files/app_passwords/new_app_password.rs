//! A new app password.

use std::io;

use zeroize::Zeroizing;

use super::app_password::{AppPassword, hash};
use super::typed::{LENGTH, LETTERS, Typed};
use super::words::{check_label, check_service};
use crate::tools::random::random_bytes;
use crate::words::Secret;

/// The number of letters in a group.
const GROUP: usize = 5;

/// The largest multiple of the number of letters that a byte can have: bytes from here on would
/// make some letters likelier than others.
const EVEN: u8 = 240;

/// A new app password: to be shown once, and to be kept.
pub struct NewAppPassword {
    /// The password as the person enters it: `abcde-fghij-kmnpq-rstuv-wxyza`.
    pub shown: Zeroizing<String>,
    /// The password as it is kept.
    pub kept: AppPassword,
}

impl NewAppPassword {
    /// Makes a password for the program or device `label` of the person with this user id, which
    /// only these PAM services take, from the day `created` to the day `end`.
    ///
    /// # Errors
    /// For a label or a service that cannot be one, and when the kernel has no random numbers.
    pub fn new(
        label: &str,
        uid: Option<u32>,
        services: &[String],
        created: u64,
        end: Option<u64>,
    ) -> Result<Self, String> {
        check_label(label)?;
        for service in services {
            check_service(service)?;
        }
        if services.is_empty() {
            return Err("no service is named".to_owned());
        }
        let failed = |error: io::Error| error.to_string();
        let shown = random_groups().map_err(failed)?;
        let typed = Typed::parse(&Secret::new(shown.as_bytes().to_vec()));
        let salt = random_bytes().map_err(failed)?;
        let kept = AppPassword {
            id: u64::from_le_bytes(random_bytes().map_err(failed)?),
            label: label.to_owned(),
            uid,
            services: services.to_vec(),
            created,
            end,
            salt,
            hash: hash(&salt, &typed.ok_or("no password could be made")?),
        };
        Ok(Self { shown, kept })
    }
}

/// Returns random letters in groups, with hyphens between.
fn random_groups() -> io::Result<Zeroizing<String>> {
    // Room for all of it: a text that grows would leave copies behind.
    let mut text = Zeroizing::new(String::with_capacity(2 * LENGTH));
    let mut count = 0_usize;
    while count < LENGTH {
        let [byte] = random_bytes()?;
        let letter = LETTERS.iter().cycle().nth(usize::from(byte));
        let Some(letter) = letter.filter(|_| byte < EVEN) else {
            continue;
        };
        if count > 0 && count % GROUP == 0 {
            text.push('-');
        }
        text.push(char::from(*letter));
        count = count.saturating_add(1);
    }
    Ok(text)
}
