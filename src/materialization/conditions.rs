//! `incremental_predicates`: conditions on the table that a batch goes into.
//!
//! In: conditions as they are written. Out: the same in brackets, about the table by the name that a statement has for it.

use sqlparser::tokenizer::Token;

use super::{Input, as_shown, quote};
use crate::diagnostic::Diagnostics;
use crate::relation::Relation;
use crate::sql::words::Words;

/// The conditions of a node, in which the table goes by this name. Each is one condition, also where it has an `or`.
pub(super) fn conditions(input: &Input<'_>, table: &str) -> Result<Vec<String>, Diagnostics> {
    let own = input.relation()?;
    // `this` in the configuration is the name under which a table is shown that is built aside.
    let shown = Relation {
        identifier: as_shown(&own.identifier),
        ..own.clone()
    };
    let table = format!("{table}.");
    let said = |predicate: &String| {
        let predicate = match shown.identifier == own.identifier {
            true => predicate.clone(),
            false => renamed(predicate, &shown, &own.identifier),
        };
        let predicate = predicate.replace("DBT_INTERNAL_DEST.", &table);
        let predicate = predicate.replace("dbt_internal_dest.", &table);
        // A comment at its end would have the bracket.
        let end = if predicate.contains("--") { "\n" } else { "" };
        format!("({predicate}{end})")
    };
    let predicates = input.node.config.incremental_predicates.iter();
    Ok(predicates.map(said).collect())
}

/// A condition about another table of the same schema, where it names this one. As it is where that might turn a column of a query in
/// it into one of the table.
fn renamed(condition: &str, from: &Relation, to: &str) -> String {
    let words = Words::new(condition);
    let is = |at: usize, name: &str| match words.token(at) {
        Some(Token::Word(word)) if word.quote_style.is_some() => word.value == name,
        Some(Token::Word(word)) => word.value.eq_ignore_ascii_case(name),
        _ => false,
    };
    let dot = |at: usize| words.is(at, &Token::Period);
    let queries = (0..words.len()).any(|at| words.word(at) == "select");
    let mut found = Vec::new();
    for at in (0..words.len()).filter(|at| is(*at, &from.identifier)) {
        let column = dot(at + 1);
        let schema = at.checked_sub(2);
        let schema = schema.filter(|schema| dot(at - 1) && is(*schema, &from.schema));
        match schema {
            Some(_) if column => found.push(at),
            Some(schema) => {
                let database = schema.checked_sub(2).filter(|_| dot(schema - 1));
                let before = database.unwrap_or(schema).checked_sub(1);
                let reads = before.map(|before| words.word(before));
                match reads.as_deref() {
                    Some("from" | "join") => found.push(at),
                    _ if queries => return condition.to_owned(),
                    // A column of that name.
                    _ => {}
                }
            }
            None if at > 0 && dot(at - 1) => {}
            None if queries => return condition.to_owned(),
            None if column && !dot(at + 3) => found.push(at),
            None => {}
        }
    }
    let mut told = String::new();
    let mut done = 0;
    for range in found.into_iter().map(|at| words.range(at)) {
        told += &condition[done..range.start];
        told += &quote(to);
        done = range.end;
    }
    told + &condition[done..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_about_the_table_that_stands_aside() {
        let own = Relation::new("s", "t");
        let told = [
            r#""d"."s"."t".a < 5 or s.T.b is null and t.c = 't.c'"#,
            r#""t".a < u.t and t.t > 1 and s.t > 1"#,
            r#"a > (select max("s"."t".a) from "d"."s"."t")"#,
            "a > (select max(t.a) from s.t)",
            "a in (select u.t from u)",
            "a > (select max(s.t.a) from u, s.t)",
        ];
        let told = told.map(|condition| renamed(condition, &own, "t__rs_next"));
        insta::assert_snapshot!(told.join("\n"), @r#"
        "d"."s"."t__rs_next".a < 5 or s."t__rs_next".b is null and "t__rs_next".c = 't.c'
        "t__rs_next".a < u.t and "t__rs_next".t > 1 and s.t > 1
        a > (select max("s"."t__rs_next".a) from "d"."s"."t__rs_next")
        a > (select max(t.a) from s.t)
        a in (select u.t from u)
        a > (select max(s.t.a) from u, s.t)
        "#);
    }
}
