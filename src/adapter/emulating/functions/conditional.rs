//! Conditional functions.

use sqlparser::ast::{Expr, Spanned};

use super::{Call, How, Kind, Returns, Row, row};
use crate::adapter::Refusal;
use crate::adapter::emulating::compare;
use crate::adapter::emulating::expression::common_type;
use crate::adapter::emulating::translator::{Sql, Translator};
use crate::adapter::emulating::types::Type;

/// Conditional expressions: <https://docs.aws.amazon.com/redshift/latest/dg/c_conditional_expressions.html>.
pub(in super::super) const ROWS: &[Row] = &[
    row(
        "coalesce",
        How::Same("coalesce", 1, usize::MAX, Returns::Common),
        "r_NVL_function.html",
        &[
            ("SELECT COALESCE(NULL,NULL,3)", "3"),
            (
                "SELECT COALESCE(qty::smallint, 0) * 32767 FROM sales WHERE id = 2",
                "65534",
            ),
            ("SELECT COALESCE(1, 2.5) / 2", "0.5"),
            ("SELECT COALESCE(NULL::real, 1.1) = 1.1::float8", "True"),
            ("SELECT COALESCE(qty, '7') FROM sales WHERE id = 4", "7"),
            ("SELECT COALESCE(qty, 'none') FROM sales", "ERROR"),
            (
                "SELECT COALESCE(qty::varchar, 'none') FROM sales WHERE id = 4",
                "none",
            ),
            (
                "SELECT COALESCE(qty::int, region::varchar) FROM sales",
                "ERROR",
            ),
            (
                "SELECT COALESCE(d::date, '03/31/2024') FROM sales WHERE id = 1",
                "2024-01-15",
            ),
        ],
    ),
    row(
        "decode",
        How::Native(Kind::Scalar, decode),
        "r_DECODE_expression.html",
        &[
            ("SELECT DECODE(2,1,'one',2,'two','other')", "two"),
            ("SELECT DECODE(NULL,NULL,'isnull','no')", "isnull"),
            ("SELECT DECODE(3,1,'one',2,'two')", "null"),
            ("SELECT DECODE(1.1::real, 1.1, 'same', 'other')", "other"),
            (
                "SELECT DECODE(region,'east',1,'west',2,0) FROM sales WHERE id=3",
                "2",
            ),
        ],
    ),
    row(
        "greatest",
        How::Same("greatest", 1, usize::MAX, Returns::Common),
        "r_GREATEST_LEAST.html",
        &[
            ("SELECT GREATEST(1,NULL,3)", "3"),
            ("SELECT GREATEST(NULL,NULL)", "null"),
            ("SELECT GREATEST(1.1::real, 1.1) > 1.1::float8", "True"),
        ],
    ),
    row(
        "ifnull",
        How::Refused("Redshift has no such function", "write `nvl(a, b)`"),
        "r_NVL_function.html",
        &[],
    ),
    row(
        "iff",
        How::Refused(
            "Redshift has no such function",
            "write `case when … then … else … end`",
        ),
        "r_CASE_function.html",
        &[],
    ),
    row(
        "if",
        How::Refused(
            "Redshift has no such function",
            "write `case when … then … else … end`",
        ),
        "r_CASE_function.html",
        &[],
    ),
    row(
        "isnull",
        How::Same("coalesce", 2, 2, Returns::Common),
        "r_NVL_function.html",
        &[("SELECT ISNULL(NULL,'x')", "x")],
    ),
    row(
        "least",
        How::Same("least", 1, usize::MAX, Returns::Common),
        "r_GREATEST_LEAST.html",
        &[("SELECT LEAST(2,NULL,3)", "2")],
    ),
    row(
        "nullif",
        How::Native(Kind::Scalar, nullif),
        "r_NULLIF_function.html",
        &[
            ("SELECT NULLIF('','')", "null"),
            ("SELECT NULLIF('a ','a')", "null"),
            ("SELECT NULLIF(qty,0) FROM sales WHERE id=1", "1"),
            ("SELECT NULLIF(rep,'ann') FROM sales WHERE id=1", "null"),
            ("SELECT NULLIF(qty, '') FROM sales", "ERROR"),
            ("SELECT NULLIF('5', 0) + 1", "6"),
            ("SELECT NULLIF(3, 2.5) / 2", "1.5"),
            ("SELECT NULLIF(3, 0) / 2", "1"),
            ("SELECT NULLIF(1.1::real, 1.1) IS NULL", "False"),
        ],
    ),
    row(
        "nvl",
        How::Same("coalesce", 1, usize::MAX, Returns::Common),
        "r_NVL_function.html",
        &[
            ("SELECT NVL(NULL,'x')", "x"),
            ("SELECT NVL(NULL,NULL,'z')", "z"),
        ],
    ),
    row(
        "nvl2",
        How::Native(Kind::Scalar, nvl2),
        "r_NVL2.html",
        &[
            ("SELECT NVL2(NULL,'a','b')", "b"),
            ("SELECT NVL2('z','a','b')", "a"),
        ],
    ),
];

