//! `incremental`: new rows into a table that stays.
//!
//! The batch is built into a temporary table first, then applied in one short transaction. With a `unique_key`, the same
//! batch twice changes nothing. As on Redshift itself, a NULL in the key matches no row.

use super::conditions::conditions;
use super::publish::{
    beside, clean, describe_again, hooks_of, kept_added, prepare, raw, still_bound,
};
use super::schema_change::length;
use super::{
    Build, Input, Materialization, Phase, Rest, SchemaChange, Section, Work, by_name, columns, key,
    name, rejects, sections, table,
};
use crate::adapter::Statement;
use crate::adapter::statement::{Key, Rows, TableAttributes};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::manifest::config::OnSchemaChange;
use crate::relation::{ExistingRelation, Relation, RelationKind};

pub(super) const MATERIALIZATION: Materialization = Materialization {
    name: "incremental",
    work,
    keys: &[
        "unique_key",
        "incremental_strategy",
        "incremental_predicates",
        "merge_update_columns",
        "merge_exclude_columns",
        "on_schema_change",
        "dist",
        "sort",
        "sort_type",
        "backup",
        "indexes",
        "unlogged",
    ],
};

/// How a batch meets the rows that are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Strategy {
    Append,
    DeleteInsert,
    Merge,
    /// The rows of a stretch of time are replaced.
    Replace(Stretch),
}

/// Which rows a batch of time replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// The condition that the rows of the table meet.
    delete: String,
    /// The condition that the new rows must meet, where those that do not are left out.
    insert: Option<String>,
}

const STRATEGIES: [(&str, Strategy); 3] = [
    ("append", Strategy::Append),
    ("delete+insert", Strategy::DeleteInsert),
    ("merge", Strategy::Merge),
];

/// A batch and where it goes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Batch {
    pub(super) strategy: Strategy,
    pub(super) into: Relation,
    pub(super) from: Relation,
    pub(super) key: Vec<Key>,
    pub(super) predicates: Vec<String>,
    pub(super) update: Vec<String>,
    pub(super) exclude: Vec<String>,
}

impl Batch {
    /// The statements that apply it to these columns of the table.
    pub(super) fn apply(&self, columns: &[String]) -> Vec<Statement> {
        let insert = Statement::Insert {
            into: self.into.clone(),
            columns: columns.to_vec(),
            from: Rows::Relation(self.from.clone()),
        };
        match &self.strategy {
            Strategy::Replace(stretch) => self.replace(stretch, columns),
            // Without a key nothing can match: all rows are new, as in dbt.
            _ if self.key.is_empty() => vec![insert],
            Strategy::Append => vec![insert],
            Strategy::DeleteInsert => vec![
                Statement::DeleteByKey {
                    from: self.into.clone(),
                    using: self.from.clone(),
                    key: self.key.clone(),
                    predicates: self.predicates.clone(),
                },
                insert,
            ],
            Strategy::Merge => vec![Statement::Merge {
                into: self.into.clone(),
                using: self.from.clone(),
                key: self.key.iter().map(|key| key.text().to_owned()).collect(),
                update: self.updated(columns),
                insert: columns.to_vec(),
                predicates: self.predicates.clone(),
            }],
        }
    }

    fn replace(&self, stretch: &Stretch, columns: &[String]) -> Vec<Statement> {
        let rows = match &stretch.insert {
            None => Rows::Relation(self.from.clone()),
            Some(condition) => {
                let list: Vec<String> = columns.iter().map(|column| super::quote(column)).collect();
                let from = name(&self.from);
                let list = list.join(", ");
                Rows::Query(format!("select {list} from {from} where {condition}"))
            }
        };
        vec![
            Statement::Raw {
                sql: format!("delete from {} where {}", name(&self.into), stretch.delete),
                origin: None,
            },
            Statement::Insert {
                into: self.into.clone(),
                columns: columns.to_vec(),
                from: rows,
            },
        ]
    }

    fn updated(&self, columns: &[String]) -> Vec<String> {
        if !self.update.is_empty() {
            return self.update.clone();
        }
        let excluded = by_name(self.exclude.iter().map(String::as_str));
        columns
            .iter()
            .filter(|column| !excluded.contains_key(&column.to_lowercase()))
            .cloned()
            .collect()
    }
}

