//! Broken SQL through the parser, the translator and lineage: `cargo run --release --example fuzz_sql -- COUNT [SEED]`.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]

use std::process::ExitCode;

#[path = "../tests/fuzz/mod.rs"]
mod fuzz;

fn main() -> ExitCode {
    let mut arguments = std::env::args()
        .skip(1)
        .filter_map(|word| word.parse::<u64>().ok());
    let count = arguments.next().unwrap_or(100_000);
    let seed = arguments.next().unwrap_or(1);
    // Batches, so that a long run tells how far it is.
    let (mut done, mut translated, mut batch) = (0, 0, 0);
    while done < count {
        let size = 10_000.min(count - done);
        match fuzz::run(
            seed.wrapping_add(batch),
            usize::try_from(size).unwrap_or(usize::MAX),
        ) {
            Ok(taken) => translated += taken,
            Err(trouble) => {
                println!("after {done} statements: {trouble}");
                return ExitCode::FAILURE;
            }
        }
        done += size;
        batch += 1;
        println!("{done} statements, {translated} of them translated");
    }
    ExitCode::SUCCESS
}
