//! `create`: schemas, tables, views.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    ColumnDef, ColumnOption, CreateTable, CreateTableLikeDefaults, CreateTableLikeKind,
    CreateTableOptions, CreateView, ObjectName, Spanned, Statement, TableConstraint, Visit,
    Visitor,
};
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::Part;
use super::attributes::{said, word};
use crate::adapter::emulating::translator::fold;
use crate::adapter::emulating::types::Type;
use crate::adapter::emulating::{
    Translated, Work, bound_late, catalog_type, check_width, create_table_columns, duckdb_type,
    identifier, postgres,
};
use crate::adapter::statement::ColumnDefinition;
use crate::adapter::{ChangeOfTable, Refusal};
use crate::relation::{KnownColumn, Relation};

impl Part<'_> {
    pub(super) fn create_schema(&mut self) -> Result<Work, Refusal> {
        let mut at = 2;
        let if_not_exists = self.code.get(at).and_then(word).as_deref() == Some("if");
        if if_not_exists {
            at += 3;
        }
        let Some(Token::Word(name)) = self.code.get(at).map(|token| &token.token) else {
            return Err(self.not_redshift("`create schema` needs a name", ""));
        };
        if self.code.get(at).and_then(word).as_deref() == Some("authorization") {
            return Err(self.unsupported(
                "a schema with the name of its owner is not emulated",
                "there are no users here",
                "write `create schema name authorization owner`",
            ));
        }
        let sql = format!(
            "CREATE SCHEMA {}{}",
            if if_not_exists { "IF NOT EXISTS " } else { "" },
            identifier(&name.value)
        );
        match self.code.get(at + 1).and_then(word).as_deref() {
            None => {}
            Some("authorization" | "quota") => {
                let rest = said(&self.code[at + 1..]);
                self.dropping_at(rest);
            }
            Some(_) => {
                return Err(self.unsupported(
                    "this `create schema` is not emulated",
                    "its options are not known here",
                    "",
                ));
            }
        }
        Ok(Work::Sql(vec![sql]))
    }

    pub(super) fn create(&mut self) -> Result<Work, Refusal> {
        let mut tokens = self.stripped();
        let names = names_before_as(&mut tokens);
        match self.parse(tokens)? {
            Statement::CreateTable(create) => self.create_table(&create, &names),
            Statement::CreateView(create) => self.create_view(&create),
            _ => Err(self.unsupported(
                &format!(
                    "`create {}` is not emulated",
                    self.code.get(1).and_then(word).unwrap_or_default()
                ),
                "only schemas, tables and views are made here",
                "",
            )),
        }
    }

    fn within_width(&self, columns: usize) -> Result<(), Refusal> {
        check_width(columns).map_err(|refusal| Refusal {
            range: self.translator.range(self.first_span()),
            ..refusal
        })
    }

    fn create_table(&mut self, create: &CreateTable, names: &[String]) -> Result<Work, Refusal> {
        let unknown = create.or_replace
            || create.external
            || create.unlogged
            || create.transient
            || create.clone.is_some()
            || create.table_options != CreateTableOptions::None
            || create.on_commit.is_some()
            || create.inherits.is_some()
            || create.partition_by.is_some()
            || create.cluster_by.is_some()
            || create.global == Some(true)
            || create.comment.is_some()
            || create.strict
            || create.without_rowid
            || create.with_data.is_some();
        if unknown {
            return Err(self.not_redshift(
                "this `create table` is not one of Redshift's",
                "write `create table [if not exists] name (…)`",
            ));
        }
        self.within_width(create.columns.len())?;
        if let [part] = create.name.0.as_slice()
            && let Some(name) = part.as_ident()
        {
            self.translator.is_free(name)?;
        }
        let name = self.translator.table_name(&create.name)?;
        let temporary = create.temporary
            || create
                .name
                .0
                .last()
                .and_then(|part| part.as_ident())
                .is_some_and(|name| name.value.starts_with('#'));
        if temporary && create.name.0.len() > 1 {
            return Err(self.translator.not_redshift(
                create.name.span(),
                "a temporary table has no schema",
                "leave the schema out",
            ));
        }
        if let Some(like) = &create.like {
            return self.create_like(create, like, temporary);
        }
        let lead = format!(
            "CREATE {}TABLE {}{name}",
            if temporary { "TEMPORARY " } else { "" },
            if create.if_not_exists {
                "IF NOT EXISTS "
            } else {
                ""
            }
        );
        if let Some(query) = &create.query {
            // <https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_AS.html>
            if create.if_not_exists {
                return Err(self.translator.not_redshift(
                    create.name.span(),
                    "`create table … as` takes no `if not exists`",
                    "write `drop table if exists …` before it",
                ));
            }
            if !create.columns.is_empty() {
                return Err(self.unsupported(
                    "column names before `as` are not emulated",
                    "DuckDB takes them from the query",
                    "name the columns in the query",
                ));
            }
            let mut query = self.query(query)?;
            if !names.is_empty() {
                self.rename(&mut query, names)?;
            }
            self.within_width(query.columns.as_ref().map_or(0, Vec::len))?;
            let keys = self.within_limits(&create.name, query.columns.as_deref())?;
            self.makes(&create.name, create.if_not_exists, query.columns.clone())?;
            if let Some(left) = self.left.last_mut() {
                left.keys = keys;
            }
            return Ok(Work::CreateTableAs {
                create: format!("{lead} AS"),
                query,
            });
        }
        self.constraints(&create.constraints)?;
        let relation = self.relation(&create.name)?;
        let mut columns = self.columns(&create.columns)?;
        for column in &mut columns {
            column.not_null |= in_primary_key(&create.constraints, &column.name);
        }
        let made = columns.iter().map(|column| KnownColumn {
            name: column.name.clone(),
            data_type: Some(column.data_type.clone()),
        });
        let made: Vec<KnownColumn> = made.collect();
        let keys = self.within_limits(&create.name, Some(&made))?;
        self.makes(&create.name, create.if_not_exists, Some(made))?;
        let own = columns
            .iter()
            .filter(|column| column.identity.is_some() && !column.by_default);
        let identities: Vec<String> = own.map(|column| column.name.clone()).collect();
        if let Some(left) = self.left.last_mut() {
            left.identities = identities;
            left.keys = keys;
        }
        let sql = if self.translator.on_postgres() {
            postgres::table_columns(&columns)
        } else {
            create_table_columns(&relation, &columns)
        };
        let sql = sql.map_err(|refusal| self.at_type(refusal))?;
        self.dropped.extend(sql.dropped);
        let mut statements = sql.before;
        statements.push(format!("{lead} ({})", sql.columns.join(", ")));
        Ok(Work::Sql(statements))
    }

    /// `create table t (like u [including defaults])`.
    fn create_like(
        &mut self,
        create: &CreateTable,
        like: &CreateTableLikeKind,
        temporary: bool,
    ) -> Result<Work, Refusal> {
        let CreateTableLikeKind::Parenthesized(of) = like else {
            return Err(self.not_redshift(
                "`like` stands in parentheses",
                "write `create table t (like u)`",
            ));
        };
        let kind = if temporary { "TEMPORARY " } else { "" };
        let may = if create.if_not_exists {
            "IF NOT EXISTS "
        } else {
            ""
        };
        let defaults = of.defaults == Some(CreateTableLikeDefaults::Including);
        let including = if defaults { " INCLUDING DEFAULTS" } else { "" };
        let (name, other) = (
            self.translator.table_name(&create.name)?,
            self.translator.table_name(&of.name)?,
        );
        let sql = format!("CREATE {kind}TABLE {may}{name} (LIKE {other}{including})");
        let mut parts = self.translator.parts(&of.name)?;
        let table = parts.pop().unwrap_or_default();
        let known = self
            .translator
            .catalog
            .columns(parts.pop().as_deref(), &table);
        let known = known.map(|columns| {
            let typed = |(name, ty): (String, Option<Type>)| KnownColumn {
                name,
                data_type: ty.map(|ty| ty.to_string()),
            };
            columns.into_iter().map(typed).collect()
        });
        self.makes(&create.name, create.if_not_exists, known)?;
        if self.translator.on_postgres() {
            return Ok(Work::Sql(vec![sql]));
        }
        let mut table = self.relation(&create.name)?;
        if temporary {
            table.schema = String::new();
        }
        let what = ChangeOfTable::Like {
            table,
            of: self.relation(&of.name)?,
            temporary,
            if_not_exists: create.if_not_exists,
            defaults,
        };
        Ok(Work::Change { sql, what })
    }

    /// Gives the columns of a query the names that stand before it: `create table t (a, b) as select …`.
    fn rename(&self, query: &mut Translated, names: &[String]) -> Result<(), Refusal> {
        if let Some(columns) = &mut query.columns {
            if columns.len() != names.len() {
                return Err(self.not_redshift(
                    &format!(
                        "{} names stand before a query of {} columns",
                        names.len(),
                        columns.len()
                    ),
                    "name each column of the query",
                ));
            }
            for (column, name) in columns.iter_mut().zip(names) {
                column.name.clone_from(name);
            }
        }
        let named: Vec<String> = names.iter().map(|name| identifier(name)).collect();
        query.sql = format!(
            "SELECT * FROM ({}) AS __rs_named({})",
            query.sql,
            named.join(", ")
        );
        Ok(())
    }

    /// Notes the columns of a new table. Whether `if not exists` makes one, nobody can tell here.
    fn makes(
        &mut self,
        name: &ObjectName,
        if_not_exists: bool,
        columns: Option<Vec<KnownColumn>>,
    ) -> Result<(), Refusal> {
        match if_not_exists {
            true => Ok(()),
            false => self.leaves(name, columns),
        }
    }

    /// Points a refused type at its place in the text.
    pub(super) fn at_type(&self, refusal: Refusal) -> Refusal {
        let named = refusal
            .message
            .split('`')
            .nth(1)
            .unwrap_or_default()
            .to_lowercase();
        let text = self.translator.text.to_ascii_lowercase();
        let place = text
            .get(self.range.clone())
            .and_then(|part| part.find(&named))
            .map(|at| self.range.start + at..self.range.start + at + named.len());
        Refusal {
            range: refusal.range.or(place).or(Some(self.range.clone())),
            ..refusal
        }
    }

    pub(super) fn relation(&self, name: &ObjectName) -> Result<Relation, Refusal> {
        let mut parts = self.translator.parts(name)?;
        let table = parts.pop().unwrap_or_default();
        Ok(Relation::new(parts.pop().unwrap_or_default(), table))
    }

    fn constraints(&mut self, constraints: &[TableConstraint]) -> Result<(), Refusal> {
        for constraint in constraints {
            match constraint {
                TableConstraint::PrimaryKey(_)
                | TableConstraint::Unique(_)
                | TableConstraint::ForeignKey(_) => {
                    self.dropping_at(constraint.to_string().to_lowercase());
                }
                _ => {
                    return Err(self.translator.not_redshift(
                        constraint.span(),
                        "this constraint is not one of Redshift's",
                        "test it with a data test",
                    ));
                }
            }
        }
        Ok(())
    }

    pub(super) fn columns(
        &mut self,
        columns: &[ColumnDef],
    ) -> Result<Vec<ColumnDefinition>, Refusal> {
        columns.iter().map(|column| self.column(column)).collect()
    }

    fn column(&mut self, column: &ColumnDef) -> Result<ColumnDefinition, Refusal> {
        self.translator.is_free(&column.name)?;
        let mut definition =
            ColumnDefinition::new(fold(&column.name), column.data_type.to_string());
        for option in &column.options {
            match &option.option {
                ColumnOption::Null => {}
                ColumnOption::NotNull => definition.not_null = true,
                ColumnOption::Default(value) => {
                    // The place of a call ends at its name: only a literal is taken as it was written, with its escapes.
                    let literal = matches!(value, sqlparser::ast::Expr::Value(_));
                    let range = self.translator.range_of(value).filter(|_| literal);
                    definition.default = range.map(|range| self.translator.text[range].to_owned());
                    if definition.default.as_deref().is_none_or(str::is_empty) {
                        definition.default = Some(value.to_string());
                    }
                }
                ColumnOption::PrimaryKey(_) => definition.primary_key = true,
                ColumnOption::Unique(_) => definition.unique = true,
                ColumnOption::ForeignKey(key) => {
                    self.dropping_at(format!(
                        "references {} ({})",
                        key.foreign_table, column.name
                    ));
                }
                ColumnOption::DialectSpecific(tokens) => self.attribute(&mut definition, tokens)?,
                ColumnOption::Identity(_) => definition.identity = Some((1, 1)),
                _ => {
                    return Err(self.translator.not_redshift(
                        column.name.span,
                        format!(
                            "the option `{}` of a column is not one of Redshift's",
                            option.option
                        ),
                        "",
                    ));
                }
            }
        }
        Ok(definition)
    }

    /// `distkey`, `sortkey`, `encode x`, `identity(seed, step)` after a column.
    fn attribute(
        &mut self,
        column: &mut ColumnDefinition,
        tokens: &[Token],
    ) -> Result<(), Refusal> {
        let words: Vec<String> = tokens
            .iter()
            .map(|token| token.to_string().to_lowercase())
            .collect();
        match words
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .as_slice()
        {
            [name @ ("distkey" | "sortkey")] => {
                self.dropping_at(format!("{name} ({})", column.name))
            }
            ["encode", encoding] => column.encode = Some((*encoding).to_owned()),
            [lead @ .., "identity", "(", seed, ",", step, ")"]
                if matches!(lead, [] | ["generated", "by", "default", "as"]) =>
            {
                column.by_default = !lead.is_empty();
                let (Ok(seed), Ok(step)) = (seed.parse(), step.parse()) else {
                    return Err(self.not_redshift(
                        "`identity` takes two whole numbers",
                        "write `identity(0, 1)`",
                    ));
                };
                if let Ok(kind) = duckdb_type(&column.data_type)
                    && !matches!(kind.redshift, Type::Int4 | Type::Int8)
                {
                    return Err(self.not_redshift(
                        &format!(
                            "the identity column `{}` is of type {}",
                            column.name, kind.redshift
                        ),
                        "make it `int` or `bigint`",
                    ));
                }
                column.identity = Some((seed, step));
            }
            _ => {
                return Err(self.not_redshift(
                    &format!("`{}` is not an attribute of a column", words.join(" ")),
                    "",
                ));
            }
        }
        Ok(())
    }

    fn create_view(&mut self, create: &CreateView) -> Result<Work, Refusal> {
        let unknown = create.materialized
            || create.secure
            || create.or_alter
            || create.temporary
            || create.to.is_some()
            || create.options != CreateTableOptions::None
            || create.comment.is_some()
            || create.params.is_some();
        if unknown {
            return Err(self.not_redshift(
                "this `create view` is not one of Redshift's",
                "write `create [or replace] view name as …`",
            ));
        }
        let name = self.translator.table_name(&create.name)?;
        let columns = if create.columns.is_empty() {
            String::new()
        } else {
            let names: Vec<String> = create
                .columns
                .iter()
                .map(|column| identifier(&column.name.value))
                .collect();
            format!(" ({})", names.join(", "))
        };
        let late = self
            .dropped
            .iter()
            .any(|part| part == "with no schema binding");
        if late {
            self.names_schemas(&create.query)?;
        }
        let query = self.query(&create.query)?;
        let made = query.columns.clone().filter(|_| create.columns.is_empty());
        if let Some(made) = made.as_ref().filter(|_| create.or_replace && !late) {
            self.same_columns(&create.name, made)?;
        }
        self.leaves(&create.name, made)?;
        let replace = if create.or_replace { "OR REPLACE " } else { "" };
        let exists = if create.if_not_exists {
            "IF NOT EXISTS "
        } else {
            ""
        };
        let query = match late && !self.translator.on_postgres() {
            true => bound_late(&query.sql),
            false => query.sql,
        };
        Ok(Work::Sql(vec![format!(
            "CREATE {replace}VIEW {exists}{name}{columns} AS {query}"
        )]))
    }

    /// Refuses a view without schema binding that reads a table without its schema:
    /// <https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_VIEW.html>.
    fn names_schemas(&self, query: &sqlparser::ast::Query) -> Result<(), Refusal> {
        let mut reads = Reads::default();
        let _ = query.visit(&mut reads);
        let mut without = reads.relations.iter().filter(|name| name.0.len() == 1);
        let missing = without.find(|name| {
            let part = name.0.first().and_then(|part| part.as_ident()).map(fold);
            part.is_some_and(|name| !reads.own.contains(&name))
        });
        match missing {
            None => Ok(()),
            Some(name) => Err(self.translator.not_redshift(
                name.span(),
                format!("a view with no schema binding reads `{name}` without its schema"),
                "write the schema before the name",
            )),
        }
    }

    /// Refuses to put a view in the place of one with other columns:
    /// <https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_VIEW.html>.
    fn same_columns(&self, name: &ObjectName, made: &[KnownColumn]) -> Result<(), Refusal> {
        let mut parts = self.translator.parts(name)?;
        let view = parts.pop().unwrap_or_default();
        let schema = parts.pop();
        let Some(old) = self.translator.catalog.columns(schema.as_deref(), &view) else {
            return Ok(());
        };
        let differs = |((old, of), new): (&(String, Option<Type>), &KnownColumn)| {
            let now = new.data_type.as_deref().and_then(catalog_type);
            let exact = |ty: Type| !(ty.is_text() || ty.is_number() && !ty.is_integer());
            let other = |(old, new): (Type, Type)| {
                old != new && (exact(old) || exact(new)) && old != Type::Null && new != Type::Null
            };
            !old.eq_ignore_ascii_case(&new.name) || of.zip(now).is_some_and(other)
        };
        if old.len() == made.len() && !old.iter().zip(made).any(differs) {
            return Ok(());
        }
        Err(self.translator.not_redshift(
            name.span(),
            format!(
                "`{view}` is there with other columns, and `or replace` keeps a view's columns"
            ),
            "drop it first",
        ))
    }
}

