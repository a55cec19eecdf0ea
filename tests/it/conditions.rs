//! `incremental_predicates`: conditions on the table that a batch goes into, as dbt writes them on each warehouse.

use redstart::endpoint::{Options, Server};

use crate::postgres::{self, profile};
use crate::project::TestProject;

/// A merging and a replacing model, with a condition on the table in dbt's words and, where `named`, by its whole name.
fn files(project: TestProject, named: bool) -> TestProject {
    let model = |strategy: &str, condition: &str| {
        format!(
            "{{{{ config(materialized='incremental', incremental_strategy='{strategy}', unique_key='id', incremental_predicates=[{condition}]) }}}}
{{% if is_incremental() %}}
select 1 as id, 2 as batch union all select 3, 6
{{% else %}}
select 1 as id, 1 as batch union all select 2, cast(null as integer) union all select 3, 5
{{% endif %}}"
        )
    };
    let alias = "'DBT_INTERNAL_DEST.batch < 5 or dbt_internal_dest.batch is null'";
    let own = |name: &str, by: &str| {
        format!(
            "{{% macro get_incremental_{name}_sql(arg_dict) %}}{{{{ return({by}(arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['unique_key'], arg_dict['dest_columns'], arg_dict['incremental_predicates'])) }}}}{{% endmacro %}}\n"
        )
    };
    let project = project
        .file("models/merged.sql", model("merge", alias))
        .file("models/replaced.sql", model("delete+insert", alias))
        .file(
            "macros/own.sql",
            own("mine", "get_merge_sql") + &own("other", "get_delete_insert_merge_sql"),
        )
        .file("models/merged_by_macro.sql", model("mine", alias))
        .file("models/replaced_by_macro.sql", model("other", alias));
    if !named {
        return project;
    }
    let name = "this ~ '.batch < 5 or ' ~ this ~ '.batch is null'";
    let short = "this.identifier ~ '.batch < 5 or ' ~ this.schema ~ '.' ~ this.identifier ~ '.batch is null'";
    project
        .file("models/merged_by_short_name.sql", model("merge", short))
        .file(
            "models/replaced_by_short_name.sql",
            model("delete+insert", short),
        )
        .file("models/merged_by_name.sql", model("merge", name))
        .file("models/replaced_by_name.sql", model("delete+insert", name))
}

/// The row that meets the condition is another, the one that does not stays beside the new one, and that of no key in the batch stays.
fn holds(project: &TestProject, named: bool) {
    project.redstart("run").success();
    let by_macro = ["merged_by_macro", "replaced_by_macro"];
    let by_name = [
        "merged_by_name",
        "replaced_by_name",
        "merged_by_short_name",
        "replaced_by_short_name",
    ];
    project
        .redstart(&format!("build --atomic --exclude {}", by_macro.join(" ")))
        .success();
    project
        .redstart(&format!("run --select {}", by_macro.join(" ")))
        .success();
    let by_name = by_name.into_iter().filter(|_| named);
    let models = ["merged", "replaced"].into_iter().chain(by_macro);
    for model in models.chain(by_name) {
        let shown = project.redstart(&format!(
            "show --inline \"select id, coalesce(batch, 0) as batch from {{{{ ref('{model}') }}}} order by 1, 2\""
        ));
        let rows: Vec<String> = shown
            .text()
            .lines()
            .filter(|line| line.contains('|'))
            .map(|line| line.replace(' ', ""))
            .collect();
        assert_eq!(
            rows,
            ["id|batch", "1|2", "2|0", "3|5", "3|6"],
            "{model}: {shown}"
        );
    }
}

#[test]
fn a_condition_on_the_table_holds_on_duckdb_as_on_redshift() {
    holds(&files(TestProject::new(), true), true);
}

#[test]
fn a_condition_on_the_table_holds_in_duckdbs_own_words() {
    let plain = "project: {target: dev, outputs: {dev: {type: duckdb, path: project.duckdb}}}\n";
    let project = TestProject::empty().file("profiles.yml", plain);
    holds(&files(project, false), false);
}

#[test]
fn a_condition_on_the_table_holds_on_postgres() {
    holds(&files(postgres::project("conditions"), false), false);
    let keys = [("emulate", "redshift")];
    let emulating = postgres::project("conditions_there")
        .file("profiles.yml", profile("conditions_there", &keys));
    holds(&files(emulating, true), true);
}

#[test]
fn a_condition_on_the_table_holds_on_redshift() {
    let server = Server::start(Options::default()).expect("the endpoint starts");
    let port = server.address().port();
    let project = TestProject::empty().file(
        "profiles.yml",
        format!(
            "project: {{target: prod, outputs: {{prod: {{type: redshift, host: 127.0.0.1, port: {port}, user: awsuser, password: none, dbname: dev, schema: shop, sslmode: disable}}}}}}\n"
        ),
    );
    holds(&files(project, true), true);
}
