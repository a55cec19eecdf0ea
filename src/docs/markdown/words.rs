//! Words of the dictionary in Markdown, and links between its parts.

use pulldown_cmark::{Event, Options, Parser, Tag};

use crate::diagnostic::counted;
use crate::docs::dictionary::{Column, Link, Test};

/// Where the tables stand, which decides how one points to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// All in one file.
    OneFile,
    /// Each in a file of its own.
    FileEach,
}

impl Place {
    /// A link to a table of the dictionary.
    pub fn link_to(self, name: &str, anchor: &str) -> String {
        match self {
            Self::OneFile => format!("[{}](#{anchor})", cell(name)),
            Self::FileEach => format!("[{}]({anchor}.md)", cell(name)),
        }
    }

    /// A link, or the name alone of what has no place in the dictionary.
    pub fn link(self, link: &Link) -> String {
        match &link.anchor {
            Some(anchor) => self.link_to(&link.name, anchor),
            None => cell(&link.name),
        }
    }

    /// Links in a row.
    pub fn links(self, links: &[Link]) -> String {
        let links = links.iter().map(|link| self.link(link));
        links.collect::<Vec<_>>().join(", ")
    }

    /// What a column is a key of.
    pub fn key(self, column: &Column) -> String {
        let mut parts = Vec::new();
        if let Some(key) = column.key() {
            parts.push(key.to_owned());
        }
        for reference in &column.references {
            parts.push(format!(
                "→ {}.{}",
                self.link(&reference.table),
                cell(&reference.column)
            ));
        }
        parts.join(", ")
    }
}

/// Whether a column may be NULL, where that is known.
pub fn null(nullable: Option<bool>) -> &'static str {
    match nullable {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    }
}

/// Tests with their last results.
pub fn tests(tests: &[Test]) -> String {
    let shown = tests.iter().map(|test| {
        let status = match (&test.status, test.failures) {
            (Some(status), Some(rows)) if rows > 0 => {
                format!(" ({status}, {})", counted(rows, "row"))
            }
            (Some(status), _) => format!(" ({status})"),
            (None, _) => " (not run)".to_owned(),
        };
        let kept = test.kept.as_ref();
        let kept = kept.map_or_else(String::new, |kept| format!(", {}", cell(&kept.told())));
        let warns = if test.only_warns { ", only warns" } else { "" };
        format!("{}{status}{warns}{kept}", cell(&test.label))
    });
    shown.collect::<Vec<_>>().join("; ")
}

/// Text that stays in its cell.
pub fn cell(text: &str) -> String {
    let flat = flat(text);
    // Readers of Markdown do not agree on where a cell ends behind a backslash.
    let safe = if flat.contains("\\|") {
        without_scripts(flat.replace('<', "&lt;"))
    } else {
        prose(&flat)
    };
    safe.replace('|', "\\|")
}

/// A text as code, in one line, that nothing in it can end.
pub fn code(text: &str) -> String {
    let text = flat(text);
    let longest = text.split(|letter| letter != '`').map(str::len).max();
    match longest.unwrap_or_default() {
        0 => format!("`{text}`"),
        longest => {
            let ticks = "`".repeat(longest + 1);
            format!("{ticks} {text} {ticks}")
        }
    }
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Markdown of the user, without HTML and without links that run something.
pub fn prose(text: &str) -> String {
    let text = if text.contains('<') {
        let safe = escaped_outside_code(text);
        // What is code to this and not to a reader of Markdown may not hide HTML.
        if safe.contains('<') && has_html(&safe) {
            text.replace('<', "&lt;")
        } else {
            safe
        }
    } else {
        text.to_owned()
    };
    without_scripts(text)
}

/// `<` outside of code spans is no beginning of HTML.
fn escaped_outside_code(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['`', '<', '\\']) {
        safe.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("\\<").or_else(|| rest.strip_prefix('<')) {
            safe.push_str("&lt;");
            rest = after;
            continue;
        }
        let end = match ticks(rest) {
            0 => rest
                .char_indices()
                .nth(2)
                .map_or(rest.len(), |(end, _)| end),
            run => run + closing(&rest[run..], run).unwrap_or_default(),
        };
        safe.push_str(&rest[..end]);
        rest = &rest[end..];
    }
    safe + rest
}

