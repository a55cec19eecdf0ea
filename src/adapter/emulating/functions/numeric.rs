//! Mathematical functions.

use sqlparser::ast::{Expr, Spanned};

use super::{Call, How, Kind, Returns, Row, row};
use crate::adapter::Refusal;
use crate::adapter::emulating::arithmetic;
use crate::adapter::emulating::translator::{Constant, Sql, Translator};
use crate::adapter::emulating::types::Type;

const FLOAT: Returns = Returns::Is(Type::Float8);

const fn float(name: &'static str) -> How {
    How::Same(name, 1, 1, FLOAT)
}

/// Math functions: <https://docs.aws.amazon.com/redshift/latest/dg/Math_functions.html>.
pub(in super::super) const ROWS: &[Row] = &[
    row(
        "abs",
        How::Native(Kind::Scalar, abs),
        "r_ABS.html",
        &[
            ("SELECT ABS(-38)", "38"),
            ("SELECT ABS(d) FROM sales", "ERROR"),
            (
                "SELECT ABS(t.x.a)::int FROM (SELECT JSON_PARSE('{\"a\":-5}') AS x) t",
                "5",
            ),
            (
                "SELECT ABS(t.x.a) FROM (SELECT JSON_PARSE('{\"a\":\"y\"}') AS x) t",
                "null",
            ),
            ("SELECT ABS(14-76)", "62"),
            ("SELECT ABS('-5')", "5"),
            ("SELECT ABS(region::varchar) FROM sales", "ERROR"),
            ("SELECT ABS(JSON_PARSE('1'))", "1"),
        ],
    ),
    row(
        "acos",
        float("acos"),
        "r_ACOS.html",
        &[("SELECT ROUND(ACOS(-1), 6)", "3.141593")],
    ),
    row(
        "asin",
        float("asin"),
        "r_ASIN.html",
        &[("SELECT ROUND(ASIN(1), 6)", "1.570796")],
    ),
    row(
        "atan",
        float("atan"),
        "r_ATAN.html",
        &[("SELECT ROUND(ATAN(1), 6)", "0.785398")],
    ),
    row(
        "atan2",
        How::Same("atan2", 2, 2, FLOAT),
        "r_ATAN2.html",
        &[("SELECT ROUND(ATAN2(2,2), 6)", "0.785398")],
    ),
    row(
        "cbrt",
        How::Forms(&[(1, "__rs.cbrt({0})")], FLOAT),
        "r_CBRT.html",
        &[
            ("SELECT CBRT(27)", "3"),
            ("SELECT CBRT(-64.0)", "-4"),
            ("SELECT ROUND(CBRT(28.05), 6)", "3.038395"),
        ],
    ),
    row(
        "ceil",
        How::Native(Kind::Scalar, ceil),
        "r_CEILING_FLOOR.html",
        &[
            ("SELECT CEIL(-42.8)", "-42"),
            ("SELECT CEIL(5)/2", "2"),
            ("SELECT CEIL(qty)/2 FROM sales WHERE id=3", "1"),
        ],
    ),
    row(
        "ceiling",
        How::Native(Kind::Scalar, ceil),
        "r_CEILING_FLOOR.html",
        &[("SELECT CEILING(1.2)+FLOOR(-1.2)", "0")],
    ),
    row(
        "cos",
        float("cos"),
        "r_COS.html",
        &[("SELECT ROUND(COS(0), 6)", "1")],
    ),
    row(
        "cot",
        float("cot"),
        "r_COT.html",
        &[("SELECT ROUND(COT(1), 6)", "0.642093")],
    ),
    row(
        "degrees",
        float("degrees"),
        "r_DEGREES.html",
        &[("SELECT ROUND(DEGREES(PI()), 6)", "180")],
    ),
    row(
        "dexp",
        How::Forms(&[(1, "__rs.finite(exp({0}))")], FLOAT),
        "r_DEXP.html",
        &[("SELECT DEXP(0)", "1")],
    ),
    row(
        "dlog1",
        float("ln"),
        "r_DLOG1.html",
        &[("SELECT DLOG1(1)", "0")],
    ),
    row(
        "dlog10",
        float("log10"),
        "r_DLOG10.html",
        &[("SELECT DLOG10(100)", "2")],
    ),
    row(
        "exp",
        How::Forms(&[(1, "__rs.finite(exp({0}))")], FLOAT),
        "r_EXP.html",
        &[
            ("SELECT ROUND(EXP(1), 6)", "2.718282"),
            ("SELECT EXP(1000)", "ERROR"),
        ],
    ),
    row(
        "floor",
        How::Native(Kind::Scalar, floor),
        "r_FLOOR.html",
        &[("SELECT FLOOR(-42.8)", "-43"), ("SELECT FLOOR(5)/2", "2")],
    ),
    row(
        "ln",
        float("ln"),
        "r_LN.html",
        &[
            ("SELECT ROUND(LN(2), 6)", "0.693147"),
            ("SELECT LN(0)", "ERROR"),
        ],
    ),
    row(
        "log",
        How::Native(Kind::Scalar, log),
        "r_LOG.html",
        &[("SELECT LOG(100)", "2"), ("SELECT LOG(2, 8)", "3")],
    ),
    row(
        "mod",
        How::Native(Kind::Scalar, modulo),
        "r_MOD.html",
        &[
            ("SELECT MOD(7,3)", "1"),
            ("SELECT MOD(-7,3)", "-1"),
            ("SELECT MOD(7, qty - 1) FROM sales WHERE id = 1", "ERROR"),
        ],
    ),
    row(
        "pi",
        How::Same("pi", 0, 0, FLOAT),
        "r_PI.html",
        &[("SELECT ROUND(PI(), 6)", "3.141593")],
    ),
    row(
        "pow",
        How::Forms(&[(2, "__rs.power({0}, {1})")], FLOAT),
        "r_POWER.html",
        &[("SELECT POW(2,10)", "1024")],
    ),
    row(
        "power",
        How::Forms(&[(2, "__rs.power({0}, {1})")], FLOAT),
        "r_POWER.html",
        &[
            ("SELECT POWER(10, 400)", "ERROR"),
            ("SELECT POWER(2,10)", "1024"),
            ("SELECT POWER(9, 0.5)", "3"),
        ],
    ),
    row(
        "radians",
        float("radians"),
        "r_RADIANS.html",
        &[("SELECT ROUND(RADIANS(180), 6)", "3.141593")],
    ),
    row(
        "random",
        How::Same("random", 0, 0, FLOAT),
        "r_RANDOM.html",
        &[("SELECT RANDOM() BETWEEN 0 AND 1", "True")],
    ),
    row(
        "round",
        How::Native(Kind::Scalar, round),
        "r_ROUND.html",
        &[
            ("SELECT ROUND(2.5)", "3"),
            ("SELECT ROUND('2.5')", "3"),
            ("SELECT ROUND(125.315,2)", "125.32"),
            ("SELECT ROUND(28.05,-1)", "30"),
            ("SELECT ROUND(-2.5)", "-3"),
            ("SELECT ROUND(2.5::float)", "3"),
            ("SELECT ROUND(1.005::float, 2)", "1.01"),
            ("SELECT ROUND(0.285::real, 2)", "0.29"),
            ("SELECT ROUND(amt, 1) FROM sales WHERE id = 5", "5.3"),
        ],
    ),
    row(
        "sign",
        How::Native(Kind::Scalar, sign),
        "r_SIGN.html",
        &[
            ("SELECT SIGN(-42.8)", "-1"),
            ("SELECT SIGN(0)", "0"),
            ("SELECT SIGN(-5)/2", "0"),
            ("SELECT SIGN(qty::float)/2 FROM sales WHERE id=1", "0.5"),
            ("SELECT SIGN(amt)/2 FROM sales WHERE id=1", "0.50000000000"),
            ("SELECT SIGN('-3')", "-1"),
        ],
    ),
    row("sin", float("sin"), "r_SIN.html", &[("SELECT SIN(0)", "0")]),
    row(
        "sqrt",
        float("sqrt"),
        "r_SQRT.html",
        &[("SELECT SQRT(16)", "4"), ("SELECT SQRT(-1)", "ERROR")],
    ),
    row("tan", float("tan"), "r_TAN.html", &[("SELECT TAN(0)", "0")]),
    row(
        "trunc",
        How::Native(Kind::Scalar, trunc),
        "r_TRUNC.html",
        &[
            ("SELECT TRUNC(123.456,2)", "123.45"),
            ("SELECT TRUNC(-123.456)", "-123"),
            (
                "SELECT TRUNC(TIMESTAMP '2024-01-15 10:30:45')",
                "2024-01-15",
            ),
            ("SELECT TRUNC(ts) FROM sales WHERE id = 1", "2024-01-15"),
            ("SELECT TRUNC(amt) FROM sales WHERE id = 2", "20"),
            ("SELECT TRUNC(115.1::float, -1)", "110"),
        ],
    ),
    row(
        "width_bucket",
        How::Refused(
            "DuckDB has no such function",
            "write it with `case` or `floor`",
        ),
        "c_SQL_functions_leader_node_only.html",
        &[],
    ),
];

