//! Configuration by key, where all nodes of a kind share what none of them has said.

use serde::ser::{Serialize, Serializer};
use serde_json::{Map, Value};

/// What was set, over the defaults of the kind of node: most nodes set few of the thirty keys that dbt knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values {
    defaults: Option<&'static Map<String, Value>>,
    set: Map<String, Value>,
}

impl Values {
    /// Nothing set over some defaults.
    pub fn over(defaults: &'static Map<String, Value>) -> Self {
        Self {
            defaults: Some(defaults),
            set: Map::new(),
        }
    }

    /// A key's value.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.set.get(key).or_else(|| self.defaults?.get(key))
    }

    /// Whether a key has a value, be it a default.
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Gives a key its value.
    pub fn insert(&mut self, key: impl Into<String>, value: Value) {
        self.set.insert(key.into(), value);
    }

    /// A key's value to be changed; its default, or what `absent` gives, where nothing was set.
    pub fn slot(&mut self, key: &str, absent: impl FnOnce() -> Value) -> &mut Value {
        let Self { defaults, set } = self;
        set.entry(key).or_insert_with(|| {
            let default = defaults.and_then(|defaults| defaults.get(key));
            default.cloned().unwrap_or_else(absent)
        })
    }

    /// Every key with its value: first those with a default, then the others as they were set.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        let is_default = |key: &str| self.defaults.is_some_and(|all| all.contains_key(key));
        let first = self.defaults.into_iter().flatten();
        first
            .map(|(key, default)| (key, self.set.get(key).unwrap_or(default)))
            .chain(self.set.iter().filter(move |(key, _)| !is_default(key)))
    }

    /// The same as one map.
    pub fn to_map(&self) -> Map<String, Value> {
        self.iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }
}

impl From<Map<String, Value>> for Values {
    fn from(set: Map<String, Value>) -> Self {
        Self {
            defaults: None,
            set,
        }
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::LazyLock;

    static DEFAULTS: LazyLock<Map<String, Value>> =
        LazyLock::new(|| match json!({"a": 1, "b": []}) {
            Value::Object(map) => map,
            _ => Map::new(),
        });

    #[test]
    fn what_is_set_stands_in_the_place_of_its_default() {
        let mut values = Values::over(&DEFAULTS);
        values.insert("z", json!(0));
        values.insert("a", json!(2));
        if let Value::Array(list) = values.slot("b", || json!(null)) {
            list.push(json!("x"));
        }
        values.slot("c", || json!(3));
        assert_eq!(
            json!(values).to_string(),
            r#"{"a":2,"b":["x"],"z":0,"c":3}"#
        );
        assert_eq!(json!(values.to_map()), json!(values));
        assert_eq!(
            json!(Values::over(&DEFAULTS)).to_string(),
            r#"{"a":1,"b":[]}"#
        );
    }
}
