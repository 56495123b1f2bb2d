//! One line of a shadow file: password, dates, lock.

use super::error::EditError;
use crate::words::number;

/// The expiry day that ends an account at once: 2 January 1970, as `usermod -e 1` writes it. Not
/// day 0, which some programs take for "never".
const LONG_AGO: &[u8] = b"1";

/// The value of the reserved field if the account had no expiry day before the lock. It equals
/// [`LONG_AGO`], but cannot be mistaken for that day: [`ShadowLine::lock`] writes the reserved
/// field only if the expiry day is another day.
const NONE: &[u8] = LONG_AGO;

/// The number of fields in a shadow line.
const FIELDS: usize = 9;

/// The fields of a shadow line, without the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ShadowLine {
    password: Vec<u8>,
    last_change: Vec<u8>,
    /// The fields minimum, maximum, warning and inactive, which are never changed.
    ageing: [Vec<u8>; 4],
    expire: Vec<u8>,
    /// The field that shadow(5) reserves. While an account is locked by [`Self::lock`], it holds
    /// the expiry day that the account had before, or [`NONE`]. This tells an account that expired
    /// by a lock from one that had expired before.
    reserved: Vec<u8>,
}

impl ShadowLine {
    /// Returns the line of a new account, whose password was changed today.
    pub(super) fn new(hash: &str, today: u64) -> Self {
        let ageing = ["0", "99999", "7", ""].map(|days| days.as_bytes().to_vec());
        Self {
            password: hash.as_bytes().to_vec(),
            last_change: today.to_string().into_bytes(),
            ageing,
            expire: Vec::new(),
            reserved: Vec::new(),
        }
    }

    /// Reads the fields of a line; those that an old file lacks are empty.
    pub(super) fn parse(fields: &[&[u8]]) -> Result<Self, EditError> {
        if fields.len() < 2 || fields.len() > FIELDS {
            let message = format!("its shadow line has {} fields, not {FIELDS}", fields.len());
            return Err(EditError::Refused(message));
        }
        let field = |at: usize| {
            fields
                .get(at)
                .map(|field| field.to_vec())
                .unwrap_or_default()
        };
        Ok(Self {
            password: field(1),
            last_change: field(2),
            ageing: [field(3), field(4), field(5), field(6)],
            expire: field(7),
            reserved: field(8),
        })
    }

    /// Returns the line's text under this name.
    pub(super) fn line(&self, name: &str) -> Vec<u8> {
        let [minimum, maximum, warning, inactive] = &self.ageing;
        [
            name.as_bytes(),
            &self.password,
            &self.last_change,
            minimum,
            maximum,
            warning,
            inactive,
            &self.expire,
            &self.reserved,
        ]
        .join(&b':')
    }

    /// Sets another password; a locked account stays locked.
    pub(super) fn set_password(&mut self, hash: &str, today: u64) {
        let mark: &[u8] = if self.is_password_locked() { b"!" } else { b"" };
        self.password = [mark, hash.as_bytes()].concat();
        self.last_change = today.to_string().into_bytes();
    }

    /// Replaces the password with its marks, as passwd(1) does: a locked one is unlocked. Without a
    /// day, passwords do not age; day 0 would demand another change.
    pub(super) fn replace_password(&mut self, hash: &str, today: Option<u64>) {
        self.password = hash.as_bytes().to_vec();
        self.last_change = today.map(|day| day.to_string()).unwrap_or_default().into();
    }

    /// Locks the password, which ends password logins, and expires the account, which also ends
    /// keys, cron and whatever else asks for no password.
    pub(super) fn lock(&mut self) {
        if !self.is_password_locked() {
            self.password.insert(0, b'!');
        }
        if self.expire != LONG_AGO {
            let before = std::mem::replace(&mut self.expire, LONG_AGO.to_vec());
            self.reserved = if before.is_empty() {
                NONE.to_vec()
            } else {
                before
            };
        }
    }

    /// Unlocks the account, and restores the expiry day that it had before the lock. An expiry day
    /// that [`lock`](Self::lock) did not set stays.
    pub(super) fn unlock(&mut self) -> Result<(), EditError> {
        let has_ended_by_lock = self.expire == LONG_AGO && !self.reserved.is_empty();
        match self.password.iter().position(|&byte| byte != b'!') {
            Some(start) => drop(self.password.drain(..start)),
            // The account had no password to lock; it was used with keys alone.
            None if has_ended_by_lock => {}
            None => return Err(EditError::NoPassword),
        }
        let before = std::mem::take(&mut self.reserved);
        if has_ended_by_lock {
            self.expire = if before == NONE { Vec::new() } else { before };
        }
        Ok(())
    }

    /// Returns whether there is a `!` before the password's hash.
    pub(super) fn is_password_locked(&self) -> bool {
        self.password.first() == Some(&b'!')
    }

