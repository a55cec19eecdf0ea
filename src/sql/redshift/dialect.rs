//! The dialect: sqlparser's, and what it misses.

use std::any::TypeId;
use std::iter::Peekable;
use std::str::Chars;

use sqlparser::ast::{
    BinaryOperator, ColumnOption, Expr, FunctionArguments, Ident, ObjectName, ObjectNamePart,
    UnaryOperator,
};
use sqlparser::dialect::{Dialect, Precedence, RedshiftSqlDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::is_word;

/// sqlparser's Redshift dialect and what it misses.
#[derive(Debug, Default, Clone, Copy)]
pub struct RedshiftDialect;

const STOCK: RedshiftSqlDialect = RedshiftSqlDialect {};

impl Dialect for RedshiftDialect {
    fn dialect(&self) -> TypeId {
        TypeId::of::<RedshiftSqlDialect>()
    }
    /// <https://docs.aws.amazon.com/redshift/latest/dg/r_names.html>: double quotation marks alone; the stock dialect takes backticks too.
    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '"'
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
    /// At the end of a list of columns alone.
    fn supports_trailing_commas(&self) -> bool {
        false
    }
    fn supports_projection_trailing_commas(&self) -> bool {
        true
    }
    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }
    /// As in PostgreSQL: `/* a /* b */ c */` is one comment.
    fn supports_nested_comments(&self) -> bool {
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
            // `1 + as total` lacks a value, and names no column.
            (Token::Word(word), _) if is_word(word, "as") => {
                Some(parser.expected("an expression", first))
            }
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
    use crate::sql::redshift::parse;

    fn error(text: &str) -> (String, &str) {
        let error = parse(text).unwrap_err();
        let range = error.range.unwrap();
        (error.message, &text[range])
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
    fn as_is_no_value() {
        assert!(parse("select 1 + as total").is_err());
        assert!(parse("select 1 as total, \"as\" from t").is_ok());
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
}
