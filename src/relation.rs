//! A table or view in a warehouse, and the set of those that exist.
//!
//! In: nothing. Out: [`Relation`], [`ExistingRelations`], and the trait [`KnownColumns`] of whoever knows columns.
//! Does not know how any warehouse quotes a name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The full name of a table or view, each part as the user wrote it (not folded, not quoted).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Relation {
    /// The database, where the target has one to name.
    pub database: Option<String>,
    /// The schema.
    pub schema: String,
    /// The name of the table or view.
    pub identifier: String,
}

impl Relation {
    /// A relation of the target's own database.
    pub fn new(schema: impl Into<String>, identifier: impl Into<String>) -> Self {
        Self {
            database: None,
            schema: schema.into(),
            identifier: identifier.into(),
        }
    }

    /// A table that lives only as long as its connection: it has no schema to name, and is written as its bare name.
    pub fn temporary(identifier: impl Into<String>) -> Self {
        Self::new("", identifier)
    }

    /// Whether it is a temporary table, which has no schema.
    pub fn is_temporary(&self) -> bool {
        self.schema.is_empty()
    }

    /// The same place under another name.
    #[must_use]
    pub fn with_identifier(&self, identifier: impl Into<String>) -> Self {
        Self {
            identifier: identifier.into(),
            ..self.clone()
        }
    }

    /// The same key, which tells what names another database from what is in the target's own.
    pub fn key_in(&self) -> (String, String) {
        let (schema, identifier) = self.key();
        match &self.database {
            Some(database) => (format!("{}.{schema}", database.to_lowercase()), identifier),
            None => (schema, identifier),
        }
    }

    /// Whether it stands in another database than this one, the target's own.
    pub fn is_outside(&self, database: &str) -> bool {
        let named = self.database.as_deref();
        named.is_some_and(|named| !named.eq_ignore_ascii_case(database))
    }

    /// Whether both stand in one database, as far as they name it: one that names none is of the target's own.
    pub fn shares_database_with(&self, other: &Self) -> bool {
        match (&self.database, &other.database) {
            (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
            _ => true,
        }
    }

    /// Schema and name, as they are written.
    pub fn name(&self) -> (String, String) {
        (self.schema.clone(), self.identifier.clone())
    }

    /// The key under which names that differ only in case are the same, as those of one project are; what a warehouse holds is told apart
    /// by [`ExistingRelations`].
    pub fn key(&self) -> (String, String) {
        (self.schema.to_lowercase(), self.identifier.to_lowercase())
    }
}

impl fmt::Display for Relation {
    /// `schema.identifier`, as shown to people; SQL is the adapter's to write.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_temporary() {
            return f.write_str(&self.identifier);
        }
        write!(f, "{}.{}", self.schema, self.identifier)
    }
}

/// What kind of thing a name stands for in the warehouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RelationKind {
    /// A table.
    Table,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
}

impl RelationKind {
    /// dbt's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::View => "view",
            Self::MaterializedView => "materialized_view",
        }
    }
}

/// A column as the warehouse reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name as the warehouse holds it.
    pub name: String,
    /// Its type in the words of the target's dialect (`character varying(256)` where the target emulates Redshift).
    pub data_type: String,
    /// Whether NULL may be stored.
    pub nullable: bool,
}

/// A column as far as it is known before anything runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownColumn {
    /// Its name.
    pub name: String,
    /// Its type in the words of the target's dialect; none where nobody can tell.
    pub data_type: Option<String>,
}

/// Knows the columns of relations that a query may read: those that exist, and those that a plan will make.
pub trait KnownColumns: Sync {
    /// The columns of a relation in order, or none where they are not known.
    fn columns(&self, relation: &Relation) -> Option<Vec<KnownColumn>>;

    /// Those columns that number the rows of a relation themselves, and take no value of anybody, as far as they are known.
    fn identities(&self, _relation: &Relation) -> Vec<String> {
        Vec::new()
    }
}

/// A relation as a statement leaves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// By the name that the statement says: without a schema, it may stand in any.
    pub relation: Relation,
    /// Its columns, where the statement tells them.
    pub columns: Option<Vec<KnownColumn>>,
    /// Those of them that number its rows themselves, and take no value of anybody.
    pub identities: Vec<String>,
    /// Those of them that its rows are spread or sorted by.
    pub keys: Vec<String>,
}

/// The columns of a relation after some changes: nothing where none of them says its name.
pub fn columns_after(changes: &[Change], relation: &Relation) -> Option<Option<Vec<KnownColumn>>> {
    Some(last_change(changes, relation)?.and_then(|change| change.columns.clone()))
}

/// The columns that number the rows of a relation after some changes: nothing where none of them says its name.
pub fn identities_after(changes: &[Change], relation: &Relation) -> Option<Vec<String>> {
    let last = last_change(changes, relation)?;
    Some(
        last.map(|change| change.identities.clone())
            .unwrap_or_default(),
    )
}

