//! Comments of SQL: `-- …` to the end of the line, `/* … */` with those within it.

/// How many bytes the comment has that a text begins with; nothing where it begins with something else. One that is not closed goes to the end.
pub fn comment(sql: &str) -> Option<usize> {
    if sql.starts_with("--") {
        return Some(sql.find('\n').unwrap_or(sql.len()));
    }
    let mut at = sql.starts_with("/*").then_some(2)?;
    let mut open = 1;
    while open > 0 {
        let rest = &sql[at..];
        match (rest.find("/*"), rest.find("*/")) {
            (Some(begin), Some(end)) if begin < end => {
                open += 1;
                at += begin + 2;
            }
            (_, Some(end)) => {
                open -= 1;
                at += end + 2;
            }
            (_, None) => return Some(sql.len()),
        }
    }
    Some(at)
}

/// Where the first word from a byte on stands, behind blanks and comments.
pub fn first_word(sql: &str, from: usize) -> usize {
    let mut at = from;
    loop {
        let rest = &sql[at..];
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        match comment(trimmed) {
            Some(length) => at += length,
            None => return at,
        }
    }
}

/// A text from its first word on.
pub fn from_first_word(sql: &str) -> &str {
    &sql[first_word(sql, 0)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_end_where_all_within_them_have_ended() {
        for (sql, rest) in [
            ("select 1", "select 1"),
            ("\n-- with\n/* x */ select 1", "select 1"),
            ("/* a /* b */ c */ select 1", "select 1"),
            ("/*/ a */ select 1", "select 1"),
            ("/* a */b */ select 1", "b */ select 1"),
            ("/* a /* b */ select 1", ""),
            ("-- all", ""),
            ("- 1", "- 1"),
        ] {
            assert_eq!(from_first_word(sql), rest, "{sql}");
        }
        assert_eq!(first_word("with /* a */ recursive", 4), 13);
    }
}