    /// Returns whether the password field holds anything but the marks `!` and `*`.
    pub(super) fn has_password(&self) -> bool {
        self.password
            .iter()
            .any(|byte| !matches!(byte, b'!' | b'*'))
    }

    /// Returns whether its days limit the password or the account, unlike those of a new account.
    pub(super) fn is_limited(&self) -> bool {
        let [minimum, maximum, ..] = &self.ageing;
        !matches!(minimum.as_slice(), b"" | b"0")
            || !matches!(maximum.as_slice(), b"" | b"99999")
            || !self.expire.is_empty()
    }

    /// Returns the day of the last change of the password.
    pub(super) fn last_change(&self) -> Option<u64> {
        number(&self.last_change)
    }

    /// Returns the day on which the account expires.
    pub(super) fn expire(&self) -> Option<u64> {
        number(&self.expire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> ShadowLine {
        let fields: Vec<&[u8]> = line.split(':').map(str::as_bytes).collect();
        ShadowLine::parse(&fields).unwrap()
    }

    fn text(line: &ShadowLine) -> String {
        String::from_utf8(line.line("a")).unwrap()
    }

    #[test]
    fn a_line_is_written_as_it_was_read() {
        for line in [
            "a:$6$x:20000:0:99999:7:::",
            "a:*:::::::",
            "a::1:2:3:4:5:6:7",
        ] {
            assert_eq!(text(&parse(line)), line);
        }
        assert_eq!(text(&parse("a:x:1:2:3")), "a:x:1:2:3::::");
    }

    #[test]
    fn locking_ends_passwords_and_everything_else_and_unlocking_reverts_it() {
        for line in [
            "a:$6$x:20000:0:99999:7:::",
            "a:$6$x:20000:0:99999:7::30000:",
        ] {
            let mut entry = parse(line);
            entry.lock();
            let locked = text(&entry);
            assert!(
                locked.starts_with("a:!$6$x:20000:0:99999:7::1:"),
                "{locked}"
            );
            entry.lock();
            assert_eq!(text(&entry), locked, "a second lock changes nothing");
            entry.unlock().unwrap();
            assert_eq!(text(&entry), line);
        }
    }

    #[test]
    fn a_date_that_was_there_before_a_lock_is_there_after_it() {
        // A day that some programs take for never, the day of `usermod -e 1`, another past day, a
        // day to come, and no day at all.
        for line in [
            "a:h:1:2:3:4:5:0:",
            "a:h:1:2:3:4:5:1:",
            "a:h:1:2:3:4:5:19000:",
            "a:h:1:2:3:4:5:30000:",
            "a:h:1:2:3:4:5:-1:",
        ] {
            let mut entry = parse(line);
            entry.lock();
            assert_eq!(entry.expire(), Some(1), "{line}");
            entry.unlock().unwrap();
            assert_eq!(text(&entry), line);
            entry.unlock().unwrap();
            assert_eq!(text(&entry), line, "nothing is left to unlock");
        }
    }

    #[test]
    fn a_date_set_while_an_account_is_locked_counts_from_then_on() {
        let mut entry = parse("a:h:1:2:3:4:5::");
        entry.lock();
        entry.expire = b"25000".to_vec();
        entry.lock();
        assert_eq!(entry.expire(), Some(1));
        entry.unlock().unwrap();
        assert_eq!(text(&entry), "a:h:1:2:3:4:5:25000:");
        entry.lock();
        entry.expire = b"26000".to_vec();
        entry.unlock().unwrap();
        assert_eq!(text(&entry), "a:h:1:2:3:4:5:26000:");
    }

    #[test]
    fn a_lock_overwrites_the_reserved_field() {
        let mut entry = parse("a:h:1:2:3:4:5:25000:30000");
        entry.lock();
        entry.unlock().unwrap();
        assert_eq!(entry.expire(), Some(25_000));
    }

    #[test]
    fn a_lock_on_an_account_without_a_password_can_be_taken_away() {
        let mut entry = parse("a:!:1::::::");
        entry.lock();
        assert_eq!(entry.expire(), Some(1));
        entry.unlock().unwrap();
        assert_eq!(text(&entry), "a:!:1::::::");
    }

    #[test]
    fn unlocking_never_leaves_an_empty_password() {
        for password in ["!", "!!", ""] {
            let mut entry = parse(&format!("a:{password}:1::::::"));
            assert!(entry.unlock().is_err(), "{password:?}");
        }
    }

    #[test]
    fn a_new_password_does_not_take_a_lock_away() {
        let mut entry = parse("a:!old:1::::::");
        entry.set_password("new", 20_000);
        assert_eq!(text(&entry), "a:!new:20000::::::");
        let mut entry = parse("a:old:1::::::");
        entry.set_password("new", 20_000);
        assert_eq!(text(&entry), "a:new:20000::::::");
    }
}
