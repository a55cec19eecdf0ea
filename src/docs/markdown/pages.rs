//! A file a table, with its neighbours, keys, lineage and SQL.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::words::{Place, cell, code};
use super::{mermaid, others, summary, table};
use crate::diagnostic::counted;
use crate::docs::dictionary::{Table, Test};
use crate::docs::hidden::Hidden;
use crate::docs::site::{ColumnEdge, Inherited, Input, RowEdge, rows, title, units_of};
use crate::docs::words::{constraint, declared, name};
use crate::manifest::node::Detail;
use crate::manifest::{Node, NodeId};

/// The files of the folder `dictionary/` by their names: `README.md`, which repositories show first, and one a table.
pub fn pages(input: &Input<'_>) -> BTreeMap<String, String> {
    let dictionary = input.dictionary;
    let edges = Edges::new(input, Place::FileEach);
    let tables = dictionary
        .tables()
        .chain(dictionary.inlined.iter().map(|(_, table)| table));
    let mut files: BTreeMap<String, String> = tables
        .map(|table| (format!("{}.md", table.anchor), page(&edges, table)))
        .collect();
    let more = others::files(input);
    files.insert("README.md".to_owned(), start(input, &more));
    files.extend(more);
    files
}

/// Whether a file of the folder is named as one of these is.
pub fn is_page(name: &str) -> bool {
    if others::FILES.iter().any(|(file, _)| *file == name) {
        return true;
    }
    let kinds = ["model.", "seed.", "snapshot.", "source."];
    name.ends_with(".md")
        && kinds.iter().any(|kind| name.starts_with(kind))
        && name.matches('.').count() > 2
}

fn start(input: &Input<'_>, more: &BTreeMap<String, String>) -> String {
    let dictionary = input.dictionary;
    let mut text = format!("# Data dictionary of {}\n\n", cell(title(input)));
    summary(&mut text, dictionary, Place::FileEach);
    let inlined: Vec<String> = dictionary
        .inlined
        .iter()
        .map(|(_, table)| Place::FileEach.link_to(&table.name, &table.anchor))
        .collect();
    if !inlined.is_empty() {
        let _ = writeln!(text, "- Ephemeral: {}", inlined.join(", "));
    }
    let links = others::FILES.iter();
    let links = links.filter(|(file, _)| more.contains_key(*file));
    let links: Vec<String> = links
        .map(|(file, title)| format!("[{title}]({file})"))
        .collect();
    if !links.is_empty() {
        let _ = writeln!(text, "- Also: {}", links.join(", "));
    }
    about(&mut text, input);
    super::exposures(&mut text, dictionary, Place::FileEach);
    super::coverage(&mut text, &dictionary.coverage());
    text
}

/// The whole: the project's own words, how it is, who reads whom, which key points where.
pub fn about(text: &mut String, input: &Input<'_>) {
    others::overview(text, input);
    section(text, "How it is", Some(others::health(input)));
    let all: Vec<&Table> = input.dictionary.tables().collect();
    section(text, "Lineage", mermaid::lineage(&all));
    let keys = mermaid::entities(input.dictionary, &|_| true);
    section(text, "Keys", keys);
}

fn page(edges: &Edges<'_>, about: &Table) -> String {
    let mut text = format!("# {}\n\n", cell(&about.name));
    table(&mut text, about, Place::FileEach);
    more(&mut text, edges, about);
    text
}

/// What else there is of a table: constraints, lineage, tests, SQL, `meta`.
pub fn more(text: &mut String, edges: &Edges<'_>, about: &Table) {
    let input = edges.input;
    let node = input.manifest.node(about.node);
    if !node.constraints.is_empty() {
        let all = node.constraints.iter().map(constraint);
        let lines: String = all
            .map(|one| format!("- {}\n", code(&edges.hidden.masked(&one))))
            .collect();
        edges.section(text, "Constraints", Some(lines));
    }
    edges.section(text, "Lineage", mermaid::lineage(&[about]));
    columns(text, edges, about);
    taken_over(text, edges, about);
    let keys = mermaid::entities(input.dictionary, &|table| table.anchor == about.anchor);
    edges.section(text, "Keys", keys);
    tests(text, edges, about);
    units(text, edges, about);
    let written = node.code.as_ref().filter(|code| code.made_from.is_none());
    sql(text, "SQL", written.map(|code| code.text()), edges);
    sql(text, "Compiled SQL", compiled(input, about.node), edges);
    let meta = about.meta.as_deref();
    let meta = meta.and_then(|meta| fenced("json", meta));
    edges.section(text, "meta", meta);
}

