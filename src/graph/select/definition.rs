//! The definitions of `selectors.yml`: criteria, put together by `union`, `intersection` and `exclude`.
//!
//! In: [`Selector`]s as written. Out: [`Definitions`], which [`super::Request`] may name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::criterion::{Criterion, Reach};
use super::method::Method;
use super::{Found, Indirect, IndirectSelection, NodeSet};
use crate::diagnostic::{Diagnostic, Diagnostics, Source, Span};
use crate::project::selectors::Selector;
use crate::project::yaml::{Yaml, YamlValue};

/// What a definition selects.
#[derive(Debug)]
pub enum Definition {
    /// One criterion, with the tests that come along where it says so itself.
    One(Box<Criterion>, Option<IndirectSelection>),
    /// What any of them selects.
    Union(Vec<Arc<Definition>>),
    /// What all of them select.
    Intersection(Vec<Arc<Definition>>),
    /// What the first selects and the second does not.
    Difference(Arc<Definition>, Arc<Definition>),
}

/// The definitions of a project by their names.
#[derive(Debug, Default)]
pub struct Definitions {
    /// A selector that needs what is not supported hinders nobody who does not use it.
    by_name: BTreeMap<String, Result<Arc<Definition>, Diagnostic>>,
    default: Option<String>,
}

/// The keys of a criterion that is written out.
const KEYS: [&str; 9] = [
    "method",
    "value",
    "parents",
    "parents_depth",
    "children",
    "children_depth",
    "childrens_parents",
    "indirect_selection",
    "exclude",
];

const MODES: [(&str, IndirectSelection); 4] = [
    ("eager", IndirectSelection::Eager),
    ("cautious", IndirectSelection::Cautious),
    ("buildable", IndirectSelection::Buildable),
    ("empty", IndirectSelection::Empty),
];

impl IndirectSelection {
    /// The mode of this name, in any case.
    pub fn named(name: &str) -> Option<Self> {
        let found = MODES
            .iter()
            .find(|(known, _)| name.eq_ignore_ascii_case(known));
        found.map(|(_, mode)| *mode)
    }
}

impl Definitions {
    /// Understands the selectors of a project; those that are wrong are told and left out.
    pub fn new(selectors: &[Selector]) -> (Self, Diagnostics) {
        let mut definitions = Self::default();
        let mut problems = Diagnostics::default();
        for selector in selectors {
            let definition = match definitions.root(&selector.definition) {
                Ok(definition) => Ok(definition),
                Err(problem) if problem.code == "unsupported-selector" => Err(*problem),
                Err(problem) => {
                    problems.push(*problem);
                    continue;
                }
            };
            let name = selector.name.value.clone();
            if selector.default {
                definitions.default = Some(name.clone());
            }
            definitions.by_name.insert(name, definition);
        }
        (definitions, problems)
    }

    /// The name of the one that holds where nothing is selected.
    pub fn default_name(&self) -> Option<&str> {
        self.default.as_deref()
    }

    /// The definition of this name.
    ///
    /// # Errors
    /// Where there is none, or it needs what is not supported.
    pub fn find(&self, name: &str) -> Result<Arc<Definition>, Diagnostic> {
        if let Some(found) = self.by_name.get(name) {
            return found.clone();
        }
        let names: Vec<&str> = self.by_name.keys().map(String::as_str).collect();
        let problem =
            Diagnostic::error("unknown-selector", format!("there is no selector `{name}`"))
                .one_of(name, names.iter().copied());
        Err(if names.is_empty() {
            problem.help("define it in selectors.yml, beside dbt_project.yml")
        } else {
            problem.help(format!("selectors.yml has `{}`", names.join("`, `")))
        })
    }

    fn root(&self, yaml: &Yaml) -> Result<Arc<Definition>, Box<Diagnostic>> {
        if !yaml.is_map() && yaml.as_str().is_none() {
            return Err(Box::new(
                yaml.expected("a selector such as `tag:nightly`, or a mapping"),
            ));
        }
        self.part(yaml)
    }

