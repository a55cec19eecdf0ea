//! A small project for this room's tests: sources, two layers of models, a seed, tests of every kind, an exposure, an analysis.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Graph, NodeSet, Request, Selection};
use crate::diagnostic::{Diagnostics, Source, Span};
use crate::manifest::node::{
    Code, Detail, ExposureDetail, GenericTest, RefCall, SourceDetail, TestDetail,
};
use crate::manifest::{Config, Manifest, Node, NodeId, ResourceType};

/// One node as the tests write it.
struct Sketch {
    unique_id: &'static str,
    fqn: &'static str,
    file: &'static str,
    patch: Option<&'static str>,
    reads: &'static [&'static str],
    config: Value,
}

fn sketch(
    unique_id: &'static str,
    fqn: &'static str,
    file: &'static str,
    reads: &'static [&'static str],
) -> Sketch {
    Sketch {
        unique_id,
        fqn,
        file,
        patch: None,
        reads,
        config: json!({}),
    }
}

impl Sketch {
    fn config(mut self, config: Value) -> Self {
        self.config = config;
        self
    }

    fn patched(mut self) -> Self {
        self.patch = Some("models/schema.yml");
        self
    }

    fn node(&self, ids: &BTreeMap<&str, NodeId>) -> Node {
        let mut parts = self.unique_id.split('.');
        let resource_type = match parts.next() {
            Some("model") => ResourceType::Model,
            Some("seed") => ResourceType::Seed,
            Some("test") => ResourceType::Test,
            Some("analysis") => ResourceType::Analysis,
            Some("source") => ResourceType::Source,
            _ => ResourceType::Exposure,
        };
        let fqn: Vec<String> = self.fqn.split('.').map(str::to_owned).collect();
        let name = fqn.last().cloned().unwrap_or_default();
        let in_file = !self.file.ends_with(".yml");
        let mut node = node(&name, resource_type);
        node.unique_id = self.unique_id.to_owned();
        node.fqn = fqn;
        node.original_file_path = self.file.to_owned();
        node.code = in_file.then(|| Code::whole(&Source::new(self.file, "")));
        node.declared_at = self
            .patch
            .or((!in_file).then_some(self.file))
            .map(|file| Span::file(&Source::new(file, "")));
        node.depends_on = self.reads.iter().map(|read| ids[read]).collect();
        node.config = config(&self.config, resource_type);
        node.detail = self.detail(resource_type);
        node
    }

    fn detail(&self, resource_type: ResourceType) -> Detail {
        match resource_type {
            ResourceType::Source => Detail::Source(Box::new(SourceDetail {
                source_name: "raw".to_owned(),
                source_description: String::new(),
                loader: String::new(),
                location: None,
                external: None,
                load: None,
                freshness: None,
                freshness_value: Default::default(),
                loaded_at: Default::default(),
                source_meta: Map::new(),
                quoting: Default::default(),
                unrendered_schema: None,
                unrendered_database: None,
            })),
            ResourceType::Exposure => Detail::Exposure(Box::new(ExposureDetail {
                kind: "dashboard".to_owned(),
                owner: Value::Null,
                url: None,
                maturity: None,
                label: None,
            })),
            ResourceType::Test => Detail::Test(Box::new(TestDetail {
                generic: ["unique", "not_null", "relationships"]
                    .into_iter()
                    .find(|name| self.fqn.contains(&format!("{name}_")))
                    .map(|name| GenericTest {
                        config: serde_json::Map::new(),
                        name: name.to_owned(),
                        namespace: None,
                        arguments: Map::new(),
                        places: Vec::new(),
                    }),
                attached_node: None,
                column_name: None,
                declared_on: None,
            })),
            _ => Detail::Plain,
        }
    }
}

fn config(values: &Value, resource_type: ResourceType) -> Config {
    let values = values.as_object().cloned().unwrap_or_default();
    let materialized = match resource_type {
        ResourceType::Seed => "seed",
        ResourceType::Test => "test",
        _ => "view",
    };
    Config {
        enabled: true,
        materialized: values
            .get("materialized")
            .and_then(Value::as_str)
            .unwrap_or(materialized)
            .to_owned(),
        tags: values
            .get("tags")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|tag| Some(tag.as_str()?.to_owned()))
            .collect(),
        values: values.into(),
        ..Config::default()
    }
}

fn node(name: &str, resource_type: ResourceType) -> Node {
    Node {
        unique_id: format!("{resource_type}.shop.{name}"),
        resource_type,
        package_name: "shop".to_owned(),
        name: name.to_owned(),
        path: String::new(),
        original_file_path: format!("models/{name}.sql"),
        fqn: vec!["shop".to_owned(), name.to_owned()],
        code: None,
        config: Config::default(),
        unrendered_config: Map::new(),
        description: String::new(),
        doc_blocks: Vec::new(),
        columns: indexmap::IndexMap::new(),
        relation: None,
        place: None,
        alias: name.to_owned(),
        refs: Vec::new(),
        sources: Vec::new(),
        depends_on: Vec::new(),
        macros: indexmap::IndexSet::new(),
        says_this: false,
        declared_at: None,
        personal: Default::default(),
        constraints: Vec::new(),
        version: None,
        time_spine: None,
        deprecation_date: None,
        detail: Detail::Plain,
    }
}

fn manifest(nodes: Vec<Node>) -> Manifest {
    Manifest {
        project_name: "shop".to_owned(),
        by_unique_id: nodes
            .iter()
            .zip(0..)
            .map(|(node, id)| (node.unique_id.clone(), NodeId(id)))
            .collect(),
        nodes: nodes.into_iter().map(Box::new).collect(),
        ..Manifest::default()
    }
}

