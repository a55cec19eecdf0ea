//! Grouping: rows whose keys differ in trailing blanks alone are one group on Redshift, and two on DuckDB.
//!
//! In: the `group by` of a select. Out: its text over trimmed keys, and the [`Key`]s that stand, in the select list,
//! `having`, `qualify` and `order by`, for any of the values of their group. Keys known to hold no text stay as they
//! are. Where the keys hide behind a `*` none is trimmed, and a key that does end in a blank stops the query.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use sqlparser::ast::{Expr, GroupByExpr, Select, SelectItem, Spanned, Value, visit_expressions};

use super::identifier;
use super::translator::{Sql, Translator, fold};
use super::types::Type;
use crate::adapter::Refusal;

/// A text, or a value of unknown type, that rows are grouped by.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// The key as the user wrote it, in DuckDB's SQL.
    raw: String,
    ty: Option<Type>,
    /// What stands under `group by` and in `grouping(…)`.
    pub by: String,
    /// What stands for it everywhere else.
    shown: String,
    how: How,
}

impl Key {
    fn value(&self) -> Sql {
        Sql::new(self.shown.clone(), self.ty)
    }
}

/// The `group by` of one select.
#[derive(Default)]
pub(super) struct Grouping {
    /// ` GROUP BY …`, or nothing.
    pub text: String,
    /// The items of the select list that are keys, with their place among the keys of the scope if they are trimmed.
    items: BTreeMap<usize, Option<usize>>,
    /// Whether a `*` hides which items are keys.
    pub wild: bool,
}

/// One expression under `group by`.
struct Member<'q> {
    expr: &'q Expr,
    /// The item of the select list that it names by position or alias.
    item: Option<usize>,
}

/// One element of `group by`.
enum Element<'q> {
    One(Member<'q>),
    Sets(&'static str, Vec<Vec<Member<'q>>>),
    Nothing,
}

/// How values that differ in blanks become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// Grouped by the trimmed key.
    Trimmed,
    /// Not at all: a value that ends in a blank stops the query.
    Checked,
}

