//! Lets the binaries find the DuckDB library that they were linked with, without `LD_LIBRARY_PATH`; or links what a static one needs.

use std::env;

fn main() {
    println!("cargo::rerun-if-env-changed=DUCKDB_LIB_DIR");
    println!("cargo::rerun-if-env-changed=DUCKDB_STATIC");
    let is_static = env::var("DUCKDB_STATIC").is_ok_and(|said| said != "0");
    if env::var_os("CARGO_FEATURE_BUNDLED").is_some() && !is_static {
        println!(
            "cargo::error=the feature `bundled` needs DuckDB's static library: `make release` compiles it, once, and builds with it"
        );
        return;
    }
    let system = env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if is_static {
        // Last on the command line: the library's needs come after it.
        for argument in runtime(&system) {
            println!("cargo::rustc-link-arg={argument}");
        }
    } else if let Ok(folder) = env::var("DUCKDB_LIB_DIR")
        && env::var("CARGO_CFG_TARGET_FAMILY").as_deref() == Ok("unix")
    {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{folder}");
    }
}

/// The runtime of C++, in the binary itself where the system allows it.
fn runtime(system: &str) -> &'static [&'static str] {
    match system {
        "linux" => &["-Wl,-Bstatic", "-lstdc++", "-Wl,-Bdynamic", "-lm"],
        "macos" => &["-lc++"],
        _ => &[],
    }
}
