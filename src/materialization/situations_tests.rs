//! Every materialization in every situation, as Redshift gets it, in one list; and what must hold in all of them.

use insta::assert_snapshot;

use super::fixture::{Case, Held, column, has, model};
use super::tests::{COLUMNS, TABLE, VIEW, copy};
use super::{Section, Work};
use crate::adapter::seed::SeedRows;
use crate::adapter::statement::{ColumnDefinition, Dist, TableAttributes};
use crate::adapter::{Statement, redshift};
use crate::manifest::config::OnSchemaChange;
use crate::manifest::node::{Detail, SourceDetail, StagedLoad};
use crate::manifest::{Node, ResourceType};
use crate::project::seed::Seed;
use crate::relation::{Relation, RelationKind};

const QUERY: &str = "select id, name from raw.people";
const MATERIALIZED: RelationKind = RelationKind::MaterializedView;

/// The materializations, each with a node that is small but has what makes a difference.
fn nodes() -> Vec<(&'static str, Node)> {
    let mut table = people("table");
    table.config.attributes = TableAttributes {
        dist: Some(Dist::Key("id".into())),
        sort: vec!["id".into()],
        ..TableAttributes::default()
    };
    let mut late = people("view");
    late.config.bind = false;
    let mut seed = people("seed");
    seed.resource_type = ResourceType::Seed;
    seed.code = None;
    vec![
        ("view", people("view")),
        ("view, late-binding", late),
        ("table", table),
        ("table, with a contract", contracted()),
        ("incremental, append", incremental("append")),
        ("incremental, delete+insert", incremental("delete+insert")),
        ("incremental, merge", incremental("merge")),
        ("materialized view", people("materialized_view")),
        ("seed", seed),
        ("staged load", load()),
    ]
}

fn people(materialized: &str) -> Node {
    model("people", materialized, QUERY)
}

fn contracted() -> Node {
    let mut node = people("table");
    node.config.contract_enforced = true;
    for (name, data_type) in COLUMNS {
        node.columns.insert(name.into(), column(name, data_type));
    }
    node
}

fn incremental(strategy: &str) -> Node {
    let mut node = people("incremental");
    node.config.incremental_strategy = Some(strategy.into());
    if strategy != "append" {
        node.config.unique_key = vec!["id".into()];
    }
    node
}

fn load() -> Node {
    let mut node = people("load");
    node.resource_type = ResourceType::Source;
    node.code = None;
    for (name, data_type) in COLUMNS {
        node.columns.insert(name.into(), column(name, data_type));
    }
    node.detail = Detail::Source(Box::new(SourceDetail {
        source_name: "raw".into(),
        source_description: String::new(),
        loader: String::new(),
        location: None,
        external: None,
        load: Some(StagedLoad {
            copy: copy("s3://lake/people"),
            attributes: TableAttributes::default(),
            mode: Default::default(),
        }),
        freshness: None,
        freshness_value: Default::default(),
        loaded_at: Default::default(),
        source_meta: Default::default(),
        quoting: Default::default(),
        unrendered_schema: None,
        unrendered_database: None,
    }));
    node
}

/// What the warehouse holds, and what the command line says.
fn situations() -> Vec<(&'static str, Option<RelationKind>, bool)> {
    vec![
        ("first run", None, false),
        ("over a view", Some(VIEW), false),
        ("over a table", Some(TABLE), false),
        ("over a materialized view", Some(MATERIALIZED), false),
        ("full refresh, over a view", Some(VIEW), true),
        ("full refresh, over a table", Some(TABLE), true),
        (
            "full refresh, over a materialized view",
            Some(MATERIALIZED),
            true,
        ),
    ]
}

fn case(node: Node, held: Option<RelationKind>, full_refresh: bool) -> Case<'static> {
    let is_seed = node.resource_type == ResourceType::Seed;
    let held: Vec<Held<'_>> = held
        .map(|kind| ("people", kind, &COLUMNS[..]))
        .into_iter()
        .collect();
    let mut case = Case::of(node).on(&held).columns(&["id", "name"]);
    case.full_refresh = full_refresh;
    case.lengths = true;
    case.seed = is_seed.then(|| Seed {
        columns: COLUMNS
            .map(|(name, kind)| ColumnDefinition::new(name, kind))
            .to_vec(),
        warnings: Vec::new(),
        rows: std::sync::Arc::new(SeedRows::of_text("seeds/people.csv", "id,name\n1,ann\n")),
    });
    case
}

/// The sections of a case, the second half of an increment among them when its batch has these columns.
fn all_sections(case: &Case<'_>, batch: &[(&str, &str)]) -> Vec<Section> {
    let Ok(Work::Build(build)) = case.work() else {
        panic!("{}", case.told());
    };
    let mut sections = build.sections;
    if let Some(then) = build.then {
        let batch: Vec<_> = batch.iter().map(|(name, kind)| has(name, kind)).collect();
        sections.extend(then.sections(&batch).expect("columns that may come"));
    }
    sections
}

