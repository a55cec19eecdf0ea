//! The selector language on one small project. What each selector gives is what `dbt ls --output name` of dbt-core 1.11 lists there.

use super::*;
use crate::graph::shop::{names, shop};

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn select(request: &Request) -> (Vec<String>, Diagnostics) {
    let manifest = shop();
    let graph = Graph::new(&manifest).unwrap();
    match graph.select(&manifest, request) {
        Ok((selection, warnings)) => {
            let mut found: Vec<String> = names(&manifest, &selection.nodes)
                .split_terminator(' ')
                .map(str::to_owned)
                .collect();
            found.sort();
            (found, warnings)
        }
        Err(errors) => (Vec::new(), errors),
    }
}

/// What the flags select, by dbt's default without analyses; `models …` in front restricts the kinds.
fn listed(flags: &str) -> Vec<String> {
    let (kinds, flags) = match flags.strip_prefix("models ") {
        Some(flags) => (BTreeSet::from([ResourceType::Model]), flags),
        None => (
            ResourceType::ALL
                .into_iter()
                .filter(|kind| *kind != ResourceType::Analysis)
                .collect(),
            flags,
        ),
    };
    let (flags, indirect) = match flags.split_once(" --indirect-selection ") {
        Some((flags, "empty")) => (flags, IndirectSelection::Empty),
        Some((flags, "cautious")) => (flags, IndirectSelection::Cautious),
        Some((flags, _)) => (flags, IndirectSelection::Buildable),
        None => (flags, IndirectSelection::Eager),
    };
    let (include, exclude) = match flags.split_once("--exclude ") {
        Some((include, exclude)) => (include.trim_end(), words(exclude)),
        None => (flags, Vec::new()),
    };
    let request = Request {
        select: if include.is_empty() {
            Vec::new()
        } else {
            words(include)
        },
        exclude,
        resource_types: Some(kinds),
        indirect,
        ..Request::default()
    };
    select(&request).0
}

