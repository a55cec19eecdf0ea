//! How old the rows of a source are, as a query of two moments: when its youngest row was loaded, and now.

use super::Input;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::manifest::node::{Detail, SourceDetail};
use crate::relation::Relation;

/// The query that measures a source.
///
/// # Errors
/// When the project says nowhere where the age is read, and the warehouse does not keep it.
pub fn freshness(input: &Input<'_>) -> Result<String, Diagnostics> {
    let Detail::Source(detail) = &input.node.detail else {
        return Err(input.error("internal", format!("`{}` is no source", input.node.name)));
    };
    let now = match input.lengths {
        true => "getdate()",
        false => "now()",
    };
    let own = input.query.map(str::trim).filter(|query| !query.is_empty());
    if let Some(query) = own {
        let query = query.trim_end_matches(';');
        return Ok(format!(
            "select (\n{query}\n) as max_loaded_at, {now} as snapshotted_at"
        ));
    }
    let relation = input.relation()?;
    match &detail.loaded_at.field {
        Some(field) => Ok(by_field(input, detail, relation, field, now)),
        None if input.keeps_loads => Ok(by_record(relation, now)),
        None => {
            let name = format!("{}.{}", detail.source_name, input.node.name);
            Err(Diagnostic::error(
                "no-loaded-at",
                format!("nothing says when the rows of `{name}` were loaded"),
            )
            .at_some(input.node.declared_at.clone())
            .label("it has `freshness`")
            .help("name the column with `loaded_at_field`, or ask with `loaded_at_query`: only Redshift itself keeps when a table was changed")
            .into())
        }
    }
}

fn by_field(
    input: &Input<'_>,
    detail: &SourceDetail,
    relation: &Relation,
    field: &str,
    now: &str,
) -> String {
    let filter = detail
        .freshness
        .as_ref()
        .and_then(|freshness| freshness.filter.as_ref());
    let filter = filter.map_or_else(String::new, |filter| format!("\nwhere {filter}"));
    let relation = match &detail.location {
        Some(location) => location.clone(),
        None => super::in_full(input, relation),
    };
    format!(
        "select max({field}) as max_loaded_at, {now} as snapshotted_at\nfrom {relation}{filter}"
    )
}

/// What Redshift keeps of the statements that filled a table.
fn by_record(relation: &Relation, now: &str) -> String {
    let text = |name: &str| format!("'{}'", name.to_lowercase().replace('\'', "''"));
    format!(
        "select max(detail.start_time) as max_loaded_at, {now} as snapshotted_at\nfrom pg_class as tables\njoin pg_namespace as schemas on schemas.oid = tables.relnamespace\njoin sys_query_detail as detail on detail.table_id = tables.oid\nwhere detail.step_name = 'insert'\n  and schemas.nspname = {}\n  and tables.relname = {}",
        text(&relation.schema),
        text(&relation.identifier)
    )
}
