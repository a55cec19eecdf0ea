//! The documentation site: its files, the server, and what a real browser sees.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use insta::assert_snapshot;

use crate::project::TestProject;

/// Where `scripts/setup --for-tests` keeps what the browser is driven with.
pub(crate) fn browser_tools() -> Option<(PathBuf, PathBuf)> {
    let cache = std::env::var_os("REDSTART_CACHE").map_or_else(
        || {
            let home = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
            let home =
                home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
            home.map(|home| home.join("redstart"))
        },
        |cache| Some(PathBuf::from(cache)),
    )?;
    let modules = cache.join("browser-tests-1");
    let chromium = [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ]
    .into_iter()
    .map(PathBuf::from)
    .find(|program| program.is_file())?;
    modules
        .join("node_modules/playwright-core")
        .is_dir()
        .then_some((modules, chromium))
}

#[expect(clippy::print_stderr, reason = "whoever runs the tests is to see it")]
pub(crate) fn skipped() {
    eprintln!("SKIPPED: no browser to try the site with; scripts/setup --for-tests says why");
}

#[test]
fn a_browser_shows_every_page_from_disk_without_a_network() {
    let Some((modules, chromium)) = browser_tools() else {
        skipped();
        return;
    };
    let project = TestProject::example();
    project.redstart("build --quiet");
    let site = walkdir::WalkDir::new(project.path().join("target/site"));
    let files = site.into_iter().map(|file| file.expect("a file to read"));
    let sizes = files.map(|file| file.metadata().expect("its size"));
    let sizes = sizes.filter(std::fs::Metadata::is_file);
    let size: u64 = sizes.map(|file| file.len()).sum();
    assert!(size <= 250_000, "{size} bytes");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/site/check.mjs");
    let seen = Command::new("node")
        .arg(script)
        .args([modules, chromium, project.path().join("target/site")])
        .output()
        .expect("node runs");
    let text =
        String::from_utf8_lossy(&seen.stdout).into_owned() + &String::from_utf8_lossy(&seen.stderr);
    assert_snapshot!(text);
}

/// A table of eighty columns that copies another, with words, a title and a unit test.
fn wide() -> TestProject {
    let columns: Vec<String> = (1..=80).map(|at| format!("{at} as fact_{at}")).collect();
    TestProject::new()
        .file(
            "dbt_project.yml",
            "name: wide\nprofile: project\nmodels: {+materialized: table}\nflags: {docs: {title: Wide tables, color: '#0a6b3d'}}\n",
        )
        .file("models/base.sql", format!("select {}", columns.join(", ")))
        .file(
            "models/wide.sql",
            "select *\nfrom {{ ref('base') }}\n-- the last line of the query",
        )
        .file(
            "models/wide.yml",
            "models:
  - name: base
    columns: [{name: fact_7, description: The seventh fact., data_tests: [unique]}]
  - name: wide
    description: All facts side by side.
    columns: [{name: fact_80, description: The last fact., data_tests: [not_null]}]
unit_tests:
  - name: facts_stay_facts
    description: Nothing is lost on the way.
    model: wide
    given: [{input: ref('base'), rows: [{fact_1: 1}, {fact_1: 2}]}]
    expect: {rows: [{fact_1: 1}, {fact_1: 2}]}
",
        )
        .file("models/notes.md", "{% docs __overview__ %}\n# Read this <script>alert(1)</script>\n{% enddocs %}\n{% docs __wide__ %}\nThe words of the package.\n{% enddocs %}\n")
}

