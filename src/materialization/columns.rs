//! Declared columns and the checks of what a configuration says about them.

use super::Input;
use crate::adapter::redshift::encodings;
use crate::adapter::statement::{
    ColumnDefinition, Dist, SortType, TableAttributes, TableConstraint,
};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::manifest::node::{Column, Constraint, ConstraintKind};

/// The most columns of a compound sort key.
const MAX_COMPOUND: usize = 400;
/// The most columns of an interleaved sort key.
const MAX_INTERLEAVED: usize = 8;

/// A declared column as a `create table` wants it; `bigint identity(0,1)` is a type and an identity.
///
/// # Errors
/// When it has no type.
pub fn column_definition(column: &Column) -> Result<ColumnDefinition, Diagnostic> {
    let declared = column.data_type.as_deref().map(str::trim).unwrap_or("");
    if declared.is_empty() {
        return Err(Diagnostic::error(
            "missing-data-type",
            format!("column `{}` has no `data_type`", column.name),
        )
        .at_some(column.declared_at.clone())
        .help("a table that is made from its declared columns needs the type of each"));
    }
    let (data_type, identity) = identity(declared);
    check_encoding(column, &data_type)?;
    let has = |kind: ConstraintKind| {
        column
            .constraints
            .iter()
            .any(|constraint| constraint.kind == kind)
    };
    Ok(ColumnDefinition {
        not_null: has(ConstraintKind::NotNull),
        primary_key: has(ConstraintKind::PrimaryKey),
        unique: has(ConstraintKind::Unique),
        encode: column.encode.clone(),
        identity,
        by_default: false,
        origin: column.declared_at.clone(),
        ..ColumnDefinition::new(&column.name, data_type)
    })
}

/// Refuses an encoding that Redshift does not have, or not for columns of this type.
pub(super) fn check_encoding(column: &Column, data_type: &str) -> Result<(), Diagnostic> {
    let Some(encoding) = &column.encode else {
        return Ok(());
    };
    let wrong = |message: String| {
        Diagnostic::error("bad-encoding", message).at_some(column.declared_at.clone())
    };
    match encodings::fits(encoding, data_type) {
        Some(true) => Ok(()),
        Some(false) => Err(wrong(format!(
            "column `{}` of type `{data_type}` cannot have the encoding `{encoding}`",
            column.name
        ))
        .help("leave `encode` out, and Redshift chooses one")),
        None => Err(wrong(format!(
            "`{encoding}` of column `{}` is no encoding",
            column.name
        ))
        .did_you_mean(encoding, encodings::NAMES)),
    }
}

/// Encodings of a table that is made by its query: Redshift's `create table … as` takes none.
pub(super) fn idle_encodings(input: &Input<'_>) -> Vec<Diagnostic> {
    if input.dialect != "redshift" {
        return Vec::new();
    }
    let encoded = input.node.columns.values();
    encoded
        .filter(|column| column.encode.is_some())
        .map(|column| {
            Diagnostic::warning(
                "no-effect",
                format!(
                    "`encode` of `{}` has no effect: `{}` is made by its query, and Redshift chooses the encodings",
                    column.name, input.node.name
                ),
            )
            .at_some(column.declared_at.clone())
            .help("enforce a contract (`contract: {enforced: true}`), with which the table is made from its declared columns, or take `encode` out")
        })
        .collect()
}

/// `bigint identity(0, 1)` into `bigint` and its seed and step.
fn identity(declared: &str) -> (String, Option<(i64, i64)>) {
    let lower = declared.to_ascii_lowercase();
    let found = lower.find("identity").and_then(|at| {
        let arguments = lower[at + "identity".len()..].trim().strip_prefix('(')?;
        let (seed, step) = arguments.strip_suffix(')')?.split_once(',')?;
        Some((at, (seed.trim().parse().ok()?, step.trim().parse().ok()?)))
    });
    match found {
        Some((at, identity)) => (declared[..at].trim().to_owned(), Some(identity)),
        None => (declared.to_owned(), None),
    }
}

/// All declared columns and the constraints over several of them.
pub(super) fn declared(
    input: &Input<'_>,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(Vec<ColumnDefinition>, Vec<TableConstraint>), Diagnostics> {
    let mut problems = Diagnostics::default();
    let mut columns = Vec::new();
    let mut constraints = Vec::new();
    if input.node.columns.is_empty() {
        problems.push(
            Diagnostic::error(
                "no-columns",
                format!(
                    "`{}` declares no columns to make its table from",
                    input.node.name
                ),
            )
            .at_some(input.node.declared_at.clone().or_else(|| input.place()))
            .help("list them under `columns:` with `name` and `data_type`"),
        );
    }
    for column in input.node.columns.values() {
        match column_definition(column) {
            Ok(definition) => columns.push(definition),
            Err(problem) => problems.push(problem),
        }
        for constraint in &column.constraints {
            match constraint.kind {
                ConstraintKind::ForeignKey => constraints.extend(over_several(
                    input,
                    constraint,
                    std::slice::from_ref(&column.name),
                    &mut problems,
                )),
                ConstraintKind::Check | ConstraintKind::Custom => {
                    match written(input, constraint) {
                        Some(kept) => constraints.push(kept),
                        None => warnings.extend(left_out(input, constraint)),
                    }
                }
                _ => {}
            }
        }
    }
    for constraint in &input.node.constraints {
        if constraint.kind == ConstraintKind::NotNull {
            for definition in &mut columns {
                definition.not_null |= constraint
                    .columns
                    .iter()
                    .any(|name| name.eq_ignore_ascii_case(&definition.name));
            }
            continue;
        }
        let before = constraints.len();
        constraints.extend(over_several(
            input,
            constraint,
            &constraint.columns,
            &mut problems,
        ));
        if constraints.len() == before && !problems.has_errors() {
            warnings.extend(left_out(input, constraint));
        }
    }
    problems.or((columns, constraints)).map(|(value, _)| value)
}