/// How many backticks a text begins with.
fn ticks(text: &str) -> usize {
    text.len() - text.trim_start_matches('`').len()
}

/// Where a code span ends that began with so many backticks.
fn closing(text: &str, run: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = text[at..].find('`') {
        let length = ticks(&text[at + found..]);
        at += found + length;
        if length == run {
            return Some(at);
        }
    }
    None
}

fn parser(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH)
}

fn has_html(text: &str) -> bool {
    parser(text).any(|event| matches!(event, Event::Html(_) | Event::InlineHtml(_)))
}

/// So many links that run something are taken out one by one.
const MOST_LINKS: usize = 20;

/// Links go to the web, to a mail address or to a file beside; others become text.
fn without_scripts(mut text: String) -> String {
    for _ in 0..MOST_LINKS {
        match unsafe_link(&text) {
            Some(at) => text.insert(at, '\\'),
            None => return text,
        }
    }
    text.replace('[', "&#91;")
}

/// Where a link begins that goes elsewhere, or the definition of one.
fn unsafe_link(text: &str) -> Option<usize> {
    if !text.contains('[') {
        return None;
    }
    let parser = parser(text);
    let defined = parser.reference_definitions().iter();
    let defined = defined.filter(|(_, link)| !is_harmless(&link.dest));
    let defined = defined.map(|(_, link)| link.span.start).min();
    if let Some(start) = defined {
        return text[start..].find('[').map(|bracket| start + bracket);
    }
    parser
        .into_offset_iter()
        .find_map(|(event, place)| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                (!is_harmless(&dest_url)).then_some(place.start)
            }
            _ => None,
        })
}

fn is_harmless(address: &str) -> bool {
    let seen = address
        .chars()
        .filter(|letter| !letter.is_whitespace() && !letter.is_control());
    let seen = seen.collect::<String>().to_lowercase();
    match seen.split_once(':') {
        None => true,
        Some((scheme, _)) => {
            scheme.contains(['/', '?', '#']) || matches!(scheme, "http" | "https" | "mailto")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_keeps_its_signs_and_everything_else_is_no_html() {
        assert_eq!(prose("`a<b>` and <b>"), "`a<b>` and &lt;b>");
        assert_eq!(cell("a |\n`x|<y>`"), "a \\| `x\\|<y>`");
        assert_eq!(code("dev.orders"), "`dev.orders`");
        assert_eq!(code("a`<script>``b"), "``` a`<script>``b ```");
    }

    #[test]
    fn nothing_that_a_reader_of_markdown_takes_for_html_or_a_script_is_left() {
        for text in [
            "`` ` ``<script>alert(1)</script> \\`",
            "`a <script>",
            "\\`<script>`",
            "``` a\n`<script>\n",
            "`a\n\n<script>`",
            "[a](x`y) <script> `z`",
            "a\\|`<script>|`",
            "<script>\n`</script>`",
            "\\<script>",
            "[a](javascript:b)",
            "![a](javascript:b)",
            "[a](java&Tab;script:b) [c](JavaScript&colon;d)",
            "[a][r] [r]\n\n[r]: javascript:b",
            "<javascript:b>",
            "[a](data:text/html;base64,xx)",
            &"[a](vbscript:b) ".repeat(30),
        ] {
            for safe in [prose(text), cell(text)] {
                for event in parser(&safe) {
                    match event {
                        Event::Html(_) | Event::InlineHtml(_) => panic!("{text:?}: {safe:?}"),
                        Event::Start(Tag::Link { dest_url, .. }) => {
                            assert!(is_harmless(&dest_url), "{text:?}: {safe:?}");
                        }
                        _ => {}
                    }
                }
            }
        }
        let kept = "[a](https://b) [c](d.md#e) <f> [g](mailto:h@i)";
        assert_eq!(prose(kept), kept.replace('<', "&lt;"));
    }
}
