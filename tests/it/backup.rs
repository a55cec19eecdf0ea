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
