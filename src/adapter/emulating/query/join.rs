//! Joins, and the columns that `using` compares.

use sqlparser::ast::{
    BinaryOperator, Expr, Join, JoinConstraint, JoinOperator, ObjectName, Spanned, TableWithJoins,
};

use crate::adapter::Refusal;
use crate::adapter::emulating::expression::common_type;
use crate::adapter::emulating::grouping::unpadded;
use crate::adapter::emulating::translator::{Merged, Sql, Translator, Visible};
use crate::adapter::emulating::types::Type;
use crate::adapter::emulating::{compare, identifier, postgres};

/// Whether one of the conditions that are joined by `and` says that two expressions are equal.
fn equates(on: &Expr) -> bool {
    let is_value = |expr: &Expr| matches!(expr, Expr::Value(_));
    match on {
        Expr::Nested(inner) => equates(inner),
        Expr::BinaryOp { left, op, right } => match op {
            BinaryOperator::And => equates(left) || equates(right),
            BinaryOperator::Eq => !is_value(left) && !is_value(right),
            _ => false,
        },
        _ => false,
    }
}

/// A side of a join: the places of its tables in the scope.
type Side = std::ops::Range<usize>;

/// The join of `using` at hand.
struct Joined<'j> {
    words: &'static str,
    left: Side,
    right: Side,
    join: &'j Join,
}

