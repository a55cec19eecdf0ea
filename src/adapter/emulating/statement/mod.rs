//! Statements of hooks and operations: DDL, changes of rows, settings, and what has no meaning on this engine.

mod alter;
mod attributes;
mod ddl;
mod dml;
mod fitted;
mod limits;
mod plain;
mod there;

use std::ops::Range;

use sqlparser::ast::{ObjectName, SetExpr, Spanned, Statement};
use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

use super::copy;
use super::engine::Engine;
use super::translator::{Catalog, Named, Translator};
use super::{Translated, TranslatedStatement, Work, catalog_type, check_length, translated};
use crate::adapter::Refusal;
use crate::relation::{Change, KnownColumn, Relation, columns_after, identities_after, keys_after};
use crate::sql::position::Lines;
use crate::sql::redshift;
use attributes::{said, strip, word};
#[cfg(feature = "duckdb")]
pub(in crate::adapter) use fitted::fit;
pub(super) use fitted::literals;
pub use there::TENDING;

/// One statement while it is translated.
struct Part<'a> {
    translator: Translator<'a>,
    /// Its tokens without blanks and comments.
    code: Vec<TokenWithSpan>,
    range: Range<usize>,
    dropped: Vec<String>,
    left: Vec<Change>,
}

/// What was known of relations before a statement, and what the statements before it in the same text left.
struct Since<'a> {
    before: &'a dyn Catalog,
    left: &'a [Change],
}

impl Catalog for Since<'_> {
    fn engine(&self) -> Engine {
        self.before.engine()
    }

    fn database(&self) -> Option<&str> {
        self.before.database()
    }

    fn columns(&self, schema: Option<&str>, table: &str) -> Option<Vec<Named>> {
        let relation = Relation::new(schema.unwrap_or_default(), table);
        let Some(columns) = columns_after(self.left, &relation) else {
            return self.before.columns(schema, table);
        };
        let typed = |column: KnownColumn| {
            let known = column.data_type.as_deref().and_then(catalog_type);
            (column.name.to_lowercase(), known)
        };
        Some(columns?.into_iter().map(typed).collect())
    }

    fn identities(&self, schema: Option<&str>, table: &str) -> Vec<String> {
        let relation = Relation::new(schema.unwrap_or_default(), table);
        let made = identities_after(self.left, &relation);
        made.unwrap_or_else(|| self.before.identities(schema, table))
    }

    fn keys(&self, schema: Option<&str>, table: &str) -> Vec<String> {
        keys_after(self.left, &Relation::new(schema.unwrap_or_default(), table))
    }
}

/// Translates all statements of a text.
pub(super) fn statements(
    sql: &str,
    catalog: &dyn Catalog,
) -> Result<Vec<TranslatedStatement>, Refusal> {
    let tokens = redshift::tokens(sql).map_err(super::unparsed)?;
    let lines = Lines::new(sql);
    let mut all = Vec::new();
    let mut left: Vec<Change> = Vec::new();
    let split = redshift::split(&tokens).into_iter().map(|range| {
        let code = tokens[range].iter().filter(|it| redshift::is_code(it));
        code.cloned().collect::<Vec<TokenWithSpan>>()
    });
    let split: Vec<_> = split.filter(|code| !code.is_empty()).collect();
    limits::refuse_company(sql, &split)?;
    for code in split {
        let (Some(first), Some(last)) = (code.first(), code.last()) else {
            continue;
        };
        let start = lines.offset(first.span.start).unwrap_or(0);
        let end = lines.offset(last.span.end).unwrap_or(sql.len());
        check_length(sql, start..end)?;
        redshift::check(&code, &lines).map_err(super::unparsed)?;
        let since = Since {
            before: catalog,
            left: &left,
        };
        let mut part = Part {
            translator: Translator::new(sql, &since),
            code,
            range: start..end,
            dropped: Vec::new(),
            left: Vec::new(),
        };
        part.translator.near = Some(start..end);
        let work = part.work()?;
        let (range, dropped, new) = (part.range, part.dropped, part.left);
        left.extend(new.iter().cloned());
        all.push(TranslatedStatement {
            range,
            work,
            dropped,
            left: new,
        });
    }
    Ok(all)
}

