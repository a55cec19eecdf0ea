//! Changes as Markdown, and as a page made from it.

use std::fmt::Write as _;

use super::{Changes, Thing};
use crate::docs::html;
use crate::docs::site::stand_alone;

/// The longest text of a cell.
const LONGEST: usize = 400;

pub(super) fn page(changes: &Changes) -> String {
    let title = format!("What changed · {}", changes.project);
    stand_alone(
        &title,
        &html::page(&markdown(changes))
            .replacen("<h2>", "<h1>", 1)
            .replacen("</h2>", "</h1>", 1),
    )
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
    things(&mut text, "New", &changes.added);
    things(&mut text, "Gone", &changes.gone);
    if !changes.columns.is_empty() {
        text.push_str("\n## What others may feel\n\n| | What | Read by |\n| --- | --- | --- |\n");
        for reach in &changes.columns {
            let readers = match reach.readers.as_slice() {
                [] => "nobody".to_owned(),
                readers => readers.join(", "),
            };
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