/// The project on which the expected lists of the selector tests come from `dbt ls`.
pub(super) fn shop() -> Manifest {
    const SCHEMA: &str = "models/schema.yml";
    const SOURCES: &str = "models/staging/sources.yml";
    let staging = json!({"materialized": "view", "tags": ["nightly"]});
    let mart = |mut more: Value| {
        let values = json!({"materialized": "table", "meta": {"owner": {"team": "sales"}, "critical": true}});
        for (key, value) in values.as_object().into_iter().flatten() {
            more.as_object_mut()
                .map(|more| more.entry(key.clone()).or_insert(value.clone()));
        }
        more
    };
    #[rustfmt::skip]
    let sketches = [
        sketch("model.shop.dim_customers", "shop.marts.core.dim_customers", "models/marts/core/dim_customers.sql", &["model.shop.stg_customers"])
            .config(mart(json!({}))).patched(),
        sketch("model.shop.fct_sales", "shop.marts.core.fct_sales", "models/marts/core/fct_sales.sql", &["model.shop.orders", "model.shop.stg_customers"])
            .config(mart(json!({"materialized": "incremental", "tags": ["finance", "daily"], "unique_key": ["a", "b"]}))),
        sketch("model.shop.orders", "shop.marts.orders", "models/marts/orders.sql", &["model.shop.stg_orders", "seed.shop.countries"])
            .config(mart(json!({"tags": ["finance"]}))).patched(),
        sketch("model.shop.stg_customers", "shop.staging.stg_customers", "models/staging/stg_customers.sql", &["source.shop.raw.customers"])
            .config(staging.clone()),
        sketch("model.shop.stg_orders", "shop.staging.stg_orders", "models/staging/stg_orders.sql", &["source.shop.raw.orders"])
            .config(staging).patched(),
        sketch("seed.shop.countries", "shop.countries", "seeds/countries.csv", &[]),
        sketch("test.shop.not_null_dim_customers_id", "shop.not_null_dim_customers_id", SCHEMA, &["model.shop.dim_customers"])
            .config(json!({"tags": ["daily"]})),
        sketch("test.shop.not_null_stg_orders_id", "shop.not_null_stg_orders_id", SCHEMA, &["model.shop.stg_orders"])
            .config(json!({"severity": "warn"})),
        sketch("test.shop.relationships_orders", "shop.relationships_orders", SCHEMA, &["model.shop.dim_customers", "model.shop.orders"]),
        sketch("test.shop.sales_are_positive", "shop.sales_are_positive", "tests/sales_are_positive.sql", &["model.shop.fct_sales"]),
        sketch("test.shop.source_not_null_raw_orders_id", "shop.staging.source_not_null_raw_orders_id", SOURCES, &["source.shop.raw.orders"]),
        sketch("test.shop.unique_stg_orders_id", "shop.unique_stg_orders_id", SCHEMA, &["model.shop.stg_orders"]),
        sketch("analysis.shop.look", "shop.analysis.look", "analyses/look.sql", &["model.shop.dim_customers"]),
        sketch("source.shop.raw.customers", "shop.staging.raw.customers", SOURCES, &[]),
        sketch("source.shop.raw.orders", "shop.staging.raw.orders", SOURCES, &[]),
        sketch("exposure.shop.dashboard", "shop.dashboard", SCHEMA, &["model.shop.fct_sales"]),
    ];
    let ids = sketches
        .iter()
        .zip(0..)
        .map(|(sketch, id)| (sketch.unique_id, NodeId(id)))
        .collect();
    manifest(sketches.iter().map(|sketch| sketch.node(&ids)).collect())
}

/// Models that read one another, as `{{ ref('…') }}` in their texts says.
pub(super) fn manifest_of_models(models: &[(&str, &str)]) -> Manifest {
    let nodes = models
        .iter()
        .map(|(name, sql)| {
            let mut node = node(name, ResourceType::Model);
            let source = Source::new(node.original_file_path.as_str(), *sql);
            for (start, _) in sql.match_indices("ref('") {
                let name = sql[start + 5..].split('\'').next().unwrap_or_default();
                node.refs.push(RefCall {
                    package: None,
                    name: name.to_owned(),
                    version: None,
                    span: Some(Span::new(&source, start..start + name.len() + 7)),
                });
                let read = models
                    .iter()
                    .zip(0..)
                    .find(|((other, _), _)| *other == name);
                node.depends_on.extend(read.map(|(_, id)| NodeId(id)));
            }
            node.code = Some(Code::whole(&source));
            node
        })
        .collect();
    manifest(nodes)
}

/// What `--select … --exclude …` selects.
pub(super) fn selected(
    graph: &Graph,
    manifest: &Manifest,
    line: &str,
) -> Result<Selection, Diagnostics> {
    let (select, exclude) = line.split_once(" --exclude ").unwrap_or((line, ""));
    let values = |text: &str| {
        (!text.is_empty())
            .then(|| text.to_owned())
            .into_iter()
            .collect()
    };
    let request = Request {
        select: values(select),
        exclude: values(exclude),
        ..Request::default()
    };
    Ok(graph.select(manifest, &request)?.0)
}

/// The names of some nodes, in the manifest's order; a source has its source in front.
pub(super) fn names(manifest: &Manifest, nodes: &NodeSet) -> String {
    nodes
        .iter()
        .map(|id| {
            let node = manifest.node(*id);
            match &node.detail {
                Detail::Source(detail) => format!("{}.{}", detail.source_name, node.name),
                _ => node.name.clone(),
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}
