//! `pivot` and `unpivot`.

use sqlparser::ast::{Expr, Ident, PivotValueSource, Spanned, TableFactor};

use super::table::alias_text;
use crate::adapter::Refusal;
use crate::adapter::emulating::grouping::unpadded;
use crate::adapter::emulating::literal;
use crate::adapter::emulating::translator::{Translator, Visible, fold, quote};

impl Translator<'_> {
    pub(super) fn pivot(&mut self, factor: &TableFactor) -> Result<String, Refusal> {
        let TableFactor::Pivot {
            table,
            aggregate_functions,
            value_column,
            value_source,
            default_on_null,
            alias,
        } = factor
        else {
            return Err(self.not_redshift(factor.span(), "this is not a `pivot`", ""));
        };
        let (PivotValueSource::List(values), None, [column]) =
            (value_source, default_on_null, value_column.as_slice())
        else {
            return Err(self.not_redshift(
                factor.span(),
                "`pivot` takes one column and a list of its values",
                "",
            ));
        };
        let outer = std::mem::take(&mut self.scope().tables);
        let table = self.table_factor(table)?;
        let mut aggregates = Vec::new();
        for aggregate in aggregate_functions {
            let text = self.expr(&aggregate.expr)?.text;
            aggregates.push(with_alias(&text, aggregate.alias.as_ref()));
        }
        let column = self.expr(column)?.text;
        let mut list = Vec::new();
        for value in values {
            let text = self.expr(&value.expr)?.text;
            list.push(with_alias(&text, value.alias.as_ref()));
        }
        self.scope().tables = outer;
        let (alias, columns) = self.alias(alias.as_ref(), None)?;
        self.scope().tables.push(Visible {
            alias: alias
                .as_ref()
                .map(|(name, _)| name.clone())
                .unwrap_or_default(),
            columns,
        });
        Ok(format!(
            "(SELECT {} FROM {table}) PIVOT ({} FOR {column} IN ({})){}",
            unpadded("COLUMNS(*)"),
            aggregates.join(", "),
            list.join(", "),
            alias_text(alias)
        ))
    }

    pub(super) fn unpivot(&mut self, factor: &TableFactor) -> Result<String, Refusal> {
        let TableFactor::Unpivot {
            table,
            value,
            name,
            columns,
            null_inclusion,
            alias,
        } = factor
        else {
            return Err(self.not_redshift(factor.span(), "this is not an `unpivot`", ""));
        };
        let Expr::Identifier(value) = value else {
            return Err(self.not_redshift(
                factor.span(),
                "`unpivot` puts its values in one column",
                "",
            ));
        };
        let outer = std::mem::take(&mut self.scope().tables);
        let table = self.table_factor(table)?;
        let mut list = Vec::new();
        for column in columns {
            let Expr::Identifier(ident) = &column.expr else {
                return Err(self.not_redshift(factor.span(), "`unpivot` lists columns", ""));
            };
            let alias = column.alias.as_ref().map_or_else(String::new, |alias| {
                format!(" AS {}", literal(&fold(alias)))
            });
            list.push(format!("{}{alias}", quote(ident)));
        }
        self.scope().tables = outer;
        let nulls = match null_inclusion {
            Some(sqlparser::ast::NullInclusion::IncludeNulls) => " INCLUDE NULLS",
            _ => "",
        };
        let (alias, known) = self.alias(alias.as_ref(), None)?;
        self.scope().tables.push(Visible {
            alias: alias
                .as_ref()
                .map(|(name, _)| name.clone())
                .unwrap_or_default(),
            columns: known,
        });
        Ok(format!(
            "{table} UNPIVOT{nulls} ({} FOR {} IN ({})){}",
            quote(value),
            quote(name),
            list.join(", "),
            alias_text(alias)
        ))
    }
}

fn with_alias(text: &str, alias: Option<&Ident>) -> String {
    alias.map_or_else(
        || text.to_owned(),
        |alias| format!("{text} AS {}", quote(alias)),
    )
}
