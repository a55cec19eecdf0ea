//! The table of Redshift's functions: what each becomes on DuckDB, or why it is refused. Closed world: a name that is
//! not here is refused.

pub(super) mod aggregate;
mod argument;
pub(super) mod conditional;
pub(super) mod date;
pub(super) mod format;
mod frame;
pub(super) mod hash;
pub(super) mod json;
pub(super) mod numeric;
pub(super) mod sketch;
mod sorted;
pub(super) mod spatial;
pub(super) mod string;
pub(super) mod super_type;
pub(super) mod syntax;
pub(super) mod system;
pub(super) mod varbyte;
pub(super) mod window;

use std::ops::ControlFlow;

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArguments, NullTreatment, ObjectNamePart, OrderByExpr, Query, Spanned, WindowSpec,
    WindowType, visit_expressions,
};
use sqlparser::tokenizer::Span;

use super::expression::common_type;
use super::postgres::{self, functions::Pg};
use super::translator::{Sql, Translator, fold};
use super::types::Type;
use crate::adapter::Refusal;
use crate::diagnostic::nearest;

/// One row of the table.
#[derive(Clone, Copy)]
pub(super) struct Row {
    /// The name, in lower case.
    pub name: &'static str,
    /// What it becomes.
    pub how: How,
    /// The documentation's page, below `https://docs.aws.amazon.com/redshift/latest/dg/`.
    pub page: &'static str,
    /// Queries and the value that Redshift gives, executed by a test.
    pub examples: &'static [(&'static str, &'static str)],
}

/// Where the pages of the documentation lie.
pub(super) const DOCUMENTATION: &str = "https://docs.aws.amazon.com/redshift/latest/dg/";

/// A row of the table, written on one line.
const fn row(
    name: &'static str,
    how: How,
    page: &'static str,
    examples: &'static [(&'static str, &'static str)],
) -> Row {
    Row {
        name,
        how,
        page,
        examples,
    }
}

/// What a function becomes.
#[derive(Clone, Copy)]
pub(super) enum How {
    /// DuckDB's function of this name with the same meaning, with so many arguments.
    Same(&'static str, usize, usize, Returns),
    /// A form for each number of arguments. `{0}` is an argument as it is, `{0:t}` an argument as text,
    /// `{0:m}` a text as a timestamp.
    Forms(&'static [(usize, &'static str)], Returns),
    /// An aggregate of one argument: DuckDB's name.
    Aggregate(&'static str, Returns),
    /// A window function: DuckDB's name, and its least and most arguments.
    Window(&'static str, usize, usize, Returns),
    /// Translated by a function of ours.
    Native(
        Kind,
        fn(&mut Translator<'_>, &Call<'_>) -> Result<Sql, Refusal>,
    ),
    /// Refused: why, and what to write instead.
    Refused(&'static str, &'static str),
}

/// Where a function may stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar,
    Aggregate,
    Window,
}

/// The type that a function returns.
#[derive(Clone, Copy)]
pub(super) enum Returns {
    Is(Type),
    /// Text without a known length.
    Text,
    SameAs(usize),
    /// The type that all arguments have in common.
    Common,
    Unknown,
}

/// The text type of results whose length is not known.
pub(super) const TEXT: Type = Type::Text;

/// All rows, by category, in the order of the documentation.
pub(super) const CATEGORIES: &[(&str, &[Row])] = &[
    ("Strings", string::ROWS),
    ("Dates and times", date::ROWS),
    ("Numbers", numeric::ROWS),
    ("Conditions", conditional::ROWS),
    ("Formats and conversions", format::ROWS),
    ("Aggregates", aggregate::ROWS),
    ("Window functions", window::ROWS),
    ("JSON and SUPER", json::ROWS),
    ("Arrays, objects and kinds of SUPER", super_type::ROWS),
    ("Hashes", hash::ROWS),
    ("Bytes", varbyte::ROWS),
    ("HyperLogLog", sketch::ROWS),
    ("Spatial", spatial::ROWS),
    ("System", system::ROWS),
];

