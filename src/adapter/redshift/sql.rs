//! A typed statement as Redshift says it.
//!
//! In: a [`Statement`]. Out: SQL for Redshift, the user's parts byte for byte. Sends nothing.

use crate::adapter::names;
use crate::adapter::statement::{ColumnDefinition, Dist, SortType, Statement, TableAttributes};
use crate::adapter::wording::{Wording, with_header};
pub(in crate::adapter) use crate::adapter::wording::{name, quote};
use crate::relation::{Relation, RelationKind};
use crate::sql::alone;

/// The statement in Redshift's SQL, without a semicolon at the end.
pub fn sql(statement: &Statement) -> Vec<String> {
    match statement {
        Statement::CreateTableAs {
            relation,
            query,
            attributes,
            temporary,
            header,
        } => {
            let mut lines = vec![format!(
                "create {}table {}",
                if *temporary { "temporary " } else { "" },
                created(relation, *temporary)
            )];
            lines.extend(attribute_lines(attributes));
            lines.push(format!("as (\n{query}\n)"));
            headed(header.as_deref(), lines.join("\n"))
        }
        Statement::CreateTable {
            relation,
            columns,
            constraints,
            attributes,
            temporary,
        } => {
            let body = columns
                .iter()
                .map(column)
                .chain(
                    constraints
                        .iter()
                        .map(|constraint| Redshift.constraint(constraint)),
                )
                .collect::<Vec<_>>();
            let mut lines = vec![format!(
                "create {}table {} (\n  {}\n)",
                if *temporary { "temporary " } else { "" },
                created(relation, *temporary),
                body.join(",\n  ")
            )];
            lines.extend(attribute_lines(attributes));
            vec![lines.join("\n")]
        }
        Statement::CreateView {
            relation,
            query,
            bind,
            header,
        } => {
            let binding = if *bind { "" } else { " with no schema binding" };
            let create = format!("create view {} as (\n{query}\n){binding}", name(relation));
            headed(header.as_deref(), create)
        }
        Statement::CreateMaterializedView {
            relation,
            query,
            attributes,
            auto_refresh,
        } => {
            let mut lines = vec![format!("create materialized view {}", name(relation))];
            // The sort key of a materialized view has no word for its kind where it is compound.
            let attributes = attribute_lines(attributes);
            lines.extend(
                attributes
                    .iter()
                    .map(|line| line.replacen("compound ", "", 1)),
            );
            lines.push(format!("auto refresh {}", yes(*auto_refresh)));
            lines.push(format!("as (\n{query}\n)"));
            vec![lines.join("\n")]
        }
        Statement::RefreshMaterializedView { relation } => {
            vec![format!("refresh materialized view {}", name(relation))]
        }
        Statement::SetAutoRefresh {
            relation,
            auto_refresh,
        } => vec![format!(
            "alter materialized view {} auto refresh {}",
            name(relation),
            yes(*auto_refresh)
        )],
        Statement::ChangeColumnType {
            relation,
            name: column,
            data_type,
        } => change_type(relation, column, data_type),
        Statement::QueryGroup { name: group } => vec![match group {
            Some(group) => format!("set query_group to {}", literal(group)),
            None => "reset query_group".to_owned(),
        }],
        Statement::Load {
            into,
            columns,
            rows,
        } => vec![super::seed::shown(into, columns, rows, None)],
        Statement::Copy(copy) => vec![super::copy::sql(copy)],
        Statement::Unload(unload) => vec![super::unload::sql(unload)],
        Statement::Begin => vec!["begin".to_owned()],
        Statement::Merge {
            into,
            using,
            key,
            update,
            insert,
            predicates,
        } => vec![merge(
            &name(into),
            &name(using),
            key,
            update,
            insert,
            predicates,
        )],
        alike => Redshift.said_alike(alike).into_iter().collect(),
    }
}

/// Redshift's own words in what all warehouses say.
struct Redshift;

impl Wording for Redshift {
    fn literal(&self, text: &str) -> String {
        literal(text)
    }

    fn renamed(&self, _: RelationKind) -> &'static str {
        // Views are renamed by `alter table` too.
        "table"
    }

    fn described(&self, kind: RelationKind) -> &'static str {
        match kind {
            RelationKind::Table => "table",
            // As in dbt: there is no `comment on materialized view`.
            RelationKind::View | RelationKind::MaterializedView => "view",
        }
    }

    fn grantee(&self, who: &str) -> String {
        grantee(who)
    }
}

/// The statements of a `sql_header`, one by one as dbt sends them, and the one that they stand before.
fn headed(header: Option<&str>, statement: String) -> Vec<String> {
    let mut said = with_header(header, statement);
    let statement = said.split_off(said.len() - 1);
    let header = said.iter().flat_map(|header| alone::parts(header));
    let header: Vec<String> = header.map(|part| part.sql.to_owned()).collect();
    [header, statement].concat()
}

