//! Queries of the catalog, which a cluster's leader node answers by itself with the SQL of PostgreSQL 8.
//!
//! In: a query, and who asks. Out: DuckDB's SQL over the catalog's views, or that it is no such query. Tables of the user and of the
//! catalog do not mix, as on a cluster. Closed world: a function that is not known is refused.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentList, FunctionArguments, Ident, ObjectName, ObjectNamePart, Query, Select,
    SelectItem, SetExpr, Statement, TableFactor, UnaryOperator, Value, Visit, VisitMut, Visitor,
    VisitorMut,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

use super::catalog::{CATALOG, INFORMATION, MACROS, SYSTEM};
use super::failure::Failure;

/// What a session tells of itself.
pub(super) struct Facts {
    pub user: String,
    pub database: String,
    pub schema: String,
    pub search_path: Vec<String>,
    pub pid: i32,
    pub last_copy: u64,
    pub last_query: i64,
    pub settings: Vec<(String, String)>,
}

/// Functions that describe the session or the cluster.
const OF_THE_SESSION: &[&str] = &[
    "current_aws_account",
    "current_database",
    "current_namespace",
    "current_schema",
    "current_schemas",
    "current_setting",
    "current_session_arn",
    "current_user",
    "current_user_id",
    "getdate",
    "pg_backend_pid",
    "pg_cancel_backend",
    "pg_last_copy_count",
    "pg_last_copy_id",
    "pg_last_query_id",
    "pg_terminate_backend",
    "session_user",
    "set_config",
    "slice_num",
    "user",
    "version",
];

/// Functions of PostgreSQL that DuckDB has with the same meaning.
const SAME: &[&str] = &[
    "abs",
    "array",
    "array_to_string",
    "array_upper",
    "avg",
    "btrim",
    "chr",
    "coalesce",
    "concat",
    "count",
    "date_trunc",
    "dense_rank",
    "generate_series",
    "greatest",
    "least",
    "left",
    "length",
    "lower",
    "ltrim",
    "max",
    "min",
    "nullif",
    "position",
    "rank",
    "replace",
    "right",
    "round",
    "row_number",
    "rtrim",
    "split_part",
    "strpos",
    "substr",
    "substring",
    "sum",
    "trim",
    "unnest",
    "upper",
];

/// A function that Amazon's driver asks as if it were a table.
const DATABASE: &str = "current_database";

/// The text of `version()`.
pub(super) const VERSION: &str = "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0.100000";

/// A query of the catalog in DuckDB's SQL; `None` where it is a query of the user's tables.
pub(super) fn translate(text: &str, facts: &Facts) -> Result<Option<String>, Failure> {
    let Ok(statements) = Parser::parse_sql(&PostgreSqlDialect {}, text) else {
        return Ok(None);
    };
    let [statement] = <[Statement; 1]>::try_from(statements)
        .map_err(|_| Failure::new("42601", "one query is expected"))?;
    let mut seen = Seen::default();
    let _ = Visit::visit(&statement, &mut seen);
    let system = seen.tables.iter().find(|name| is_system(name));
    let users = seen
        .tables
        .iter()
        .find(|name| !is_system(name) && !seen.names.contains(*name));
    let asks_leader = seen.functions.iter().any(|name| {
        OF_THE_SESSION.contains(&name.as_str()) && name != "getdate"
            || MACROS.contains(&name.as_str())
                && !["charindex", "regexp_replace", "regexp_substr"].contains(&name.as_str())
    });
    for name in &seen.tables {
        let parts: Vec<&str> = name.split('.').collect();
        // The path into a value of a table that stands before it is no name of a table: `from t, t.payload.items`.
        if let [database, _, _] = parts.as_slice()
            && *database != facts.database.to_lowercase()
            && !seen.aliases.contains(*database)
        {
            return Err(Failure::new(
                "3D000",
                format!("database \"{database}\" does not exist"),
            ));
        }
    }
    match (system, users) {
        (Some(system), Some(user)) => Err(Failure::new(
            "0A000",
            "Specified types or functions (one per INFO message) not supported on Redshift tables.",
        )
        .detail(format!(
            "`{system}` is answered by the leader node, `{user}` by the compute nodes"
        ))
        .hint("ask them in two queries")),
        (Some(_), None) => rewrite(statement, facts).map(Some),
        (None, None) if asks_leader => rewrite(statement, facts).map(Some),
        _ => Ok(None),
    }
}

/// What a query names.
#[derive(Default)]
struct Seen {
    tables: BTreeSet<String>,
    functions: BTreeSet<String>,
    /// Names of its common table expressions.
    names: BTreeSet<String>,
    /// What its tables are called.
    aliases: BTreeSet<String>,
}

