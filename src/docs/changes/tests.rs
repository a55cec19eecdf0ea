//! Two manifests of a small shop.

use serde_json::{Value, json};

use super::Changes;
use crate::artifacts::impact;

fn manifest(nodes: Value) -> Value {
    json!({ "nodes": nodes, "sources": {}, "exposures": {} })
}

fn model(description: &str, columns: Value) -> Value {
    json!({
        "resource_type": "model", "description": description, "tags": [], "columns": columns,
        "config": {"materialized": "table", "docs": {"show": true}, "meta": {}},
    })
}

fn unique(column: &str) -> Value {
    json!({
        "resource_type": "test", "name": "unique_it", "attached_node": "model.shop.users", "column_name": column,
        "test_metadata": {"name": "unique", "kwargs": {"column_name": column, "model": "x"}},
    })
}

fn changes() -> Changes {
    let columns =
        json!({"id": {"name": "id", "description": "The number"}, "old": {"name": "old"}});
    let before = manifest(json!({
        "model.shop.users": model("Who buys", columns),
        "model.shop.gone": model("", json!({})),
        "model.shop.same": model("As it was", json!({})),
    }));
    let mut hidden = model("Nobody's", json!({}));
    hidden["config"]["docs"]["show"] = json!(false);
    let mut users = model(
        "Who | <b>bought</b>",
        json!({"id": {"name": "id", "data_type": "bigint"}}),
    );
    users["config"]["meta"] = json!({"owner": "Sales"});
    let now = manifest(json!({
        "model.shop.users": users,
        "model.shop.new": model("First *words*.\nMore.", json!({})),
        "model.shop.same": model("As it was", json!({})),
        "model.shop.hidden": hidden,
        "test.shop.unique_id": unique("id"),
    }));
    Changes::new("shop", &before, &now, None)
}

#[test]
fn markdown_tells_what_is_new_gone_and_another() {
    insta::assert_snapshot!(changes().markdown(), @r"
    # What changed in shop

    1 new, 1 gone, 1 changed, 1 as before.

    ## New

    - new (model): First \*words\*. More.

    ## Gone

    - gone (model)

    ## Changed

    ### users

    | | Before | Now |
    | --- | --- | --- |
    | column old | declared |  |
    | description | Who buys | Who \| \<b\>bought\</b\> |
    | description of id | The number |  |
    | owner |  | Sales |
    | tests of id |  | unique |
    | type of id |  | bigint |
    ");
}

#[test]
fn a_page_has_no_markup_of_the_project_and_no_script() {
    let page = changes().page(Some("site/index.html"));
    assert!(page.contains("Who | &lt;b&gt;bought&lt;/b&gt;"), "{page}");
    assert!(!page.contains("<script") && !page.contains("<b>"));
    assert!(page.contains("default-src 'none'"));
    assert_eq!(page.matches("<h1>").count(), 1);
    assert!(page.contains("<a href=\"site/index.html\">The site</a>"));
    assert!(!changes().page(None).contains("<a "));
}

#[test]
fn readers_of_a_column_that_is_gone_are_told() {
    let lineage = |columns: Value| {
        json!({"nodes": {
            "model.shop.users": {"columns": columns, "complete": true},
        }})
    };
    let before = lineage(json!([{"name": "id", "type": "integer", "from": []}]));
    let impact = impact::compare(&before, &lineage(json!([])));
    let nothing = manifest(json!({"model.shop.users": model("", json!({}))}));
    let changes = Changes::new("shop", &nothing, &nothing, Some(&impact));
    assert_eq!(changes.same, 0);
    let gone = ("column id".to_owned(), "there".to_owned(), String::new());
    assert_eq!(changes.changed[0].facts, [gone], "nobody declares it");
    let told: Vec<String> = changes
        .columns
        .iter()
        .map(|reach| format!("{} {}", reach.name, reach.what))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @"users.id removed");
}
