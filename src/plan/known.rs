//! What the relations of a plan look like: those that exist, changed by what its steps make.
//!
//! In: the steps in order, and the texts of hooks. Out: [`Planned`], and through [`Known`] the columns of any relation at a turn.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::{Build, Order, Work};
use crate::adapter::Statement;
use crate::adapter::emulating::catalog_type;
use crate::adapter::statement::ColumnDefinition;
use crate::materialization::{Rejects, Rest};
use crate::relation::{
    Change, ExistingRelation, ExistingRelations, KnownColumn, KnownColumns, NothingKnown, Relation,
    columns_after, identities_after,
};

type Key = (String, String);

/// The columns of the relations that the steps of a plan make, as far as they can be told before anything runs.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    made: BTreeMap<Key, Option<Vec<KnownColumn>>>,
    /// Those of them that can be told better once a late step ran.
    open: BTreeSet<Key>,
    /// Words of hooks that make, change or drop relations: what has such a name may change at any time.
    touched: BTreeSet<String>,
}

impl Planned {
    /// Nothing made yet; the given hooks may change what they name.
    pub(super) fn beside<'t>(hooks: impl Iterator<Item = Cow<'t, str>>) -> Self {
        let mut touched = BTreeSet::new();
        for hook in hooks {
            let words: BTreeSet<String> = hook
                .split(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
                .map(str::to_lowercase)
                .collect();
            let changes = ["create", "alter", "drop", "into"];
            if changes.iter().any(|word| words.contains(*word)) {
                touched.extend(words);
            }
        }
        Self {
            touched,
            ..Self::default()
        }
    }

    /// Notes what a step makes of a node's relation, and what it reads for that.
    pub(super) fn note(
        &mut self,
        relation: &Relation,
        reads: &[Relation],
        work: &Work,
        old: Option<&ExistingRelation>,
    ) {
        let open = matches!(work, Work::Late | Work::InJinja)
            || reads.iter().any(|read| self.is_open(read));
        let made = match work {
            // Nothing that reads a refused node has a turn.
            Work::Late | Work::InJinja | Work::Refused(_) => Some(None),
            Work::Build(build) => made(build, old),
            Work::Test(_) | Work::UnitTest | Work::Freshness(_) | Work::NoOp => None,
        };
        if let Some(columns) = made {
            if open {
                self.open.insert(relation.key());
            }
            self.made.insert(relation.key(), columns);
        }
    }

    /// Whether the columns of a relation are better looked at when it is there: it stands on a late step, or a hook may change it.
    pub fn is_open(&self, relation: &Relation) -> bool {
        self.open.contains(&relation.key()) || self.is_touched(relation)
    }

    fn is_touched(&self, relation: &Relation) -> bool {
        self.touched.contains(&relation.key().1)
    }
}

/// The columns that a build leaves behind: none where it makes no relation anew, unknown where nobody can tell.
fn made(build: &Build, old: Option<&ExistingRelation>) -> Option<Option<Vec<KnownColumn>>> {
    let orders = build.sections.iter().flat_map(|section| &section.orders);
    let (later, rejects) = match build.then.as_deref() {
        Some(Rest::Files(load)) => (load.pattern(), load.rejects()),
        Some(Rest::Rejects(rejects)) => (&[][..], Some(&**rejects)),
        _ => (&[][..], None),
    };
    if let Some(columns) = rejects.and_then(Rejects::declared) {
        return Some(Some(declared(columns)));
    }
    let later = later.iter().flat_map(|section| &section.statements);
    let mut found = None;
    for statement in later {
        if let Statement::CreateTable {
            columns,
            temporary: false,
            ..
        } = statement
        {
            found = Some(Some(declared(columns)));
        }
    }
    for order in orders {
        match &order.statement {
            Statement::CreateTableAs {
                temporary: true, ..
            } if rejects.is_some() => {
                let Some(rejects) = rejects else { continue };
                let kept = order.prepared.columns.clone();
                let kept = kept.map(|columns| rejects.kept(columns));
                found = Some(match rejects.adds_to() {
                    Some(_) => grown(old, kept.as_deref()),
                    None => kept,
                });
            }
            Statement::CreateTableAs {
                temporary: true, ..
            } if build.then.is_some() => {
                found = Some(grown(old, order.prepared.columns.as_deref()));
            }
            Statement::CreateTableAs {
                temporary: false, ..
            }
            | Statement::CreateMaterializedView { .. }
            | Statement::CreateView { .. } => found = Some(order.prepared.columns.clone()),
            Statement::CreateTable {
                columns,
                temporary: false,
                ..
            } => found = Some(Some(declared(columns))),
            _ => {}
        }
    }
    found
}

fn declared(columns: &[ColumnDefinition]) -> Vec<KnownColumn> {
    let columns = columns.iter().map(|column| KnownColumn {
        name: column.name.clone(),
        data_type: Some(column.data_type.clone()),
    });
    columns.collect()
}

