//! A column added to a table that exists, let hold longer texts or given another type, with the length enforced as Redshift enforces it.
//!
//! DuckDB cannot add a check to a table or change one: such a table is made anew from its own definition, filled, and put in its place.
//! A column with another type is a new one that takes the name of the old one, as on Redshift: it stands at the end of the table.

use super::connection::Session;
use super::error;
use super::sql::{literal, quote};
use crate::adapter::emulating::{self, Type};
use crate::adapter::statement::ColumnDefinition;
use crate::adapter::{ChangeOfTable, Error, ErrorClass, Outcome, Refusal};
use crate::relation::Relation;

/// Whether a column of this Redshift type holds texts of a declared length.
pub(super) fn has_length(data_type: &str) -> bool {
    // As the catalog names it, a text without a length is one of which nobody knows the length.
    emulating::catalog_type(data_type) != Some(Type::Text)
        && emulating::duckdb_type(data_type).is_ok_and(|found| found.max_bytes.is_some())
}

impl Session {
    /// Gives a column another type, and its values with it.
    pub(super) fn change_column_type(
        &self,
        relation: &Relation,
        name: &str,
        data_type: &str,
    ) -> Result<Outcome, Error> {
        let refused = |refusal: Refusal| Error {
            help: refusal.help,
            ..Error::new(ErrorClass::User, refusal.message)
        };
        let (schema, table) = relation.key();
        let of_table = self.read_columns(&[schema], &[table])?;
        let mut columns = of_table.into_values().flatten();
        let from = columns.find(|column| column.name.eq_ignore_ascii_case(name));
        let from = from.and_then(|column| emulating::catalog_type(&column.data_type));
        let value = emulating::translate_cast(name, from, data_type).map_err(refused)?;
        let definition = if emulating::catalog_type(data_type) == Some(Type::Text) {
            format!("{} VARCHAR", quote(name))
        } else {
            emulating::create_table_columns(relation, &[ColumnDefinition::new(name, data_type)])
                .map_err(refused)?
                .columns
                .concat()
        };
        let old = self.definition(relation)?;
        let rest = || without(old.get(body_start(&old)?..old.rfind(')')?)?, name);
        let Some((kept, others)) = rest() else {
            return Err(Error::new(
                ErrorClass::Internal,
                format!("the definition of `{relation}` cannot be read: {old}"),
            ));
        };
        let beside = relation.with_identifier(format!("{}__rs_add", relation.identifier));
        // Columns go before checks.
        let columns = [others.clone(), vec![definition], kept].concat().join(", ");
        let values: Vec<String> = others
            .iter()
            .filter_map(|element| Some(element[..name_of(element)?.1].to_owned()))
            .chain([value])
            .collect();
        self.put_in_place(relation, &beside, &columns, &values.join(", "))
    }

    /// Changes a table as SQL of the user says it.
    pub(super) fn change_table(&self, what: &ChangeOfTable) -> Result<Outcome, Error> {
        let place = |table: &Relation| {
            let (stored, _) = self.stored(table)?;
            stored.ok_or_else(|| {
                let name = &table.identifier;
                Error::new(
                    ErrorClass::User,
                    format!("relation \"{name}\" does not exist"),
                )
            })
        };
        match what {
            ChangeOfTable::Add {
                table,
                definition,
                value,
            } => self.add_defined_column(&place(table)?, definition, value),
            ChangeOfTable::Widen {
                table,
                column,
                data_type,
            } => {
                let table = place(table)?;
                self.is_varchar(&table, column, data_type)?;
                self.widen_checked_column(&table, column, data_type)
            }
            like @ ChangeOfTable::Like { of, .. } => self.create_like(like, &place(of)?),
            ChangeOfTable::Freed {
                kind,
                dropped,
                cascade,
            } => {
                self.free(*kind, dropped, *cascade)?;
                Ok(Outcome::default())
            }
        }
    }

