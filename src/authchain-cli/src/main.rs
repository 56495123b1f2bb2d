//! The command `authchain`.
fn main() {}
