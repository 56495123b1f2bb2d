//! passwd(5) and shadow(5).
