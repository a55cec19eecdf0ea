//! Texts as they sound, and as names.

use crate::sql::reserved::is_reserved;

/// The American Soundex value of a text: <https://docs.aws.amazon.com/redshift/latest/dg/SOUNDEX.html>. Only letters of ASCII count;
/// without one it is empty.
pub(super) fn soundex(text: &str) -> String {
    let mut letters = text
        .bytes()
        .filter(u8::is_ascii_alphabetic)
        .map(|letter| letter.to_ascii_uppercase());
    let Some(first) = letters.next() else {
        return String::new();
    };
    let mut value = String::from(char::from(first));
    let mut last = code(first);
    for letter in letters {
        match (letter, code(letter)) {
            // They stand between two sounds as if they were not there.
            (b'H' | b'W', _) => {}
            (_, None) => last = None,
            (_, Some(digit)) => {
                if last != Some(digit) {
                    value.push(digit);
                }
                last = Some(digit);
            }
        }
        if value.len() == 4 {
            break;
        }
    }
    format!("{value:0<4}")
}

fn code(letter: u8) -> Option<char> {
    Some(match letter {
        b'B' | b'F' | b'P' | b'V' => '1',
        b'C' | b'G' | b'J' | b'K' | b'Q' | b'S' | b'X' | b'Z' => '2',
        b'D' | b'T' => '3',
        b'L' => '4',
        b'M' | b'N' => '5',
        b'R' => '6',
        _ => return None,
    })
}

/// How many characters the Soundex values of two texts have in common: <https://docs.aws.amazon.com/redshift/latest/dg/DIFFERENCE.html>.
pub(super) fn difference(left: &str, right: &str) -> i32 {
    let (left, right) = (soundex(left), soundex(right));
    let alike = left.chars().zip(right.chars()).filter(|(a, b)| a == b);
    i32::try_from(alike.count()).unwrap_or(0)
}

/// A text as a name in SQL, in double quotes where it needs them: <https://docs.aws.amazon.com/redshift/latest/dg/r_QUOTE_IDENT.html>.
pub(super) fn quote_ident(name: &str) -> String {
    let start = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    let plain = name.starts_with(start)
        && name
            .chars()
            .all(|letter| start(letter) || letter.is_ascii_digit())
        && !is_reserved(name);
    match plain {
        true => name.to_owned(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_sound_alike_have_one_value() {
        for (text, value) in [
            ("Amazon", "A525"),
            ("AWS Amazon", "A252"),
            ("12321Amazon", "A525"),
            ("Robert", "R163"),
            ("Rupert", "R163"),
            ("Ashcraft", "A261"),
            ("Pfister", "P236"),
            ("Tymczak", "T522"),
            ("Lee", "L000"),
            ("", ""),
            ("+-*/%", ""),
        ] {
            assert_eq!(soundex(text), value, "{text}");
        }
        assert_eq!(difference("AC/DC", "Ay See Dee See"), 4);
        assert_eq!(difference("Amazon", "Ama"), 2);
        assert_eq!(difference("Amazon", "+-*/%"), 0);
    }
}
