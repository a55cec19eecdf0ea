//! One node: its columns from its query, its file or its declaration.

use std::sync::Arc;

use super::known::Declared;
use super::tables::NodeTables;
use super::{Column, Input, NodeAnalysis, QueryAnalysis, QueryColumn, Schema};
use crate::adapter::Refusal;
use crate::adapter::emulating::{all_refusals, translate_query_with, translate_read_query};
use crate::manifest::node::Detail;
use crate::manifest::{Node, NodeId, ResourceType};
use crate::relation::KnownColumn;
use crate::sql::deep;
use crate::sql::dialect::Dialect;
use crate::sql::lineage::{Lineage, Output, Rest, lineage};

/// What a node looks like; all it reads was analysed before.
pub(super) fn analyze(
    input: &Input<'_>,
    declared: &Declared,
    tables: &NodeTables<'_>,
    id: NodeId,
) -> NodeAnalysis {
    let node = input.manifest.node(id);
    let mut analysis = match node.resource_type {
        ResourceType::Source => of_schema(source(input, node)),
        ResourceType::Seed => of_schema(seed(input, id)),
        ResourceType::Model
        | ResourceType::Snapshot
        | ResourceType::Test
        | ResourceType::Analysis => query(input, tables, id),
        ResourceType::Exposure
        | ResourceType::Operation
        | ResourceType::UnitTest
        | ResourceType::SemanticModel
        | ResourceType::Metric
        | ResourceType::SavedQuery => NodeAnalysis::default(),
    };
    for column in &mut analysis.schema.columns {
        if declared.never_null(id, &column.name) {
            column.nullable = Some(false);
        }
        if node.config.contract_enforced
            && let Some(contract) =
                find(node, &column.name).and_then(|column| column.data_type.as_deref())
        {
            column.data_type = Some(Arc::from(contract));
        }
    }
    if node.resource_type == ResourceType::Snapshot {
        add_history(&mut analysis.schema);
    }
    if let Some(sql) = input.compiled.sql(id)
        && sql
            .pre_hooks
            .iter()
            .chain(&sql.post_hooks)
            .any(|hook| hook.late.is_some() || changes(&hook.sql))
    {
        // A hook may give it other columns than its query has.
        analysis.schema.rest = Rest::Unknown;
        for column in &mut analysis.schema.columns {
            column.data_type = None;
            column.nullable = None;
        }
    }
    analysis
}

/// Whether SQL may make, change or drop relations.
pub fn changes(sql: &str) -> bool {
    sql.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
        .any(|word| {
            ["create", "alter", "drop", "into"]
                .iter()
                .any(|change| word.eq_ignore_ascii_case(change))
        })
}

fn of_schema(schema: Schema) -> NodeAnalysis {
    NodeAnalysis {
        schema,
        ..NodeAnalysis::default()
    }
}

/// A declared column, whatever its case.
fn find<'n>(node: &'n Node, name: &str) -> Option<&'n crate::manifest::node::Column> {
    node.columns.get(name).or_else(|| {
        node.columns
            .values()
            .find(|column| column.name.eq_ignore_ascii_case(name))
    })
}

/// The columns that a node declares; there may be more, from where nobody knows.
fn declared(node: &Node, rest: Rest) -> Schema {
    let columns = node.columns.values().map(|column| Column {
        name: column.name.clone(),
        data_type: column.data_type.as_deref().map(Arc::from),
        ..Column::default()
    });
    Schema {
        columns: columns.collect(),
        rest,
    }
}

/// A source has the columns that the warehouse tells; those of a load are all declared; else those that are declared, and perhaps others.
fn source(input: &Input<'_>, node: &Node) -> Schema {
    let loads = matches!(&node.detail, Detail::Source(source) if source.load.is_some());
    if !loads
        && let Some(columns) = node
            .relation
            .as_ref()
            .and_then(|relation| input.existing.columns(relation))
    {
        return known(columns);
    }
    let rest = if loads && !node.columns.is_empty() {
        Rest::Closed
    } else {
        Rest::Unknown
    };
    declared(node, rest)
}

fn known(columns: Vec<KnownColumn>) -> Schema {
    let columns = columns.into_iter().map(|column| Column {
        name: column.name,
        data_type: column.data_type.map(Arc::from),
        ..Column::default()
    });
    Schema {
        columns: columns.collect(),
        rest: Rest::Closed,
    }
}

