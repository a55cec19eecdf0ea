//! What the database holds.
//!
//! In: names of schemas. Out: relations, their columns and what is bound to them; each kind of thing in one query.

use std::collections::{BTreeMap, BTreeSet};

use super::session::Session;
use super::sql::literal;
use crate::adapter::wording::name;
use crate::adapter::{Error, Holder, emulating};
use crate::relation::{
    Column, ExistingRelation, ExistingRelations, Granted, NameCase, Relation, RelationKind,
};

impl Session {
    /// The relations of some schemas, and with them every relation that stands on one of those, wherever it is.
    pub(super) fn read_existing(&self, schemas: &[String]) -> Result<ExistingRelations, Error> {
        let wanted = in_list(schemas);
        let mut existing = ExistingRelations::of(self.name_case());
        let found = self.link.texts::<1>(&format!(
            "select nspname from pg_catalog.pg_namespace where lower(nspname) in ({wanted})"
        ))?;
        for [schema] in found {
            existing.insert_schema(&schema);
        }
        // What is bound to what: a rule's relation depends on the relations of its query.
        let bound = self.link.texts::<2>(&format!(
            "with recursive edges as (
               select distinct d.refobjid as base, r.ev_class as dependent
               from pg_catalog.pg_depend d join pg_catalog.pg_rewrite r on r.oid = d.objid
               where d.classid = 'pg_catalog.pg_rewrite'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
                 and d.deptype = 'n' and d.refobjid <> r.ev_class
             ), reached as (
               select e.base, e.dependent from edges e
               join pg_catalog.pg_class c on c.oid = e.base join pg_catalog.pg_namespace n on n.oid = c.relnamespace
               where lower(n.nspname) in ({wanted})
               union
               select e.base, e.dependent from reached r join edges e on e.base = r.dependent
             )
             select base::text, dependent::text from reached order by base, dependent"
        ))?;
        let beyond = bound
            .iter()
            .map(|[_, dependent]| dependent.as_str())
            .collect::<BTreeSet<_>>();
        let beyond = if beyond.is_empty() {
            "0".to_owned()
        } else {
            beyond.into_iter().collect::<Vec<_>>().join(", ")
        };
        let chosen = format!("(lower(n.nspname) in ({wanted}) or c.oid in ({beyond}))");
        let mut columns = self.read_columns(&chosen)?;
        let relations = self.link.texts::<4>(&format!(
            "select c.oid::text, n.nspname, c.relname, c.relkind::text
             from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
             where {chosen} and c.relkind in ('r', 'p', 'f', 'v', 'm') order by 2, 3"
        ))?;
        let names = relations
            .iter()
            .map(|[oid, schema, name, _]| (oid.clone(), Relation::new(schema, name)))
            .collect::<BTreeMap<_, _>>();
        let mut dependents = BTreeMap::<&String, Vec<Relation>>::new();
        for [base, dependent] in &bound {
            dependents
                .entry(base)
                .or_default()
                .extend(names.get(dependent).cloned());
        }
        for [oid, schema, name, kind] in &relations {
            let mut relation = Relation::new(schema, name);
            relation.database = Some(self.config.database.clone());
            existing.insert(ExistingRelation {
                relation,
                kind: match kind.as_str() {
                    "v" => RelationKind::View,
                    "m" => RelationKind::MaterializedView,
                    _ => RelationKind::Table,
                },
                columns: columns.remove(oid).unwrap_or_default(),
                dependents: dependents.remove(oid).unwrap_or_default(),
                made: None,
            });
        }
        Ok(existing)
    }

    /// What the server makes of the names that are said to it: those of Redshift's SQL are folded before they are sent.
    fn name_case(&self) -> NameCase {
        match self.config.emulates_redshift {
            true => NameCase::Folded,
            false => NameCase::Kept,
        }
    }

    /// The columns of one relation; one without a schema is this session's temporary table.
    pub(super) fn read_columns_of(&self, relation: &Relation) -> Result<Vec<Column>, Error> {
        let said = |name: &str| literal(&self.name_case().said(name));
        let schema = if relation.is_temporary() {
            "n.oid = pg_catalog.pg_my_temp_schema()".to_owned()
        } else {
            format!("n.nspname = {}", said(&relation.schema))
        };
        let name = said(&relation.identifier);
        let columns = self.read_columns(&format!("{schema} and c.relname = {name}"))?;
        Ok(columns.into_values().next().unwrap_or_default())
    }

    /// How many rows a table has, and a sum over the transactions that wrote them: whoever adds, changes or takes away a row changes it, as no
    /// row of theirs was there before, and those that stay keep the transaction that wrote them.
    pub(super) fn read_mark(&self, table: &Relation) -> Result<String, Error> {
        let [mark] = self
            .link
            .texts::<1>(&format!(
                "select count(*)::text || ' ' || coalesce(sum(hashtextextended(xmin::text, 0)), 0)::text from {}",
                name(table)
            ))?
            .pop()
            .unwrap_or_default();
        Ok(mark)
    }

    /// What others were given by this user on some relations.
    pub(super) fn read_granted(&self, relations: &[Relation]) -> Result<Vec<Granted>, Error> {
        if relations.is_empty() {
            return Ok(Vec::new());
        }
        let pair = |relation: &Relation| {
            let (schema, name) = (&relation.schema, &relation.identifier);
            format!("({}, {})", literal(schema), literal(name))
        };
        let wanted: Vec<String> = relations.iter().map(pair).collect();
        let rows = self.link.texts::<4>(&format!(
            "select table_schema::text, table_name::text, lower(privilege_type::text), grantee::text
             from information_schema.role_table_grants
             where grantor = current_role and grantee <> current_role and (table_schema, table_name) in ({})
             order by 1, 2, 3, 4",
            wanted.join(", ")
        ))?;
        let granted = rows.into_iter();
        Ok(granted
            .map(|[schema, name, privilege, grantee]| Granted {
                on: Relation::new(schema, name),
                privilege,
                grantee,
            })
            .collect())
    }

    /// Columns by the number of their relation.
    fn read_columns(&self, chosen: &str) -> Result<BTreeMap<String, Vec<Column>>, Error> {
        let rows = self.link.texts::<4>(&format!(
            "select c.oid::text, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull::text
             from pg_catalog.pg_attribute a
             join pg_catalog.pg_class c on c.oid = a.attrelid
             join pg_catalog.pg_namespace n on n.oid = c.relnamespace
             where {chosen} and c.relkind in ('r', 'p', 'f', 'v', 'm') and a.attnum > 0 and not a.attisdropped
             order by c.oid, a.attnum"
        ))?;
        let mut columns = BTreeMap::<String, Vec<Column>>::new();
        for [oid, name, data_type, not_null] in rows {
            let data_type = match self.config.emulates_redshift {
                true => emulating::postgres::redshift_type(&data_type),
                false => data_type,
            };
            columns.entry(oid).or_default().push(Column {
                name,
                data_type,
                nullable: not_null != "true",
            });
        }
        Ok(columns)
    }

    /// Takes the schemas for this session, all or none; the first that another session has is named.
    ///
    /// A plan stands on what the schemas held at its start, so two builds into one schema take turns. The locks go with the session.
    pub(super) fn try_claim(&self, schemas: &[String]) -> Result<Option<String>, Error> {
        let keys = schemas
            .iter()
            .map(|schema| schema.to_lowercase())
            .collect::<BTreeSet<_>>();
        let mut taken = Vec::new();
        for schema in keys {
            let lock = lock_of(&schema);
            let got = self
                .link
                .texts::<1>(&format!("select pg_try_advisory_lock({lock})::text"))?;
            if got == [["true".to_owned()]] {
                taken.push(lock);
                continue;
            }
            for lock in taken {
                self.link
                    .texts::<1>(&format!("select pg_advisory_unlock({lock})::text"))?;
            }
            return Ok(Some(schema));
        }
        Ok(None)
    }

    /// The session that has the lock of a schema. Who may not see when another one began is told nothing of it.
    pub(super) fn holder_of(&self, schema: &str) -> Option<Holder> {
        let lock = lock_of(&schema.to_lowercase());
        let rows = self.link.texts::<3>(&format!(
            "select a.usename::text, a.pid::text, coalesce(to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), '')
             from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a on a.pid = l.pid
             where l.locktype = 'advisory' and l.granted and l.objsubid = 1
               and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
               and ((l.classid::bigint << 32) | l.objid::bigint) = {lock}"
        ));
        let [user, pid, since] = rows.ok()?.into_iter().next()?;
        Some(Holder {
            who: format!("user `{user}`, process {pid}"),
            since: Some(since).filter(|since| !since.is_empty()),
        })
    }
}

/// The number of the lock of a schema.
fn lock_of(schema: &str) -> String {
    let name = literal(&format!("redstart build into {schema}"));
    format!("hashtextextended({name}, 0)")
}

fn in_list(names: &[String]) -> String {
    if names.is_empty() {
        return "''".to_owned();
    }
    names
        .iter()
        .map(|name| literal(&name.to_lowercase()))
        .collect::<Vec<_>>()
        .join(", ")
}
