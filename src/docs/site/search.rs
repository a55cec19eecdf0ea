//! The words of the site and where each stands, for its search.
//!
//! In: the items. Out: sorted words, each with its items; in files by the first two letters, so that a search loads little.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};
use unicode_normalization::UnicodeNormalization;

use super::Input;
use super::items::{Item, Items};
use crate::docs::words::person;
use crate::manifest::node::Detail;

/// Files of words at the most: with those of the pages, a hundred and fifty.
const FILES: usize = 36;
/// What a file holds at the least, in letters and places: a small project has one.
const ENOUGH: usize = 12_000;

/// How much a word tells where it stands; the page weighs them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    ColumnDescription,
    Description,
    Column,
    Name,
}

/// A word's items, in order. In few bytes: of ten thousand models there are a million and a half.
type Found = Vec<(u32, Place)>;

/// The words by their first letters, file by file.
pub struct Terms {
    files: Vec<BTreeMap<String, Found>>,
    buckets: BTreeMap<String, usize>,
}

impl Terms {
    /// Gathers the words.
    pub fn new(input: &Input<'_>, items: &Items<'_>) -> Self {
        let mut terms: HashMap<String, Found> = HashMap::new();
        let units = super::units_of(input);
        for (at, item) in (0..).zip(&items.list) {
            let mut put = |text: &str, place: Place| {
                each_word(text, &mut |word| {
                    let found = match terms.get_mut(word) {
                        Some(found) => found,
                        None => terms.entry(word.to_owned()).or_default(),
                    };
                    match found.last_mut() {
                        Some((last, own)) if *last == at => *own = (*own).max(place),
                        _ => found.push((at, place)),
                    }
                });
            };
            put(&item.name(input), Place::Name);
            put(item.description(), Place::Description);
            put(item.kind(input), Place::ColumnDescription);
            for tag in item.tags() {
                put(tag, Place::Name);
            }
            if let Item::Node(_, node) = item
                && let Detail::Exposure(exposure) = &node.detail
            {
                put(exposure.label.as_deref().unwrap_or_default(), Place::Name);
                put(&exposure.kind, Place::Description);
                let owner = person(&exposure.owner).unwrap_or_default();
                put(&owner, Place::Description);
            }
            if let Item::Table(table, layer) = item {
                put(layer, Place::Description);
                put(&table.kind, Place::Description);
                put(
                    table.owner.as_deref().unwrap_or_default(),
                    Place::Description,
                );
                put(
                    table.group.as_deref().unwrap_or_default(),
                    Place::Description,
                );
                for column in &table.columns {
                    put(&column.name, Place::Column);
                    // `userid` finds `user_id`.
                    if column.name.contains('_') {
                        put(&column.name.replace('_', ""), Place::Column);
                    }
                    for tag in &column.tags {
                        put(tag, Place::ColumnDescription);
                    }
                    put(&column.description, Place::ColumnDescription);
                }
                let of_columns = table.columns.iter().flat_map(|column| &column.tests);
                for test in table.tests.iter().chain(of_columns) {
                    put(&test.name, Place::ColumnDescription);
                    put(&test.label, Place::ColumnDescription);
                }
                for node in units.get(&table.node).into_iter().flatten() {
                    put(&node.name, Place::ColumnDescription);
                }
            }
        }
        Self::split(terms.into_iter().collect())
    }

    /// Puts the words that begin alike into one file, and beginnings together until a file has enough.
    fn split(terms: BTreeMap<String, Found>) -> Self {
        let weight = |term: &str, found: &Found| term.len() + 2 * found.len();
        let whole: usize = terms.iter().map(|(term, found)| weight(term, found)).sum();
        let enough = ENOUGH.max(whole.div_ceil(FILES));
        let mut files: Vec<BTreeMap<String, Found>> = vec![BTreeMap::new()];
        let mut buckets = BTreeMap::new();
        let mut held = 0;
        for (term, found) in terms {
            let start: String = term.chars().take(2).collect();
            if !buckets.contains_key(&start) && held >= enough && files.len() < FILES {
                files.push(BTreeMap::new());
                held = 0;
            }
            held += weight(&term, &found);
            let last = files.len() - 1;
            buckets.entry(start).or_insert(last);
            files[last].insert(term, found);
        }
        Self { files, buckets }
    }

    /// Which two first letters are in which file.
    pub fn directory(&self) -> Value {
        let buckets: Map<String, Value> = self
            .buckets
            .iter()
            .map(|(start, file)| (start.clone(), (*file).into()))
            .collect();
        json!({ "buckets": buckets })
    }

    /// The files: words in order, and for each its items as steps, the place in the two lowest bits.
    pub fn shards(&self) -> impl Iterator<Item = Value> {
        self.files.iter().map(|file| {
            let terms: Vec<&str> = file.keys().map(String::as_str).collect();
            let items: Vec<Vec<u32>> = file.values().map(|found| steps(found)).collect();
            json!({ "terms": terms, "items": items })
        })
    }
}

fn steps(found: &[(u32, Place)]) -> Vec<u32> {
    let mut before = 0;
    found
        .iter()
        .map(|(item, place)| {
            let step = item - before;
            before = *item;
            step * 4 + *place as u32
        })
        .collect()
}

/// As the page splits what is typed: lower case, without accents, at everything that is no letter or digit.
fn each_word(text: &str, take: &mut dyn FnMut(&str)) {
    let plain: Cow<'_, str> = if text.is_ascii() {
        text.to_ascii_lowercase().into()
    } else {
        let apart = text.to_lowercase();
        let apart = apart.nfkd();
        let accents = '\u{300}'..='\u{36f}';
        apart.filter(|letter| !accents.contains(letter)).collect()
    };
    plain
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .for_each(take);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_plain_and_small() {
        let mut found = Vec::new();
        for text in ["Café_ID: the user's `n°1`", "Plain TEXT_1"] {
            each_word(text, &mut |word| found.push(word.to_owned()));
        }
        assert_eq!(found.join(" "), "cafe id the user s n 1 plain text 1");
    }

    #[test]
    fn words_that_begin_alike_are_in_one_file() {
        let terms = (0..20_000_u32).map(|at| {
            let letter = char::from(b'a' + u8::try_from(at % 20).unwrap());
            (format!("{letter}{at}"), vec![(at, Place::Column)])
        });
        let terms = Terms::split(terms.collect());
        assert_eq!(terms.files.len(), 11);
        assert_eq!(terms.files.iter().map(BTreeMap::len).sum::<usize>(), 20_000);
        for (at, file) in terms.files.iter().enumerate() {
            for word in file.keys() {
                assert_eq!(terms.buckets[&word[..2]], at);
            }
        }
    }

    #[test]
    fn items_are_told_as_steps() {
        let found = [(3, Place::Name), (3 + 2, Place::ColumnDescription)];
        assert_eq!(steps(&found), [3 * 4 + 3, 2 * 4]);
    }
}
