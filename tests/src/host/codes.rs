//! The return codes that tests expect (`<security/_pam_types.h>`), with what our module means by
//! them.

/// Accepted, or valid.
pub const SUCCESS: i32 = 0;
/// A broken configuration, and nothing else.
pub const SERVICE_ERR: i32 = 3;
/// The module could not ask the backend.
pub const SYSTEM_ERR: i32 = 4;
/// Refused by a rule about accounts.
pub const PERM_DENIED: i32 = 6;
/// A wrong password.
pub const AUTH_ERR: i32 = 7;
/// A source did not answer.
pub const AUTHINFO_UNAVAIL: i32 = 9;
/// Nobody knows the name.
pub const USER_UNKNOWN: i32 = 10;
/// Valid, but the password must be changed.
pub const NEW_AUTHTOK_REQD: i32 = 12;
/// The account has ended.
pub const ACCT_EXPIRED: i32 = 13;
/// The conversation broke off.
pub const CONV_ERR: i32 = 19;
/// The password was not changed.
pub const AUTHTOK_ERR: i32 = 20;
/// Another process holds the lock of the files.
pub const AUTHTOK_LOCK_BUSY: i32 = 22;
/// Two new passwords differ.
pub const TRY_AGAIN: i32 = 24;
/// The password expired too long ago.
pub const AUTHTOK_EXPIRED: i32 = 27;

/// Returns the name of a code in the PAM manuals, or its number.
pub fn code_name(code: i32) -> String {
    let name = match code {
        SUCCESS => "PAM_SUCCESS",
        SERVICE_ERR => "PAM_SERVICE_ERR",
        SYSTEM_ERR => "PAM_SYSTEM_ERR",
        PERM_DENIED => "PAM_PERM_DENIED",
        AUTH_ERR => "PAM_AUTH_ERR",
        AUTHINFO_UNAVAIL => "PAM_AUTHINFO_UNAVAIL",
        USER_UNKNOWN => "PAM_USER_UNKNOWN",
        NEW_AUTHTOK_REQD => "PAM_NEW_AUTHTOK_REQD",
        ACCT_EXPIRED => "PAM_ACCT_EXPIRED",
        CONV_ERR => "PAM_CONV_ERR",
        AUTHTOK_ERR => "PAM_AUTHTOK_ERR",
        AUTHTOK_LOCK_BUSY => "PAM_AUTHTOK_LOCK_BUSY",
        TRY_AGAIN => "PAM_TRY_AGAIN",
        AUTHTOK_EXPIRED => "PAM_AUTHTOK_EXPIRED",
        _ => return code.to_string(),
    };
    name.to_owned()
}
