//! Nodes that are shown together, all or none (`build --atomic`).
//!
//! Each is built under a name of its own (`__rs_next`) as if nothing stood there, and read there by what stands on it. A table that goes
//! on (an incremental model, a snapshot, an appending load) begins there as a copy of the one that is shown. When all are built and no
//! test failed, one transaction gives each its name; a view is made anew in it, as its text names what it reads.

use super::files::Memory;
use super::publish::{
    Publish, Retired, as_shown, describe, hooks_of, next_of, raw, removed, still_bound,
};
use super::schema_change::length;
use super::{Input, columns, loaded_files, rejects_of};
use crate::adapter::Statement;
use crate::adapter::statement::{Rows, TableAttributes};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::manifest::ResourceType;
use crate::manifest::node::{Detail, LoadMode};
use crate::relation::{ExistingRelation, Relation, RelationKind};

/// The statements that show a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// Before the transaction: leftovers removed, hooks outside of it.
    pub before: Vec<Statement>,
    /// In the transaction.
    pub swap: Vec<Statement>,
    /// After its commit: hooks outside of it.
    pub hooks: Vec<Statement>,
    /// Drops of what was replaced, when all is shown: the last goes first, as it may stand on the others.
    pub drops: Vec<Statement>,
    /// Whether all of `swap` is ours, so that it may be tried again.
    pub retryable: bool,
}

/// The tables of a node that begin as a copy of those that are shown, each with its copy.
///
/// # Errors
/// A node without a relation.
pub fn copied(input: &Input<'_>) -> Result<Vec<(Relation, Relation)>, Diagnostics> {
    let relation = input.relation()?;
    let Some(old) = input.existing.get(relation) else {
        return Ok(Vec::new());
    };
    let is_table = old.kind == RelationKind::Table;
    let (goes_on, remembers) = match &input.node.detail {
        _ if input.node.resource_type == ResourceType::Snapshot => (true, false),
        Detail::Source(source) => {
            let mode = source.load.as_ref().map(|load| load.mode);
            let appends = mode == Some(LoadMode::Append);
            (appends && is_table && !input.full_refresh(), appends)
        }
        _ => {
            let goes_on = match input.node.config.materialized.as_str() {
                "incremental" => !input.full_refresh(),
                "table" => input.node.says_this,
                _ => false,
            };
            (goes_on && is_table, false)
        }
    };
    if !goes_on {
        return Ok(Vec::new());
    }
    let next = next_of(relation);
    let mut all = vec![(relation.clone(), next.clone())];
    if remembers {
        all.push((loaded_files(relation), loaded_files(&next)));
    }
    if input.node.config.rejects {
        all.push((rejects_of(relation), rejects_of(&next)));
    }
    all.retain(|(from, _)| input.existing.get(from).is_some());
    Ok(all)
}

/// The statements that copy the tables of a node that is built beside: each as a full refresh would make it, with the rows of the old
/// one and the privileges that others have on it.
///
/// # Errors
/// Columns that number their rows.
pub fn copies(
    input: &Input<'_>,
    tables: &[(Relation, Relation)],
) -> Result<Vec<Statement>, Diagnostics> {
    let next = input.relation()?;
    let mut statements = Vec::new();
    for (from, to) in tables {
        let Some(old) = input.existing.get(from) else {
            continue;
        };
        statements.push(dropped(RelationKind::Table, to));
        if *to == loaded_files(next) {
            statements.push(Memory::made(to));
            statements.push(filled(old, to));
        } else if let Some(made) = declared(input, old).filter(|_| to == next) {
            statements.push(made?);
            statements.push(filled(old, to));
        } else {
            statements.push(Statement::CreateTableAs {
                relation: to.clone(),
                query: format!("select * from {}", super::in_full(input, &old.relation)),
                attributes: match to == next {
                    true => input.node.config.attributes.clone(),
                    false => TableAttributes::default(),
                },
                temporary: false,
                header: None,
            });
        }
        let granted = input.existing.granted(from).unwrap_or_default();
        let kept = granted
            .iter()
            .filter(|_| input.node.config.grants.is_empty());
        statements.extend(kept.map(|granted| Statement::Grant {
            relation: to.clone(),
            privilege: granted.privilege.clone(),
            grantees: vec![granted.grantee.clone()],
        }));
    }
    Ok(statements)
}

