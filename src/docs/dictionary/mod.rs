//! The facts of the dictionary: tables by layer, their columns, keys, tests, and how much of it is described and tested.
//!
//! In: the manifest, what the catalog holds, the last results. Out: [`Dictionary`]. Writes nothing.

mod facts;

use std::collections::{BTreeMap, BTreeSet};

use super::hidden::Hidden;
use super::layer;
use super::words::minute;
use crate::artifacts::{CatalogTable, Previous};
use crate::manifest::{Manifest, NodeId};
use facts::Facts;

/// What a dictionary is made from.
pub struct Input<'a> {
    /// The nodes.
    pub manifest: &'a Manifest,
    /// The nodes that are shown; all, unless some are selected.
    pub selected: Option<&'a BTreeSet<NodeId>>,
    /// What the warehouse holds.
    pub catalog: &'a [CatalogTable],
    /// What tests found, and when tables were built.
    pub previous: &'a Previous,
    /// What a template in the declaration of a test says, if it can be told.
    pub said: &'a dyn Fn(NodeId, &str) -> Option<String>,
    /// The kinds of personal data in a column, by its name in lower case.
    pub classes: &'a dyn Fn(NodeId, &str) -> Vec<String>,
    /// What `source freshness` found last, by `unique_id`.
    pub ages: &'a BTreeMap<String, String>,
    /// Where nodes stand in other targets: by target, then by `unique_id`.
    pub elsewhere: &'a BTreeMap<String, BTreeMap<String, String>>,
    /// When the dictionary is made.
    pub generated_at: jiff::Timestamp,
}

/// Everything that the three writers show, in their order.
#[derive(Debug, Default)]
pub struct Dictionary {
    /// The project.
    pub project: String,
    /// UTC, to the second.
    pub generated_at: String,
    /// Layers that have tables.
    pub layers: Vec<Layer>,
    /// Ephemeral models with their layers: they have no table, and a place in the site alone.
    pub inlined: Vec<(String, Table)>,
    /// What is made of the tables outside of the project, by name.
    pub exposures: Vec<Exposure>,
    /// Names that are in no text.
    pub hidden: Hidden,
}

/// Tables of one layer, by name.
#[derive(Debug)]
pub struct Layer {
    /// Such as `Staging`.
    pub name: String,
    /// Its tables.
    pub tables: Vec<Table>,
}

