//! Privileges that a project grants, and takes back where a table stays.

use redstart::endpoint::{Options, Server};

use crate::endpoint::connect;
use crate::postgres;
use crate::project::TestProject;

/// An incremental model and a snapshot of it that grant something to somebody, and a model that grants nothing.
fn shop(project: TestProject) -> TestProject {
    project
        .file("dbt_project.yml", "name: shop\nprofile: project\n")
        .file("models/events.sql", "{{ config(materialized='incremental', grants=var('given')) }} select 1 as id")
        .file("models/free.sql", "{{ config(materialized='incremental') }} select 1 as id")
        .file(
            "snapshots/s.yml",
            "snapshots:\n  - name: kept\n    relation: ref('events')\n    config: {strategy: check, check_cols: all, unique_key: id, grants: \"{{ var('given') }}\"}\n",
        )
}

fn build(project: &TestProject, given: &str) {
    project
        .redstart(&format!("build --vars '{{given: {given}}}'"))
        .success();
}

#[test]
fn postgresql_takes_back_what_an_incremental_model_no_longer_grants() {
    let schema = "grants_taken_back";
    for role in ["grants_ann", "grants_bo"] {
        postgres::server()
            .psql(&format!("drop role if exists {role}; create role {role}"))
            .unwrap();
    }
    let project = shop(postgres::project(schema));
    let told = || {
        postgres::query(&format!(
            "select table_name, grantee, privilege_type from information_schema.role_table_grants \
             where table_schema = '{schema}' and grantee like 'grants_%' order by 1, 2, 3"
        ))
    };
    build(
        &project,
        "{select: [grants_ann, grants_bo], insert: grants_bo}",
    );
    let first = told();
    for line in [
        "events | grants_ann | SELECT",
        "events | grants_bo | INSERT",
        "events | grants_bo | SELECT",
        "kept | grants_bo | INSERT",
    ] {
        assert!(first.contains(line), "{line}: {first}");
    }
    postgres::server()
        .psql(&format!("grant select on {schema}.free to grants_ann"))
        .unwrap();
    build(&project, "{select: [GRANTS_BO]}");
    assert_eq!(
        told(),
        "table_name | grantee | privilege_type\nevents | grants_bo | SELECT\nfree | grants_ann | SELECT\nkept | grants_bo | SELECT\n"
    );
    build(&project, "{}");
    assert!(told().contains("events | grants_bo | SELECT"), "{}", told());
    build(&project, "{select: []}");
    assert_eq!(
        told(),
        "table_name | grantee | privilege_type\nfree | grants_ann | SELECT\n"
    );
}

#[test]
fn redshift_takes_back_what_users_were_granted_and_no_longer_are() {
    let server = Server::start(Options::default()).expect("the endpoint starts");
    let client = connect(&server, "awsuser", "").expect("a session");
    for identity in [
        "create user ann password 'Abcdefg1'",
        "create user bo password 'Abcdefg1'",
        "create group analysts",
    ] {
        client.ask(identity);
    }
    let profile = format!(
        "project: {{target: dev, outputs: {{dev: {{type: redshift, host: 127.0.0.1, port: {}, user: awsuser, password: cat-and-9-lives, dbname: dev, schema: analytics, threads: 1, sslmode: disable}}}}}}\n",
        server.address().port()
    );
    let project = shop(TestProject::empty().file("profiles.yml", profile));
    let told = || {
        client.ask("select relation_name, identity_name, privilege_type from svv_relation_privileges where relation_name in ('events', 'kept') order by 1, 2, 3")
    };
    build(
        &project,
        "{select: [ann, \"group:analysts\"], delete: [ann]}",
    );
    assert_eq!(
        told(),
        "events|analysts|SELECT\nevents|ann|DELETE\nevents|ann|SELECT\nkept|analysts|SELECT\nkept|ann|DELETE\nkept|ann|SELECT\n(6)"
    );
    build(&project, "{select: [\"user:bo\", \"group:analysts\"]}");
    assert_eq!(
        told(),
        "events|analysts|SELECT\nevents|bo|SELECT\nkept|analysts|SELECT\nkept|bo|SELECT\n(4)"
    );
}