/// The table as its columns are declared, where they are those that it has.
fn declared(input: &Input<'_>, old: &ExistingRelation) -> Option<Result<Statement, Diagnostics>> {
    let node = input.node;
    let attributes = match &node.detail {
        Detail::Source(source) => source.load.as_ref()?.attributes.clone(),
        _ if node.config.contract_enforced => node.config.attributes.clone(),
        _ => return None,
    };
    // What is wrong with the declarations is told by the build itself.
    let (mut definitions, constraints) = columns::declared(input, &mut Vec::new()).ok()?;
    if definitions.len() != old.columns.len() {
        return None;
    }
    for definition in &mut definitions {
        let mut found = old.columns.iter();
        let found = found.find(|column| column.name.eq_ignore_ascii_case(&definition.name))?;
        if length(found).is_some() {
            // It may have grown.
            definition.data_type.clone_from(&found.data_type);
        }
    }
    if let Some(numbered) = definitions.iter().find(|column| column.identity.is_some()) {
        let message = format!(
            "`{}` numbers its rows (`{}`), and a copy of it would number them anew",
            node.name, numbered.name
        );
        let problem = Diagnostic::error("not-atomic", message)
            .at_some(numbered.origin.clone().or_else(|| input.place()))
            .help("build it anew with `--full-refresh`, or leave it out with `--exclude`");
        return Some(Err(problem.into()));
    }
    Some(Ok(Statement::CreateTable {
        relation: node.relation.clone()?,
        columns: definitions,
        constraints,
        attributes,
        temporary: false,
    }))
}

fn filled(old: &ExistingRelation, to: &Relation) -> Statement {
    Statement::Insert {
        into: to.clone(),
        columns: old
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect(),
        from: Rows::Relation(old.relation.clone()),
    }
}

fn dropped(kind: RelationKind, relation: &Relation) -> Statement {
    Statement::Drop {
        kind,
        relation: relation.clone(),
        if_exists: true,
    }
}

/// Whether everything that the node replaces can make room.
///
/// # Errors
/// What is bound to it and not made anew.
pub fn makes_room(input: &Input<'_>) -> Result<(), Diagnostics> {
    let relation = input.relation()?;
    if let Some(old) = input.existing.get(relation) {
        let retired = Publish::new(input, old.kind)?.retired(old);
        retired.map_err(|mut problems| {
            if copied(input).is_ok_and(|tables| !tables.is_empty()) {
                let stays = "without `--atomic` its table stays, and nothing needs to make room";
                problems
                    .0
                    .iter_mut()
                    .for_each(|problem| problem.help.push(stays.to_owned()));
            }
            problems
        })?;
    }
    Ok(())
}

/// What shows a node of which these relations were built: each with its name until then, and its own.
///
/// # Errors
/// What is bound to what it replaces and was not made anew.
pub fn shown(input: &Input<'_>, built: &[(Relation, Relation)]) -> Result<Shown, Diagnostics> {
    let mut shown = Shown {
        retryable: true,
        ..Shown::default()
    };
    let is_view =
        input.node.resource_type == ResourceType::Model && input.node.config.materialized == "view";
    let hooks = input.hooks;
    for (next, relation) in built {
        let kind = match is_view {
            true => RelationKind::View,
            false => RelationKind::Table,
        };
        let left = removed(input, relation).into_iter();
        shown.before.extend(left.filter(|drop| !is_of_next(drop)));
        let retired = match input.existing.get(relation) {
            Some(old) => Publish::new(input, kind)?.of(relation).retired(old)?,
            None => Retired::default(),
        };
        let bound = still_bound(input, relation).into_iter();
        shown.drops.extend(bound.filter(|drop| !is_of_next(drop)));
        shown.drops.extend(retired.last);
        shown.drops.extend(retired.dropped.into_iter().rev());
        if !is_view {
            shown.swap.extend(retired.swap);
            shown.swap.push(Statement::Rename {
                kind,
                from: next.clone(),
                to: relation.identifier.clone(),
            });
            continue;
        }
        shown.before.extend(raw(hooks.pre, false));
        shown.swap.extend(raw(hooks.pre, true));
        shown.swap.extend(retired.swap);
        shown.swap.push(Statement::CreateView {
            relation: relation.clone(),
            query: input.query()?.to_owned(),
            bind: input.node.config.bind,
            header: input.node.config.sql_header.clone(),
        });
        shown.swap.extend(raw(hooks.post, true));
        shown.swap.extend(describe(input, relation, kind));
        shown.hooks.extend(raw(hooks.post, false));
        shown.retryable = hooks_of(hooks, true).next().is_none();
    }
    Ok(shown)
}

/// Whether a drop is one of what was built: it is to be shown.
fn is_of_next(drop: &Statement) -> bool {
    let Statement::Drop { relation, .. } = drop else {
        return false;
    };
    relation.identifier != as_shown(&relation.identifier)
}

/// How what was built is taken away again: a failed one is kept for `show --failed`.
pub fn withdrawn(kind: RelationKind, next: &Relation, keep: Option<&Relation>) -> Vec<Statement> {
    let Some(kept) = keep else {
        return vec![dropped(kind, next)];
    };
    match kind {
        RelationKind::Table => vec![Statement::Rename {
            kind,
            from: next.clone(),
            to: kept.identifier.clone(),
        }],
        // What it reads goes: its rows are kept.
        _ => vec![
            Statement::CreateTableAs {
                relation: kept.clone(),
                query: format!("select * from {}", super::name(next)),
                attributes: TableAttributes::default(),
                temporary: false,
                header: None,
            },
            dropped(kind, next),
        ],
    }
}
