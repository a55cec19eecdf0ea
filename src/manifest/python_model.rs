//! What a Python model reads and sets, found in its text.
//!
//! In: the text of a `.py` file in `models/`. Out: [`Found`], and the keys that it asks of its configuration.
//! Runs no Python: as with dbt, the arguments of `dbt.ref`, `dbt.source` and `dbt.config` must be literals.

use std::ops::Range;
use std::sync::Arc;

use serde_json::{Map, Number, Value, json};

use super::discover::Found;
use super::merge::Setting;
use super::node::{Node, RefCall, SourceCall};
use crate::diagnostic::{Diagnostic, Source, Span};

/// dbt lists it among the macros that a Python model calls.
const POSTFIX: &str = "macro.dbt.py_script_postfix";

/// What a Python model says.
pub(super) struct PythonModel {
    /// What it reads and sets.
    pub found: Found,
    /// What `dbt.config.get` and `dbt.config.meta_get` ask for, as dbt writes it into the configuration.
    pub asked: Map<String, Value>,
}

/// Reads the text of a model.
///
/// `materialized` is what YAML says of it.
///
/// # Errors
/// A call of dbt whose arguments are no literals.
pub(super) fn read(
    source: &Arc<Source>,
    materialized: Option<&Value>,
) -> Result<PythonModel, Box<Diagnostic>> {
    let tokens = tokens(&source.text);
    let mut model = PythonModel {
        found: Found::default(),
        asked: Map::new(),
    };
    model.found.macros.insert(POSTFIX.to_owned());
    let mut asked = Asked::default();
    for at in 0..tokens.len() {
        let Some((function, first)) = call_of_dbt(&tokens, at) else {
            continue;
        };
        let mut reader = Reader {
            tokens: &tokens,
            at: first,
        };
        let arguments = reader.arguments();
        let end = tokens.get(reader.at.saturating_sub(1));
        let end = end.map_or(source.text.len(), |token| token.range.end);
        let span = Span::new(source, tokens[at].range.start..end);
        let taken = arguments
            .and_then(|arguments| take(&mut model, &mut asked, function, arguments, &span));
        if taken.is_none() {
            return Err(Box::new(
                Diagnostic::error(
                    "python-arguments",
                    format!("`{function}` of a Python model takes literals"),
                )
                .at(span)
                .help("write names and settings as texts, numbers, lists or mappings of them"),
            ));
        }
    }
    model.asked = asked.written();
    let said = model.found.config.0.iter();
    let own = said.rev().find(|setting| setting.key == "materialized");
    let last = own.map(|setting| &setting.value).or(materialized);
    // Python makes tables: what is nothing else is one.
    if last.is_none_or(|last| last == "view") {
        model.found.config.0.push(Setting {
            key: "materialized".to_owned(),
            value: Value::from("table"),
            span: None,
        });
    }
    Ok(model)
}

/// What is said of a Python model: it is known, and never run.
pub fn not_run(node: &Node) -> Diagnostic {
    Diagnostic::error(
        "python-model",
        format!(
            "Python models are not supported: `{}` is not built",
            node.name
        ),
    )
    .at_some(node.code.as_ref().map(|code| Span::file(&code.source)))
    .help("write the model in SQL, or leave it out with .dbtignore")
}

/// Keys asked of the configuration, with their defaults.
#[derive(Default)]
struct Asked {
    config: Vec<(Value, Value)>,
    meta: Vec<(Value, Value)>,
}

impl Asked {
    fn written(self) -> Map<String, Value> {
        let mut all = Map::new();
        if self.config.is_empty() && self.meta.is_empty() {
            return all;
        }
        for (name, asked) in [("config", self.config), ("meta", self.meta)] {
            let (keys, defaults): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
            all.insert(format!("{name}_keys_used"), json!(keys));
            all.insert(format!("{name}_keys_defaults"), json!(defaults));
        }
        all
    }
}

/// The arguments of a call: those without a name, then those with one.
type Arguments = (Vec<Value>, Vec<(String, Value, Range<usize>)>);

