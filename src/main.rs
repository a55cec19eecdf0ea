//! The `redstart` program.

fn main() {}
