//! The `redstart` program.

use std::process::ExitCode;

/// A project is many small pieces of text, and so are the plans of queries: the allocator of most systems takes a fifth longer over them.
/// On Linux it is that of DuckDB as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    redstart::commands::main(std::env::args_os())
}