#[test]
fn printing_a_table_of_eighty_columns_gives_every_column_the_sql_and_the_tests() {
    let Some((modules, chromium)) = browser_tools() else {
        skipped();
        return;
    };
    let project = wide();
    project.redstart("build --quiet").success();
    let site = project.path().join("target/site");
    let index = project.read("target/site/index.html");
    assert!(index.contains("<title>Wide tables</title>"), "{index}");
    let printed = |hash: &str| {
        let file = project.path().join("page.pdf");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/site/print.mjs");
        let run = Command::new("node")
            .arg(script)
            .args([&modules, &chromium, &site])
            .arg(hash)
            .arg(&file)
            .output()
            .expect("node runs");
        assert!(run.status.success(), "{run:?}");
        let mut text = text_of(Command::new("pdftotext").arg("-layout").arg(&file).arg("-"));
        text.retain(|letter| letter != '\u{c}');
        text
    };
    let text = printed("#/model.wide.wide");
    let words: Vec<&str> = text.split_whitespace().collect();
    let missing: Vec<String> = (1..=80)
        .map(|at| format!("fact_{at}"))
        .filter(|name| !words.contains(&name.as_str()))
        .collect();
    assert_eq!(missing, Vec::<String>::new(), "{text}");
    let plain = words.join(" ");
    for wanted in [
        "All facts side by side.",
        "The last fact.",
        "The seventh fact.",
        "from base",
        "from {{ ref('base') }}",
        "-- the last line of the query",
        "where fact_80 is null",
        "facts_stay_facts",
        "Nothing is lost on the way.",
        "Given 2 rows of ref('base'); expects 2 rows",
        "models/wide.yml:8",
    ] {
        assert!(plain.contains(wanted), "no {wanted:?} in {text}");
    }
    assert!(!plain.contains("Copy") && !plain.contains("Search"));
    let start = printed("#/");
    assert!(
        start.contains("Read this <script>alert(1)</script>"),
        "{start}"
    );
    let package = printed("#/list/package/wide");
    assert!(package.contains("The words of the package."), "{package}");
}

