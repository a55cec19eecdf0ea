//! `check` and `lineage`: what is found and told before anything runs.

use insta::assert_snapshot;

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
    refuses(&project, "build", &words);
    let output = project.redstart("build --no-check");
    assert!(output.text().contains("the database said"), "{output}");
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

/// SQL that DuckDB takes and that is easily misread: names of lambdas, structs, rows, system columns.
const TAKEN_BY_DUCKDB: &[&str] = &[
    "select list_transform([1, 2], x -> x + 1) as l, list_filter([1, 2], lambda y: y > 1) as m from {{ ref('users') }}",
    "select s.a, s.b.c from (select {'a': 1, 'b': {'c': 2}} as s)",
    "select s.* from (select {'a': 1} as s)",
    "select u, rowid from {{ ref('users') }} u",
    "select id as i, i + 1 as j from {{ ref('users') }} where i > 0 group by all having i > 0 order by all",
    "from {{ ref('users') }} select id",
    "select * exclude (name) replace (id + 1 as id) from {{ ref('users') }}",
    "select columns('i.*') from {{ ref('users') }}",
    "select t.x, t.y from (values (1, 2)) as t(x, y)",
    "select r.i, range from range(3) r(i), range(2)",
    "select g.generate_series from generate_series(1, 3) g",
    "select unnest([1, 2]) as n, unnest({'k': 1})",
    "select id, q.n from {{ ref('users') }} u, lateral (select u.id + 1 as n) q",
    "select id, (select max(o.amount) from {{ ref('orders') }} o where o.user_id = u.id) as most from {{ ref('users') }} u",
    "select id from {{ ref('users') }} u where exists (select 1 from {{ ref('orders') }} where user_id = id)",
    "select id from {{ ref('users') }} join {{ ref('orders') }} using (id)",
    "select name from {{ ref('users') }} natural join {{ ref('orders') }}",
    "select count(*) filter (where id > 1) as n, sum(id) over w as s from {{ ref('users') }} group by id window w as (order by id)",
    "select id, row_number() over (order by id) as rn from {{ ref('users') }} qualify rn = 1",
    "select * from (unpivot (select 1 as a, 2 as b) on a, b into name k value v)",
    "select table_name from information_schema.tables",
    "select current_date, today(), extract(year from now()) as y, interval 1 day as i",
    "with recursive n(i) as (select 1 union all select i + 1 from n where i < 3) select i from n",
    "select json_extract('{\"a\": 1}', '$.a') as j, map {'k': 1}['k'] as m, [1, 2][1] as l, 'abc'[1:2] as c",
    "select u.id, coalesce(o.amount, 0) as a from {{ ref('users') }} u left join {{ ref('orders') }} o on o.user_id = u.id order by a, 1",
    "select a.id from {{ ref('users') }} a asof join {{ ref('users') }} b on a.id >= b.id",
    "select distinct on (name) name, id from {{ ref('users') }} order by name, id desc",
    "(select id from {{ ref('users') }}) union all by name (select 1 as x, 2 as id)",
    "select 1 as \"order\", \"order\" + 1 as next from {{ ref('users') }} where \"order\" = 1",
    "select max(id) as id, id + 1 as other from {{ ref('users') }} group by id + 1, users.id",
    "select main.users.id from {{ ref('users') }}",
    "select x.id from {{ ref('users') }} as x(id, b, c)",
    "select case when id > 1 then 'a' end as kind, kind || name as k from {{ ref('users') }} where kind is null",
];

#[cfg(feature = "duckdb")]
#[test]
fn what_a_database_takes_is_no_mistake() {
    let mut project = shop();
    for (number, sql) in TAKEN_BY_DUCKDB.iter().enumerate() {
        project = project.file(format!("models/taken_{number}.sql"), sql);
    }
    let profile = "project: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb, schema: main, threads: 1}}}\n";
    let project = project.file("profiles.yml", profile);
    project.redstart("build --no-check").success();
    let output = project.redstart("check");
    assert_eq!(output.code, 0, "{output}");
    project.redstart("build").success();
}

