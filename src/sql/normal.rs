//! SQL as it counts: without comments and layout, to tell whether two texts say the same.

use super::comments::comment;

/// A text without comments, with one blank for all that separates words, and in lower case outside of literals.
///
/// Quotes of names are left out: `"orders"` and `orders` are one name.
pub fn normalized(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let length = if let Some(length) = comment(rest) {
            separate(&mut out);
            length
        } else if first == '\'' {
            let end = rest[1..].find('\'').map_or(rest.len(), |end| end + 2);
            out.push_str(&rest[..end]);
            end
        } else if first.is_whitespace() {
            separate(&mut out);
            first.len_utf8()
        } else {
            if first != '"' {
                out.extend(first.to_lowercase());
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    out.trim().to_owned()
}

fn separate(out: &mut String) {
    if !out.ends_with(' ') {
        out.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::normalized;

    #[test]
    fn layout_comments_and_case_do_not_count_and_literals_do() {
        assert_eq!(
            normalized("SELECT  a, -- the first\n  'It''s  A' AS \"B\" /* two /* 2 */ */ FROM t\n"),
            "select a, 'It''s  A' as b from t"
        );
        assert_ne!(normalized("select 'A'"), normalized("select 'a'"));
    }
}
