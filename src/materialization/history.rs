//! How a history goes on once the rows of its query are there: the second half of a snapshot, as data.
//!
//! In: [`History`], made with the first half, and the columns of the temporary table. Out: the sections that remain.

use super::schema_change::widened;
use super::snapshot::hash;
use super::{Phase, Section, name, quote, sections};
use crate::adapter::Statement;
use crate::adapter::statement::{Rows, TableAttributes};
use crate::diagnostic::{Diagnostic, Span};
use crate::manifest::snapshot_config::{HardDeletes, SnapshotConfig, SnapshotStrategy};
use crate::relation::{Column, Relation};

/// The rest of a snapshot, waiting for the columns of [`History::source`].
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    pub(super) config: SnapshotConfig,
    pub(super) key: Vec<String>,
    pub(super) now: String,
    /// The history.
    pub(super) into: Relation,
    /// The history, with the name of its database.
    pub(super) in_full: String,
    /// The rows of the query.
    pub(super) source: Relation,
    /// Where the changes go.
    pub(super) changes: Relation,
    pub(super) existing: Vec<Column>,
    pub(super) place: Option<Span>,
    pub(super) publish: Section,
    pub(super) clean: Section,
}

impl History {
    /// The relation whose columns decide.
    pub fn source(&self) -> &Relation {
        &self.source
    }

    /// What remains to be done when the query has these columns.
    ///
    /// # Errors
    /// When a column that is to be compared is not among them.
    pub fn sections(&self, columns: &[Column]) -> Result<Vec<Section>, Box<Diagnostic>> {
        let changed = self.changed(columns)?;
        let mut statements = self.added(columns);
        statements.push(Statement::CreateTableAs {
            relation: self.changes.clone(),
            query: self.query(columns, &changed),
            attributes: TableAttributes::default(),
            temporary: true,
            header: None,
        });
        statements.push(Statement::CloseVersions {
            of: self.into.clone(),
            using: self.changes.clone(),
            id: self.written(&self.config.names.scd_id).to_owned(),
            valid_to: self.written(&self.config.names.valid_to).to_owned(),
            current: self.config.valid_to_current.clone(),
        });
        statements.push(self.insert(columns));
        statements.extend(self.publish.statements.iter().cloned());
        // Before the transaction, in which Redshift does not take it.
        let widen = Section {
            phase: Phase::Prepare,
            transaction: false,
            retryable: true,
            statements: widened(&self.into, &self.existing, columns),
        };
        Ok(sections([
            widen,
            Section {
                statements,
                ..self.publish.clone()
            },
            self.clean.clone(),
        ]))
    }

    /// The question how many keys stand in several rows of the query: each of those states would be closed by another of its own run. A key
    /// is any expression; NULL is no key.
    pub fn repeated_keys(&self) -> String {
        let parts = || (0..self.key.len()).map(|at| format!("k{at}"));
        let key = self.key.iter().zip(parts());
        let key: Vec<String> = key
            .map(|(part, name)| format!("{part} as {name}"))
            .collect();
        let parts: Vec<String> = parts().collect();
        format!(
            "select count(*) from (select {names} from (select {} from {}) as keyed where {} is not null group by {names} having count(*) > 1) as repeated",
            key.join(", "),
            name(&self.source),
            parts.join(" is not null and "),
            names = parts.join(", "),
        )
    }

    /// The columns that the history does not have yet. As in dbt, that of the last change may be among them.
    fn added(&self, columns: &[Column]) -> Vec<Statement> {
        let add = |name: &str, data_type: &str| Statement::AddColumn {
            relation: self.into.clone(),
            name: name.to_owned(),
            data_type: data_type.to_owned(),
        };
        let new = columns
            .iter()
            .filter(|column| self.find(&column.name).is_none());
        let mut added: Vec<Statement> = new
            .map(|column| add(&column.name, &column.data_type))
            .collect();
        let names = &self.config.names;
        if let (None, Some(like)) = (self.find(&names.updated_at), self.find(&names.valid_from)) {
            added.push(add(&names.updated_at, &like.data_type));
        }
        added
    }

