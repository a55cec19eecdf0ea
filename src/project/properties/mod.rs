//! What YAML says about models, seeds, sources and the rest: typed, its names not looked up.
//!
//! In: property files. Out: [`Properties`].

mod data_test;
mod shapes;

pub use data_test::TestDeclaration;
pub use shapes::{
    ColumnProperties, ConstraintKindProperty, ConstraintProperties, ExposureProperties,
    ExposureType, FixtureFormatProperty, FixtureProperties, GivenProperties, GroupProperties,
    MacroArgumentProperties, MacroProperties, NodeProperties, OverridesProperties,
    SingularTestProperties, SourceProperties, SourceTableProperties, UnitTestProperties,
    VersionProperties,
};

use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::render::YamlRenderer;
use super::yaml::{self, Yaml};
use crate::diagnostic::{Diagnostic, Diagnostics, Source};

/// The code of a key that nobody knows.
const UNKNOWN_KEY: &str = "unknown-key";

/// The keys of a property file that are read.
const READ: [&str; 15] = [
    "version",
    "models",
    "seeds",
    "snapshots",
    "sources",
    "macros",
    "analyses",
    "exposures",
    "data_tests",
    "tests",
    "unit_tests",
    "groups",
    "metrics",
    "semantic_models",
    "saved_queries",
];
/// The keys that dbt knows and that nothing is made of; what they declare is not built.
const SKIPPED: [&str; 2] = ["functions", "anchors"];

/// Everything that the property files of a project declare, in the order of the files.
#[derive(Clone, Debug, Default)]
pub struct Properties {
    /// `models:`.
    pub models: Vec<NodeProperties>,
    /// `seeds:`.
    pub seeds: Vec<NodeProperties>,
    /// `snapshots:`; one with a `relation` needs no file.
    pub snapshots: Vec<NodeProperties>,
    /// `analyses:`.
    pub analyses: Vec<NodeProperties>,
    /// `data_tests:` at the top level: about singular tests.
    pub singular_tests: Vec<SingularTestProperties>,
    /// `sources:`.
    pub sources: Vec<SourceProperties>,
    /// `macros:`.
    pub macros: Vec<MacroProperties>,
    /// `exposures:`.
    pub exposures: Vec<ExposureProperties>,
    /// `unit_tests:`.
    pub unit_tests: Vec<UnitTestProperties>,
    /// `groups:`.
    pub groups: Vec<GroupProperties>,
    /// `semantic_models:`, as written.
    pub semantic_models: Vec<Yaml>,
    /// `metrics:`, as written.
    pub metrics: Vec<Yaml>,
    /// `saved_queries:`, as written.
    pub saved_queries: Vec<Yaml>,
}

impl Properties {
    /// Forgets the declarations that nodes are made from, once they are: what is kept of them is in the nodes, and is as large.
    pub fn forget_nodes(&mut self) {
        let Self {
            macros,
            groups,
            sources,
            ..
        } = std::mem::take(self);
        *self = Self {
            macros,
            groups,
            sources,
            ..Self::default()
        };
    }

