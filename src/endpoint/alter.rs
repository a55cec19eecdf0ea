//! `alter table`, as far as Redshift has it.

use super::attributes::{Attributes, list_sql};
use super::ddl::{Existing, TEMPORARY};
use super::failure::Failure;
use super::session::{Answer, Session};
use super::words::Words;
use crate::adapter::emulating::physical::check_encoding;
use crate::adapter::emulating::{identifier, literal};

impl Session {
    pub fn alter_table(&mut self, text: &str, words: &Words) -> Result<Answer, Failure> {
        let (parts, at) = words.name(2);
        let said = parts.last().cloned().unwrap_or_default();
        let Some(found) = self.existing(&parts)? else {
            return Err(Failure::new(
                "42P01",
                format!("relation \"{said}\" does not exist"),
            ));
        };
        let done = Ok(Answer::done("ALTER TABLE"));
        let all: Vec<String> = (at..at + 4).map(|at| words.word(at)).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        match all.as_slice() {
            ["rename", "to", ..] => {
                if found.sort == "mv" {
                    return Err(Failure::new(
                        "0A000",
                        format!("cannot rename materialized view \"{said}\""),
                    ));
                }
                let to = words.name(at + 2).0.pop().unwrap_or_default();
                self.rename(&found, &to)?;
                done
            }
            ["owner", "to", ..] => {
                let owner = words.name(at + 2).0.pop().unwrap_or_default();
                self.set_state(&found, &format!("owner = {}", literal(&owner)))?;
                done
            }
            ["alter", "column", ..] if words.word(at + 3) == "type" => {
                self.widen(&found, &words.name(at + 2).0, text, words, at + 4)?;
                done
            }
            ["alter", "column", ..] if words.word(at + 3) == "encode" => {
                let column = words.name(at + 2).0.pop().unwrap_or_default();
                let encoding = words.word(at + 4);
                let made = self.made(&found.schema, &found.name)?;
                let of = made.iter().find(|(name, _)| *name == column);
                check_encoding(&column, &encoding, of.and_then(|(_, ty)| ty.as_deref()))?;
                self.set_state(
                    &found,
                    &format!(
                        "encodings = map_concat(coalesce(encodings, map {{}}), map {{{}: {}}})",
                        literal(&column),
                        literal(&encoding)
                    ),
                )?;
                done
            }
            [
                "alter",
                "diststyle" | "distkey" | "sortkey" | "compound" | "interleaved" | "encode",
                ..,
            ] => {
                self.alter_attributes(&found, words, at + 1)?;
                done
            }
            ["add", "check", ..] | ["add", "constraint", _, "check"] => {
                Err(Failure::new("0A000", "CHECK constraints are not supported"))
            }
            ["add", "primary" | "unique" | "foreign" | "constraint", ..] => {
                let mut read = Attributes::default();
                read.column(words, at + 1, words.len());
                self.record_constraints(&(found.schema, found.name), &read)?;
                done
            }
            ["drop", "constraint", ..] => {
                let name = words.name(at + 2).0.pop().unwrap_or_default();
                let state = self.state();
                let place = format!(
                    "schema_name = {} and table_name = {} and name = {}",
                    literal(&found.schema),
                    literal(&found.name),
                    literal(&name)
                );
                let there =
                    self.texts(&format!("select 1 from {state}.constraints where {place}"))?;
                if there.is_empty() {
                    return Err(Failure::new(
                        "42704",
                        format!("constraint \"{name}\" does not exist"),
                    ));
                }
                self.raw(&format!("delete from {state}.constraints where {place}"))?;
                done
            }
            ["drop", "column", ..] if found.schema != TEMPORARY => {
                // DuckDB cannot commit a column's drop after a change of rows in the same transaction; of a table that the
                // transaction made, it can.
                let column = words.name(at + 2).0.pop().unwrap_or_default();
                self.is_no_key(&found, &column)?;
                let create = self.definition(&found)?;
                self.make_anew(&found, &create)?;
                self.translated(text)?;
                done
            }
            ["append", ..] => Err(Failure::not_emulated("`alter table … append`")),
            _ => {
                self.translated(text)?;
                done
            }
        }
    }

    /// `comment on table|view|column name is text`.
    pub fn comment(&mut self, words: &Words) -> Result<Answer, Failure> {
        let kind = words.word(2);
        let (mut parts, at) = words.name(3);
        let column = match kind.as_str() {
            "column" => parts.pop(),
            "table" | "view" => None,
            other => return Err(Failure::not_emulated(format!("a comment on a {other}"))),
        };
        let Some(found) = self.existing(&parts)? else {
            return Err(Failure::new(
                "42P01",
                format!("relation \"{}\" does not exist", parts.join(".")),
            ));
        };
        let said = match words.text(at + 1) {
            Some(text) => literal(&text),
            None => "null".to_owned(),
        };
        let sql = match column {
            Some(column) => format!(
                "comment on column {}.{} is {said}",
                found.sql(),
                identifier(&column)
            ),
            None => {
                let word = if found.is_view() { "view" } else { "table" };
                format!("comment on {word} {} is {said}", found.sql())
            }
        };
        self.raw(&sql)?;
        Ok(Answer::done("COMMENT"))
    }

