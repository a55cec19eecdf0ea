//! What a cluster refuses of a statement that an engine without clusters would take.
//!
//! In: a statement, and the columns of its table as far as they are known. Out: nothing, or why not.

use sqlparser::ast::{Expr, ObjectName, Query, SetExpr};
use sqlparser::tokenizer::TokenWithSpan;

use super::Part;
use crate::adapter::Refusal;
use crate::adapter::emulating::physical::{Attributes, Made, check_encoding};
use crate::adapter::emulating::{first_word, types};
use crate::relation::KnownColumn;
use crate::sql::alone;
use crate::sql::words::Words;

impl Part<'_> {
    /// Refuses physical attributes of a new table that a cluster refuses. Gives the columns that its rows are spread or sorted by.
    pub(super) fn within_limits(
        &self,
        name: &ObjectName,
        columns: Option<&[KnownColumn]>,
    ) -> Result<Vec<String>, Refusal> {
        let words = self.words();
        let mut at = words.find(0, "table").map_or(0, |at| at + 1);
        if words.are(at, &["if", "not", "exists"]) {
            at += 3;
        }
        let (_, after) = words.name(at);
        let body = words.find(after, "as").unwrap_or(words.len());
        let said = Attributes::read(&words, after, body);
        let made: Option<Vec<Made>> = columns.map(|all| all.iter().map(made).collect());
        let table = self.translator.parts(name)?.pop().unwrap_or_default();
        let checked = said.check(&table, made.as_deref());
        checked.map_err(|refusal| self.at_name(refusal))?;
        Ok(keys(said))
    }

    /// The same of attributes that a table is given later: `at` is the word behind `alter`.
    pub(super) fn altered(&self, name: &ObjectName, at: &str) -> Result<Vec<String>, Refusal> {
        let words = self.words();
        let Some(at) = words.find(1, at) else {
            return Ok(Vec::new());
        };
        let said = Attributes::altered(&words, at);
        let table = self.translator.parts(name)?.pop().unwrap_or_default();
        let made = self.made(name)?;
        let checked = said.check(&table, made.as_deref());
        checked.map_err(|refusal| self.at_name(refusal))?;
        Ok(keys(said))
    }

    /// The same of a key that is declared later.
    pub(super) fn constrained(&self, name: &ObjectName) -> Result<(), Refusal> {
        let words = self.words();
        let Some(at) = words.find(1, "add") else {
            return Ok(());
        };
        let mut said = Attributes::default();
        said.column(&words, at + 1, words.len());
        let table = self.translator.parts(name)?.pop().unwrap_or_default();
        let made = self.made(name)?;
        let checked = said.check(&table, made.as_deref());
        checked.map_err(|refusal| self.at_name(refusal))
    }

    /// Whether the rows of a table are spread or sorted by a column, as far as it is known.
    pub(super) fn is_key(&self, name: &ObjectName, column: &str) -> Result<bool, Refusal> {
        let mut parts = self.translator.parts(name)?;
        let table = parts.pop().unwrap_or_default();
        let schema = parts.pop();
        let keys = self.translator.catalog.keys(schema.as_deref(), &table);
        Ok(keys.iter().any(|key| key.eq_ignore_ascii_case(column)))
    }

    /// The same of an encoding that a column is given later.
    pub(super) fn encoded(
        &self,
        name: &ObjectName,
        column: &str,
        encoding: &str,
    ) -> Result<(), Refusal> {
        let made = self.made(name)?.unwrap_or_default();
        let found = made.iter().find(|(name, _)| name == column);
        let data_type = found.and_then(|(_, ty)| ty.as_deref());
        let checked = check_encoding(column, encoding, data_type);
        checked.map_err(|refusal| self.at_name(refusal))
    }

    /// The columns of a table that is there, where they are known.
    fn made(&self, name: &ObjectName) -> Result<Option<Vec<Made>>, Refusal> {
        let mut parts = self.translator.parts(name)?;
        let table = parts.pop().unwrap_or_default();
        let schema = parts.pop();
        let columns = self.translator.catalog.columns(schema.as_deref(), &table);
        let typed = |(name, ty): (String, Option<types::Type>)| {
            (name.to_lowercase(), ty.map(|ty| ty.to_string()))
        };
        Ok(columns.map(|all| all.into_iter().map(typed).collect()))
    }

    /// Refuses an `insert` that gives values to a column which numbers its rows itself:
    /// <https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_TABLE_NEW.html>.
    pub(super) fn numbers_itself(
        &self,
        table: &ObjectName,
        filled: &[String],
        source: &Query,
    ) -> Result<(), Refusal> {
        for identity in self.identities(table)? {
            let mut names = filled.iter();
            let Some(at) = names.position(|name| name.eq_ignore_ascii_case(&identity)) else {
                continue;
            };
            let left_out = match source.body.as_ref() {
                SetExpr::Values(values) => {
                    let mut cells = values.rows.iter().map(|row| row.content.get(at));
                    cells.all(|cell| cell.is_none_or(is_default))
                }
                _ => false,
            };
            if !left_out {
                return Err(self.numbered_itself(&identity));
            }
        }
        Ok(())
    }

    /// The columns of a table that number its rows themselves.
    pub(super) fn identities(&self, table: &ObjectName) -> Result<Vec<String>, Refusal> {
        let mut parts = self.translator.parts(table)?;
        let name = parts.pop().unwrap_or_default();
        let schema = parts.pop();
        let catalog = self.translator.catalog;
        Ok(catalog.identities(schema.as_deref(), &name))
    }

    /// The refusal of a value for a column that numbers its rows itself.
    pub(super) fn numbered_itself(&self, column: &str) -> Refusal {
        Refusal {
            range: self.translator.range(self.first_span()),
            reason: Some("Redshift refuses this".to_owned()),
            help: Some(format!(
                "leave `{column}` out, or make it `generated by default as identity`"
            )),
            ..Refusal::new(
                "not-redshift",
                format!("cannot set the identity column `{column}` to a value"),
            )
        }
    }

    fn words(&self) -> Words {
        Words::new(&self.translator.text[self.range.clone()])
    }

    /// Points a refusal at the name in it, which stands behind the columns if it stands twice.
    fn at_name(&self, refusal: Refusal) -> Refusal {
        let named = refusal.message.split('`').nth(1).unwrap_or_default();
        let text = self.translator.text[self.range.clone()].to_ascii_lowercase();
        let found = text
            .rfind(&named.to_lowercase())
            .filter(|_| !named.is_empty());
        let range = found.map(|at| {
            let start = self.range.start + at;
            start..start + named.len()
        });
        Refusal {
            range: range.or_else(|| self.translator.range(self.first_span())),
            reason: Some("Redshift refuses this".to_owned()),
            ..refusal
        }
    }
}

