//! The parser, the translator and lineage take any text without a panic; `examples/fuzz_sql.rs` goes on for as long as one likes, and CI for minutes
//! (`REDSTART_TEST_FUZZ`, a count).

#[path = "../fuzz/mod.rs"]
mod fuzz;

#[test]
fn broken_sql_is_translated_or_refused_in_its_own_place_and_never_ends_the_program() {
    let count = std::env::var("REDSTART_TEST_FUZZ").ok();
    let count = count.and_then(|count| count.parse().ok()).unwrap_or(1_000);
    if let Err(trouble) = fuzz::run(20_261_129, count) {
        panic!("{trouble}");
    }
}