fn without_scale(ty: Option<Type>) -> Option<Type> {
    match ty {
        Some(Type::Decimal(precision, _)) => Some(Type::Decimal(precision, 0)),
        other => other,
    }
}

/// Whether a function is one of numbers.
pub(super) fn takes_numbers(name: &str) -> bool {
    ROWS.iter().any(|row| row.name == name)
}

/// Arguments that must be numbers: a literal text is read as a float, other texts are refused.
pub(in super::super) fn numbers(
    translator: &Translator<'_>,
    name: &str,
    args: Vec<Sql>,
    exprs: &[&Expr],
) -> Result<Vec<Sql>, Refusal> {
    args.into_iter()
        .zip(exprs)
        .map(|(arg, expr)| match arg.ty {
            _ if arg.constant_text().is_some() => {
                translator.literal_as(&arg, Type::Float8, expr.span())
            }
            Some(ty) if !ty.is_number() && ty != Type::Super && !arg.is_null() => Err(translator
                .not_redshift(
                    expr.span(),
                    format!("`{name}` takes a number, and this is a {ty}"),
                    "cast it to a number",
                )),
            Some(Type::Super) => Err(translator.unsupported(
                expr.span(),
                format!("`{name}` of a `super` value is not emulated"),
                "cast it to a number: `x::int`",
            )),
            _ => Ok(arg),
        })
        .collect()
}

