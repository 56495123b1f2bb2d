//! The file of `pam_google_authenticator(8)`.

use authchain::files::authenticator::{Authenticator, CodeHash, RecoveryCodes};
use authchain::words::number;
use zeroize::Zeroizing;

use super::imported::Imported;

/// The seconds for which a code is shown, where the file does not say it.
const PERIOD: u64 = 30;

/// The options that mean nothing to authchain, which has its own limits.
const NOT_TAKEN_OVER: [&str; 2] = ["TIME_SKEW", "WINDOW_SIZE"];

/// Reads the file: the secret, lines of options, and scratch codes of 8 digits.
pub(super) fn parse(bytes: &[u8]) -> Result<Imported, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not text")?;
    let mut lines = text.lines();
    let secret = Zeroizing::new(normal(lines.next().unwrap_or_default()));
    let secret = Authenticator::secret_of(&secret);
    let secret = secret.ok_or("its first line is no secret in base32 of 10 bytes or more")?;
    let mut imported = Imported {
        authenticator: Authenticator {
            secret,
            hash: CodeHash::Sha1,
            digits: 6,
            period: PERIOD,
            recovery: RecoveryCodes::without_codes().map_err(|error| error.to_string())?,
        },
        last_step: None,
        remarks: Vec::new(),
    };
    let mut has_time = false;
    for line in lines {
        match line.strip_prefix("\" ") {
            Some(option) => {
                let (name, value) = option.split_once(' ').unwrap_or((option, ""));
                has_time |= name == "TOTP_AUTH";
                imported.take_option(name, value)?;
            }
            None if is_scratch_code(line) => imported.authenticator.recovery.add(line),
            None if line.trim().is_empty() => {}
            None => return Err("a line cannot be understood".to_owned()),
        }
    }
    match has_time {
        true => Ok(imported),
        false => Err("it has no line TOTP_AUTH: its codes do not go by the time".to_owned()),
    }
}

impl Imported {
    fn take_option(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "HOTP_COUNTER" => {
                return Err("its codes go by a counter (HOTP), and not by the time".to_owned());
            }
            "STEP_SIZE" => {
                let period = number(value.as_bytes()).filter(|period| (15..=300).contains(period));
                self.authenticator.period =
                    period.ok_or("STEP_SIZE is not from 15 to 300 seconds")?;
            }
            "DISALLOW_REUSE" => {
                let steps = value.split_whitespace();
                self.last_step = steps.filter_map(|step| number(step.as_bytes())).max();
            }
            name if NOT_TAKEN_OVER.contains(&name) => {
                let remark = format!("{name} is not taken over: the clocks must agree to 30 s");
                self.remarks.push(remark);
            }
            _ => {}
        }
        Ok(())
    }
}

/// Returns a secret without blanks, hyphens and padding, in capitals.
fn normal(secret: &str) -> String {
    let letters = secret.chars().filter(|c| !matches!(c, ' ' | '-' | '='));
    letters.map(|c| c.to_ascii_uppercase()).collect()
}

fn is_scratch_code(line: &str) -> bool {
    line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "gezdgnbvgy3tqojqgezdgnbvgy3tqojq\n\" RATE_LIMIT 3 30 1700000000\n\
        \" WINDOW_SIZE 17\n\" DISALLOW_REUSE 56666666 56666668 56666667\n\" TOTP_AUTH\n\
        12345678\n87654321\n";

    fn refusal(text: &str) -> String {
        parse(text.as_bytes()).err().unwrap()
    }

    #[test]
    fn secret_used_codes_and_scratch_codes_are_taken_over() {
        let Imported {
            authenticator,
            last_step,
            remarks,
        } = parse(FILE.as_bytes()).unwrap();
        assert_eq!(authenticator.secret.expose(), b"12345678901234567890");
        assert_eq!((authenticator.digits, authenticator.period), (6, 30));
        assert_eq!(authenticator.recovery.place_of(b"87654321"), Some(1));
        assert_eq!(last_step, Some(56_666_668));
        let remark = "WINDOW_SIZE is not taken over: the clocks must agree to 30 s";
        assert_eq!(remarks, [remark]);
    }

    #[test]
    fn what_would_not_be_the_same_codes_is_refused() {
        for (text, words) in [
            ("", "no secret"),
            ("SHORT\n\" TOTP_AUTH\n", "no secret"),
            (&FILE.replace("TOTP_AUTH", "HOTP_COUNTER 3"), "(HOTP)"),
            (&FILE.replace("\" TOTP_AUTH\n", ""), "no line TOTP_AUTH"),
            (&format!("{FILE}\" STEP_SIZE 3600\n"), "STEP_SIZE"),
            (&format!("{FILE}root:x:0\n"), "cannot be understood"),
        ] {
            let refusal = refusal(text);
            assert!(refusal.contains(words), "{refusal}");
            assert!(!refusal.contains("root:x"), "nothing of the file is shown");
        }
    }
}