fn nvl2(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let mut args = translator.arguments(call, 3, 3)?;
    let results = translator.matched("NVL2", args.split_off(1), &call.args[1..])?;
    let text = format!(
        "CASE WHEN {} IS NOT NULL THEN {} ELSE {} END",
        args[0].text, results[0].text, results[1].text
    );
    let ty = common_type(results.iter());
    Ok(Sql::new(text, ty).of(args.iter().chain(&results)))
}

fn nullif(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let mut args = translator.arguments(call, 2, 2)?;
    for (at, other) in [(0, 1), (1, 0)] {
        let kind = args[other].ty.filter(|ty| !ty.is_text());
        if let (Some(kind), Some(_)) = (kind, args[at].constant_text()) {
            args[at] = translator.literal_as(&args[at], kind, call.args[at].span())?;
        }
    }
    translator.comparable(&args[0], &args[1], call.span)?;
    let equal = compare::compare(&args[0], "=", &args[1]);
    let as_it_is = format!("({} = {})", args[0].text, args[1].text);
    let text = if equal.text == as_it_is {
        format!("nullif({}, {})", args[0].text, args[1].text)
    } else {
        format!(
            "CASE WHEN {} THEN NULL ELSE {} END",
            equal.text, args[0].text
        )
    };
    // The value is the left side of the comparison, as the type that both sides are compared in.
    let compared = match (args[0].ty, args[1].ty) {
        (Some(whole), Some(Type::Decimal(..))) if whole.is_integer() => whole
            .digits()
            .map(|(precision, scale)| Type::Decimal(precision, scale)),
        (Some(number), Some(other))
            if number.is_number()
                && other.is_number()
                && (other.is_float() || number == Type::Float4) =>
        {
            (number != other).then_some(Type::Float8)
        }
        _ => None,
    };
    Ok(match compared {
        Some(ty) => {
            let text = format!("CAST({text} AS {})", translator.engine.type_name(ty));
            Sql::typed(text, ty).of(&args)
        }
        None => Sql::new(text, args[0].ty).of(&args),
    })
}

/// `decode(x, a, 1, b, 2, 3)`: a `case` in which NULL equals NULL.
fn decode(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 3, usize::MAX)?;
    let (subject, rest) = (&args[0], &args[1..]);
    let mut text = String::from("CASE");
    // Every second argument is a result, and so is one left over at the end.
    let is_result = |at: &usize| at % 2 == 1 || (at + 1 == rest.len() && rest.len() % 2 == 1);
    let places: Vec<usize> = (0..rest.len()).filter(is_result).collect();
    let results = places.iter().map(|at| rest[*at].clone()).collect();
    let exprs: Vec<&Expr> = places.iter().map(|at| call.args[at + 1]).collect();
    let results = translator.matched("DECODE", results, &exprs)?;
    let pairs = rest.chunks_exact(2);
    for (pair, result) in pairs.zip(&results) {
        let value = &pair[0];
        let condition = if value.is_null() {
            format!("{} IS NULL", subject.text)
        } else {
            translator.comparable(subject, value, call.span)?;
            let equal = compare::compare(subject, "=", value).text;
            match value.constant {
                Some(_) => equal,
                None => format!(
                    "({equal} OR ({} IS NULL AND {} IS NULL))",
                    subject.text, value.text
                ),
            }
        };
        text.push_str(&format!(" WHEN {condition} THEN {}", result.text));
    }
    if let Some(otherwise) = results.get(rest.len() / 2) {
        text.push_str(&format!(" ELSE {}", otherwise.text));
    }
    text.push_str(" END");
    let ty = common_type(results.iter());
    Ok(Sql::new(text, ty).of(&args))
}
