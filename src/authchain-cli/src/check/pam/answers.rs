//! The answers (return values) of modules, by their names in pam.conf(5): `auth_err`.

use super::simulator::Facility;

/// Our module's answer where the configuration is broken.
pub(super) const BROKEN: &str = "service_err";

/// The answer that libpam gives for our module where it cannot load it.
pub(super) const NOT_LOADED: &str = "module_unknown";

/// Our module's answers where it could not find out whether to accept the person. The caller of su
/// can cause each of them.
pub(super) const FOUND_OUT_NOTHING: [&str; 3] = ["authinfo_unavail", "system_err", "conv_err"];

/// The answers that modules give in one facility.
pub(super) struct Answers {
    /// The answers of our module, and of libpam where it cannot load our module.
    pub(super) ours: &'static [&'static str],
    /// The answers of pam_unix.
    pub(super) unix: &'static [&'static str],
    /// The answers of other modules that ask for a password or token.
    pub(super) others: &'static [&'static str],
}

const AUTH: Answers = Answers {
    ours: &[
        "success",
        "auth_err",
        "user_unknown",
        "authinfo_unavail",
        "system_err",
        "conv_err",
        BROKEN,
        NOT_LOADED,
    ],
    unix: &[
        "success",
        "auth_err",
        "user_unknown",
        "authinfo_unavail",
        "cred_insufficient",
        "maxtries",
        "new_authtok_reqd",
        "acct_expired",
        "perm_denied",
        "conv_err",
        "system_err",
        "service_err",
        NOT_LOADED,
    ],
    others: &OTHERS,
};

const ACCOUNT: Answers = Answers {
    ours: &[
        "success",
        "new_authtok_reqd",
        "acct_expired",
        "perm_denied",
        "user_unknown",
        "authinfo_unavail",
        "system_err",
        BROKEN,
        NOT_LOADED,
    ],
    unix: &[
        "success",
        "new_authtok_reqd",
        "acct_expired",
        "authtok_expired",
        "user_unknown",
        "authinfo_unavail",
        "perm_denied",
        "auth_err",
        "system_err",
        "service_err",
        NOT_LOADED,
    ],
    others: &OTHERS,
};

const OTHERS: [&str; 11] = [
    "success",
    "auth_err",
    "perm_denied",
    "user_unknown",
    "authinfo_unavail",
    "new_authtok_reqd",
    "acct_expired",
    "system_err",
    "service_err",
    "ignore",
    NOT_LOADED,
];

impl Answers {
    /// Returns the answers in `facility`; `None` for a facility that lets nobody in.
    pub(super) fn to(facility: Facility) -> Option<&'static Self> {
        match facility {
            Facility::Auth => Some(&AUTH),
            Facility::Account => Some(&ACCOUNT),
            Facility::Password | Facility::Session => None,
        }
    }
}
