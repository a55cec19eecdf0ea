//! White space of other kinds in tags: Python's Jinja takes it for a blank, minijinja for a mistake.
//!
//! In: the text of a template. Out: the same with blanks in its place, byte for byte, so that every place stays where it is.

/// A text whose tags are blank where they have white space that is not ASCII's, such as U+00A0; what stands in quotes stays.
pub fn with_plain_spaces(text: String) -> String {
    let is_other = |letter: char| letter.is_whitespace() && !letter.is_ascii();
    if text.is_ascii() || !text.contains(is_other) {
        return text;
    }
    let mut plain = String::with_capacity(text.len());
    let mut within: Option<&str> = None;
    let (mut quote, mut braces): (Option<char>, usize) = (None, 0);
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let rest = &text[at..];
        let mut taken = letter.len_utf8();
        match (within, quote) {
            (None, _) if is_raw(rest) => taken = raw(rest),
            (None, _) => {
                let opened = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];
                let opened = opened.iter().find(|(open, _)| rest.starts_with(open));
                if let Some((open, close)) = opened {
                    (within, braces, taken) = (Some(*close), 0, open.len());
                }
            }
            (Some(close), None) if braces == 0 && rest.starts_with(close) => {
                (within, taken) = (None, close.len());
            }
            (Some("#}"), _) => {}
            (Some(_), None) if matches!(letter, '\'' | '"') => quote = Some(letter),
            (Some(_), None) if letter == '{' => braces += 1,
            (Some(_), None) if letter == '}' => braces = braces.saturating_sub(1),
            (Some(_), None) if is_other(letter) => {
                plain.extend(std::iter::repeat_n(' ', taken));
                at += taken;
                continue;
            }
            (Some(_), Some(_)) if letter == '\\' => {
                taken += rest[taken..].chars().next().map_or(0, char::len_utf8);
            }
            (Some(_), Some(open)) if letter == open => quote = None,
            (Some(_), _) => {}
        }
        plain.push_str(&rest[..taken]);
        at += taken;
    }
    plain
}

/// Whether a tag begins that leaves what follows as it is.
fn is_raw(rest: &str) -> bool {
    let Some(inside) = rest.strip_prefix("{%") else {
        return false;
    };
    let inside = inside.trim_start_matches(['-', '+']).trim_start();
    let behind = inside.strip_prefix("raw");
    behind.is_some_and(|behind| !behind.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// How far that goes.
fn raw(rest: &str) -> usize {
    let end = rest.find("endraw").unwrap_or(rest.len());
    rest[end..]
        .find("%}")
        .map_or(rest.len(), |close| end + close + 2)
}

#[cfg(test)]
mod tests {
    use super::with_plain_spaces;

    #[test]
    fn white_space_in_tags_is_blank_and_every_byte_keeps_its_place() {
        let text = "a\u{a0}b {% set\u{a0}x = 'a\u{a0}\\'' %}{#\u{a0}#}{{\u{3000}x }}\u{a0}c";
        let plain = with_plain_spaces(text.to_owned());
        assert_eq!(
            plain,
            "a\u{a0}b {% set  x = 'a\u{a0}\\'' %}{#\u{a0}#}{{   x }}\u{a0}c"
        );
        assert_eq!(plain.len(), text.len());
        let same = "{% raw %}{{\u{a0}x }}{% endraw %}";
        assert_eq!(with_plain_spaces(same.to_owned()), same);
        assert_eq!(
            with_plain_spaces("{{ {'a': {'b': 1}}\u{a0}}}\u{a0}".to_owned()),
            "{{ {'a': {'b': 1}}  }}\u{a0}"
        );
    }
}
