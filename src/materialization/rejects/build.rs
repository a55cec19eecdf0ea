//! The first half of a node with rejected rows: everything up to the relation that has all of them.

use super::{Batch, FAILS, Form, Rejects, dropped, kept_rejects, rejects_of};
use crate::adapter::Statement;
use crate::adapter::statement::{ColumnDefinition, Copy, TableAttributes, TableConstraint};
use crate::data_tests::RowRule;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::materialization::publish::{
    Publish, beside, clean, describe, hooks_before, hooks_of, kept_added, prepare, raw, removed,
    still_bound,
};
use crate::materialization::{
    Build, Input, Phase, Rest, SchemaChange, Section, columns, key, quote, sections,
};
use crate::relation::{Relation, RelationKind};

/// The end of the name of the temporary table that has all rows.
const ALL: &str = "__rs_all";
/// The ends of the names of the temporary tables of good and rejected rows, where both come to tables that are there.
const BATCH: [&str; 2] = ["__rs_tmp", "__rs_bad"];

/// The table with its rejected rows beside it.
pub(in crate::materialization) fn build(input: &Input<'_>) -> Result<Build, Diagnostics> {
    let query = input.query()?;
    let config = &input.node.config;
    let mut problems = columns::check_attributes_of_query(input, &config.attributes);
    problems.extend(contract(input));
    let rules = rules(input)?;
    if problems.has_errors() {
        return Err(problems);
    }
    let all = temporary(input, ALL)?;
    let fill = noted_fill(input, &all, query, &rules);
    let from = quote(&all.identifier);
    let form = Form::Query(config.attributes.clone());
    let (mut build, rest) = anew(input, all, from, rules, form)?;
    build.sections.push(fill);
    build.sections = sections(build.sections);
    build.then = Some(Box::new(Rest::Rejects(Box::new(rest))));
    Ok(build)
}

/// The batch of an incremental model whose table is there.
pub(in crate::materialization) fn next(
    input: &Input<'_>,
    mut change: SchemaChange,
) -> Result<Build, Diagnostics> {
    let query = input.query()?;
    let relation = input.relation()?;
    if let Some(problem) = contract(input) {
        return Err(problem.into());
    }
    let rules = rules(input)?;
    let all = temporary(input, ALL)?;
    let bad = temporary(input, BATCH[1])?;
    let good = change.batch.from.clone();
    let drops = [&all, &bad].map(dropped);
    change.clean.statements.splice(0..0, drops);
    let attributes = TableAttributes {
        backup: None,
        ..input.node.config.attributes.clone()
    };
    let rest = Rejects {
        noted: quote(&all.identifier),
        form: Form::Batch(Box::new(batch(input, attributes, Some(change))?)),
        publish: nothing(Phase::Publish),
        clean: nothing(Phase::Clean),
        ..rejects(input, [&all, &good, &bad], rules.clone())?
    };
    Ok(Build {
        sections: sections([
            cleared(input)?,
            hooks_before(input),
            noted_fill(input, &all, query, &rules),
        ]),
        counts: Some(relation.clone()),
        keep_added: kept_added(input, relation, &good),
        staging: Some((RelationKind::Table, good)),
        also: [all, bad].map(|table| (RelationKind::Table, table)).into(),
        last: still_bound(input, relation),
        then: Some(Box::new(Rest::Rejects(Box::new(rest)))),
        ..Build::default()
    })
}

/// What a load reads, and into what.
pub(in crate::materialization) struct Loaded<'a> {
    /// The files.
    pub(in crate::materialization) copy: &'a Copy,
    /// The declared columns.
    pub(in crate::materialization) columns: Vec<ColumnDefinition>,
    /// The keys of the table.
    pub(in crate::materialization) constraints: Vec<TableConstraint>,
    /// How the table is kept.
    pub(in crate::materialization) attributes: TableAttributes,
    /// Whether the rows come to a table that is there.
    pub(in crate::materialization) there: bool,
}

