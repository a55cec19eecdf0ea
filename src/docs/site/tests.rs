//! The site of a small shop, read back from its files.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use base64::Engine;
use serde_json::{Value, json};

use super::{ColumnEdge, Input, Layout, RowEdge, Site};
use crate::artifacts::manifest::{Doc, Macro};
use crate::artifacts::previous::LastResult;
use crate::artifacts::timeline::Timeline;
use crate::artifacts::{Previous, fixture};
use crate::docs::tests::dictionary;
use crate::docs::{Branding, Dictionary};
use crate::manifest::node::{Detail, ExposureDetail};
use crate::manifest::{Manifest, Node, NodeId, ResourceType};
use crate::redact::Redactor;
use crate::sql::lineage::How;

const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)> {{ x }} </script>";

/// What a test changes.
#[derive(Default)]
struct Changed {
    dictionary: Dictionary,
    selected: Option<BTreeSet<NodeId>>,
    compiled: Vec<Option<&'static str>>,
    previous: Previous,
    timeline: Timeline,
    title: String,
}

fn site(manifest: &Manifest, layout: Layout) -> Site {
    site_with(manifest, layout, &|_| {})
}

/// A site of what is there and of what a test changes.
fn site_with(manifest: &Manifest, layout: Layout, change: &dyn Fn(&mut Changed)) -> Site {
    let mut changed = Changed {
        dictionary: dictionary(manifest),
        title: "The Shop".into(),
        ..Changed::default()
    };
    change(&mut changed);
    let doc = Doc {
        name: "__overview__".into(),
        package_name: "shop".into(),
        contents: "What the *shop* knows.".into(),
        ..Doc::default()
    };
    let own = Macro {
        name: "cents".into(),
        package_name: "shop".into(),
        path: "macros/cents.sql".into(),
        sql: "{% macro cents() %}1{% endmacro %}".into(),
        ..Macro::default()
    };
    let built_in = Macro {
        package_name: "dbt".into(),
        ..own.clone()
    };
    Site::new(
        &Input {
            manifest,
            dictionary: &changed.dictionary,
            selected: changed.selected.as_ref(),
            compiled: &changed.compiled,
            macros: &BTreeMap::from([
                ("macro.shop.cents".to_owned(), own),
                ("macro.dbt.cents".to_owned(), built_in),
            ]),
            docs: &BTreeMap::from([("doc.shop.__overview__".to_owned(), doc)]),
            previous: &changed.previous,
            timeline: &changed.timeline,
            lineage: &[ColumnEdge {
                from: (fixture::DIMENSION, "user_id".into()),
                to: (fixture::FACT, "user_id".into()),
                how: How::Copied,
            }],
            influences: &[RowEdge {
                from: (fixture::DIMENSION, "user_id".into()),
                to: fixture::FACT,
                kinds: vec!["filter", "join"],
            }],
            target: "dev (duckdb)",
            branding: &Branding {
                title: Some(changed.title.clone()),
                ..Branding::default()
            },
            redactor: &Redactor::default(),
        },
        layout,
    )
}

/// The JSON of a data file.
fn data(site: &Site, name: &str) -> Value {
    let script = &site.files[&format!("data/{name}.js")];
    let text = script.split('"').nth(3).unwrap();
    let packed = base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap();
    let mut json = String::new();
    flate2::read::DeflateDecoder::new(&packed[..])
        .read_to_string(&mut json)
        .unwrap();
    serde_json::from_str(&json).unwrap()
}

#[test]
fn the_index_names_everything_that_has_a_page() {
    let site = site(&fixture::manifest(), Layout::Folder);
    let index = data(&site, "index");
    let kinds = index["kinds"].as_array().unwrap();
    let named: Vec<String> = index["name"]
        .as_array()
        .unwrap()
        .iter()
        .zip(index["kind"].as_array().unwrap())
        .map(|(name, kind)| {
            let kind = &kinds[usize::try_from(kind.as_u64().unwrap()).unwrap()];
            format!("{} {}", kind.as_str().unwrap(), name.as_str().unwrap())
        })
        .collect();
    insta::assert_snapshot!(named.join("\n"));
    assert_eq!(index["overview"], "<p>What the <em>shop</em> knows.</p>\n");
    assert_eq!(index["title"], "The Shop");
    assert!(site.files["index.html"].contains("<title>The Shop</title>"));
}