/// Another type through a column beside: `alter column … type` takes nothing but longer texts.
fn change_type(relation: &Relation, column: &str, data_type: &str) -> Vec<String> {
    let table = name(relation);
    let beside = beside(column);
    let (old, new) = (quote(column), quote(&beside));
    vec![
        format!("alter table {table} add column {new} {data_type}"),
        format!("update {table} set {new} = cast({old} as {data_type})"),
        format!("alter table {table} drop column {old}"),
        format!("alter table {table} rename column {new} to {old}"),
    ]
}

/// The name of a column that stands in for another for a moment, no longer than Redshift allows.
fn beside(column: &str) -> String {
    const SUFFIX: &str = "__rs_type";
    let room = names::ON_REDSHIFT - SUFFIX.len();
    let end = (0..=column.len().min(room))
        .rev()
        .find(|&end| column.is_char_boundary(end))
        .unwrap_or(0);
    format!("{}{SUFFIX}", &column[..end])
}

fn yes(flag: bool) -> &'static str {
    if flag { "yes" } else { "no" }
}

/// A string literal; a backslash escapes on Redshift.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// Columns in quotes, with commas between them.
pub(super) fn list(columns: &[String]) -> String {
    Redshift.list(columns)
}

/// A role of the session: as it stands where it needs no quotes, so that it folds as dbt's does.
pub(super) fn role(role: &str) -> String {
    let plain = role
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if plain || role.starts_with('"') {
        role.to_owned()
    } else {
        quote(role)
    }
}

fn created(relation: &Relation, temporary: bool) -> String {
    if temporary {
        quote(&relation.identifier)
    } else {
        name(relation)
    }
}

fn attribute_lines(attributes: &TableAttributes) -> Vec<String> {
    let mut lines = Vec::new();
    match attributes.backup {
        Some(false) => lines.push("backup no".to_owned()),
        Some(true) => lines.push("backup yes".to_owned()),
        None => {}
    }
    match &attributes.dist {
        Some(Dist::All) => lines.push("diststyle all".to_owned()),
        Some(Dist::Even) => lines.push("diststyle even".to_owned()),
        Some(Dist::Auto) => lines.push("diststyle auto".to_owned()),
        Some(Dist::Key(column)) => {
            lines.push(format!("diststyle key distkey ({})", quote(column)));
        }
        None => {}
    }
    let sort = list(&attributes.sort);
    match attributes.sort_type {
        Some(SortType::Auto) => lines.push("sortkey auto".to_owned()),
        Some(SortType::Interleaved) if !sort.is_empty() => {
            lines.push(format!("interleaved sortkey ({sort})"));
        }
        _ if !sort.is_empty() => lines.push(format!("compound sortkey ({sort})")),
        _ => {}
    }
    lines
}

fn column(column: &ColumnDefinition) -> String {
    let mut words = vec![quote(&column.name), column.data_type.clone()];
    words.extend(
        column
            .default
            .as_ref()
            .map(|value| format!("default {value}")),
    );
    let by_default = match column.by_default {
        true => "generated by default as ",
        false => "",
    };
    words.extend(
        column
            .identity
            .map(|(seed, step)| format!("{by_default}identity({seed}, {step})")),
    );
    words.extend(
        column
            .encode
            .as_ref()
            .map(|encode| format!("encode {encode}")),
    );
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

/// `merge`: Redshift wants a clause for matched rows and one for the rest, and no alias on the target.
fn merge(
    into: &str,
    using: &str,
    key: &[String],
    update: &[String],
    insert: &[String],
    predicates: &[String],
) -> String {
    let source = |column: &String| format!("DBT_INTERNAL_SOURCE.{}", quote(column));
    let mut conditions = key
        .iter()
        .map(|column| format!("{into}.{} = {}", quote(column), source(column)))
        .collect::<Vec<_>>();
    conditions.extend(predicates.iter().cloned());
    // To leave matched rows as they are, the key is set to what it is.
    let set = if update.is_empty() { key } else { update };
    let set = set
        .iter()
        .map(|column| format!("{} = {}", quote(column), source(column)))
        .collect::<Vec<_>>();
    let values = insert.iter().map(source).collect::<Vec<_>>();
    format!(
        "merge into {into}\nusing {using} as DBT_INTERNAL_SOURCE\non {}\nwhen matched then update set {}\nwhen not matched then insert ({}) values ({})",
        conditions.join(" and "),
        set.join(", "),
        list(insert),
        values.join(", ")
    )
}

/// A user in quotes, `group x` and `role x` with the name in quotes, `public` as it is. dbt writes `group:x`, `role:x` and `user:x`.
fn grantee(who: &str) -> String {
    let who = who.trim();
    if who.eq_ignore_ascii_case("public") {
        return who.to_owned();
    }
    if let Some((word, name)) = who.split_once(':') {
        match word.trim().to_lowercase().as_str() {
            "user" => return quote(name.trim()),
            word @ ("group" | "role") => return format!("{word} {}", quote(name.trim())),
            // Names of users that IAM gives have a colon too.
            _ => {}
        }
    }
    match who.split_once(char::is_whitespace) {
        Some((word, name))
            if word.eq_ignore_ascii_case("group") || word.eq_ignore_ascii_case("role") =>
        {
            format!("{} {}", word.to_lowercase(), quote(name.trim()))
        }
        _ => quote(who),
    }
}
