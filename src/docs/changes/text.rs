//! Changes as Markdown, and as a page made from it.

use std::fmt::Write as _;

use super::{Changes, Compared, Thing};
use crate::artifacts::impact::short;
use crate::docs::html;
use crate::docs::site::stand_alone;

/// The longest text of a cell.
const LONGEST: usize = 400;

pub(super) fn page(changes: &Changes, site: Option<&str>) -> String {
    let title = format!("What changed · {}", changes.project);
    let body = html::page(&markdown(changes))
        .replacen("<h2>", "<h1>", 1)
        .replacen("</h2>", "</h1>", 1);
    let back = site.map_or_else(String::new, |site| {
        let site = html::escape(site);
        format!("<p class=\"crumbs\"><a href=\"{site}\">The site</a></p>\n")
    });
    stand_alone(&title, &(back + &body))
}

/// What was compared with what.
fn compared(compared: &Compared) -> Option<String> {
    let now = compared.now.as_deref()?;
    let folder = match compared.folder.as_str() {
        "" => "an earlier state".to_owned(),
        folder => safe(folder),
    };
    let before = compared.before.as_deref();
    let before = before.map_or_else(String::new, |at| format!(" of {at}"));
    Some(format!(
        "The project at {now}, compared with {folder}{before}."
    ))
}

pub(super) fn markdown(changes: &Changes) -> String {
    let mut text = format!("# What changed in {}\n\n", safe(&changes.project));
    let _ = writeln!(
        text,
        "{} new, {} gone, {} changed, {} as before.",
        changes.added.len(),
        changes.gone.len(),
        changes.changed.len(),
        changes.same
    );
    if let Some(compared) = compared(&changes.compared) {
        let _ = write!(text, "\n{compared}\n");
    }
    things(&mut text, "New", &changes.added);
    things(&mut text, "Gone", &changes.gone);
    if !changes.columns.is_empty() {
        text.push_str("\n## What others may feel\n\n| | What | Read by |\n| --- | --- | --- |\n");
        for reach in &changes.columns {
            let readers = reach.readers.iter();
            let readers = readers.map(|(id, column)| match column {
                Some(column) => format!("{}.{column}", short(id)),
                None => short(id),
            });
            let mut readers = readers.collect::<Vec<_>>().join(", ");
            if readers.is_empty() {
                readers.push_str("nobody");
            }
            let _ = writeln!(
                text,
                "| {} | {} | {} |",
                safe(&reach.name),
                safe(&reach.what),
                safe(&readers)
            );
        }
    }
    if !changes.changed.is_empty() {
        text.push_str("\n## Changed\n");
    }
    for changed in &changes.changed {
        let _ = write!(
            text,
            "\n### {}\n\n| | Before | Now |\n| --- | --- | --- |\n",
            safe(&changed.name)
        );
        for (name, before, now) in &changed.facts {
            let _ = writeln!(
                text,
                "| {} | {} | {} |",
                safe(name),
                safe(before),
                safe(now)
            );
        }
    }
    text
}

fn things(text: &mut String, title: &str, things: &[Thing]) {
    if things.is_empty() {
        return;
    }
    let _ = write!(text, "\n## {title}\n\n");
    for Thing {
        name,
        kind,
        description,
        ..
    } in things
    {
        let words = match description.as_str() {
            "" => String::new(),
            words => format!(": {}", safe(words)),
        };
        let _ = writeln!(text, "- {} ({kind}){words}", safe(name));
    }
}

/// Words of the project in one line, of which Markdown makes nothing.
fn safe(words: &str) -> String {
    let mut safe = String::new();
    let short: String = words.chars().take(LONGEST).collect();
    for word in short.split_whitespace() {
        if !safe.is_empty() {
            safe.push(' ');
        }
        for letter in word.chars() {
            if matches!(
                letter,
                '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '&'
            ) {
                safe.push('\\');
            }
            safe.push(letter);
        }
    }
    if short.len() < words.len() {
        safe.push('…');
    }
    safe
}