fn seed(input: &Input<'_>, id: NodeId) -> Schema {
    let Ok(seed) = (input.seed)(id) else {
        return declared(input.manifest.node(id), Rest::Unknown);
    };
    let columns = seed.columns.into_iter().map(|column| Column {
        name: column.name,
        data_type: Some(column.data_type.into()),
        ..Column::default()
    });
    Schema {
        columns: columns.collect(),
        rest: Rest::Closed,
    }
}

/// A node with a query; one whose query is late or not understood has the columns that it declares, which a contract says are all.
fn query(input: &Input<'_>, tables: &NodeTables<'_>, id: NodeId) -> NodeAnalysis {
    let node = input.manifest.node(id);
    // A node that is no part of a run is what it was when the run began.
    if input.compiled.get(id).is_none()
        && let Some(columns) = node
            .relation
            .as_ref()
            .and_then(|relation| input.existing.columns(relation))
    {
        return of_schema(known(columns));
    }
    let read = input
        .compiled
        .sql(id)
        .filter(|sql| !sql.text.trim().is_empty())
        .and_then(|sql| {
            let text = &sql.text;
            deep(|| {
                let query = input.dialect.query(text)?;
                let translated = (input.dialect == Dialect::Redshift)
                    .then(|| translate_read_query(&query, text, tables));
                let lineage = lineage(&query, text, input.dialect, tables);
                Some((text, lineage, translated))
            })
        });
    let Some((text, lineage, translated)) = read else {
        let rest = if node.config.contract_enforced {
            Rest::Closed
        } else {
            Rest::Unknown
        };
        let refusals = input
            .compiled
            .sql(id)
            .filter(|_| {
                input.dialect == Dialect::Redshift && node.resource_type != ResourceType::Snapshot
            })
            .and_then(|sql| {
                let text = Some(&sql.text).filter(|text| !text.trim().is_empty())?;
                let refusal = translate_query_with(text, tables).err()?;
                Some(all_refusals(text, tables, refusal))
            });
        return NodeAnalysis {
            schema: declared(node, rest),
            query: refusals.map(|refusals| {
                Box::new(QueryAnalysis {
                    refusals,
                    ..QueryAnalysis::default()
                })
            }),
            ..NodeAnalysis::default()
        };
    };
    let (types, refusals) = match translated {
        Some(Ok(translated)) => (translated.columns, Vec::new()),
        Some(Err(refused)) => (None, all_refusals(text, tables, refused)),
        None => (None, Vec::new()),
    };
    of_lineage(lineage, types, refusals)
}

fn of_lineage(
    lineage: Lineage,
    types: Option<Vec<KnownColumn>>,
    refusals: Vec<Refusal>,
) -> NodeAnalysis {
    let complete = lineage.rest.is_closed();
    // The translator reads the same list: where it names as many columns, they are the same.
    let types = types.filter(|types| complete && types.len() == lineage.columns.len());
    let mut written = Vec::with_capacity(lineage.columns.len());
    let mut columns = Vec::with_capacity(lineage.columns.len());
    for (number, column) in lineage.columns.into_iter().enumerate() {
        let of_translator = types
            .as_ref()
            .map(|types| types[number].data_type.as_deref().map(Arc::from));
        let range = column.range.clone();
        let column = column_of(column, of_translator);
        written.push(QueryColumn {
            name: column.name.clone(),
            range,
            data_type: column.data_type.clone(),
        });
        columns.push(column);
    }
    let query = QueryAnalysis {
        findings: lineage.findings,
        refusals,
        facts: lineage.facts,
        asked: lineage.asked,
        columns: written,
        complete,
    };
    NodeAnalysis {
        schema: Schema {
            columns,
            rest: lineage.rest,
        },
        influences: lineage.influences,
        query: Some(Box::new(query)),
    }
}

pub(super) fn column_of(column: Output, of_translator: Option<Option<Arc<str>>>) -> Column {
    Column {
        name: column.name,
        data_type: of_translator.flatten().or(column.data_type),
        nullable: column.never_null.then_some(false),
        sources: column.sources,
        implied: false,
    }
}

/// The columns that a snapshot adds to those of its query.
fn add_history(schema: &mut Schema) {
    for name in [
        "dbt_scd_id",
        "dbt_updated_at",
        "dbt_valid_from",
        "dbt_valid_to",
    ] {
        if schema.column(name).is_none() {
            schema.columns.push(Column {
                name: name.to_owned(),
                ..Column::default()
            });
        }
    }
    // Configuration may name them in another way, and add one for deleted rows.
    if schema.rest.is_closed() {
        schema.rest = Rest::Unknown;
    }
}