    /// Adds what one file declares, and tells everything that is wrong in it.
    pub fn read(
        &mut self,
        source: &Arc<Source>,
        renderer: &YamlRenderer,
        problems: &mut Diagnostics,
    ) {
        let mut doubles = Vec::new();
        let document = match yaml::parse_forgiving(source, &mut doubles) {
            Ok(document) => document,
            Err(problem) => return problems.push(problem),
        };
        problems.extend(doubles.into_iter().map(Diagnostic::as_warning));
        if document.is_null() {
            return;
        }
        if !document.is_map() {
            return problems
                .push(document.expected("a mapping with keys such as `models:` and `sources:`"));
        }
        for (key, value) in document.entries() {
            let mut read = Reader { renderer, problems };
            match key.as_str().unwrap_or("") {
                "version" => {}
                "groups" => read.items(value, &mut self.groups, OWNER),
                "models" => read.items(value, &mut self.models, NODE),
                "seeds" => read.items(value, &mut self.seeds, NODE),
                "analyses" => read.items(value, &mut self.analyses, NODE),
                "sources" => read.items(value, &mut self.sources, TABLES),
                "macros" => read.items(value, &mut self.macros, ITSELF),
                "exposures" => read.items(value, &mut self.exposures, OWNER),
                "unit_tests" => read.items(value, &mut self.unit_tests, NOWHERE),
                "data_tests" | "tests" => read.items(value, &mut self.singular_tests, ITSELF),
                "snapshots" => read.items(value, &mut self.snapshots, NODE),
                "semantic_models" => read.as_written(value, &mut self.semantic_models),
                "metrics" => read.as_written(value, &mut self.metrics),
                "saved_queries" => read.as_written(value, &mut self.saved_queries),
                name if SKIPPED.contains(&name) => {
                    if name != "anchors" {
                        problems.push(
                            Diagnostic::warning(
                                "not-supported",
                                format!(
                                    "`{name}` are not supported: what is declared here is left out"
                                ),
                            )
                            .at(key.span.clone()),
                        );
                    }
                }
                name => problems.push(
                    Diagnostic::warning(
                        UNKNOWN_KEY,
                        format!("a property file has no key `{name}`"),
                    )
                    .at(key.span.clone())
                    .did_you_mean(name, READ.into_iter().chain(SKIPPED)),
                ),
            }
        }
    }
}

/// Where in an item a key that nobody knows is told of and passed over, as in dbt; everywhere else it is wrong. Each place is the way of
/// keys from the item to the mapping that has it.
type Passed = &'static [&'static [&'static str]];

const NOWHERE: Passed = &[];
const ITSELF: Passed = &[&[]];
const OWNER: Passed = &[&["owner"]];
const NODE: Passed = &[
    &[],
    &["columns"],
    &["constraints"],
    &["columns", "constraints"],
];
const TABLES: Passed = &[
    &["tables"],
    &["tables", "columns"],
    &["tables", "columns", "constraints"],
];

struct Reader<'a> {
    renderer: &'a YamlRenderer,
    problems: &'a mut Diagnostics,
}

impl Reader<'_> {
    /// Every item of a list, its Jinja as it is: filters of metrics hold what MetricFlow renders.
    fn as_written(&mut self, list: &Yaml, into: &mut Vec<Yaml>) {
        match list.as_seq() {
            Some(items) => into.extend(items.iter().filter(|item| item.is_map()).cloned()),
            None if list.is_null() => {}
            None => self
                .problems
                .push(list.expected("a list (each item starting with `- name:`)")),
        }
    }

    /// Every item of a list, as the shape; a wrong item is told and left out.
    fn items<T: DeserializeOwned>(&mut self, list: &Yaml, into: &mut Vec<T>, passed: Passed) {
        if list.is_null() {
            return;
        }
        let Some(items) = list.as_seq() else {
            return self
                .problems
                .push(list.expected("a list (each item starting with `- name:`)"));
        };
        for item in items {
            let before = self.problems.0.len();
            tests_twice(item, self.problems);
            if passed == NODE {
                beside_config(item, self.problems);
            }
            let rendered = self.renderer.render(item, &rendered_now, self.problems);
            if self.problems.0.len() > before {
                continue;
            }
            into.extend(rendered.read(self.problems, |item, problem| {
                passed_over(item, problem, passed)
            }));
        }
    }
}

/// Takes a key that nobody knows out of an item, where it is only told of.
fn passed_over(item: &mut Yaml, problem: &Diagnostic, passed: Passed) -> bool {
    let at = problem.span.as_ref();
    let Some(at) = at.filter(|_| problem.code == UNKNOWN_KEY) else {
        return false;
    };
    passed.iter().any(|way| item.take_key(way, at))
}

