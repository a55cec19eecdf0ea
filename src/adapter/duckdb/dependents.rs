//! What stands on a table: views of DuckDB hold names and know nothing of tables, and on Redshift one holds its table.
//!
//! In: what the user drops. Out: the drop refused as Redshift refuses it, or what stands on it dropped with it. The views are those that
//! DuckDB holds now, and what each reads is told by DuckDB's own parser. A view with no schema binding holds nothing; its text says so.

use std::collections::BTreeSet;

use serde_json::Value;

use super::connection::Session;
use super::sql::{literal, quote};
use crate::adapter::{Error, ErrorClass, emulating};
use crate::relation::{Relation, RelationKind};

/// Schema and name in lower case.
type Key = (String, String);

/// A view that is bound, and what it reads.
struct Bound {
    key: Key,
    reads: BTreeSet<Key>,
}

impl Session {
    /// Has nothing stand on relations, or a whole schema, that are to be dropped: refuses that without `cascade`, and with it drops what does.
    pub(super) fn free(
        &self,
        kind: Option<RelationKind>,
        dropped: &[Relation],
        cascade: bool,
    ) -> Result<(), Error> {
        let current = self.texts::<1>("select lower(current_schema())")?;
        let current = current.into_iter().flatten().next().unwrap_or_default();
        let views = self.bound_views(&current)?;
        let mut gone: BTreeSet<Key> = BTreeSet::new();
        for relation in dropped {
            let (schema, name) = relation.key();
            match kind {
                // All that is in it goes by itself.
                None => gone.extend(self.relations_in(&name)?),
                Some(_) if schema.is_empty() && self.is_temporary(&name)? => {}
                Some(_) if schema.is_empty() => drop(gone.insert((current.clone(), name))),
                Some(_) => drop(gone.insert((schema, name))),
            }
        }
        let asked = gone.clone();
        let mut standing = Vec::new();
        // What stands on what goes stands no longer, and so on.
        while let Some(view) = views
            .iter()
            .find(|view| !gone.contains(&view.key) && !view.reads.is_disjoint(&gone))
        {
            let on = view.reads.iter().find(|read| gone.contains(*read));
            standing.push((view, on.cloned().unwrap_or_default()));
            gone.insert(view.key.clone());
        }
        if standing.is_empty() {
            return Ok(());
        }
        if !cascade {
            return Err(held(kind, &asked, &standing));
        }
        for (view, _) in standing.iter().rev() {
            let (schema, name) = &view.key;
            self.run(&format!(
                "drop view if exists {}.{}",
                quote(schema),
                quote(name)
            ))?;
        }
        Ok(())
    }

    fn bound_views(&self, current: &str) -> Result<Vec<Bound>, Error> {
        let database = &self.config.database;
        let is_here = format!("database_name = {} and not internal", literal(database));
        // The name of a view, in quotes, may hold ` AS ` too.
        let query = "trim(regexp_extract(sql, '^(?:[^\"]|\"(?:[^\"]|\"\")*\")*? AS (.*)$', 1, 's'), '; ' || chr(10))";
        let views = self.texts::<3>(&format!(
            "select lower(schema_name), lower(view_name), json_serialize_sql({query}) from duckdb_views() where {is_here} and not contains(sql, '{}') order by 1, 2",
            emulating::LATE
        ))?;
        let relations = self.texts::<2>(&format!(
            "select lower(schema_name), lower(table_name) from duckdb_tables() where {is_here} union all select lower(schema_name), lower(view_name) from duckdb_views() where {is_here}"
        ))?;
        let relations: BTreeSet<Key> = relations
            .into_iter()
            .map(|[schema, name]| (schema, name))
            .collect();
        let bound = views.into_iter().map(|[schema, name, tree]| {
            let tree: Value = serde_json::from_str(&tree).unwrap_or_default();
            let mut tables = Vec::new();
            read(&tree, &BTreeSet::new(), &mut tables);
            let here = |table: &Named| {
                table.catalog.is_empty() || table.catalog.eq_ignore_ascii_case(database)
            };
            // DuckDB looks for a name without a schema beside the view first.
            let key = |table: Named| match table.schema.is_empty() {
                false => (table.schema, table.name),
                true => {
                    let beside = (schema.clone(), table.name.clone());
                    match relations.contains(&beside) {
                        true => beside,
                        false => (current.to_owned(), table.name),
                    }
                }
            };
            let reads = tables.into_iter().filter(here).map(key).collect();
            Bound {
                reads,
                key: (schema, name),
            }
        });
        Ok(bound.collect())
    }

    fn relations_in(&self, schema: &str) -> Result<Vec<Key>, Error> {
        let place = self.place_in_catalog(schema);
        let names = self.texts::<2>(&format!(
            "select lower(schema_name), lower(table_name) from duckdb_tables() where {place} union all select lower(schema_name), lower(view_name) from duckdb_views() where {place}"
        ))?;
        Ok(names
            .into_iter()
            .map(|[schema, name]| (schema, name))
            .collect())
    }

