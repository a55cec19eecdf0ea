//! Everything at once: what the run built aside is shown by one transaction when all of it is there and no test failed, or by none.
//!
//! In: what became of the nodes. Out: the transaction sent, or what was built taken away again; the results say which.
//! Does not know how a relation is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::schedule::Schedule;
use super::session::{ATTEMPTS, Marked, RECONNECT, Session, Undone};
use super::turn::{Failure, Turn};
use super::{Event, NodeResult, Run, Status, locked};
use crate::adapter::{Connection, Error, ErrorClass, Statement};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::manifest::NodeId;
use crate::manifest::node::Detail;
use crate::plan::{Order, Publication, Section, ShownNode, place_of};
use crate::relation::{ExistingRelations, NothingKnown, Relation};

/// How what a run built aside is shown.
#[derive(Clone, Copy)]
pub struct Together<'a> {
    /// The nodes that are built aside.
    pub nodes: &'a BTreeSet<NodeId>,
    /// The tables of which a node begins with a copy, each with the copy.
    pub copied: &'a BTreeMap<NodeId, Vec<(Relation, Relation)>>,
    /// The schemas that they stand in, and those of what they read.
    pub schemas: &'a [String],
    /// What shows all of them, with what is there now.
    pub publication: &'a Showing<'a>,
    /// What takes them away again, but for those whose rows are kept to be looked at.
    pub withdrawal: &'a Withdrawal<'a>,
}

/// The statements that show what was built; in, what is there now.
pub type Showing<'a> = dyn Fn(&ExistingRelations) -> Result<Publication, Diagnostics> + Sync + 'a;

/// The statements that take away what was built; in, what is there now, and the nodes whose rows are kept.
pub type Withdrawal<'a> =
    dyn Fn(&ExistingRelations, &BTreeSet<NodeId>) -> Result<Vec<Order>, Diagnostics> + Sync + 'a;

/// Why nothing is shown.
struct Held {
    /// In words: `` `orders` failed ``.
    why: String,
    /// The node that it is about.
    node: Option<NodeId>,
}

/// Notes what tells later whether somebody has written into the tables of which a node begins with a copy.
pub(super) fn mark(session: &mut Session<'_, '_>, turn: &mut Turn<'_>) -> Result<(), Failure> {
    let run = session.shared.run;
    let copied = run.together.and_then(|all| all.copied.get(&turn.node));
    for (table, _) in copied.into_iter().flatten() {
        // By the name that the warehouse has for it.
        let found = run.planner.existing.get(table);
        let table = found.map_or(table, |found| &found.relation);
        let marked = patiently(session, turn.node, |connection| connection.mark(table));
        let marked = marked.map_err(|error| turn.failed(session, error, None))?;
        if let Some(mark) = marked {
            locked(&session.shared.marks).push(Marked {
                node: turn.node,
                table: table.clone(),
                mark,
            });
        }
    }
    Ok(())
}

