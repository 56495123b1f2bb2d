//! The worker and a real domain. All share one domain controller (`servers::samba::domain`): a test
//! that changes an account, or counts what is tried on it, has that account to itself.

mod accounts;
mod changes;
mod check;
mod groups;
mod keeping;
mod logins;
mod names;
mod pam;
mod servers;
