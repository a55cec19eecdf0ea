//! The site: everything of the dictionary and more, with search, lineage and SQL, as files that open from disk.
//!
//! In: [`Input`], made from the manifest, the dictionary, compiled SQL and the last run. Out: [`Site`], its files by name.
//! A page asks for no network and no server: its data are scripts beside it, deflated, each loaded when it is wanted.

mod facts;
mod inherited;
mod items;
mod overview;
mod pack;
mod page;
mod results;
mod search;
#[cfg(test)]
mod tests;

pub use facts::{rows, units_of};
pub use inherited::Inherited;
pub(super) use items::{Item, Items};
pub(super) use overview::blocks as overviews;
pub use page::{Layout, forward, stand_alone};
pub(super) use results::Results;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::hidden::Hidden;
use super::{Branding, Dictionary};
use crate::analyze::{Analysis, steps, stored_columns};
use crate::artifacts::Previous;
use crate::artifacts::file::write_whole;
use crate::artifacts::manifest::{Doc, Macro};
use crate::artifacts::timeline::Timeline;
use crate::manifest::{Manifest, NodeId};
use crate::redact::Redactor;
use crate::sql::lineage::How;

/// What a site is made from.
pub struct Input<'a> {
    /// The nodes.
    pub manifest: &'a Manifest,
    /// The tables with their columns, keys and tests.
    pub dictionary: &'a Dictionary,
    /// The nodes that are shown; all, unless some are selected.
    pub selected: Option<&'a BTreeSet<NodeId>>,
    /// Compiled SQL by place of the node; none where nothing was compiled.
    pub compiled: &'a [Option<&'a str>],
    /// Macros by `unique_id`.
    pub macros: &'a BTreeMap<String, Macro>,
    /// `docs` blocks by `unique_id`.
    pub docs: &'a BTreeMap<String, Doc>,
    /// What tests found last.
    pub previous: &'a Previous,
    /// When the steps of the last run ran.
    pub timeline: &'a Timeline,
    /// Which column comes from which.
    pub lineage: &'a [ColumnEdge],
    /// Which columns decide which rows a node has.
    pub influences: &'a [RowEdge],
    /// The target's name and kind, such as `dev (duckdb)`.
    pub target: &'a str,
    /// What the project says about its looks.
    pub branding: &'a Branding,
    /// Keeps secrets out.
    pub redactor: &'a Redactor,
}

/// A column that a column is made from.
#[derive(Clone, Debug)]
pub struct ColumnEdge {
    /// The node and column that are read.
    pub from: (NodeId, Arc<str>),
    /// The node and column that are made.
    pub to: (NodeId, Arc<str>),
    /// How.
    pub how: How,
}

/// A column that decides which rows a node has.
#[derive(Clone, Debug)]
pub struct RowEdge {
    /// The node and column that are looked at.
    pub from: (NodeId, Arc<str>),
    /// The node whose rows it decides.
    pub to: NodeId,
    /// `filter`, `join`, `group`: one or several.
    pub kinds: Vec<&'static str>,
}

/// The files of a site by their names in its folder.
#[derive(Debug)]
pub struct Site {
    /// `index.html`, the script and style, and the data.
    pub files: BTreeMap<String, String>,
    /// What no file may tell, those of an earlier run neither.
    hidden: Hidden,
}

impl Site {
    /// Makes all files.
    pub fn new(input: &Input<'_>, layout: Layout) -> Self {
        let items = Items::new(input);
        let mut data: BTreeMap<String, String> = BTreeMap::new();
        let mut put = |name: String, value: &Value| {
            let script = pack::script(&name, value, input.redactor);
            data.insert(name, script);
        };
        let facts = facts::Facts::new(input, &items);
        for (at, shard) in items.shards().enumerate() {
            let shard: Vec<Value> = shard.iter().map(|item| facts.of(item)).collect();
            put(format!("t{at}"), &shard.into());
        }
        let terms = search::Terms::new(input, &items);
        for (at, shard) in terms.shards().enumerate() {
            put(format!("s{at}"), &shard);
        }
        put("missing".to_owned(), &items.missing());
        put("points".to_owned(), &items.points());
        let results = results::Results::new(&items);
        put("tests".to_owned(), &results.all());
        if !input.timeline.steps.is_empty() {
            put("run".to_owned(), &results.steps());
        }
        if layout == Layout::SingleFile {
            put("changes".to_owned(), &Value::Null);
        }
        put("index".to_owned(), &index(input, &items, &results, &terms));
        Self {
            files: page::files(title(input), layout, &data),
            hidden: input.dictionary.hidden.clone(),
        }
    }

