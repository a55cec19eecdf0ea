//! Names of nodes that are not to be shown (`docs: {show: false}`), kept out of what others say: SQL, tests, keys, constraints.
//!
//! In: the manifest. Out: [`Hidden`]. Descriptions stay as they are written.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::manifest::{Manifest, NodeId};

/// What stands in the place of a name.
const MASK: &str = "(not shown)";

/// The names, in lower case.
#[derive(Clone, Debug, Default)]
pub struct Hidden {
    names: BTreeSet<String>,
    /// The `unique_id` of each node, those too whose name a shown one has.
    ids: BTreeSet<String>,
}

impl Hidden {
    /// Gathers the names that nothing has that is shown.
    pub fn new(manifest: &Manifest) -> Self {
        let names = |shown: bool| -> BTreeSet<String> {
            let nodes = manifest.nodes.iter();
            let nodes = nodes.filter(|node| node.config.docs_show == shown);
            nodes
                .flat_map(|node| {
                    let identifier = node.relation.as_ref().map(|it| it.identifier.clone());
                    [Some(node.name.clone()), identifier]
                })
                .flatten()
                .map(|name| name.to_lowercase())
                .collect()
        };
        let mut hidden = names(false);
        if !hidden.is_empty() {
            let shown = names(true);
            hidden.retain(|name| !name.is_empty() && !shown.contains(name));
        }
        let nodes = manifest.nodes.iter();
        let nodes = nodes.filter(|node| !node.config.docs_show);
        Self {
            names: hidden,
            ids: nodes.map(|node| node.unique_id.clone()).collect(),
        }
    }

    /// Whether one of the texts in a value tells of a node.
    pub fn is_told_in(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.ids.contains(text) || self.masked(text) != text.as_str(),
            Value::Array(values) => values.iter().any(|value| self.is_told_in(value)),
            Value::Object(values) => values.values().any(|value| self.is_told_in(value)),
            _ => false,
        }
    }

    /// A text without the names.
    pub fn masked<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.names.is_empty() {
            return Cow::Borrowed(text);
        }
        let is_word = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '$');
        let mut safe = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(is_word) {
            let (between, word) = rest.split_at(start);
            let end = word.find(|letter| !is_word(letter));
            let (word, after) = word.split_at(end.unwrap_or(word.len()));
            safe.push_str(between);
            safe.push_str(if self.names.contains(&word.to_lowercase()) {
                MASK
            } else {
                word
            });
            rest = after;
        }
        safe.push_str(rest);
        // Names of more than one word.
        let several = self.names.iter().filter(|name| !name.chars().all(is_word));
        for name in several {
            while let Some(at) = safe.to_lowercase().find(name.as_str())
                && safe.is_char_boundary(at)
                && safe.is_char_boundary(at + name.len())
            {
                safe.replace_range(at..at + name.len(), MASK);
            }
        }
        Cow::Owned(safe)
    }

    /// The name of a test, which is made of the names of what it reads.
    pub fn test_name(&self, manifest: &Manifest, test: NodeId) -> String {
        let node = manifest.node(test);
        let mut name = node.name.clone();
        for read in &node.depends_on {
            let read = manifest.node(*read);
            if !read.config.docs_show && self.names.contains(&read.name.to_lowercase()) {
                name = name.replace(&read.name, "not_shown");
            }
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifacts::fixture;

    #[test]
    fn a_name_that_is_not_to_be_shown_is_in_no_sql_and_others_stay() {
        let mut manifest = fixture::manifest();
        manifest.nodes[fixture::DIMENSION.index()].config.docs_show = false;
        let hidden = Hidden::new(&manifest);
        assert_eq!(
            hidden.masked("from {{ ref('dim_users') }} join \"dev\".\"DIM_USERS\", dim_users_2é"),
            "from {{ ref('(not shown)') }} join \"dev\".\"(not shown)\", dim_users_2é"
        );
        assert_eq!(
            hidden.test_name(&manifest, fixture::UNIQUE),
            "unique_not_shown_user_id"
        );
        let name = "events";
        manifest.nodes[fixture::DIMENSION.index()].name = name.into();
        assert_eq!(Hidden::new(&manifest).masked(name), name, "others have it");
    }
}
