//! `test`: a query whose rows are failures, and the question whether there are too many.

use std::collections::BTreeSet;

use super::publish::Publish;
use super::{Build, Input, Materialization, Work};
use crate::adapter::Statement;
use crate::adapter::statement::TableAttributes;
use crate::data_tests;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::manifest::node::{Detail, Node, TestDetail};
use crate::relation::RelationKind;

pub(super) const MATERIALIZATION: Materialization = Materialization {
    name: "test",
    work,
    keys: &[
        "severity",
        "warn_if",
        "error_if",
        "where",
        "limit",
        "fail_calc",
        "store_failures",
        "store_failures_as",
    ],
};

/// How a data test is decided.
#[derive(Clone, Debug, PartialEq)]
pub struct TestQuery {
    /// The query that answers one row: `failures`, `should_warn`, `should_error`.
    pub check: String,
    /// The query whose rows are failures, for a sample of them.
    pub failures: String,
    /// Where failures are kept before they are counted, when they are (`store_failures`).
    pub store: Option<Build>,
    /// What of the failures nobody may see.
    pub hidden: Hidden,
}

/// Columns whose values are personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// These columns, lower case.
    Columns(BTreeSet<String>),
    /// Every column: personal values may stand under any name.
    All,
}

fn work(input: &Input<'_>) -> Result<Work, Diagnostics> {
    let query = input.query()?.trim_end().trim_end_matches(';');
    let config = &input.node.config;
    let limited = match config.limit {
        None => query.to_owned(),
        Some(limit) => {
            format!("select *\nfrom (\n{query}\n) as dbt_limit_subq\nlimit {limit}")
        }
    };
    let store = stored_as(input)?
        .map(|kind| store(input, kind, &limited))
        .transpose()?;
    let failures = match (&store, &input.node.relation) {
        (Some(_), Some(relation)) => format!(
            "select * from \"{}\".\"{}\"",
            relation.schema, relation.identifier
        ),
        _ => limited,
    };
    Ok(Work::Test(Box::new(TestQuery {
        check: check(input, &failures),
        hidden: hidden(input, query),
        failures,
        store,
    })))
}

fn check(input: &Input<'_>, failures: &str) -> String {
    let config = &input.node.config;
    let or = |configured: &str, default: &str| {
        let text = if configured.trim().is_empty() {
            default
        } else {
            configured
        };
        text.to_owned()
    };
    let calc = or(&config.fail_calc, "count(*)");
    let warn_if = or(&config.warn_if, "!= 0");
    let error_if = or(&config.error_if, "!= 0");
    format!(
        "select\n  {calc} as failures,\n  {calc} {warn_if} as should_warn,\n  {calc} {error_if} as should_error\nfrom (\n{failures}\n) as dbt_internal_test"
    )
}

/// Whether failures are kept, and as what; `store_failures_as` says more than `store_failures`.
fn stored_as(input: &Input<'_>) -> Result<Option<RelationKind>, Diagnostics> {
    let config = &input.node.config;
    match config.store_failures_as.as_deref() {
        Some("ephemeral") => Ok(None),
        Some("table") => Ok(Some(RelationKind::Table)),
        Some("view") => Ok(Some(RelationKind::View)),
        Some(other) => Err(Diagnostic::error(
            "bad-config",
            format!("failures cannot be stored as `{other}`"),
        )
        .at_some(input.node.declared_at.clone())
        .help("`store_failures_as` is `table`, `view` or `ephemeral`")
        .into()),
        None => Ok(config
            .keeps_failures(input.store_failures)
            .then_some(RelationKind::Table)),
    }
}

fn store(input: &Input<'_>, kind: RelationKind, query: &str) -> Result<Build, Diagnostics> {
    let mut build = Publish::new(input, kind)?.build(|relation| {
        vec![match kind {
            RelationKind::View => Statement::CreateView {
                relation: relation.clone(),
                query: query.to_owned(),
                bind: true,
                header: None,
            },
            _ => Statement::CreateTableAs {
                relation: relation.clone(),
                query: query.to_owned(),
                attributes: TableAttributes::default(),
                temporary: false,
                header: None,
            },
        }]
    })?;
    build.counts = None;
    Ok(build)
}

/// What of the failing rows is personal: what lineage followed into the test, and columns that are personal in any node that it reads.
fn hidden(input: &Input<'_>, query: &str) -> Hidden {
    let attached = match &input.node.detail {
        Detail::Test(test) => test.attached_node,
        _ => None,
    };
    let mut columns: BTreeSet<String> = input
        .node
        .depends_on
        .iter()
        .copied()
        .chain(attached)
        .filter_map(|id| (input.node_of)(id))
        .chain([input.node])
        .flat_map(Node::personal_columns)
        .collect();
    if columns.is_empty() {
        return Hidden::Columns(columns);
    }
    match &input.node.detail {
        Detail::Test(test) => match built_in(test) {
            Some(known) => {
                if computes(test, &columns) {
                    return Hidden::All;
                }
                if mentions(test.column_name.as_deref().unwrap_or(""), &columns) {
                    columns.extend(known.values.iter().map(|name| (*name).to_owned()));
                }
                Hidden::Columns(columns)
            }
            // Somebody's own SQL may give a personal value any name.
            None if mentions(query, &columns) => Hidden::All,
            None => Hidden::Columns(columns),
        },
        _ => Hidden::All,
    }
}