impl Translator<'_> {
    /// Reads `group by` before the select list is translated, and leaves the keys in the scope.
    pub fn group_by(&mut self, select: &Select) -> Result<Grouping, Refusal> {
        let wild = select.projection.iter().any(|item| {
            matches!(
                item,
                SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)
            )
        });
        let elements = match &select.group_by {
            GroupByExpr::Expressions(expressions, modifiers) if modifiers.is_empty() => {
                self.elements(select, expressions, wild)
            }
            GroupByExpr::All(modifiers) if modifiers.is_empty() => {
                if wild && self.on_postgres() {
                    return Err(self.not_on_postgres(select.span(), "`group by all` over a `*`"));
                }
                if wild {
                    return Ok(Grouping {
                        text: " GROUP BY ALL".to_owned(),
                        wild,
                        ..Grouping::default()
                    });
                }
                self.every_key(select)?
            }
            _ => {
                return Err(self.not_redshift(
                    select.group_by.span(),
                    "this `group by` is not one of Redshift's",
                    "write `rollup (…)`, `cube (…)` or `grouping sets (…)`",
                ));
            }
        };
        if elements.is_empty() {
            return Ok(Grouping::default());
        }
        if wild && self.on_postgres() {
            return Err(self.not_on_postgres(select.group_by.span(), "`group by` over a `*`"));
        }
        self.grouped(select, &elements, wild)
    }

    fn grouped(
        &mut self,
        select: &Select,
        elements: &[Element<'_>],
        wild: bool,
    ) -> Result<Grouping, Refusal> {
        let sets = elements
            .iter()
            .any(|element| matches!(element, Element::Sets(..)));
        let mut values = Vec::new();
        let mut how = if wild { How::Checked } else { How::Trimmed };
        for member in members(elements) {
            let before = self.correlated_subqueries();
            let value = self.raw_member(select, member)?;
            if self.correlated_subqueries() > before {
                return Err(self.not_redshift(
                    member.expr.span(),
                    "rows are not grouped by the result of a correlated subquery",
                    "put the query into a subquery, and group that",
                ));
            }
            let late = value.ty.is_none() && !value.plain;
            if sets && late {
                how = How::Checked;
            }
            values.push(value);
        }
        let mut grouping = Grouping {
            wild,
            ..Grouping::default()
        };
        let mut texts = Vec::new();
        for (member, value) in members(elements).zip(&values) {
            let (text, key) = self.member(member, value, how, sets);
            if let Some(item) = member.item {
                grouping.items.insert(item, key);
            }
            texts.push(text);
        }
        let mut texts = texts.into_iter();
        let parts: Vec<String> = elements
            .iter()
            .map(|element| match element {
                Element::One(_) => texts.next().unwrap_or_default(),
                Element::Nothing => "()".to_owned(),
                Element::Sets(word, sets) => {
                    let sets: Vec<String> = sets
                        .iter()
                        .map(|set| {
                            let set: Vec<String> = texts.by_ref().take(set.len()).collect();
                            match set.as_slice() {
                                [only] => only.clone(),
                                _ => format!("({})", set.join(", ")),
                            }
                        })
                        .collect();
                    format!("{word} ({})", sets.join(", "))
                }
            })
            .collect();
        grouping.text = format!(" GROUP BY {}", parts.join(", "));
        Ok(grouping)
    }

    /// The text of one expression under `group by`, and the key that it is.
    fn member(
        &mut self,
        member: &Member<'_>,
        value: &Sql,
        how: How,
        sets: bool,
    ) -> (String, Option<usize>) {
        let is_super = value.is(Type::Super) && !self.on_postgres();
        let known =
            value.constant.is_some() || !is_super && value.ty.is_some_and(|ty| !ty.is_text());
        let as_written = match (member.expr, member.item) {
            (Expr::Identifier(ident), Some(_)) => identifier(&ident.value),
            (_, Some(item)) => (item + 1).to_string(),
            (Expr::Value(number), None) => number.to_string(),
            (_, None) => value.text.clone(),
        };
        if known {
            return (as_written, None);
        }
        let raw = value.text.clone();
        let how = if is_super { How::Trimmed } else { how };
        let (by, shown) = match how {
            How::Checked => {
                let checked = unpadded(&raw);
                let by = match member.item {
                    Some(_) => as_written,
                    None => checked.clone(),
                };
                (by, checked)
            }
            How::Trimmed => {
                let by = trimmed(value);
                let any = self.engine.any_value();
                let shown = if sets {
                    format!("CASE WHEN grouping({by}) = 0 THEN {any}({raw}) END")
                } else {
                    format!("{any}({raw})")
                };
                (by, shown)
            }
        };
        let keys = &mut self.scope().keys;
        keys.push(Key {
            raw,
            ty: value.ty,
            by: by.clone(),
            shown,
            how,
        });
        (by, Some(keys.len() - 1))
    }

    fn elements<'q>(
        &mut self,
        select: &'q Select,
        expressions: &'q [Expr],
        wild: bool,
    ) -> Vec<Element<'q>> {
        let mut elements = Vec::new();
        for expression in expressions {
            let (word, sets) = match expression {
                Expr::Rollup(sets) => ("ROLLUP", sets),
                Expr::Cube(sets) => ("CUBE", sets),
                Expr::GroupingSets(sets) => ("GROUPING SETS", sets),
                Expr::Tuple(parts) if parts.is_empty() => {
                    elements.push(Element::Nothing);
                    continue;
                }
                Expr::Tuple(parts) => {
                    for part in parts {
                        elements.push(Element::One(self.named(select, part, wild)));
                    }
                    continue;
                }
                _ => {
                    elements.push(Element::One(self.named(select, expression, wild)));
                    continue;
                }
            };
            let sets = sets
                .iter()
                .map(|set| {
                    set.iter()
                        .map(|part| self.named(select, part, wild))
                        .collect()
                })
                .collect();
            elements.push(Element::Sets(word, sets));
        }
        elements
    }

    /// Finds the item of the select list that an expression names. A column comes before an alias.
    fn named<'q>(&mut self, select: &'q Select, expr: &'q Expr, wild: bool) -> Member<'q> {
        let expr = bare(expr);
        let item = match expr {
            Expr::Value(value) if !wild => match &value.value {
                Value::Number(number, _) => number
                    .parse::<usize>()
                    .ok()
                    .and_then(|number| number.checked_sub(1))
                    .filter(|at| *at < select.projection.len()),
                _ => None,
            },
            Expr::Identifier(ident) if !self.is_column(&fold(ident)) => {
                let name = fold(ident);
                select
                    .projection
                    .iter()
                    .position(|item| alias_of(item).is_some_and(|alias| alias == name))
                    // An alias that is made of its own name hides a column, and the column is meant.
                    .filter(|at| {
                        item_of(&select.projection[*at]).is_some_and(|item| !mentions(item, &name))
                    })
            }
            _ => None,
        };
        Member { expr, item }
    }

    fn is_column(&mut self, name: &str) -> bool {
        self.scope().tables.iter().any(|table| {
            table
                .columns
                .as_ref()
                .is_some_and(|columns| columns.iter().any(|(column, _)| column == name))
        })
    }

    /// A key before anything stands for anything.
    fn raw_member(&mut self, select: &Select, member: &Member<'_>) -> Result<Sql, Refusal> {
        match member.item {
            Some(at) => self.raw_item(select, at),
            None => self.expr(member.expr),
        }
    }

    fn raw_item(&mut self, select: &Select, at: usize) -> Result<Sql, Refusal> {
        let aliases = select.projection[..at]
            .iter()
            .filter_map(alias_of)
            .map(|alias| (alias, None))
            .collect();
        let Some(expr) = item_of(&select.projection[at]) else {
            return Ok(Sql::new(String::new(), None));
        };
        let outer = std::mem::replace(&mut self.scope().aliases, aliases);
        let keys = std::mem::take(&mut self.scope().keys);
        let lateral = std::mem::take(&mut self.scope().lateral);
        if self.on_postgres() {
            for item in &select.projection[..at] {
                if let SelectItem::ExprWithAlias { expr, alias } = item {
                    let value = self.expr(expr)?;
                    self.name_aside(alias, expr, &value);
                }
            }
        }
        let raw = self.expr(bare(expr));
        self.scope().lateral = lateral;
        self.scope().keys = keys;
        self.scope().aliases = outer;
        raw
    }

    /// `group by all`: the items without an aggregate or a window are the keys.
    fn every_key<'q>(&mut self, select: &'q Select) -> Result<Vec<Element<'q>>, Refusal> {
        let mut elements = Vec::new();
        for (at, item) in select.projection.iter().enumerate() {
            let before = self.aggregates;
            self.raw_item(select, at)?;
            if self.aggregates == before
                && let Some(expr) = item_of(item)
            {
                elements.push(Element::One(Member {
                    expr: bare(expr),
                    item: Some(at),
                }));
            }
        }
        Ok(elements)
    }

    /// One item of the select list.
    pub fn item(&mut self, at: usize, expr: &Expr, grouping: &Grouping) -> Result<Sql, Refusal> {
        if let Some(key) = grouping.items.get(&at) {
            return match key {
                Some(key) => Ok(self.scope().keys[*key].value()),
                None => self.without_keys(|translator| translator.expr(expr)),
            };
        }
        let before = self.aggregates;
        let sql = self.expr(expr)?;
        let text = sql.constant.is_none() && sql.ty.is_none_or(Type::is_text);
        if grouping.wild && text && self.aggregates == before {
            return Ok(Sql {
                text: unpadded(&sql.text),
                plain: false,
                ..sql
            });
        }
        Ok(sql)
    }

    /// Translates what is read before rows are grouped: `where`, the arguments of an aggregate.
    pub fn without_keys<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.scope().ungrouped, true);
        let result = work(self);
        self.scope().ungrouped = outer;
        result
    }

    /// What stands for an expression that is a key of the query around it.
    pub fn in_group(&mut self, sql: Sql) -> Sql {
        let scope = self.scope();
        if scope.ungrouped || sql.constant.is_some() {
            return sql;
        }
        match scope.keys.iter().find(|key| same(&key.raw, &sql.text)) {
            Some(key) => key.value(),
            None => sql,
        }
    }

    /// Whether a value stands for a key, and what orders it without its trailing blanks: nothing where it cannot have any.
    pub fn key_of(&mut self, sql: &Sql) -> Option<Option<String>> {
        let keys = &self.scope().keys;
        let key = keys.iter().find(|key| key.shown == sql.text)?;
        Some((key.how == How::Trimmed).then(|| key.by.clone()))
    }

    /// What stands under `group by` for an argument of `grouping(…)`.
    pub fn grouped_by(&mut self, sql: &Sql) -> String {
        self.scope()
            .keys
            .iter()
            .find(|key| same(&key.raw, &sql.text))
            .map_or_else(|| sql.text.clone(), |key| key.by.clone())
    }
}

