//! What is no table: tests, macros, docs blocks, analyses and the last build, a file a kind.
//!
//! In: what the site is made from. Out: texts by the names of their files; none where there is nothing of a kind.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::pages::{fenced, section};
use super::words::{Place, cell, code, prose};
use crate::docs::site::{Input, Item, Items, Results};
use crate::docs::words::{declared, name};
use crate::manifest::node::Detail;
use crate::manifest::{Node, NodeId, ResourceType};

/// The files and what they are called.
pub const FILES: [(&str, &str); 5] = [
    ("tests.md", "Tests"),
    ("macros.md", "Macros"),
    ("glossary.md", "Glossary"),
    ("analyses.md", "Analyses"),
    ("last-build.md", "Last build"),
];

/// Those that there is something to say in.
pub fn files(input: &Input<'_>) -> BTreeMap<String, String> {
    let told = texts(input, Place::FileEach).into_iter();
    let file = |title: &str| FILES.iter().find(|(_, own)| *own == title);
    told.filter_map(|(title, text)| {
        let (file, _) = file(title)?;
        Some(((*file).to_owned(), format!("# {title}\n\n{text}")))
    })
    .collect()
}

/// What they say, by their titles.
pub fn texts(input: &Input<'_>, place: Place) -> Vec<(&'static str, String)> {
    let items = Items::new(input);
    let results = Results::new(&items);
    let texts = [
        tests(&items, &results, place),
        of_each(&items, place, &|item| match item {
            Item::Macro(_) => Some(macro_of(input, item)),
            _ => None,
        }),
        of_each(&items, place, &|item| match item {
            Item::Doc(doc) => Some(format!("{}\n", prose(doc.contents.trim()))),
            _ => None,
        }),
        of_each(&items, place, &|item| match item {
            Item::Node(id, node) if node.resource_type == ResourceType::Analysis => {
                Some(query(input, *id, node, place))
            }
            _ => None,
        }),
        last_build(input, &results),
    ];
    let known = FILES.into_iter().zip(texts);
    let told = known.filter(|(_, text)| !text.is_empty());
    told.map(|((_, title), text)| (title, text)).collect()
}

/// How the project is: the last build, what failed in it, tests.
pub fn health(input: &Input<'_>) -> String {
    let items = Items::new(input);
    let results = Results::new(&items);
    let mut text = String::new();
    let mut fact = |name: &str, value: String| {
        if !value.is_empty() {
            let _ = writeln!(text, "- {name}: {value}");
        }
    };
    let ended = input.timeline.ended().map(crate::docs::words::minute);
    fact("Target", cell(input.target));
    fact("Last build", ended.unwrap_or_default());
    let names = |of: &mut dyn Iterator<Item = usize>| {
        let names: Vec<String> = of.map(|item| cell(&items.list[item].name(input))).collect();
        names.join(", ")
    };
    let first = |row: &Value| usize::try_from(row[0].as_u64()?).ok();
    let broken = results.broken();
    fact(
        "Tables that failed",
        names(&mut broken.iter().filter_map(first)),
    );
    fact("Tables skipped", names(&mut results.skipped().into_iter()));
    let counts: Vec<String> = results
        .counts()
        .iter()
        .map(|count| format!("{} {}", count[1], count[0].as_str().unwrap_or_default()))
        .collect();
    fact("Tests", counts.join(", "));
    text
}

/// A heading for each item of a kind, its file, and what is said of it.
fn of_each(items: &Items<'_>, place: Place, told: &dyn Fn(&Item<'_>) -> Option<String>) -> String {
    let level = match place {
        Place::OneFile => "###",
        Place::FileEach => "##",
    };
    let mut text = String::new();
    for item in &items.list {
        let Some(words) = told(item) else { continue };
        let (name, file) = (item.name(items.input), item.file(items.input));
        let _ = write!(
            text,
            "{}{level} {}\n\n{words}\n- File: {}\n",
            if text.is_empty() { "" } else { "\n" },
            cell(&name),
            code(file)
        );
    }
    text
}

fn macro_of(input: &Input<'_>, item: &Item<'_>) -> String {
    let Item::Macro(about) = item else {
        return String::new();
    };
    let mut text = described(item.description());
    if !about.arguments.is_empty() {
        text.push_str("| Argument | Type | Description |\n| --- | --- | --- |\n");
        for (name, kind, description) in &about.arguments {
            let kind = kind.as_deref().unwrap_or_default();
            let _ = writeln!(
                text,
                "| {} | {} | {} |",
                cell(name),
                cell(kind),
                cell(description)
            );
        }
        text.push('\n');
    }
    let hidden = &input.dictionary.hidden;
    text + &fenced("jinja", &hidden.masked(&about.sql)).unwrap_or_default()
}

fn described(words: &str) -> String {
    match words.trim() {
        "" => String::new(),
        words => format!("{}\n\n", prose(words)),
    }
}

