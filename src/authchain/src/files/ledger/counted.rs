//! The things that a record counts.

/// The 16 bytes that say where a confirmed login is remembered: for which service, from where, and
/// in which session.
pub type RememberKey = [u8; 16];

/// The number of a set of recovery codes. New codes have a new number.
pub type RecoverySet = u64;

/// The number of an app password, which no other app password has.
pub type AppPasswordId = u64;

/// Something that is counted. Times are milliseconds: since 1970 in `at`, `latest` and
/// `blocked_until`, and since the machine booted in a remembered login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Somebody is about to have a code verified.
    Attempt {
        /// The wall clock.
        at: u64,
    },
    /// The code of a time step was right.
    Code {
        /// The time step (RFC 6238).
        step: u64,
    },
    /// A recovery code was right.
    RecoveryCode {
        /// The set that the code is of.
        set: RecoverySet,
        /// The code's place in the set.
        number: u64,
    },
    /// A login was confirmed, or a login that is remembered was used again.
    Remembered {
        /// Where it counts.
        key: RememberKey,
        /// The time of the confirmation.
        confirmed: u64,
        /// The time of the last use.
        used: u64,
    },
    /// The administrator has ended a pause after wrong codes.
    Unlocked {
        /// The wall clock, which the administrator has seen to be right.
        at: u64,
        /// The last time step whose code may have been seen by others: later ones are open.
        step: u64,
    },
    /// The attempts since the last right code, in the summary at the beginning of a file.
    Pause {
        /// The number of attempts.
        failures: u64,
        /// The end of the pause.
        blocked_until: u64,
        /// The time of the last attempt.
        latest: u64,
    },
    /// The end of the file: what follows does not count.
    Sealed,
    /// The file's name is on the disk.
    Named,
    /// An app password was right.
    AppPassword {
        /// The app password.
        id: AppPasswordId,
        /// The wall clock.
        at: u64,
    },
}

impl Counted {
    /// Returns the number of the kind, two numbers and a key, as a record holds them.
    pub(super) fn to_parts(self) -> (u8, [u64; 2], RememberKey) {
        let no_key = RememberKey::default();
        match self {
            Self::Attempt { at } => (1, [at, 0], no_key),
            Self::Code { step } => (2, [step, 0], no_key),
            Self::RecoveryCode { set, number } => (3, [set, number], no_key),
            Self::Remembered {
                key,
                confirmed,
                used,
            } => (4, [confirmed, used], key),
            Self::Unlocked { at, step } => (5, [at, step], no_key),
            Self::Pause {
                failures,
                blocked_until,
                latest,
            } => {
                let latest = u128::from(latest).to_le_bytes();
                (6, [failures, blocked_until], latest)
            }
            Self::Sealed => (7, [0, 0], no_key),
            Self::AppPassword { id, at } => (8, [id, at], no_key),
            Self::Named => (9, [0, 0], no_key),
        }
    }

    /// Returns what the parts of a record say; `None` for a kind that this version does not know.
    pub(super) fn from_parts(kind: u8, [one, two]: [u64; 2], key: RememberKey) -> Option<Self> {
        Some(match kind {
            1 => Self::Attempt { at: one },
            2 => Self::Code { step: one },
            3 => Self::RecoveryCode {
                set: one,
                number: two,
            },
            4 => Self::Remembered {
                key,
                confirmed: one,
                used: two,
            },
            5 => Self::Unlocked { at: one, step: two },
            6 => Self::Pause {
                failures: one,
                blocked_until: two,
                latest: u64::try_from(u128::from_le_bytes(key)).unwrap_or(u64::MAX),
            },
            7 => Self::Sealed,
            8 => Self::AppPassword { id: one, at: two },
            9 => Self::Named,
            _ => return None,
        })
    }
}
