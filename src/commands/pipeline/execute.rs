//! A run: compiled, planned, carried out, told, and written down.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::audits::Audits;
use super::comments::Comments;
use super::history::History;
use super::together::{self, Aside};
use super::{Door, Execution, Prepared, TargetFolder, Warehouse, globals, heard, select};
use crate::adapter::{self, emulating};
use crate::artifacts::Previous;
use crate::commands::{Outcome, Session, Stop};
use crate::compile::{Compiled, Compiler, SharedConnection, Turn};
use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::docs::Formats;
use crate::graph::{Selection, Tests};
use crate::manifest::microbatch::{Batch, Batches};
use crate::manifest::node::{Column, Detail};
use crate::manifest::{Manifest, Node, NodeId, ResourceType};
use crate::plan::{Options, Plan, Planner, is_view};
use crate::project::seed::{self, Seed, SeedFormat};
use crate::redact::without_values;
use crate::relation::{ExistingRelations, NothingKnown, Relation};
use crate::report::rows;
use crate::run::{self, BatchResult, NodeResult, Run, RunResults};
use crate::warnings::Fate;

/// Runs the selected nodes in the warehouse and writes what became of them.
///
/// # Errors
/// Mistakes found before the first statement, or a warehouse that cannot be reached.
pub fn execute(session: &Session, execution: &Execution) -> Result<Outcome, Stop> {
    let prepared = super::prepare(session)?;
    let selection = select(session, &prepared, &execution.request)?;
    let folder = TargetFolder::of(session, &prepared)?;
    if selection.is_empty() {
        session
            .terminal
            .info("Nothing to do: no nodes are selected");
        folder.write_parsed()?;
        return Ok(Outcome::Done);
    }
    let door = Door::of(&prepared)?;
    let history = History::of(&prepared)?;
    session.begin_run();
    let warehouse = if execution.verb == "test" && !execution.store_failures {
        door.enter(session, &prepared)?
    } else {
        door.enter_in_turn(session, &prepared)?
    };
    if execution.verb == "load" {
        super::external::tell(session, &prepared, &selection, &warehouse.existing)?;
    }
    let selection = if execution.verb == "clone" {
        let existing = (!execution.full_refresh).then_some(&warehouse.existing);
        prepared.clone_from_state(session, &selection, existing)
    } else {
        prepared.defer(&selection, &warehouse.existing);
        selection
    };
    let full_refresh = execution.full_refresh;
    let batches = match execution.verb {
        "build" | "run" => super::batches::batches(
            session,
            &prepared,
            &warehouse.existing,
            full_refresh,
            &selection,
        ),
        _ => BTreeMap::new(),
    };
    let nodes = if execution.verb == "clone" {
        selection.iter().collect()
    } else {
        with_operations(&prepared, &selection)
    };
    let aside = match execution.atomic {
        true => Some(Aside::of(
            &prepared,
            &door,
            &warehouse,
            &nodes,
            &batches,
            full_refresh,
        )?),
        false => None,
    };
    let surroundings = |manifest, existing: &ExistingRelations| {
        let (batches, refresh) = (batches.clone(), (full_refresh, &selection));
        let existing = existing.clone();
        super::surroundings_of_run(
            session, &prepared, &door, existing, batches, refresh, manifest,
        )
    };
    let existing = &warehouse.existing;
    let compiler = heard(session, surroundings(None, existing));
    let (compiled, beside) = match &aside {
        None => (compiler.each(nodes.iter().copied()), None),
        Some(aside) => {
            // Once with the names that all will have, for who reads the SQL, and once with those that they have until then.
            let quiet = Compiler::new(surroundings(None, existing));
            let there = heard(
                session,
                surroundings(Some(&aside.manifest), &aside.existing),
            );
            let (hooks, others) = hooks_apart(&prepared, &nodes);
            let hooks = compiler.each(hooks);
            let compiled = quiet.each(others.clone()).and(hooks.clone());
            let planned = there.each(others).and(hooks);
            (compiled, Some((there, planned)))
        }
    };
    let audits = Audits::of(session, execution, &prepared, &compiler, &nodes)?;
    let wrong = super::before_run(
        session,
        &prepared,
        &door,
        &compiled,
        existing,
        &nodes,
        execution.check,
    )?;
    if let Some(aside) = &aside {
        aside.know_personal();
    }
    let work = Running {
        session,
        execution,
        prepared: &prepared,
        door: &door,
        warehouse: &warehouse,
        compiler: &compiler,
        compiled: &compiled,
        beside: beside.as_ref().map_or(&compiler, |(there, _)| there),
        planned: beside.as_ref().map_or(&compiled, |(_, planned)| planned),
        aside: aside.as_ref(),
        audits: &audits,
        wrong: &wrong,
        batches: &batches,
        nodes: &nodes,
        folder: &folder,
        history: history.as_ref(),
    };
    folder.note_begun(execution, &nodes)?;
    let (results, previous) = work.run()?;
    if let Some(history) = &history {
        history.keep(session, &prepared, &door, &results);
    }
    work.write(&results, &previous)?;
    let unloaded = if results.cancelled || !matches!(execution.verb, "build" | "run") {
        Outcome::Done
    } else {
        let wanted = super::unload::after_build(&prepared.manifest, &results);
        super::unload(session, &prepared, &door, wanted)?
    };
    Ok(match (results.cancelled, results.failed()) {
        (true, _) => Outcome::Cancelled,
        (_, true) => Outcome::Failed,
        _ => unloaded,
    })
}