impl Visitor for Seen {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        for name in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.names.insert(name.alias.name.value.to_lowercase());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table {
            alias: Some(alias), ..
        }
        | TableFactor::Derived {
            alias: Some(alias), ..
        } = factor
        {
            self.aliases.insert(alias.name.value.to_lowercase());
        }
        match factor {
            TableFactor::Table { name, args, .. } => {
                let name = plain(name);
                self.aliases
                    .extend(name.rsplit('.').next().map(str::to_owned));
                if args.is_some() {
                    self.functions.insert(name.clone());
                }
                if args.is_none() || name != DATABASE {
                    self.tables.insert(name);
                }
            }
            TableFactor::Function { name, .. } => {
                self.tables.insert(plain(name));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::Function(function) = expr {
            self.functions.insert(bare(&function.name));
        }
        ControlFlow::Continue(())
    }
}

/// A name, lower case, its parts joined by dots.
fn plain(name: &ObjectName) -> String {
    name.0
        .iter()
        .filter_map(ObjectNamePart::as_ident)
        .map(|part| part.value.to_lowercase())
        .collect::<Vec<_>>()
        .join(".")
}

/// The last part of a name.
fn bare(name: &ObjectName) -> String {
    let plain = plain(name);
    plain
        .rsplit('.')
        .next()
        .unwrap_or(plain.as_str())
        .to_owned()
}

/// Whether a name is one of the catalog's.
pub(super) fn is_system(name: &str) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    match parts.as_slice() {
        [.., "information_schema", _] | [.., "pg_catalog" | "pg_internal", _] => true,
        [table] => {
            ["pg_", "svv_", "svl_", "stl_", "stv_", "svcs_", "sys_"]
                .iter()
                .any(|prefix| table.starts_with(prefix))
                && !table.starts_with("pg_temp")
        }
        _ => false,
    }
}

/// Says a query of the catalog for DuckDB.
fn rewrite(mut statement: Statement, facts: &Facts) -> Result<String, Failure> {
    let mut rewriting = Rewriting { facts };
    match VisitMut::visit(&mut statement, &mut rewriting) {
        ControlFlow::Break(failure) => Err(failure),
        ControlFlow::Continue(()) => Ok(statement.to_string()),
    }
}

struct Rewriting<'a> {
    facts: &'a Facts,
}

impl VisitorMut for Rewriting<'_> {
    type Break = Failure;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Failure> {
        name_columns(&mut query.body);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Failure> {
        let (name, args, alias) = match factor {
            TableFactor::Table {
                name, args, alias, ..
            } => (name, args.take().is_some(), alias),
            _ => return ControlFlow::Continue(()),
        };
        let said = plain(name);
        let table = said.rsplit('.').next().unwrap_or(&said).to_owned();
        if args && table == DATABASE {
            *name = ObjectName::from(vec![
                Ident::with_quote('"', CATALOG),
                Ident::with_quote('"', "main"),
                Ident::with_quote('"', DATABASE),
            ]);
            return ControlFlow::Continue(());
        }
        if args && table != "pg_get_late_binding_view_cols" {
            return ControlFlow::Break(Failure::new(
                "42883",
                format!("function {table}() does not exist"),
            ));
        }
        if let Some(alias) = alias {
            // `cols(a name, b int)`: the types are said for PostgreSQL, which cannot know them.
            for column in &mut alias.columns {
                column.data_type = None;
            }
        }
        let place: &[&str] = if args {
            &[CATALOG, "late_binding_view_cols"]
        } else if !is_system(&said) {
            return ControlFlow::Continue(());
        } else if said.contains("information_schema.") {
            if !INFORMATION.contains(&table.as_str()) {
                return ControlFlow::Break(missing(&said));
            }
            &[CATALOG, "info", &table]
        } else if SYSTEM.contains(&table.as_str()) {
            &[CATALOG, "main", &table]
        } else {
            return ControlFlow::Break(missing(&said));
        };
        *name = ObjectName::from(
            place
                .iter()
                .map(|part| Ident::with_quote('"', *part))
                .collect::<Vec<_>>(),
        );
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Failure> {
        match said_for_duckdb(expr, self.facts) {
            Ok(None) => {}
            Ok(Some(said)) => *expr = said,
            Err(failure) => return ControlFlow::Break(failure),
        }
        ControlFlow::Continue(())
    }
}

fn missing(name: &str) -> Failure {
    Failure::new("42P01", format!("relation \"{name}\" does not exist"))
        .hint("the emulator has not all of Redshift's system tables; docs/emulator.md lists them")
}

/// PostgreSQL names the column of a call after the function, and that of a cast after what is cast.
fn name_columns(body: &mut SetExpr) {
    match body {
        SetExpr::Select(select) => name_projection(select),
        SetExpr::SetOperation { left, right, .. } => {
            name_columns(left);
            name_columns(right);
        }
        _ => {}
    }
}

fn name_projection(select: &mut Select) {
    for item in &mut select.projection {
        if let SelectItem::UnnamedExpr(expr) = item
            && let Some(name) = own_name(expr)
        {
            *item = SelectItem::ExprWithAlias {
                expr: expr.clone(),
                alias: Ident::with_quote('"', name),
            };
        }
    }
}

fn own_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Function(function) => Some(bare(&function.name)),
        Expr::Cast {
            expr, data_type, ..
        } => match expr.as_ref() {
            Expr::Identifier(name) => Some(name.value.to_lowercase()),
            Expr::CompoundIdentifier(parts) => Some(parts.last()?.value.to_lowercase()),
            Expr::Function(function) => Some(bare(&function.name)),
            _ => Some(match data_type {
                DataType::Regclass => "regclass".to_owned(),
                _ => "?column?".to_owned(),
            }),
        },
        Expr::Case { .. } => Some("case".to_owned()),
        Expr::Value(_) | Expr::BinaryOp { .. } => Some("?column?".to_owned()),
        _ => None,
    }
}

