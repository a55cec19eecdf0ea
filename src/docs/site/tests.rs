//! The site of a small shop, read back from its files.

use std::collections::BTreeMap;
use std::io::Read;

use base64::Engine;
use serde_json::{Value, json};

use super::{ColumnEdge, Input, Layout, Site};
use crate::artifacts::manifest::{Doc, Macro};
use crate::artifacts::timeline::Timeline;
use crate::artifacts::{Previous, fixture};
use crate::docs::Branding;
use crate::docs::tests::dictionary;
use crate::manifest::Manifest;
use crate::redact::Redactor;
use crate::sql::lineage::How;

const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)> {{ x }} </script>";

fn site(manifest: &Manifest, layout: Layout) -> Site {
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
            dictionary: &dictionary(manifest),
            selected: None,
            compiled: &[],
            macros: &BTreeMap::from([
                ("macro.shop.cents".to_owned(), own),
                ("macro.dbt.cents".to_owned(), built_in),
            ]),
            docs: &BTreeMap::from([("doc.shop.__overview__".to_owned(), doc)]),
            previous: &Previous::default(),
            timeline: &Timeline::default(),
            lineage: &[ColumnEdge {
                from: (fixture::DIMENSION, "user_id".into()),
                to: (fixture::FACT, "user_id".into()),
                how: How::Copied,
            }],
            influences: &[(fixture::FACT, fixture::DIMENSION, "level".into())],
            target: "dev (duckdb)",
            branding: &Branding {
                title: Some("The Shop".into()),
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
        json!([[place("dim_users"), "level"]])
    );
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
    let site = site(&manifest, Layout::Folder);
    for (file, _) in site
        .files
        .iter()
        .filter(|(file, _)| file.starts_with("data/"))
    {
        let text = data(&site, &file["data/".len()..file.len() - ".js".len()]).to_string();
        assert!(!text.contains(description), "{file}");
        assert!(!text.contains(&format!("\"{name}\"")), "{file}");
    }
}

#[test]
fn the_same_project_gives_the_same_bytes_and_old_data_go() {
    let manifest = fixture::manifest();
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("data/t99.js");
    std::fs::create_dir_all(old.parent().unwrap()).unwrap();
    std::fs::write(&old, "old").unwrap();
    let first = site(&manifest, Layout::Folder);
    first.write(folder.path()).unwrap();
    assert!(!old.exists());
    assert_eq!(first.files, site(&manifest, Layout::Folder).files);
    let written = std::fs::read_dir(folder.path().join("data"))
        .unwrap()
        .count();
    let named = first.files.keys().filter(|name| name.starts_with("data/"));
    assert_eq!(written, named.count());
}

#[test]
fn the_script_and_style_stay_small() {
    let site = site(&fixture::manifest(), Layout::Folder);
    let own = site.files["app.js"].len() + site.files["style.css"].len();
    assert!(own <= 120 * 1024, "{own} bytes");
}