/// The selected nodes and the hooks of the project, which run with every selection.
pub(super) fn with_operations(prepared: &Prepared, selection: &Selection) -> BTreeSet<NodeId> {
    let manifest = &prepared.manifest;
    let operations = manifest
        .ids()
        .filter(|id| manifest.node(*id).resource_type == ResourceType::Operation);
    selection.iter().chain(operations).collect()
}

/// Whether a node is a hook of the project.
fn is_hook(manifest: &Manifest, id: NodeId) -> bool {
    manifest.node(id).resource_type == ResourceType::Operation
}

/// The hooks of the project among some nodes, and the others.
fn hooks_apart(prepared: &Prepared, nodes: &BTreeSet<NodeId>) -> (Vec<NodeId>, Vec<NodeId>) {
    let manifest = &prepared.manifest;
    let nodes = nodes.iter().copied();
    nodes.partition(|id| is_hook(manifest, *id))
}

/// The names of a query's columns, where its text alone tells them and we speak its dialect.
pub fn columns_of(prepared: &Prepared, sql: &str) -> Option<Vec<String>> {
    if prepared.project.target.dialect() != "redshift" {
        return None;
    }
    let columns = emulating::translate_query(sql).ok()?.columns?;
    Some(columns.into_iter().map(|column| column.name).collect())
}

/// Reads a seed's file.
///
/// # Errors
/// What is wrong in the file, cell by cell.
pub fn seed(prepared: &Prepared, id: NodeId) -> Result<Seed, Diagnostics> {
    let node = prepared.manifest.node(id);
    let Detail::Seed { path } = &node.detail else {
        return Err(Diagnostics::default());
    };
    let config = &node.config;
    let format = SeedFormat {
        delimiter: config.delimiter.unwrap_or(','),
        column_types: &config.column_types,
        types_at: config
            .origins
            .get("column_types")
            .or(node.declared_at.as_ref()),
        dialect: prepared.project.target.dialect(),
        unquoted: config.quote_columns == Some(false),
    };
    let shown = &node.original_file_path;
    let read = seed::read(path, shown, &format);
    if !node.columns.values().any(Column::is_pii) {
        return read;
    }
    let hidden = |found: Vec<Diagnostic>| found.into_iter().map(|it| without_line(it, node));
    match read {
        Ok(seed) => Ok(Seed {
            warnings: hidden(seed.warnings).collect(),
            ..seed
        }),
        Err(found) => Err(Diagnostics(hidden(found.0).collect())),
    }
}

