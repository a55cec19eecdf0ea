//! Rows that fail a test of one row stand beside the others, with the reasons: of loads, of what loads and incremental models add.

use insta::assert_snapshot;

use crate::loads::{Everywhere, TARGETS};

const SALES: &str = "sources:
  - name: raw
    schema: SCHEMA
    tables:
      - name: sales
        config: {rejects: true, reject_limit: 'LIMIT'}
        external: {location: 's3://lake/sales_1.csv', file_format: csv, load_mode: replace, copy: {iam_role: default, ignoreheader: 1}}
        columns:
          - {name: id, data_type: varchar(12), data_tests: [not_null, unique, castable: {arguments: {data_type: integer}}]}
          - {name: day, data_type: varchar(20), data_tests: [castable: {arguments: {data_type: date}}]}
          - {name: kind, data_type: varchar(4), constraints: [{type: not_null}], data_tests: [not_null, accepted_values: {arguments: {values: [new, used]}}]}
          - {name: pieces, data_type: integer, data_tests: [accepted_range: {arguments: {min_value: 1}}]}
";

const FIRST: &str = "id,day,kind,pieces
1,2024-02-29,new,3
2,2023-02-29,used,1
three,2024-03-01,new,1
4,,,2
5,2024-03-02,old,0
";

fn sales(schema: &str, limit: &str) -> Everywhere {
    let all = Everywhere::new(schema);
    let sources = SALES.replace("SCHEMA", schema).replace("LIMIT", limit);
    all.project.write("models/sources.yml", sources);
    all.project.write("bucket/sales_1.csv", FIRST);
    all
}

const REJECTED: &str = "select id, kind, pieces, rejected_columns, rejected_because from SCHEMA.sales__rejects order by id";

