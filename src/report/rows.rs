//! Rows of a query, laid out: a table for people, JSON for programs.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use crate::adapter::{Table, Value};

/// A cell of a text table is cut after this many columns of the terminal.
const WIDEST_CELL: usize = 60;

/// A table as text: names, a rule, rows; numbers to the right. Ends with a line end.
pub fn text(table: &Table) -> String {
    let names: Vec<String> = table.columns.iter().map(|c| cell(&c.name)).collect();
    let rows: Vec<Vec<String>> = table
        .rows
        .iter()
        .map(|row| row.iter().map(value_text).collect())
        .collect();
    let mut widths: Vec<usize> = names.iter().map(|name| name.width()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let numeric: Vec<bool> = (0..names.len()).map(|at| is_numeric(table, at)).collect();
    let mut text = String::new();
    line(&mut text, &names, &widths, &vec![false; names.len()]);
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    text.push_str(&rule.join("-+-"));
    text.push('\n');
    for row in &rows {
        line(&mut text, row, &widths, &numeric);
    }
    text
}

fn line(text: &mut String, cells: &[String], widths: &[usize], right: &[bool]) {
    let start = text.len();
    for (at, ((cell, width), right)) in cells.iter().zip(widths).zip(right).enumerate() {
        if at > 0 {
            text.push_str(" | ");
        }
        let padding = " ".repeat(width - cell.width());
        if *right {
            text.push_str(&padding);
        }
        text.push_str(cell);
        if !right {
            text.push_str(&padding);
        }
    }
    let kept = text[start..].trim_end().len();
    text.truncate(start + kept);
    text.push('\n');
}

fn is_numeric(table: &Table, at: usize) -> bool {
    table.rows.iter().all(|row| {
        matches!(
            row.get(at),
            Some(Value::Int(_) | Value::Float(_) | Value::Decimal(_) | Value::Null)
        )
    })
}

fn value_text(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        other => cell(&other.to_string()),
    }
}

/// One line, no control characters, not too wide.
fn cell(text: &str) -> String {
    let mut cut = String::new();
    for character in text.chars() {
        if cut.width() >= WIDEST_CELL {
            cut.push('…');
            break;
        }
        match character {
            '\n' => cut.push('⏎'),
            '\r' => {}
            '\t' => cut.push(' '),
            control if control.is_control() => cut.push('\u{fffd}'),
            other => cut.push(other),
        }
    }
    cut
}

/// Rows as JSON in the shape of `dbt show --output json`; ends with a line end.
pub fn json(node: Option<&str>, table: &Table) -> String {
    let mut text = String::from("{\n");
    if let Some(node) = node {
        let _ = writeln!(text, "  \"node\": {},", quoted(node));
    }
    text.push_str("  \"show\": [");
    let keys = keys(table);
    for (at, row) in table.rows.iter().enumerate() {
        text.push_str(if at == 0 { "\n    {" } else { ",\n    {" });
        for (at, (key, value)) in keys.iter().zip(row).enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            let _ = write!(text, "{comma}{key}: {}", json_value(value));
        }
        text.push('}');
    }
    text.push_str(if table.rows.is_empty() {
        "]\n}\n"
    } else {
        "\n  ]\n}\n"
    });
    text
}

/// Column names as JSON keys; a second column of a name gets a number, so that no value is lost.
fn keys(table: &Table) -> Vec<String> {
    let mut taken = std::collections::BTreeSet::new();
    let mut keys = Vec::new();
    for column in &table.columns {
        let mut name = column.name.clone();
        let mut number = 2;
        while !taken.insert(name.clone()) {
            name = format!("{}_{number}", column.name);
            number += 1;
        }
        keys.push(quoted(&name));
    }
    keys
}

fn json_value(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) if value.is_finite() => serde_json::Value::from(*value).to_string(),
        // A decimal keeps all its digits: JSON has no limit to them.
        Value::Decimal(digits) if serde_json::from_str::<serde_json::Number>(digits).is_ok() => {
            digits.clone()
        }
        other => quoted(&other.to_string()),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// What stands in the place of a personal value.
const MASKED: &str = "(personal)";

/// Takes the values out of columns that hold personal data, named in lower case.
pub fn mask(table: &mut Table, hidden: &BTreeSet<String>) {
    let names = table.columns.iter();
    let hidden: Vec<bool> = names
        .map(|column| hidden.contains(&column.name.to_lowercase()))
        .collect();
    mask_at(table, &hidden);
}

/// The same by the places of the columns.
pub fn mask_at(table: &mut Table, hidden: &[bool]) {
    let hidden = hidden.iter().enumerate().filter(|(_, hidden)| **hidden);
    for (number, _) in hidden {
        for row in &mut table.rows {
            if row[number] != Value::Null {
                row[number] = Value::Text(MASKED.to_owned());
            }
        }
    }
}

/// The same for the answer of a query that is no model: where its text names a personal column, no value is shown, for any column may
/// hold it.
pub fn mask_mentioned(table: &mut Table, personal: &BTreeSet<String>, sql: &str) {
    let lower = sql.to_lowercase();
    let mut words = lower.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
    if words.any(|word| personal.contains(word)) {
        let all = table
            .columns
            .iter()
            .map(|column| column.name.to_lowercase());
        let all = all.collect();
        mask(table, &all);
    } else {
        mask(table, personal);
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::relation::Column;

    fn table(names: &[&str], rows: Vec<Vec<Value>>) -> Table {
        let column = |name: &&str| Column {
            name: (*name).to_owned(),
            data_type: "integer".to_owned(),
            nullable: true,
        };
        Table {
            columns: names.iter().map(column).collect(),
            rows,
            truncated: false,
        }
    }

    fn sample() -> Table {
        table(
            &["id", "name", "id"],
            vec![
                vec![
                    Value::Int(7),
                    Value::Text("日本\nx\u{1b}[2J".into()),
                    Value::Decimal("1.50".into()),
                ],
                vec![Value::Int(1234), Value::Null, Value::Float(f64::NAN)],
            ],
        )
    }

    #[test]
    fn numbers_stand_right_and_wide_characters_line_up() {
        assert_snapshot!(text(&sample()), @"
        id   | name       | id
        -----+------------+-----
           7 | 日本⏎x�[2J | 1.50
        1234 | NULL       |  NaN
        ");
    }

    #[test]
    fn json_keeps_every_column_and_every_digit() {
        assert_snapshot!(json(Some("a"), &sample()), @r#"
        {
          "node": "a",
          "show": [
            {"id": 7, "name": "日本\nx\u001b[2J", "id_2": 1.50},
            {"id": 1234, "name": null, "id_2": "NaN"}
          ]
        }
        "#);
        assert_snapshot!(json(None, &table(&["id"], vec![])), @r#"
        {
          "show": []
        }
        "#);
    }

    #[test]
    fn a_long_value_is_cut() {
        let wide = table(&["x"], vec![vec![Value::Text("y".repeat(500))]]);
        assert!(
            text(&wide)
                .lines()
                .all(|line| line.width() <= WIDEST_CELL + 1)
        );
    }
}
