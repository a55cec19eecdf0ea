//! Interval literals.

use super::part::PARTS;
use crate::adapter::emulating::number;

/// An interval literal as DuckDB reads it: numbers and units, or a clock.
pub(in crate::adapter::emulating) fn interval(text: &str, unit: Option<&str>) -> Option<String> {
    if let Some(unit) = unit {
        let number: f64 = text.trim().parse().ok()?;
        let part = unit_of(unit)?;
        return Some(format!("{} {part}", trimmed_number(number)));
    }
    let spaced: Vec<String> = split_units(text);
    let mut out = Vec::new();
    let mut words = spaced.iter().peekable();
    while let Some(word) = words.next() {
        if word.contains(':') {
            out.push(word.clone());
            continue;
        }
        word.parse::<f64>().ok()?;
        match words.next() {
            Some(unit) => out.push(format!("{word} {}", unit_of(unit)?)),
            // A number alone counts seconds.
            None => out.push(format!("{word} seconds")),
        }
    }
    (!out.is_empty()).then(|| out.join(" "))
}

/// `1day2hours` as words.
fn split_units(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut kind = None;
    for character in text.chars() {
        if character.is_whitespace() || character == ',' {
            kind = None;
            continue;
        }
        let letter = character.is_alphabetic();
        if kind != Some(letter) {
            words.push(String::new());
        }
        kind = Some(letter);
        if let Some(word) = words.last_mut() {
            word.push(character);
        }
    }
    words
}

fn unit_of(unit: &str) -> Option<&'static str> {
    let unit = unit.to_lowercase();
    PARTS
        .iter()
        .find(|(part, spellings)| {
            spellings.contains(&unit.as_str()) && !matches!(*part, "dow" | "doy" | "epoch")
        })
        .map(|(part, _)| *part)
}

fn trimmed_number(number: f64) -> String {
    number::float_text(number)
}
