//! Operators between two values: arithmetic with Redshift's types, and bits.

use std::borrow::Cow;

use sqlparser::ast::BinaryOperator;
use sqlparser::tokenizer::Span;

use super::compare;
use super::engine::Engine;
use super::query::operand;
use super::translator::{Constant, Sql, Translator};
use super::types::{MAX_BYTES, Type, wider};
use crate::adapter::Refusal;

impl Translator<'_> {
    pub(super) fn operator(
        &mut self,
        a: &Sql,
        op: &BinaryOperator,
        b: &Sql,
        span: Span,
    ) -> Result<Sql, Refusal> {
        if let Some(symbol) = compare::symbol(op) {
            self.comparable(a, b, span)?;
            let left = compare::beside(self.engine, a, b);
            let right = compare::beside(self.engine, b, a);
            return Ok(compare::compare(&left, symbol, &right));
        }
        if let Some(of_super) = self.of_super(a, op, b, span)? {
            return Ok(of_super);
        }
        let (left, right) = (
            self.computed(a, op, b, span)?,
            self.computed(b, op, a, span)?,
        );
        let (a, b) = (
            &*self.integer(&left, op, &right),
            &*self.integer(&right, op, &left),
        );
        self.moves_by(a, op, b, span)?;
        if let Some(of_floats) = self.of_floats(a, op, b) {
            return Ok(of_floats);
        }
        match op {
            // Bytes are joined by it: <https://docs.aws.amazon.com/redshift/latest/dg/r_VARBYTE_OPERATORS.html>.
            BinaryOperator::Plus
                if matches!(
                    (a.ty, b.ty),
                    (Some(Type::Varbyte(_)), Some(Type::Varbyte(_)))
                ) =>
            {
                let ty = Type::Varbyte(MAX_BYTES);
                Ok(Sql::typed(format!("({} || {})", a.text, b.text), ty).of([a, b]))
            }
            BinaryOperator::Plus | BinaryOperator::Minus
                if self.on_postgres() && a.is(Type::Date) && b.is(Type::Int8) =>
            {
                // PostgreSQL moves a date by an integer only.
                let days = format!("CAST({} AS INTEGER)", b.text);
                let days = Sql::typed(days, Type::Int4).of([b]);
                Ok(add(
                    a,
                    if *op == BinaryOperator::Plus {
                        "+"
                    } else {
                        "-"
                    },
                    &days,
                ))
            }
            BinaryOperator::Plus | BinaryOperator::Minus => {
                let symbol = if *op == BinaryOperator::Plus {
                    "+"
                } else {
                    "-"
                };
                let of_decimals = self.of_decimals(a, symbol, b, sum_type(a.ty, b.ty));
                Ok(of_decimals.unwrap_or_else(|| add(a, symbol, b)))
            }
            BinaryOperator::Multiply => {
                let ty = product_type(a.ty, b.ty);
                Ok(self
                    .of_decimals(a, "*", b, ty)
                    .unwrap_or_else(|| operand(format!("{} * {}", a.text, b.text), ty, &[a, b])))
            }
            BinaryOperator::Divide => Ok(divide(self.engine, a, b)),
            BinaryOperator::Modulo => Ok(modulo(self.engine, a, b)),
            BinaryOperator::BitwiseAnd => self.bits(a, "&", b, span),
            BinaryOperator::BitwiseOr => self.bits(a, "|", b, span),
            BinaryOperator::PGBitwiseXor => self.bits(a, "#", b, span),
            BinaryOperator::PGBitwiseShiftLeft => self.shift(a, "<<", b, span),
            BinaryOperator::PGBitwiseShiftRight => self.shift(a, ">>", b, span),
            BinaryOperator::PGExp | BinaryOperator::BitwiseXor if self.on_postgres() => {
                let float = |sql: &Sql| format!("CAST({} AS DOUBLE PRECISION)", sql.text);
                let text = format!("power({}, {})", float(a), float(b));
                Ok(Sql::typed(text, Type::Float8).of([a, b]))
            }
            BinaryOperator::PGExp | BinaryOperator::BitwiseXor => {
                let text = format!("__rs.power({}, {})", a.text, b.text);
                Ok(Sql::typed(text, Type::Float8).of([a, b]))
            }
            BinaryOperator::PGRegexMatch => self.matches(a, b, false, false, span),
            BinaryOperator::PGRegexIMatch => self.matches(a, b, true, false, span),
            BinaryOperator::PGRegexNotMatch => self.matches(a, b, false, true, span),
            BinaryOperator::PGRegexNotIMatch => self.matches(a, b, true, true, span),
            BinaryOperator::PGLikeMatch => self.like_operator(a, b, "LIKE", span),
            BinaryOperator::PGILikeMatch => self.like_operator(a, b, "ILIKE", span),
            BinaryOperator::PGNotLikeMatch => self.like_operator(a, b, "NOT LIKE", span),
            BinaryOperator::PGNotILikeMatch => self.like_operator(a, b, "NOT ILIKE", span),
            _ => Err(self.not_redshift(
                span,
                format!("`{op}` is not one of Redshift's operators"),
                "",
            )),
        }
    }

    /// Arithmetic of which a side is a `super`: its result is one.
    ///
    /// <https://docs.aws.amazon.com/redshift/latest/dg/operators-functions.html>
    fn of_super(
        &self,
        a: &Sql,
        op: &BinaryOperator,
        b: &Sql,
        span: Span,
    ) -> Result<Option<Sql>, Refusal> {
        let symbol = match op {
            BinaryOperator::Plus => "+",
            BinaryOperator::Minus => "-",
            BinaryOperator::Multiply => "*",
            BinaryOperator::Divide => "/",
            BinaryOperator::Modulo => "%",
            _ => return Ok(None),
        };
        if self.on_postgres() || !(a.is(Type::Super) || b.is(Type::Super)) {
            return Ok(None);
        }
        let (left, right) = (self.as_super(a, span)?, self.as_super(b, span)?);
        let text = format!(
            "CAST(__rs_super_math(CAST({} AS VARCHAR), '{symbol}', CAST({} AS VARCHAR)) AS JSON)",
            left.text, right.text
        );
        Ok(Some(Sql::typed(text, Type::Super).of([a, b])))
    }

    /// A side of a sum, product or quotient: a literal text beside a number or a date is one, other texts are none.
    fn computed<'s>(
        &self,
        value: &'s Sql,
        op: &BinaryOperator,
        other: &Sql,
        span: Span,
    ) -> Result<Cow<'s, Sql>, Refusal> {
        use BinaryOperator::{Divide, Minus, Modulo, Multiply, Plus};
        if !matches!(op, Plus | Minus | Multiply | Divide | Modulo) {
            return Ok(Cow::Borrowed(value));
        }
        let Some(ty) = value.ty else {
            return Ok(Cow::Borrowed(value));
        };
        let text = value.constant_text().is_some();
        if other.ty.is_none() && ty != Type::Super {
            return Ok(Cow::Borrowed(value));
        }
        match other.ty {
            Some(number) if text && number.is_number() => {
                Ok(Cow::Owned(self.literal_as(value, number, span)?))
            }
            Some(moment @ (Type::Date | Type::Timestamp | Type::TimestampTz))
                if text && *op == Minus =>
            {
                Ok(Cow::Owned(self.literal_as(value, moment, span)?))
            }
            Some(span) if span.is_interval() && ty.is_text() => Ok(Cow::Borrowed(value)),
            _ if ty == Type::Super => Err(self.unsupported(
                span,
                format!("`{op}` of a `super` value is not emulated"),
                "cast it to a number: `x::int`",
            )),
            _ if ty.is_text() || ty == Type::Bool => {
                let kind = if ty == Type::Bool {
                    "a boolean"
                } else {
                    "a text"
                };
                Err(self.not_redshift(
                    span,
                    format!("`{op}` does not take {kind}"),
                    "cast it to a number, or join texts with `||`",
                ))
            }
            _ => Ok(Cow::Borrowed(value)),
        }
    }

    /// Refuses sums, differences and products of dates, times and intervals that Redshift's documentation does not show: it moves dates by
    /// whole days, and dates and timestamps by intervals.
    fn moves_by(&self, a: &Sql, op: &BinaryOperator, b: &Sql, span: Span) -> Result<(), Refusal> {
        use BinaryOperator::{Divide, Minus, Modulo, Multiply, Plus};
        use Type::{Date, Time, TimeTz};
        let (Some(left), Some(right)) = (a.ty, b.ty) else {
            return Ok(());
        };
        let timed = |ty: Type| ty.is_moment() || ty.is_interval();
        if !(timed(left) || timed(right)) || a.is_null() || b.is_null() {
            return Ok(());
        }
        let clock = |ty: Type| matches!(ty, Time | TimeTz);
        let moved = match op {
            Plus | Minus if left.is_interval() || right.is_interval() => {
                !left.is_number() && !right.is_number()
            }
            Plus | Minus if left == Date && right.is_integer() => true,
            Plus if left.is_integer() && right == Date => true,
            Plus => left == Date && clock(right) || clock(left) && right == Date,
            Minus => left.is_moment() && right.is_moment() && !clock(left) && !clock(right),
            Divide if left.is_interval() && !self.on_postgres() => {
                return Err(self.unsupported(
                    span,
                    "the quotient of an interval is not emulated",
                    "DuckDB has none: write the interval that it is, or divide the number before it",
                ));
            }
            Multiply | Divide | Modulo => !left.is_moment() && !right.is_moment(),
            _ => true,
        };
        if moved {
            return Ok(());
        }
        let sign = if *op == Minus { "-" } else { "" };
        let help = match (op, left, right) {
            (Plus | Minus, _, number) if number.is_number() && !clock(left) => format!(
                "write `dateadd(day, {sign}{}, …)`",
                match &b.constant {
                    Some(Constant::Number(number)) => number,
                    _ => "n",
                }
            ),
            (Plus, number, _) if number.is_number() && !clock(right) => {
                "write `dateadd(day, n, …)`".to_owned()
            }
            (Minus, left, right) if left.is_moment() && right.is_moment() => {
                "write `datediff(second, b, a)`".to_owned()
            }
            _ => "write `dateadd(second, n, …)`, or cast to a number first".to_owned(),
        };
        Err(Refusal {
            help: Some(help),
            ..self.unsupported(
                span,
                format!("`{left} {op} {right}` is not emulated"),
                "Redshift's documentation does not tell what it gives",
            )
        })
    }

    /// A literal whole number beside a value that may be a smallint: it is an integer, where DuckDB would make it small too.
    fn integer<'s>(&self, value: &'s Sql, op: &BinaryOperator, other: &Sql) -> Cow<'s, Sql> {
        use BinaryOperator::{BitwiseAnd, BitwiseOr, Minus, Modulo, Multiply, PGBitwiseXor, Plus};
        let widens = matches!(
            op,
            Plus | Minus | Multiply | Modulo | BitwiseAnd | BitwiseOr | PGBitwiseXor
        );
        let literal = matches!(value.constant, Some(Constant::Number(_))) && value.is(Type::Int4);
        let small = other.is(Type::Int2) || other.ty.is_none() && !other.is_null();
        if !widens || !literal || !small || self.on_postgres() {
            return Cow::Borrowed(value);
        }
        let text = format!("CAST({} AS INTEGER)", value.text);
        Cow::Owned(Sql {
            text,
            ..value.clone()
        })
    }

    /// Arithmetic of which a side is a float: in double precision, and it fails where it overflows.
    fn of_floats(&self, a: &Sql, op: &BinaryOperator, b: &Sql) -> Option<Sql> {
        if self.on_postgres() {
            return None;
        }
        let name = match op {
            BinaryOperator::Plus => "sum",
            BinaryOperator::Minus => "difference",
            BinaryOperator::Multiply => "product",
            BinaryOperator::Divide => "quotient",
            _ => return None,
        };
        let ty = sum_type(a.ty, b.ty).filter(|ty| ty.is_float())?;
        let right = match op {
            BinaryOperator::Divide => guarded(b),
            _ => b.text.clone(),
        };
        let text = format!("__rs_float_{name}({}, {right})", a.text);
        let text = match ty {
            Type::Float4 => format!("CAST({text} AS FLOAT)"),
            _ => text,
        };
        Some(Sql::typed(text, ty).of([a, b]))
    }

    /// A sum or product of decimals in Redshift's precision. DuckDB has one digit less for a product, and keeps to 18 digits where both
    /// sides have no more.
    fn of_decimals(&self, a: &Sql, symbol: &str, b: &Sql, ty: Option<Type>) -> Option<Sql> {
        let Some(ty @ Type::Decimal(precision, _)) = ty else {
            return None;
        };
        let ((p1, s1), (p2, _)) = (a.ty?.digits()?, b.ty?.digits()?);
        let narrow = precision > SHORT && p1.max(p2) <= SHORT;
        if self.on_postgres() || !(narrow || symbol == "*" && precision < 38) {
            return None;
        }
        let left = match narrow {
            true => format!("CAST({} AS DECIMAL({}, {s1}))", a.text, SHORT + 1),
            false => a.text.clone(),
        };
        let text = format!("CAST({left} {symbol} {} AS {})", b.text, ty.duckdb());
        Some(Sql::typed(text, ty).of([a, b]))
    }

    /// Bits of whole numbers, or of bytes. A literal text beside a whole number is one.
    ///
    /// <https://docs.aws.amazon.com/redshift/latest/dg/r_VARBYTE_OPERATORS.html>
    fn bits(&mut self, a: &Sql, symbol: &str, b: &Sql, span: Span) -> Result<Sql, Refusal> {
        let read = |value: &Sql, other: &Sql| match other.ty {
            Some(ty) if ty.is_integer() && value.constant_text().is_some() => {
                self.literal_as(value, ty, span)
            }
            _ => Ok(value.clone()),
        };
        let (a, b) = (&read(a, b)?, &read(b, a)?);
        if let (Some(Type::Varbyte(x)), Some(Type::Varbyte(y))) = (a.ty, b.ty)
            && !self.on_postgres()
        {
            // DuckDB has them for bits, and refuses those of two lengths.
            let (left, right) = (
                format!("CAST({} AS BIT)", a.text),
                format!("CAST({} AS BIT)", b.text),
            );
            let bits = match symbol {
                "#" => format!("xor({left}, {right})"),
                _ => format!("({left} {symbol} {right})"),
            };
            return Ok(
                Sql::typed(format!("CAST({bits} AS BLOB)"), Type::Varbyte(x.max(y))).of([a, b]),
            );
        }
        let other = [a, b].into_iter().find(|side| {
            !side.is_null()
                && side
                    .ty
                    .is_some_and(|ty| !(ty.is_integer() || matches!(ty, Type::Varbyte(_))))
        });
        if let Some(ty) = other.and_then(|side| side.ty) {
            let help = match ty {
                Type::Bool => "write `and` or `or`",
                _ => "cast it to `integer`",
            };
            return Err(self.not_redshift(
                span,
                format!("`{symbol}` is for whole numbers, and this is {ty}"),
                help,
            ));
        }
        let ty = wider_of(a.ty, b.ty);
        match symbol {
            "#" if !self.on_postgres() => {
                Ok(Sql::new(format!("xor({}, {})", a.text, b.text), ty).of([a, b]))
            }
            _ => Ok(operand(
                format!("{} {symbol} {}", a.text, b.text),
                ty,
                &[a, b],
            )),
        }
    }

    /// A whole number moved by bits: of its own type, and refused where bits leave it, of which no page tells what becomes.
    fn shift(&mut self, a: &Sql, symbol: &str, b: &Sql, span: Span) -> Result<Sql, Refusal> {
        let counts =
            b.is_null() || b.constant_text().is_some() || b.ty.is_none_or(Type::is_integer);
        let Some(ty) = a.ty.filter(|ty| ty.is_integer() && counts) else {
            return self.bits(a, symbol, b, span);
        };
        let width = match ty {
            Type::Int2 => 16,
            Type::Int4 => 32,
            _ => 64,
        };
        let by = match &b.constant {
            Some(Constant::Number(number)) => number.parse::<i64>().ok(),
            _ => None,
        };
        if by.is_some_and(|by| !(0..width).contains(&by)) {
            return Err(self.unsupported(
                span,
                format!("a shift of {ty} by {} bits is not emulated", b.text),
                "no page tells what becomes of bits that leave a number",
            ));
        }
        let moved = match by {
            Some(_) => b.text.clone(),
            None => format!("__rs.bits({}, {width})", b.text),
        };
        let name = self.engine.type_name(ty);
        let left = format!("CAST({} AS {name})", a.text);
        let text = match symbol {
            // PostgreSQL lets bits fall off.
            "<<" if self.on_postgres() => {
                format!(
                    "CAST(CAST({} AS NUMERIC) * power(CAST(2 AS NUMERIC), {moved}) AS {name})",
                    a.text
                )
            }
            _ if self.on_postgres() => format!("({left} {symbol} CAST({moved} AS INTEGER))"),
            _ => format!("CAST({left} {symbol} CAST({moved} AS {name}) AS {name})"),
        };
        Ok(Sql::typed(text, ty).of([a, b]))
    }
}

