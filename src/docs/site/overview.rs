//! The pages that a project writes itself: `{% docs __overview__ %}` for the start, `{% docs __name__ %}` for a package.
//!
//! In: the docs blocks. Out: safe HTML. As in dbt, the project's own block comes before one of a package.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Input;
use crate::artifacts::manifest::Doc;
use crate::docs::html;

/// The docs block that is shown at the start.
const OVERVIEW: &str = "__overview__";

/// Whether a docs block is a page of its own, and no word of the glossary.
pub fn is_overview(doc: &Doc) -> bool {
    doc.name == OVERVIEW || package(&doc.name).is_some()
}

/// The package of `__name__`.
fn package(block: &str) -> Option<&str> {
    let name = block.strip_prefix("__")?.strip_suffix("__")?;
    (!name.is_empty() && block != OVERVIEW).then_some(name)
}

/// What is shown at the start.
pub fn start(input: &Input<'_>) -> Option<String> {
    own_first(input)
        .into_iter()
        .find(|doc| doc.name == OVERVIEW)
        .map(|doc| html::page(&doc.contents))
}

/// What is shown for a package, by its name.
pub fn packages(input: &Input<'_>) -> Map<String, Value> {
    let mut pages = Map::new();
    for doc in own_first(input) {
        if let Some(package) = package(&doc.name) {
            pages
                .entry(package)
                .or_insert_with(|| html::page(&doc.contents).into());
        }
    }
    pages
}

/// The blocks themselves: that of the start, then those of packages by their names.
pub fn blocks<'a>(input: &Input<'a>) -> BTreeMap<Option<&'a str>, &'a Doc> {
    let mut blocks = BTreeMap::new();
    for doc in own_first(input).into_iter().filter(|doc| is_overview(doc)) {
        blocks.entry(package(&doc.name)).or_insert(doc);
    }
    blocks
}

fn own_first<'a>(input: &Input<'a>) -> Vec<&'a Doc> {
    let mut docs: Vec<&Doc> = input.docs.values().collect();
    docs.sort_by_key(|doc| doc.package_name != input.manifest.project_name);
    docs
}
