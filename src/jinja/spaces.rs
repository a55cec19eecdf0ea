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
    let mut quote: Option<char> = None;
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        let rest = &text[at..];
        match (within, quote) {
            (None, _) => {
                let opened = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];
                let opened = opened.iter().find(|(open, _)| rest.starts_with(open));
                within = opened.map(|(_, close)| *close);
            }
            (Some(close), None) if rest.starts_with(close) => within = None,
            (Some("#}"), _) => {}
            (Some(_), None) if matches!(letter, '\'' | '"') => quote = Some(letter),
            (Some(_), None) if is_other(letter) => {
                plain.extend(std::iter::repeat_n(' ', letter.len_utf8()));
                continue;
            }
            (Some(_), Some(_)) if letter == '\\' => {
                plain.push(letter);
                plain.extend(letters.next().map(|(_, next)| next));
                continue;
            }
            (Some(_), Some(open)) if letter == open => quote = None,
            (Some(_), _) => {}
        }
        plain.push(letter);
    }
    plain
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
    }
}