/// An expression as DuckDB has it, where it has another.
fn said_for_duckdb(expr: &Expr, facts: &Facts) -> Result<Option<Expr>, Failure> {
    Ok(Some(match expr {
        Expr::Collate { expr, .. } => expr.as_ref().clone(),
        Expr::Cast {
            kind,
            expr,
            data_type,
            ..
        } => return cast(kind, expr, data_type),
        Expr::BinaryOp { left, op, right } => {
            let (not, fold) = match op {
                BinaryOperator::PGRegexMatch => (false, false),
                BinaryOperator::PGRegexIMatch => (false, true),
                BinaryOperator::PGRegexNotMatch => (true, false),
                BinaryOperator::PGRegexNotIMatch => (true, true),
                BinaryOperator::PGCustomBinaryOperator(parts) => {
                    match parts.last().map(String::as_str) {
                        Some("~") => (false, false),
                        Some("~*") => (false, true),
                        Some("!~") => (true, false),
                        Some("!~*") => (true, true),
                        Some("=") => {
                            return Ok(Some(Expr::BinaryOp {
                                left: left.clone(),
                                op: BinaryOperator::Eq,
                                right: right.clone(),
                            }));
                        }
                        other => {
                            return Err(Failure::not_emulated(format!(
                                "the operator `{}`",
                                other.unwrap_or_default()
                            )));
                        }
                    }
                }
                _ => return Ok(None),
            };
            let mut args = vec![left.as_ref().clone(), right.as_ref().clone()];
            if fold {
                args.push(text("i"));
            }
            let matches = call(&["regexp_matches"], args);
            if not {
                Expr::UnaryOp {
                    op: UnaryOperator::Not,
                    expr: Box::new(matches),
                }
            } else {
                matches
            }
        }
        Expr::Function(function) => return function_of(function, facts),
        _ => return Ok(None),
    }))
}

fn cast(kind: &CastKind, expr: &Expr, to: &DataType) -> Result<Option<Expr>, Failure> {
    let name = to.to_string().to_lowercase();
    let name = name.trim_start_matches("pg_catalog.").trim_matches('"');
    let into = match name {
        "regclass" => return Ok(Some(call(&[CATALOG, "regclass"], vec![expr.clone()]))),
        "regtype" => {
            return Ok(Some(call(
                &[CATALOG, "format_type"],
                vec![expr.clone(), number("-1")],
            )));
        }
        "oid" | "xid" => DataType::BigInt(None),
        "name" | "char" | "text" | "regproc" | "regnamespace" | "abstime" => {
            DataType::Varchar(None)
        }
        "name[]" | "text[]" | "char[]" => return Ok(None),
        _ => return Ok(None),
    };
    Ok(Some(Expr::Cast {
        kind: kind.clone(),
        expr: Box::new(expr.clone()),
        data_type: into,
        format: None,
    }))
}

