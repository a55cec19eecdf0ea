//! A small shop for the tests of the three voices: a source, a seed, two models, their tests.

use std::sync::Arc;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Map, json};

use crate::adapter::statement::{Dist, TableAttributes};
use crate::diagnostic::{Source, Span};
use crate::manifest::node::{
    Code, Column, Constraint, ConstraintKind, Detail, GenericTest, RefCall, SourceCall,
    SourceDetail, TestDetail,
};
use crate::manifest::{Config, Manifest, Node, NodeId, ResourceType};
use crate::relation::Relation;
use crate::run::results::Timing;
use crate::run::{NodeResult, Status};

pub const SOURCE: NodeId = NodeId(0);
pub const SEED: NodeId = NodeId(1);
pub const STAGING: NodeId = NodeId(2);
pub const DIMENSION: NodeId = NodeId(3);
pub const FACT: NodeId = NodeId(4);
pub const UNIQUE: NodeId = NodeId(5);
pub const NOT_NULL: NodeId = NodeId(6);
pub const RELATIONSHIP: NodeId = NodeId(7);
pub const SINGULAR: NodeId = NodeId(8);

const YAML: &str = "models:
  - name: dim_users
    columns:
      - name: user_id
        tests:
          - unique
          - not_null
  - name: fct_plays
    columns:
      - name: user_id
        tests:
          - relationships:
              arguments: {to: ref('dim_users'), field: user_id}
";

pub fn yaml(what: &str) -> Span {
    let source = Source::new("models/schema.yml", YAML);
    let at = YAML.find(what).unwrap();
    Span::new(&source, at..at + what.len())
}

