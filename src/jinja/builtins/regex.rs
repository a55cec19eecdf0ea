//! `modules.re`, on fancy-regex, which knows look-around as Python does.
//!
//! In: patterns and text. Out: matches and text.
//! Knows nothing of a render.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use fancy_regex::{Captures, Regex};
use minijinja::value::{Enumerator, Object, ObjectRepr, Tuple};
use minijinja::{Error, State, Value};

use super::args::{Args, Body, Group};
use crate::jinja::error::bad_call;
use crate::jinja::values::{Dict, List};

/// The object `modules.re`.
pub fn re() -> Value {
    const METHODS: &[(&str, Body)] = &[
        ("match", |_, args| with_pattern(args, "match")),
        ("search", |_, args| with_pattern(args, "search")),
        ("fullmatch", |_, args| with_pattern(args, "fullmatch")),
        ("findall", |_, args| with_pattern(args, "findall")),
        ("finditer", |_, args| with_pattern(args, "finditer")),
        ("split", |_, args| with_pattern(args, "split")),
        ("sub", |_, args| with_pattern(args, "sub")),
        ("subn", |_, mut args| {
            // The number of replacements is that of the matches.
            let given = args.rest();
            let again = |skip: usize| -> Vec<Value> {
                let places = given.iter().enumerate().filter(|(at, _)| *at != skip);
                places.map(|(_, value)| value.clone()).collect()
            };
            let replaced = with_pattern(Args::new("sub", &given)?, "sub")?;
            let found = with_pattern(Args::new("findall", &again(1))?, "findall")?;
            let count = found.len().unwrap_or(0);
            Ok(Value::from(Tuple::from(vec![replaced, Value::from(count)])))
        }),
        ("compile", |_, mut args| {
            let pattern = args.text("pattern")?;
            let flags = flags(&mut args)?;
            args.done()?;
            Ok(Value::from_object(Pattern(compile(&pattern, flags)?)))
        }),
        ("escape", |_, mut args| {
            let text = args.text("pattern")?;
            args.done()?;
            Ok(Value::from(fancy_regex::escape(&text).into_owned()))
        }),
    ];
    // The numbers of Python's flags.
    let flag = |name, number: i64| (name, Value::from(number));
    Group {
        name: "re",
        attributes: vec![
            flag("I", 2),
            flag("IGNORECASE", 2),
            flag("M", 8),
            flag("MULTILINE", 8),
            flag("S", 16),
            flag("DOTALL", 16),
            flag("X", 64),
            flag("VERBOSE", 64),
        ],
        methods: METHODS,
        call: None,
    }
    .into()
}

fn flags(args: &mut Args) -> Result<i64, Error> {
    match args.keyword("flags") {
        Some(flags) => i64::try_from(flags),
        None => match args.optional("flags") {
            Some(flags) => i64::try_from(flags),
            None => Ok(0),
        },
    }
}

/// Patterns that are kept compiled; Python keeps as many.
const MOST_KEPT: usize = 512;

/// A pattern, compiled once though many nodes use it.
fn compile(pattern: &str, flags: i64) -> Result<Arc<Regex>, Error> {
    type Kept = HashMap<(String, i64), Arc<Regex>>;
    static KEPT: LazyLock<Mutex<Kept>> = LazyLock::new(Mutex::default);
    let key = (pattern.to_owned(), flags);
    if let Some(regex) = locked(&KEPT).get(&key) {
        return Ok(Arc::clone(regex));
    }
    let regex = Arc::new(compiled(pattern, flags)?);
    let mut kept = locked(&KEPT);
    if kept.len() >= MOST_KEPT {
        kept.clear();
    }
    kept.insert(key, Arc::clone(&regex));
    Ok(regex)
}

/// A lock that a panic elsewhere does not spoil.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn compiled(pattern: &str, flags: i64) -> Result<Regex, Error> {
    let letters: String = [(2, 'i'), (8, 'm'), (16, 's'), (64, 'x')]
        .into_iter()
        .filter(|(number, _)| flags & number != 0)
        .map(|(_, letter)| letter)
        .collect();
    let pattern = if letters.is_empty() {
        pattern.to_string()
    } else {
        format!("(?{letters}){pattern}")
    };
    Regex::new(&pattern).map_err(|error| bad_call(format!("bad pattern: {error}")))
}

