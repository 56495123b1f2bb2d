//! The file of pam_oath, users.oath.

use authchain::files::authenticator::{Authenticator, CodeHash, MIN_SECRET, RecoveryCodes};
use authchain::words::{Secret, Username, number};

use super::imported::Imported;

/// Reads the line of a person: `HOTP/T30/6 alice - 00112233… …`.
pub(super) fn parse(bytes: &[u8], user: &Username) -> Result<Imported, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not text")?;
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.starts_with('#'));
    let words = lines.map(|line| line.split_whitespace().collect::<Vec<_>>());
    let mut own = words.filter(|words| words.get(1) == Some(&user.as_str()));
    let line = own
        .next()
        .ok_or_else(|| format!("it has no line of {user}"))?;
    if own.next().is_some() {
        return Err(format!("it has two lines of {user}"));
    }
    let [kind, _, pin, secret, ..] = line.as_slice() else {
        return Err(format!("the line of {user} has no secret"));
    };
    let (period, digits) = form(kind)?;
    let remark = match *pin {
        "-" | "+" => None,
        _ => Some("the PIN is not taken over: the password stands before the code"),
    };
    Ok(Imported {
        authenticator: Authenticator {
            secret: secret_of(secret)?,
            hash: CodeHash::Sha1,
            digits,
            period,
            recovery: RecoveryCodes::without_codes().map_err(|error| error.to_string())?,
        },
        // The file has the last code, and not its step.
        last_step: None,
        remarks: remark.into_iter().map(str::to_owned).collect(),
    })
}

/// Returns the seconds for which a code is shown, and its digits: `HOTP/T30/6`.
fn form(kind: &str) -> Result<(u64, u32), String> {
    let mut parts = kind.split('/');
    let (method, moving) = (parts.next(), parts.next().unwrap_or_default());
    let digits = parts
        .next()
        .map_or(Some(6), |digits| number(digits.as_bytes()));
    let Some(period) = moving.strip_prefix('T').filter(|_| method == Some("HOTP")) else {
        return Err(format!(
            "{kind}: its codes do not go by the time (HOTP/T30)"
        ));
    };
    match (number(period.as_bytes()), digits) {
        (Some(period @ 15..=300), Some(digits @ 6..=8)) => Ok((period, digits)),
        _ => Err(format!(
            "{kind}: not from 15 to 300 seconds and from 6 to 8 digits"
        )),
    }
}

fn secret_of(hex: &str) -> Result<Secret, String> {
    let mut secret = Vec::with_capacity(hex.len());
    for pair in hex.as_bytes().chunks(2) {
        let is_byte = pair.len() == 2 && pair.iter().all(u8::is_ascii_hexdigit);
        let pair = std::str::from_utf8(pair).ok().filter(|_| is_byte);
        let byte = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        secret.push(byte.ok_or("the secret is not hexadecimal")?);
    }
    let secret = Secret::new(secret);
    match secret.expose().len() >= MIN_SECRET {
        true => Ok(secret),
        false => Err(format!("the secret has less than {MIN_SECRET} bytes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# people\nHOTP/T30/8 alice - 3132333435363738393031323334353637383930\n\
        HOTP/T60\tbob 1234 31323334353637383930 0 123456 2009-12-07T23:23:49L\n\
        HOTP carol - 31323334353637383930\nHOTP/T30 dave - 3132\nHOTP/T30 erin -\n\
        HOTP/T30 frank - 31\nHOTP/T30 frank - 32\nHOTP/T30/9 gina - 31323334353637383930\n\
        HOTP/T30 hugo - +1323334353637383930\n";

    fn of(user: &str) -> Result<Imported, String> {
        parse(FILE.as_bytes(), &Username::parse(user.as_bytes()).unwrap())
    }

    #[test]
    fn the_line_of_a_person_is_taken_over() {
        let alice = of("alice").unwrap().authenticator;
        assert_eq!(alice.secret.expose(), b"12345678901234567890");
        assert_eq!((alice.digits, alice.period), (8, 30));
        let bob = of("bob").unwrap();
        let form = (bob.authenticator.digits, bob.authenticator.period);
        assert_eq!((form, bob.remarks.len()), ((6, 60), 1));
    }

    #[test]
    fn what_would_not_be_the_same_codes_is_refused() {
        for (user, words) in [
            ("carol", "do not go by the time"),
            ("dave", "less than 10 bytes"),
            ("erin", "has no secret"),
            ("frank", "two lines"),
            ("gina", "from 6 to 8 digits"),
            ("hugo", "not hexadecimal"),
            ("ALICE", "no line of ALICE"),
        ] {
            let refusal = of(user).err().unwrap();
            assert!(refusal.contains(words), "{refusal}");
        }
    }
}