fn work(input: &Input<'_>) -> Result<Work, Diagnostics> {
    let strategy = strategy(input)?;
    if input.node.config.rejects && input.node.config.microbatch.is_some() {
        let message = format!(
            "`{}` is built in batches of time, whose rows cannot be rejected one by one",
            input.node.name
        );
        return Err(Diagnostic::error("no-rejects", message)
            .at_some(input.place_of("rejects", ""))
            .help("use `delete+insert` or `merge`, or reject rows in a model below it")
            .into());
    }
    let old = input
        .existing
        .get(input.relation()?)
        .filter(|old| old.kind == RelationKind::Table && !input.full_refresh());
    let build = match old {
        None => {
            let problems = check(input, &strategy);
            if problems.has_errors() {
                return Err(problems);
            }
            match input.node.config.rejects {
                true => rejects::build(input)?,
                false => table::build(input)?,
            }
        }
        Some(old) => next(input, strategy, old)?,
    };
    Ok(Work::Build(Box::new(build)))
}

/// The strategy as configured; without one, `delete+insert` where there is a key, else `append`.
fn strategy(input: &Input<'_>) -> Result<Strategy, Diagnostics> {
    let config = &input.node.config;
    if !config.merge_update_columns.is_empty() && !config.merge_exclude_columns.is_empty() {
        let message = format!(
            "`{}` has both `merge_update_columns` and `merge_exclude_columns`: one is enough",
            input.node.name
        );
        return Err(Diagnostic::error("bad-config", message)
            .at_some(input.place_of("merge_exclude_columns", ""))
            .help("list the columns to update, or those to leave alone")
            .into());
    }
    let name = match config.incremental_strategy.as_deref() {
        None | Some("default") if config.unique_key.is_empty() => return Ok(Strategy::Append),
        None | Some("default") => return Ok(Strategy::DeleteInsert),
        Some(name) => name,
    };
    if let Some((_, strategy)) = STRATEGIES.iter().find(|(known, _)| *known == name) {
        return Ok(strategy.clone());
    }
    if name == "microbatch" {
        return microbatch(input);
    }
    let problem = match name {
        "insert_overwrite" => Diagnostic::error(
            "unsupported-strategy",
            format!("the incremental strategy `{name}` is not supported"),
        ),
        _ => Diagnostic::error(
            "unknown-strategy",
            format!("there is no incremental strategy `{name}`"),
        )
        .did_you_mean(name, STRATEGIES.iter().map(|(known, _)| *known)),
    };
    Err(problem
        .at_some(input.place_of("incremental_strategy", name))
        .help("use `append`, `delete+insert`, `merge` or `microbatch`")
        .into())
}

/// How the rows of a batch of time take their place: each of dbt's adapters has its own way.
fn microbatch(input: &Input<'_>) -> Result<Strategy, Diagnostics> {
    let config = &input.node.config;
    let has_key = !config.unique_key.is_empty();
    let wrong = |what: &str, help: &str| {
        let message = format!("`{}` {what}", input.node.name);
        let problem = Diagnostic::error("bad-config", message);
        problem
            .at_some(input.place_of("unique_key", ""))
            .help(help.to_owned())
    };
    match input.dialect {
        "postgres" if has_key => return Ok(Strategy::Merge),
        "postgres" => {
            return Err(wrong(
                "is built in batches, which are merged on PostgreSQL by `unique_key`",
                "name the column or columns that tell its rows apart",
            )
            .into());
        }
        "duckdb" if has_key => {
            return Err(wrong(
                "is built in batches, which replace the rows of their time whatever `unique_key` says",
                "leave out `unique_key`, or use `incremental_strategy: merge`",
            )
            .into());
        }
        _ => {}
    }
    let (Some(of), Some(batch)) = (&config.microbatch, &input.batch) else {
        return Ok(Strategy::Append);
    };
    let (start, end) = (batch.start, batch.end);
    let moment = |at: jiff::civil::DateTime| at.strftime("%Y-%m-%d %H:%M:%S%.f").to_string();
    let field = &of.event_time;
    let condition = |word: &str, zone: &str| {
        let (start, end) = (moment(start), moment(end));
        format!("{field} >= {word}'{start}{zone}' and {field} < {word}'{end}{zone}'")
    };
    let mut all = conditions(input, &name(input.relation()?))?;
    Ok(Strategy::Replace(if input.dialect == "redshift" {
        // There the words say `timestamp`, whatever the type of the column, and nobody looks at the new rows again.
        all.push(condition("timestamp ", ""));
        Stretch {
            delete: all.join(" and "),
            insert: None,
        }
    } else {
        let within = condition("", "+00:00");
        all.insert(0, within.clone());
        Stretch {
            delete: all.join(" and "),
            insert: Some(within),
        }
    }))
}

