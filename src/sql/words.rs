//! The words of one statement: enough to see what it is, before anybody parses it.
//!
//! In: SQL text. Out: [`Words`], its tokens by their number. Knows no syntax tree.

use std::ops::Range;

use sqlparser::tokenizer::Token;

use super::position::Lines;
use super::redshift;

/// A statement's tokens without blanks and comments.
pub struct Words {
    tokens: Vec<(Token, Range<usize>)>,
    length: usize,
}

impl Words {
    /// Reads one statement.
    pub fn new(text: &str) -> Self {
        let lines = Lines::new(text);
        let tokens = redshift::tokens(text)
            .unwrap_or_default()
            .into_iter()
            .filter(redshift::is_code)
            .map(|token| {
                let range = lines.range(token.span).unwrap_or(0..0);
                (token.token, range)
            })
            .collect();
        Self {
            tokens,
            length: text.len(),
        }
    }

    /// The lower-case word at a place, empty where there is none.
    pub fn word(&self, at: usize) -> String {
        match self.tokens.get(at) {
            Some((Token::Word(word), _)) if word.quote_style.is_none() => word.value.to_lowercase(),
            _ => String::new(),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The token at a place.
    pub fn token(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at).map(|(token, _)| token)
    }

    /// Where a token stands; behind the last, the end.
    pub fn range(&self, at: usize) -> Range<usize> {
        self.tokens
            .get(at)
            .map_or(self.length..self.length, |(_, range)| range.clone())
    }

    /// Whether these words stand at a place.
    pub fn are(&self, at: usize, words: &[&str]) -> bool {
        words
            .iter()
            .enumerate()
            .all(|(number, word)| self.word(at + number) == *word)
    }

    /// Whether a sign stands at a place.
    pub fn is(&self, at: usize, token: &Token) -> bool {
        self.token(at) == Some(token)
    }

    /// The parts of a name at a place, folded as Redshift folds them, and the place behind it.
    pub fn name(&self, mut at: usize) -> (Vec<String>, usize) {
        let mut parts = Vec::new();
        while let Some(Token::Word(word)) = self.token(at) {
            parts.push(word.value.to_lowercase());
            at += 1;
            if !self.is(at, &Token::Period) {
                break;
            }
            at += 1;
        }
        (parts, at)
    }

    /// The text of a string literal at a place.
    pub fn text(&self, at: usize) -> Option<String> {
        match self.token(at)? {
            Token::SingleQuotedString(text) | Token::EscapedStringLiteral(text) => {
                Some(text.clone())
            }
            Token::DollarQuotedString(text) => Some(text.value.clone()),
            _ => None,
        }
    }

    /// The place of a word that stands outside of parentheses, from a place on.
    pub fn find(&self, from: usize, word: &str) -> Option<usize> {
        let mut depth = 0usize;
        for at in from..self.tokens.len() {
            match self.token(at) {
                Some(Token::LParen) => depth += 1,
                Some(Token::RParen) => depth = depth.saturating_sub(1),
                _ if depth == 0 && self.word(at) == word => return Some(at),
                _ => {}
            }
        }
        None
    }

    /// The place of the parenthesis that closes the one at `at`.
    pub fn closing(&self, at: usize) -> Option<usize> {
        let mut depth = 0usize;
        for place in at..self.tokens.len() {
            match self.token(place) {
                Some(Token::LParen) => depth += 1,
                Some(Token::RParen) => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return Some(place);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// The names between the parentheses that open at `at`, and the place behind them.
    pub fn list(&self, at: usize) -> (Vec<String>, usize) {
        let Some(end) = self.closing(at).filter(|_| self.is(at, &Token::LParen)) else {
            return (Vec::new(), at);
        };
        let mut names = Vec::new();
        for place in at + 1..end {
            if let Some(Token::Word(word)) = self.token(place) {
                names.push(word.value.to_lowercase());
            }
        }
        (names, end + 1)
    }

    /// The placeholders `$1`, `$2`, … and where they stand.
    pub fn placeholders(&self) -> Vec<(usize, Range<usize>)> {
        self.tokens
            .iter()
            .filter_map(|(token, range)| match token {
                Token::Placeholder(name) => {
                    Some((name.strip_prefix('$')?.parse().ok()?, range.clone()))
                }
                _ => None,
            })
            .collect()
    }
}