#[test]
fn a_column_tells_where_it_comes_from_and_goes_to() {
    let site = site(&fixture::manifest(), Layout::Folder);
    let index = data(&site, "index");
    let place = |name: &str| {
        let names = index["name"].as_array().unwrap();
        names.iter().position(|own| own == name).unwrap()
    };
    let pages = data(&site, "t0");
    let column = |table: &str| pages[place(table)]["columns"][0].clone();
    assert_eq!(
        column("fct_plays")["from"],
        json!([[place("dim_users"), "user_id", 0]])
    );
    assert_eq!(
        column("dim_users")["to"],
        json!([[place("fct_plays"), "user_id", 0]])
    );
    assert_eq!(
        column("fct_plays")["points"],
        json!([[place("dim_users"), "user_id"]])
    );
    assert_eq!(
        pages[place("fct_plays")]["chosen"],
        json!([[place("dim_users"), "user_id", "filter, join"]])
    );
    assert_eq!(
        column("dim_users")["rows"],
        json!([[place("fct_plays"), "filter, join"]])
    );
}

#[test]
fn a_word_is_found_without_its_underscores_and_a_table_by_its_kind() {
    let site = site(&fixture::manifest(), Layout::Folder);
    let index = data(&site, "index");
    let words = data(&site, "s0");
    let found = |word: &str| -> Vec<String> {
        let terms = words["terms"].as_array().unwrap();
        let Some(at) = terms.iter().position(|term| term == word) else {
            return Vec::new();
        };
        let mut item = 0;
        let steps = words["items"][at].as_array().unwrap().iter();
        let items = steps.map(|step| {
            item += step.as_u64().unwrap() >> 2;
            let name = &index["name"][usize::try_from(item).unwrap()];
            name.as_str().unwrap().to_owned()
        });
        items.collect()
    };
    assert!(found("userid").contains(&"fct_plays".to_owned()));
    assert_eq!(found("incremental"), ["fct_plays"]);
}

#[test]
fn a_column_without_words_takes_those_of_the_column_that_it_copies() {
    let mut manifest = fixture::manifest();
    let words = |manifest: &mut Manifest, node: crate::manifest::NodeId, words: &str| {
        for column in manifest.nodes[node.index()].columns.values_mut() {
            column.description = words.into();
        }
    };
    words(&mut manifest, fixture::DIMENSION, "Of the *user*.");
    words(&mut manifest, fixture::FACT, "");
    let site = site(&manifest, Layout::Folder);
    let index = data(&site, "index");
    let place = |name: &str| {
        let names = index["name"].as_array().unwrap();
        names.iter().position(|own| own == name).unwrap()
    };
    let column = data(&site, "t0")[place("fct_plays")]["columns"][0].clone();
    assert_eq!(column["html"], "<p>Of the <em>user</em>.</p>");
    assert_eq!(column["inherited"], place("dim_users"));
}

#[test]
fn no_markup_of_the_project_reaches_a_page() {
    let mut manifest = fixture::manifest();
    manifest.project_name = HOSTILE.into();
    let node = &mut manifest.nodes[fixture::DIMENSION.index()];
    node.description = HOSTILE.into();
    node.name = HOSTILE.into();
    node.config.tags = vec![HOSTILE.into()];
    for column in node.columns.values_mut() {
        column.description = HOSTILE.into();
        column.name = HOSTILE.into();
    }
    for layout in [Layout::Folder, Layout::SingleFile] {
        let site = site(&manifest, layout);
        let page = &site.files["index.html"];
        let scripts = if layout == Layout::Folder { 1 } else { 3 };
        assert_eq!(page.matches("<script").count(), scripts, "only our own");
        assert_eq!(page.matches("</script>").count(), scripts);
        assert!(!page.contains("<img"));
    }
    // What the pages take as markup is safe; everything else they take as text.
    let site = site(&manifest, Layout::Folder);
    let pages = data(&site, "t0");
    let mut looked = 0;
    for html in all(&pages, "html") {
        assert!(
            !html.contains("<script") && !html.contains("<img"),
            "{html}"
        );
        looked += 1;
    }
    assert!(looked > 4);
}

