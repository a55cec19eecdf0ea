//! `a < b` becomes `__lt(a, b)`: minijinja puts any two values in some order, Python refuses to compare a text with a number.
//!
//! In: the tokens of a tag. Out: [`Edit`]s.
//! Leaves a chain (`a < b < c`) and what stands behind a test (`x is number < 2`) as it is.

use std::ops::Range;

use minijinja::machinery::Token;

use super::edits::{KEYWORDS, after_dot};
use super::rewrite::Edit;
use super::scan::At;

/// Pushes the edits of all comparisons, outer ones first.
pub fn comparisons(tokens: &[At<'_>], edits: &mut Vec<Edit>) {
    let mut open = vec![Compared::default()];
    let mut found = Vec::new();
    for (at, (token, range)) in tokens.iter().enumerate() {
        match token {
            Token::ParenOpen | Token::BracketOpen | Token::BraceOpen => {
                reach(&mut open, range);
                open.push(Compared::default());
            }
            Token::ParenClose | Token::BracketClose | Token::BraceClose => {
                finish(&mut open, &mut found);
                if open.len() > 1 {
                    open.pop();
                }
                reach(&mut open, range);
            }
            Token::Lt => operator(&mut open, Some("__lt("), range),
            Token::Lte => operator(&mut open, Some("__le("), range),
            Token::Gt => operator(&mut open, Some("__gt("), range),
            Token::Gte => operator(&mut open, Some("__ge("), range),
            Token::Eq | Token::Ne => operator(&mut open, None, range),
            // Looser words begin anew; `in` and `is` bind as tightly as a comparison does.
            Token::Ident(word) if KEYWORDS.contains(word) && !after_dot(tokens, at) => {
                match *word {
                    "in" if !is_loop(tokens) => operator(&mut open, None, range),
                    "is" => operator(&mut open, None, range),
                    // `a not in b`; elsewhere `not` stands before a comparison.
                    "not" if ends_chain(&open) => operator(&mut open, None, range),
                    _ => finish(&mut open, &mut found),
                }
            }
            Token::Comma | Token::Colon | Token::Assign => finish(&mut open, &mut found),
            _ => reach(&mut open, range),
        }
    }
    while !open.is_empty() {
        finish(&mut open, &mut found);
        open.pop();
    }
    found.sort_by_key(|(start, _)| *start);
    edits.extend(found.into_iter().flat_map(|(_, edits)| edits));
}

/// A chain of comparisons being read.
#[derive(Default)]
struct Compared {
    start: Option<usize>,
    end: usize,
    operators: Vec<(Option<&'static str>, Range<usize>)>,
}

type Found = Vec<(usize, [Edit; 3])>;

fn reach(open: &mut [Compared], range: &Range<usize>) {
    if let Some(chain) = open.last_mut() {
        chain.start.get_or_insert(range.start);
        chain.end = range.end;
    }
}

fn operator(open: &mut [Compared], function: Option<&'static str>, range: &Range<usize>) {
    if let Some(chain) = open.last_mut() {
        chain.operators.push((function, range.clone()));
    }
}

/// Whether an operand has begun, so that a `not` belongs to an operator.
fn ends_chain(open: &[Compared]) -> bool {
    open.last().is_some_and(|chain| chain.start.is_some())
}

/// Whether the tag is a `for`, whose `in` is no operator.
fn is_loop(tokens: &[At<'_>]) -> bool {
    matches!(tokens.first(), Some((Token::Ident("for"), _)))
}

fn finish(open: &mut [Compared], found: &mut Found) {
    let Some(chain) = open.last_mut() else { return };
    let chain = std::mem::take(chain);
    let (Some(start), [(Some(function), sign)]) = (chain.start, chain.operators.as_slice()) else {
        return;
    };
    if start < sign.start && sign.end < chain.end {
        let edits = [
            Edit::insert(start, *function),
            Edit::replace(sign.clone(), ","),
            Edit::insert(chain.end, ")"),
        ];
        found.push((start, edits));
    }
}
