//! The tokens of a template, grouped by tag, and its blocks.
//!
//! In: a [`Template`]. Out: [`Scan`], or what is wrong with the template's outer shape: a tag or a block that is never closed.
//! Does not look into expressions.

use std::ops::Range;

use minijinja::machinery::{Token, Tokenizer};
use minijinja::syntax::SyntaxConfig;

use crate::diagnostic::Diagnostic;
use crate::jinja::template::Template;

/// A token and where it stands.
pub type At<'a> = (Token<'a>, Range<usize>);

/// A template taken apart.
pub struct Scan<'a> {
    /// The text that was taken apart.
    pub text: &'a str,
    /// All tokens in tags.
    pub tokens: Vec<At<'a>>,
    /// Text and tags in order.
    pub parts: Vec<Part>,
    /// Blocks, each after the blocks inside it.
    pub blocks: Vec<Block>,
}

/// A stretch of a template.
pub enum Part {
    /// Text as it will be printed, after trimming.
    Data(Range<usize>),
    /// A tag.
    Tag(Tag),
}

/// `{{ … }}` or `{% … %}`.
pub struct Tag {
    /// Whether it is `{% … %}`.
    pub statement: bool,
    /// From the first brace to the last.
    pub range: Range<usize>,
    /// The tokens between the braces, in [`Scan::tokens`].
    pub tokens: Range<usize>,
    /// How many blocks that keep their text from the output are open around it.
    pub captured: usize,
}

/// A statement with an end.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its word: `if`, `macro`, …
    pub word: String,
    /// Index of the opening tag in [`Scan::parts`].
    pub open: usize,
    /// Index of the closing tag in [`Scan::parts`].
    pub close: usize,
    /// How many blocks are open around it.
    pub depth: usize,
}

impl<'a> Scan<'a> {
    /// The tag at an index of [`Scan::parts`].
    pub fn tag(&self, part: usize) -> Option<&Tag> {
        match self.parts.get(part)? {
            Part::Tag(tag) => Some(tag),
            Part::Data(_) => None,
        }
    }

    /// The tokens between the braces of a tag.
    pub fn inside(&self, tag: &Tag) -> &[At<'a>] {
        &self.tokens[tag.tokens.clone()]
    }

    /// The first word of a statement.
    pub fn word(&self, tag: &Tag) -> Option<&'a str> {
        match self.inside(tag).first() {
            Some((Token::Ident(word), _)) if tag.statement => Some(word),
            _ => None,
        }
    }
}

/// The syntax of dbt: Jinja's own, with the last line end left to the caller.
pub fn syntax() -> SyntaxConfig {
    SyntaxConfig::builder()
        .keep_trailing_newline(true)
        .build()
        .unwrap_or_default()
}

/// Takes a template apart.
///
/// # Errors
/// A character that no token starts with, a string, tag or block that is never closed, an end that nothing opened.
pub fn scan<'a>(template: &Template, text: &'a str) -> Result<Scan<'a>, Box<Diagnostic>> {
    let mut scan = Scan {
        text,
        tokens: Vec::new(),
        parts: Vec::new(),
        blocks: Vec::new(),
    };
    let mut open: Option<(bool, usize, usize)> = None;
    let mut blocks = Blocks::default();
    let mut tokenizer = Tokenizer::new(text, "", false, syntax());
    loop {
        let (token, range) = match tokenizer.next_token() {
            Ok(Some((token, span))) => {
                (token, span.start_offset as usize..span.end_offset as usize)
            }
            Ok(None) => break,
            Err(error) => {
                let after = scan.tokens.last().map_or(0, |(_, range)| range.end);
                return Err(bad_token(template, text, open, after, &error));
            }
        };
        match (&token, open) {
            (Token::TemplateData(data), _) => {
                // The span of a token of data may hold trimmed space too; the slice is exact.
                let start = data.as_ptr() as usize - text.as_ptr() as usize;
                scan.parts.push(Part::Data(start..start + data.len()));
            }
            (Token::VariableStart, _) => open = Some((false, range.start, scan.tokens.len())),
            (Token::BlockStart, _) => open = Some((true, range.start, scan.tokens.len())),
            (Token::VariableEnd | Token::BlockEnd, Some((statement, start, first))) => {
                open = None;
                let mut tag = Tag {
                    statement,
                    range: start..range.end,
                    tokens: first..scan.tokens.len(),
                    captured: 0,
                };
                blocks.enter(template, &mut scan, &mut tag)?;
                scan.parts.push(Part::Tag(tag));
            }
            _ => scan.tokens.push((token, range)),
        }
    }
    if let Some((statement, start, first)) = open {
        let bracket = unclosed_bracket(&scan.tokens[first..]);
        return Err(match bracket {
            Some(range) => Box::new(
                Diagnostic::error(
                    "jinja-syntax",
                    format!("`{}` is never closed", &text[range.clone()]),
                )
                .help(format!("close it with `{}`", closing(&text[range.clone()])))
                .at(template.span(range)),
            ),
            None => unclosed_tag(template, statement, start),
        });
    }
    blocks.finish(template, &scan)?;
    Ok(scan)
}