/// Every text under a key, however deep.
fn all<'v>(value: &'v Value, key: &str) -> Vec<&'v str> {
    match value {
        Value::Array(values) => values.iter().flat_map(|value| all(value, key)).collect(),
        Value::Object(values) => values
            .iter()
            .flat_map(|(name, value)| match value {
                Value::String(text) if name == key => vec![text.as_str()],
                value => all(value, key),
            })
            .collect(),
        _ => Vec::new(),
    }
}

#[test]
fn what_is_not_to_be_shown_is_in_no_file() {
    let mut manifest = fixture::manifest();
    let hidden = &mut manifest.nodes[fixture::DIMENSION.index()];
    hidden.config.docs_show = false;
    let name = hidden.name.clone();
    let description = "What nobody is to read";
    hidden.description = description.into();
    let mut compiled = vec![None; manifest.nodes.len()];
    compiled[fixture::FACT.index()] = Some("select * from \"dev\".\"dim_users\"");
    compiled[fixture::RELATIONSHIP.index()] = Some("select 1 from dev.DIM_USERS");
    manifest.nodes[fixture::RELATIONSHIP.index()].name = format!("points_to_{name}_id");
    let site = site_with(&manifest, Layout::Folder, &|changed| {
        changed.compiled = compiled.clone();
    });
    for file in site.files.keys().filter(|file| file.starts_with("data/")) {
        let text = data(&site, &file["data/".len()..file.len() - ".js".len()]).to_string();
        assert!(!text.contains(description), "{file}");
        assert!(!text.to_lowercase().contains(&name), "{file}: {text}");
    }
    let counts = data(&site, "index")["testCounts"].to_string();
    assert_eq!(
        counts, "[[\"not run\",2]]",
        "those of hidden tables are none"
    );
    let dictionary = dictionary(&manifest);
    for text in [
        crate::docs::markdown::markdown(&dictionary, None),
        crate::docs::csv::csv(&dictionary).unwrap(),
    ] {
        assert!(!text.contains(&name), "{text}");
    }
}

fn last(status: &str) -> LastResult {
    LastResult {
        status: status.into(),
        seconds: 0.1,
        failures: None,
        rows: None,
        rejected: None,
        completed_at: Some(fixture::now()),
        history: Vec::new(),
        told: None,
    }
}

fn with(manifest: &mut Manifest, node: Node) -> NodeId {
    let id = NodeId(u32::try_from(manifest.nodes.len()).unwrap());
    manifest.by_unique_id.insert(node.unique_id.clone(), id);
    manifest.nodes.push(Box::new(node));
    id
}