impl Part<'_> {
    /// What the first words say.
    fn work(&mut self) -> Result<Work, Refusal> {
        let words: Vec<String> = self
            .code
            .iter()
            .take(4)
            .map(|token| word(token).unwrap_or_default())
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["copy", ..] => {
                let copy = copy::parse(&self.translator, &self.code)?;
                Ok(Work::Copy(Box::new(copy)))
            }
            ["unload", ..] => {
                Err(self.unsupported("`unload` is not emulated", "files are not written yet", ""))
            }
            ["call", ..]
            | ["create", "procedure" | "function" | "library" | "model", ..]
            | ["create", "or", "replace", "procedure" | "function"] => Err(self.unsupported(
                "procedures and functions are not emulated",
                "they live on the cluster",
                "",
            )),
            ["create", "external", ..] | ["create", "materialized", ..] | ["refresh", ..] => {
                Err(self.unsupported(
                    &format!("`{} {}` is not emulated", words[0], words[1]),
                    "DuckDB has no such thing",
                    "",
                ))
            }
            ["grant" | "revoke", ..] => {
                self.privileges()?;
                self.dropped.push(said(&self.code));
                Ok(self.if_there(self.granted_on()))
            }
            ["analyze" | "analyse" | "vacuum" | "lock", ..] => {
                self.dropped.push(said(&self.code));
                Ok(self.if_there(self.tended()))
            }
            ["alter", "default", "privileges", ..] => {
                self.dropped.push(said(&self.code));
                Ok(Work::Nothing)
            }
            ["set", ..] | ["reset", ..] => self.setting(),
            [
                "begin" | "start" | "commit" | "end" | "rollback" | "abort",
                ..,
            ] => self.transaction(),
            ["create", "schema", ..] => self.create_schema(),
            ["create", ..] => self.create(),
            ["alter", "table", ..] => self.alter_table(),
            ["comment", "on", ..] => self.comment(),
            ["drop", ..] => self.drop_relation(),
            ["merge", ..] if self.ends_in(&["remove", "duplicates"]) => {
                self.code.truncate(self.code.len() - 2);
                self.merge_simply()
            }
            ["delete", second, ..] if *second != "from" => {
                // `from` may be left out; the parser wants it.
                let at = self.code[0].clone();
                self.code.insert(
                    1,
                    TokenWithSpan {
                        token: Token::make_keyword("FROM"),
                        ..at
                    },
                );
                self.parsed()
            }
            _ => self.parsed(),
        }
    }

    /// Whether the last words are these.
    fn ends_in(&self, words: &[&str]) -> bool {
        let start = self.code.len().saturating_sub(words.len());
        let last = self.code[start..].iter().map(word);
        last.eq(words.iter().map(|word| Some((*word).to_owned())))
    }

    fn parsed(&mut self) -> Result<Work, Refusal> {
        let statement = self.parse(self.code.clone())?;
        match statement {
            Statement::Query(query)
                if matches!(
                    *query.body,
                    SetExpr::Insert(_)
                        | SetExpr::Update(_)
                        | SetExpr::Delete(_)
                        | SetExpr::Merge(_)
                ) =>
            {
                self.behind_with(&query)
            }
            Statement::Query(query) => {
                let literals = literals(&query);
                let inner = self.translator.query(&query)?;
                match inner.into {
                    None => Ok(Work::Query(translated(inner.text, inner.columns, literals))),
                    Some(into) => {
                        let temporary = if into.temporary { "TEMPORARY " } else { "" };
                        Ok(Work::CreateTableAs {
                            create: format!("CREATE {temporary}TABLE {} AS", into.table),
                            query: translated(inner.text, inner.columns, literals),
                        })
                    }
                }
            }
            Statement::Insert(insert) => self.insert(&insert),
            Statement::Update(update) => self.update(&update),
            Statement::Delete(delete) => self.delete(&delete),
            Statement::Merge(merge) => self.merge(&merge),
            Statement::Truncate(truncate) => self.truncate(&truncate),
            _ => Err(self.unsupported(
                &format!(
                    "`{}` is not emulated",
                    self.code.first().and_then(word).unwrap_or_default()
                ),
                "this statement is not known here",
                "",
            )),
        }
    }

    fn parse(&self, tokens: Vec<TokenWithSpan>) -> Result<Statement, Refusal> {
        redshift::parse_statement(self.translator.text, tokens, self.range.clone())
            .map_err(super::unparsed)
    }

    /// `with … update`, `with … delete`.
    fn behind_with(&mut self, query: &sqlparser::ast::Query) -> Result<Work, Refusal> {
        let outer = self.translator.ctes.len();
        let with = match &query.with {
            Some(with) => self.translator.with(with)?,
            None => String::new(),
        };
        let work = match query.body.as_ref() {
            SetExpr::Update(Statement::Update(update)) => self.update(update),
            SetExpr::Delete(Statement::Delete(delete)) => self.delete(delete),
            _ => Err(self.not_redshift(
                "`with` stands before `select`, `update` and `delete`",
                "write `insert into t with … select …`",
            )),
        };
        self.translator.ctes.truncate(outer);
        match work? {
            Work::Sql(mut all) => {
                if let Some(last) = all.last_mut() {
                    last.insert_str(0, &with);
                }
                Ok(Work::Sql(all))
            }
            work => Ok(work),
        }
    }

    /// Settings that change no result are dropped; all others are refused.
    fn setting(&mut self) -> Result<Work, Refusal> {
        let names: Vec<String> = self
            .code
            .iter()
            .skip(1)
            .filter_map(word)
            .filter(|word| word != "session" && word != "local")
            .collect();
        let name = names.first().map_or("", String::as_str);
        let harmless = [
            "query_group",
            "application_name",
            "statement_timeout",
            "wlm_query_slot_count",
            "analyze_threshold_percent",
            "enable_result_cache_for_session",
            "max_cursor_result_set_size",
            "use_fips_ssl",
            "client_encoding",
            "extra_float_digits",
        ];
        if harmless.contains(&name) {
            self.dropped.push(said(&self.code));
            return Ok(Work::Nothing);
        }
        Err(self.unsupported(
            &format!("the setting `{name}` is not emulated"),
            "it may change what a query answers",
            "",
        ))
    }

    fn unsupported(&self, message: &str, reason: &str, help: &str) -> Refusal {
        Refusal {
            help: (!help.is_empty()).then(|| help.to_owned()),
            ..self
                .translator
                .unsupported(self.first_span(), message, reason)
        }
    }

    fn not_redshift(&self, message: &str, help: &str) -> Refusal {
        self.translator
            .not_redshift(self.first_span(), message, help)
    }

    fn first_span(&self) -> Span {
        self.code
            .first()
            .map_or_else(Span::empty, |token| token.span)
    }

    /// Notes how a relation is left; `made` are its columns, where they are told.
    fn leaves(&mut self, name: &ObjectName, made: Option<Vec<KnownColumn>>) -> Result<(), Refusal> {
        let mut parts = self.translator.parts(name)?;
        let table = parts.pop().unwrap_or_default();
        self.left.push(Change {
            relation: Relation::new(parts.pop().unwrap_or_default(), table),
            columns: made,
            identities: Vec::new(),
            keys: Vec::new(),
        });
        Ok(())
    }

    fn dropping_at(&mut self, what: impl Into<String>) {
        self.dropped.push(what.into());
    }

    /// A query inside a statement.
    fn query(&mut self, query: &sqlparser::ast::Query) -> Result<Translated, Refusal> {
        let inner = self.translator.query(query)?;
        if inner.into.is_some() {
            return Err(self.translator.not_redshift(
                query.span(),
                "`select … into` stands inside another statement",
                "",
            ));
        }
        Ok(translated(inner.text, inner.columns, literals(query)))
    }

    /// The statement's tokens without its physical attributes.
    fn stripped(&mut self) -> Vec<TokenWithSpan> {
        let stripped = strip(&self.code);
        self.dropped.extend(stripped.dropped);
        stripped.tokens
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::adapter::emulating::NoCatalog;

    fn shown(sql: &str) -> String {
        match statements(sql, &NoCatalog) {
            Err(refusal) => format!(
                "{}: {}\n  at `{}`\n  {}",
                refusal.code,
                refusal.message,
                refusal.range.map_or("", |range| &sql[range]),
                refusal.reason.unwrap_or_default()
            ),
            Ok(all) => all
                .into_iter()
                .map(|one| {
                    let work = match one.work {
                        Work::Query(query) => query.sql,
                        Work::Sql(all) => all.join(";\n"),
                        Work::CreateTableAs { create, query } => {
                            format!("{create}\n  {}", query.sql)
                        }
                        Work::Change { sql, .. } => format!("{sql}\n  in steps of our own"),
                        Work::Copy(copy) => format!("copy {} from {}", copy.into, copy.from),
                        Work::Nothing => "nothing".to_owned(),
                    };
                    let dropped = if one.dropped.is_empty() {
                        String::new()
                    } else {
                        format!("\n  dropped: {}", one.dropped.join("; "))
                    };
                    format!("{work}{dropped}")
                })
                .collect::<Vec<_>>()
                .join("\n"),
        }
    }

    #[test]
    fn a_table_loses_its_attributes_and_keeps_its_lengths() {
        assert_snapshot!(shown("CREATE TABLE IF NOT EXISTS s.dm_users (user_id INTEGER NOT NULL PRIMARY KEY DISTKEY, name VARCHAR ENCODE zstd, gender CHAR(1), n DECIMAL DEFAULT 0, UNIQUE (name)) DISTSTYLE KEY COMPOUND SORTKEY (name, gender)"), @r#"
        CREATE TABLE IF NOT EXISTS "s"."dm_users" ("user_id" INTEGER NOT NULL, "name" VARCHAR CHECK (system.main.strlen("name") <= 256), "gender" VARCHAR CHECK (1 >= system.main.strlen("gender")) CHECK (system.main.length("gender") >= system.main.strlen("gender")), "n" DECIMAL(18, 0) DEFAULT (0))
          dropped: diststyle key; compound sortkey (name, gender); unique (name); distkey (user_id); primary key (user_id); encode zstd (name)
        "#);
        assert_snapshot!(shown("CREATE TEMP TABLE t (id INTEGER IDENTITY(0,1) PRIMARY KEY, at TIMESTAMP SORTKEY)"), @r#"
        CREATE SEQUENCE IF NOT EXISTS "t_id_seq" START 0 INCREMENT 1 MINVALUE -9223372036854775807;
        CREATE TEMPORARY TABLE "t" ("id" INTEGER NOT NULL DEFAULT nextval('"t_id_seq"'), "at" TIMESTAMP)
          dropped: sortkey (at); primary key (id)
        "#);
        assert_snapshot!(shown("create table t (id bigint generated by default as identity(1,1), x int) backup no"), @r#"
        CREATE SEQUENCE IF NOT EXISTS "t_id__by_default_seq" START 1 INCREMENT 1 MINVALUE -9223372036854775807;
        CREATE TABLE "t" ("id" BIGINT NOT NULL DEFAULT nextval('"t_id__by_default_seq"'), "x" INTEGER)
          dropped: backup no
        "#);
        assert_snapshot!(shown("create table t (x serial)"), @r#"
        unknown-type: the type `serial` is not emulated
          at `serial`
          Redshift does not have this type
        "#);
        assert_snapshot!(shown("create table a (like b)"), @r#"
        CREATE TABLE "a" (LIKE "b")
          in steps of our own
        "#);
    }

    #[test]
    fn a_table_from_a_query_is_handed_over_in_two_parts() {
        assert_snapshot!(shown("create table s.t diststyle even sortkey auto as (select sum(qty) / 2 as n from s)"), @r#"
        CREATE TABLE "s"."t" AS
          (SELECT __rs.divide(sum(__rs.summand("qty")), 2) AS "n" FROM "s")
          dropped: diststyle even; sortkey auto
        "#);
        assert_snapshot!(shown("select id into #t from s"), @r##"
        CREATE TEMPORARY TABLE "#t" AS
          SELECT "id" AS "id" FROM "s"
        "##);
        assert_snapshot!(shown("create temp table x as select 1 as a; drop table if exists x cascade"), @r#"
        CREATE TEMPORARY TABLE "x" AS
          SELECT 1 AS "a"
        DROP TABLE IF EXISTS "x"
          in steps of our own
        "#);
    }

    #[test]
    fn a_view_may_leave_its_tables_unbound() {
        assert_snapshot!(shown("create or replace view v (a) as select nvl(x, 0) from s.t with no schema binding"), @r#"
        CREATE OR REPLACE VIEW "v" ("a") AS with "__rs_late" as (select 1) select * from (
        SELECT coalesce("x", 0) AS "coalesce" FROM "s"."t"
        )
          dropped: with no schema binding
        "#);
        assert_snapshot!(shown("create materialized view v as select 1"), @r#"
        not-emulated: `create materialized` is not emulated
          at `create`
          DuckDB has no such thing
        "#);
    }

    #[test]
    fn rows_are_changed_as_redshift_allows() {
        assert_snapshot!(shown("insert into t (a, b) values (1, default), (7/2, 'x')"), @r#"INSERT INTO "t" ("a", "b") VALUES (1, DEFAULT), ((7 // 2), 'x')"#);
        assert_snapshot!(shown("insert into t select * from u"), @r#"INSERT INTO "t" SELECT * FROM "u""#);
        assert_snapshot!(shown("update t set a = u.a + 1 from u where t.id = u.id"), @r#"UPDATE "t" SET "a" = ("u"."a" + CAST(1 AS INTEGER)) FROM "u" WHERE (__rs.key("t"."id") = __rs.key("u"."id"))"#);
        assert_snapshot!(shown("delete from t using u where t.id = u.id"), @r#"DELETE FROM "t" USING "u" WHERE (__rs.key("t"."id") = __rs.key("u"."id"))"#);
        assert_snapshot!(shown("delete t where a = 1"), @r#"DELETE FROM "t" WHERE ("a" = 1)"#);
        assert_snapshot!(shown("merge into t using u on t.id = u.id when matched then update set a = u.a when not matched then insert (id, a) values (u.id, u.a)"), @r#"
        SELECT error('Found multiple matches to update the same tuple') FROM (SELECT 1 FROM "t" JOIN "u" ON (__rs.key("t"."id") = __rs.key("u"."id")) GROUP BY "t".rowid HAVING count(*) > 1 LIMIT 1);
        MERGE INTO "t" USING "u" ON (__rs.key("t"."id") = __rs.key("u"."id")) WHEN MATCHED THEN UPDATE SET "a" = "u"."a" WHEN NOT MATCHED THEN INSERT ("id", "a") VALUES ("u"."id", "u"."a")
        "#);
        assert_snapshot!(shown("merge into t x using u on x.id = u.id when matched then delete when not matched then insert values (u.id)"), @r#"
        not-redshift: the target of a `merge` has no alias
          at `x`
          Redshift refuses this
        "#);
        assert_snapshot!(shown("truncate table s.t"), @r#"
        DELETE FROM "s"."t"
          dropped: the commit that `truncate` makes
        "#);
        assert_snapshot!(shown("insert into t values (1) on conflict do nothing"), @r#"
        not-redshift: this form of `insert` is not one of Redshift's (`on conflict`, `returning`, `overwrite`, an alias)
          at `insert`
          Redshift refuses this
        "#);
        assert_snapshot!(shown("delete from t returning id"), @r#"
        not-redshift: this form of `delete` is not one of Redshift's
          at `delete`
          Redshift refuses this
        "#);
    }

    #[test]
    fn a_table_is_altered() {
        assert_snapshot!(shown("alter table s.t rename to u; alter table t rename column a to b; alter table t drop column a cascade"), @r#"
        ALTER TABLE "s"."t" RENAME TO "u"
        ALTER TABLE "t" RENAME COLUMN "a" TO "b"
        ALTER TABLE "t" DROP COLUMN "a"
        "#);
        assert_snapshot!(shown("alter table t add column a varchar(10) default 'x' encode lzo"), @r#"
        ALTER TABLE "t" ADD COLUMN "a" VARCHAR DEFAULT ('x') CHECK (system.main.strlen("a") <= 10)
          in steps of our own
          dropped: encode lzo (a)
        "#);
        assert_snapshot!(shown("alter table t alter distkey a; alter table t owner to x; alter table t add primary key (id)"), @r#"
        nothing
          dropped: alter distkey a
        nothing
          dropped: owner to x
        nothing
          dropped: add primary key (id)
        "#);
        assert_snapshot!(shown("alter table t append from u"), @r#"
        not-emulated: `alter table … append` is not emulated
          at `alter`
          it moves blocks of a cluster
        "#);
    }

    #[test]
    fn what_has_no_meaning_here_is_dropped_knowingly() {
        assert_snapshot!(shown("grant select on t to group x; analyze t; set query_group to 'etl'; reset query_group"), @r#"
        SELECT CASE WHEN count(*) = 0 THEN error('relation "t" does not exist') END FROM information_schema.tables WHERE lower(table_name) = 't' AND (table_catalog = current_database() AND lower(table_schema) = lower(current_schema()) OR table_type = 'LOCAL TEMPORARY')
          dropped: grant select on t to group x
        SELECT CASE WHEN count(*) = 0 THEN error('relation "t" does not exist') END FROM information_schema.tables WHERE lower(table_name) = 't' AND (table_catalog = current_database() AND lower(table_schema) = lower(current_schema()) OR table_type = 'LOCAL TEMPORARY')
          dropped: analyze t
        nothing
          dropped: set query_group to 'etl'
        nothing
          dropped: reset query_group
        "#);
        assert_snapshot!(shown("vacuum full t"), @r#"
        SELECT CASE WHEN count(*) = 0 THEN error('relation "t" does not exist') END FROM information_schema.tables WHERE lower(table_name) = 't' AND (table_catalog = current_database() AND lower(table_schema) = lower(current_schema()) OR table_type = 'LOCAL TEMPORARY')
          dropped: vacuum full t
        "#);
        assert_snapshot!(shown("set enable_case_sensitive_identifier to true"), @r#"
        not-emulated: the setting `enable_case_sensitive_identifier` is not emulated
          at `set`
          it may change what a query answers
        "#);
        assert_snapshot!(shown("begin; commit; create schema if not exists s authorization me; comment on column s.t.a is 'it''s'"), @r#"
        BEGIN TRANSACTION
        COMMIT
        CREATE SCHEMA IF NOT EXISTS "s"
          dropped: authorization me
        COMMENT ON COLUMN "s"."t"."a" IS 'it''s'
        "#);
        assert_snapshot!(shown("unload ('select 1') to 's3://b/x' iam_role default"), @r#"
        not-emulated: `unload` is not emulated
          at `unload`
          files are not written yet
        "#);
        assert_snapshot!(shown("create or replace procedure p() as $$ begin end; $$ language plpgsql"), @r#"
        not-emulated: procedures and functions are not emulated
          at `create`
          they live on the cluster
        "#);
        assert_snapshot!(shown("pragma version"), @r#"
        not-emulated: `pragma` is not emulated
          at `pragma`
          this statement is not known here
        "#);
        assert_snapshot!(shown("drop function f(int)"), @r#"
        not-emulated: this `drop` is not emulated
          at `drop`
          only schemas, tables and views are dropped here
        "#);
    }
}
