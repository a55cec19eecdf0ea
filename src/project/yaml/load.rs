//! From the events of the parser to nodes: anchors, merge keys, duplicate keys.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::syntax::{explain, to_blank, to_move};
use super::{Yaml, YamlValue, scalar};
use crate::diagnostic::{Diagnostic, Source, Span};

/// Deeper nesting is a mistake, and would cost the stack.
const MAX_DEPTH: usize = 100;
/// More nodes than this through aliases is a bomb.
const MAX_ALIASED_NODES: usize = 500_000;

/// Deeper than any block: what a line in brackets or quotes is moved to the right by.
const MOVED: &str = "                                                                                                    ";
/// So many lines are moved at most.
const MOST_MOVED: usize = 2_000;

/// The one document of a file; an empty file is null.
///
/// # Errors
/// What is wrong with the YAML, where, and what to write instead; a key that is written twice among it.
pub fn parse(source: &Arc<Source>) -> Result<Yaml, Diagnostic> {
    let mut doubles = Vec::new();
    let document = parse_forgiving(source, &mut doubles)?;
    match doubles.into_iter().next() {
        Some(double) => Err(double),
        None => Ok(document),
    }
}

/// The same, where of a key that is written twice the last one counts, as in dbt; `doubles` are told of as errors.
///
/// # Errors
/// As [`parse`], but for keys that are written twice.
pub fn parse_forgiving(
    source: &Arc<Source>,
    doubles: &mut Vec<Diagnostic>,
) -> Result<Yaml, Diagnostic> {
    let mut moved = BTreeSet::new();
    let mut blanked = BTreeSet::new();
    loop {
        match attempt(source, &moved, &blanked) {
            Ok((document, found)) => {
                doubles.extend(found);
                return Ok(document);
            }
            Err(Failure::Wrong(wrong)) => return Err(*wrong),
            Err(Failure::Syntax { at, info }) => {
                let known = moved.len() + blanked.len();
                if known < MOST_MOVED {
                    match to_blank(&source.text, at, &info) {
                        Some(tab) if blanked.insert(tab) => {}
                        _ => moved.extend(to_move(&source.text, at, &info)),
                    }
                }
                if moved.len() + blanked.len() == known {
                    return Err(explain(source, at, &info));
                }
            }
        }
    }
}

enum Failure {
    Wrong(Box<Diagnostic>),
    Syntax { at: usize, info: String },
}

impl From<Diagnostic> for Failure {
    fn from(wrong: Diagnostic) -> Self {
        Self::Wrong(Box::new(wrong))
    }
}

/// Reads a file whose lines at `moved` are taken as if they stood further to the right, and the tabs at `blanked` as blanks.
fn attempt(
    source: &Arc<Source>,
    moved: &BTreeSet<usize>,
    blanked: &BTreeSet<usize>,
) -> Result<(Yaml, Vec<Diagnostic>), Failure> {
    let skipped = if source.text.starts_with('\u{feff}') {
        '\u{feff}'.len_utf8()
    } else {
        0
    };
    let mut text = Cow::Borrowed(&source.text[skipped..]);
    for tab in blanked {
        let at = tab.saturating_sub(skipped);
        text.to_mut().replace_range(at..=at, " ");
    }
    let mut inserted = Vec::with_capacity(moved.len());
    for (number, line) in moved.iter().enumerate() {
        let at = line.saturating_sub(skipped) + number * MOVED.len();
        text.to_mut().insert_str(at, MOVED);
        inserted.push(at);
    }
    let mut loader = Loader {
        source,
        offsets: Offsets::new(&text, skipped, inserted),
        open: Vec::new(),
        anchors: HashMap::new(),
        aliased_nodes: 0,
        doubles: Vec::new(),
        document: None,
    };
    for event in Parser::new_from_str(&text) {
        match event {
            Ok((event, span)) => loader.event(event, span)?,
            Err(error) => {
                return Err(Failure::Syntax {
                    at: loader.offsets.byte(error.marker().index()),
                    info: error.info().to_owned(),
                });
            }
        }
    }
    let document = loader.document.unwrap_or(Yaml {
        value: YamlValue::Null,
        span: Span::file(source),
    });
    Ok((document, loader.doubles))
}

/// A collection that is still open.
struct Open {
    start: usize,
    anchor: usize,
    kind: OpenKind,
}

