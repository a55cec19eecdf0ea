//! Nodes and a printed form of what they become, for the tests of this room and of those after it.

use indexmap::IndexMap;

use super::{Hooks, Input, Wanted, Work, work};
use crate::adapter::redshift;
use crate::diagnostic::{Diagnostics, Source, Span};
use crate::manifest::node::{Code, Column, Detail};
use crate::manifest::{Config, Node, NodeId, ResourceType};
use crate::relation::{self, ExistingRelation, ExistingRelations, Relation, RelationKind};

/// A model `analytics.<name>`.
pub(crate) fn model(name: &str, materialized: &str, sql: &str) -> Node {
    let path = format!("{name}.sql");
    let source = Source::new(format!("models/{path}"), sql);
    Node {
        unique_id: format!("model.shop.{name}"),
        resource_type: ResourceType::Model,
        package_name: "shop".into(),
        name: name.into(),
        original_file_path: format!("models/{path}"),
        path,
        fqn: vec!["shop".into(), name.into()],
        code: Some(Code::whole(&source)),
        config: Config {
            enabled: true,
            materialized: materialized.into(),
            bind: true,
            ..Config::default()
        },
        unrendered_config: Default::default(),
        description: String::new(),
        doc_blocks: Vec::new(),
        columns: IndexMap::new(),
        relation: Some(Relation::new("analytics", name)),
        place: None,
        alias: name.into(),
        refs: Vec::new(),
        sources: Vec::new(),
        depends_on: Vec::new(),
        macros: Default::default(),
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

/// A declared column.
pub(crate) fn column(name: &str, data_type: &str) -> Column {
    let source = Source::new("models/schema.yml", format!("- name: {name}\n"));
    Column {
        name: name.into(),
        description: format!("the {name}"),
        data_type: Some(data_type.into()),
        declared_at: Some(Span::new(&source, 8..8 + name.len())),
        ..Column::default()
    }
}

/// A relation by name, kind and columns.
pub(crate) type Held<'a> = (&'a str, RelationKind, &'a [(&'a str, &'a str)]);

/// What a warehouse holds.
pub(crate) fn existing(relations: &[Held<'_>]) -> ExistingRelations {
    let mut existing = ExistingRelations::default();
    existing.insert_schema("analytics");
    for (name, kind, columns) in relations {
        existing.insert(ExistingRelation {
            relation: Relation::new("analytics", *name),
            kind: *kind,
            columns: columns
                .iter()
                .map(|(name, data_type)| has(name, data_type))
                .collect(),
            dependents: Vec::new(),
            made: None,
        });
    }
    existing
}

/// A column of a warehouse.
pub(crate) fn has(name: &str, data_type: &str) -> relation::Column {
    relation::Column {
        name: name.into(),
        data_type: data_type.into(),
        nullable: true,
    }
}

/// A case: a node, its query and what exists.
pub(crate) struct Case<'a> {
    pub(crate) node: Node,
    pub(crate) existing: ExistingRelations,
    pub(crate) columns: Option<Vec<String>>,
    pub(crate) hooks: Hooks<'a>,
    pub(crate) full_refresh: bool,
    pub(crate) audit: bool,
    pub(crate) rules: Vec<crate::data_tests::RowRule>,
    pub(crate) lengths: bool,
    pub(crate) batch: Option<crate::manifest::microbatch::Batch>,
    pub(crate) seed: Option<crate::project::seed::Seed>,
    pub(crate) rebuilt: Vec<&'a str>,
    pub(crate) replaced: Vec<&'a str>,
    pub(crate) others: Vec<Node>,
}

impl Case<'_> {
    pub(crate) fn of(node: Node) -> Self {
        Self {
            node,
            existing: ExistingRelations::default(),
            columns: None,
            hooks: Hooks::default(),
            full_refresh: false,
            audit: false,
            rules: Vec::new(),
            lengths: false,
            batch: None,
            seed: None,
            rebuilt: Vec::new(),
            replaced: Vec::new(),
            others: Vec::new(),
        }
    }

    pub(crate) fn on(mut self, relations: &[Held<'_>]) -> Self {
        self.existing = existing(relations);
        self
    }

    pub(crate) fn columns(mut self, names: &[&str]) -> Self {
        self.columns = Some(names.iter().map(|name| (*name).to_owned()).collect());
        self
    }

    pub(crate) fn work(&self) -> Result<Work, Diagnostics> {
        let keys = |names: &[&str]| {
            let names = names.iter();
            names
                .map(|name| Relation::new("analytics", *name).key())
                .collect()
        };
        let (rebuilt, replaced) = (keys(&self.rebuilt), keys(&self.replaced));
        let query = self.node.code.as_ref().map(|code| code.text().to_owned());
        work(&Input {
            node: &self.node,
            query: query.as_deref(),
            columns_of_query: &|| self.columns.as_deref(),
            dialect: "redshift",
            batch: self.batch,
            existing: &self.existing,
            full_refresh: self.full_refresh,
            store_failures: false,
            audit: self.audit,
            row_rules: &|| Ok(self.rules.clone()),
            now: "getdate()::timestamp",
            database: "dev",
            keeps_loads: false,
            has_holders: true,
            lengths: self.lengths,
            hooks: self.hooks,
            seed: self.seed.as_ref(),
            rebuilt: &rebuilt,
            replaced: &replaced,
            node_of: &|id: NodeId| self.others.get(id.index()),
        })
    }

    /// The sections and their statements as Redshift would get them, or what is wrong.
    pub(crate) fn told(&self) -> String {
        match self.work() {
            Ok(Work::Build(build)) => {
                let mut text = sections(&build.sections);
                if let Some(then) = &build.then {
                    text.push_str(&match then.wants() {
                        Wanted::Columns(of) => format!("… then, with the columns of {of}\n"),
                        Wanted::Files(load) => {
                            format!("… then, with the files of {}\n", load.copy().from)
                        }
                    });
                }
                if !build.last.is_empty() {
                    text.push_str("At the end of the run\n");
                    text.push_str(&statements(&build.last));
                }
                for warning in &build.warnings {
                    text.push_str(&format!("{warning}\n"));
                }
                text
            }
            Ok(other) => format!("{other:?}"),
            Err(problems) => problems
                .into_iter()
                .map(|problem| {
                    let help: String = problem
                        .help
                        .iter()
                        .map(|h| format!("\n  help: {h}"))
                        .collect();
                    let notes: String = problem.notes.iter().map(|n| format!("\n  {n}")).collect();
                    format!("{problem}{notes}{help}\n")
                })
                .collect(),
        }
    }
}

/// Sections, one statement a line where it has one.
pub(crate) fn sections(all: &[super::Section]) -> String {
    let mut text = String::new();
    for section in all {
        let transaction = if section.transaction {
            ", transaction"
        } else {
            ""
        };
        let retryable = if section.retryable { "" } else { ", once" };
        text.push_str(&format!("{:?}{transaction}{retryable}\n", section.phase));
        text.push_str(&statements(&section.statements));
    }
    text
}

fn statements(all: &[crate::adapter::Statement]) -> String {
    let sql = all.iter().flat_map(redshift::sql::sql);
    sql.map(|sql| format!("  {}\n", sql.replace('\n', "\n  ")))
        .collect()
}