/// Whether the columns that the configuration names are there, and the strategy can compare its key.
fn check(input: &Input<'_>, strategy: &Strategy) -> Diagnostics {
    let mut problems = Diagnostics::default();
    let config = &input.node.config;
    if strategy == &Strategy::Merge {
        problems.extend(key::columns_only(input, &key::of(input)));
    }
    let named = [
        ("`unique_key`", &config.unique_key),
        ("`merge_update_columns`", &config.merge_update_columns),
        ("`merge_exclude_columns`", &config.merge_exclude_columns),
    ];
    if named.iter().all(|(_, names)| names.is_empty()) {
        return problems;
    }
    let Some(known) = input.query_columns() else {
        return problems;
    };
    for (what, names) in named {
        // A key may be an expression; only a plain name can be looked up.
        for name in names.iter().filter(|name| key::is_plain(name)) {
            if !known.iter().any(|column| column.eq_ignore_ascii_case(name)) {
                let known = known.iter().map(String::as_str);
                problems.push(input.unknown_column(what, name, known));
            }
        }
    }
    problems
}

/// A run on a table that is there.
fn next(
    input: &Input<'_>,
    strategy: Strategy,
    old: &ExistingRelation,
) -> Result<Build, Diagnostics> {
    let query = input.query()?;
    let config = &input.node.config;
    let mut problems = check(input, &strategy);
    problems.extend(columns::check_attributes_of_query(
        input,
        &config.attributes,
    ));
    let ignore = config.on_schema_change == OnSchemaChange::Ignore;
    if ignore {
        problems.extend(missing(input, old));
    }
    if problems.has_errors() {
        return Err(problems);
    }
    let columns: Vec<String> = old
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    // dbt's alias stands in a `merge` of PostgreSQL and DuckDB alone; Redshift's takes none, and dbt-redshift writes the name of the table.
    let called = match strategy {
        Strategy::Merge if input.dialect != "redshift" => "DBT_INTERNAL_DEST".to_owned(),
        _ => name(input.relation()?),
    };
    let batch = Batch {
        strategy,
        into: input.relation()?.clone(),
        from: Relation::temporary(beside(input.relation()?, "__rs_tmp").identifier),
        key: key::of(input),
        predicates: conditions(input, &called)?,
        update: config.merge_update_columns.clone(),
        exclude: config.merge_exclude_columns.clone(),
    };
    let mut after = describe_again(input, &batch.into);
    after.extend(raw(input.hooks.post, true));
    let change = |batch: Batch, publish: Section| SchemaChange {
        clean: clean(input, vec![drop_staging(&batch)]),
        policy: config.on_schema_change,
        existing: old.columns.clone(),
        place: input.place_of("on_schema_change", ""),
        batch,
        publish,
        before: Vec::new(),
        audited: input.audit,
    };
    let publish = |after: Vec<Statement>| Section {
        phase: Phase::Publish,
        transaction: true,
        retryable: hooks_of(input.hooks, true).next().is_none(),
        statements: after,
    };
    if config.rejects {
        return rejects::next(input, change(batch, publish(after)));
    }
    // Texts that are longer than their column make it grow; it cannot where everything is one transaction with a hook.
    let hooked = !raw(input.hooks.pre, true).is_empty();
    let grows =
        input.lengths && !hooked && old.columns.iter().any(|column| length(column).is_some());
    let settled = ignore && !grows;
    let appends = batch.strategy == Strategy::Append;
    // What fails its audit is kept from its temporary table, which a transaction that makes it takes back too.
    let direct = settled && !input.audit;
    // Only there: with a hook it is more that nothing of it stays.
    let kept = match settled && hooked {
        true => Vec::new(),
        false => kept_added(input, &batch.into, &batch.from),
    };
    let mut build = if direct && appends && config.sql_header.is_none() {
        let insert = append(input, &batch.into, query, &columns);
        in_one(input, vec![insert], after)
    } else if settled && hooked {
        let mut made = vec![stage(input, &batch, query)];
        made.extend(batch.apply(&columns));
        let mut build = in_one(input, made, after);
        close(input, &mut build, &batch);
        build
    } else {
        let mut build = staged(input, &batch, query);
        let publish = publish(after);
        if settled {
            let mut statements = batch.apply(&columns);
            statements.extend(publish.statements);
            build.sections.push(Section {
                transaction: statements.len() > 1 || input.audit,
                statements,
                ..publish
            });
            close(input, &mut build, &batch);
        } else {
            build.staging = Some((RelationKind::Table, batch.from.clone()));
            let change = change(batch, publish);
            build.then = Some(Box::new(Rest::SchemaChange(Box::new(change))));
        }
        build
    };
    build.counts = Some(old.relation.clone());
    build.last = still_bound(input, input.relation()?);
    build.keep_added = kept;
    Ok(build)
}