/// Tells of a node, a table or a column that has its tests under both names of their key.
fn tests_twice(item: &Yaml, problems: &mut Diagnostics) {
    let is_key = |key: &&Yaml| matches!(key.as_str(), Some("tests" | "data_tests"));
    let keys: Vec<&Yaml> = item
        .entries()
        .iter()
        .map(|(key, _)| key)
        .filter(is_key)
        .collect();
    if let [first, second, ..] = keys[..]
        && first.as_str() != second.as_str()
    {
        problems.push(
            Diagnostic::error(
                "duplicate-key",
                "`tests` and `data_tests` are two names of one key: only one of them may stand here",
            )
            .at(second.span.clone())
            .related("the first one", first.span.clone())
            .help("put all tests under `data_tests`"),
        );
    }
    for list in ["columns", "tables", "versions"] {
        let items = item.get(list).and_then(Yaml::as_seq).unwrap_or_default();
        for item in items {
            tests_twice(item, problems);
        }
    }
}

/// Tells of what stands in `config` and beside it: dbt takes it in one place only.
fn beside_config(item: &Yaml, problems: &mut Diagnostics) {
    const KEYS: [&str; 5] = ["meta", "docs", "group", "contract", "access"];
    let inside = item.get("config").map(Yaml::entries).unwrap_or_default();
    for (key, _) in item.entries() {
        let name = key.as_str().unwrap_or_default();
        let twin = inside
            .iter()
            .find(|(inner, _)| inner.as_str() == Some(name));
        if let Some((twin, _)) = twin.filter(|_| KEYS.contains(&name)) {
            problems.push(
                Diagnostic::error(
                    "duplicate-key",
                    format!("`{name}` stands in `config` and beside it"),
                )
                .at(key.span.clone())
                .related("the one in `config`", twin.span.clone())
                .help("keep the one in `config`, with what both say"),
            );
        }
    }
}

