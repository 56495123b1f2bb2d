//! Group files, good and bad.
