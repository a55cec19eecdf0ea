//! Views: bound to their tables, bound late, or materialized; and how bound ones follow a renamed table.
//!
//! A bound view on Redshift points at tables, not at names: a rename takes it along, a drop is refused or takes it away. DuckDB's views
//! hold names, so a bound view is made anew when a table under it gets another name.

use std::ops::{ControlFlow, Range};
use std::sync::atomic::Ordering;

use sqlparser::ast::{ObjectName, ObjectNamePart, TableFactor, Visit, Visitor};

use super::attributes::Attributes;
use super::ddl::Existing;
use super::failure::Failure;
use super::session::{Answer, Session, Transaction};
use super::words::Words;
use crate::adapter::emulating::{identifier, literal};
use crate::sql::position::Lines;
use crate::sql::redshift;

/// A relation that a query reads.
pub(super) struct Reference {
    pub parts: Vec<String>,
    /// The bytes of the name.
    range: Range<usize>,
    has_alias: bool,
}

impl Session {
    /// `create [or replace] view name [(columns)] as query [with no schema binding]`.
    pub fn create_view(
        &mut self,
        text: &str,
        words: &Words,
        at: usize,
        replace: bool,
    ) -> Result<Answer, Failure> {
        if words.are(at, &["if", "not", "exists"]) {
            return Err(Failure::syntax(words, at + 1));
        }
        let (parts, after) = words.name(at);
        let place = self.place_of_view(&parts)?;
        match self.existing(&[place.0.clone(), place.1.clone()])? {
            Some(found) if replace && found.is_view() => {}
            Some(_) if replace => {
                return Err(Failure::new(
                    "42809",
                    format!("\"{}\" is not a view", place.1),
                ));
            }
            Some(_) => {
                return Err(Failure::new(
                    "42P07",
                    format!("Relation \"{}\" already exists", place.1),
                ));
            }
            None => {}
        }
        let body = words
            .find(after, "as")
            .ok_or_else(|| Failure::new("42601", "`create view` needs `as` and a query"))?;
        let late = (words.len().saturating_sub(4)..words.len())
            .find(|at| words.are(*at, &["with", "no", "schema", "binding"]));
        let end = late.map_or(text.len(), |at| words.range(at).start);
        let query = text[words.range(body + 1).start..end].trim().to_owned();
        let database = self.database();
        let references = references(&query, &database);
        let mut on = Vec::new();
        let mut missing = None;
        for reference in &references {
            match self.existing(&reference.parts)? {
                Some(found) => on.push(found),
                None if super::leader::is_system(&reference.parts.join(".")) => {
                    return Err(Failure::not_emulated("a view over the catalog"));
                }
                None => missing = Some(reference.parts.join(".")),
            }
        }
        let kind = match (late, &missing) {
            (Some(_), Some(missing)) => {
                // What it reads is not there yet: it is bound when it is.
                let text = literal(&format!("relation \"{missing}\" does not exist"));
                self.raw(&format!(
                    "create or replace view {}.{} as select error({text})::varchar as unbound",
                    identifier(&place.0),
                    identifier(&place.1)
                ))?;
                self.shared.unbound.store(true, Ordering::SeqCst);
                "unbound"
            }
            (Some(_), None) => {
                self.translated_reading(text, &query)?;
                "late"
            }
            (None, _) => {
                // The whole statement names the view as well, whose columns may not change.
                self.translated_reading(text, text)?;
                "view"
            }
        };
        let definition = match late {
            Some(_) => text.to_owned(),
            None => query.clone(),
        };
        self.record(
            &place,
            kind,
            Some(&definition),
            Some(&query),
            &Attributes::default(),
        )?;
        let on = if late.is_some() { Vec::new() } else { on };
        self.depend(&place, &on)?;
        Ok(Answer::done("CREATE VIEW"))
    }

    fn place_of_view(&mut self, parts: &[String]) -> Result<(String, String), Failure> {
        let (schema, name) = self.placed(parts)?;
        match schema {
            Some(schema) if self.schemas()?.contains(&schema) => Ok((schema, name)),
            Some(schema) => Err(Failure::new(
                "3F000",
                format!("schema \"{schema}\" does not exist"),
            )),
            None => Ok((self.current_schema()?, name)),
        }
    }

