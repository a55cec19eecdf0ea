//! The dictionary as Markdown: `dictionary.md`, which holds all tables, and the folder `dictionary/` with a file a table.
//!
//! In: what the site is made from. Out: texts, for readers without a browser and for repositories that show Markdown: what the site says.
//! The one file has all of it, too, unless there are so many tables that nobody could read it: then SQL, the lineage of columns, tests,
//! macros, docs blocks, analyses and the steps of the last build stand in the folder alone.

mod mermaid;
mod others;
mod pages;
mod words;

pub use pages::{is_page, pages};

use std::fmt::Write as _;

use super::dictionary::{Column, Coverage, Dictionary, Table, UNCOUNTED, percent};
use super::site::{Input, title};
use pages::Edges;
use words::{Place, cell, code, null, prose, tests};

/// Of more tables the one file tells columns alone: it would be too long for whoever shows Markdown.
const MOST_WHOLE: usize = 200;

/// The whole dictionary as one text; `input` has what is not about tables and columns.
pub fn markdown(dictionary: &Dictionary, input: Option<&Input<'_>>) -> String {
    let place = Place::OneFile;
    let called = input.map_or(dictionary.project.as_str(), title);
    let mut text = format!("# Data dictionary of {}\n\n", cell(called));
    summary(&mut text, dictionary, place);
    let whole = input.filter(|_| dictionary.tables().count() <= MOST_WHOLE);
    if let Some(input) = input {
        if whole.is_none() {
            text.push_str("- SQL, lineage, tests and more of each table: `dictionary/README.md`, which `redstart docs generate --format md` writes\n");
        }
        pages::about(&mut text, input);
    }
    let edges = whole.map(|input| Edges::new(input, place));
    let one = |text: &mut String, table: &Table| {
        let name = cell(&table.name);
        let _ = writeln!(text, "\n<a id=\"{}\"></a>\n\n### {name}\n", table.anchor);
        self::table(text, table, place);
        if let Some(edges) = &edges {
            pages::more(text, edges, table);
        }
    };
    for layer in &dictionary.layers {
        let _ = writeln!(text, "\n## {}", cell(&layer.name));
        for table in &layer.tables {
            one(&mut text, table);
        }
    }
    if whole.is_some() && !dictionary.inlined.is_empty() {
        text.push_str("\n## Ephemeral\n");
        for (_, table) in &dictionary.inlined {
            one(&mut text, table);
        }
    }
    exposures(&mut text, dictionary, place);
    for (title, words) in whole
        .into_iter()
        .flat_map(|input| others::texts(input, place))
    {
        let _ = write!(text, "\n## {title}\n\n{words}");
    }
    self::coverage(&mut text, &dictionary.coverage());
    text
}

/// What reads the tables outside of the project.
fn exposures(text: &mut String, dictionary: &Dictionary, place: Place) {
    if dictionary.exposures.is_empty() {
        return;
    }
    text.push_str("\n## Exposures\n");
    for exposure in &dictionary.exposures {
        let _ = writeln!(text, "\n### {}\n", cell(&exposure.name));
        if !exposure.description.is_empty() {
            let _ = writeln!(text, "{}\n", prose(&exposure.description));
        }
        let facts = [
            ("Called", exposure.label.as_deref().map(cell)),
            ("Kind", Some(cell(&exposure.kind))),
            ("Owner", exposure.owner.as_deref().map(cell)),
            ("Maturity", exposure.maturity.as_deref().map(cell)),
            ("Address", exposure.url.as_deref().map(cell)),
            ("Reads", Some(place.links(&exposure.reads))),
            ("Tags", Some(cell(&exposure.tags.join(", ")))),
            ("Declared", exposure.declared.as_deref().map(code)),
        ];
        for (name, value) in facts {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                let _ = writeln!(text, "- {name}: {value}");
            }
        }
    }
}

/// How much there is, and where.
fn summary(text: &mut String, dictionary: &Dictionary, place: Place) {
    let coverage = dictionary.coverage();
    let tables = dictionary.tables().count();
    let _ = writeln!(
        text,
        "{tables} tables, {} columns: {}% described, {}% tested. Made {}.\n",
        coverage.columns,
        coverage.percent(coverage.documented()),
        coverage.percent(coverage.tested()),
        dictionary.generated_at,
    );
    for layer in &dictionary.layers {
        let _ = writeln!(text, "- {}: {}", cell(&layer.name), {
            let links = layer
                .tables
                .iter()
                .map(|table| place.link_to(&table.name, &table.anchor));
            links.collect::<Vec<_>>().join(", ")
        });
    }
}