/// The most digits of a decimal that DuckDB computes with in 64 bits.
const SHORT: u8 = 18;

fn add(a: &Sql, symbol: &str, b: &Sql) -> Sql {
    let moment = |sql: &Sql, other: &Sql| {
        if other.ty.is_some_and(Type::is_interval) && sql.is_text() {
            format!("CAST({} AS TIMESTAMP)", sql.text)
        } else {
            sql.text.clone()
        }
    };
    let ty = match (a.ty, b.ty) {
        (Some(Type::Date), Some(ty)) if ty.is_integer() => Some(Type::Date),
        (Some(ty), Some(Type::Date)) if ty.is_integer() && symbol == "+" => Some(Type::Date),
        (Some(Type::Date), Some(Type::Date)) if symbol == "-" => Some(Type::Int4),
        (Some(Type::Timestamp | Type::Date), Some(Type::Timestamp | Type::Date))
            if symbol == "-" =>
        {
            Some(Type::Interval)
        }
        // Months added to a date give a date: <https://docs.aws.amazon.com/redshift/latest/dg/r_interval_data_types.html>.
        (Some(Type::Date), Some(Type::Months)) | (Some(Type::Months), Some(Type::Date)) => {
            Some(Type::Date)
        }
        (Some(Type::Date | Type::Timestamp), Some(span)) if span.is_interval() => {
            Some(Type::Timestamp)
        }
        (Some(span), Some(Type::Date | Type::Timestamp)) if span.is_interval() => {
            Some(Type::Timestamp)
        }
        (Some(Type::TimestampTz), Some(span)) if span.is_interval() => Some(Type::TimestampTz),
        (Some(Type::Months), Some(Type::Months)) => Some(Type::Months),
        (Some(a), Some(b)) if a.is_interval() && b.is_interval() => Some(Type::Interval),
        (a, b) => sum_type(a, b),
    };
    // What a date becomes hangs on its type, which only the engine knows here.
    if let (None, Some(Type::Months)) = (a.ty, b.ty)
        && !a.is_null()
    {
        let sign = if symbol == "-" { "-" } else { "" };
        return Sql::new(
            format!("__rs.months_on({}, {sign}{})", a.text, b.text),
            None,
        )
        .of([a, b]);
    }
    if let (Some(Type::Months), None) = (a.ty, b.ty)
        && !b.is_null()
    {
        return Sql::new(format!("__rs.months_on({}, {})", b.text, a.text), None).of([a, b]);
    }
    let text = format!("{} {symbol} {}", moment(a, b), moment(b, a));
    // DuckDB counts the days between two dates in a wider type.
    if ty == Some(Type::Int4) && a.is(Type::Date) {
        return Sql::typed(format!("CAST(({text}) AS INTEGER)"), Type::Int4).of([a, b]);
    }
    if ty == Some(Type::Date) && (a.is(Type::Months) || b.is(Type::Months)) {
        return Sql::typed(format!("CAST(({text}) AS DATE)"), Type::Date).of([a, b]);
    }
    operand(text, ty, &[a, b])
}