enum OpenKind {
    Seq(Vec<Yaml>),
    Map(Vec<(Yaml, Yaml)>, Option<Yaml>),
}

struct Loader<'a> {
    source: &'a Arc<Source>,
    offsets: Offsets,
    open: Vec<Open>,
    anchors: HashMap<usize, Yaml>,
    aliased_nodes: usize,
    /// Keys that are written twice.
    doubles: Vec<Diagnostic>,
    document: Option<Yaml>,
}

impl Loader<'_> {
    fn event(&mut self, event: Event<'_>, span: saphyr_parser::Span) -> Result<(), Diagnostic> {
        let start = self.offsets.byte(span.start.index());
        let end = self.offsets.byte(span.end.index()).max(start);
        match event {
            Event::DocumentStart(_) if self.document.is_some() => Err(Diagnostic::error(
                "yaml-syntax",
                "a second YAML document in one file",
            )
            .at(self.span(start, end))
            .label("`---` starts another document")
            .help("write the two documents into two files")),
            Event::Scalar(text, style, anchor, tag) => {
                let value = self.scalar(&text, style, tag.as_deref(), start, end)?;
                // The end of a block scalar lies behind its last line break.
                let trimmed = self.source.text[start..end].trim_end().len();
                let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                let is_last = || self.source.text[start + trimmed..].trim_end().is_empty();
                let value = match value {
                    // As dbt does, which reads a file without its last line end.
                    YamlValue::String(text) if is_block && is_last() => {
                        YamlValue::String(text.trim_end_matches('\n').to_owned())
                    }
                    value => value,
                };
                let span = self.span(start, start + trimmed);
                self.add(Yaml { value, span }, anchor)
            }
            Event::SequenceStart(anchor, _) => self.open(start, anchor, OpenKind::Seq(Vec::new())),
            Event::MappingStart(anchor, _) => {
                self.open(start, anchor, OpenKind::Map(Vec::new(), None))
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(end),
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned().ok_or_else(|| {
                    Diagnostic::error("yaml-syntax", "an alias of an anchor that is still open")
                        .at(self.span(start, end))
                })?;
                self.aliased_nodes += count(&node);
                if self.aliased_nodes > MAX_ALIASED_NODES {
                    return Err(Diagnostic::error(
                        "yaml-syntax",
                        "the aliases of this file stand for too many values",
                    )
                    .at(self.span(start, end)));
                }
                self.add(node, 0)
            }
            _ => Ok(()),
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, start..end)
    }

    fn scalar(
        &self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        start: usize,
        end: usize,
    ) -> Result<YamlValue, Diagnostic> {
        match tag {
            None if style == ScalarStyle::Plain => Ok(scalar::resolve(text)),
            None => Ok(YamlValue::String(text.to_owned())),
            Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => {
                Ok(YamlValue::String(text.to_owned()))
            }
            Some(tag) if tag.is_yaml_core_schema() => Ok(scalar::resolve(text)),
            Some(tag) => Err(Diagnostic::error(
                "yaml-syntax",
                format!(
                    "the YAML tag `{}{}` has no meaning here",
                    tag.handle, tag.suffix
                ),
            )
            .at(self.span(start, end))
            .help("quote the value if it is a text that starts with `!`")),
        }
    }

    fn open(&mut self, start: usize, anchor: usize, kind: OpenKind) -> Result<(), Diagnostic> {
        if self.open.len() == MAX_DEPTH {
            return Err(Diagnostic::error(
                "yaml-syntax",
                format!("values are nested more than {MAX_DEPTH} deep"),
            )
            .at(self.span(start, start)));
        }
        self.open.push(Open {
            start,
            anchor,
            kind,
        });
        Ok(())
    }

    fn close(&mut self, end: usize) -> Result<(), Diagnostic> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let end = open.start
            + self.source.text[open.start..end.max(open.start)]
                .trim_end()
                .len();
        let span = self.span(open.start, end);
        let value = match open.kind {
            OpenKind::Seq(items) => YamlValue::Seq(items),
            OpenKind::Map(entries, _) => YamlValue::Map(merge(entries, &mut self.doubles)?),
        };
        self.add(Yaml { value, span }, open.anchor)
    }

    fn add(&mut self, node: Yaml, anchor: usize) -> Result<(), Diagnostic> {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => self.document = Some(node),
            Some(OpenKind::Seq(items)) => items.push(node),
            Some(OpenKind::Map(entries, key)) => match key.take() {
                Some(key) => entries.push((key, node)),
                None => {
                    if matches!(node.value, YamlValue::Seq(_) | YamlValue::Map(_)) {
                        return Err(collection_as_key(&node));
                    }
                    *key = Some(node);
                }
            },
        }
        Ok(())
    }
}

