//! `index.html`: the dictionary as one file that opens from disk and asks nobody for anything.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::dictionary::{Column, Coverage, Dictionary, Layer, Link, Table, Test};
use super::html::{escape, markdown};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The whole page.
pub fn page(dictionary: &Dictionary) -> String {
    let project = escape(&dictionary.project);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; \
         script-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{project}: data dictionary</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the tables</a>\n",
        hash(STYLE),
        hash(SCRIPT),
    );
    contents(&mut page, dictionary);
    page.push_str("<main id=\"main\">\n");
    head(&mut page, dictionary);
    for layer in &dictionary.layers {
        section(&mut page, layer);
    }
    page.push_str(
        "<p id=\"nothing\" hidden>No table or column has this in its name or description.</p>\n",
    );
    coverage(&mut page, &dictionary.coverage());
    let _ = write!(
        page,
        "</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    );
    page
}

fn contents(page: &mut String, dictionary: &Dictionary) {
    let _ = write!(
        page,
        "<nav aria-label=\"Tables\">\n<p class=\"brand\">{}</p>\n\
         <label for=\"search\">Find a table or column</label>\n\
         <input id=\"search\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\" placeholder=\"user_id\">\n\
         <p id=\"found\" role=\"status\"></p>\n<div class=\"toc\">\n",
        escape(&dictionary.project)
    );
    for layer in &dictionary.layers {
        let _ = write!(
            page,
            "<div class=\"group\">\n<p class=\"layer\">{}</p>\n<ul>\n",
            escape(&layer.name)
        );
        for table in &layer.tables {
            let _ = writeln!(
                page,
                "<li><a href=\"#{anchor}\">{}</a>{}</li>",
                escape(&table.name),
                failing(table),
                anchor = escape(&table.anchor),
            );
        }
        page.push_str("</ul>\n</div>\n");
    }
    page.push_str(
        "</div>\n<p class=\"more\"><a href=\"#coverage\">What is missing</a></p>\n</nav>\n",
    );
}

/// A mark at a table of which a test failed.
fn failing(table: &Table) -> &'static str {
    let all = table
        .tests
        .iter()
        .chain(table.columns.iter().flat_map(|column| &column.tests));
    let mut statuses = all.filter_map(|test| test.status.as_deref());
    if statuses.any(|status| status == "fail" || status == "error") {
        " <span class=\"fail dot\" title=\"A test failed\">failing</span>"
    } else {
        ""
    }
}

fn head(page: &mut String, dictionary: &Dictionary) {
    let coverage = dictionary.coverage();
    let _ = write!(
        page,
        "<header>\n<h1>Data dictionary</h1>\n<p class=\"by\">{} · made {}</p>\n<dl class=\"figures\">\n",
        escape(&dictionary.project),
        escape(&dictionary.generated_at),
    );
    let percent = |part| format!("{}%", coverage.percent(part));
    for (name, value) in [
        ("Tables", dictionary.tables().count().to_string()),
        ("Columns", coverage.columns.to_string()),
        ("Described", percent(coverage.documented())),
        ("Tested", percent(coverage.tested())),
    ] {
        let _ = writeln!(page, "<div><dt>{name}</dt><dd>{value}</dd></div>");
    }
    page.push_str("</dl>\n</header>\n");
}

fn section(page: &mut String, layer: &Layer) {
    let name = escape(&layer.name);
    let _ = write!(page, "<section class=\"layer\">\n<h2>{name}</h2>\n");
    for table in &layer.tables {
        self::table(page, table);
    }
    page.push_str("</section>\n");
}

fn table(page: &mut String, table: &Table) {
    let name = escape(&table.name);
    let anchor = escape(&table.anchor);
    let _ = write!(
        page,
        "<article id=\"{anchor}\" aria-labelledby=\"{anchor}-name\">\n\
         <h3 id=\"{anchor}-name\"><a href=\"#{anchor}\">{name}</a></h3>\n\
         <p class=\"what\"><code>{}</code> <span>{}</span>",
        escape(&table.relation),
        escape(&table.kind),
    );
    for tag in &table.tags {
        let _ = write!(page, " <span class=\"tag\">{}</span>", escape(tag));
    }
    page.push_str("</p>\n");
    if !table.description.is_empty() {
        let _ = writeln!(
            page,
            "<div class=\"prose\">{}</div>",
            markdown(&table.description)
        );
    }
    facts(page, table);
    if !table.columns.is_empty() {
        columns(page, table);
    }
    page.push_str("</article>\n");
}

fn facts(page: &mut String, table: &Table) {
    let text = |value: &Option<String>| value.as_deref().map(|value| escape(value).into_owned());
    let all = [
        ("Grain", text(&table.grain)),
        ("Rows", table.rows.map(thousands)),
        ("Last built", text(&table.last_built)),
        ("Distribution", text(&table.dist)),
        ("Sort key", text(&table.sort)),
        ("Upstream", joined(&table.upstream)),
        ("Downstream", joined(&table.downstream)),
        (
            "File",
            Some(format!("<code>{}</code>", escape(&table.file))),
        ),
        (
            "Tests",
            (!table.tests.is_empty()).then(|| tests(&table.tests)),
        ),
    ];
    page.push_str("<dl class=\"facts\">\n");
    for (name, value) in all {
        if let Some(value) = value {
            let wide = if name == "Tests" {
                " class=\"wide\""
            } else {
                ""
            };
            let _ = writeln!(page, "<div{wide}><dt>{name}</dt><dd>{value}</dd></div>");
        }
    }
    page.push_str("</dl>\n");
}

