//! The result codes of LDAP (RFC 4511 appendix A).

use ldap3::LdapResult;

pub(super) use crate::net::failure::server_text;

pub(super) const SUCCESS: u32 = 0;
pub(super) const PROTOCOL_ERROR: u32 = 2;
pub(super) const TIME_LIMIT: u32 = 3;
pub(super) const SIZE_LIMIT: u32 = 4;
pub(super) const REFERRAL: u32 = 10;
pub(super) const ADMIN_LIMIT: u32 = 11;
pub(super) const CONSTRAINT_VIOLATION: u32 = 19;
pub(super) const UNDEFINED_TYPE: u32 = 17;
pub(super) const INVALID_SYNTAX: u32 = 21;
pub(super) const NO_SUCH_OBJECT: u32 = 32;
pub(super) const INAPPROPRIATE_AUTHENTICATION: u32 = 48;
pub(super) const INVALID_CREDENTIALS: u32 = 49;
pub(super) const INSUFFICIENT_ACCESS: u32 = 50;
pub(super) const BUSY: u32 = 51;
pub(super) const UNWILLING: u32 = 53;
pub(super) const NAMING_VIOLATION: u32 = 64;
pub(super) const OBJECT_CLASS_VIOLATION: u32 = 65;
pub(super) const NOT_ON_RDN: u32 = 67;
pub(super) const ALREADY_EXISTS: u32 = 68;

/// Returns whether another server may answer better: operationsError, timeLimitExceeded,
/// adminLimitExceeded, busy, unavailable, other.
pub(super) fn is_server_fault(code: u32) -> bool {
    matches!(code, 1 | 3 | 11 | 51 | 52 | 80)
}

/// Returns the code, its name and the text of the server, for the log.
pub(super) fn describe(result: &LdapResult) -> String {
    let code = result.rc;
    let name = named(code);
    match server_text(&result.text) {
        text if text.is_empty() => name,
        text => format!("{name}: {text}"),
    }
}

/// Returns the code and its name, for the log.
pub(super) fn named(code: u32) -> String {
    name(code).map_or_else(|| format!("code {code}"), |name| format!("{name} ({code})"))
}

fn name(code: u32) -> Option<&'static str> {
    Some(match code {
        1 => "operationsError",
        2 => "protocolError",
        3 => "timeLimitExceeded",
        4 => "sizeLimitExceeded",
        7 => "authMethodNotSupported",
        8 => "strongerAuthRequired",
        10 => "referral",
        11 => "adminLimitExceeded",
        12 => "unavailableCriticalExtension",
        13 => "confidentialityRequired",
        14 => "saslBindInProgress",
        16 => "noSuchAttribute",
        17 => "undefinedAttributeType",
        18 => "inappropriateMatching",
        19 => "constraintViolation",
        20 => "attributeOrValueExists",
        21 => "invalidAttributeSyntax",
        32 => "noSuchObject",
        34 => "invalidDNSyntax",
        48 => "inappropriateAuthentication",
        49 => "invalidCredentials",
        50 => "insufficientAccessRights",
        51 => "busy",
        52 => "unavailable",
        53 => "unwillingToPerform",
        64 => "namingViolation",
        65 => "objectClassViolation",
        66 => "notAllowedOnNonLeaf",
        67 => "notAllowedOnRDN",
        68 => "entryAlreadyExists",
        69 => "objectClassModsProhibited",
        80 => "other",
        _ => return None,
    })
}