/// The value without the blanks that do not count, for a clause that groups, or orders for a window; a `super` value as the text that
/// equal ones have in common.
///
/// Where DuckDB chooses a macro before it knows the type, two expressions stand for one: the one for texts, and the
/// one for all other values.
pub(super) fn trimmed(value: &Sql) -> String {
    let text = &value.text;
    match value.ty {
        _ if value.constant.is_some() => text.clone(),
        Some(ty) if ty.is_text() => format!("rtrim({text}, ' ')"),
        Some(Type::Super) => format!("__rs.super_key({text})"),
        Some(_) => text.clone(),
        None if value.plain => format!("__rs.key({text})"),
        None => late(text).join(", "),
    }
}

/// The two expressions that stand for a value of which DuckDB tells late whether it is a text.
pub(super) fn late(text: &str) -> [String; 2] {
    [
        format!(
            "CASE WHEN typeof({text}) = 'VARCHAR' THEN rtrim(CAST({text} AS VARCHAR), ' ') END"
        ),
        format!("CASE WHEN typeof({text}) <> 'VARCHAR' THEN {text} END"),
    ]
}

/// The value, which stops the query when it is a text that ends in a blank.
pub(super) fn unpadded(text: &str) -> String {
    format!("__rs.unpadded({text})")
}