#[test]
fn unit_tests_count_warnings_are_no_failures_and_a_table_that_failed_is_told() {
    let mut manifest = fixture::manifest();
    let mut unit = fixture::node(ResourceType::UnitTest, "keeps", "keeps.yml");
    unit.relation = None;
    unit.depends_on = vec![fixture::FACT];
    let unit = with(&mut manifest, unit);
    let id = |id: NodeId| manifest.node(id).unique_id.clone();
    let site = site_with(&manifest, Layout::Folder, &|changed| {
        for (node, status) in [
            (unit, "fail"),
            (fixture::SINGULAR, "warn"),
            (fixture::STAGING, "error"),
        ] {
            changed.previous.results.insert(id(node), last(status));
        }
        changed.timeline.skipped = vec![id(fixture::FACT), id(unit)];
        let layers = changed.dictionary.layers.iter_mut();
        let mut tables = layers.flat_map(|layer| &mut layer.tables);
        let failed = tables.find(|table| table.node == fixture::STAGING).unwrap();
        let when = "2024-01-15 10:30 UTC".to_owned();
        failed.failed = Some(("error".to_owned(), Some(when)));
    });
    let index = data(&site, "index");
    let place = |name: &str| {
        let names = index["name"].as_array().unwrap();
        names.iter().position(|own| own == name).unwrap()
    };
    assert_eq!(
        index["failing"],
        json!([
            [
                place("dim_users"),
                "unique",
                "fail",
                8,
                "user_id",
                "unique_dim_users_user_id"
            ],
            [place("fct_plays"), "unit test", "fail", null, null, "keeps"],
        ])
    );
    assert_eq!(
        index["warning"],
        json!([[place("plays_are_counted"), "", "warn", null, null, ""]])
    );
    assert_eq!(
        index["testCounts"],
        json!([["fail", 2], ["warn", 1], ["pass", 1], ["not run", 1]])
    );
    assert_eq!(
        index["broken"],
        json!([[place("stg_events"), "error", "2024-01-15 10:30 UTC"]])
    );
    assert_eq!(index["skipped"], json!([place("fct_plays")]));
    let bad = ["stg_events", "dim_users", "fct_plays"].map(place);
    assert_eq!(index["bad"], json!(bad));
    let page = &data(&site, "t0")[place("stg_events")];
    assert_eq!(page["failed"], json!(["error", "2024-01-15 10:30 UTC"]));
    // Every test has a line in the list of all, and its words are found.
    let all = data(&site, "tests");
    assert_eq!(all.as_array().unwrap().len(), 5);
    let terms = data(&site, "s0")["terms"].to_string();
    for word in ["\"relationships\"", "\"unique\"", "\"keeps\""] {
        assert!(terms.contains(word), "{word} is not found: {terms}");
    }
}

#[test]
fn the_tags_of_an_exposure_lead_to_it_and_its_label_is_told() {
    let mut manifest = fixture::manifest();
    let mut board = fixture::node(ResourceType::Exposure, "board", "shop.yml");
    board.relation = None;
    board.config.tags = vec!["weekly".into()];
    board.detail = Detail::Exposure(Box::new(ExposureDetail {
        kind: "dashboard".into(),
        owner: json!({"name": "Bo", "email": "b@x.y"}),
        url: None,
        maturity: None,
        label: Some("The Board".into()),
    }));
    with(&mut manifest, board);
    let site = site(&manifest, Layout::Folder);
    let index = data(&site, "index");
    let names = index["name"].as_array().unwrap();
    let place = names.iter().position(|own| own == "board").unwrap();
    assert_eq!(index["tags"]["weekly"], json!([place]));
    let page = &data(&site, "t0")[place];
    assert_eq!(page["label"], "The Board");
    assert_eq!(page["owner"], "Bo, b@x.y");
    assert!(data(&site, "s0")["terms"].to_string().contains("weekly"));
}

#[test]
fn a_site_of_some_nodes_tells_the_tests_macros_and_words_of_these_alone() {
    let mut manifest = fixture::manifest();
    let selected = BTreeSet::from([fixture::FACT]);
    let of = |manifest: &Manifest| {
        let site = site_with(manifest, Layout::Folder, &|changed| {
            changed
                .dictionary
                .layers
                .retain(|layer| layer.name == "Fact");
            changed.selected = Some(selected.clone());
        });
        let index = data(&site, "index");
        (index["testCounts"].clone(), index["name"].clone())
    };
    let (counts, names) = of(&manifest);
    assert_eq!(counts, json!([["not run", 1]]));
    assert_eq!(names, json!(["fct_plays"]));
    let fact = &mut manifest.nodes[fixture::FACT.index()];
    fact.macros.insert("macro.shop.cents".into());
    assert_eq!(of(&manifest).1, json!(["fct_plays", "cents"]));
}

#[test]
fn what_was_built_last_is_told_where_not_all_is_of_one_moment() {
    let manifest = fixture::manifest();
    let built = |when: &dyn Fn(&str) -> &'static str| {
        let site = site_with(&manifest, Layout::Folder, &|changed| {
            for layer in &mut changed.dictionary.layers {
                for table in &mut layer.tables {
                    table.last_built = Some(when(&table.name).into());
                }
            }
        });
        data(&site, "index")["built"].as_array().unwrap().len()
    };
    assert_eq!(built(&|_| "2024-01-15 10:30 UTC"), 0);
    let one_is_newer = |name: &str| match name {
        "levels" => "2024-01-16 10:30 UTC",
        _ => "2024-01-15 10:30 UTC",
    };
    assert_eq!(built(&one_is_newer), 5);
}

