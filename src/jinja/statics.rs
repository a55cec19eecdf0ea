//! What a template asks for, read without rendering it, where that is certain.
//!
//! In: a [`Template`]. Out: [`StaticCalls`], or nothing where only a render can tell.
//! Does not know what any of the names mean.

use std::collections::BTreeSet;

use minijinja::machinery::Token;

use super::Value;
use super::macros::{Macro, Macros};
use super::prepare::{At, Part, scan};
use super::template::Template;
use super::values::{Dict, List};
use crate::diagnostic::Span;

/// The calls of a template that has nothing but literal calls of `ref`, `source` and `config` in it, and text.
#[derive(Clone, Debug, Default)]
pub struct StaticCalls {
    /// The arguments of each `ref` and where it stands.
    pub refs: Vec<StaticRef>,
    /// The arguments of each `source` and where it stands.
    pub sources: Vec<(String, String, Span)>,
    /// The settings of each `config` in order.
    pub config: Vec<(String, Value)>,
}

/// A literal `ref`.
#[derive(Clone, Debug)]
pub struct StaticRef {
    /// The package, in the two-argument form.
    pub package: Option<String>,
    /// The name.
    pub name: String,
    /// The version.
    pub version: Option<Value>,
    /// Where the call stands.
    pub span: Span,
}

/// Reads the calls of a template; `None` where a render is needed: any other expression, a statement, a project's own `ref`,
/// `source` or `config`, or a syntax error (which the render will tell).
pub fn static_calls(macros: &Macros, package: &str, template: &Template) -> Option<StaticCalls> {
    let mut calls = StaticCalls::default();
    let text = template.text();
    if !text.contains('{') {
        return Some(calls);
    }
    let scan = scan(template, text).ok()?;
    for part in &scan.parts {
        let Part::Tag(tag) = part else { continue };
        let tokens = scan.inside(tag);
        let [
            (Token::Ident(function), first),
            (Token::ParenOpen, _),
            inside @ ..,
            (Token::ParenClose, last),
        ] = tokens
        else {
            return None;
        };
        if tag.statement || macros.find(package, function).is_some() {
            return None;
        }
        let arguments = arguments(inside)?;
        let span = template.span(first.start..last.end);
        match *function {
            "ref" => calls.refs.push(reference(arguments, span)?),
            "source" => match arguments.as_slice() {
                [(None, source), (None, table)] => {
                    let (source, table) = (source.as_str()?, table.as_str()?);
                    calls.sources.push((source.into(), table.into(), span));
                }
                _ => return None,
            },
            "config" => {
                for (name, value) in arguments {
                    calls.config.push((name?, value));
                }
            }
            _ => return None,
        }
    }
    Some(calls)
}

/// `unique_id`s of the macros that a macro's text calls by name, in the order of their names; of `adapter.dispatch('name')` the one
/// for the dialect, else the default. What only a render would find is not among them.
pub fn macros_named(macros: &Macros, of: &Macro, dialect: &str) -> Vec<String> {
    let template = Template::part(&of.block.source, of.block.start..of.block.end);
    let Ok(scan) = scan(&template, template.text()) else {
        return Vec::new();
    };
    let mut found = BTreeSet::new();
    let tokens = &scan.tokens;
    for (at, (token, _)) in tokens.iter().enumerate() {
        let (Token::Ident(name), Some((Token::ParenOpen, _))) = (token, tokens.get(at + 1)) else {
            continue;
        };
        let before = |back: usize| at.checked_sub(back).map(|at| &tokens[at].0);
        let called = match (before(2), before(1)) {
            (_, Some(Token::Ident("macro" | "test" | "data_test"))) => None,
            (Some(Token::Ident("adapter")), Some(Token::Dot)) if *name == "dispatch" => {
                let Some((Token::Str(name), _)) = tokens.get(at + 2) else {
                    continue;
                };
                let of_dialect = macros.find(&of.package, &format!("{dialect}__{name}"));
                of_dialect.or_else(|| macros.find(&of.package, &format!("default__{name}")))
            }
            (Some(Token::Ident(package)), Some(Token::Dot)) => {
                let found = macros.find(package, name);
                found.filter(|found| found.package == *package)
            }
            (_, Some(Token::Dot)) => None,
            _ => macros.find(&of.package, name),
        };
        found.extend(called.map(Macro::unique_id));
    }
    found.into_iter().collect()
}