/// Takes the list of names out that stands before the query of a `create table … as`: the parser wants types there.
fn names_before_as(tokens: &mut Vec<TokenWithSpan>) -> Vec<String> {
    let Some(open) = tokens.iter().position(|token| token.token == Token::LParen) else {
        return Vec::new();
    };
    let mut names = Vec::new();
    let mut at = open + 1;
    while let Some(Token::Word(name)) = tokens.get(at).map(|token| &token.token) {
        names.push(name.value.to_lowercase());
        match tokens.get(at + 1).map(|token| &token.token) {
            Some(Token::Comma) => at += 2,
            Some(Token::RParen) => break,
            _ => return Vec::new(),
        }
    }
    let before: Vec<String> = tokens[..open].iter().filter_map(word).collect();
    let says = |name: &str| before.iter().any(|word| word == name);
    // A view keeps its names, and a parenthesis behind `as` is one of the query.
    if !says("table")
        || says("view")
        || says("as")
        || tokens.get(at + 2).and_then(word).as_deref() != Some("as")
    {
        return Vec::new();
    }
    tokens.drain(open..at + 2);
    names
}

/// Whether a column is part of the primary key that stands behind the columns: then it holds no NULL.
fn in_primary_key(constraints: &[TableConstraint], column: &str) -> bool {
    constraints.iter().any(|constraint| match constraint {
        TableConstraint::PrimaryKey(key) => {
            let mut columns = key.columns.iter();
            columns.any(|key| matches!(&key.column.expr, sqlparser::ast::Expr::Identifier(name) if fold(name) == column))
        }
        _ => false,
    })
}

/// The relations that a query reads, and the names that it gives itself.
#[derive(Default)]
struct Reads {
    relations: Vec<ObjectName>,
    own: BTreeSet<String>,
}

impl Visitor for Reads {
    type Break = ();

    fn pre_visit_query(&mut self, query: &sqlparser::ast::Query) -> ControlFlow<()> {
        let ctes = query.with.iter().flat_map(|with| &with.cte_tables);
        self.own.extend(ctes.map(|cte| fold(&cte.alias.name)));
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &sqlparser::ast::TableFactor) -> ControlFlow<()> {
        if let sqlparser::ast::TableFactor::Table {
            name,
            alias: Some(alias),
            ..
        } = factor
            && name.0.len() > 1
        {
            // The elements of an array are read by the name that they were given.
            self.own.insert(fold(&alias.name));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        self.relations.push(relation.clone());
        ControlFlow::Continue(())
    }
}
