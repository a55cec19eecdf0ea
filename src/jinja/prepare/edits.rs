//! What has to change in a template's expressions so that minijinja reads them as Python's Jinja would.
//!
//! In: a [`Scan`]. Out: [`Edit`]s in order.
//! Knows the functions `__list`, `__dict`, `__own`, `__each` and those of operators (`__add`, `__percent`) by name only.

use std::collections::BTreeSet;
use std::ops::Range;

use minijinja::machinery::Token;

use super::compare::comparisons;
use super::rewrite::Edit;
use super::scan::{At, Part, Scan, Tag};

/// Words after which a bracket opens a literal, not a subscript.
pub(super) const KEYWORDS: &[&str] = &[
    "in", "not", "and", "or", "if", "else", "elif", "is", "do", "set", "for", "call", "filter",
    "with", "return", "print",
];

/// Statements whose words are no expressions.
const SIGNATURES: [&str; 6] = [
    "macro",
    "test",
    "data_test",
    "materialization",
    "snapshot",
    "call",
];

/// The edits of all tags of a template. With `dates`, `+` and `-` become calls that know dates too.
pub fn edits(scan: &Scan<'_>, dates: bool) -> Vec<Edit> {
    let mut edits = Vec::new();
    let assigned = assigned(scan);
    for part in &scan.parts {
        if let Part::Tag(tag) = part {
            edits_of_tag(scan, tag, dates, &mut edits);
            // Printed where the branch that sets it was not taken, a name prints as nothing: packages count on it.
            if !tag.statement
                && let [(Token::Ident(name), range)] = scan.inside(tag)
                && assigned.contains(name)
            {
                edits.push(Edit::insert(range.end, "|default('')"));
            }
        }
    }
    edits
}

/// The names that some `set` of the file gives a value.
fn assigned<'a>(scan: &Scan<'a>) -> BTreeSet<&'a str> {
    let mut names = BTreeSet::new();
    for part in &scan.parts {
        if let Part::Tag(tag) = part
            && scan.word(tag) == Some("set")
        {
            let tokens = scan.inside(tag).iter().skip(1);
            names.extend(
                tokens
                    .map_while(|(token, _)| match token {
                        Token::Ident(name) => Some(Some(*name)),
                        Token::Comma | Token::ParenOpen => Some(None),
                        _ => None,
                    })
                    .flatten(),
            );
        }
    }
    names
}

/// Whether a template may do arithmetic with dates.
pub fn has_dates(text: &str) -> bool {
    ["datetime", "timedelta", "pytz", "run_started_at"]
        .iter()
        .any(|word| text.contains(word))
}

fn edits_of_tag(scan: &Scan<'_>, tag: &Tag, dates: bool, edits: &mut Vec<Edit>) {
    let tokens = scan.inside(tag);
    let from = edits.len();
    // A stable sort follows: at one place, what is pushed first stays outside.
    statement(scan, tag, tokens, edits);
    if !SIGNATURES.iter().any(|word| scan.word(tag) == Some(word)) {
        comparisons(tokens, edits);
    }
    if dates {
        let skip = usize::from(tag.statement);
        arithmetic(tokens.get(skip..).unwrap_or(&[]), edits);
    }
    literals(tokens, edits);
    operators(tokens, edits);
    one_line(scan.text, tag, tokens, edits);
    edits[from..].sort_by_key(|edit| edit.at.start);
}

