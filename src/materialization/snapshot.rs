//! `snapshot`: the history of a query's rows, one row for each state that a key was in.
//!
//! The rows of the query go into a temporary table, so that they are read once; once its columns are known, the changes are
//! worked out beside and applied in one short transaction ([`History`]). A snapshot that fails or is killed leaves the history as
//! it was. What counts as a change, and the words of the key of a row, are dbt's, so that either program goes on with the
//! history of the other.

use super::publish::{Publish, beside, describe_again, hooks_of, kept_added, prepare, raw};
use super::{Build, Input, Materialization, Phase, Rest, Section, Work, sections};
use crate::adapter::Statement;
use crate::adapter::statement::TableAttributes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::manifest::snapshot_config::{HardDeletes, HistoryColumns, KEYS, SnapshotConfig};
use crate::relation::{ExistingRelation, Relation, RelationKind};

use super::history::History;

pub(super) const MATERIALIZATION: Materialization = Materialization {
    name: "snapshot",
    work,
    keys: &KEYS,
};

fn work(input: &Input<'_>) -> Result<Work, Diagnostics> {
    let config = input.node.config.snapshot.as_ref().ok_or_else(|| {
        let message = format!(
            "`{}` does not say how it keeps its history",
            input.node.name
        );
        input.error("bad-config", message)
    })?;
    let versions = Versions {
        config,
        key: input.node.config.unique_key.clone(),
        now: input.now.to_owned(),
    };
    let build = match input.existing.get(input.relation()?) {
        None => first(input, &versions)?,
        Some(old) => next(input, versions, old)?,
    };
    Ok(Work::Build(Box::new(build)))
}

/// What the SQL of a history is made from.
#[derive(Clone, Debug)]
pub(super) struct Versions<'a> {
    config: &'a SnapshotConfig,
    key: Vec<String>,
    now: String,
}

impl Versions<'_> {
    /// Since when a row is what it is.
    fn updated_at(&self) -> &str {
        self.config.updated_at.as_deref().unwrap_or(&self.now)
    }

    fn current(&self) -> &str {
        self.config.valid_to_current.as_deref().unwrap_or("null")
    }
}

/// The hash by which dbt knows a row of a history.
pub(super) fn hash<'a>(of: impl IntoIterator<Item = &'a str>) -> String {
    let parts: Vec<String> = of
        .into_iter()
        .map(|part| format!("coalesce(cast({part} as varchar), '')"))
        .collect();
    format!("md5({})", parts.join(" || '|' || "))
}

/// The history begins: every row of the query holds since it was changed.
fn first(input: &Input<'_>, versions: &Versions<'_>) -> Result<Build, Diagnostics> {
    let query = input.query()?;
    let names = &versions.config.names;
    let updated_at = versions.updated_at();
    let key = versions.key.iter().map(String::as_str);
    let scd_id = hash(key.chain([updated_at]));
    let mut columns = vec![
        format!("{scd_id} as {}", names.scd_id),
        format!("{updated_at} as {}", names.updated_at),
        format!("{updated_at} as {}", names.valid_from),
        format!(
            "coalesce(nullif({updated_at}, {updated_at}), {}) as {}",
            versions.current(),
            names.valid_to
        ),
    ];
    if versions.config.hard_deletes == HardDeletes::NewRecord {
        columns.push(format!("'False' as {}", names.is_deleted));
    }
    let text = format!(
        "select *,\n  {}\nfrom (\n{query}\n) as sbq",
        columns.join(",\n  ")
    );
    Publish::new(input, RelationKind::Table)?.build(|relation| {
        vec![Statement::CreateTableAs {
            relation: relation.clone(),
            query: text.clone(),
            attributes: input.node.config.attributes.clone(),
            temporary: false,
            header: input.node.config.sql_header.clone(),
        }]
    })
}

/// The history goes on.
fn next(
    input: &Input<'_>,
    versions: Versions<'_>,
    old: &ExistingRelation,
) -> Result<Build, Diagnostics> {
    let problems = check(input, versions.config, old);
    if problems.has_errors() {
        return Err(problems);
    }
    let query = input.query()?;
    let config = &input.node.config;
    let into = input.relation()?.clone();
    let source = Relation::temporary(beside(&into, "__rs_tmp").identifier);
    let mut statements = raw(input.hooks.pre, true);
    let hooked = !statements.is_empty();
    statements.push(Statement::CreateTableAs {
        relation: source.clone(),
        query: query.to_owned(),
        attributes: TableAttributes::default(),
        temporary: true,
        header: config.sql_header.clone(),
    });
    let mut after = describe_again(input, &into);
    after.extend(raw(input.hooks.post, true));
    let changes = Relation::temporary(beside(&into, "__rs_chg").identifier);
    let publish = Section {
        phase: Phase::Publish,
        transaction: true,
        retryable: hooks_of(input.hooks, true).next().is_none(),
        statements: after,
    };
    Ok(Build {
        sections: sections([
            prepare(input, &into),
            Section {
                phase: Phase::Build,
                transaction: hooked,
                retryable: !hooked,
                statements,
            },
        ]),
        staging: Some((RelationKind::Table, source.clone())),
        counts: Some(old.relation.clone()),
        keep_added: kept_added(input, &into, &source),
        then: Some(Box::new(Rest::History(Box::new(History {
            config: versions.config.clone(),
            key: versions.key,
            now: versions.now,
            clean: super::publish::clean(input, vec![dropped(&changes), dropped(&source)]),
            existing: old.columns.clone(),
            place: input.place_of("check_cols", ""),
            in_full: super::in_full(input, &into),
            into,
            source,
            changes,
            publish,
        })))),
        ..Build::default()
    })
}

fn dropped(relation: &Relation) -> Statement {
    Statement::Drop {
        kind: RelationKind::Table,
        relation: relation.clone(),
        if_exists: true,
    }
}

/// Whether what stands under the name is a history that can go on.
fn check(input: &Input<'_>, config: &SnapshotConfig, old: &ExistingRelation) -> Diagnostics {
    if old.kind != RelationKind::Table {
        let message = format!(
            "`{}` keeps its history in a table, and `{}` is none",
            input.node.name, old.relation
        );
        let problem = Diagnostic::error("wrong-relation", message)
            .at_some(input.place())
            .help("drop it, or give the snapshot another `alias` or `schema`");
        return problem.into();
    }
    // As in dbt, the column of the last change is added where it is not there.
    let HistoryColumns {
        scd_id,
        valid_from,
        valid_to,
        is_deleted,
        ..
    } = &config.names;
    let mut wanted = vec![scd_id, valid_from, valid_to];
    if config.hard_deletes == HardDeletes::NewRecord {
        wanted.push(is_deleted);
    }
    let has = |name: &str| {
        let mut columns = old.columns.iter();
        columns.any(|column| column.name.eq_ignore_ascii_case(name))
    };
    let missing: Vec<String> = wanted
        .into_iter()
        .filter(|name| !has(name))
        .map(|name| format!("`{name}`"))
        .collect();
    if missing.is_empty() {
        return Diagnostics::default();
    }
    let message = format!(
        "the table `{}` is no history that `{}` could go on with: it lacks {}",
        old.relation,
        input.node.name,
        missing.join(", ")
    );
    Diagnostic::error("no-history", message)
        .at_some(input.place())
        .help("add the columns and fill them, or move the table out of the way to begin a new history")
        .into()
}