/// Columns of the table that the query no longer gives, while schema changes are ignored.
fn missing(input: &Input<'_>, old: &ExistingRelation) -> Option<Diagnostic> {
    let found = by_name(input.query_columns()?.iter().map(String::as_str));
    let gone: Vec<String> = old
        .columns
        .iter()
        .filter(|column| !found.contains_key(&column.name.to_lowercase()))
        .map(|column| format!("`{}`", column.name))
        .collect();
    let written = input.node.config.written("on_schema_change", "");
    (!gone.is_empty()).then(|| {
        Diagnostic::error(
            "schema-changed",
            format!(
                "the table of `{}` has {}, its query does not",
                input.node.name,
                gone.join(", ")
            ),
        )
        .at_some(written.or_else(|| input.place()))
        .help("let the table follow with `on_schema_change: sync_all_columns`")
        .help("or make it anew with `--full-refresh`")
    })
}

/// One insert straight from the query, into the table's columns by name.
fn append(input: &Input<'_>, into: &Relation, query: &str, columns: &[String]) -> Statement {
    let of_table = by_name(columns.iter().map(String::as_str));
    let same = input.query_columns().filter(|found| {
        found.len() == columns.len()
            && found
                .iter()
                .all(|name| of_table.contains_key(&name.to_lowercase()))
    });
    let (columns, rows) = match same {
        Some(found) => (found.to_vec(), query.to_owned()),
        None => {
            let list: Vec<String> = columns
                .iter()
                .map(|name| format!("\"{}\"", name.replace('"', "\"\"")))
                .collect();
            let rows = format!("select {}\nfrom (\n{query}\n) as rs_batch", list.join(", "));
            (columns.to_vec(), rows)
        }
    };
    Statement::Insert {
        into: into.clone(),
        columns,
        from: Rows::Query(rows),
    }
}

/// Everything in one transaction: pre-hooks, the batch, what follows it.
fn in_one(input: &Input<'_>, made: Vec<Statement>, after: Vec<Statement>) -> Build {
    let mut statements = raw(input.hooks.pre, true);
    statements.extend(made);
    statements.extend(after);
    Build {
        sections: sections([
            prepare(input, &beside_of(input)),
            Section {
                phase: Phase::Publish,
                transaction: statements.len() > 1 || input.audit,
                retryable: hooks_of(input.hooks, true).next().is_none(),
                statements,
            },
            clean(input, Vec::new()),
        ]),
        ..Build::default()
    }
}

/// The batch in its temporary table, not yet applied.
fn staged(input: &Input<'_>, batch: &Batch, query: &str) -> Build {
    let mut statements = raw(input.hooks.pre, true);
    let hooked = !statements.is_empty();
    statements.push(stage(input, batch, query));
    Build {
        sections: sections([
            prepare(input, &batch.into),
            Section {
                phase: Phase::Build,
                transaction: hooked,
                retryable: !hooked,
                statements,
            },
        ]),
        ..Build::default()
    }
}

fn stage(input: &Input<'_>, batch: &Batch, query: &str) -> Statement {
    let config = &input.node.config;
    Statement::CreateTableAs {
        relation: batch.from.clone(),
        query: query.to_owned(),
        attributes: TableAttributes {
            backup: None,
            ..config.attributes.clone()
        },
        temporary: true,
        header: config.sql_header.clone(),
    }
}

fn drop_staging(batch: &Batch) -> Statement {
    Statement::Drop {
        kind: RelationKind::Table,
        relation: batch.from.clone(),
        if_exists: true,
    }
}

/// The temporary table dropped at the end: a connection builds many nodes.
fn close(input: &Input<'_>, build: &mut Build, batch: &Batch) {
    build
        .sections
        .retain(|section| section.phase != Phase::Clean);
    build.sections.push(clean(input, vec![drop_staging(batch)]));
    build.staging = Some((RelationKind::Table, batch.from.clone()));
}

fn beside_of(input: &Input<'_>) -> Relation {
    input
        .node
        .relation
        .clone()
        .unwrap_or_else(|| Relation::temporary(&input.node.name))
}
