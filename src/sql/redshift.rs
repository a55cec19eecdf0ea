//! Parsing of Redshift SQL, with a dialect of our own around sqlparser's.
//!
//! The parser's dialect misses what analysts write every day: `extract(qtr from d)`, `approximate count(distinct x)`,
//! `|/ x`, trailing commas, `encode`, `distkey` and `identity(0, 1)` after a column; and its operators bind in another order.

use std::any::TypeId;
use std::iter::Peekable;
use std::ops::Range;
use std::str::Chars;

use sqlparser::ast::{
    BinaryOperator, ColumnOption, Expr, FunctionArguments, Ident, ObjectName, ObjectNamePart,
    UnaryOperator,
};
use sqlparser::dialect::{Dialect, Precedence, RedshiftSqlDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError, ParserOptions};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, TokenizerError, Word};

pub use sqlparser::ast::Statement;

use super::position::Lines;

/// How deep expressions and subqueries may nest. Far above what people write, below what a thread's stack holds.
const DEPTH: usize = 120;

/// Text that is not Redshift SQL as far as we can read it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// What the parser did not expect: a lower-case phrase.
    pub message: String,
    /// The bytes of the text where it stands, when known.
    pub range: Option<Range<usize>>,
}

/// One statement of a text, with the bytes it takes (without its semicolon).
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The syntax tree; string literals hold their values, escapes resolved.
    pub statement: Statement,
    /// Where it stands.
    pub range: Range<usize>,
}

/// Reads a text of one or more statements.
///
/// # Errors
/// The first place that the parser does not understand.
pub fn parse(text: &str) -> Result<Vec<Parsed>, ParseError> {
    let lines = Lines::new(text);
    let tokens = tokens(text)?;
    let mut all = Vec::new();
    for range in split(&tokens) {
        let tokens = &tokens[range];
        let (Some(first), Some(last)) = (
            tokens.iter().find(|token| is_code(token)),
            tokens.iter().rfind(|token| is_code(token)),
        ) else {
            continue;
        };
        check(tokens, &lines)?;
        let start = lines.offset(first.span.start).unwrap_or(0);
        let end = lines.offset(last.span.end).unwrap_or(text.len());
        let statement = parse_tokens(tokens.to_vec())
            .map_err(|error| parse_error(&error, &lines, start..end))?;
        all.push(Parsed {
            statement,
            range: start..end,
        });
    }
    Ok(all)
}

/// How many bytes a name takes at most: <https://docs.aws.amazon.com/redshift/latest/dg/r_names.html>.
const LONGEST_NAME: usize = 127;

