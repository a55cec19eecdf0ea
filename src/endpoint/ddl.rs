//! What defines tables, views, materialized views and schemas, and what is recorded of them.
//!
//! In: one statement. Out: DuckDB's objects and rows of the recorded state, in the transaction of the statement.

use sqlparser::tokenizer::Token;

use super::attributes::{Attributes, encodings_sql, list_sql};
use super::catalog::STATE;
use super::failure::Failure;
use super::session::{Answer, Session};
use super::words::Words;
use crate::adapter::emulating::{self, Work, identifier, literal};
use crate::adapter::statement::TableAttributes;
use crate::adapter::{Adapter, Prepared, Statement, TableChange, UserSql};
use crate::relation::Relation;

/// The schema that temporary tables are shown in.
pub(super) const TEMPORARY: &str = "pg_temp_1";

/// A table or view that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Existing {
    pub schema: String,
    pub name: String,
    /// `table`, `view`, `late` or `mv`.
    pub sort: String,
}

impl Existing {
    /// Its name in DuckDB's SQL.
    pub fn sql(&self) -> String {
        if self.schema == TEMPORARY {
            return format!("temp.main.{}", identifier(&self.name));
        }
        format!("{}.{}", identifier(&self.schema), identifier(&self.name))
    }

    pub fn is_view(&self) -> bool {
        self.sort == "view" || self.sort == "late"
    }

    fn kind(&self) -> &'static str {
        match self.sort.as_str() {
            "view" | "late" => "view",
            "mv" => "materialized view",
            _ => "table",
        }
    }
}

impl Session {
    /// The schema of what is recorded, in DuckDB's SQL.
    pub fn state(&self) -> String {
        format!(
            "{}.{}",
            identifier(&self.shared.options.database),
            identifier(STATE)
        )
    }

    /// `create`, `drop`, `alter`, `refresh`, `select … into`.
    pub fn define(&mut self, text: &str, words: &Words) -> Result<Answer, Failure> {
        let all: Vec<String> = (0..6).map(|at| words.word(at)).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        match all.as_slice() {
            ["create", "schema", ..] => self.create_schema(words),
            ["create", "table", ..] => self.create_table(text, words, 2, false),
            ["create", "temp" | "temporary", "table", ..] => {
                self.create_table(text, words, 3, true)
            }
            ["create", "local", "temp" | "temporary", "table", ..] => {
                self.create_table(text, words, 4, true)
            }
            ["create", "view", ..] => self.create_view(text, words, 2, false),
            ["create", "or", "replace", "view", ..] => self.create_view(text, words, 4, true),
            ["create", "materialized", "view", ..] => self.create_materialized_view(text, words),
            ["refresh", "materialized", "view", ..] => self.refresh(words),
            ["create" | "drop" | "alter", "user" | "group" | "role", ..] => self.identity(words),
            ["drop", "schema", ..] => self.drop_schema(words),
            ["drop", "table" | "view" | "materialized", ..] => self.drop_relations(words),
            ["alter", "table", ..] => self.alter_table(text, words),
            ["alter", "materialized", "view", ..] => self.alter_materialized_view(words),
            ["alter", "default", "privileges", ..] => {
                Err(Failure::not_emulated("`alter default privileges`")
                    .hint("grant on what exists"))
            }
            ["alter", "schema", ..] => self.alter_schema(words),
            ["create" | "drop" | "alter", "database", ..] => {
                Err(Failure::not_emulated("more than one database"))
            }
            ["select", ..] => {
                self.translated(text)?;
                Ok(Answer::done("SELECT"))
            }
            _ => {
                self.translated(text)?;
                Ok(Answer::done(
                    format!("{} {}", all[0], all[1]).to_uppercase(),
                ))
            }
        }
    }

    /// The schema and name that the parts of a name mean; a name of another database is refused.
    pub fn placed(&mut self, parts: &[String]) -> Result<(Option<String>, String), Failure> {
        match parts {
            [name] => Ok((None, name.clone())),
            [schema, name] => Ok((Some(schema.clone()), name.clone())),
            [database, schema, name] => {
                if *database != self.shared.options.database.to_lowercase() {
                    return Err(Failure::new(
                        "0A000",
                        format!("database \"{database}\" does not exist"),
                    ));
                }
                Ok((Some(schema.clone()), name.clone()))
            }
            _ => Err(Failure::new("42601", "a name is expected")),
        }
    }

