//! Personal data: followed into what tests keep of it, and ended by the anonymisers that the project declares.

use serde_json::Value;

use crate::project::TestProject;

const PEOPLE: &str = "id,dept,email,salary\n1,a,ann@x.org,10\n2,a,bob@x.org,20\n3,b,cyd@x.org,30\n";

const PEOPLE_YAML: &str = "\
version: 2
seeds:
  - name: people
    columns:
      - {name: email, meta: {pii: true}}
      - {name: salary, meta: {classification: pay}}
";

fn project(flags: &str) -> TestProject {
    TestProject::new()
        .file("seeds/people.csv", PEOPLE)
        .file("seeds/people.yml", PEOPLE_YAML)
        .file(
            "dbt_project.yml",
            format!("name: shop\nversion: '1.0'\nprofile: project\n{flags}"),
        )
}

fn lineage(project: &TestProject) -> Value {
    serde_json::from_str(&project.read("target/lineage.json")).unwrap()
}

/// A node of `lineage.json`; the name of a generic test ends in a hash.
fn entry<'a>(lineage: &'a Value, node: &str) -> &'a Value {
    let all = lineage["nodes"].as_object().unwrap();
    let (_, entry) = all
        .iter()
        .find(|(id, _)| *id == node || id.starts_with(&format!("{node}.")))
        .unwrap_or_else(|| panic!("`{node}` is missing"));
    entry
}

