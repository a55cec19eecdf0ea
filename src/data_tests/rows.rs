//! Tests that look at one row at a time, as conditions: so that the rows that fail one can be told from the others before anyone sees them.
//!
//! In: a built-in test and its arguments as declared. Out: [`RowRule`], the SQL of its condition and what to say of a row that meets it.
//! The conditions are those of the tests' templates; a test of this room holds the two together.

use serde_json::{Map, Value};

use super::castable;

/// A condition that a row fails by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowRule {
    /// The column that the test is about, if it is about one.
    pub column: Option<String>,
    /// True for rows that fail.
    pub fails: String,
    /// What is wrong with them, such as `is null`.
    pub reason: String,
    /// The type that rows which pass can be given, for a test of that.
    pub data_type: Option<String>,
}

/// The tests that look at one row at a time.
pub const ROW_TESTS: [&str; 5] = [
    "not_null",
    "accepted_values",
    "accepted_range",
    "expression_is_true",
    "castable",
];

/// The condition of a test; none for a test that looks at more than one row.
///
/// # Errors
/// Why the arguments cannot be understood without rendering them, in a few words.
pub fn row_rule(
    name: &str,
    arguments: &Map<String, Value>,
    only: Option<&str>,
    dialect: &str,
) -> Option<Result<RowRule, String>> {
    if !ROW_TESTS.contains(&name) {
        return None;
    }
    Some(read(name, arguments, dialect).map(|rule| RowRule {
        fails: match only {
            Some(only) => format!("({only}) and ({})", rule.fails),
            None => rule.fails,
        },
        ..rule
    }))
}

fn read(name: &str, arguments: &Map<String, Value>, dialect: &str) -> Result<RowRule, String> {
    let column = text(arguments, "column_name")?;
    let of_column = || {
        column
            .clone()
            .ok_or_else(|| "it names no column".to_owned())
    };
    let (fails, reason, data_type) = match name {
        "not_null" => (
            format!("{} is null", of_column()?),
            "is null".to_owned(),
            None,
        ),
        "accepted_values" => {
            let (fails, reason) = accepted_values(&of_column()?, arguments)?;
            (fails, reason, None)
        }
        "accepted_range" => {
            let (fails, reason) = accepted_range(&of_column()?, arguments)?;
            (fails, reason, None)
        }
        "castable" => {
            let data_type = text(arguments, "data_type")?.unwrap_or_default();
            let column = of_column()?;
            let castable = castable::condition(&column, &data_type, dialect)
                .ok_or_else(|| format!("`{data_type}` is no type that texts are tested for"))?;
            let fails = format!("{column} is not null and not ({castable})");
            (fails, format!("is no {data_type}"), Some(data_type))
        }
        _ => {
            let expression = text(arguments, "expression")?.unwrap_or_default();
            let whole = match &column {
                Some(column) => format!("{column} {expression}"),
                None => expression,
            };
            (format!("not ({whole})"), format!("not {whole}"), None)
        }
    };
    Ok(RowRule {
        column,
        fails,
        reason,
        data_type,
    })
}

fn text(arguments: &Map<String, Value>, key: &str) -> Result<Option<String>, String> {
    match arguments.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => plain(value).map(Some),
    }
}

/// A value as it stands in SQL; a template would first have to be rendered.
fn plain(value: &Value) -> Result<String, String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    };
    match text.contains("{{") || text.contains("{%") {
        true => Err("its arguments are a template".to_owned()),
        false => Ok(text),
    }
}

fn accepted_values(
    column: &str,
    arguments: &Map<String, Value>,
) -> Result<(String, String), String> {
    let values = arguments.get("values").and_then(Value::as_array);
    let values = values.ok_or_else(|| "its values are no list".to_owned())?;
    let values = values.iter().map(plain).collect::<Result<Vec<_>, _>>()?;
    let quoted = arguments.get("quote").and_then(Value::as_bool) != Some(false);
    let said = values.iter().map(|value| match quoted {
        true => format!("'{}'", value.replace('\'', "''")),
        false => value.clone(),
    });
    let list = said.collect::<Vec<_>>().join(", ");
    Ok((
        format!("{column} not in ({list})"),
        format!("is none of {}", values.join(", ")),
    ))
}

fn accepted_range(
    column: &str,
    arguments: &Map<String, Value>,
) -> Result<(String, String), String> {
    let inclusive = arguments.get("inclusive").and_then(Value::as_bool) != Some(false);
    let (below, above) = if inclusive { ("<", ">") } else { ("<=", ">=") };
    let mut conditions = Vec::new();
    let mut reasons = Vec::new();
    for (key, sign, word) in [("min_value", below, "below"), ("max_value", above, "above")] {
        if let Some(value) = text(arguments, key)? {
            conditions.push(format!("{column} {sign} {value}"));
            reasons.push(format!("{word} {value}"));
        }
    }
    Ok((
        conditions.join(" or "),
        format!("is {}", reasons.join(" or ")),
    ))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::*;

    fn rule(name: &str, arguments: Value) -> String {
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        match row_rule(name, &arguments, None, "redshift") {
            None => "not about a row".to_owned(),
            Some(Err(why)) => why,
            Some(Ok(rule)) => format!("{} -- {}", rule.fails, rule.reason),
        }
    }

    #[test]
    fn a_test_of_one_row_is_a_condition() {
        assert_snapshot!(rule("not_null", json!({"column_name": "a"})), @"a is null -- is null");
        assert_snapshot!(rule("accepted_values", json!({"column_name": "a", "values": ["x", "it's"]})), @"a not in ('x', 'it''s') -- is none of x, it's");
        assert_snapshot!(rule("accepted_values", json!({"column_name": "a", "values": [1, 2], "quote": false})), @"a not in (1, 2) -- is none of 1, 2");
        assert_snapshot!(rule("accepted_range", json!({"column_name": "a", "min_value": 0, "max_value": 9, "inclusive": false})), @"a <= 0 or a >= 9 -- is below 0 or above 9");
        assert_snapshot!(rule("expression_is_true", json!({"column_name": "a", "expression": "> b"})), @"not (a > b) -- not a > b");
        assert_snapshot!(rule("castable", json!({"column_name": "a", "data_type": "varchar(9)"})), @"a is not null and not (octet_length(cast(a as varchar(65535))) <= 9) -- is no varchar(9)");
        assert_eq!(
            rule("unique", json!({"column_name": "a"})),
            "not about a row"
        );
        assert_eq!(
            rule(
                "accepted_range",
                json!({"column_name": "a", "min_value": "{{ var('least') }}"})
            ),
            "its arguments are a template"
        );
    }
}
