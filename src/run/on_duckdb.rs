//! Runs on a real DuckDB in its own dialect: what publishing, increments and tests do to rows.

use insta::assert_snapshot;

use super::double::Setup;
use super::{RunResults, Status};
use crate::adapter::copy::Folders;
use crate::adapter::target::{Target, Warehouse};
use crate::adapter::{Adapter, Prepared, duckdb, open};
use crate::diagnostic::Source;
use crate::manifest::config::OnSchemaChange;
use crate::manifest::node::{Code, Constraint, ConstraintKind, Detail, TestDetail};
use crate::manifest::{Node, ResourceType};
use crate::materialization::fixture::{column, model};

struct Database {
    adapter: Box<dyn Adapter>,
    _folder: tempfile::TempDir,
}

impl Database {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let adapter = open(&Target {
            name: "dev".into(),
            dialect: "duckdb",
            database: "dev".into(),
            schema: "analytics".into(),
            threads: 4,
            warehouse: Warehouse::DuckDb(duckdb::Config {
                path: Some(folder.path().join("dev.duckdb")),
                database: "dev".into(),
                emulates_redshift: false,
                settings: Vec::new(),
                places: Default::default(),
                s3: Folders::default(),
            }),
        })
        .unwrap();
        Self {
            adapter,
            _folder: folder,
        }
    }

    /// What is there is read, and then everything is built.
    fn build(&self, setup: &mut Setup) -> RunResults {
        let mut connection = self.adapter.connect().unwrap();
        setup.existing = connection.existing(&["analytics".into()]).unwrap();
        setup.run(self.adapter.as_ref(), &mut |_| {})
    }

    fn built(&self, setup: &mut Setup) -> String {
        let results = self.build(setup);
        let notes: String = results
            .results
            .iter()
            .flat_map(|result| &result.diagnostics)
            .map(|problem| format!("  {problem} {}\n", problem.notes.join(" ")))
            .collect();
        setup.told(&results) + &notes
    }

    /// The rows of a query, a line each.
    fn rows(&self, query: &str) -> String {
        let prepared = Prepared::sql(vec![query.into()]);
        let mut connection = self.adapter.connect().unwrap();
        let table = connection.query(&prepared, None).unwrap();
        let line = |row: &Vec<crate::adapter::Value>| {
            row.iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("|")
        };
        table.rows.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn relations(&self) -> String {
        self.rows(
            "select table_name || ' ' || lower(table_type) from information_schema.tables
             where table_schema = 'analytics' order by 1",
        )
    }
}

/// Gives a node another query.
fn rewrite(setup: &mut Setup, name: &str, sql: &str) {
    let id = setup.id(name);
    let source = Source::new(format!("models/{name}.sql"), sql);
    setup.manifest.nodes[id.index()].code = Some(Code::whole(&source));
}

fn materialize(setup: &mut Setup, name: &str, materialized: &str) {
    let id = setup.id(name);
    setup.manifest.nodes[id.index()].config.materialized = materialized.into();
}