/// The columns that the rows of a relation are spread or sorted by after some changes, as far as they say it.
pub fn keys_after(changes: &[Change], relation: &Relation) -> Vec<String> {
    let last = last_change(changes, relation).flatten();
    last.map(|change| change.keys.clone()).unwrap_or_default()
}

/// The last of some changes that says the name of a relation; inside, nothing where it may be that of another.
fn last_change<'c>(changes: &'c [Change], relation: &Relation) -> Option<Option<&'c Change>> {
    let (schema, name) = relation.key();
    for change in changes.iter().rev() {
        let (of_schema, of_name) = change.relation.key();
        if of_name != name {
            continue;
        }
        if of_schema == schema {
            return Some(Some(change));
        }
        // One of them is said without a schema: nobody can tell whether both are the same.
        if of_schema.is_empty() || schema.is_empty() {
            return Some(None);
        }
    }
    None
}

/// Knows no columns.
#[derive(Clone, Copy, Debug, Default)]
pub struct NothingKnown;

impl KnownColumns for NothingKnown {
    fn columns(&self, _relation: &Relation) -> Option<Vec<KnownColumn>> {
        None
    }
}

/// A relation that the warehouse holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExistingRelation {
    /// Its name, as the warehouse holds it.
    pub relation: Relation,
    /// Table or view.
    pub kind: RelationKind,
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// Names of relations that stand on it and that a plain drop would be refused for (bound views).
    pub dependents: Vec<Relation>,
    /// How a materialized view was made, where the warehouse tells.
    pub made: Option<Box<MaterializedView>>,
}

/// How a materialized view was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MaterializedView {
    /// The statement or query that made it, as the warehouse keeps it.
    pub definition: String,
    /// How its rows are spread, in the warehouse's words: `KEY(id)`, `AUTO(EVEN)`.
    pub dist: String,
    /// The columns of its sort key.
    pub sort: Vec<String>,
    /// Whether the warehouse refreshes it by itself.
    pub auto_refresh: bool,
}

/// What a warehouse makes of capital letters in names that stand in quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NameCase {
    /// Names that differ only in them are one name: DuckDB.
    #[default]
    Ignored,
    /// A name that is said is folded to small letters, and one that is held with capitals is out of reach: Redshift.
    Folded,
    /// They are kept: PostgreSQL, and Redshift with `enable_case_sensitive_identifier`.
    Kept,
}

impl NameCase {
    /// What a name that is said means.
    pub fn said(self, name: &str) -> String {
        match self {
            Self::Ignored | Self::Folded => name.to_lowercase(),
            Self::Kept => name.to_owned(),
        }
    }

    /// The same of a name that the warehouse holds.
    fn held(self, name: &str) -> String {
        match self {
            Self::Ignored => name.to_lowercase(),
            Self::Folded | Self::Kept => name.to_owned(),
        }
    }
}

/// What the warehouse holds in the schemas of a run, read once at its start.
///
/// A relation is found by the name that is said of it: one of somebody else whose name differs only in case is another, wherever the
/// warehouse tells the two apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExistingRelations {
    case: NameCase,
    schemas: BTreeSet<String>,
    relations: BTreeMap<(String, String), ExistingRelation>,
    granted: BTreeMap<(String, String), Vec<Granted>>,
}

/// A privilege that somebody but the owner has on a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// The relation's schema and name.
    pub on: Relation,
    /// Such as `select`, lower case.
    pub privilege: String,
    /// Who has it, as the warehouse holds the name.
    pub grantee: String,
}

impl ExistingRelations {
    /// Nothing yet, of a warehouse that takes names so.
    pub fn of(case: NameCase) -> Self {
        Self {
            case,
            ..Self::default()
        }
    }

    /// Adds a schema, by the name that the warehouse holds.
    pub fn insert_schema(&mut self, held: &str) {
        self.schemas.insert(self.case.held(held));
    }

    /// Whether a schema is there.
    pub fn has_schema(&self, schema: &str) -> bool {
        self.schemas.contains(&self.case.said(schema))
    }

    /// What a schema that is said means here.
    pub fn schema(&self, said: &str) -> String {
        self.case.said(said)
    }

    /// What the name of a relation that is said means here.
    pub fn key(&self, said: &Relation) -> (String, String) {
        let name = |name| self.case.said(name);
        (name(&said.schema), name(&said.identifier))
    }

    /// The same of a relation that the warehouse tells.
    pub fn key_of_held(&self, held: &Relation) -> (String, String) {
        let name = |name| self.case.held(name);
        (name(&held.schema), name(&held.identifier))
    }

    /// Adds a relation that the warehouse tells.
    pub fn insert(&mut self, relation: ExistingRelation) {
        let key = self.key_of_held(&relation.relation);
        self.relations.insert(key, relation);
    }