    /// Writes down on what a view stands.
    fn depend(&mut self, place: &(String, String), on: &[Existing]) -> Result<(), Failure> {
        let state = self.state();
        let (schema, name) = (literal(&place.0), literal(&place.1));
        self.raw(&format!(
            "delete from {state}.depends where schema_name = {schema} and name = {name}"
        ))?;
        for found in on {
            self.raw(&format!(
                "insert into {state}.depends values ({schema}, {name}, {}, {})",
                literal(&found.schema),
                literal(&found.name)
            ))?;
        }
        Ok(())
    }

    /// `create materialized view name [attributes] as query`: a table that remembers its query.
    pub fn create_materialized_view(
        &mut self,
        text: &str,
        words: &Words,
    ) -> Result<Answer, Failure> {
        let (parts, after) = words.name(3);
        let place = self.place_of_view(&parts)?;
        if self
            .existing(&[place.0.clone(), place.1.clone()])?
            .is_some()
        {
            return Err(Failure::new(
                "42P07",
                format!("Relation \"{}\" already exists", place.1),
            ));
        }
        let body = words.find(after, "as").ok_or_else(|| {
            Failure::new("42601", "`create materialized view` needs `as` and a query")
        })?;
        let attributes = Attributes::read(words, after, body);
        let start = words.range(body + 1).start;
        let query = text[start..].to_owned();
        let mut on = Vec::new();
        for reference in references(&query, &self.database()) {
            on.extend(self.existing(&reference.parts)?);
        }
        if let Some(late) = on.iter().find(|found| found.sort == "late") {
            return Err(Failure::new(
                "0A000",
                format!(
                    "Materialized views cannot be created on late binding view \"{}\"",
                    late.name
                ),
            ));
        }
        self.create_table_as(&place, &query, start, false)?;
        let at = text.to_lowercase().find("create materialized").unwrap_or(0);
        self.record(&place, "mv", Some(&text[at..]), Some(&query), &attributes)?;
        self.depend(&place, &on)?;
        Ok(Answer::done("CREATE MATERIALIZED VIEW"))
    }

    /// `refresh materialized view name`: its rows anew.
    pub fn refresh(&mut self, words: &Words) -> Result<Answer, Failure> {
        let found = self.materialized(&words.name(3).0)?;
        let query = self.query_of(&found)?;
        self.raw(&format!("delete from {}", found.sql()))?;
        self.translated(&format!("insert into {} {query}", found.sql()))?;
        self.notices.push((
            "INFO",
            format!(
                "Materialized view {} was recomputed successfully.",
                found.name
            ),
        ));
        Ok(Answer::done("REFRESH"))
    }

    /// `alter materialized view name auto refresh yes|no`, and its distribution and sort key.
    pub fn alter_materialized_view(&mut self, words: &Words) -> Result<Answer, Failure> {
        let (parts, at) = words.name(3);
        let found = self.materialized(&parts)?;
        if words.are(at, &["auto", "refresh"]) {
            let state = self.state();
            let yes = words.word(at + 2) == "yes";
            self.raw(&format!(
                "update {state}.relations set auto_refresh = {yes} where schema_name = {} and name = {}",
                literal(&found.schema),
                literal(&found.name)
            ))?;
            return Ok(Answer::done("ALTER MATERIALIZED VIEW"));
        }
        if words.word(at) == "alter" {
            self.alter_attributes(&found, words, at + 1)?;
            return Ok(Answer::done("ALTER MATERIALIZED VIEW"));
        }
        Err(Failure::not_emulated("this `alter materialized view`"))
    }

    fn materialized(&mut self, parts: &[String]) -> Result<Existing, Failure> {
        let name = parts.last().cloned().unwrap_or_default();
        match self.existing(parts)? {
            Some(found) if found.sort == "mv" => Ok(found),
            Some(_) => Err(Failure::new(
                "42809",
                format!("\"{name}\" is not a materialized view"),
            )),
            None => Err(Failure::new(
                "42P01",
                format!("Materialized view \"{name}\" does not exist"),
            )),
        }
    }