/// What a call says; none where dbt would not understand it.
fn take(
    model: &mut PythonModel,
    asked: &mut Asked,
    function: &str,
    (mut plain, mut named): Arguments,
    span: &Span,
) -> Option<()> {
    match function {
        "dbt.ref" => {
            let version = named
                .iter()
                .position(|(name, ..)| name == "v" || name == "version")
                .map(|at| named.swap_remove(at).1)
                .filter(|version| !version.is_null());
            let name = plain.pop()?.as_str()?.to_owned();
            let package = match plain.pop() {
                Some(package) => Some(package.as_str()?.to_owned()),
                None => None,
            };
            model.found.refs.push(RefCall {
                package,
                name,
                version,
                span: Some(span.clone()),
            });
        }
        "dbt.source" => {
            let [source, table] = plain.as_slice() else {
                return None;
            };
            model.found.sources.push(SourceCall {
                source: source.as_str()?.to_owned(),
                table: table.as_str()?.to_owned(),
                span: Some(span.clone()),
            });
        }
        "dbt.config" => {
            let settings = named.into_iter().map(|(key, value, range)| Setting {
                key,
                value,
                span: Some(Span::new(&span.source, range)),
            });
            model.found.config.0.extend(settings);
        }
        _ => {
            let mut plain = plain.into_iter();
            let key = plain.next()?;
            let default = plain.next().unwrap_or_default();
            match function {
                "dbt.config.get" => asked.config.push((key, default)),
                _ => asked.meta.push((key, default)),
            }
        }
    }
    Some(())
}

/// The function of dbt that is called at a token, and the token behind its bracket.
fn call_of_dbt(tokens: &[Token<'_>], at: usize) -> Option<(&'static str, usize)> {
    const FUNCTIONS: [(&str, &[&str]); 5] = [
        ("dbt.config.get", &["dbt", ".", "config", ".", "get", "("]),
        (
            "dbt.config.meta_get",
            &["dbt", ".", "config", ".", "meta_get", "("],
        ),
        ("dbt.config", &["dbt", ".", "config", "("]),
        ("dbt.source", &["dbt", ".", "source", "("]),
        ("dbt.ref", &["dbt", ".", "ref", "("]),
    ];
    let part_of_another = at
        .checked_sub(1)
        .is_some_and(|before| tokens[before].is("."));
    if part_of_another {
        return None;
    }
    FUNCTIONS
        .into_iter()
        .find(|(_, words)| {
            let mut here = tokens[at..].iter();
            words
                .iter()
                .all(|word| here.next().is_some_and(|token| token.is(word)))
        })
        .map(|(name, words)| (name, at + words.len()))
}

/// A word, a text, a number or a sign of Python.
struct Token<'a> {
    kind: Kind,
    text: &'a str,
    range: Range<usize>,
}

enum Kind {
    Plain,
    /// A text, with what it says; none for one that is put together while it runs.
    Text(Option<String>),
}

impl Token<'_> {
    fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Plain) && self.text == text
    }
}

/// The tokens of a text, without comments.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = if next == '#' {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        } else if next.is_whitespace() || next == '\\' {
            at += next.len_utf8();
            continue;
        } else if let Some((length, said)) = string(rest) {
            let range = at..at + length;
            let kind = Kind::Text(said);
            tokens.push(Token {
                kind,
                text: &text[range.clone()],
                range,
            });
            at += length;
            continue;
        } else if next.is_alphabetic() || next == '_' {
            rest.find(|other: char| !other.is_alphanumeric() && other != '_')
        } else if next.is_ascii_digit() {
            rest.find(|other: char| !other.is_alphanumeric() && other != '_' && other != '.')
        } else {
            Some(next.len_utf8())
        };
        let range = at..at + length.unwrap_or(rest.len());
        at = range.end;
        tokens.push(Token {
            kind: Kind::Plain,
            text: &text[range.clone()],
            range,
        });
    }
    tokens
}

