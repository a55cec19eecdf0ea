//! Queries: select lists, `from` clauses, set operations, common table expressions.

use sqlparser::ast::{
    Cte, Distinct, ExcludeSelectItem, Expr, Ident, Join, JoinConstraint, JoinOperator, LimitClause,
    ObjectName, OrderBy, OrderByExpr, OrderByKind, OrderBySort, PivotValueSource, Query, Select,
    SelectFlavor, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, SetOperator, SetQuantifier,
    Spanned, TableAlias, TableFactor, TableWithJoins, TopQuantity, WildcardAdditionalOptions, With,
};
use sqlparser::tokenizer::Span;

use super::grouping::{Grouping, late, same, trimmed, unpadded};
use super::names::output_name;
use super::translator::{Constant, Named, Output, Scope, Sql, Translator, Visible, fold, quote};
use super::types::Type;
use super::{identifier, literal};
use crate::adapter::Refusal;

/// A translated query and the columns it puts out, where they are known.
pub(super) struct QuerySql {
    pub text: String,
    pub columns: Option<Vec<Named>>,
    /// The table that `select … into` makes.
    pub into: Option<Into>,
    /// The number of rows of `top`, to be printed after the `order by`.
    limit: Option<String>,
}

/// The target of `select … into`.
pub(super) struct Into {
    pub table: String,
    pub temporary: bool,
}