/// The load up to its files, and what is done with their rows.
pub(in crate::materialization) fn load(
    input: &Input<'_>,
    loaded: Loaded<'_>,
) -> Result<(Build, Rejects), Diagnostics> {
    if let Some(column) = loaded.columns.iter().find(|c| c.identity.is_some()) {
        return Err(Diagnostic::error(
            "no-rejects",
            format!(
                "`{}` numbers its rows (`{}`), so they cannot first be told apart",
                input.node.name, column.name
            ),
        )
        .at_some(
            column
                .origin
                .clone()
                .or_else(|| input.place_of("rejects", "")),
        )
        .help("number them in a model that reads the load")
        .into());
    }
    let rules = rules(input)?;
    let relation = input.relation()?;
    let all = temporary(input, ALL)?;
    let fill = Section {
        phase: Phase::Build,
        transaction: false,
        retryable: true,
        statements: vec![
            dropped(&all),
            Statement::CreateTable {
                relation: all.clone(),
                columns: as_read(&loaded.columns, &rules),
                constraints: Vec::new(),
                attributes: TableAttributes::default(),
                temporary: true,
            },
            Statement::Copy(Box::new(Copy {
                into: all.clone(),
                columns: as_read(&loaded.columns, &rules),
                ..loaded.copy.clone()
            })),
        ],
    };
    let notes = notes(&rules);
    let from = format!(
        "(\n  select rs_rows.*{notes}\n  from {} as rs_rows\n) as rs_noted",
        quote(&all.identifier)
    );
    let (mut build, rest) = if loaded.there {
        let [good, bad] = [temporary(input, BATCH[0])?, temporary(input, BATCH[1])?];
        let mut publish = Section {
            phase: Phase::Publish,
            transaction: true,
            retryable: hooks_of(input.hooks, true).next().is_none(),
            statements: raw(input.hooks.post, true),
        };
        let described = describe(input, relation, RelationKind::Table);
        publish.statements.extend(described);
        let drops = [&all, &good, &bad].map(dropped);
        let rest = Rejects {
            noted: from,
            form: Form::Batch(Box::new(batch(input, TableAttributes::default(), None)?)),
            publish,
            clean: clean(input, drops.into()),
            ..rejects(input, [&all, &good, &bad], rules)?
        };
        let build = Build {
            sections: vec![cleared(input)?, hooks_before(input)],
            counts: Some(relation.clone()),
            keep_added: kept_added(input, relation, &good),
            staging: Some((RelationKind::Table, good)),
            also: [all, bad].map(|table| (RelationKind::Table, table)).into(),
            last: still_bound(input, relation),
            ..Build::default()
        };
        (build, rest)
    } else {
        let form = Form::Declared {
            columns: typed(loaded.columns, &rules),
            constraints: loaded.constraints,
            attributes: loaded.attributes,
        };
        anew(input, all, from, rules, form)?
    };
    build.sections.push(fill);
    build.sections = sections(build.sections);
    Ok((build, rest))
}

/// The columns as files are read into them: a NULL that a test looks for is no error of the load.
fn as_read(columns: &[ColumnDefinition], rules: &[RowRule]) -> Vec<ColumnDefinition> {
    let looked_for = |name: &str| {
        let mut rules = rules.iter();
        rules.any(|rule| {
            let of = rule
                .column
                .as_deref()
                .map(|column| column.trim_matches('"'));
            rule.reason == "is null" && of.is_some_and(|of| of.eq_ignore_ascii_case(name))
        })
    };
    let as_read = columns.iter().map(|column| ColumnDefinition {
        not_null: column.not_null && !looked_for(&column.name),
        primary_key: false,
        unique: false,
        encode: None,
        ..column.clone()
    });
    as_read.collect()
}

/// The columns of the table: with the types that `castable` names.
fn typed(columns: Vec<ColumnDefinition>, rules: &[RowRule]) -> Vec<ColumnDefinition> {
    let typed = columns.into_iter().map(|mut column| {
        if let Some(data_type) = super::cast_to(rules, &column.name) {
            data_type.clone_into(&mut column.data_type);
        }
        column
    });
    typed.collect()
}

/// Both tables made beside and swapped in; what fills the relation of all rows is left to whoever asks.
fn anew(
    input: &Input<'_>,
    all: Relation,
    noted: String,
    rules: Vec<RowRule>,
    form: Form,
) -> Result<(Build, Rejects), Diagnostics> {
    let relation = input.relation()?;
    let publish = Publish::new(input, RelationKind::Table)?;
    let (good, shown) = publish.aside()?;
    let kept = publish.kept(&good);
    let rejected = rejects_of(relation);
    let (bad, shown_too) = Publish::beside(input, &rejected).aside()?;
    let mut swap = shown.swap;
    swap.statements.extend(shown_too.swap.statements);
    let mut drops = shown.dropped;
    drops.extend(shown_too.dropped);
    drops.push(dropped(&all));
    let mut last = shown.last;
    last.extend(shown_too.last);
    let build = Build {
        sections: vec![cleared(input)?, hooks_before(input)],
        counts: Some(relation.clone()),
        keep: kept,
        staging: Some((RelationKind::Table, good.clone())),
        also: vec![(RelationKind::Table, bad.clone())],
        last,
        ..Build::default()
    };
    let rest = Rejects {
        noted,
        form,
        publish: swap,
        clean: clean(input, drops),
        ..rejects(input, [&all, &good, &bad], rules)?
    };
    Ok((build, rest))
}

