//! One `select`: its list and its clauses.

use sqlparser::ast::{
    Distinct, ExcludeSelectItem, Expr, Ident, ObjectName, Select, SelectFlavor, SelectItem,
    SelectItemQualifiedWildcardKind, Spanned, TopQuantity, WildcardAdditionalOptions,
};
use sqlparser::tokenizer::Span;

use super::{Into, QuerySql, distinct, join, may_hold_text};
use crate::adapter::Refusal;
use crate::adapter::emulating::grouping::{Grouping, mentions, unpadded};
use crate::adapter::emulating::identifier;
use crate::adapter::emulating::postgres;
use crate::adapter::emulating::translator::{
    Lateral, Named, Output, Sql, Translator, Visible, fold, quote,
};
use crate::adapter::emulating::types::Type;
use crate::sql::names::output_name;

impl Translator<'_> {
    pub(super) fn select(&mut self, select: &Select) -> Result<QuerySql, Refusal> {
        self.refuse_select_clauses(select)?;
        let refused = self.refused_so_far();
        let from = self.from(&select.from)?;
        let grouping = self.group_by(select)?;
        let (items, columns) = self.projection(select, &grouping)?;
        let may_hold_text = may_hold_text(&columns);
        // On PostgreSQL `qualify` becomes a query around this one, and what is distinct is known there.
        let outside = self.on_postgres() && select.qualify.is_some();
        let (wrapped, plain) = match &select.distinct {
            Some(Distinct::Distinct) if may_hold_text || outside => (true, ""),
            Some(Distinct::Distinct) => {
                self.scope().unique = true;
                (false, "DISTINCT ")
            }
            None | Some(Distinct::All) => (false, ""),
            Some(Distinct::On(_)) => {
                return Err(self.not_redshift(
                    select.span(),
                    "`distinct on` is not a part of Redshift's `select`",
                    "write `qualify row_number() over (partition by … order by …) = 1`",
                ));
            }
        };
        let mut rest = from;
        if let Some(condition) = &select.selection {
            let condition = self.part(String::new(), |translator| {
                translator.without_aliases(|translator| {
                    translator.without_keys(|translator| translator.condition(condition, "`where`"))
                })
            })?;
            rest.push_str(&format!(" WHERE {condition}"));
        }
        rest.push_str(&grouping.text);
        if let Some(condition) = &select.having {
            let condition = self.part(String::new(), |translator| {
                translator.without_aliases(|translator| translator.condition(condition, "`having`"))
            })?;
            rest.push_str(&format!(" HAVING {condition}"));
        }
        self.with_all_parts(refused)?;
        let mut text = match &select.qualify {
            Some(qualify) if self.on_postgres() => {
                let condition = self.condition(qualify, "`qualify`")?;
                let Some(columns) = &columns else {
                    return Err(self.not_on_postgres(
                        qualify.span(),
                        "`qualify` beside a `*` of unknown columns",
                    ));
                };
                self.scope().distinct = true;
                postgres::qualified(&items, &rest, columns, &condition)
            }
            Some(qualify) => {
                let condition = self.condition(qualify, "`qualify`")?;
                format!("SELECT {plain}{items}{rest} QUALIFY {condition}")
            }
            None => format!("SELECT {plain}{items}{rest}"),
        };
        if wrapped {
            text = distinct(self.engine, &text, columns.as_deref());
            self.scope().distinct = true;
        }
        let into = self.select_into(select)?;
        let limit = self.top(select)?;
        Ok(QuerySql {
            text,
            columns,
            into,
            limit,
        })
    }

    /// Reads a condition by which rows or groups are chosen: they are before the select list has names.
    fn without_aliases<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let lateral = std::mem::take(&mut self.scope().lateral);
        self.scope().hidden = std::mem::take(&mut self.scope().aliases);
        let result = work(self)?;
        self.scope().aliases = std::mem::take(&mut self.scope().hidden);
        self.scope().lateral = lateral;
        Ok(result)
    }

    fn top(&mut self, select: &Select) -> Result<Option<String>, Refusal> {
        let Some(top) = &select.top else {
            return Ok(None);
        };
        match &top.quantity {
            Some(TopQuantity::Constant(number)) if !top.percent && !top.with_ties => {
                Ok(Some(number.to_string()))
            }
            Some(TopQuantity::Expr(expr)) if !top.percent && !top.with_ties => {
                Ok(Some(self.expr(expr)?.text))
            }
            _ => Err(self.not_redshift(
                select.span(),
                "this `top` is not one of Redshift's",
                "write `top n`",
            )),
        }
    }

    fn refuse_select_clauses(&self, select: &Select) -> Result<(), Refusal> {
        let span = select.span();
        let refused = if select.flavor != SelectFlavor::Standard {
            Some("a query that starts with `from`")
        } else if !select.lateral_views.is_empty() {
            Some("`lateral view`")
        } else if select.prewhere.is_some() {
            Some("`prewhere`")
        } else if !select.cluster_by.is_empty()
            || !select.distribute_by.is_empty()
            || !select.sort_by.is_empty()
        {
            Some("`cluster by`")
        } else if !select.named_window.is_empty() {
            Some("a named `window`")
        } else if select.value_table_mode.is_some() || select.select_modifiers.is_some() {
            Some("this form of `select`")
        } else {
            None
        };
        if let Some(what) = refused {
            return Err(self.not_redshift(
                span,
                format!("{what} is not a part of Redshift's `select`"),
                "",
            ));
        }
        if !select.connect_by.is_empty() {
            return Err(Refusal {
                help: Some("write `with recursive`".into()),
                ..self.unsupported(
                    span,
                    "`connect by` is not emulated",
                    "DuckDB has no such clause",
                )
            });
        }
        if !select.optimizer_hints.is_empty() {
            return Err(self.not_redshift(
                span,
                "Redshift reads no optimizer hints",
                "leave it out",
            ));
        }
        Ok(())
    }

    fn select_into(&mut self, select: &Select) -> Result<Option<Into>, Refusal> {
        let Some(into) = &select.into else {
            return Ok(None);
        };
        let [target] = into.targets.as_slice() else {
            return Err(self.not_redshift(select.span(), "`into` names one table", ""));
        };
        let parts = match target {
            Expr::Identifier(ident) => vec![ident.clone()],
            Expr::CompoundIdentifier(parts) => parts.clone(),
            _ => return Err(self.not_redshift(target.span(), "`into` names one table", "")),
        };
        let temporary =
            into.temporary || parts.last().is_some_and(|name| name.value.starts_with('#'));
        Ok(Some(Into {
            table: self.table_name(&ObjectName::from(parts))?,
            temporary,
        }))
    }

    /// The condition of a clause.
    pub fn condition(&mut self, condition: &Expr, clause: &str) -> Result<String, Refusal> {
        let before = self.choosing.len();
        self.note_choosing(condition);
        let truth = self.truth(condition, clause);
        self.choosing.truncate(before);
        Ok(truth?.text)
    }

    fn projection(
        &mut self,
        select: &Select,
        grouping: &Grouping,
    ) -> Result<(String, Option<Vec<Named>>), Refusal> {
        let mut items = Vec::new();
        let mut columns: Option<Vec<Named>> = Some(Vec::new());
        for (at, item) in select.projection.iter().enumerate() {
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    let sql = self.part(Sql::new("NULL", None), |translator| {
                        translator.item(at, expr, grouping)
                    })?;
                    let name = output_name(expr);
                    self.output(Some(&name), &sql);
                    items.push(format!("{} AS {}", sql.text, identifier(&name)));
                    push(&mut columns, (name, put_out(&sql)));
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    self.is_name(alias)?;
                    self.is_alias(alias)?;
                    let sql = self.part(Sql::new("NULL", None), |translator| {
                        translator.item(at, expr, grouping)
                    })?;
                    self.output(Some(&fold(alias)), &sql);
                    items.push(format!("{} AS {}", sql.text, quote(alias)));
                    self.name_aside(alias, expr, &sql);
                    self.scope().aliases.push((fold(alias), sql.ty));
                    push(&mut columns, (fold(alias), put_out(&sql)));
                }
                SelectItem::Wildcard(options) => {
                    let excluded = self.wildcard_options(options)?;
                    let mut excluded = self.with_select_exclude(select, excluded);
                    // What the joins merge themselves is where it belongs in a plain `*`.
                    let as_it_is = self.on_postgres()
                        && excluded.is_empty()
                        && self.scope().merged.iter().all(|merged| merged.native);
                    for (text, named) in
                        self.merged_columns(&mut excluded, grouping, item.span())?
                    {
                        if !as_it_is {
                            self.output(Some(&named.0), &Sql::new(text.clone(), named.1));
                            items.push(format!("{text} AS {}", identifier(&named.0)));
                        }
                        push(&mut columns, named);
                    }
                    let tables = self.scope().tables.clone();
                    let text = match as_it_is {
                        true => "*".to_owned(),
                        false => self.star("", &tables, &excluded, grouping, item.span())?,
                    };
                    self.output(None, &Sql::new(text.clone(), None));
                    items.push(text);
                    extend(&mut columns, &tables, &excluded);
                }
                SelectItem::QualifiedWildcard(kind, options) => {
                    let SelectItemQualifiedWildcardKind::ObjectName(name) = kind else {
                        return Err(self.not_redshift(
                            item.span(),
                            "`.*` follows the name of a table",
                            "",
                        ));
                    };
                    let excluded = self.wildcard_options(options)?;
                    let excluded = self.with_select_exclude(select, excluded);
                    let parts = self.parts(name)?;
                    let Some(alias) = parts.last().cloned() else {
                        return Err(self.not_redshift(
                            item.span(),
                            "`.*` follows the name of a table",
                            "",
                        ));
                    };
                    self.output(None, &Sql::new("*", None));
                    let table = format!("{}.", identifier(&alias));
                    let tables: Vec<Visible> = self
                        .scope()
                        .tables
                        .iter()
                        .filter(|table| table.alias == alias)
                        .cloned()
                        .collect();
                    items.push(self.star(&table, &tables, &excluded, grouping, item.span())?);
                    if tables.is_empty() {
                        columns = None;
                    }
                    extend(&mut columns, &tables, &excluded);
                }
                SelectItem::ExprWithAliases { .. } => {
                    return Err(self.not_redshift(item.span(), "an expression has one alias", ""));
                }
            }
        }
        if items.is_empty() {
            return Err(self.not_redshift(select.span(), "the select list is empty", ""));
        }
        Ok((items.join(", "), columns))
    }

    /// Remembers what an alias stands for, for an engine that does not know it inside the list.
    pub(in crate::adapter::emulating) fn name_aside(
        &mut self,
        alias: &Ident,
        expr: &Expr,
        value: &Sql,
    ) {
        if self.on_postgres() {
            let name = fold(alias);
            let hides = mentions(expr, &name);
            let value = value.clone();
            self.scope().lateral.push(Lateral { name, value, hides });
        }
    }

    /// `*`, or the columns one by one where a key among them must not end in a blank, or some are left out.
    fn star(
        &self,
        table: &str,
        tables: &[Visible],
        excluded: &[String],
        grouping: &Grouping,
        span: Span,
    ) -> Result<String, Refusal> {
        if !self.on_postgres() {
            return Ok(star(table, excluded, grouping));
        }
        if excluded.is_empty() {
            return Ok(format!("{table}*"));
        }
        postgres::columns_without(tables, excluded)
            .ok_or_else(|| self.not_on_postgres(span, "`exclude` beside tables of unknown columns"))
    }

    fn output(&mut self, name: Option<&str>, sql: &Sql) {
        self.scope().outputs.push(Output {
            name: name.map(str::to_owned),
            sql: sql.clone(),
            whole: name.is_none() && sql.text == "*",
        });
    }

    /// The columns that `*` begins with, because a join merged them; they are excluded from the rest.
    fn merged_columns(
        &mut self,
        excluded: &mut Vec<String>,
        grouping: &Grouping,
        span: Span,
    ) -> Result<Vec<(String, Named)>, Refusal> {
        let scope = self.scope();
        if scope.scattered {
            return Err(Refusal {
                help: Some("list the columns".to_owned()),
                ..self.unsupported(
                    span,
                    "`*` over these joins is not emulated",
                    "where the columns of `using` stand among the others is not known",
                )
            });
        }
        let mut columns = Vec::new();
        for merged in scope.merged.clone() {
            if excluded.contains(&merged.name) {
                continue;
            }
            let ty = merged.sql.as_ref().and_then(|sql| sql.ty);
            let text = match merged.sql {
                Some(sql) if !merged.native => sql.text,
                _ => identifier(&merged.name),
            };
            let text = if grouping.wild && !grouping.text.is_empty() {
                unpadded(&text)
            } else {
                text
            };
            excluded.push(merged.name.clone());
            columns.push((text, (merged.name, ty)));
        }
        Ok(columns)
    }

    fn with_select_exclude(&self, select: &Select, mut excluded: Vec<String>) -> Vec<String> {
        if let Some(more) = &select.exclude {
            excluded.extend(excluded_names(more));
        }
        excluded
    }

    fn wildcard_options(
        &self,
        options: &WildcardAdditionalOptions,
    ) -> Result<Vec<String>, Refusal> {
        if options.opt_ilike.is_some()
            || options.opt_except.is_some()
            || options.opt_replace.is_some()
            || options.opt_rename.is_some()
            || options.opt_alias.is_some()
        {
            return Err(self.not_redshift(
                options.wildcard_token.0.span,
                "`*` takes only `exclude` on Redshift",
                "list the columns",
            ));
        }
        Ok(options
            .opt_exclude
            .as_ref()
            .map(excluded_names)
            .unwrap_or_default())
    }
}

