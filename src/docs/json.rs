//! `dictionary.json`: what `dictionary.md` says, for programs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::dictionary::{Column, Dictionary, Exposure, Link, Table, Test};

/// The whole dictionary as JSON; what is not known is null.
pub fn json(dictionary: &Dictionary) -> Value {
    let coverage = dictionary.coverage();
    let layers = dictionary.layers.iter().map(|layer| {
        json!({
            "name": layer.name,
            "tables": layer.tables.iter().map(table).collect::<Vec<_>>(),
        })
    });
    json!({
        "project": dictionary.project,
        "generated_at": dictionary.generated_at,
        "coverage": {
            "columns": coverage.columns,
            "described": coverage.documented(),
            "tested": coverage.tested(),
            "not_described": coverage.undocumented,
            "not_tested": coverage.untested,
            "tables": coverage.tables,
            "tables_not_described": coverage.undescribed,
            "tables_not_owned": coverage.unowned,
        },
        "exposures": dictionary.exposures.iter().map(exposure).collect::<Vec<_>>(),
        "layers": layers.collect::<Vec<_>>(),
    })
}

fn exposure(exposure: &Exposure) -> Value {
    json!({
        "name": exposure.name,
        "label": exposure.label,
        "kind": exposure.kind,
        "description": exposure.description,
        "owner": exposure.owner,
        "maturity": exposure.maturity,
        "url": exposure.url,
        "tags": exposure.tags,
        "reads": links(&exposure.reads),
        "declared": exposure.declared,
    })
}

fn table(table: &Table) -> Value {
    json!({
        "name": table.name,
        "relation": table.relation,
        "elsewhere": table.elsewhere.iter().cloned().collect::<BTreeMap<_, _>>(),
        "kind": table.kind,
        "description": table.description,
        "owner": table.owner,
        "group": table.group,
        "access": table.access,
        "contract_enforced": table.contract,
        "freshness": table.freshness,
        "grain": table.grain,
        "tags": table.tags,
        "rows": table.rows,
        "rows_after_builds": table.history.iter().map(|(at, rows)| json!({ "at": at, "rows": rows })).collect::<Vec<_>>(),
        "rejected_rows": table.rejected.as_ref().map(|(rows, stand)| json!({ "rows": rows, "in": stand })),
        "last_build_failed": table.failed.is_some(),
        "last_built": table.last_built,
        "dist": table.dist,
        "sort": table.sort,
        "file": table.file,
        "declared": table.declared,
        "upstream": links(&table.upstream),
        "downstream": links(&table.downstream),
        "tests": table.tests.iter().map(test).collect::<Vec<_>>(),
        "columns": table.columns.iter().map(column).collect::<Vec<_>>(),
    })
}

fn column(column: &Column) -> Value {
    let references = column
        .references
        .iter()
        .map(|reference| json!({ "table": reference.table.name, "column": reference.column }));
    json!({
        "name": column.name,
        "type": column.data_type,
        "nullable": column.nullable,
        "primary_key": column.primary_key,
        "key": column.in_key,
        "unique": column.unique,
        "references": references.collect::<Vec<_>>(),
        "description": column.description,
        "personal_data": column.pii,
        "classes": column.classes,
        "tags": column.tags,
        "constraints": column.constraints,
        "tests": column.tests.iter().map(test).collect::<Vec<_>>(),
    })
}

fn test(test: &Test) -> Value {
    json!({
        "test": test.label,
        "status": test.status,
        "failures": test.failures,
        "severity": if test.only_warns { "warn" } else { "error" },
        "failures_kept": test.kept.as_ref().map(|kept| json!({
            "relation": kept.relation,
            "personal_data": kept.personal,
        })),
    })
}

fn links(links: &[Link]) -> Vec<&str> {
    links.iter().map(|link| link.name.as_str()).collect()
}