fn wider_of(a: Option<Type>, b: Option<Type>) -> Option<Type> {
    let (a, b) = (a?, b?);
    (a.is_integer() && b.is_integer()).then(|| wider(a, b))
}

fn numeric(
    a: Option<Type>,
    b: Option<Type>,
    decimal: impl Fn((u8, u8), (u8, u8)) -> (u8, u8),
) -> Option<Type> {
    let (a, b) = (a?, b?);
    if a.is_integer() && b.is_integer() {
        return Some(wider(a, b));
    }
    if !a.is_number() || !b.is_number() {
        return None;
    }
    if a == Type::Float4 && b == Type::Float4 {
        return Some(Type::Float4);
    }
    if a.is_float() || b.is_float() {
        return Some(Type::Float8);
    }
    let (precision, scale) = decimal(a.digits()?, b.digits()?);
    Some(Type::Decimal(precision.min(38), scale.min(38)))
}

/// The page for these rules: <https://docs.aws.amazon.com/redshift/latest/dg/r_numeric_computations201.html>.
fn sum_type(a: Option<Type>, b: Option<Type>) -> Option<Type> {
    numeric(a, b, |(p1, s1), (p2, s2)| {
        let scale = s1.max(s2);
        ((p1 - s1).max(p2 - s2) + 1 + scale, scale)
    })
}

