//! Joins, and the columns that `using` compares.

use sqlparser::ast::{
    Join, JoinConstraint, JoinOperator, ObjectName, Spanned, TableFactor, TableWithJoins,
};

use crate::adapter::Refusal;
use crate::adapter::emulating::grouping::unpadded;
use crate::adapter::emulating::identifier;
use crate::adapter::emulating::translator::Translator;

impl Translator<'_> {
    pub fn from(&mut self, from: &[TableWithJoins]) -> Result<String, Refusal> {
        let mut parts = Vec::new();
        for table in from {
            parts.push(self.table_with_joins(table)?);
        }
        if parts.is_empty() {
            Ok(String::new())
        } else {
            Ok(format!(" FROM {}", parts.join(", ")))
        }
    }

    pub(super) fn table_with_joins(&mut self, table: &TableWithJoins) -> Result<String, Refusal> {
        let mut text = self.table_factor(&table.relation)?;
        let mut checked = Vec::new();
        for (at, join) in table.joins.iter().enumerate() {
            if let Some(names) = using(join) {
                let names = self.using_names(names)?;
                let new: Vec<String> = names
                    .into_iter()
                    .filter(|name| !checked.contains(name) && !self.holds_no_text(name))
                    .collect();
                if !new.is_empty() {
                    let alone =
                        at == 0 && !matches!(table.relation, TableFactor::NestedJoin { .. });
                    if !alone {
                        return Err(Refusal {
                            help: Some("write the condition with `on`".to_owned()),
                            ..self.unsupported(
                                join.relation.span(),
                                format!("`using ({})` is not emulated here", new.join(", ")),
                                "which of the tables before it has the column is not known, and trailing blanks would count",
                            )
                        });
                    }
                    text = self.checked(&text, &new);
                    checked.extend(new);
                }
            }
            text.push_str(&self.join(join, &checked)?);
        }
        Ok(text)
    }

    pub(super) fn join(&mut self, join: &Join, checked: &[String]) -> Result<String, Refusal> {
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
        let mut relation = self.table_factor(&join.relation)?;
        let condition = match constraint {
            JoinConstraint::None if words == "CROSS JOIN" => String::new(),
            JoinConstraint::None => {
                return Err(self.not_redshift(
                    join.relation.span(),
                    "this join has no condition",
                    "add `on …`",
                ));
            }
            JoinConstraint::On(on) => format!(" ON {}", self.condition(on)?),
            JoinConstraint::Natural => {
                return Err(Refusal {
                    help: Some("write the condition with `on`".to_owned()),
                    ..self.unsupported(
                        join.relation.span(),
                        "`natural join` is not emulated",
                        "the columns it compares are not known here, and trailing blanks would count",
                    )
                });
            }
            JoinConstraint::Using(names) => {
                let names = self.using_names(names)?;
                let padded: Vec<String> = names
                    .iter()
                    .filter(|name| checked.contains(name))
                    .cloned()
                    .collect();
                if !padded.is_empty() {
                    relation = self.checked(&relation, &padded);
                }
                let columns = super::join(names.iter().map(|name| identifier(name)));
                format!(" USING ({columns})")
            }
        };
        Ok(format!(" {words} {relation}{condition}"))
    }

    /// Whether a column of the tables at hand is known to hold no text.
    pub(super) fn holds_no_text(&mut self, name: &str) -> bool {
        self.scope().tables.iter().any(|table| {
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

    /// The table met last, whose columns of these names must not end in a blank: `using` compares them as DuckDB does.
    fn checked(&mut self, relation: &str, names: &[String]) -> String {
        let columns = super::join(names.iter().map(|name| {
            let name = identifier(name);
            format!("{} AS {name}", unpadded(&name))
        }));
        let alias = match self.scope().tables.last() {
            Some(table) if !table.alias.is_empty() => format!(" AS {}", identifier(&table.alias)),
            _ => String::new(),
        };
        format!("(SELECT * REPLACE ({columns}) FROM {relation}){alias}")
    }
}

/// The columns of `join … using`.
pub(super) fn using(join: &Join) -> Option<&[ObjectName]> {
    match &join.join_operator {
        JoinOperator::Join(JoinConstraint::Using(names))
        | JoinOperator::Inner(JoinConstraint::Using(names))
        | JoinOperator::Left(JoinConstraint::Using(names))
        | JoinOperator::LeftOuter(JoinConstraint::Using(names))
        | JoinOperator::Right(JoinConstraint::Using(names))
        | JoinOperator::RightOuter(JoinConstraint::Using(names))
        | JoinOperator::FullOuter(JoinConstraint::Using(names)) => Some(names),
        _ => None,
    }
}