/// Refuses tokens that the parser would take and Redshift does not: names that are too long, `==`.
///
/// # Errors
/// The first of them.
pub fn check(tokens: &[TokenWithSpan], lines: &Lines<'_>) -> Result<(), ParseError> {
    match tokens.iter().find_map(|token| refused(token, lines)) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// What the parser would take and Redshift does not.
fn refused(token: &TokenWithSpan, lines: &Lines<'_>) -> Option<ParseError> {
    let message = match &token.token {
        Token::DoubleEq => "`==` is not one of Redshift's operators: write `=`".to_owned(),
        Token::Word(word) if word.value.len() > LONGEST_NAME => format!(
            "this name takes {} bytes, and a name has at most {LONGEST_NAME}",
            word.value.len()
        ),
        _ => return None,
    };
    Some(ParseError {
        message,
        range: lines.range(token.span),
    })
}

/// The tokens of a text with their places, comments and blanks included.
///
/// # Errors
/// An unfinished string, comment or quoted name.
pub fn tokens(text: &str) -> Result<Vec<TokenWithSpan>, ParseError> {
    Tokenizer::new(&RedshiftDialect, text)
        .tokenize_with_location()
        .map_err(|TokenizerError { message, location }| {
            let at = Lines::new(text).offset(location);
            ParseError {
                message: lower_first(&message),
                range: at.map(|at| at..text.len().min(at + 1)),
            }
        })
}

/// The ranges of tokens between semicolons.
pub fn split(tokens: &[TokenWithSpan]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    for (at, token) in tokens.iter().enumerate() {
        if token.token == Token::SemiColon {
            ranges.push(start..at);
            start = at + 1;
        }
    }
    ranges.push(start..tokens.len());
    ranges
}

/// Whether a token is neither blank nor comment nor the end.
pub fn is_code(token: &TokenWithSpan) -> bool {
    !matches!(token.token, Token::Whitespace(_) | Token::EOF)
}

/// Parses the tokens of one statement of `text`, some of which may have been left out.
///
/// # Errors
/// The first token that the parser does not understand.
pub fn parse_statement(
    text: &str,
    tokens: Vec<TokenWithSpan>,
    range: Range<usize>,
) -> Result<Statement, ParseError> {
    parse_tokens(tokens).map_err(|error| parse_error(&error, &Lines::new(text), range))
}

/// Words behind which an operand stands, and no operator.
const BEFORE_OPERANDS: [Keyword; 19] = [
    Keyword::SELECT,
    Keyword::DISTINCT,
    Keyword::ALL,
    Keyword::WHERE,
    Keyword::AND,
    Keyword::OR,
    Keyword::NOT,
    Keyword::CASE,
    Keyword::WHEN,
    Keyword::THEN,
    Keyword::ELSE,
    Keyword::BY,
    Keyword::ON,
    Keyword::IN,
    Keyword::LIKE,
    Keyword::HAVING,
    Keyword::FROM,
    Keyword::AS,
    Keyword::BETWEEN,
];

/// `x isnull` and `x notnull` in the words that the parser knows: it would take them for aliases, which no reserved word can be.
fn spelled_out(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let is_reserved = |token: &TokenWithSpan| matches!(&token.token, Token::Word(word) if is_word(word, "isnull") || is_word(word, "notnull"));
    if !tokens.iter().any(is_reserved) {
        return tokens;
    }
    let mut all: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len() + 2);
    for (at, token) in tokens.iter().enumerate() {
        let before = all.iter().rfind(|token| is_code(token));
        let after = tokens[at + 1..].iter().find(|token| is_code(token));
        let is_operand = before.is_some_and(|before| match &before.token {
            Token::Word(word) => {
                word.quote_style.is_some() || !BEFORE_OPERANDS.contains(&word.keyword)
            }
            Token::Number(..) | Token::SingleQuotedString(_) | Token::RParen | Token::RBracket => {
                true
            }
            _ => false,
        });
        let is_call =
            after.is_some_and(|after| matches!(after.token, Token::LParen | Token::Period));
        let Token::Word(word) = &token.token else {
            all.push(token.clone());
            continue;
        };
        if !is_operand || is_call || !is_reserved(token) {
            all.push(token.clone());
            continue;
        }
        let words: &[&str] = match is_word(word, "isnull") {
            true => &["IS", "NULL"],
            false => &["IS", "NOT", "NULL"],
        };
        let said = words
            .iter()
            .map(|word| TokenWithSpan::new(Token::make_keyword(word), token.span));
        all.extend(said);
    }
    all
}

fn parse_tokens(tokens: Vec<TokenWithSpan>) -> Result<Statement, ParserError> {
    let tokens = spelled_out(tokens);
    let mut parser = Parser::new(&RedshiftDialect)
        .with_options(ParserOptions::new().with_trailing_commas(true))
        .with_recursion_limit(DEPTH)
        .with_tokens_with_locations(tokens);
    let statement = parser.parse_statement()?;
    if parser.peek_token().token == Token::EOF {
        Ok(statement)
    } else {
        parser.expected("the end of the statement", parser.peek_token())
    }
}

