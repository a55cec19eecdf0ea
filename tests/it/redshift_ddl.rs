//! What Redshift has and other warehouses have not, built on the endpoint and looked at in its catalog.

use insta::assert_snapshot;
use redstart::endpoint::{Fault, Mishap, Options, Server};

use crate::endpoint::{Client, connect};
use crate::project::TestProject;

/// An endpoint, somebody who looks at it, and a project whose target it is.
struct Cluster {
    server: Server,
    client: Client,
    project: TestProject,
}

impl Cluster {
    fn new(keys: &str) -> Self {
        let project = TestProject::empty();
        let options = Options {
            s3: vec![("s3://lake/".to_owned(), project.path().join("lake"))],
            ..Options::default()
        };
        let server = Server::start(options).expect("the endpoint starts");
        let client = connect(&server, "awsuser", "").expect("a session");
        let project = project.file(
            "profiles.yml",
            format!(
                "shop: {{target: dev, outputs: {{dev: {{type: redshift, host: 127.0.0.1, port: {}, user: awsuser, password: cat-and-9-lives, dbname: dev, schema: analytics, threads: 1, sslmode: disable{keys}}}}}}}\n",
                server.address().port()
            ),
        );
        Self {
            server,
            client,
            project,
        }
    }

    fn file(mut self, path: &str, text: &str) -> Self {
        self.project = self.project.file(path, text);
        self
    }

    #[track_caller]
    fn build(&self, arguments: &str) {
        self.project
            .redstart(&format!("build {arguments}"))
            .success();
    }

    fn ask(&self, sql: &str) -> String {
        self.client.ask(sql)
    }

    /// The statements that came and hold one of some words, on one line each.
    fn sent(&self, words: &[&str]) -> String {
        let log = self.server.log();
        let lines = log.iter().filter(|logged| {
            words.iter().any(|word| logged.text.contains(word)) && !logged.text.contains("pg_")
        });
        lines
            .map(|logged| logged.text.split_whitespace().collect::<Vec<_>>().join(" ") + "\n")
            .collect()
    }
}

const ORDERS: &str = "{{ config(materialized='table', dist='id', sort=['id', 'day'], backup=false, contract={'enforced': true},
  query_group='nightly', grants={'select': ['ann', 'group:analysts', 'role:reader', 'user:bo']},
  persist_docs={'relation': true, 'columns': true}) }}
select 1::bigint as id, '2024-01-31'::date as day, 'it''s'::varchar(10) as name, json_parse('{\"a\": [1, 2]}') as payload";

const ORDERS_YML: &str = "models:
  - name: orders
    description: Every order, it's said
    columns:
      - {name: id, data_type: bigint, encode: az64, description: The number, constraints: [{type: not_null}, {type: primary_key}]}
      - {name: day, data_type: date, encode: raw}
      - {name: name, data_type: varchar(10), encode: zstd}
      - {name: payload, data_type: super}
";

fn orders(keys: &str) -> Cluster {
    let cluster = Cluster::new(keys)
        .file("dbt_project.yml", "name: shop\nprofile: shop\n")
        .file("models/orders.sql", ORDERS)
        .file("models/orders.yml", ORDERS_YML)
        .file(
            "models/first_parts.sql",
            "select payload.a[0]::int as part from {{ ref('orders') }}",
        );
    for identity in [
        "create user ann password 'Abcdefg1'",
        "create user bo password 'Abcdefg1'",
        "create group analysts",
        "create role reader",
    ] {
        cluster.ask(identity);
    }
    cluster
}

