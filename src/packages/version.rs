//! The versions that packages ask for: `>=1.0.0`, `<2.0.0`, `1.2.3`.

use semver::Version;
use serde_json::Value;

/// One condition on a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    matcher: Matcher,
    version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Matcher {
    Exactly,
    AtLeast,
    AtMost,
    Above,
    Below,
}

const MATCHERS: [(&str, Matcher); 6] = [
    (">=", Matcher::AtLeast),
    ("<=", Matcher::AtMost),
    ("==", Matcher::Exactly),
    (">", Matcher::Above),
    ("<", Matcher::Below),
    ("=", Matcher::Exactly),
];

impl Condition {
    /// Reads one condition or several with commas between them; none when the text is none.
    pub fn read_all(text: &str) -> Option<Vec<Self>> {
        text.split(',').map(Self::read).collect()
    }

    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let (rest, matcher) = MATCHERS
            .iter()
            .find_map(|(sign, matcher)| Some((text.strip_prefix(sign)?, *matcher)))
            .unwrap_or((text, Matcher::Exactly));
        Some(Self {
            matcher,
            version: Version::parse(rest.trim()).ok()?,
        })
    }

    /// Whether a version meets it.
    pub fn holds(&self, version: &Version) -> bool {
        let order = version.cmp_precedence(&self.version);
        match self.matcher {
            Matcher::Exactly => order.is_eq(),
            Matcher::AtLeast => order.is_ge(),
            Matcher::AtMost => order.is_le(),
            Matcher::Above => order.is_gt(),
            Matcher::Below => order.is_lt(),
        }
    }

    /// Whether it names a prerelease, which then will do.
    pub fn names_prerelease(&self) -> bool {
        !self.version.pre.is_empty()
    }
}

/// Whether a version meets what is required: a text, a list of texts, or nothing. A text that is no condition is met.
pub fn suits(required: &Value, version: &Version) -> bool {
    let texts: Vec<&str> = match required {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    texts
        .iter()
        .filter_map(|text| Condition::read_all(text))
        .flatten()
        .all(|condition| condition.holds(version))
}

/// What of a requirement is no condition on a version, as it is written.
pub fn unreadable(required: &Value) -> Option<String> {
    let is_condition = |value: &&Value| {
        value
            .as_str()
            .is_some_and(|text| Condition::read_all(text).is_some_and(|all| !all.is_empty()))
    };
    match required {
        Value::Array(list) => list.iter().find(|value| !is_condition(value)),
        Value::Null => None,
        value => Some(value).filter(|value| !is_condition(value)),
    }
    .map(|wrong| {
        wrong
            .as_str()
            .map_or_else(|| wrong.to_string(), str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_hold_by_precedence() {
        let holds = |condition: &str, version: &str| {
            let version = Version::parse(version).unwrap();
            let all = Condition::read_all(condition).unwrap();
            all.iter().all(|condition| condition.holds(&version))
        };
        assert!(holds(">=1.0.0,<2.0.0", "1.9.9"));
        assert!(!holds(">=1.0.0, <2.0.0", "2.0.0"));
        assert!(holds("<2.0.0", "2.0.0-rc1"));
        assert!(holds("1.2.3", "1.2.3+build"));
        assert!(holds("=1.2.3", "1.2.3"));
        assert!(!holds(">1.2.3", "1.2.3"));
        assert_eq!(Condition::read_all("latest"), None);
        assert_eq!(Condition::read_all(">=1.0"), None);
    }
}