fn product_type(a: Option<Type>, b: Option<Type>) -> Option<Type> {
    match (a, b) {
        // A part of a month is days.
        (Some(Type::Months), Some(other)) | (Some(other), Some(Type::Months))
            if other.is_integer() =>
        {
            return Some(Type::Months);
        }
        (Some(span), _) | (_, Some(span)) if span.is_interval() => return Some(Type::Interval),
        _ => {}
    }
    numeric(a, b, |(p1, s1), (p2, s2)| (p1 + p2 + 1, s1 + s2))
}

fn quotient_type(a: Option<Type>, b: Option<Type>) -> Option<Type> {
    numeric(a, b, |(p1, s1), (p2, s2)| {
        let scale = (i16::from(s1) + i16::from(p2) - i16::from(s2) + 1).max(4);
        let whole = i16::from(p1) - i16::from(s1) + i16::from(s2);
        let scale = scale.min((38 - whole).max(4));
        let byte = |number: i16| u8::try_from(number.clamp(0, 38)).unwrap_or(38);
        (byte(whole + scale), byte(scale))
    })
}

/// Whether a divisor is a literal that is not zero.
fn is_nonzero(sql: &Sql) -> bool {
    match &sql.constant {
        Some(Constant::Number(number)) => number.parse::<f64>().is_ok_and(|value| value != 0.0),
        _ => false,
    }
}