    /// Adds one that is going to be made, under the name that is said of it.
    pub fn insert_made(&mut self, relation: ExistingRelation) {
        let key = self.key(&relation.relation);
        self.relations.insert(key, relation);
    }

    /// Takes a relation out, as after a drop.
    pub fn remove(&mut self, relation: &Relation) -> Option<ExistingRelation> {
        self.relations.remove(&self.key(relation))
    }

    /// What this name means. Of another database nothing is known here.
    pub fn get(&self, relation: &Relation) -> Option<&ExistingRelation> {
        let found = self.relations.get(&self.key(relation))?;
        relation
            .shares_database_with(&found.relation)
            .then_some(found)
    }

    /// One that the warehouse tells, such as what is bound to another.
    pub fn get_held(&self, held: &Relation) -> Option<&ExistingRelation> {
        self.relations.get(&self.key_of_held(held))
    }

    /// Keeps who may do what with some relations that the warehouse tells: all that anybody may with them, or nothing where nobody may.
    pub fn note_granted(&mut self, relations: &[Relation], granted: Vec<Granted>) {
        for relation in relations {
            let key = self.key_of_held(relation);
            self.granted.entry(key).or_default();
        }
        for granted in granted {
            let key = self.key_of_held(&granted.on);
            self.granted.entry(key).or_default().push(granted);
        }
    }

    /// Who may do what with a relation, where that was asked.
    pub fn granted(&self, relation: &Relation) -> Option<&[Granted]> {
        self.granted.get(&self.key(relation)).map(Vec::as_slice)
    }

    /// Those of one schema that can be named, ordered by name: what stands in capitals where names are folded would be taken for another.
    pub fn in_schema(&self, schema: &str) -> impl Iterator<Item = &ExistingRelation> {
        let schema = self.case.said(schema);
        let all = self.relations.iter();
        all.filter(move |((of, name), _)| *of == schema && self.case.said(name) == *name)
            .map(|(_, found)| found)
    }

    /// All of them, ordered by schema and name.
    pub fn iter(&self) -> impl Iterator<Item = &ExistingRelation> {
        self.relations.values()
    }
}

impl KnownColumns for ExistingRelations {
    fn columns(&self, relation: &Relation) -> Option<Vec<KnownColumn>> {
        let found = self.get(relation)?;
        let columns = found.columns.iter().map(KnownColumn::from);
        Some(columns.collect())
    }
}

/// Columns by [`Relation::key_in`].
impl KnownColumns for BTreeMap<(String, String), Vec<Column>> {
    fn columns(&self, relation: &Relation) -> Option<Vec<KnownColumn>> {
        let columns = self.get(&relation.key_in())?.iter().map(KnownColumn::from);
        Some(columns.collect())
    }
}

impl From<&Column> for KnownColumn {
    fn from(column: &Column) -> Self {
        Self {
            name: column.name.clone(),
            data_type: Some(column.data_type.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(case: NameCase, names: &[&str]) -> ExistingRelations {
        let mut existing = ExistingRelations::of(case);
        for name in names {
            existing.insert_schema("shop");
            existing.insert(ExistingRelation {
                relation: Relation::new("shop", *name),
                kind: RelationKind::Table,
                columns: Vec::new(),
                dependents: Vec::new(),
                made: None,
            });
        }
        existing
    }

    fn means(existing: &ExistingRelations, name: &str) -> Option<String> {
        let found = existing.get(&Relation::new("shop", name))?;
        Some(found.relation.identifier.clone())
    }

    #[test]
    fn a_name_means_what_the_warehouse_would_find_under_it() {
        let both = ["Orders", "orders"];
        let kept = held(NameCase::Kept, &both);
        assert_eq!(means(&kept, "orders").as_deref(), Some("orders"));
        assert_eq!(means(&kept, "Orders").as_deref(), Some("Orders"));
        assert_eq!(means(&kept, "ORDERS"), None);
        let folded = held(NameCase::Folded, &both);
        assert_eq!(means(&folded, "orders").as_deref(), Some("orders"));
        assert_eq!(means(&folded, "Orders").as_deref(), Some("orders"));
        assert_eq!(means(&held(NameCase::Folded, &["Orders"]), "orders"), None);
        let ignored = held(NameCase::Ignored, &["Orders"]);
        assert_eq!(means(&ignored, "orders").as_deref(), Some("Orders"));
        assert!(kept.has_schema("shop") && !kept.has_schema("Shop"));
        assert!(folded.has_schema("Shop") && ignored.has_schema("Shop"));
    }

    #[test]
    fn what_a_run_makes_is_found_under_the_name_that_it_is_given() {
        let mut folded = ExistingRelations::of(NameCase::Folded);
        let found = held(NameCase::Kept, &["Orders"]);
        folded.insert_made(found.iter().next().expect("one").clone());
        assert_eq!(means(&folded, "Orders").as_deref(), Some("Orders"));
    }
}
