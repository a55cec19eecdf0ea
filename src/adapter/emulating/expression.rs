//! Expressions: literals, names, operators, `case`, and what has a syntax of its own. Functions are in `functions`.

use sqlparser::ast::{
    AccessExpr, BinaryOperator, CaseWhen, DateTimeField, Expr, Ident, Interval, JsonPath,
    JsonPathElem, Query, Spanned, Subscript, TrimWhereField, UnaryOperator, Value,
};
use sqlparser::tokenizer::Span;

use super::functions::date;
use super::query::operand;
use super::translator::{Constant, Sql, Translator, fold, quote};
use super::types::Type;
use super::{compare, json, literal};
use crate::adapter::Refusal;

impl Translator<'_> {
    /// Translates one expression. The match names every form that is understood; all others are refused.
    pub fn expr(&mut self, expr: &Expr) -> Result<Sql, Refusal> {
        let outer = self.near.clone();
        if let Some(range) = self.range_of(expr) {
            self.near = Some(range);
        }
        // A sum of thousands of terms is a tree as deep; a stack that runs out would end the process.
        let result = stacker::maybe_grow(256 * 1024, 2 * 1024 * 1024, || self.expr_inner(expr));
        self.near = outer;
        Ok(self.in_group(result?))
    }

    fn expr_inner(&mut self, expr: &Expr) -> Result<Sql, Refusal> {
        let span = expr.span();
        match expr {
            Expr::Value(value) => self.value(&value.value, span),
            Expr::Identifier(ident) => self.identifier(ident),
            Expr::CompoundIdentifier(parts) => self.compound(parts),
            Expr::CompoundFieldAccess { root, access_chain } => {
                self.field_access(root, access_chain)
            }
            Expr::JsonAccess { value, path } => self.json_access(value, path),
            Expr::Nested(inner) => {
                let inner = self.expr(inner)?;
                Ok(Sql {
                    text: parenthesized(&inner.text),
                    ..inner
                })
            }
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right, span),
            Expr::UnaryOp { op, expr } => self.unary(*op, expr, span),
            Expr::IsNull(inner) => self.postfix(inner, "IS NULL"),
            Expr::IsNotNull(inner) => self.postfix(inner, "IS NOT NULL"),
            Expr::IsTrue(inner) => self.postfix(inner, "IS TRUE"),
            Expr::IsNotTrue(inner) => self.postfix(inner, "IS NOT TRUE"),
            Expr::IsFalse(inner) => self.postfix(inner, "IS FALSE"),
            Expr::IsNotFalse(inner) => self.postfix(inner, "IS NOT FALSE"),
            Expr::IsUnknown(inner) => self.postfix(inner, "IS NULL"),
            Expr::IsNotUnknown(inner) => self.postfix(inner, "IS NOT NULL"),
            Expr::InList {
                expr,
                list,
                negated,
            } => {
                let expr = self.expr(expr)?;
                let list = self.exprs(list)?;
                Ok(compare::in_list(&expr, &list, *negated))
            }
            Expr::InSubquery {
                expr,
                subquery,
                negated,
            } => self.in_subquery(expr, subquery, *negated),
            Expr::Between {
                expr,
                negated,
                low,
                high,
            } => {
                let (expr, low, high) = (self.expr(expr)?, self.expr(low)?, self.expr(high)?);
                Ok(compare::between(&expr, &low, &high, *negated))
            }
            Expr::Like { any: true, .. } | Expr::ILike { any: true, .. } => Err(self.not_redshift(
                span,
                "`like any` is not one of Redshift's operators",
                "join the patterns with `or`",
            )),
            Expr::Like {
                negated,
                expr,
                pattern,
                escape_char,
                ..
            } => self.like("LIKE", *negated, expr, pattern, escape_char.as_deref()),
            Expr::ILike {
                negated,
                expr,
                pattern,
                escape_char,
                ..
            } => self.like("ILIKE", *negated, expr, pattern, escape_char.as_deref()),
            Expr::SimilarTo {
                negated,
                expr,
                pattern,
                escape_char,
            } => self.similar_to(*negated, expr, pattern, escape_char.as_deref()),
            Expr::AnyOp {
                left,
                compare_op,
                right,
                is_some: false,
            } => self.quantified(left, compare_op, "ANY", right, span),
            Expr::AllOp {
                left,
                compare_op,
                right,
            } => self.quantified(left, compare_op, "ALL", right, span),
            Expr::Cast {
                kind,
                expr,
                data_type,
                format,
            } => {
                if format.is_some() {
                    return Err(self.not_redshift(
                        span,
                        "`cast … format` is not one of Redshift's",
                        "use `to_char` or `to_date`",
                    ));
                }
                self.cast(kind, expr, data_type, span)
            }
            Expr::Convert {
                is_try: false,
                expr,
                data_type: Some(data_type),
                charset: None,
                styles,
                ..
            } if styles.is_empty() => {
                self.cast(&sqlparser::ast::CastKind::Cast, expr, data_type, span)
            }
            Expr::TypedString(typed) => self.typed_string(typed),
            Expr::Interval(interval) => self.interval(interval, span),
            Expr::AtTimeZone {
                timestamp,
                time_zone,
            } => self.at_time_zone(timestamp, time_zone, span),
            Expr::Extract { field, expr, .. } => self.extract(field, expr, span),
            Expr::Ceil { expr, field } => self.ceil_floor("ceil", expr, field, span),
            Expr::Floor { expr, field } => self.ceil_floor("floor", expr, field, span),
            Expr::Position { expr, r#in } => {
                let (needle, text) = (self.text_operand(expr)?, self.text_operand(r#in)?);
                Ok(Sql::typed(
                    format!("strpos({}, {})", text.text, needle.text),
                    Type::Int4,
                )
                .of([&needle, &text]))
            }
            Expr::Substring {
                expr,
                substring_from,
                substring_for,
                ..
            } => self.substring(
                expr,
                substring_from.as_deref(),
                substring_for.as_deref(),
                span,
            ),
            Expr::Trim {
                trim_where,
                trim_what,
                expr,
                trim_characters,
            } => self.trim(
                trim_where.as_ref(),
                trim_what.as_deref(),
                expr,
                trim_characters.as_deref(),
                span,
            ),
            Expr::Function(function) => self.function(function, span),
            Expr::Case {
                operand,
                conditions,
                else_result,
                ..
            } => self.case(operand.as_deref(), conditions, else_result.as_deref()),
            Expr::Exists { subquery, negated } => {
                let inner = self.subquery(subquery)?;
                let not = if *negated { "NOT " } else { "" };
                Ok(Sql::typed(
                    format!("({not}EXISTS ({}))", inner.text),
                    Type::Bool,
                ))
            }
            Expr::Subquery(query) => {
                let inner = self.subquery(query)?;
                let ty = match inner.columns.as_deref() {
                    Some([(_, ty)]) => *ty,
                    _ => None,
                };
                Ok(Sql::new(format!("({})", inner.text), ty))
            }
            Expr::Tuple(parts) => {
                let parts = self.exprs(parts)?;
                let text = parts
                    .iter()
                    .map(|part| part.text.as_str())
                    .collect::<Vec<_>>()
                    .join(", ");
                Ok(Sql::new(format!("({text})"), None).of(&parts))
            }
            Expr::IsDistinctFrom(..) | Expr::IsNotDistinctFrom(..) => Err(self.not_redshift(
                span,
                "`is distinct from` is not one of Redshift's operators",
                "compare with `=` and test both sides with `is null`",
            )),
            Expr::Array(_) | Expr::Struct { .. } | Expr::Dictionary(_) | Expr::Map(_) => Err(self
                .not_redshift(
                    span,
                    "a list, struct or map literal is not one of Redshift's",
                    "write `array(…)` or `json_parse('…')`",
                )),
            Expr::Lambda(_) => Err(self.not_redshift(span, "Redshift has no lambda functions", "")),
            Expr::Collate { .. } => Err(self.unsupported(
                span,
                "`collate` is not emulated",
                "the comparison would not be Redshift's",
            )),
            Expr::OuterJoin(_) => Err(self.unsupported(
                span,
                "the outer join operator `(+)` is not emulated",
                "DuckDB has no such operator",
            )),
            _ => Err(self.not_redshift(
                span,
                format!("`{}` is not an expression of Redshift", shorten(expr)),
                "",
            )),
        }
    }

    pub fn exprs(&mut self, list: &[Expr]) -> Result<Vec<Sql>, Refusal> {
        list.iter().map(|expr| self.expr(expr)).collect()
    }

    fn value(&self, value: &Value, span: Span) -> Result<Sql, Refusal> {
        let (text, ty, constant) = match value {
            Value::Number(number, false) => (
                number.clone(),
                Some(number_type(number)),
                Constant::Number(number.clone()),
            ),
            Value::SingleQuotedString(text) | Value::EscapedStringLiteral(text) => (
                literal(text),
                Some(Type::Varchar(
                    u32::try_from(text.len().max(1)).unwrap_or(u32::MAX),
                )),
                Constant::Text(text.clone()),
            ),
            Value::DollarQuotedString(text) => (
                literal(&text.value),
                Some(Type::Varchar(
                    u32::try_from(text.value.len().max(1)).unwrap_or(u32::MAX),
                )),
                Constant::Text(text.value.clone()),
            ),
            Value::Boolean(value) => (
                if *value { "TRUE" } else { "FALSE" }.to_owned(),
                Some(Type::Bool),
                Constant::Bool(*value),
            ),
            Value::Null => ("NULL".to_owned(), None, Constant::Null),
            _ => {
                return Err(self.not_redshift(
                    span,
                    format!("`{value}` is not a literal of Redshift"),
                    "",
                ));
            }
        };
        Ok(Sql {
            text,
            ty,
            constant: Some(constant),
            plain: true,
            late: None,
        })
    }

    fn identifier(&self, ident: &Ident) -> Result<Sql, Refusal> {
        let name = fold(ident);
        if ident.quote_style.is_none() {
            match name.as_str() {
                "sysdate" => return Ok(date::sysdate()),
                "current_date" => return Ok(Sql::typed("CAST(now() AS DATE)", Type::Date)),
                "current_timestamp" => return Ok(Sql::typed("now()", Type::TimestampTz)),
                "current_user" | "session_user" | "user" | "current_user_id" | "current_time"
                | "localtime" | "localtimestamp" => {
                    return Err(self.unsupported(
                        ident.span,
                        format!("`{name}` is not emulated"),
                        "it has no value of Redshift's here",
                    ));
                }
                _ => {}
            }
        }
        let resolved = self.resolve(None, &name);
        Ok(Sql {
            text: quote(ident),
            ty: resolved.ty,
            constant: None,
            plain: resolved.plain,
            late: None,
        })
    }

    fn compound(&mut self, parts: &[Ident]) -> Result<Sql, Refusal> {
        let names: Vec<String> = parts.iter().map(fold).collect();
        match names.as_slice() {
            [element, path @ ..] if !path.is_empty() && self.is_element(element) => Ok(Sql::typed(
                json::path_text(&[element, element], path),
                Type::Super,
            )),
            [table, column] if self.is_table(table) => {
                let resolved = self.resolve(Some(table), column);
                Ok(Sql {
                    text: format!("{}.{}", quote(&parts[0]), quote(&parts[1])),
                    ty: resolved.ty,
                    constant: None,
                    plain: resolved.plain,
                    late: None,
                })
            }
            [column, _] if self.resolve(None, column).ty == Some(Type::Super) => Ok(Sql::typed(
                json::path_text(&[&names[0]], &names[1..]),
                Type::Super,
            )),
            [_, _] => Ok(Sql::new(
                format!("{}.{}", quote(&parts[0]), quote(&parts[1])),
                None,
            )),
            [table, column, path @ ..] if self.is_table(table) => Ok(Sql::typed(
                json::path_text(&[table, column], path),
                Type::Super,
            )),
            [schema @ .., table, column] if self.is_table(table) && schema.len() <= 2 => {
                let resolved = self.resolve(Some(table), column);
                Ok(Sql {
                    text: format!("{}.{}", super::identifier(table), super::identifier(column)),
                    ty: resolved.ty,
                    constant: None,
                    plain: resolved.plain,
                    late: None,
                })
            }
            [column, path @ ..] => Ok(Sql::typed(json::path_text(&[column], path), Type::Super)),
            [] => Err(self.not_redshift(Span::empty(), "an empty name", "")),
        }
    }

    fn field_access(&mut self, root: &Expr, chain: &[AccessExpr]) -> Result<Sql, Refusal> {
        let mut names: Vec<Ident> = match root {
            Expr::Identifier(ident) => vec![ident.clone()],
            Expr::CompoundIdentifier(parts) => parts.clone(),
            _ => Vec::new(),
        };
        let mut rest = chain;
        while let [AccessExpr::Dot(Expr::Identifier(ident)), more @ ..] = rest {
            if names.is_empty() {
                break;
            }
            names.push(ident.clone());
            rest = more;
        }
        let base = if names.is_empty() {
            self.expr(root)?.text
        } else {
            self.compound(&names)?.text
        };
        let mut steps = String::from("$");
        for access in rest {
            steps.push_str(&self.access_step(access)?);
        }
        Ok(Sql::typed(json::extract(&base, &steps), Type::Super))
    }

    fn access_step(&mut self, access: &AccessExpr) -> Result<String, Refusal> {
        match access {
            AccessExpr::Dot(Expr::Identifier(ident)) => Ok(json::key(&fold(ident))),
            AccessExpr::Subscript(Subscript::Index { index }) => self.index_step(index),
            _ => Err(self.not_redshift(
                access.span(),
                "this is not a step into a `super` value",
                "write `.key` or `[0]`",
            )),
        }
    }

    fn index_step(&mut self, index: &Expr) -> Result<String, Refusal> {
        match self.expr(index)?.constant {
            Some(Constant::Number(number)) if number.parse::<u32>().is_ok() => {
                Ok(format!("[{number}]"))
            }
            Some(Constant::Text(key)) => Ok(json::key(&key)),
            _ => Err(self.unsupported(
                index.span(),
                "an index that is not a number is not emulated",
                "the path must be known when the query is translated",
            )),
        }
    }

    fn json_access(&mut self, value: &Expr, path: &JsonPath) -> Result<Sql, Refusal> {
        let base = self.expr(value)?;
        let steps = self.json_steps(path)?;
        Ok(Sql::typed(
            json::extract(&base.text, &format!("${steps}")),
            Type::Super,
        ))
    }

    fn json_steps(&mut self, path: &JsonPath) -> Result<String, Refusal> {
        let mut steps = String::new();
        for step in &path.path {
            steps.push_str(&match step {
                JsonPathElem::Dot { key, .. } => json::key(&key.to_lowercase()),
                JsonPathElem::Bracket { key } => self.index_step(key)?,
                JsonPathElem::ColonBracket { key } => {
                    return Err(self.not_redshift(
                        key.span(),
                        "this is not a step into a `super` value",
                        "",
                    ));
                }
            });
        }
        Ok(steps)
    }

    /// The path of `from t.a[0].b`, whose first parts name a table and a column.
    pub fn json_path(
        &mut self,
        parts: &[String],
        path: &JsonPath,
        span: Span,
    ) -> Result<String, Refusal> {
        let idents: Vec<Ident> = parts
            .iter()
            .map(|part| Ident::with_span(span, part))
            .collect();
        let base = self.compound(&idents)?;
        let steps = self.json_steps(path)?;
        Ok(json::extract(&base.text, &format!("${steps}")))
    }

    fn postfix(&mut self, inner: &Expr, words: &str) -> Result<Sql, Refusal> {
        let inner = self.expr(inner)?;
        Ok(operand(
            format!("{} {words}", inner.text),
            Some(Type::Bool),
            &[&inner],
        ))
    }

    fn unary(&mut self, op: UnaryOperator, expr: &Expr, span: Span) -> Result<Sql, Refusal> {
        let inner = self.expr(expr)?;
        let (text, ty) = match op {
            UnaryOperator::Minus => {
                if let Some(Constant::Number(number)) = &inner.constant {
                    return Ok(Sql {
                        text: format!("(-{number})"),
                        constant: Some(Constant::Number(format!("-{number}"))),
                        ..inner
                    });
                }
                (format!("-{}", inner.text), inner.ty)
            }
            UnaryOperator::Plus => (inner.text.clone(), inner.ty),
            UnaryOperator::Not => (format!("NOT {}", inner.text), Some(Type::Bool)),
            UnaryOperator::BitwiseNot => (format!("~{}", inner.text), inner.ty),
            UnaryOperator::PGSquareRoot => (format!("sqrt({})", inner.text), Some(Type::Float8)),
            UnaryOperator::PGCubeRoot => (format!("cbrt({})", inner.text), Some(Type::Float8)),
            UnaryOperator::PGAbs => (format!("abs({})", inner.text), inner.ty),
            _ => {
                return Err(self.not_redshift(
                    span,
                    format!("`{op}` is not one of Redshift's operators"),
                    "",
                ));
            }
        };
        Ok(operand(text, ty, &[&inner]))
    }

    fn binary(
        &mut self,
        left: &Expr,
        op: &BinaryOperator,
        right: &Expr,
        span: Span,
    ) -> Result<Sql, Refusal> {
        // Long chains of `and`, `or` and `||` lean to the left; walk them without a call for each link.
        if matches!(
            op,
            BinaryOperator::And | BinaryOperator::Or | BinaryOperator::StringConcat
        ) {
            return self.chain(left, op, right);
        }
        let (a, b) = (self.expr(left)?, self.expr(right)?);
        self.operator(&a, op, &b, span)
    }

    fn chain(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr) -> Result<Sql, Refusal> {
        let mut operands = vec![right];
        let mut rest = left;
        while let Expr::BinaryOp {
            left,
            op: inner,
            right,
        } = rest
        {
            if inner != op {
                break;
            }
            operands.push(right);
            rest = left;
        }
        operands.push(rest);
        operands.reverse();
        let mut parts = Vec::with_capacity(operands.len());
        for expr in operands {
            let part = self.expr(expr)?;
            parts.push(if *op == BinaryOperator::StringConcat {
                self.as_text(part, expr.span())?
            } else {
                part
            });
        }
        let (symbol, ty) = match op {
            BinaryOperator::And => (" AND ", Type::Bool),
            BinaryOperator::Or => (" OR ", Type::Bool),
            _ => (" || ", Type::Varchar(super::types::DEFAULT_LENGTH)),
        };
        let text = parts
            .iter()
            .map(|part| part.text.as_str())
            .collect::<Vec<_>>()
            .join(symbol);
        Ok(Sql::typed(format!("({text})"), ty).of(&parts))
    }

    fn like(
        &mut self,
        word: &str,
        negated: bool,
        expr: &Expr,
        pattern: &Expr,
        escape: Option<&Expr>,
    ) -> Result<Sql, Refusal> {
        let (text, pattern) = (self.matched_text(expr)?, self.matched_text(pattern)?);
        let escape = match escape {
            Some(escape) => self.expr(escape)?.text,
            None => literal("\\"),
        };
        let not = if negated { "NOT " } else { "" };
        Ok(operand(
            format!("{} {not}{word} {} ESCAPE {escape}", text.text, pattern.text),
            Some(Type::Bool),
            &[&text, &pattern],
        ))
    }

    fn in_subquery(
        &mut self,
        expr: &Expr,
        subquery: &Query,
        negated: bool,
    ) -> Result<Sql, Refusal> {
        let left = self.expr(expr)?;
        let inner = self.subquery(subquery)?;
        let not = if negated { "NOT " } else { "" };
        let ty = match inner.columns.as_deref() {
            Some([(_, ty)]) => *ty,
            _ => None,
        };
        if matches!(expr, Expr::Tuple(_)) {
            return Ok(Sql::typed(
                format!("({} {not}IN ({}))", left.text, inner.text),
                Type::Bool,
            ));
        }
        let text = compare::in_query(&left, ty, &inner.text);
        Ok(Sql::typed(
            format!("({} {not}IN ({}))", text.0, text.1),
            Type::Bool,
        ))
    }

    fn quantified(
        &mut self,
        left: &Expr,
        op: &BinaryOperator,
        word: &str,
        right: &Expr,
        span: Span,
    ) -> Result<Sql, Refusal> {
        let (Expr::Subquery(query), Some(symbol)) = (right, compare::symbol(op)) else {
            return Err(self.not_redshift(
                span,
                format!("`{}` takes a subquery", word.to_lowercase()),
                "Redshift has no arrays; write `in (…)`",
            ));
        };
        let left = self.expr(left)?;
        if left.ty.is_none_or(Type::is_text) {
            return Err(Refusal {
                help: Some(
                    "write `in (…)`, `not in (…)`, or compare with `(select max(…) …)`".to_owned(),
                ),
                ..self.unsupported(
                    span,
                    format!(
                        "`{symbol} {} (…)` is not emulated here",
                        word.to_lowercase()
                    ),
                    "trailing blanks of texts would count, unlike on Redshift",
                )
            });
        }
        let inner = self.subquery(query)?;
        Ok(Sql::typed(
            format!("({} {symbol} {word} ({}))", left.text, inner.text),
            Type::Bool,
        ))
    }

    fn typed_string(&mut self, typed: &sqlparser::ast::TypedString) -> Result<Sql, Refusal> {
        let span = typed.value.span;
        let value = self.value(&typed.value.value, span)?;
        if typed.uses_odbc_syntax {
            return Err(self.not_redshift(
                span,
                "`{d '…'}` is not one of Redshift's literals",
                "write `date '…'`",
            ));
        }
        self.cast_sql(value, &typed.data_type, span, true)
    }

    fn interval(&mut self, interval: &Interval, span: Span) -> Result<Sql, Refusal> {
        if interval.last_field.is_some()
            || interval.leading_precision.is_some()
            || interval.fractional_seconds_precision.is_some()
        {
            return Err(self.unsupported(
                span,
                "this interval literal is not emulated",
                "write the unit in the text: `interval '1 day 2 hours'`",
            ));
        }
        let value = self.expr(&interval.value)?;
        let Some(text) = value.constant_text() else {
            return Err(self.not_redshift(
                span,
                "an interval literal takes a text",
                "write `n * interval '1 day'` for a number that is not constant",
            ));
        };
        let unit = interval.leading_field.as_ref().map(field_name);
        let normal = date::interval(text, unit.as_deref()).ok_or_else(|| {
            self.unsupported(
                span,
                format!("the interval `{text}` is not emulated"),
                "its parts are not a number and a unit each",
            )
        })?;
        Ok(Sql {
            plain: true,
            ..Sql::typed(format!("INTERVAL {}", literal(&normal)), Type::Interval)
        })
    }

    fn at_time_zone(&mut self, timestamp: &Expr, zone: &Expr, span: Span) -> Result<Sql, Refusal> {
        let (value, zone) = (self.expr(timestamp)?, self.expr(zone)?);
        let zone = date::zone(self, &zone, span)?;
        let ty = match value.ty {
            Some(Type::TimestampTz) => Some(Type::Timestamp),
            Some(Type::Timestamp | Type::Date) => Some(Type::TimestampTz),
            _ => None,
        };
        let source = if value.is(Type::Date) || value.is_text() {
            format!("CAST({} AS TIMESTAMP)", value.text)
        } else {
            value.text.clone()
        };
        Ok(operand(
            format!("{source} AT TIME ZONE {zone}"),
            ty,
            &[&value],
        ))
    }

    fn extract(&mut self, field: &DateTimeField, expr: &Expr, span: Span) -> Result<Sql, Refusal> {
        let value = self.expr(expr)?;
        date::date_part(self, &field_name(field), &value, span)
    }

    fn ceil_floor(
        &mut self,
        name: &str,
        expr: &Expr,
        field: &sqlparser::ast::CeilFloorKind,
        span: Span,
    ) -> Result<Sql, Refusal> {
        if !matches!(
            field,
            sqlparser::ast::CeilFloorKind::DateTimeField(DateTimeField::NoDateTime)
        ) {
            return Err(self.not_redshift(span, format!("`{name}` takes one number"), ""));
        }
        let value = self.expr(expr)?;
        let ty = match value.ty {
            Some(Type::Decimal(precision, _)) => Some(Type::Decimal(precision, 0)),
            other => other,
        };
        Ok(Sql::new(format!("{name}({})", value.text), ty).of([&value]))
    }

    fn substring(
        &mut self,
        expr: &Expr,
        from: Option<&Expr>,
        length: Option<&Expr>,
        span: Span,
    ) -> Result<Sql, Refusal> {
        let text = self.text_operand(expr)?;
        let Some(from) = from else {
            return Err(self.not_redshift(span, "`substring` needs the position to start at", ""));
        };
        let from = self.expr(from)?;
        let length = length.map(|length| self.expr(length)).transpose()?;
        Ok(super::functions::string::substring(
            &text,
            &from,
            length.as_ref(),
        ))
    }

    fn trim(
        &mut self,
        side: Option<&TrimWhereField>,
        what: Option<&Expr>,
        expr: &Expr,
        characters: Option<&[Expr]>,
        span: Span,
    ) -> Result<Sql, Refusal> {
        let what = match (what, characters) {
            (Some(what), None) => Some(self.text_operand(what)?),
            (None, Some([what])) => Some(self.text_operand(what)?),
            (None, None) => None,
            _ => return Err(self.not_redshift(span, "`trim` takes one set of characters", "")),
        };
        let text = self.text_operand(expr)?;
        let function = match side {
            None | Some(TrimWhereField::Both) => "trim",
            Some(TrimWhereField::Leading) => "ltrim",
            Some(TrimWhereField::Trailing) => "rtrim",
        };
        let what = what.map_or_else(|| literal(" "), |what| what.text);
        Ok(Sql::new(format!("{function}({}, {what})", text.text), text.ty).of([&text]))
    }

    fn case(
        &mut self,
        subject: Option<&Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&Expr>,
    ) -> Result<Sql, Refusal> {
        let subject = subject.map(|expr| self.expr(expr)).transpose()?;
        let mut text = String::from("CASE");
        let mut parts = Vec::new();
        let mut results = Vec::new();
        for when in conditions {
            let condition = self.expr(&when.condition)?;
            let condition = match &subject {
                Some(subject) => compare::compare(subject, "=", &condition),
                None => condition,
            };
            let result = self.expr(&when.result)?;
            text.push_str(&format!(" WHEN {} THEN {}", condition.text, result.text));
            parts.push(condition);
            results.push(result);
        }
        if let Some(otherwise) = otherwise {
            let result = self.expr(otherwise)?;
            text.push_str(&format!(" ELSE {}", result.text));
            results.push(result);
        }
        text.push_str(" END");
        let ty = common_type(results.iter());
        Ok(Sql::new(text, ty).of(parts.iter().chain(&results)))
    }

    /// An expression where Redshift wants text: a known number is cast, a boolean refused.
    pub fn text_operand(&mut self, expr: &Expr) -> Result<Sql, Refusal> {
        let sql = self.expr(expr)?;
        self.as_text(sql, expr.span())
    }

    /// The text of a pattern match: a column of unknown type stays as it is, so that DuckDB can use its statistics.
    pub fn matched_text(&mut self, expr: &Expr) -> Result<Sql, Refusal> {
        let sql = self.expr(expr)?;
        match sql.ty {
            None if !sql.is_null() => Ok(sql),
            _ => self.as_text(sql, expr.span()),
        }
    }

    /// A value as Redshift casts it to text.
    pub fn as_text(&self, sql: Sql, span: Span) -> Result<Sql, Refusal> {
        let ty = Some(Type::Varchar(super::types::DEFAULT_LENGTH));
        let text = match sql.ty {
            _ if sql.is_null() => "CAST(NULL AS VARCHAR)".to_owned(),
            Some(known) if known.is_text() => return Ok(sql),
            Some(Type::Bool) => {
                return Err(self.not_redshift(
                    span,
                    "a boolean does not cast to text on Redshift",
                    "write `case when … then 'true' else 'false' end`",
                ));
            }
            Some(Type::Float4 | Type::Float8) => format!("__rs_float_text({})", sql.text),
            Some(Type::Super) => json::scalar(&sql.text),
            Some(_) => format!("CAST({} AS VARCHAR)", sql.text),
            None => format!("__rs.text({})", sql.text),
        };
        Ok(Sql {
            text,
            ty,
            constant: None,
            plain: sql.plain,
            late: None,
        })
    }
}