fn keys(said: Attributes) -> Vec<String> {
    said.distkey.into_iter().chain(said.sortkeys).collect()
}

fn made(column: &KnownColumn) -> Made {
    let written = column.data_type.as_deref();
    let known = written.and_then(|written| types::catalog_type(&written.to_lowercase()));
    (
        column.name.to_lowercase(),
        known.map(|known| known.to_string()),
    )
}

pub(super) fn is_default(expr: &Expr) -> bool {
    matches!(expr, Expr::Identifier(ident) if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("default"))
}

/// Refuses what runs only outside of a transaction among other statements: several at once are one transaction.
pub(super) fn refuse_company(sql: &str, all: &[Vec<TokenWithSpan>]) -> Result<(), Refusal> {
    if all.len() < 2 {
        return Ok(());
    }
    let lines = crate::sql::position::Lines::new(sql);
    for code in all {
        let (Some(first), Some(last)) = (code.first(), code.last()) else {
            continue;
        };
        let start = lines.offset(first.span.start).unwrap_or(0);
        let end = lines.offset(last.span.end).unwrap_or(sql.len());
        let text = &sql[start..end];
        let Some(what) = alone::stands_alone(&Words::new(text)) else {
            continue;
        };
        let word = first_word(text);
        return Err(Refusal {
            code: "not-redshift",
            message: format!("{what} cannot run inside a transaction block"),
            range: Some(start + word.start..start + word.end),
            reason: Some("several statements at once are one transaction".to_owned()),
            help: Some("make it a hook or call of its own".to_owned()),
        });
    }
    Ok(())
}
