//! The macros of a file: what they are called, what they take, and their bodies as templates of their own.
//!
//! In: a file. Out: [`MacroBlock`]s.
//! Does not know which package the file belongs to.

use std::ops::Range;
use std::sync::Arc;

use minijinja::machinery::Token;

use super::edits;
use super::rewrite::{Edit, Rewrite};
use super::scan::{At, Scan, scan};
use crate::diagnostic::{Diagnostic, Source, Span};
use crate::jinja::macros::{MacroArgument, MacroKind};
use crate::jinja::template::Template;

/// A macro taken out of its file.
pub struct MacroBlock {
    /// The name under which it is called.
    pub name: String,
    /// Which block declared it.
    pub kind: MacroKind,
    /// Where its name stands.
    pub span: Span,
    /// The whole block, tags included.
    pub block: Span,
    /// Its parameters.
    pub arguments: Vec<MacroArgument>,
    /// Names that the body takes from the call besides its parameters: `varargs`, `kwargs`, `caller`.
    pub extras: Vec<&'static str>,
    /// The body for minijinja, with the reading of the parameters in front of it.
    pub rewrite: Rewrite,
}

/// Finds the macros of a file.
///
/// # Errors
/// What is wrong with the outer shape of the file, or with the head of a macro.
pub fn macro_blocks(source: &Arc<Source>) -> Result<Vec<MacroBlock>, Box<Diagnostic>> {
    let template = Template::file(source);
    let scan = scan(&template, template.text())?;
    let edits = edits::edits(&scan, edits::has_dates(template.text()));
    let mut made = Vec::new();
    for block in &scan.blocks {
        let declares = matches!(
            block.word.as_str(),
            "macro" | "test" | "data_test" | "materialization"
        );
        if block.depth == 0 && declares {
            made.push(macro_block(source, &scan, &edits, block)?);
        }
    }
    made.sort_by_key(|block| block.span.start);
    Ok(made)
}

fn macro_block(
    source: &Arc<Source>,
    scan: &Scan<'_>,
    edits: &[Edit],
    block: &super::scan::Block,
) -> Result<MacroBlock, Box<Diagnostic>> {
    let (Some(open), Some(close)) = (scan.tag(block.open), scan.tag(block.close)) else {
        return Err(Box::new(Diagnostic::error(
            "jinja-syntax",
            "a macro without tags",
        )));
    };
    let head = Head::read(source, &block.word, scan.inside(open), &open.range)?;
    let text = scan.text;
    let mut body = open.range.end..close.range.start;
    if text[..body.start].ends_with("-%}") {
        body.start = body.end - text[body.clone()].trim_start().len();
    }
    if text[body.end..].starts_with("{%-") {
        body.end = body.start + text[body.clone()].trim_end().len();
    }
    let mut extras = Vec::new();
    for (token, _) in &scan.tokens[open.tokens.end..close.tokens.start] {
        if let Token::Ident(word) = token
            && let Some(extra) = ["varargs", "kwargs", "caller"]
                .iter()
                .find(|it| *it == word)
            && !extras.contains(extra)
            && !head.parameters.iter().any(|it| it.name == *word)
        {
            extras.push(*extra);
        }
    }
    let first = edits.partition_point(|edit| edit.at.start < open.range.start);
    let last = edits.partition_point(|edit| edit.at.start < close.range.end);
    let edits = &edits[first..last];
    let mut rewrite = Rewrite::default();
    head.bind(text, edits, &extras, &mut rewrite);
    rewrite.copy(text, body, edits);
    Ok(MacroBlock {
        name: head.called(),
        kind: head.kind,
        span: Span::new(source, head.name_range),
        block: Span::new(source, open.range.start..close.range.end),
        arguments: head
            .parameters
            .iter()
            .map(|parameter| MacroArgument {
                name: parameter.name.clone(),
                default: parameter
                    .default
                    .clone()
                    .map(|range| text[range].to_string()),
            })
            .collect(),
        extras,
        rewrite,
    })
}

/// What the opening tag of a macro says.
struct Head {
    kind: MacroKind,
    name: String,
    name_range: Range<usize>,
    parameters: Vec<Parameter>,
}

