//! A JSONPaths file: for each column, the way to its value.
//!
//! In: the file's text. Out: [`Path`]s, which find values in records.

use super::json::{Json, elements, members};
use super::{Error, Folders, Reason, read_text, user};

/// The way from a record to a value.
#[derive(Debug, PartialEq)]
pub(super) struct Path(Vec<Step>);

/// One step of it.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// A member of an object.
    Member(String),
    /// An element of an array, from 0.
    Element(usize),
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    jsonpaths: Vec<String>,
}

/// Reads the file that a URL names: one path for each column.
pub(super) fn read(folders: &Folders, url: &str, columns: usize) -> Result<Vec<Path>, Error> {
    let text = read_text(&folders.object(url)?)?;
    let file: File = serde_json::from_str(&text)
        .map_err(|cause| user(format!("Invalid JSONPath format in `{url}`: {cause}")))?;
    if file.jsonpaths.len() != columns {
        return Err(user(format!(
            "Number of jsonpaths and the number of columns should match. JSONPath size: {}, Number of columns in table or column list: {columns} (`{url}`)",
            file.jsonpaths.len()
        )));
    }
    file.jsonpaths
        .iter()
        .map(|path| {
            parse(path).ok_or_else(|| {
                user(format!(
                    "Invalid JSONPath format. Supported notations are 'dot-notation' and 'bracket-notation': {path} (`{url}`)"
                ))
            })
        })
        .collect()
}

/// `$.a.b[0]` or `$['a']['b'][0]`.
fn parse(text: &str) -> Option<Path> {
    let mut rest = text.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let length = after.find(['.', '[']).unwrap_or(after.len());
            if length == 0 {
                return None;
            }
            steps.push(Step::Member(after[..length].to_owned()));
            rest = &after[length..];
        } else {
            let after = rest.strip_prefix('[')?;
            let quote = after
                .chars()
                .next()
                .filter(|letter| "'\"".contains(*letter));
            let (inside, after) = match quote {
                Some(quote) => after[1..].split_once(&format!("{quote}]"))?,
                None => after.split_once(']')?,
            };
            steps.push(match quote {
                Some(_) => Step::Member(inside.to_owned()),
                None => Step::Element(inside.trim().parse().ok()?),
            });
            rest = after;
        }
    }
    (!steps.is_empty()).then_some(Path(steps))
}

impl Path {
    /// The member that the path begins with.
    pub(super) fn first_member(&self) -> Option<&str> {
        match self.0.first() {
            Some(Step::Member(name)) => Some(name),
            _ => None,
        }
    }

    /// What follows the first step.
    pub(super) fn behind_first(&self) -> &[Step] {
        self.0.get(1..).unwrap_or_default()
    }

    /// The value that the path leads to; nothing where a member or element is missing.
    pub(super) fn find<'r>(&self, record: &'r [u8]) -> Result<Option<Json<'r>>, Reason> {
        walk(&self.0, Json::Raw(record))
    }

    /// The value that the rest of the path leads to, from that of its first member on.
    pub(super) fn follow<'r>(&self, first: Option<Json<'r>>) -> Result<Option<Json<'r>>, Reason> {
        match first {
            Some(first) => walk(&self.0[1..], first),
            None if self.first_member().is_none() => Err(Reason(
                "Invalid JSONPath format: Member is not an array.".to_owned(),
            )),
            None => Ok(None),
        }
    }
}

fn walk<'r>(steps: &[Step], from: Json<'r>) -> Result<Option<Json<'r>>, Reason> {
    let mut here = from;
    for step in steps {
        let mut next = None;
        match (step, &here) {
            (_, Json::Null) => return Ok(None),
            (Step::Member(name), Json::Raw(text @ [b'{', ..])) => {
                members(text, &mut |key, value| {
                    if *key == *name.as_bytes() {
                        next = Some(value);
                    }
                })?;
            }
            (Step::Element(number), Json::Raw(text @ [b'[', ..])) => {
                let mut at = 0;
                elements(text, &mut |value| {
                    if at == *number {
                        next = Some(value);
                    }
                    at += 1;
                })?;
            }
            (Step::Member(_), _) => {
                return Err(Reason(
                    "Invalid JSONPath format: Member is not an object.".to_owned(),
                ));
            }
            (Step::Element(_), _) => {
                return Err(Reason(
                    "Invalid JSONPath format: Member is not an array.".to_owned(),
                ));
            }
        }
        match next {
            Some(value) => here = value,
            None => return Ok(None),
        }
    }
    Ok(Some(here))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(path: &str, record: &str) -> String {
        let Some(path) = parse(path) else {
            return "no path".to_owned();
        };
        match path.find(record.as_bytes()) {
            Ok(Some(Json::Text(text))) => format!("text {}", String::from_utf8_lossy(&text)),
            Ok(Some(Json::Raw(text))) => format!("raw {}", String::from_utf8_lossy(text)),
            Ok(Some(Json::Null)) => "null".to_owned(),
            Ok(None) => "nothing".to_owned(),
            Err(reason) => reason.0,
        }
    }

    #[test]
    fn a_path_leads_to_a_value() {
        let record = r#"{"a": {"b.c": [1.0, "x\ty", null]}, "n": null, "t": "text"}"#;
        for (path, expected) in [
            ("$.t", "text text"),
            ("$['t']", "text text"),
            ("$['a']['b.c'][0]", "raw 1.0"),
            ("$.a['b.c'][1]", "text x\ty"),
            ("$.a[\"b.c\"][2]", "null"),
            ("$.a['b.c'][3]", "nothing"),
            ("$.a", r#"raw {"b.c": [1.0, "x\ty", null]}"#),
            ("$.nope.x", "nothing"),
            ("$.n.x", "nothing"),
            ("$.t.x", "Invalid JSONPath format: Member is not an object."),
            ("$.a[0]", "Invalid JSONPath format: Member is not an array."),
            ("t", "no path"),
            ("$", "no path"),
            ("$..t", "no path"),
            ("$[x]", "no path"),
        ] {
            assert_eq!(find(path, record), expected, "{path}");
        }
    }

    #[test]
    fn a_path_may_start_at_an_array() {
        assert_eq!(find("$[1]", r#"[1, "b"]"#), "text b");
    }
}
