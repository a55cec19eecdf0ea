//! Conditional functions.

use super::{Call, How, Kind, Returns, Row, row};
use crate::adapter::Refusal;
use crate::adapter::emulating::compare;
use crate::adapter::emulating::expression::common_type;
use crate::adapter::emulating::translator::{Sql, Translator};

/// Conditional expressions: <https://docs.aws.amazon.com/redshift/latest/dg/c_conditional_expressions.html>.
pub(in super::super) const ROWS: &[Row] = &[
    row(
        "coalesce",
        How::Same("coalesce", 1, usize::MAX, Returns::Common),
        "r_NVL_function.html",
        &[("SELECT COALESCE(NULL,NULL,3)", "3")],
    ),
    row(
        "decode",
        How::Native(Kind::Scalar, decode),
        "r_DECODE_expression.html",
        &[
            ("SELECT DECODE(2,1,'one',2,'two','other')", "two"),
            ("SELECT DECODE(NULL,NULL,'isnull','no')", "isnull"),
            ("SELECT DECODE(3,1,'one',2,'two')", "null"),
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
    let args = translator.arguments(call, 3, 3)?;
    Ok(Sql::new(
        format!(
            "CASE WHEN {} IS NOT NULL THEN {} ELSE {} END",
            args[0].text, args[1].text, args[2].text
        ),
        common_type(args[1..].iter()),
    )
    .of(&args))
}

fn nullif(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 2, 2)?;
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
    Ok(Sql::new(text, args[0].ty).of(&args))
}

/// `decode(x, a, 1, b, 2, 3)`: a `case` in which NULL equals NULL.
fn decode(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 3, usize::MAX)?;
    let (subject, rest) = (&args[0], &args[1..]);
    let mut text = String::from("CASE");
    let mut results = Vec::new();
    let mut pairs = rest.chunks_exact(2);
    for pair in &mut pairs {
        let (value, result) = (&pair[0], &pair[1]);
        let condition = if value.is_null() {
            format!("{} IS NULL", subject.text)
        } else {
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
        results.push(result);
    }
    if let [otherwise] = pairs.remainder() {
        text.push_str(&format!(" ELSE {}", otherwise.text));
        results.push(otherwise);
    }
    text.push_str(" END");
    let ty = common_type(results.into_iter());
    Ok(Sql::new(text, ty).of(&args))
}