fn guarded(b: &Sql) -> String {
    if is_nonzero(b) {
        b.text.clone()
    } else {
        format!("__rs.divisor({})", b.text)
    }
}

pub(super) fn divide(engine: Engine, a: &Sql, b: &Sql) -> Sql {
    if engine == Engine::Postgres {
        return divide_on_postgres(a, b);
    }
    match quotient_type(a.ty, b.ty) {
        Some(ty) if ty.is_integer() => operand(format!("{} // {}", a.text, guarded(b)), Some(ty), &[a, b]),
        Some(ty @ Type::Decimal(precision, scale)) => Sql::typed(
            format!(
                "CAST(__rs_divide(CAST({} AS VARCHAR), CAST({} AS VARCHAR), {scale}) AS DECIMAL({precision}, {scale}))",
                a.text, b.text
            ),
            ty,
        )
        .of([a, b]),
        Some(ty) => operand(
            format!("CAST({} AS DOUBLE) / {}", a.text, guarded(b)),
            Some(ty),
            &[a, b],
        ),
        None => {
            let type_of = |sql: &Sql| sql.late.clone().unwrap_or_else(|| format!("typeof({})", sql.text));
            let (type_a, type_b) = (type_of(a), type_of(b));
            let text = match (&a.late, &b.late) {
                (None, None) => format!("__rs.divide({}, {})", a.text, b.text),
                _ => format!("__rs.divide_as({}, {}, {type_a}, {type_b})", a.text, b.text),
            };
            Sql {
                late: Some(format!("__rs.quotient_type({type_a}, {type_b})")),
                ..Sql::new(text, None).of([a, b])
            }
        }
    }
}