/// Whether a template says a name in one of its tags, outside of the calls of `but_in`. What its own macros say is not looked at.
pub fn says(template: &Template, name: &str, but_in: &str) -> bool {
    let text = template.text();
    let Ok(scan) = scan(template, text) else {
        return false;
    };
    let tokens = &scan.tokens;
    let at = |at: usize| tokens.get(at).map(|(token, _)| token);
    // How many parentheses are open in such a call.
    let mut inside = 0_usize;
    (0..tokens.len()).any(|here| {
        let before = here.checked_sub(1).and_then(at);
        match (at(here), inside) {
            (Some(Token::ParenOpen), 0) => {
                inside =
                    usize::from(matches!(before, Some(Token::Ident(called)) if *called == but_in));
            }
            (Some(Token::ParenOpen), _) => inside += 1,
            (Some(Token::ParenClose), _) => inside = inside.saturating_sub(1),
            (Some(Token::Ident(said)), 0) => {
                // Neither an attribute of something else, nor the name of an argument.
                let own = !matches!(before, Some(Token::Dot));
                return *said == name && own && !matches!(at(here + 1), Some(Token::Assign));
            }
            _ => {}
        }
        false
    })
}

/// Where a template names a macro in a tag and does not call it: as a condition, that is always true.
pub fn uncalled(template: &Template, name: &str) -> Option<Span> {
    let text = template.text();
    if !text.contains(name) {
        return None;
    }
    let scan = scan(template, text).ok()?;
    let tokens = &scan.tokens;
    let at = |at: usize| tokens.get(at).map(|(token, _)| token);
    let (_, place) = tokens
        .iter()
        .enumerate()
        .find_map(|(here, (token, place))| {
            let before = here.checked_sub(1).and_then(at);
            let own = !matches!(before, Some(Token::Dot | Token::Ident("set" | "macro")));
            let used = matches!(
                at(here + 1),
                Some(Token::ParenOpen | Token::Assign | Token::Dot)
            );
            let is = matches!(before, Some(Token::Ident("is")));
            let asked = matches!(at(here + 1), Some(Token::Ident("is")));
            (matches!(token, Token::Ident(said) if *said == name) && own && !used && !is && !asked)
                .then_some((here, place))
        })?;
    Some(template.span(place.start..place.end))
}

type Argument = (Option<String>, Value);

fn reference(arguments: Vec<Argument>, span: Span) -> Option<StaticRef> {
    let mut names = Vec::new();
    let mut version = None;
    for (name, value) in arguments {
        match name.as_deref() {
            None => names.push(value.as_str()?.to_string()),
            Some("v" | "version") => version = Some(value),
            Some(_) => return None,
        }
    }
    let name = names.pop()?;
    let package = names.pop();
    names.is_empty().then_some(StaticRef {
        package,
        name,
        version,
        span,
    })
}

