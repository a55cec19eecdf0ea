//! Backups: tables become files with a manifest, and come back as they were, or not at all.

use insta::assert_snapshot;

use crate::loads::{Everywhere, TARGETS};

fn shop(schema: &str) -> Everywhere {
    let all = Everywhere::new(schema);
    all.project.write(
        "models/orders.sql",
        "{{ config(materialized='table') }} select 1 as id, cast('a' as varchar(20)) as words, cast('2024-01-15 10:30:45' as timestamp) as at, cast(1.50 as decimal(8,2)) as price union all select 2, '', null, null union all select 3, null, null, -0.25 union all select {{ var('last', 4) }}, 'x,\"y\"', null, null",
    );
    all.project.write(
        "models/big.sql",
        "select * from {{ ref('orders') }} where id > 1",
    );
    all.project.write(
        "models/sources.yml",
        format!(
            "sources:
  - name: raw
    schema: {schema}
    tables:
      - name: sales
        external: {{location: 's3://lake/sales_*.csv', file_format: csv, load_mode: append, copy: {{iam_role: default}}}}
        columns: [{{name: id, data_type: integer}}]
"
        ),
    );
    all.project.write("bucket/sales_1.csv", "1\n2\n");
    all
}

const ORDERS: &str =
    "select id, words, words is null as no_words, at, price from {{ ref('orders') }} order by id";

const SALES: &str = "select count(*) as n from {{ source('raw', 'sales') }}";