fn members<'e, 'q>(elements: &'e [Element<'q>]) -> impl Iterator<Item = &'e Member<'q>> {
    elements.iter().flat_map(|element| match element {
        Element::One(member) => vec![member],
        Element::Sets(_, sets) => sets.iter().flatten().collect(),
        Element::Nothing => Vec::new(),
    })
}

fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(inner) => bare(inner),
        _ => expr,
    }
}

fn item_of(item: &SelectItem) -> Option<&Expr> {
    match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    }
}

fn alias_of(item: &SelectItem) -> Option<String> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(fold(alias)),
        _ => None,
    }
}

/// Whether an expression names a column, with or without its table.
pub(super) fn mentions(expr: &Expr, name: &str) -> bool {
    visit_expressions(expr, |expr| {
        let found = match expr {
            Expr::Identifier(ident) => fold(ident) == name,
            Expr::CompoundIdentifier(parts) => parts.last().is_some_and(|part| fold(part) == name),
            _ => false,
        };
        if found {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })
    .is_break()
}

/// A part of translated SQL: a column with what qualifies it, or any other text.
#[derive(PartialEq)]
enum Piece<'t> {
    Name(Vec<&'t str>),
    Text(&'t str),
}

/// Whether two translated expressions are the same, a column with and without its table being one.
pub(super) fn same(left: &str, right: &str) -> bool {
    if left == right {
        return true;
    }
    if left.as_bytes().last() != right.as_bytes().last() {
        return false;
    }
    let mut right = pieces(right);
    for left in pieces(left) {
        let same = match (left, right.next()) {
            (Piece::Name(left), Some(Piece::Name(right))) => {
                left.ends_with(&right) || right.ends_with(&left)
            }
            (left, Some(right)) => left == right,
            (_, None) => false,
        };
        if !same {
            return false;
        }
    }
    right.next().is_none()
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        if first != '"' {
            let length = match first {
                '\'' => quoted(rest, '\''),
                _ => first.len_utf8(),
            };
            let (piece, after) = rest.split_at(length);
            rest = after;
            return Some(Piece::Text(piece));
        }
        let mut parts = Vec::new();
        loop {
            let (part, after) = rest.split_at(quoted(rest, '"'));
            parts.push(part);
            rest = after;
            match rest.strip_prefix('.') {
                Some(more) if more.starts_with('"') => rest = more,
                _ => return Some(Piece::Name(parts)),
            }
        }
    })
}

/// The length of the quoted text that a text starts with, quotes included; a quote inside is doubled.
fn quoted(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == quote {
            match characters.peek() {
                Some((_, next)) if *next == quote => {
                    characters.next();
                }
                _ => return at + 1,
            }
        }
    }
    text.len()
}