fn parse_error(error: &ParserError, lines: &Lines<'_>, whole: Range<usize>) -> ParseError {
    let text = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.as_str(),
        ParserError::RecursionLimitExceeded => {
            return ParseError {
                message: format!("nested more than {DEPTH} levels deep"),
                range: Some(whole),
            };
        }
    };
    let (message, at) = match text.rsplit_once(" at Line: ") {
        Some((message, place)) => {
            let place = place
                .split_once(", Column: ")
                .and_then(|(line, column)| {
                    Some(Location::new(
                        line.parse().ok()?,
                        column.trim().parse().ok()?,
                    ))
                })
                .and_then(|location| lines.offset(location));
            (message, place)
        }
        None => (text, None),
    };
    ParseError {
        message: lower_first(
            &message
                .replace("Expected: ", "expected ")
                .replace(", found: ", ", found "),
        ),
        range: Some(at.map_or(whole.clone(), |at| {
            at..at + word_length(&lines.text()[at..])
        })),
    }
}

/// The length of the word or sign that a text begins with.
fn word_length(text: &str) -> usize {
    let word = text
        .find(|character: char| !character.is_alphanumeric() && character != '_')
        .unwrap_or(text.len());
    match word {
        0 => text.chars().next().map_or(0, char::len_utf8),
        _ => word,
    }
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(characters).collect()
    })
}

/// sqlparser's Redshift dialect and what it misses.
#[derive(Debug, Default, Clone, Copy)]
pub struct RedshiftDialect;

const STOCK: RedshiftSqlDialect = RedshiftSqlDialect {};

