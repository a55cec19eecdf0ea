//! Relations whose names differ only in case, in a scripted catalogue: by `enable_case_sensitive_identifier` they are two, or one and
//! something that nobody can name.

use super::standin_tests::{Answer, StandIn, open};
use crate::adapter::Connection;
use crate::relation::{ExistingRelations, Relation};

const ON: Answer = ("show enable_case_sensitive_identifier", &[&["on"]]);
const OFF: Answer = ("show enable_case_sensitive_identifier", &[&["off"]]);

/// Two schemas and what is in them, made by somebody whose session tells capitals apart.
const CATALOG: [Answer; 6] = [
    ("select nspname from", &[&["shop"], &["Shop"]]),
    (
        "from pg_catalog.pg_depend",
        &[&["shop", "Orders", "shop", "Report"]],
    ),
    (
        "a.attname",
        &[
            &["Shop", "orders", "far", "integer", "f"],
            &["shop", "Orders", "theirs", "integer", "f"],
            &["shop", "Report", "theirs", "integer", "f"],
            &["shop", "orders", "ours", "integer", "f"],
        ],
    ),
    ("pg_get_late_binding_view_cols", &[]),
    (
        "left join information_schema.views",
        &[
            &["Shop", "orders", "r"],
            &["shop", "Orders", "r"],
            &["shop", "Report", "v"],
            &["shop", "orders", "r"],
        ],
    ),
    ("show schemas", &[]),
];

fn look(first: Answer, rest: &[Answer]) -> ExistingRelations {
    let server = StandIn::answering(&[&[first], rest].concat());
    let mut session = open(&server.config()).expect("a session");
    session.existing(&["shop".to_owned()]).expect("relations")
}

/// The first column of what a name means, which tells whose it is.
fn whose(existing: &ExistingRelations, schema: &str, name: &str) -> Option<String> {
    let found = existing.get(&Relation::new(schema, name))?;
    Some(found.columns.first()?.name.clone())
}

#[test]
fn a_session_that_tells_capitals_apart_finds_each_under_its_own_name() {
    let existing = look(ON, &CATALOG);
    let whose = |schema, name| whose(&existing, schema, name);
    assert_eq!(whose("shop", "orders").as_deref(), Some("ours"));
    assert_eq!(whose("shop", "Orders").as_deref(), Some("theirs"));
    assert_eq!(whose("Shop", "orders").as_deref(), Some("far"));
    assert_eq!(whose("shop", "ORDERS"), None);
    assert!(existing.has_schema("Shop") && !existing.has_schema("SHOP"));
    let bound = |name| {
        let found = existing.get(&Relation::new("shop", name));
        found.map(|found| found.dependents.len())
    };
    assert_eq!((bound("orders"), bound("Orders")), (Some(0), Some(1)));
}

#[test]
fn a_session_that_folds_names_cannot_mean_what_stands_in_capitals() {
    let existing = look(OFF, &CATALOG);
    let whose = |schema, name| whose(&existing, schema, name);
    for name in ["orders", "Orders", "ORDERS"] {
        assert_eq!(whose("Shop", name).as_deref(), Some("ours"), "{name}");
    }
    assert_eq!(whose("shop", "Report"), None);
    let named: Vec<String> = existing
        .in_schema("shop")
        .map(|found| found.relation.identifier.clone())
        .collect();
    assert_eq!(named, ["orders"]);
}

/// Nothing but somebody else's `Orders` is there: a model `orders` is new.
#[test]
fn what_stands_in_capitals_alone_is_nobodys_model() {
    let mut catalog = CATALOG;
    catalog[0] = ("select nspname from", &[&["shop"]]);
    catalog[4] = (
        "left join information_schema.views",
        &[&["shop", "Orders", "r"]],
    );
    for first in [ON, OFF] {
        assert_eq!(whose(&look(first, &catalog), "shop", "orders"), None);
    }
}

#[test]
fn the_columns_of_one_relation_are_asked_by_the_name_that_the_session_means() {
    let asked = |first: Answer, name: &str| {
        let server = StandIn::answering(&[
            first,
            ("a.attname", &[]),
            ("late_binding", &[]),
            ("svv_external", &[]),
        ]);
        let mut session = open(&server.config()).expect("a session");
        session
            .columns(&Relation::new("shop", name))
            .expect("columns");
        let asked = server.queries().into_iter();
        let of_name = asked.filter_map(|query| {
            let (_, rest) = query.split_once("c.relname = ")?;
            Some(rest.split_whitespace().next()?.to_owned())
        });
        of_name.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(asked(ON, "Orders"), "'Orders'");
    assert_eq!(asked(OFF, "Orders"), "'orders'");
    assert_eq!(asked(ON, "orders"), "'orders'");
}
