//! `dictionary.md`.

use std::fmt::Write as _;

use super::dictionary::{Column, Coverage, Dictionary, Link, Table, Test};

/// The whole dictionary as Markdown.
pub fn markdown(dictionary: &Dictionary) -> String {
    let mut text = format!("# Data dictionary of {}\n\n", cell(&dictionary.project));
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
        let _ = writeln!(text, "- {}: {}", layer.name, {
            let links = layer
                .tables
                .iter()
                .map(|table| format!("[{}](#{})", cell(&table.name), table.anchor));
            links.collect::<Vec<_>>().join(", ")
        });
    }
    for layer in &dictionary.layers {
        let _ = writeln!(text, "\n## {}", cell(&layer.name));
        for table in &layer.tables {
            self::table(&mut text, table);
        }
    }
    self::coverage(&mut text, &coverage);
    text
}

fn table(text: &mut String, table: &Table) {
    let _ = writeln!(
        text,
        "\n<a id=\"{}\"></a>\n\n### {}\n",
        table.anchor,
        cell(&table.name)
    );
    if !table.description.is_empty() {
        let _ = writeln!(text, "{}\n", prose(&table.description));
    }
    let mut facts = vec![format!("`{}` ({})", table.relation, table.kind)];
    let mut fact = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            facts.push(format!("{name}: {value}"));
        }
    };
    fact("Grain", table.grain.as_deref().map(cell));
    fact("Rows", table.rows.map(|rows| rows.to_string()));
    fact("Last built", table.last_built.clone());
    fact("Distribution", table.dist.as_deref().map(cell));
    fact("Sort key", table.sort.as_deref().map(cell));
    fact("Upstream", Some(links(&table.upstream)));
    fact("Downstream", Some(links(&table.downstream)));
    fact("Tests", Some(tests(&table.tests)));
    fact("File", Some(format!("`{}`", table.file)));
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
            "| {} | {} | {} | {} | {}{} | {} |",
            cell(&column.name),
            cell(column.data_type.as_deref().unwrap_or_default()),
            null(column.nullable),
            key(column),
            cell(&column.description),
            if column.pii { " *(personal data)*" } else { "" },
            tests(&column.tests),
        );
    }
}

fn coverage(text: &mut String, coverage: &Coverage) {
    text.push_str("\n## Coverage\n\n");
    for (what, done, missing) in [
        ("described", coverage.documented(), &coverage.undocumented),
        ("tested", coverage.tested(), &coverage.untested),
    ] {
        let percent = coverage.percent(done);
        let _ = writeln!(
            text,
            "{done} of {} columns are {what} ({percent}%).",
            coverage.columns
        );
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

fn null(nullable: Option<bool>) -> &'static str {
    match nullable {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    }
}

fn key(column: &Column) -> String {
    let mut parts = Vec::new();
    if column.primary_key {
        parts.push("primary".to_owned());
    } else if column.unique {
        parts.push("unique".to_owned());
    }
    for reference in &column.references {
        parts.push(format!(
            "→ {}.{}",
            link(&reference.table),
            cell(&reference.column)
        ));
    }
    parts.join(", ")
}

fn tests(tests: &[Test]) -> String {
    let shown = tests.iter().map(|test| {
        let status = match (&test.status, test.failures) {
            (Some(status), Some(rows)) if rows > 0 => format!(" ({status}, {rows} rows)"),
            (Some(status), _) => format!(" ({status})"),
            (None, _) => " (not run)".to_owned(),
        };
        format!("{}{status}", cell(&test.label))
    });
    shown.collect::<Vec<_>>().join("; ")
}

fn links(links: &[Link]) -> String {
    links.iter().map(link).collect::<Vec<_>>().join(", ")
}

fn link(link: &Link) -> String {
    match &link.anchor {
        Some(anchor) => format!("[{}](#{anchor})", cell(&link.name)),
        None => cell(&link.name),
    }
}

/// Text that stays in its cell.
fn cell(text: &str) -> String {
    let text = prose(text).replace('|', "\\|");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Markdown of the user, without HTML.
fn prose(text: &str) -> String {
    let mut in_code = false;
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '`' => in_code = !in_code,
            '<' if !in_code => {
                safe.push_str("&lt;");
                continue;
            }
            _ => {}
        }
        safe.push(character);
    }
    // A code span that never ends is none: then nothing of it may hide HTML.
    if in_code {
        safe.replace('<', "&lt;")
    } else {
        safe
    }
}
