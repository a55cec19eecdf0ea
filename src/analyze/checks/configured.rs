//! What configuration names and lacks: columns of keys of distribution and sorting, of `unique_key` and `event_time`; the role of a load.

use super::sets::apart;
use super::{Code, Found, Look};
use crate::adapter::statement::Dist;
use crate::diagnostic::Diagnostic;
use crate::manifest::node::{Detail, SourceDetail};
use crate::manifest::snapshot_config::SnapshotStrategy;
use crate::manifest::{Node, ResourceType};
use crate::sql::dialect::Dialect;

/// `unknown-column` is a code of `names`.
pub(super) const CODES: &[Code] = &[
    Code::warning("missing-role"),
    Code::refused("event-time-type"),
];

pub(super) fn check(look: &Look<'_>, found: &mut Found<'_>) {
    let config = &look.node.config;
    for read in &look.node.depends_on {
        let read = look.project.manifest.node(*read);
        if let Detail::Source(source) = &read.detail
            && look.project.emulated
        {
            tell_of_role(read, source, found);
        }
    }
    match look.node.resource_type {
        ResourceType::Model | ResourceType::Seed => {}
        ResourceType::Snapshot => return tell_of_history(look, found),
        _ => return,
    }
    // PostgreSQL merges batches by their key, and does not look at the time in the table.
    let has_time = look.project.dialect != Dialect::Postgres;
    let time = config.microbatch.as_ref().filter(|_| has_time);
    let dist = match &config.attributes.dist {
        Some(Dist::Key(key)) => vec![key.as_str()],
        _ => Vec::new(),
    };
    let named = dist
        .into_iter()
        .map(|name| ("dist", name))
        .chain(
            config
                .attributes
                .sort
                .iter()
                .map(|name| ("sort", name.as_str())),
        )
        .chain(
            config
                .unique_key
                .iter()
                .map(|name| ("unique_key", name.as_str())),
        )
        .chain(
            time.iter()
                .map(|microbatch| ("event_time", microbatch.event_time.as_str())),
        );
    let schema = &look.analysis.schema;
    for (key, name) in named {
        if is_name(name) && schema.lacks(name) {
            let columns = schema.columns.iter().map(|column| column.name.as_str());
            found.tell(lacking(look, (key, name), &columns.collect::<Vec<_>>()));
        }
    }
    if let Some(microbatch) = time {
        tell_of_time(look, &microbatch.event_time, found);
    }
}

/// The column by which rows are cut into batches is a time; the first batch would not notice.
fn tell_of_time(look: &Look<'_>, name: &str, found: &mut Found<'_>) {
    let column = look.analysis.schema.column(name);
    let Some(data_type) = column.and_then(|column| column.data_type.as_deref()) else {
        return;
    };
    if apart("timestamp", data_type) {
        found.tell(
            Diagnostic::error(
                "event-time-type",
                format!("`event_time` names `{name}`, which is {data_type} and no time"),
            )
            .at_some(
                look.node
                    .config
                    .written("event_time", name)
                    .or_else(|| look.place()),
            )
            .help("name a column of type `timestamp` or `date`, or cast it in the query"),
        );
    }
}

/// Columns of the query by which a history knows and compares its rows. The first build needs none of `check_cols`, and would begin a
/// history that the second cannot go on with.
fn tell_of_history(look: &Look<'_>, found: &mut Found<'_>) {
    let config = &look.node.config;
    let (Some(history), Some(query)) = (&config.snapshot, &look.analysis.query) else {
        return;
    };
    if !query.complete {
        return;
    }
    let checked = match &history.strategy {
        SnapshotStrategy::Check(Some(columns)) => columns.as_slice(),
        _ => &[],
    };
    let named = [
        ("unique_key", config.unique_key.as_slice()),
        ("updated_at", history.updated_at.as_slice()),
        ("check_cols", checked),
    ];
    let columns: Vec<&str> = query
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    for (key, names) in named {
        // The strategy `timestamp` compares a column of two tables; an expression ends in a statement that nobody reads.
        let timed = key == "updated_at" && history.strategy == SnapshotStrategy::Timestamp;
        let is_column =
            |name: &&String| (is_name(name) && !is_value(name)) || (timed && name.contains('('));
        for name in names.iter().filter(is_column) {
            if !columns.iter().any(|own| own.eq_ignore_ascii_case(name)) {
                found.tell(lacking(look, (key, name), &columns));
            }
        }
    }
}

/// Words that are values without brackets, and numbers.
fn is_value(word: &str) -> bool {
    let word = word.to_lowercase();
    let moments = [
        "current_date",
        "current_time",
        "current_timestamp",
        "localtime",
        "localtimestamp",
        "sysdate",
    ];
    word.starts_with(|letter: char| letter.is_ascii_digit()) || moments.contains(&word.as_str())
}

/// `name` is no column of the node, though its configuration names it.
fn lacking(look: &Look<'_>, (key, name): (&str, &str), columns: &[&str]) -> Diagnostic {
    let config = &look.node.config;
    Diagnostic::error(
        "unknown-column",
        format!(
            "`{key}` names `{name}`, which `{}` does not have",
            look.node.name
        ),
    )
    .at_some(config.written(key, name).or_else(|| look.place()))
    .label(format!("not among its {} columns", columns.len()))
    .one_of(name, columns.iter().copied())
}

/// A load that no cluster would do. A target that is one is told so before, at each run.
fn tell_of_role(node: &Node, source: &SourceDetail, found: &mut Found<'_>) {
    let Some(load) = &source.load else { return };
    if load.copy.iam_role.is_none() && load.copy.keys.is_none() {
        let name = &node.name;
        found.tell(
            Diagnostic::warning(
                "missing-role",
                format!("nothing says by whose right `COPY` reads the files of `{name}`"),
            )
            .at_some(node.declared_at.clone())
            .help("add `iam_role: default`, or the ARN of a role, to `copy`: a cluster refuses the load without"),
        );
    }
}

/// Whether a text is a name, and not an expression.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|letter| letter.is_alphanumeric() || letter == '_')
}