/// The question of a data test, and what keeps the rows that fail.
fn test_that_keeps_its_failures() -> (String, Vec<Section>) {
    let mut node = people("test");
    node.resource_type = ResourceType::Test;
    let plain = case(node.clone(), None, false).work();
    node.config.store_failures = Some(true);
    match (plain, case(node, Some(TABLE), false).work()) {
        (Ok(Work::Test(plain)), Ok(Work::Test(kept))) => {
            let question = plain.check.split_whitespace().collect::<Vec<_>>();
            (
                question.join(" "),
                kept.store.map_or_else(Vec::new, |store| store.sections),
            )
        }
        other => panic!("{other:?}"),
    }
}

/// A statement a line, with `begin` and `commit`.
fn lines(sections: &[Section]) -> Vec<String> {
    let line = |sql: String| sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut said = Vec::new();
    for section in sections {
        let words = section
            .statements
            .iter()
            .flat_map(redshift::sql::sql)
            .map(line);
        if section.transaction {
            said.push("begin".to_owned());
        }
        said.extend(words);
        if section.transaction {
            said.push("commit".to_owned());
        }
    }
    said
}

/// Every cell: its name and its sections, and whether something stood under the name before.
fn cells() -> Vec<(String, Vec<Section>, bool)> {
    let mut cells = Vec::new();
    for (name, node) in nodes() {
        for (situation, held, full_refresh) in situations() {
            let sections = all_sections(&case(node.clone(), held, full_refresh), &COLUMNS);
            cells.push((format!("{name}: {situation}"), sections, held.is_some()));
        }
    }
    for strategy in ["append", "delete+insert", "merge"] {
        for (policy, changes) in [
            (OnSchemaChange::Ignore, &["a longer text"][..]),
            (OnSchemaChange::AppendNewColumns, &["a new column"]),
            (
                OnSchemaChange::SyncAllColumns,
                &["a new and a gone column", "another type"],
            ),
        ] {
            for change in changes {
                let mut node = incremental(strategy);
                node.config.on_schema_change = policy;
                let batch: &[(&str, &str)] = match *change {
                    "a longer text" => &[COLUMNS[0], ("name", "character varying(300)")],
                    "a new column" => &[COLUMNS[0], COLUMNS[1], ("age", "smallint")],
                    "another type" => &[("id", "bigint"), COLUMNS[1]],
                    _ => &[COLUMNS[0], ("age", "smallint")],
                };
                let sections = all_sections(&case(node, Some(TABLE), false), batch);
                cells.push((format!("incremental, {strategy}: {change}"), sections, true));
            }
        }
    }
    cells
}

/// Situations that get the same statements.
struct Group {
    situations: Vec<String>,
    said: Vec<String>,
}

#[test]
fn every_materialization_in_every_situation_has_its_statements() {
    // The situations of a materialization that get the same statements stand together.
    let mut told: Vec<(String, Vec<Group>)> = Vec::new();
    for (cell, sections, _) in cells() {
        let (name, situation) = cell.split_once(": ").expect("a name and a situation");
        let place = told.iter().position(|(known, _)| known == name);
        let place = place.unwrap_or_else(|| {
            told.push((name.to_owned(), Vec::new()));
            told.len() - 1
        });
        let groups = &mut told[place].1;
        let said = lines(&sections);
        match groups.iter_mut().find(|group| group.said == said) {
            Some(group) => group.situations.push(situation.to_owned()),
            None => groups.push(Group {
                situations: vec![situation.to_owned()],
                said,
            }),
        }
    }
    let (question, kept) = test_that_keeps_its_failures();
    let mut text = format!("test\n  always\n    {question}\n");
    text.push_str("  store_failures, over a table\n");
    text.extend(lines(&kept).iter().map(|line| format!("    {line}\n")));
    for (name, groups) in told {
        text.push_str(&format!("\n{name}\n"));
        for group in groups {
            text.push_str(&format!("  {}\n", group.situations.join(" | ")));
            for line in group.said {
                text.push_str(&format!("    {line}\n"));
            }
        }
    }
    assert_snapshot!(text);
}

#[test]
fn no_reader_ever_misses_a_relation_and_nothing_goes_that_was_not_meant_to() {
    let own = Relation::new("analytics", "people");
    for (cell, sections, mut there) in cells() {
        for section in &sections {
            for statement in &section.statements {
                let before = there;
                match statement {
                    Statement::Rename { from, .. } | Statement::Drop { relation: from, .. }
                        if from.key() == own.key() =>
                    {
                        there = false;
                    }
                    Statement::Rename { to, .. } if *to == own.identifier => there = true,
                    Statement::CreateTableAs { relation, .. }
                    | Statement::CreateTable { relation, .. }
                    | Statement::CreateView { relation, .. }
                    | Statement::CreateMaterializedView { relation, .. }
                        if relation.key() == own.key() =>
                    {
                        there = true;
                    }
                    _ => {}
                }
                assert!(
                    there || !before || section.transaction,
                    "{cell}: others see that it is gone after {statement:?}"
                );
            }
            assert!(
                there || matches!(section.phase, super::Phase::Prepare | super::Phase::Build),
                "{cell}: it is gone after {:?}",
                section.phase
            );
        }
        let said = lines(&sections).join("\n");
        for word in ["cascade", "truncate"] {
            assert!(!said.contains(word), "{cell}: {said}");
        }
        let commits = sections
            .iter()
            .filter(|section| section.transaction)
            .count();
        assert!(commits <= 2, "{cell}: {commits} transactions");
    }
}
