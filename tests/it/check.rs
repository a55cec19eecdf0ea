//! `check` and `lineage`: what is found and told before anything runs.

use crate::project::TestProject;

fn shop() -> TestProject {
    TestProject::new()
        .file("seeds/users.csv", "id,name,email\n1,a,a@x.org\n")
        .file(
            "models/orders.sql",
            "select 1 as id, 1 as user_id, 10.5 as amount, 'paid' as status",
        )
}

/// Fails unless a command fails, and says all of this.
#[track_caller]
fn refuses(project: &TestProject, command: &str, words: &[&str]) {
    let output = project.redstart(command);
    assert_eq!(output.code, 1, "{output}");
    for word in words {
        assert!(
            output.text().contains(word),
            "`{word}` is missing:\n{output}"
        );
    }
}

#[test]
fn names_that_mean_nothing_are_found_where_they_are_written_also_through_macros() {
    let project = shop()
        .file(
            "macros/money.sql",
            "{% macro money(column) %}round({{ column }}, 2){% endmacro %}",
        )
        .file(
            "models/daily.sql",
            "select o.status, {{ money('o.amont') }} as amount\nfrom {{ ref('orders') }} o\njoin {{ ref('users') }} u on u.idd = o.user_id",
        )
        .file(
            "models/both.sql",
            "select id from {{ ref('orders') }} join {{ ref('users') }} on users.id = orders.user_id",
        );
    let words = [
        "error[unknown-column]: `o` has no column `amont`",
        "--> models/daily.sql:1:18",
        "did you mean `amount`?",
        "--> models/daily.sql:3:32",
        "error[ambiguous-column]: `id` may be a column of `orders` or `users`",
    ];
    refuses(&project, "check", &words);
    refuses(&project, "build --check", &words);
    refuses(
        &project,
        "check -s both --output github",
        &["::error file=models/both.sql,line=1,col=8,endColumn=10,title=ambiguous-column::"],
    );
}

#[test]
fn yaml_keys_and_tests_are_held_against_the_query() {
    let project = shop()
        .file(
            "models/keyed.sql",
            "{{ config(materialized='incremental', unique_key='order_id') }}\nselect id, id as id from {{ ref('orders') }}",
        )
        .file(
            "models/schema.yml",
            "\
version: 2
models:
  - name: orders
    columns:
      - name: totl
      - name: user
        data_tests: [not_null]
",
        );
    refuses(
        &project,
        "check",
        &[
            "`unique_key` names `order_id`, which `keyed` does not have",
            "error[duplicate-column]: `keyed` has two columns named `id`",
            "error[undeclared-column]: the description of `orders` has the column `totl`",
            "the test `not_null` is on the column `user`, which `orders` does not have",
        ],
    );
}

#[test]
fn advice_is_silenced_on_its_line_and_weighed_in_the_project_file() {
    let mean = "select avg(user_id) as mean -- noqa: average-of-integers\nfrom {{ ref('orders') }}\norder by 1";
    let project = shop().file("models/means.sql", mean);
    let output = project.redstart("check");
    assert_eq!(output.code, 0, "{output}");
    assert!(output.text().contains("warning[order-by]"), "{output}");
    assert!(!output.text().contains("average"), "{output}");
    let project = project.file(
        "dbt_project.yml",
        "name: shop\nprofile: project\nflags: {check: {levels: {order-by: error}}}\n",
    );
    refuses(&project, "check", &["error[order-by]"]);
}

#[test]
fn personal_data_is_followed_to_where_it_is_forbidden_and_is_never_shown() {
    let project = shop()
        .file(
            "models/contacts.sql",
            "select email as contact, sha2(email, 256) as hash, count(email) over () as n from {{ ref('users') }}",
        )
        .file(
            "models/marts/mailing.sql",
            "select contact || '' as address, hash, n from {{ ref('contacts') }}",
        )
        .file(
            "dbt_project.yml",
            "name: shop\nprofile: project\nmodels: {shop: {marts: {+meta: {pii: forbid}}}}\nflags: {check: {anonymisers: [sha2]}}\n",
        )
        .file(
            "seeds/seeds.yml",
            "version: 2\nseeds:\n  - name: users\n    columns: [{name: email, meta: {pii: true}}]\n",
        );
    refuses(
        &project,
        "check",
        &[
            "`mailing.address` holds personal data (pii)",
            "users.email → contacts.contact → mailing.address",
        ],
    );
    project.redstart("build").success();
    for command in [
        "show -s mailing",
        "show --inline \"select lower(email) as e from {{ ref('users') }}\"",
    ] {
        let shown = project.redstart(command).success();
        assert!(shown.text().contains("(personal)"), "{shown}");
        assert!(!shown.text().contains("x.org"), "{shown}");
    }
}

#[test]
fn a_column_is_followed_through_ephemeral_models_and_stars_and_selected_by() {
    let project = shop()
        .file(
            "models/paid.sql",
            "{{ config(materialized='ephemeral') }} select * from {{ ref('orders') }} where amount > 0",
        )
        .file(
            "models/totals.sql",
            "select u.name, sum(p.amount) as total from {{ ref('paid') }} p join {{ ref('users') }} u on u.id = p.user_id group by 1",
        );
    let told = project
        .redstart("lineage totals.total --upstream --output json")
        .success();
    for step in [
        r#"{"from":{"node":"model.project.paid","column":"amount"},"to":{"node":"model.project.totals","column":"total"},"how":"aggregated","functions":["sum"]}"#,
        r#"{"from":{"node":"model.project.orders","column":"amount"},"to":{"node":"model.project.paid","column":"amount"},"how":"copied","functions":[]}"#,
    ] {
        let step: serde_json::Value = serde_json::from_str(step).unwrap();
        let all: serde_json::Value = serde_json::from_str(&told.stdout).unwrap();
        let edges = all["edges"].as_array().unwrap();
        assert!(edges.contains(&step), "{step} is missing: {told}");
    }
    let selected = project.redstart("ls --select column:users.name+").success();
    assert_eq!(selected.stdout, "project.totals\nproject.users\n");
    project.redstart("compile").success();
    let first = project.read("target/lineage.json");
    project.redstart("compile").success();
    assert_eq!(first, project.read("target/lineage.json"));
}