/// Statements that have an end, with whether their text is kept from the output.
const WITH_END: &[(&str, bool)] = &[
    ("if", false),
    ("for", false),
    ("with", false),
    ("autoescape", false),
    ("block", true),
    ("macro", true),
    ("call", true),
    ("filter", true),
    ("set", true),
    ("test", true),
    ("data_test", true),
    ("materialization", true),
    ("snapshot", true),
    ("docs", true),
];

/// The blocks that are open.
#[derive(Default)]
struct Blocks {
    stack: Vec<Open>,
    captured: usize,
}

struct Open {
    word: String,
    part: usize,
    range: Range<usize>,
    captures: bool,
}

impl Blocks {
    fn enter(
        &mut self,
        template: &Template,
        scan: &mut Scan<'_>,
        tag: &mut Tag,
    ) -> Result<(), Box<Diagnostic>> {
        let part = scan.parts.len();
        let Some(word) = scan.word(tag) else {
            tag.captured = self.captured;
            return Ok(());
        };
        if let Some(ended) = word.strip_prefix("end") {
            if WITH_END.iter().any(|(word, _)| *word == ended) {
                self.leave(template, scan, tag, ended)?;
            }
        } else if word == "set" && scan.inside(tag).len() < 2 {
            return Err(Box::new(
                Diagnostic::error("jinja-syntax", "`{% set %}` needs a name")
                    .help("write `{% set name = value %}`")
                    .at(template.span(tag.range.clone())),
            ));
        } else if let Some((_, captures)) = WITH_END.iter().find(|(it, _)| *it == word)
            && !(word == "set" && assigns(scan.inside(tag)))
        {
            tag.captured = self.captured;
            self.captured += usize::from(*captures);
            self.stack.push(Open {
                word: word.to_string(),
                part,
                range: tag.range.clone(),
                captures: *captures,
            });
            return Ok(());
        }
        tag.captured = self.captured;
        Ok(())
    }

    fn leave(
        &mut self,
        template: &Template,
        scan: &mut Scan<'_>,
        tag: &Tag,
        ended: &str,
    ) -> Result<(), Box<Diagnostic>> {
        let message = format!("`{{% end{ended} %}}` closes nothing");
        let error = Diagnostic::error("jinja-syntax", message).at(template.span(tag.range.clone()));
        let Some(open) = self.stack.pop() else {
            return Err(Box::new(
                error
                    .label(format!("no `{{% {ended} %}}` is open here"))
                    .help("take it out, or open the block before it"),
            ));
        };
        if open.word != ended {
            let word = &open.word;
            return Err(Box::new(
                error
                    .label(format!("`{{% end{word} %}}` is expected first"))
                    .help(format!("write `{{% end{word} %}}` before it: blocks end in the opposite order of their beginnings"))
                    .related(
                        format!("the open `{{% {word} %}}`"),
                        template.span(open.range.clone()),
                    ),
            ));
        }
        self.captured -= usize::from(open.captures);
        scan.blocks.push(Block {
            word: open.word,
            open: open.part,
            close: scan.parts.len(),
            depth: self.stack.len(),
        });
        Ok(())
    }

