//! The house keeps its plan: a room uses only rooms above it in `src/lib.rs`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use regex::Regex;
use walkdir::WalkDir;

#[test]
fn a_room_uses_only_rooms_above_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let lib = fs::read_to_string(src.join("lib.rs")).expect("src/lib.rs");
    let declared = Regex::new(r"(?m)^pub mod (\w+);").expect("a valid pattern");
    let rooms: Vec<&str> = declared
        .captures_iter(&lib)
        .filter_map(|found| Some(found.get(1)?.as_str()))
        .collect();
    assert!(rooms.len() > 10, "the rooms are declared in src/lib.rs");
    let used = Regex::new(r"\bcrate::(\w+)").expect("a valid pattern");
    let mut wrong = String::new();
    for file in WalkDir::new(&src).sort_by_file_name().into_iter().flatten() {
        let path = file.path();
        let below = path.strip_prefix(&src).unwrap_or(path);
        let first = below
            .iter()
            .next()
            .and_then(|part| part.to_str())
            .unwrap_or("");
        let Some(here) = rooms
            .iter()
            .position(|room| *room == first.trim_end_matches(".rs"))
        else {
            continue;
        };
        let Ok(text) = fs::read_to_string(path) else {
            continue;
        };
        // Tests may look at the house from anywhere.
        let is_test = ["tests.rs", "fixture.rs", "double.rs"]
            .iter()
            .any(|end| path.ends_with(end));
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("");
        for found in used.captures_iter(code).filter(|_| !is_test) {
            let there = rooms.iter().position(|room| *room == &found[1]);
            if there.is_some_and(|there| there > here) {
                let _ = writeln!(wrong, "{} uses {}", below.display(), &found[1]);
            }
        }
    }
    assert_eq!(wrong, "", "these look down; see ARCHITECTURE.md");
}
