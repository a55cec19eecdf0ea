//! `order by` and `limit`.

use sqlparser::ast::{Expr, LimitClause, OrderBy, OrderByExpr, OrderByKind, OrderBySort, Spanned};
use sqlparser::tokenizer::Span;

use crate::adapter::Refusal;
use crate::adapter::emulating::grouping::{late, same, trimmed};
use crate::adapter::emulating::identifier;
use crate::adapter::emulating::translator::{Constant, Translator, fold, quote};

impl Translator<'_> {
    pub(super) fn order_by(&mut self, order_by: &OrderBy) -> Result<String, Refusal> {
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
        let mut parts = Vec::new();
        for item in expressions {
            let text = self.order_key(&item.expr)?;
            parts.push(format!("{text}{}", self.direction(item)?));
        }
        Ok(format!(" ORDER BY {}", parts.join(", ")))
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
        if !self.scope().distinct || matches!(sql.constant, Some(Constant::Number(_))) {
            return Ok(sql.text);
        }
        let outputs = self.scope().outputs.clone();
        let hidden = outputs.iter().any(|output| output.name.is_none());
        let at = outputs
            .iter()
            .position(|output| output.name.is_some() && same(&output.text, &sql.text));
        match (at, expr) {
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

    /// The `order by` of a window: texts that differ in trailing blanks alone are equal.
    pub fn window_order(&mut self, expressions: &[OrderByExpr]) -> Result<String, Refusal> {
        let mut parts = Vec::new();
        for item in expressions {
            let value = self.expr(&item.expr)?;
            let direction = self.direction(item)?;
            let keys = if value.ty.is_none() && !value.plain && value.constant.is_none() {
                late(&value.text).to_vec()
            } else {
                vec![trimmed(&value)]
            };
            parts.extend(keys.iter().map(|key| format!("{key}{direction}")));
        }
        Ok(parts.join(", "))
    }

    /// An `order by` list as it stands, for an aggregate that orders its values.
    pub fn order_list(&mut self, expressions: &[OrderByExpr]) -> Result<String, Refusal> {
        let mut parts = Vec::new();
        for item in expressions {
            let text = self.expr(&item.expr)?.text;
            parts.push(format!("{text}{}", self.direction(item)?));
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
            text.push_str(&format!(" LIMIT {}", self.expr(limit)?.text));
        }
        if let Some(offset) = offset {
            text.push_str(&format!(" OFFSET {}", self.expr(&offset.value)?.text));
        }
        Ok(text)
    }
}