#[test]
fn a_second_build_swaps_and_leaves_nothing_behind() {
    let database = Database::new();
    let mut setup = Setup::tables(&["a"]);
    setup.add(
        model("v", "view", "select a + 1 as b from analytics.a"),
        &["a"],
    );
    assert_snapshot!(database.built(&mut setup), @r"
    a success: 1 row
    v success:
    ");
    rewrite(&mut setup, "a", "select 5 as a union all select 6");
    assert_snapshot!(database.built(&mut setup), @r"
    a success: 2 rows
    v success:
    ");
    assert_snapshot!(database.rows("select b from analytics.v order by b"), @r"
    6
    7
    ");
    assert_snapshot!(database.relations(), @r"
    a base table
    v view
    ");
    materialize(&mut setup, "a", "view");
    materialize(&mut setup, "v", "table");
    assert_snapshot!(database.built(&mut setup), @r"
    a success: 
    v success: 2 rows
    ");
    assert_snapshot!(database.relations(), @r"
    a view
    v base table
    ");
}

#[test]
fn a_failing_query_leaves_the_old_table_whole() {
    let database = Database::new();
    let mut setup = Setup::tables(&["a"]);
    database.build(&mut setup);
    rewrite(&mut setup, "a", "select error('no')");
    let results = database.build(&mut setup);
    assert!(results.failed());
    assert_snapshot!(database.relations(), @"a base table");
    assert_eq!(database.rows("select a from analytics.a"), "1");
}

#[test]
fn what_the_database_refuses_comes_home_to_the_line_of_the_template() {
    let database = Database::new();
    let mut setup = Setup::tables(&["a"]);
    let sql = "{% set n = 1 %}\nselect\n  amont,\n  {{ n }} as n\nfrom (select 1 as amount)";
    setup.add(model("b", "table", sql), &["a"]);
    setup.add(model("c", "incremental", sql), &["a"]);
    setup.add(
        data_test("test_unique(model='analytics.a', column_name='b')"),
        &["a"],
    );
    setup.options.tests_gate = false;
    assert_snapshot!(database.built(&mut setup), @r#"
    a success: 1 row
    b error: there is no column `amont` in what is read here
    c error: there is no column `amont` in what is read here
    check error: there is no column `b` in what is read here
      error[unknown-column]: there is no column `amont` in what is read here (models/b.sql:3:3) the database said: Binder Error: Referenced column "amont" not found in FROM clause!
    Candidate bindings: "amount"
      error[unknown-column]: there is no column `amont` in what is read here (models/c.sql:3:3) the database said: Binder Error: Referenced column "amont" not found in FROM clause!
    Candidate bindings: "amount"
      error[unknown-column]: there is no column `b` in what is read here (models/check.sql:1:1) the line of SQL is: where b is not null the database said: Binder Error: Referenced column "b" not found in FROM clause!
    Candidate bindings: "a"
    "#);
}

#[test]
fn a_node_that_reads_what_was_never_built_says_how_to_build_it() {
    let database = Database::new();
    let mut setup = Setup::tables(&["a"]);
    setup.add(model("b", "table", "select * from analytics.a"), &["a"]);
    setup.left_out = vec!["a"];
    let results = database.build(&mut setup);
    assert_snapshot!(
        results.results[0].diagnostics[0].help.join("\n"),
        @"`a` is not there yet: build it first, or with this: `--select +b`"
    );
}

#[test]
fn what_a_killed_run_left_is_removed() {
    let database = Database::new();
    let mut setup = Setup::tables(&["a"]);
    database.build(&mut setup);
    database
        .adapter
        .connect()
        .unwrap()
        .execute(&Prepared::sql(vec![
            "create table analytics.a__rs_tmp as select 1".into(),
            "create view analytics.a__rs_old as select 1".into(),
        ]))
        .unwrap();
    assert_snapshot!(database.built(&mut setup), @"a success: 1 row");
    assert_snapshot!(database.relations(), @"a base table");
}

#[test]
fn many_swaps_in_one_schema_do_not_get_in_each_others_way() {
    let database = Database::new();
    let names: Vec<String> = (0..30).map(|n| format!("t{n}")).collect();
    let lines: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut setup = Setup::tables(&lines);
    setup.threads = 4;
    for _ in 0..3 {
        let told = database.built(&mut setup);
        assert_eq!(told.matches("success").count(), 30, "{told}");
    }
}

fn increment(unique_key: &[&str], strategy: Option<&str>) -> (Database, Setup) {
    let mut setup = Setup::tables(&[]);
    let mut node = model(
        "a",
        "incremental",
        "select 1 as id, 'old' as v union all select 2, 'old'",
    );
    node.config.unique_key = unique_key.iter().map(|key| (*key).to_owned()).collect();
    node.config.incremental_strategy = strategy.map(str::to_owned);
    setup.add(node, &[]);
    (Database::new(), setup)
}

const BATCH: &str =
    "select 2 as id, 'new' as v union all select 3, 'new' union all select null, 'new'";
const ALL: &str = "select coalesce(id::varchar, 'NULL'), v from analytics.a order by 1, 2";

#[test]
fn the_same_batch_twice_changes_nothing_but_for_a_null_key() {
    for strategy in ["delete+insert", "merge"] {
        let (database, mut setup) = increment(&["id"], Some(strategy));
        database.build(&mut setup);
        rewrite(&mut setup, "a", BATCH);
        let told = database.built(&mut setup);
        assert_eq!(told, "a success: 4 rows\n", "{strategy}");
        database.build(&mut setup);
        assert_eq!(
            database.rows(ALL),
            "1|old\n2|new\n3|new\nNULL|new\nNULL|new",
            "{strategy}"
        );
        assert_eq!(database.relations(), "a base table");
    }
}

#[test]
fn without_a_key_rows_are_appended() {
    let (database, mut setup) = increment(&[], None);
    database.build(&mut setup);
    rewrite(&mut setup, "a", "select 'new' as v, 9 as id, true as more");
    assert_snapshot!(database.built(&mut setup), @"a success: 3 rows");
    assert_snapshot!(database.rows(ALL), @r"
    1|old
    2|old
    9|new
    ");
}

#[test]
fn a_composite_key_matches_as_a_whole() {
    let (database, mut setup) = increment(&["id", "v"], None);
    database.build(&mut setup);
    rewrite(
        &mut setup,
        "a",
        "select 1 as id, 'old' as v union all select 1, 'new'",
    );
    database.build(&mut setup);
    assert_snapshot!(database.rows(ALL), @r"
    1|new
    1|old
    2|old
    ");
}

#[test]
fn a_table_follows_its_querys_columns() {
    let (database, mut setup) = increment(&["id"], None);
    setup.manifest.nodes[0].config.on_schema_change = OnSchemaChange::AppendNewColumns;
    database.build(&mut setup);
    rewrite(&mut setup, "a", "select 2 as id, 7 as n");
    assert_snapshot!(database.built(&mut setup), @"a success: 2 rows");
    assert_snapshot!(database.rows("select id, v, n from analytics.a order by 1"), @r"
    1|old|
    2||7
    ");
    setup.manifest.nodes[0].config.on_schema_change = OnSchemaChange::SyncAllColumns;
    assert_snapshot!(database.built(&mut setup), @"a success: 2 rows");
    assert_snapshot!(database.rows("from analytics.a order by 1"), @r"
    1|
    2|7
    ");
    setup.manifest.nodes[0].config.on_schema_change = OnSchemaChange::Fail;
    rewrite(&mut setup, "a", "select 2 as id, 7 as m");
    assert_snapshot!(database.built(&mut setup), @r"
    a error: the columns of `analytics.a` changed
      error[schema-changed]: the columns of `analytics.a` changed (models/a.sql:1:1) new: `m` INTEGER gone: `n` INTEGER
    ");
}

#[test]
fn a_contract_keeps_null_out() {
    let database = Database::new();
    let mut setup = Setup::tables(&["a"]);
    let node = &mut setup.manifest.nodes[0];
    node.config.contract_enforced = true;
    node.config.persist_docs_relation = true;
    node.config.persist_docs_columns = true;
    node.description = "It's a".into();
    let mut a = column("a", "integer");
    a.constraints.push(Constraint {
        kind: ConstraintKind::NotNull,
        name: None,
        columns: Vec::new(),
        expression: None,
        to: None,
        to_node: None,
        to_columns: Vec::new(),
        warn_unsupported: true,
        warn_unenforced: true,
        declared_at: None,
    });
    node.columns.insert("a".into(), a);
    assert_snapshot!(database.built(&mut setup), @"a success: 1 row");
    assert_snapshot!(
        database.rows("select data_type, column_name from information_schema.columns where table_name = 'a'"),
        @"INTEGER|a"
    );
    assert_snapshot!(database.rows("select comment from duckdb_tables()"), @"It's a");
    rewrite(&mut setup, "a", "select null::integer as a");
    assert!(database.build(&mut setup).failed());
    assert_eq!(database.rows("from analytics.a"), "1");
    assert_eq!(database.relations(), "a base table");
}

fn data_test(call: &str) -> Node {
    let mut node = model("check", "test", &format!("{{{{ {call} }}}}"));
    node.resource_type = ResourceType::Test;
    node.relation = None;
    node.detail = Detail::Test(Box::new(TestDetail {
        generic: None,
        attached_node: None,
        column_name: None,
        declared_on: None,
    }));
    node
}

/// What a test finds in a table with doubles, a NULL and an orphan.
fn found(call: &str) -> String {
    let database = Database::new();
    let mut setup = Setup::tables(&[]);
    let rows = "select * from (values (1, 'a'), (1, 'b'), (2, 'a'), (null, 'c''d')) as t (id, v)";
    setup.add(model("m", "table", rows), &[]);
    setup.add(model("p", "table", "select 1 as key"), &[]);
    setup.add(data_test(call), &["m", "p"]);
    let results = database.build(&mut setup);
    let result = results.of(setup.id("check")).unwrap();
    if result.status == Status::Error {
        return format!("{:?}", result.diagnostics);
    }
    let sample = result.sample.as_ref().map_or(String::new(), |table| {
        let names: Vec<_> = table
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        let rows: Vec<String> = table
            .rows
            .iter()
            .map(|row| {
                row.iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join("|")
            })
            .collect();
        format!(": {} {}", names.join("|"), rows.join(" "))
    });
    format!("{}{sample}", result.failures.unwrap_or(0))
}

#[test]
fn built_in_tests_find_rows_worth_seeing() {
    let model = "model='analytics.m'";
    assert_snapshot!(found(&format!("test_unique({model}, column_name='id')")), @"1: unique_field|n_records 1|2");
    assert_snapshot!(found(&format!("test_unique({model}, column_name='v || id')")), @"0");
    assert_snapshot!(found(&format!("test_not_null({model}, column_name='id')")), @"1: id|v |c'd");
    assert_snapshot!(found(&format!(r#"test_accepted_values({model}, column_name='v', values=['a', 'b'])"#)), @"1: value_field|n_records c'd|1");
    assert_snapshot!(found(&format!(r#"test_accepted_values({model}, column_name='v', values=['a', 'b', "c'd"])"#)), @"0");
    assert_snapshot!(found(&format!("test_accepted_values({model}, column_name='id', values=[1, 2], quote=false)")), @"0");
    assert_snapshot!(found(&format!("test_relationships({model}, column_name='id', to='analytics.p', field='key')")), @"1: from_field 2");
    assert_snapshot!(found(&format!("test_unique_combination({model}, columns=['id', 'v'])")), @"0");
    assert_snapshot!(found(&format!("test_unique_combination({model}, columns=['v'])")), @"1: v|n_records a|2");
    assert_snapshot!(found(&format!("test_accepted_range({model}, column_name='id', min_value=1, max_value=2)")), @"0");
    assert_snapshot!(found(&format!("test_accepted_range({model}, column_name='id', min_value=1, inclusive=false)")), @"2: id|v 1|a 1|b");
    assert_snapshot!(found(&format!("test_expression_is_true({model}, expression='id < 2')")), @"1: id|v 2|a");
    assert_snapshot!(found(&format!("test_expression_is_true({model}, column_name='id', expression='= 1')")), @"1: id|v 2|a");
}

#[test]
fn row_counts_say_what_was_found_and_what_was_expected() {
    let model = "model='analytics.m'";
    assert_snapshot!(found(&format!("test_row_count({model}, equals=4)")), @"0");
    assert_snapshot!(found(&format!("test_row_count({model}, equals='5', min=1, max=3)")), @"2: broken_rule|found_rows|expected_rows equals|4|5 max|4|3");
    assert_snapshot!(found(&format!("test_row_count({model}, compare_to='analytics.p')")), @"1: broken_rule|found_rows|expected_rows compare_to|4|1");
    assert_snapshot!(found(&format!("test_row_count({model}, compare_to='analytics.p', factor=4)")), @"0");
    assert_snapshot!(found(&format!("test_row_count({model}, compare_to='analytics.p', factor=5, tolerance=0.2)")), @"0");
    assert_snapshot!(found(&format!("test_row_count({model}, compare_to='analytics.p', factor=5, tolerance=0.1)")), @"1: broken_rule|found_rows|expected_rows compare_to|4|5");
    assert_snapshot!(found(&format!("test_row_count({model}, column_name='id', equals=3)")), @"0");
}

#[test]
fn failures_are_kept_when_asked_for() {
    let database = Database::new();
    let mut setup = Setup::tables(&["a"]);
    let mut node = data_test("test_unique(model='analytics.a', column_name='a')");
    node.relation = Some(crate::relation::Relation::new("audit", "check"));
    setup.add(node, &["a"]);
    setup.options.store_failures = true;
    rewrite(&mut setup, "a", "select 1 as a union all select 1");
    assert_snapshot!(database.built(&mut setup), @r"
    a success: 2 rows
    check fail: Got 1 result, configured to fail if != 0
    ");
    assert_snapshot!(database.rows("from audit.check"), @"1|2");
}

/// The texts that are no values of a type; the test and the rule for rejected rows must say the same.
fn uncastable(data_type: &str, texts: &[&str]) -> String {
    let database = Database::new();
    let mut setup = Setup::tables(&[]);
    let values: Vec<String> = texts.iter().map(|text| format!("('{text}')")).collect();
    let rows = format!("select * from (values {}) as t (v)", values.join(", "));
    setup.add(model("m", "table", &rows), &[]);
    let call =
        format!("test_castable(model='analytics.m', column_name='v', data_type='{data_type}')");
    setup.add(data_test(&call), &["m"]);
    let results = database.build(&mut setup);
    let result = results.of(setup.id("check")).unwrap();
    let arguments = serde_json::json!({"column_name": "v", "data_type": data_type});
    let rule =
        crate::data_tests::row_rule("castable", arguments.as_object().unwrap(), None, "duckdb");
    let rule = rule.unwrap().unwrap();
    let code = result.compiled_code.as_deref().unwrap_or_default();
    assert!(code.contains(&rule.fails), "{code}\n{}", rule.fails);
    let found = result.sample.iter().flat_map(|table| &table.rows);
    let found: Vec<String> = found.map(|row| row[0].to_string()).collect();
    found.join("|")
}

#[test]
fn a_text_is_castable_where_it_is_written_as_a_value_of_the_type() {
    let whole = [
        "1",
        "-7",
        "007",
        "1.0",
        "",
        " 1",
        "x",
        "32768",
        "99999999999",
        "9223372036854775808",
    ];
    assert_eq!(
        uncastable("smallint", &whole),
        "1.0|| 1|x|32768|99999999999|9223372036854775808"
    );
    assert_eq!(
        uncastable("integer", &whole),
        "1.0|| 1|x|99999999999|9223372036854775808"
    );
    assert_eq!(
        uncastable("bigint", &whole),
        "1.0|| 1|x|9223372036854775808"
    );
    assert_eq!(
        uncastable(
            "decimal(5,2)",
            &["1", "-123.45", "1.234", "1234", "1,5", ".5", "1e3"]
        ),
        "1.234|1234|1,5|.5|1e3"
    );
    assert_eq!(
        uncastable("numeric(4,0)", &["1234", "12345", "1.0"]),
        "12345|1.0"
    );
    assert_eq!(
        uncastable("double precision", &["1", "-1.5e10", "1e999", "nan"]),
        "1e999|nan"
    );
    let days = [
        "2024-02-29",
        "2023-02-29",
        "1900-02-29",
        "2000-02-29",
        "2021-04-31",
        "2021-13-01",
        "0000-01-01",
        "21-01-01",
        "01/02/2021",
    ];
    assert_eq!(
        uncastable("date", &days),
        "2023-02-29|1900-02-29|2021-04-31|2021-13-01|0000-01-01|21-01-01|01/02/2021"
    );
    assert_eq!(
        uncastable(
            "timestamp",
            &[
                "2021-11-07T02:48:42Z",
                "2021-11-07 02:48",
                "2021-11-07",
                "2021-11-07T24:00:00Z",
                "2021-11-07T02:48:42+02:00"
            ]
        ),
        "2021-11-07T24:00:00Z|2021-11-07T02:48:42+02:00"
    );
    assert_eq!(
        uncastable("varchar(4)", &["abcd", "\u{e9}t\u{e9}"]),
        "\u{e9}t\u{e9}"
    );
}