fn text_of(command: &mut Command) -> String {
    let output = command.output().expect("pdftotext, of poppler-utils, runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_look_that_nobody_could_read_is_refused_by_name_before_anything_is_built() {
    let project = TestProject::new()
        .file(
            "dbt_project.yml",
            "name: shop\nprofile: project\nflags: {docs: {color: '#ffee00'}}\n",
        )
        .file("models/orders.sql", "select 1 as id");
    assert_snapshot!(project.redstart("docs generate"), @"
    exit 2
    error[bad-config]: `#ffee00` cannot be read on light pages: its contrast is 1.2 to 1, and 4.5 is the least (`flags: {docs: …}` of dbt_project.yml)
     --> dbt_project.yml:3:24
      |
    3 | flags: {docs: {color: '#ffee00'}}
      |                        ^^^^^^^
      |
      = help: `color` is for light pages, `color_dark` for dark ones

    1 error
    ");
    assert_eq!(project.redstart("build").code, 2);
    assert!(!project.path().join("target/run_results.json").exists());
}

#[test]
fn a_diff_tells_readers_what_changed_since_an_earlier_state() {
    let project = shop();
    project.redstart("build --quiet").success();
    project
        .redstart("docs generate --target-path before")
        .success();
    let project = project
        .file(
            "models/orders.sql",
            "select 10 as order_id, c.id as buyer_id from {{ ref('customers') }} as c",
        )
        .file("models/news.sql", "select order_id from {{ ref('orders') }}")
        .file(
            "models/shop.yml",
            "models:
  - {name: customers, description: Who buys here, meta: {owner: Sales}, columns: [{name: id, description: The number, data_tests: [unique, not_null]}]}
  - {name: orders, description: What was bought, columns: [{name: order_id, data_tests: [unique]}]}
  - {name: totals, config: {docs: {show: false}}}
",
        );
    let told = project.redstart("docs diff --state before --print");
    let told = told.to_string();
    let (before, after) = told
        .split_once("The project at ")
        .expect("what was compared");
    assert!(after.contains("compared with before of 20"), "{told}");
    let (_, after) = after.split_once('\n').expect("more lines");
    assert_snapshot!(format!("{before}{after}"), @r"
    exit 0
    # What changed in project

    1 new, 0 gone, 2 changed, 0 as before.


    ## New

    - news (model)

    ## What others may feel

    | | What | Read by |
    | --- | --- | --- |
    | orders.customer\_id | renamed perhaps buyer\_id now | nobody |

    ## Changed

    ### customers

    | | Before | Now |
    | --- | --- | --- |
    | column name | declared |  |
    | description | Who buys, \`\`\` and \<script\> included | Who buys here |
    | description of name | The full name |  |
    | tests of id | unique | not\_null; unique |

    ### orders

    | | Before | Now |
    | --- | --- | --- |
    | column buyer\_id |  | there |
    | column customer\_id | declared |  |
    | tags | daily |  |
    | tests of customer\_id | relationships: to ref('customers'), field id |  |
    ");
    assert_snapshot!(project.redstart("docs diff --state before"), @"
    exit 0
    What changed is in [project]/target/changes.html
    ");
    assert!(
        project
            .read("target/changes.md")
            .starts_with("# What changed in project")
    );
    let page = project.read("target/changes.html");
    assert!(
        page.contains("Who buys here") && !page.contains("<script"),
        "{page}"
    );
    assert!(
        !page.contains("totals"),
        "a node that is not to be shown: {page}"
    );
    assert_snapshot!(project.redstart("docs diff --state nowhere"), @"
    exit 2
    error[state-missing]: there is no folder `[project]/nowhere` to compare with
     |
     = help: --state names the folder with the artifacts of an earlier run

    1 error
    ");
}

#[test]
fn the_site_is_one_file_where_that_is_asked_for() {
    let project = TestProject::new()
        .file("models/orders.sql", "select 1 as id")
        .file(
            "models/orders.yml",
            "models: [{name: orders, description: All orders}]",
        );
    project.redstart("build");
    assert!(
        project
            .read("target/index.html")
            .contains("site/index.html")
    );
    project.redstart("docs generate --single-file");
    let page = project.read("target/index.html");
    assert!(page.contains("redstart(\"index\",") && !page.contains("src="));
}

/// Two tables with a key between them, and a third that reads one.
fn shop() -> TestProject {
    TestProject::new()
        .file("models/customers.sql", "select 1 as id, 'Zoë' as name")
        .file(
            "models/orders.sql",
            "{{ config(tags=['daily']) }}\nselect 10 as order_id, c.id as customer_id from {{ ref('customers') }} as c",
        )
        .file("models/totals.sql", "select count(*) as orders from {{ ref('orders') }}")
        .file(
            "models/shop.yml",
            "models:
  - name: customers
    description: Who buys, ``` and <script> included
    meta: {owner: Sales}
    columns:
      - {name: id, description: The number, data_tests: [unique]}
      - {name: name, description: The full name, meta: {pii: true}}
  - name: orders
    description: What was bought
    columns:
      - {name: order_id, data_tests: [unique]}
      - name: customer_id
        data_tests: [{relationships: {arguments: {to: ref('customers'), field: id}}}]
  - name: totals
    config: {docs: {show: false}}
",
        )
}

#[test]
fn markdown_has_a_file_a_table_with_lineage_keys_and_sql() {
    let project = shop();
    project.redstart("build --quiet").success();
    let gone = "target/dictionary/model.project.gone.md";
    project.write(gone, "of another time");
    assert_snapshot!(project.redstart("docs generate --format md,json"), @"
    exit 0
    The data dictionary is in [project]/target/dictionary.md
    ");
    assert!(
        !project
            .path()
            .join("target/dictionary/model.project.gone.md")
            .exists()
    );
    let start = project.read("target/dictionary/README.md");
    let (_, start) = start.split_once("UTC.").expect("when it was made");
    let start = start.lines().filter(|line| !line.contains("Last build:"));
    assert_snapshot!(start.collect::<Vec<_>>().join("\n"), @r#"


    - Other: [customers](model.project.customers.md), [orders](model.project.orders.md)
    - Also: [Tests](tests.md), [Last build](last-build.md)

    ## How it is

    - Target: dev (duckdb)
    - Tests: 3 pass

    ## Lineage

    ```mermaid
    flowchart LR
      n0["customers"]
      n1["orders"]
      n0 --> n1
    ```

    ## Keys

    ```mermaid
    erDiagram
      t0["customers"] {
        integer id UK
      }
      t1["orders"] {
        integer order_id UK
        integer customer_id FK
      }
      t0 ||--o{ t1 : "customer_id"
    ```

    ## Coverage

    2 of 4 columns are described (50%).
    Not described:

    - orders.order_id
    - orders.customer_id

    3 of 4 columns are tested (75%).
    Not tested:

    - customers.name

    2 of 2 tables are described (100%).

    1 of 2 tables have an owner (50%).
    Not owned:

    - orders
    "#);
    let page = project.read("target/dictionary/model.project.orders.md");
    let page: Vec<&str> = page
        .lines()
        .filter(|line| !line.contains("Last built"))
        .collect();
    assert_snapshot!(page.join("\n"), @r#"
    # orders

    What was bought

    - `main.orders` (view model)
    - Rows: not counted (a view)
    - Tags: daily
    - Upstream: [customers](model.project.customers.md)
    - File: `models/orders.sql`
    - Declared: `models/shop.yml:8`

    | Column | Type | Null | Key | Description | Tests |
    | --- | --- | --- | --- | --- | --- |
    | order_id | integer | yes | unique |  | unique (pass) |
    | customer_id | integer | yes | → [customers](model.project.customers.md).id |  | relationships: customers.id (pass) |

    ## Lineage

    ```mermaid
    flowchart LR
      n0["customers"]
      n1["orders"]
      n0 --> n1
      style n1 stroke-width:3px
    ```

    ## Where columns come from

    | Column | Made from | Goes to |
    | --- | --- | --- |
    | customer_id | customers.id (renamed) |  |

    ## Described where they come from

    - customer_id: The number (from customers)

    ## Keys

    ```mermaid
    erDiagram
      t0["customers"] {
        integer id UK
      }
      t1["orders"] {
        integer order_id UK
        integer customer_id FK
      }
      t0 ||--o{ t1 : "customer_id"
    ```

    ## Test: order_id, unique

    ```sql
    select
        order_id as unique_field,
        count(*) as n_records
    from "project"."main"."orders"
    where order_id is not null
    group by order_id
    having count(*) > 1
    ```

    ## Test: customer_id, relationships: customers.id

    ```sql
    with child as (
        select customer_id as from_field
        from "project"."main"."orders"
        where customer_id is not null
    ),
    parent as (
        select distinct id as to_field
        from "project"."main"."customers"
    )
    select child.from_field
    from child
    left join parent on child.from_field = parent.to_field
    where parent.to_field is null
    ```

    ## SQL

    ```sql
    {{ config(tags=['daily']) }}
    select 10 as order_id, c.id as customer_id from {{ ref('customers') }} as c
    ```

    ## Compiled SQL

    ```sql
    select 10 as order_id, c.id as customer_id from "project"."main"."customers" as c
    ```
    "#);
    let json: serde_json::Value =
        serde_json::from_str(&project.read("target/dictionary.json")).expect("JSON");
    let table = &json["layers"][0]["tables"][0];
    assert_eq!(table["name"], "customers");
    assert_eq!(table["owner"], "Sales");
    assert_eq!(table["columns"][1]["personal_data"], true);
    assert_eq!(table["columns"][0]["tests"][0]["status"], "pass");
}

#[test]
fn one_page_leaves_the_folders_beside_it_as_they_are() {
    let project = TestProject::new().file("models/orders.sql", "select 1 as id");
    project.redstart("build --quiet").success();
    project.write("public/data/customers.csv", "id\n1\n");
    project.write("public/data/old/t1.js", "of somebody else");
    project
        .redstart("docs generate --single-file --target-path public")
        .success();
    assert_eq!(project.read("public/data/customers.csv"), "id\n1\n");
    assert_eq!(project.read("public/data/old/t1.js"), "of somebody else");
    project.write("target/dictionary/notes.md", "of somebody else");
    project.redstart("docs generate --format md").success();
    assert_eq!(
        project.read("target/dictionary/notes.md"),
        "of somebody else"
    );
}

#[test]
fn the_same_project_gives_the_same_bytes_at_a_moment_that_is_given() {
    let project = shop();
    project.redstart("build --quiet").success();
    let made = |project: &TestProject| {
        project.redstart("docs generate").success();
        let files = ["site/data/index.js", "dictionary.md"];
        files.map(|file| project.read(format!("target/{file}")))
    };
    let project = project.env("SOURCE_DATE_EPOCH", "1700000000");
    let first = made(&project);
    let told = &first[1];
    assert!(told.contains("Made 2023-11-14 22:13 UTC."), "{told}");
    assert_eq!(made(&project), first);
    let project = project.env("SOURCE_DATE_EPOCH", "1800000000");
    assert_ne!(made(&project), first);
    let project = project.env("SOURCE_DATE_EPOCH", "soon");
    assert_snapshot!(project.redstart("docs generate"), @"
    exit 2
    error[bad-config]: `SOURCE_DATE_EPOCH` is no moment
     |
     = note: it is `soon`
     = help: give the seconds since 1970, such as 1700000000, or unset it

    1 error
    ");
}

#[test]
fn markdown_tells_what_the_site_tells_of_tables_and_exposures() {
    let project = TestProject::new()
        .file(
            "models/base.sql",
            "{{ config(materialized='table') }} select 1 as id, 'a' as note",
        )
        .file("models/secret.sql", "select id from {{ ref('base') }}")
        .file(
            "models/report.sql",
            "select b.id from {{ ref('base') }} as b join {{ ref('secret') }} using (id) where b.note <> 'z'",
        )
        .file(
            "models/shop.yml",
            "models:
  - name: base
    config: {contract: {enforced: true}, access: public, group: sales, meta: {cost: 7}}
    columns:
      - {name: id, data_type: integer, description: The number, tags: [core], constraints: [{type: check, expression: id > 0}]}
      - {name: note, data_type: varchar, meta: {classification: confidential, steward: Ann}}
  - {name: secret, config: {docs: {show: false}}, columns: [{name: id, data_tests: [unique]}]}
  - name: report
    columns:
      - {name: id, data_tests: [{relationships: {arguments: {to: ref('secret'), field: id}}}]}
sources:
  - {name: raw, tables: [{name: events, loaded_at_field: at, freshness: {warn_after: {count: 12, period: hour}}}]}
groups: [{name: sales, owner: {name: Sales team, email: s@x.y}}]
exposures:
  - {name: board, label: The Board, type: dashboard, owner: {name: Bo, email: b@x.y}, url: https://x.y, maturity: high, description: For the chiefs, tags: [weekly], depends_on: [ref('report'), ref('secret')]}
unit_tests:
  - {name: keeps, model: report, given: [{input: ref('base'), rows: [{id: 1, note: a}]}, {input: ref('secret'), rows: [{id: 1}]}], expect: {rows: [{id: 1}]}}
",
        );
    project.redstart("build --quiet");
    project
        .redstart("docs generate --format md,csv,json,html")
        .success();
    let plain = |file: &str| {
        let text = project.read(format!("target/{file}"));
        assert!(!text.contains("secret"), "{file}: {text}");
        let lines: Vec<String> = text
            .lines()
            .filter(|line| !line.contains("Last built") && !line.contains("Last build:"))
            .map(str::to_owned)
            .collect();
        lines.join("\n")
    };
    let all = plain("dictionary.md");
    let (_, all) = all.split_once("UTC.").expect("when it was made");
    let (all, build) = all.split_once("## Last build").expect("what ran when");
    let (_, coverage) = build.split_once("## Coverage").expect("what is missing");
    let all = format!("{all}## Coverage{coverage}");
    assert_snapshot!(all, @r#"


    - Source: [raw.events](#source.project.raw.events)
    - Other: [base](#model.project.base), [report](#model.project.report)

    ## How it is

    - Target: dev (duckdb)
    - Tests: 2 pass

    ## Lineage

    ```mermaid
    flowchart LR
      n0["base"]
      n1["board"]
      n2["report"]
      n0 --> n2
      n2 --> n1
    ```

    ## Source

    <a id="source.project.raw.events"></a>

    ### raw.events

    - `raw.events` (source)
    - Freshness: warns after 12 hours
    - File: `models/shop.yml`
    - Declared: `models/shop.yml:12`

    ## Other

    <a id="model.project.base"></a>

    ### base

    - `main.base` (table model)
    - Owner: sales
    - Group: sales (Sales team, s@x.y)
    - Access: public
    - Contract: enforced
    - Rows: 1
    - Downstream: [report](#model.project.report)
    - File: `models/base.sql`
    - Declared: `models/shop.yml:2`

    | Column | Type | Null | Key | Description | Tests |
    | --- | --- | --- | --- | --- | --- |
    | id | integer | yes |  | The number · check (id > 0) · tags: core |  |
    | note | character varying(256) | yes |  | *(confidential)* · steward: Ann |  |

    #### Lineage

    ```mermaid
    flowchart LR
      n0["base"]
      n1["report"]
      n0 --> n1
      style n0 stroke-width:3px
    ```

    #### Where columns come from

    | Column | Made from | Goes to |
    | --- | --- | --- |
    | id |  | report.id, rows of report (join) |
    | note |  | rows of report (filter) |

    #### SQL

    ```sql
    {{ config(materialized='table') }} select 1 as id, 'a' as note
    ```

    #### Compiled SQL

    ```sql
    select 1 as id, 'a' as note
    ```

    #### meta

    ```json
    {
      "cost": 7
    }
    ```

    <a id="model.project.report"></a>

    ### report

    - `main.report` (view model)
    - Rows: not counted (a view)
    - Upstream: [base](#model.project.base)
    - Downstream: board
    - File: `models/report.sql`
    - Declared: `models/shop.yml:8`

    | Column | Type | Null | Key | Description | Tests |
    | --- | --- | --- | --- | --- | --- |
    | id | integer | yes |  |  | relationships: (not shown).id (pass) |

    #### Lineage

    ```mermaid
    flowchart LR
      n0["base"]
      n1["board"]
      n2["report"]
      n0 --> n2
      n2 --> n1
      style n2 stroke-width:3px
    ```

    #### Where columns come from

    | Column | Made from | Goes to |
    | --- | --- | --- |
    | id | base.id (copied) |  |

    #### Its rows are chosen, joined or grouped by

    - base.id (join)
    - base.note (filter)

    #### Described where they come from

    - id: The number (from base)

    #### Test: id, relationships: (not shown).id

    ```sql
    with child as (
        select id as from_field
        from "project"."main"."report"
        where id is not null
    ),
    parent as (
        select distinct id as to_field
        from "project"."main"."(not shown)"
    )
    select child.from_field
    from child
    left join parent on child.from_field = parent.to_field
    where parent.to_field is null
    ```

    #### Unit tests

    - keeps (pass); given 1 row of `ref('base')`, 1 row of `ref('(not shown)')`, expects 1 row; `models/shop.yml:17`

    #### SQL

    ```sql
    select b.id from {{ ref('base') }} as b join {{ ref('(not shown)') }} using (id) where b.note <> 'z'
    ```

    #### Compiled SQL

    ```sql
    select b.id from "project"."main"."base" as b join "project"."main"."(not shown)" using (id) where b.note <> 'z'
    ```

    ## Exposures

    ### board

    For the chiefs

    - Called: The Board
    - Kind: dashboard
    - Owner: Bo, b@x.y
    - Maturity: high
    - Address: https://x.y
    - Reads: [report](#model.project.report)
    - Tags: weekly
    - Declared: `models/shop.yml:15`

    ## Tests

    | Test | Of | Last result | Rows |
    | --- | --- | --- | --- |
    | relationships: (not shown).id | report.id | pass |  |
    | unit test keeps | report | pass |  |

    ## Coverage

    1 of 3 columns are described (33%).
    Not described:

    - base.note
    - report.id

    1 of 3 columns are tested (33%).
    Not tested:

    - base.id
    - base.note

    0 of 3 tables are described (0%).
    Not described:

    - raw.events
    - base
    - report

    1 of 3 tables have an owner (33%).
    Not owned:

    - raw.events
    - report
    "#);
    plain("dictionary.csv");
    plain("dictionary.json");
    plain("dictionary/README.md");
    assert_snapshot!(plain("dictionary/model.project.base.md"), @r#"
    # base

    - `main.base` (table model)
    - Owner: sales
    - Group: sales (Sales team, s@x.y)
    - Access: public
    - Contract: enforced
    - Rows: 1
    - Downstream: [report](model.project.report.md)
    - File: `models/base.sql`
    - Declared: `models/shop.yml:2`

    | Column | Type | Null | Key | Description | Tests |
    | --- | --- | --- | --- | --- | --- |
    | id | integer | yes |  | The number · check (id > 0) · tags: core |  |
    | note | character varying(256) | yes |  | *(confidential)* · steward: Ann |  |

    ## Lineage

    ```mermaid
    flowchart LR
      n0["base"]
      n1["report"]
      n0 --> n1
      style n0 stroke-width:3px
    ```

    ## Where columns come from

    | Column | Made from | Goes to |
    | --- | --- | --- |
    | id |  | report.id, rows of report (join) |
    | note |  | rows of report (filter) |

    ## SQL

    ```sql
    {{ config(materialized='table') }} select 1 as id, 'a' as note
    ```

    ## Compiled SQL

    ```sql
    select 1 as id, 'a' as note
    ```

    ## meta

    ```json
    {
      "cost": 7
    }
    ```
    "#);
    assert_snapshot!(plain("dictionary/model.project.report.md"), @r#"
    # report

    - `main.report` (view model)
    - Rows: not counted (a view)
    - Upstream: [base](model.project.base.md)
    - Downstream: board
    - File: `models/report.sql`
    - Declared: `models/shop.yml:8`

    | Column | Type | Null | Key | Description | Tests |
    | --- | --- | --- | --- | --- | --- |
    | id | integer | yes |  |  | relationships: (not shown).id (pass) |

    ## Lineage

    ```mermaid
    flowchart LR
      n0["base"]
      n1["board"]
      n2["report"]
      n0 --> n2
      n2 --> n1
      style n2 stroke-width:3px
    ```

    ## Where columns come from

    | Column | Made from | Goes to |
    | --- | --- | --- |
    | id | base.id (copied) |  |

    ## Its rows are chosen, joined or grouped by

    - base.id (join)
    - base.note (filter)

    ## Described where they come from

    - id: The number (from base)

    ## Test: id, relationships: (not shown).id

    ```sql
    with child as (
        select id as from_field
        from "project"."main"."report"
        where id is not null
    ),
    parent as (
        select distinct id as to_field
        from "project"."main"."(not shown)"
    )
    select child.from_field
    from child
    left join parent on child.from_field = parent.to_field
    where parent.to_field is null
    ```

    ## Unit tests

    - keeps (pass); given 1 row of `ref('base')`, 1 row of `ref('(not shown)')`, expects 1 row; `models/shop.yml:17`

    ## SQL

    ```sql
    select b.id from {{ ref('base') }} as b join {{ ref('(not shown)') }} using (id) where b.note <> 'z'
    ```

    ## Compiled SQL

    ```sql
    select b.id from "project"."main"."base" as b join "project"."main"."(not shown)" using (id) where b.note <> 'z'
    ```
    "#);
}

#[test]
fn only_selected_nodes_are_documented() {
    let project = shop();
    project.redstart("build --quiet").success();
    project.redstart("docs generate -s orders").success();
    let all = project.read("target/dictionary.md");
    assert!(
        all.contains("### orders") && !all.contains("### customers"),
        "{all}"
    );
    let catalog: serde_json::Value =
        serde_json::from_str(&project.read("target/catalog.json")).expect("JSON");
    let nodes: Vec<_> = catalog["nodes"]
        .as_object()
        .expect("nodes")
        .keys()
        .collect();
    assert_eq!(nodes, ["model.project.orders"]);
    assert_snapshot!(project.redstart("docs coverage --exclude customers"), @"
    exit 0
    0 of 2 declared columns are described (0%)
      not described: orders.order_id
      not described: orders.customer_id
    2 of 2 declared columns are tested (100%)
    1 of 1 tables are described (100%)
    0 of 1 tables have an owner (0%)
      without an owner: orders
    ");
    assert_snapshot!(project.redstart("docs generate --single-file --format csv"), @"
    exit 2
    error[bad-flag]: --single-file is about the site, and --format leaves the site out
     |
     = help: add `html` to --format

    1 error
    ");
}

#[test]
fn coverage_fails_below_what_is_asked_for() {
    let project = TestProject::new()
        .file("models/orders.sql", "select 1 as id, 2 as amount")
        .file(
            "models/orders.yml",
            "models:\n  - name: orders\n    columns:\n      - {name: id, description: The number, data_tests: [unique]}\n      - {name: amount}\n",
        );
    assert_snapshot!(project.redstart("docs coverage --fail-under 90"), @"
    exit 1
    1 of 2 declared columns are described (50%)
      not described: orders.amount
    1 of 2 declared columns are tested (50%)
      not tested: orders.amount
    0 of 1 tables are described (0%)
      not described: orders
    0 of 1 tables have an owner (0%)
      without an owner: orders
    50% are described, less than the 90% that --fail-under asks for
    ");
    assert_snapshot!(project.redstart("docs coverage --fail-under 50 --of tested"), @"
    exit 0
    1 of 2 declared columns are described (50%)
      not described: orders.amount
    1 of 2 declared columns are tested (50%)
      not tested: orders.amount
    0 of 1 tables are described (0%)
      not described: orders
    0 of 1 tables have an owner (0%)
      without an owner: orders
    ");
}

#[test]
fn the_server_gives_the_files_of_the_site_and_nothing_else() {
    let project = TestProject::new().file("models/orders.sql", "select 1 as id");
    assert_snapshot!(project.redstart("docs serve"), @"
    exit 2
    error[docs-serve]: there is no site in `[project]/target/site`
     |
     = help: run `redstart docs generate` first

    1 error
    ");
    assert_snapshot!(project.redstart("docs serve --host 0.0.0.0"), @"
    exit 2
    error[docs-serve]: the site is not served at 0.0.0.0, which other machines reach
     |
     = help: leave --host out, or copy the folder `site` to a web server

    1 error
    ");
    project.redstart("build");
    let mut serving = Command::new(crate::project::program())
        .args(["docs", "serve", "--port", "0", "--no-browser"])
        .current_dir(project.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    let mut line = String::new();
    let mut output = BufReader::new(serving.stdout.take().expect("its output"));
    while !line.contains("http://") {
        line.clear();
        assert!(
            output.read_line(&mut line).expect("a line") > 0,
            "it listens"
        );
    }
    let address = line
        .split("http://")
        .nth(1)
        .and_then(|rest| rest.split('/').next())
        .expect("an address");
    let ask = |path: &str, host: &str| {
        let mut stream = TcpStream::connect(address).expect("a connection");
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        )
        .expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    };
    let page = ask("/", "localhost");
    assert!(
        page.starts_with("HTTP/1.1 200") && page.contains("reload.js"),
        "{page}"
    );
    assert!(ask("/data/index.js", "127.0.0.1").contains("redstart(\"index\""));
    for hidden in [
        "/../manifest.json",
        "/..%2fmanifest.json",
        "/data/../../manifest.json",
        "/manifest.json",
    ] {
        assert!(
            ask(hidden, "localhost").starts_with("HTTP/1.1 404"),
            "{hidden}"
        );
    }
    assert!(ask("/", "evil.example").starts_with("HTTP/1.1 403"));
    // The page is told when the site is written anew.
    let version = |since: &str| {
        let answer = ask(&format!("/changes?since={since}"), "localhost");
        answer
            .rsplit("\r\n\r\n")
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let before = version("");
    project.redstart("docs generate").success();
    let after = version(&before);
    assert!(
        after != before && after.parse::<u64>().is_ok(),
        "{before}, {after}"
    );
    serving.kill().expect("it ends");
    serving.wait().expect("it ended");
}