    /// Writes the files into a folder, each whole or not at all, and removes data of an earlier site: of a site with a folder of its
    /// own, and only what a site names so.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        if !self.files.contains_key("data/index.js") {
            return self.write_single(folder);
        }
        for (name, text) in &self.files {
            write_whole(&folder.join(name), text.as_bytes())?;
        }
        let changes = folder.join(CHANGES);
        let found = std::fs::read_to_string(&changes).ok();
        if self.kept(found).is_none() {
            let nothing = pack::script("changes", &Value::Null, &Redactor::default());
            write_whole(&changes, nothing.as_bytes())?;
        }
        crate::docs::remove_others(&folder.join("data"), &|name| {
            is_data(name) && !self.files.contains_key(&format!("data/{name}"))
        })
    }

    /// One page, with what changed of the one before it, or of the site beside it.
    fn write_single(&self, folder: &Path) -> io::Result<()> {
        let place = folder.join("index.html");
        let page = self.files["index.html"].as_str();
        let earlier = std::fs::read_to_string(&place).ok();
        let earlier = earlier.as_deref().and_then(page::changes);
        let beside = || std::fs::read_to_string(folder.join("site").join(CHANGES)).ok();
        let found = self.kept(earlier.map(str::to_owned).or_else(beside));
        let whole = found.and_then(|found| page::with_changes(page, &found));
        write_whole(&place, whole.as_deref().unwrap_or(page).as_bytes())
    }

    /// What `docs diff` found stays until it looks again, unless it tells of what is not to be shown any more.
    fn kept(&self, found: Option<String>) -> Option<String> {
        let found = found?;
        let data = pack::data(&found)?;
        (!self.hidden.is_told_in(&data)).then_some(found)
    }
}

/// What changed since an earlier state, in the folder of a site.
const CHANGES: &str = "data/changes.js";

/// Puts what changed since an earlier state into what is there of a site in the target folder: the one with a folder of its own, the one
/// page that holds everything. Out: where it is read.
///
/// # Errors
/// When a file cannot be written.
pub fn write_changes(
    target: &Path,
    changes: &Value,
    redactor: &Redactor,
) -> io::Result<Option<&'static str>> {
    let script = pack::script("changes", changes, redactor);
    let mut read_at = None;
    let site = target.join("site");
    if site.join("index.html").is_file() {
        write_whole(&site.join(CHANGES), script.as_bytes())?;
        read_at = Some("site/index.html#/changes");
    }
    let single = target.join("index.html");
    let page = std::fs::read_to_string(&single).ok();
    if let Some(page) = page.and_then(|page| page::with_changes(&page, &script)) {
        write_whole(&single, page.as_bytes())?;
        read_at = Some("index.html#/changes");
    }
    Ok(read_at)
}

/// Whether a site names its data so: `index.js`, `t7.js`, ….
fn is_data(name: &str) -> bool {
    let Some(name) = name.strip_suffix(".js") else {
        return false;
    };
    let number = name.strip_prefix(['t', 's']);
    matches!(name, "index" | "missing" | "points" | "run" | "tests")
        || number.is_some_and(|number| number.parse::<u32>().is_ok())
}

/// The files of a site without data.
#[cfg(test)]
pub(super) fn files_for_tests(layout: Layout) -> BTreeMap<String, String> {
    page::files("shop", layout, &BTreeMap::new())
}

/// Every step from a column to a column of an analysed project.
pub fn column_edges(manifest: &Manifest, analysis: &Analysis) -> Vec<ColumnEdge> {
    let of = |id: NodeId| {
        let columns = stored_columns(manifest, analysis, id);
        columns.flat_map(move |(to, column)| {
            steps(manifest, column).map(move |(from, through)| ColumnEdge {
                from: (from.node, from.column),
                to: (to.node, Arc::clone(&to.column)),
                how: through.how,
            })
        })
    };
    manifest.ids().flat_map(of).collect()
}

/// The columns that filter, join or group the rows of each node of an analysed project.
pub fn influences(manifest: &Manifest, analysis: &Analysis) -> Vec<RowEdge> {
    let of = |id: NodeId| {
        let origins = analysis.node(id).influences.iter();
        origins.filter_map(move |(origin, kinds)| {
            let read = *manifest.by_unique_id.get(&*origin.table)?;
            Some(RowEdge {
                from: (read, Arc::clone(&origin.column)),
                to: id,
                kinds: kinds.iter().map(|kind| kind.as_str()).collect(),
            })
        })
    };
    manifest.ids().flat_map(of).collect()
}

/// What the site is called.
pub(super) fn title<'a>(input: &Input<'a>) -> &'a str {
    let said = input.branding.title.as_deref();
    said.unwrap_or(&input.dictionary.project)
}

/// What every page needs: names, kinds, who reads whom, figures of the whole.
fn index(
    input: &Input<'_>,
    items: &Items<'_>,
    results: &results::Results<'_>,
    terms: &search::Terms,
) -> Value {
    let mut index = items.columns();
    let whole = json!({
        "title": title(input),
        "logo": input.branding.logo,
        "color": input.branding.color,
        "colorDark": input.branding.color_dark,
        "target": input.target,
        "generated": input.dictionary.generated_at,
        "overview": overview::start(input),
        "packagePages": overview::packages(input),
        "shard": items.shard_size(),
        "search": terms.directory(),
        "coverage": items.coverage(),
        "failing": results.failing(),
        "warning": results.warning(),
        "broken": results.broken(),
        "skipped": results.skipped(),
        "bad": results.bad(),
        "testCounts": results.counts(),
        "built": items.built_last(),
        "lastBuild": input.timeline.ended().map(|at| json!({ "at": super::words::minute(at) })),
    });
    if let (Value::Object(index), Value::Object(whole)) = (&mut index, whole) {
        index.extend(whole);
    }
    index
}