    /// Refuses what is no other length of a `varchar`, as Redshift does: <https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html>.
    /// A length below that of the texts that are there fails when they are written again.
    fn is_varchar(&self, table: &Relation, name: &str, data_type: &str) -> Result<(), Error> {
        let (_, columns) = self.stored(table)?;
        let mut columns = columns.iter();
        let found = columns.find(|column| column.name.eq_ignore_ascii_case(name));
        let old = found.and_then(|column| emulating::catalog_type(&column.data_type));
        let new = emulating::catalog_type(data_type);
        match (old, new) {
            (None, _) => Err(Error::new(
                ErrorClass::User,
                format!(
                    "column \"{name}\" of relation \"{}\" does not exist",
                    table.identifier
                ),
            )),
            (Some(Type::Varchar(_)), Some(Type::Varchar(_))) => Ok(()),
            _ => Err(Error {
                help: Some("only a `varchar` is altered, to one of another length".to_owned()),
                ..Error::new(
                    ErrorClass::User,
                    format!("the type of column \"{name}\" cannot be altered to {data_type}"),
                )
            }),
        }
    }

    /// Adds a column whose texts have a declared length.
    pub(super) fn add_checked_column(
        &self,
        relation: &Relation,
        name: &str,
        data_type: &str,
    ) -> Result<Outcome, Error> {
        let definition =
            emulating::create_table_columns(relation, &[ColumnDefinition::new(name, data_type)])
                .map_err(|refusal| Error::new(ErrorClass::User, refusal.message))?
                .columns
                .concat();
        self.add_defined_column(relation, &definition, "null")
    }

    fn add_defined_column(
        &self,
        relation: &Relation,
        definition: &str,
        value: &str,
    ) -> Result<Outcome, Error> {
        let beside = relation.with_identifier(format!("{}__rs_add", relation.identifier));
        let old = self.definition(relation)?;
        let (Some(open), Some(close)) = (body_start(&old), old.rfind(')')) else {
            return Err(Error::new(
                ErrorClass::Internal,
                format!("the definition of `{relation}` cannot be read: {old}"),
            ));
        };
        let columns = format!("{}, {definition}", &old[open..close]);
        self.put_in_place(relation, &beside, &columns, &format!("*, {value}"))
    }

    /// Lets a column hold longer texts.
    pub(super) fn widen_checked_column(
        &self,
        relation: &Relation,
        name: &str,
        data_type: &str,
    ) -> Result<Outcome, Error> {
        let found = emulating::duckdb_type(data_type)
            .map_err(|refusal| Error::new(ErrorClass::User, refusal.message))?;
        let old = self.definition(relation)?;
        let bounds = || {
            let bytes = found.max_bytes?;
            let body = old.get(body_start(&old)?..old.rfind(')')?)?;
            widened(body, name, bytes)
        };
        let Some(columns) = bounds() else {
            return Err(Error::new(
                ErrorClass::Internal,
                format!("the definition of `{relation}` cannot be read: {old}"),
            ));
        };
        let beside = relation.with_identifier(format!("{}__rs_add", relation.identifier));
        self.put_in_place(relation, &beside, &columns, "*")
    }

    /// A table made anew with these columns, filled from the old one, in its place.
    fn put_in_place(
        &self,
        relation: &Relation,
        beside: &Relation,
        columns: &str,
        values: &str,
    ) -> Result<Outcome, Error> {
        let words = self.words();
        let (table, new) = (words.name(relation), words.name(beside));
        let temporary = if relation.schema.is_empty() {
            "temporary "
        } else {
            ""
        };
        self.in_transaction(|| {
            self.run(&format!("create {temporary}table {new}({columns})"))?;
            self.run(&format!("insert into {new} select {values} from {table}"))?;
            self.run(&format!("drop table {table}"))?;
            self.run(&format!(
                "alter table {new} rename to {}",
                quote(&relation.identifier.to_lowercase())
            ))?;
            Ok(Outcome::default())
        })
    }