/// What is said of a line of a seed, without the line: a cell of it is personal.
fn without_line(found: Diagnostic, node: &Node) -> Diagnostic {
    let is_row =
        |span: &Span| span.source.path == node.original_file_path && span.line_column().0 > 1;
    let Some(place) = found.span.clone().filter(is_row) else {
        return found;
    };
    let label = found.label.as_deref().map(without_values);
    let mut told = Diagnostic {
        message: format!("{}: {}", place.place(), found.message),
        span: node.declared_at.clone(),
        label: None,
        ..found
    };
    told.notes.extend(label);
    told.notes
        .push("the line is not shown: a column of the seed is personal".to_owned());
    told
}

/// A run with all it needs.
pub(super) struct Running<'a> {
    pub(super) session: &'a Session,
    pub(super) execution: &'a Execution,
    pub(super) prepared: &'a Prepared,
    pub(super) door: &'a Door,
    pub(super) warehouse: &'a Warehouse,
    pub(super) compiler: &'a Compiler,
    /// The SQL of the nodes.
    pub(super) compiled: &'a Compiled,
    /// What compiles late nodes, and the SQL that is sent: the same, unless everything is built aside.
    pub(super) beside: &'a Compiler,
    pub(super) planned: &'a Compiled,
    pub(super) aside: Option<&'a Aside<'a>>,
    pub(super) audits: &'a Audits,
    /// What the checks found wrong with nodes.
    pub(super) wrong: &'a BTreeMap<NodeId, Diagnostics>,
    pub(super) batches: &'a BTreeMap<NodeId, Batches>,
    pub(super) nodes: &'a BTreeSet<NodeId>,
    pub(super) folder: &'a TargetFolder<'a>,
    pub(super) history: Option<&'a History>,
}

