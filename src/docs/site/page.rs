//! The one page, its script and style, and how the data come to it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::pack::hash;
use crate::docs::html::escape;

const PAGE: &str = include_str!("assets/page.html");
const STYLE: &str = include_str!("assets/style.css");
const SCRIPT: &str = concat!(
    include_str!("assets/core.js"),
    include_str!("assets/search.js"),
    include_str!("assets/sql.js"),
    include_str!("assets/pages.js"),
    include_str!("assets/lineage.js"),
    include_str!("assets/start.js"),
);
/// `@dagrejs/dagre` of npm, MIT; `assets/dagre.LICENSE.txt` beside it.
const LAYOUT: &str = include_str!("assets/dagre.min.js");

/// Where the data stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// In files of their own, loaded when they are wanted.
    Folder,
    /// All in the page: one file to mail, for small projects.
    SingleFile,
}

/// The files of a site; `data` are scripts by their names.
pub fn files(
    title: &str,
    layout: Layout,
    data: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    match layout {
        Layout::Folder => {
            let mut files = BTreeMap::from([
                (
                    "index.html".to_owned(),
                    page(
                        title,
                        "'self'",
                        "'self'",
                        "<link rel=\"stylesheet\" href=\"style.css\">",
                        "<script src=\"app.js\"></script>",
                    ),
                ),
                ("style.css".to_owned(), STYLE.to_owned()),
                ("app.js".to_owned(), SCRIPT.to_owned()),
                ("dagre.js".to_owned(), LAYOUT.to_owned()),
            ]);
            let data = data.iter();
            files.extend(data.map(|(name, text)| (format!("data/{name}.js"), text.clone())));
            files
        }
        Layout::SingleFile => BTreeMap::from([("index.html".to_owned(), single(title, data))]),
    }
}

fn single(title: &str, data: &BTreeMap<String, String>) -> String {
    let data: String = data.values().map(String::as_str).collect();
    let scripts = [LAYOUT, SCRIPT, &data];
    let mut allowed = String::new();
    let mut text = String::new();
    for script in scripts {
        let _ = write!(allowed, "{} ", hash(script));
        let _ = writeln!(text, "<script>{script}</script>");
    }
    let style = format!("<style>{STYLE}</style>");
    page(
        title,
        allowed.trim_end(),
        &hash(STYLE),
        &style,
        text.trim_end(),
    )
}

fn page(title: &str, scripts: &str, styles: &str, style: &str, script: &str) -> String {
    let title = escape(title);
    let mut parts = PAGE.split("{{");
    let mut text = parts.next().unwrap_or_default().to_owned();
    // Each place is filled once: what stands in a title fills none.
    for part in parts {
        let (name, rest) = part.split_once("}}").unwrap_or(("", part));
        text.push_str(match name {
            "TITLE" => &title,
            "SCRIPTS" => scripts,
            "STYLES" => styles,
            "STYLE" => style,
            "SCRIPT" => script,
            _ => "",
        });
        text.push_str(rest);
    }
    text
}

/// How what changed begins in a page that holds everything: its data stand in one script, and this comes first of them.
const CHANGES: &str = "<script>redstart(\"changes\",";

/// What changed since an earlier state, of a page that holds everything: one script of its data.
pub fn changes(page: &str) -> Option<&str> {
    let (_, from) = page.split_once(CHANGES)?;
    let start = page.len() - from.len() - CHANGES.len() + "<script>".len();
    page[start..].split_inclusive('\n').next()
}

/// The page with other changes; none of a page that has its data beside it.
pub fn with_changes(page: &str, changes: &str) -> Option<String> {
    let (before, from) = page.split_once(CHANGES)?;
    let script = &page[before.len() + "<script>".len()..];
    let (script, after) = script.split_once("</script>")?;
    let (_, others) = from.split_once('\n')?;
    let (others, _) = others.split_once("</script>")?;
    let new = format!("{changes}{others}");
    // What the policy of the page lets run is this very script.
    let before = before.replacen(&hash(script), &hash(&new), 1);
    Some(format!("{before}<script>{new}</script>{after}"))
}

/// Goes to the page that the address names.
const FORWARD: &str = "location.replace(\"site/index.html\" + location.hash);";

/// What stands at `index.html` where the site has a folder of its own.
pub fn forward() -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src {}; base-uri 'none'; form-action 'none'\">\n\
         <title>Data dictionary</title>\n<script>{FORWARD}</script>\n\
         <noscript><meta http-equiv=\"refresh\" content=\"0; url=site/index.html\"></noscript>\n</head>\n\
         <body>\n<p><a href=\"site/index.html\">The data dictionary</a></p>\n</body>\n</html>\n",
        hash(FORWARD)
    )
}

/// A page without any script that has the style in it: for what is mailed or shown beside a pull request.
pub fn stand_alone(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src {}; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body class=\"alone\">\n<main>\n{body}</main>\n</body>\n</html>\n",
        hash(STYLE),
        escape(title)
    )
}