    fn part(&self, yaml: &Yaml) -> Result<Arc<Definition>, Box<Diagnostic>> {
        if let Some(text) = yaml.as_str() {
            return word(text, &yaml.span).map(Arc::new);
        }
        for group in ["union", "intersection"] {
            if let Some(items) = yaml.get(group) {
                return self.group(yaml, group, items);
            }
        }
        match yaml.entries() {
            [(key, value)] => {
                let method = key.key_text();
                if method == "exclude" {
                    return Err(Box::new(nothing_to_exclude_from(&key.span)));
                }
                let value = scalar(value)?;
                one(&method, &value, Reach::default(), &key.span).map(Arc::new)
            }
            [] => Err(Box::new(
                yaml.expected("a selector such as `tag:nightly`, or a mapping"),
            )),
            _ => self.written_out(yaml),
        }
    }

    /// `union:` or `intersection:` with its parts, and what its `exclude:` takes away.
    fn group(
        &self,
        yaml: &Yaml,
        group: &str,
        items: &Yaml,
    ) -> Result<Arc<Definition>, Box<Diagnostic>> {
        if let Some((key, _)) = yaml
            .entries()
            .iter()
            .find(|(key, _)| key.key_text() != group)
        {
            let problem = Diagnostic::error(
                "invalid-selector",
                format!("`{}` cannot stand beside `{group}`", key.key_text()),
            );
            return Err(Box::new(
                problem
                    .at(key.span.clone())
                    .help(format!("make it an item of `{group}`")),
            ));
        }
        let mut included = Vec::new();
        let mut excluded = None;
        for item in list(items)? {
            let Some(exclude) = item.get("exclude") else {
                included.push(self.part(item)?);
                continue;
            };
            if item.entries().len() > 1 {
                // dbt would pass over everything but the exclusion.
                return Err(Box::new(
                    Diagnostic::error(
                        "invalid-selector",
                        format!("`exclude` in a part of `{group}` must stand alone"),
                    )
                    .at(exclude.span.clone())
                    .help("write it as an item of its own: it is taken away from the whole"),
                ));
            }
            if excluded.is_some() {
                return Err(Box::new(
                    Diagnostic::error("invalid-selector", format!("`{group}` has `exclude` twice"))
                        .at(exclude.span.clone())
                        .help("put both into one list"),
                ));
            }
            excluded = self.exclusion(exclude)?;
        }
        let whole = Arc::new(match group {
            "union" => Definition::Union(included),
            _ => Definition::Intersection(included),
        });
        Ok(without(whole, excluded))
    }

    fn exclusion(&self, exclude: &Yaml) -> Result<Option<Arc<Definition>>, Box<Diagnostic>> {
        let mut parts = list(exclude)?
            .iter()
            .map(|part| self.part(part))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(match parts.len() {
            0 => None,
            1 => parts.pop(),
            _ => Some(Arc::new(Definition::Union(parts))),
        })
    }

