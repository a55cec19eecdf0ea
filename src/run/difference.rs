//! What a model answered beside what a unit test expected, row by row.
//!
//! In: rows of both, told apart by their last column. Out: nothing, or the rows side by side with what differs marked.
//! The order of rows means nothing.

use crate::adapter::{Table, Value};
use crate::materialization::unit::ACTUAL;

/// The most rows that are shown.
const MOST_ROWS: usize = 50;
/// Changes a cell: what was expected, then what came.
const ARROW: char = '→';

/// How two answers differ.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// They have the same rows.
    None,
    /// They do not: the rows of both, for people.
    Rows(String),
}

/// A row of cells as they are shown; NULL is `NULL`.
type Row = Vec<String>;

/// Compares the rows of [`crate::materialization::unit::question`].
pub(super) fn of(mut table: Table) -> Difference {
    table.columns.pop();
    let (mut actual, mut expected): (Vec<Row>, Vec<Row>) = (Vec::new(), Vec::new());
    for mut row in table.rows {
        let side = row.pop();
        let cells = row.iter().map(shown).collect();
        if matches!(&side, Some(Value::Text(side)) if side == ACTUAL) {
            actual.push(cells);
        } else {
            expected.push(cells);
        }
    }
    actual.sort_by(order);
    expected.sort_by(order);
    if actual == expected {
        return Difference::None;
    }
    let names: Row = table
        .columns
        .into_iter()
        .map(|column| column.name)
        .collect();
    Difference::Rows(told(&names, &lines(actual, expected)))
}

/// Numbers by their size, everything else by its text.
fn order(a: &Row, b: &Row) -> std::cmp::Ordering {
    let cells = a.iter().zip(b).map(|(a, b)| {
        let numbers = (a.parse::<f64>(), b.parse::<f64>());
        match numbers {
            (Ok(x), Ok(y)) if x != y => x.total_cmp(&y),
            _ => a.cmp(b),
        }
    });
    cells.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        // `3` and `3.00` are the same number, whatever scale it was computed with.
        Value::Decimal(text) if text.contains('.') => {
            let text = text.trim_end_matches('0');
            text.trim_end_matches('.').to_owned()
        }
        value => value.to_string(),
    }
}

/// A line of the comparison.
enum Line {
    /// In both.
    Same(Row),
    /// Expected and actual row that belong together.
    Changed(Row, Row),
    /// Only the model has it.
    Added(Row),
    /// Only the expectation has it.
    Missing(Row),
}

fn lines(mut actual: Vec<Row>, expected: Vec<Row>) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut left = Vec::new();
    for row in expected {
        match actual.iter().position(|other| *other == row) {
            Some(at) => lines.push(Line::Same(actual.remove(at))),
            None => left.push(row),
        }
    }
    let alone = left.len() == 1 && actual.len() == 1;
    for row in left {
        match likest(&row, &actual, alone) {
            Some(at) => lines.push(Line::Changed(row, actual.remove(at))),
            None => lines.push(Line::Missing(row)),
        }
    }
    lines.extend(actual.into_iter().map(Line::Added));
    lines.sort_by(|a, b| order(a.row(), b.row()));
    lines
}

impl Line {
    fn row(&self) -> &Row {
        match self {
            Self::Same(row) | Self::Changed(row, _) | Self::Added(row) | Self::Missing(row) => row,
        }
    }

    fn mark(&self) -> &'static str {
        match self {
            Self::Same(_) => "",
            Self::Changed(..) => "→",
            Self::Added(_) => "+++",
            Self::Missing(_) => "---",
        }
    }

    fn cells(&self) -> Row {
        match self {
            Self::Changed(expected, actual) => expected
                .iter()
                .zip(actual)
                .map(|(expected, actual)| match expected == actual {
                    true => actual.clone(),
                    false => format!("{expected}{ARROW}{actual}"),
                })
                .collect(),
            other => other.row().clone(),
        }
    }
}

/// The row that shares the most cells with another: half of them at least, unless the two are alone.
fn likest(row: &Row, others: &[Row], alone: bool) -> Option<usize> {
    let alike = |other: &Row| row.iter().zip(other).filter(|(a, b)| a == b).count();
    let (at, most) = others
        .iter()
        .enumerate()
        .map(|(at, other)| (at, alike(other)))
        .max_by_key(|(at, most)| (*most, std::cmp::Reverse(*at)))?;
    (alone || most * 2 >= row.len().max(1)).then_some(at)
}

fn told(names: &Row, lines: &[Line]) -> String {
    let cells: Vec<Row> = lines.iter().map(Line::cells).collect();
    let width = |column: usize| {
        let all = std::iter::once(names).chain(cells.iter().take(MOST_ROWS));
        all.filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..names.len()).map(width).collect();
    let line = |mark: &str, row: &Row| {
        let cells = row.iter().zip(&widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        format!("{mark:<3} | {}", cells.join(" | "))
            .trim_end()
            .to_owned()
    };
    let mut text = format!("actual differs from expected:\n\n{}", line("@@", names));
    for (at, cells) in cells.iter().enumerate().take(MOST_ROWS) {
        text.push('\n');
        text.push_str(&line(lines[at].mark(), cells));
    }
    if cells.len() > MOST_ROWS {
        text.push_str(&format!("\n… and {} more rows", cells.len() - MOST_ROWS));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relation::Column;

    fn table(rows: &[(&[&str], &str)]) -> Table {
        let column = |name: &str| Column {
            name: name.to_owned(),
            data_type: String::new(),
            nullable: true,
        };
        Table {
            columns: ["id", "name", "side"].map(column).to_vec(),
            rows: rows
                .iter()
                .map(|(cells, side)| {
                    let cells = cells.iter().chain([side]);
                    cells.map(|cell| Value::Text((*cell).to_owned())).collect()
                })
                .collect(),
            truncated: false,
        }
    }

    #[test]
    fn rows_are_the_same_in_any_order() {
        let rows = table(&[
            (&["1", "a"], "actual"),
            (&["2", "b"], "actual"),
            (&["2", "b"], "expected"),
            (&["1", "a"], "expected"),
        ]);
        assert_eq!(of(rows), Difference::None);
    }

    #[test]
    fn a_row_too_often_is_a_difference() {
        let rows = table(&[
            (&["1", "a"], "actual"),
            (&["1", "a"], "actual"),
            (&["1", "a"], "expected"),
        ]);
        assert!(matches!(of(rows), Difference::Rows(_)));
    }

    #[test]
    fn changed_cells_are_marked_and_rows_of_one_side_stand_out() {
        let rows = table(&[
            (&["1", "a"], "actual"),
            (&["2", "b"], "actual"),
            (&["10", "c"], "actual"),
            (&["1", "a"], "expected"),
            (&["2", "x"], "expected"),
            (&["4", "d"], "expected"),
        ]);
        let Difference::Rows(told) = of(rows) else {
            panic!("the rows differ");
        };
        insta::assert_snapshot!(told, @r"
        actual differs from expected:

        @@  | id | name
            | 1  | a
        →   | 2  | x→b
        --- | 4  | d
        +++ | 10 | c
        ");
    }

    #[test]
    fn the_scale_of_a_number_is_no_difference() {
        assert_eq!(shown(&Value::Decimal("3.00".into())), "3");
        assert_eq!(shown(&Value::Decimal("300".into())), "300");
        assert_eq!(shown(&Value::Decimal("3.10".into())), "3.1");
    }
}
