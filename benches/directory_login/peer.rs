//! The programs that are compared.

/// A program that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// pam_authchain.so, which starts a worker for each login.
    Authchain,
    /// pam_ldap.so of nss-pam-ldapd, which asks nslcd.
    Nslcd,
    /// pam_sss.so, which asks sssd_pam.
    Sssd,
    /// Only a connection, TLS and a bind.
    Floor,
}

impl Peer {
    /// The usual name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sssd => "SSSD",
            other => other.service(),
        }
    }

    /// Its PAM service.
    pub fn service(self) -> &'static str {
        match self {
            Self::Authchain => "authchain",
            Self::Nslcd => "nslcd",
            Self::Sssd => "sssd",
            Self::Floor => "floor",
        }
    }
}

/// All peers, in the order of the table.
pub const ALL: [Peer; 4] = [Peer::Authchain, Peer::Nslcd, Peer::Sssd, Peer::Floor];
