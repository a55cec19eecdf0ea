//! Statements that say nothing of queries: transactions and privileges.
//!
//! In: the words of a statement. Out: whether Redshift has it, and what the engine is told.

use sqlparser::tokenizer::Token;

use super::Part;
use super::attributes::word;
use crate::adapter::Refusal;
use crate::adapter::emulating::Work;
use crate::diagnostic::nearest;

/// What is granted on tables, schemas, databases and functions: <https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html>.
const PRIVILEGES: [&str; 18] = [
    "select",
    "insert",
    "update",
    "delete",
    "drop",
    "references",
    "alter",
    "truncate",
    "all",
    "create",
    "temporary",
    "temp",
    "usage",
    "execute",
    "assumerole",
    "share",
    "rule",
    "trigger",
];

impl Part<'_> {
    /// `begin`, `commit` and `rollback` under all their names. There are no savepoints, and one level of isolation.
    pub(super) fn transaction(&mut self) -> Result<Work, Refusal> {
        let words: Vec<String> = self
            .code
            .iter()
            .map(|token| word(token).unwrap_or_else(|| token.token.to_string()))
            .filter(|word| word != ",")
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (first, rest) = match words.as_slice() {
            ["start", "transaction", rest @ ..] => ("begin", rest),
            [first, "work" | "transaction", rest @ ..] | [first, rest @ ..] => (*first, rest),
            [] => ("", [].as_slice()),
        };
        let sql = match (first, rest) {
            ("begin", modes) if modes.windows(2).any(|two| two == ["read", "only"]) => {
                return Err(self.unsupported(
                    "a transaction that is `read only` is not emulated",
                    "it would take changes here",
                    "leave it out",
                ));
            }
            ("begin", modes) if is_mode(modes) => "BEGIN TRANSACTION",
            ("commit" | "end", []) => "COMMIT",
            ("rollback" | "abort", []) => "ROLLBACK",
            _ => {
                return Err(self.not_redshift(
                    &format!("`{}` is not one of Redshift's statements", words.join(" ")),
                    "there are no savepoints: write `begin`, `commit` or `rollback`",
                ));
            }
        };
        Ok(Work::Sql(vec![sql.into()]))
    }

    /// Refuses a `grant` or `revoke` that has no end, or names a privilege that Redshift does not have.
    pub(super) fn privileges(&self) -> Result<(), Refusal> {
        let words: Vec<String> = self
            .code
            .iter()
            .map(|token| word(token).unwrap_or_default())
            .collect();
        let (verb, end) = match words[0].as_str() {
            "grant" => ("grant", "to"),
            _ => ("revoke", "from"),
        };
        let last = words.len().saturating_sub(1);
        if !words.iter().take(last).skip(1).any(|word| word == end) {
            return Err(self.not_redshift(
                &format!("a `{verb}` without `{end}`"),
                &format!("write `{verb} select on t {end} name`"),
            ));
        }
        // Without `on`, what is granted is a role, a right over the whole system or one on all that will be.
        let scoped = words.iter().any(|word| word == "for") && words[1] != "grant";
        let Some(on) = words
            .iter()
            .position(|word| word == "on")
            .filter(|_| !scoped)
        else {
            return Ok(());
        };
        let mut depth = 0;
        for (token, name) in self.code.iter().zip(&words).take(on).skip(1) {
            match token.token {
                Token::LParen => depth += 1,
                Token::RParen => depth -= 1,
                _ => {}
            }
            let name = name.as_str();
            let part = ["", "privileges", "grant", "option", "for", "role"].contains(&name);
            if depth > 0 || part || PRIVILEGES.contains(&name) {
                continue;
            }
            let near = nearest(name, PRIVILEGES);
            let help = near.map_or_else(String::new, |near| format!("did you mean `{near}`?"));
            return Err(self.translator.not_redshift(
                token.span,
                format!("`{name}` is not one of Redshift's privileges"),
                &help,
            ));
        }
        Ok(())
    }
}

/// Whether words behind `begin` say how the transaction is isolated. Redshift takes all levels and has one.
fn is_mode(words: &[&str]) -> bool {
    match words {
        [] => true,
        ["read", "write", rest @ ..] => is_mode(rest),
        ["isolation", "level", "serializable", rest @ ..]
        | [
            "isolation",
            "level",
            "read",
            "committed" | "uncommitted",
            rest @ ..,
        ]
        | ["isolation", "level", "repeatable", "read", rest @ ..] => is_mode(rest),
        _ => false,
    }
}