    /// `method:`, `value:` and what belongs to them.
    fn written_out(&self, yaml: &Yaml) -> Result<Arc<Definition>, Box<Diagnostic>> {
        for (key, _) in yaml.entries() {
            let name = key.key_text();
            if !KEYS.contains(&name.as_str()) {
                return Err(Box::new(
                    Diagnostic::error("unknown-key", format!("a selector has no key `{name}`"))
                        .at(key.span.clone())
                        .one_of(&name, KEYS),
                ));
            }
        }
        let needed = |key: &str| {
            yaml.get(key).ok_or_else(|| {
                Box::new(
                    Diagnostic::error("missing-key", format!("the key `{key}` is missing"))
                        .at(yaml.span.clone())
                        .help("a selector has `method` and `value`"),
                )
            })
        };
        let (method, value) = (needed("method")?, needed("value")?);
        let (method_name, text) = (scalar(method)?, scalar(value)?);
        if method_name == "selector" {
            return self.inherited(yaml, &text, &value.span);
        }
        let flag = |key: &str| match yaml.get(key) {
            None => Ok(false),
            Some(value) => value
                .as_bool()
                .ok_or_else(|| Box::new(value.expected("`true` or `false`"))),
        };
        let depth = |key: &str| match yaml.get(key) {
            None => Ok(None),
            Some(value) => match scalar(value)?.parse::<usize>() {
                Ok(0) | Err(_) => Err(Box::new(value.expected("a whole number from 1"))),
                Ok(depth) => Ok(Some(depth)),
            },
        };
        let (above, below) = (depth("parents_depth")?, depth("children_depth")?);
        let reach = Reach {
            ancestors: flag("parents")?.then_some(above),
            descendants: flag("children")?.then_some(below),
            descendants_with_ancestors: flag("childrens_parents")?,
        };
        if reach.descendants_with_ancestors && reach.descendants.is_some() {
            return Err(Box::new(
                Diagnostic::error(
                    "invalid-selector",
                    "`childrens_parents` and `children` exclude each other",
                )
                .at(yaml.span.clone())
                .help("`childrens_parents` already selects all children: leave `children` out"),
            ));
        }
        let mode = match yaml.get("indirect_selection") {
            None => None,
            Some(value) => Some(mode(value)?),
        };
        let Definition::One(criterion, _) = one(&method_name, &text, reach, &method.span)? else {
            unreachable!("`one` makes one criterion");
        };
        let whole = Arc::new(Definition::One(criterion, mode));
        let excluded = match yaml.get("exclude") {
            None => None,
            Some(exclude) => self.exclusion(exclude)?,
        };
        Ok(without(whole, excluded))
    }

    /// What another selector selects, which must stand before this one.
    fn inherited(
        &self,
        yaml: &Yaml,
        name: &str,
        at: &Span,
    ) -> Result<Arc<Definition>, Box<Diagnostic>> {
        let other = yaml.entries().iter().find(|(key, _)| {
            let key = key.key_text();
            key != "method" && key != "value"
        });
        if let Some((key, _)) = other {
            // dbt would pass over it.
            return Err(Box::new(
                Diagnostic::error(
                    "invalid-selector",
                    format!("`{}` means nothing beside `method: selector`", key.key_text()),
                )
                .at(key.span.clone())
                .help("put the inherited selector into a `union` or `intersection`, with an `exclude` of its own"),
            ));
        }
        if self.by_name.contains_key(name) {
            return self.find(name).map_err(Box::new);
        }
        let names = self.by_name.keys().map(String::as_str);
        Err(Box::new(
            Diagnostic::error(
                "unknown-selector",
                format!("no selector `{name}` stands before this one"),
            )
            .at(at.clone())
            .did_you_mean(name, names)
            .help("a selector can only inherit from one that stands before it"),
        ))
    }
}

impl Definition {
    /// The first place that compares with an earlier state.
    pub(super) fn compares(&self) -> Option<&Span> {
        match self {
            Self::One(criterion, _) => criterion.compares(),
            Self::Union(parts) | Self::Intersection(parts) => {
                parts.iter().find_map(|part| part.compares())
            }
            Self::Difference(from, what) => from.compares().or_else(|| what.compares()),
        }
    }

    /// The nodes it selects, and the tests beside them for a wider set to take up; groups of a file leave those tests beside.
    pub(super) fn select(&self, indirect: &Indirect<'_>) -> Found {
        match self {
            Self::One(criterion, mode) => {
                let indirect = Indirect {
                    mode: mode.unwrap_or(indirect.mode),
                    ..*indirect
                };
                indirect.expand(criterion.select(&indirect))
            }
            Self::Union(parts) => {
                let mut all = Found::default();
                for part in parts {
                    let found = part.select(indirect);
                    all.direct.extend(found.direct);
                    all.beside.extend(found.beside);
                }
                all
            }
            Self::Intersection(parts) => {
                let mut parts = parts.iter().map(|part| part.select(indirect));
                let Some(mut all) = parts.next() else {
                    return Found::default();
                };
                all.beside.extend(&all.direct);
                for part in parts {
                    let either: NodeSet = part.direct.union(&part.beside).copied().collect();
                    all.direct.retain(|id| part.direct.contains(id));
                    all.beside.retain(|id| either.contains(id));
                }
                all
            }
            Self::Difference(from, what) => {
                let (mut all, less) = (from.select(indirect), what.select(indirect));
                all.beside.extend(&all.direct);
                all.direct.retain(|id| !less.direct.contains(id));
                all.beside
                    .retain(|id| !less.direct.contains(id) && !less.beside.contains(id));
                all
            }
        }
    }
}