/// What killed runs left removed, of both tables.
fn cleared(input: &Input<'_>) -> Result<Section, Diagnostics> {
    let relation = input.relation()?;
    let mut section = prepare(input, relation);
    let rejected = removed(input, &rejects_of(relation));
    section.statements.splice(0..0, rejected);
    Ok(section)
}

/// What all forms have in common.
fn rejects(
    input: &Input<'_>,
    [all, good, bad]: [&Relation; 3],
    rules: Vec<RowRule>,
) -> Result<Rejects, Diagnostics> {
    Ok(Rejects {
        all: all.clone(),
        noted: String::new(),
        good: good.clone(),
        bad: bad.clone(),
        kept: kept_rejects(input.relation()?),
        rules,
        form: Form::Query(TableAttributes::default()),
        publish: nothing(Phase::Publish),
        clean: nothing(Phase::Clean),
        name: input.node.name.clone(),
        limit: input.node.config.reject_limit,
        place: input.place_of("reject_limit", ""),
    })
}

fn batch(
    input: &Input<'_>,
    attributes: TableAttributes,
    change: Option<SchemaChange>,
) -> Result<Batch, Diagnostics> {
    let into = input.relation()?.clone();
    let rejects = rejects_of(&into);
    let there = input.existing.get(&rejects);
    Ok(Batch {
        attributes,
        there: there.map(|there| there.columns.clone()),
        rejects,
        key: match change {
            Some(_) => key::of(input),
            None => Vec::new(),
        },
        change,
        into,
    })
}

fn nothing(phase: Phase) -> Section {
    Section {
        phase,
        transaction: true,
        retryable: true,
        statements: Vec::new(),
    }
}

fn temporary(input: &Input<'_>, suffix: &str) -> Result<Relation, Diagnostics> {
    Ok(Relation::temporary(
        beside(input.relation()?, suffix).identifier,
    ))
}

fn contract(input: &Input<'_>) -> Option<Diagnostic> {
    input.node.config.contract_enforced.then(|| {
        Diagnostic::error(
            "no-rejects",
            format!(
                "`{}` has a contract, which its rejected rows would break",
                input.node.name
            ),
        )
        .at_some(input.place())
    })
}

/// The conditions that rows are rejected by.
fn rules(input: &Input<'_>) -> Result<Vec<RowRule>, Diagnostics> {
    let rules = (input.row_rules)()?;
    if rules.is_empty() {
        return Err(Diagnostic::error(
            "no-rejects",
            format!("`{}` rejects no rows: none of its tests looks at one row", input.node.name),
        )
        .at_some(input.place_of("rejects", ""))
        .help("declare `not_null`, `castable`, `accepted_values`, `accepted_range` or `expression_is_true` under its columns")
        .into());
    }
    Ok(rules)
}

/// The query with its notes, in a temporary table.
fn noted_fill(input: &Input<'_>, all: &Relation, query: &str, rules: &[RowRule]) -> Section {
    let query = format!(
        "select\n  rs_rows.*{}\nfrom (\n{}\n) as rs_rows",
        notes(rules),
        query.trim_end().trim_end_matches(';')
    );
    Section {
        phase: Phase::Build,
        transaction: false,
        retryable: true,
        statements: vec![
            dropped(all),
            Statement::CreateTableAs {
                relation: all.clone(),
                query,
                attributes: TableAttributes::default(),
                temporary: true,
                header: input.node.config.sql_header.clone(),
            },
        ],
    }
}

/// A column for each rule, 1 in the rows that fail it.
fn notes(rules: &[RowRule]) -> String {
    let fails = rules.iter().enumerate().map(|(number, rule)| {
        format!(
            ",\n  case when {} then 1 else 0 end as {FAILS}{number}",
            rule.fails
        )
    });
    fails.collect()
}