fn collection_as_key(node: &Yaml) -> Diagnostic {
    let text = &node.span.source.text;
    if text[..node.span.start].ends_with('{') && node.span.text().starts_with('{') {
        let line_end = text[node.span.start..]
            .find('\n')
            .map_or(text.len(), |at| node.span.start + at);
        let start = node.span.start - 1;
        let end = text[start..line_end]
            .rfind("}}")
            .map_or(line_end, |at| start + at + 2);
        return Diagnostic::error("yaml-unquoted-jinja", "Jinja in YAML stands without quotes")
            .at(Span::new(&node.span.source, start..end))
            .label("YAML reads this as a mapping")
            .help(format!("write it in quotes: \"{}\"", &text[start..end]));
    }
    Diagnostic::error(
        "yaml-syntax",
        format!("{} cannot be a key", node.describe()),
    )
    .at(node.span.clone())
}

/// Merge keys (`<<`) resolved; of a key that stands twice, the last value.
fn merge(
    entries: Vec<(Yaml, Yaml)>,
    doubles: &mut Vec<Diagnostic>,
) -> Result<Vec<(Yaml, Yaml)>, Diagnostic> {
    let entries = last_of_doubles(entries, doubles);
    let is_merge = |key: &Yaml| key.as_str() == Some("<<") && key.span.text() == "<<";
    if !entries.iter().any(|(key, _)| is_merge(key)) {
        return Ok(entries);
    }
    let (merges, mut own): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|(key, _)| is_merge(key));
    for (_, value) in merges {
        let maps = match value.value {
            YamlValue::Seq(items) => items,
            _ => vec![value],
        };
        for map in maps {
            if !map.is_map() {
                return Err(map.expected("a mapping to merge"));
            }
            for (key, value) in map.entries() {
                if !own.iter().any(|(known, _)| known.value == key.value) {
                    own.push((key.clone(), value.clone()));
                }
            }
        }
    }
    Ok(own)
}

fn last_of_doubles(
    mut entries: Vec<(Yaml, Yaml)>,
    doubles: &mut Vec<Diagnostic>,
) -> Vec<(Yaml, Yaml)> {
    let mut seen: HashMap<Cow<'_, str>, usize> = HashMap::with_capacity(entries.len());
    let mut again = Vec::new();
    for (number, (key, _)) in entries.iter().enumerate() {
        let text = key
            .as_str()
            .map_or_else(|| Cow::Owned(key.key_text()), Cow::Borrowed);
        if let Some(first) = seen.get(&text) {
            again.push((*first, number));
        } else {
            seen.insert(text, number);
        }
    }
    drop(seen);
    let mut taken = BTreeSet::new();
    for (first, number) in again.into_iter().rev() {
        let (key, value) = entries.remove(number);
        let (first_key, first_value) = &mut entries[first];
        doubles.push(
            Diagnostic::error(
                "yaml-duplicate-key",
                format!(
                    "the key `{}` is written twice in one mapping",
                    key.key_text()
                ),
            )
            .at(key.span.clone())
            .label("the second time")
            .related("the first time", first_key.span.clone())
            .help("keep one of them: the last one counts"),
        );
        // From behind: what comes first here is written last.
        if taken.insert(first) {
            *first_value = value;
        }
    }
    entries
}

fn count(node: &Yaml) -> usize {
    match &node.value {
        YamlValue::Seq(items) => 1 + items.iter().map(count).sum::<usize>(),
        YamlValue::Map(entries) => {
            1 + entries
                .iter()
                .map(|(_, value)| 1 + count(value))
                .sum::<usize>()
        }
        _ => 1,
    }
}

/// Bytes of the file by character: the parser counts characters.
struct Offsets {
    bytes: Option<Vec<u32>>,
    base: usize,
    length: usize,
    /// Where [`MOVED`] was put in, by bytes of the text with it.
    inserted: Vec<usize>,
}

impl Offsets {
    fn new(text: &str, base: usize, inserted: Vec<usize>) -> Self {
        let bytes = (!text.is_ascii()).then(|| {
            text.char_indices()
                .map(|(at, _)| u32::try_from(at).unwrap_or(u32::MAX))
                .collect()
        });
        Self {
            bytes,
            base,
            length: text.len(),
            inserted,
        }
    }