    /// The `create table` that DuckDB keeps of a table.
    fn definition(&self, relation: &Relation) -> Result<String, Error> {
        let (schema, table) = relation.key();
        let place = self.place_in_catalog(&schema);
        let query = format!(
            "select sql from duckdb_tables() where {place} and lower(table_name) = {}",
            literal(&table)
        );
        self.connection
            .query_row(&query, [], |row| row.get(0))
            .map_err(|cause| error::of_duckdb(&cause))
    }
}

/// The columns of a definition with a longer bound for the texts of one of them.
fn widened(body: &str, column: &str, bytes: u32) -> Option<String> {
    let checks = [quote(column), column.to_owned()].map(|name| format!("strlen({name}) <= "));
    // DuckDB folds the names of functions, and keeps those of columns as they were written.
    let at = checks.iter().find_map(|check| {
        let at = body.to_lowercase().find(&check.to_lowercase())?;
        Some(at + check.len())
    })?;
    let length = body
        .get(at..)?
        .bytes()
        .take_while(u8::is_ascii_digit)
        .count();
    Some(format!("{}{bytes}{}", &body[..at], &body[at + length..]))
}

/// The elements of a definition without a column: the checks that stay, and the other columns, both as they are written.
fn without(body: &str, column: &str) -> Option<(Vec<String>, Vec<String>)> {
    let lengths = [quote(column), column.to_owned()];
    // On the left of a bound is a `varchar`, on its right a `char`.
    let lengths = lengths
        .iter()
        .flat_map(|name| [format!("strlen({name})"), format!("bit_length({name})")])
        .map(|length| length.to_lowercase())
        .collect::<Vec<_>>();
    let (mut checks, mut others, mut found) = (Vec::new(), Vec::new(), false);
    for element in elements(body) {
        let (name, _) = name_of(element)?;
        let words = element.to_uppercase();
        let of_table = ["CHECK(", "PRIMARY KEY(", "UNIQUE(", "FOREIGN KEY"];
        if of_table
            .iter()
            .any(|constraint| words.starts_with(constraint))
        {
            let lower = element.to_lowercase();
            if !lengths.iter().any(|of_column| lower.contains(of_column)) {
                checks.push(element.to_owned());
            }
        } else if name.eq_ignore_ascii_case(column) {
            found = true;
        } else {
            others.push(element.to_owned());
        }
    }
    found.then_some((checks, others))
}

