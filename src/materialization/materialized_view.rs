//! `materialized_view`: the query's rows, kept up to date by the warehouse.
//!
//! One that is there and made as configured is refreshed. It cannot be renamed, so one that must be made anew is dropped and made in
//! one transaction: readers wait, and see the old rows or the new ones.

use super::publish::{Publish, Retired, clean, describe, hooks_of, prepare, raw, still_bound};
use super::{Build, Input, Materialization, Phase, Section, Work, columns, sections};
use crate::adapter::Statement;
use crate::adapter::statement::{Dist, SortType, TableAttributes};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::manifest::config::OnConfigurationChange;
use crate::relation::{MaterializedView, Relation, RelationKind};

pub(super) const MATERIALIZATION: Materialization = Materialization {
    name: "materialized_view",
    work,
    keys: &[
        "dist",
        "sort",
        "sort_type",
        "backup",
        "auto_refresh",
        "on_configuration_change",
        "indexes",
    ],
};

const KIND: RelationKind = RelationKind::MaterializedView;

/// What is to be done with a view that is there.
enum Change {
    /// It is as configured.
    Nothing,
    /// Only who refreshes it is another.
    AutoRefresh,
    /// It must be made anew, because of this.
    Anew(&'static str),
}

fn work(input: &Input<'_>) -> Result<Work, Diagnostics> {
    if input.audit {
        return Err(input.error(
            "no-audit",
            format!(
                "`{}` cannot be audited: the warehouse shows the rows of a materialized view as it makes them; set `audit: false` for it",
                input.node.name
            ),
        ));
    }
    let query = input.query()?;
    let config = &input.node.config;
    let problems = columns::check_attributes_of_query(input, &config.attributes);
    if problems.has_errors() {
        return Err(problems);
    }
    let relation = input.relation()?;
    let create = Statement::CreateMaterializedView {
        relation: relation.clone(),
        query: query.to_owned(),
        attributes: attributes(&config.attributes),
        auto_refresh: config.auto_refresh,
    };
    let refresh = Statement::RefreshMaterializedView {
        relation: relation.clone(),
    };
    let publish = Publish::new(input, KIND)?;
    let mut warnings: Vec<Diagnostic> = idle_sort_type(input).into_iter().collect();
    let Some(old) = input.existing.get(relation) else {
        return done(input, relation, only(vec![create]), warnings);
    };
    if old.kind != KIND || input.full_refresh() || is_bound_to_old_rows(input, relation) {
        let mut retired = publish.retired(old)?;
        retired.swap.push(create);
        return done(input, relation, retired, warnings);
    }
    let change = old
        .made
        .as_ref()
        .map_or(Change::Nothing, |made| compare(input, query, made));
    let statements = match (change, config.on_configuration_change) {
        (Change::Nothing, _) => vec![refresh],
        (Change::AutoRefresh, OnConfigurationChange::Apply) => vec![
            Statement::SetAutoRefresh {
                relation: relation.clone(),
                auto_refresh: config.auto_refresh,
            },
            refresh,
        ],
        (Change::Anew(_), OnConfigurationChange::Apply) => {
            let mut statements = publish.retired(old)?.swap;
            statements.push(create);
            statements
        }
        (change, OnConfigurationChange::Continue) => {
            warnings.push(changed(input, &change, Diagnostic::warning));
            vec![refresh]
        }
        (change, OnConfigurationChange::Fail) => {
            return Err(changed(input, &change, Diagnostic::error).into());
        }
    };
    done(input, relation, only(statements), warnings)
}

/// Whether the view would be refreshed from rows that this run has replaced: it is bound to a relation, not to its name.
fn is_bound_to_old_rows(input: &Input<'_>, relation: &Relation) -> bool {
    let existing = input.existing;
    let key = existing.key(relation);
    let mut bases = existing.iter();
    bases.any(|base| {
        let mut bound = base.dependents.iter();
        input
            .replaced
            .contains(&existing.key_of_held(&base.relation))
            && bound.any(|bound| existing.key_of_held(bound) == key)
    })
}

fn only(swap: Vec<Statement>) -> Retired {
    Retired {
        swap,
        dropped: Vec::new(),
        last: Vec::new(),
    }
}

/// The attributes of a table that mean something here. A sort key is that of its columns alone, as dbt writes it:
/// <https://docs.aws.amazon.com/redshift/latest/dg/materialized-view-create-sql-command.html> knows no kind of it.
fn attributes(configured: &TableAttributes) -> TableAttributes {
    let sort = match configured.sort_type {
        Some(SortType::Auto) => Vec::new(),
        _ => configured.sort.clone(),
    };
    TableAttributes {
        unlogged: false,
        sort,
        sort_type: None,
        ..configured.clone()
    }
}

/// Says that the kind of a sort key is passed over.
fn idle_sort_type(input: &Input<'_>) -> Option<Diagnostic> {
    let interleaved = input.node.config.attributes.sort_type == Some(SortType::Interleaved);
    let idle = interleaved && input.dialect == "redshift";
    idle.then(|| {
        Diagnostic::warning(
            "no-effect",
            "`sort_type: interleaved` has no effect: the sort key of a materialized view is compound",
        )
        .at_some(input.place_of("sort_type", "interleaved"))
        .help("take it out; the table that the view reads may have an interleaved one")
    })
}

/// The statements in one transaction where there are several, with the hooks.
fn done(
    input: &Input<'_>,
    relation: &Relation,
    made: Retired,
    warnings: Vec<Diagnostic>,
) -> Result<Work, Diagnostics> {
    let mut last = still_bound(input, relation);
    last.extend(made.last);
    let dropped = made.dropped;
    let mut statements = raw(input.hooks.pre, true);
    statements.extend(made.swap);
    statements.extend(raw(input.hooks.post, true));
    statements.extend(describe(input, relation, KIND));
    let publish = Section {
        phase: Phase::Publish,
        transaction: statements.len() > 1,
        retryable: hooks_of(input.hooks, true).next().is_none(),
        statements,
    };
    Ok(Work::Build(Box::new(Build {
        sections: sections([prepare(input, relation), publish, clean(input, dropped)]),
        counts: Some(relation.clone()),
        last,
        warnings,
        ..Build::default()
    })))
}

/// How the view differs from its configuration.
fn compare(input: &Input<'_>, query: &str, made: &MaterializedView) -> Change {
    let config = &input.node.config;
    if !letters(&made.definition).contains(&letters(query)) {
        return Change::Anew("its query");
    }
    let dist = made.dist.to_lowercase();
    let same_dist = match &config.attributes.dist {
        // What the warehouse chooses by itself has been even and auto.
        None | Some(Dist::Auto) => ["auto", "even", ""]
            .iter()
            .any(|known| dist.split('(').next().is_some_and(|style| style == *known)),
        Some(Dist::All) => dist == "all",
        Some(Dist::Even) => dist == "even",
        Some(Dist::Key(column)) => dist == format!("key({})", column.to_lowercase()),
    };
    if !same_dist {
        return Change::Anew("`dist`");
    }
    let sort = &config.attributes.sort;
    let same_sort = config.attributes.sort_type == Some(SortType::Auto)
        || sort.len() == made.sort.len()
            && sort
                .iter()
                .zip(&made.sort)
                .all(|(new, old)| new.eq_ignore_ascii_case(old));
    if !same_sort {
        return Change::Anew("`sort`");
    }
    if made.auto_refresh != config.auto_refresh {
        return Change::AutoRefresh;
    }
    Change::Nothing
}

/// A query without what does not change its meaning: layout, and the semicolon at its end.
fn letters(sql: &str) -> String {
    let words = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    words.trim_end_matches([';', ' ']).to_owned()
}

fn changed(
    input: &Input<'_>,
    change: &Change,
    level: fn(&'static str, String) -> Diagnostic,
) -> Diagnostic {
    let (what, key) = match change {
        Change::Anew("its query") | Change::Nothing => ("its query", ""),
        Change::Anew("`sort`") => ("`sort`", "sort"),
        Change::Anew(_) => ("`dist`", "dist"),
        Change::AutoRefresh => ("`auto_refresh`", "auto_refresh"),
    };
    level(
        "configuration-changed",
        format!(
            "the materialized view `{}` was made in another way: {what} changed",
            input.node.name
        ),
    )
    .at_some(input.place_of(key, ""))
    .help("`on_configuration_change: apply` changes it, `--full-refresh` makes it anew")
}
