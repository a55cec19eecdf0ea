//! The dictionary of a small shop.

use insta::assert_snapshot;
use serde_json::json;

use super::{Dictionary, Input, csv, markdown};
use crate::artifacts::previous::LastResult;
use crate::artifacts::{CatalogTable, Previous, fixture};
use crate::manifest::{Manifest, NodeId};
use crate::relation::{Column, RelationKind};

fn table(node: NodeId, rows: u64, columns: &[(&str, &str, bool)]) -> CatalogTable {
    let columns = columns.iter().map(|(name, data_type, nullable)| Column {
        name: (*name).to_owned(),
        data_type: (*data_type).to_owned(),
        nullable: *nullable,
    });
    CatalogTable {
        node,
        kind: RelationKind::Table,
        columns: columns.collect(),
        rows: Some(rows),
        last_built: None,
        facts: Default::default(),
    }
}

fn last(status: &str, failures: Option<u64>) -> LastResult {
    LastResult {
        rejected: None,
        status: status.into(),
        seconds: 0.1,
        failures,
        rows: None,
        completed_at: Some(fixture::now()),
        history: Vec::new(),
        told: None,
    }
}

pub(super) fn dictionary(manifest: &Manifest) -> Dictionary {
    let catalog = [
        table(
            fixture::DIMENSION,
            96,
            &[
                ("user_id", "integer", false),
                ("email", "character varying(256)", true),
            ],
        ),
        table(
            fixture::FACT,
            14_896,
            &[
                ("user_id", "integer", true),
                ("Level", "character varying(10)", true),
                ("extra", "integer", true),
            ],
        ),
    ];
    let mut previous = Previous::default();
    for (id, result) in [
        (fixture::DIMENSION, last("success", None)),
        (fixture::UNIQUE, last("fail", Some(8))),
        (fixture::NOT_NULL, last("pass", Some(0))),
    ] {
        previous
            .results
            .insert(manifest.node(id).unique_id.clone(), result);
    }
    Dictionary::new(&Input {
        manifest,
        selected: None,
        catalog: &catalog,
        previous: &previous,
        said: &|_, _| None,
        classes: &|_, _| Vec::new(),
        ages: &std::collections::BTreeMap::new(),
        elsewhere: &std::collections::BTreeMap::new(),
        generated_at: fixture::now(),
    })
}