pub fn section(text: &mut String, title: &str, body: Option<String>) {
    if let Some(body) = body {
        let _ = write!(text, "\n## {title}\n\n{body}");
    }
}

/// Which columns each is made from, and which are made from it.
fn columns(text: &mut String, edges: &Edges<'_>, about: &Table) {
    let mut rows = String::new();
    for column in &about.columns {
        let own = (about.node, Arc::from(column.name.to_lowercase()));
        let from = edges.from.get(&own).map_or(&[][..], Vec::as_slice);
        let to = edges.to.get(&own).map_or(&[][..], Vec::as_slice);
        if !from.is_empty() || !to.is_empty() {
            let _ = writeln!(
                rows,
                "| {} | {} | {} |",
                cell(&column.name),
                from.join(", "),
                to.join(", ")
            );
        }
    }
    if !rows.is_empty() {
        let head = "| Column | Made from | Goes to |\n| --- | --- | --- |\n";
        let table = Some(head.to_owned() + &rows);
        edges.section(text, "Where columns come from", table);
    }
    if let Some(chosen) = edges.chosen.get(&about.node) {
        let lines: String = chosen.iter().map(|one| format!("- {one}\n")).collect();
        edges.section(
            text,
            "Its rows are chosen, joined or grouped by",
            Some(lines),
        );
    }
}

/// Descriptions that columns without their own take from those that they copy.
fn taken_over(text: &mut String, edges: &Edges<'_>, about: &Table) {
    let mut lines = String::new();
    let silent = about.columns.iter();
    for column in silent.filter(|column| column.description.is_empty()) {
        if let Some((from, words)) = edges.inherited.of(about, column) {
            let from = name(edges.input.manifest.node(from));
            let _ = writeln!(
                lines,
                "- {}: {} (from {})",
                cell(&column.name),
                cell(words),
                cell(&from)
            );
        }
    }
    let lines = (!lines.is_empty()).then_some(lines);
    edges.section(text, "Described where they come from", lines);
}

/// The queries of the tests of a table and its columns.
fn tests(text: &mut String, edges: &Edges<'_>, about: &Table) {
    let of_columns = about.columns.iter().flat_map(|column| {
        let own = column.tests.iter();
        own.map(move |test| (Some(column.name.as_str()), test))
    });
    let of_table = about.tests.iter().map(|test| (None, test));
    for (column, test) in of_columns.chain(of_table) {
        let Test { node, label, .. } = test;
        if let Some(query) = compiled(edges.input, *node) {
            let title = match column {
                Some(column) => format!("Test: {}, {}", cell(column), cell(label)),
                None => format!("Test: {}", cell(label)),
            };
            sql(text, &title, Some(query), edges);
        }
    }
}

/// The unit tests of a table, with what became of each last.
fn units(text: &mut String, edges: &Edges<'_>, about: &Table) {
    let mut lines = String::new();
    for node in edges.units.get(&about.node).into_iter().flatten() {
        let last = edges.input.previous.results.get(&node.unique_id);
        let status = last.map_or("not run", |last| last.status.as_str());
        let _ = write!(lines, "- {} ({status})", cell(&node.name));
        if !node.description.trim().is_empty() {
            let _ = write!(lines, ": {}", cell(&node.description));
        }
        if let Detail::UnitTest(test) = &node.detail {
            let rows = |fixture| match rows(fixture) {
                Some(rows) => counted(rows as u64, "row"),
                None => "the rows of a query".to_owned(),
            };
            let given = test.given.iter().map(|given| {
                let input = edges.hidden.masked(&given.input.value);
                format!("{} of {}", rows(&given.fixture), code(&input))
            });
            let given: Vec<String> = given.collect();
            let _ = write!(
                lines,
                "; given {}, expects {}",
                if given.is_empty() {
                    "nothing".to_owned()
                } else {
                    given.join(", ")
                },
                rows(&test.expect)
            );
        }
        if let Some(at) = declared(node) {
            let _ = write!(lines, "; {}", code(&at));
        }
        lines.push('\n');
    }
    edges.section(text, "Unit tests", (!lines.is_empty()).then_some(lines));
}

