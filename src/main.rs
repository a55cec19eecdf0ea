//! The `redstart` program.

use std::process::ExitCode;

/// A project is many small pieces of text: the allocator of most systems takes a fifth longer over them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    redstart::commands::main(std::env::args_os())
}