impl Dialect for RedshiftDialect {
    fn dialect(&self) -> TypeId {
        TypeId::of::<RedshiftSqlDialect>()
    }
    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        STOCK.is_delimited_identifier_start(ch)
    }
    fn is_nested_delimited_identifier_start(&self, ch: char) -> bool {
        STOCK.is_nested_delimited_identifier_start(ch)
    }
    fn peek_nested_delimited_identifier_quotes(
        &self,
        chars: Peekable<Chars<'_>>,
    ) -> Option<(char, Option<char>)> {
        STOCK.peek_nested_delimited_identifier_quotes(chars)
    }
    fn is_identifier_start(&self, ch: char) -> bool {
        STOCK.is_identifier_start(ch)
    }
    fn is_identifier_part(&self, ch: char) -> bool {
        STOCK.is_identifier_part(ch)
    }
    fn identifier_quote_style(&self, identifier: &str) -> Option<char> {
        STOCK.identifier_quote_style(identifier)
    }
    fn convert_type_before_value(&self) -> bool {
        true
    }
    fn supports_connect_by(&self) -> bool {
        true
    }
    fn supports_top_before_distinct(&self) -> bool {
        true
    }
    fn supports_partiql(&self) -> bool {
        true
    }
    fn supports_unpivot_expr(&self) -> bool {
        true
    }
    fn supports_string_escape_constant(&self) -> bool {
        true
    }
    fn supports_bitwise_shift_operators(&self) -> bool {
        true
    }
    fn supports_array_typedef_with_brackets(&self) -> bool {
        true
    }
    fn allow_extract_single_quotes(&self) -> bool {
        true
    }
    fn allow_extract_custom(&self) -> bool {
        true
    }
    fn supports_string_literal_backslash_escape(&self) -> bool {
        true
    }
    fn supports_select_wildcard_exclude(&self) -> bool {
        true
    }
    fn supports_select_exclude(&self) -> bool {
        true
    }
    fn supports_left_associative_joins_without_parens(&self) -> bool {
        STOCK.supports_left_associative_joins_without_parens()
    }
    fn supports_create_table_like_parenthesized(&self) -> bool {
        true
    }
    fn supports_string_literal_concatenation_with_newline(&self) -> bool {
        true
    }
    fn supports_window_function_null_treatment_arg(&self) -> bool {
        true
    }
    fn supports_trailing_commas(&self) -> bool {
        true
    }
    fn supports_projection_trailing_commas(&self) -> bool {
        true
    }
    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }
    fn supports_comment_on(&self) -> bool {
        true
    }
    fn supports_group_by_expr(&self) -> bool {
        true
    }
    fn is_reserved_for_identifier(&self, kw: Keyword) -> bool {
        STOCK.is_reserved_for_identifier(kw)
    }

    /// How tightly operators bind, the tightest with the largest number.
    ///
    /// Source: [Compound expressions](https://docs.aws.amazon.com/redshift/latest/dg/r_compound_expressions.html), and for what that
    /// page leaves out the grammar of PostgreSQL 8.0, which has the same order.
    fn prec_value(&self, precedence: Precedence) -> u8 {
        match precedence {
            Precedence::Period => 100,
            Precedence::DoubleColon => 50,
            Precedence::AtTz => 44,
            Precedence::Caret => 42,
            Precedence::MulDivModOp => 40,
            Precedence::PlusMinus => 30,
            Precedence::Ampersand
            | Precedence::Pipe
            | Precedence::Xor
            | Precedence::Colon
            | Precedence::PgOther => OTHER,
            Precedence::Between => 23,
            Precedence::Like => 22,
            Precedence::Eq => 20,
            Precedence::Is => 17,
            Precedence::UnaryNot => 15,
            Precedence::And => 10,
            Precedence::Or => 5,
        }
    }

    fn get_next_precedence(&self, parser: &Parser<'_>) -> Option<Result<u8, ParserError>> {
        let other = matches!(
            parser.peek_token_ref().token,
            Token::StringConcat
                | Token::Sharp
                | Token::ShiftLeft
                | Token::ShiftRight
                | Token::Tilde
                | Token::TildeAsterisk
                | Token::ExclamationMarkTilde
                | Token::ExclamationMarkTildeAsterisk
                | Token::DoubleTilde
                | Token::DoubleTildeAsterisk
                | Token::ExclamationMarkDoubleTilde
                | Token::ExclamationMarkDoubleTildeAsterisk
        );
        other.then_some(Ok(OTHER))
    }

    fn parse_prefix(&self, parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
        let (first, second) = (parser.peek_token(), parser.peek_nth_token(1));
        match (&first.token, &second.token) {
            (Token::Word(word), Token::Word(next))
                if is_word(word, "approximate")
                    && ["count", "percentile_disc"]
                        .iter()
                        .any(|name| is_word(next, name)) =>
            {
                parser.next_token();
                Some(parser.parse_prefix().map(approximate))
            }
            // A sign belongs to its number before anything but a cast does.
            (Token::Minus | Token::Plus, _) => {
                parser.next_token();
                let op = match first.token {
                    Token::Minus => UnaryOperator::Minus,
                    _ => UnaryOperator::Plus,
                };
                Some(parser.parse_subexpr(SIGN).map(|expr| Expr::UnaryOp {
                    op,
                    expr: Box::new(expr),
                }))
            }
            (Token::PGSquareRoot | Token::PGCubeRoot | Token::AtSign | Token::Tilde, _) => {
                parser.next_token();
                let op = match first.token {
                    Token::PGSquareRoot => UnaryOperator::PGSquareRoot,
                    Token::PGCubeRoot => UnaryOperator::PGCubeRoot,
                    Token::AtSign => UnaryOperator::PGAbs,
                    _ => UnaryOperator::BitwiseNot,
                };
                Some(before_operand(op, parser, &first))
            }
            _ => None,
        }
    }

    fn parse_column_option(
        &self,
        parser: &mut Parser<'_>,
    ) -> Result<Option<Result<Option<ColumnOption>, ParserError>>, ParserError> {
        let Token::Word(word) = parser.peek_token().token else {
            return Ok(None);
        };
        let length = match word.value.to_lowercase().as_str() {
            "encode" => 2,
            "distkey" | "sortkey" => 1,
            "identity" => 6,
            // `generated by default as identity (0, 1)`.
            "generated" => 10,
            _ => return Ok(None),
        };
        let tokens = (0..length).map(|_| parser.next_token().token).collect();
        Ok(Some(Ok(Some(ColumnOption::DialectSpecific(tokens)))))
    }
}

