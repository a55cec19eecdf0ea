//! Keys that nobody knows, one slip away from one that somebody does.

use super::Reader;
use super::defaults::{COMMON_KEYS, OF_REDSHIFT};
use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::manifest::node::ResourceType;

impl Reader<'_> {
    /// dbt lets a key of the user's own pass; one that is a slip away from a known key is hardly meant.
    pub(super) fn warn_of_slips(&mut self, kind: ResourceType) {
        // A materialization in Jinja may read any key.
        if kind == ResourceType::Exposure || self.in_jinja.is_some() {
            return;
        }
        let materializations = self.materializations;
        let of_materializations = || {
            materializations
                .iter()
                .flat_map(|known| known.keys.iter().copied())
        };
        for key in self.merged.origins.keys() {
            if COMMON_KEYS.contains(&key.as_str())
                || of_materializations().any(|known| known == key)
            {
                continue;
            }
            let meant = OF_REDSHIFT.iter().find(|(said, _)| said == key);
            let near = meant
                .map(|(_, meant)| *meant)
                .or_else(|| nearest(key, COMMON_KEYS.into_iter().chain(of_materializations())));
            if let Some(near) = near {
                self.problems.push(
                    Diagnostic::warning(
                        "unknown-config",
                        format!("the configuration `{key}` is unknown and has no effect"),
                    )
                    .at_some(self.place(key).map(|value| key_of(key, value)))
                    .help(format!("did you mean `{near}`?")),
                );
            }
        }
    }
}

/// The key in front of its value, on the line of the value; the value where the key is not to be seen there.
fn key_of(key: &str, value: Span) -> Span {
    let before = &value.source.text[..value.start];
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let inner = |letter: char| letter.is_alphanumeric() || letter == '_';
    let found = before[line..].rmatch_indices(key).find(|(at, _)| {
        let (ahead, behind) = (&before[line..line + at], &before[line + at + key.len()..]);
        !ahead.ends_with(inner) && !behind.starts_with(inner)
    });
    match found {
        Some((at, _)) => Span::new(&value.source, line + at..line + at + key.len()),
        None => value,
    }
}
