//! The answers of modules, by their names in the brackets of a line (pam.conf(5)).

use super::simulator::Facility;

/// Our answer where the configuration is broken.
pub(super) const BROKEN: &str = "service_err";

/// The answer of libpam itself where our module cannot be loaded.
pub(super) const NOT_LOADED: &str = "module_unknown";

/// Our answers where the person could not be judged to the end. A caller of su can cause each.
pub(super) const FOUND_OUT_NOTHING: [&str; 3] = ["authinfo_unavail", "system_err", "conv_err"];

/// The answers of one facility.
pub(super) struct Answers {
    /// Ours; those of what libpam says in our place too.
    pub(super) ours: &'static [&'static str],
    /// pam_unix's.
    pub(super) unix: &'static [&'static str],
    /// Those of other modules that ask for a password or token.
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
    /// Returns the answers to what `facility` asks; none where nobody is let in by them.
    pub(super) fn to(facility: Facility) -> Option<&'static Self> {
        match facility {
            Facility::Auth => Some(&AUTH),
            Facility::Account => Some(&ACCOUNT),
            Facility::Password | Facility::Session => None,
        }
    }
}