/// The facts of a table and its columns.
fn table(text: &mut String, table: &Table, place: Place) {
    if !table.description.is_empty() {
        let _ = writeln!(text, "{}\n", prose(&table.description));
    }
    let mut facts = vec![format!("{} ({})", code(&table.relation), cell(&table.kind))];
    let mut fact = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            facts.push(format!("{name}: {value}"));
        }
    };
    for (target, relation) in &table.elsewhere {
        let target = format!("In the target {}", cell(target));
        fact(&target, Some(code(relation)));
    }
    fact("Owner", table.owner.as_deref().map(cell));
    fact("Group", table.group.as_deref().map(cell));
    fact("Access", table.access.as_deref().map(cell));
    fact("Contract", table.contract.then(|| "enforced".to_owned()));
    fact("Freshness", table.freshness.as_deref().map(cell));
    fact("Grain", table.grain.as_deref().map(cell));
    let uncounted = || table.is_uncounted().then(|| UNCOUNTED.to_owned());
    fact(
        "Rows",
        table.rows.map(|rows| rows.to_string()).or_else(uncounted),
    );
    let rejected = table.rejected.as_ref();
    for (name, value) in &table.figures {
        fact(name, Some(value.clone()));
    }
    fact(
        "Rejected rows",
        rejected.map(|(rows, stand)| format!("{rows} in {}", code(stand))),
    );
    fact("Last built", table.last_built.clone());
    let failed = table.failed.as_ref();
    fact(
        "Last build",
        failed.map(|(_, at)| format!("failed, {}", at.as_deref().unwrap_or("not known when"))),
    );
    let counts = table.history.iter();
    let counts = counts.map(|(at, rows)| format!("{rows} ({at})"));
    let counts: Vec<String> = counts.collect();
    fact("Rows after builds", Some(counts.join(", ")));
    fact("Distribution", table.dist.as_deref().map(cell));
    fact("Sort key", table.sort.as_deref().map(cell));
    fact("Tags", Some(cell(&table.tags.join(", "))));
    fact("Upstream", Some(place.links(&table.upstream)));
    fact("Downstream", Some(place.links(&table.downstream)));
    fact("Tests", Some(tests(&table.tests)));
    fact("File", Some(code(&table.file)));
    fact("Declared", table.declared.as_deref().map(code));
    for fact in facts {
        let _ = writeln!(text, "- {fact}");
    }
    if table.columns.is_empty() {
        return;
    }
    text.push_str("\n| Column | Type | Null | Key | Description | Tests |\n| --- | --- | --- | --- | --- | --- |\n");
    for column in &table.columns {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            cell(&column.name),
            cell(column.data_type.as_deref().unwrap_or_default()),
            null(column.nullable),
            place.key(column),
            words_of(column),
            tests(&column.tests),
        );
    }
}

/// The description of a column, with what else is declared of it.
fn words_of(column: &Column) -> String {
    let personal = column.personal();
    let words = [cell(&column.description)];
    let personal = personal.map(|class| format!("*({})*", cell(&class)));
    let meta = column.meta.iter();
    let meta = meta.map(|(key, value)| format!("{}: {}", cell(key), cell(value)));
    let tags =
        (!column.tags.is_empty()).then(|| format!("tags: {}", cell(&column.tags.join(", "))));
    let constraints = column.constraints.iter().map(|it| cell(it));
    let all = words.into_iter().chain(personal).chain(constraints);
    let all = all.chain(meta).chain(tags).filter(|part| !part.is_empty());
    all.collect::<Vec<_>>().join(" · ").replace(" · *(", " *(")
}

fn coverage(text: &mut String, coverage: &Coverage) {
    text.push_str("\n## Coverage\n\n");
    for (what, things, all, missing) in [
        (
            "described",
            "columns are described",
            coverage.columns,
            &coverage.undocumented,
        ),
        (
            "tested",
            "columns are tested",
            coverage.columns,
            &coverage.untested,
        ),
        (
            "described",
            "tables are described",
            coverage.tables,
            &coverage.undescribed,
        ),
        (
            "owned",
            "tables have an owner",
            coverage.tables,
            &coverage.unowned,
        ),
    ] {
        let done = all - missing.len();
        let percent = percent(done, all);
        let _ = writeln!(text, "{done} of {all} {things} ({percent}%).");
        if !missing.is_empty() {
            let _ = writeln!(text, "Not {what}:\n");
            for column in missing {
                let _ = writeln!(text, "- {}", cell(column));
            }
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
}