fn sql(text: &mut String, title: &str, query: Option<&str>, edges: &Edges<'_>) {
    let query = query.map(|query| edges.hidden.masked(query));
    edges.section(text, title, query.and_then(|query| fenced("sql", &query)));
}

/// A text between fences that nothing in it can close; none of an empty one.
pub fn fenced(language: &str, body: &str) -> Option<String> {
    let body = body.trim();
    let longest = body.split(|letter| letter != '`').map(str::len).max();
    let fence = "`".repeat(longest.unwrap_or_default().max(2) + 1);
    (!body.is_empty()).then(|| format!("{fence}{language}\n{body}\n{fence}\n"))
}

fn compiled<'a>(input: &Input<'a>, id: NodeId) -> Option<&'a str> {
    input.compiled.get(id.index()).copied().flatten()
}

/// The lineage of columns by their two ends: node and column in lower case.
pub struct Edges<'a> {
    /// Where the tables stand.
    place: Place,
    from: BTreeMap<(NodeId, Arc<str>), Vec<String>>,
    to: BTreeMap<(NodeId, Arc<str>), Vec<String>>,
    /// Unit tests by their model.
    units: BTreeMap<NodeId, Vec<&'a Node>>,
    /// The columns that decide the rows of each node.
    chosen: BTreeMap<NodeId, Vec<String>>,
    inherited: Inherited<'a>,
    hidden: &'a Hidden,
    input: &'a Input<'a>,
}

impl<'a> Edges<'a> {
    /// Sorts what is known of columns by its ends.
    pub fn new(input: &'a Input<'a>, place: Place) -> Self {
        let mut edges = Self {
            place,
            from: BTreeMap::new(),
            to: BTreeMap::new(),
            units: units_of(input),
            chosen: BTreeMap::new(),
            inherited: Inherited::new(input),
            hidden: &input.dictionary.hidden,
            input,
        };
        for ColumnEdge { from, to, how } in input.lineage {
            let how = how.as_str();
            if let (Some(read), Some(made)) = (edges.name(from), edges.name(to)) {
                edges
                    .from
                    .entry(to.clone())
                    .or_default()
                    .push(format!("{read} ({how})"));
                edges.to.entry(from.clone()).or_default().push(made);
            }
        }
        for RowEdge { from, to, kinds } in input.influences {
            let how = kinds.join(", ");
            if let Some(read) = edges.name(from) {
                let chosen = edges.chosen.entry(*to).or_default();
                chosen.push(format!("{read} ({how})"));
            }
            if input.manifest.node(*to).config.docs_show {
                let made = cell(&name(input.manifest.node(*to)));
                let to = edges.to.entry(from.clone()).or_default();
                to.push(format!("rows of {made} ({how})"));
            }
        }
        edges
    }

    /// A part of what is said of a table, below its heading.
    fn section(&self, text: &mut String, title: &str, body: Option<String>) {
        let level = match self.place {
            Place::OneFile => "####",
            Place::FileEach => "##",
        };
        if let Some(body) = body {
            let _ = write!(text, "\n{level} {title}\n\n{body}");
        }
    }

    /// `table.column`, unless the table is not to be shown.
    fn name(&self, (id, column): &(NodeId, Arc<str>)) -> Option<String> {
        let node: &Node = self.input.manifest.node(*id);
        node.config
            .docs_show
            .then(|| format!("{}.{}", cell(&name(node)), cell(column)))
    }
}