/// A table or view.
#[derive(Debug)]
pub struct Table {
    /// The node.
    pub node: NodeId,
    /// Its name in the project; for a source, `source.table`.
    pub name: String,
    /// Unique in the dictionary, made of letters, digits, `-`, `_` and `.`.
    pub anchor: String,
    /// Its place in the warehouse.
    pub relation: String,
    /// Its place in other targets: the target's name, and the relation.
    pub elsewhere: Vec<(String, String)>,
    /// `table model`, `seed`, `source`, ….
    pub kind: String,
    /// Markdown.
    pub description: String,
    /// Who answers for it: `meta.owner`, or its group.
    pub owner: Option<String>,
    /// What one row is.
    pub grain: Option<String>,
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// Tests of the whole table.
    pub tests: Vec<Test>,
    /// Distribution, where one is declared.
    pub dist: Option<String>,
    /// Sort key, where one is declared.
    pub sort: Option<String>,
    /// Rows, if counted.
    pub rows: Option<u64>,
    /// Rows after each build that is known: when, and how many; the oldest first, none where there are fewer than two.
    pub history: Vec<(String, u64)>,
    /// What became of its last build where that failed, and when.
    pub failed: Option<(String, Option<String>)>,
    /// Sizes and the like that the warehouse tells: their names and values.
    pub figures: Vec<(&'static str, String)>,
    /// Rejected rows, and the table that has them.
    pub rejected: Option<(u64, String)>,
    /// UTC, to the second.
    pub last_built: Option<String>,
    /// What it reads.
    pub upstream: Vec<Link>,
    /// What reads it.
    pub downstream: Vec<Link>,
    /// The file that holds it.
    pub file: String,
    /// The file and line of YAML that declares it.
    pub declared: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Whether its contract is enforced.
    pub contract: bool,
    /// Who may read it, where that is said.
    pub access: Option<String>,
    /// Its group, and who answers for that.
    pub group: Option<String>,
    /// How old a source may be, and how old it was last.
    pub freshness: Option<String>,
    /// `meta`, as JSON.
    pub meta: Option<String>,
}

/// A dashboard or the like that reads tables.
#[derive(Debug)]
pub struct Exposure {
    /// The node.
    pub node: NodeId,
    /// Its name.
    pub name: String,
    /// As people call it.
    pub label: Option<String>,
    /// `dashboard`, `notebook`, ….
    pub kind: String,
    /// Markdown.
    pub description: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// `high`, ….
    pub maturity: Option<String>,
    /// Where it is, on the web.
    pub url: Option<String>,
    /// What it reads.
    pub reads: Vec<Link>,
    /// The file and line of YAML that declares it.
    pub declared: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
}

/// What stands in the place of the rows of a view.
pub const UNCOUNTED: &str = "not counted (a view)";

impl Table {
    /// Whether it is a view, whose rows nobody counts.
    pub fn is_uncounted(&self) -> bool {
        self.rows.is_none() && self.kind.starts_with("view")
    }
}

/// A column.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type: of the warehouse, or else as declared.
    pub data_type: Option<String>,
    /// Whether it may be NULL; unknown without warehouse, constraint and test.
    pub nullable: Option<bool>,
    /// Part of the key: the primary key that is declared, or else the first column that is tested to be one.
    pub in_key: bool,
    /// Part of the primary key, as somebody declared it.
    pub primary_key: bool,
    /// Declared or tested to be unique by itself.
    pub unique: bool,
    /// Where it points to.
    pub references: Vec<Reference>,
    /// Markdown.
    pub description: String,
    /// Personal data.
    pub pii: bool,
    /// The kinds of personal data in it: `pii`, or what the project calls them.
    pub classes: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// `meta`, without what says that it is personal.
    pub meta: Vec<(String, String)>,
    /// Checks and the like that it is declared with.
    pub constraints: Vec<String>,
    /// Its tests.
    pub tests: Vec<Test>,
    /// Whether a test of it, or one over several columns, looks at it.
    pub tested: bool,
    /// Whether it is declared and the table does not have it; its type says so.
    pub missing: bool,
}

impl Column {
    /// What it is a key of: `primary key` where somebody declared it, `key` where tests say so, `unique`.
    pub fn key(&self) -> Option<&'static str> {
        match (self.primary_key, self.in_key, self.unique) {
            (true, ..) => Some("primary key"),
            (_, true, _) => Some("key"),
            (.., true) => Some("unique"),
            _ => None,
        }
    }

    /// What the project calls the personal data in it.
    pub fn personal(&self) -> Option<String> {
        let own: Vec<&str> = self.classes.iter().map(String::as_str).collect();
        match own.as_slice() {
            _ if !self.pii => None,
            [] | ["pii"] => Some("personal data".to_owned()),
            own => Some(own.join(", ").replace("pii", "personal data")),
        }
    }
}

/// What a foreign key points to.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// The table.
    pub table: Link,
    /// Its column.
    pub column: String,
}

/// Another node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// As it is called.
    pub name: String,
    /// Its place in the dictionary, if it has one.
    pub anchor: Option<String>,
}

/// A test.
#[derive(Debug)]
pub struct Test {
    /// The node.
    pub node: NodeId,
    /// Whether it is a query of its own, which may read several tables.
    pub singular: bool,
    /// Its name, without names that are not to be shown.
    pub name: String,
    /// Its name with what it was told: `accepted_values: F, M`.
    pub label: String,
    /// `pass`, `fail`, `warn`, `error`, …; none before its first run.
    pub status: Option<String>,
    /// Rows it found.
    pub failures: Option<u64>,
    /// Whether its failure only warns.
    pub only_warns: bool,
    /// Where its failures are kept, when its configuration says so.
    pub kept: Option<Kept>,
}