fn with_pattern(mut args: Args, method: &'static str) -> Result<Value, Error> {
    let given = args.required("pattern")?;
    if let Some(Pattern(regex)) = given.downcast_object_ref::<Pattern>() {
        return apply(regex, method, args);
    }
    let Some(pattern) = given.as_str() else {
        return Err(bad_call("a pattern is text"));
    };
    let flags = match args.keyword("flags") {
        Some(flags) => i64::try_from(flags)?,
        None => 0,
    };
    let mut rest = args.rest();
    // The flags follow the text where nothing else may: `re.search(pattern, text, flags)`.
    let positional = !matches!(method, "sub" | "split");
    let trailing = if positional && rest.len() > 1 {
        rest.pop()
    } else {
        None
    };
    let flags = match trailing {
        Some(trailing) => flags | i64::try_from(trailing)?,
        None => flags,
    };
    let keywords = args.kwargs();
    if keywords.args().next().is_some() {
        rest.push(keywords.into());
    }
    let regex = compile(pattern, flags)?;
    apply(&regex, method, Args::new(method, &rest)?)
}

fn failed(error: fancy_regex::Error) -> Error {
    bad_call(format!("the pattern failed: {error}"))
}

fn apply(regex: &Regex, method: &str, mut args: Args) -> Result<Value, Error> {
    let replacement = match method {
        "sub" => Some(args.text("repl")?),
        _ => None,
    };
    let text = args.text("string")?;
    let most = match method {
        "sub" => args.optional("count"),
        "split" => args.optional("maxsplit"),
        _ => None,
    };
    let most = most
        .and_then(|most| most.as_usize())
        .filter(|&most| most > 0);
    args.done()?;
    let whole = |range: std::ops::Range<usize>| match method {
        "match" => range.start == 0,
        "fullmatch" => range == (0..text.len()),
        _ => true,
    };
    match method {
        "match" | "search" | "fullmatch" => {
            // Anchored, so that another place in the text cannot hide the one at its start.
            let anchored = match method {
                "match" => Some(format!(r"\A(?:{})", regex.as_str())),
                "fullmatch" => Some(format!(r"\A(?:{})\z", regex.as_str())),
                _ => None,
            };
            let anchored = anchored.map(|pattern| compile(&pattern, 0)).transpose()?;
            let captures = anchored
                .as_deref()
                .unwrap_or(regex)
                .captures(&*text)
                .map_err(failed)?;
            let found = captures.filter(|it| it.get(0).is_some_and(|all| whole(all.range())));
            Ok(found.map_or(Value::from(()), |it| Match::value(regex, &it)))
        }
        "findall" | "finditer" => {
            let mut found = Vec::new();
            for captures in regex.captures_iter(&*text) {
                let found_one = Match::new(regex, &captures.map_err(failed)?);
                found.push(if method == "finditer" {
                    Value::from_object(found_one)
                } else {
                    found_one.short()
                });
            }
            Ok(List::of(found))
        }
        "split" => split(regex, &text, most),
        _ => sub(regex, &text, &replacement.unwrap_or_default(), most),
    }
}

fn split(regex: &Regex, text: &str, most: Option<usize>) -> Result<Value, Error> {
    let mut parts = Vec::new();
    let mut end = 0;
    for captures in regex.captures_iter(text).take(most.unwrap_or(usize::MAX)) {
        let found = Match::new(regex, &captures.map_err(failed)?);
        parts.push(Value::from(&text[end..found.range.start]));
        parts.extend(found.groups.into_iter().skip(1));
        end = found.range.end;
    }
    parts.push(Value::from(&text[end..]));
    Ok(List::of(parts))
}

fn sub(regex: &Regex, text: &str, replacement: &str, most: Option<usize>) -> Result<Value, Error> {
    let mut made = String::new();
    let mut end = 0;
    for captures in regex.captures_iter(text).take(most.unwrap_or(usize::MAX)) {
        let found = Match::new(regex, &captures.map_err(failed)?);
        made.push_str(&text[end..found.range.start]);
        expand(&found, replacement, &mut made);
        end = found.range.end;
    }
    made.push_str(&text[end..]);
    Ok(Value::from(made))
}

/// Python's `\1` and `\g<name>` in a replacement.
fn expand(found: &Match, replacement: &str, made: &mut String) {
    let mut rest = replacement;
    while let Some(at) = rest.find('\\') {
        made.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some((name, after)) = rest
            .strip_prefix("g<")
            .and_then(|inside| inside.split_once('>'))
        {
            made.push_str(&found.group(&Value::from(name)).to_string());
            rest = after;
            continue;
        }
        let digits = rest
            .chars()
            .take(2)
            .take_while(char::is_ascii_digit)
            .count();
        if digits > 0 {
            let group = found.group(&Value::from(&rest[..digits]));
            if !group.is_none() {
                made.push_str(&group.to_string());
            }
            rest = &rest[digits..];
            continue;
        }
        let mut characters = rest.chars();
        match characters.next() {
            Some('n') => made.push('\n'),
            Some('t') => made.push('\t'),
            Some(other) => made.push(other),
            None => made.push('\\'),
        }
        rest = characters.as_str();
    }
    made.push_str(rest);
}