fn built_in(test: &TestDetail) -> Option<&'static data_tests::DataTest> {
    let generic = test.generic.as_ref()?;
    match generic.namespace.as_deref() {
        None | Some("dbt") => data_tests::find(&generic.name),
        Some(_) => None,
    }
}

/// Whether one of the `columns` of a test is an expression over a personal one: its name in the answer is anyone's guess.
fn computes(test: &TestDetail, personal: &BTreeSet<String>) -> bool {
    let generic = test.generic.as_ref();
    let columns = generic.and_then(|generic| generic.arguments.get("columns")?.as_array());
    columns.into_iter().flatten().any(|column| {
        let column = column.as_str().unwrap_or("").to_lowercase();
        mentions(&column, personal) && !personal.contains(&column)
    })
}

fn mentions(query: &str, columns: &BTreeSet<String>) -> bool {
    query
        .to_lowercase()
        .split(|character: char| !(character.is_alphanumeric() || character == '_'))
        .any(|word| columns.contains(word))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::super::fixture::{Case, column, model, sections};
    use super::*;
    use crate::manifest::node::GenericTest;
    use crate::manifest::{Node, NodeId, ResourceType};
    use crate::relation::Relation;

    fn data_test(name: Option<&str>, sql: &str) -> Node {
        let mut node = model("a_test", "test", sql);
        node.resource_type = ResourceType::Test;
        node.relation = Some(Relation::new("audit", "a_test"));
        node.depends_on = vec![NodeId(0)];
        node.detail = Detail::Test(Box::new(TestDetail {
            generic: name.map(|name| GenericTest {
                config: serde_json::Map::new(),
                name: name.into(),
                namespace: None,
                arguments: Default::default(),
                places: Vec::new(),
            }),
            attached_node: Some(NodeId(0)),
            column_name: Some("email".into()),
            declared_on: None,
        }));
        node
    }

    fn asked(node: Node) -> TestQuery {
        let mut read = model("people", "table", "select 1");
        let mut email = column("email", "varchar(99)");
        email.meta.insert("pii".into(), json!(true));
        read.columns.insert("email".into(), email);
        let mut case = Case::of(node);
        case.others = vec![read];
        match case.work() {
            Ok(Work::Test(test)) => *test,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_test_asks_how_many_failures_there_are() {
        let mut node = data_test(None, "select 1 -- one\n;");
        assert_snapshot!(asked(node.clone()).check, @r"
    select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
    select 1 -- one

    ) as dbt_internal_test
    ");
        node.config.limit = Some(10);
        node.config.fail_calc = "sum(n)".into();
        node.config.warn_if = "> 1".into();
        node.config.error_if = "> 10".into();
        node.config.store_failures = Some(true);
        let test = asked(node);
        assert_snapshot!(test.check, @r#"
    select
      sum(n) as failures,
      sum(n) > 1 as should_warn,
      sum(n) > 10 as should_error
    from (
    select * from "audit"."a_test"
    ) as dbt_internal_test
    "#);
        assert_snapshot!(sections(&test.store.unwrap().sections), @r#"
    Build
      create table "audit"."a_test"
      as (
      select *
      from (
      select 1 -- one
      
      ) as dbt_limit_subq
      limit 10
      )
    "#);
    }

    #[test]
    fn personal_values_are_hidden_under_every_name_they_have() {
        let hidden = |name: Option<&str>, sql: &str| match asked(data_test(name, sql)).hidden {
            Hidden::All => "all".to_owned(),
            Hidden::Columns(names) => names.into_iter().collect::<Vec<_>>().join(", "),
        };
        assert_eq!(hidden(Some("unique"), "select 1"), "email, unique_field");
        assert_eq!(hidden(Some("not_null"), "select 1"), "email");
        assert_eq!(hidden(None, "select lower(Email) as e from people"), "all");
        assert_eq!(hidden(None, "select * from people"), "email");
        let mut node = data_test(Some("unique_combination"), "select 1");
        if let Detail::Test(test) = &mut node.detail {
            let generic = test.generic.as_mut().unwrap();
            let columns = json!(["id", "lower(email)"]);
            generic.arguments.insert("columns".into(), columns);
        }
        assert_eq!(asked(node).hidden, Hidden::All);
    }
}