/// How tightly the sign of a number binds.
const SIGN: u8 = 46;

/// How tightly operators bind that are no arithmetic: bits, `||` and patterns, all alike.
const OTHER: u8 = 25;

/// An operator that stands before its operand: `|/`, `||/`, `@` and `~`.
///
/// Amazon's page lets roots bind as `^` does and `@` tighter than `+`; the grammar that Redshift comes from lets all of them bind
/// weaker than arithmetic. Where that is not the same, nobody knows what is meant.
///
/// # Errors
/// An operand that ends at another place by the one than by the other.
fn before_operand(
    op: UnaryOperator,
    parser: &mut Parser<'_>,
    sign: &TokenWithSpan,
) -> Result<Expr, ParserError> {
    let expr = parser.parse_subexpr(OTHER)?;
    let is_sum = |op: &BinaryOperator| matches!(op, BinaryOperator::Plus | BinaryOperator::Minus);
    let doubtful = match (&expr, op) {
        (_, UnaryOperator::BitwiseNot) => None,
        (Expr::BinaryOp { op: inner, .. }, UnaryOperator::PGAbs) => is_sum(inner).then_some(inner),
        (Expr::BinaryOp { op: inner, .. }, _) => Some(inner),
        _ => None,
    };
    if let Some(inner) = doubtful {
        return Err(ParserError::ParserError(format!(
            "`{op} a {inner} b` can be read as `({op} a) {inner} b` and as `{op} (a {inner} b)`: write the parentheses{}",
            sign.span.start
        )));
    }
    Ok(Expr::UnaryOp {
        op,
        expr: Box::new(expr),
    })
}

fn is_word(word: &Word, name: &str) -> bool {
    word.quote_style.is_none() && word.value.eq_ignore_ascii_case(name)
}

/// Marks a function as `approximate` by a first part of its name, which no function of the user can have.
fn approximate(expr: Expr) -> Expr {
    match expr {
        Expr::Function(mut function) if !matches!(function.args, FunctionArguments::None) => {
            let span = function
                .name
                .0
                .first()
                .and_then(ObjectNamePart::as_ident)
                .map_or(sqlparser::tokenizer::Span::empty(), |ident| ident.span);
            let mut parts = vec![ObjectNamePart::Identifier(Ident::with_span(
                span,
                APPROXIMATE,
            ))];
            parts.append(&mut function.name.0);
            function.name = ObjectName(parts);
            Expr::Function(function)
        }
        other => other,
    }
}