/// The length of the string that a text begins with, and what it says.
fn string(text: &str) -> Option<(usize, Option<String>)> {
    let prefix = text.find(['\'', '"']).filter(|length| {
        *length <= 2
            && text[..*length]
                .chars()
                .all(|letter| "rRbBuUfFtT".contains(letter))
    })?;
    let (flags, rest) = (text[..prefix].to_ascii_lowercase(), &text[prefix..]);
    let quote = &rest[..1];
    let delimiter = match rest.get(..3) {
        Some(three) if three == quote.repeat(3) => three,
        _ => quote,
    };
    let raw = flags.contains('r');
    let body = &rest[delimiter.len()..];
    let mut said = String::new();
    let mut letters = body.char_indices();
    while let Some((at, letter)) = letters.next() {
        if body[at..].starts_with(delimiter) {
            let length = prefix + 2 * delimiter.len() + at;
            let is_text = !flags.contains(['f', 'b', 't']);
            return Some((length, is_text.then_some(said)));
        }
        match letter {
            '\\' => {
                let escaped = letters.next().map(|(_, escaped)| escaped)?;
                match escaped {
                    _ if raw => said.extend([letter, escaped]),
                    'n' => said.push('\n'),
                    't' => said.push('\t'),
                    'r' => said.push('\r'),
                    '\n' => {}
                    '\\' | '\'' | '"' => said.push(escaped),
                    other => said.extend([letter, other]),
                }
            }
            letter => said.push(letter),
        }
    }
    // It never ends: Python would not read the file, and nothing behind it is meant.
    Some((text.len(), None))
}

/// Literals, read from tokens.
struct Reader<'t, 'a> {
    tokens: &'t [Token<'a>],
    at: usize,
}

impl<'a> Reader<'_, 'a> {
    fn sees(&self, sign: &str) -> bool {
        self.tokens.get(self.at).is_some_and(|token| token.is(sign))
    }

    fn eats(&mut self, sign: &str) -> bool {
        let sees = self.sees(sign);
        self.at += usize::from(sees);
        sees
    }

    /// The arguments up to the closing bracket.
    fn arguments(&mut self) -> Option<Arguments> {
        let (mut plain, mut named) = Arguments::default();
        while !self.eats(")") {
            match self.name() {
                Some(name) => {
                    let start = self.tokens.get(self.at)?.range.start;
                    let value = self.value()?;
                    let end = self.tokens.get(self.at.saturating_sub(1))?.range.end;
                    named.push((name, value, start..end));
                }
                None => plain.push(self.value()?),
            }
            if !self.eats(",") && !self.sees(")") {
                return None;
            }
        }
        Some((plain, named))
    }

    /// The name of an argument, with its sign.
    fn name(&mut self) -> Option<String> {
        let name = self.tokens.get(self.at)?;
        let is_name = matches!(name.kind, Kind::Plain)
            && name
                .text
                .starts_with(|letter: char| letter.is_alphabetic() || letter == '_');
        if !is_name
            || !self.tokens.get(self.at + 1)?.is("=")
            || self.tokens.get(self.at + 2)?.is("=")
        {
            return None;
        }
        self.at += 2;
        Some(name.text.to_owned())
    }

    fn value(&mut self) -> Option<Value> {
        let token = self.tokens.get(self.at)?;
        self.at += 1;
        if let Kind::Text(said) = &token.kind {
            let mut said = said.clone()?;
            // Texts that stand beside each other are one.
            while let Some(Token {
                kind: Kind::Text(more),
                ..
            }) = self.tokens.get(self.at)
            {
                said.push_str(more.as_ref()?);
                self.at += 1;
            }
            return Some(Value::String(said));
        }
        match token.text {
            "True" => Some(Value::Bool(true)),
            "False" => Some(Value::Bool(false)),
            "None" => Some(Value::Null),
            "[" => self.list("]"),
            "(" => self.list(")"),
            "{" => self.mapping(),
            "-" => {
                let digits = self.tokens.get(self.at)?.text;
                self.at += 1;
                number(&format!("-{digits}"))
            }
            digits => number(digits),
        }
    }

    fn list(&mut self, close: &str) -> Option<Value> {
        let mut items = Vec::new();
        let mut commas = 0;
        while !self.eats(close) {
            items.push(self.value()?);
            if self.eats(",") {
                commas += 1;
            } else if !self.sees(close) {
                return None;
            }
        }
        // A bracket around one value is no tuple.
        match (close, commas) {
            (")", 0) if items.len() == 1 => items.pop(),
            _ => Some(Value::Array(items)),
        }
    }

    fn mapping(&mut self) -> Option<Value> {
        let mut entries = Map::new();
        while !self.eats("}") {
            let key = match self.value()? {
                Value::String(key) => key,
                other => other.to_string(),
            };
            if !self.eats(":") {
                return None;
            }
            entries.insert(key, self.value()?);
            if !self.eats(",") && !self.sees("}") {
                return None;
            }
        }
        Some(Value::Object(entries))
    }
}

