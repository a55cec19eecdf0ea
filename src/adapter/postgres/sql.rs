//! A typed statement as PostgreSQL says it.
//!
//! In: a [`Statement`]. Out: SQL for PostgreSQL, the user's parts byte for byte, or a [`Refusal`]. Sends nothing.

use crate::adapter::emulating::postgres::identity;
use crate::adapter::statement::{
    ColumnDefinition, Index, Statement, TableAttributes, TableConstraint,
};
use crate::adapter::wording::{Wording, with_header};
pub(super) use crate::adapter::wording::{name, quote};
use crate::adapter::{Refusal, names};
use crate::relation::Relation;

/// The statement in PostgreSQL's SQL, without a semicolon at the end.
pub(super) fn sql(statement: &Statement) -> Result<Vec<String>, Refusal> {
    sql_as(statement, Of::Postgres)
}

/// Whose rules a statement follows where texts are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Postgres,
    /// Redshift's, its SQL translated already: views may be late-binding, and trailing blanks do not count.
    Redshift,
}

/// The same for a statement that may be Redshift's.
pub(super) fn sql_as(statement: &Statement, of: Of) -> Result<Vec<String>, Refusal> {
    names::check(statement, names::ON_POSTGRES, "PostgreSQL keeps")?;
    let said = match statement {
        // Where rows lie and in what order (`dist`, `sort`, `backup`) is Redshift's: dropped knowingly.
        Statement::CreateTableAs {
            relation,
            query,
            attributes,
            temporary,
            header,
        } => {
            let table = table(relation, attributes, *temporary);
            let create = format!("create {table} as (\n{query}\n)");
            let mut said = with_header(header.as_deref(), create);
            said.extend(indexes(relation, attributes, *temporary));
            return Ok(said);
        }
        Statement::CreateTable {
            relation,
            columns,
            constraints,
            attributes,
            temporary,
        } => {
            let table = table(relation, attributes, *temporary);
            let mut said = vec![create_table(&table, columns, constraints)?];
            said.extend(indexes(relation, attributes, *temporary));
            return Ok(said);
        }
        Statement::CreateView {
            relation,
            query,
            // Every view of PostgreSQL is bound to its tables, and dbt does not look at the key there.
            bind: _,
            header,
        } => {
            let create = format!("create view {} as (\n{query}\n)", name(relation));
            return Ok(with_header(header.as_deref(), create));
        }
        // What refreshes by itself, and where rows lie, is Redshift's.
        Statement::CreateMaterializedView {
            relation,
            query,
            attributes,
            ..
        } => {
            let view = name(relation);
            let mut said = vec![format!("create materialized view {view} as (\n{query}\n)")];
            said.extend(indexes(relation, attributes, false));
            return Ok(said);
        }
        Statement::RefreshMaterializedView { relation } => {
            format!("refresh materialized view {}", name(relation))
        }
        Statement::SetAutoRefresh { .. } | Statement::QueryGroup { .. } => return Ok(Vec::new()),
        Statement::Begin => "begin".to_owned(),
        Statement::Load { into, rows, .. } => format!(
            "-- copy {} from stdin: {} rows of {}",
            name(into),
            rows.count,
            rows.file.path
        ),
        Statement::Copy(copy) => format!(
            "-- copy {} from stdin: the files below {}",
            name(&copy.into),
            copy.from
        ),
        Statement::Unload(unload) => super::unload::sql(unload),
        Statement::Merge { .. } => Merge::of(statement, of).map_or_else(String::new, Merge::sql),
        Statement::Empty { relation } => {
            let table = name(relation);
            return Ok(vec![unreferenced(&table), format!("delete from {table}")]);
        }
        Statement::ChangeColumnType {
            relation,
            name: column,
            data_type,
        } => format!(
            "alter table {} alter column {column} type {data_type} using {column}::{data_type}",
            name(relation),
            column = quote(column)
        ),
        alike => return Ok(of.said_alike(alike).into_iter().collect()),
    };
    Ok(vec![said])
}

