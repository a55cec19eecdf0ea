//! As a stand-in for Redshift.

use super::*;
use crate::adapter::statement::{ColumnDefinition, Key};

#[test]
fn a_declared_type_is_held_and_reported_in_redshifts_words() {
    let warehouse = Warehouse::new(true);
    let mut connection = warehouse.connect();
    let c = connection.as_mut();
    let relation = Relation::new("main", "T");
    let column = |name: &str, data_type: &str| ColumnDefinition::new(name, data_type);
    let create = Statement::CreateTable {
        relation: relation.clone(),
        columns: vec![
            ColumnDefinition {
                not_null: true,
                primary_key: true,
                ..column("ID", "int")
            },
            column("level", "varchar(3)"),
            column("gender", "char(1)"),
            column("length", "decimal(10,5)"),
        ],
        constraints: Vec::new(),
        attributes: TableAttributes::default(),
        temporary: false,
    };
    warehouse.run(c, &create).unwrap();
    let told = c
        .columns(&relation)
        .unwrap()
        .iter()
        .map(|column| format!("{} {} {}", column.name, column.data_type, column.nullable))
        .collect::<Vec<_>>()
        .join("\n");
    insta::assert_snapshot!(told, @r"
        id integer false
        level character varying(3) true
        gender character(1) true
        length numeric(10,5) true
        ");
    warehouse.raw(
        c,
        "insert into t values (1, 'abc', 'F', 1.5), (1, 'é1', null, null)",
    );
    let fails = |c: &mut dyn Connection, sql: &str| {
        c.execute(&Prepared::sql(vec![sql.to_owned()]))
            .unwrap_err()
            .message
    };
    insta::assert_snapshot!(fails(c, "insert into t values (1, 'éé', null, null)"), @r#"Constraint Error: CHECK constraint failed on table t with expression CHECK((strlen("level") <= 3))"#);
    insta::assert_snapshot!(fails(c, "insert into t values (null, null, null, null)"), @"Constraint Error: NOT NULL constraint failed: t.id");
}

#[test]
fn an_identity_survives_the_swap_and_starts_again_in_the_next_table() {
    let warehouse = Warehouse::new(true);
    let mut connection = warehouse.connect();
    let c = connection.as_mut();
    let temporary = Relation::new("main", "t__rs_tmp");
    let create = Statement::CreateTable {
        relation: temporary.clone(),
        columns: vec![
            ColumnDefinition {
                identity: Some((10, -5)),
                ..ColumnDefinition::new("id", "bigint")
            },
            ColumnDefinition::new("v", "varchar(3)"),
        ],
        constraints: Vec::new(),
        attributes: TableAttributes::default(),
        temporary: false,
    };
    for _ in 0..3 {
        warehouse.raw(c, "drop table if exists t");
        warehouse.run(c, &create).unwrap();
        warehouse.raw(c, "insert into t__rs_tmp (v) values ('a'), ('b')");
        let rename = Statement::Rename {
            kind: RelationKind::Table,
            from: temporary.clone(),
            to: "t".to_owned(),
        };
        warehouse.run(c, &rename).unwrap();
        warehouse.raw(c, "insert into t (v) values ('c')");
        assert_eq!(
            warehouse.rows(c, "select * from t order by v"),
            "10|a\n5|b\n0|c"
        );
    }
    assert_eq!(
        warehouse.rows(c, "select count(*) from duckdb_sequences()"),
        "1"
    );
}

/// A warehouse that emulates Redshift with a table of orders.
fn orders() -> (Warehouse, Box<dyn Connection>) {
    let warehouse = Warehouse::new(true);
    let mut connection = warehouse.connect();
    warehouse.raw(
        connection.as_mut(),
        "create table orders as select range as id, 'é' || range as name from range(4)",
    );
    (warehouse, connection)
}

fn types_of(connection: &mut dyn Connection, name: &str) -> String {
    connection
        .columns(&Relation::new("main", name))
        .unwrap()
        .iter()
        .map(|column| format!("{} {}", column.name, column.data_type))
        .collect::<Vec<_>>()
        .join(", ")
}

#[test]
fn a_table_from_a_query_has_the_types_that_redshift_would_give() {
    let (warehouse, mut connection) = orders();
    let c = connection.as_mut();
    let query = "select 'paid'::varchar(6) as status, name, SUM(id) as total, NVL(MAX(id), 0)/2 as half from main.orders group by 1, 2";
    let built = warehouse.run(c, &table_as("t", query)).unwrap();
    assert_eq!(built.rows, Some(4));
    insta::assert_snapshot!(types_of(c, "t"), @"status character varying(6), name character varying, total numeric(38,0), half bigint");
    let insert = Statement::Insert {
        into: Relation::new("main", "t"),
        columns: vec!["Status".to_owned()],
        from: Rows::Query("select 'cancelled'".to_owned()),
    };
    let error = warehouse.run(c, &insert).unwrap_err();
    assert_eq!(
        error.fault.unwrap().message,
        "value too long for character type: `status` is character varying(6)"
    );
    assert_eq!(
        warehouse.rows(c, "select * from t order by name limit 1"),
        "paid|é0|0|0"
    );
}

#[test]
fn an_error_in_translated_sql_comes_home_to_redshifts() {
    let (warehouse, mut connection) = orders();
    for query in [
        "select DATEADD(day, 1, GETDATE()) as d,\n  amont\nfrom main.orders",
        "select NVL(o.amont, 1) as a, SUM(id) as s from main.orders as o group by 1",
    ] {
        for statement in [
            table_as("t", query),
            Statement::CreateView {
                relation: Relation::new("main", "v"),
                query: query.to_owned(),
                bind: false,
                header: None,
            },
        ] {
            let error = warehouse.run(connection.as_mut(), &statement).unwrap_err();
            assert_eq!(&query[error.range.unwrap()], "amont", "{}", error.message);
        }
    }
}

#[test]
fn what_is_not_emulated_is_refused_before_it_runs() {
    let warehouse = Warehouse::new(true);
    let refused = warehouse
        .adapter
        .prepare(&table_as("t", "select nosuch(1) as a"), &NothingKnown)
        .unwrap_err();
    assert_eq!(refused.range, Some(7..13));
    assert_eq!(refused.code, "unknown-function");
    let refused = warehouse
        .adapter
        .prepare_query("select 1 as a from (select 2) limit", &NothingKnown)
        .unwrap_err();
    assert_eq!(refused.code, "sql-syntax");
}

#[test]
fn a_key_that_differs_in_trailing_blanks_alone_is_the_same_key() {
    let warehouse = Warehouse::new(true);
    let mut connection = warehouse.connect();
    let c = connection.as_mut();
    let (t, u) = (Relation::new("main", "t"), Relation::new("main", "u"));
    warehouse.raw(
        c,
        "create table t(k varchar, n int, v varchar); insert into t values ('a', 1, 'old'), ('b', 2, 'old');
         create table u(k varchar, n int, v varchar); insert into u values ('a ', 1, 'new'), ('c', 3, 'new')",
    );
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let merge = Statement::Merge {
        into: t.clone(),
        using: u.clone(),
        key: texts(&["k", "n"]),
        update: texts(&["v"]),
        insert: texts(&["k", "n", "v"]),
        predicates: Vec::new(),
    };
    warehouse.run(c, &merge).unwrap();
    let all = "select * from t order by n";
    assert_eq!(warehouse.rows(c, all), "a|1|new\nb|2|old\nc|3|new");
    let delete = Statement::DeleteByKey {
        from: t,
        using: u,
        key: ["k", "n"].map(|name| Key::Column(name.to_owned())).to_vec(),
        predicates: Vec::new(),
    };
    assert_eq!(warehouse.run(c, &delete).unwrap().rows, Some(2));
    assert_eq!(warehouse.rows(c, all), "b|2|old");
}
