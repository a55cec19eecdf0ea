//! Patterns of Redshift in the words of DuckDB's regular expressions (RE2), or why not.

use super::alternatives::exclude_each_other;

/// A POSIX pattern of Redshift (or a Perl one, with the parameter `p`).
pub(super) fn posix(pattern: &str, perl: bool) -> Result<String, String> {
    if let Some(what) = beyond(pattern) {
        return Err(format!("DuckDB's regular expressions have no {what}"));
    }
    if !perl && (pattern.contains("(?") || pattern.contains("*?") || pattern.contains("+?")) {
        return Err("on Redshift this needs the parameter `p`".to_owned());
    }
    Ok(pattern.to_owned())
}

/// The same for DuckDB, whose `.` is no line end unless it is told so, as in Perl.
pub(super) fn re2(pattern: &str, perl: bool) -> Result<String, String> {
    let pattern = posix(pattern, perl)?;
    Ok(match !perl && pattern.contains('.') {
        true => format!("(?s){pattern}"),
        false => pattern,
    })
}

/// The same pattern in PostgreSQL's regular expressions, or why its answer could be another one there.
pub(super) fn advanced(pattern: &str, perl: bool) -> Result<String, String> {
    let pattern = posix(pattern, perl)?;
    if ["*?", "+?", "??", "}?"]
        .iter()
        .any(|part| pattern.contains(part))
    {
        return Err(
            "which repetition is the shortest is decided otherwise on PostgreSQL".to_owned(),
        );
    }
    if perl && pattern.replace("\\.", "").contains('.') {
        return Err("`.` is a line end too on PostgreSQL, and is none in Perl".to_owned());
    }
    if pattern.starts_with("***") {
        return Err("it begins with what PostgreSQL takes for an instruction".to_owned());
    }
    let mut out = String::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        out.push(character);
        if character != '\\' {
            continue;
        }
        match characters.next() {
            // The bounds of words have other letters.
            Some('b') => out.push('y'),
            Some('B') => out.push('Y'),
            Some('z') => out.push('Z'),
            Some(
                next @ ('d' | 'D' | 's' | 'S' | 'w' | 'W' | 'A' | 'n' | 'r' | 't' | 'f' | 'v'),
            ) => {
                out.push(next);
            }
            Some(next) if !next.is_alphanumeric() => out.push(next),
            Some(next) => return Err(format!("PostgreSQL reads `\\{next}` otherwise")),
            None => return Err("it ends with a backslash".to_owned()),
        }
    }
    Ok(out)
}

/// A pattern whose place and length of a match matter: where several alternatives match, PostgreSQL takes the longest, DuckDB the first,
/// and which one Redshift takes is not documented.
pub(super) fn one_way(pattern: &str) -> Result<(), &'static str> {
    match pattern.contains('|') && !exclude_each_other(pattern) {
        true => Err(
            "several of its alternatives can match at one place, and Redshift does not tell which it takes",
        ),
        false => Ok(()),
    }
}

fn beyond(pattern: &str) -> Option<&'static str> {
    if ["(?=", "(?!", "(?<=", "(?<!"]
        .iter()
        .any(|part| pattern.contains(part))
    {
        return Some("look-around");
    }
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character == '\\'
            && characters
                .next()
                .is_some_and(|next| ('1'..='9').contains(&next))
        {
            return Some("references back to a group");
        }
    }
    None
}

/// A `similar to` pattern: `%` and `_` as in `like`, and the operators `| * + ? { } ( ) [ ]`.
pub(super) fn similar(pattern: &str, escape: char) -> Result<String, String> {
    let mut out = String::new();
    let mut characters = pattern.chars();
    let mut in_class = false;
    while let Some(character) = characters.next() {
        if character == escape {
            let Some(next) = characters.next() else {
                return Err("the pattern ends with its escape character".to_owned());
            };
            out.push_str(&regex::escape(&next.to_string()));
            continue;
        }
        match character {
            '[' => {
                in_class = true;
                out.push('[');
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            _ if in_class => out.push(character),
            '%' => out.push_str(".*"),
            '_' => out.push('.'),
            '|' | '*' | '+' | '?' | '{' | '}' | '(' | ')' => out.push(character),
            '.' | '^' | '$' | '\\' => {
                out.push('\\');
                out.push(character);
            }
            _ => out.push(character),
        }
    }
    Ok(out)
}

/// A replacement of `regexp_replace`: `$1` of Redshift is `\1` of DuckDB.
pub(super) fn replacement(text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '$' => match characters.peek() {
                Some(digit) if digit.is_ascii_digit() => {
                    out.push('\\');
                    out.push(*digit);
                    characters.next();
                    if characters.peek().is_some_and(char::is_ascii_digit) {
                        return Err("DuckDB knows groups 0 to 9 only".to_owned());
                    }
                }
                _ => out.push('$'),
            },
            '\\' => match characters.next() {
                Some(digit) if digit.is_ascii_digit() => {
                    return Err(format!("a group is `${digit}` on Redshift"));
                }
                Some('\\') | None => out.push_str("\\\\"),
                Some(other) => out.push(other),
            },
            _ => out.push(character),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_similar_to_pattern_keeps_its_operators_and_quotes_the_rest() {
        assert_eq!(similar("%(b|d)_", '\\').as_deref(), Ok(".*(b|d)."));
        assert_eq!(similar("a.b[._]^%", '^').as_deref(), Ok("a\\.b[._]%"));
    }

    #[test]
    fn what_re2_does_not_have_is_refused() {
        assert!(posix("(?=a)", true).is_err());
        assert!(posix("(a)\\1", false).is_err());
        assert_eq!(posix("\\d+", false).as_deref(), Ok("\\d+"));
    }

    #[test]
    fn a_replacement_names_groups_with_a_dollar() {
        assert_eq!(replacement("$2$1").as_deref(), Ok("\\2\\1"));
        assert_eq!(replacement("$x").as_deref(), Ok("$x"));
    }
}
