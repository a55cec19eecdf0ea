//! What the arguments of functions must be: numbers that count, dates and times.

use sqlparser::tokenizer::Span;

use super::Call;
use crate::adapter::Refusal;
use crate::adapter::emulating::translator::{Sql, Translator};
use crate::adapter::emulating::types::Type;

/// The arguments that count, of functions that are translated by a form.
const COUNTS: &[(&str, usize)] = &[
    ("add_months", 1),
    ("chr", 0),
    ("lpad", 1),
    ("repeat", 1),
    ("replicate", 1),
    ("rpad", 1),
    ("subarray", 1),
    ("subarray", 2),
];

/// The same of window functions.
const WINDOW_COUNTS: &[(&str, usize)] = &[("lag", 1), ("lead", 1), ("nth_value", 1), ("ntile", 0)];

impl Translator<'_> {
    /// An argument that counts: a number, or a literal text that reads as a whole one.
    pub fn count_argument(&mut self, call: &Call<'_>, at: usize) -> Result<Sql, Refusal> {
        let value = self.expr(call.args[at])?;
        self.as_count(
            value,
            &call.name,
            sqlparser::ast::Spanned::span(call.args[at]),
        )
    }

    /// The same of a value that is translated already.
    pub fn as_count(&self, value: Sql, name: &str, span: Span) -> Result<Sql, Refusal> {
        match value.ty {
            _ if value.is_null() => Ok(value),
            Some(_) if value.constant_text().is_some() => self.literal_as(&value, Type::Int4, span),
            Some(ty) if !(ty.is_number() || ty == Type::Super) => Err(self.not_redshift(
                span,
                format!("`{name}` counts with a number here, and this is {ty}"),
                "cast it to `integer`",
            )),
            _ => Ok(value),
        }
    }

    /// The arguments of a call that count, each of which must be a number.
    pub(super) fn counts(&self, call: &Call<'_>, mut args: Vec<Sql>) -> Result<Vec<Sql>, Refusal> {
        for (name, at) in COUNTS.iter().chain(WINDOW_COUNTS) {
            if *name == call.name
                && let Some(arg) = args.get_mut(*at)
            {
                let span = sqlparser::ast::Spanned::span(call.args[*at]);
                *arg = self.as_count(arg.clone(), name, span)?;
            }
        }
        Ok(args)
    }

    /// Refuses what is no date and no time where one is wanted.
    pub fn is_moment(&self, value: &Sql, name: &str, span: Span) -> Result<(), Refusal> {
        match value.ty {
            Some(ty)
                if ty.is_number()
                    || matches!(ty, Type::Bool | Type::Varbyte(_)) && !value.is_null() =>
            {
                Err(self.not_redshift(
                    span,
                    format!("`{name}` takes a date or time, and this is {ty}"),
                    "cast it to `timestamp`",
                ))
            }
            _ => Ok(()),
        }
    }
}