/// Fails where a foreign key of another table points to one that is to be emptied: with `on delete cascade` its rows would go too. `truncate`
/// looks for that as well, but readers with an older snapshot would see an empty table.
fn unreferenced(table: &str) -> String {
    let text = literal(table);
    format!(
        "do $redstart$ begin
  if exists (select 1 from pg_catalog.pg_constraint
             where contype = 'f' and conrelid <> confrelid and confrelid = {text}::regclass) then
    raise exception using errcode = 'dependent_objects_still_exist',
      message = 'cannot empty ' || {text} || ': a foreign key of another table points to it';
  end if;
end $redstart$"
    )
}

/// What `merge` does, for servers before version 15, as a query that tells how many rows it wrote: those that match are updated and the rest
/// is inserted, both by what the table held before.
pub(super) fn update_and_insert(statement: &Statement, of: Of) -> Option<String> {
    Merge::of(statement, of).map(Merge::in_other_words)
}

/// The query that finds out whether several rows match one of the table, which `merge` refuses.
pub(super) fn several_matches(statement: &Statement, of: Of) -> Option<String> {
    let merge = Merge::of(statement, of)?;
    (!merge.update.is_empty()).then(|| merge.doubled())
}

impl Wording for Of {
    fn literal(&self, text: &str) -> String {
        literal(text)
    }

    fn compared(&self, column: String) -> String {
        match self {
            Self::Postgres => column,
            Self::Redshift => format!("__rs.key({column})"),
        }
    }

    fn grantee(&self, who: &str) -> String {
        grantee(who)
    }
}

/// The parts of a `merge`, by the aliases that dbt's conditions use.
#[derive(Clone, Copy)]
struct Merge<'a> {
    into: &'a Relation,
    using: &'a Relation,
    key: &'a [String],
    update: &'a [String],
    insert: &'a [String],
    predicates: &'a [String],
    of: Of,
}

impl<'a> Merge<'a> {
    fn of(statement: &'a Statement, of: Of) -> Option<Self> {
        match statement {
            Statement::Merge {
                into,
                using,
                key,
                update,
                insert,
                predicates,
            } => Some(Self {
                of,
                into,
                using,
                key,
                update,
                insert,
                predicates,
            }),
            _ => None,
        }
    }

    fn sql(self) -> String {
        let matched = if self.update.is_empty() {
            String::new()
        } else {
            format!("\nwhen matched then update set {}", self.set())
        };
        format!(
            "merge into {}\nusing {} as DBT_INTERNAL_SOURCE\non {}{matched}\nwhen not matched then insert ({}) values ({})",
            self.target(),
            name(self.using),
            self.conditions(),
            self.of.list(self.insert),
            self.values()
        )
    }

    fn in_other_words(self) -> String {
        let into = name(self.into);
        let target = self.target();
        let using = name(self.using);
        let conditions = self.conditions();
        let insert = format!(
            "inserted as (\n  insert into {into} ({})\n  select {} from {using} as DBT_INTERNAL_SOURCE\n  where not exists (\n    select 1 from {target} where {conditions}\n  )\n  returning 1\n)",
            self.of.list(self.insert),
            self.values()
        );
        if self.update.is_empty() {
            return format!("with {insert}\nselect count(*)::text from inserted");
        }
        format!(
            "with updated as (\n  update {target} set {}\n  from {using} as DBT_INTERNAL_SOURCE\n  where {conditions}\n  returning 1\n), {insert}\n\
             select ((select count(*) from updated) + (select count(*) from inserted))::text",
            self.set()
        )
    }

    /// The table as it is named in conditions: those written for Redshift name the table itself, those written for PostgreSQL
    /// dbt's alias.
    fn alias(self) -> String {
        match self.of {
            Of::Redshift => name(self.into),
            Of::Postgres => "DBT_INTERNAL_DEST".to_owned(),
        }
    }

    fn target(self) -> String {
        match self.of {
            Of::Redshift => name(self.into),
            Of::Postgres => format!("{} as DBT_INTERNAL_DEST", name(self.into)),
        }
    }

    /// A query that finds a row of the table that several rows match. A `ctid` tells rows of one partition apart.
    fn doubled(self) -> String {
        format!(
            "select 1 from {} join {} as DBT_INTERNAL_SOURCE on {} group by {}.tableoid, {}.ctid having count(*) > 1 limit 1",
            self.target(),
            name(self.using),
            self.conditions(),
            self.alias(),
            self.alias()
        )
    }