#[test]
fn a_template_that_is_wrong_hides_no_mistake_of_another_node() {
    let project = shop()
        .file("models/a.sql", "select nocol from {{ ref('orders') }}")
        .file("models/b.sql", "select {{ nomac() }} as x");
    refuses(
        &project,
        "check",
        &["no column `nocol`", "there is no macro `nomac`"],
    );
    refuses(&project, "check -s a", &["no column `nocol`"]);
    assert!(!project.redstart("check -s a").text().contains("nomac"));
}

#[test]
fn a_column_that_is_only_declared_may_not_be_there() {
    // Its query asks the warehouse, and YAML describes a column that it does not have.
    let project = shop()
        .file(
            "models/late.sql",
            "{{ config(materialized='table') }} select {% if execute %}{{ run_query('select 1 as id').columns[0].values()[0] }}{% endif %} as id",
        )
        .file(
            "models/late.yml",
            "models: [{name: late, columns: [{name: id}, {name: amount}, {name: kind}]}]\n",
        )
        .file(
            "models/starred.sql",
            "{{ config(materialized='table') }} with base as (select *, 1 as kind from {{ ref('late') }}) select * from base",
        )
        .file(
            "models/joined.sql",
            "select amount from {{ ref('late') }} l join {{ ref('orders') }} o on o.id = l.id",
        );
    project.redstart("build").success();
}

#[test]
fn a_hook_may_give_a_table_columns_that_its_query_does_not_have() {
    let project = shop()
        .file(
            "models/wider.sql",
            "{{ config(materialized='table', post_hook='alter table {{ this }} add column more integer') }} select 1 as id",
        )
        .file("models/reader.sql", "select id, more from {{ ref('wider') }}");
    let output = project.redstart("check");
    assert_eq!(output.code, 0, "{output}");
}