/// In the transaction that shows everything: whether the tables of which nodes began with a copy still have the rows that were copied.
fn still_there(session: &mut Session<'_, '_>, turns: &[Turn<'_>]) -> Result<(), (usize, Undone)> {
    let shared = session.shared;
    for marked in locked(&shared.marks).iter() {
        let at = turns.iter().position(|turn| turn.node == marked.node);
        let asked = session.connection().and_then(|connection| {
            let still = locked(&connection).still_has(&marked.table, &marked.mark);
            session.after(still)
        });
        let undone = match asked {
            Ok(true) => continue,
            Ok(false) => {
                Undone::Stopped(Failure::Wrong(vec![written(&session.shared.run, marked)]))
            }
            Err(error) => Undone::Refused(Box::new((None, error))),
        };
        return Err((at.unwrap_or(0), undone));
    }
    Ok(())
}

/// That a table has other rows than its copy began with.
fn written(run: &Run<'_>, marked: &Marked) -> Diagnostic {
    let node = run.planner.manifest.node(marked.node);
    Diagnostic::error(
        "written-meanwhile",
        format!(
            "somebody wrote into `{}` while it was built aside",
            marked.table
        ),
    )
    .at_some(place_of(node))
    .note("what was built began with the rows of before, so the new ones would be lost")
    .about(&node.name)
}

/// Shows everything, or nothing.
pub(super) fn settle(run: &Run<'_>, session: &mut Session<'_, '_>, schedule: &Schedule<'_>) {
    let Some(together) = run.together else {
        return;
    };
    let results = schedule.results();
    let built = |result: &NodeResult| {
        result.status == Status::Success && together.nodes.contains(&result.node)
    };
    let held = match held_back(run, &results) {
        Some(held) => held,
        None if !results.iter().any(built) => return,
        None => match publish(run, session, &together, schedule) {
            Ok(()) => return,
            Err(held) => held,
        },
    };
    let results = schedule.results();
    let kept = worth_a_look(run, &together, &results);
    let dropped = withdraw(session, &together, &kept);
    schedule.amend(|result| {
        if built(result) {
            result.status = Status::Skipped;
            result.message = Some(format!("built, not published: {}", held.why));
        }
    });
    let mut problem = Diagnostic::error(
        "not-published",
        format!("nothing is published: {}", held.why),
    );
    if run.cancel.is_requested() {
        problem = Diagnostic::warning(
            "not-published",
            "nothing is published: the run was cancelled",
        );
    }
    let node = |id| run.planner.manifest.node(id);
    problem = problem
        .at_some(held.node.and_then(|id| place_of(node(id))))
        .help(match dropped {
            true => "every table and view is as it was before, and what was built aside is dropped",
            false => "every table and view is as it was before, and what was built aside is dropped by the next build",
        });
    if dropped {
        for id in kept {
            let (name, selector) = (&node(id).name, node(id).selector());
            problem = problem.help(format!(
                "the rows of `{name}` that were tested: `redstart show --failed {selector}`"
            ));
        }
    }
    problem = problem.help("`redstart retry` builds all of it again");
    session.shared.voice.tell(&Event::Warning(&problem));
}

/// Why nothing can be shown, as the nodes tell it.
fn held_back(run: &Run<'_>, results: &[NodeResult]) -> Option<Held> {
    if run.cancel.is_requested() {
        return Some(Held {
            why: "the run was cancelled".to_owned(),
            node: None,
        });
    }
    let failed = results.iter().find(|result| result.status.is_failure())?;
    Some(Held {
        why: format!("`{}` failed", run.planner.manifest.node(failed.node).name),
        node: Some(failed.node),
    })
}

/// The nodes whose tests failed.
fn worth_a_look(
    run: &Run<'_>,
    together: &Together<'_>,
    results: &[NodeResult],
) -> BTreeSet<NodeId> {
    let tests = results
        .iter()
        .filter(|result| result.status == Status::Fail);
    let of = tests.flat_map(|result| {
        let test = run.planner.manifest.node(result.node);
        let attached = match &test.detail {
            Detail::Test(detail) => detail.attached_node,
            _ => None,
        };
        attached.map_or_else(|| test.depends_on.clone(), |node| vec![node])
    });
    let built = |id: &NodeId| {
        let mut results = results.iter();
        together.nodes.contains(id)
            && results.any(|result| result.node == *id && result.status == Status::Success)
    };
    of.filter(built).collect()
}

/// Takes away what was built; whether all of it is gone.
fn withdraw(
    session: &mut Session<'_, '_>,
    together: &Together<'_>,
    kept: &BTreeSet<NodeId>,
) -> bool {
    if session.shared.run.cancel.is_requested() {
        let Ok(connection) = session.for_the_rest() else {
            return false;
        };
        let found = locked(&connection).existing(together.schemas);
        let Some(orders) = found
            .ok()
            .and_then(|found| (together.withdrawal)(&found, kept).ok())
        else {
            return false;
        };
        // One that fails is no reason to leave the others.
        let stays = |order: &&Order| locked(&connection).execute(&order.prepared).is_err();
        return orders.iter().filter(stays).count() == 0;
    }
    let found = look(session, together).ok();
    let Some(orders) = found.and_then(|found| (together.withdrawal)(&found, kept).ok()) else {
        return false;
    };
    orders.iter().fold(true, |all, order| {
        let mut done = session.execute(&order.prepared);
        if done
            .as_ref()
            .is_err_and(|error| error.class == ErrorClass::ConnectionLost)
        {
            done = session.execute(&order.prepared);
        }
        done.is_ok() && all
    })
}

/// What is there now.
fn look(
    session: &mut Session<'_, '_>,
    together: &Together<'_>,
) -> Result<ExistingRelations, Error> {
    let first = together.nodes.first().copied().unwrap_or(NodeId(0));
    patiently(session, first, |connection| {
        connection.existing(together.schemas)
    })
}

/// What the warehouse tells; asked again where the connection is lost or somebody else was first, of which a node is told.
fn patiently<T>(
    session: &mut Session<'_, '_>,
    node: NodeId,
    ask: impl Fn(&mut dyn Connection) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut attempt = 1;
    loop {
        let found = session.connection().and_then(|connection| {
            let found = ask(&mut **locked(&connection));
            session.after(found)
        });
        let (error, pause) = match found {
            Err(error) if attempt < ATTEMPTS => match error.class {
                ErrorClass::Retryable { after } => (error, after),
                ErrorClass::ConnectionLost => (error, RECONNECT),
                _ => return Err(error),
            },
            found => return found,
        };
        attempt += 1;
        session.again(node, &error, attempt, pause);
    }
}

/// The transaction that shows everything, and what goes with it.
fn publish(
    run: &Run<'_>,
    session: &mut Session<'_, '_>,
    together: &Together<'_>,
    schedule: &Schedule<'_>,
) -> Result<(), Held> {
    let steps: BTreeMap<NodeId, _> = run
        .plan
        .steps
        .iter()
        .map(|step| (step.node, step))
        .collect();
    let mut publication = Publication::default();
    let mut turns: Vec<Turn<'_>> = Vec::new();
    let mut outcome = match look(session, together) {
        Ok(now) => match (together.publication)(&now) {
            Ok(found) => {
                publication = found;
                Ok(())
            }
            Err(wrong) => Err((None, Failure::Wrong(wrong.0))),
        },
        Err(error) if error.class == ErrorClass::Cancelled => Err((None, Failure::Cancelled)),
        Err(error) => Err((None, Failure::Wrong(vec![unread(error)]))),
    };
    for shown in &publication.nodes {
        if let Some(step) = steps.get(&shown.node) {
            let mut turn = Turn::new(step, run.planner.manifest.node(shown.node));
            turn.sql.clone_from(&shown.sql);
            turns.push(turn);
        }
    }
    let sections = |of: fn(&ShownNode) -> &Section| publication.nodes.iter().map(of);
    if outcome.is_ok() {
        outcome = each(session, sections(|shown| &shown.before), &mut turns);
    }
    let begun = Instant::now();
    if outcome.is_ok() {
        outcome = transaction(run, session, &publication, &mut turns);
    }
    let elapsed = begun.elapsed();
    let shown = outcome.is_ok();
    if shown {
        session.shared.voice.tell(&Event::Published {
            relations: publication.nodes.len(),
            elapsed,
        });
        for node in &publication.nodes {
            session.shared.leave_for_last(&node.drops);
        }
        outcome = each(session, sections(|shown| &shown.hooks), &mut turns);
    }
    tell(schedule, turns);
    let Err((node, failure)) = outcome else {
        return Ok(());
    };
    let why = match failure {
        Failure::Cancelled => "the run was cancelled".to_owned(),
        Failure::Again(lost) => failed(
            session,
            schedule,
            node,
            vec![Diagnostic::error("database-error", lost.0.message)],
        ),
        Failure::Wrong(wrong) => failed(session, schedule, node, wrong),
    };
    match shown {
        // A hook behind the transaction failed: its node says so, and all is shown.
        true => Ok(()),
        false => Err(Held { why, node }),
    }
}

fn unread(error: Error) -> Diagnostic {
    let problem = match error.class {
        ErrorClass::ConnectionLost => {
            Diagnostic::error("connection-lost", "the connection was lost")
        }
        _ => Diagnostic::error(
            "database-error",
            "what is in the warehouse could not be read",
        ),
    };
    problem.note(format!("the database said: {}", error.message))
}

/// Notes what went wrong at a node, or at the first that was to be shown.
fn failed(
    session: &Session<'_, '_>,
    schedule: &Schedule<'_>,
    node: Option<NodeId>,
    mut wrong: Vec<Diagnostic>,
) -> String {
    let manifest = session.shared.run.planner.manifest;
    for problem in &mut wrong {
        let place = node.and_then(|id| place_of(manifest.node(id)));
        problem.span = problem.span.take().or(place);
        session.shared.voice.tell(&Event::Warning(problem));
    }
    let first = wrong.first().map(|problem| problem.message.clone());
    let mut told = false;
    schedule.amend(|result| {
        let is_it = match node {
            Some(node) => result.node == node,
            None => result.status == Status::Success && !told,
        };
        if is_it && !told {
            told = true;
            result.status = Status::Error;
            result.message.clone_from(&first);
            result.diagnostics.extend(wrong.iter().cloned());
        }
    });
    match node {
        Some(node) => format!(
            "the transaction was refused at `{}`",
            manifest.node(node).name
        ),
        None => "it could not be begun".to_owned(),
    }
}

/// Adds to the results what was sent and told.
fn tell(schedule: &Schedule<'_>, turns: Vec<Turn<'_>>) {
    let mut sent: BTreeMap<NodeId, (Vec<String>, Vec<Diagnostic>)> = turns
        .into_iter()
        .map(|turn| (turn.node, (turn.statements, turn.warnings)))
        .collect();
    schedule.amend(|result| {
        if let Some((statements, warnings)) = sent.remove(&result.node) {
            result.sent.extend(statements);
            result.diagnostics.extend(warnings);
        }
    });
}

type Outcome = Result<(), (Option<NodeId>, Failure)>;

/// A section of each node.
fn each<'p>(
    session: &mut Session<'_, '_>,
    sections: impl Iterator<Item = &'p Section>,
    turns: &mut [Turn<'_>],
) -> Outcome {
    for (section, turn) in sections.zip(turns) {
        let done = session.section(section, turn);
        done.map_err(|failure| (Some(turn.node), failure))?;
    }
    Ok(())
}

/// The transaction, tried again as a whole when somebody else was first.
fn transaction(
    run: &Run<'_>,
    session: &mut Session<'_, '_>,
    publication: &Publication,
    turns: &mut [Turn<'_>],
) -> Outcome {
    let mut attempt = 1;
    let mut in_doubt = false;
    loop {
        if run.cancel.is_requested() && !in_doubt {
            return Err((None, Failure::Cancelled));
        }
        let (at, undone) = match statements(session, publication, turns) {
            Ok(()) => return Ok(()),
            Err(undone) => undone,
        };
        let (order, mut error) = match undone {
            Undone::Refused(refused) => *refused,
            Undone::Stopped(failure) => return Err((turns.get(at).map(|turn| turn.node), failure)),
        };
        let lost = error.class == ErrorClass::ConnectionLost;
        let committing = order
            .as_ref()
            .is_some_and(|order| order.statement == Statement::Commit);
        in_doubt |= lost && committing;
        if in_doubt {
            std::thread::sleep(RECONNECT);
            match is_shown(session, publication) {
                Some(true) => return Ok(()),
                Some(false) => {}
                None => error.help = Some("whether the last statement was done is not known: run it again, which begins with what is there".to_owned()),
            }
        }
        let pause = match error.class {
            _ if !publication.retryable || attempt == ATTEMPTS => None,
            ErrorClass::Retryable { after } => Some(after),
            ErrorClass::ConnectionLost => Some(RECONNECT),
            _ => None,
        };
        let turn = &mut turns[at];
        let Some(pause) = pause else {
            let failure = turn.failed(session, error, order.as_ref());
            return Err((Some(turn.node), failure));
        };
        attempt += 1;
        session.again(turn.node, &error, attempt, pause);
    }
}

/// Whether the transaction was committed, as far as the warehouse tells.
fn is_shown(session: &mut Session<'_, '_>, publication: &Publication) -> Option<bool> {
    let witness = publication.witness.as_ref()?;
    let connection = session.connection().ok()?;
    let columns = locked(&connection).columns(witness);
    session
        .after(columns)
        .ok()
        .map(|columns| columns.is_empty())
}

/// One attempt; the place of the node that it ended at.
fn statements(
    session: &mut Session<'_, '_>,
    publication: &Publication,
    turns: &mut [Turn<'_>],
) -> Result<(), (usize, Undone)> {
    let refused = |error: Error| Undone::Refused(Box::new((None, error)));
    let edge = |session: &Session<'_, '_>, statement: Statement| {
        let prepared = session.adapter().prepare(&statement, &NothingKnown);
        prepared
            .map(|prepared| Order {
                statement,
                prepared,
            })
            .map_err(|refusal| refused(Error::new(ErrorClass::Internal, refusal.message)))
    };
    let first = |undone| (0, undone);
    let begin = edge(session, Statement::Begin).map_err(first)?;
    let commit = edge(session, Statement::Commit).map_err(first)?;
    let Some(turn) = turns.first_mut() else {
        return Ok(());
    };
    session.send(&begin, turn).map_err(first)?;
    still_there(session, turns)?;
    let turn = &mut turns[0];
    for order in &publication.views {
        session.send(order, turn).map_err(first)?;
    }
    for (at, (node, turn)) in publication.nodes.iter().zip(&mut *turns).enumerate() {
        for order in &node.swap {
            session.send(order, turn).map_err(|undone| (at, undone))?;
        }
    }
    let last = turns.len() - 1;
    session
        .send(&commit, &mut turns[last])
        .map_err(|undone| (last, undone))
}
