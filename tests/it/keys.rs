//! `unique_key`: columns, lists of them, and expressions, as dbt takes them.

use insta::assert_snapshot;

use crate::project::TestProject;

fn project(key: &str, strategy: &str) -> TestProject {
    TestProject::new().file(
        "models/m.sql",
        format!(
            "{{{{ config(materialized='incremental', unique_key={key}, incremental_strategy='{strategy}') }}}}
select 1 as id, 'a' as k, {{{{ var('v') }}}} as v
{{% if is_incremental() %}}union all select 2, 'a', 5{{% endif %}}"
        ),
    )
}

#[test]
fn a_key_is_an_expression_a_list_or_a_text_of_several_names() {
    for key in [
        "\"id || '-' || k\"",
        "'ID, K'",
        "['id', 'k']",
        "['id', \"upper(k)\"]",
        "'\"id\"'",
    ] {
        let project = project(key, "delete+insert");
        project.redstart("run --vars 'v: 1'").success();
        for _ in 0..2 {
            project.redstart("run --vars 'v: 2'").success();
            assert_eq!(
                project.query("select id, k, v from m order by id"),
                "id | k | v\n1 | a | 2\n2 | a | 5\n",
                "{key}"
            );
        }
    }
}

#[test]
fn a_key_that_cannot_be_compared_is_refused_before_the_first_run() {
    assert_snapshot!(project("\"id || k\"", "merge").redstart("run --vars 'v: 1'"), @r#"
    exit 1
    Running 1 node on 2 threads (target `dev.main`)
    1 of 1  ERROR creating sql incremental model main.m                   [[time]]
          error[bad-config]: `merge` compares columns, and `unique_key` of `m` is the expression `id || k` (models/m.sql:1:51)

    error[bad-config]: `merge` compares columns, and `unique_key` of `m` is the expression `id || k`
     --> models/m.sql:1:51
      |
    1 | {{ config(materialized='incremental', unique_key="id || k", incremental_strategy='merge') }}
      |                                                   ^^^^^^^
      |
      = help: give the query a column with this value and name it, or use `incremental_strategy: delete+insert`

    Finished 1 incremental model in [time]
    Done. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1
    "#);
}

#[test]
fn a_mistake_in_the_expression_of_a_key_is_told_at_the_configuration() {
    let project = project("\"lover(k)\"", "delete+insert");
    project.redstart("run --vars 'v: 1'");
    assert_snapshot!(project.redstart("run --vars 'v: 1'"), @r#"
    exit 1
    Running 1 node on 2 threads (target `dev.main`)
    1 of 1  ERROR creating sql incremental model main.m                   [[time]]
          error[unknown-function]: the function `lover` is not known (models/m.sql:1:1)

    error[unknown-function]: the function `lover` is not known
     --> models/m.sql:1:1
      |
    1 | {{ config(materialized='incremental', unique_key="lover(k)", incremental_strategy='delete+insert') }}
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ it is not in the table of Redshift's functions
      |
      = help: did you mean `lower`?

    Finished 1 incremental model in [time]
    Done. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1
    "#);
}
