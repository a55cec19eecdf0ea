//! One `select`: its list and its clauses.

use std::sync::Arc;

use sqlparser::ast::{
    ConnectByKind, Distinct, ExcludeSelectItem, Expr, GroupByExpr, ObjectName, ObjectNamePart,
    OrderByKind, Query, RenameSelectItem, Select, SelectFlavor, SelectItem,
    SelectItemQualifiedWildcardKind, Spanned, WildcardAdditionalOptions,
};

use super::facts::Fact;
use super::query::{Shape, position};
use super::scope::Visible;
use super::value::Value;
use super::{Finding, Influence, Output, Reader, Rest, guard};
use crate::sql::dialect::Dialect;
use crate::sql::fold;
use crate::sql::names::output_name;

impl Reader<'_> {
    pub(super) fn select(&mut self, select: &Select, ordered: Option<&Query>) -> Shape {
        let filtered =
            select.selection.is_some() || select.qualify.is_some() || !select.connect_by.is_empty();
        self.from(&select.from, filtered);
        self.scope().windows = select
            .named_window
            .iter()
            .map(|window| (fold(&window.0), window.1.clone()))
            .collect();
        self.scope().rows_of_groups = guard::rows_of_groups(select);
        let mut shape = self.projection(select);
        let aliases: Vec<(String, Value)> = shape
            .columns
            .iter()
            .filter(|column| column.range.is_some())
            .map(|column| {
                let value = Value {
                    sources: column.sources.clone(),
                    data_type: column.data_type.clone(),
                    never_null: column.never_null,
                };
                (column.name.to_lowercase(), value)
            })
            .collect();
        self.scope().aliases = aliases;
        self.conditions(select);
        self.scope().sees_aliases = true;
        self.group_by(select, &shape);
        // Names of the list are not there yet when groups are chosen.
        self.scope().sees_aliases = self.dialect == Dialect::DuckDb;
        for condition in select.having.iter() {
            let value = self.expr(condition);
            self.influence(&value, Influence::Filter);
        }
        self.scope().sees_aliases = true;
        for condition in select.qualify.iter() {
            let value = self.expr(condition);
            self.influence(&value, Influence::Filter);
        }
        if let Some(query) = ordered {
            if let Some(order) = &query.order_by
                && let OrderByKind::Expressions(orders) = &order.kind
            {
                for order in orders {
                    self.placed("order by", &order.expr, &shape);
                }
            }
            let chooses = select.top.is_some() || matches!(select.distinct, Some(Distinct::On(_)));
            self.order_and_limit(query, chooses);
            self.note_order(query, select.top.is_some());
        }
        if let Some(Distinct::On(keys)) = &select.distinct {
            for key in keys {
                let value = self.expr(key);
                self.influence(&value, Influence::Group);
            }
        }
        self.aggregates(select);
        shape.influences = std::mem::take(&mut self.scope().influences);
        shape
    }

    /// What chooses rows before there are columns.
    fn conditions(&mut self, select: &Select) {
        self.scope().sees_aliases = self.dialect == Dialect::DuckDb;
        for condition in [&select.selection, &select.prewhere].into_iter().flatten() {
            let value = self.expr(condition);
            self.influence(&value, Influence::Filter);
            self.note_wrapped(condition);
        }
        for clause in &select.connect_by {
            let conditions = match clause {
                ConnectByKind::ConnectBy { relationships, .. } => relationships.iter().collect(),
                ConnectByKind::StartWith { condition, .. } => vec![condition.as_ref()],
            };
            for condition in conditions {
                let value = self.expr(condition);
                self.influence(&value, Influence::Filter);
            }
        }
    }

    fn group_by(&mut self, select: &Select, shape: &Shape) {
        let GroupByExpr::Expressions(keys, _) = &select.group_by else {
            return;
        };
        for key in keys {
            let value =
                match position(key).and_then(|number| shape.columns.get(number.checked_sub(1)?)) {
                    Some(column) => Value {
                        sources: column.sources.clone(),
                        ..Value::default()
                    },
                    None => {
                        self.placed("group by", key, shape);
                        self.expr(key)
                    }
                };
            self.influence(&value, Influence::Group);
        }
    }

    fn note_order(&mut self, query: &Query, top: bool) {
        let limited = top || query.limit_clause.is_some() || query.fetch.is_some();
        if self.depth == 1
            && self.quiet == 0
            && !limited
            && let Some(order) = &query.order_by
        {
            let range = self.range(order.span());
            self.done.facts.final_order = Some(Fact { range, what: () });
        }
    }

    fn projection(&mut self, select: &Select) -> Shape {
        let mut shape = Shape::default();
        self.scope().sees_aliases = self.dialect != Dialect::Postgres;
        if select.flavor == SelectFlavor::FromFirstNoSelect {
            self.star(&mut shape, &WildcardAdditionalOptions::default());
        }
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(expr) => self.unnamed(expr, &mut shape),
                SelectItem::ExprWithAlias { expr, alias } => {
                    let value = self.expr(expr);
                    self.put(&mut shape, fold_as(self.dialect, alias), expr, value);
                }
                SelectItem::ExprWithAliases { expr, aliases } => {
                    let value = self.expr(expr);
                    for alias in aliases {
                        self.put(
                            &mut shape,
                            fold_as(self.dialect, alias),
                            expr,
                            value.clone(),
                        );
                    }
                }
                SelectItem::QualifiedWildcard(of, options) => {
                    self.note_star(item);
                    self.qualified_star(&mut shape, of, options);
                }
                SelectItem::Wildcard(options) => {
                    self.note_star(item);
                    self.star(&mut shape, options);
                }
            }
        }
        if let Some(exclude) = &select.exclude {
            let names = excluded(exclude);
            shape
                .columns
                .retain(|column| !names.contains(&column.name.to_lowercase()));
        }
        if select.value_table_mode.is_some() || !select.lateral_views.is_empty() {
            shape.rest = Rest::Unknown;
        }
        shape
    }

    fn note_star(&mut self, item: &SelectItem) {
        if self.quiet == 0 && self.depth == 1 {
            let range = self.range(item.span());
            self.done.facts.stars.push(Fact { range, what: () });
        }
    }

    fn unnamed(&mut self, expr: &Expr, shape: &mut Shape) {
        let value = self.expr(expr);
        if self.dialect != Dialect::DuckDb {
            let name = match expr {
                Expr::Identifier(ident) => fold_as(self.dialect, ident),
                _ => output_name(expr),
            };
            self.put(shape, name, expr, value);
            return;
        }
        match expr {
            Expr::Identifier(ident) => self.put(shape, ident.value.clone(), expr, value),
            Expr::CompoundIdentifier(parts) => {
                let name = parts
                    .last()
                    .map(|ident| ident.value.clone())
                    .unwrap_or_default();
                self.put(shape, name, expr, value);
            }
            // DuckDB names a column by its text, and some functions make several.
            _ => {
                self.put(shape, expr.to_string().to_lowercase(), expr, value);
                shape.rest = Rest::Unknown;
            }
        }
    }

    fn put(&mut self, shape: &mut Shape, name: String, expr: &Expr, value: Value) {
        if self.scope().sees_aliases {
            self.scope()
                .aliases
                .push((name.to_lowercase(), value.clone()));
        }
        shape.columns.push(Output {
            name,
            // A place that the parser does not tell is still one that was written.
            range: self.range(expr.span()).or(Some(0..0)),
            sources: value.sources,
            data_type: value.data_type,
            never_null: value.never_null,
        });
    }

    /// `*`: what joins made one first, then the columns of each table.
    fn star(&mut self, shape: &mut Shape, options: &WildcardAdditionalOptions) {
        self.done.open = true;
        let scope = self.scope();
        let merged = scope.merged.clone();
        let tables: Vec<Visible> = scope
            .tables
            .iter()
            .filter(|table| !table.hidden)
            .cloned()
            .collect();
        let fuzzy = scope.fuzzy;
        let mut columns: Vec<Output> = merged
            .iter()
            .map(|(name, value)| Output {
                name: name.clone(),
                range: None,
                sources: value.sources.clone(),
                data_type: value.data_type.clone(),
                never_null: value.never_null,
            })
            .collect();
        for table in &tables {
            let own = table.columns.iter().filter(|column| {
                !merged
                    .iter()
                    .any(|(name, _)| column.name.eq_ignore_ascii_case(name))
            });
            columns.extend(own.map(|column| seen(table, column)));
            if let Some(element) = &table.element
                && table.columns.is_empty()
            {
                columns.push(Output {
                    name: table.alias.clone(),
                    range: None,
                    sources: element.sources.clone(),
                    data_type: None,
                    never_null: false,
                });
            }
        }
        let open: Vec<&Visible> = tables
            .iter()
            .filter(|table| !table.rest.is_closed())
            .collect();
        let rest = match open.as_slice() {
            [] if fuzzy => Rest::Unknown,
            [] => Rest::Closed,
            [one] => one.rest.clone(),
            _ => Rest::Unknown,
        };
        self.take(shape, columns, rest, options);
    }

    fn qualified_star(
        &mut self,
        shape: &mut Shape,
        of: &SelectItemQualifiedWildcardKind,
        options: &WildcardAdditionalOptions,
    ) {
        self.done.open = true;
        let SelectItemQualifiedWildcardKind::ObjectName(name) = of else {
            shape.rest = Rest::Unknown;
            return;
        };
        let Some(ident) = name.0.last().and_then(ObjectNamePart::as_ident) else {
            shape.rest = Rest::Unknown;
            return;
        };
        let alias = fold(ident);
        let table = self
            .scopes
            .iter()
            .rev()
            .flat_map(|scope| &scope.tables)
            .find(|table| table.alias == alias)
            .cloned();
        match table {
            Some(table) => {
                let columns = table
                    .columns
                    .iter()
                    .map(|column| seen(&table, column))
                    .collect();
                self.take(shape, columns, table.rest.clone(), options);
            }
            None => {
                shape.rest = Rest::Unknown;
                // The fields of a struct are no table: `select s.* from (select {'a': 1} as s)`.
                let open = self
                    .scopes
                    .iter()
                    .flat_map(|scope| &scope.tables)
                    .any(|table| {
                        let is_column = |column: &Output| column.name.eq_ignore_ascii_case(&alias);
                        !table.rest.is_closed() || table.columns.iter().any(is_column)
                    });
                if !open {
                    let near = {
                        let scope = self.scope();
                        crate::diagnostic::nearest(
                            &alias,
                            scope
                                .tables
                                .iter()
                                .map(|table| table.alias.as_str())
                                .filter(|alias| !alias.is_empty()),
                        )
                        .map(|near| format!("did you mean `{near}`?"))
                    };
                    self.find(Finding {
                        code: "unknown-alias",
                        message: format!("there is no table `{alias}` in this query"),
                        range: self.range(ident.span),
                        label: None,
                        help: near,
                    });
                }
            }
        }
    }

    /// Puts the columns of a `*` out, with what is said behind it.
    fn take(
        &mut self,
        shape: &mut Shape,
        columns: Vec<Output>,
        rest: Rest,
        options: &WildcardAdditionalOptions,
    ) {
        let mut columns = columns;
        let mut rest = rest;
        let mut out: Vec<String> = Vec::new();
        if let Some(exclude) = &options.opt_exclude {
            out.extend(excluded(exclude));
        }
        if let Some(except) = &options.opt_except {
            out.push(fold(&except.first_element));
            out.extend(except.additional_elements.iter().map(fold));
        }
        columns.retain(|column| !out.contains(&column.name.to_lowercase()));
        if options.opt_ilike.is_some() {
            rest = Rest::Unknown;
        }
        for replaced in options
            .opt_replace
            .iter()
            .flat_map(|replace| &replace.items)
        {
            let name = fold(&replaced.column_name);
            let value = self.expr(&replaced.expr);
            let range = self.range(replaced.expr.span());
            if let Some(column) = columns
                .iter_mut()
                .find(|column| column.name.to_lowercase() == name)
            {
                *column = Output {
                    name: column.name.clone(),
                    range,
                    sources: value.sources,
                    data_type: value.data_type,
                    never_null: value.never_null,
                };
            }
        }
        let renames = match &options.opt_rename {
            Some(RenameSelectItem::Single(one)) => vec![one.clone()],
            Some(RenameSelectItem::Multiple(all)) => all.clone(),
            None => Vec::new(),
        };
        for rename in renames {
            let name = fold(&rename.ident);
            if let Some(column) = columns
                .iter_mut()
                .find(|column| column.name.to_lowercase() == name)
            {
                column.name = fold_as(self.dialect, &rename.alias);
            }
        }
        shape.columns.extend(columns);
        if shape.rest.is_closed() {
            shape.rest = rest;
        } else if !rest.is_closed() {
            shape.rest = Rest::Unknown;
        }
    }
}

/// A column as it is seen through its table.
fn seen(table: &Visible, column: &Output) -> Output {
    Output {
        range: None,
        never_null: column.never_null && !table.outer,
        data_type: column.data_type.as_ref().map(Arc::clone),
        ..column.clone()
    }
}

/// A new name as the dialect keeps it.
fn fold_as(dialect: Dialect, ident: &sqlparser::ast::Ident) -> String {
    let kept =
        dialect == Dialect::DuckDb || dialect == Dialect::Postgres && ident.quote_style.is_some();
    if kept {
        ident.value.clone()
    } else {
        fold(ident)
    }
}

fn excluded(exclude: &ExcludeSelectItem) -> Vec<String> {
    let name = |name: &ObjectName| name.0.last().and_then(ObjectNamePart::as_ident).map(fold);
    match exclude {
        ExcludeSelectItem::Single(one) => name(one).into_iter().collect(),
        ExcludeSelectItem::Multiple(all) => all.iter().filter_map(name).collect(),
    }
}