/// A compiled pattern.
struct Pattern(Arc<Regex>);

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "re.compile('{}')", self.0.as_str())
    }
}

impl Object for Pattern {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        (key.as_str()? == "pattern").then(|| Value::from(self.0.as_str()))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let names = [
            "match",
            "search",
            "fullmatch",
            "findall",
            "finditer",
            "split",
            "sub",
        ];
        match names.into_iter().find(|name| *name == method) {
            Some(name) => apply(&self.0, name, Args::new(name, args)?),
            None => Err(Error::from(minijinja::ErrorKind::UnknownMethod)),
        }
    }
}

/// A match, taken out of its text.
#[derive(Debug)]
struct Match {
    range: std::ops::Range<usize>,
    /// The whole match, then its groups; none where a group took no part.
    groups: Vec<Value>,
    names: Vec<Option<String>>,
}

impl Match {
    fn new(regex: &Regex, captures: &Captures<'_, str>) -> Self {
        let groups = captures.iter().map(|group| match group {
            Some(group) => Value::from(group.as_str()),
            None => Value::from(()),
        });
        Self {
            range: captures.get(0).map_or(0..0, |all| all.range()),
            groups: groups.collect(),
            names: regex
                .capture_names()
                .map(|name| name.map(ToString::to_string))
                .collect(),
        }
    }

    fn value(regex: &Regex, captures: &Captures<'_, str>) -> Value {
        Value::from_object(Self::new(regex, captures))
    }

    /// What `findall` gives: the only group, the groups, or the match.
    fn short(&self) -> Value {
        match self.groups.as_slice() {
            [all] => all.clone(),
            [_, one] => one.clone(),
            [_, groups @ ..] => Value::from(Tuple::from(groups.to_vec())),
            [] => Value::from(""),
        }
    }

    /// A group by its number or name.
    fn group(&self, key: &Value) -> Value {
        let number = key.as_usize().or_else(|| key.as_str()?.parse().ok());
        let at = number.or_else(|| {
            let wanted = key.as_str()?;
            self.names
                .iter()
                .position(|name| name.as_deref() == Some(wanted))
        });
        let found = at.and_then(|at| self.groups.get(at));
        found.cloned().unwrap_or(Value::from(()))
    }
}

impl Object for Match {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(self.group(key)).filter(|group| !group.is_none())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        Ok(match (method, args) {
            ("group", []) => self.group(&Value::from(0)),
            ("group", [one]) => self.group(one),
            ("group", many) => Value::from(Tuple::from(
                many.iter().map(|key| self.group(key)).collect::<Vec<_>>(),
            )),
            ("groups", _) => {
                let groups = self.groups.get(1..).unwrap_or(&[]);
                Value::from(Tuple::from(groups.to_vec()))
            }
            ("groupdict", _) => Dict::of(self.names.iter().flatten().map(|name| {
                let key = Value::from(name);
                let group = self.group(&key);
                (key, group)
            })),
            ("start", []) => Value::from(self.range.start),
            ("end", []) => Value::from(self.range.end),
            ("span", []) => Value::from(Tuple::from([
                Value::from(self.range.start),
                Value::from(self.range.end),
            ])),
            _ => return Err(Error::from(minijinja::ErrorKind::UnknownMethod)),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::jinja::testing::text;

    #[test]
    fn patterns_match_replace_and_split_as_in_python() {
        let model = r"{% set re = modules.re %}{{ re.match('(\w+)-(?P<n>\d+)', 'ab-12!').group('n') }} {{ re.match('b', 'ab') }} {{ re.search('b', 'ab').span() }} {{ re.findall('(?<=x)\d', 'x1y2x3') }} {{ re.sub('(\w)(\d)', '\\2\\1', 'a1b2') }} {{ re.split('[,;]', 'a,b;c') }} {{ re.fullmatch('a', 'ab') is none }} {{ re.search('AB', 'xab', re.I) is not none }} {{ re.compile('^\d').match('1x').groups() }} {% if re.match('a', 'b') %}no{% endif %}";
        assert_eq!(
            text("", model),
            "12 None (1, 2) ['1', '3'] 1a2b ['a', 'b', 'c'] True True () "
        );
    }
}