/// The first part of the name of a function called with `approximate` before it.
pub const APPROXIMATE: &str = "approximate ";

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> (String, &str) {
        let error = parse(text).unwrap_err();
        let range = error.range.unwrap();
        (error.message, &text[range])
    }

    #[test]
    fn what_analysts_write_every_day_parses() {
        for text in [
            "select extract(qtr from d), extract(y from d) from t",
            "select approximate count(distinct x) from t",
            "select |/ 25.0, @ -5, 5 ^ 2, 5 # 1",
            "select a, b, from t",
            "select t.x.a[0].c::int from t",
            "create table t (a int identity(0, 1) primary key, b varchar encode zstd distkey sortkey)",
            "select 'it\\'s'",
        ] {
            assert_eq!(parse(text).map(|all| all.len()), Ok(1), "{text}");
        }
    }

    #[test]
    fn operators_bind_as_amazon_tells() {
        // Each beside the same with all its parentheses; parentheses are all that differs.
        for (text, read) in [
            ("8 | 7 & 3", "(8 | 7) & 3"),
            ("5 # 1 & 3", "(5 # 1) & 3"),
            ("1 | 1 << 2", "(1 | 1) << 2"),
            ("16 >> 1 & 7", "(16 >> 1) & 7"),
            ("1 + 2 & 3", "(1 + 2) & 3"),
            ("~ 5 + 1", "~ (5 + 1)"),
            ("2 * 3 ^ 2", "2 * (3 ^ 2)"),
            ("2 ^ 3 * 2", "(2 ^ 3) * 2"),
            ("2 ^ 3 ^ 2", "(2 ^ 3) ^ 2"),
            ("- 2 ^ 2", "(- 2) ^ 2"),
            ("- a::int", "- (a::int)"),
            ("- a * b", "(- a) * b"),
            ("'$' || 2 * 3", "'$' || (2 * 3)"),
            ("id - 1 || 'd'", "(id - 1) || 'd'"),
            ("@ a * b", "@ (a * b)"),
            ("@ a | b", "(@ a) | b"),
            ("|/ 25.0", "|/ (25.0)"),
            ("true = 'a' like 'a'", "true = ('a' like 'a')"),
            ("a like 'x' || b = true", "(a like ('x' || b)) = true"),
            ("a = b in (1, 2)", "a = (b in (1, 2))"),
            ("a = b between 1 and 2", "a = (b between 1 and 2)"),
            (
                "a between 1 and b + 1 = true",
                "(a between 1 and (b + 1)) = true",
            ),
            ("not a = b and c", "(not (a = b)) and c"),
            ("a ~ 'x' and b !~* 'y'", "(a ~ 'x') and (b !~* 'y')"),
            ("t at time zone 'a' + i", "(t at time zone 'a') + i"),
        ] {
            assert_eq!(tree(text), tree(read), "{text}");
        }
    }

    /// An expression with parentheses around each part, and none that were written.
    fn tree(text: &str) -> String {
        fn shown(expr: &Expr) -> String {
            match expr {
                Expr::Nested(inner) => shown(inner),
                Expr::BinaryOp { left, op, right } => {
                    format!("({} {op} {})", shown(left), shown(right))
                }
                Expr::UnaryOp { op, expr } => format!("({op} {})", shown(expr)),
                Expr::Cast { expr, .. } => format!("cast({})", shown(expr)),
                Expr::AtTimeZone { timestamp, .. } => format!("zoned({})", shown(timestamp)),
                Expr::Like { expr, pattern, .. } => {
                    format!("like({}, {})", shown(expr), shown(pattern))
                }
                Expr::InList { expr, .. } => format!("in({})", shown(expr)),
                Expr::Between { expr, high, .. } => {
                    format!("between({}, {})", shown(expr), shown(high))
                }
                other => other.to_string(),
            }
        }
        let mut parser = Parser::new(&RedshiftDialect);
        parser = parser.try_with_sql(text).expect("tokens");
        let expr = parser.parse_expr().expect("an expression");
        assert_eq!(parser.peek_token().token, Token::EOF, "{text}");
        shown(&expr)
    }

    #[test]
    fn an_operand_that_ends_in_two_places_is_refused() {
        assert_eq!(
            error("select @ -5 + 2"),
            (
                "`@ a + b` can be read as `(@ a) + b` and as `@ (a + b)`: write the parentheses"
                    .to_owned(),
                "@"
            )
        );
        for text in [
            "select |/ 25 * 4",
            "select ||/ 27 + 37",
            "select 1 + @ a - b",
            "select |/ 4 ^ 2",
        ] {
            assert!(error(text).0.ends_with("write the parentheses"), "{text}");
        }
    }

    #[test]
    fn statements_know_where_they_stand() {
        let text = "select 1; -- a comment\n\n  select 2 ;";
        let places: Vec<&str> = parse(text)
            .unwrap()
            .into_iter()
            .map(|parsed| &text[parsed.range])
            .collect();
        assert_eq!(places, ["select 1", "select 2"]);
    }

    #[test]
    fn an_error_points_at_the_word_that_was_not_expected() {
        assert_eq!(
            error("select a\nfrom t wher x = 1 group group"),
            ("expected the end of the statement, found x".to_owned(), "x")
        );
        assert_eq!(error("select 'abc").1, "'");
    }
}
