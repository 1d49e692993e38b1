//! The fbuild command.
fn main() {}
