//! Somebody enrols at a login, after the right password.

use std::io;
use std::time::SystemTime;

use super::verification::{PROMPT, TotpEnrolment};
use crate::config::settings::totp::TotpSettings;
use crate::factors::factor::Confirmation;
use crate::files::authenticator::{Authenticator, NewRecoveryCodes};
use crate::files::factor_folder::FactorFolder;
use crate::tools::conversation::Conversation;
use crate::words::{BackendError, Secret, Username};

/// The number of times that the confirming code is asked for.
const TRIES: usize = 3;

/// The enrolment of one person, in one dialogue. Nothing is kept before a code was right.
pub(super) struct SelfEnrolment<'a> {
    pub(super) settings: &'a TotpSettings,
    /// The name that apps show beside the person's.
    pub(super) issuer: &'a str,
    pub(super) folder: FactorFolder,
    pub(super) user: &'a Username,
    /// The password that was typed: a host that answers every question with it cannot ask.
    pub(super) password: &'a Secret,
    pub(super) clock: &'a dyn Fn() -> SystemTime,
}

impl SelfEnrolment<'_> {
    /// Shows a new secret, asks for a code, and keeps both.
    ///
    /// # Errors
    /// When the person could not be asked, or nothing could be kept.
    pub(super) fn run(&self, person: &mut dyn Conversation) -> Result<Confirmation, BackendError> {
        let TotpSettings {
            algorithm, digits, ..
        } = *self.settings;
        let mut authenticator = Authenticator::new(algorithm, digits).map_err(failed)?;
        let codes = NewRecoveryCodes::new().map_err(failed)?;
        authenticator.recovery = codes.kept.clone();
        let text = self.question(&authenticator);
        let enrolment = TotpEnrolment::new(self.folder.clone(), authenticator);
        let Some(step) = self.confirmed_step(&enrolment, &text, person)? else {
            return Ok(Confirmation::Refused(
                "not enrolled: the confirming code was wrong".to_owned(),
            ));
        };
        self.folder.make().map_err(failed)?;
        if !enrolment.claim(step)? || !enrolment.keep_new().map_err(failed)? {
            let why = "not enrolled: the code was used before, or another enrolment was faster";
            return Ok(Confirmation::Refused(why.to_owned()));
        }
        show(&codes, person);
        Ok(Confirmation::Confirmed(Some("newly enrolled".to_owned())))
    }

    fn confirmed_step(
        &self,
        enrolment: &TotpEnrolment,
        text: &str,
        person: &mut dyn Conversation,
    ) -> Result<Option<u64>, BackendError> {
        for _ in 0..TRIES {
            let typed = person
                .prompt_echo_off(text)
                .map_err(BackendError::Conversation)?;
            if typed.expose() == self.password.expose() {
                return Ok(None);
            }
            let step = enrolment.step_of(typed.expose(), (self.clock)());
            if step.is_some() {
                return Ok(step);
            }
        }
        Ok(None)
    }

    /// Returns the secret and the question. All of it is one prompt: sshd shows other texts too
    /// late (OpenSSH before 10.3).
    fn question(&self, authenticator: &Authenticator) -> zeroize::Zeroizing<String> {
        let address = authenticator.address(self.issuer, self.user.as_str());
        let secret = authenticator.secret_in_base32();
        zeroize::Zeroizing::new(format!(
            "\nA second factor is needed from now on. Enter this key into an authenticator app:\n  \
             {}\nor open this address with it:\n  {}\n{PROMPT}",
            secret.as_str(),
            address.as_str()
        ))
    }
}

/// Shows the recovery codes once, inside a prompt. Whoever does not see them asks the administrator
/// for new ones.
fn show(codes: &NewRecoveryCodes, person: &mut dyn Conversation) {
    let list = zeroize::Zeroizing::new(codes.shown.join("\n  "));
    let text = zeroize::Zeroizing::new(format!(
        "\nRecovery codes, for the day when the app is lost. Each is good once:\n  {}\nWrite them \
         down, and press Enter: ",
        list.as_str()
    ));
    let _ = person.prompt_echo_off(&text);
}

fn failed(error: io::Error) -> BackendError {
    BackendError::Failed(error.to_string())
}