/// The columns of a table that stays, once a batch brought new ones. Its old columns keep their types, but for texts that grow.
fn grown(
    old: Option<&ExistingRelation>,
    batch: Option<&[KnownColumn]>,
) -> Option<Vec<KnownColumn>> {
    let mut columns: Vec<KnownColumn> = old?.columns.iter().map(KnownColumn::from).collect();
    for new in batch? {
        match columns
            .iter_mut()
            .find(|column| column.name.eq_ignore_ascii_case(&new.name))
        {
            None => columns.push(new.clone()),
            Some(old) if length(new) > length(old) && length(old).is_some() => {
                old.data_type.clone_from(&new.data_type);
            }
            Some(_) => {}
        }
    }
    Some(columns)
}

/// The length of a column's texts, where it is known.
fn length(column: &KnownColumn) -> Option<u32> {
    catalog_type(column.data_type.as_deref()?)?.length()
}

/// What is known before a statement of a node, and what the statements before it in the same node left.
pub(super) struct Meanwhile<'a> {
    known: &'a dyn KnownColumns,
    changes: Vec<Change>,
}

impl<'a> Meanwhile<'a> {
    pub(super) fn new(known: &'a dyn KnownColumns) -> Self {
        Self {
            known,
            changes: Vec::new(),
        }
    }

    /// Notes what a statement leaves.
    pub(super) fn note(&mut self, order: &Order) {
        let (relation, columns) = match &order.statement {
            Statement::CreateTableAs { relation, .. }
            | Statement::CreateMaterializedView { relation, .. }
            | Statement::CreateView { relation, .. } => (relation, order.prepared.columns.clone()),
            Statement::CreateTable {
                relation, columns, ..
            } => (relation, Some(declared(columns))),
            Statement::ChangeColumnType {
                relation,
                name,
                data_type,
            }
            | Statement::WidenColumn {
                relation,
                name,
                data_type,
            }
            | Statement::AddColumn {
                relation,
                name,
                data_type,
            } => (relation, self.with(relation, name, Some(data_type))),
            Statement::DropColumn { relation, name } => (relation, self.with(relation, name, None)),
            Statement::Drop { relation, .. } => (relation, None),
            Statement::Rename { from, to, .. } => {
                let columns = self.columns(from);
                self.change(from.clone(), None);
                self.change(from.with_identifier(to), columns);
                return;
            }
            // What it does is not known before its turn.
            Statement::LateHook { .. } => {
                self.changes.clear();
                return;
            }
            Statement::Raw { .. } => {
                self.changes.extend(order.prepared.left.iter().cloned());
                return;
            }
            _ => return,
        };
        self.change(relation.clone(), columns);
    }

    fn change(&mut self, relation: Relation, columns: Option<Vec<KnownColumn>>) {
        self.changes.push(Change {
            relation,
            columns,
            identities: Vec::new(),
            keys: Vec::new(),
        });
    }

    /// The columns of a relation where one has another type, is new, or is gone.
    fn with(
        &self,
        relation: &Relation,
        name: &str,
        data_type: Option<&String>,
    ) -> Option<Vec<KnownColumn>> {
        let mut columns = self.columns(relation)?;
        let place = columns
            .iter()
            .position(|column| column.name.eq_ignore_ascii_case(name));
        let new = data_type.map(|data_type| KnownColumn {
            name: name.to_owned(),
            data_type: Some(data_type.clone()),
        });
        match (place, new) {
            (Some(at), Some(new)) => columns[at] = new,
            (Some(at), None) => drop(columns.remove(at)),
            (None, new) => columns.extend(new),
        }
        Some(columns)
    }
}

impl KnownColumns for Meanwhile<'_> {
    fn columns(&self, relation: &Relation) -> Option<Vec<KnownColumn>> {
        match columns_after(&self.changes, relation) {
            Some(columns) => columns,
            None => self.known.columns(relation),
        }
    }

    fn identities(&self, relation: &Relation) -> Vec<String> {
        let made = identities_after(&self.changes, relation);
        made.unwrap_or_else(|| self.known.identities(relation))
    }
}

/// What is known at some turn of a plan.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    existing: &'a ExistingRelations,
    planned: &'a Planned,
    now: &'a dyn KnownColumns,
}

impl<'a> Known<'a> {
    /// What exists, changed by the steps so far.
    pub fn new(existing: &'a ExistingRelations, planned: &'a Planned) -> Self {
        Self {
            existing,
            planned,
            now: &NothingKnown,
        }
    }

    /// The same, where some relations were looked at just now.
    #[must_use]
    pub fn with(self, now: &'a dyn KnownColumns) -> Self {
        Self { now, ..self }
    }
}

impl KnownColumns for Known<'_> {
    fn columns(&self, relation: &Relation) -> Option<Vec<KnownColumn>> {
        if let Some(now) = self.now.columns(relation) {
            return Some(now);
        }
        if self.planned.is_touched(relation) {
            return None;
        }
        match self.planned.made.get(&relation.key()) {
            Some(made) => made.clone(),
            None => self.existing.columns(relation),
        }
    }

    fn identities(&self, relation: &Relation) -> Vec<String> {
        self.now.identities(relation)
    }
}
