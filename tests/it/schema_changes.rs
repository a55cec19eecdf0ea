//! What becomes of an incremental model's table when the columns of its query change.

use insta::assert_snapshot;

use crate::project::TestProject;

/// Emulated, plain DuckDB: the profile of a test.
const PLAIN: &str = "project: {target: dev, outputs: {dev: {type: duckdb, path: project.duckdb, schema: main, threads: 1}}}\n";

/// A model that gives `first`, and in a run with `--vars 'b: 2'` gives `second`.
fn model(policy: &str, first: &str, second: &str) -> TestProject {
    TestProject::new().file(
        "models/m.sql",
        format!(
            "{{{{ config(materialized='incremental', on_schema_change='{policy}') }}}}\n{{% if var('b', 1) == 1 %}}select 1 as id, {first}{{% else %}}select 2 as id, {second}{{% endif %}}"
        ),
    )
}

/// Builds both batches, then shows the rows and the type of the column.
fn changed(project: &TestProject) -> String {
    project.redstart("run").success();
    project.redstart("run --vars 'b: 2'").success();
    let columns = "select column_name, data_type from information_schema.columns where table_name = 'm' order by ordinal_position";
    format!(
        "{}{}",
        project.query("select * from m order by id"),
        project.query(columns)
    )
}

#[test]
fn a_number_with_other_digits_has_another_type_and_is_never_rounded() {
    let project = model("fail", "7.5::decimal(5,2) as k", "8.123::decimal(8,3) as k");
    project.redstart("run").success();
    assert_snapshot!(project.redstart("run --vars 'b: 2'"), @"
    exit 1
    Running 1 node on 2 threads (target `dev.main`)
    1 of 1  ERROR creating sql incremental model main.m                   [[time]]
          error[schema-changed]: the columns of `main.m` changed (models/m.sql:1:56)

    error[schema-changed]: the columns of `main.m` changed
     --> models/m.sql:1:56
      |
    1 | {{ config(materialized='incremental', on_schema_change='fail') }}
      |                                                        ^^^^^^
      |
      = note: `k` was numeric(5,2), is numeric(8,3)
      = help: let the table follow with `on_schema_change: append_new_columns` or `sync_all_columns`
      = help: or make it anew with `--full-refresh`

    Finished 1 incremental model in [time]
    Done. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1
    ");
    assert_snapshot!(project.query("select * from m"), @"
    id | k
    1 | 7.50
    ");

    let follows = "sync_all_columns";
    let emulated = model(
        follows,
        "7.5::decimal(5,2) as k",
        "8.123::decimal(8,3) as k",
    );
    assert_snapshot!(changed(&emulated), @r"
    id | k
    1 | 7.500
    2 | 8.123
    column_name | data_type
    id | INTEGER
    k | DECIMAL(8,3)
    ");
    let plain = model(
        follows,
        "7.5::decimal(4,2) as k",
        "12345.67::decimal(10,2) as k",
    )
    .file("profiles.yml", PLAIN);
    assert_snapshot!(changed(&plain), @r"
    id | k
    1 | 7.50
    2 | 12345.67
    column_name | data_type
    id | INTEGER
    k | DECIMAL(10,2)
    ");
}

#[test]
fn a_column_follows_to_and_from_text_and_the_checks_of_the_others_stay() {
    let number = model(
        "sync_all_columns",
        "1 as k, 'ab'::varchar(2) as other",
        "'8'::varchar(5) as k, 'c'::varchar(2) as other",
    );
    assert_snapshot!(changed(&number), @"
    id | other | k
    1 | ab | 1
    2 | c | 8
    column_name | data_type
    id | INTEGER
    other | VARCHAR
    k | VARCHAR
    ");
    number.write(
        "models/m.sql",
        "{{ config(materialized='incremental', on_schema_change='fail') }} select 3 as id, 'c'::varchar(2) as other, 'longer'::varchar(6) as k",
    );
    number.redstart("run").success();
    assert_snapshot!(number.query("select k, other from m where id = 3"), @"
    k | other
    longer | c
    ");

    let text = model("sync_all_columns", "'7'::varchar(3) as k", "8 as k");
    assert_snapshot!(changed(&text), @r"
    id | k
    1 | 7
    2 | 8
    column_name | data_type
    id | INTEGER
    k | INTEGER
    ");
}

#[test]
fn a_column_of_fixed_length_follows_to_longer_texts_and_to_numbers() {
    let text = model(
        "sync_all_columns",
        "'ab'::char(3) as k",
        "'a longer text'::varchar(20) as k",
    );
    assert_snapshot!(changed(&text), @"
    id | k
    1 | ab
    2 | a longer text
    column_name | data_type
    id | INTEGER
    k | VARCHAR
    ");

    let number = model("sync_all_columns", "'7'::char(3) as k", "8 as k");
    assert_snapshot!(changed(&number), @"
    id | k
    1 | 7
    2 | 8
    column_name | data_type
    id | INTEGER
    k | INTEGER
    ");
}

#[test]
fn as_in_dbt_a_shorter_text_is_no_change_and_a_longer_one_makes_its_column_grow() {
    let project = model("fail", "'abcd'::varchar(4) as k", "'a'::char(2) as k");
    project.redstart("run").success();
    project.redstart("run --vars 'b: 2'").success();
    project.write(
        "models/m.sql",
        "{{ config(materialized='incremental', on_schema_change='fail') }} select 3 as id, 'a longer text'::varchar(20) as k",
    );
    project.redstart("run").success();

    assert_snapshot!(project.query("select id, trim(k) as k from m order by id"), @"
    id | k
    1 | abcd
    2 | a
    3 | a longer text
    ");
}

#[test]
fn a_text_that_is_no_number_stops_the_change_and_leaves_the_table_as_it_was() {
    let project = model("sync_all_columns", "'seven'::varchar(5) as k", "8 as k");
    project.redstart("run").success();
    let output = project.redstart("run --vars 'b: 2'");

    assert_eq!(output.code, 1, "{output}");
    assert_snapshot!(project.query("select * from m"), @"
    id | k
    1 | seven
    ");
}

#[test]
fn a_batch_whose_values_a_column_does_not_take_is_refused_as_on_redshift() {
    for strategy in ["append", "delete+insert", "merge"] {
        let project = TestProject::new().file(
            "models/m.sql",
            format!(
                "{{{{ config(materialized='incremental', incremental_strategy='{strategy}', unique_key='id') }}}}\nselect {{{{ var('cols', '1 as id, 1 as k') }}}}"
            ),
        );
        project.redstart("run").success();
        for wrong in [
            "2 as id, cast(''5'' as varchar) as k",
            "2 as id, true as k",
            "2 as id, current_date as k",
        ] {
            let output =
                project.redstart(&format!("run --no-check --vars \"{{cols: '{wrong}'}}\""));
            assert_eq!(output.code, 1, "{strategy}: {wrong}: {output}");
            assert!(output.text().contains("not-redshift"), "{output}");
        }
        project
            .redstart("run --vars \"{cols: '2 as id, cast(2.5 as decimal(3,1)) as k'}\"")
            .success();
        assert_eq!(project.query("select count(*) as n from m"), "n\n2\n");
    }
}

#[test]
fn a_column_that_follows_the_query_takes_its_values() {
    for (first, second) in [
        ("1 as k", "'8'::varchar(5) as k"),
        ("'7'::varchar(3) as k", "current_date as k"),
        ("current_date as k", "8 as k"),
    ] {
        let project = model("sync_all_columns", first, second);
        project.redstart("run").success();
        let output = project.redstart("run --vars 'b: 2'");
        assert!(!output.text().contains("not-redshift"), "{output}");
    }
}

#[test]
fn a_history_takes_no_texts_where_it_has_numbers() {
    let project = TestProject::new().file(
        "snapshots/s.sql",
        "{% snapshot s %}{{ config(unique_key='id', strategy='check', check_cols='all', target_schema='main') }}select 1 as id, {{ var('k', '1') }} as k{% endsnapshot %}",
    );
    project.redstart("snapshot").success();
    let output = project.redstart("snapshot --vars \"{k: '2::varchar(3)'}\"");
    assert_eq!(output.code, 1, "{output}");
    project.redstart("snapshot --vars '{k: 3}'").success();
    assert_eq!(project.query("select k from s order by k"), "k\n1\n3\n");
}

/// A table of a hook, made before the model whose other hook fills it.
fn filled(make: &str, fill: &str) -> TestProject {
    TestProject::new().file(
        "models/m.sql",
        format!(
            "{{{{ config(materialized='table', pre_hook=[\"{make}\"], post_hook=[\"{fill}\"]) }}}}\nselect 1 as id"
        ),
    )
}

const MAKE: &str = "drop table if exists main.audit; create table main.audit (n integer, at timestamp, what varchar(20), ok boolean)";

#[test]
fn an_insert_of_a_hook_takes_what_redshift_takes() {
    let taken = [
        "insert into main.audit select '5', '2024-01-01 10:00:00', 'a', 't'",
        "insert into main.audit (n, at, what) values ('5', '2024-01-01', 7)",
        "insert into main.audit (n, what) select 5.0, current_date",
        "insert into main.audit (ok, n) select 1, 2.5::float8",
        "insert into main.audit select null, null, null, null",
        "update main.audit set at = current_date, what = n",
    ];
    filled(MAKE, &taken.join("; ")).redstart("build").success();
    for refused in [
        "insert into main.audit (n) select '5'::varchar",
        "update main.audit set n = what",
    ] {
        let output = filled(MAKE, refused).redstart("build");
        assert_eq!(output.code, 1, "{refused}: {output}");
        assert!(
            output.text().contains("not-redshift"),
            "{refused}: {output}"
        );
    }
}

#[test]
fn a_table_that_is_there_already_is_looked_at_when_a_hook_fills_it() {
    let make = "create table if not exists main.audit (n integer, what varchar(20))";
    let wrong = "insert into main.audit (n) select '5'::varchar";
    let project = filled(make, "delete from main.audit");
    project.redstart("build").success();
    for fill in [
        wrong,
        "merge into main.audit using main.m on main.audit.n = main.m.id when matched then update set n = 'a' || id when not matched then insert (n) values (main.m.id)",
        "merge into main.audit using main.m on main.audit.n = main.m.id when matched then delete when not matched then insert (n) values (cast(main.m.id as varchar))",
    ] {
        let files = filled(make, fill);
        project.write("models/m.sql", files.read("models/m.sql"));
        let output = project.redstart("build");
        assert_eq!(output.code, 1, "{fill}: {output}");
        assert!(
            output.text().contains(
                "column `n` is of type integer but expression is of type character varying"
            ),
            "{fill}: {output}"
        );
    }
    // Of a table that was another one before, the text of a hook tells nothing.
    let other = "drop table main.audit; create table main.audit (n varchar(9), what varchar(20))";
    project.write(
        "models/m.sql",
        filled(other, "select 1").read("models/m.sql"),
    );
    project.redstart("build").success();
    project.write("models/m.sql", filled(make, wrong).read("models/m.sql"));
    project.redstart("build").success();
}

#[test]
fn values_that_a_hook_puts_into_a_table_are_those_of_redshift() {
    let project = filled(
        "drop table if exists main.audit; create table main.audit (n integer, s super, moment timestamp)",
        "insert into main.audit select 2.5::float8, '5', 'Jan 15, 2024 10:30'; insert into main.audit values (3.5::float8, '{\\\"a\\\": 1}', '2024-01-16'); insert into main.audit (s) select 'x'::varchar",
    );
    project.redstart("build").success();
    assert_snapshot!(project.query("select n, s, moment from audit order by n"), @r#"
    n | s | moment
    3 | "5" | 2024-01-15 10:30:00
    4 | "{\"a\": 1}" | 2024-01-16 00:00:00
    NULL | "x" | NULL
    "#);
}
