//! Names: columns, and paths into `super` values.

use sqlparser::ast::{AccessExpr, Expr, Ident, JsonPath, JsonPathElem, Spanned, Subscript};
use sqlparser::tokenizer::Span;

use crate::adapter::Refusal;
use crate::adapter::emulating::functions::date;
use crate::adapter::emulating::translator::{Constant, Named, Sql, Translator, fold, quote};
use crate::adapter::emulating::types::Type;
use crate::adapter::emulating::{identifier, json};

impl Translator<'_> {
    pub(super) fn identifier(&self, ident: &Ident) -> Result<Sql, Refusal> {
        let name = fold(ident);
        if ident.quote_style.is_none() {
            match name.as_str() {
                "sysdate" if self.on_postgres() => {
                    return Ok(Sql::typed("(now() AT TIME ZONE 'UTC')", Type::Timestamp));
                }
                "current_date" if self.on_postgres() => {
                    let today = "CAST(now() AT TIME ZONE 'UTC' AS DATE)";
                    return Ok(Sql::typed(today, Type::Date));
                }
                "sysdate" => return Ok(date::sysdate()),
                "current_date" => return Ok(Sql::typed("CAST(now() AS DATE)", Type::Date)),
                "current_user" | "session_user" | "user" | "current_user_id" | "current_time"
                | "localtime" | "localtimestamp" => {
                    return Err(self.unsupported(
                        ident.span,
                        format!("`{name}` is not emulated"),
                        "it has no value of Redshift's here",
                    ));
                }
                _ => {}
            }
        }
        self.is_free(ident)?;
        if let Some(merged) = self.merged(&name) {
            return Ok(merged);
        }
        if let Some(value) = self.lateral(ident, &name)? {
            return Ok(value);
        }
        self.no_hidden_alias(ident, &name)?;
        self.no_sideways_column(ident)?;
        let resolved = self.resolve(None, &name);
        if resolved.skips {
            return Err(self.skips_a_query(ident.span));
        }
        self.no_whole_row(ident, &name)?;
        Ok(Sql {
            text: self.unpadded(quote(ident), resolved.ty),
            ty: resolved.ty,
            constant: None,
            plain: resolved.plain,
            late: None,
        })
    }

    /// A column without the blanks that PostgreSQL fills a `char` up with: `octet_length`, `like` and set operations would count them.
    fn unpadded(&self, column: String, ty: Option<Type>) -> String {
        match ty {
            Some(Type::Char(_)) if self.on_postgres() => format!("CAST({column} AS TEXT)"),
            _ => column,
        }
    }

    /// An alias of the select list is not known in `where` and `having`; DuckDB knows it there.
    fn no_hidden_alias(&self, ident: &Ident, name: &str) -> Result<(), Refusal> {
        let Some(scope) = self.scopes.last() else {
            return Ok(());
        };
        let has = |columns: &Vec<Named>| columns.iter().any(|(column, _)| column == name);
        let mut tables = scope.tables.iter();
        if has(&scope.hidden)
            && !scope.correlated
            && tables.all(|table| table.columns.as_ref().is_some_and(|columns| !has(columns)))
        {
            return Err(self.not_redshift(
                ident.span,
                format!("`{name}` is an alias of the select list, which `where` and `having` do not know"),
                "write the expression out, or put the query into a subquery",
            ));
        }
        Ok(())
    }

    /// The name of a table is no value on Redshift; on DuckDB it is the whole row.
    fn no_whole_row(&self, ident: &Ident, name: &str) -> Result<(), Refusal> {
        let Some(scope) = self.scopes.last() else {
            return Ok(());
        };
        let has = |columns: &[Named]| columns.iter().any(|(column, _)| column == name);
        let is_table = scope.tables.iter().any(|table| table.alias == name);
        let mut known = scope.tables.iter().map(|table| table.columns.as_deref());
        let elsewhere = has(&scope.aliases) || has(&scope.hidden) || scope.correlated;
        if !is_table || elsewhere || known.any(|columns| columns.is_none_or(has)) {
            return Ok(());
        }
        Err(self.not_redshift(
            ident.span,
            format!("`{name}` is a table, and a whole row is no value"),
            &format!("name a column, or write `{name}.*` in the select list"),
        ))
    }

    fn skips_a_query(&self, span: Span) -> Refusal {
        self.not_redshift(
            span,
            "this column belongs to a query two levels above: a correlated subquery reads the query around it alone",
            "join the inner query, or hand the column through",
        )
    }

    /// What a name stands for that is an alias of the select list. PostgreSQL does not know aliases there.
    fn lateral(&self, ident: &Ident, name: &str) -> Result<Option<Sql>, Refusal> {
        let Some(scope) = self.scopes.last().filter(|_| self.on_postgres()) else {
            return Ok(None);
        };
        let Some(alias) = scope.lateral.iter().rev().find(|alias| alias.name == name) else {
            return Ok(None);
        };
        let has = |columns: &[Named]| columns.iter().any(|(column, _)| column == name);
        let mut known = scope.tables.iter().map(|table| table.columns.as_deref());
        if alias.hides || known.clone().flatten().any(has) {
            return Ok(None);
        }
        if known.any(|columns| columns.is_none()) {
            return Err(Refusal {
                help: Some("write the expression out, or name the table of the column".to_owned()),
                ..self.unsupported(
                    ident.span,
                    format!("`{name}` is not emulated on PostgreSQL here"),
                    "it is an alias of the select list, and may be a column of a table whose columns are not known",
                )
            });
        }
        let value = alias.value.clone();
        Ok(Some(Sql {
            text: format!("({})", value.text),
            ..value
        }))
    }

    pub(super) fn compound(&mut self, parts: &[Ident]) -> Result<Sql, Refusal> {
        let span = parts.first().map_or(Span::empty(), |part| part.span);
        let sql = self.compound_inner(parts)?;
        self.no_path(sql, span)
    }

    /// Steps into a `super` value are not taken on PostgreSQL.
    fn no_path(&self, sql: Sql, span: Span) -> Result<Sql, Refusal> {
        if self.on_postgres() && sql.text.starts_with("json_extract(") {
            return Err(self.not_on_postgres(span, "a path into a `super` value"));
        }
        Ok(sql)
    }

    fn compound_inner(&mut self, parts: &[Ident]) -> Result<Sql, Refusal> {
        let names: Vec<String> = parts.iter().map(fold).collect();
        match names.as_slice() {
            [element, path @ ..] if !path.is_empty() && self.is_element(element) => Ok(Sql::typed(
                json::path_text(&[element, element], path),
                Type::Super,
            )),
            [table, column] if self.is_table(table) => {
                let resolved = self.resolve(Some(table), column);
                if resolved.skips {
                    return Err(self.skips_a_query(parts[0].span));
                }
                Ok(Sql {
                    text: self.unpadded(
                        format!("{}.{}", quote(&parts[0]), quote(&parts[1])),
                        resolved.ty,
                    ),
                    ty: resolved.ty,
                    constant: None,
                    plain: resolved.plain,
                    late: None,
                })
            }
            [column, _] if self.resolve(None, column).ty == Some(Type::Super) => Ok(Sql::typed(
                json::path_text(&[&names[0]], &names[1..]),
                Type::Super,
            )),
            [_, _] => {
                self.no_sideways_table(&parts[0])?;
                Ok(Sql::new(
                    format!("{}.{}", quote(&parts[0]), quote(&parts[1])),
                    None,
                ))
            }
            [table, column, path @ ..] if self.is_table(table) => Ok(Sql::typed(
                json::path_text(&[table, column], path),
                Type::Super,
            )),
            [schema @ .., table, column] if self.is_table(table) && schema.len() <= 2 => {
                let resolved = self.resolve(Some(table), column);
                Ok(Sql {
                    text: self.unpadded(
                        format!("{}.{}", identifier(table), identifier(column)),
                        resolved.ty,
                    ),
                    ty: resolved.ty,
                    constant: None,
                    plain: resolved.plain,
                    late: None,
                })
            }
            [column, path @ ..] => Ok(Sql::typed(json::path_text(&[column], path), Type::Super)),
            [] => Err(self.not_redshift(Span::empty(), "an empty name", "")),
        }
    }

    pub(super) fn field_access(
        &mut self,
        root: &Expr,
        chain: &[AccessExpr],
    ) -> Result<Sql, Refusal> {
        let mut names: Vec<Ident> = match root {
            Expr::Identifier(ident) => vec![ident.clone()],
            Expr::CompoundIdentifier(parts) => parts.clone(),
            _ => Vec::new(),
        };
        let mut rest = chain;
        while let [AccessExpr::Dot(Expr::Identifier(ident)), more @ ..] = rest {
            if names.is_empty() {
                break;
            }
            names.push(ident.clone());
            rest = more;
        }
        if let Some(ty) = self.type_of_column(&names).filter(|ty| *ty != Type::Super) {
            return Err(self.without_elements(ty, root.span()));
        }
        let base = if names.is_empty() {
            self.expr(root)?.text
        } else {
            self.compound(&names)?.text
        };
        let mut steps = String::from("$");
        for access in rest {
            steps.push_str(&self.access_step(access)?);
        }
        let sql = Sql::typed(json::extract(&base, &steps), Type::Super);
        self.no_path(sql, root.span())
    }

    fn without_elements(&self, ty: Type, span: Span) -> Refusal {
        self.not_redshift(
            span,
            format!("a {ty} has no elements"),
            "write `substring(x, n, 1)` for a character of a text",
        )
    }

    /// The type of a column, by its name or the name of its table and its own.
    fn type_of_column(&self, names: &[Ident]) -> Option<Type> {
        match names {
            [column] => self.resolve(None, &fold(column)).ty,
            [table, column] if self.is_table(&fold(table)) => {
                self.resolve(Some(&fold(table)), &fold(column)).ty
            }
            _ => None,
        }
    }

    fn access_step(&mut self, access: &AccessExpr) -> Result<String, Refusal> {
        match access {
            AccessExpr::Dot(Expr::Identifier(ident)) => Ok(json::key(&fold(ident))),
            AccessExpr::Subscript(Subscript::Index { index }) => self.index_step(index),
            _ => Err(self.not_redshift(
                access.span(),
                "this is not a step into a `super` value",
                "write `.key` or `[0]`",
            )),
        }
    }

    fn index_step(&mut self, index: &Expr) -> Result<String, Refusal> {
        match self.expr(index)?.constant {
            Some(Constant::Number(number)) if number.parse::<u32>().is_ok() => {
                Ok(format!("[{number}]"))
            }
            Some(Constant::Text(key)) => Ok(json::key(&key)),
            _ => Err(self.unsupported(
                index.span(),
                "an index that is not a number is not emulated",
                "the path must be known when the query is translated",
            )),
        }
    }

    pub(super) fn json_access(&mut self, value: &Expr, path: &JsonPath) -> Result<Sql, Refusal> {
        let base = self.expr(value)?;
        if let Some(ty) = base.ty.filter(|ty| *ty != Type::Super) {
            return Err(self.without_elements(ty, value.span()));
        }
        let steps = self.json_steps(path)?;
        let sql = Sql::typed(json::extract(&base.text, &format!("${steps}")), Type::Super);
        self.no_path(sql, value.span())
    }

    fn json_steps(&mut self, path: &JsonPath) -> Result<String, Refusal> {
        let mut steps = String::new();
        for step in &path.path {
            steps.push_str(&match step {
                JsonPathElem::Dot { key, .. } => json::key(&key.to_lowercase()),
                JsonPathElem::Bracket { key } => self.index_step(key)?,
                JsonPathElem::ColonBracket { key } => {
                    return Err(self.not_redshift(
                        key.span(),
                        "this is not a step into a `super` value",
                        "",
                    ));
                }
            });
        }
        Ok(steps)
    }

    /// The path of `from t.a[0].b`, whose first parts name a table and a column.
    pub fn json_path(
        &mut self,
        parts: &[String],
        path: &JsonPath,
        span: Span,
    ) -> Result<String, Refusal> {
        let idents: Vec<Ident> = parts
            .iter()
            .map(|part| Ident::with_span(span, part))
            .collect();
        let base = self.compound(&idents)?;
        let steps = self.json_steps(path)?;
        Ok(json::extract(&base.text, &format!("${steps}")))
    }
}