/// PostgreSQL cuts the quotient of whole numbers and refuses to divide by zero, as Redshift does; decimals have a scale of ours.
fn divide_on_postgres(a: &Sql, b: &Sql) -> Sql {
    let plain = |ty| operand(format!("{} / {}", a.text, b.text), Some(ty), &[a, b]);
    match quotient_type(a.ty, b.ty) {
        Some(ty) if ty.is_integer() => plain(ty),
        Some(ty @ Type::Decimal(precision, scale)) => Sql::typed(
            format!(
                "CAST(__rs.quotient({}, {}, {scale}) AS NUMERIC({precision}, {scale}))",
                a.text, b.text
            ),
            ty,
        ),
        Some(ty) => operand(
            format!(
                "CAST({} AS DOUBLE PRECISION) / CAST({} AS DOUBLE PRECISION)",
                a.text, b.text
            ),
            Some(ty),
            &[a, b],
        ),
        None if a.ty.is_some_and(Type::is_interval) => plain(Type::Interval),
        None => Sql::new(format!("__rs.divide({}, {})", a.text, b.text), None).of([a, b]),
    }
}

pub(super) fn modulo(engine: Engine, a: &Sql, b: &Sql) -> Sql {
    let divisor = match engine {
        Engine::DuckDb => guarded(b),
        Engine::Postgres => b.text.clone(),
    };
    operand(
        format!("{} % {divisor}", a.text),
        sum_type(a.ty, b.ty),
        &[a, b],
    )
}