impl Translator<'_> {
    /// A query whose expressions cannot see the columns around it: a statement, a derived table, a common table expression.
    pub fn query(&mut self, query: &Query) -> Result<QuerySql, Refusal> {
        self.query_in(query, false)
    }

    /// A subquery in an expression: it sees the columns around it.
    pub fn subquery(&mut self, query: &Query) -> Result<QuerySql, Refusal> {
        let inner = self.query_in(query, true)?;
        match inner.into {
            Some(_) => Err(self.not_redshift(
                query.span(),
                "`select … into` stands inside another query",
                "",
            )),
            None => Ok(inner),
        }
    }

    fn query_in(&mut self, query: &Query, correlated: bool) -> Result<QuerySql, Refusal> {
        stacker::maybe_grow(256 * 1024, 2 * 1024 * 1024, || {
            self.query_inner(query, correlated)
        })
    }

    fn query_inner(&mut self, query: &Query, correlated: bool) -> Result<QuerySql, Refusal> {
        let span = query.span();
        if !query.locks.is_empty() {
            return Err(self.not_redshift(
                span,
                "`for update` is not a part of Redshift's `select`",
                "",
            ));
        }
        if query.for_clause.is_some()
            || query.settings.is_some()
            || query.format_clause.is_some()
            || !query.pipe_operators.is_empty()
        {
            return Err(self.not_redshift(
                span,
                "this clause is not a part of Redshift's `select`",
                "",
            ));
        }
        let outer = self.ctes.len();
        let mut text = String::new();
        if let Some(with) = &query.with {
            text.push_str(&self.with(with)?);
        }
        self.scopes.push(Scope {
            correlated,
            ..Scope::default()
        });
        let body = self.set_expr(&query.body, correlated)?;
        text.push_str(&body.text);
        if let Some(order_by) = &query.order_by {
            text.push_str(&self.order_by(order_by)?);
        }
        match (&query.limit_clause, body.limit) {
            (Some(_), Some(_)) => {
                return Err(self.not_redshift(
                    span,
                    "`top` and `limit` exclude each other",
                    "leave one out",
                ));
            }
            (Some(limit), None) => text.push_str(&self.limit(limit, span)?),
            (None, Some(top)) => text.push_str(&format!(" LIMIT {top}")),
            (None, None) => {}
        }
        if let Some(fetch) = &query.fetch {
            let Some(quantity) = fetch
                .quantity
                .as_ref()
                .filter(|_| !fetch.with_ties && !fetch.percent)
            else {
                return Err(self.not_redshift(
                    span,
                    "this `fetch` clause is not one of Redshift's",
                    "write `limit`",
                ));
            };
            text.push_str(&format!(" LIMIT {}", self.expr(quantity)?.text));
        }
        self.scopes.pop();
        self.ctes.truncate(outer);
        Ok(QuerySql {
            text,
            columns: body.columns,
            into: body.into,
            limit: None,
        })
    }

    fn with(&mut self, with: &With) -> Result<String, Refusal> {
        let mut parts = Vec::new();
        for cte in &with.cte_tables {
            parts.push(self.cte(cte, with.recursive)?);
        }
        let recursive = if with.recursive { "RECURSIVE " } else { "" };
        Ok(format!("WITH {recursive}{} ", parts.join(", ")))
    }

    fn cte(&mut self, cte: &Cte, recursive: bool) -> Result<String, Refusal> {
        if cte.from.is_some() || cte.materialized.is_some() {
            return Err(self.not_redshift(
                cte.alias.name.span,
                "`materialized` is not a part of Redshift's `with`",
                "leave it out",
            ));
        }
        let name = fold(&cte.alias.name);
        let names: Vec<String> = cte
            .alias
            .columns
            .iter()
            .map(|column| fold(&column.name))
            .collect();
        if recursive {
            let columns = (!names.is_empty())
                .then(|| names.iter().map(|name| (name.clone(), None)).collect());
            self.ctes.push((name.clone(), columns));
        }
        let outer = std::mem::take(&mut self.scopes);
        let inner = self.query(&cte.query);
        self.scopes = outer;
        let inner = inner?;
        if recursive {
            self.ctes.pop();
        }
        let columns = renamed(inner.columns, &names);
        self.ctes.push((name, columns));
        let columns = if names.is_empty() {
            String::new()
        } else {
            format!("({})", join(names.iter().map(|name| identifier(name))))
        };
        Ok(format!(
            "{}{columns} AS ({})",
            quote(&cte.alias.name),
            inner.text
        ))
    }

    fn set_expr(&mut self, body: &SetExpr, correlated: bool) -> Result<QuerySql, Refusal> {
        stacker::maybe_grow(256 * 1024, 2 * 1024 * 1024, || {
            self.set_expr_inner(body, correlated)
        })
    }

    fn set_expr_inner(&mut self, body: &SetExpr, correlated: bool) -> Result<QuerySql, Refusal> {
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => {
                let inner = self.query_in(query, correlated)?;
                Ok(QuerySql {
                    text: format!("({})", inner.text),
                    ..inner
                })
            }
            SetExpr::SetOperation {
                left,
                op,
                set_quantifier,
                right,
            } => {
                let left = self.set_side(left, correlated)?;
                let right = self.set_side(right, correlated)?;
                let quantifier = match set_quantifier {
                    SetQuantifier::None | SetQuantifier::Distinct => "",
                    SetQuantifier::All => " ALL",
                    _ => {
                        return Err(self.not_redshift(
                            body.span(),
                            "`by name` is not a part of Redshift's set operations",
                            "list the columns in the same order",
                        ));
                    }
                };
                let op = match (op, quantifier) {
                    (SetOperator::Union, _) => "UNION",
                    (SetOperator::Except | SetOperator::Minus, "") => "EXCEPT",
                    (SetOperator::Intersect, "") => "INTERSECT",
                    _ => {
                        return Err(self.not_redshift(
                            body.span(),
                            "`all` goes with `union` only",
                            "leave out `all`",
                        ));
                    }
                };
                let names = left.columns.clone();
                let columns = set_columns(left.columns, right.columns);
                let text = format!("{} {op}{quantifier} {}", left.text, right.text);
                let text = match op {
                    _ if !may_hold_text(&columns) => text,
                    "UNION" if quantifier.is_empty() => {
                        distinct(&format!("{} UNION ALL {}", left.text, right.text))
                    }
                    "UNION" => text,
                    _ => set_difference(&left.text, op, &right.text, names.as_deref()),
                };
                Ok(QuerySql {
                    text,
                    columns,
                    into: None,
                    limit: None,
                })
            }
            SetExpr::Values(_) => Err(self.not_redshift(
                body.span(),
                "`values` does not stand as a query of its own",
                "write `select … union all select …`",
            )),
            _ => Err(self.not_redshift(body.span(), "this is not a query of Redshift", "")),
        }
    }

    fn set_side(&mut self, side: &SetExpr, correlated: bool) -> Result<QuerySql, Refusal> {
        let scope = std::mem::replace(
            self.scope(),
            Scope {
                correlated,
                ..Scope::default()
            },
        );
        let inner = self.set_expr(side, correlated);
        *self.scope() = Scope {
            tables: Vec::new(),
            ..scope
        };
        let inner = inner?;
        if inner.into.is_some() {
            return Err(self.unsupported(
                side.span(),
                "`select … into` with a set operation is not emulated",
                "write `create temp table … as`",
            ));
        }
        Ok(match side {
            SetExpr::SetOperation { .. } => QuerySql {
                text: format!("({})", inner.text),
                ..inner
            },
            _ => match &inner.limit {
                Some(limit) => QuerySql {
                    text: format!("({} LIMIT {limit})", inner.text),
                    limit: None,
                    ..inner
                },
                None => inner,
            },
        })
    }

    fn select(&mut self, select: &Select) -> Result<QuerySql, Refusal> {
        self.refuse_select_clauses(select)?;
        let from = self.from(&select.from)?;
        let grouping = self.group_by(select)?;
        let (items, columns) = self.projection(select, &grouping)?;
        let mut text = String::from("SELECT ");
        let wrapped =
            matches!(select.distinct, Some(Distinct::Distinct)) && may_hold_text(&columns);
        match &select.distinct {
            None | Some(Distinct::All) => {}
            Some(Distinct::Distinct) if wrapped => {}
            Some(Distinct::Distinct) => text.push_str("DISTINCT "),
            Some(Distinct::On(_)) => {
                return Err(self.not_redshift(
                    select.span(),
                    "`distinct on` is not a part of Redshift's `select`",
                    "write `qualify row_number() over (partition by … order by …) = 1`",
                ));
            }
        }
        text.push_str(&items);
        text.push_str(&from);
        if let Some(condition) = &select.selection {
            let condition = self.without_keys(|translator| translator.condition(condition))?;
            text.push_str(&format!(" WHERE {condition}"));
        }
        text.push_str(&grouping.text);
        if let Some(condition) = &select.having {
            text.push_str(&format!(" HAVING {}", self.condition(condition)?));
        }
        if let Some(condition) = &select.qualify {
            text.push_str(&format!(" QUALIFY {}", self.condition(condition)?));
        }
        if wrapped {
            text = distinct(&text);
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

    pub fn condition(&mut self, condition: &Expr) -> Result<String, Refusal> {
        Ok(self.expr(condition)?.text)
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
                    let sql = self.item(at, expr, grouping)?;
                    let name = output_name(expr);
                    self.output(Some(&name), &sql.text);
                    items.push(format!("{} AS {}", sql.text, identifier(&name)));
                    push(&mut columns, (name, sql.ty));
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    let sql = self.item(at, expr, grouping)?;
                    self.output(Some(&fold(alias)), &sql.text);
                    items.push(format!("{} AS {}", sql.text, quote(alias)));
                    let named = (fold(alias), sql.ty);
                    self.scope().aliases.push(named.clone());
                    push(&mut columns, named);
                }
                SelectItem::Wildcard(options) => {
                    let excluded = self.wildcard_options(options)?;
                    let excluded = self.with_select_exclude(select, excluded);
                    self.output(None, "*");
                    items.push(star("", &excluded, grouping));
                    let tables = self.scope().tables.clone();
                    extend(&mut columns, &tables, &excluded);
                    // A `join … using` merges columns, so `*` is not the columns of the tables one after the other.
                    let mut joins = select.from.iter().flat_map(|table| &table.joins);
                    if joins.any(|join| using(join).is_some()) {
                        columns = None;
                    }
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
                    self.output(None, "*");
                    let table = format!("{}.", identifier(&alias));
                    items.push(star(&table, &excluded, grouping));
                    let tables: Vec<Visible> = self
                        .scope()
                        .tables
                        .iter()
                        .filter(|table| table.alias == alias)
                        .cloned()
                        .collect();
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

    fn output(&mut self, name: Option<&str>, text: &str) {
        self.scope().outputs.push(Output {
            name: name.map(str::to_owned),
            text: text.to_owned(),
        });
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

    pub fn from(&mut self, from: &[TableWithJoins]) -> Result<String, Refusal> {
        let mut parts = Vec::new();
        for table in from {
            parts.push(self.table_with_joins(table)?);
        }
        if parts.is_empty() {
            Ok(String::new())
        } else {
            Ok(format!(" FROM {}", parts.join(", ")))
        }
    }

    fn table_with_joins(&mut self, table: &TableWithJoins) -> Result<String, Refusal> {
        let mut text = self.table_factor(&table.relation)?;
        let mut checked = Vec::new();
        for (at, join) in table.joins.iter().enumerate() {
            if let Some(names) = using(join) {
                let names = self.using_names(names)?;
                let new: Vec<String> = names
                    .into_iter()
                    .filter(|name| !checked.contains(name) && !self.holds_no_text(name))
                    .collect();
                if !new.is_empty() {
                    let alone =
                        at == 0 && !matches!(table.relation, TableFactor::NestedJoin { .. });
                    if !alone {
                        return Err(Refusal {
                            help: Some("write the condition with `on`".to_owned()),
                            ..self.unsupported(
                                join.relation.span(),
                                format!("`using ({})` is not emulated here", new.join(", ")),
                                "which of the tables before it has the column is not known, and trailing blanks would count",
                            )
                        });
                    }
                    text = self.checked(&text, &new);
                    checked.extend(new);
                }
            }
            text.push_str(&self.join(join, &checked)?);
        }
        Ok(text)
    }

    /// Whether a column of the tables at hand is known to hold no text.
    fn holds_no_text(&mut self, name: &str) -> bool {
        self.scope().tables.iter().any(|table| {
            table
                .columns
                .iter()
                .flatten()
                .any(|(column, ty)| column == name && ty.is_some_and(|ty| !ty.is_text()))
        })
    }

    fn using_names(&self, names: &[ObjectName]) -> Result<Vec<String>, Refusal> {
        let mut all = Vec::new();
        for name in names {
            all.extend(self.parts(name)?);
        }
        Ok(all)
    }

    /// The table met last, whose columns of these names must not end in a blank: `using` compares them as DuckDB does.
    fn checked(&mut self, relation: &str, names: &[String]) -> String {
        let columns = join(names.iter().map(|name| {
            let name = identifier(name);
            format!("{} AS {name}", unpadded(&name))
        }));
        let alias = match self.scope().tables.last() {
            Some(table) if !table.alias.is_empty() => format!(" AS {}", identifier(&table.alias)),
            _ => String::new(),
        };
        format!("(SELECT * REPLACE ({columns}) FROM {relation}){alias}")
    }

    fn join(&mut self, join: &Join, checked: &[String]) -> Result<String, Refusal> {
        let (words, constraint) = match &join.join_operator {
            JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => {
                ("JOIN", constraint)
            }
            JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => {
                ("LEFT JOIN", constraint)
            }
            JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => {
                ("RIGHT JOIN", constraint)
            }
            JoinOperator::FullOuter(constraint) => ("FULL JOIN", constraint),
            JoinOperator::CrossJoin(constraint @ JoinConstraint::None) => {
                ("CROSS JOIN", constraint)
            }
            _ => {
                return Err(self.not_redshift(
                    join.relation.span(),
                    "this kind of join is not one of Redshift's",
                    "join with `inner`, `left`, `right`, `full` or `cross`; test with `exists` or `not exists`",
                ));
            }
        };
        let mut relation = self.table_factor(&join.relation)?;
        let condition = match constraint {
            JoinConstraint::None if words == "CROSS JOIN" => String::new(),
            JoinConstraint::None => {
                return Err(self.not_redshift(
                    join.relation.span(),
                    "this join has no condition",
                    "add `on …`",
                ));
            }
            JoinConstraint::On(on) => format!(" ON {}", self.condition(on)?),
            JoinConstraint::Natural => {
                return Err(Refusal {
                    help: Some("write the condition with `on`".to_owned()),
                    ..self.unsupported(
                        join.relation.span(),
                        "`natural join` is not emulated",
                        "the columns it compares are not known here, and trailing blanks would count",
                    )
                });
            }
            JoinConstraint::Using(names) => {
                let names = self.using_names(names)?;
                let padded: Vec<String> = names
                    .iter()
                    .filter(|name| checked.contains(name))
                    .cloned()
                    .collect();
                if !padded.is_empty() {
                    relation = self.checked(&relation, &padded);
                }
                let columns = self::join(names.iter().map(|name| identifier(name)));
                format!(" USING ({columns})")
            }
        };
        Ok(format!(" {words} {relation}{condition}"))
    }

    pub fn table_factor(&mut self, factor: &TableFactor) -> Result<String, Refusal> {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
            } => {
                if args.is_some() {
                    return Err(self.table_function(name, factor.span()));
                }
                if let Some(path) = json_path {
                    return self.unnest_path(name, path, alias.as_ref());
                }
                if !with_hints.is_empty()
                    || version.is_some()
                    || *with_ordinality
                    || !partitions.is_empty()
                    || sample.is_some()
                    || !index_hints.is_empty()
                {
                    return Err(self.not_redshift(
                        factor.span(),
                        "this is not a part of Redshift's `from`",
                        "",
                    ));
                }
                let parts = self.parts(name)?;
                if let [first, rest @ ..] = parts.as_slice()
                    && !rest.is_empty()
                    && self
                        .scope()
                        .tables
                        .iter()
                        .any(|table| &table.alias == first)
                {
                    let source = super::json::path_text(&[first, &rest[0]], &rest[1..]);
                    return self.unnest(&source, alias.as_ref(), factor.span());
                }
                self.table(name, alias.as_ref())
            }
            TableFactor::Derived {
                lateral,
                subquery,
                alias,
                sample,
            } => {
                if *lateral || sample.is_some() {
                    return Err(self.not_redshift(
                        factor.span(),
                        "`lateral` is not a part of Redshift's `from`",
                        "join on a condition, or use a window function",
                    ));
                }
                let outer = std::mem::take(&mut self.scopes);
                let inner = self.query(subquery);
                self.scopes = outer;
                let inner = inner?;
                if inner.into.is_some() {
                    return Err(self.not_redshift(
                        factor.span(),
                        "`select … into` stands inside another query",
                        "",
                    ));
                }
                let (alias, columns) = self.alias(alias.as_ref(), inner.columns)?;
                let name = alias
                    .as_ref()
                    .map(|(name, _)| name.clone())
                    .unwrap_or_default();
                self.scope().tables.push(Visible {
                    alias: name,
                    columns,
                });
                Ok(format!("({}){}", inner.text, alias_text(alias)))
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias,
            } => {
                if alias.is_some() {
                    return Err(self.not_redshift(
                        factor.span(),
                        "a join in parentheses has no alias",
                        "",
                    ));
                }
                Ok(format!("({})", self.table_with_joins(table_with_joins)?))
            }
            TableFactor::Pivot { .. } => self.pivot(factor),
            TableFactor::Unpivot { .. } => self.unpivot(factor),
            TableFactor::Function { name, .. } => Err(self.table_function(name, factor.span())),
            TableFactor::UnpivotExpr { .. } => Err(self.unsupported(
                factor.span(),
                "`unpivot` of an object is not emulated",
                "DuckDB has no such clause",
            )),
            _ => {
                Err(self.not_redshift(factor.span(), "this is not a part of Redshift's `from`", ""))
            }
        }
    }

    fn table_function(&self, name: &ObjectName, span: Span) -> Refusal {
        Refusal {
            help: Some("build the rows with `with recursive`, or keep them in a seed".into()),
            ..self.unsupported(
                span,
                format!(
                    "the table function `{}` is not emulated",
                    name.to_string().to_lowercase()
                ),
                "on Redshift such functions run on the leader node only, apart from tables",
            )
        }
    }

    fn table(&mut self, name: &ObjectName, alias: Option<&TableAlias>) -> Result<String, Refusal> {
        let text = self.table_name(name)?;
        let parts = self.parts(name)?;
        let table = parts.last().cloned().unwrap_or_default();
        let schema = parts.len().checked_sub(2).map(|at| parts[at].as_str());
        let columns = match schema {
            None => self
                .ctes
                .iter()
                .rev()
                .find(|(cte, _)| *cte == table)
                .map(|(_, columns)| columns.clone()),
            Some(_) => None,
        }
        .unwrap_or_else(|| {
            self.catalog.columns(schema, &table).map(|columns| {
                columns
                    .into_iter()
                    .map(|(name, ty)| (name.to_lowercase(), Some(ty)))
                    .collect()
            })
        });
        let (alias, columns) = self.alias(alias, columns)?;
        self.scope().tables.push(Visible {
            alias: alias.as_ref().map_or(table, |(name, _)| name.clone()),
            columns,
        });
        Ok(format!("{text}{}", alias_text(alias)))
    }

    fn alias(
        &self,
        alias: Option<&TableAlias>,
        columns: Option<Vec<Named>>,
    ) -> Result<(Option<Alias>, Option<Vec<Named>>), Refusal> {
        let Some(alias) = alias else {
            return Ok((None, columns));
        };
        if alias.at.is_some() {
            return Err(self.unsupported(
                alias.name.span,
                "`at` is not emulated",
                "the position of an element in an array is not known here",
            ));
        }
        let names: Vec<String> = alias
            .columns
            .iter()
            .map(|column| fold(&column.name))
            .collect();
        Ok((
            Some((fold(&alias.name), names.clone())),
            renamed(columns, &names),
        ))
    }

    /// `from t, t.array as element`: the elements of a `super` array as rows.
    fn unnest(
        &mut self,
        source: &str,
        alias: Option<&TableAlias>,
        span: Span,
    ) -> Result<String, Refusal> {
        let Some(alias) = alias.filter(|alias| alias.columns.is_empty() && alias.at.is_none())
        else {
            return Err(self.unsupported(
                span,
                "an array in `from` needs one alias",
                "its elements are rows of one column of that name",
            ));
        };
        let name = fold(&alias.name);
        self.scope().tables.push(Visible {
            alias: name.clone(),
            columns: Some(vec![(name.clone(), Some(Type::Super))]),
        });
        let name = identifier(&name);
        Ok(format!(
            "LATERAL (SELECT unnest(from_json({source}, '[\"JSON\"]')) AS {name}) AS {name}"
        ))
    }

    fn unnest_path(
        &mut self,
        name: &ObjectName,
        path: &sqlparser::ast::JsonPath,
        alias: Option<&TableAlias>,
    ) -> Result<String, Refusal> {
        let span = name.span();
        let parts = self.parts(name)?;
        let source = self.json_path(&parts, path, span)?;
        self.unnest(&source, alias, span)
    }

    fn pivot(&mut self, factor: &TableFactor) -> Result<String, Refusal> {
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

    fn unpivot(&mut self, factor: &TableFactor) -> Result<String, Refusal> {
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

    fn order_by(&mut self, order_by: &OrderBy) -> Result<String, Refusal> {
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

    fn limit(&mut self, limit: &LimitClause, span: Span) -> Result<String, Refusal> {
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

    /// The parts of a name, folded.
    pub fn parts(&self, name: &ObjectName) -> Result<Vec<String>, Refusal> {
        name.0
            .iter()
            .map(|part| {
                part.as_ident().map(fold).ok_or_else(|| {
                    self.not_redshift(name.span(), format!("`{name}` is not a name"), "")
                })
            })
            .collect()
    }

    /// A table's name in DuckDB's SQL. The database is left out: a local run has one.
    pub fn table_name(&self, name: &ObjectName) -> Result<String, Refusal> {
        let parts = self.parts(name)?;
        let refuse = |message: String, reason: &str| self.unsupported(name.span(), message, reason);
        if parts.len() > 3 {
            return Err(refuse(
                format!("`{name}` has too many parts"),
                "a table is database.schema.table",
            ));
        }
        let table = parts.last().cloned().unwrap_or_default();
        let schema = parts.len().checked_sub(2).map(|at| parts[at].as_str());
        if schema.is_some_and(|schema| {
            matches!(
                schema,
                "information_schema" | "pg_catalog" | "sys" | "pg_internal"
            )
        }) || (schema.is_none() && is_system_table(&table))
        {
            return Err(refuse(
                format!("the system table `{table}` is not emulated"),
                "it describes a cluster, and there is none here",
            ));
        }
        if is_file(&table) {
            return Err(refuse(
                format!("`{table}` is not the name of a table"),
                "DuckDB would read a file of this name",
            ));
        }
        let from = parts.len().saturating_sub(2);
        Ok(parts[from..]
            .iter()
            .map(|part| identifier(part))
            .collect::<Vec<_>>()
            .join("."))
    }
}

fn is_system_table(name: &str) -> bool {
    [
        "stl_", "stv_", "svl_", "svv_", "svcs_", "sys_", "pg_", "duckdb_", "pragma_", "sqlite_",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

fn is_file(name: &str) -> bool {
    name.contains('/')
        || name.contains("://")
        || [
            ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".gz", ".zst", ".db",
            ".duckdb",
        ]
        .iter()
        .any(|ending| name.ends_with(ending))
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

/// The columns of `join … using`.
fn using(join: &Join) -> Option<&[ObjectName]> {
    match &join.join_operator {
        JoinOperator::Join(JoinConstraint::Using(names))
        | JoinOperator::Inner(JoinConstraint::Using(names))
        | JoinOperator::Left(JoinConstraint::Using(names))
        | JoinOperator::LeftOuter(JoinConstraint::Using(names))
        | JoinOperator::Right(JoinConstraint::Using(names))
        | JoinOperator::RightOuter(JoinConstraint::Using(names))
        | JoinOperator::FullOuter(JoinConstraint::Using(names)) => Some(names),
        _ => None,
    }
}

/// Whether a column may hold text: then trailing blanks must not tell rows apart.
fn may_hold_text(columns: &Option<Vec<Named>>) -> bool {
    columns
        .as_ref()
        .is_none_or(|columns| columns.iter().any(|(_, ty)| ty.is_none_or(Type::is_text)))
}

/// One row of each set of rows that are equal on Redshift. DuckDB knows the types of a derived table's columns.
fn distinct(query: &str) -> String {
    format!("SELECT DISTINCT ON (__rs.key(COLUMNS(*))) * FROM ({query}) AS __rs_rows")
}

/// `except` and `intersect`: rows of the left side without, or with, an equal row on the right.
fn set_difference(left: &str, op: &str, right: &str, names: Option<&[Named]>) -> String {
    let Some(names) = names else {
        // The columns behind a `*` have no names to compare them by.
        return format!(
            "SELECT __rs.unpadded(COLUMNS(*)) FROM ({left}) AS __rs_left {op} SELECT __rs.unpadded(COLUMNS(*)) FROM ({right}) AS __rs_right"
        );
    };
    let numbered = || (1..=names.len()).map(|at| format!("c{at}"));
    let columns = join(numbered());
    let renamed = join(
        numbered()
            .zip(names)
            .map(|(column, (name, _))| format!("__rs_left.{column} AS {}", identifier(name))),
    );
    let equal: Vec<String> = numbered()
        .map(|column| {
            format!("__rs.key(__rs_left.{column}) IS NOT DISTINCT FROM __rs_right.{column}")
        })
        .collect();
    let kind = if op == "EXCEPT" { "ANTI" } else { "SEMI" };
    // The right side without its rows gives the left one the types that both have in common.
    distinct(&format!(
        "SELECT {renamed} FROM ({left} UNION ALL SELECT * FROM ({right}) AS __rs_right WHERE FALSE) AS __rs_left({columns}) {kind} JOIN (SELECT __rs.key(COLUMNS(*)) FROM ({right}) AS __rs_right) AS __rs_right({columns}) ON {}",
        equal.join(" AND ")
    ))
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

fn with_alias(text: &str, alias: Option<&Ident>) -> String {
    alias.map_or_else(
        || text.to_owned(),
        |alias| format!("{text} AS {}", quote(alias)),
    )
}

/// The name of a table in a query, and the names it gives to its columns.
type Alias = (String, Vec<String>);

fn alias_text(alias: Option<Alias>) -> String {
    alias.map_or_else(String::new, |(name, columns)| {
        let columns = if columns.is_empty() {
            String::new()
        } else {
            format!(
                "({})",
                join(columns.iter().map(|column| identifier(column)))
            )
        };
        format!(" AS {}{columns}", identifier(&name))
    })
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
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

/// Columns under the names of an alias list, where there is one.
fn renamed(columns: Option<Vec<Named>>, names: &[String]) -> Option<Vec<Named>> {
    let mut columns = columns?;
    for (column, name) in columns.iter_mut().zip(names) {
        column.0.clone_from(name);
    }
    Some(columns)
}

/// The columns of a set operation: the names of the left side, a type where both sides agree.
fn set_columns(left: Option<Vec<Named>>, right: Option<Vec<Named>>) -> Option<Vec<Named>> {
    let (left, right) = (left?, right);
    Some(
        left.into_iter()
            .enumerate()
            .map(|(at, (name, ty))| {
                let other = right
                    .as_ref()
                    .and_then(|right| right.get(at))
                    .and_then(|(_, ty)| *ty);
                (name, ty.filter(|_| ty == other))
            })
            .collect(),
    )
}

/// An expression made of others, printed as one operand.
pub(super) fn operand(text: String, ty: Option<Type>, parts: &[&Sql]) -> Sql {
    Sql::new(format!("({text})"), ty).of(parts.iter().copied())
}
