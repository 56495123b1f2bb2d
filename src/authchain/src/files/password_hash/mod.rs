//! Verifying password hashes.