fn number(digits: &str) -> Option<Value> {
    let digits = digits.replace('_', "");
    let whole = digits.parse::<i64>().map(Value::from).ok();
    let float = || digits.parse::<f64>().ok().and_then(Number::from_f64);
    whole.or_else(|| float().map(Value::Number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<PythonModel, Box<Diagnostic>> {
        read(
            &Source::new("models/p.py", text),
            Some(&Value::from("view")),
        )
    }

    #[test]
    fn calls_of_dbt_are_found_between_comments_and_texts() {
        let model = read_text(
            r#"# dbt.ref("comment")
def model(dbt, session):
    """dbt.ref("docstring")"""
    dbt.config(
        materialized="table",
        packages=["numpy==1.2", 'pandas'],
        meta={"a": [1, -2.5, None], "b": (True,)},
    )
    key = dbt.config.get("key", 1)
    raw = dbt.source('raw', "event" "s")
    other.dbt.ref("not_this")
    return dbt.ref("shop", "orders", v=2).join(dbt.ref("a"))
"#,
        );
        let Ok(model) = model else {
            panic!("the model is right");
        };
        let refs = model.found.refs.iter().map(|call| {
            json!([
                call.package,
                call.name,
                call.version,
                call.span.as_ref().map(Span::place)
            ])
        });
        assert_eq!(
            refs.collect::<Vec<_>>(),
            [
                json!(["shop", "orders", 2, "models/p.py:12:12"]),
                json!([null, "a", null, "models/p.py:12:48"]),
            ]
        );
        let sources = model
            .found
            .sources
            .iter()
            .map(|call| (call.source.as_str(), call.table.as_str()));
        assert_eq!(sources.collect::<Vec<_>>(), [("raw", "events")]);
        let settings = model
            .found
            .config
            .0
            .iter()
            .map(|setting| (setting.key.clone(), setting.value.clone()));
        assert_eq!(
            Value::Object(settings.collect()),
            json!({"materialized": "table", "packages": ["numpy==1.2", "pandas"], "meta": {"a": [1, -2.5, null], "b": [true]}})
        );
        assert_eq!(
            Value::Object(model.asked),
            json!({"config_keys_used": ["key"], "config_keys_defaults": [1], "meta_keys_used": [], "meta_keys_defaults": []})
        );
    }

    #[test]
    fn an_argument_that_is_no_literal_is_named() {
        let wrong = read_text("def model(dbt, session):\n    return dbt.ref(name)\n");
        let wrong = wrong
            .err()
            .map(|wrong| (wrong.code, wrong.span.map(|span| span.place())));
        assert_eq!(
            wrong,
            Some(("python-arguments", Some("models/p.py:2:12".to_owned())))
        );
    }

    #[test]
    fn a_text_that_never_ends_ends_the_file() {
        assert!(read_text("x = 'dbt.ref(\n").is_ok_and(|model| model.found.refs.is_empty()));
    }
}
