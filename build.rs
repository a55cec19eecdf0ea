//! Lets the binaries find the DuckDB library that they were linked with, without `LD_LIBRARY_PATH`.

fn main() {
    println!("cargo::rerun-if-env-changed=DUCKDB_LIB_DIR");
    if let Ok(folder) = std::env::var("DUCKDB_LIB_DIR")
        && std::env::var("CARGO_CFG_TARGET_FAMILY").as_deref() == Ok("unix")
    {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{folder}");
    }
}