struct Parameter {
    name: String,
    default: Option<Range<usize>>,
}

impl Head {
    fn read(
        source: &Arc<Source>,
        word: &str,
        tokens: &[At<'_>],
        tag: &Range<usize>,
    ) -> Result<Self, Box<Diagnostic>> {
        let error = |message: String, range: &Range<usize>| {
            Box::new(
                Diagnostic::error("jinja-syntax", message).at(Span::new(source, range.clone())),
            )
        };
        let Some((Token::Ident(name), name_range)) = tokens.get(1) else {
            return Err(error(format!("a {word} needs a name"), tag));
        };
        let rest = &tokens[2..];
        if word == "materialization" {
            let adapter = rest.windows(3).find_map(|three| match three {
                [
                    (Token::Ident("adapter"), _),
                    (Token::Assign, _),
                    (Token::Str(adapter), _),
                ] => Some((*adapter).to_string()),
                _ => None,
            });
            return Ok(Self {
                kind: MacroKind::Materialization {
                    name: (*name).to_string(),
                    adapter: adapter.unwrap_or_else(|| "default".to_string()),
                },
                name: (*name).to_string(),
                name_range: name_range.clone(),
                parameters: Vec::new(),
            });
        }
        let kind = if word == "macro" {
            MacroKind::Macro
        } else {
            MacroKind::Test
        };
        let inside = match rest {
            [(Token::ParenOpen, _), inside @ .., (Token::ParenClose, _)] => inside,
            _ => {
                return Err(error(
                    format!("`{{% {word} {name} %}}` needs its parameters in parentheses"),
                    tag,
                ));
            }
        };
        Ok(Self {
            kind,
            name: (*name).to_string(),
            name_range: name_range.clone(),
            parameters: parameters(inside).map_err(|(message, range)| {
                error(message, &range.unwrap_or_else(|| tag.clone()))
            })?,
        })
    }

    fn called(&self) -> String {
        match &self.kind {
            MacroKind::Macro => self.name.clone(),
            MacroKind::Test => format!("test_{}", self.name),
            MacroKind::Materialization { name, adapter } => {
                format!("materialization_{name}_{adapter}")
            }
        }
    }

    /// Writes the reading of the parameters. A default is evaluated after the parameters before it, which it may name.
    fn bind(&self, text: &str, edits: &[Edit], extras: &[&str], rewrite: &mut Rewrite) {
        let names = self.parameters.iter().map(|it| it.name.as_str());
        for (at, name) in names.chain(extras.iter().copied()).enumerate() {
            rewrite.insert(&format!("{{% set {name} = __a[{at}] %}}"));
            let default = self.parameters.get(at).and_then(|it| it.default.clone());
            if let Some(default) = default {
                rewrite.insert(&format!("{{% if {name} is undefined %}}{{% set {name} = "));
                rewrite.copy(text, default, edits);
                rewrite.insert(" %}{% endif %}");
            }
        }
    }
}

type Bad = (String, Option<Range<usize>>);

fn parameters(tokens: &[At<'_>]) -> Result<Vec<Parameter>, Bad> {
    let mut made: Vec<Parameter> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let (token, range) = &tokens[at];
        let Token::Ident(name) = token else {
            return Err((
                "expected the name of a parameter".into(),
                Some(range.clone()),
            ));
        };
        if made.iter().any(|it| it.name == *name) {
            return Err((
                format!("parameter `{name}` is declared twice"),
                Some(range.clone()),
            ));
        }
        let mut parameter = Parameter {
            name: (*name).to_string(),
            default: None,
        };
        let rest = &tokens[at + 1..];
        let end =
            edits::at_depth_zero(rest, |token| matches!(token, Token::Comma)).unwrap_or(rest.len());
        match &rest[..end] {
            [] => {}
            [(Token::Assign, _), value @ ..] if !value.is_empty() => {
                parameter.default = Some(value[0].1.start..value[value.len() - 1].1.end);
            }
            [(_, range), ..] => {
                return Err((
                    "expected `,` or a default after the name of a parameter".into(),
                    Some(range.clone()),
                ));
            }
        }
        made.push(parameter);
        at += end + 2;
    }
    Ok(made)
}