    fn finish(self, template: &Template, _: &Scan<'_>) -> Result<(), Box<Diagnostic>> {
        let Some(open) = self.stack.into_iter().next_back() else {
            return Ok(());
        };
        let word = open.word;
        let error = Diagnostic::error("jinja-syntax", format!("`{{% {word} %}}` is never closed"));
        Err(Box::new(
            error
                .at(template.span(open.range))
                .label(format!("no `{{% end{word} %}}` follows"))
                .help(format!("write `{{% end{word} %}}` where it ends")),
        ))
    }
}

/// Whether a `set` has its value in the tag.
fn assigns(tokens: &[At<'_>]) -> bool {
    tokens
        .iter()
        .any(|(token, _)| matches!(token, Token::Assign))
}

/// The innermost bracket that is open at the end.
fn unclosed_bracket(tokens: &[At<'_>]) -> Option<Range<usize>> {
    let mut open: Vec<(&Token<'_>, &Range<usize>)> = Vec::new();
    for (token, range) in tokens {
        let closes = match (token, open.last()) {
            (Token::ParenOpen | Token::BracketOpen | Token::BraceOpen, _) => {
                open.push((token, range));
                false
            }
            (Token::ParenClose, Some((Token::ParenOpen, _)))
            | (Token::BracketClose, Some((Token::BracketOpen, _)))
            | (Token::BraceClose, Some((Token::BraceOpen, _))) => true,
            _ => false,
        };
        if closes {
            open.pop();
        }
    }
    open.pop().map(|(_, range)| range.clone())
}

/// What closes a bracket.
fn closing(open: &str) -> char {
    match open {
        "(" => ')',
        "[" => ']',
        _ => '}',
    }
}

fn unclosed_tag(template: &Template, statement: bool, start: usize) -> Box<Diagnostic> {
    let (open, close) = if statement {
        ("{%", "%}")
    } else {
        ("{{", "}}")
    };
    Box::new(
        Diagnostic::error("jinja-syntax", format!("`{open}` is never closed"))
            .at(template.span(start..start + 2))
            .label(format!("no `{close}` follows"))
            .help(format!("end it with `{close}`")),
    )
}

fn bad_token(
    template: &Template,
    text: &str,
    open: Option<(bool, usize, usize)>,
    after: usize,
    error: &minijinja::Error,
) -> Box<Diagnostic> {
    let range = error.range().unwrap_or(0..0);
    let detail = error.detail().unwrap_or("syntax error").to_string();
    if detail.contains("end of string") {
        let from = after.max(open.map_or(0, |(_, start, _)| start));
        let quote = text[from..].find(['\'', '"']).map_or(from, |at| from + at);
        return Box::new(
            Diagnostic::error("jinja-syntax", "a string is never closed")
                .help("end it with the quote that it begins with")
                .at(template.span(quote..quote + 1)),
        );
    }
    if detail.contains("comment") {
        let start = text.rfind("{#").unwrap_or(range.start);
        return Box::new(
            Diagnostic::error("jinja-syntax", "`{#` is never closed")
                .at(template.span(start..start + 2))
                .label("no `#}` follows")
                .help("end the comment with `#}`"),
        );
    }
    // When a tag is not closed the tokens run on into the SQL below: then the tag is the place to show.
    if let Some((statement, start, _)) = open
        && text[start..range.start.min(text.len())].contains('\n')
        && !text[start..range.start.min(text.len())].contains(if statement { "%}" } else { "}}" })
    {
        let close = if statement { "%}" } else { "}}" };
        return Box::new(
            Diagnostic::error("jinja-syntax", format!("{detail} in a tag"))
                .at(template.span(range))
                .help(format!("end the tag with `{close}`"))
                .related(
                    format!("in this tag; is its `{close}` missing?"),
                    template.span(start..start + 2),
                ),
        );
    }
    Box::new(Diagnostic::error("jinja-syntax", detail).at(template.span(range)))
}