    fn find(&self, name: &str) -> Option<&Column> {
        let mut existing = self.existing.iter();
        existing.find(|column| column.name.eq_ignore_ascii_case(name))
    }

    fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// A column of the history as the warehouse writes it, which may have folded its name.
    fn written<'n>(&'n self, name: &'n str) -> &'n str {
        self.find(name).map_or(name, |column| column.name.as_str())
    }

    /// The condition under which a row is another one than that of the history.
    fn changed(&self, columns: &[Column]) -> Result<String, Box<Diagnostic>> {
        let named = match &self.config.strategy {
            SnapshotStrategy::Timestamp => {
                let updated_at = self.config.updated_at.as_deref().unwrap_or(&self.now);
                return Ok(format!(
                    "snapshotted_data.{} < source_data.{updated_at}",
                    self.config.names.valid_from
                ));
            }
            SnapshotStrategy::Check(named) => named,
        };
        let compared: Vec<&str> = match named {
            None => columns.iter().map(|column| column.name.as_str()).collect(),
            Some(named) => {
                let found = named.iter().map(|name| self.named(name, columns));
                found.collect::<Result<_, _>>()?
            }
        };
        // As in dbt, with a column that the history does not have yet, every row counts as changed.
        if compared.iter().any(|name| !self.has(name)) {
            return Ok("true".to_owned());
        }
        let differs = compared.iter().map(|name| {
            let name = quote(name);
            let (old, new) = (format!("snapshotted_data.{name}"), format!("source_data.{name}"));
            format!(
                "{old} != {new} or ({old} is null and {new} is not null) or ({old} is not null and {new} is null)"
            )
        });
        Ok(differs.collect::<Vec<_>>().join("\n  or "))
    }