    fn byte(&self, character: usize) -> usize {
        let byte = match &self.bytes {
            Some(bytes) => bytes
                .get(character)
                .map_or(self.length, |&byte| byte as usize),
            None => character.min(self.length),
        };
        let before = self.inserted.partition_point(|at| *at <= byte);
        let within = before.checked_sub(1).map_or(0, |last| {
            let into = byte - self.inserted[last];
            MOVED.len() - into.min(MOVED.len())
        });
        self.base + byte + within - before * MOVED.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> String {
        match parse(&Source::new("a.yml", text)) {
            Ok(yaml) => yaml.to_json().to_string(),
            Err(error) => {
                let mut told = error.to_string();
                told += &error
                    .label
                    .map(|label| format!(" -- {label}"))
                    .unwrap_or_default();
                for (what, span) in &error.related {
                    told += &format!(" -- {what}: {}", span.place());
                }
                told + &error
                    .help
                    .iter()
                    .map(|help| format!(" -- help: {help}"))
                    .collect::<String>()
            }
        }
    }

    #[test]
    fn anchors_merge_keys_and_block_texts_are_read() {
        insta::assert_snapshot!(load("base: &b {x: 1, y: [on, 2.50]}\nnext:\n  <<: *b\n  x: 2\ntext: |\n  one\n  two\nquoted: 'yes'\n"),
            @r#"{"base":{"x":1,"y":[true,2.5]},"next":{"x":2,"y":[true,2.5]},"text":"one\ntwo\n","quoted":"yes"}"#);
    }

    #[test]
    fn every_node_knows_its_place_behind_a_byte_order_mark_and_wide_characters() {
        let source = Source::new(
            "a.yml",
            "\u{feff}é: ü\nname: [first, \"second\"]\nlast: >\n  folded\n  text\n",
        );
        let yaml = parse(&source).unwrap();
        let places = yaml
            .entries()
            .iter()
            .map(|(key, value)| {
                format!(
                    "{}={}@{}",
                    key.span.text(),
                    value.span.text(),
                    value.span.place()
                )
            })
            .collect::<Vec<_>>();
        insta::assert_snapshot!(places.join("\n"), @r#"
        é=ü@a.yml:1:5
        name=[first, "second"]@a.yml:2:7
        last=folded
          text@a.yml:4:3
        "#);
    }

    #[test]
    fn a_double_key_names_both_places() {
        insta::assert_snapshot!(load("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n"), @"error[yaml-duplicate-key]: the key `c` is written twice in one mapping (a.yml:5:3) -- the second time -- the first time: a.yml:3:3 -- help: keep one of them: the last one counts");
    }

    #[test]
    fn of_a_double_key_the_last_value_counts_where_it_is_forgiven() {
        let mut doubles = Vec::new();
        let source = Source::new("a.yml", "a: 1\nb: 2\na: 3\na: 4\n");
        let yaml = parse_forgiving(&source, &mut doubles).unwrap();
        assert_eq!(yaml.to_json().to_string(), r#"{"a":4,"b":2}"#);
        assert_eq!(doubles.len(), 2);
    }

    #[test]
    fn in_brackets_and_quotes_the_indentation_means_nothing() {
        insta::assert_snapshot!(load("models:\n  - name: é\n    values: [\n      'x', # one\n 'y',\nz\n    ]\n    text: 'one\n\n  it''s\ntwo'\n    map: {\n  a: [1,\n2]}\n    last: \"a\n b\"\n"), @r#"{"models":[{"name":"é","values":["x","y","z"],"text":"one\nit's two","map":{"a":[1,2]},"last":"a b"}]}"#);
        let source = Source::new(
            "a.yml",
            "é:\n  - b: [\n  x,\n  y\n ]\n    c: \"q\nr\"\n    d: e\n",
        );
        let yaml = parse(&source).unwrap();
        let item = &yaml.entries()[0].1.as_seq().unwrap()[0];
        let places = item.entries().iter().map(|(key, value)| {
            format!(
                "{}={:?}@{}",
                key.span.text(),
                value.span.text(),
                value.span.place()
            )
        });
        insta::assert_snapshot!(places.collect::<Vec<_>>().join("\n"), @r#"
        b="[\n  x,\n  y\n ]"@a.yml:2:8
        c="\"q\nr\""@a.yml:6:8
        d="e"@a.yml:8:8
        "#);
        insta::assert_snapshot!(load("a:\n  b: [1,\n2\nc: 3\n"), @"error[yaml-syntax]: this is not YAML: illegal placement of ':' indicator (a.yml:4:2) -- help: check the indentation and the quotes around this line");
    }

    #[test]
    fn unquoted_jinja_is_told_apart() {
        insta::assert_snapshot!(load("models:\n  +enabled: {{ var('x') }}\n"), @r#"error[yaml-unquoted-jinja]: Jinja in YAML stands without quotes (a.yml:2:13) -- YAML reads this as a mapping -- help: write it in quotes: "{{ var('x') }}""#);
        insta::assert_snapshot!(load("name: {{ var('x') }}_suffix\nother: 1\n"), @r#"error[yaml-unquoted-jinja]: Jinja in YAML stands without quotes (a.yml:1:7) -- YAML reads this as a mapping -- help: write it in quotes: "{{ var('x') }}""#);
        insta::assert_snapshot!(load("name: {% if x %}a{% endif %}\n"), @r#"error[yaml-unquoted-jinja]: Jinja in YAML stands without quotes (a.yml:1:7) -- help: write the whole value in quotes: "{% if x %}a{% endif %}""#);
    }

    #[test]
    fn a_tab_is_a_blank_where_other_readers_take_it_for_one() {
        for (text, told) in [
            ("a:\tb", r#"{"a":"b"}"#),
            ("a:\t \tb", r#"{"a":"b"}"#),
            ("{a:\tb, c: [d,\te]}", r#"{"a":"b","c":["d","e"]}"#),
            ("\"a\"\t:\tb", r#"{"a":"b"}"#),
            ("a:\n  b: \"c\n\td\"", r#"{"a":{"b":"c d"}}"#),
        ] {
            assert_eq!(load(text), told, "{text:?}");
        }
    }

    #[test]
    fn a_syntax_error_has_a_place_and_advice() {
        insta::assert_snapshot!(load("a:\n\tb: 1\n"), @"error[yaml-tab]: a tab in the indentation of YAML (a.yml:2:1) -- help: indent with spaces");
        insta::assert_snapshot!(load("a: b: c\n"), @"error[yaml-syntax]: this is not YAML: mapping values are not allowed in this context (a.yml:1:5) -- help: quote a text that holds `: `, and check the indentation of this line");
        insta::assert_snapshot!(load("a: [1, 2\nb: 3\n"), @"error[yaml-syntax]: this is not YAML: illegal placement of ':' indicator (a.yml:2:2) -- help: check the indentation and the quotes around this line");
        insta::assert_snapshot!(load("a: @x\n"), @"error[yaml-syntax]: this is not YAML: unexpected character: `@' (a.yml:1:4) -- help: quote a text that starts with a special character");
        insta::assert_snapshot!(load("a: 'x\n"), @"error[yaml-syntax]: this is not YAML: while scanning a quoted scalar, found unexpected end of stream (a.yml:1:4) -- this quote is never closed -- help: close it");
        insta::assert_snapshot!(load("a: 1\n---\nb: 2\n"), @"error[yaml-syntax]: a second YAML document in one file (a.yml:2:1) -- `---` starts another document -- help: write the two documents into two files");
        insta::assert_snapshot!(load("a: !ref x\n"), @"error[yaml-syntax]: the YAML tag `!ref` has no meaning here (a.yml:1:4) -- help: quote the value if it is a text that starts with `!`");
    }

    #[test]
    fn a_block_text_at_the_end_of_a_file_has_no_line_end() {
        let read = |text| {
            format!(
                "{:?}",
                parse(&Source::new("a.yml", text)).unwrap().to_json()
            )
        };
        insta::assert_snapshot!(read("a: >\n  one\n  two\nb: |\n  three\n\n"), @r#"Object {"a": String("one two\n"), "b": String("three")}"#);
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut text = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n".to_owned();
        for level in 1..9 {
            let before = level - 1;
            text += &format!(
                "a{level}: &a{level} [{}]\n",
                vec![format!("*a{before}"); 10].join(",")
            );
        }
        insta::assert_snapshot!(load(&text), @"error[yaml-syntax]: the aliases of this file stand for too many values (a.yml:6:22)");
    }
}
