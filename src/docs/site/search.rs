//! The words of the site and where each stands, for its search.
//!
//! In: the items. Out: sorted words, each with its items; in files by the first letter, so that a search loads little.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use unicode_normalization::UnicodeNormalization;

use super::Input;
use super::items::{Item, Items};

/// Files of words at the most.
const FILES: usize = 32;
/// Words that share a file at the least: a small project has one.
const ENOUGH: usize = 600;

/// How much a word tells where it stands; the page weighs them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    ColumnDescription,
    Description,
    Column,
    Name,
}

/// The words by their first letters, file by file.
pub struct Terms {
    files: Vec<BTreeMap<String, Vec<(usize, Place)>>>,
    buckets: BTreeMap<char, usize>,
}

impl Terms {
    /// Gathers the words.
    pub fn new(input: &Input<'_>, items: &Items<'_>) -> Self {
        let mut terms: BTreeMap<String, BTreeMap<usize, Place>> = BTreeMap::new();
        for (at, item) in items.list.iter().enumerate() {
            let mut put = |text: &str, place: Place| {
                for word in words(text) {
                    let own = terms.entry(word).or_default().entry(at).or_insert(place);
                    *own = (*own).max(place);
                }
            };
            put(&item.name(input), Place::Name);
            put(item.description(), Place::Description);
            if let Item::Table(table, layer) = item {
                put(layer, Place::Description);
                for tag in &table.tags {
                    put(tag, Place::Name);
                }
                for column in &table.columns {
                    put(&column.name, Place::Column);
                    put(&column.description, Place::ColumnDescription);
                }
            }
        }
        Self::split(terms)
    }

    /// Puts the words of a first letter into one file, and letters together until a file has enough.
    fn split(terms: BTreeMap<String, BTreeMap<usize, Place>>) -> Self {
        let enough = ENOUGH.max(terms.len().div_ceil(FILES));
        let mut files: Vec<BTreeMap<String, Vec<(usize, Place)>>> = vec![BTreeMap::new()];
        let mut buckets = BTreeMap::new();
        for (term, found) in terms {
            let first = term.chars().next().unwrap_or(' ');
            if !buckets.contains_key(&first)
                && files.last().is_some_and(|file| file.len() >= enough)
                && files.len() < FILES
            {
                files.push(BTreeMap::new());
            }
            let last = files.len() - 1;
            buckets.entry(first).or_insert(last);
            files[last].insert(term, found.into_iter().collect());
        }
        Self { files, buckets }
    }

    /// Which first letter is in which file.
    pub fn directory(&self) -> Value {
        let buckets: Map<String, Value> = self
            .buckets
            .iter()
            .map(|(letter, file)| (letter.to_string(), (*file).into()))
            .collect();
        json!({ "buckets": buckets, "other": 0 })
    }

    /// The files: words in order, and for each its items as steps, the place in the two lowest bits.
    pub fn shards(&self) -> impl Iterator<Item = Value> {
        self.files.iter().map(|file| {
            let terms: Vec<&str> = file.keys().map(String::as_str).collect();
            let items: Vec<Vec<usize>> = file.values().map(|found| steps(found)).collect();
            json!({ "terms": terms, "items": items })
        })
    }
}

fn steps(found: &[(usize, Place)]) -> Vec<usize> {
    let mut before = 0;
    found
        .iter()
        .map(|(item, place)| {
            let step = item - before;
            before = *item;
            step * 4 + *place as usize
        })
        .collect()
}

/// As the page splits what is typed: lower case, without accents, at everything that is no letter or digit.
fn words(text: &str) -> impl Iterator<Item = String> {
    let plain: String = text
        .to_lowercase()
        .nfkd()
        .filter(|letter| !('\u{300}'..='\u{36f}').contains(letter))
        .collect();
    plain
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_plain_and_small() {
        let found: Vec<String> = words("Café_ID: the user's `n°1`").collect();
        assert_eq!(found.join(" "), "cafe id the user s n 1");
    }

    #[test]
    fn a_first_letter_is_in_one_file() {
        let terms = (0..2000).map(|at| {
            let letter = char::from(b'a' + u8::try_from(at % 20).unwrap());
            (
                format!("{letter}{at}"),
                BTreeMap::from([(at, Place::Column)]),
            )
        });
        let terms = Terms::split(terms.collect());
        assert_eq!(terms.files.len(), 4);
        assert_eq!(terms.files.iter().map(BTreeMap::len).sum::<usize>(), 2000);
        for (at, file) in terms.files.iter().enumerate() {
            for word in file.keys() {
                assert_eq!(terms.buckets[&word.chars().next().unwrap()], at);
            }
        }
    }

    #[test]
    fn items_are_told_as_steps() {
        let found = [(3, Place::Name), (3 + 2, Place::ColumnDescription)];
        assert_eq!(steps(&found), [3 * 4 + 3, 2 * 4]);
    }
}