/// The literal arguments between the parentheses of a call.
fn arguments(tokens: &[At<'_>]) -> Option<Vec<Argument>> {
    let mut rest = tokens;
    let mut made = Vec::new();
    while !rest.is_empty() {
        let name = match rest {
            [(Token::Ident(name), _), (Token::Assign, _), ..] => {
                rest = &rest[2..];
                Some((*name).to_string())
            }
            _ => None,
        };
        made.push((name, literal(&mut rest)?));
        comma(&mut rest)?;
    }
    Some(made)
}

/// A comma, unless nothing follows.
fn comma(rest: &mut &[At<'_>]) -> Option<()> {
    match rest {
        [] => Some(()),
        [(Token::Comma, _), after @ ..] => {
            *rest = after;
            Some(())
        }
        _ => None,
    }
}

fn literal(rest: &mut &[At<'_>]) -> Option<Value> {
    let ((token, _), after) = rest.split_first()?;
    *rest = after;
    let value = match token {
        Token::Str(text) => Value::from(*text),
        Token::String(text) => Value::from(text.to_string()),
        Token::Int(number) => Value::from(i64::try_from(*number).ok()?),
        Token::Float(number) => Value::from(*number),
        Token::Minus => match rest.split_first()? {
            ((Token::Int(number), _), after) => {
                *rest = after;
                Value::from(-i64::try_from(*number).ok()?)
            }
            _ => return None,
        },
        Token::Ident("true" | "True") => Value::from(true),
        Token::Ident("false" | "False") => Value::from(false),
        Token::Ident("none" | "None") => Value::from(()),
        Token::BracketOpen => List::of(items(rest, |rest| literal(rest))?),
        Token::BraceOpen => Dict::of(items(rest, |rest| {
            let key = literal(rest)?;
            let ((Token::Colon, _), after) = rest.split_first()? else {
                return None;
            };
            *rest = after;
            Some((key, literal(rest)?))
        })?),
        _ => return None,
    };
    // Whatever follows a literal but the end of the argument makes it an expression.
    let ends = matches!(
        rest.first(),
        None | Some((
            Token::Comma | Token::BracketClose | Token::BraceClose | Token::Colon,
            _
        ))
    );
    ends.then_some(value)
}

/// Items up to the closing bracket.
fn items<'a, 'b, T>(
    rest: &mut &'a [At<'b>],
    item: impl Fn(&mut &'a [At<'b>]) -> Option<T>,
) -> Option<Vec<T>> {
    let mut made = Vec::new();
    loop {
        if let [(Token::BracketClose | Token::BraceClose, _), after @ ..] = *rest {
            *rest = after;
            return Some(made);
        }
        made.push(item(rest)?);
        if let [(Token::Comma, _), after @ ..] = *rest {
            *rest = after;
        } else if !matches!(
            rest.first(),
            Some((Token::BracketClose | Token::BraceClose, _))
        ) {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Source;
    use crate::jinja::testing::macros;

    fn calls(model: &str) -> Option<StaticCalls> {
        let macros = macros("{% macro source() %}{% endmacro %}").unwrap();
        static_calls(
            &macros,
            "shop",
            &Template::file(&Source::new("m.sql", model)),
        )
    }

    #[test]
    fn a_name_is_said_where_a_tag_says_it() {
        let said = |text: &str| {
            let template = Template::file(&Source::new("m.sql", text));
            says(&template, "this", "config")
        };
        for text in [
            "select * from {{ this }}",
            "{{ config(tags=['a']) }} {% if load_relation(this) %} {% endif %}",
            "{{ f(a)(this.schema) }}",
        ] {
            assert!(said(text), "{text}");
        }
        for text in [
            "select this -- {# {{ this }} #}",
            "{{ config(post_hook=f('into ' ~ (this)) ~ this) }} select 1",
            "{{ a.this }} {{ f(this=1) }} {{ 'this' }} {{ thistle }}",
            "{% raw %}{{ this }}{% endraw %}",
        ] {
            assert!(!said(text), "{text}");
        }
    }

    #[test]
    fn a_macro_that_is_named_and_not_called_is_found() {
        let found = |text: &str| {
            let template = Template::file(&Source::new("m.sql", text));
            uncalled(&template, "is_incremental").map(|span| span.start)
        };
        assert_eq!(found("{% if is_incremental %}{% endif %}"), Some(6));
        assert_eq!(
            found("{% if a and not is_incremental %}{% endif %}"),
            Some(16)
        );
        for text in [
            "{% if is_incremental() %}{% endif %}",
            "select 1 as is_incremental -- {# is_incremental #}",
            "{% if dbt.is_incremental() or x.is_incremental %}{% endif %}",
            "{% set is_incremental = 1 %}{{ f(is_incremental=1) }}",
            "{% if is_incremental is defined %}{{ 'is_incremental' }}{% endif %}",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    #[test]
    fn literal_calls_are_read_without_a_render() {
        let calls = calls(
            "{{ config(materialized='table', tags=['a', 'b'], meta={'n': -1}, on=true) }}\n\
             select * from {{ ref('a') }} join {{ ref('p', 'b', v=2) }}",
        )
        .unwrap();
        let config: Vec<String> = calls
            .config
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        assert_eq!(
            config.join(" "),
            "materialized=table tags=['a', 'b'] meta={'n': -1} on=True"
        );
        let refs = calls.refs;
        assert_eq!((refs[0].name.as_str(), refs[1].name.as_str()), ("a", "b"));
        assert_eq!(refs[1].package.as_deref(), Some("p"));
        assert_eq!(refs[1].span.text(), "ref('p', 'b', v=2)");
    }

    #[test]
    fn the_macros_that_a_macro_names_are_found_in_its_text() {
        let macros = macros(
            "{% macro a(x) %}{{ b(x) }} count(1) c(2) {% if dbt.type_string() %}{{ shop.c() }}{{ x.d() }}{% endif %}{% endmacro %}\
             {% macro b(x) %}{{ adapter.dispatch('b', 'shop')(x) }}{{ none.d() }}{% endmacro %}\
             {% macro default__b(x) %}{{ a }}{% endmacro %}{% macro redshift__b(x) %}{% endmacro %}\
             {% macro c() %}{{ c() }}{% endmacro %}{% macro d() %}{% endmacro %}{% macro count(x) %}{% endmacro %}",
        )
        .unwrap();
        let named = |name: &str, dialect: &str| {
            let of = macros.find("shop", name).unwrap();
            macros_named(&macros, of, dialect).join(" ")
        };
        assert_eq!(
            named("a", "duckdb"),
            "macro.dbt.type_string macro.shop.b macro.shop.c"
        );
        assert_eq!(named("b", "duckdb"), "macro.shop.default__b");
        assert_eq!(named("b", "redshift"), "macro.shop.redshift__b");
        assert_eq!(named("default__b", "duckdb"), "");
        assert_eq!(named("c", "duckdb"), "macro.shop.c");
    }

    #[test]
    fn anything_else_needs_a_render() {
        for model in [
            "{{ ref(x) }}",
            "{{ ref('a' ~ 'b') }}",
            "{% if true %}{{ ref('a') }}{% endif %}",
            "{{ m() }}",
            "{{ ref('a').name }}",
            "{{ source('a', 'b') }}",
            "{{ config(tags=['a'] + x) }}",
            "{{ ref('a') ",
        ] {
            assert!(calls(model).is_none(), "{model}");
        }
    }
}
