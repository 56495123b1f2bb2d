//! A new secret, shown to its person.

use authchain::factors::totp::Totp;
use authchain::files::authenticator::{Authenticator, NewRecoveryCodes};
use authchain::words::Username;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::qr;
use crate::terminal::{STRONG, Terminal};

/// A secret as a person enters it into an app.
pub(super) struct Sheet<'s> {
    user: &'s Username,
    authenticator: &'s Authenticator,
    address: Zeroizing<String>,
}

impl<'s> Sheet<'s> {
    pub(super) fn new(factor: &Totp, user: &'s Username, authenticator: &'s Authenticator) -> Self {
        Self {
            user,
            authenticator,
            address: authenticator.address(&factor.issuer(), user.as_str()),
        }
    }

    /// Prints the QR code, and beside it what it says.
    pub(super) fn print(&self, terminal: &mut Terminal) {
        let Authenticator {
            hash,
            digits,
            period,
            ..
        } = self.authenticator;
        let hash = hash.name();
        terminal.print_styled(STRONG, format_args!("{}: a new secret", self.user));
        qr::print(&self.address, terminal);
        let key = self.key_in_groups();
        terminal.print(format_args!("  key      {}", key.as_str()));
        terminal.print(format_args!("  address  {}", self.address.as_str()));
        terminal.print(format_args!(
            "  form     {hash}, {digits} digits, every {period} seconds"
        ));
    }

    /// Returns all of it for scripts, for an enrolment that waits until a time.
    pub(super) fn json(&self, codes: &NewRecoveryCodes, until: &str) -> Value {
        json!({
            "user": self.user.as_str(),
            "secret": self.authenticator.secret_in_base32().as_str(),
            "address": self.address.as_str(),
            "algorithm": self.authenticator.hash.name(),
            "digits": self.authenticator.digits,
            "period": self.authenticator.period,
            "recovery_codes": codes.shown.as_slice(),
            "pending_until": until,
        })
    }

    fn key_in_groups(&self) -> Zeroizing<String> {
        let key = self.authenticator.secret_in_base32();
        let letters = key.chars().enumerate();
        // Room for all of it: a text that grows would leave copies behind.
        let mut groups = Zeroizing::new(String::with_capacity(key.len().saturating_mul(2)));
        for (place, letter) in letters {
            if place > 0 && place % 4 == 0 {
                groups.push(' ');
            }
            groups.push(letter);
        }
        groups
    }
}

/// Prints recovery codes, which nobody can show again.
pub(super) fn print_recovery_codes(codes: &NewRecoveryCodes, terminal: &mut Terminal) {
    terminal.print("\nRecovery codes, for the day when the app is lost. Each is good once:");
    for code in codes.shown.iter() {
        terminal.print(format_args!("  {code}"));
    }
    terminal.print("They are not shown again.");
}
