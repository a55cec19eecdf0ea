//! Whether the alternatives of a regular expression exclude each other.
//!
//! A POSIX expression takes the longest of those that match, RE2 the first, and Redshift's documentation does not tell which it takes.
//! Where at most one of them can match at any place, that makes no difference. `regex-syntax` reads the expression, to a depth that it bounds.

use regex_syntax::ast::{self, Ast, ClassSetBinaryOp, ClassSetItem};
use regex_syntax::hir::translate::TranslatorBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

/// What one place of a text may be.
#[derive(Clone, Debug, PartialEq)]
enum Place {
    /// One of some characters, or the end of the text; anything that is no ASCII counts as one character.
    One(Set),
    /// The same, once or more often: what comes behind it is not known.
    Repeated(Set),
    /// Nobody looks closer.
    Unknown,
}

type Set = [bool; 130];

const OTHER: usize = 128;
const END: usize = 129;

/// How deep groups and classes may be nested.
const DEPTH: u32 = 100;
/// How many places are looked at, and how many alternatives are compared with each other.
const FAR: usize = 64;
const MANY: usize = 1000;

/// Whether no two alternatives of a pattern can match at one place. Not so where the pattern is nested too deep, or is read otherwise
/// by others.
pub(super) fn exclude_each_other(pattern: &str) -> bool {
    let tree = ast::parse::ParserBuilder::new()
        .nest_limit(DEPTH)
        .build()
        .parse(pattern);
    let Ok(tree) = tree else {
        return false;
    };
    if ast::visit(&tree, PlainClasses).is_err() {
        return false;
    }
    // Letters in any case: a parameter may ask for that.
    let read = TranslatorBuilder::new()
        .case_insensitive(true)
        .dot_matches_new_line(true)
        .build()
        .translate(pattern, &tree);
    read.is_ok_and(|read| excluded(&read, &[]))
}

/// Finds what only `regex-syntax` takes for a class inside a class: `[a[b]]`, `[a--b]`.
struct PlainClasses;

impl ast::Visitor for PlainClasses {
    type Output = ();
    type Err = ();

    fn finish(self) -> Result<(), ()> {
        Ok(())
    }

    fn visit_pre(&mut self, tree: &Ast) -> Result<(), ()> {
        // `(?x)` and its like change how the rest is read.
        match tree {
            Ast::Flags(_) => Err(()),
            _ => Ok(()),
        }
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), ()> {
        match item {
            ClassSetItem::Bracketed(_) => Err(()),
            _ => Ok(()),
        }
    }

    fn visit_class_set_binary_op_pre(&mut self, _: &ClassSetBinaryOp) -> Result<(), ()> {
        Err(())
    }
}

/// Whether all alternatives inside a part exclude each other, with what stands behind the part.
fn excluded(part: &Hir, behind: &[Place]) -> bool {
    match part.kind() {
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => true,
        HirKind::Capture(group) => excluded(&group.sub, behind),
        HirKind::Repetition(Repetition { max, sub, .. }) => match max {
            Some(0 | 1) => excluded(sub, behind),
            // What comes next may be the same once more.
            _ => excluded(sub, &[Place::Unknown]),
        },
        HirKind::Concat(parts) => (0..parts.len()).all(|at| {
            let mut after = Vec::new();
            parts[at + 1..]
                .iter()
                .for_each(|next| put(next, &mut after));
            after.extend_from_slice(behind);
            after.truncate(FAR);
            excluded(&parts[at], &after)
        }),
        HirKind::Alternation(all) if all.len() > MANY => false,
        HirKind::Alternation(all) => {
            let starts: Vec<Vec<Place>> = all.iter().map(starts).collect();
            let pairs = starts.iter().enumerate().all(|(number, one)| {
                let mut others = starts[number + 1..].iter();
                others.all(|other| excludes(one, other, behind))
            });
            pairs && all.iter().all(|one| excluded(one, behind))
        }
    }
}

