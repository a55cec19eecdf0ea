//! How a table is laid out: distribution, order, indexes.

use serde_json::Value;

use super::Reader;
use crate::adapter::statement::{Dist, Index, SortType, TableAttributes};
use crate::manifest::merge::list;
use crate::manifest::node::ResourceType;

impl Reader<'_> {
    pub(super) fn attributes(&mut self, kind: ResourceType) -> TableAttributes {
        if kind == ResourceType::Test {
            return TableAttributes::default();
        }
        let dist = self
            .text("dist")
            .map(|dist| match dist.to_lowercase().as_str() {
                "all" => Dist::All,
                "even" => Dist::Even,
                "auto" => Dist::Auto,
                _ => Dist::Key(dist),
            });
        let sort_type = self
            .one_of("sort_type", &["compound", "interleaved", "auto"])
            .map(|kind| match kind.as_str() {
                "interleaved" => SortType::Interleaved,
                "auto" => SortType::Auto,
                _ => SortType::Compound,
            });
        TableAttributes {
            dist,
            sort: self.texts("sort"),
            sort_type,
            backup: self.flag("backup"),
            indexes: self.indexes(),
            unlogged: self.flag("unlogged").unwrap_or(false),
        }
    }

    pub(super) fn indexes(&mut self) -> Vec<Index> {
        let Some(value) = self.merged.get("indexes") else {
            return Vec::new();
        };
        let mut indexes = Vec::new();
        for item in list(value) {
            match index(&item) {
                Some(index) => indexes.push(index),
                None => self.wrong(
                    "indexes",
                    "a list of mappings with `columns`, and where wanted `unique` and `type`",
                    &item,
                ),
            }
        }
        indexes
    }
}

/// One entry of `indexes`: `{columns: [a, b], unique: true, type: hash}`.
fn index(value: &Value) -> Option<Index> {
    let Value::Object(keys) = value else {
        return None;
    };
    let mut index = Index::default();
    for (key, value) in keys {
        match (key.as_str(), value) {
            ("columns", columns) => {
                let columns = list(columns).into_iter();
                index.columns = columns
                    .map(|column| column.as_str().map(str::to_owned))
                    .collect::<Option<_>>()?;
            }
            ("unique", Value::Bool(unique)) => index.unique = *unique,
            ("type", Value::String(method)) => index.method = Some(method.clone()),
            _ => return None,
        }
    }
    (!index.columns.is_empty()).then_some(index)
}
