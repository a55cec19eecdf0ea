//! What stands in `from`: tables by name, derived tables, arrays.

use sqlparser::ast::{Expr, Ident, ObjectName, Spanned, TableAlias, TableFactor};
use sqlparser::tokenizer::Span;

use super::{QuerySql, join, renamed};
use crate::adapter::Refusal;
use crate::adapter::emulating::translator::{Named, Translator, Visible, fold, is_elements, quote};
use crate::adapter::emulating::types::Type;
use crate::adapter::emulating::{identifier, json};

/// The name of a table in a query, and the names it gives to its columns.
pub(super) type Alias = (String, Vec<String>);

impl Translator<'_> {
    pub fn table_factor(&mut self, factor: &TableFactor) -> Result<String, Refusal> {
        match factor {
            TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
            } => {
                if args.is_some() {
                    return Err(self.table_function(name, factor.span()));
                }
                if let Some(path) = json_path {
                    return self.unnest_path(name, path, alias.as_ref());
                }
                if !with_hints.is_empty()
                    || version.is_some()
                    || *with_ordinality
                    || !partitions.is_empty()
                    || sample.is_some()
                    || !index_hints.is_empty()
                {
                    return Err(self.not_redshift(
                        factor.span(),
                        "this is not a part of Redshift's `from`",
                        "",
                    ));
                }
                let parts = self.parts(name)?;
                if let [element] = parts.as_slice()
                    && self.is_array_of(element)
                {
                    let source = json::path_text(&[element, element], &[]);
                    return self.unnest(&source, alias.as_ref(), factor.span());
                }
                if self.is_path(&parts) {
                    let source = json::path_text(&[&parts[0], &parts[1]], &parts[2..]);
                    return self.unnest(&source, alias.as_ref(), factor.span());
                }
                self.table(name, alias.as_ref())
            }
            TableFactor::Derived {
                lateral,
                subquery,
                alias,
                sample,
            } => {
                if *lateral || sample.is_some() {
                    return Err(self.not_redshift(
                        factor.span(),
                        "`lateral` is not a part of Redshift's `from`",
                        "join on a condition, or use a window function",
                    ));
                }
                let inner = self.part(QuerySql::refused(), |translator| {
                    translator.apart(|translator| translator.query(subquery))
                })?;
                if inner.into.is_some() {
                    return Err(self.not_redshift(
                        factor.span(),
                        "`select … into` stands inside another query",
                        "",
                    ));
                }
                let (alias, columns) = self.alias(alias.as_ref(), inner.columns)?;
                let name = alias
                    .as_ref()
                    .map(|(name, _)| name.clone())
                    .unwrap_or_default();
                self.scope().tables.push(Visible {
                    alias: name,
                    columns,
                });
                if alias.is_none() && self.on_postgres() {
                    // PostgreSQL before version 16 wants a name.
                    let at = self.scope().tables.len();
                    return Ok(format!("({}) AS __rs_t{at}", inner.text));
                }
                Ok(format!("({}){}", inner.text, alias_text(alias)))
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias,
            } => {
                if alias.is_some() {
                    return Err(self.not_redshift(
                        factor.span(),
                        "a join in parentheses has no alias",
                        "",
                    ));
                }
                Ok(format!("({})", self.table_with_joins(table_with_joins)?))
            }
            TableFactor::Pivot { .. } if self.on_postgres() => {
                Err(self.not_on_postgres(factor.span(), "`pivot`"))
            }
            TableFactor::Unpivot { .. } if self.on_postgres() => {
                Err(self.not_on_postgres(factor.span(), "`unpivot`"))
            }
            TableFactor::Pivot { .. } => self.pivot(factor),
            TableFactor::Unpivot { .. } => self.unpivot(factor),
            TableFactor::Function { name, .. } => Err(self.table_function(name, factor.span())),
            TableFactor::UnpivotExpr { .. } if self.on_postgres() => {
                Err(self.not_on_postgres(factor.span(), "`unpivot` of an object"))
            }
            TableFactor::UnpivotExpr {
                expression,
                value_alias,
                attribute_alias,
            } => self.unpivot_object(expression, value_alias, attribute_alias.as_ref()),
            _ => {
                Err(self.not_redshift(factor.span(), "this is not a part of Redshift's `from`", ""))
            }
        }
    }

    /// Whether a name in `from` steps into an array of a table before it (`from t, t.items`), and names no table of its own: an
    /// alias may well be called as the database or a schema is.
    fn is_path(&mut self, parts: &[String]) -> bool {
        let [first, column, ..] = parts else {
            return false;
        };
        let mut tables = self.scope().tables.iter();
        let Some(table) = tables.find(|table| &table.alias == first) else {
            return false;
        };
        match &table.columns {
            Some(columns) => columns.iter().any(|(name, ty)| {
                name == column && ty.is_none_or(|ty| ty == Type::Super)
                    || name == first && *ty == Some(Type::Super) && is_elements(columns, first)
            }),
            None => {
                let named = parts.len() == 3
                    && self
                        .catalog
                        .database()
                        .is_some_and(|name| name.eq_ignore_ascii_case(first));
                let at = parts.len() - 2;
                let schema = Some(parts[at].as_str());
                !named && self.catalog.columns(schema, &parts[at + 1]).is_none()
            }
        }
    }

    /// A list of names has no more than there are columns.
    pub(super) fn no_more_names(
        &self,
        columns: Option<&[Named]>,
        alias: &TableAlias,
    ) -> Result<(), Refusal> {
        let surplus = columns.and_then(|columns| alias.columns.get(columns.len()));
        match surplus {
            Some(name) => Err(self.not_redshift(
                name.name.span,
                format!(
                    "no column of the query is left for the name `{}`",
                    fold(&name.name)
                ),
                "name each column once",
            )),
            None => Ok(()),
        }
    }

    pub(super) fn table_function(&self, name: &ObjectName, span: Span) -> Refusal {
        let called = name.to_string().to_lowercase();
        let help = match called.as_str() {
            "ref" | "source" => format!("write it in braces: `{{{{ {called}(…) }}}}`"),
            _ => "build the rows with `with recursive`, or keep them in a seed".to_owned(),
        };
        Refusal {
            help: Some(help),
            ..self.unsupported(
                span,
                format!(
                    "the table function `{}` is not emulated",
                    name.to_string().to_lowercase()
                ),
                "on Redshift such functions run on the leader node only, apart from tables",
            )
        }
    }

    pub(super) fn table(
        &mut self,
        name: &ObjectName,
        alias: Option<&TableAlias>,
    ) -> Result<String, Refusal> {
        let text = self.table_name(name)?;
        if let [part] = name.0.as_slice()
            && let Some(name) = part.as_ident()
        {
            self.is_free(name)?;
        }
        let parts = self.parts(name)?;
        let table = parts.last().cloned().unwrap_or_default();
        let schema = parts.len().checked_sub(2).map(|at| parts[at].as_str());
        let columns = match schema {
            None => self
                .ctes
                .iter()
                .rev()
                .find(|(cte, _)| *cte == table)
                .map(|(_, columns)| columns.clone()),
            Some(_) => None,
        }
        .unwrap_or_else(|| {
            self.catalog.columns(schema, &table).map(|columns| {
                columns
                    .into_iter()
                    .map(|(name, ty)| (name.to_lowercase(), ty))
                    .collect()
            })
        });
        let (alias, columns) = self.alias(alias, columns)?;
        self.scope().tables.push(Visible {
            alias: alias.as_ref().map_or(table, |(name, _)| name.clone()),
            columns,
        });
        Ok(format!("{text}{}", alias_text(alias)))
    }

    pub(super) fn alias(
        &self,
        alias: Option<&TableAlias>,
        columns: Option<Vec<Named>>,
    ) -> Result<(Option<Alias>, Option<Vec<Named>>), Refusal> {
        let Some(alias) = alias else {
            return Ok((None, columns));
        };
        self.is_name(&alias.name)?;
        self.is_free(&alias.name)?;
        if alias.at.is_some() {
            return Err(self.unsupported(
                alias.name.span,
                "`at` is not emulated",
                "the position of an element in an array is not known here",
            ));
        }
        let names: Vec<String> = alias
            .columns
            .iter()
            .map(|column| fold(&column.name))
            .collect();
        self.no_more_names(columns.as_deref(), alias)?;
        Ok((
            Some((fold(&alias.name), names.clone())),
            renamed(columns, &names),
        ))
    }

    /// `from t, t.array as element`: the elements of a `super` array as rows.
    pub(super) fn unnest(
        &mut self,
        source: &str,
        alias: Option<&TableAlias>,
        span: Span,
    ) -> Result<String, Refusal> {
        if self.on_postgres() {
            return Err(self.not_on_postgres(span, "an array in `from`"));
        }
        let Some(alias) = alias.filter(|alias| alias.columns.is_empty()) else {
            return Err(self.unsupported(
                span,
                "an array in `from` needs one alias",
                "its elements are rows of one column of that name",
            ));
        };
        let place = alias.at.as_ref().map(|at| (at, Type::Int8));
        let (name, at) = self.show_elements(&alias.name, place);
        let array = format!("from_json({source}, '[\"JSON\"]')");
        let place = at.map_or_else(String::new, |at| {
            format!(", generate_subscripts({array}, 1) - 1 AS {at}")
        });
        Ok(format!(
            "LATERAL (SELECT unnest({array}) AS {name}{place}) AS {name}"
        ))
    }

    /// `from t, unpivot t.object as value at attribute`: the attributes of a `super` object as rows.
    ///
    /// <https://docs.aws.amazon.com/redshift/latest/dg/query-super.html>, "Object unpivoting".
    fn unpivot_object(
        &mut self,
        object: &Expr,
        value: &Ident,
        attribute: Option<&Ident>,
    ) -> Result<String, Refusal> {
        let span = object.span();
        let object = self.expr(object)?;
        if object.ty.is_some_and(|ty| ty != Type::Super) {
            return Err(self.not_redshift(
                span,
                "`unpivot` in `from` takes a `super` value",
                "write `from t, unpivot t.object as value at attribute`",
            ));
        }
        let (name, at) = self.show_elements(value, attribute.map(|name| (name, Type::Text)));
        let attribute = at.map_or_else(String::new, |at| format!(", key AS {at}"));
        let x = object.text;
        Ok(format!(
            "LATERAL (SELECT value AS {name}{attribute} FROM json_each(CASE WHEN json_type({x}) = 'OBJECT' THEN {x} END)) AS {name}"
        ))
    }

    /// Makes the names known under which the elements of an array and their places stand, and gives them in DuckDB's quotes.
    fn show_elements(
        &mut self,
        alias: &Ident,
        at: Option<(&Ident, Type)>,
    ) -> (String, Option<String>) {
        let name = fold(alias);
        let mut columns = vec![(name.clone(), Some(Type::Super))];
        columns.extend(at.map(|(at, ty)| (fold(at), Some(ty))));
        self.scope().tables.push(Visible {
            alias: name.clone(),
            columns: Some(columns),
        });
        (identifier(&name), at.map(|(at, _)| quote(at)))
    }

    /// Whether a name in `from` is that of the elements of an array before it, each of which is an array itself.
    fn is_array_of(&mut self, name: &str) -> bool {
        let of = |table: &&Visible| table.alias == name;
        let tables = &self.scope().tables;
        let columns = tables
            .iter()
            .find(of)
            .and_then(|table| table.columns.as_ref());
        columns.is_some_and(|columns| is_elements(columns, name))
    }

    pub(super) fn unnest_path(
        &mut self,
        name: &ObjectName,
        path: &sqlparser::ast::JsonPath,
        alias: Option<&TableAlias>,
    ) -> Result<String, Refusal> {
        let span = name.span();
        let parts = self.parts(name)?;
        let source = self.json_path(&parts, path, span)?;
        self.unnest(&source, alias, span)
    }

    /// The parts of a name, folded.
    pub fn parts(&self, name: &ObjectName) -> Result<Vec<String>, Refusal> {
        name.0
            .iter()
            .map(|part| {
                part.as_ident().map(fold).ok_or_else(|| {
                    self.not_redshift(name.span(), format!("`{name}` is not a name"), "")
                })
            })
            .collect()
    }

    /// A table's name in DuckDB's SQL. The database is left out, because a local run has one, but where the schema has its name too.
    pub fn table_name(&self, name: &ObjectName) -> Result<String, Refusal> {
        let parts = self.parts(name)?;
        let refuse = |message: String, reason: &str| self.unsupported(name.span(), message, reason);
        if parts.len() > 3 {
            return Err(refuse(
                format!("`{name}` has too many parts"),
                "a table is database.schema.table",
            ));
        }
        let table = parts.last().cloned().unwrap_or_default();
        let schema = parts.len().checked_sub(2).map(|at| parts[at].as_str());
        if schema.is_some_and(|schema| {
            matches!(
                schema,
                "information_schema" | "pg_catalog" | "sys" | "pg_internal"
            )
        }) || (schema.is_none() && is_system_table(&table))
        {
            return Err(refuse(
                format!("the system table `{table}` is not emulated"),
                "it describes a cluster, and there is none here",
            ));
        }
        if is_file(&table) {
            return Err(refuse(
                format!("`{table}` is not the name of a table"),
                "DuckDB would read a file of this name",
            ));
        }
        let database = self
            .catalog
            .database()
            .filter(|name| schema.is_some_and(|schema| schema.eq_ignore_ascii_case(name)));
        let from = parts.len().saturating_sub(2);
        Ok(database
            .into_iter()
            .chain(parts[from..].iter().map(String::as_str))
            .map(identifier)
            .collect::<Vec<_>>()
            .join("."))
    }
}

fn is_system_table(name: &str) -> bool {
    [
        "stl_", "stv_", "svl_", "svv_", "svcs_", "sys_", "pg_", "duckdb_", "pragma_", "sqlite_",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}

fn is_file(name: &str) -> bool {
    name.contains('/')
        || name.contains("://")
        || [
            ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".gz", ".zst", ".db",
            ".duckdb",
        ]
        .iter()
        .any(|ending| name.ends_with(ending))
}

pub(super) fn alias_text(alias: Option<Alias>) -> String {
    alias.map_or_else(String::new, |(name, columns)| {
        let columns = if columns.is_empty() {
            String::new()
        } else {
            format!(
                "({})",
                join(columns.iter().map(|column| identifier(column)))
            )
        };
        format!(" AS {}{columns}", identifier(&name))
    })
}
