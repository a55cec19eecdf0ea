//! `insert`, `update`, `delete`, `merge`, `truncate`.

use sqlparser::ast::{
    Assignment, AssignmentTarget, Delete, Expr, FromTable, Insert, JoinOperator, Merge,
    MergeAction, MergeClauseKind, MergeInsertKind, MergeUpdateKind, SelectItem, SetExpr, Spanned,
    Statement, TableFactor, TableObject, TableWithJoins, Truncate, Update, UpdateTableFromKind,
    Values,
};

use super::Part;
use super::fitted::column_list;
use super::limits::is_default;
use crate::adapter::Refusal;
use crate::adapter::emulating::translator::{Named, Scope};
use crate::adapter::emulating::{Work, identifier, refuse_several_matches, unparsed};
use crate::sql::redshift;

impl Part<'_> {
    pub(super) fn insert(&mut self, insert: &Insert) -> Result<Work, Refusal> {
        if insert.on.is_some()
            || insert.or.is_some()
            || insert.returning.is_some()
            || insert.ignore
            || insert.overwrite
            || insert.replace_into
            || insert.table_alias.is_some()
            || !insert.assignments.is_empty()
            || insert.output.is_some()
            || insert.partitioned.is_some()
            || insert.multi_table_insert_type.is_some()
            || insert.settings.is_some()
        {
            return Err(self.not_redshift(
                "this form of `insert` is not one of Redshift's (`on conflict`, `returning`, `overwrite`, an alias)",
                "write `insert into t (…) select …`, or `merge into`",
            ));
        }
        let TableObject::TableName(name) = &insert.table else {
            return Err(self.not_redshift("`insert` names a table", ""));
        };
        let table = self.translator.table_name(name)?;
        let mut columns = Vec::new();
        for column in &insert.columns {
            columns.extend(self.translator.parts(column)?.pop());
        }
        let filled = self.filled(name, &columns)?;
        if columns.is_empty() {
            columns = self.first_columns(insert, &filled);
        }
        if let Some(source) = &insert.source {
            let names: Vec<String> = match columns.is_empty() {
                true => filled.iter().map(|(name, _)| name.clone()).collect(),
                false => columns.clone(),
            };
            self.numbers_itself(name, &names, source)?;
        }
        let columns = column_list(&columns);
        let Some(source) = &insert.source else {
            return Ok(Work::Sql(vec![format!(
                "INSERT INTO {table}{columns} DEFAULT VALUES"
            )]));
        };
        let rows = match source.body.as_ref() {
            SetExpr::Values(values) => self.values(values, &filled)?,
            _ => {
                let query = self.query(source)?;
                self.fitted_rows(query, &filled, source.span())?
            }
        };
        Ok(Work::Sql(vec![format!(
            "INSERT INTO {table}{columns} {rows}"
        )]))
    }

    /// The first columns of a table, where an `insert` without a list gives values to fewer than it has.
    ///
    /// <https://docs.aws.amazon.com/redshift/latest/dg/r_INSERT_30.html>
    fn first_columns(&self, insert: &Insert, all: &[Named]) -> Vec<String> {
        let given = match insert.source.as_ref().map(|source| source.body.as_ref()) {
            Some(SetExpr::Values(values)) => values.rows.first().map(|row| row.content.len()),
            Some(SetExpr::Select(select)) => {
                let counts = |item: &SelectItem| {
                    matches!(
                        item,
                        SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. }
                    )
                };
                let counted = select.projection.iter().all(counts);
                counted.then_some(select.projection.len())
            }
            _ => None,
        };
        match given {
            Some(given) if given < all.len() => {
                all[..given].iter().map(|(name, _)| name.clone()).collect()
            }
            _ => Vec::new(),
        }
    }

    fn values(&mut self, values: &Values, filled: &[Named]) -> Result<String, Refusal> {
        self.translator.scopes.push(Scope::default());
        let mut rows = Vec::new();
        for row in &values.rows {
            let mut cells = Vec::new();
            for (at, cell) in row.content.iter().enumerate() {
                cells.push(self.value_or_default(cell, filled.get(at))?);
            }
            rows.push(format!("({})", cells.join(", ")));
        }
        self.translator.scopes.pop();
        Ok(format!("VALUES {}", rows.join(", ")))
    }

    fn value_or_default(&mut self, expr: &Expr, column: Option<&Named>) -> Result<String, Refusal> {
        if is_default(expr) {
            return Ok("DEFAULT".into());
        }
        let value = self.translator.expr(expr)?;
        self.fitted(&value, column, expr.span())
    }

    pub(super) fn update(&mut self, update: &Update) -> Result<Work, Refusal> {
        if update.returning.is_some()
            || update.output.is_some()
            || update.or.is_some()
            || update.limit.is_some()
            || !update.order_by.is_empty()
            || !update.table.joins.is_empty()
        {
            return Err(self.not_redshift(
                "this form of `update` is not one of Redshift's",
                "write `update t set … from u where …`",
            ));
        }
        let identities = match &update.table.relation {
            TableFactor::Table { name, .. } => self.identities(name)?,
            _ => Vec::new(),
        };
        self.translator.scopes.push(Scope::default());
        let target = self.translator.table_factor(&update.table.relation)?;
        let from = match &update.from {
            None => String::new(),
            Some(UpdateTableFromKind::AfterSet(tables)) => {
                self.inner_joins(tables)?;
                self.translator.from(tables)?
            }
            Some(UpdateTableFromKind::BeforeSet(_)) => {
                return Err(self.not_redshift(
                    "`from` stands after `set`",
                    "write `update t set … from u where …`",
                ));
            }
        };
        let set = self.assignments(&update.assignments, &identities)?;
        let condition = self.where_clause(update.selection.as_ref())?;
        self.translator.scopes.pop();
        Ok(Work::Sql(vec![format!(
            "UPDATE {target} SET {set}{from}{condition}"
        )]))
    }

    /// Outer joins have no place in the `from` of an `update`: <https://docs.aws.amazon.com/redshift/latest/dg/r_UPDATE.html>.
    fn inner_joins(&self, tables: &[TableWithJoins]) -> Result<(), Refusal> {
        let mut joins = tables.iter().flat_map(|table| &table.joins);
        let outer = joins.find(|join| {
            matches!(
                join.join_operator,
                JoinOperator::Left(_)
                    | JoinOperator::LeftOuter(_)
                    | JoinOperator::Right(_)
                    | JoinOperator::RightOuter(_)
                    | JoinOperator::FullOuter(_)
            )
        });
        match outer {
            None => Ok(()),
            Some(join) => Err(self.translator.not_redshift(
                join.relation.span(),
                "an outer join stands in the `from` of an `update`",
                "put the join into a subquery",
            )),
        }
    }

    fn assignments(
        &mut self,
        assignments: &[Assignment],
        identities: &[String],
    ) -> Result<String, Refusal> {
        let mut all = Vec::new();
        for assignment in assignments {
            let AssignmentTarget::ColumnName(name) = &assignment.target else {
                return Err(
                    self.not_redshift("one column is set at a time", "write `set a = 1, b = 2`")
                );
            };
            if name.0.len() > 1 {
                return Err(self.translator.not_redshift(
                    name.span(),
                    format!("`{name}` is set by more than its name"),
                    "write the name of the column alone",
                ));
            }
            let column = self.translator.parts(name)?.pop().unwrap_or_default();
            if identities.contains(&column) {
                return Err(self.numbered_itself(&column));
            }
            let declared = self.of_target().find(|(name, _)| *name == column).cloned();
            let value = self.value_or_default(&assignment.value, declared.as_ref())?;
            all.push(format!("{} = {value}", identifier(&column)));
        }
        Ok(all.join(", "))
    }

    /// The columns of the table that is changed, as far as they are known: it was read first.
    fn of_target(&mut self) -> impl Iterator<Item = &Named> {
        let target = self.translator.scope().tables.first();
        target
            .and_then(|table| table.columns.as_ref())
            .into_iter()
            .flatten()
    }

    fn where_clause(&mut self, condition: Option<&Expr>) -> Result<String, Refusal> {
        Ok(match condition {
            Some(condition) => format!(
                " WHERE {}",
                self.translator.condition(condition, "`where`")?
            ),
            None => String::new(),
        })
    }

    pub(super) fn delete(&mut self, delete: &Delete) -> Result<Work, Refusal> {
        if delete.returning.is_some()
            || delete.output.is_some()
            || delete.limit.is_some()
            || !delete.order_by.is_empty()
            || !delete.tables.is_empty()
        {
            return Err(self.not_redshift(
                "this form of `delete` is not one of Redshift's",
                "write `delete from t using u where …`",
            ));
        }
        let (FromTable::WithFromKeyword(tables) | FromTable::WithoutKeyword(tables)) = &delete.from;
        let [
            TableWithJoins {
                relation: relation @ TableFactor::Table { alias, .. },
                joins,
            },
        ] = tables.as_slice()
        else {
            return Err(self.not_redshift("`delete` names one table", ""));
        };
        if !joins.is_empty() {
            return Err(self.not_redshift(
                "`delete` names one table",
                "write `delete from t using u where …`",
            ));
        }
        if let Some(alias) = alias {
            return Err(self.translator.not_redshift(
                alias.name.span,
                "the table of a `delete` has no alias",
                "use its name",
            ));
        }
        self.translator.scopes.push(Scope::default());
        let target = self.translator.table_factor(relation)?;
        let using = match &delete.using {
            Some(tables) => self
                .translator
                .from(tables)?
                .replacen(" FROM ", " USING ", 1),
            None => String::new(),
        };
        let condition = self.where_clause(delete.selection.as_ref())?;
        self.translator.scopes.pop();
        Ok(Work::Sql(vec![format!(
            "DELETE FROM {target}{using}{condition}"
        )]))
    }

    pub(super) fn merge(&mut self, merge: &Merge) -> Result<Work, Refusal> {
        let (
            TableFactor::Table {
                alias: target_alias,
                ..
            },
            TableFactor::Table { .. },
        ) = (&merge.table, &merge.source)
        else {
            return Err(self.not_redshift(
                "`merge` takes two tables, no subquery",
                "load the rows into a temporary table first",
            ));
        };
        if let Some(alias) = target_alias {
            return Err(self.translator.not_redshift(
                alias.name.span,
                "the target of a `merge` has no alias",
                "use its name",
            ));
        }
        if merge.output.is_some() {
            return Err(self.not_redshift("`merge` has no `output` on Redshift", ""));
        }
        let identities = match &merge.table {
            TableFactor::Table { name, .. } => self.identities(name)?,
            _ => Vec::new(),
        };
        self.translator.scopes.push(Scope::default());
        let target = self.translator.table_factor(&merge.table)?;
        let source = self.translator.table_factor(&merge.source)?;
        let on = self.translator.condition(&merge.on, "`on`")?;
        let mut text = format!("MERGE INTO {target} USING {source} ON {on}");
        let (mut matched, mut unmatched) = (0, 0);
        for clause in &merge.clauses {
            if clause.predicate.is_some() {
                return Err(self.translator.not_redshift(
                    clause.when_token.0.span,
                    "`when matched and …` is not one of Redshift's clauses",
                    "put the condition into the source",
                ));
            }
            let (when, count) = match clause.clause_kind {
                MergeClauseKind::Matched => ("MATCHED", &mut matched),
                MergeClauseKind::NotMatched => ("NOT MATCHED", &mut unmatched),
                _ => {
                    return Err(self.translator.not_redshift(
                        clause.when_token.0.span,
                        "this clause of `merge` is not one of Redshift's",
                        "",
                    ));
                }
            };
            *count += 1;
            text.push_str(&format!(
                " WHEN {when} THEN {}",
                self.merge_action(&clause.action, &identities)?
            ));
        }
        self.translator.scopes.pop();
        if (matched, unmatched) != (1, 1) {
            return Err(self.not_redshift(
                "`merge` has one `when matched` and one `when not matched`",
                "",
            ));
        }
        if self.translator.on_postgres() {
            // PostgreSQL refuses a second match of a row by itself.
            return Ok(Work::Sql(vec![text]));
        }
        let check = refuse_several_matches(&target, &source, &on);
        Ok(Work::Sql(vec![check, text]))
    }

    /// `merge into t using s on … remove duplicates`: what matches gives way to the rows of the source, and all others of the source come
    /// in: <https://docs.aws.amazon.com/redshift/latest/dg/r_MERGE.html>.
    pub(super) fn merge_simply(&mut self) -> Result<Work, Refusal> {
        let Statement::Merge(merge) = self.parse(self.code.clone())? else {
            return Err(self.not_redshift("this is not a `merge`", ""));
        };
        let (
            TableFactor::Table {
                name: target_name,
                alias: None,
                ..
            },
            TableFactor::Table {
                name: source_name, ..
            },
        ) = (&merge.table, &merge.source)
        else {
            return Err(self.not_redshift(
                "`merge … remove duplicates` takes two tables, the first without an alias",
                "load the rows into a temporary table first",
            ));
        };
        if !merge.clauses.is_empty() {
            return Err(self.not_redshift(
                "`remove duplicates` stands in the place of `when matched` and `when not matched`",
                "leave one of them out",
            ));
        }
        if self.translator.on_postgres() {
            return Err(self
                .translator
                .not_on_postgres(self.first_span(), "`merge … remove duplicates`"));
        }
        self.translator.scopes.push(Scope::default());
        let target = self.translator.table_factor(&merge.table)?;
        let source = self.translator.table_factor(&merge.source)?;
        let on = self.translator.condition(&merge.on, "`on`")?;
        self.translator.scopes.pop();
        let check = refuse_several_matches(&target, &source, &on);
        let delete = format!("DELETE FROM {target} USING {source} WHERE {on}");
        // The rows come in as by an `insert`, which knows what the columns take.
        let insert = format!("insert into {target_name} select * from {source_name}");
        let tokens = redshift::tokens(&insert).map_err(unparsed)?;
        let Statement::Insert(insert) = self.parse(tokens)? else {
            return Err(self.not_redshift("this is not a `merge`", ""));
        };
        match self.insert(&insert)? {
            Work::Sql(mut all) => {
                all.splice(0..0, [check, delete]);
                Ok(Work::Sql(all))
            }
            work => Ok(work),
        }
    }

    fn merge_action(
        &mut self,
        action: &MergeAction,
        identities: &[String],
    ) -> Result<String, Refusal> {
        match action {
            MergeAction::Delete { .. } => Ok("DELETE".into()),
            MergeAction::Update(update)
                if update.update_predicate.is_none() && update.delete_predicate.is_none() =>
            {
                match &update.kind {
                    MergeUpdateKind::Set(assignments) => {
                        let set = self.assignments(assignments, identities)?;
                        Ok(format!("UPDATE SET {set}"))
                    }
                    _ => Err(self
                        .not_redshift("`update *` is not one of Redshift's", "list the columns")),
                }
            }
            MergeAction::Insert(insert) if insert.insert_predicate.is_none() => {
                let MergeInsertKind::Values(values) = &insert.kind else {
                    return Err(self.not_redshift(
                        "this `insert` of a `merge` is not one of Redshift's",
                        "write `insert (…) values (…)`",
                    ));
                };
                let [row] = values.rows.as_slice() else {
                    return Err(self.not_redshift("`merge` inserts one row", ""));
                };
                let mut columns = Vec::new();
                for column in &insert.columns {
                    columns.extend(self.translator.parts(column)?.pop());
                }
                let filled: Vec<Option<Named>> = if columns.is_empty() {
                    self.of_target().cloned().map(Some).collect()
                } else {
                    let mut find = |column: &String| {
                        let mut all = self.of_target();
                        all.find(|(name, _)| name == column).cloned()
                    };
                    columns.iter().map(&mut find).collect()
                };
                let columns = column_list(&columns);
                let mut cells = Vec::new();
                for (at, cell) in row.content.iter().enumerate() {
                    let column = filled.get(at).and_then(Option::as_ref);
                    let numbered = column.filter(|(name, _)| identities.contains(name));
                    if let Some((name, _)) = numbered.filter(|_| !is_default(cell)) {
                        return Err(self.numbered_itself(name));
                    }
                    cells.push(self.value_or_default(cell, column)?);
                }
                Ok(format!("INSERT{columns} VALUES ({})", cells.join(", ")))
            }
            _ => Err(self.not_redshift("this action of a `merge` is not one of Redshift's", "")),
        }
    }

    /// On Redshift `truncate` commits; here it does not, and says so.
    pub(super) fn truncate(&mut self, truncate: &Truncate) -> Result<Work, Refusal> {
        let [target] = truncate.table_names.as_slice() else {
            return Err(self.not_redshift("`truncate` names one table", ""));
        };
        if truncate.if_exists
            || truncate.cascade.is_some()
            || truncate.identity.is_some()
            || target.only
            || target.has_asterisk
        {
            return Err(self.translator.not_redshift(
                target.name.span(),
                "this `truncate` is not one of Redshift's",
                "write `truncate t`",
            ));
        }
        let table = self.translator.table_name(&target.name)?;
        self.dropping_at("the commit that `truncate` makes");
        Ok(Work::Sql(vec![format!("DELETE FROM {table}")]))
    }
}