/// Puts a tag on one line: minijinja forgets where a call stands when its arguments end on another line.
fn one_line(text: &str, tag: &Tag, tokens: &[At<'_>], edits: &mut Vec<Edit>) {
    for (at, _) in text[tag.range.clone()].match_indices('\n') {
        let at = tag.range.start + at;
        let token = tokens.partition_point(|(_, range)| range.end <= at);
        let in_text = tokens
            .get(token)
            .is_some_and(|(_, range)| range.start <= at);
        if !in_text {
            edits.push(Edit::replace(at..at + 1, " "));
        } else if !text[..at].ends_with('\\') {
            edits.push(Edit::replace(at..at + 1, "\\n"));
        }
    }
}

/// `do` with anything but a call, a trailing colon, a `set` whose value must stay changeable, a `for` over what may be nothing.
fn statement(scan: &Scan<'_>, tag: &Tag, tokens: &[At<'_>], edits: &mut Vec<Edit>) {
    let Some(word) = scan.word(tag) else { return };
    let (Some((_, first)), Some((last, last_range))) = (tokens.first(), tokens.last()) else {
        return;
    };
    if matches!(last, Token::Colon) {
        edits.push(Edit::replace(last_range.clone(), ""));
    }
    match word {
        "do" if !is_one_call(&tokens[1..]) => {
            edits.push(Edit::replace(first.clone(), "set __done ="));
        }
        "for" => each(tokens, edits),
        "set" => {
            let Some(assign) = at_depth_zero(tokens, |token| matches!(token, Token::Assign)) else {
                return;
            };
            let value = &tokens[assign + 1..];
            let tuple = at_depth_zero(value, |token| matches!(token, Token::Comma)).is_some();
            let made = value
                .iter()
                .any(|(token, _)| matches!(token, Token::Plus | Token::Pipe | Token::Colon));
            if !tuple
                && made
                && let Some((_, start)) = value.first()
            {
                edits.push(Edit::insert(start.start, "__own("));
                edits.push(Edit::insert(last_range.end, ")"));
            }
        }
        _ => {}
    }
}

