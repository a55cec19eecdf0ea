//! Diagnostics in the forms that other programs read: JSON, SARIF, and the words of GitHub's workflows.

use serde_json::{Value, json};

use crate::diagnostic::{Diagnostic, Level, Span};

/// One JSON array.
pub fn json(diagnostics: &[Diagnostic]) -> String {
    let all: Vec<Value> = diagnostics
        .iter()
        .map(|diagnostic| {
            json!({
                "code": diagnostic.code,
                "level": level(diagnostic),
                "message": diagnostic.message,
                "label": diagnostic.label,
                "place": diagnostic.span.as_ref().map(place),
                "notes": diagnostic.notes,
                "help": diagnostic.what_to_do(),
                "related": diagnostic.related.iter().map(|(what, span)| json!({ "what": what, "place": place(span) })).collect::<Vec<_>>(),
            })
        })
        .collect();
    Value::from(all).to_string() + "\n"
}

/// SARIF 2.1.0, as code scanning reads it.
pub fn sarif(diagnostics: &[Diagnostic]) -> String {
    let mut codes: Vec<&str> = diagnostics
        .iter()
        .map(|diagnostic| diagnostic.code)
        .collect();
    codes.sort_unstable();
    codes.dedup();
    let rules: Vec<Value> = codes.iter().map(|code| json!({ "id": code })).collect();
    let results: Vec<Value> = diagnostics
        .iter()
        .map(|diagnostic| {
            let locations: Vec<Value> = diagnostic
                .span
                .iter()
                .map(|span| {
                    let (line, column) = span.line_column();
                    json!({ "physicalLocation": {
                        "artifactLocation": { "uri": span.source.path },
                        "region": { "startLine": line, "startColumn": column, "endColumn": column + width(span) },
                    }})
                })
                .collect();
            json!({ "ruleId": diagnostic.code, "level": level(diagnostic), "message": { "text": words(diagnostic) }, "locations": locations })
        })
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "redstart", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "results": results,
        }],
    });
    log.to_string() + "\n"
}

/// Annotations of GitHub's workflows, one a line.
pub fn github(diagnostics: &[Diagnostic]) -> String {
    let data = |text: &str| {
        text.replace('%', "%25")
            .replace('\r', "%0D")
            .replace('\n', "%0A")
    };
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    diagnostics
        .iter()
        .map(|diagnostic| {
            let mut properties = Vec::new();
            if let Some(span) = &diagnostic.span {
                let (line, column) = span.line_column();
                properties.push(format!("file={}", property(&span.source.path)));
                properties.push(format!(
                    "line={line},col={column},endColumn={}",
                    column + width(span)
                ));
            }
            properties.push(format!("title={}", property(diagnostic.code)));
            format!(
                "::{} {}::{}\n",
                level(diagnostic),
                properties.join(","),
                data(&words(diagnostic))
            )
        })
        .collect()
}

fn level(diagnostic: &Diagnostic) -> &'static str {
    match diagnostic.level {
        Level::Error => "error",
        Level::Warning => "warning",
    }
}

/// The message with what to do.
fn words(diagnostic: &Diagnostic) -> String {
    let mut text = diagnostic.message.clone();
    let notes = diagnostic.notes.iter().map(String::as_str);
    for more in notes.chain(diagnostic.what_to_do()) {
        text.push('\n');
        text.push_str(more);
    }
    text
}

fn place(span: &Span) -> Value {
    let (line, column) = span.line_column();
    json!({ "path": span.source.path, "line": line, "column": column, "length": width(span) })
}

/// How many characters of its first line a span takes, at least one.
fn width(span: &Span) -> usize {
    span.text()
        .lines()
        .next()
        .unwrap_or("")
        .chars()
        .count()
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;

    #[test]
    fn every_form_tells_code_level_and_place() {
        let source = Source::new("models/a.sql", "select\n  amont");
        let wrong = Diagnostic::error("unknown-column", "`t` has no column `amont`")
            .at(Span::new(&source, 9..14))
            .help("did you mean `amount`?");
        assert_eq!(
            github(std::slice::from_ref(&wrong)),
            "::error file=models/a.sql,line=2,col=3,endColumn=8,title=unknown-column::`t` has no column `amont`%0Adid you mean `amount`?\n"
        );
        let json: Value = serde_json::from_str(&json(std::slice::from_ref(&wrong))).unwrap();
        assert_eq!(
            json[0]["place"],
            json!({"path": "models/a.sql", "line": 2, "column": 3, "length": 5})
        );
        let sarif: Value = serde_json::from_str(&sarif(&[wrong])).unwrap();
        assert_eq!(
            sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"],
            2
        );
    }
}