/// The type that several results have in common, where it is known.
pub(super) fn common_type<'s>(results: impl Iterator<Item = &'s Sql>) -> Option<Type> {
    let mut common: Option<Type> = None;
    for result in results.filter(|result| !result.is_null()) {
        let ty = result.ty?;
        common = Some(match (common, ty) {
            (None, ty) => ty,
            (Some(a), b) if a == b => a,
            (Some(Type::Varchar(a) | Type::Char(a)), Type::Varchar(b) | Type::Char(b)) => {
                Type::Varchar(a.max(b))
            }
            (Some(a), b) if a.is_integer() && b.is_integer() => super::arithmetic::wider(a, b),
            (Some(Type::Decimal(p1, s1)), Type::Decimal(p2, s2)) => {
                let scale = s1.max(s2);
                Type::Decimal((p1 - s1).max(p2 - s2).saturating_add(scale).min(38), scale)
            }
            (Some(a), b) if a.is_number() && b.is_number() && (a.is_float() || b.is_float()) => {
                Type::Float8
            }
            _ => return None,
        });
    }
    common
}

fn number_type(number: &str) -> Type {
    match number.split_once('.') {
        _ if number.contains(['e', 'E']) => Type::Float8,
        Some((whole, fraction)) => {
            let whole = whole.trim_start_matches('0').len();
            let digits = u8::try_from(whole + fraction.len())
                .unwrap_or(38)
                .clamp(1, 38);
            Type::Decimal(
                digits,
                u8::try_from(fraction.len()).unwrap_or(37).min(digits),
            )
        }
        None => match number.parse::<i128>() {
            Ok(value) if i32::try_from(value).is_ok() => Type::Int4,
            Ok(value) if i64::try_from(value).is_ok() => Type::Int8,
            _ => Type::Decimal(38, 0),
        },
    }
}

fn parenthesized(text: &str) -> String {
    if text.starts_with('(') && text.ends_with(')') && closes_at_end(text) {
        text.to_owned()
    } else {
        format!("({text})")
    }
}

/// Whether the first parenthesis of a text is closed by its last character.
fn closes_at_end(text: &str) -> bool {
    let mut depth = 0usize;
    let mut quote: Option<char> = None;
    for (at, character) in text.char_indices() {
        match quote {
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None => match character {
                '\'' | '"' => quote = Some(character),
                '(' => depth += 1,
                ')' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return at + 1 == text.len();
                    }
                }
                _ => {}
            },
        }
    }
    false
}

fn field_name(field: &DateTimeField) -> String {
    match field {
        DateTimeField::Custom(ident) => fold(ident),
        other => other.to_string().to_lowercase(),
    }
}

fn shorten(expr: &Expr) -> String {
    let text = expr.to_string();
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
