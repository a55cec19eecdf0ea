//! `alter table`, `drop` and `comment`: what changes a relation that is there.

use sqlparser::ast::{CommentObject, ObjectName, ObjectType, Statement};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::Part;
use super::attributes::{said, word};
use crate::adapter::emulating::types::Type;
use crate::adapter::emulating::{
    Work, create_table_columns, duckdb_type, identifier, literal, postgres, translate_expression,
};
use crate::adapter::{ChangeOfTable, Refusal};
use crate::relation::{Relation, RelationKind};

/// Tokens as one text again, with a blank where two words would grow together: `character varying(20)`.
fn spaced(tokens: &[&str]) -> String {
    let is_word = |text: &str| text.starts_with(|letter: char| letter.is_alphabetic());
    let mut text = String::new();
    for token in tokens {
        if is_word(token) && text.ends_with(char::is_alphanumeric) {
            text.push(' ');
        }
        text.push_str(token);
    }
    text
}

impl Part<'_> {
    pub(super) fn alter_table(&mut self) -> Result<Work, Refusal> {
        let mut at = 2;
        let mut name: Vec<TokenWithSpan> = Vec::new();
        while let Some(token) = self.code.get(at) {
            let part = matches!(token.token, Token::Word(_))
                && (name.is_empty() || name.last().is_some_and(|last| last.token == Token::Period));
            if !part && token.token != Token::Period {
                break;
            }
            name.push(token.clone());
            at += 1;
        }
        let parts: Vec<sqlparser::ast::Ident> = name
            .iter()
            .filter_map(|token| match &token.token {
                Token::Word(word) => Some(sqlparser::ast::Ident::with_span(
                    token.span,
                    word.value.clone(),
                )),
                _ => None,
            })
            .collect();
        let name = ObjectName::from(parts);
        let table = self.translator.table_name(&name)?;
        self.leaves(&name, None)?;
        let words: Vec<String> = self.code[at..]
            .iter()
            .map(|token| word(token).unwrap_or_else(|| token.token.to_string()))
            .collect();
        let names: Vec<String> = self.code[at..]
            .iter()
            .map(|token| match &token.token {
                Token::Word(word) => identifier(&word.value),
                other => other.to_string(),
            })
            .collect();
        // A name in quotes is a column like any other.
        let bare = |index: usize| match self.code.get(at + index).map(|token| &token.token) {
            Some(Token::Word(word)) => word.value.to_lowercase(),
            _ => String::new(),
        };
        let [second, third] = [1, 2].map(bare);
        match words
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .as_slice()
        {
            ["drop", "column", _, ..] | ["drop", _]
                if self.is_key(&name, if words.len() == 2 { &second } else { &third })? =>
            {
                let column = if words.len() == 2 { second } else { third };
                Err(self.not_redshift(
                    &format!("`{column}` is a column of the distribution or sort key"),
                    "alter the key first: `alter table t alter diststyle even`, `alter sortkey none`",
                ))
            }
            ["rename", "to", _] => Ok(Work::Sql(vec![format!(
                "ALTER TABLE {table} RENAME TO {}",
                names[2]
            )])),
            ["rename", "column", _, "to", _] => Ok(Work::Sql(vec![format!(
                "ALTER TABLE {table} RENAME COLUMN {} TO {}",
                names[2], names[4]
            )])),
            ["rename", _, "to", _] => Ok(Work::Sql(vec![format!(
                "ALTER TABLE {table} RENAME COLUMN {} TO {}",
                names[1], names[3]
            )])),
            ["drop", "column", _] | ["drop", "column", _, "restrict" | "cascade"] => Ok(Work::Sql(
                vec![format!("ALTER TABLE {table} DROP COLUMN {}", names[2])],
            )),
            ["drop", column] | ["drop", column, "restrict" | "cascade"]
                if *column != "column" && *column != "constraint" =>
            {
                Ok(Work::Sql(vec![format!(
                    "ALTER TABLE {table} DROP COLUMN {}",
                    names[1]
                )]))
            }
            ["alter", "column", _, "type", rest @ ..] => {
                let data_type = spaced(rest);
                let kind = duckdb_type(&data_type).map_err(|refusal| self.at_type(refusal))?;
                if !matches!(kind.redshift, Type::Varchar(_)) {
                    return Err(self.not_redshift(
                        "only the length of a `varchar` is altered",
                        "add a column of the new type, fill it, and drop the old one",
                    ));
                }
                if self.translator.on_postgres() {
                    let sql = postgres::retyped(&table, &names[2], &data_type, false);
                    return Ok(Work::Sql(sql.map_err(|refusal| self.at_type(refusal))?));
                }
                let what = ChangeOfTable::Widen {
                    table: self.relation(&name)?,
                    column: third,
                    data_type: kind.redshift.to_string(),
                };
                let sql = format!(
                    "ALTER TABLE {table} ALTER COLUMN {} TYPE {data_type}",
                    names[2]
                );
                Ok(Work::Change { sql, what })
            }
            ["add", "check", ..] | ["add", "constraint", _, "check", ..] => Err(self.not_redshift(
                "this constraint is not one of Redshift's",
                "test it with a data test",
            )),
            ["add", "primary" | "unique" | "foreign" | "constraint", ..]
            | ["owner", "to", ..]
            | [
                "alter",
                "distkey" | "diststyle" | "sortkey" | "compound" | "interleaved" | "encode",
                ..,
            ]
            | ["drop", "constraint", ..] => {
                match words[0].as_str() {
                    "alter" => {
                        let keys = self.altered(&name, &words[1])?;
                        if let Some(left) = self.left.last_mut() {
                            left.keys = keys;
                        }
                    }
                    "add" => self.constrained(&name)?,
                    _ => {}
                }
                let what = said(&self.code[at..]);
                self.dropping_at(what);
                Ok(Work::Nothing)
            }
            ["alter", "column", _, "encode", encoding] => {
                self.encoded(&name, &third, encoding)?;
                let what = said(&self.code[at..]);
                self.dropping_at(what);
                Ok(Work::Nothing)
            }
            ["add", ..] => self.add_column(&name, &table, at),
            ["append", ..] => Err(self.unsupported(
                "`alter table … append` is not emulated",
                "it moves blocks of a cluster",
                "write `insert into … select`",
            )),
            _ => Err(self.unsupported(
                "this `alter table` is not emulated",
                "its action is not known here",
                "",
            )),
        }
    }

    fn add_column(&mut self, name: &ObjectName, table: &str, at: usize) -> Result<Work, Refusal> {
        // The rest reads as the only column of a table.
        let skip = at
            + if self.code.get(at + 1).and_then(word).as_deref() == Some("column") {
                2
            } else {
                1
            };
        let mut tokens: Vec<TokenWithSpan> = Vec::new();
        let near = self.code[0].span;
        for text in ["create", "table", "t"] {
            tokens.push(TokenWithSpan::new(Token::make_keyword(text), near));
        }
        tokens.push(TokenWithSpan::new(Token::LParen, near));
        tokens.extend(self.code[skip..].iter().cloned());
        tokens.push(TokenWithSpan::new(Token::RParen, near));
        let Statement::CreateTable(create) = self.parse(tokens)? else {
            return Err(self.not_redshift("this is not a column", ""));
        };
        let columns = self.columns(&create.columns)?;
        let on_postgres = self.translator.on_postgres();
        let sql = if on_postgres {
            postgres::table_columns(&columns)
        } else {
            create_table_columns(&Relation::new("", ""), &columns)
        };
        let sql = sql.map_err(|refusal| self.at_type(refusal))?;
        self.dropped.extend(sql.dropped);
        let [column] = sql.columns.as_slice() else {
            return Err(self.not_redshift("one column is added at a time", ""));
        };
        if columns[0].identity.is_some() || columns[0].not_null && columns[0].default.is_none() {
            return Err(self.not_redshift(
                "a column that is added may not be an identity, nor `not null` without a default",
                "",
            ));
        }
        if on_postgres {
            return Ok(Work::Sql(vec![format!(
                "ALTER TABLE {table} ADD COLUMN {column}"
            )]));
        }
        let value = match &columns[0].default {
            Some(default) => translate_expression(default)?,
            None => "NULL".to_owned(),
        };
        let sql = format!("ALTER TABLE {table} ADD COLUMN {column}");
        // DuckDB adds no column with a constraint.
        if column.contains(" CHECK ") || columns[0].not_null {
            let what = ChangeOfTable::Add {
                table: self.relation(name)?,
                definition: column.clone(),
                value,
            };
            return Ok(Work::Change { sql, what });
        }
        Ok(Work::Sql(vec![sql]))
    }

    pub(super) fn drop_relation(&mut self) -> Result<Work, Refusal> {
        let Statement::Drop {
            object_type,
            if_exists,
            names,
            cascade,
            ..
        } = self.parse(self.code.clone())?
        else {
            return Err(self.unsupported(
                "this `drop` is not emulated",
                "only schemas, tables and views are dropped here",
                "",
            ));
        };
        let (kind, of) = match object_type {
            ObjectType::Table => ("TABLE", Some(RelationKind::Table)),
            ObjectType::View => ("VIEW", Some(RelationKind::View)),
            ObjectType::Schema => ("SCHEMA", None),
            _ => {
                return Err(self.unsupported(
                    "this `drop` is not emulated",
                    "only schemas, tables and views are dropped here",
                    "",
                ));
            }
        };
        let exists = if if_exists { "IF EXISTS " } else { "" };
        let mut statements = Vec::new();
        let mut dropped = Vec::new();
        for name in &names {
            if kind != "SCHEMA" {
                self.leaves(name, None)?;
            }
            dropped.push(self.relation(name)?);
            let name = self.translator.table_name(name)?;
            // DuckDB knows only of a schema what is in it; what stands on a table or view is dropped before.
            let cascade = if cascade && (kind == "SCHEMA" || self.translator.on_postgres()) {
                " CASCADE"
            } else {
                ""
            };
            statements.push(format!("DROP {kind} {exists}{name}{cascade}"));
        }
        if self.translator.on_postgres() {
            return Ok(Work::Sql(statements));
        }
        Ok(Work::Change {
            sql: statements.join(";\n"),
            what: ChangeOfTable::Freed {
                kind: of,
                dropped,
                cascade,
            },
        })
    }

    pub(super) fn comment(&mut self) -> Result<Work, Refusal> {
        let Statement::Comment {
            object_type,
            object_name,
            comment,
            ..
        } = self.parse(self.code.clone())?
        else {
            return Err(self.unsupported("this `comment` is not emulated", "", ""));
        };
        let (kind, name) = match object_type {
            CommentObject::Table => ("TABLE", self.translator.table_name(&object_name)?),
            CommentObject::View => ("VIEW", self.translator.table_name(&object_name)?),
            CommentObject::Column => {
                let mut table = object_name.clone();
                table.0.pop();
                let column = self.translator.parts(&object_name)?.pop();
                let table = self.translator.table_name(&table)?;
                let column = identifier(&column.unwrap_or_default());
                ("COLUMN", format!("{table}.{column}"))
            }
            _ => {
                let what = said(&self.code);
                self.dropping_at(what);
                return Ok(Work::Nothing);
            }
        };
        let text = comment.map_or_else(|| "NULL".to_owned(), |text| literal(&text));
        Ok(Work::Sql(vec![format!(
            "COMMENT ON {kind} {name} IS {text}"
        )]))
    }
}