fn columns(page: &mut String, table: &Table) {
    let _ = write!(
        page,
        "<table>\n<caption class=\"unseen\">Columns of {}</caption>\n<thead><tr><th scope=\"col\">Column</th>\
         <th scope=\"col\">Type</th><th scope=\"col\">Description</th><th scope=\"col\">Tests</th></tr></thead>\n<tbody>\n",
        escape(&table.name)
    );
    for column in &table.columns {
        let _ = writeln!(
            page,
            "<tr><th scope=\"row\"><code>{}</code>{}</th><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(&column.name),
            marks(column),
            data_type(column),
            description(column),
            tests(&column.tests),
        );
    }
    page.push_str("</tbody>\n</table>\n");
}

fn data_type(column: &Column) -> String {
    let mut text = column
        .data_type
        .as_deref()
        .map_or_else(String::new, |data_type| {
            format!("<code>{}</code>", escape(data_type))
        });
    if column.nullable == Some(false) {
        text.push_str(" <span class=\"quiet\">not null</span>");
    }
    text
}

fn marks(column: &Column) -> String {
    let mut text = String::new();
    if column.primary_key {
        text.push_str(" <span class=\"mark\">primary key</span>");
    } else if column.unique {
        text.push_str(" <span class=\"mark\">unique</span>");
    }
    if column.pii {
        text.push_str(" <span class=\"mark personal\">personal data</span>");
    }
    text
}

fn description(column: &Column) -> String {
    let mut text = if column.description.is_empty() {
        "<p class=\"quiet\">Not described.</p>".to_owned()
    } else {
        markdown(&column.description)
    };
    for reference in &column.references {
        let _ = write!(
            text,
            "<p class=\"points\">points to {}<code>.{}</code></p>",
            link(&reference.table),
            escape(&reference.column)
        );
    }
    text
}

fn tests(tests: &[Test]) -> String {
    if tests.is_empty() {
        return "<span class=\"quiet\">None</span>".to_owned();
    }
    let mut text = String::from("<ul class=\"tests\">");
    for test in tests {
        let status = test.status.as_deref().unwrap_or("not run");
        let class = match status {
            "pass" => "pass",
            "fail" | "error" => "fail",
            "warn" => "warn",
            _ => "none",
        };
        let rows = test
            .failures
            .filter(|rows| *rows > 0)
            .map_or_else(String::new, |rows| {
                format!(
                    ", {} {}",
                    thousands(rows),
                    if rows == 1 { "row" } else { "rows" }
                )
            });
        let warns = if test.only_warns {
            " <span class=\"quiet\">only warns</span>"
        } else {
            ""
        };
        let _ = write!(
            text,
            "<li><span class=\"{class}\">{}{rows}</span> {}{warns}</li>",
            escape(status),
            escape(&test.label)
        );
    }
    text + "</ul>"
}

fn coverage(page: &mut String, coverage: &Coverage) {
    page.push_str("<section id=\"coverage\" class=\"coverage\">\n<h2>What is missing</h2>\n");
    for (what, done, missing) in [
        ("described", coverage.documented(), &coverage.undocumented),
        ("tested", coverage.tested(), &coverage.untested),
    ] {
        let all = coverage.columns;
        let percent = coverage.percent(done);
        let _ = write!(
            page,
            "<h3>{done} of {all} columns are {what}</h3>\n\
             <meter min=\"0\" max=\"100\" value=\"{percent}\" aria-label=\"{what}\">{percent}%</meter>\n",
        );
        if missing.is_empty() {
            continue;
        }
        let _ = write!(page, "<p>Not {what}:</p>\n<ul class=\"names\">\n");
        for column in missing {
            let _ = writeln!(page, "<li><code>{}</code></li>", escape(column));
        }
        page.push_str("</ul>\n");
    }
    page.push_str("</section>\n");
}

fn joined(links: &[Link]) -> Option<String> {
    let links: Vec<String> = links.iter().map(link).collect();
    (!links.is_empty()).then(|| links.join(", "))
}

fn link(link: &Link) -> String {
    let name = escape(&link.name);
    match &link.anchor {
        Some(anchor) => format!("<a href=\"#{}\">{name}</a>", escape(anchor)),
        None => name.into_owned(),
    }
}

/// `14,896`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The SHA-256 of an inline style or script, as a content security policy wants it.
fn hash(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digest = Sha256::digest(text.as_bytes());
    let mut base64 = String::new();
    for chunk in digest.chunks(3) {
        let mut bits = 0_u32;
        for at in 0..3 {
            bits = bits << 8 | u32::from(chunk.get(at).copied().unwrap_or(0));
        }
        for at in 0..4 {
            if at <= chunk.len() {
                let six = (bits >> (18 - 6 * at)) & 63;
                base64.push(char::from(ALPHABET[six as usize]));
            } else {
                base64.push('=');
            }
        }
    }
    base64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_in_base64() {
        // `printf abc | openssl dgst -sha256 -binary | base64`
        assert_eq!(hash("abc"), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(
            [7, 999, 14_896, 1_000_000].map(thousands).join(" "),
            "7 999 14,896 1,000,000"
        );
    }
}