pub fn node(kind: ResourceType, name: &str, path: &str) -> Node {
    let folder = match kind {
        ResourceType::Seed => "seeds",
        ResourceType::Test => "tests_sql",
        _ => "models",
    };
    Node {
        unique_id: format!("{kind}.shop.{name}"),
        resource_type: kind,
        package_name: "shop".into(),
        name: name.into(),
        path: path.into(),
        original_file_path: format!("{folder}/{path}"),
        fqn: vec!["shop".into(), name.into()],
        code: None,
        config: Config {
            enabled: true,
            materialized: "table".into(),
            docs_show: true,
            ..Config::default()
        },
        unrendered_config: Map::new(),
        description: String::new(),
        doc_blocks: Vec::new(),
        columns: IndexMap::new(),
        relation: Some(Relation::new("dev", name)),
        place: None,
        alias: name.into(),
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

pub fn column(name: &str, description: &str) -> (String, Column) {
    let column = Column {
        name: name.into(),
        description: description.into(),
        ..Column::default()
    };
    (name.into(), column)
}

fn sql(node: &mut Node, text: &str) {
    let source = Source::new(node.original_file_path.clone(), text);
    node.code = Some(Code::whole(&source));
}

fn reads(node: &mut Node, name: &str, id: NodeId) {
    node.refs.push(RefCall {
        package: None,
        name: name.into(),
        version: None,
        span: None,
    });
    node.depends_on.push(id);
}

fn generic(name: &str, attached: NodeId, column: &str, arguments: serde_json::Value) -> Node {
    let table = if attached == FACT {
        "fct_plays"
    } else {
        "dim_users"
    };
    let full = format!("{name}_{table}_{column}");
    let mut node = node(ResourceType::Test, &full, &format!("{full}.sql"));
    node.original_file_path = "models/schema.yml".into();
    node.config.materialized = "test".into();
    node.config.fail_calc = "count(*)".into();
    node.config.warn_if = "!= 0".into();
    node.config.error_if = "!= 0".into();
    node.declared_at = Some(yaml(name));
    node.relation = None;
    node.depends_on.push(attached);
    node.detail = Detail::Test(Box::new(TestDetail {
        generic: Some(GenericTest {
            config: serde_json::Map::new(),
            name: name.into(),
            namespace: None,
            arguments: arguments.as_object().unwrap().clone(),
            places: Vec::new(),
        }),
        attached_node: Some(attached),
        column_name: Some(column.into()),
        declared_on: None,
    }));
    node
}

pub fn manifest() -> Manifest {
    let mut source = node(ResourceType::Source, "events", "sources.yml");
    source.unique_id = "source.shop.raw.events".into();
    source.relation = Some(Relation::new("staging", "events"));
    source.description = "Raw events, one row a line of the log.".into();
    source.columns.extend([
        column("user_id", ""),
        column("page", "The page <b>seen</b>."),
    ]);
    source.detail = Detail::Source(Box::new(SourceDetail {
        source_name: "raw".into(),
        source_description: "The log.".into(),
        loader: "copy".into(),
        location: None,
        external: Some(json!({"location": "s3://shop/log"})),
        load: None,
        freshness: None,
        freshness_value: Default::default(),
        loaded_at: Default::default(),
        source_meta: Map::new(),
        quoting: Default::default(),
        unrendered_schema: None,
        unrendered_database: None,
    }));
    let mut seed = node(ResourceType::Seed, "levels", "levels.csv");
    seed.config.materialized = "seed".into();
    let mut staging = node(ResourceType::Model, "stg_events", "staging/stg_events.sql");
    staging.config.materialized = "view".into();
    sql(&mut staging, "select * from {{ source('raw', 'events') }}");
    staging.sources.push(SourceCall {
        source: "raw".into(),
        table: "events".into(),
        span: None,
    });
    staging.depends_on.push(SOURCE);

    let manifest = vec![
        source,
        seed,
        staging,
        dimension(),
        fact(),
        unique(),
        not_null(),
        relationship(),
        singular(),
    ];
    let by_unique_id = manifest
        .iter()
        .zip(0..)
        .map(|(node, at)| (node.unique_id.clone(), NodeId(at)))
        .collect();
    Manifest {
        project_name: "shop".into(),
        nodes: manifest.into_iter().map(Box::new).collect(),
        by_unique_id,
        ..Manifest::default()
    }
}

fn dimension() -> Node {
    let mut node = node(ResourceType::Model, "dim_users", "dimensions/dim_users.sql");
    node.description = "Users, the **latest** level wins | see `fct_plays`.".into();
    sql(
        &mut node,
        "select user_id, email from {{ ref('stg_events') }}",
    );
    reads(&mut node, "stg_events", STAGING);
    node.config.unique_key = vec!["user_id".into()];
    node.config.values.insert("unique_key", "user_id".into());
    node.config.attributes = TableAttributes {
        dist: Some(Dist::Key("user_id".into())),
        sort: vec!["user_id".into()],
        ..TableAttributes::default()
    };
    let (name, mut id) = column("user_id", "The user.");
    id.data_type = Some("integer".into());
    id.constraints.push(primary_key());
    node.columns.insert(name, id);
    let (name, mut email) = column("email", "Where we write to.");
    email.meta.insert("pii".into(), true.into());
    node.columns.insert(name, email);
    node.declared_at = Some(yaml("dim_users"));
    node
}

fn primary_key() -> Constraint {
    Constraint {
        kind: ConstraintKind::PrimaryKey,
        name: None,
        columns: Vec::new(),
        expression: None,
        to: None,
        to_node: None,
        to_columns: Vec::new(),
        warn_unsupported: true,
        warn_unenforced: true,
        declared_at: None,
    }
}

fn fact() -> Node {
    let mut node = node(ResourceType::Model, "fct_plays", "facts/fct_plays.sql");
    node.config.materialized = "incremental".into();
    node.config
        .meta
        .insert("grain".into(), "one row a song played".into());
    sql(&mut node, "select * from {{ ref('dim_users') }}");
    reads(&mut node, "dim_users", DIMENSION);
    node.columns
        .extend([column("user_id", "Who."), column("level", "")]);
    node
}

fn unique() -> Node {
    generic(
        "unique",
        DIMENSION,
        "user_id",
        json!({"column_name": "user_id", "model": "{{ get_where_subquery(ref('dim_users')) }}"}),
    )
}

fn not_null() -> Node {
    generic(
        "not_null",
        DIMENSION,
        "user_id",
        json!({"column_name": "user_id", "model": "{{ get_where_subquery(ref('dim_users')) }}"}),
    )
}

fn relationship() -> Node {
    let mut node = generic(
        "relationships",
        FACT,
        "user_id",
        json!({"to": "ref('dim_users')", "field": "user_id", "column_name": "user_id", "model": "{{ get_where_subquery(ref('fct_plays')) }}"}),
    );
    node.depends_on.push(DIMENSION);
    node
}

fn singular() -> Node {
    let mut node = node(
        ResourceType::Test,
        "plays_are_counted",
        "plays_are_counted.sql",
    );
    node.config.materialized = "test".into();
    sql(&mut node, "select 1\nfrom {{ ref('fct_plays') }}\n");
    reads(&mut node, "fct_plays", FACT);
    node.relation = None;
    node.detail = Detail::Test(Box::new(TestDetail {
        generic: None,
        attached_node: None,
        column_name: None,
        declared_on: None,
    }));
    node
}

pub fn now() -> Timestamp {
    "2024-01-15T10:30:45.123456Z".parse().unwrap()
}

pub fn result(node: NodeId, status: Status) -> NodeResult {
    let started = now();
    let timing = |from: i64, to: i64| Timing {
        started: started + jiff::SignedDuration::from_millis(from),
        completed: started + jiff::SignedDuration::from_millis(to),
    };
    NodeResult {
        node,
        status,
        message: None,
        rows: None,
        filled: None,
        failures: None,
        age: None,
        sample: None,
        stored: None,
        sample_hidden: false,
        files: None,
        set_aside: None,
        set_aside_in_all: None,
        query_id: None,
        rejected: Vec::new(),
        left_out: 0,
        bad_rows: Vec::new(),
        told_in: None,
        diagnostics: Vec::new(),
        compiled_code: None,
        sent: Vec::new(),
        compile: Some(timing(0, 10)),
        execute: Some(timing(10, 120)),
        thread: 1,
        batches: None,
    }
}

/// The shared writer of a captured stream.
#[derive(Clone, Default)]
pub struct Captured(Arc<std::sync::Mutex<Vec<u8>>>);

impl Captured {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