#[test]
fn a_change_is_told_with_what_reads_the_columns_that_it_changes() {
    let project = shop()
        .file(
            "models/daily.sql",
            "select status, sum(amount) as money, count(*) as n from {{ ref('orders') }} group by 1",
        )
        .file(
            "models/schema.yml",
            "models: [{name: orders, columns: [{name: status, data_tests: [not_null]}]}]\nexposures: [{name: weekly, type: dashboard, owner: {email: a@x.org}, depends_on: [ref('daily')]}]\n",
        );
    project.redstart("check --target-path before").success();
    assert_snapshot!(project.redstart("impact --state before").success().stdout, @"0 nodes changed, 3 the same");
    let project = project.file(
        "models/orders.sql",
        "-- laid out anew\nselect 1 as id, 1 as user_id, 10 as amount, 'x' as note, 'paid' as state",
    );
    assert_snapshot!(project.redstart("impact --state before").success().stdout, @r"
    daily may have other rows: its filters, joins or groups changed
               read by exposure weekly
      type     money  numeric(38,1) → bigint
               read by exposure weekly
      meaning  status  was copied from orders.status; now no column
               read by exposure weekly
    orders has columns that changed
      type     amount  numeric(3,1) → integer
               read by daily.money, exposure weekly
      removed  status
               read by daily.status, test not_null_orders_status, exposure weekly
      added    note
      added    state
    2 nodes changed, 1 the same; 1 column removed; 2 columns of another type; 1 column of another meaning; 2 columns added
    ");
    let project = project.file(
        "models/daily.sql",
        "select state, max(amount) as money, count(*) as n from {{ ref('orders') }} where amount > 1 group by 1",
    );
    assert_snapshot!(project.redstart("impact --state before --output markdown").success().stdout, @r"
    ### What this change does to columns

    2 nodes changed, 1 the same; 2 columns removed; 2 columns of another type; 3 columns added

    | | What | Read by |
    |--|--|--|
    | **daily** | may have other rows: its filters, joins or groups changed | exposure weekly |
    | `daily.money` | type numeric(38,1) → integer | exposure weekly |
    | `daily.status` | removed | exposure weekly |
    | `daily.state` | added |  |
    | `orders.amount` | type numeric(3,1) → integer | daily.money, exposure weekly |
    | `orders.status` | removed | daily.status, test not_null_orders_status, exposure weekly |
    | `orders.note` | added |  |
    | `orders.state` | added |  |
    ");
    let json = project
        .redstart("impact --state before --output json")
        .success()
        .stdout;
    assert!(json.contains(r#""change":"removed""#), "{json}");
    let output = project.redstart("impact --state nowhere");
    assert_eq!(output.code, 2, "{output}");
    assert!(output.text().contains("error[state-missing]"), "{output}");
}

#[cfg(feature = "duckdb")]
#[test]
fn the_columns_of_sources_are_kept_in_a_file_and_known_without_a_warehouse() {
    let project = shop()
        .file(
            "dbt_project.yml",
            "name: shop\nprofile: project\non-run-start: create table if not exists main.raw_orders (id integer, amount integer)\n",
        )
        .file(
            "models/sources.yml",
            "sources: [{name: raw, schema: main, tables: [{name: raw_orders}, {name: gone}]}]\n",
        );
    project.redstart("build").success();
    let project = project.file(
        "models/total.sql",
        "select amont from {{ source('raw', 'raw_orders') }}",
    );
    project.redstart("check").success();
    let output = project.redstart("sources sync").success();
    assert!(
        output.text().contains("the warehouse has no `main.gone`"),
        "{output}"
    );
    assert_snapshot!(project.read("source_columns.json"), @r#"
    {
      "version": 1,
      "dialect": "redshift",
      "sources": {
        "source.shop.raw.raw_orders": {
          "id": "integer",
          "amount": "integer"
        }
      }
    }
    "#);
    refuses(
        &project,
        "check",
        &[
            "error[unknown-column]",
            "did you mean `amount`?",
            "models/total.sql:1:8",
        ],
    );
    let project = project.file("source_columns.json", "{}");
    let output = project.redstart("check");
    assert_eq!(output.code, 2, "{output}");
    assert!(
        output.text().contains("error[bad-source-columns]"),
        "{output}"
    );
}

#[test]
fn queries_and_values_are_counted_and_moments_are_no_numbers() {
    let project = shop()
        .file("models/looked_for.sql", "select id from {{ ref('orders') }} where id in (select id, amount from {{ ref('orders') }})")
        .file("models/value.sql", "select (select id, amount from {{ ref('orders') }} limit 1) as v")
        .file("models/named.sql", "with a(x, y) as (select id from {{ ref('orders') }}) select x from a")
        .file("models/placed.sql", "select id from {{ ref('orders') }} group by 2 order by 3 limit 1")
        .file("models/late.sql", "select sum(amount) as total from {{ ref('orders') }} having total > 5")
        .file("models/grouped.sql", "select id from {{ ref('orders') }} group by id having amount > 1")
        .file("models/compared.sql", "select id from {{ ref('orders') }} where '2024-01-01'::date = 7 or getdate() > amount")
        .file("models/cast.sql", "select '2024-01-01'::date::int as a, amount::timestamp as b from {{ ref('orders') }}")
        .file(
            "models/fine.sql",
            "with a(x, y) as (select id, amount from {{ ref('orders') }})
select x, (select max(y) from a) as m, '2024-01-01'::date::varchar as d, date_part(day, getdate())::int as n
from a where (x, y) in (select id, amount from {{ ref('orders') }}) and x in (select id from {{ ref('orders') }}) and getdate() > '2024-01-01'
group by 1 having max(y) > 5 order by 4 limit 1",
        );
    let output = project.redstart("check");
    insta::assert_snapshot!(output.text(), @"
    Checked 11 nodes: 11 errors, 0 warnings
    error[impossible-cast]: date cannot be cast to int
     --> models/cast.sql:1:8
      |
    1 | select '2024-01-01'::date::int as a, amount::timestamp as b from {{ ref('orders') }}
      |        ^^^^^^^^^^^^
      |
      = help: `date_part` and `extract` give numbers of a moment, `to_date` and `dateadd` moments of numbers

    error[impossible-cast]: numeric(3,1) cannot be cast to timestamp
     --> models/cast.sql:1:38
      |
    1 | select '2024-01-01'::date::int as a, amount::timestamp as b from {{ ref('orders') }}
      |                                      ^^^^^^
      |
      = help: `date_part` and `extract` give numbers of a moment, `to_date` and `dateadd` moments of numbers

    error[incomparable-types]: date cannot be compared with integer
     --> models/compared.sql:1:42
      |
    1 | select id from {{ ref('orders') }} where '2024-01-01'::date = 7 or getdate() > amount
      |                                          ^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: compare values of one type: look at the columns, or cast one side

    error[aggregate-misuse]: `amount` is neither a key of the groups nor in an aggregate
     --> models/grouped.sql:1:55
      |
    1 | select id from {{ ref('orders') }} group by id having amount > 1
      |                                                       ^^^^^^
      |
      = help: add it to `group by`, or aggregate it

    error[unknown-column]: `total` is an alias of the select list, which cannot be named here
     --> models/late.sql:1:61
      |
    1 | select sum(amount) as total from {{ ref('orders') }} having total > 5
      |                                                             ^^^^^ rows are chosen before the select list has names
      |
      = help: write the expression out, or put the query into a subquery

    error[subquery-columns]: a query in the place of a value has 2 columns
     --> models/looked_for.sql:1:49
      |
    1 | select id from {{ ref('orders') }} where id in (select id, amount from {{ ref('orders') }})
      |                                                 ^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: select one column in it

    error[too-many-names]: no column of the query is left for the name `y`
     --> models/named.sql:1:11
      |
    1 | with a(x, y) as (select id from {{ ref('orders') }}) select x from a
      |           ^
      |
      = help: select as many columns as there are names: 2

    error[aggregate-misuse]: `id` is neither a key of the groups nor in an aggregate
     --> models/placed.sql:1:8
      |
    1 | select id from {{ ref('orders') }} group by 2 order by 3 limit 1
      |        ^^
      |
      = help: add it to `group by`, or aggregate it

    error[no-such-place]: `group by 2` stands for no column: the query has 1
     --> models/placed.sql:1:45
      |
    1 | select id from {{ ref('orders') }} group by 2 order by 3 limit 1
      |                                             ^
      |
      = help: name the column, or write its place in the list

    error[no-such-place]: `order by 3` stands for no column: the query has 1
     --> models/placed.sql:1:56
      |
    1 | select id from {{ ref('orders') }} group by 2 order by 3 limit 1
      |                                                        ^
      |
      = help: name the column, or write its place in the list

    error[subquery-columns]: a query in the place of a value has 2 columns
     --> models/value.sql:1:9
      |
    1 | select (select id, amount from {{ ref('orders') }} limit 1) as v
      |         ^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: select one column in it

    11 errors
    ");
}

#[test]
fn aggregates_stand_where_rows_are_grouped() {
    let project = shop()
        .file("models/filtered.sql", "select id from {{ ref('orders') }} where sum(amount) > 1")
        .file("models/nested.sql", "select max(sum(amount)) as m from {{ ref('orders') }}")
        .file("models/beside.sql", "select user_id, count(*) as n from {{ ref('orders') }}")
        .file(
            "models/keyless.sql",
            "select o.user_id, upper(o.status) as s, sum(amount) as a from {{ ref('orders') }} o group by 1",
        )
        .file(
            "models/fine.sql",
            "select o.user_id as u, upper(status) || '!' as s, max(amount) as most, sum(sum(amount)) over () as all_, u + 1 as next, case when count(*) > 1 then user_id end as v\nfrom {{ ref('orders') }} o where id > 0 group by o.user_id, upper(o.status) having count(*) > 0",
        );
    refuses(
        &project,
        "check",
        &[
            "error[aggregate-misuse]: `sum` stands in `where`, before rows are grouped",
            "--> models/filtered.sql:1:",
            "error[aggregate-misuse]: `sum` stands inside `max`",
            "error[aggregate-misuse]: `user_id` stands beside an aggregate of all rows",
            "--> models/beside.sql:1:8",
            "error[aggregate-misuse]: `status` is neither a key of the groups nor in an aggregate",
            "4 errors",
        ],
    );
}

#[test]
fn a_setting_of_the_checks_that_nobody_knows_is_told_where_it_is_written() {
    let project = TestProject::new()
        .file(
            "dbt_project.yml",
            "name: shop\nprofile: project\nflags:\n  check:\n    levels: {unknown-colum: off}\n",
        )
        .file("models/a.sql", "select 1 as id");
    assert_snapshot!(project.redstart("check"), @"
    exit 2
    error[bad-config]: there is no check `unknown-colum` (`flags: {check: …}` of dbt_project.yml)
     --> dbt_project.yml:5:14
      |
    5 |     levels: {unknown-colum: off}
      |              ^^^^^^^^^^^^^
      |
      = help: did you mean `unknown-column`?

    1 error
    ");
}