/// What a `for` goes over goes through `__each`, which refuses none: minijinja takes it for an empty list.
fn each(tokens: &[At<'_>], edits: &mut Vec<Edit>) {
    let is = |word: &'static str| move |token: &Token<'_>| matches!(token, Token::Ident(it) if *it == word);
    let Some(start) = at_depth_zero(tokens, is("in")).map(|at| at + 1) else {
        return;
    };
    let rest = &tokens[start..];
    let ends = ["if", "recursive"].into_iter();
    let end = ends.filter_map(|word| at_depth_zero(rest, is(word))).min();
    let items = &rest[..end.unwrap_or(rest.len())];
    let several = at_depth_zero(items, |token| matches!(token, Token::Comma)).is_some();
    // A call, a filter or a name may give nothing; what is written as a list does not.
    let (Some((Token::Ident(_), first)), Some((_, last)), false) =
        (items.first(), items.last(), several)
    else {
        return;
    };
    edits.push(Edit::insert(first.start, "__each("));
    edits.push(Edit::insert(last.end, ")"));
}

/// The first token outside all brackets that `wanted` accepts.
pub fn at_depth_zero(tokens: &[At<'_>], wanted: impl Fn(&Token<'_>) -> bool) -> Option<usize> {
    let mut depth = 0usize;
    for (at, (token, _)) in tokens.iter().enumerate() {
        match token {
            _ if depth == 0 && wanted(token) => return Some(at),
            Token::ParenOpen | Token::BracketOpen | Token::BraceOpen => depth += 1,
            Token::ParenClose | Token::BracketClose | Token::BraceClose => {
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
    }
    None
}

/// Whether an expression is one call and nothing else, as minijinja's `do` wants it.
fn is_one_call(tokens: &[At<'_>]) -> bool {
    let ends_in_call = matches!(tokens.last(), Some((Token::ParenClose, _)));
    let starts_with_name = matches!(tokens.first(), Some((Token::Ident(_), _)));
    let other = at_depth_zero(tokens, |token| match token {
        Token::Ident(word) => KEYWORDS.contains(word),
        Token::Dot
        | Token::ParenOpen
        | Token::ParenClose
        | Token::BracketOpen
        | Token::BracketClose => false,
        _ => true,
    });
    ends_in_call && starts_with_name && other.is_none()
}

/// Whether the token before a place ends an operand, so that a bracket or sign after it belongs to it.
fn ends_operand(tokens: &[At<'_>], at: usize) -> bool {
    let Some((token, _)) = at.checked_sub(1).and_then(|at| tokens.get(at)) else {
        return false;
    };
    match token {
        Token::Ident(word) => {
            // A keyword after a dot is an attribute.
            let attribute = at >= 2 && matches!(tokens[at - 2].0, Token::Dot);
            attribute || !KEYWORDS.contains(word)
        }
        Token::Str(_)
        | Token::String(_)
        | Token::Int(_)
        | Token::Int128(_)
        | Token::Float(_)
        | Token::BracketClose
        | Token::BraceClose
        | Token::ParenClose => true,
        _ => false,
    }
}

/// Lists and dicts are made by functions, because literals of minijinja cannot change; `x[a, b]` has a tuple in it.
fn literals(tokens: &[At<'_>], edits: &mut Vec<Edit>) {
    struct Open {
        literal: bool,
        inside: usize,
        comma: bool,
    }
    let mut open: Vec<Open> = Vec::new();
    for (at, (token, range)) in tokens.iter().enumerate() {
        match token {
            Token::BracketOpen | Token::BraceOpen | Token::ParenOpen => {
                let function = match token {
                    Token::BraceOpen => Some("__dict("),
                    Token::BracketOpen if !ends_operand(tokens, at) => Some("__list("),
                    _ => None,
                };
                if let Some(function) = function {
                    // `in['a']`: the name of the function must not grow onto the word.
                    let touches = at.checked_sub(1).and_then(|at| tokens.get(at)).is_some_and(
                        |(before, its)| matches!(before, Token::Ident(_)) && its.end == range.start,
                    );
                    let blank = if touches { " " } else { "" };
                    edits.push(Edit::insert(range.start, format!("{blank}{function}")));
                }
                open.push(Open {
                    literal: function.is_some(),
                    inside: range.end,
                    comma: false,
                });
            }
            Token::Comma => {
                if let Some(open) = open.last_mut() {
                    open.comma = true;
                }
            }
            Token::BracketClose | Token::BraceClose | Token::ParenClose => {
                let Some(open) = open.pop() else { continue };
                if open.literal {
                    edits.push(Edit::insert(range.end, ")"));
                } else if open.comma && matches!(token, Token::BracketClose) {
                    edits.push(Edit::insert(open.inside, "("));
                    edits.push(Edit::insert(range.start, ")"));
                }
            }
            _ => {}
        }
    }
}

/// A sign before a number, and `'…' % value`.
fn operators(tokens: &[At<'_>], edits: &mut Vec<Edit>) {
    for (at, (token, range)) in tokens.iter().enumerate() {
        match token {
            Token::Plus if !ends_operand(tokens, at) => {
                edits.push(Edit::replace(range.clone(), ""));
            }
            Token::Mod
                if at > 0 && matches!(tokens[at - 1].0, Token::Str(_) | Token::String(_)) =>
            {
                let end = operand_end(tokens, at + 1);
                let tuple = matches!(tokens.get(at + 1), Some((Token::ParenOpen, _)))
                    && closing(tokens, at + 1) + 1 == end;
                if tuple {
                    edits.push(Edit::replace(range.clone(), "|format"));
                } else if let Some((_, last)) = tokens.get(end.saturating_sub(1)) {
                    edits.push(Edit::replace(range.clone(), "|__percent("));
                    edits.push(Edit::insert(last.end, ")"));
                }
            }
            _ => {}
        }
    }
}

/// The index of the bracket that closes the one at `open`, or the last token.
fn closing(tokens: &[At<'_>], open: usize) -> usize {
    let mut depth = 0usize;
    for (at, (token, _)) in tokens.iter().enumerate().skip(open) {
        match token {
            Token::ParenOpen | Token::BracketOpen | Token::BraceOpen => depth += 1,
            Token::ParenClose | Token::BracketClose | Token::BraceClose => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    tokens.len().saturating_sub(1)
}

/// One past the operand that starts at `at`, with its attributes, subscripts and calls.
fn operand_end(tokens: &[At<'_>], at: usize) -> usize {
    let mut end = match tokens.get(at) {
        Some((Token::ParenOpen | Token::BracketOpen | Token::BraceOpen, _)) => {
            closing(tokens, at) + 1
        }
        _ => at + 1,
    };
    while let Some((token, _)) = tokens.get(end) {
        end = match token {
            Token::Dot => end + 2,
            Token::ParenOpen | Token::BracketOpen => closing(tokens, end) + 1,
            _ => break,
        };
    }
    end.min(tokens.len())
}

/// `a + b * c` becomes `__add(a, __mul(b, c))`: minijinja has no operators for objects, and dates are objects.
fn arithmetic(tokens: &[At<'_>], edits: &mut Vec<Edit>) {
    // One sum for each open bracket; a sum starts anew after whatever binds looser.
    let mut stack = vec![Sum::default()];
    for (at, (token, range)) in tokens.iter().enumerate() {
        let top = stack.len() - 1;
        match token {
            Token::ParenOpen | Token::BracketOpen | Token::BraceOpen => {
                stack[top].reach(range.start..range.start);
                stack.push(Sum::default());
            }
            Token::ParenClose | Token::BracketClose | Token::BraceClose => {
                stack[top].finish(edits);
                if stack.len() > 1 {
                    stack.pop();
                }
                let top = stack.len() - 1;
                stack[top].reach(range.end..range.end);
            }
            Token::Mul | Token::Div | Token::FloorDiv if ends_operand(tokens, at) => {
                let function = match token {
                    Token::Mul => "__mul(",
                    Token::Div => "__div(",
                    _ => "__floor(",
                };
                stack[top].factor(function, range.clone());
            }
            Token::Mod if ends_operand(tokens, at) && !after_text(tokens, at) => {
                stack[top].factor("__mod(", range.clone());
            }
            Token::Plus | Token::Minus if ends_operand(tokens, at) => {
                let function = if matches!(token, Token::Plus) {
                    "__add("
                } else {
                    "__sub("
                };
                stack[top].term(function, range.clone());
            }
            Token::Comma
            | Token::Colon
            | Token::Assign
            | Token::Tilde
            | Token::Eq
            | Token::Ne
            | Token::Gt
            | Token::Gte
            | Token::Lt
            | Token::Lte => stack[top].finish(edits),
            Token::Ident(word) if KEYWORDS.contains(word) && !after_dot(tokens, at) => {
                stack[top].finish(edits);
            }
            _ => stack[top].reach(range.clone()),
        }
    }
    for sum in &mut stack {
        sum.finish(edits);
    }
}

/// Whether what stands before is a text, whose `%` fills it in.
fn after_text(tokens: &[At<'_>], at: usize) -> bool {
    at > 0 && matches!(tokens[at - 1].0, Token::Str(_) | Token::String(_))
}

pub(super) fn after_dot(tokens: &[At<'_>], at: usize) -> bool {
    at > 0 && matches!(tokens[at - 1].0, Token::Dot)
}

/// A sum of products being read.
#[derive(Default)]
struct Sum {
    terms: Chain,
    /// The product that is the last term so far.
    factors: Chain,
    /// The edits of the products, which stand inside those of the sum.
    products: Vec<Edit>,
}

impl Sum {
    /// A piece of an operand.
    fn reach(&mut self, range: Range<usize>) {
        self.terms.reach(&range);
        self.factors.reach(&range);
    }

    fn factor(&mut self, function: &'static str, range: Range<usize>) {
        self.factors.operator(function, range);
    }

    fn term(&mut self, function: &'static str, range: Range<usize>) {
        self.factors.finish(&mut self.products);
        self.terms.operator(function, range);
    }

    fn finish(&mut self, edits: &mut Vec<Edit>) {
        self.factors.finish(&mut self.products);
        // At one place, what is pushed first stays outside: where it opens the sum, where it ends the product.
        let mut sum = Vec::new();
        self.terms.finish(&mut sum);
        let mut sum = sum.into_iter();
        edits.extend(sum.next());
        edits.append(&mut self.products);
        edits.extend(sum);
    }
}

/// Operands with operators of one rank between them.
#[derive(Default)]
struct Chain {
    start: Option<usize>,
    end: usize,
    /// The function and place of each operator, and the end of the operand before it.
    operators: Vec<(&'static str, Range<usize>, usize)>,
}

impl Chain {
    fn reach(&mut self, range: &Range<usize>) {
        self.start.get_or_insert(range.start);
        self.end = range.end;
    }

    fn operator(&mut self, function: &'static str, range: Range<usize>) {
        self.operators.push((function, range, self.end));
    }

    fn finish(&mut self, edits: &mut Vec<Edit>) {
        let chain = std::mem::take(self);
        let Some(start) = chain.start else { return };
        let mut opening = String::new();
        for (function, _, _) in chain.operators.iter().rev() {
            opening.push_str(function);
        }
        if opening.is_empty() {
            return;
        }
        edits.push(Edit::insert(start, opening));
        for (at, (_, operator, end)) in chain.operators.iter().enumerate() {
            if at > 0 {
                edits.push(Edit::insert(*end, ")"));
            }
            edits.push(Edit::replace(operator.clone(), ","));
        }
        edits.push(Edit::insert(chain.end, ")"));
    }
}