    /// What exists under a name.
    pub fn existing(&mut self, parts: &[String]) -> Result<Option<Existing>, Failure> {
        let (schema, name) = self.placed(parts)?;
        let schemas = match schema {
            Some(schema) => vec![schema],
            None => {
                let mut schemas = vec![TEMPORARY.to_owned()];
                schemas.extend(self.settings.search_path());
                schemas
            }
        };
        // Not the catalog's own view, which tells more than is asked for here.
        let (database, state) = (literal(&self.shared.options.database), self.state());
        let wanted = literal(&name);
        let found = self.texts(&format!(
            "select f.schema_name, f.name, case when f.sort = 'view' and s.kind in ('late', 'unbound') then 'late' when s.kind = 'mv' then 'mv' else f.sort end from (
               select case when database_name = 'temp' then '{TEMPORARY}' else schema_name end as schema_name, table_name as name, 'table' as sort
               from duckdb_tables() where database_name in ({database}, 'temp') and not internal and lower(table_name) = {wanted}
               union all
               select schema_name, view_name, 'view' from duckdb_views() where database_name = {database} and not internal and lower(view_name) = {wanted}
             ) f left join {state}.relations s on s.schema_name = lower(f.schema_name) and s.name = {wanted}
             where f.schema_name <> {}",
            literal(STATE)
        ))?;
        Ok(schemas.iter().find_map(|schema| {
            found
                .iter()
                .find(|row| row[0].to_lowercase() == *schema)
                .map(|row| Existing {
                    schema: row[0].to_lowercase(),
                    name: row[1].to_lowercase(),
                    sort: row[2].clone(),
                })
        }))
    }

    /// The table that a name means, or that there is none.
    pub fn existing_table(
        &mut self,
        schema: &str,
        name: &str,
    ) -> Result<(String, String), Failure> {
        let mut parts = vec![schema.to_lowercase(), name.to_lowercase()];
        parts.retain(|part| !part.is_empty());
        match self.existing(&parts)? {
            Some(found) => Ok((found.schema, found.name)),
            None => Err(Failure::new(
                "42P01",
                format!("Cannot find table \"{}\"", parts.join(".")),
            )),
        }
    }

    /// The columns of a table that number themselves.
    pub fn identities(&mut self, schema: &str, table: &str) -> Result<Vec<String>, Failure> {
        let rows = self.texts(&format!(
            "select lower(column_name) from __pg.main.raw_columns where nspname = {} and lower(relname) = {} and column_default like 'nextval(%'",
            literal(schema),
            literal(table)
        ))?;
        Ok(rows.into_iter().flatten().collect())
    }

    /// Where something new is made: the schema that is named, or the first of the path.
    fn new_place(&mut self, parts: &[String]) -> Result<(String, String), Failure> {
        let (schema, name) = self.placed(parts)?;
        if name.len() > 127 {
            return Err(Failure::new(
                "42622",
                format!("identifier \"{name}\" will be truncated to 127 bytes"),
            ));
        }
        match schema {
            Some(schema) if !self.schemas()?.contains(&schema) => Err(Failure::new(
                "3F000",
                format!("schema \"{schema}\" does not exist"),
            )),
            Some(schema) => Ok((schema, name)),
            None => match self.current_schema()? {
                schema if schema.is_empty() => Err(Failure::new(
                    "3F000",
                    "no schema has been selected to create in",
                )),
                schema => Ok((schema, name)),
            },
        }
    }

    /// That nothing stands where something new is made; true when it does and `if not exists` was said.
    fn taken(&mut self, place: &(String, String), may: bool) -> Result<bool, Failure> {
        let parts = [place.0.clone(), place.1.clone()];
        if self.existing(&parts)?.is_none() {
            return Ok(false);
        }
        if may {
            self.notices.push((
                "INFO",
                format!(
                    "Relation \"{}\" already exists and will be skipped",
                    place.1
                ),
            ));
            return Ok(true);
        }
        Err(Failure::new(
            "42P07",
            format!("Relation \"{}\" already exists", place.1),
        ))
    }

    fn create_table(
        &mut self,
        text: &str,
        words: &Words,
        mut at: usize,
        temporary: bool,
    ) -> Result<Answer, Failure> {
        let may = words.are(at, &["if", "not", "exists"]);
        if may {
            at += 3;
        }
        let (parts, after) = words.name(at);
        let temporary = temporary || parts.last().is_some_and(|name| name.starts_with('#'));
        let place = if temporary {
            (
                TEMPORARY.to_owned(),
                parts.last().cloned().unwrap_or_default(),
            )
        } else {
            self.new_place(&parts)?
        };
        if self.taken(&place, may)? {
            return Ok(Answer::done("CREATE TABLE"));
        }
        let body = words.find(after, "as").filter(|at| *at > 0);
        let attributes = Attributes::read(words, after, body.unwrap_or(words.len()));
        let answer = match body {
            Some(body) if !words.is(after, &Token::LParen) => {
                let start = words.range(body + 1).start;
                self.create_table_as(&place, &text[start..], start, temporary)?
            }
            _ => {
                self.create_declared(text)?;
                Answer::done("CREATE TABLE")
            }
        };
        self.within_limits(&place, &attributes)?;
        self.record(&place, "table", None, None, &attributes)?;
        Ok(answer)
    }

    /// Makes a table from a query with the types that Redshift would give its columns.
    pub fn create_table_as(
        &mut self,
        place: &(String, String),
        query: &str,
        start: usize,
        temporary: bool,
    ) -> Result<Answer, Failure> {
        let schema = if temporary { "" } else { place.0.as_str() };
        let statement = Statement::CreateTableAs {
            relation: Relation::new(schema, &place.1),
            query: query.to_owned(),
            attributes: TableAttributes::default(),
            temporary,
            header: None,
        };
        let known = self.known(query)?;
        let prepared = self
            .shared
            .warehouse
            .prepare(&statement, &known)
            .map_err(|refusal| Failure::from(refusal).shifted(start))?;
        self.connection
            .execute(&prepared)
            .map_err(|error| Failure::from(error).shifted(start))?;
        // Redshift tells no number of rows after `create table as`.
        Ok(Answer::done("SELECT"))
    }

    /// Makes a table of declared columns; the sequences of its identity columns are its own.
    fn create_declared(&mut self, text: &str) -> Result<(), Failure> {
        for part in emulating::translate_statements(text, &emulating::NoCatalog)? {
            let mut sql = match part.work {
                Work::Sql(sql) => sql,
                Work::Change { sql, what } => {
                    let mut prepared = Prepared::sql(vec![sql]);
                    prepared.changes = vec![TableChange {
                        statement: 0,
                        range: what.place(0..prepared.sql[0].len()),
                        what,
                    }];
                    self.connection.execute(&prepared)?;
                    continue;
                }
                _ => continue,
            };
            let suffix = uuid::Uuid::new_v4().simple().to_string();
            for at in 0..sql.len() {
                let Some(sequence) = sql[at]
                    .strip_prefix("CREATE SEQUENCE IF NOT EXISTS ")
                    .and_then(|rest| rest.split_once(" START "))
                    .map(|(name, _)| name.to_owned())
                else {
                    continue;
                };
                let own = format!("{}_{suffix}\"", sequence.trim_end_matches('"'));
                for statement in &mut sql {
                    *statement = statement.replace(&sequence, &own);
                }
            }
            let last = sql.len().saturating_sub(1);
            let length = sql.last().map_or(0, String::len);
            let mut prepared = Prepared::sql(sql);
            prepared.source = Some(UserSql {
                text: text.to_owned(),
                statement: last,
                range: 0..length,
            });
            self.connection.execute(&prepared)?;
        }
        Ok(())
    }

    /// Writes down what DuckDB has no place for.
    pub fn record(
        &mut self,
        place: &(String, String),
        kind: &str,
        definition: Option<&str>,
        query: Option<&str>,
        attributes: &Attributes,
    ) -> Result<(), Failure> {
        let state = self.state();
        let (schema, name) = (literal(&place.0), literal(&place.1));
        let null = |text: Option<&str>| text.map_or("null".to_owned(), literal);
        let user = literal(&self.user);
        self.raw(&format!(
            "delete from {state}.relations where schema_name = {schema} and name = {name}"
        ))?;
        self.raw(&format!(
            "insert into {state}.relations values ({schema}, {name}, {}, {}, {}, {user}, {}, {}, {}, {}, {}, {}, {}, now() at time zone 'UTC')",
            literal(kind),
            null(definition),
            null(query),
            null(attributes.diststyle.as_deref()),
            null(attributes.distkey.as_deref()),
            null(attributes.sort_type.as_deref()),
            list_sql(&attributes.sortkeys),
            attributes.backup,
            attributes.auto_refresh,
            encodings_sql(attributes)
        ))?;
        self.record_constraints(place, attributes)?;
        Ok(())
    }

    /// Writes down the informational keys of a table.
    pub fn record_constraints(
        &mut self,
        place: &(String, String),
        attributes: &Attributes,
    ) -> Result<(), Failure> {
        let state = self.state();
        let (schema, name) = (literal(&place.0), literal(&place.1));
        for (number, constraint) in attributes.constraints.iter().enumerate() {
            let suffix = match constraint.kind {
                "primary key" => "pkey".to_owned(),
                "unique" => format!("key{number}"),
                _ => format!("fkey{number}"),
            };
            self.raw(&format!(
                "insert into {state}.constraints values ({schema}, {name}, {}, {}, {}, {})",
                literal(&format!("{}_{suffix}", place.1)),
                literal(constraint.kind),
                list_sql(&constraint.columns),
                literal(&constraint.definition)
            ))?;
        }
        Ok(())
    }

    /// Forgets what was written down.
    pub fn forget(&mut self, schema: &str, name: &str) -> Result<(), Failure> {
        let state = self.state();
        let (schema, name) = (literal(schema), literal(name));
        for sql in [
            format!("delete from {state}.relations where schema_name = {schema} and name = {name}"),
            format!(
                "delete from {state}.constraints where schema_name = {schema} and table_name = {name}"
            ),
            format!("delete from {state}.depends where schema_name = {schema} and name = {name}"),
            format!(
                "delete from {state}.grants where kind = 'table' and schema_name = {schema} and name = {name}"
            ),
        ] {
            self.raw(&sql)?;
        }
        Ok(())
    }

    fn create_schema(&mut self, words: &Words) -> Result<Answer, Failure> {
        let mut at = 2;
        let may = words.are(at, &["if", "not", "exists"]);
        if may {
            at += 3;
        }
        let (mut parts, mut after) = words.name(at);
        if parts.first().is_some_and(|first| first == "authorization") {
            (parts, after) = words.name(at + 1);
        }
        let name = parts.last().cloned().unwrap_or_default();
        if parts.len() == 2 && parts[0] != self.shared.options.database.to_lowercase() {
            return Err(Failure::new(
                "3D000",
                format!("database \"{}\" does not exist", parts[0]),
            ));
        }
        let mut owner = self.user.clone();
        if words.word(after) == "authorization" {
            owner = words.name(after + 1).0.pop().unwrap_or(owner);
        }
        if self.schemas()?.contains(&name) {
            if may {
                self.notices.push((
                    "INFO",
                    format!("schema \"{name}\" already exists, skipping"),
                ));
                return Ok(Answer::done("CREATE SCHEMA"));
            }
            return Err(Failure::new(
                "42P06",
                format!("schema \"{name}\" already exists"),
            ));
        }
        let database = identifier(&self.shared.options.database);
        self.raw(&format!("create schema {database}.{}", identifier(&name)))?;
        let state = self.state();
        self.raw(&format!(
            "insert into {state}.schemas values ({}, {})",
            literal(&name),
            literal(&owner)
        ))?;
        self.apply_search_path()?;
        Ok(Answer::done("CREATE SCHEMA"))
    }

    fn drop_schema(&mut self, words: &Words) -> Result<Answer, Failure> {
        let mut at = 2;
        let may = words.are(at, &["if", "exists"]);
        if may {
            at += 2;
        }
        let (parts, after) = words.name(at);
        let name = parts.last().cloned().unwrap_or_default();
        let cascade = words.word(after) == "cascade";
        if !self.schemas()?.contains(&name) {
            if may {
                self.notices.push((
                    "INFO",
                    format!("schema \"{name}\" does not exist, skipping"),
                ));
                return Ok(Answer::done("DROP SCHEMA"));
            }
            return Err(Failure::new(
                "3F000",
                format!("schema \"{name}\" does not exist"),
            ));
        }
        let inside = self.texts(&format!(
            "select relname, sort from __pg.main.relations where nspname = {} and sort <> 'storage'",
            literal(&name)
        ))?;
        if !inside.is_empty() && !cascade {
            return Err(Failure::new(
                "2BP01",
                format!("cannot drop schema {name} because other objects depend on it"),
            )
            .hint("Use DROP ... CASCADE to drop the dependent objects too."));
        }
        for row in inside {
            let parts = [name.clone(), row[0].to_lowercase()];
            if let Some(found) = self.existing(&parts)? {
                self.drop_existing(&found, true)?;
            }
        }
        let database = identifier(&self.shared.options.database);
        self.raw(&format!(
            "drop schema {database}.{} cascade",
            identifier(&name)
        ))?;
        let state = self.state();
        self.raw(&format!(
            "delete from {state}.schemas where name = {}",
            literal(&name)
        ))?;
        self.apply_search_path()?;
        Ok(Answer::done("DROP SCHEMA"))
    }

    fn alter_schema(&mut self, words: &Words) -> Result<Answer, Failure> {
        let (parts, at) = words.name(2);
        let name = parts.last().cloned().unwrap_or_default();
        if words.are(at, &["owner", "to"]) {
            let owner = words.name(at + 2).0.pop().unwrap_or_default();
            let state = self.state();
            self.raw(&format!(
                "delete from {state}.schemas where name = {}",
                literal(&name)
            ))?;
            self.raw(&format!(
                "insert into {state}.schemas values ({}, {})",
                literal(&name),
                literal(&owner)
            ))?;
            return Ok(Answer::done("ALTER SCHEMA"));
        }
        if words.word(at) == "quota" {
            return Ok(Answer::done("ALTER SCHEMA"));
        }
        Err(Failure::not_emulated("renaming a schema"))
    }

    fn drop_relations(&mut self, words: &Words) -> Result<Answer, Failure> {
        let (kind, mut at) = match words.word(1).as_str() {
            "materialized" => ("materialized view", 3),
            "view" => ("view", 2),
            _ => ("table", 2),
        };
        let may = words.are(at, &["if", "exists"]);
        if may {
            at += 2;
        }
        let mut names = Vec::new();
        loop {
            let (parts, after) = words.name(at);
            if parts.is_empty() {
                break;
            }
            names.push(parts);
            at = after;
            if !words.is(at, &Token::Comma) {
                break;
            }
            at += 1;
        }
        let cascade = words.word(at) == "cascade";
        for parts in names {
            let said = parts.last().cloned().unwrap_or_default();
            let first = kind[..1].to_uppercase() + &kind[1..];
            let Some(found) = self.existing(&parts)? else {
                if may {
                    self.notices.push((
                        "INFO",
                        format!("{first} \"{said}\" does not exist and will be skipped"),
                    ));
                    continue;
                }
                return Err(Failure::new(
                    "42P01",
                    format!("{first} \"{said}\" does not exist"),
                ));
            };
            if found.kind() != kind {
                return Err(
                    Failure::new("42809", format!("\"{said}\" is not a {kind}")).hint(format!(
                        "Use DROP {} to remove a {}.",
                        found.kind().to_uppercase(),
                        found.kind()
                    )),
                );
            }
            self.drop_existing(&found, cascade)?;
        }
        Ok(Answer::done(format!("DROP {}", kind.to_uppercase())))
    }

    /// Drops a table or view, and with `cascade` what stands on it.
    pub fn drop_existing(&mut self, found: &Existing, cascade: bool) -> Result<(), Failure> {
        let dependents = self.dependents(found)?;
        if !dependents.is_empty() && !cascade {
            let detail: Vec<String> = dependents
                .iter()
                .map(|view| {
                    format!(
                        "{} {}.{} depends on {} {}.{}",
                        view.kind(),
                        view.schema,
                        view.name,
                        found.kind(),
                        found.schema,
                        found.name
                    )
                })
                .collect();
            return Err(Failure::new(
                "2BP01",
                format!(
                    "cannot drop {} {} because other objects depend on it",
                    found.kind(),
                    found.name
                ),
            )
            .detail(detail.join("\n"))
            .hint("Use DROP ... CASCADE to drop the dependent objects too."));
        }
        for view in dependents {
            self.notices.push((
                "NOTICE",
                format!("drop cascades to {} {}", view.kind(), view.name),
            ));
            self.drop_existing(&view, true)?;
        }
        let word = if found.is_view() { "view" } else { "table" };
        self.raw(&format!("drop {word} if exists {}", found.sql()))?;
        self.forget(&found.schema, &found.name)
    }

    /// The bound views that stand on a table or view.
    pub fn dependents(&mut self, found: &Existing) -> Result<Vec<Existing>, Failure> {
        let state = self.state();
        let rows = self.texts(&format!(
            "select distinct schema_name, name from {state}.depends where on_schema = {} and on_name = {} order by 1, 2",
            literal(&found.schema),
            literal(&found.name)
        ))?;
        let mut dependents = Vec::new();
        for row in rows {
            dependents.extend(self.existing(&row)?);
        }
        Ok(dependents)
    }
}