    /// Sets recorded columns of a relation; one that was never recorded is recorded first.
    fn set_state(&mut self, found: &Existing, set: &str) -> Result<(), Failure> {
        let state = self.state();
        let place = format!(
            "schema_name = {} and name = {}",
            literal(&found.schema),
            literal(&found.name)
        );
        let known = self.texts(&format!("select 1 from {state}.relations where {place}"))?;
        if known.is_empty() {
            let kind = if found.is_view() { "view" } else { "table" };
            self.record(
                &(found.schema.clone(), found.name.clone()),
                kind,
                None,
                None,
                &Attributes::default(),
            )?;
        }
        self.raw(&format!("update {state}.relations set {set} where {place}"))?;
        Ok(())
    }

    /// `alter diststyle …`, `alter distkey …`, `alter sortkey …`.
    pub fn alter_attributes(
        &mut self,
        found: &Existing,
        words: &Words,
        at: usize,
    ) -> Result<(), Failure> {
        let read = Attributes::altered(words, at);
        let made = self.made(&found.schema, &found.name)?;
        read.check(&found.name, Some(&made))?;
        let text = |value: &Option<String>| value.as_deref().map_or("null".to_owned(), literal);
        if read.diststyle.is_some() {
            self.set_state(
                found,
                &format!(
                    "diststyle = {}, distkey = {}",
                    text(&read.diststyle),
                    text(&read.distkey)
                ),
            )?;
        }
        if read.sort_type.is_some() {
            self.set_state(
                found,
                &format!(
                    "sort_type = {}, sortkeys = {}",
                    text(&read.sort_type),
                    list_sql(&read.sortkeys)
                ),
            )?;
        }
        Ok(())
    }

    /// `alter column c type varchar(n)`: the table is made anew, as DuckDB cannot change the check that holds the length.
    fn widen(
        &mut self,
        found: &Existing,
        column: &[String],
        text: &str,
        words: &Words,
        at: usize,
    ) -> Result<(), Failure> {
        let column = column.last().cloned().unwrap_or_default();
        let wanted = text[words.range(at).start..].trim().to_owned();
        let kind = crate::adapter::emulating::duckdb_type(&wanted)?;
        let rows = self.texts(&format!(
            "select shown from __pg.main.all_columns where nspname = {} and lower(relname) = {} and lower(column_name) = {}",
            literal(&found.schema),
            literal(&found.name),
            literal(&column)
        ))?;
        let Some(old) = rows.into_iter().flatten().next() else {
            return Err(Failure::new(
                "42703",
                format!(
                    "column \"{column}\" of relation \"{}\" does not exist",
                    found.name
                ),
            ));
        };
        let (Some(length), true) = (kind.max_bytes, old.starts_with("character varying(")) else {
            return Err(Failure::new(
                "0A000",
                format!("ALTER COLUMN TYPE is not supported for a column of type {old}"),
            )
            .hint("only the size of a VARCHAR column can be altered"));
        };
        let quoted = identifier(&column);
        let over = self.texts(&format!(
            "select 1 from {} where strlen({quoted}) > {length} limit 1",
            found.sql()
        ))?;
        if !over.is_empty() {
            return Err(Failure::new(
                "22001",
                format!(
                    "Target column size should be greater or equal to current maximum column size of column \"{column}\""
                ),
            ));
        }
        let create = self.definition(found)?;
        let old_length = old
            .trim_start_matches("character varying(")
            .trim_end_matches(')')
            .to_owned();
        let mut changed = create.clone();
        for name in [column.clone(), quoted.clone()] {
            changed = changed.replace(
                &format!("strlen({name}) <= {old_length})"),
                &format!("strlen({name}) <= {length})"),
            );
        }
        if changed == create && old_length != length.to_string() {
            return Err(Failure::not_emulated(
                "changing the type of a column that was declared without a length",
            ));
        }
        self.make_anew(found, &changed)
    }

    /// The `create table` that DuckDB keeps of a table.
    fn definition(&mut self, found: &Existing) -> Result<String, Failure> {
        let create = self.texts(&format!(
            "select sql from duckdb_tables() where schema_name = {} and lower(table_name) = {} and database_name = {}",
            literal(&found.schema),
            literal(&found.name),
            literal(&self.shared.options.database.clone())
        ))?;
        Ok(create.into_iter().flatten().next().unwrap_or_default())
    }

    /// The table made once more by a definition that has its columns, with its rows.
    fn make_anew(&mut self, found: &Existing, create: &str) -> Result<(), Failure> {
        let open = create.find('(').unwrap_or_default();
        let body = create[open..].trim_end_matches(';');
        let beside = format!(
            "{}.{}",
            identifier(&found.schema),
            identifier(&format!("{}__rs_anew", found.name))
        );
        for sql in [
            format!("create table {beside} {body}"),
            format!("insert into {beside} select * from {}", found.sql()),
            format!("drop table {}", found.sql()),
            format!("alter table {beside} rename to {}", identifier(&found.name)),
        ] {
            self.raw(&sql)?;
        }
        Ok(())
    }
}
