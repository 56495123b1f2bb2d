//! The PAM border.
