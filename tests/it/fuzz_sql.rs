//! The parser, the translator and lineage take any text without a panic; `examples/fuzz_sql.rs` goes on for as long as one likes.

#[path = "../fuzz/mod.rs"]
mod fuzz;

#[test]
fn broken_sql_is_translated_or_refused_in_its_own_place_and_never_ends_the_program() {
    if let Err(trouble) = fuzz::run(20_261_129, 1_000) {
        panic!("{trouble}");
    }
}