    fn query_of(&mut self, found: &Existing) -> Result<String, Failure> {
        let state = self.state();
        let rows = self.texts(&format!(
            "select query from {state}.relations where schema_name = {} and name = {}",
            literal(&found.schema),
            literal(&found.name)
        ))?;
        Ok(rows.into_iter().flatten().next().unwrap_or_default())
    }

    /// Binds late views whose tables have come to be.
    pub fn bind_late(&mut self) -> Result<(), Failure> {
        if !self.shared.unbound.load(Ordering::SeqCst) {
            return Ok(());
        }
        let state = self.state();
        let waiting = self.texts(&format!(
            "select schema_name, name, query, definition from {state}.relations where kind = 'unbound'"
        ))?;
        let mut all_bound = true;
        for row in waiting {
            let mut ready = true;
            for reference in references(&row[2], &self.database()) {
                ready &= self.existing(&reference.parts)?.is_some();
            }
            if !ready {
                all_bound = false;
                continue;
            }
            let query = &row[2];
            // Until it is bound it has a column of its own, which gives way.
            let create = format!(
                "create or replace view {}.{} as {query}",
                identifier(&row[0]),
                identifier(&row[1])
            );
            self.translated_reading(&create, query)?;
            self.raw(&format!(
                "update {state}.relations set kind = 'late' where schema_name = {} and name = {}",
                literal(&row[0]),
                literal(&row[1])
            ))?;
        }
        if all_bound && self.transaction == Transaction::Idle {
            self.shared.unbound.store(false, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Gives a table or view another name; bound views follow it.
    pub fn rename(&mut self, found: &Existing, to: &str) -> Result<(), Failure> {
        let parts = [found.schema.clone(), to.to_owned()];
        if self.existing(&parts)?.is_some() {
            return Err(Failure::new(
                "42P07",
                format!("Relation \"{to}\" already exists"),
            ));
        }
        let followers = self.dependents(found)?;
        let word = if found.is_view() { "view" } else { "table" };
        self.raw(&format!(
            "alter {word} {} rename to {}",
            found.sql(),
            identifier(to)
        ))?;
        let state = self.state();
        let (schema, name, new) = (literal(&found.schema), literal(&found.name), literal(to));
        for sql in [
            format!(
                "update {state}.relations set name = {new} where schema_name = {schema} and name = {name}"
            ),
            format!(
                "update {state}.constraints set table_name = {new} where schema_name = {schema} and table_name = {name}"
            ),
            format!(
                "update {state}.depends set name = {new} where schema_name = {schema} and name = {name}"
            ),
            format!(
                "update {state}.depends set on_name = {new} where on_schema = {schema} and on_name = {name}"
            ),
            format!(
                "update {state}.grants set name = {new} where kind = 'table' and schema_name = {schema} and name = {name}"
            ),
        ] {
            self.raw(&sql)?;
        }
        for follower in followers {
            self.follow(&follower, found, to)?;
        }
        Ok(())
    }

    /// Makes a bound view anew over a table that has another name now.
    fn follow(&mut self, view: &Existing, old: &Existing, new: &str) -> Result<(), Failure> {
        let query = self.query_of(view)?;
        let mut said = query.clone();
        let path = self.settings.search_path();
        for reference in references(&query, &self.database()).into_iter().rev() {
            let (schema, name) = self.placed(&reference.parts)?;
            let same_schema = match &schema {
                Some(schema) => *schema == old.schema,
                None => path.contains(&old.schema),
            };
            if name != old.name || !same_schema {
                continue;
            }
            let alias = if reference.has_alias {
                String::new()
            } else {
                format!(" as {}", identifier(&name))
            };
            said.replace_range(
                reference.range,
                &format!("{}.{}{alias}", identifier(&old.schema), identifier(new)),
            );
        }
        if view.is_view() {
            let create = format!("create or replace view {} as {said}", view.sql());
            self.translated_reading(&create, &said)?;
        }
        let state = self.state();
        let definition = if view.is_view() {
            format!(", definition = {}", literal(&said))
        } else {
            String::new()
        };
        self.raw(&format!(
            "update {state}.relations set query = {}{definition} where schema_name = {} and name = {}",
            literal(&said),
            literal(&view.schema),
            literal(&view.name)
        ))?;
        Ok(())
    }
}

/// The tables and views that a query reads, in the order of the text; its own common table expressions are left out. `database` is the
/// name of the database, which an alias may have too.
pub(super) fn references(query: &str, database: &str) -> Vec<Reference> {
    struct Seen<'a> {
        lines: Lines<'a>,
        database: &'a str,
        found: Vec<Reference>,
        names: Vec<String>,
        /// The names that qualify columns, for each query around.
        aliases: Vec<Vec<String>>,
    }
    impl Visitor for Seen<'_> {
        type Break = ();
        fn pre_visit_query(&mut self, query: &sqlparser::ast::Query) -> ControlFlow<()> {
            for name in query.with.iter().flat_map(|with| &with.cte_tables) {
                self.names.push(name.alias.name.value.to_lowercase());
            }
            self.aliases.push(Vec::new());
            ControlFlow::Continue(())
        }
        fn post_visit_query(&mut self, _: &sqlparser::ast::Query) -> ControlFlow<()> {
            self.aliases.pop();
            ControlFlow::Continue(())
        }
        fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
            let (name, alias) = match factor {
                TableFactor::Table { name, alias, .. } => (Some(name), alias.as_ref()),
                TableFactor::Derived { alias, .. } => (None, alias.as_ref()),
                _ => return ControlFlow::Continue(()),
            };
            let folded = |part: &ObjectNamePart| Some(part.as_ident()?.value.to_lowercase());
            let parts = name.map_or(&[][..], |name| &name.0);
            if let Some(seen) = self.aliases.last_mut() {
                let first = parts.first().filter(|_| parts.len() > 1);
                let path = first.and_then(folded).is_some_and(|first| {
                    seen.contains(&first) && !(parts.len() == 3 && first == self.database)
                });
                seen.extend(match alias {
                    Some(alias) => Some(alias.name.value.to_lowercase()),
                    None => parts.last().and_then(folded),
                });
                if path {
                    // `from t, t.items`: an array of a table that stands before it.
                    return ControlFlow::Continue(());
                }
            }
            if let Some(range) = name.and_then(|name| range_of(name, &self.lines)) {
                self.found.push(Reference {
                    parts: parts.iter().filter_map(folded).collect(),
                    range,
                    has_alias: alias.is_some(),
                });
            }
            ControlFlow::Continue(())
        }
    }
    let Ok(parsed) = redshift::parse(query) else {
        return Vec::new();
    };
    let mut seen = Seen {
        lines: Lines::new(query),
        database,
        found: Vec::new(),
        names: Vec::new(),
        aliases: Vec::new(),
    };
    for statement in &parsed {
        let _ = statement.statement.visit(&mut seen);
    }
    let names = seen.names;
    let mut found = seen.found;
    found.retain(|reference| !(reference.parts.len() == 1 && names.contains(&reference.parts[0])));
    found.sort_by_key(|reference| reference.range.start);
    found
}

fn range_of(name: &ObjectName, lines: &Lines<'_>) -> Option<Range<usize>> {
    let first = name.0.first()?.as_ident()?.span;
    let last = name.0.last()?.as_ident()?.span;
    Some(lines.range(first)?.start..lines.range(last)?.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_of_a_table_is_no_table() {
        let sql = "with c as (select 1 as one) select * from (select 1 as x) p, p.x.items e, e.more f, c, a.t, t.items, a.u v
             where exists (select 1 from a.v, v.items)";
        let found = |sql: &str| -> Vec<String> {
            let found = references(sql, "dev").into_iter();
            found.map(|reference| reference.parts.join(".")).collect()
        };
        assert_eq!(found(sql), ["a.t", "a.u", "a.v"]);
        let sql = "select * from dev.a.t as dev join dev.a.u as v on dev.x = v.x, dev.x y";
        assert_eq!(found(sql), ["dev.a.t", "dev.a.u"]);
    }
}
