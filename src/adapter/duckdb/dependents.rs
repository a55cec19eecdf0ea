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
        let database = literal(&self.config.database);
        let views = self.texts::<3>(&format!(
            "select lower(schema_name), lower(view_name), json_serialize_sql(trim(substr(sql, position(' AS ' in sql) + 4), '; ' || chr(10)))
             from duckdb_views() where database_name = {database} and not internal and not contains(sql, '{}') order by 1, 2",
            emulating::LATE
        ))?;
        let bound = views.into_iter().map(|[schema, name, tree]| {
            let tree: Value = serde_json::from_str(&tree).unwrap_or_default();
            let (mut tables, mut own) = (BTreeSet::new(), BTreeSet::new());
            read(&tree, &mut tables, &mut own);
            let reads = tables
                .into_iter()
                .filter(|(schema, name)| !(schema.is_empty() && own.contains(name)))
                .map(|(schema, name)| match schema.is_empty() {
                    true => (current.to_owned(), name),
                    false => (schema, name),
                });
            Bound {
                key: (schema, name),
                reads: reads.collect(),
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
            "select table_name from duckdb_tables() where database_name = 'temp' and lower(table_name) = {}",
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

/// Gathers the tables that a tree of DuckDB's parser reads, and the names that it gives to queries itself.
fn read(tree: &Value, tables: &mut BTreeSet<Key>, own: &mut BTreeSet<String>) {
    match tree {
        Value::Array(all) => {
            for one in all {
                read(one, tables, own);
            }
        }
        Value::Object(fields) => {
            let text = |key: &str| {
                let text = fields.get(key).and_then(Value::as_str);
                text.unwrap_or_default().to_lowercase()
            };
            if fields.get("type").and_then(Value::as_str) == Some("BASE_TABLE") {
                tables.insert((text("schema_name"), text("table_name")));
            }
            let named = fields.get("cte_map").and_then(|map| map.get("map"));
            for one in named.and_then(Value::as_array).into_iter().flatten() {
                let name = one.get("key").and_then(Value::as_str);
                own.extend(name.map(str::to_lowercase));
            }
            for one in fields.values() {
                read(one, tables, own);
            }
        }
        _ => {}
    }
}