fn over_several(
    input: &Input<'_>,
    constraint: &Constraint,
    columns: &[String],
    problems: &mut Diagnostics,
) -> Option<TableConstraint> {
    let known = || {
        input
            .node
            .columns
            .values()
            .map(|column| column.name.as_str())
    };
    for column in columns {
        if !known().any(|name| name.eq_ignore_ascii_case(column)) {
            let problem = input.unknown_column("a constraint", column, known());
            problems.push(problem.at_some(constraint.declared_at.clone()));
        }
    }
    match constraint.kind {
        ConstraintKind::PrimaryKey => Some(TableConstraint::PrimaryKey(columns.to_vec())),
        ConstraintKind::Unique => Some(TableConstraint::Unique(columns.to_vec())),
        ConstraintKind::ForeignKey => {
            let to = constraint
                .to_node
                .and_then(|id| (input.node_of)(id))
                .and_then(|node| node.relation.clone())?;
            Some(TableConstraint::ForeignKey {
                columns: columns.to_vec(),
                to,
                to_columns: constraint.to_columns.clone(),
            })
        }
        _ => written(input, constraint),
    }
}

/// A `check` where the warehouse keeps it: Redshift does not.
fn written(input: &Input<'_>, constraint: &Constraint) -> Option<TableConstraint> {
    let expression = constraint.expression.as_ref()?;
    if input.lengths || constraint.kind != ConstraintKind::Check {
        return None;
    }
    let name = constraint.name.as_ref();
    let name = name.map_or_else(String::new, |name| format!("constraint {name} "));
    Some(TableConstraint::Written(format!(
        "{name}check ({expression})"
    )))
}

fn left_out(input: &Input<'_>, constraint: &Constraint) -> Option<Diagnostic> {
    let optional = [
        ConstraintKind::Check,
        ConstraintKind::Custom,
        ConstraintKind::ForeignKey,
    ];
    if !optional.contains(&constraint.kind) {
        return None;
    }
    let kind = constraint.kind.words();
    constraint.warn_unsupported.then(|| {
        Diagnostic::warning(
            "unsupported-constraint",
            format!("a {kind} constraint of `{}` is left out", input.node.name),
        )
        .at_some(constraint.declared_at.clone())
        .label("not something that the warehouse can keep")
        .help("a data test can check the same")
    })
}

/// Whether `dist`, `sort` and `indexes` name columns of the node's query.
pub(super) fn check_attributes_of_query(
    input: &Input<'_>,
    attributes: &TableAttributes,
) -> Diagnostics {
    let named = matches!(attributes.dist, Some(Dist::Key(_)))
        || !attributes.sort.is_empty()
        || !attributes.indexes.is_empty();
    let names = named.then(|| input.query_columns()).flatten();
    let names = names.map(|names| names.iter().map(String::as_str));
    check_attributes(input, attributes, names)
}

/// Whether `dist`, `sort` and `indexes` name columns that the node has. `columns` is none where nobody knows them yet.
pub(super) fn check_attributes<'b>(
    input: &Input<'_>,
    attributes: &TableAttributes,
    columns: Option<impl Iterator<Item = &'b str> + Clone>,
) -> Diagnostics {
    let mut problems = Diagnostics::default();
    // Where there are no columns at all, that is the mistake, and told by itself.
    if let Some(columns) = columns.filter(|columns| columns.clone().next().is_some()) {
        let mut check = |what: &str, name: &String| {
            let known = columns
                .clone()
                .any(|column| column.eq_ignore_ascii_case(name));
            if !known {
                problems.push(input.unknown_column(what, name, columns.clone()));
            }
        };
        if let Some(Dist::Key(column)) = &attributes.dist {
            check("`dist`", column);
        }
        for column in &attributes.sort {
            check("`sort`", column);
        }
        // To every other warehouse they mean nothing.
        if input.dialect == "postgres" {
            for column in attributes.indexes.iter().flat_map(|index| &index.columns) {
                check("`indexes`", column);
            }
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    for column in &attributes.sort {
        if !seen.insert(column.to_lowercase()) {
            let message = format!("`sort` of `{}` names `{column}` twice", input.node.name);
            problems.push(
                Diagnostic::error("duplicate-sort-column", message)
                    .at_some(input.place_of("sort", column))
                    .help("Redshift takes each column of a sort key once"),
            );
        }
    }
    let most = match attributes.sort_type {
        Some(SortType::Interleaved) => MAX_INTERLEAVED,
        _ => MAX_COMPOUND,
    };
    if attributes.sort.len() > most {
        problems.push(
            Diagnostic::error(
                "long-sort-key",
                format!(
                    "the sort key of `{}` has {} columns, Redshift takes {most}",
                    input.node.name,
                    attributes.sort.len()
                ),
            )
            .at_some(input.place_of("sort", &attributes.sort[0])),
        );
    }
    problems
}
