//! The types of columns that a query makes, as the catalog tells them afterwards.

use super::*;
use crate::adapter::emulating::{catalog_type, duckdb_type};
use crate::adapter::statement::ColumnDefinition;
use crate::relation::{ExistingRelations, KnownColumns};

/// Queries and the types that Redshift gives the columns of a table made from them.
const ROWS: &str = include_str!("types.txt");

const SALES: &str = "id integer, big bigint, small smallint, price decimal(10 2), rate decimal(5 4), single real, double float8, name varchar(20), code char(3), note text, long varchar(max), day date, at timestamp, zoned timestamptz, flag boolean";
const PEOPLE: &str = "name varchar(30), level varchar(10), born date";

fn declared(name: &str, columns: &str) -> Statement {
    let column = |column: &str| {
        let (name, data_type) = column.split_once(' ').unwrap();
        ColumnDefinition::new(name, data_type.replace(' ', ","))
    };
    Statement::CreateTable {
        relation: Relation::new("main", name),
        columns: columns.split(", ").map(column).collect(),
        constraints: Vec::new(),
        attributes: TableAttributes::default(),
        temporary: false,
    }
}

fn emulated() -> (Warehouse, Box<dyn Connection>) {
    let warehouse = Warehouse::new(true);
    let mut connection = warehouse.connect();
    for statement in [declared("sales", SALES), declared("people", PEOPLE)] {
        warehouse.run(connection.as_mut(), &statement).unwrap();
    }
    warehouse.raw(
        connection.as_mut(),
        "insert into sales values (1, 2, 3, 4.50, 0.5, 1.5, 2.5, 'ann', 'abc', 'n', 'l', '2024-01-31', '2024-01-31 10:00:00', '2024-01-31 10:00:00+00', true);
         insert into people values ('bob', 'paid', '2000-01-01')",
    );
    (warehouse, connection)
}

fn existing(connection: &mut dyn Connection) -> ExistingRelations {
    connection.existing(&["main".to_owned()]).unwrap()
}

/// Runs a statement with what is known of the tables, and gives the types of the columns of a relation.
fn types(
    warehouse: &Warehouse,
    connection: &mut dyn Connection,
    statement: &Statement,
    known: &dyn KnownColumns,
    name: &str,
) -> Result<String, String> {
    let prepared = warehouse.adapter.prepare(statement, known);
    let prepared = prepared.map_err(|refusal| refusal.message)?;
    let run = connection.execute(&prepared);
    run.map_err(|error| format!("{}\n    in {}", error.message, prepared.sql.join(";")))?;
    let columns = connection.columns(&Relation::new("main", name)).unwrap();
    let types: Vec<String> = columns.into_iter().map(|column| column.data_type).collect();
    Ok(types.join(", "))
}

#[test]
fn a_table_made_by_a_query_has_redshifts_types() {
    let (warehouse, mut connection) = emulated();
    let known = existing(connection.as_mut());
    let rows: Vec<(&str, &str)> = ROWS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.rsplit_once(" => "))
        .collect();
    assert!(rows.len() >= 80, "{}", rows.len());
    let mut wrong = Vec::new();
    for (at, (query, wanted)) in rows.iter().enumerate() {
        let whole = query.starts_with("select ") || query.starts_with("with ");
        let query = match whole {
            true => (*query).to_owned(),
            false => format!("select {} from main.sales", named(query)),
        };
        let name = format!("t{at}");
        let given = types(
            &warehouse,
            connection.as_mut(),
            &table_as(&name, &query),
            &known,
            &name,
        );
        if given.as_deref() != Ok(*wanted) {
            wrong.push(format!("{query}\n    wanted {wanted}\n    gave {given:?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        rows.len(),
        wrong.join("\n")
    );
}

/// Expressions with names of their own: a table has each name once.
fn named(list: &str) -> String {
    let mut depth = 0;
    let mut names = 0;
    let mut out = String::from("\n");
    for letter in list.chars() {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        if letter == ',' && depth == 0 {
            out.push_str(&format!(" as c{names}"));
            names += 1;
        }
        out.push(letter);
    }
    format!("{out} as c{names}")
}

#[test]
fn a_view_tells_redshifts_types_and_a_table_from_it_has_them() {
    let (warehouse, mut connection) = emulated();
    let c = connection.as_mut();
    let view = Statement::CreateView {
        relation: Relation::new("main", "v"),
        query: "with a as (select name, code, price / 3.0 as third, len(name) as n, left(name, 2) as start from main.sales) select * from a order by 1".to_owned(),
        bind: false,
        header: None,
    };
    let known = existing(c);
    let wanted = "character varying(20), character(3), numeric(13,4), integer, character varying";
    assert_eq!(
        types(&warehouse, c, &view, &known, "v").as_deref(),
        Ok(wanted)
    );
    let known = existing(c);
    let table = table_as("t", "select * from main.v");
    assert_eq!(
        types(&warehouse, c, &table, &known, "t").as_deref(),
        Ok(wanted)
    );
    assert_eq!(warehouse.rows(c, "select * from v"), "ann|abc|1.5000|3|an");

    let rename = Statement::Rename {
        kind: RelationKind::View,
        from: Relation::new("main", "v"),
        to: "w".to_owned(),
    };
    assert_eq!(
        types(&warehouse, c, &rename, &known, "w").as_deref(),
        Ok(wanted)
    );
}

#[test]
fn a_table_that_a_hook_makes_from_a_query_has_redshifts_types() {
    let (warehouse, mut connection) = emulated();
    let c = connection.as_mut();
    let known = existing(c);
    let hook = |sql: &str| Statement::Raw {
        sql: sql.to_owned(),
        origin: None,
    };
    let sql = "drop table if exists main.a; create table main.a as select name, sum(id) as total, len(name) as n, null as nothing from main.sales group by name; create table main.b as select code from main.sales; grant select on main.b to public; create temp table c as select 1";
    assert_eq!(
        types(&warehouse, c, &hook(sql), &known, "a").as_deref(),
        Ok("character varying(20), bigint, integer, character varying(1)")
    );
    let columns = c.columns(&Relation::new("main", "b")).unwrap();
    assert_eq!(columns[0].data_type, "character(3)");
    assert_eq!(warehouse.rows(c, "select count(*) from b"), "1");

    let sql = "create table main.d as select name, total from main.a;\ncreate table main.e as select nope from main.a";
    let prepared = warehouse
        .adapter
        .prepare(&hook(sql), &NothingKnown)
        .unwrap();
    let error = c.execute(&prepared).unwrap_err();
    assert_eq!(&sql[error.range.unwrap()], "nope", "{}", error.message);
}

#[test]
fn a_text_of_unknown_length_is_given_none() {
    let (warehouse, mut connection) = emulated();
    let c = connection.as_mut();
    let table = table_as("t", "select name, id || 'x' as n from main.sales");
    assert_eq!(
        types(&warehouse, c, &table, &NothingKnown, "t").as_deref(),
        Ok("character varying, character varying")
    );
    assert_eq!(
        catalog_type("character varying").unwrap().to_string(),
        "character varying"
    );
    assert_eq!(
        duckdb_type("character varying")
            .unwrap()
            .redshift
            .to_string(),
        "character varying(256)"
    );
}