#[test]
fn a_title_is_never_taken_for_a_place_of_the_page() {
    for layout in [Layout::Folder, Layout::SingleFile] {
        let title = |title: &'static str| {
            let site = site_with(&fixture::manifest(), layout, &|changed| {
                changed.title = title.into();
            });
            site.files["index.html"].clone()
        };
        let page = title("{{SCRIPT}} {{STYLE}}");
        assert!(page.contains("<title>{{SCRIPT}} {{STYLE}}</title>"));
        let scripts = |page: &str| page.matches("<script").count();
        assert_eq!(scripts(&page), scripts(&title("Shop")));
    }
}

#[test]
fn the_page_that_leads_to_the_site_keeps_what_is_behind_the_address() {
    let page = super::forward();
    assert!(page.contains("site/index.html\" + location.hash"), "{page}");
    assert!(page.contains("script-src 'sha256-"), "{page}");
}

#[test]
fn the_same_project_gives_the_same_bytes_and_old_data_go() {
    let manifest = fixture::manifest();
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("data/t99.js");
    std::fs::create_dir_all(old.parent().unwrap()).unwrap();
    std::fs::write(&old, "old").unwrap();
    let others = ["data/customers.csv", "data/t1.js.map", "data/table.js"];
    for other in others {
        std::fs::write(folder.path().join(other), "not ours").unwrap();
    }
    let single = site(&manifest, Layout::SingleFile);
    single.write(folder.path()).unwrap();
    assert!(old.exists(), "one file leaves all others alone");
    let first = site(&manifest, Layout::Folder);
    first.write(folder.path()).unwrap();
    assert!(!old.exists());
    for other in others {
        std::fs::remove_file(folder.path().join(other)).expect("what is not ours stays");
    }
    assert_eq!(first.files, site(&manifest, Layout::Folder).files);
    let written = std::fs::read_dir(folder.path().join("data"))
        .unwrap()
        .count();
    let named = first.files.keys().filter(|name| name.starts_with("data/"));
    // What `docs diff` finds stands beside them.
    assert_eq!(written, named.count() + 1);
    let target = tempfile::tempdir().unwrap();
    std::fs::rename(folder.path(), target.path().join("site")).unwrap();
    let folder = target.path().join("site");
    let told = super::write_changes(target.path(), &json!({}), &Redactor::default()).unwrap();
    assert_eq!(told, Some("site/index.html#/changes"));
    let changes = std::fs::read_to_string(folder.join("data/changes.js")).unwrap();
    first.write(&folder).unwrap();
    let kept = std::fs::read_to_string(folder.join("data/changes.js")).unwrap();
    assert_eq!(kept, changes);
    // One page takes them over, keeps them, and has others put into it.
    single.write(target.path()).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    single.write(target.path()).unwrap();
    let page = || std::fs::read_to_string(target.path().join("index.html")).unwrap();
    assert!(page().contains(&changes), "{changes}");
    let others = json!({ "added": [] });
    let told = super::write_changes(target.path(), &others, &Redactor::default()).unwrap();
    assert_eq!(told, Some("index.html#/changes"));
    let scripts = page();
    let scripts: Vec<&str> = scripts.split("<script>").skip(1).collect();
    for script in scripts {
        let (script, _) = script.split_once("</script>").unwrap();
        let allowed = page().contains(&super::pack::hash(script));
        assert!(allowed, "what its policy does not let run: {script}");
    }
    let found = super::page::changes(&page()).and_then(super::pack::data);
    assert_eq!(found, Some(others));
}

#[test]
fn the_script_and_style_stay_small() {
    let site = site(&fixture::manifest(), Layout::Folder);
    let own = site.files["app.js"].len() + site.files["style.css"].len();
    assert!(own <= 120 * 1024, "{own} bytes");
}
