//! Whether the alternatives of a regular expression exclude each other.
//!
//! A POSIX expression takes the longest of those that match, RE2 the first, and Redshift's documentation does not tell which it takes.
//! Where at most one of them can match at any place, that makes no difference.

/// What one place of a text may be.
#[derive(Clone, Debug, PartialEq)]
enum Place {
    /// One of some characters, or the end of the text; anything that is no ASCII counts as one character.
    One([bool; 130]),
    /// The same, once or more often: what comes behind it is not known.
    Repeated([bool; 130]),
    /// Nobody looks closer.
    Unknown,
}

const OTHER: usize = 128;
const END: usize = 129;

/// Whether no two alternatives of a pattern can match at one place.
pub(super) fn exclude_each_other(pattern: &str) -> bool {
    let mut reader = Reader {
        rest: pattern,
        excluded: true,
    };
    reader.alternatives();
    reader.excluded && reader.rest.is_empty()
}

struct Reader<'p> {
    rest: &'p str,
    excluded: bool,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let first = self.rest.chars().next()?;
        self.rest = &self.rest[first.len_utf8()..];
        Some(first)
    }

    fn takes(&mut self, sign: char) -> bool {
        let found = self.rest.starts_with(sign);
        if found {
            self.next();
        }
        found
    }

    /// Reads alternatives up to the end of their group, each as the places that it begins with.
    fn alternatives(&mut self) -> Vec<Vec<Place>> {
        let mut all = vec![Vec::new()];
        let mut groups: Vec<(usize, Vec<Vec<Place>>)> = Vec::new();
        while !self.rest.is_empty() && !self.rest.starts_with(')') {
            if self.takes('|') {
                self.compare(&mut groups, all.last().map_or(&[], Vec::as_slice));
                all.push(Vec::new());
                continue;
            }
            let Some(current) = all.last_mut() else {
                break;
            };
            if self.takes('(') {
                if self.rest.starts_with("?:") {
                    self.rest = &self.rest[2..];
                }
                let inside = self.alternatives();
                self.excluded &= self.takes(')');
                let once = !self.quantified();
                match (once, inside.as_slice()) {
                    (true, [only]) => current.extend(only.iter().cloned()),
                    (true, _) => {
                        groups.push((current.len(), inside));
                        current.push(Place::Unknown);
                    }
                    (false, inside) => {
                        if inside.len() > 1 {
                            groups.push((current.len(), inside.to_vec()));
                        }
                        current.push(Place::Unknown);
                        // What comes next may be the group once more.
                        current.push(Place::Unknown);
                    }
                }
                continue;
            }
            let Some(place) = self.place() else {
                continue;
            };
            let place = match (self.rest.chars().next(), place) {
                (Some('+'), Place::One(set)) => Place::Repeated(set),
                (Some('*' | '?' | '{'), _) => Place::Unknown,
                (_, place) => place,
            };
            self.quantified();
            current.push(place);
        }
        self.compare(&mut groups, all.last().map_or(&[], Vec::as_slice));
        if self.rest.is_empty() {
            // The outermost alternatives have nothing behind them.
            self.pairs(&all, &[]);
        }
        all
    }

    /// Compares the alternatives of the groups of a sequence, with what follows them there.
    fn compare(&mut self, groups: &mut Vec<(usize, Vec<Vec<Place>>)>, sequence: &[Place]) {
        for (at, group) in groups.drain(..) {
            self.pairs(&group, sequence.get(at + 1..).unwrap_or_default());
        }
    }

    fn pairs(&mut self, group: &[Vec<Place>], behind: &[Place]) {
        for (number, one) in group.iter().enumerate() {
            for other in &group[number + 1..] {
                self.excluded &= excludes(one, other, behind);
            }
        }
    }

    /// Reads the signs that repeat what stands before them.
    fn quantified(&mut self) -> bool {
        let before = self.rest.len();
        while self.takes('*') || self.takes('+') || self.takes('?') {}
        if self.rest.starts_with('{') {
            let end = self.rest.find('}').map_or(self.rest.len(), |at| at + 1);
            self.rest = &self.rest[end..];
            self.takes('?');
        }
        self.rest.len() < before
    }

    /// One place; none for the start of the text, which takes no character.
    fn place(&mut self) -> Option<Place> {
        let rest = self.rest;
        let end = match self.next()? {
            '^' => return None,
            '$' => {
                let mut set = [false; 130];
                set[END] = true;
                return Some(Place::One(set));
            }
            '\\' => {
                let letter = self.next();
                if letter.is_none_or(|letter| "bBAzZ".contains(letter)) {
                    return Some(Place::Unknown);
                }
                rest.len() - self.rest.len()
            }
            '[' => {
                let end = class_end(rest).unwrap_or(rest.len());
                self.rest = &rest[end..];
                end
            }
            _ => rest.len() - self.rest.len(),
        };
        Some(set_of(&rest[..end]).map_or(Place::Unknown, Place::One))
    }
}