impl Running<'_> {
    /// Plans and carries out; gives the results, and those of the run before.
    pub(super) fn run(&self) -> Result<(RunResults, Previous), Stop> {
        let manifest = &self.prepared.manifest;
        let (read, existing) = match self.aside {
            Some(aside) => (&aside.manifest, &aside.existing),
            None => (self.prepared.read(), &self.warehouse.existing),
        };
        let planner = Planner {
            manifest: read,
            adapter: &*self.door.adapter,
            existing,
            selected: self.nodes,
            columns_of: &|sql| columns_of(self.prepared, sql),
            seed: &|id| seed(self.prepared, id),
            tests_of: &|id| self.audits.of_node(id),
            waits: self.audits.waits(),
            batches: self.batches,
            batch: None,
            options: Options {
                full_refresh: self.execution.full_refresh,
                store_failures: self.execution.store_failures,
                audit: self.execution.audit,
                freshness: self.execution.verb == "freshness",
                tests_gate: self.execution.tests == Tests::First,
                query_ids: self.history.is_some(),
                together: self.aside.is_some(),
            },
        };
        let mut plan = Plan::new(&planner, self.planned).map_err(Stop::Failed)?;
        if let Some(aside) = self.aside {
            aside.prepare(&planner, &mut plan).map_err(Stop::Refused)?;
        }
        plan.refuse(read, self.wrong);
        let warnings = &self.session.flags.warnings;
        let found = Diagnostics(warnings.apply(std::mem::take(&mut plan.warnings)));
        if found.has_errors() {
            return Err(Stop::Failed(found));
        }
        plan.warnings = found.0;
        let previous = self.previous();
        let durations = self.durations(&previous);
        let target = format!(
            "{}.{}",
            self.prepared.project.target.name, self.prepared.project.target.schema
        );
        let comments = Comments::of(self.prepared, self.door, self.compiler, self.nodes)?;
        let listener = self.session.terminal.run(manifest, &target);
        let together = self
            .aside
            .map(|aside| aside.shown(&plan.steps, self.compiled));
        let mut results = run::run(
            &Run {
                plan: &plan,
                planner: &planner,
                late: &|id, batch, connection, results| self.late(id, batch, connection, results),
                late_tests: &|tests, beside, connection| self.late_tests(tests, beside, connection),
                in_jinja: &|id, batch, sql, connection| {
                    let built = self.beside.build(id, sql, connection, batch);
                    built.map_err(|wrong| (*wrong).into())
                },
                late_hook: &|id, hook, connection| {
                    let rendered = self.hooks_of(id).post_hook(id, hook, &Turn::on(connection));
                    rendered.map_err(|wrong| (*wrong).into())
                },
                comment: &|id| comments.as_ref()?.of_node(id),
                threads: self.prepared.project.target.threads,
                fail_fast: self.execution.fail_fast,
                warnings_fail: warnings.fate("test-warned") == Fate::Error,
                start_gates: self.session.flags.is("skip_nodes_if_on_run_start_fails"),
                durations: &durations,
                together: together.as_ref().map(together::Shown::together),
                cancel: &self.session.cancel,
            },
            &mut |event| match self.aside {
                Some(aside) => aside.tell(event, &mut |event| listener.event(event)),
                None => listener.event(event),
            },
        );
        if let Some(aside) = self.aside {
            aside.name(&mut results);
        }
        // What is told at the end says where.
        let written = self.folder.write_load_errors(&mut results);
        listener.finish(&results);
        written?;
        Ok((results, previous))
    }

    fn late(
        &self,
        id: NodeId,
        batch: Option<Batch>,
        connection: &SharedConnection,
        results: &[NodeResult],
    ) -> Result<crate::compile::Sql, Diagnostics> {
        let manifest = &self.prepared.manifest;
        let names = match manifest.node(id).resource_type {
            ResourceType::Operation => {
                let adapter = self.prepared.project.target.dialect();
                globals::of_results(manifest, self.compiler.entries(), results, adapter)
            }
            _ => BTreeMap::new(),
        };
        let turn = Turn::with(connection, names);
        let sql = self.compiler_of(id).at_turn(id, &turn, batch);
        let sql = sql.map_err(|wrong| Diagnostics::from(*wrong))?;
        if let Some(aside) = self.aside {
            aside.keep_late(id, &sql);
        }
        Ok(sql)
    }

    /// Compiles tests that ask the warehouse, about the rows of a node that stand beside until they are shown.
    fn late_tests(
        &self,
        tests: &[NodeId],
        beside: Option<(NodeId, &Relation)>,
        connection: &SharedConnection,
    ) -> Result<Vec<(NodeId, crate::compile::Sql)>, Diagnostics> {
        let aimed = beside.map(|(node, relation)| {
            let mut manifest = Manifest::clone(self.prepared.read());
            manifest.nodes[node.index()].relation = Some(relation.clone());
            let named = self.nodes.iter().copied();
            let selection = named.filter(|id| !is_hook(&manifest, *id)).collect();
            heard(
                self.session,
                super::surroundings_of_run(
                    self.session,
                    self.prepared,
                    self.door,
                    self.warehouse.existing.clone(),
                    self.batches.clone(),
                    (self.execution.full_refresh, &selection),
                    Some(&Arc::new(manifest)),
                ),
            )
        });
        let compiler = aimed.as_ref().unwrap_or(self.compiler);
        let mut problems = Diagnostics::default();
        let mut done = Vec::new();
        for test in tests {
            match compiler.at_turn(*test, &Turn::on(connection), None) {
                Ok(sql) => done.push((*test, sql)),
                Err(wrong) => problems.push(*wrong),
            }
        }
        problems.or(done).map(|(done, _)| done)
    }

    /// Who compiles a node at its turn: the hooks of the project know nothing of what stands aside.
    fn compiler_of(&self, id: NodeId) -> &Compiler {
        match self.prepared.manifest.node(id).resource_type {
            ResourceType::Operation => self.compiler,
            _ => self.beside,
        }
    }

    /// Who renders the late hooks of a node: those of a view that stands aside run when it is shown.
    fn hooks_of(&self, id: NodeId) -> &Compiler {
        match is_view(self.prepared.manifest.node(id)) {
            true => self.compiler,
            false => self.beside,
        }
    }

    /// What the last run left here, or else what the history of runs knows; what cannot be read is no reason not to run.
    fn previous(&self) -> Previous {
        let unused = |error: &dyn std::fmt::Display| {
            let words = format!("what the last run left is not used: {error}");
            self.session.terminal.debug(words);
        };
        let here = Previous::load(&self.folder.path("")).unwrap_or_else(|error| {
            unused(&error);
            Previous::default()
        });
        match self.history {
            Some(history) if here.results.is_empty() => {
                history.last(self.door).unwrap_or_else(|error| {
                    unused(&error);
                    here
                })
            }
            _ => here,
        }
    }

    fn durations(&self, previous: &Previous) -> BTreeMap<String, Duration> {
        previous
            .results
            .iter()
            .filter_map(|(id, last)| {
                Some((id.clone(), Duration::try_from_secs_f64(last.seconds).ok()?))
            })
            .collect()
    }

    /// Compiled SQL, the statements that were sent, the artifacts, and after a build the dictionary.
    fn write(&self, results: &RunResults, previous: &Previous) -> Result<(), Stop> {
        let manifest = &self.prepared.manifest;
        let mut texts: Vec<Option<&str>> = vec![None; manifest.nodes.len()];
        for id in self.nodes {
            if let Some(sql) = self.compiled.sql(*id).filter(|sql| !sql.text.is_empty()) {
                texts[id.index()] = Some(&sql.text);
            }
        }
        let mut built = BTreeSet::new();
        for result in &results.results {
            let node = manifest.node(result.node);
            if let Some(sql) = &result.compiled_code {
                texts[result.node.index()] = Some(sql);
            }
            for batch in result.batches.iter().flat_map(|batches| &batches.now) {
                self.write_batch(node, batch)?;
                if !batch.sent.is_empty() {
                    built.insert(result.node);
                }
            }
            if !result.sent.is_empty() {
                built.insert(result.node);
                let sent = result.sent.join(";\n\n") + ";\n";
                self.folder.write_sql("run", node, &sent)?;
            }
        }
        for (id, text) in manifest.ids().zip(&texts) {
            if let Some(text) = text {
                self.folder.write_sql("compiled", manifest.node(id), text)?;
            }
        }
        self.folder.write_manifest(self.compiled, &texts, &built)?;
        self.folder.write_run_results(self.execution, results)?;
        let mut last = previous.clone().then(manifest, results);
        crate::docs::keep_words(manifest, &mut last, results, &|id, text| {
            self.compiler.said(id, text)
        });
        if self.session.flags.is("write_json") {
            last.save(&self.folder.path(""), &self.prepared.redactor)?;
        }
        if self.execution.verb == "build" && !results.cancelled {
            super::dictionary::write(
                self.session,
                self.prepared,
                self.door,
                &last,
                &texts,
                super::dictionary::Wanted {
                    nodes: None,
                    formats: Formats::USUAL,
                    whole: None,
                },
            )?;
        }
        if self.execution.show {
            self.show_seeds(results)?;
        }
        Ok(())
    }

    /// The SQL of one batch, in a file of its own.
    fn write_batch(&self, node: &Node, done: &BatchResult) -> Result<(), Stop> {
        let folder = self.folder;
        if let Some(sql) = &done.compiled_code {
            folder.write_batch("compiled", node, &done.batch, sql)?;
        }
        if !done.sent.is_empty() {
            let sent = done.sent.join(";\n\n") + ";\n";
            folder.write_batch("run", node, &done.batch, &sent)?;
        }
        Ok(())
    }

    /// `--show`: the first rows of each seed that was loaded.
    fn show_seeds(&self, results: &RunResults) -> Result<(), Stop> {
        const ROWS: usize = 10;
        let mut connection = self.door.connect(self.session)?;
        for result in &results.results {
            let node = self.prepared.manifest.node(result.node);
            let (ResourceType::Seed, Some(relation), false) = (
                node.resource_type,
                &node.relation,
                result.status.is_failure(),
            ) else {
                continue;
            };
            let query = format!(
                "select * from {}",
                crate::artifacts::relation_name(relation)
            );
            let prepared = self.door.adapter.prepare_query(&query, &NothingKnown);
            let prepared = prepared.map_err(|refusal| {
                adapter::Error::new(adapter::ErrorClass::User, refusal.message)
            })?;
            let table = connection.query(&prepared, Some(ROWS))?;
            let text = format!("{}\n{}", node.name, rows::text(&table));
            self.session.terminal.answer(&text)?;
        }
        Ok(())
    }
}
