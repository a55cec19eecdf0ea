//! The `redstart` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    redstart::commands::main(std::env::args_os())
}
