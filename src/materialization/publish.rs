//! Building beside and swapping in: what every materialization that makes a relation anew has in common.
//!
//! The live relation is never touched while the query runs. The swap is one short transaction; the old relation is dropped
//! after its commit, or, where views are bound to it, at the end of the run, when these have been made anew: until then they
//! show the old rows, and none of them is ever missing. A killed run leaves at most `__rs_tmp` and `__rs_old` relations, which
//! the next run removes.

use sha2::{Digest, Sha256};

use super::{
    Build, Hooks, Input, Phase, Section, kept_rejects, loaded_files, rejects_of, sections,
};
use crate::adapter::Statement;
use crate::adapter::statement::TableAttributes;
use crate::compile::HookSql;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::relation::{ExistingRelation, Relation, RelationKind};

/// The longest name that every warehouse takes, in bytes: PostgreSQL cuts what is longer, and two names could become one.
const MAX_NAME: usize = 63;
/// Bytes of a digest that stand for what was cut from a long name.
const DIGEST: usize = 4;

/// Names for what was replaced; more than one where something is still bound to what an earlier run replaced.
const OLD: [&str; 4] = ["__rs_old", "__rs_old2", "__rs_old3", "__rs_old4"];

/// The end of the name of a build whose tests failed.
const FAILED: &str = "__rs_failed";

/// The end of the name of what waits to be shown together with others.
const NEXT: &str = "__rs_next";

/// How a relation that was built beside is shown.
pub(super) struct Shown {
    /// The transaction.
    pub(super) swap: Section,
    /// Right after its commit.
    pub(super) dropped: Vec<Statement>,
    /// When everything that is bound to the old relation has been made anew.
    pub(super) last: Vec<Statement>,
}

/// How an old relation makes room for the new one.
#[derive(Default)]
pub(super) struct Retired {
    /// In the transaction of the swap.
    pub(super) swap: Vec<Statement>,
    /// Right after its commit.
    pub(super) dropped: Vec<Statement>,
    /// When everything that is bound to the old relation has been made anew.
    pub(super) last: Vec<Statement>,
}

/// What is built beside, and what it takes the place of.
pub(super) struct Publish<'a, 'b> {
    input: &'a Input<'b>,
    relation: &'a Relation,
    kind: RelationKind,
}

impl<'a, 'b> Publish<'a, 'b> {
    /// The publishing of a node as a table or a view.
    pub(super) fn new(input: &'a Input<'b>, kind: RelationKind) -> Result<Self, Diagnostics> {
        Ok(Self {
            relation: input.relation()?,
            input,
            kind,
        })
    }

    /// The publishing of a table that stands beside the node's own: nothing that is said of the node is for it.
    pub(super) fn beside(input: &'a Input<'b>, relation: &'a Relation) -> Self {
        Self {
            input,
            relation,
            kind: RelationKind::Table,
        }
    }

    /// The same of another relation of the node.
    pub(super) fn of(self, relation: &'a Relation) -> Self {
        Self { relation, ..self }
    }

    /// Whether the relation is the node's own.
    fn is_own(&self) -> bool {
        self.input.node.relation.as_ref() == Some(self.relation)
    }

    /// The whole build: `make` gives the statements that fill the relation it is handed.
    pub(super) fn build(
        &self,
        make: impl FnOnce(&Relation) -> Vec<Statement>,
    ) -> Result<Build, Diagnostics> {
        let old = self.input.existing.get(self.relation);
        let mut build = match old {
            _ if self.input.audit => self.audited(make)?,
            None => self.first(make(self.relation)),
            Some(old) => self.swap(old, make)?,
        };
        build.counts = (self.kind == RelationKind::Table).then(|| self.relation.clone());
        if !self.input.audit {
            let bound = still_bound(self.input, self.relation);
            build.last.splice(0..0, bound);
        }
        Ok(build)
    }

    /// A build whose tests run between its making and its showing, also where nothing stands under the name yet.
    fn audited(
        &self,
        make: impl FnOnce(&Relation) -> Vec<Statement>,
    ) -> Result<Build, Diagnostics> {
        let (staging, shown) = self.aside()?;
        let made = make(&staging);
        Ok(Build {
            sections: sections([
                prepare(self.input, self.relation),
                hooks_before(self.input),
                Section {
                    phase: Phase::Build,
                    transaction: made.len() > 1,
                    retryable: true,
                    statements: made,
                },
                shown.swap,
                clean(self.input, shown.dropped),
            ]),
            keep: self.kept(&staging),
            staging: Some((self.kind, staging)),
            last: shown.last,
            ..Build::default()
        })
    }