/// The bytes that a class such as `[^]a[:alpha:]]` takes.
fn class_end(text: &str) -> Option<usize> {
    let start = if text.starts_with("[^") { 2 } else { 1 };
    let mut characters = text.char_indices().skip(start).peekable();
    let mut first = true;
    while let Some((at, character)) = characters.next() {
        match character {
            ']' if !first => return Some(at + 1),
            '\\' => {
                characters.next();
            }
            '[' if matches!(characters.peek(), Some((_, ':'))) => {
                let end = at + text[at..].find(":]")? + 2;
                while characters.next_if(|(at, _)| *at < end).is_some() {}
            }
            _ => {}
        }
        first = false;
    }
    None
}

/// The characters that one sign, escape or class stands for.
fn set_of(sign: &str) -> Option<[bool; 130]> {
    // Letters in any case: a parameter may ask for that.
    let expression = regex::Regex::new(&format!("^(?is:{sign})$")).ok()?;
    let mut set = [false; 130];
    for (at, code) in (0_u8..128).enumerate() {
        set[at] = expression.is_match(char::from(code).encode_utf8(&mut [0; 4]));
    }
    let named = sign.replace("[:digit:]", "").replace("[:space:]", "");
    set[OTHER] = !sign.is_ascii()
        || sign.starts_with("[^")
        || [".", "\\D", "\\S", "\\W", "\\w"].contains(&sign)
        || named.contains("[:");
    Some(set)
}

/// Whether two alternatives cannot both match at a place, with what stands behind them.
fn excludes(one: &[Place], other: &[Place], behind: &[Place]) -> bool {
    let one = one.iter().chain(behind);
    let other = other.iter().chain(behind);
    for pair in one.zip(other) {
        let (a, b, last) = match pair {
            (Place::One(a), Place::One(b)) => (a, b, false),
            (Place::One(a) | Place::Repeated(a), Place::One(b) | Place::Repeated(b)) => {
                (a, b, true)
            }
            _ => return false,
        };
        if !a.iter().zip(b).any(|(a, b)| *a && *b) {
            return true;
        }
        if last {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_exclude_each_other_where_one_of_them_can_match() {
        for pattern in [
            "abc",
            "a|b",
            "(cat|dog)s?",
            "^(Mr|Ms)\\.",
            "(^|,)x",
            "x(,|$)",
            "[0-9]+|[a-z]+",
            "(jan|feb|mar)[0-9]{2}",
            "\\d+|\\s",
            "(?:http|ftp)://",
            "(ab|ac)+",
            "[]|]|x",
            "\\||x",
        ] {
            assert!(exclude_each_other(pattern), "{pattern}");
        }
        for pattern in [
            "a|ab",
            "(Mr|Mrs)\\.?",
            "a*|b",
            "(a|b?)c",
            "x|.",
            "[a-c]|b",
            "é|è",
            "(a|ab)(c|bcd)",
            "(a|)b?",
            "(a|b",
        ] {
            assert!(!exclude_each_other(pattern), "{pattern}");
        }
    }
}
