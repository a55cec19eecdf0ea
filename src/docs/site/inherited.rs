//! Descriptions of columns that say nothing themselves: from the column that they are a copy of.
//!
//! In: the lineage of columns and the dictionary. Out: [`Inherited`]. A column that is made by an expression inherits nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::Input;
use crate::docs::dictionary::{Column, Table};
use crate::manifest::NodeId;
use crate::sql::lineage::How;

/// A node and a column in lower case.
type Place<'a> = (NodeId, &'a str);

/// The descriptions that columns have, and who copies whom.
pub struct Inherited<'a> {
    described: BTreeMap<(NodeId, String), &'a str>,
    copies: BTreeMap<Place<'a>, BTreeSet<Place<'a>>>,
}

impl<'a> Inherited<'a> {
    /// Gathers both.
    pub fn new(input: &'a Input<'a>) -> Self {
        let dictionary = input.dictionary;
        let inlined = dictionary.inlined.iter().map(|(_, table)| table);
        let mut described = BTreeMap::new();
        for table in dictionary.tables().chain(inlined) {
            for column in &table.columns {
                if !column.description.is_empty() {
                    let place = (table.node, column.name.to_lowercase());
                    described.insert(place, column.description.as_str());
                }
            }
        }
        let mut copies: BTreeMap<Place<'_>, BTreeSet<Place<'_>>> = BTreeMap::new();
        for edge in input.lineage {
            let (to, from) = (&edge.to, &edge.from);
            // Who has words of its own is asked for no others.
            let own = described.get(&(to.0, to.1.to_string()));
            let has_words = own.is_some_and(|own| !own.trim().is_empty());
            if !has_words && matches!(edge.how, How::Copied | How::Renamed) {
                let made = copies.entry((to.0, &*to.1)).or_default();
                made.insert((from.0, &*from.1));
            }
        }
        Self { described, copies }
    }

    /// The nearest description upwards, and whose it is; none where two columns are as near, which may say different things.
    pub fn of(&self, table: &Table, column: &Column) -> Option<(NodeId, &'a str)> {
        let name = column.name.to_lowercase();
        let mut here: BTreeSet<Place<'_>> = BTreeSet::from([(table.node, name.as_str())]);
        let mut seen = here.clone();
        while !here.is_empty() {
            let above = here.iter().filter_map(|place| self.copies.get(place));
            let above: BTreeSet<Place<'_>> = above.flatten().copied().collect();
            here = above.difference(&seen).copied().collect();
            seen.extend(&here);
            let mut found = here.iter().filter_map(|(node, name)| {
                let words = self.described.get(&(*node, (*name).to_owned()))?;
                Some((*node, *words))
            });
            if let Some(first) = found.next() {
                return found.all(|(_, words)| words == first.1).then_some(first);
            }
        }
        None
    }
}