    fn is_temporary(&self, name: &str) -> Result<bool, Error> {
        let found = self.texts::<1>(&format!(
            "select table_name from duckdb_tables() where database_name = 'temp' and lower(table_name) = {0} union all select view_name from duckdb_views() where database_name = 'temp' and lower(view_name) = {0}",
            literal(name)
        ))?;
        Ok(!found.is_empty())
    }
}

/// Redshift's words for what is held: <https://docs.aws.amazon.com/redshift/latest/dg/r_DROP_TABLE.html>.
fn held(kind: Option<RelationKind>, asked: &BTreeSet<Key>, standing: &[(&Bound, Key)]) -> Error {
    let word = match kind {
        None => "schema",
        Some(RelationKind::View) => "view",
        Some(_) => "table",
    };
    let on = |on: &Key| match asked.contains(on) {
        true => word,
        false => "view",
    };
    let first = standing
        .first()
        .map_or_else(String::new, |(_, (schema, name))| match kind {
            None => schema.clone(),
            Some(_) => name.clone(),
        });
    let detail = standing.iter().map(|(view, read)| {
        let ((schema, name), (of, table)) = (&view.key, read);
        format!("view {schema}.{name} depends on {} {of}.{table}", on(read))
    });
    Error {
        sqlstate: Some("2BP01".to_owned()),
        detail: Some(detail.collect::<Vec<_>>().join("\n")),
        help: Some(format!("`drop {word} … cascade` drops the views too")),
        ..Error::new(
            ErrorClass::User,
            format!("cannot drop {word} {first} because other objects depend on it"),
        )
    }
}

/// A table as a query names it, in lower case.
#[derive(Debug, PartialEq)]
struct Named {
    catalog: String,
    schema: String,
    name: String,
}

/// Gathers the tables that a tree of DuckDB's parser reads; `own` are the names that the query gives to queries itself, where this part
/// of it sees them.
fn read(tree: &Value, own: &BTreeSet<String>, tables: &mut Vec<Named>) {
    let fields = match tree {
        Value::Array(all) => return all.iter().for_each(|one| read(one, own, tables)),
        Value::Object(fields) => fields,
        _ => return,
    };
    let text = |key: &str| {
        let text = fields.get(key).and_then(Value::as_str);
        text.unwrap_or_default().to_lowercase()
    };
    let mut own = own.clone();
    match text("type").as_str() {
        "base_table" => {
            let table = Named {
                catalog: text("catalog_name"),
                schema: text("schema_name"),
                name: text("table_name"),
            };
            if !(table.schema.is_empty() && own.contains(&table.name)) {
                tables.push(table);
            }
        }
        "recursive_cte_node" => drop(own.insert(text("cte_name"))),
        _ => {}
    }
    // Each sees those before it; its own name is that of a table inside it.
    let named = fields.get("cte_map").and_then(|map| map.get("map"));
    for one in named.and_then(Value::as_array).into_iter().flatten() {
        read(one, &own, tables);
        let name = one.get("key").and_then(Value::as_str);
        own.extend(name.map(str::to_lowercase));
    }
    for (key, value) in fields {
        if key != "cte_map" {
            read(value, &own, tables);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(sql: &str) -> String {
        let connection = duckdb::Connection::open_in_memory().unwrap();
        let tree: String = connection
            .query_row(
                &format!("select json_serialize_sql({})", literal(sql)),
                [],
                |row| row.get(0),
            )
            .unwrap();
        let mut tables = Vec::new();
        let tree = serde_json::from_str(&tree).unwrap();
        read(&tree, &BTreeSet::new(), &mut tables);
        let names = tables
            .iter()
            .map(|table| format!("{} {} {}", table.catalog, table.schema, table.name));
        names
            .map(|name| name.trim().to_owned())
            .collect::<Vec<_>>()
            .join(", ")
    }

    #[test]
    fn a_name_that_a_query_gives_is_no_table_where_it_is_seen() {
        for (sql, tables) in [
            ("with t as (select * from t) select * from t", "t"),
            (
                "with a as (select 1), b as (select * from a) select * from b, c",
                "c",
            ),
            (
                "select * from t, (with t as (select 1) select * from t)",
                "t",
            ),
            (
                "with recursive t as (select 1 as a union all select a + 1 from t) select * from t",
                "",
            ),
            (
                "with t as (select 1) select * from s.t, d.s.u",
                "s t, d s u",
            ),
            (
                "select (select max(a) from \"T\") from v where exists (select 1 from w)",
                "t, v, w",
            ),
        ] {
            let mut wanted: Vec<&str> = tables.split(", ").collect();
            let found = reads(sql);
            let mut found: Vec<&str> = found.split(", ").collect();
            wanted.sort_unstable();
            found.sort_unstable();
            assert_eq!(found, wanted, "{sql}");
        }
    }
}