    fn conditions(self) -> String {
        let mut conditions: Vec<String> = self
            .key
            .iter()
            .map(|column| {
                let of_target = format!("{}.{}", self.alias(), quote(column));
                format!(
                    "{} = {}",
                    self.of.compared(of_target),
                    self.of.compared(source(column))
                )
            })
            .collect();
        conditions.extend(self.predicates.iter().cloned());
        conditions.join(" and ")
    }

    fn set(self) -> String {
        let set: Vec<String> = self
            .update
            .iter()
            .map(|column| format!("{} = {}", quote(column), source(column)))
            .collect();
        set.join(", ")
    }

    fn values(self) -> String {
        let values: Vec<String> = self.insert.iter().map(|column| source(column)).collect();
        values.join(", ")
    }
}

fn source(column: &str) -> String {
    format!("DBT_INTERNAL_SOURCE.{}", quote(column))
}

/// A string literal that means the same whatever `standard_conforming_strings` says.
pub(super) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

/// `table name`, `unlogged table name` or `temporary table name`.
fn table(relation: &Relation, attributes: &TableAttributes, temporary: bool) -> String {
    match (temporary, attributes.unlogged) {
        (true, _) => format!("temporary table {}", quote(&relation.identifier)),
        (false, true) => format!("unlogged table {}", name(relation)),
        (false, false) => format!("table {}", name(relation)),
    }
}

/// The indexes of a table that stays. PostgreSQL names them, so that those of the table it takes the place of are in nobody's way.
fn indexes(relation: &Relation, attributes: &TableAttributes, temporary: bool) -> Vec<String> {
    if temporary {
        return Vec::new();
    }
    let said = |index: &Index| {
        let unique = if index.unique { "unique " } else { "" };
        let method = index.method.as_ref();
        format!(
            "create {unique}index on {}{} ({})",
            name(relation),
            method.map_or_else(String::new, |method| format!(" using {}", quote(method))),
            Of::Postgres.list(&index.columns)
        )
    };
    attributes.indexes.iter().map(said).collect()
}

fn create_table(
    table: &str,
    columns: &[ColumnDefinition],
    constraints: &[TableConstraint],
) -> Result<String, Refusal> {
    let mut body: Vec<String> = columns.iter().map(column).collect();
    for constraint in constraints {
        if matches!(constraint, TableConstraint::ForeignKey { .. }) {
            return Err(no_foreign_keys());
        }
        body.push(Of::Postgres.constraint(constraint));
    }
    Ok(format!("create {table} (\n  {}\n)", body.join(",\n  ")))
}

fn column(column: &ColumnDefinition) -> String {
    let mut words = vec![quote(&column.name), column.data_type.clone()];
    words.extend(
        column
            .default
            .as_ref()
            .map(|value| format!("default {value}")),
    );
    words.extend(column.identity.map(|(seed, step)| identity(seed, step)));
    for (said, word) in [
        (column.not_null, "not null"),
        (column.primary_key, "primary key"),
        (column.unique, "unique"),
    ] {
        if said {
            words.push(word.to_owned());
        }
    }
    words.join(" ")
}

/// A role: in quotes, folded as PostgreSQL folds a name that stands in none, and `public` as it is.
fn grantee(who: &str) -> String {
    let who = who.trim();
    let bare = who
        .split_once(|between: char| between.is_whitespace() || between == ':')
        .filter(|(word, _)| ["group", "role", "user"].contains(&word.to_lowercase().as_str()))
        .map_or(who, |(_, name)| name.trim());
    if bare.eq_ignore_ascii_case("public") || bare.starts_with('"') {
        return bare.to_owned();
    }
    let plain = bare
        .chars()
        .all(|letter| letter.is_alphanumeric() || letter == '_');
    if plain {
        quote(&bare.to_lowercase())
    } else {
        quote(bare)
    }
}

fn no_foreign_keys() -> Refusal {
    let mut refused = Refusal::new(
        "foreign-key-not-supported",
        "a foreign key is not supported on PostgreSQL yet",
    );
    refused.reason =
        Some("it would keep the table that it points to from being replaced".to_owned());
    refused.help = Some("a `relationships` test checks the same".to_owned());
    refused
}

#[cfg(test)]
#[path = "sql_tests.rs"]
mod tests;