#[test]
fn encodings_keys_grants_and_comments_reach_the_catalog_and_survive_a_swap() {
    let cluster = orders("");
    insta::allow_duplicates! {
    for run in 1..=2 {
        cluster.build("");
        cluster.ask("set search_path to analytics");
        assert_snapshot!(cluster.ask("select \"column\", type, encoding, distkey, sortkey, \"notnull\" from pg_table_def where tablename = 'orders' order by sortkey = 0, sortkey, 1"), @r"
        id|bigint|az64|t|1|t
        day|date|none|f|2|f
        name|character varying(10)|zstd|f|0|f
        payload|super|none|f|0|f
        (4)
        ");
        assert_snapshot!(cluster.ask("select identity_name, identity_type, privilege_type from svv_relation_privileges where relation_name = 'orders' order by 1"), @r"
        analysts|group|SELECT
        ann|user|SELECT
        bo|user|SELECT
        reader|role|SELECT
        (4)
        ");
        assert_snapshot!(cluster.ask("select c.relname, d.objsubid, d.description from pg_description d join pg_class c on c.oid = d.objoid order by 2"), @r"
        orders|0|Every order, it's said
        orders|1|The number
        (2)
        ");
        assert_eq!(
            cluster.ask("select part from analytics.first_parts"),
            "1\n(1)",
            "run {run}"
        );
    }
    }
    let log = cluster.server.log();
    let build = log
        .iter()
        .find(|logged| logged.text.contains("\"orders__rs_tmp\" (\n"))
        .expect("the second build");
    assert_eq!(build.label, "nightly");
    assert!(build.text.contains("backup no"), "{}", build.text);
}

#[test]
fn a_load_numbers_its_rows_and_encodes_its_columns() {
    let cluster = Cluster::new("")
        .file("dbt_project.yml", "name: shop\nprofile: shop\n")
        .file("lake/events/1.csv", "b\na\n")
        .file(
            "models/sources.yml",
            "sources:
  - name: raw
    schema: staging
    tables:
      - name: events
        external: {location: 's3://lake/events/', file_format: csv, copy: {iam_role: default}}
        config: {dist: even, sort: name}
        columns:
          - {name: id, data_type: 'bigint identity(1, 1)', encode: az64}
          - {name: name, data_type: varchar(3), encode: bytedict}
",
        )
        .file(
            "models/names.sql",
            "select name, id is not null as numbered from {{ source('raw', 'events') }}",
        );
    cluster.build("");
    cluster.build("");
    cluster.ask("set search_path to staging");
    assert_snapshot!(cluster.ask("select \"column\", type, encoding, sortkey from pg_table_def where tablename = 'events' order by 1"), @r"
    id|bigint|az64|0
    name|character varying(3)|bytedict|1
    (2)
    ");
    assert_snapshot!(cluster.ask("select * from analytics.names order by 1"), @r"
    a|t
    b|t
    (2)
    ");
}

#[test]
fn a_materialized_view_is_altered_where_it_can_be_and_made_anew_where_not() {
    let cluster = Cluster::new("")
        .file("dbt_project.yml", "name: shop\nprofile: shop\nvars: {dist: all, sort: id, refreshed: false}\n")
        .file(
            "models/stored.sql",
            "{{ config(materialized='materialized_view', dist=var('dist'), sort=var('sort'), auto_refresh=var('refreshed')) }}
select 1 as id, 'a'::varchar(3) as name",
        );
    cluster.build("");
    cluster.build("");
    cluster.build("--vars '{refreshed: true}'");
    cluster.build("--vars '{refreshed: true, dist: even}'");
    cluster.build("--vars '{refreshed: true, dist: even, sort: name}'");
    assert_snapshot!(cluster.sent(&["materialized view"]), @r#"
    create materialized view "analytics"."stored" diststyle all sortkey ("id") auto refresh no as ( select 1 as id, 'a'::varchar(3) as name )
    refresh materialized view "analytics"."stored"
    alter materialized view "analytics"."stored" auto refresh yes
    refresh materialized view "analytics"."stored"
    drop materialized view if exists "dev"."analytics"."stored"
    create materialized view "analytics"."stored" diststyle even sortkey ("id") auto refresh yes as ( select 1 as id, 'a'::varchar(3) as name )
    drop materialized view if exists "dev"."analytics"."stored"
    create materialized view "analytics"."stored" diststyle even sortkey ("name") auto refresh yes as ( select 1 as id, 'a'::varchar(3) as name )
    "#);
    assert_eq!(cluster.ask("select * from analytics.stored"), "1|a\n(1)");
}

#[test]
fn texts_grow_outside_of_the_transaction_and_types_change_inside_it() {
    let cluster = Cluster::new("")
        .file("dbt_project.yml", "name: shop\nprofile: shop\nvars: {later: false}\n")
        .file(
            "models/batches.sql",
            "{{ config(materialized='incremental', unique_key='id', on_schema_change='sync_all_columns') }}
{% if var('later') %}select 2 as id, 'longer'::varchar(20) as name, 2.5::float as amount, true as is_new
{% else %}select 1 as id, 'a'::varchar(3) as name, 1 as amount, 'x'::varchar(1) as gone{% endif %}",
        );
    cluster.build("");
    cluster.build("--vars '{later: true}'");
    assert_snapshot!(cluster.sent(&["alter table", "update \"analytics", "commit"]), @r#"
    alter table "analytics"."batches" alter column "name" type character varying(20)
    alter table "analytics"."batches" add column "is_new" boolean
    alter table "analytics"."batches" drop column "gone"
    alter table "analytics"."batches" add column "amount__rs_type" double precision
    update "analytics"."batches" set "amount__rs_type" = cast("amount" as double precision)
    alter table "analytics"."batches" drop column "amount"
    alter table "analytics"."batches" rename column "amount__rs_type" to "amount"
    commit
    "#);
    assert_snapshot!(cluster.ask("select id, name, amount, is_new from analytics.batches order by 1"), @r"
    1|a|1|NULL
    2|longer|2.5|t
    (2)
    ");
}

#[test]
fn a_name_may_have_127_bytes_and_is_swapped_and_grown_under_a_shorter_one() {
    let table = format!("{}é", "t".repeat(125));
    let batches = format!("{}é", "b".repeat(125));
    let cluster = Cluster::new("")
        .file("dbt_project.yml", "name: shop\nprofile: shop\n")
        .file("models/one.sql", &format!("{{{{ config(materialized='table', alias='{table}') }}}} select 1 as id"))
        .file(
            "models/two.sql",
            &format!("{{{{ config(materialized='incremental', unique_key='id', alias='{batches}') }}}} select 1 as id"),
        );
    cluster.build("");
    cluster.build("");
    assert_eq!(
        cluster.ask(&format!("select * from analytics.\"{table}\"")),
        "1\n(1)"
    );
    assert_eq!(
        cluster.ask(&format!("select * from analytics.\"{batches}\"")),
        "1\n(1)"
    );
    let names = cluster.ask("select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname = 'analytics' and relname <> 'redstart_lease' order by 1");
    assert_eq!(
        names,
        format!("{batches}\n{table}\n(2)"),
        "nothing is left beside them"
    );
    cluster.project.write(
        "models/one.sql",
        format!("{{{{ config(alias='{table}x') }}}} select 1 as id"),
    );
    let refused = cluster.project.redstart("run --select one");
    assert!(refused.text().contains("error[name-too-long]"), "{refused}");
}

#[test]
fn the_catalog_has_the_figures_of_svv_table_info_for_who_may_read_them() {
    insta::allow_duplicates! {
    for keys in ["", ", datasharing: true"] {
        let cluster = orders(keys);
        cluster.build("");
        cluster.project.redstart("docs generate").success();
        let catalog: serde_json::Value =
            serde_json::from_str(&cluster.project.read("target/catalog.json")).expect("JSON");
        let orders = &catalog["nodes"]["model.shop.orders"];
        let stats: Vec<String> = orders["stats"]
            .as_object()
            .expect("figures")
            .iter()
            .map(|(id, stat)| {
                format!(
                    "{id}: {} = {}{}",
                    stat["label"],
                    stat["value"],
                    if stat["include"] == true {
                        ""
                    } else {
                        " (hidden)"
                    }
                )
            })
            .collect();
        assert_snapshot!(stats.join("\n"), @r##"
        encoded: "Encoded" = "Y"
        diststyle: "Dist Style" = "KEY(id)"
        sortkey1: "Sort Key 1" = "id"
        max_varchar: "Max Varchar" = 10
        sortkey1_enc: "Sort Key 1 Encoding" = null (hidden)
        sortkey_num: "# Sort Keys" = 2
        size: "Approximate Size" = 14000000
        pct_used: "Disk Utilization" = 1e-6
        unsorted: "Unsorted %" = 0
        stats_off: "Stats Off" = 0.0
        rows: "Approximate Row Count" = 1
        skew_sortkey1: "Sort Key Skew" = null (hidden)
        skew_rows: "Skew Rows" = null (hidden)
        row_count: "Rows" = 1
        has_stats: "Has statistics" = true (hidden)
        "##);
        assert_eq!(orders["metadata"]["comment"], "Every order, it's said");
        assert_eq!(orders["metadata"]["owner"], "awsuser");
        assert_eq!(orders["columns"]["id"]["comment"], "The number");
        let view = &catalog["nodes"]["model.shop.first_parts"];
        assert_eq!(view["columns"]["part"]["type"], "integer", "{view}");
        assert_eq!(view["stats"]["has_stats"]["value"], false, "{view}");
    }
    }
}

#[test]
fn debug_says_what_is_missing_and_what_to_do_for_it() {
    let cluster = Cluster::new("")
        .file("dbt_project.yml", "name: shop\nprofile: shop\n")
        .file(
            "models/sources.yml",
            "sources:
  - name: shop
    schema: public
    tables: [{name: there}, {name: gone}]
  - name: raw
    schema: staging
    tables:
      - name: events
        external: {location: 's3://lake/events/', file_format: csv, copy: {iam_role: default}}
        columns: [{name: id, data_type: int}]
      - name: clicks
        external: {location: 's3://lake/clicks/', file_format: csv, copy: {iam_role: 'arn:aws:iam::123456789012:role/lake'}}
        columns: [{name: id, data_type: int}]
",
        );
    cluster.ask("create table public.there (id int)");
    let output = cluster.project.redstart("debug --connection");
    assert_eq!(output.code, 1, "{output}");
    assert_snapshot!(output.text(), @r#"
    target     dev (redshift)
    schema     dev.analytics
    server     PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0.100000
    TLS        not encrypted
               to do: leave out `sslmode: disable`, unless the network is your own
    user       awsuser
    schema `staging` not there, will be made
    source `public.gone` not seen: it is not there, or the schema may not be used
               to do: grant usage on schema "public" to "awsuser", if it is
    role for copy `arn:aws:iam::123456789012:role/lake` may be taken
    role for copy no role is the default
               to do: attach a role to the cluster or the namespace and make it the default, or name one as `iam_role`
    connection ok: 0 relations in the project's schemas
    "#);
}

#[test]
fn debug_names_the_grant_of_each_privilege_that_is_missing() {
    let cluster = Cluster::new("")
        .file("dbt_project.yml", "name: shop\nprofile: shop\n")
        .file("models/one.sql", "select 1 as id")
        .file(
            "models/sources.yml",
            "sources:
  - name: raw
    tables: [{name: seen}, {name: hidden}]
  - name: locked
    tables: [{name: away}]
",
        );
    cluster.ask("create user awsreader password 'Passw0rd'");
    cluster.ask("create schema analytics; create schema raw; create schema locked");
    cluster.ask("create table raw.seen (id int); create table raw.hidden (id int); create table locked.away (id int)");
    cluster.ask("grant usage on schema raw to awsreader; grant select on raw.seen to awsreader; grant usage on schema analytics to awsreader");
    let profile = cluster.project.read("profiles.yml");
    cluster
        .project
        .write("profiles.yml", profile.replace("awsuser", "awsreader"));
    let output = cluster.project.redstart("debug --connection");
    assert_eq!(output.code, 1, "{output}");
    assert_snapshot!(output.text(), @r#"
    target     dev (redshift)
    schema     dev.analytics
    server     PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0.100000
    TLS        not encrypted
               to do: leave out `sslmode: disable`, unless the network is your own
    user       awsreader
    schema `analytics` no create
               to do: grant create on schema "analytics" to "awsreader"
    source `locked.away` no usage of its schema
               to do: grant usage on schema "locked" to "awsreader"
    source `raw.hidden` may not be read
               to do: grant select on "raw"."hidden" to "awsreader"
    connection ok: 0 relations in the project's schemas
    "#);
    cluster.ask("grant create on schema analytics to awsreader; grant select on raw.hidden to awsreader; grant usage on schema locked to awsreader; grant select on locked.away to awsreader");
    let output = cluster.project.redstart("debug --connection");
    assert_eq!(output.code, 0, "{output}");
}

#[test]
fn what_is_in_another_database_is_never_taken_for_what_has_its_name_here() {
    let cluster = Cluster::new(", ra3_node: true")
        .file("dbt_project.yml", "name: shop\nprofile: shop\n")
        .file(
            "models/sources.yml",
            "sources: [{name: o, database: other, schema: analytics, tables: [{name: sd}, {name: twin}]}]\n",
        )
        .file(
            "macros/look.sql",
            "{% macro look() %}{% set there = source('o', 'sd') %}
{{ print(adapter.get_columns_in_relation(there) | length ~ ' ' ~ (adapter.get_relation('other', 'analytics', 'sd') is none)) }}{% endmacro %}",
        )
        .file("models/made.sql", "{{ config(materialized='table', database='other') }} select 1 as id")
        .file("models/read.sql", "{{ config(bind=false) }} select k from {{ source('o', 'sd') }}");
    cluster.ask("create schema analytics");
    cluster.ask(
        "create table analytics.sd (id int); create table analytics.made as select 7 as precious",
    );

    let output = cluster.project.redstart("run-operation look").success();
    assert!(output.stdout.contains("0 True"), "{output}");
    let output = cluster.project.redstart("run -s made");
    assert_eq!(output.code, 1, "{output}");
    assert!(
        output
            .text()
            .contains("error[other-database]: the database `other` is not `dev`"),
        "{output}"
    );
    assert_eq!(cluster.ask("select precious from analytics.made"), "7\n(1)");
    // Its columns are not those of the table here: that is for the warehouse to say.
    let output = cluster.project.redstart("compile -s read").success();
    assert!(
        output.stdout.contains("\"other\".\"analytics\".\"sd\""),
        "{output}"
    );
    let output = cluster.project.redstart("run -s read");
    assert!(!output.text().contains("unknown-column"), "{output}");
    let asked = cluster.sent(&["svv_all_columns"]);
    assert!(
        asked.contains("lower(database_name) = lower('other')"),
        "{asked}"
    );
}

#[test]
fn the_statements_of_a_hook_are_sent_one_by_one_and_those_that_stand_alone_outside() {
    let cluster = Cluster::new("")
        .file(
            "dbt_project.yml",
            "name: shop\nprofile: shop\non-run-end: [\"analyze analytics.a; vacuum analytics.a\"]\n",
        )
        .file(
            "models/a.sql",
            "{{ config(materialized='table', pre_hook=[\"create table if not exists public.log_t (what varchar(9)); vacuum public.log_t\"],
                post_hook=[\"insert into public.log_t values ('inside'); analyze {{ this }}; vacuum {{ this }}; insert into public.log_t values ('outside')\",
                  {'sql': 'analyze {{ this }}; vacuum {{ this }};', 'transaction': false}]) }}
             select 1 as id",
        )
        .file(
            "macros/tidy.sql",
            "{% macro tidy() %}{{ log(run_query(\"analyze analytics.a; vacuum analytics.a; select 7 as n\").columns[0].values()[0], info=true) }}{% endmacro %}",
        );
    cluster.build("");
    assert_snapshot!(cluster.sent(&["begin", "commit", "log_t", "vacuum", "analyze", "create table"]), @r#"
    create table if not exists "analytics".redstart_lease (held boolean)
    begin
    create table if not exists public.log_t (what varchar(9))
    vacuum public.log_t
    begin
    create table "analytics"."a" as ( select 1 as id )
    insert into public.log_t values ('inside')
    analyze "dev"."analytics"."a"
    commit
    vacuum "dev"."analytics"."a"
    insert into public.log_t values ('outside')
    analyze "dev"."analytics"."a"
    vacuum "dev"."analytics"."a"
    analyze analytics.a
    vacuum analytics.a
    "#);
    let output = cluster.project.redstart("run-operation tidy");
    assert_eq!(output.code, 0, "{output}");
    assert!(output.text().contains('7'), "{output}");
    assert_snapshot!(cluster.ask("select what from public.log_t order by 1"), @"
    inside
    outside
    (2)
    ");
}

#[test]
fn a_hook_that_asks_and_a_header_send_their_statements_one_by_one_too() {
    let cluster = Cluster::new("")
        .file("dbt_project.yml", "name: shop\nprofile: shop\n")
        .file(
            "models/a.sql",
            "{{ config(materialized='table',
                sql_header='create temporary table seven as select 7 as n; vacuum public.log_t; create temporary table eight as select n + 1 as n from seven;',
                post_hook=[
                  {'sql': \"{% if execute and run_query('select 1').rows %}vacuum {{ this }}{% endif %}\", 'transaction': false},
                  \"{% if execute and run_query('select 1').rows %}insert into public.log_t values (1); vacuum {{ this }} to 75 percent{% endif %}\"]) }}
             select eight.n from eight",
        );
    cluster.ask("create table public.log_t (n int)");
    cluster.build("");
    assert_snapshot!(cluster.sent(&["begin", "commit", "log_t", "vacuum", "seven", "eight"]), @r#"
    create table public.log_t (n int)
    begin
    create temporary table seven as select 7 as n
    vacuum public.log_t
    create temporary table eight as select n + 1 as n from seven
    create table "analytics"."a" as ( select eight.n from eight )
    vacuum "dev"."analytics"."a"
    insert into public.log_t values (1)
    vacuum "dev"."analytics"."a" to 75 percent
    "#);
    assert_snapshot!(cluster.ask("select n from analytics.a union all select n from public.log_t"), @"
    8
    1
    (2)
    ");
}

/// So that both `enable_case_sensitive_identifier` on and off find them: off, the server folds them, and the catalog has them in small letters.
#[test]
fn names_are_sent_as_they_are_written_and_compared_without_their_case() {
    let cluster = Cluster::new("")
        .file("dbt_project.yml", "name: shop\nprofile: shop\n")
        .file("seeds/Prices.csv", "Id,Amount\n1,2\n")
        .file(
            "models/Orders.sql",
            "{{ config(materialized='incremental', unique_key='Id', on_schema_change='sync_all_columns', persist_docs={'columns': true}) }} select \"Id\", {{ var('amount', 2) }} as \"Amount\" from {{ ref('Prices') }}",
        )
        .file(
            "models/Orders.yml",
            "models: [{name: Orders, columns: [{name: Id, description: its number, data_tests: [unique]}]}]",
        );
    cluster.build("");
    cluster.build("--vars '{amount: 3}'");
    assert_snapshot!(cluster.sent(&["Orders", "orders"]), @r#"
    create table "analytics"."Orders" as ( select "Id", 2 as "Amount" from "dev"."analytics"."Prices" )
    comment on column "analytics"."Orders"."id" is 'its number'
    select count(*) as n_rows from "analytics"."Orders"
    select count(*) as failures, count(*) != 0 as should_warn, count(*) != 0 as should_error from ( select Id as unique_field, count(*) as n_records from "dev"."analytics"."Orders" where Id is not null group by Id having count(*) > 1 ) as dbt_internal_test
    create temporary table "Orders__rs_tmp" as ( select "Id", 3 as "Amount" from "dev"."analytics"."Prices" )
    delete from "analytics"."Orders" where ("id") in ( select "id" from "Orders__rs_tmp" )
    insert into "analytics"."Orders" ("id", "amount") ( select "id", "amount" from "Orders__rs_tmp" )
    comment on column "analytics"."Orders"."id" is 'its number'
    drop table if exists "Orders__rs_tmp"
    select count(*) as n_rows from "analytics"."orders"
    select count(*) as failures, count(*) != 0 as should_warn, count(*) != 0 as should_error from ( select Id as unique_field, count(*) as n_records from "dev"."analytics"."Orders" where Id is not null group by Id having count(*) > 1 ) as dbt_internal_test
    "#);
    assert_snapshot!(cluster.ask("select table_name, column_name from svv_columns where table_schema = 'analytics' and table_name in ('orders', 'prices') order by 1, ordinal_position"), @"
    orders|id
    orders|amount
    prices|id
    prices|amount
    (4)
    ");
    assert_snapshot!(cluster.ask("select id, amount from analytics.orders"), @"
    1|3
    (1)
    ");
}

#[test]
fn what_became_of_a_hook_whose_commit_was_cut_off_is_said() {
    let cluster = Cluster::new("")
        .file("dbt_project.yml", "name: shop\nprofile: shop\n")
        .file(
            "models/a.sql",
            "{{ config(materialized='table', post_hook='insert into public.log_t select 1') }}select 1 as id",
        );
    cluster.ask("create table public.log_t (n int)");
    let cut = Fault::matching("^commit", Some(1), Mishap::DropAfter).expect("a pattern");
    cluster.server.add_fault(cut);
    let output = cluster.project.redstart("build");
    assert_eq!(output.code, 1, "{output}");
    assert_snapshot!(cluster.ask("select count(*) from public.log_t"), @"
    1
    (1)
    ");
    assert_snapshot!(output.text().lines().filter(|line| line.contains("help")).collect::<Vec<_>>().join("\n"), @"  = help: whether the commit was done is not known: look first whether the hooks did their work, for another run does it once more; what hooks do is not tried twice by itself");
}