/// A relation in which a test keeps its failures.
#[derive(Debug)]
pub struct Kept {
    /// Its place in the warehouse.
    pub relation: String,
    /// Its columns that hold personal data.
    pub personal: Vec<String>,
}

impl Kept {
    /// Where, and what of it is personal.
    pub fn told(&self) -> String {
        match self.personal.as_slice() {
            [] => format!("failures in {}", self.relation),
            personal => format!(
                "failures in {}, personal data in {}",
                self.relation,
                personal.join(", ")
            ),
        }
    }
}

/// How much of the columns is described and tested, and of the tables described and owned.
#[derive(Debug, PartialEq, Eq)]
pub struct Coverage {
    /// All columns.
    pub columns: usize,
    /// `table.column` of those without description.
    pub undocumented: Vec<String>,
    /// `table.column` of those without test.
    pub untested: Vec<String>,
    /// All tables.
    pub tables: usize,
    /// Those without description.
    pub undescribed: Vec<String>,
    /// Those that nobody answers for.
    pub unowned: Vec<String>,
}

impl Coverage {
    /// Columns with a description.
    pub fn documented(&self) -> usize {
        self.columns - self.undocumented.len()
    }

    /// Columns with a test.
    pub fn tested(&self) -> usize {
        self.columns - self.untested.len()
    }

    /// Columns in percent, rounded down, so that 100 means all.
    pub fn percent(&self, part: usize) -> usize {
        percent(part, self.columns)
    }
}

/// Rounded down, so that 100 means all.
pub fn percent(part: usize, all: usize) -> usize {
    (part * 100).checked_div(all).unwrap_or(100)
}

impl Dictionary {
    /// Gathers the facts.
    pub fn new(input: &Input<'_>) -> Self {
        let facts = Facts::new(input);
        let mut layers: BTreeMap<(usize, String), Vec<Table>> = BTreeMap::new();
        for id in input.manifest.ids().filter(|id| facts.is_shown(*id)) {
            let name = layer::layer(input.manifest.node(id));
            let tables = layers.entry((layer::rank(&name), name)).or_default();
            tables.push(facts.table(id));
        }
        let inlined = input.manifest.ids().filter(|id| facts.is_inlined(*id));
        let inlined = inlined
            .map(|id| (layer::layer(input.manifest.node(id)), facts.table(id)))
            .collect();
        let layers = layers.into_iter().map(|((_, name), mut tables)| {
            tables.sort_by(|a, b| a.name.cmp(&b.name));
            Layer { name, tables }
        });
        Self {
            project: input.manifest.project_name.clone(),
            generated_at: minute(input.generated_at),
            layers: layers.collect(),
            inlined,
            exposures: facts.exposures(),
            hidden: facts.hidden,
        }
    }

    /// All tables, layer by layer.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.layers.iter().flat_map(|layer| &layer.tables)
    }

    /// What is described and tested, and what is not.
    pub fn coverage(&self) -> Coverage {
        let all: Vec<(&Table, &Column)> = self
            .tables()
            .flat_map(|table| table.columns.iter().map(move |column| (table, column)))
            .filter(|(_, column)| !column.missing)
            .collect();
        let named = |wanted: fn(&Column) -> bool| -> Vec<String> {
            all.iter()
                .filter(|(_, column)| wanted(column))
                .map(|(table, column)| format!("{}.{}", table.name, column.name))
                .collect()
        };
        let tables = |wanted: fn(&Table) -> bool| -> Vec<String> {
            let named = self.tables().filter(|table| wanted(table));
            named.map(|table| table.name.clone()).collect()
        };
        Coverage {
            columns: all.len(),
            undocumented: named(|column| column.description.trim().is_empty()),
            untested: named(|column| !column.tested),
            tables: self.tables().count(),
            undescribed: tables(|table| table.description.is_empty()),
            unowned: tables(|table| table.owner.is_none()),
        }
    }
}
