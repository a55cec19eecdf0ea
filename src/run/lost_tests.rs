//! What is sent again after a connection was lost, and what is not.

use std::time::Duration;

use insta::assert_snapshot;

use super::double::{Answer, Double, Setup, wrong};
use crate::adapter::ErrorClass;
use crate::manifest::config::OnSchemaChange;
use crate::materialization::fixture::{existing, has, model};
use crate::relation::RelationKind;

/// A warehouse whose connection breaks the first time that it gets some words.
fn breaking_at(words: &'static str) -> Double {
    Double::new(move |sql, before| {
        if sql.contains(words) && before == 0 {
            wrong(ErrorClass::ConnectionLost, "the connection is closed")
        } else {
            Answer::Done(None)
        }
    })
}

fn table() -> Setup {
    let mut setup = Setup::tables(&["a"]);
    setup.existing = existing(&[("a", RelationKind::Table, &[])]);
    setup
}

#[test]
fn a_build_that_was_cut_off_is_dropped_and_built_again() {
    let warehouse = breaking_at("create table");
    let setup = table();
    let results = setup.run(&warehouse, &mut |_| {});
    assert_snapshot!(setup.told(&results), @"a success:");
    assert_snapshot!(warehouse.log().join("\n"), @r#"
    create table "analytics"."a__rs_tmp" as ( select 1 as a )
    drop table if exists "analytics"."a__rs_tmp"
    create table "analytics"."a__rs_tmp" as ( select 1 as a )
    begin
    alter table "analytics"."a" rename to "a__rs_old"
    alter table "analytics"."a__rs_tmp" rename to "a"
    commit
    drop table if exists "analytics"."a__rs_old"
    select count(*) as n_rows from "analytics"."a"
    "#);
}

#[test]
fn a_swap_that_was_cut_off_before_its_commit_is_sent_again_whole() {
    let warehouse = breaking_at("rename to \"a\"");
    let setup = table();
    let results = setup.run(&warehouse, &mut |_| {});
    assert_snapshot!(setup.told(&results), @"a success:");
    assert_snapshot!(warehouse.log().join("\n"), @r#"
    create table "analytics"."a__rs_tmp" as ( select 1 as a )
    begin
    alter table "analytics"."a" rename to "a__rs_old"
    alter table "analytics"."a__rs_tmp" rename to "a"
    begin
    alter table "analytics"."a" rename to "a__rs_old"
    alter table "analytics"."a__rs_tmp" rename to "a"
    commit
    drop table if exists "analytics"."a__rs_old"
    select count(*) as n_rows from "analytics"."a"
    "#);
}

#[test]
fn nobody_knows_what_became_of_a_commit_so_it_is_not_sent_twice() {
    let warehouse = breaking_at("commit");
    let setup = table();
    let results = setup.run(&warehouse, &mut |_| {});
    assert_snapshot!(setup.told(&results), @"a error: the connection was lost at `a`");
    let help = &results.results[0].diagnostics[0].help;
    assert_snapshot!(help.join("\n"), @"whether the last statement was done is not known: run it again, which begins with what is there");
    assert_eq!(
        warehouse
            .log()
            .iter()
            .filter(|sql| *sql == "commit")
            .count(),
        1
    );
}

#[test]
fn what_became_of_a_hook_is_said_where_it_is_not_tried_twice() {
    let told = |hook: (&'static str, bool), warehouse: &Double| {
        let setup = Setup {
            hook: Some(hook),
            ..table()
        };
        let results = setup.run(warehouse, &mut |_| {});
        let diagnostic = &results.results[0].diagnostics[0];
        format!("{}\n{}\n", diagnostic.message, diagnostic.help.join("\n"))
    };
    let (inside, outside) = (
        ("insert into log select 1", true),
        ("insert into log select 1", false),
    );
    assert_snapshot!(told(inside, &breaking_at("commit")), @"
    the connection was lost at `a`
    whether the commit was done is not known: look first whether the hooks did their work, for another run does it once more; what hooks do is not tried twice by itself
    ");
    assert_snapshot!(told(inside, &breaking_at("insert")), @"
    the connection was lost at `a`
    its transaction was not committed, so nothing of it was kept: run it again; what hooks do is not tried twice by itself
    ");
    assert_snapshot!(told(outside, &breaking_at("insert")), @"
    the connection was lost at `a`
    whether the last statement was done is not known: look whether it did its work before you run it again; what hooks do is not tried twice by itself
    ");
    let losing = Double::new(|sql, before| {
        let after = Duration::from_micros(1);
        match sql.starts_with("insert") && before == 0 {
            true => wrong(ErrorClass::Retryable { after }, "1023"),
            false => Answer::Done(None),
        }
    });
    assert_snapshot!(told(inside, &losing), @"
    somebody else changed what `a` needs
    run it again: what hooks do is not tried twice by itself
    ");
}

#[test]
fn the_parts_of_a_hook_that_run_alone_are_sent_outside_of_the_transaction() {
    let warehouse = Double::new(|_, _| Answer::Done(None));
    let setup = Setup {
        hook: Some(("analyze a; vacuum a; insert into log select 1;", true)),
        ..table()
    };
    setup.run(&warehouse, &mut |_| {});
    assert_snapshot!(warehouse.log().join("\n"), @r#"
    create table "analytics"."a__rs_tmp" as ( select 1 as a )
    begin
    alter table "analytics"."a" rename to "a__rs_old"
    alter table "analytics"."a__rs_tmp" rename to "a"
    analyze a
    commit
    drop table if exists "analytics"."a__rs_old"
    vacuum a
    insert into log select 1
    select count(*) as n_rows from "analytics"."a"
    "#);
}

#[test]
fn a_batch_whose_temporary_table_is_gone_is_built_again() {
    let mut setup = Setup::tables(&[]);
    let mut node = model("a", "incremental", "select 1 as id");
    node.config.unique_key = vec!["id".into()];
    node.config.on_schema_change = OnSchemaChange::AppendNewColumns;
    setup.add(node, &[]);
    setup.existing = existing(&[("a", RelationKind::Table, &[("id", "integer")])]);
    let warehouse = breaking_at("delete from").with_columns(vec![has("id", "integer")]);
    let results = setup.run(&warehouse, &mut |_| {});
    assert_snapshot!(setup.told(&results), @"a success:");
    assert_snapshot!(warehouse.log().join("\n"), @r#"
    create temporary table "a__rs_tmp" as ( select 1 as id )
    begin
    delete from "analytics"."a" where ("id") in ( select "id" from "a__rs_tmp" )
    drop table if exists "a__rs_tmp"
    create temporary table "a__rs_tmp" as ( select 1 as id )
    begin
    delete from "analytics"."a" where ("id") in ( select "id" from "a__rs_tmp" )
    insert into "analytics"."a" ("id") ( select "id" from "a__rs_tmp" )
    commit
    drop table if exists "a__rs_tmp"
    select count(*) as n_rows from "analytics"."a"
    "#);
}

#[test]
fn a_node_has_its_query_group_and_the_next_one_has_the_targets() {
    let mut setup = Setup::tables(&[]);
    let mut node = model("a", "table", "select 1 as id");
    node.config.query_group = Some("nightly".into());
    setup.add(node, &[]);
    setup.add(model("b", "table", "select 1 as id"), &["a"]);
    let warehouse = Double::new(|_, _| Answer::Done(Some(1)));
    setup.run(&warehouse, &mut |_| {});
    assert_snapshot!(warehouse.log().join("\n"), @r#"
    set query_group to 'nightly'
    create table "analytics"."a" as ( select 1 as id )
    reset query_group
    create table "analytics"."b" as ( select 1 as id )
    "#);
}