#[rustfmt::skip]
const LISTED_BY_DBT: &[(&str, &str)] = &[
    ("orders", "orders relationships_orders"),
    ("models stg_orders", "stg_orders"),
    ("+orders", "orders stg_orders countries raw.orders not_null_stg_orders_id relationships_orders source_not_null_raw_orders_id unique_stg_orders_id"),
    ("orders+", "dashboard fct_sales orders relationships_orders sales_are_positive"),
    ("1+fct_sales", "fct_sales orders stg_customers relationships_orders sales_are_positive"),
    ("models 2+fct_sales", "fct_sales orders stg_customers stg_orders"),
    ("models stg_orders+1", "orders stg_orders"),
    ("models +orders+", "fct_sales orders stg_orders"),
    ("staging", "stg_customers stg_orders not_null_stg_orders_id source_not_null_raw_orders_id unique_stg_orders_id"),
    ("shop.staging", "stg_customers stg_orders not_null_stg_orders_id source_not_null_raw_orders_id unique_stg_orders_id"),
    ("models shop.marts.core.dim_customers", "dim_customers"),
    ("models marts.core", "dim_customers fct_sales"),
    ("models staging.stg_orders", "stg_orders"),
    ("models stg_*", "stg_customers stg_orders"),
    ("*sales*", "fct_sales sales_are_positive"),
    ("models shop.*.core.*", "dim_customers fct_sales"),
    ("models marts.*", "dim_customers fct_sales orders"),
    ("models ?rders", "orders"),
    ("models [do]*", "dim_customers orders"),
    ("path:models/staging", "stg_customers stg_orders raw.customers raw.orders not_null_stg_orders_id source_not_null_raw_orders_id unique_stg_orders_id"),
    ("path:models/staging/stg_orders.sql", "stg_orders not_null_stg_orders_id unique_stg_orders_id"),
    ("models models/marts/core", "dim_customers fct_sales"),
    ("models path:models/**/*.sql", "dim_customers fct_sales orders stg_customers stg_orders"),
    ("path:models/schema.yml", "dashboard dim_customers orders stg_orders not_null_dim_customers_id not_null_stg_orders_id relationships_orders unique_stg_orders_id"),
    ("path:./models/staging/", "stg_customers stg_orders raw.customers raw.orders not_null_stg_orders_id source_not_null_raw_orders_id unique_stg_orders_id"),
    ("models path:models/marts/*.sql", "orders"),
    ("models path:models/*", "dim_customers fct_sales orders stg_customers stg_orders"),
    ("models file:stg_orders.sql", "stg_orders"),
    ("models stg_orders.sql", "stg_orders"),
    ("models file:stg_*", "stg_customers stg_orders"),
    ("file:schema", "dashboard not_null_dim_customers_id not_null_stg_orders_id relationships_orders unique_stg_orders_id"),
    ("tag:finance", "fct_sales orders relationships_orders sales_are_positive"),
    ("tag:daily", "fct_sales not_null_dim_customers_id sales_are_positive"),
    ("tag:da*", "fct_sales not_null_dim_customers_id sales_are_positive"),
    ("models tag:nightly", "stg_customers stg_orders"),
    ("models config.materialized:incremental", "fct_sales"),
    ("config.materialized:seed", "countries"),
    ("config.tags:daily", "fct_sales not_null_dim_customers_id sales_are_positive"),
    ("models config.meta.owner.team:sales", "dim_customers fct_sales orders"),
    ("models config.meta.critical:true", "dim_customers fct_sales orders"),
    ("config.severity:warn", "not_null_stg_orders_id"),
    ("config.severity:Error", "not_null_dim_customers_id relationships_orders sales_are_positive source_not_null_raw_orders_id unique_stg_orders_id"),
    ("config.unique_key:b", "fct_sales sales_are_positive"),
    ("config.enabled:false", ""),
    ("source:raw", "raw.customers raw.orders source_not_null_raw_orders_id"),
    ("source:raw.orders", "raw.orders source_not_null_raw_orders_id"),
    ("source:shop.raw.*", "raw.customers raw.orders source_not_null_raw_orders_id"),
    ("models source:raw.orders+", "fct_sales orders stg_orders"),
    ("models source:raw+1", "stg_customers stg_orders"),
    ("resource_type:seed", "countries"),
    ("resource_type:exposure", "dashboard"),
    ("resource_type:unit_test", ""),
    ("test_type:singular", "sales_are_positive"),
    ("test_type:generic", "not_null_dim_customers_id not_null_stg_orders_id relationships_orders source_not_null_raw_orders_id unique_stg_orders_id"),
    ("test_type:data", "not_null_dim_customers_id not_null_stg_orders_id relationships_orders sales_are_positive source_not_null_raw_orders_id unique_stg_orders_id"),
    ("test_type:unit", ""),
    ("test_name:not_null", "not_null_dim_customers_id not_null_stg_orders_id source_not_null_raw_orders_id"),
    ("test_name:*n*", "not_null_dim_customers_id not_null_stg_orders_id relationships_orders source_not_null_raw_orders_id unique_stg_orders_id"),
    ("models package:this", "dim_customers fct_sales orders stg_customers stg_orders"),
    ("package:other", ""),
    ("models fqn:staging.stg_orders", "stg_orders"),
    ("exposure:dashboard", "dashboard"),
    ("exposure:shop.dash*", "dashboard"),
    ("models +exposure:dashboard", "fct_sales orders stg_customers stg_orders"),
    ("dashboard", "dashboard"),
    ("models stg_orders stg_customers", "stg_customers stg_orders"),
    ("tag:finance,config.materialized:incremental", "fct_sales sales_are_positive"),
    ("models tag:finance,tag:daily,orders+", "fct_sales"),
    ("--exclude resource_type:test", "dashboard dim_customers fct_sales orders stg_customers stg_orders countries raw.customers raw.orders"),
    ("models --exclude stg_orders+", "dim_customers stg_customers"),
    ("+fct_sales --exclude tag:finance resource_type:test", "stg_customers stg_orders countries raw.customers raw.orders"),
    ("orders --exclude relationships_orders", "orders"),
    ("dim_customers orders --exclude orders", "dim_customers not_null_dim_customers_id"),
    ("dim_customers --indirect-selection empty", "dim_customers"),
    ("dim_customers --indirect-selection cautious", "dim_customers not_null_dim_customers_id"),
    ("dim_customers orders --indirect-selection cautious", "dim_customers orders not_null_dim_customers_id relationships_orders"),
    ("orders --indirect-selection buildable", "orders"),
    ("fct_sales --indirect-selection buildable", "fct_sales sales_are_positive"),
    ("nosuch", ""),
    ("models nosuch orders", "orders"),
    ("sales_are_positive", "sales_are_positive"),
    ("not_null_dim_customers_id", "not_null_dim_customers_id"),
    ("0+orders", "orders relationships_orders"),
    ("path:seeds", "countries"),
    ("++orders", ""),
    ("orders,", ""),
    ("config.materialized", ""),
    ("config:table", ""),
    ("foo-bar:baz", ""),
    ("group:x", ""),
    ("models stg_orders+0", "stg_orders"),
    ("models 999999999999999999999+orders", "orders stg_orders"),
    ("models [!s]*", "dim_customers fct_sales orders"),
    ("models [o*", ""),
    ("models *", "dim_customers fct_sales orders stg_customers stg_orders"),
    ("models path:models/st*", "stg_customers stg_orders"),
    ("models path:**/core", "dim_customers fct_sales"),
    ("models path:models/**", "dim_customers fct_sales orders stg_customers stg_orders"),
    ("models path:*", "dim_customers fct_sales orders stg_customers stg_orders"),
    ("path:../x", ""),
    ("path:Models/staging", ""),
];