/// The name of a function that keeps the type of its argument: on PostgreSQL that is one of ours.
fn ours(translator: &Translator<'_>, name: &str) -> String {
    if translator.on_postgres() {
        format!("__rs.{name}")
    } else {
        name.to_owned()
    }
}

/// `abs`, `ceil`, `floor`, `round` and `trunc` of one `super` value.
///
/// <https://docs.aws.amazon.com/redshift/latest/dg/operators-functions.html>
pub(in super::super) fn of_super(
    translator: &Translator<'_>,
    name: &str,
    args: &[Sql],
) -> Option<Sql> {
    let [value] = args else {
        return None;
    };
    if translator.on_postgres() || !value.is(Type::Super) {
        return None;
    }
    let text = format!(
        "CAST(__rs_super_round('{name}', CAST({} AS VARCHAR)) AS JSON)",
        value.text
    );
    Some(Sql::typed(text, Type::Super).of(args))
}

fn abs(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 1, 1)?;
    if let Some(of_super) = of_super(translator, "abs", &args) {
        return Ok(of_super);
    }
    let args = numbers(translator, &call.name, args, &call.args)?;
    Ok(call_of("abs", &args, args[0].ty))
}

fn ceil(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 1, 1)?;
    if let Some(of_super) = of_super(translator, "ceil", &args) {
        return Ok(of_super);
    }
    let args = numbers(translator, &call.name, args, &call.args)?;
    Ok(rounded(translator, "ceil", &args[0]))
}

fn floor(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 1, 1)?;
    if let Some(of_super) = of_super(translator, "floor", &args) {
        return Ok(of_super);
    }
    let args = numbers(translator, &call.name, args, &call.args)?;
    Ok(rounded(translator, "floor", &args[0]))
}

/// The whole number next above or below, in the type of the value.
pub(in super::super) fn rounded(translator: &Translator<'_>, name: &str, value: &Sql) -> Sql {
    let text = match value.ty {
        Some(ty) if ty.is_integer() => value.text.clone(),
        _ if translator.on_postgres() => format!("__rs.{name}({})", value.text),
        // DuckDB makes a double of a whole number, but where it rounds.
        None => format!("__rs.{name}({})", value.text),
        Some(_) => format!("{name}({})", value.text),
    };
    Sql::new(text, without_scale(value.ty)).of([value])
}

/// -1, 0 or 1 in the type of the value; of a decimal it is a `decimal(1, 0)`.
fn sign(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 1, 1)?;
    let args = numbers(translator, &call.name, args, &call.args)?;
    let value = &args[0];
    let ty = match value.ty {
        Some(Type::Decimal(..)) => Some(Type::Decimal(1, 0)),
        other => other.filter(|ty| ty.is_number()),
    };
    let text = match ty {
        Some(ty) if translator.on_postgres() => format!("CAST(sign({}) AS {ty})", value.text),
        Some(ty) => format!("CAST(sign({}) AS {})", value.text, ty.duckdb()),
        None if translator.on_postgres() => format!("sign({})", value.text),
        None => format!("__rs.sign({})", value.text),
    };
    Ok(Sql::new(text, ty).of([value]))
}