    /// How a failed build is kept beside.
    pub(super) fn kept(&self, staging: &Relation) -> Vec<Statement> {
        vec![Statement::Rename {
            kind: self.kind,
            from: staging.clone(),
            to: failed(self.relation).identifier,
        }]
    }

    /// Where the new relation is built, and how it is shown, whether or not anything stands under its name.
    pub(super) fn aside(&self) -> Result<(Relation, Shown), Diagnostics> {
        let staging = beside(self.relation, "__rs_tmp");
        let retired = match self.input.existing.get(self.relation) {
            Some(old) => self.retired(old)?,
            None => Retired::default(),
        };
        let mut statements = retired.swap;
        statements.push(Statement::Rename {
            kind: self.kind,
            from: staging.clone(),
            to: self.relation.identifier.clone(),
        });
        if self.is_own() {
            statements.extend(raw(self.input.hooks.post, true));
            statements.extend(describe(self.input, self.relation, self.kind));
        }
        let mut last = still_bound(self.input, self.relation);
        last.extend(retired.last);
        let shown = Shown {
            swap: Section {
                phase: Phase::Publish,
                transaction: true,
                retryable: hooks_of(self.input.hooks, true).next().is_none(),
                statements,
            },
            dropped: retired.dropped,
            last,
        };
        Ok((staging, shown))
    }

    /// A build of which nothing stays: the statements are tried on a relation beside, which is dropped again.
    pub(super) fn try_out(&self, make: impl FnOnce(&Relation) -> Vec<Statement>) -> Build {
        let staging = beside(self.relation, "__rs_tmp");
        let mut statements = make(&staging);
        statements.push(Statement::Drop {
            kind: self.kind,
            relation: staging.clone(),
            if_exists: true,
        });
        Build {
            sections: sections([
                prepare(self.input, self.relation),
                Section {
                    phase: Phase::Build,
                    transaction: true,
                    retryable: true,
                    statements,
                },
                clean(self.input, Vec::new()),
            ]),
            staging: Some((self.kind, staging)),
            ..Build::default()
        }
    }

    /// Nothing stands under the name: no reader can be disturbed, and one transaction shows all or nothing.
    fn first(&self, made: Vec<Statement>) -> Build {
        let hooks = self.input.hooks;
        let mut statements = raw(hooks.pre, true);
        statements.extend(made);
        statements.extend(raw(hooks.post, true));
        statements.extend(describe(self.input, self.relation, self.kind));
        let build = Section {
            phase: Phase::Build,
            transaction: statements.len() > 1,
            retryable: hooks_of(hooks, true).next().is_none(),
            statements,
        };
        Build {
            sections: sections([
                prepare(self.input, self.relation),
                build,
                clean(self.input, Vec::new()),
            ]),
            ..Build::default()
        }
    }

    fn swap(
        &self,
        old: &ExistingRelation,
        make: impl FnOnce(&Relation) -> Vec<Statement>,
    ) -> Result<Build, Diagnostics> {
        let hooks = self.input.hooks;
        let Retired {
            mut swap,
            dropped,
            last,
        } = self.retired(old)?;
        let staging = beside(self.relation, "__rs_tmp");
        let mut made = make(&staging);
        swap.push(Statement::Rename {
            kind: self.kind,
            from: staging.clone(),
            to: self.relation.identifier.clone(),
        });
        swap.extend(raw(hooks.post, true));
        swap.extend(describe(self.input, self.relation, self.kind));
        let mut all = vec![prepare(self.input, self.relation)];
        // As in dbt, a pre-hook in the transaction is in the transaction that runs the query.
        let pre = raw(hooks.pre, true);
        if pre.is_empty() {
            all.push(Section {
                phase: Phase::Build,
                transaction: made.len() > 1,
                retryable: true,
                statements: made,
            });
        } else {
            swap = pre.into_iter().chain(made.drain(..)).chain(swap).collect();
        }
        all.push(Section {
            phase: Phase::Publish,
            transaction: true,
            retryable: hooks_of(hooks, true).next().is_none(),
            statements: swap,
        });
        all.push(clean(self.input, dropped));
        Ok(Build {
            sections: sections(all),
            staging: Some((self.kind, staging)),
            last,
            ..Build::default()
        })
    }