#[test]
fn what_was_backed_up_comes_back_everywhere() {
    let all = shop("backup_back");
    all.run("build").success();
    let orders = all.rows(ORDERS);
    assert_snapshot!(orders, @r#"
    id | words | no_words | at                  | price
    ---+-------+----------+---------------------+------
     1 | a     | false    | 2024-01-15 10:30:45 |  1.50
     2 |       | false    | NULL                |  NULL
     3 | NULL  | true     | NULL                | -0.25
     4 | x,"y" | false    | NULL                |  NULL
    "#);
    for target in TARGETS {
        let to = format!("s3://lake/backup_{target}");
        let said = all
            .project
            .redstart(&format!("backup --to {to} --target {target}"))
            .success();
        assert!(said.text().contains("sales__loaded_files"), "{said}");
        let again = all
            .project
            .redstart(&format!("backup --to {to} --target {target}"));
        assert!(again.text().contains("there is a backup"), "{again}");
    }
    all.project.write("bucket/sales_2.csv", "3\n");
    all.run("build --vars '{last: 9}'").success();
    assert_ne!(all.rows(ORDERS), orders);
    for target in TARGETS {
        all.project
            .redstart(&format!(
                "restore --from s3://lake/backup_{target} --target {target}"
            ))
            .success();
    }
    assert_eq!(all.rows(ORDERS), orders);
    assert!(
        all.rows("select count(*) as n from {{ ref('big') }}")
            .contains('3')
    );
    // What the load remembers came back with its rows: the second file is new once more.
    assert!(all.rows(SALES).contains('2'));
    all.run("load").success();
    assert!(all.rows(SALES).contains('3'));
}

#[test]
fn a_backup_goes_to_a_folder_and_a_damaged_one_changes_nothing() {
    let all = shop("backup_folder");
    all.run("build").success();
    let orders = all.rows(ORDERS);
    all.project
        .redstart("backup --select orders --to backups/monday")
        .success();
    let manifest = all.project.read("backups/monday/redstart_backup.json");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("a manifest");
    assert_eq!(manifest["tables"][0]["rows"], 4);
    let file = manifest["tables"][0]["files"][0]["name"]
        .as_str()
        .expect("a file")
        .to_owned();
    let path = all.project.path().join("backups/monday").join(file);
    let whole = std::fs::read(&path).expect("the file");
    std::fs::write(&path, b"0123456789").expect("damage");
    let restore = "restore --from backups/monday";
    let damaged = all.project.redstart(restore);
    assert_eq!(damaged.code, 2, "{damaged}");
    assert!(
        damaged.text().contains("error[backup-damaged]"),
        "{damaged}"
    );
    assert_eq!(all.rows(ORDERS), orders);
    std::fs::write(&path, &whole).expect("the file");
    all.project.redstart(restore).success();
    assert_eq!(all.rows(ORDERS), orders);

    // A table whose columns are others is refused by name.
    all.project.write(
        "models/orders.sql",
        "{{ config(materialized='table') }} select 1 as id, 'a' as note",
    );
    all.project.redstart("run --select orders").success();
    let changed = all.project.redstart(restore);
    assert!(changed.text().contains("error[columns-changed]: the backup of `backup_folder.orders` has a column `words`, which the table has not"), "{changed}");
    let nothing = all.project.redstart("restore --from backups/tuesday");
    assert!(
        nothing
            .text()
            .contains("error[no-backup]: there is no backup in `backups/tuesday`"),
        "{nothing}"
    );
    let redshift = all.project.redstart("backup --to backups/x --target prod");
    assert!(
        redshift.text().contains(
            "error[bad-location]: Redshift writes to S3 and not into the folder `backups/x`"
        ),
        "{redshift}"
    );
}

/// Columns that COPY would not read again as UNLOAD writes them, and a text whose length nobody knows.
const KINDS: &str = "{{ config(materialized='table') }}
select 1 as id, json_parse('{\"a\": [1, null, \"x\"], \"b\": 1.5}') as s, json_parse('null') as n, timestamptz '2024-01-01 10:00:00+02' as tz,
  cast('10:11:12.5' as time) as t, cast('10:11:12+02' as timetz) as ttz, cast('abc' as varbyte(10)) as v, cast(repeat('x', 300) as varchar(400)) as long, timestamp '9999-12-31 23:59:59.999999' as until
union all select {{ var('last', 2) }}, null, null, null, null, null, null, null, null";

const KINDS_ROWS: &str = "select id, json_serialize(s) as s, json_serialize(n) as n, s is null as no_s, n is null as no_n, tz, t, ttz, to_hex(v) as v, len(long) as long, until from {{ ref('kinds') }} order by id";

#[test]
fn every_type_that_a_file_can_hold_comes_back() {
    let all = Everywhere::new("backup_types");
    all.project.write("models/kinds.sql", KINDS);
    all.project.write(
        "models/never.sql",
        "{{ config(materialized='table') }} select 1 as id, interval '1 day' as long",
    );
    all.project.write(
        "macros/gone.sql",
        "{% macro gone() %}{% do run_query('drop table ' ~ target.schema ~ '.kinds') %}{% endmacro %}",
    );
    for target in ["dev", "prod"] {
        let run = |command: &str| {
            all.project
                .redstart(&format!("{command} --target {target}"))
        };
        let rows = || {
            run(&format!("show --inline \"{KINDS_ROWS}\""))
                .success()
                .stdout
        };
        run("run --select kinds").success();
        let before = rows();
        if target == "dev" {
            assert_snapshot!(before, @r#"
            id | s                          | n    | no_s  | no_n  | tz                     | t          | ttz         | v      | long | until
            ---+----------------------------+------+-------+-------+------------------------+------------+-------------+--------+------+---------------------------
             1 | {"a":[1,null,"x"],"b":1.5} | null | false | false | 2024-01-01 08:00:00+00 | 10:11:12.5 | 08:11:12+00 | 616263 |  300 | 9999-12-31 23:59:59.999999
             2 | NULL                       | NULL | true  | true  | NULL                   | NULL       | NULL        | NULL   | NULL | NULL
            "#);
        }
        let place = format!("s3://lake/types_{target}");
        run(&format!("backup --select kinds --to {place}")).success();
        run("run --select kinds --vars '{last: 3}'").success();
        assert_ne!(rows(), before);
        // Into the table that is there, and where there is none.
        run(&format!("restore --from {place}")).success();
        assert_eq!(rows(), before);
        run("run-operation gone").success();
        run(&format!("restore --from {place}")).success();
        assert_eq!(rows(), before);
    }
    all.project.redstart("run --select never").success();
    let refused = all.project.redstart("backup --to s3://lake/never");
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.text().contains("error[not-restorable]: `backup_types.never` would not come back: its column `long` is `interval`"), "{refused}");
    assert!(!all.project.path().join("bucket/never").exists());
}

#[test]
fn a_moment_with_a_zone_and_the_end_of_all_days_come_back_everywhere() {
    let all = Everywhere::new("backup_moments");
    all.project.write(
        "models/moments.sql",
        "{{ config(materialized='table') }} select 1 as id, cast('2024-01-15 10:30:45+02' as timestamptz) as tz, cast('9999-12-31 23:59:59' as timestamp) as until, cast('9999-12-31' as date) as day, cast('0001-01-01' as date) as first union all select {{ var('last', 2) }}, null, null, null, null",
    );
    all.run("build").success();
    let moments = "select id, tz, until, day, first from {{ ref('moments') }} order by id";
    let before = all.rows(moments);
    for target in TARGETS {
        all.project
            .redstart(&format!(
                "backup --to s3://lake/moments_{target} --target {target}"
            ))
            .success();
    }
    all.run("build --vars '{last: 3}'").success();
    assert_ne!(all.rows(moments), before);
    for target in TARGETS {
        all.project
            .redstart(&format!(
                "restore --from s3://lake/moments_{target} --target {target}"
            ))
            .success();
    }
    assert_eq!(all.rows(moments), before);
}

#[test]
fn a_table_comes_back_whatever_became_of_the_others() {
    let all = Everywhere::new("backup_one");
    for name in ["kept", "changed", "gone"] {
        all.project.write(
            format!("models/{name}.sql"),
            "{{ config(materialized='table') }} select {{ var('n', 1) }} as n",
        );
    }
    all.project.redstart("build").success();
    all.project.redstart("backup --to backups/monday").success();
    all.project.write(
        "models/changed.sql",
        "{{ config(materialized='table') }} select 1 as m",
    );
    std::fs::remove_file(all.project.path().join("models/gone.sql")).expect("the model");
    all.project.redstart("build --vars '{n: 2}'").success();
    let everything = all.project.redstart("restore --from backups/monday");
    assert!(
        everything.text().contains("error[columns-changed]")
            && everything.text().contains("error[unknown-node]"),
        "{everything}"
    );
    for selection in ["--select kept", "--exclude changed"] {
        all.project.redstart("build --vars '{n: 2}'").success();
        all.project
            .redstart(&format!("restore {selection} --from backups/monday"))
            .success();
        let shown = all
            .project
            .redstart("show --inline 'select n from {{ ref(\"kept\") }}'");
        assert!(shown.stdout.contains('1'), "{shown}");
    }
    let nowhere = all.project.redstart("restore --from backups/tuesday");
    assert!(
        nowhere
            .text()
            .contains("cannot read `backups/tuesday/redstart_backup.json`"),
        "{nowhere}"
    );
}
