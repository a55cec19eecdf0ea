//! The SQL of a test, asked about a relation that stands in the place of its node's.
//!
//! In: SQL as templates render it, or as somebody wrote it. Out: the same about another relation, or nothing where that cannot be.

use sqlparser::tokenizer::Token;

use crate::relation::Relation;
use crate::sql::redshift::{is_code, tokens};

/// The SQL about another relation; nothing where it does not name the node's own as templates do, or also in words of its own.
pub(super) fn aimed(sql: &str, own: &Relation, at: &Relation) -> Option<String> {
    let aimed = sql.replace(&quoted(own), &quoted(at));
    let names = |relation| names(&aimed, relation);
    match (names(at), names(own)) {
        (Some(true), Some(false)) => Some(aimed),
        // Nobody reads this SQL: what templates wrote is all that is known of it.
        (None, _) | (_, None) => (aimed != sql).then_some(aimed),
        _ => None,
    }
}

/// Whether some SQL reads a relation by its schema and its name, where we can read it: neither comments nor texts read anything.
pub(super) fn names(sql: &str, relation: &Relation) -> Option<bool> {
    let tokens = tokens(sql).ok()?;
    let code = tokens.iter().filter(|token| is_code(token));
    let code: Vec<&Token> = code.map(|token| &token.token).collect();
    let is = |token: &Token, name: &str| matches!(token, Token::Word(word) if word.value.eq_ignore_ascii_case(name));
    let found = code.windows(4).any(|four| {
        let begins = matches!(four[0], Token::Period | Token::Comma)
            || ["from", "join"].iter().any(|word| is(four[0], word));
        begins
            && is(four[1], &relation.schema)
            && *four[2] == Token::Period
            && is(four[3], &relation.identifier)
    });
    Some(found)
}

/// The last two names of a relation, as templates render them.
fn quoted(relation: &Relation) -> String {
    let quote = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    format!(
        "{}.{}",
        quote(&relation.schema),
        quote(&relation.identifier)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_is_aimed_where_it_reads_its_node_by_ref_alone() {
        let (own, at) = (Relation::new("s", "t"), Relation::new("s", "t__rs_tmp"));
        let told = [
            r#"select * from "d"."s"."t" where id > 1"#,
            r#"with t as (select * from "s"."t") select t.id from t"#,
            r#"-- depends_on: "s"."t"
select * from s.t"#,
            r#"select * from "s"."t" join S.T on true"#,
            "select * from s.t",
            r#"select 's.t' from "s"."t" as s where s.t = 1"#,
        ];
        let told = told.map(|sql| aimed(sql, &own, &at).unwrap_or_else(|| "no".to_owned()));
        insta::assert_snapshot!(told.join("\n"), @r#"
        select * from "d"."s"."t__rs_tmp" where id > 1
        with t as (select * from "s"."t__rs_tmp") select t.id from t
        no
        no
        no
        select 's.t' from "s"."t__rs_tmp" as s where s.t = 1
        "#);
    }
}