/// The classes of a column in `lineage.json`.
fn classes(lineage: &Value, node: &str, column: &str) -> Vec<String> {
    let columns = entry(lineage, node)["columns"].as_array().unwrap();
    let found = columns.iter().find(|known| known["name"] == column);
    let found = found.unwrap_or_else(|| panic!("`{node}` has no `{column}`: {columns:?}"));
    let classes = found["classes"].as_array().unwrap();
    classes
        .iter()
        .map(|class| class.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn kept_failures_are_classified_as_the_columns_they_hold_and_never_shown() {
    let project = project("data_tests: {+store_failures: true, +schema: audit}\n")
        .file(
            "models/contacts.sql",
            "select id, email as contact from {{ ref('people') }}",
        )
        .file(
            "models/mailing.sql",
            "select id, contact || '' as address from {{ ref('contacts') }}",
        )
        .file(
            "models/mailing.yml",
            "\
version: 2
models:
  - name: mailing
    columns:
      - name: address
        data_tests:
          - accepted_values: {name: known_addresses, arguments: {values: [z]}}
",
        )
        .file(
            "tests/no_mail.sql",
            "select m.id, renamed.a as who from {{ ref('mailing') }} m join (select * from {{ ref('mailing') }}) as renamed(b, a) on b = m.id",
        );
    let built = project.redstart("build");
    assert_eq!(built.code, 1, "{built}");
    // A part of the project knows as much: what is above it is read, though not run.
    let alone = project.redstart("test -s known_addresses no_mail");
    for output in [&built, &alone] {
        assert!(output.text().contains("found 3 rows"), "{output}");
        assert!(!output.text().contains("x.org"), "{output}");
    }
    let kept = project.query("select count(*) as n from main_audit.known_addresses");
    assert_eq!(kept, "n\n3\n");
    for command in [
        "show -s known_addresses",
        "show -s no_mail",
        "show --inline \"select value_field as v from main_audit.known_addresses\"",
        "show --inline \"select who as v from main_audit.no_mail\"",
    ] {
        let shown = project.redstart(command).success();
        assert!(shown.text().contains("(personal)"), "{command}: {shown}");
        assert!(!shown.text().contains("x.org"), "{command}: {shown}");
    }
    project.redstart("docs generate --format md,json").success();
    let lineage = lineage(&project);
    let known = "test.shop.known_addresses";
    assert_eq!(classes(&lineage, known, "value_field"), ["pii"]);
    assert_eq!(
        classes(&lineage, known, "n_records"),
        Vec::<String>::new(),
        "a count tells nothing"
    );
    assert_eq!(classes(&lineage, "test.shop.no_mail", "who"), ["pii"]);
    assert_eq!(
        entry(&lineage, known)["relation"],
        "main_audit.known_addresses"
    );
    let told = "failures in main_audit.known_addresses, personal data in value_field";
    let markdown = project.read("target/dictionary.md");
    assert!(markdown.contains(told), "{markdown}");
    let json: Value = serde_json::from_str(&project.read("target/dictionary.json")).unwrap();
    assert!(
        json.to_string().contains(
            r#""failures_kept":{"relation":"main_audit.known_addresses","personal_data":["value_field"]}"#
        ),
        "{json}"
    );
}

#[test]
fn failures_may_not_be_kept_where_personal_data_is_forbidden() {
    let project = project("data_tests: {+store_failures: true, +meta: {pii: forbid}}\n").file(
        "tests/mail.sql",
        "select id, lower(email) as mail from {{ ref('people') }} where id < 0",
    );
    let output = project.redstart("check");
    assert_eq!(output.code, 1, "{output}");
    for said in [
        "error[personal-data-exposed]: the failures that `mail` keeps hold personal data in `mail` (pii), where it is forbidden",
        "--> tests/mail.sql:1:12",
        "people.email → mail.mail",
    ] {
        assert!(output.text().contains(said), "{output}");
    }
    let project = project.file(
        "dbt_project.yml",
        "name: shop\nversion: '1.0'\nprofile: project\ndata_tests: {+meta: {pii: forbid}}\n",
    );
    project.redstart("check").success();
    // A schema is closed to it by its name, whatever stands there.
    let project = project
        .file("models/reports.sql", "{{ config(schema='Reporting') }} select id, email from {{ ref('people') }}")
        .file(
            "dbt_project.yml",
            "name: shop\nversion: '1.0'\nprofile: project\nflags: {check: {pii_forbidden_in: [main_reporting]}}\n",
        );
    let output = project.redstart("check");
    assert_eq!(output.code, 1, "{output}");
    let said = "`reports.email` holds personal data (pii), where it is forbidden";
    assert!(output.text().contains(said), "{output}");
}

/// Queries over `people`, and whether what they make of `salary` is anonymous when `aggregate over >= 5` is declared.
const AGGREGATES: &[(&str, bool)] = &[
    (
        "avg(salary) as v from {{ ref('people') }} group by dept having count(*) >= 5",
        true,
    ),
    (
        "sum(salary) as v from {{ ref('people') }} group by dept having count(*) > 4",
        true,
    ),
    (
        "stddev(salary) as v from {{ ref('people') }} group by dept having 10 <= count(id) and dept <> 'z'",
        true,
    ),
    (
        "sum(salary) / count(salary) as v from {{ ref('people') }} group by dept having count(distinct id) >= 5",
        true,
    ),
    (
        "round(avg(salary), 2) as v from {{ ref('people') }} group by dept having (count(*) >= 6 or count(*) >= 5)",
        true,
    ),
    (
        "avg(salary) as v from {{ ref('people') }} having count(*) between 5 and 100",
        true,
    ),
    (
        "v from (select dept, avg(salary) as v from {{ ref('people') }} group by dept having count(*) >= 5) g",
        true,
    ),
    (
        "avg(salary) as v, count(*) as n from {{ ref('people') }} group by dept having n >= 5",
        true,
    ),
    (
        "avg(salary) as v from {{ ref('people') }} group by dept",
        false,
    ),
    (
        "avg(salary) as v from {{ ref('people') }} group by dept having count(*) >= 4",
        false,
    ),
    (
        "avg(salary) as v from {{ ref('people') }} group by dept having count(*) <= 5",
        false,
    ),
    (
        "avg(salary) as v from {{ ref('people') }} group by dept having count(*) >= 5 or dept = 'a'",
        false,
    ),
    (
        "avg(salary) as v from {{ ref('people') }} group by dept having not count(*) >= 5",
        false,
    ),
    (
        "avg(salary) as v from {{ ref('people') }} group by dept having sum(id) >= 5",
        false,
    ),
    // One row's own value.
    (
        "max(salary) as v from {{ ref('people') }} group by dept having count(*) >= 5",
        false,
    ),
    (
        "listagg(salary, ',') as v from {{ ref('people') }} group by dept having count(*) >= 5",
        false,
    ),
    // Of one row, whatever the group.
    (
        "sum(case when id = 1 then salary end) as v from {{ ref('people') }} group by dept having count(*) >= 5",
        false,
    ),
    // A key of the groups.
    (
        "salary as v, count(*) as n from {{ ref('people') }} group by salary having count(*) >= 5",
        false,
    ),
    // The window has the groups, each of one row, for rows.
    (
        "avg(salary) over (partition by id) as v from {{ ref('people') }}",
        false,
    ),
];

#[test]
fn an_aggregate_is_anonymous_only_where_its_groups_are_sure_to_be_large() {
    let mut project = project("flags: {check: {anonymisers: ['aggregate over >= 5']}}\n");
    for (number, (query, _)) in AGGREGATES.iter().enumerate() {
        project = project.file(format!("models/m{number}.sql"), format!("select {query}"));
    }
    project.redstart("compile").success();
    let told = lineage(&project);
    for (number, (query, anonymous)) in AGGREGATES.iter().enumerate() {
        let classes = classes(&told, &format!("model.shop.m{number}"), "v");
        assert_eq!(classes.is_empty(), *anonymous, "{query}");
    }
    // By its name, an aggregate is declared alone, with a number of its own.
    let project = project.file(
        "dbt_project.yml",
        "name: shop\nversion: '1.0'\nprofile: project\nflags: {check: {anonymisers: ['max over >= 4']}}\n",
    );
    project.redstart("compile").success();
    let told = lineage(&project);
    let open = (0..AGGREGATES.len())
        .filter(|number| classes(&told, &format!("model.shop.m{number}"), "v").is_empty());
    let open: Vec<&str> = open.map(|number| AGGREGATES[number].0).collect();
    assert_eq!(
        open,
        ["max(salary) as v from {{ ref('people') }} group by dept having count(*) >= 5"]
    );
}

#[test]
fn a_hash_is_anonymous_with_salt_only_where_that_is_asked_for() {
    let hashes = [
        ("sha2(email, 256)", false),
        ("sha2(email || '-' || id, 256)", false),
        ("sha2(email || '{{ var('salt') }}', 256)", true),
        ("sha2(concat('{{ var('salt') }}', lower(email)), 256)", true),
        ("sha2(email || '{{ var('no_salt') }}', 256)", false),
        ("md5(email || '{{ var('salt') }}')", false),
    ];
    let mut project = project(
        "vars: {salt: 3q9fKx0z, no_salt: ''}\nflags: {check: {anonymisers: [sha2 with salt]}}\n",
    );
    for (number, (hash, _)) in hashes.iter().enumerate() {
        let query = format!("select {hash} as h from {{{{ ref('people') }}}}");
        project = project.file(format!("models/m{number}.sql"), query);
    }
    project.redstart("compile").success();
    let told = lineage(&project);
    for (number, (hash, anonymous)) in hashes.iter().enumerate() {
        let classes = classes(&told, &format!("model.shop.m{number}"), "h");
        assert_eq!(classes.is_empty(), *anonymous, "{hash}");
    }
}

#[test]
fn of_a_query_of_ones_own_only_what_personal_data_goes_into_is_hidden() {
    let project = project("flags: {check: {anonymisers: [sha2]}}\non-run-end: ['create table main.people_of_old as select * from main.people']\n")
        .file(
            "models/contacts.sql",
            "select id, email as contact from {{ ref('people') }}",
        );
    project.redstart("build").success();
    for (sql, shown) in [
        (
            "select id, contact as c, upper(contact) as u, length(sha2(contact, 256)) as h from {{ ref('contacts') }} where id = 1",
            " 1 | (personal) | (personal) | 64",
        ),
        (
            "with c as (select contact, count(email) as n from {{ ref('contacts') }} join {{ ref('people') }} using (id) group by 1) select n, c.contact from c order by n limit 1",
            "1 | (personal)",
        ),
        (
            "select count(distinct email) as n, count(*) as rows_there from {{ ref('people') }}",
            "3 |          3",
        ),
        // Nobody knows what is in a table that is no node.
        (
            "select o.id, o.email from {{ ref('contacts') }} c join {{ ref('people') }} p using (id) join main.people_of_old o on o.id = p.id where p.id = 1",
            "(personal) | (personal)",
        ),
    ] {
        let output = project.redstart(&format!("show --inline \"{sql}\""));
        assert!(output.stdout.contains(shown), "{sql}: {output}");
        assert!(!output.text().contains("x.org"), "{sql}: {output}");
    }
}

#[test]
fn a_snapshot_is_shown_but_for_its_personal_columns() {
    let project = project("").file(
        "snapshots/kept.sql",
        "{% snapshot kept %}{{ config(unique_key='id', strategy='check', check_cols='all', target_schema='main') }} select id, dept, email from {{ ref('people') }}{% endsnapshot %}",
    );
    project.redstart("build").success();
    let shown = project.redstart("show -s kept --limit 1").success();
    assert!(shown.stdout.contains(" 1 | a    | (personal)"), "{shown}");
}

#[test]
fn what_cannot_be_told_for_sure_is_hidden_as_it_is_called() {
    let project = project("vars: {wide: false}\n").file(
        "models/kept.sql",
        "{{ config(materialized='incremental', on_schema_change='append_new_columns') }} select id, {% if var('wide') %} email, {% endif %} dept from {{ ref('people') }}",
    );
    project.redstart("build").success();
    // Now the table has its columns in another order than the query.
    project.redstart("build --vars 'wide: true'").success();
    for sql in [
        "select * from {{ ref('kept') }}",
        "select k.* from {{ ref('kept') }} k",
        "with x(a, b, c) as (select * from {{ ref('kept') }}) select a, b, email from x join {{ ref('people') }} p on p.id = x.a",
        "with recursive r(a, b, c, d, n) as (select ''::varchar(20), ''::varchar(20), ''::varchar(20), email, 1 from {{ ref('people') }} union all select b, c, d, d, n + 1 from r where n < 5) select a, n from r where n = 5",
        "select * from (select email as dept, dept as email, id from {{ ref('people') }}) pivot (max(email) for id in (1, 2, 3))",
        "select case when exists (select 1 from {{ ref('people') }} p where p.id = q.id and email like 'a%') then 'ann@x.org' end as a from {{ ref('people') }} q",
    ] {
        let output = project.redstart(&format!("show --inline \"{sql}\" --vars 'wide: true'"));
        assert!(output.text().contains("(personal)"), "{sql}: {output}");
        assert!(!output.text().contains("x.org"), "{sql}: {output}");
    }
}

#[test]
fn the_year_of_a_personal_day_is_personal() {
    let project = project("")
        .file("seeds/born.csv", "id,born\n1,1977-05-06\n")
        .file(
            "seeds/born.yml",
            "version: 2\nseeds: [{name: born, columns: [{name: born, meta: {pii: true}}]}]\n",
        );
    project.redstart("seed").success();
    let shown = project
        .redstart("show --inline \"select date_part_year(born) as y, datediff(year, born, born) as d from {{ ref('born') }}\"")
        .success();
    assert!(!shown.stdout.contains("1977"), "{shown}");
}

/// Casts that fail at a personal value, in each language that a target may be written in.
fn no_word_of_the_database_tells_a_value(project: TestProject, casts: &[&str]) {
    let mut project = project
        .file("seeds/people.csv", PEOPLE)
        .file("seeds/people.yml", PEOPLE_YAML);
    project.redstart("seed").success();
    for cast in casts {
        let sql = format!("select {cast} as x from {{{{ ref('people') }}}}");
        project = project.file("models/bad.sql", &sql);
        let built = project.redstart("build -s bad");
        let shown = project.redstart(&format!("show --inline \"{sql}\""));
        let results = project.read("target/run_results.json");
        let log = project.read("logs/dbt.log");
        for said in [&built.text(), &shown.text()] {
            assert!(said.contains("*****"), "{cast}: {said}");
        }
        for said in [&built.text(), &shown.text(), &results, &log] {
            assert!(!said.contains("x.org"), "{cast}: {said}");
        }
    }
}

#[test]
fn no_database_tells_a_personal_value_that_did_not_fit() {
    let own =
        "project: {target: dev, outputs: {dev: {type: duckdb, path: own.duckdb, schema: main}}}\n";
    let project_file = "name: shop\nprofile: project\nmodels: {+materialized: table}\n";
    no_word_of_the_database_tells_a_value(
        TestProject::empty()
            .file("profiles.yml", own)
            .file("dbt_project.yml", project_file),
        &[
            "strptime(email, '%Y')",
            "email::integer",
            "cast(email as date)",
        ],
    );
    no_word_of_the_database_tells_a_value(
        TestProject::new().file("dbt_project.yml", project_file),
        &[
            "email::integer",
            "email::date",
            "to_date(email, 'YYYY-MM-DD')",
            "strtol(email, 10)",
            "convert_timezone(email, '2024-01-01'::timestamp)",
            "'2024-01-01 10:00'::timestamp at time zone email",
            "json_parse(email)",
        ],
    );
}

#[cfg(unix)]
#[test]
fn no_postgres_tells_a_personal_value_that_did_not_fit() {
    use crate::postgres;
    let project_file = "name: shop\nprofile: project\nmodels: {+materialized: table}\n";
    for (schema, emulate) in [
        ("personal_words", None),
        ("personal_words_rs", Some("redshift")),
    ] {
        let more: Vec<(&str, &str)> = emulate.map(|it| ("emulate", it)).into_iter().collect();
        no_word_of_the_database_tells_a_value(
            postgres::project(schema)
                .file("profiles.yml", postgres::profile(schema, &more))
                .file("dbt_project.yml", project_file),
            &[
                "email::integer",
                "(email || '')::smallint",
                "cast(email as date)",
            ],
        );
    }
}

#[test]
fn a_line_of_a_seed_with_a_personal_cell_is_not_shown() {
    let project = project("").file("seeds/people.csv", format!("{PEOPLE}4,b,dan@x.org,1,2\n"));
    let ragged = project.redstart("seed");
    assert!(!ragged.text().contains("x.org"), "{ragged}");
    insta::assert_snapshot!(ragged, @"
    exit 1
    Running 1 node on 2 threads (target `dev.main`)
    1 of 1  ERROR loading seed file main.people                           [[time]]
          error[ragged-seed]: seeds/people.csv:5:17: this row has 5 cells, the header has 4 (seeds/people.yml:3:11)

    error[ragged-seed]: seeds/people.csv:5:17: this row has 5 cells, the header has 4
     --> seeds/people.yml:3:11
      |
    3 |   - name: people
      |           ^^^^^^
      |
      = note: too many
      = note: the line is not shown: a column of the seed is personal
      = help: put a cell that holds the delimiter in quotes

    Finished 1 seed in [time]
    Done. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1
    ");
    let project = project.file("seeds/people.csv", format!("{PEOPLE}4,b,\"dan@x.org,1\n"));
    let open = project.redstart("seed");
    assert!(!open.text().contains("x.org"), "{open}");
    insta::assert_snapshot!(open, @"
    exit 1
    Running 1 node on 2 threads (target `dev.main`)
    1 of 1  ERROR loading seed file main.people                           [[time]]
          error[bad-csv]: seeds/people.csv:5:5: a quoted cell does not end (seeds/people.yml:3:11)

    error[bad-csv]: seeds/people.csv:5:5: a quoted cell does not end
     --> seeds/people.yml:3:11
      |
    3 |   - name: people
      |           ^^^^^^
      |
      = note: this quote is never closed
      = note: the line is not shown: a column of the seed is personal
      = help: close it; a quote inside a quoted cell is written twice

    Finished 1 seed in [time]
    Done. PASS=0 WARN=0 ERROR=1 SKIP=0 TOTAL=1
    ");
    // A header is nobody's.
    let project = project.file("seeds/people.csv", "id,dept,email,email\n");
    let twice = project.redstart("seed");
    assert!(twice.text().contains("id,dept,email,email"), "{twice}");
}