/// `log(x)` counts in tens, `log(b, x)` in `b`.
fn log(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 1, 2)?;
    let args = numbers(translator, &call.name, args, &call.args)?;
    let text = match args.as_slice() {
        [base, x] if translator.on_postgres() => format!(
            "CAST(log(CAST({} AS NUMERIC), CAST({} AS NUMERIC)) AS DOUBLE PRECISION)",
            base.text, x.text
        ),
        [x] if translator.on_postgres() => format!("log(CAST({} AS DOUBLE PRECISION))", x.text),
        [base, x] => format!("log({}, {})", base.text, x.text),
        _ => format!("log10({})", args[0].text),
    };
    Ok(Sql::typed(text, Type::Float8).of(&args))
}

fn modulo(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 2, 2)?;
    let args = numbers(translator, &call.name, args, &call.args)?;
    Ok(arithmetic::modulo(translator.engine, &args[0], &args[1]))
}

fn round(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 1, 2)?;
    if let Some(of_super) = of_super(translator, "round", &args) {
        return Ok(of_super);
    }
    let args = numbers(translator, &call.name, args, &call.args)?;
    Ok(at_place(translator, "round", &args))
}

/// `round` and `trunc` of a number, perhaps to some places. A float counts by the digits that it prints.
fn at_place(translator: &Translator<'_>, name: &str, args: &[Sql]) -> Sql {
    let ty = to_places(args);
    match (args, ty) {
        ([value, places], Some(Type::Float4 | Type::Float8)) if !translator.on_postgres() => {
            let real = ty == Some(Type::Float4);
            let digits = if real { 6 } else { 15 };
            let text = format!(
                "__rs_float_{name}(CAST({} AS DOUBLE), {digits}, CAST({} AS INTEGER))",
                value.text, places.text
            );
            let text = match real {
                true => format!("CAST({text} AS FLOAT)"),
                false => text,
            };
            Sql::new(text, ty).of(args)
        }
        _ => call_of(&ours(translator, name), args, ty),
    }
}

/// The type of a number rounded or cut to the places of the second argument.
fn to_places(args: &[Sql]) -> Option<Type> {
    match (args[0].ty, args.get(1)) {
        (ty, None) => without_scale(ty),
        (Some(Type::Decimal(precision, scale)), Some(places)) => match &places.constant {
            Some(Constant::Number(number)) => number.parse::<i16>().ok().map(|places| {
                Type::Decimal(
                    precision,
                    u8::try_from(places.clamp(0, i16::from(scale))).unwrap_or(0),
                )
            }),
            _ => None,
        },
        (ty, Some(_)) => ty,
    }
}

fn call_of(name: &str, args: &[Sql], ty: Option<Type>) -> Sql {
    let text = args
        .iter()
        .map(|arg| arg.text.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    Sql::new(format!("{name}({text})"), ty).of(args)
}

/// `trunc` of a number cuts digits, of a timestamp the time.
fn trunc(translator: &mut Translator<'_>, call: &Call<'_>) -> Result<Sql, Refusal> {
    let args = translator.arguments(call, 1, 2)?;
    if let Some(of_super) = of_super(translator, "trunc", &args) {
        return Ok(of_super);
    }
    let args = match args[0].ty {
        Some(ty) if args.len() == 1 && (ty.is_moment() || args[0].constant_text().is_some()) => {
            args
        }
        _ => numbers(translator, &call.name, args, &call.args)?,
    };
    let value = &args[0];
    Ok(match (args.len(), value.ty) {
        (2, _) => at_place(translator, "trunc", &args),
        (_, Some(Type::Timestamp | Type::Date | Type::TimestampTz)) => {
            Sql::typed(format!("CAST({} AS DATE)", value.text), Type::Date).of(&args)
        }
        (_, Some(ty)) if ty.is_text() => Sql::typed(
            format!("CAST(CAST({} AS TIMESTAMP) AS DATE)", value.text),
            Type::Date,
        )
        .of(&args),
        (_, Some(ty)) => {
            let name = ours(translator, "trunc");
            Sql::new(format!("{name}({})", value.text), without_scale(Some(ty))).of(&args)
        }
        (_, None) if value.plain => Sql::new(format!("__rs.trunc({})", value.text), None).of(&args),
        (_, None) => {
            return Err(Refusal {
                help: Some("write `x::date` for a timestamp, `trunc(x, 0)` for a number".into()),
                ..translator.unsupported(
                    call.span,
                    "`trunc` of a value of unknown type is not emulated",
                    "it means one thing for numbers and another for timestamps",
                )
            });
        }
    })
}
