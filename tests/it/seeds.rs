//! Seeds as dbt takes them: types that nobody needs, and names with quotes of their own.

use insta::assert_snapshot;

use crate::loads::{Everywhere, TARGETS};
use crate::postgres;
use crate::project::{PROFILES, TestProject};

#[test]
fn a_type_of_a_column_that_the_file_does_not_have_is_told_and_the_seed_is_loaded() {
    let project = TestProject::new().file("seeds/s.csv", "id\n1\n").file(
        "seeds/seeds.yml",
        "seeds:\n  - name: s\n    config: {column_types: {id: bigint, idd: timestamp}}\n",
    );
    assert_snapshot!(project.redstart("build"), @"
    exit 0
    Running 1 node on 2 threads (target `dev.main`)
    warning[unknown-column]: `column_types` names `idd`, which the seed does not have (seeds/seeds.yml:3:41)
    1 of 1  OK    loaded seed file main.s                                 [1 row in [time]]

    warning[unknown-column]: `column_types` names `idd`, which the seed does not have
     --> seeds/seeds.yml:3:41
      |
    3 |     config: {column_types: {id: bigint, idd: timestamp}}
      |                                         ^^^
      |
      = help: did you mean `id`?

    Finished 1 seed in [time]
    Done. PASS=1 WARN=0 ERROR=0 SKIP=0 TOTAL=1
    The data dictionary is in [project]/target/index.html
    ");
    assert_eq!(project.query("select id from s"), "id\n1\n");
}

#[test]
fn a_name_in_quotes_of_its_own_is_the_name_without_them() {
    let project = TestProject::new().file(
        "seeds/s.csv",
        "id,\"\"\"from\"\"\",\"\"\"a-b\"\"\"\n1,x,3\n",
    );
    project.redstart("seed").success();
    assert_eq!(
        project.query("select id, \"from\", \"a-b\" from s"),
        "id | from | a-b\n1 | x | 3\n"
    );
}

#[test]
fn an_empty_line_is_a_row_of_nulls() {
    let project = TestProject::new()
        .file("seeds/one.csv", "a\nx\n\ny\n\n")
        .file("seeds/two.csv", "a,b\nx,1\n\ny,2\n");
    let output = project.redstart("seed --threads 1 -s two").success();
    assert_snapshot!(output, @"
    exit 0
    Running 1 node on 1 thread (target `dev.main`)
    warning[ragged-seed]: line 3 of the seed is empty: it is a row of NULLs (seeds/two.csv:3:1)
    1 of 1  OK    loaded seed file main.two                               [3 rows in [time]]

    warning[ragged-seed]: line 3 of the seed is empty: it is a row of NULLs
     --> seeds/two.csv:3:1
      |
    3 |
      | ^
      |
      = help: leave the line out, where it is not meant as a row

    Finished 1 seed in [time]
    Done. PASS=1 WARN=0 ERROR=0 SKIP=0 TOTAL=1
    ");
    project.redstart("seed --quiet").success();
    assert_eq!(
        project.query("select a from one order by a nulls first"),
        "a\nNULL\nNULL\nx\ny\n"
    );
    assert_eq!(
        project.query("select a, b from two order by a nulls first"),
        "a | b\nNULL | NULL\nx | 1\ny | 2\n"
    );

    // DuckDB, which reads seeds for dbt-duckdb, takes such a line for a row only where there is one column.
    let plain = project.file(
        "profiles.yml",
        PROFILES.replace("      emulate: redshift\n", ""),
    );
    plain.redstart("seed --quiet --full-refresh").success();
    assert_eq!(plain.query("select count(*) as n from one"), "n\n4\n");
    assert_eq!(plain.query("select count(*) as n from two"), "n\n2\n");
}

#[test]
fn cells_that_a_row_lacks_are_null() {
    let project = TestProject::new().file("seeds/s.csv", "id,k,v\n1,a,1.5\n2\n3,c\n");
    let output = project.redstart("seed --threads 1").success();
    assert_snapshot!(output, @"
    exit 0
    Running 1 node on 1 thread (target `dev.main`)
    warning[ragged-seed]: this row has 1 cells, the header has 3 (seeds/s.csv:3:1)
    1 of 1  OK    loaded seed file main.s                                 [3 rows in [time]]

    warning[ragged-seed]: this row has 1 cells, the header has 3
     --> seeds/s.csv:3:1
      |
    3 | 2
      | ^ the last cell of the row: what is missing is NULL
      |
      = help: write an empty cell for a missing value

    Finished 1 seed in [time]
    Done. PASS=1 WARN=0 ERROR=0 SKIP=0 TOTAL=1
    ");
    assert_eq!(
        project.query("select id, coalesce(k, '-') as k, v from s order by id"),
        "id | k | v\n1 | a | 1.5\n2 | - | NULL\n3 | c | NULL\n"
    );
}

#[test]
fn a_second_column_of_one_name_gets_a_number() {
    let project = TestProject::new().file("seeds/s.csv", "id,name,name,name_2\n1,a,b,c\n");
    assert_snapshot!(project.redstart("seed --quiet"), @"exit 0");
    assert_eq!(
        project.query("select * from s"),
        "id | name | name_3 | name_2\n1 | a | b | c\n"
    );
}

#[test]
fn a_seed_is_loaded_again_below_views_and_privileges_that_others_hold() {
    let schema = "seeds_again";
    let all = Everywhere::new(schema);
    all.project.write("seeds/sd.csv", "id,name\n1,ann\n2,bob\n");
    all.project
        .write("models/v.sql", "select id, name from {{ ref('sd') }}");
    all.run("seed").success();
    all.run("run").success();
    let server = postgres::server();
    let holder =
        "do $$ begin create role seeds_reader; exception when duplicate_object then null; end $$";
    server.psql(holder).expect("a role");
    let granted = format!("grant select on {schema}.sd to seeds_reader");
    server.psql(&granted).expect("a privilege");
    let held = format!("select has_table_privilege('seeds_reader', '{schema}.sd', 'select')");

    // The rows change, and so do texts that are no longer than before.
    all.project.write("seeds/sd.csv", "id,name\n2,bo\n3,eve\n");
    let output = all.run("seed").success();
    assert!(output.stdout.contains("[2 rows in"), "{output}");
    assert_eq!(
        all.rows("select id, name from {{ ref('v') }} order by id"),
        "id | name\n---+-----\n 2 | bo\n 3 | eve\n"
    );
    assert!(
        server
            .psql(&held)
            .expect("an answer")
            .trim_end()
            .ends_with("\nt")
    );
    all.run("build").success();
    assert!(
        server
            .psql(&held)
            .expect("an answer")
            .trim_end()
            .ends_with("\nt")
    );
    assert_eq!(all.left_beside(schema), "");

    // A cell that cannot be loaded leaves all rows as they were.
    all.project.write(
        "seeds/seeds.yml",
        "seeds: [{name: sd, config: {column_types: {id: integer}}}]\n",
    );
    all.project.write("seeds/sd.csv", "id,name\n4,ann\nx,bob\n");
    for target in TARGETS {
        let output = all.project.redstart(&format!("seed --target {target}"));
        assert_eq!(output.code, 1, "{output}");
    }
    assert_eq!(
        all.rows("select id from {{ ref('v') }} order by id"),
        "id\n--\n 2\n 3\n"
    );

    // On PostgreSQL a key of others may take their rows along.
    all.project.write("seeds/sd.csv", "id,name\n5,fay\n");
    let keyed = format!(
        "alter table {schema}.sd add primary key (id); create table {schema}.held (id int references {schema}.sd on delete cascade); insert into {schema}.held values (2)"
    );
    server.psql(&keyed).expect("a key");
    let output = all.project.redstart("seed --target ci");
    assert_eq!(output.code, 1, "{output}");
    assert!(
        output
            .text()
            .contains("a foreign key of another table points to it"),
        "{output}"
    );
    let held = server
        .psql(&format!("select id from {schema}.held"))
        .expect("rows");
    assert!(held.trim_end().ends_with('2'), "{held}");
    server
        .psql(&format!(
            "drop table {schema}.held; alter table {schema}.sd drop constraint sd_pkey"
        ))
        .expect("no key");

    // A column of another type makes the table anew, and with it what is bound to it, where the run makes that too.
    all.project.write("seeds/seeds.yml", "");
    all.project
        .write("seeds/sd.csv", "id,name\nx,a name that is longer\n");
    for target in ["ci", "prod"] {
        let output = all.project.redstart(&format!("seed --target {target}"));
        assert_eq!(output.code, 1, "{output}");
        assert!(
            output.text().contains("error[bound-dependents]"),
            "{output}"
        );
    }
    all.run("build").success();
    assert_eq!(all.rows("select id from {{ ref('v') }}"), "id\n--\nx\n");
}