#[test]
fn the_markdown_tells_every_table_by_layer() {
    assert_snapshot!(markdown::markdown(&dictionary(&fixture::manifest()), None), @r#"
    # Data dictionary of shop

    5 tables, 7 columns: 57% described, 28% tested. Made 2024-01-15 10:30 UTC.

    - Source: [raw.events](#source.shop.raw.events)
    - Seed: [levels](#seed.shop.levels)
    - Staging: [stg_events](#model.shop.stg_events)
    - Dimension: [dim_users](#model.shop.dim_users)
    - Fact: [fct_plays](#model.shop.fct_plays)

    ## Source

    <a id="source.shop.raw.events"></a>

    ### raw.events

    Raw events, one row a line of the log.

    - `staging.events` (source)
    - Downstream: [stg_events](#model.shop.stg_events)
    - File: `models/sources.yml`

    | Column | Type | Null | Key | Description | Tests |
    | --- | --- | --- | --- | --- | --- |
    | user_id |  |  |  |  |  |
    | page |  |  |  | The page &lt;b>seen&lt;/b>. |  |

    ## Seed

    <a id="seed.shop.levels"></a>

    ### levels

    - `dev.levels` (seed)
    - File: `seeds/levels.csv`

    ## Staging

    <a id="model.shop.stg_events"></a>

    ### stg_events

    - `dev.stg_events` (view model)
    - Rows: not counted (a view)
    - Upstream: [raw.events](#source.shop.raw.events)
    - Downstream: [dim_users](#model.shop.dim_users)
    - File: `models/staging/stg_events.sql`

    ## Dimension

    <a id="model.shop.dim_users"></a>

    ### dim_users

    Users, the **latest** level wins | see `fct_plays`.

    - `dev.dim_users` (table model)
    - Grain: one row per user_id
    - Rows: 96
    - Last built: 2024-01-15 10:30 UTC
    - Distribution: key (user_id)
    - Sort key: (user_id)
    - Upstream: [stg_events](#model.shop.stg_events)
    - Downstream: [fct_plays](#model.shop.fct_plays)
    - File: `models/dimensions/dim_users.sql`
    - Declared: `models/schema.yml:2`

    | Column | Type | Null | Key | Description | Tests |
    | --- | --- | --- | --- | --- | --- |
    | user_id | integer | no | primary key | The user. | unique (fail, 8 rows); not_null (pass) |
    | email | character varying(256) | yes |  | Where we write to. *(personal data)* |  |

    ## Fact

    <a id="model.shop.fct_plays"></a>

    ### fct_plays

    - `dev.fct_plays` (incremental model)
    - Grain: one row a song played
    - Rows: 14896
    - Upstream: [dim_users](#model.shop.dim_users)
    - Tests: plays_are_counted (not run)
    - File: `models/facts/fct_plays.sql`

    | Column | Type | Null | Key | Description | Tests |
    | --- | --- | --- | --- | --- | --- |
    | user_id | integer | yes | → [dim_users](#model.shop.dim_users).user_id | Who. | relationships: dim_users.user_id (not run) |
    | Level | character varying(10) | yes |  |  |  |
    | extra | integer | yes |  |  |  |

    ## Coverage

    4 of 7 columns are described (57%).
    Not described:

    - raw.events.user_id
    - fct_plays.Level
    - fct_plays.extra

    2 of 7 columns are tested (28%).
    Not tested:

    - raw.events.user_id
    - raw.events.page
    - dim_users.email
    - fct_plays.Level
    - fct_plays.extra

    2 of 5 tables are described (40%).
    Not described:

    - levels
    - stg_events
    - fct_plays

    0 of 5 tables have an owner (0%).
    Not owned:

    - raw.events
    - levels
    - stg_events
    - dim_users
    - fct_plays
    "#);
}

#[test]
fn the_csv_has_a_line_for_each_column() {
    assert_snapshot!(csv::csv(&dictionary(&fixture::manifest())).unwrap(), @r#"
    layer,table,relation,kind,table_description,grain,rows,last_built,dist,sort,position,column,type,nullable,key,references,column_description,personal_data,tests,table_tests,upstream,downstream
    Source,raw.events,staging.events,source,"Raw events, one row a line of the log.",,,,,,1,user_id,,,,,,no,,,,stg_events
    Source,raw.events,staging.events,source,"Raw events, one row a line of the log.",,,,,,2,page,,,,,The page <b>seen</b>.,no,,,,stg_events
    Seed,levels,dev.levels,seed,,,,,,,,,,,,,,,,,,
    Staging,stg_events,dev.stg_events,view model,,,,,,,,,,,,,,,,,raw.events,dim_users
    Dimension,dim_users,dev.dim_users,table model,"Users, the **latest** level wins | see `fct_plays`.",one row per user_id,96,2024-01-15 10:30 UTC,key (user_id),(user_id),1,user_id,integer,no,primary,,The user.,no,unique (fail); not_null (pass),,stg_events,fct_plays
    Dimension,dim_users,dev.dim_users,table model,"Users, the **latest** level wins | see `fct_plays`.",one row per user_id,96,2024-01-15 10:30 UTC,key (user_id),(user_id),2,email,character varying(256),yes,,,Where we write to.,yes,,,stg_events,fct_plays
    Fact,fct_plays,dev.fct_plays,incremental model,,one row a song played,14896,,,,1,user_id,integer,yes,,dim_users.user_id,Who.,no,relationships: dim_users.user_id (not run),plays_are_counted (not run),dim_users,
    Fact,fct_plays,dev.fct_plays,incremental model,,one row a song played,14896,,,,2,Level,character varying(10),yes,,,,no,,plays_are_counted (not run),dim_users,
    Fact,fct_plays,dev.fct_plays,incremental model,,one row a song played,14896,,,,3,extra,integer,yes,,,,no,,plays_are_counted (not run),dim_users,
    "#);
}

#[test]
fn a_formula_in_a_description_is_plain_text_to_a_spreadsheet() {
    let mut manifest = fixture::manifest();
    manifest.nodes[fixture::DIMENSION.index()].description = "=HYPERLINK(\"http://x\")".into();
    let csv = csv::csv(&dictionary(&manifest)).unwrap();
    assert!(csv.contains("\"'=HYPERLINK(\"\"http://x\"\")\""), "{csv}");
}

#[test]
fn keys_types_and_results_come_from_tests_constraints_and_the_warehouse() {
    let dictionary = dictionary(&fixture::manifest());
    let fact = dictionary
        .tables()
        .find(|table| table.name == "fct_plays")
        .unwrap();
    let user = &fact.columns[0];
    assert_eq!(user.references[0].table.name, "dim_users");
    assert_eq!(user.references[0].column, "user_id");
    // The warehouse spells the name its own way; the declaration is still found.
    assert_eq!(fact.columns[1].name, "Level");
    assert_eq!(fact.columns.len(), 3);
    let dimension = dictionary
        .tables()
        .find(|table| table.name == "dim_users")
        .unwrap();
    assert!(dimension.columns[0].in_key);
    assert_eq!(dimension.grain.as_deref(), Some("one row per user_id"));
    assert_eq!(dimension.columns[0].nullable, Some(false));
}

#[test]
fn a_test_of_some_rows_says_nothing_about_the_others() {
    let mut manifest = fixture::manifest();
    manifest.nodes[fixture::DIMENSION.index()].columns[0]
        .constraints
        .clear();
    let of = |manifest: &Manifest, status: Option<&str>| {
        let id = manifest.node(fixture::NOT_NULL).unique_id.clone();
        let results = status.map(|status| (id, last(status, None)));
        let dictionary = Dictionary::new(&Input {
            manifest,
            selected: None,
            catalog: &[],
            previous: &Previous {
                results: results.into_iter().collect(),
            },
            said: &|_, _| None,
            classes: &|_, _| Vec::new(),
            ages: &std::collections::BTreeMap::new(),
            elsewhere: &std::collections::BTreeMap::new(),
            generated_at: fixture::now(),
        });
        let table = dictionary
            .tables()
            .find(|table| table.name == "dim_users")
            .unwrap();
        (table.columns[0].in_key, table.columns[0].nullable)
    };
    let passed = of(&manifest, Some("pass"));
    assert_eq!(passed, (true, Some(false)), "from the tests alone");
    for status in [None, Some("fail"), Some("error"), Some("skipped")] {
        assert_eq!(of(&manifest, status).1, None, "{status:?}");
    }
    manifest.nodes[fixture::NOT_NULL.index()]
        .config
        .where_clause = Some("level = 'paid'".into());
    assert_eq!(of(&manifest, Some("pass")).1, None);
}

#[test]
fn a_constraint_says_no_nulls_only_where_something_keeps_it() {
    let mut manifest = fixture::manifest();
    let of = |manifest: &Manifest| {
        let dictionary = Dictionary::new(&Input {
            manifest,
            selected: None,
            catalog: &[],
            previous: &Previous::default(),
            said: &|_, _| None,
            classes: &|_, _| Vec::new(),
            ages: &std::collections::BTreeMap::new(),
            elsewhere: &std::collections::BTreeMap::new(),
            generated_at: fixture::now(),
        });
        let mut tables = dictionary.tables();
        let table = tables.find(|table| table.name == "dim_users").unwrap();
        table.columns[0].nullable
    };
    assert_eq!(of(&manifest), None);
    let node = &mut manifest.nodes[fixture::DIMENSION.index()];
    node.config.contract_enforced = true;
    assert_eq!(of(&manifest), Some(false));
}

#[test]
fn a_column_that_is_described_and_not_in_the_table_says_so_and_is_not_counted() {
    let mut manifest = fixture::manifest();
    let before = dictionary(&manifest).coverage().columns;
    let node = &mut manifest.nodes[fixture::DIMENSION.index()];
    let mut gone = node.columns[0].clone();
    gone.name = "gone".into();
    node.columns.insert("gone".into(), gone);

    let dictionary = dictionary(&manifest);
    assert_eq!(dictionary.coverage().columns, before);
    let table = dictionary.tables().find(|table| table.name == "dim_users");
    let column = table.unwrap().columns.last().unwrap();
    assert_eq!(column.name, "gone");
    assert_eq!(column.data_type.as_deref(), Some("not in the table"));
}

#[test]
fn a_layer_is_said_in_meta_or_read_from_folder_and_name() {
    let layer = |path: &str, meta: serde_json::Value| {
        let name = path.rsplit('/').next().unwrap();
        let mut node = fixture::node(crate::manifest::ResourceType::Model, name, path);
        node.config.meta = meta.as_object().unwrap().clone();
        super::layer::layer(&node)
    };
    assert_eq!(layer("marts/core/fct_a", json!({})), "Fact");
    assert_eq!(layer("marts/core/dims/a", json!({})), "Dimension");
    assert_eq!(layer("marts/core/a", json!({})), "Marts");
    assert_eq!(layer("a", json!({})), "Other");
    assert_eq!(
        layer("facts/a", json!({ "layer": "dimension" })),
        "Dimension"
    );
    assert_eq!(layer("facts/a", json!({ "layer": "gold" })), "Gold");
}

#[test]
fn coverage_rounds_down_and_an_empty_project_misses_nothing() {
    let coverage = dictionary(&fixture::manifest()).coverage();
    assert_eq!(
        (coverage.columns, coverage.documented(), coverage.tested()),
        (7, 4, 2)
    );
    assert_eq!(coverage.percent(coverage.documented()), 57);
    let empty = dictionary_of_nothing();
    assert_eq!(empty.coverage().percent(0), 100);
}

fn dictionary_of_nothing() -> Dictionary {
    Dictionary::new(&Input {
        manifest: &Manifest::default(),
        selected: None,
        catalog: &[],
        previous: &Previous::default(),
        said: &|_, _| None,
        classes: &|_, _| Vec::new(),
        ages: &std::collections::BTreeMap::new(),
        elsewhere: &std::collections::BTreeMap::new(),
        generated_at: fixture::now(),
    })
}

#[test]
fn no_markup_of_the_project_is_in_the_markdown() {
    let mut manifest = fixture::manifest();
    let hostile = "a`<script>alert(1)</script>";
    let node = &mut manifest.nodes[fixture::DIMENSION.index()];
    node.config.meta.insert("layer".into(), hostile.into());
    node.config.materialized = hostile.into();
    node.relation = Some(crate::relation::Relation::new("dev", hostile));
    node.original_file_path = hostile.into();
    node.description = format!("`` ` ``{hostile} [x](javascript:y)");
    let text = markdown::markdown(&dictionary(&manifest), None);
    let parser = pulldown_cmark::Parser::new_ext(&text, pulldown_cmark::Options::ENABLE_TABLES);
    for event in parser {
        match event {
            pulldown_cmark::Event::Html(html) | pulldown_cmark::Event::InlineHtml(html) => {
                assert!(
                    html.starts_with("<a id=") || &*html == "</a>" || &*html == "\n",
                    "{html}"
                );
            }
            pulldown_cmark::Event::Start(pulldown_cmark::Tag::Link { dest_url, .. }) => {
                assert!(dest_url.starts_with('#'), "{dest_url}");
            }
            _ => {}
        }
    }
}

#[test]
fn a_table_tells_rows_of_builds_other_targets_and_that_its_build_failed() {
    let manifest = fixture::manifest();
    let id = &manifest.node(fixture::FACT).unique_id;
    let mut result = last("error", None);
    result.history = vec![(fixture::now(), 5), (fixture::now(), 7)];
    let mut previous = Previous::default();
    previous.results.insert(id.clone(), result);
    let places = [(id.clone(), "shop.marts.fct_plays".to_owned())].into();
    let elsewhere = [("prod".to_owned(), places)].into();
    let dictionary = Dictionary::new(&Input {
        manifest: &manifest,
        selected: None,
        catalog: &[],
        previous: &previous,
        said: &|_, _| None,
        classes: &|_, _| Vec::new(),
        ages: &std::collections::BTreeMap::new(),
        elsewhere: &elsewhere,
        generated_at: fixture::now(),
    });
    let told = markdown::markdown(&dictionary, None);
    let facts = told.split("### fct_plays").nth(1).unwrap_or_default();
    let wanted = ["In the target", "Last build", "Rows after"];
    let facts = facts
        .lines()
        .filter(|line| wanted.iter().any(|word| line.contains(word)));
    assert_snapshot!(facts.collect::<Vec<_>>().join("\n"), @r"
    - In the target prod: `shop.marts.fct_plays`
    - Last build: failed, 2024-01-15 10:30 UTC
    - Rows after builds: 5 (2024-01-15 10:30 UTC), 7 (2024-01-15 10:30 UTC)
    ");
}