fn starts(part: &Hir) -> Vec<Place> {
    let mut places = Vec::new();
    put(part, &mut places);
    places
}

/// Puts the places that a part takes behind others, as far as anybody looks.
fn put(part: &Hir, places: &mut Vec<Place>) {
    if places.len() >= FAR {
        return;
    }
    match part.kind() {
        HirKind::Empty | HirKind::Look(Look::Start) => {}
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => places.extend(text.chars().take(FAR).map(|letter| {
                let mut set = [false; 130];
                set[place_of(letter)] = true;
                Place::One(set)
            })),
            Err(_) => places.push(Place::Unknown),
        },
        HirKind::Class(class) => places.push(set_of(class).map_or(Place::Unknown, Place::One)),
        HirKind::Look(Look::End) => {
            let mut set = [false; 130];
            set[END] = true;
            places.push(Place::One(set));
        }
        HirKind::Look(_) | HirKind::Alternation(_) => places.push(Place::Unknown),
        HirKind::Capture(group) => put(&group.sub, places),
        HirKind::Concat(parts) => parts.iter().for_each(|part| put(part, places)),
        HirKind::Repetition(Repetition { min: 0, .. }) => places.push(Place::Unknown),
        HirKind::Repetition(Repetition { min, max, sub, .. }) => {
            for _ in 0..(*min).min(64) {
                put(sub, places);
            }
            if *max == Some(*min) {
                return;
            }
            match places.last_mut() {
                Some(last @ Place::One(_)) if is_one(sub) => {
                    if let Place::One(set) = *last {
                        *last = Place::Repeated(set);
                    }
                }
                _ => places.push(Place::Unknown),
            }
        }
    }
    // What lies further is nobody's business, and is not the end of the text.
    if places.len() >= FAR {
        places.truncate(FAR - 1);
        places.push(Place::Unknown);
    }
}

/// Whether a part is one character.
fn is_one(part: &Hir) -> bool {
    match part.kind() {
        HirKind::Class(_) => true,
        HirKind::Literal(literal) => {
            std::str::from_utf8(&literal.0).is_ok_and(|text| text.chars().count() == 1)
        }
        HirKind::Capture(group) => is_one(&group.sub),
        _ => false,
    }
}

fn place_of(letter: char) -> usize {
    match letter.is_ascii() {
        true => letter as usize,
        false => OTHER,
    }
}

fn set_of(class: &Class) -> Option<Set> {
    let Class::Unicode(class) = class else {
        return None;
    };
    let mut set = [false; 130];
    for range in class.ranges() {
        // Digits and blanks of other alphabets are none for the engines.
        let beyond = range.start().max('\u{80}');
        set[OTHER] |= beyond <= range.end() && !(beyond.is_numeric() || beyond.is_whitespace());
        if range.start().is_ascii() {
            let end = place_of(range.end()).min(OTHER - 1);
            set[range.start() as usize..=end].fill(true);
        }
    }
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
            // One character in any case.
            "x|.",
            "[a-c]|b",
            "é|è",
            "(ab{2}c|abbd)x",
            "((a|b)c|(d|e)f)g",
            "(x(a|ab))c",
        ] {
            assert!(exclude_each_other(pattern), "{pattern}");
        }
        for pattern in [
            "a|ab",
            "(Mr|Mrs)\\.?",
            "a*|b",
            "(a|b?)c",
            "([a-c])|(b)",
            "é+|è",
            "(a|ab)(c|bcd)",
            "(a|)b?",
            "(a|b",
            "[a[b]|c]d|x",
            "(x(a|ab))b?",
            "(ab+|abb)c",
        ] {
            assert!(!exclude_each_other(pattern), "{pattern}");
        }
    }

    #[test]
    fn a_pattern_that_is_nested_too_deep_is_not_read() {
        let deep = format!("{}a|b{}", "(".repeat(100_000), ")".repeat(100_000));
        assert!(!exclude_each_other(&deep));
    }
}