    /// How the old relation makes room. It is moved away, and what is bound to it stays with it until its own turn. A materialized
    /// view cannot be renamed: it goes at once, with what is bound to it.
    pub(super) fn retired(&self, old: &ExistingRelation) -> Result<Retired, Diagnostics> {
        let dependents = self.dependents(old)?;
        if old.kind == RelationKind::MaterializedView || self.falls_with_another(old) {
            let mut swap: Vec<Statement> = dependents.into_iter().map(dropped).collect();
            swap.push(dropped(old));
            return Ok(Retired {
                swap,
                dropped: Vec::new(),
                last: Vec::new(),
            });
        }
        let away = self.away()?;
        // What a killed run left of the others is nobody's.
        let (left, bound): (Vec<_>, Vec<_>) = dependents
            .into_iter()
            .partition(|found| is_leftover(&found.relation));
        let mut retired = Retired {
            swap: vec![Statement::Rename {
                kind: old.kind,
                from: old.relation.clone(),
                to: away.identifier.clone(),
            }],
            dropped: left.into_iter().map(dropped).collect(),
            last: Vec::new(),
        };
        let when = match bound.is_empty() {
            true => &mut retired.dropped,
            false => &mut retired.last,
        };
        when.push(Statement::Drop {
            kind: old.kind,
            relation: away,
            if_exists: true,
        });
        Ok(retired)
    }

    /// The name under which the old relation waits for its drop: one that no bound leftover of an earlier run has.
    fn away(&self) -> Result<Relation, Diagnostics> {
        let mut names = OLD.iter().map(|suffix| beside(self.relation, suffix));
        let free = |name: &Relation| {
            let found = self.input.existing.get(name);
            found.is_none_or(|found| found.dependents.is_empty())
        };
        names.find(free).ok_or_else(|| {
            Diagnostic::error(
                "bound-leftovers",
                format!(
                    "`{}` cannot be replaced: {} earlier ones are still there, and something is bound to each",
                    self.relation,
                    OLD.len()
                ),
            )
            .at_some(self.input.place())
            .help(format!(
                "build what stands on it anew: `--select {}+`",
                self.input.node.name
            ))
            .help(format!("or drop `{}` and its like with `cascade`", beside(self.relation, OLD[0])))
            .into()
        })
    }

    /// Whether the old relation may be gone at its turn: a materialized view that it stands on takes it along when it is made anew.
    fn falls_with_another(&self, old: &ExistingRelation) -> bool {
        let existing = self.input.existing;
        let mut below = vec![existing.key_of_held(&old.relation)];
        let mut seen = 0;
        while let Some(key) = below.get(seen).cloned() {
            seen += 1;
            let bases = existing.iter().filter(|other| {
                let mut bound = other.dependents.iter();
                bound.any(|bound| existing.key_of_held(bound) == key)
            });
            for base in bases {
                if base.kind == RelationKind::MaterializedView {
                    return true;
                }
                let key = existing.key_of_held(&base.relation);
                if !below.contains(&key) {
                    below.push(key);
                }
            }
        }
        false
    }

    /// The relations that are bound to the old one and would forbid its drop, last first: all of them are made anew by this run.
    fn dependents(&self, old: &ExistingRelation) -> Result<Vec<&'a ExistingRelation>, Diagnostics> {
        let mut order: Vec<&'a ExistingRelation> = Vec::new();
        let mut waiting: Vec<&Relation> = old.dependents.iter().rev().collect();
        while let Some(relation) = waiting.pop() {
            let Some(found) = self.input.existing.get_held(relation) else {
                continue;
            };
            order.retain(|known| known.relation != found.relation);
            order.push(found);
            if order.len() > self.input.existing.iter().count() {
                break;
            }
            waiting.extend(found.dependents.iter());
        }
        let stays: Vec<String> = order
            .iter()
            .filter(|found| {
                let key = self.input.existing.key_of_held(&found.relation);
                !self.input.rebuilt.contains(&key)
            })
            .map(|found| format!("`{}`", found.relation))
            .collect();
        if !stays.is_empty() {
            return Err(Diagnostic::error(
                "bound-dependents",
                format!(
                    "`{}` cannot be replaced: {} bound to it",
                    self.relation,
                    match stays.as_slice() {
                        [one] => format!("{one} is"),
                        all => format!("{} are", all.join(", ")),
                    }
                ),
            )
            .at_some(self.input.place())
            .help(format!(
                "build it together with what stands on it: `--select {}+`",
                self.input.node.name
            ))
            .help("on Redshift a view with `bind: false` is bound to nothing; PostgreSQL binds every view")
            .into());
        }
        order.reverse();
        Ok(order)
    }
}