#[test]
fn rows_of_a_load_that_fail_a_test_of_one_row_stand_beside_the_others() {
    let all = sales("rejects_load", "4");
    let built = all.run("build").success();
    assert!(
        built.text().contains("1 row from 1 file, 4 rejected"),
        "{built}"
    );
    assert_snapshot!(all.rows("select id + 1 as next_id, day + 1 as next_day, kind, pieces from {{ source('raw', 'sales') }}"), @"
    next_id | next_day   | kind | pieces
    --------+------------+------+-------
          2 | 2024-03-01 | new  |      3
    ");
    let rejected = REJECTED.replace("SCHEMA", "rejects_load");
    assert_snapshot!(all.rows(&rejected), @"
    id    | kind | pieces | rejected_columns | rejected_because
    ------+------+--------+------------------+---------------------------------------------
    2     | used |      1 | day              | day is no date
    4     |      |      2 | day, kind        | kind is none of new, used; day is no date
    5     | old  |      0 | kind, pieces     | pieces is below 1; kind is none of new, used
    three | new  |      1 | id               | id is no integer
    ");
    let results = all.project.read("target/run_results.json");
    assert!(
        results.replace(' ', "").contains("\"rows_rejected\":4"),
        "{results}"
    );
    let dictionary = all.project.read("target/dictionary.md");
    assert!(
        dictionary.contains("- Rejected rows: 4 in `rejects_load.sales__rejects`"),
        "{dictionary}"
    );
    // The table is as it was declared, and so are those who read it.
    all.project.write(
        "models/by_day.sql",
        "{{ config(materialized='table') }} select day, sum(pieces) as pieces from {{ source('raw', 'sales') }} group by day",
    );
    all.run("build").success();
    assert_snapshot!(all.rows("select * from {{ ref('by_day') }}"), @"
    day        | pieces
    -----------+-------
    2024-02-29 |      3
    ");

    let before = all.rows(&rejected);
    all.project
        .write("bucket/sales_1.csv", format!("{FIRST}six,,,\n"));
    for target in TARGETS {
        let failed = all.project.redstart(&format!("load --target {target}"));
        assert_eq!(failed.code, 1, "{failed}");
        let said = "5 of 6 rows of `sales` are rejected, and 4 are allowed";
        assert!(failed.text().contains(said), "{failed}");
    }
    assert_eq!(all.rows(&rejected), before);
}

/// What a failed build kept of a node, the same on each target.
#[track_caller]
fn kept(all: &Everywhere, node: &str) -> String {
    let shown: Vec<String> = TARGETS
        .iter()
        .map(|target| {
            let show = format!("show --failed {node} --limit -1 --target {target}");
            let shown = all.project.redstart(&show).success().stdout;
            let mut lines: Vec<&str> = shown.lines().collect();
            // A table has no order.
            if lines.len() > 3 {
                lines[3..].sort_unstable();
            }
            lines.join("\n")
        })
        .collect();
    assert_eq!((&shown[0], &shown[0]), (&shown[1], &shown[2]), "{shown:#?}");
    shown.into_iter().next().unwrap_or_default()
}

#[test]
fn rows_of_which_too_many_are_rejected_are_shown_and_kept_until_the_next_build() {
    let all = sales("rejects_kept", "4");
    all.run("load").success();
    all.project.write(
        "bucket/sales_1.csv",
        "id,day,kind,pieces\n1,2024-02-29,new,3\n4,,,2\n4,,,2\n4,,,2\n4,,,2\n4,,,2\n",
    );
    assert_snapshot!(all.run("load"), @"
    exit 1
    Running 1 node on 1 thread (target `dev.rejects_kept`)
    1 of 1  ERROR loading source table rejects_kept.sales                 [[time]]
          error[too-many-rejected]: 5 of 6 rows of `sales` are rejected, and 4 are allowed (models/sources.yml:6:47)

    error[too-many-rejected]: 5 of 6 rows of `sales` are rejected, and 4 are allowed
     --> models/sources.yml:6:47
      |
    6 |         config: {rejects: true, reject_limit: '4'}
      |                                               ^^^
      |
      = note: the rows:
              id | day | kind | pieces | rejected_columns | rejected_because
              ---+-----+------+--------+------------------+------------------------------------------
              4  |     |      |      2 | day, kind        | kind is none of new, used; day is no date
              4  |     |      |      2 | day, kind        | kind is none of new, used; day is no date
              4  |     |      |      2 | day, kind        | kind is none of new, used; day is no date
              4  |     |      |      2 | day, kind        | kind is none of new, used; day is no date
              4  |     |      |      2 | day, kind        | kind is none of new, used; day is no date
      = help: mend the rows, or allow more with a higher `reject_limit`: a percentage such as `10%`, or a number of rows
      = help: all of them are kept until the next build: `redstart show --failed source:raw.sales --limit -1`

    Finished 1 load in [time]
    Done. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1
    ");
    assert_snapshot!(kept(&all, "source:raw.sales"), @"
    sales
    id | day | kind | pieces | rejected_columns | rejected_because
    ---+-----+------+--------+------------------+------------------------------------------
    4  |     |      |      2 | day, kind        | kind is none of new, used; day is no date
    4  |     |      |      2 | day, kind        | kind is none of new, used; day is no date
    4  |     |      |      2 | day, kind        | kind is none of new, used; day is no date
    4  |     |      |      2 | day, kind        | kind is none of new, used; day is no date
    4  |     |      |      2 | day, kind        | kind is none of new, used; day is no date
    ");
    // What was rejected before is there still, and so are the good rows.
    assert_snapshot!(all.rows("select count(*) as n_rows from rejects_kept.sales__rejects"), @"
    n_rows
    ------
         4
    ");
    all.project.write("bucket/sales_1.csv", FIRST);
    all.run("load").success();
    assert_eq!(all.left_beside("rejects_kept"), "");
    let none = all.project.redstart("show --failed source:raw.sales");
    assert!(
        none.text().contains("no failed build of `sales` is kept"),
        "{none}"
    );
}

#[test]
fn personal_columns_of_rows_of_which_too_many_are_rejected_are_not_shown() {
    let all = Everywhere::new("rejects_personal");
    let project = &all.project;
    project.write("seeds/people.csv", "id,email\n1,ann@x.org\n,bob@x.org\n");
    project.write(
        "models/people.yml",
        "seeds:
  - {name: people, columns: [{name: email, meta: {pii: true}}]}
models:
  - name: contacts
    config: {materialized: incremental, rejects: true, reject_limit: 0}
    columns: [{name: id, data_tests: [not_null]}]
",
    );
    project.write(
        "models/contacts.sql",
        "select id, email as contact from {{ ref('people') }} where {{ var('all', false) }} or id > 0",
    );
    let seen = |output: &crate::output::Output| {
        assert!(!output.text().contains("x.org"), "{output}");
    };
    // Made anew, and added to.
    for first in [true, false] {
        if !first {
            all.run("build").success();
        }
        let failed = all.run("build --vars '{all: true}'");
        seen(&failed);
        insta::allow_duplicates! {
            assert_snapshot!(failed.text().lines().skip_while(|line| !line.starts_with("error")).take_while(|line| !line.starts_with("Finished")).collect::<Vec<_>>().join("\n"), @"
            error[too-many-rejected]: 1 of 2 rows of `contacts` are rejected, and 0 are allowed
             --> models/people.yml:5:70
              |
            5 |     config: {materialized: incremental, rejects: true, reject_limit: 0}
              |                                                                      ^
              |
              = note: the row:
                      id   | rejected_columns | rejected_because
                      -----+------------------+-----------------
                      NULL | id               | id is null
              = help: mend the rows, or allow more with a higher `reject_limit`: a percentage such as `10%`, or a number of rows
              = help: all of them are kept until the next build: `redstart show --failed contacts --limit -1 --vars '{all: true}'`
            ");
            assert_snapshot!(kept(&all, "contacts"), @"
            contacts
            id   | contact    | rejected_columns | rejected_because
            -----+------------+------------------+-----------------
            NULL | (personal) | id               | id is null
            ");
        }
    }
    for file in ["run_results.json", "dictionary.md"] {
        let file = all.project.read(format!("target/{file}"));
        assert!(!file.contains("x.org"), "{file}");
    }
    let asked = all
        .project
        .redstart("show --inline \"select * from rejects_personal.contacts__rejects__rs_failed\"");
    seen(&asked);
    assert!(asked.text().contains("(personal)"), "{asked}");
    // Held back with others, they are kept too.
    let held = all.run("build --atomic --vars '{all: true}'");
    assert_eq!(held.code, 1, "{held}");
    seen(&held);
    assert!(kept(&all, "contacts").contains("id is null"));
    all.run("build --atomic").success();
    assert_eq!(all.left_beside("rejects_personal"), "");
}

#[test]
fn an_appending_load_adds_rejected_rows_to_those_of_earlier_files() {
    let all = sales("rejects_append", "90%");
    let appends = all.project.read("models/sources.yml").replace(
        "sales_1.csv', file_format: csv, load_mode: replace",
        "sales_*.csv', file_format: csv, load_mode: append",
    );
    all.project.write("models/sources.yml", appends);
    all.run("build").success();
    let rejected = REJECTED.replace("SCHEMA", "rejects_append");
    let first = all.rows(&rejected);
    let again = all.run("build").success();
    assert!(again.text().contains("nothing new, 1 row"), "{again}");
    assert_eq!(all.rows(&rejected), first);
    all.project.write(
        "bucket/sales_2.csv",
        "id,day,kind,pieces\n7,2024-03-04,used,1\n8,2024-03-05,used,-1\n",
    );
    let more = all.run("load").success();
    assert!(
        more.text()
            .contains("1 new row from 1 file, 2 in all, 1 rejected"),
        "{more}"
    );
    assert_snapshot!(all.rows(&rejected), @"
    id    | kind | pieces | rejected_columns | rejected_because
    ------+------+--------+------------------+---------------------------------------------
    2     | used |      1 | day              | day is no date
    4     |      |      2 | day, kind        | kind is none of new, used; day is no date
    5     | old  |      0 | kind, pieces     | pieces is below 1; kind is none of new, used
    8     | used |     -1 | pieces           | pieces is below 1
    three | new  |      1 | id               | id is no integer
    ");
    assert_snapshot!(all.rows("select id, pieces from {{ source('raw', 'sales') }} order by id"), @"
    id | pieces
    ---+-------
     1 |      3
     7 |      1
    ");
    assert_snapshot!(all.rows("select file from rejects_append.sales__loaded_files order by file"), @"
    file
    ---------------------
    s3://lake/sales_1.csv
    s3://lake/sales_2.csv
    ");
    // Too many rejected rows keep the file from being remembered.
    all.project
        .write("bucket/sales_3.csv", "id,day,kind,pieces\nx,,,\n");
    for target in TARGETS {
        let failed = all.project.redstart(&format!("load --target {target}"));
        assert_eq!(failed.code, 1, "{failed}");
    }
    assert_snapshot!(all.rows("select count(*) as files from rejects_append.sales__loaded_files"), @"
    files
    -----
        2
    ");
    all.project
        .write("bucket/sales_3.csv", "id,day,kind,pieces\n9,,new,1\n");
    all.run("load --full-refresh").success();
    assert_snapshot!(all.rows("select count(*) as rejected_rows from rejects_append.sales__rejects"), @"
    rejected_rows
    -------------
                6
    ");
}

fn shop(schema: &str) -> Everywhere {
    let all = Everywhere::new(schema);
    let project = &all.project;
    project.write(
        "dbt_project.yml",
        "name: project\nprofile: project\nseeds: {project: {+column_types: {id: varchar(8), amount: varchar(8)}}}\n",
    );
    project.write("seeds/batch.csv", "id,amount\n1,10\n2,many\n,3\n");
    project.write(
        "models/typed.sql",
        "{{ config(materialized='incremental', unique_key='id', rejects=true, reject_limit='70%') }}\nselect id, amount{% if var('more', false) %}, {{ var('more') }} as more{% endif %} from {{ ref('batch') }}",
    );
    project.write(
        "models/models.yml",
        "models:
  - name: typed
    columns:
      - {name: id, data_tests: [not_null, unique, castable: {arguments: {data_type: integer}}]}
      - {name: amount, data_tests: [castable: {arguments: {data_type: 'decimal(6,2)'}}]}
",
    );
    all
}

#[test]
fn an_incremental_model_rejects_rows_of_each_batch_and_forgets_those_that_come_again() {
    let all = shop("rejects_grow");
    let (good, bad) = (
        "select id + 0 as id, amount + 0 as amount from {{ ref('typed') }} order by id",
        "select id, amount, rejected_because from rejects_grow.typed__rejects order by rejected_because, id",
    );
    all.run("build").success();
    assert_snapshot!(all.rows(good), @"
    id | amount
    ---+-------
     1 |  10.00
    ");
    assert_snapshot!(all.rows(bad), @"
    id   | amount | rejected_because
    -----+--------+--------------------------
    2    | many   | amount is no decimal(6,2)
    NULL | 3      | id is null
    ");
    // The second is right now, the first was right and stays as it was, and the third is new.
    all.project.write(
        "seeds/batch.csv",
        "id,amount\n1,ten\n2,20.5\n3,30\nfour,4\n,5\n",
    );
    let built = all.run("build").success();
    assert!(built.text().contains("3 rows, 3 rejected"), "{built}");
    assert_snapshot!(all.rows(good), @"
    id | amount
    ---+-------
     1 |  10.00
     2 |  20.50
     3 |  30.00
    ");
    assert_snapshot!(all.rows(bad), @"
    id   | amount | rejected_because
    -----+--------+--------------------------
    1    | ten    | amount is no decimal(6,2)
    four | 4      | id is no integer
    NULL | 5      | id is null
    ");
    let dictionary = all.project.read("target/dictionary.md");
    assert!(
        dictionary.contains("- Rejected rows: 3 in `rejects_grow.typed__rejects`"),
        "{dictionary}"
    );
    let before = (all.rows(good), all.rows(bad));
    all.run("build").success();
    assert_eq!((all.rows(good), all.rows(bad)), before);

    all.project.write(
        "seeds/batch.csv",
        "id,amount\n5,five\n6,six\n7,seven\n8,8\n",
    );
    for target in TARGETS {
        let failed = all.project.redstart(&format!("build --target {target}"));
        assert_eq!(failed.code, 1, "{failed}");
        let said = "3 of 4 rows of `typed` are rejected, and 70% are allowed";
        assert!(failed.text().contains(said), "{failed}");
    }
    assert_eq!((all.rows(good), all.rows(bad)), before);
}

#[test]
fn columns_that_come_to_an_incremental_model_come_to_its_rejected_rows_too() {
    let all = shop("rejects_columns");
    let config = all.project.read("models/typed.sql").replace(
        "rejects=true",
        "rejects=true, on_schema_change='append_new_columns'",
    );
    all.project.write("models/typed.sql", config);
    all.run("build").success();
    all.project
        .write("seeds/batch.csv", "id,amount\n3,30\nfour,much\n");
    all.run("build --vars '{more: 7}'").success();
    assert_snapshot!(all.rows("select id + 0 as id, more from {{ ref('typed') }} order by id"), @"
    id | more
    ---+-----
     1 | NULL
     3 |    7
    ");
    assert_snapshot!(all.rows("select id, more, rejected_columns from rejects_columns.typed__rejects order by id"), @"
    id   | more | rejected_columns
    -----+------+-----------------
    2    | NULL | amount
    four |    7 | amount, id
    ");
}

#[test]
fn rows_are_rejected_only_where_there_is_a_table_for_them() {
    let all = shop("rejects_refused");
    let model = all.project.read("models/typed.sql");
    all.project
        .write("models/typed.sql", model.replace("'incremental'", "'view'"));
    assert_snapshot!(all.run("build --select typed"), @"
    exit 1
    Running 5 nodes on 1 thread (target `dev.rejects_refused`)
    1 of 5  ERROR creating sql view model rejects_refused.typed           [[time]]
          error[no-rejects]: `rejects` is for tables, incremental models and loads, and `typed` is a view (models/typed.sql:1:57)
    2 of 5  SKIP  test unique_typed_id                                    [`typed` failed]
    3 of 5  SKIP  test not_null_typed_id                                  [`typed` failed]
    4 of 5  SKIP  test castable_typed_id__integer                         [`typed` failed]
    5 of 5  SKIP  test castable_typed_amount__decimal_6_2_                [`typed` failed]

    error[no-rejects]: `rejects` is for tables, incremental models and loads, and `typed` is a view
     --> models/typed.sql:1:57
      |
    1 | {{ config(materialized='view', unique_key='id', rejects=true, reject_limit='70%') }}
      |                                                         ^^^^
      |
      = help: test its rows in a model of their own: `materialized: table` with `rejects: true`

    Finished 4 data tests, 1 view model in [time]
    Done. PASS=0 WARN=0 ERROR=1 SKIP=4 TOTAL=5
    The data dictionary is in [project]/target/index.html
    ");
    all.project.write("models/typed.sql", model);
    all.project.write(
        "models/sources.yml",
        "sources:\n  - name: raw\n    tables:\n      - {name: sales, config: {rejects: true}}\n",
    );
    assert_snapshot!(all.project.redstart("parse"), @"
    exit 2
    error[no-rejects]: `sales` is not loaded here, so no row of it can be rejected
     --> models/sources.yml:4:41
      |
    4 |       - {name: sales, config: {rejects: true}}
      |                                         ^^^^
      |
      = help: load it with `external` and `copy`, or reject rows in a model that reads it

    1 error
    ");
}
