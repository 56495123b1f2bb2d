//! Accounts in passwd and shadow files.