fn without(whole: Arc<Definition>, excluded: Option<Arc<Definition>>) -> Arc<Definition> {
    match excluded {
        Some(excluded) => Arc::new(Definition::Difference(whole, excluded)),
        None => whole,
    }
}

/// A criterion as on the command line. It is one word there: no blank and no comma.
fn word(text: &str, at: &Span) -> Result<Definition, Box<Diagnostic>> {
    if let Some(found) = text.chars().find(|c| c.is_whitespace() || *c == ',') {
        let (what, group) = match found {
            ',' => ("a comma", "intersection"),
            _ => ("a blank", "union"),
        };
        return Err(Box::new(
            Diagnostic::error(
                "invalid-selector",
                format!("a selector in a file is one criterion, without {what}"),
            )
            .at(at.clone())
            .help(format!("write `{group}:` with a list of the parts")),
        ));
    }
    let source = Source::new(at.source.path.as_str(), text);
    let criterion = Criterion::parse(&Span::new(&source, 0..text.len()))
        .map_err(|problem| moved(problem, at))?;
    Ok(Definition::One(Box::new(criterion), None))
}

fn one(method: &str, value: &str, reach: Reach, at: &Span) -> Result<Definition, Box<Diagnostic>> {
    let text = format!("{method}:{value}");
    let source = Source::new(at.source.path.as_str(), text.as_str());
    let end = method.len();
    let method = Method::named(
        &Span::new(&source, 0..end),
        &Span::new(&source, end + 1..text.len()),
    )
    .map_err(|problem| moved(problem, at))?;
    let criterion = Criterion::of(method, reach, text);
    Ok(Definition::One(Box::new(criterion), None))
}

/// A problem with words that were put together, at the place they come from.
fn moved(mut problem: Diagnostic, at: &Span) -> Box<Diagnostic> {
    problem.span = Some(at.clone());
    Box::new(problem)
}

fn mode(value: &Yaml) -> Result<IndirectSelection, Box<Diagnostic>> {
    let name = scalar(value)?;
    let known = MODES.iter().find(|(known, _)| *known == name);
    known.map(|(_, mode)| *mode).ok_or_else(|| {
        Box::new(
            Diagnostic::error(
                "unknown-value",
                format!("`{name}` is no way to select tests"),
            )
            .at(value.span.clone())
            .did_you_mean(&name, MODES.map(|(name, _)| name))
            .help("write one of `eager`, `cautious`, `buildable`, `empty`"),
        )
    })
}

fn list(yaml: &Yaml) -> Result<&[Yaml], Box<Diagnostic>> {
    yaml.as_seq()
        .ok_or_else(|| Box::new(yaml.expected("a list of selectors")))
}

fn scalar(yaml: &Yaml) -> Result<String, Box<Diagnostic>> {
    match &yaml.value {
        YamlValue::Seq(_) | YamlValue::Map(_) | YamlValue::Null => {
            Err(Box::new(yaml.expected("one value")))
        }
        _ => Ok(yaml.key_text()),
    }
}

fn nothing_to_exclude_from(at: &Span) -> Diagnostic {
    Diagnostic::error("invalid-selector", "there is nothing to exclude from")
        .at(at.clone())
        .help("put `exclude` beside `method` and `value`, or as an item into `union` or `intersection`")
}
