//! The PAM return codes that the module uses, with their numbers and names.

use std::fmt;

/// A return code of Linux-PAM (`security/_pam_types.h`) that the module may return.
///
/// `PAM_IGNORE` is not among them on purpose: in a stack it reads as "let someone else decide".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum PamCode {
    /// `PAM_SUCCESS`
    Success = 0,
    /// `PAM_SERVICE_ERR`: the configuration is broken. The module returns it in no other case, so
    /// that a stack can let pam_unix decide in this case alone.
    ServiceError = 3,
    /// `PAM_SYSTEM_ERR`: this process could not ask a backend.
    SystemError = 4,
    /// `PAM_PERM_DENIED`
    PermissionDenied = 6,
    /// `PAM_AUTH_ERR`
    AuthError = 7,
    /// `PAM_AUTHINFO_UNAVAIL`
    AuthInfoUnavailable = 9,
    /// `PAM_USER_UNKNOWN`
    UserUnknown = 10,
    /// `PAM_NEW_AUTHTOK_REQD`
    NewAuthtokRequired = 12,
    /// `PAM_ACCT_EXPIRED`
    AccountExpired = 13,
    /// `PAM_CONV_ERR`
    ConversationError = 19,
    /// `PAM_AUTHTOK_ERR`: the password was not changed.
    AuthtokError = 20,
    /// `PAM_AUTHTOK_LOCK_BUSY`: the password file is locked by another process.
    AuthtokLockBusy = 22,
    /// `PAM_TRY_AGAIN`: the new password was typed in two ways.
    TryAgain = 24,
    /// `PAM_AUTHTOK_EXPIRED`: the password expired so long ago that it cannot be changed.
    AuthtokExpired = 27,
}

impl PamCode {
    /// Returns the number by which libpam knows the code.
    pub fn number(self) -> i32 {
        self as i32
    }

    /// Returns the name that the PAM manuals give the code.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "PAM_SUCCESS",
            Self::ServiceError => "PAM_SERVICE_ERR",
            Self::SystemError => "PAM_SYSTEM_ERR",
            Self::PermissionDenied => "PAM_PERM_DENIED",
            Self::AuthError => "PAM_AUTH_ERR",
            Self::AuthInfoUnavailable => "PAM_AUTHINFO_UNAVAIL",
            Self::UserUnknown => "PAM_USER_UNKNOWN",
            Self::NewAuthtokRequired => "PAM_NEW_AUTHTOK_REQD",
            Self::AccountExpired => "PAM_ACCT_EXPIRED",
            Self::ConversationError => "PAM_CONV_ERR",
            Self::AuthtokError => "PAM_AUTHTOK_ERR",
            Self::AuthtokLockBusy => "PAM_AUTHTOK_LOCK_BUSY",
            Self::TryAgain => "PAM_TRY_AGAIN",
            Self::AuthtokExpired => "PAM_AUTHTOK_EXPIRED",
        }
    }
}

impl fmt::Display for PamCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
