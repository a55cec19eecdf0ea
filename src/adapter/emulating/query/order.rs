//! `order by` and `limit`.

use sqlparser::ast::{Expr, LimitClause, OrderBy, OrderByExpr, OrderByKind, OrderBySort, Spanned};
use sqlparser::tokenizer::Span;

use super::{QuerySql, may_hold_text};
use crate::adapter::Refusal;
use crate::adapter::emulating::grouping::{late, same, trimmed};
use crate::adapter::emulating::identifier;
use crate::adapter::emulating::translator::{Constant, Sql, Translator, fold, quote};
use crate::adapter::emulating::types::Type;

/// The name of a query that is put into a subquery for its `order by`, or its `distinct`.
const ROWS: &str = "__rs_rows";

/// What an `order by` stands after.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OrderOf {
    /// A select: its tables can be seen.
    Select,
    /// A query in parentheses.
    Query,
    /// A set operation.
    Sets,
}

impl Translator<'_> {
    /// A query with its `order by`.
    ///
    /// Only the keys before the last are trimmed: among texts that are equal but for trailing blanks any order is
    /// Redshift's, unless a later key decides it.
    pub(super) fn ordered(
        &mut self,
        order_by: &OrderBy,
        body: &QuerySql,
        of: OrderOf,
    ) -> Result<String, Refusal> {
        let OrderByKind::Expressions(expressions) = &order_by.kind else {
            return Err(self.not_redshift(
                order_by.span(),
                "`order by all` is not one of Redshift's",
                "list the columns",
            ));
        };
        if order_by.interpolate.is_some() {
            return Err(self.not_redshift(
                order_by.span(),
                "`interpolate` is not one of Redshift's",
                "",
            ));
        }
        let mut text = body.text.clone();
        let distinct = self.scope().distinct;
        // PostgreSQL does not know what a query puts out inside an expression, so a query around it is ordered.
        let derived = (of != OrderOf::Select || (distinct && self.on_postgres()))
            && expressions.len() > 1
            && may_hold_text(&body.columns);
        if derived {
            text = format!("SELECT * FROM ({text}) AS {ROWS}");
        }
        let derived = derived || distinct;
        let mut parts = Vec::new();
        for (at, item) in expressions.iter().enumerate() {
            if of == OrderOf::Sets && !matches!(item.expr, Expr::Identifier(_) | Expr::Value(_)) {
                return Err(self.not_redshift(
                    item.expr.span(),
                    "a set operation is ordered by names or positions of its columns",
                    "put it into a subquery",
                ));
            }
            let direction = self.direction(item)?;
            let written = self.order_key(&item.expr)?;
            let value = match self.output_of(&item.expr) {
                Some(output) => output,
                None => self.expr(&item.expr)?,
            };
            self.no_order_of_super(&value, item.expr.span())?;
            let keys = if at + 1 == expressions.len() {
                vec![written]
            } else {
                let value = self.key_value(&item.expr, &written, derived, body)?;
                self.blankless(&value).unwrap_or_else(|| vec![written])
            };
            parts.extend(keys.iter().map(|key| format!("{key}{direction}")));
        }
        Ok(format!("{text} ORDER BY {}", parts.join(", ")))
    }

    /// What the query puts out under a name.
    fn output_of(&mut self, expr: &Expr) -> Option<Sql> {
        let Expr::Identifier(ident) = expr else {
            return None;
        };
        let name = fold(ident);
        let mut outputs = self.scope().outputs.iter();
        let output = outputs.find(|output| output.name.as_ref() == Some(&name))?;
        Some(output.sql.clone())
    }

    /// The order of `super` values is not that of their texts.
    pub fn no_order_of_super(&self, value: &Sql, span: Span) -> Result<(), Refusal> {
        if !value.is(Type::Super) {
            return Ok(());
        }
        Err(Refusal {
            help: Some("cast it: `x.a::int`".to_owned()),
            ..self.unsupported(
                span,
                "ordering `super` values is not emulated",
                "they would be ordered as texts, and 10 before 9",
            )
        })
    }

    /// An expression of the outermost `order by`. What the query puts out can be named there as it is.
    fn order_key(&mut self, expr: &Expr) -> Result<String, Refusal> {
        if let Expr::Identifier(ident) = expr
            && let name = fold(ident)
            && self
                .scope()
                .outputs
                .iter()
                .any(|output| output.name.as_ref() == Some(&name))
        {
            return Ok(quote(ident));
        }
        let sql = self.expr(expr)?;
        let (wrapped, unique) = (self.scope().distinct, self.scope().unique);
        if !(wrapped || unique) || matches!(sql.constant, Some(Constant::Number(_))) {
            return Ok(sql.text);
        }
        let outputs = self.scope().outputs.clone();
        let hidden = outputs.iter().any(|output| output.name.is_none());
        let at = outputs
            .iter()
            .position(|output| output.name.is_some() && same(&output.sql.text, &sql.text));
        match (at, expr) {
            (Some(_), _) if !wrapped => Ok(sql.text),
            (None, Expr::Identifier(_) | Expr::CompoundIdentifier(_)) if !wrapped && hidden => {
                Ok(sql.text)
            }
            (Some(at), _) if !hidden => Ok((at + 1).to_string()),
            (Some(at), _) => Ok(identifier(outputs[at].name.as_deref().unwrap_or_default())),
            (None, Expr::Identifier(ident)) if hidden => Ok(quote(ident)),
            (None, Expr::CompoundIdentifier(parts)) if hidden => {
                Ok(parts.last().map(quote).unwrap_or_default())
            }
            (None, _) => Err(self.not_redshift(
                expr.span(),
                "`select distinct` is ordered by what it puts out",
                "add the expression to the select list",
            )),
        }
    }

    /// The value behind a key of `order by`, with what is known of its type.
    fn key_value(
        &mut self,
        expr: &Expr,
        written: &str,
        derived: bool,
        body: &QuerySql,
    ) -> Result<Sql, Refusal> {
        let named = |name: &str| {
            let mut found = body
                .columns
                .iter()
                .flatten()
                .filter(|(column, _)| column == name);
            match (found.next(), found.next()) {
                (Some((_, ty)), None) => *ty,
                _ => None,
            }
        };
        let position = written
            .parse::<usize>()
            .ok()
            .and_then(|at| at.checked_sub(1));
        if derived {
            let Some(at) = position else {
                let name = written.trim_matches('"');
                return Ok(Sql {
                    plain: true,
                    ..Sql::new(written, named(name))
                });
            };
            let ty = match &body.columns {
                Some(columns) => columns.get(at).and_then(|(_, ty)| *ty),
                None => None,
            };
            if self.on_postgres() {
                return self.named_column(expr, at, body);
            }
            return Ok(Sql {
                plain: true,
                ..Sql::new(format!("struct_extract_at({ROWS}, {})", at + 1), ty)
            });
        }
        let Some(at) = position else {
            return match self.output_of(expr) {
                Some(output) => Ok(output),
                None => self.expr(expr),
            };
        };
        let outputs = &self.scope().outputs;
        let before = outputs.iter().take(at + 1);
        let known = before.clone().all(|output| output.name.is_some());
        if let (true, Some(output)) = (known, outputs.get(at)) {
            return Ok(output.sql.clone());
        }
        self.behind_star(expr, at, body)
    }

    /// The column at a position that a `*` hides.
    fn behind_star(&mut self, expr: &Expr, at: usize, body: &QuerySql) -> Result<Sql, Refusal> {
        let column = body.columns.as_ref().and_then(|columns| columns.get(at));
        if let Some((_, Some(ty))) = column
            && !ty.is_text()
        {
            return Ok(Sql::new((at + 1).to_string(), Some(*ty)));
        }
        if self.on_postgres() {
            return self.named_column(expr, at, body);
        }
        let scope = self.scope();
        if let ([table], Some(first)) = (scope.tables.as_slice(), scope.outputs.first())
            && first.name.is_none()
            && first.whole
            && !table.alias.is_empty()
        {
            return Ok(Sql {
                plain: true,
                ..Sql::new(
                    format!(
                        "struct_extract_at({}, {})",
                        identifier(&table.alias),
                        at + 1
                    ),
                    column.and_then(|(_, ty)| *ty),
                )
            });
        }
        Err(Refusal {
            help: Some("name the column".to_owned()),
            ..self.unsupported(
                expr.span(),
                "ordering by a position behind `*` is not emulated here",
                "which column it is is not known, and trailing blanks would count if it is a text",
            )
        })
    }

    /// A column of the query at hand by its name, where it is known and no other column has it.
    fn named_column(&self, expr: &Expr, at: usize, body: &QuerySql) -> Result<Sql, Refusal> {
        let columns = body.columns.as_deref().unwrap_or_default();
        let column = columns.get(at).filter(|(name, _)| {
            let alike = columns.iter().filter(|(other, _)| other == name);
            alike.count() == 1
        });
        match column {
            Some((name, ty)) => Ok(Sql {
                plain: true,
                ..Sql::new(identifier(name), *ty)
            }),
            None => Err(Refusal {
                help: Some("name the column".to_owned()),
                ..self.not_on_postgres(expr.span(), "ordering by a position here")
            }),
        }
    }

    /// The keys that order a value without its trailing blanks, or `None` where it has none that count.
    fn blankless(&mut self, value: &Sql) -> Option<Vec<String>> {
        if value.constant.is_some() || value.ty.is_some_and(|ty| !ty.is_text()) {
            return None;
        }
        if let Some(by) = self.key_of(value) {
            return by.map(|by| vec![by]);
        }
        Some(keys(value))
    }

    /// The `order by` of a window: texts that differ in trailing blanks alone are equal.
    pub fn window_order(&mut self, expressions: &[OrderByExpr]) -> Result<String, Refusal> {
        let mut parts = Vec::new();
        for item in expressions {
            let value = self.expr(&item.expr)?;
            self.no_order_of_super(&value, item.expr.span())?;
            let direction = self.direction(item)?;
            let keys = keys(&value);
            parts.extend(keys.iter().map(|key| format!("{key}{direction}")));
        }
        Ok(parts.join(", "))
    }

    /// The `order by` of an aggregate that orders its values; only keys before the last are trimmed, as in a query.
    pub fn order_list(&mut self, expressions: &[OrderByExpr]) -> Result<String, Refusal> {
        let mut parts = Vec::new();
        for (at, item) in expressions.iter().enumerate() {
            let value = self.expr(&item.expr)?;
            self.no_order_of_super(&value, item.expr.span())?;
            let direction = self.direction(item)?;
            let keys = if at + 1 == expressions.len() {
                vec![value.text]
            } else {
                keys(&value)
            };
            parts.extend(keys.iter().map(|key| format!("{key}{direction}")));
        }
        Ok(parts.join(", "))
    }

    /// ` DESC NULLS LAST` and its like.
    fn direction(&self, item: &OrderByExpr) -> Result<String, Refusal> {
        if item.with_fill.is_some() {
            return Err(self.not_redshift(item.span(), "`with fill` is not one of Redshift's", ""));
        }
        let sort = match &item.options.sort {
            None => "",
            Some(OrderBySort::Asc) => " ASC",
            Some(OrderBySort::Desc) => " DESC",
            Some(OrderBySort::Using(_)) => {
                return Err(self.not_redshift(
                    item.span(),
                    "`order by … using` is not one of Redshift's",
                    "",
                ));
            }
        };
        let nulls = match item.options.nulls_first {
            None => "",
            Some(true) => " NULLS FIRST",
            Some(false) => " NULLS LAST",
        };
        Ok(format!("{sort}{nulls}"))
    }

    pub(super) fn limit(&mut self, limit: &LimitClause, span: Span) -> Result<String, Refusal> {
        let LimitClause::LimitOffset {
            limit,
            offset,
            limit_by,
        } = limit
        else {
            return Err(self.not_redshift(
                span,
                "`limit a, b` is not one of Redshift's",
                "write `limit b offset a`",
            ));
        };
        if !limit_by.is_empty() {
            return Err(self.not_redshift(span, "`limit by` is not one of Redshift's", ""));
        }
        let mut text = String::new();
        if let Some(limit) = limit {
            text.push_str(&format!(" LIMIT {}", self.number_of_rows(limit)?));
        }
        if let Some(offset) = offset {
            let rows = self.number_of_rows(&offset.value)?;
            text.push_str(&format!(" OFFSET {rows}"));
        }
        Ok(text)
    }

    /// How many rows `limit` or `offset` names: a whole number.
    fn number_of_rows(&mut self, expr: &Expr) -> Result<String, Refusal> {
        if matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_)) {
            let message =
                format!("`{expr}` is no number of rows: no row is read yet that could tell one");
            return Err(self.not_redshift(
                expr.span(),
                message,
                "write the number, such as `limit 10`",
            ));
        }
        let rows = self.expr(expr)?;
        let whole = match &rows.constant {
            Some(Constant::Number(number)) => number.parse::<u32>().is_ok(),
            Some(Constant::Null) | None => rows.ty.is_none_or(Type::is_integer),
            Some(_) => false,
        };
        if whole {
            return Ok(rows.text);
        }
        Err(self.not_redshift(
            expr.span(),
            "the number of rows is a whole number from 0 to 2147483647",
            "",
        ))
    }
}

/// A value as one or two keys, trimmed where it may be a text.
fn keys(value: &Sql) -> Vec<String> {
    if value.ty.is_none() && !value.plain && value.constant.is_none() {
        late(&value.text).to_vec()
    } else {
        vec![trimmed(value)]
    }
}