pub(super) fn find(name: &str) -> Option<&'static Row> {
    CATEGORIES
        .iter()
        .flat_map(|(_, rows)| rows.iter())
        .find(|row| row.name == name)
}

/// A call of a function, its modifiers sorted out.
pub(super) struct Call<'a> {
    pub name: String,
    pub span: Span,
    pub args: Vec<&'a Expr>,
    /// `count(*)`.
    pub star: bool,
    pub distinct: bool,
    pub within_group: &'a [OrderByExpr],
    pub over: Option<&'a WindowSpec>,
    pub ignore_nulls: bool,
}

impl Translator<'_> {
    pub fn function(&mut self, function: &Function, span: Span) -> Result<Sql, Refusal> {
        let call = self.call(function, span)?;
        let Some(row) = find(&call.name) else {
            return Err(self.unknown_function(&call));
        };
        self.check_modifiers(&call, row)?;
        if call.over.is_some() {
            self.note_window();
        }
        let kind = kind(row);
        if kind != Some(Kind::Scalar) {
            self.aggregates += 1;
        }
        if kind == Some(Kind::Aggregate) && call.over.is_none() {
            // The arguments of an aggregate are read before rows are grouped.
            self.without_keys(|translator| translator.treated(&call, row))
        } else {
            self.treated(&call, row)
        }
    }

    fn treated(&mut self, call: &Call<'_>, row: &Row) -> Result<Sql, Refusal> {
        if self.on_postgres()
            && !matches!(row.how, How::Refused(..))
            && let Some(sql) = self.treated_on_postgres(call, row)?
        {
            return Ok(sql);
        }
        match row.how {
            How::Same(name, least, most, returns) => {
                let mut args = self.arguments(call, least, most)?;
                if matches!(returns, Returns::Common) {
                    args = self.matched(&call.name.to_uppercase(), args, &call.args)?;
                }
                if numeric::takes_numbers(row.name) {
                    args = numeric::numbers(self, &call.name, args, &call.args)?;
                }
                let text = args
                    .iter()
                    .map(|arg| arg.text.as_str())
                    .collect::<Vec<_>>()
                    .join(", ");
                Ok(Sql::new(format!("{name}({text})"), returned(returns, &args)).of(&args))
            }
            How::Forms(forms, returns) => self.form(call, forms, returns),
            How::Aggregate(name, returns) => {
                let args = self.arguments(call, 1, 1)?;
                if matches!(name, "min" | "max") {
                    self.no_order_of_super(&args[0], call.args[0].span())?;
                    self.no_order_of_booleans(call, &args[0])?;
                }
                let distinct = if call.distinct { "DISTINCT " } else { "" };
                let over = self.over(call)?;
                Ok(Sql::new(
                    format!("{name}({distinct}{}){over}", args[0].text),
                    returned(returns, &args),
                ))
            }
            How::Window(name, least, most, returns) => {
                let args = self.arguments(call, least, most)?;
                let args = self.counts(call, args)?;
                // DuckDB answers NULL for a row before the first.
                let computed = name == "nth_value"
                    && !self.on_postgres()
                    && args.get(1).is_some_and(|at| at.whole_number().is_none());
                let text = args
                    .iter()
                    .enumerate()
                    .map(|(at, arg)| match at {
                        1 if computed => format!("__rs.from_one({})", arg.text),
                        _ => arg.text.clone(),
                    })
                    .collect::<Vec<_>>()
                    .join(", ");
                let nulls = if call.ignore_nulls {
                    " IGNORE NULLS"
                } else {
                    ""
                };
                let over = self.over(call)?;
                Ok(Sql::new(
                    format!("{name}({text}{nulls}){over}"),
                    returned(returns, &args),
                ))
            }
            How::Native(_, translate) => translate(self, call),
            How::Refused(reason, help) => Err(self.refused(call, reason, help)),
        }
    }

    /// What PostgreSQL says in other words than DuckDB; nothing where both say the same.
    fn treated_on_postgres(&mut self, call: &Call<'_>, row: &Row) -> Result<Option<Sql>, Refusal> {
        if call.ignore_nulls {
            return Err(self.not_on_postgres(call.span, "`ignore nulls`"));
        }
        let Some(pg) = postgres::functions::find(row.name) else {
            let what = format!("the function `{}`", call.name);
            return Err(self.not_on_postgres(call.span, &what));
        };
        let returns = match row.how {
            How::Same(.., returns) | How::Forms(_, returns) => returns,
            How::Aggregate(_, returns) | How::Window(.., returns) => returns,
            How::Native(..) | How::Refused(..) => Returns::Unknown,
        };
        let (name, float) = match pg {
            Pg::Same => return Ok(None),
            Pg::Forms(forms) => return self.form(call, forms, returns).map(Some),
            Pg::Aggregate(name) => (name, false),
            Pg::FloatAggregate(name) => (name, true),
        };
        let args = self.arguments(call, 1, 1)?;
        let distinct = if call.distinct { "DISTINCT " } else { "" };
        let over = self.over(call)?;
        let mut text = format!("{name}({distinct}{}){over}", args[0].text);
        if float {
            text = format!("CAST({text} AS DOUBLE PRECISION)");
        }
        Ok(Some(Sql::new(text, returned(returns, &args))))
    }

    /// Every call in a query of a function that is not known, or not emulated, or that is not called as Redshift's are.
    pub fn refused_calls(&self, query: &Query) -> Vec<Refusal> {
        let mut refused = Vec::new();
        let _: ControlFlow<()> = visit_expressions(query, |expr| {
            if let Expr::Function(function) = expr {
                let call = self.call(function, expr.span());
                refused.extend(call.and_then(|call| self.known(&call).map(drop)).err());
            }
            ControlFlow::Continue(())
        });
        refused
    }

    /// The function's row in the table.
    fn known(&self, call: &Call<'_>) -> Result<&'static Row, Refusal> {
        let row = find(&call.name).ok_or_else(|| self.unknown_function(call))?;
        match row.how {
            How::Refused(reason, help) => Err(self.refused(call, reason, help)),
            _ => Ok(row),
        }
    }

    fn refused(&self, call: &Call<'_>, reason: &str, help: &str) -> Refusal {
        Refusal {
            help: (!help.is_empty()).then(|| help.to_owned()),
            ..self.unsupported(
                call.span,
                format!("the function `{}` is not emulated", call.name),
                reason,
            )
        }
    }

    fn unknown_function(&self, call: &Call<'_>) -> Refusal {
        let names = CATEGORIES
            .iter()
            .flat_map(|(_, rows)| rows.iter())
            .filter(|row| !matches!(row.how, How::Refused(..)))
            .map(|row| row.name);
        let near = nearest(&call.name, names);
        Refusal {
            reason: Some("it is not in the table of Redshift's functions".into()),
            help: near.map(|near| format!("did you mean `{near}`?")),
            ..self.refuse(
                "unknown-function",
                call.span,
                format!("the function `{}` is not known", call.name),
            )
        }
    }

    fn call<'f>(&self, function: &'f Function, span: Span) -> Result<Call<'f>, Refusal> {
        let mut parts: Vec<String> = function
            .name
            .0
            .iter()
            .filter_map(ObjectNamePart::as_ident)
            .map(fold)
            .collect();
        let approximate = parts
            .first()
            .is_some_and(|part| part == crate::sql::redshift::APPROXIMATE);
        if approximate || parts.first().is_some_and(|part| part == "pg_catalog") {
            parts.remove(0);
        }
        let name_span = function.name.0.first().map_or(span, Spanned::span);
        let [name] = parts.as_slice() else {
            return Err(Refusal {
                help: Some("write it as a macro of the project".into()),
                ..self.unsupported(
                    name_span,
                    format!("the function `{}` is not emulated", parts.join(".")),
                    "functions of a schema are made by users, and live on the cluster",
                )
            });
        };
        if function.filter.is_some() {
            return Err(self.not_redshift(
                name_span,
                "`filter` is not a part of Redshift's aggregates",
                "write `sum(case when … then x end)`",
            ));
        }
        if function.uses_odbc_syntax || !matches!(function.parameters, FunctionArguments::None) {
            return Err(self.not_redshift(
                name_span,
                format!("this call of `{name}` is not one of Redshift's"),
                "",
            ));
        }
        let mut call = Call {
            name: name.clone(),
            span: name_span,
            args: Vec::new(),
            star: false,
            distinct: false,
            within_group: &function.within_group,
            over: None,
            ignore_nulls: function.null_treatment == Some(NullTreatment::IgnoreNulls),
        };
        self.call_arguments(function, &mut call)?;
        call.over = match &function.over {
            None => None,
            Some(WindowType::WindowSpec(spec)) if spec.window_name.is_none() => Some(spec),
            Some(_) => {
                return Err(self.not_redshift(
                    name_span,
                    "a named window is not one of Redshift's",
                    "write the window out",
                ));
            }
        };
        Ok(call)
    }

    fn call_arguments<'f>(
        &self,
        function: &'f Function,
        call: &mut Call<'f>,
    ) -> Result<(), Refusal> {
        let list = match &function.args {
            FunctionArguments::List(list) => list,
            FunctionArguments::None => return Ok(()),
            FunctionArguments::Subquery(_) => {
                return Err(self.not_redshift(
                    call.span,
                    format!("`{}` takes no bare subquery", call.name),
                    "put it in parentheses of its own",
                ));
            }
        };
        call.distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
        for arg in &list.args {
            match arg {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => call.args.push(expr),
                FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => call.star = true,
                _ => {
                    return Err(self.not_redshift(
                        call.span,
                        format!("`{}` takes no named arguments", call.name),
                        "",
                    ));
                }
            }
        }
        for clause in &list.clauses {
            match clause {
                FunctionArgumentClause::IgnoreOrRespectNulls(treatment) => {
                    call.ignore_nulls = *treatment == NullTreatment::IgnoreNulls;
                }
                FunctionArgumentClause::OrderBy(_) => {
                    return Err(self.not_redshift(
                        call.span,
                        "`order by` does not stand inside an aggregate",
                        "write `within group (order by …)`",
                    ));
                }
                _ => {
                    return Err(self.not_redshift(
                        call.span,
                        format!("this call of `{}` is not one of Redshift's", call.name),
                        "",
                    ));
                }
            }
        }
        Ok(())
    }

    fn check_modifiers(&self, call: &Call<'_>, row: &Row) -> Result<(), Refusal> {
        let Some(kind) = kind(row) else {
            return Ok(());
        };
        let name = &call.name;
        let refuse = |message: String| Err(self.not_redshift(call.span, message, ""));
        if call.star && name != "count" {
            return refuse(format!("`{name}(*)` is not one of Redshift's calls"));
        }
        if call.over.is_some() && kind == Kind::Scalar {
            return refuse(format!("`{name}` is no window function"));
        }
        if call.over.is_none() && kind == Kind::Window {
            return refuse(format!("`{name}` needs `over (…)`"));
        }
        if call.distinct && kind != Kind::Aggregate {
            return refuse(format!("`{name}` takes no `distinct`"));
        }
        if call.distinct && call.over.is_some() {
            return refuse(format!("`{name}(distinct …)` is no window function"));
        }
        let ordered = ["listagg", "percentile_cont", "percentile_disc"].contains(&name.as_str());
        if !call.within_group.is_empty() && !ordered {
            return refuse(format!("`{name}` takes no `within group`"));
        }
        let nulls =
            ["lag", "lead", "first_value", "last_value", "nth_value"].contains(&name.as_str());
        if call.ignore_nulls && !nulls {
            return refuse(format!("`{name}` takes no `ignore nulls`"));
        }
        Ok(())
    }

    fn no_order_of_booleans(&self, call: &Call<'_>, value: &Sql) -> Result<(), Refusal> {
        if !value.is(Type::Bool) {
            return Ok(());
        }
        let help = match call.name.as_str() {
            "max" => "write `bool_or(x)`",
            _ => "write `bool_and(x)`",
        };
        let message = format!("`{}` takes no boolean", call.name);
        Err(self.not_redshift(call.args[0].span(), message, help))
    }

    /// The arguments of a call, translated and counted.
    pub fn arguments(
        &mut self,
        call: &Call<'_>,
        least: usize,
        most: usize,
    ) -> Result<Vec<Sql>, Refusal> {
        self.count(call, least, most)?;
        call.args.iter().map(|arg| self.expr(arg)).collect()
    }

    pub fn count(&self, call: &Call<'_>, least: usize, most: usize) -> Result<(), Refusal> {
        let given = call.args.len();
        if (least..=most).contains(&given) {
            return Ok(());
        }
        let wanted = match (least, most) {
            (least, most) if least == most => plural(least),
            (least, usize::MAX) => format!("at least {}", plural(least)),
            (least, most) => format!("{least} to {}", plural(most)),
        };
        Err(self.not_redshift(
            call.span,
            format!("`{}` takes {wanted}, not {given}", call.name),
            &self.manual(&call.name),
        ))
    }

    /// Where Redshift's documentation says what a function takes.
    fn manual(&self, name: &str) -> String {
        let mut rows = CATEGORIES.iter().flat_map(|(_, rows)| rows.iter());
        let page = rows.find(|row| row.name == name).map(|row| row.page);
        page.map_or_else(String::new, |page| {
            format!("what it takes: {DOCUMENTATION}{page}")
        })
    }

    fn form(
        &mut self,
        call: &Call<'_>,
        forms: &[(usize, &str)],
        returns: Returns,
    ) -> Result<Sql, Refusal> {
        let least = forms.iter().map(|(count, _)| *count).min().unwrap_or(0);
        let most = forms.iter().map(|(count, _)| *count).max().unwrap_or(0);
        let args = self.arguments(call, least, most)?;
        let mut args = self.counts(call, args)?;
        if numeric::takes_numbers(&call.name) {
            args = numeric::numbers(self, &call.name, args, &call.args)?;
        }
        let Some((_, form)) = forms.iter().find(|(count, _)| *count == args.len()) else {
            return Err(self.not_redshift(
                call.span,
                format!("`{}` does not take {}", call.name, plural(args.len())),
                "",
            ));
        };
        for (at, arg) in args.iter_mut().enumerate() {
            if form.contains(&format!("{{{at}:t}}")) {
                *arg = self.as_text(arg.clone(), call.args[at].span())?;
            }
            if form.contains(&format!("{{{at}:m}}")) {
                self.is_moment(arg, &call.name, call.args[at].span())?;
                arg.text = date::moment_of(self.engine, arg);
            }
        }
        let mut text = (*form).to_owned();
        for (at, arg) in args.iter().enumerate() {
            // Placeholders of later arguments cannot come in with an earlier one: braces of a text are doubled first.
            let safe = arg.text.replace('{', "\u{1}");
            text = text
                .replace(&format!("{{{at}:t}}"), &safe)
                .replace(&format!("{{{at}:m}}"), &safe)
                .replace(&format!("{{{at}}}"), &safe);
        }
        Ok(Sql::new(text.replace('\u{1}', "{"), returned(returns, &args)).of(&args))
    }
}

/// What kind of function a row describes, unless it is refused.
fn kind(row: &Row) -> Option<Kind> {
    match row.how {
        How::Same(..) | How::Forms(..) => Some(Kind::Scalar),
        How::Aggregate(..) => Some(Kind::Aggregate),
        How::Window(..) => Some(Kind::Window),
        How::Native(kind, _) => Some(kind),
        How::Refused(..) => None,
    }
}

fn plural(count: usize) -> String {
    match count {
        0 => "no arguments".to_owned(),
        1 => "1 argument".to_owned(),
        _ => format!("{count} arguments"),
    }
}

fn returned(returns: Returns, args: &[Sql]) -> Option<Type> {
    match returns {
        Returns::Is(ty) => Some(ty),
        Returns::Text => Some(TEXT),
        Returns::SameAs(at) => args.get(at).and_then(|arg| arg.ty),
        Returns::Common => common_type(args.iter()),
        Returns::Unknown => None,
    }
}