/// What stands between the commas of a definition, but for those inside of parentheses and quotes.
fn elements(body: &str) -> Vec<&str> {
    let (mut depth, mut quoted, mut from) = (0_usize, None, 0);
    let mut found = Vec::new();
    for (at, character) in body.char_indices() {
        match (character, quoted) {
            (letter, Some(open)) if letter == open => quoted = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => quoted = Some(character),
            ('(', None) => depth += 1,
            (')', None) => depth = depth.saturating_sub(1),
            (',', None) if depth == 0 => {
                found.push(body[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    found.push(body[from..].trim());
    found
}

/// The name that an element begins with, and where it ends in the element.
fn name_of(element: &str) -> Option<(String, usize)> {
    let Some(rest) = element.strip_prefix('"') else {
        let end = element
            .find(|letter: char| letter.is_whitespace() || letter == '(')
            .unwrap_or(element.len());
        return Some((element[..end].to_owned(), end));
    };
    let mut name = String::new();
    let mut letters = rest.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        if letter != '"' {
            name.push(letter);
        } else if letters.next_if(|(_, next)| *next == '"').is_some() {
            name.push('"');
        } else {
            // The quotes on both sides.
            return Some((name, at + 2));
        }
    }
    None
}

/// The first byte after the parenthesis that opens the columns; a quoted name may hold one too.
fn body_start(create: &str) -> Option<usize> {
    let mut quoted = false;
    for (at, character) in create.char_indices() {
        match character {
            '"' => quoted = !quoted,
            '(' if !quoted => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{name_of, without};
    use crate::adapter::duckdb::tests::Warehouse;
    use crate::adapter::statement::{ColumnDefinition, TableAttributes};
    use crate::adapter::{Adapter, Statement};
    use crate::relation::{NothingKnown, Relation};

    #[test]
    fn a_definition_is_taken_apart_at_its_own_commas() {
        let body = r#"id INTEGER NOT NULL, "a ""b, (" DECIMAL(5,2) DEFAULT('x,('), k VARCHAR, "K2" VARCHAR, CHECK((strlen(k) <= 3)), CHECK((strlen("K2") <= 5))"#;
        let (checks, others) = without(body, "K").unwrap();
        assert_eq!(checks, [r#"CHECK((strlen("K2") <= 5))"#]);
        assert_eq!(
            others,
            [
                "id INTEGER NOT NULL",
                r#""a ""b, (" DECIMAL(5,2) DEFAULT('x,(')"#,
                r#""K2" VARCHAR"#
            ]
        );
        assert_eq!(name_of(&others[1]).unwrap().0, "a \"b, (");
        assert!(without(body, "gone").is_none());
    }

    #[test]
    fn a_text_column_added_to_a_table_keeps_its_length_and_the_table_its_rows_and_checks() {
        let warehouse = Warehouse::new(true);
        let mut connection = warehouse.connect();
        let relation = Relation::new("main", "odd (name");
        let mut run = |statement: Statement| {
            let prepared = warehouse
                .adapter
                .prepare(&statement, &NothingKnown)
                .unwrap();
            connection.execute(&prepared).map_err(|error| error.message)
        };
        let raw = |sql: &str| Statement::Raw {
            sql: sql.to_owned(),
            origin: None,
        };
        let identity = ColumnDefinition {
            identity: Some((1, 1)),
            ..ColumnDefinition::new("id", "bigint")
        };
        run(Statement::CreateTable {
            relation: relation.clone(),
            columns: vec![identity, ColumnDefinition::new("a", "varchar(3)")],
            constraints: Vec::new(),
            attributes: TableAttributes::default(),
            temporary: false,
        })
        .unwrap();
        run(raw(r#"insert into main."odd (name" (a) values ('abc')"#)).unwrap();

        run(Statement::AddColumn {
            relation: relation.clone(),
            name: "b".to_owned(),
            data_type: "varchar(2)".to_owned(),
        })
        .unwrap();

        run(raw(
            r#"insert into main."odd (name" (a, b) values ('x', 'é')"#,
        ))
        .unwrap();
        let long = r#"insert into main."odd (name" (a, b) values ('x', 'abc')"#;
        assert!(run(raw(long)).unwrap_err().contains("CHECK"));
        let long = r#"insert into main."odd (name" (a, b) values ('abcd', 'x')"#;
        assert!(run(raw(long)).unwrap_err().contains("CHECK"));
        run(Statement::WidenColumn {
            relation: relation.clone(),
            name: "A".to_owned(),
            data_type: "character varying(4)".to_owned(),
        })
        .unwrap();
        run(raw(
            r#"insert into main."odd (name" (a, b) values ('abcd', 'x')"#,
        ))
        .unwrap();
        let long = r#"insert into main."odd (name" (a, b) values ('abcde', 'x')"#;
        assert!(run(raw(long)).unwrap_err().contains("CHECK"));

        let query = r#"select id, a, b from main."odd (name" order by id"#;
        let prepared = warehouse
            .adapter
            .prepare_query(query, &NothingKnown)
            .unwrap();
        let rows = connection.query(&prepared, None).unwrap();
        let rows: Vec<String> = rows
            .rows
            .iter()
            .map(|row| {
                row.iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join("|")
            })
            .collect();
        assert_eq!(rows, ["1|abc|", "2|x|é", "5|abcd|x"]);

        let columns = connection.columns(&relation).unwrap();
        let types: Vec<&str> = columns
            .iter()
            .map(|column| column.data_type.as_str())
            .collect();
        assert_eq!(
            types,
            ["bigint", "character varying(4)", "character varying(2)"]
        );
    }
}
