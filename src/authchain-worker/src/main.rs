//! The worker. See the library.

fn main() {}
