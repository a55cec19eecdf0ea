//! An enforced contract, looked at before anything is replaced: the columns that a model's query answers beside those that it promises.

use super::session::Session;
use super::turn::{Failure, Turn};
use crate::diagnostic::Diagnostic;
use crate::manifest::{Node, ResourceType};
use crate::relation::KnownColumn;

impl Turn<'_> {
    /// Stops where the node's query breaks its contract.
    pub(super) fn keeps_contract(&mut self, session: &mut Session<'_, '_>) -> Result<(), Failure> {
        let of = self.of;
        let Some(sql) = self.sql.clone() else {
            return Ok(());
        };
        let promises = of.config.contract_enforced && of.resource_type == ResourceType::Model;
        let typed = of.columns.values().all(|column| column.data_type.is_some());
        if !promises || !typed || sql.text.trim().is_empty() {
            return Ok(());
        }
        let answered = match self.described(session, &sql, &sql.text) {
            Ok(columns) => columns,
            // What a pre-hook makes may not be there yet: the statement that builds tells whether it is.
            Err(_) if !of.config.pre_hook.is_empty() => return Ok(()),
            Err(failure) => return Err(failure),
        };
        let promised = of.columns.values().map(|column| {
            let data_type = column.data_type.as_deref().unwrap_or_default();
            let name = column.name.replace('"', "\"\"");
            format!("cast(null as {data_type}) as \"{name}\"")
        });
        let promised = format!("select {}", promised.collect::<Vec<_>>().join(", "));
        // A type that the warehouse does not know is told by the statement that makes the table.
        let Ok(promised) = self.described(session, &sql, &promised) else {
            return Ok(());
        };
        match broken(of, &answered, &promised) {
            Some(problem) => Err(Failure::Wrong(vec![problem])),
            None => {
                if of.config.materialized != "view" {
                    self.warnings.extend(rounded(of, &answered, &promised));
                }
                Ok(())
            }
        }
    }
}

/// Columns that the contract gives fewer digits behind the point than the query: the table is made without a word, and rounds.
fn rounded(node: &Node, answered: &[KnownColumn], promised: &[KnownColumn]) -> Vec<Diagnostic> {
    let rounds = |column: &KnownColumn| {
        let mut promised = promised.iter();
        let other = promised.find(|other| other.name.eq_ignore_ascii_case(&column.name))?;
        let (Some(has), Some(keeps)) = (scale(column), scale(other)) else {
            return None;
        };
        let declared = node.columns.values();
        let mut declared = declared.filter(|own| own.name.eq_ignore_ascii_case(&column.name));
        let declared = declared.next().filter(|_| keeps < has)?;
        let query = column.data_type.as_deref().unwrap_or_default();
        let written = declared.data_type.as_deref().unwrap_or_default();
        let message = format!(
            "the contract of `{}` says that `{}` is {written}, its query gives {query}: values are rounded",
            node.name, column.name
        );
        Some(
            Diagnostic::warning("contract-rounds", message)
                .at_some(
                    declared
                        .type_at
                        .clone()
                        .or_else(|| declared.declared_at.clone()),
                )
                .label(format!("{keeps} digits behind the point"))
                .help(format!(
                    "declare `data_type: \"{query}\"`, or round in the query"
                )),
        )
    };
    answered.iter().filter_map(rounds).collect()
}

/// The digits behind the point of a decimal.
fn scale(column: &KnownColumn) -> Option<u32> {
    let name = column.data_type.as_ref()?.to_lowercase();
    let (head, rest) = name.split_once('(')?;
    let (_, scale) = rest.strip_suffix(')')?.split_once(',')?;
    let is_decimal = ["numeric", "decimal"].contains(&head.trim());
    scale.trim().parse().ok().filter(|_| is_decimal)
}

/// A column of either side: its name, its type in the query, its type in the contract, what is wrong.
type Mismatch = [String; 4];

fn broken(node: &Node, answered: &[KnownColumn], promised: &[KnownColumn]) -> Option<Diagnostic> {
    let find = |columns: &[KnownColumn], name: &str| {
        let mut columns = columns.iter();
        columns
            .find(|other| other.name.eq_ignore_ascii_case(name))
            .cloned()
    };
    let shown = |column: &KnownColumn| column.data_type.clone().unwrap_or_default();
    let mut wrong: Vec<Mismatch> = Vec::new();
    for column in answered {
        let name = column.name.clone();
        match find(promised, &name) {
            None => wrong.push([
                name,
                shown(column),
                String::new(),
                "missing in contract".into(),
            ]),
            Some(other) if !same_type(column, &other) => {
                let reason = "data type mismatch".into();
                wrong.push([name, shown(column), shown(&other), reason]);
            }
            Some(_) => {}
        }
    }
    for column in promised {
        if find(answered, &column.name).is_none() {
            let reason = "missing in definition".into();
            wrong.push([column.name.clone(), String::new(), shown(column), reason]);
        }
    }
    if wrong.is_empty() {
        return None;
    }
    wrong.sort();
    let first = wrong.iter().find_map(|[name, ..]| {
        let declared = node.columns.values();
        let mut declared = declared.filter(|column| column.name.eq_ignore_ascii_case(name));
        let column = declared.next()?;
        column
            .type_at
            .clone()
            .or_else(|| column.declared_at.clone())
    });
    Some(
        Diagnostic::error(
            "contract-broken",
            format!("the query of `{}` does not keep its contract", node.name),
        )
        .at_some(first.or_else(|| crate::plan::place_of(node)))
        .note(table(wrong))
        .help("name, type and number of the columns must be those of the contract; nothing was replaced"),
    )
}

/// Whether two types have the same name, whatever their length or scale; what nobody can tell is not compared.
fn same_type(one: &KnownColumn, other: &KnownColumn) -> bool {
    let bare = |column: &KnownColumn| {
        let name = column.data_type.as_ref()?.to_lowercase();
        let (head, rest) = name.split_once('(').unwrap_or((&name, ""));
        let tail = rest.split_once(')').map_or("", |(_, tail)| tail);
        Some(format!("{}{}", head.trim(), tail.trim_end()))
    };
    match (bare(one), bare(other)) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

fn table(rows: Vec<Mismatch>) -> String {
    let head = [
        "column_name",
        "definition_type",
        "contract_type",
        "mismatch_reason",
    ];
    let mut all = vec![head.map(str::to_owned)];
    all.extend(rows);
    let width = |at: usize| {
        all.iter()
            .map(|row| row[at].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2), width(3)];
    let line = |row: &Mismatch| {
        let cells = row.iter().zip(widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        format!("| {} |", cells.join(" | "))
    };
    let rule = widths.map(|width| "-".repeat(width));
    let mut lines: Vec<String> = all.iter().map(line).collect();
    lines.insert(1, line(&rule));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_scales_are_no_part_of_a_type() {
        let column = |data_type: &str| KnownColumn {
            name: "a".into(),
            data_type: Some(data_type.into()),
        };
        let same = |one: &str, other: &str| same_type(&column(one), &column(other));
        assert!(same("numeric(10,2)", "NUMERIC(18,0)"));
        assert!(same("character varying(5)", "character varying"));
        assert!(!same("integer", "bigint"));
        assert!(!same(
            "timestamp(6) with time zone",
            "timestamp(6) without time zone"
        ));
    }
}