#[test]
fn every_selector_selects_what_dbt_lists() {
    for (flags, expected) in LISTED_BY_DBT {
        let mut expected: Vec<&str> = expected.split_terminator(' ').collect();
        expected.sort_unstable();
        assert_eq!(listed(flags), expected, "{flags}");
    }
}

/// Code, message, place, label and help of what is said about `--select`, a line each.
fn said(selector: &str) -> String {
    let (_, told) = select(&Request {
        select: vec![selector.to_owned()],
        ..Request::default()
    });
    told.into_iter()
        .map(|diagnostic| {
            let parts = diagnostic.label.iter().chain(&diagnostic.help);
            let parts: String = parts.map(|part| format!("\n  {part}")).collect();
            format!("{diagnostic}{parts}\n")
        })
        .collect()
}

#[test]
fn what_cannot_be_understood_is_told_at_its_place() {
    insta::assert_snapshot!(said("orders,tga:finance @orders+ source:a.b.c.d"), @"
    error[unknown-selector-method]: there is no selector method `tga` (--select:1:8)
      not one of fqn, tag, group, source, exposure, metric, semantic_model, saved_query, path, file, package, config, resource_type, test_type, test_name, access, version, unit_test, state, result, source_status, column
      did you mean `tag`?
    error[invalid-selector]: `@` before and `+` after `orders` exclude each other (--select:1:20)
      `@` already selects all descendants, and their ancestors: leave the `+` out
    error[invalid-selector]: `a.b.c.d` has too many parts (--select:1:36)
      write `source`, `source.table` or `package.source.table`
    ");
    insta::assert_snapshot!(said("resource_type:modle test_type:gneric path:/tmp/x"), @r"
    error[invalid-selector]: there is no resource type `modle` (--select:1:15)
      did you mean `model`?
    error[invalid-selector]: there is no test type `gneric` (--select:1:31)
      not one of generic, singular, data, unit
      did you mean `generic`?
    error[invalid-selector]: the path `/tmp/x` is absolute (--select:1:43)
      write it from the project folder, such as `path:models/staging`
    ");
    insta::assert_snapshot!(said("+state:modified selector:nightly"), @"
    error[unsupported-selector]: the selector method `selector:` is not supported (--select:1:17)
      name it with `--selector`
    error[state-needed]: `state:` compares with an earlier state (--select:1:2)
      name the folder with its artifacts: --state path/to/artifacts
    ");
}

#[test]
fn what_matches_nothing_is_told_with_the_nearest_that_does() {
    insta::assert_snapshot!(said("+dim_custmers+ staging.stg_ordes tag:financ"), @r"
    warning[selector-matches-nothing]: the selection criterion `+dim_custmers+` does not match any enabled nodes (--select:1:1)
      did you mean `dim_customers`?
    warning[selector-matches-nothing]: the selection criterion `staging.stg_ordes` does not match any enabled nodes (--select:1:16)
      did you mean `staging.stg_orders`?
    warning[selector-matches-nothing]: the selection criterion `tag:financ` does not match any enabled nodes (--select:1:34)
      did you mean `tag:finance`?
    ");
    insta::assert_snapshot!(said("source:raw.order path:models/stagin models/mart/core config.materialized:tables"), @r"
    warning[selector-matches-nothing]: the selection criterion `source:raw.order` does not match any enabled nodes (--select:1:1)
      did you mean `source:raw.orders`?
    warning[selector-matches-nothing]: the selection criterion `path:models/stagin` does not match any enabled nodes (--select:1:18)
      did you mean `path:models/staging`?
    warning[selector-matches-nothing]: the selection criterion `models/mart/core` does not match any enabled nodes (--select:1:37)
      did you mean `models/marts/core`?
    warning[selector-matches-nothing]: the selection criterion `config.materialized:tables` does not match any enabled nodes (--select:1:54)
      did you mean `config.materialized:table`?
    ");
    insta::assert_snapshot!(said(""), @"warning[selector-matches-nothing]: the selection criterion `` does not match any enabled nodes (--select:1:1)");
}

#[test]
fn what_is_disabled_is_told_to_be() {
    let mut manifest = shop();
    let mut node = manifest.nodes[0].clone();
    "switched_off".clone_into(&mut node.name);
    node.fqn = vec!["shop".to_owned(), node.name.clone()];
    manifest.disabled.push(*node);
    let graph = Graph::new(&manifest).unwrap();

    let request = Request {
        select: vec!["switched_off".to_owned()],
        ..Request::default()
    };
    let (selection, warnings) = graph.select(&manifest, &request).unwrap();
    assert!(selection.is_empty());
    assert_eq!(
        warnings.0[0].help,
        ["`switched_off` is disabled by its configuration"]
    );
}