/// A query of its own: what it is for, what it reads, as it is written and as it is compiled.
fn query(input: &Input<'_>, id: NodeId, node: &Node, place: Place) -> String {
    let hidden = &input.dictionary.hidden;
    let mut text = described(&node.description);
    let reads = node
        .depends_on
        .iter()
        .map(|read| input.manifest.node(*read));
    let reads = reads.filter(|read| read.config.docs_show);
    let reads: Vec<String> = reads
        .map(|read| {
            let tables = input.dictionary.tables();
            let mut own =
                tables.filter(|table| input.manifest.node(table.node).unique_id == read.unique_id);
            match own.next() {
                Some(table) => place.link_to(&table.name, &table.anchor),
                None => cell(&name(read)),
            }
        })
        .collect();
    let tags = node.config.tags.join(", ");
    for (name, value) in [
        ("Reads", reads.join(", ")),
        ("Tags", cell(&tags)),
        (
            "Declared",
            declared(node).map_or_else(String::new, |at| code(&at)),
        ),
    ] {
        if !value.is_empty() {
            let _ = writeln!(text, "- {name}: {value}");
        }
    }
    let written = node.code.as_ref().filter(|code| code.made_from.is_none());
    let written = written.map(|code| code.text().trim());
    let compiled = input.compiled.get(id.index()).copied().flatten();
    let compiled = compiled.map(str::trim).filter(|sql| Some(*sql) != written);
    for (title, sql) in [("As written", written), ("As compiled", compiled)] {
        if let Some(fence) = sql.and_then(|sql| fenced("sql", &hidden.masked(sql))) {
            let _ = write!(text, "\n{title}:\n\n{fence}");
        }
    }
    text
}

/// All tests with their last results, and those that are queries of their own with these.
fn tests(items: &Items<'_>, results: &Results<'_>, place: Place) -> String {
    let input = items.input;
    let Value::Array(all) = results.all() else {
        return String::new();
    };
    if all.is_empty() {
        return String::new();
    }
    let mut text = "| Test | Of | Last result | Rows |\n| --- | --- | --- | --- |\n".to_owned();
    for row in &all {
        let at = row[0].as_u64().and_then(|at| usize::try_from(at).ok());
        let Some(item) = at.and_then(|at| items.list.get(at)) else {
            continue;
        };
        let words = |at: usize| row[at].as_str().unwrap_or_default();
        let own = item.name(input);
        let (test, of) = match (words(1), item) {
            (_, Item::Node(..)) => (cell(&own), String::new()),
            ("unit test", _) => (format!("unit test {}", cell(words(5))), cell(&own)),
            (label, _) => (cell(label), cell(&own)),
        };
        let column = match words(4) {
            "" => String::new(),
            column => format!(".{}", cell(column)),
        };
        let status = Some(words(2)).filter(|status| !status.is_empty());
        let _ = writeln!(
            text,
            "| {test} | {of}{column} | {} | {} |",
            status.unwrap_or("not run"),
            row[3]
                .as_u64()
                .map_or_else(String::new, |rows| rows.to_string())
        );
    }
    let own = of_each(items, place, &|item| match item {
        Item::Node(id, node) if matches!(node.detail, Detail::Test(_)) => {
            Some(query(input, *id, node, place))
        }
        _ => None,
    });
    if !own.is_empty() {
        let _ = write!(text, "\n{own}");
    }
    text
}

/// What ran when in the last build.
fn last_build(input: &Input<'_>, results: &Results<'_>) -> String {
    let run = results.steps();
    let Some(steps) = run["steps"].as_array().filter(|steps| !steps.is_empty()) else {
        return String::new();
    };
    let ended = input.timeline.ended().map(crate::docs::words::minute);
    let mut text = format!(
        "Ended {}. The steps in the order in which they began; those on the longest path decided how long it took.\n\n\
         | Step | Status | Start, s | Took, s | Thread | |\n| --- | --- | --- | --- | --- | --- |\n",
        ended.unwrap_or_default()
    );
    let critical = run["critical"].as_array().map_or(&[][..], Vec::as_slice);
    let mut order: Vec<usize> = (0..steps.len()).collect();
    let start = |at: &usize| steps[*at]["start"].as_f64().unwrap_or_default();
    order.sort_by(|one, other| start(one).total_cmp(&start(other)));
    for at in order {
        let step = &steps[at];
        let _ = writeln!(
            text,
            "| {} | {} | {:.2} | {:.2} | {} | {} |",
            cell(step["name"].as_str().unwrap_or_default()),
            cell(step["status"].as_str().unwrap_or_default()),
            step["start"].as_f64().unwrap_or_default(),
            step["seconds"].as_f64().unwrap_or_default(),
            step["thread"],
            if critical.contains(&Value::from(at)) {
                "longest path"
            } else {
                ""
            }
        );
    }
    text
}

/// The words that the project has for its start and its packages.
pub fn overview(text: &mut String, input: &Input<'_>) {
    for (package, doc) in crate::docs::site::overviews(input) {
        let title = match package {
            Some(package) => format!("About {}", cell(package)),
            None => "About".to_owned(),
        };
        section(
            text,
            &title,
            Some(format!("{}\n", prose(doc.contents.trim()))),
        );
    }
}