fn dropped(found: &ExistingRelation) -> Statement {
    Statement::Drop {
        kind: found.kind,
        relation: found.relation.clone(),
        if_exists: true,
    }
}

/// Drops of what earlier runs replaced and something is still bound to.
pub(super) fn still_bound(input: &Input<'_>, relation: &Relation) -> Vec<Statement> {
    leftovers(relation)
        .iter()
        .filter_map(|leftover| input.existing.get(leftover))
        .filter(|leftover| !leftover.dependents.is_empty())
        .map(dropped)
        .collect()
}

/// Hooks of the transaction, in one of their own: the build is not in it.
pub(super) fn hooks_before(input: &Input<'_>) -> Section {
    Section {
        phase: Phase::Prepare,
        transaction: true,
        retryable: false,
        statements: raw(input.hooks.pre, true),
    }
}

/// Where a build stands whose tests failed, until the next one.
pub fn failed(relation: &Relation) -> Relation {
    beside(relation, FAILED)
}

/// How rows that were to come to a table that stays are kept beside it, once they were refused. Of the batches of a model, the last one to
/// fail leaves its rows.
pub(super) fn kept_added(input: &Input<'_>, into: &Relation, rows: &Relation) -> Vec<Statement> {
    if !input.audit {
        return Vec::new();
    }
    let kept = failed(into);
    vec![
        Statement::Rollback,
        Statement::Drop {
            kind: RelationKind::Table,
            relation: kept.clone(),
            if_exists: true,
        },
        Statement::CreateTableAs {
            relation: kept,
            query: format!("select * from {}", super::name(rows)),
            attributes: TableAttributes::default(),
            temporary: false,
            header: None,
        },
    ]
}