fn function_of(function: &Function, facts: &Facts) -> Result<Option<Expr>, Failure> {
    let name = bare(&function.name);
    let full = plain(&function.name);
    if full.contains('.') && !full.starts_with("pg_catalog.") {
        return Ok(None);
    }
    let args = arguments(function);
    if OF_THE_SESSION.contains(&name.as_str()) {
        return of_the_session(&name, &args, facts).map(Some);
    }
    if MACROS.contains(&name.as_str()) {
        let mut said = function.clone();
        said.name = ObjectName::from(vec![
            Ident::with_quote('"', CATALOG),
            Ident::with_quote('"', &name),
        ]);
        // DuckDB hands its own bookkeeping names to macros of one's own only with all arguments given.
        if name.starts_with("has_") {
            let least = if name == "has_column_privilege" { 4 } else { 3 };
            if args.len() < least {
                let mut all = vec![text(&facts.user)];
                all.extend(args);
                return Ok(Some(call(&[CATALOG, &name], all)));
            }
        }
        return Ok(Some(Expr::Function(said)));
    }
    if SAME.contains(&name.as_str()) {
        let mut said = function.clone();
        said.name = ObjectName::from(vec![Ident::new(name)]);
        return Ok(Some(Expr::Function(said)));
    }
    Err(
        Failure::new("42883", format!("function {name} does not exist"))
            .detail("it is not among the functions that the emulator knows for its catalog"),
    )
}

fn of_the_session(name: &str, args: &[Expr], facts: &Facts) -> Result<Expr, Failure> {
    Ok(match name {
        "version" => text(VERSION),
        "current_user" | "session_user" | "user" => text(&facts.user),
        "current_user_id" => number("100"),
        "current_database" => text(&facts.database),
        "current_schema" => text(&facts.schema),
        "current_schemas" => Expr::Array(sqlparser::ast::Array {
            elem: facts
                .search_path
                .iter()
                .map(|schema| text(schema))
                .collect(),
            named: true,
        }),
        "current_setting" => {
            let wanted = args.first().and_then(constant).unwrap_or_default();
            let found = facts
                .settings
                .iter()
                .find(|(name, _)| *name == wanted.to_lowercase());
            match found {
                Some((_, value)) => text(value),
                None => {
                    return Err(Failure::new(
                        "42704",
                        format!("unrecognized configuration parameter \"{wanted}\""),
                    ));
                }
            }
        }
        "pg_backend_pid" => number(&facts.pid.to_string()),
        "pg_last_copy_count" => number(&facts.last_copy.to_string()),
        "pg_last_query_id" | "pg_last_copy_id" => number(&facts.last_query.to_string()),
        "getdate" => parsed("date_trunc('second', now() at time zone 'UTC')")?,
        // What ends another session is done before the query is answered.
        "pg_terminate_backend" | "pg_cancel_backend" => number("1"),
        "current_aws_account" => text("123456789012"),
        _ => return Err(Failure::not_emulated(format!("the function `{name}`"))),
    })
}

/// The sessions that a query wants to end: `pg_terminate_backend(17)`, `pg_cancel_backend(17)`.
pub(super) fn ends_sessions(text: &str) -> Vec<(bool, i32)> {
    struct Ends(Vec<(bool, i32)>);
    impl Visitor for Ends {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            if let Expr::Function(function) = expr {
                let name = bare(&function.name);
                let pid = arguments(function)
                    .first()
                    .and_then(|arg| arg.to_string().parse().ok());
                if let (true, Some(pid)) = (
                    name == "pg_terminate_backend" || name == "pg_cancel_backend",
                    pid,
                ) {
                    self.0.push((name == "pg_terminate_backend", pid));
                }
            }
            ControlFlow::Continue(())
        }
    }
    let mut ends = Ends(Vec::new());
    if let Ok(statements) = Parser::parse_sql(&PostgreSqlDialect {}, text) {
        let _ = Visit::visit(&statements, &mut ends);
    }
    ends.0
}

fn arguments(function: &Function) -> Vec<Expr> {
    let FunctionArguments::List(list) = &function.args else {
        return Vec::new();
    };
    list.args
        .iter()
        .filter_map(|arg| match arg {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
            _ => None,
        })
        .collect()
}

fn constant(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Value(value) => value.value.clone().into_string(),
        _ => None,
    }
}

fn text(value: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(value.to_owned()).into())
}

/// An expression of our own.
fn parsed(sql: &str) -> Result<Expr, Failure> {
    Parser::new(&PostgreSqlDialect {})
        .try_with_sql(sql)
        .and_then(|mut parser| parser.parse_expr())
        .map_err(|cause| Failure::new("XX000", cause.to_string()))
}

fn number(value: &str) -> Expr {
    Expr::Value(Value::Number(value.to_owned(), false).into())
}

fn call(name: &[&str], args: Vec<Expr>) -> Expr {
    Expr::Function(Function {
        name: ObjectName::from(
            name.iter()
                .map(|part| Ident::new(*part))
                .collect::<Vec<_>>(),
        ),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: args
                .into_iter()
                .map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg)))
                .collect(),
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}