fn excluded_names(exclude: &ExcludeSelectItem) -> Vec<String> {
    let names: Vec<&ObjectName> = match exclude {
        ExcludeSelectItem::Single(name) => vec![name],
        ExcludeSelectItem::Multiple(names) => names.iter().collect(),
    };
    names
        .into_iter()
        .filter_map(|name| name.0.last()?.as_ident().map(fold))
        .collect()
}

fn exclude(names: &[String]) -> String {
    if names.is_empty() {
        String::new()
    } else {
        format!(
            " EXCLUDE ({})",
            join(names.iter().map(|name| identifier(name)))
        )
    }
}

/// `*`, or the columns one by one where a key among them must not end in a blank.
fn star(table: &str, excluded: &[String], grouping: &Grouping) -> String {
    let all = format!("{table}*{}", exclude(excluded));
    if grouping.wild && !grouping.text.is_empty() {
        unpadded(&format!("COLUMNS({all})"))
    } else {
        all
    }
}

fn push(columns: &mut Option<Vec<Named>>, named: Named) {
    if let Some(columns) = columns {
        columns.push(named);
    }
}

fn extend(columns: &mut Option<Vec<Named>>, tables: &[Visible], excluded: &[String]) {
    let all: Option<Vec<Named>> = tables
        .iter()
        .map(|table| table.columns.clone())
        .collect::<Option<Vec<_>>>()
        .map(|all| all.into_iter().flatten().collect());
    match (columns.as_mut(), all) {
        (Some(columns), Some(all)) => {
            columns.extend(all.into_iter().filter(|(name, _)| !excluded.contains(name)));
        }
        _ => *columns = None,
    }
}

/// The type of a column that is put out: a NULL takes what a set operation or a table gives it.
fn put_out(sql: &Sql) -> Option<Type> {
    if sql.is_null() {
        Some(Type::Null)
    } else {
        sql.ty
    }
}