impl Translator<'_> {
    pub fn from(&mut self, from: &[TableWithJoins]) -> Result<String, Refusal> {
        let mut parts = Vec::new();
        for table in from {
            let first = self.scope().tables.len();
            parts.push(self.table_with_joins(table)?);
            if parts.len() > 1 {
                self.scatter(first);
            }
        }
        if parts.is_empty() {
            Ok(String::new())
        } else {
            Ok(format!(" FROM {}", parts.join(", ")))
        }
    }

    pub(super) fn table_with_joins(&mut self, table: &TableWithJoins) -> Result<String, Refusal> {
        let first = self.scope().tables.len();
        let mut text = self.table_factor(&table.relation)?;
        for join in &table.joins {
            self.join(&mut text, join, first)?;
        }
        Ok(text)
    }

    /// Notes whether joins among the tables from a place on merged columns: they do not stand first behind `*`.
    fn scatter(&mut self, first: usize) {
        let scope = self.scope();
        let mut merged = scope.merged.iter();
        scope.scattered |= merged.any(|merged| merged.tables.start >= first);
    }

    /// Adds a join to the text of what stands before it, whose tables begin at `first`.
    fn join(&mut self, text: &mut String, join: &Join, first: usize) -> Result<(), Refusal> {
        let (words, constraint) = match &join.join_operator {
            JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) => {
                ("JOIN", constraint)
            }
            JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint) => {
                ("LEFT JOIN", constraint)
            }
            JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => {
                ("RIGHT JOIN", constraint)
            }
            JoinOperator::FullOuter(constraint) => ("FULL JOIN", constraint),
            JoinOperator::CrossJoin(constraint @ JoinConstraint::None) => {
                ("CROSS JOIN", constraint)
            }
            _ => {
                return Err(self.not_redshift(
                    join.relation.span(),
                    "this kind of join is not one of Redshift's",
                    "join with `inner`, `left`, `right`, `full` or `cross`; test with `exists` or `not exists`",
                ));
            }
        };
        let middle = self.scope().tables.len();
        let mut relation = self.table_factor(&join.relation)?;
        self.scatter(middle);
        let scope = self.scope();
        let joined = Joined {
            words,
            left: first..middle,
            right: middle..scope.tables.len(),
            join,
        };
        let condition = match constraint {
            JoinConstraint::None if words == "CROSS JOIN" => String::new(),
            JoinConstraint::None => {
                return Err(self.not_redshift(
                    join.relation.span(),
                    "this join has no condition",
                    "add `on …`",
                ));
            }
            JoinConstraint::On(on) => {
                if words == "FULL JOIN" && !equates(on) {
                    return Err(self.not_redshift(
                        on.span(),
                        "a `full join` compares columns of its two sides with `=`",
                        "join the sides with `left` and `right`, and `union` them",
                    ));
                }
                let condition = self.part(String::new(), |translator| {
                    translator.joining(|translator| translator.condition(on, "`on`"))
                })?;
                format!(" ON {condition}")
            }
            JoinConstraint::Natural => {
                let names = self.common_columns(&joined)?;
                if names.is_empty() {
                    " ON TRUE".to_owned()
                } else {
                    self.using(text, &mut relation, &joined, names)?
                }
            }
            JoinConstraint::Using(names) => {
                let names = self.using_names(names)?;
                self.using(text, &mut relation, &joined, names)?
            }
        };
        text.push_str(&format!(" {words} {relation}{condition}"));
        Ok(())
    }

    /// ` USING (…)`, or the condition that stands for it where texts are compared.
    fn using(
        &mut self,
        text: &mut String,
        relation: &mut String,
        joined: &Joined<'_>,
        names: Vec<String>,
    ) -> Result<String, Refusal> {
        let texts: Vec<String> = names
            .iter()
            .filter(|name| !self.holds_no_text(name, joined))
            .cloned()
            .collect();
        let sides: Option<Vec<(Sql, Sql)>> = names
            .iter()
            .map(|name| {
                Some((
                    self.column_of(name, &joined.left)?,
                    self.column_of(name, &joined.right)?,
                ))
            })
            .collect();
        for (left, right) in sides.iter().flatten() {
            self.comparable(left, right, joined.join.relation.span())?;
        }
        let differ = sides.iter().flatten().any(differ);
        let native = (texts.is_empty() && !differ) || sides.is_none();
        let columns = super::join(names.iter().map(|name| identifier(name)));
        let mut condition = format!(" USING ({columns})");
        if let (false, Some(sides)) = (native, &sides) {
            let equal: Vec<String> = sides
                .iter()
                .map(|(left, right)| compare::compare(left, "=", right).text)
                .collect();
            condition = format!(" ON {}", equal.join(" AND "));
        } else if !texts.is_empty() {
            self.check(text, relation, joined, &texts)?;
        }
        let mut sides = sides.into_iter().flatten();
        let mut merged: Vec<Merged> = Vec::with_capacity(names.len());
        for name in names {
            let sql = match sides.next() {
                Some((left, right)) => Some(self.merged_column(joined, &name, left, right)?),
                None => None,
            };
            merged.push(Merged {
                name,
                tables: joined.left.start..joined.right.end,
                sql,
                native,
            });
        }
        // The columns of the last join come first.
        let before = std::mem::replace(&mut self.scope().merged, merged);
        for column in before {
            let merged = &mut self.scope().merged;
            if merged.iter().all(|merged| merged.name != column.name) {
                merged.push(column);
            }
        }
        Ok(condition)
    }

    /// A column of one side of a join, under the name of the only table that can have it.
    fn column_of(&mut self, name: &str, side: &Side) -> Option<Sql> {
        let scope = self.scope();
        let inside = |tables: &Side| side.start <= tables.start && tables.end <= side.end;
        let mut merged = scope.merged.iter();
        if let Some(merged) = merged.find(|merged| merged.name == name && inside(&merged.tables)) {
            return merged.sql.clone();
        }
        let tables = &scope.tables[side.clone()];
        let has = |table: &&Visible| {
            let mut columns = table.columns.iter().flatten();
            columns.any(|(column, _)| column == name)
        };
        let mut owners = tables.iter().filter(has);
        let table = match (owners.next(), owners.next()) {
            (Some(table), None) => table,
            (Some(_), Some(_)) => return None,
            _ => {
                let mut unknown = tables.iter().filter(|table| table.columns.is_none());
                match (unknown.next(), unknown.next()) {
                    (Some(only), None) => only,
                    _ => return None,
                }
            }
        };
        let alias = &table.alias;
        let namesakes = scope.tables.iter().filter(|table| &table.alias == alias);
        if alias.is_empty() || namesakes.count() > 1 {
            return None;
        }
        let ty = table
            .columns
            .iter()
            .flatten()
            .find(|(column, _)| column == name)
            .and_then(|(_, ty)| *ty);
        Some(Sql {
            plain: true,
            ..Sql::new(format!("{}.{}", identifier(alias), identifier(name)), ty)
        })
    }

    /// The column that a join with `using` makes of two, in the type that they have in common.
    fn merged_column(
        &self,
        joined: &Joined<'_>,
        name: &str,
        left: Sql,
        right: Sql,
    ) -> Result<Sql, Refusal> {
        let common = common_type([&left, &right].into_iter());
        let (is_real, differ) = (
            left.is(Type::Float4) || right.is(Type::Float4),
            differ(&(left.clone(), right.clone())),
        );
        let span = joined.join.relation.span();
        if is_real && differ && ![&left, &right].iter().any(|side| side.is(Type::Float8)) {
            return Err(Refusal {
                help: Some("write the condition with `on`".to_owned()),
                ..self.unsupported(
                    span,
                    format!("`using ({name})` of a real and another kind of number is not emulated"),
                    "they are compared as doubles, and which of the two the column holds, no page tells",
                )
            });
        }
        let merged = match joined.words {
            "RIGHT JOIN" => right,
            "FULL JOIN" => Sql {
                plain: true,
                ..Sql::new(format!("coalesce({}, {})", left.text, right.text), common)
            },
            _ => left,
        };
        match common {
            Some(common) if differ && merged.ty != Some(common) => Ok(Sql {
                plain: true,
                ..Sql::new(self.cast_text(&merged, common, true, span)?, Some(common))
            }),
            _ => Ok(merged),
        }
    }

    /// The columns that a `natural join` compares.
    fn common_columns(&mut self, joined: &Joined<'_>) -> Result<Vec<String>, Refusal> {
        let columns = |tables: &[Visible]| -> Option<Vec<String>> {
            let mut all: Vec<String> = Vec::new();
            for table in tables {
                all.extend(table.columns.as_ref()?.iter().map(|(name, _)| name.clone()));
            }
            Some(all)
        };
        let tables = &self.scope().tables;
        let left = columns(&tables[joined.left.clone()]);
        let right = columns(&tables[joined.right.clone()]);
        let (Some(left), Some(right)) = (left, right) else {
            return Err(Refusal {
                help: Some("write the condition with `on`".to_owned()),
                ..self.unsupported(
                    joined.join.relation.span(),
                    "`natural join` is not emulated here",
                    "the columns it compares are not known, and trailing blanks would count",
                )
            });
        };
        let mut names: Vec<String> = Vec::new();
        for name in left {
            if right.contains(&name) && !names.contains(&name) {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// Whether a column is known to hold no text on one of the sides.
    fn holds_no_text(&mut self, name: &str, joined: &Joined<'_>) -> bool {
        let tables = &self.scope().tables[joined.left.start..joined.right.end];
        tables.iter().any(|table| {
            table
                .columns
                .iter()
                .flatten()
                .any(|(column, ty)| column == name && ty.is_some_and(|ty| !ty.is_text()))
        })
    }

    fn using_names(&self, names: &[ObjectName]) -> Result<Vec<String>, Refusal> {
        let mut all = Vec::new();
        for name in names {
            all.extend(self.parts(name)?);
        }
        Ok(all)
    }

    /// Has a value that ends in a blank stop the query, where `using` compares as DuckDB does: the tables of a join
    /// without a name of their own.
    fn check(
        &mut self,
        text: &mut String,
        relation: &mut String,
        joined: &Joined<'_>,
        names: &[String],
    ) -> Result<(), Refusal> {
        // What an earlier join merged was checked there.
        let merged = &self.scope().merged;
        let new: Vec<String> = names
            .iter()
            .filter(|name| merged.iter().all(|merged| &merged.name != *name))
            .cloned()
            .collect();
        if (joined.left.len() != 1 && !new.is_empty()) || joined.right.len() != 1 {
            return Err(Refusal {
                help: Some("write the condition with `on`".to_owned()),
                ..self.unsupported(
                    joined.join.relation.span(),
                    format!("`using ({})` is not emulated here", names.join(", ")),
                    "which of the tables before it has the column is not known, and trailing blanks would count",
                )
            });
        }
        for (part, side, names) in [
            (text, &joined.left, &new),
            (relation, &joined.right, &names.to_vec()),
        ] {
            if names.is_empty() {
                continue;
            }
            let alias = self.scope().tables[side.start].alias.clone();
            if self.on_postgres() {
                let alias = match alias.as_str() {
                    "" => format!("__rs_t{}", side.start + 1),
                    _ => alias,
                };
                *part = postgres::checked(part, names, &alias);
                continue;
            }
            let columns = super::join(names.iter().map(|name| {
                let name = identifier(name);
                format!("{} AS {name}", unpadded(&name))
            }));
            let alias = if alias.is_empty() {
                String::new()
            } else {
                format!(" AS {}", identifier(&alias))
            };
            *part = format!("(SELECT * REPLACE ({columns}) FROM {part}){alias}");
        }
        Ok(())
    }
}

/// Whether two columns are known to be of two types, and neither a text: the engine would give the joined one the type of the first.
fn differ((left, right): &(Sql, Sql)) -> bool {
    let types = left.ty.zip(right.ty);
    types.is_some_and(|(left, right)| left != right && !left.is_text() && !right.is_text())
}