/// Whether a text of a property file is rendered when it is read.
///
/// Descriptions wait for `doc()`, arguments of tests for their test, hooks for their node.
fn rendered_now(path: &[&str]) -> bool {
    let late = |key: &&str| {
        matches!(
            *key,
            "data_tests"
                | "tests"
                | "pre_hook"
                | "post_hook"
                | "pre-hook"
                | "post-hook"
                | "loaded_at_query"
        )
    };
    !path.iter().any(late) && !matches!(path.last(), Some(&("description" | "to" | "relation")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Environment;
    use crate::project::render::Vars;

    fn read(text: &str) -> String {
        let renderer = YamlRenderer::new(
            "shop",
            &Environment::default(),
            Vars::default(),
            None,
            false,
        );
        let mut problems = Diagnostics::default();
        let mut properties = Properties::default();
        properties.read(
            &Source::new("models/schema.yml", text),
            &renderer,
            &mut problems,
        );
        let told = problems.0.iter().map(|problem| {
            let help = problem
                .help
                .iter()
                .map(|help| format!(" -- help: {help}"))
                .collect::<String>();
            format!("{problem}{help}")
        });
        told.chain(properties.models.iter().map(|model| {
            let tests = model
                .data_tests
                .iter()
                .chain(model.columns.iter().flat_map(|column| &column.data_tests));
            format!(
                "{} {:?}",
                model.name.value,
                tests
                    .map(|test| (&test.name.value, test.arguments.len(), test.config.len()))
                    .collect::<Vec<_>>()
            )
        }))
        .collect::<Vec<_>>()
        .join("\n")
    }

    #[test]
    fn every_wrong_item_is_told_and_the_others_are_read() {
        insta::assert_snapshot!(read("
version: 2
model: []
metrics:
  - name: revenue
models:
  - name: orders
    columns:
      - name: id
        data_tests:
          - unique
          - not_null: {severity: warn}
          - relationships:
              arguments: {to: ref('x'), field: id}
              config: {where: 'id > 0'}
          - {test_name: accepted_values, values: [1, 2], name: mine}
  - name: customers
    colums: []
  - description: nameless
  - name: items
    columns:
      - name: id
        data_type: 5
"), @r#"
        warning[unknown-key]: a property file has no key `model` (models/schema.yml:3:1) -- help: did you mean `models`?
        warning[unknown-key]: there is no key `colums` here (models/schema.yml:18:5) -- help: did you mean `columns`?
        error[missing-key]: the key `name` is missing (models/schema.yml:19:5) -- help: add `name: …` here
        error[yaml-type]: expected a text, found the number `5` (models/schema.yml:23:20) -- help: put it in quotes: "5"
        orders [("unique", 0, 0), ("not_null", 0, 1), ("relationships", 2, 1), ("accepted_values", 1, 0)]
        customers []
        "#);
    }

    #[test]
    fn all_that_is_wrong_in_one_item_is_told_at_once() {
        insta::assert_snapshot!(read("
models:
  - name: orders
    description: 5
    columns:
      - name: 7
        data_type: 8
      - data_type: text
      - name: total
        quote: 'yes'
        constraints: [{type: primary}, {type: unique, columns: x}]
        data_tests: [5, unique: [x]]
  - name: 9
    columns: none
  - name: whole
"), @r#"
        error[yaml-type]: expected a text, found the number `5` (models/schema.yml:4:18) -- help: put it in quotes: "5"
        error[yaml-type]: expected a text, found the number `7` (models/schema.yml:6:15) -- help: put it in quotes: "7"
        error[yaml-type]: expected a text, found the number `8` (models/schema.yml:7:20) -- help: put it in quotes: "8"
        error[missing-key]: the key `name` is missing (models/schema.yml:8:9) -- help: add `name: …` here
        error[yaml-type]: expected `true` or `false`, found the text `yes` (models/schema.yml:10:16) -- help: write `true` or `false`, without quotes
        error[unknown-value]: `primary` has no meaning here (models/schema.yml:11:30) -- help: write one of `not_null`, `unique`, `primary_key`, `foreign_key`, `check`, `custom`
        error[yaml-type]: expected a list, found the text `x` (models/schema.yml:11:64) -- help: write `[x]`, or each entry on a line of its own behind `- `
        error[yaml-type]: expected the name of a test, or a mapping, found the number `5` (models/schema.yml:12:22) -- help: write the name of a test, or a mapping here, or take the key out
        error[yaml-type]: expected a mapping of the test's arguments, found a list (models/schema.yml:12:33) -- help: write `key: value`, each on a line of its own and indented, or `{key: value}`
        error[yaml-type]: expected a text, found the number `9` (models/schema.yml:13:11) -- help: put it in quotes: "9"
        error[yaml-type]: expected a list, found the text `none` (models/schema.yml:14:14) -- help: write `[none]`, or each entry on a line of its own behind `- `
        whole []
        "#);
    }

    #[test]
    fn a_wrong_test_is_told_where_it_stands() {
        insta::assert_snapshot!(read("
models:
  - name: a
    data_tests:
      - 5
  - name: b
    data_tests:
      - unique: {column_name: x}
        config: {where: y}
  - name: c
    data_tests:
      - unique: [x]
  - name: d
    data_tests: [{unique: {model: x}}]
  - name: e
    columns: [{name: id, constraints: [{type: primary}]}]
"), @"
        error[yaml-type]: expected the name of a test, or a mapping, found the number `5` (models/schema.yml:5:9) -- help: write the name of a test, or a mapping here, or take the key out
        error[bad-test]: a test is one name with its arguments below it (models/schema.yml:9:9) -- help: indent this key further, below the name of the test
        error[yaml-type]: expected a mapping of the test's arguments, found a list (models/schema.yml:12:17) -- help: write `key: value`, each on a line of its own and indented, or `{key: value}`
        error[bad-test]: a test cannot take an argument `model` (models/schema.yml:14:28) -- help: the test is given the model that it is declared on; name the argument otherwise
        error[unknown-value]: `primary` has no meaning here (models/schema.yml:16:47) -- help: write one of `not_null`, `unique`, `primary_key`, `foreign_key`, `check`, `custom`
        ");
    }
}
