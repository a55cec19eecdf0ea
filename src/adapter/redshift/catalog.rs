//! What the warehouse holds.
//!
//! In: names of schemas. Out: relations, their columns and what is bound to them; each kind of thing in one query.
//!
//! The queries read catalogs of the leader node alone, which cannot be joined with tables of the compute nodes (`svv_table_info`).
//! Nothing is compared by `oid` beyond one query: a relation that is swapped meanwhile has another.

use std::collections::{BTreeMap, BTreeSet};

use super::session::Session;
use super::sql::literal;
use crate::adapter::{Error, ErrorClass};
use crate::relation::{
    Column, ExistingRelation, ExistingRelations, Granted, MaterializedView, NameCase, Relation,
    RelationKind,
};

/// How often a look at the catalogs is tried: somebody who drops a relation meanwhile makes it fail.
const LOOKS: u32 = 5;

/// The privileges on a relation that are looked at, as dbt does.
const PRIVILEGES: [&str; 5] = ["select", "insert", "update", "delete", "references"];

/// A relation by schema and name, as the catalog holds them.
pub(super) type Name = (String, String);

impl Session {
    /// Tries again when somebody else changed the catalogs meanwhile.
    pub(super) fn patiently<T>(
        &self,
        look: impl Fn(&Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut looks = 1;
        loop {
            match self.stopping.seen(|| look(self)) {
                Err(error) if looks < LOOKS => match error.class {
                    ErrorClass::Retryable { after } => {
                        std::thread::sleep(after * looks);
                        looks += 1;
                    }
                    _ => return Err(error),
                },
                other => return other,
            }
        }
    }

    /// What users may do with some relations, as dbt reads it: by themselves or as members of a group or role.
    pub(super) fn read_granted(&self, relations: &[Relation]) -> Result<Vec<Granted>, Error> {
        if relations.is_empty() {
            return Ok(Vec::new());
        }
        let names = relations.iter().enumerate().map(|(place, relation)| {
            let name = literal(&crate::adapter::wording::name(relation));
            format!("select {place} as place, {name}::varchar as name")
        });
        let names: Vec<String> = names.collect();
        let privileges = PRIVILEGES.map(|word| format!("select '{word}'::varchar as privilege"));
        let rows = self.link.texts::<3>(&format!(
            "select r.place::varchar, p.privilege, u.usename::varchar
             from pg_catalog.pg_user u cross join ({}) p cross join ({}) r
             where has_table_privilege(u.usename, r.name, p.privilege) and u.usename <> current_user and not u.usesuper
             order by 1, 2, 3",
            privileges.join(" union all "),
            names.join(" union all ")
        ))?;
        let granted = rows.into_iter().filter_map(|[place, privilege, grantee]| {
            let on = relations.get(place.parse::<usize>().ok()?)?.clone();
            Some(Granted {
                on,
                privilege,
                grantee,
            })
        });
        Ok(granted.collect())
    }

    /// What this session makes of capital letters in names. A hook may change it, so it is asked anew.
    pub(super) fn name_case(&self) -> Result<NameCase, Error> {
        let said = match self.link.text("show enable_case_sensitive_identifier") {
            Ok(rows) => rows.into_iter().flatten().next().flatten(),
            // A server that does not know it has but one way.
            Err(error) if error.sqlstate.as_deref() == Some("42704") => None,
            Err(error) => return Err(error),
        };
        let on = said.is_some_and(|said| matches!(said.as_str(), "on" | "true" | "1"));
        Ok(if on { NameCase::Kept } else { NameCase::Folded })
    }

    /// Schema and name that are meant by the name of a relation; asked only where that depends on the session.
    pub(super) fn said(&self, relation: &Relation) -> Result<Name, Error> {
        if relation.key() == relation.name() {
            return Ok(relation.name());
        }
        let case = self.name_case()?;
        Ok((case.said(&relation.schema), case.said(&relation.identifier)))
    }

    /// The relations of some schemas, and with them every relation that stands on one of those, wherever it is.
    pub(super) fn read_existing(&self, schemas: &[String]) -> Result<ExistingRelations, Error> {
        if self.config.datasharing {
            return self.read_shown(schemas);
        }
        let wanted = in_list(schemas);
        let mut existing = ExistingRelations::of(self.name_case()?);
        let found = self.link.texts::<1>(&format!(
            "select nspname from pg_catalog.pg_namespace where lower(nspname) in ({wanted})"
        ))?;
        let there: BTreeSet<String> = found.into_iter().map(|[schema]| schema).collect();
        if there.is_empty() {
            return Ok(existing);
        }
        for schema in &there {
            existing.insert_schema(schema);
        }
        let bound = self.read_bound(&there)?;
        let beyond = bound.values().flatten().map(|(schema, _)| schema);
        let all: BTreeSet<String> = there.iter().chain(beyond).cloned().collect();
        let wanted = in_list(&all.into_iter().collect::<Vec<_>>());
        let mut columns = self.read_columns(&format!("lower(n.nspname) in ({wanted})"))?;
        columns.extend(self.read_late_binding_columns(&wanted)?);
        let relations = self.link.texts::<3>(&format!(
            "select n.nspname, c.relname,
               case when c.relkind = 'v' and v.table_name is not null then 'm' else c.relkind end
             from pg_catalog.pg_class c
             join pg_catalog.pg_namespace n on n.oid = c.relnamespace
             left join information_schema.views v
               on v.table_schema = n.nspname and v.table_name = c.relname
               and v.view_definition ilike '%create materialized view%'
             where lower(n.nspname) in ({wanted}) and c.relkind in ('r', 'v')
               and c.relname not like 'mv_tbl__%'
             order by 1, 2"
        ))?;
        let views = relations.iter().any(|[_, _, kind]| kind == "m");
        let mut made = match views {
            true => self.read_materialized_views(&wanted)?,
            false => BTreeMap::new(),
        };
        for [schema, name, kind] in relations {
            let key = (schema, name);
            let dependents = bound.get(&key).cloned().unwrap_or_default();
            let here = there.contains(&key.0);
            let dependent = bound.values().flatten().any(|dependent| *dependent == key);
            if !here && !dependent {
                continue;
            }
            existing.insert(ExistingRelation {
                relation: self.relation(&key),
                kind: match kind.as_str() {
                    "v" => RelationKind::View,
                    "m" => RelationKind::MaterializedView,
                    _ => RelationKind::Table,
                },
                columns: columns.remove(&key).unwrap_or_default(),
                dependents: dependents.iter().map(|key| self.relation(key)).collect(),
                made: made.remove(&key).map(Box::new),
            });
        }
        Ok(existing)
    }

    pub(super) fn relation(&self, (schema, name): &Name) -> Relation {
        let mut relation = Relation::new(schema, name);
        relation.database = Some(self.config.database.clone());
        relation
    }

    /// What is bound to what in the database, reached from some schemas. Late-binding views are bound to nothing.
    pub(super) fn read_bound(
        &self,
        schemas: &BTreeSet<String>,
    ) -> Result<BTreeMap<Name, Vec<Name>>, Error> {
        let edges = self.link.texts::<4>(
            "select distinct bn.nspname, b.relname, dn.nspname, d.relname
             from pg_catalog.pg_depend p
             join pg_catalog.pg_rewrite r on r.oid = p.objid
             join pg_catalog.pg_class b on b.oid = p.refobjid
             join pg_catalog.pg_namespace bn on bn.oid = b.relnamespace
             join pg_catalog.pg_class d on d.oid = r.ev_class
             join pg_catalog.pg_namespace dn on dn.oid = d.relnamespace
             where p.refobjid <> r.ev_class
               and bn.nspname not in ('pg_catalog', 'information_schema', 'pg_internal')
             order by 1, 2, 3, 4",
        )?;
        let mut all = BTreeMap::<Name, Vec<Name>>::new();
        for [schema, name, on_schema, on_name] in edges {
            let base = (schema, of_materialized_view(&name).to_owned());
            let dependent = (on_schema, of_materialized_view(&on_name).to_owned());
            if base != dependent {
                all.entry(base).or_default().push(dependent);
            }
        }
        let mut waiting: Vec<Name> = all
            .keys()
            .filter(|(schema, _)| schemas.contains(schema))
            .cloned()
            .collect();
        let mut reached = BTreeMap::new();
        while let Some(base) = waiting.pop() {
            if let Some(mut dependents) = all.remove(&base) {
                dependents.dedup();
                waiting.extend(dependents.iter().cloned());
                reached.insert(base, dependents);
            }
        }
        Ok(reached)
    }

    /// The columns of one relation; one without a schema is this session's temporary table.
    pub(super) fn read_columns_of(&self, relation: &Relation) -> Result<Vec<Column>, Error> {
        if let Some(database) = self.config.elsewhere(relation) {
            return self.read_columns_elsewhere(database, relation);
        }
        let (in_schema, name) = self.said(relation)?;
        let schema = if relation.is_temporary() {
            "n.nspname like 'pg_temp_%'".to_owned()
        } else {
            format!("n.nspname = {}", literal(&in_schema))
        };
        let named = format!("{schema} and c.relname = {}", literal(&name));
        let columns = self.read_columns(&named)?;
        if let Some(columns) = columns.into_values().next_back() {
            return Ok(columns);
        }
        if relation.is_temporary() {
            return Ok(Vec::new());
        }
        let mut late = self.read_late_binding_columns(&literal(&in_schema.to_lowercase()))?;
        match late.remove(&(in_schema, name)) {
            Some(columns) => Ok(columns),
            None => self.read_external_columns(relation),
        }
    }

    /// The columns of a relation of another database: a data share, or a database of the same cluster. `svv_all_columns` is one of the views
    /// that AWS names for it ("Querying data across databases", `SVV_ALL_COLUMNS`).
    fn read_columns_elsewhere(
        &self,
        database: &str,
        relation: &Relation,
    ) -> Result<Vec<Column>, Error> {
        let (schema, name) = self.said(relation)?;
        let rows = self.link.texts::<6>(&format!(
            "select column_name, data_type, character_maximum_length, numeric_precision, numeric_scale, is_nullable
             from svv_all_columns
             where lower(database_name) = lower({}) and schema_name = {} and table_name = {}
             order by ordinal_position",
            literal(database),
            literal(&schema),
            literal(&name)
        ))?;
        let columns = rows
            .into_iter()
            .map(|[name, kind, length, precision, scale, nullable]| {
                let text = kind.starts_with("char") || kind.starts_with("varchar");
                let data_type = if kind.contains('(') {
                    kind
                } else if text && !length.is_empty() {
                    format!("{kind}({length})")
                } else if kind == "numeric" && !precision.is_empty() {
                    format!("{kind}({precision},{scale})")
                } else {
                    kind
                };
                Column {
                    name,
                    data_type,
                    nullable: !nullable.eq_ignore_ascii_case("no"),
                }
            });
        Ok(columns.collect())
    }

    /// Columns of tables and bound views.
    fn read_columns(&self, chosen: &str) -> Result<BTreeMap<Name, Vec<Column>>, Error> {
        let rows = self.link.texts::<5>(&format!(
            "select n.nspname, c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull
             from pg_catalog.pg_attribute a
             join pg_catalog.pg_class c on c.oid = a.attrelid
             join pg_catalog.pg_namespace n on n.oid = c.relnamespace
             where {chosen} and c.relkind in ('r', 'v') and a.attnum > 0 and not a.attisdropped
             order by c.oid, a.attnum"
        ))?;
        let mut columns = BTreeMap::<Name, Vec<Column>>::new();
        for [schema, name, column, data_type, not_null] in rows {
            // What a dropped column leaves behind.
            if column.contains("pg.dropped.") {
                continue;
            }
            columns.entry((schema, name)).or_default().push(Column {
                name: column,
                data_type,
                nullable: !matches!(not_null.as_str(), "t" | "true"),
            });
        }
        Ok(columns)
    }

    /// How the materialized views of some schemas were made. Three questions, because what the leader node knows cannot be joined
    /// with what the compute nodes know.
    fn read_materialized_views(
        &self,
        wanted: &str,
    ) -> Result<BTreeMap<Name, MaterializedView>, Error> {
        let mut made = BTreeMap::<Name, MaterializedView>::new();
        let definitions = self.link.texts::<3>(&format!(
            "select schemaname, viewname, definition from pg_views
             where lower(schemaname) in ({wanted}) and definition ilike '%create materialized view%'"
        ))?;
        for [schema, name, definition] in definitions {
            made.entry((schema, name)).or_default().definition = definition;
        }
        let sorted = self.link.texts::<3>(&format!(
            "select n.nspname, c.relname, a.attname
             from pg_catalog.pg_attribute a
             join pg_catalog.pg_class c on c.oid = a.attrelid
             join pg_catalog.pg_namespace n on n.oid = c.relnamespace
             where lower(n.nspname) in ({wanted}) and c.relname like 'mv_tbl__%' and a.attsortkeyord <> 0
             order by 1, 2, abs(a.attsortkeyord)"
        ))?;
        for [schema, table, column] in sorted {
            let key = (schema, of_materialized_view(&table).to_owned());
            if let Some(view) = made.get_mut(&key) {
                view.sort.push(column);
            }
        }
        let spread = self.link.texts::<4>(&format!(
            "select t.\"schema\", t.\"table\", t.diststyle, m.autorefresh
             from svv_table_info t
             left join svv_mv_info m
               on m.database_name = t.\"database\" and m.schema_name = t.\"schema\" and m.name = t.\"table\"
             where lower(t.\"schema\") in ({wanted})"
        ));
        match spread {
            Ok(rows) => {
                for [schema, name, dist, auto_refresh] in rows {
                    if let Some(view) = made.get_mut(&(schema, name)) {
                        view.dist = dist;
                        view.auto_refresh = matches!(auto_refresh.as_str(), "t" | "true" | "1");
                    }
                }
                Ok(made)
            }
            // Who may not look there cannot compare: a refresh is right whatever was configured.
            Err(error) if error.sqlstate.as_deref() == Some("42501") => Ok(BTreeMap::new()),
            Err(error) => Err(error),
        }
    }

    /// Columns of late-binding views, which the catalog of columns does not know. `wanted` is a list of schemas in SQL.
    fn read_late_binding_columns(
        &self,
        wanted: &str,
    ) -> Result<BTreeMap<Name, Vec<Column>>, Error> {
        let rows = self.link.texts::<4>(&format!(
            "select view_schema, view_name, col_name, col_type
             from pg_get_late_binding_view_cols()
             cols(view_schema name, view_name name, col_name name, col_type varchar, col_num int)
             where lower(view_schema) in ({wanted})
             order by view_schema, view_name, col_num"
        ))?;
        let mut columns = BTreeMap::<Name, Vec<Column>>::new();
        for [schema, name, column, data_type] in rows {
            columns.entry((schema, name)).or_default().push(Column {
                name: column,
                data_type,
                nullable: true,
            });
        }
        Ok(columns)
    }
}

/// The view that a table keeps the rows of: `mv_tbl__daily_sales__0` is that of `daily_sales`.
pub(super) fn of_materialized_view(name: &str) -> &str {
    name.strip_prefix("mv_tbl__")
        .and_then(|rest| rest.rsplit_once("__"))
        .map_or(name, |(view, _)| view)
}

pub(super) fn in_list(names: &[String]) -> String {
    if names.is_empty() {
        return "''".to_owned();
    }
    names
        .iter()
        .map(|name| literal(&name.to_lowercase()))
        .collect::<Vec<_>>()
        .join(", ")
}