    /// A column of `check_cols` as the query calls it.
    fn named<'c>(&self, name: &str, columns: &'c [Column]) -> Result<&'c str, Box<Diagnostic>> {
        let bare = name.trim_matches('"');
        let found = columns
            .iter()
            .find(|column| column.name.eq_ignore_ascii_case(bare));
        found.map(|column| column.name.as_str()).ok_or_else(|| {
            let known = columns.iter().map(|column| column.name.as_str());
            Box::new(
                Diagnostic::error(
                    "unknown-column",
                    format!("`check_cols` names `{bare}`, which the query does not give"),
                )
                .at_some(self.place.clone())
                .one_of(bare, known),
            )
        })
    }

    /// The name of a part of the key in the query of the changes.
    fn keys(&self) -> Vec<String> {
        match self.key.len() {
            1 => vec!["dbt_unique_key".to_owned()],
            many => (1..=many)
                .map(|place| format!("dbt_unique_key_{place}"))
                .collect(),
        }
    }

    /// The condition that a row of the history still holds; `of` stands before its columns.
    fn holds(&self, of: &str) -> String {
        let valid_to = format!("{of}{}", self.config.names.valid_to);
        match &self.config.valid_to_current {
            Some(current) => format!("({valid_to} = {current} or {valid_to} is null)"),
            None => format!("{valid_to} is null"),
        }
    }

    /// The query of the changes: what is inserted, and which rows of the history end when.
    fn query(&self, columns: &[Column], changed: &str) -> String {
        let names = &self.config.names;
        let updated_at = self.config.updated_at.as_deref().unwrap_or(&self.now);
        let keys = self.keys();
        let keyed: Vec<String> = self
            .key
            .iter()
            .zip(&keys)
            .map(|(key, name)| format!("{key} as {name}"))
            .collect();
        let keyed = keyed.join(", ");
        let same: Vec<String> = keys
            .iter()
            .map(|key| format!("snapshotted_data.{key} = source_data.{key}"))
            .collect();
        let same = same.join(" and ");
        let first_key = &keys[0];
        let own = |of: &str| -> String {
            let own = columns
                .iter()
                .map(|column| format!("{of}.{}", quote(&column.name)));
            own.collect::<Vec<_>>().join(", ")
        };
        let (of_source, now) = (own("source_data"), self.now.as_str());
        let current = self.config.valid_to_current.as_deref().unwrap_or("null");
        let marks = self.config.hard_deletes == HardDeletes::NewRecord;
        let is_deleted = format!("snapshotted_data.{}", names.is_deleted);
        let (new_mark, old_mark, revived) = if marks {
            (
                format!(", 'False' as {}", names.is_deleted),
                format!(", {is_deleted}"),
                format!(" or {is_deleted} = 'True'"),
            )
        } else {
            Default::default()
        };
        let scd_id = hash(self.key.iter().map(String::as_str).chain([updated_at]));
        let mut parts = vec![
            format!(
                "select 'insert' as dbt_change_type, {of_source}, rs_updated_at as {}, rs_updated_at as {}, coalesce(nullif(rs_updated_at, rs_updated_at), {current}) as {}, rs_scd_id as {}{new_mark}\nfrom source_data\nleft join snapshotted_data on {same}\nwhere snapshotted_data.{first_key} is null\n  or {changed}{revived}",
                names.updated_at, names.valid_from, names.valid_to, names.scd_id
            ),
            format!(
                "select 'update' as dbt_change_type, {of_source}, rs_updated_at, rs_updated_at, rs_updated_at, snapshotted_data.{}{old_mark}\nfrom source_data\njoin snapshotted_data on {same}\nwhere {changed}{revived}",
                names.scd_id
            ),
        ];
        if self.config.hard_deletes != HardDeletes::Ignore {
            let told = match (marks, &self.config.valid_to_current) {
                (false, _) => String::new(),
                (true, Some(current)) => format!(
                    "\n  and not ({is_deleted} = 'True' and snapshotted_data.{} = {current})",
                    names.valid_to
                ),
                (true, None) => format!(
                    "\n  and not ({is_deleted} = 'True' and snapshotted_data.{} is null)",
                    names.valid_to
                ),
            };
            let gone = format!(
                "from snapshotted_data\nleft join source_data on {same}\nwhere source_data.{first_key} is null{told}"
            );
            parts.push(format!(
                "select 'delete' as dbt_change_type, {of_source}, {now}, {now}, {now}, snapshotted_data.{}{old_mark}\n{gone}",
                names.scd_id
            ));
            if marks {
                let kept = columns.iter().map(|column| {
                    let of = if self.has(&column.name) {
                        "snapshotted_data"
                    } else {
                        "source_data"
                    };
                    format!("{of}.{}", quote(&column.name))
                });
                let id = format!("snapshotted_data.{}", names.scd_id);
                parts.push(format!(
                    "select 'insert' as dbt_change_type, {}, {now}, {now}, snapshotted_data.{}, {}, 'True'\n{gone}",
                    kept.collect::<Vec<_>>().join(", "),
                    names.valid_to,
                    hash([id.as_str(), now])
                ));
            }
        }
        format!(
            "with snapshotted_data as (\n  select *, {keyed}\n  from {}\n  where {}\n),\nsource_data as (\n  select *, {keyed}, {updated_at} as rs_updated_at, {scd_id} as rs_scd_id\n  from {}\n)\n{}",
            self.in_full,
            self.holds(""),
            name(&self.source),
            parts.join("\nunion all\n")
        )
    }

    fn insert(&self, columns: &[Column]) -> Statement {
        let names = &self.config.names;
        let marks = self.config.hard_deletes == HardDeletes::NewRecord;
        let own = columns.iter().map(|column| column.name.as_str());
        let kept = [
            names.updated_at.as_str(),
            &names.valid_from,
            &names.valid_to,
            &names.scd_id,
        ];
        let mark = marks.then_some(names.is_deleted.as_str());
        let kept = kept.into_iter().chain(mark).map(|name| self.written(name));
        let filled: Vec<String> = own.chain(kept).map(str::to_owned).collect();
        let list: Vec<String> = filled.iter().map(|name| quote(name)).collect();
        let from = format!(
            "select {}\nfrom {}\nwhere dbt_change_type = 'insert'",
            list.join(", "),
            name(&self.changes)
        );
        Statement::Insert {
            into: self.into.clone(),
            columns: filled,
            from: Rows::Query(from),
        }
    }
}