/// Statements that change the rows of the table that is there, in one transaction, and then what is said of it.
pub(super) fn in_place(
    input: &Input<'_>,
    statements: Vec<Statement>,
    said: impl FnOnce(&Input<'_>, &Relation) -> Vec<Statement>,
) -> Result<Build, Diagnostics> {
    let relation = input.relation()?;
    let hooks = input.hooks;
    let mut all = raw(hooks.pre, true);
    all.extend(statements);
    all.extend(raw(hooks.post, true));
    all.extend(said(input, relation));
    Ok(Build {
        sections: sections([
            prepare(input, relation),
            Section {
                phase: Phase::Publish,
                transaction: true,
                retryable: hooks_of(hooks, true).next().is_none(),
                statements: all,
            },
            clean(input, Vec::new()),
        ]),
        counts: Some(relation.clone()),
        last: still_bound(input, relation),
        ..Build::default()
    })
}

/// Where a node is built that is shown together with others.
pub fn next_of(relation: &Relation) -> Relation {
    beside(relation, NEXT)
}

/// A text in which what was built to be shown together with others has the names that it will have.
pub fn as_shown(text: &str) -> String {
    text.replace(NEXT, "")
}

/// Drops of what a killed run left beside a relation.
pub(super) fn removed(input: &Input<'_>, relation: &Relation) -> Vec<Statement> {
    leftovers(relation)
        .iter()
        .filter_map(|leftover| input.existing.get(leftover))
        .filter(|leftover| leftover.dependents.is_empty())
        .map(dropped)
        .collect()
}

/// Leftovers of a killed run removed, and the hooks that run before and outside.
pub(super) fn prepare(input: &Input<'_>, relation: &Relation) -> Section {
    let mut statements = removed(input, relation);
    statements.extend(raw(input.hooks.pre, false));
    Section {
        phase: Phase::Prepare,
        transaction: false,
        retryable: hooks_of(input.hooks, false).next().is_none(),
        statements,
    }
}

/// What was replaced dropped, and the hooks that run after and outside.
pub(super) fn clean(input: &Input<'_>, mut statements: Vec<Statement>) -> Section {
    statements.extend(raw(input.hooks.post, false));
    Section {
        phase: Phase::Clean,
        transaction: false,
        retryable: hooks_of(input.hooks, false).next().is_none(),
        statements,
    }
}

/// Grants and comments of a relation that was just made, in dbt's order.
pub(super) fn describe(
    input: &Input<'_>,
    relation: &Relation,
    kind: RelationKind,
) -> Vec<Statement> {
    described(input, relation, kind, input.query_columns())
}

/// The same of a relation whose columns are these, as far as they are known.
pub(super) fn described(
    input: &Input<'_>,
    relation: &Relation,
    kind: RelationKind,
    columns: Option<&[String]>,
) -> Vec<Statement> {
    let mut statements = super::grants::of_new(input, relation);
    statements.extend(comments(input, relation, kind, columns));
    statements
}

/// The same of a table that stays: what it grants beyond its configuration is taken back.
pub(super) fn describe_again(input: &Input<'_>, relation: &Relation) -> Vec<Statement> {
    let mut statements = super::grants::of_old(input, relation);
    let (kind, columns) = (RelationKind::Table, input.query_columns());
    statements.extend(comments(input, relation, kind, columns));
    statements
}

fn comments(
    input: &Input<'_>,
    relation: &Relation,
    kind: RelationKind,
    columns: Option<&[String]>,
) -> Vec<Statement> {
    let config = &input.node.config;
    let mut statements = Vec::new();
    let known = columns.map(|columns| super::by_name(columns.iter().map(String::as_str)));
    let comment = |column: Option<&str>, text: &str| Statement::Comment {
        kind,
        relation: relation.clone(),
        column: column.map(str::to_owned),
        is_there: column.is_none() || known.is_some(),
        text: text.to_owned(),
    };
    if config.persist_docs_relation && !input.node.description.is_empty() {
        statements.push(comment(None, &input.node.description));
    }
    // As in dbt, a late-binding view has no columns to describe: it is bound to nothing.
    let late = kind == RelationKind::View && !config.bind && input.dialect != "postgres";
    if config.persist_docs_columns && !late {
        // A described column that the relation lacks is left out, as in dbt.
        let (names, columns) = (columns, input.node.columns.values());
        let described = columns.filter(|column| !column.description.is_empty());
        statements.extend(described.filter_map(|column| {
            let own = column.name.as_str();
            let name = match (&known, names) {
                (Some(_), Some(names)) if names.iter().any(|name| name == own) => own,
                (Some(known), _) => known.get(&own.to_lowercase())?,
                (None, _) => own,
            };
            Some(comment(Some(name), &column.description))
        }));
    }
    statements
}

/// Hooks as statements; those inside the transaction, or those outside.
pub(super) fn raw(hooks: &[HookSql], transaction: bool) -> Vec<Statement> {
    hooks
        .iter()
        .filter(|hook| hook.transaction == transaction && !hook.sql.trim().is_empty())
        .map(|hook| match hook.late {
            Some(at) => Statement::LateHook { at },
            None => Statement::Raw {
                sql: hook.sql.clone(),
                origin: hook.origin.clone(),
            },
        })
        .collect()
}

/// The hooks on one side of the transaction's border.
pub(super) fn hooks_of(hooks: Hooks<'_>, transaction: bool) -> impl Iterator<Item = &HookSql> {
    hooks
        .pre
        .iter()
        .chain(hooks.post)
        .filter(move |hook| hook.transaction == transaction && !hook.sql.trim().is_empty())
}

/// What a killed or failed run may leave beside a relation.
pub fn leftovers(relation: &Relation) -> Vec<Relation> {
    let beside_it = ["__rs_tmp", FAILED].into_iter().chain(OLD);
    let beside_it = beside_it.map(|suffix| beside(relation, suffix));
    beside_it
        .chain([kept_rejects(relation)])
        .chain(left_of_next(relation))
        .collect()
}

/// What a killed run may leave of a node that was to be shown together with others.
pub fn left_of_next(relation: &Relation) -> Vec<Relation> {
    let next = next_of(relation);
    let temporary = beside(&next, "__rs_tmp");
    vec![
        rejects_of(&next),
        kept_rejects(&next),
        loaded_files(&next),
        temporary,
        next,
    ]
}

/// Whether a relation has a name that only runs give.
fn is_leftover(relation: &Relation) -> bool {
    let name = &relation.identifier;
    name.ends_with("__rs_tmp")
        || name.ends_with(FAILED)
        || name.contains(NEXT)
        || OLD.iter().any(|suffix| name.ends_with(suffix))
}

/// The name of a relation that stands beside another for a while: never longer than any warehouse allows, and never the same for two.
pub(super) fn beside(relation: &Relation, suffix: &str) -> Relation {
    let name = &relation.identifier;
    if name.len() + suffix.len() <= MAX_NAME {
        return relation.with_identifier(format!("{name}{suffix}"));
    }
    let digest: String = Sha256::digest(name.to_lowercase())
        .iter()
        .take(DIGEST)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let room = MAX_NAME - suffix.len() - digest.len() - 1;
    let cut = (0..=room)
        .rev()
        .find(|&at| name.is_char_boundary(at))
        .unwrap_or(0);
    relation.with_identifier(format!("{}_{digest}{suffix}", &name[..cut]))
}
