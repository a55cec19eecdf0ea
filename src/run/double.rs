//! A warehouse that answers as a test tells it to, and writes down what it was sent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Cancel, Event, Run, RunResults, locked, run};
use crate::adapter::copy::{Object, StoredFile};
use crate::adapter::statement::Copy;
use crate::adapter::{
    Adapter, Connection, Error, ErrorClass, Outcome, Prepared, Refusal, Statement, Table, redshift,
};
use crate::compile::{Compiled, CompiledNode, HookSql, Sql, SqlMap};
use crate::data_tests;
use crate::diagnostic::{Diagnostics, Source};
use crate::jinja::{MacroFile, Macros, Rendered, Template, World};
use crate::manifest::{Manifest, Node, NodeId};
use crate::materialization::fixture::model;
use crate::plan::{Options, Plan, Planner};
use crate::relation::{Column, ExistingRelations, KnownColumns, Relation};
use crate::sql::alone::{self, Part};

/// What the warehouse answers to some SQL.
pub(super) enum Answer {
    /// It went well.
    Done(Option<u64>),
    /// Rows.
    Rows(Table),
    /// It went wrong.
    Wrong(Box<Error>),
    /// Nothing, until somebody cancels.
    Hangs,
}

type Script = dyn Fn(&str, usize) -> Answer + Send + Sync;

/// The warehouse.
pub(super) struct Double {
    script: Arc<Script>,
    log: Arc<Mutex<Vec<String>>>,
    columns: Vec<Column>,
}

impl Double {
    /// A warehouse that answers `script(sql, how often this sql came before)`.
    pub(super) fn new(script: impl Fn(&str, usize) -> Answer + Send + Sync + 'static) -> Self {
        Self {
            script: Arc::new(script),
            log: Arc::default(),
            columns: Vec::new(),
        }
    }

    /// Every relation has these columns.
    pub(super) fn with_columns(mut self, columns: Vec<Column>) -> Self {
        self.columns = columns;
        self
    }

    /// What was sent, in order, spaces evened out.
    pub(super) fn log(&self) -> Vec<String> {
        locked(&self.log).clone()
    }
}

impl Adapter for Double {
    fn dialect(&self) -> &'static str {
        "redshift"
    }

    fn sql(&self, statement: &Statement) -> Vec<String> {
        redshift::sql::sql(statement)
    }

    fn prepare(
        &self,
        statement: &Statement,
        _known: &dyn KnownColumns,
    ) -> Result<Prepared, Refusal> {
        if let Some(text) = statement.user_sql() {
            refuse(text)?;
        }
        Ok(Prepared::sql(self.sql(statement)))
    }

    fn prepare_query(&self, query: &str, _known: &dyn KnownColumns) -> Result<Prepared, Refusal> {
        refuse(query)?;
        Ok(Prepared::sql(vec![query.to_owned()]))
    }

    fn parts<'s>(&self, sql: &'s str) -> Vec<Part<'s>> {
        alone::parts(sql)
    }

    fn files(&self, _copy: &Copy) -> Result<Vec<StoredFile>, Error> {
        Ok(Vec::new())
    }

    fn object(&self, _url: &str) -> Result<Object, Error> {
        Err(Error::new(ErrorClass::User, "nothing stands for S3"))
    }

    fn connect(&self) -> Result<Box<dyn Connection>, Error> {
        Ok(Box::new(Session {
            script: Arc::clone(&self.script),
            log: Arc::clone(&self.log),
            columns: self.columns.clone(),
            cancelled: Arc::default(),
        }))
    }
}

fn refuse(text: &str) -> Result<(), Refusal> {
    match text.find("forbidden()") {
        None => Ok(()),
        Some(at) => Err(Refusal {
            code: "unknown-function",
            message: "there is no function `forbidden`".into(),
            range: Some(at..at + "forbidden()".len()),
            reason: Some("not known to this warehouse".into()),
            help: None,
        }),
    }
}

struct Session {
    script: Arc<Script>,
    log: Arc<Mutex<Vec<String>>>,
    columns: Vec<Column>,
    cancelled: Arc<AtomicBool>,
}

impl Session {
    fn ask(&self, sql: &str) -> Result<(Option<u64>, Table), Error> {
        let words = sql.split_whitespace().collect::<Vec<_>>().join(" ");
        let before = {
            let mut log = locked(&self.log);
            let before = log.iter().filter(|sent| **sent == words).count();
            log.push(words.clone());
            before
        };
        match (self.script)(&words, before) {
            Answer::Done(rows) => Ok((rows, Table::default())),
            Answer::Rows(table) => Ok((None, table)),
            Answer::Wrong(error) => Err(*error),
            Answer::Hangs => {
                while !self.cancelled.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(Error::new(ErrorClass::Cancelled, "interrupted"))
            }
        }
    }
}

impl Connection for Session {
    fn execute(&mut self, prepared: &Prepared) -> Result<Outcome, Error> {
        let mut outcome = Outcome::default();
        for sql in &prepared.sql {
            outcome.rows = self.ask(sql)?.0;
        }
        Ok(outcome)
    }

    fn query(&mut self, prepared: &Prepared, limit: Option<usize>) -> Result<Table, Error> {
        let mut table = self.ask(&prepared.sql[0])?.1;
        table.rows.truncate(limit.unwrap_or(usize::MAX));
        Ok(table)
    }

    fn existing(&mut self, _: &[String]) -> Result<ExistingRelations, Error> {
        Ok(ExistingRelations::default())
    }

    fn columns(&mut self, _: &Relation) -> Result<Vec<Column>, Error> {
        Ok(self.columns.clone())
    }

    fn canceller(&self) -> Box<dyn Fn() + Send + Sync> {
        let cancelled = Arc::clone(&self.cancelled);
        Box::new(move || cancelled.store(true, Ordering::SeqCst))
    }
}

/// A small project and how it is run.
pub(super) struct Setup {
    pub(super) manifest: Manifest,
    pub(super) existing: ExistingRelations,
    pub(super) options: Options,
    pub(super) threads: usize,
    pub(super) fail_fast: bool,
    pub(super) cancel: Cancel,
    pub(super) durations: BTreeMap<String, Duration>,
    pub(super) late: Vec<&'static str>,
    /// Nodes that are not part of the run.
    pub(super) left_out: Vec<&'static str>,
    /// A hook behind each node, and whether it runs in the transaction.
    pub(super) hook: Option<(&'static str, bool)>,
}

impl Setup {
    /// Tables, each with the names of those it reads: `c < a b`.
    pub(super) fn tables(lines: &[&str]) -> Self {
        let mut setup = Self {
            manifest: Manifest::default(),
            existing: ExistingRelations::default(),
            options: Options {
                tests_gate: true,
                ..Options::default()
            },
            threads: 1,
            fail_fast: false,
            cancel: Cancel::new(),
            durations: BTreeMap::new(),
            late: Vec::new(),
            left_out: Vec::new(),
            hook: None,
        };
        setup.existing.insert_schema("analytics");
        for line in lines {
            let (name, reads) = line.split_once('<').unwrap_or((line, ""));
            let reads: Vec<&str> = reads.split_whitespace().collect();
            let name = name.trim();
            let node = model(name, "table", &format!("select 1 as {name}"));
            setup.add(node, &reads);
        }
        setup
    }

    /// One more node.
    pub(super) fn add(&mut self, mut node: Node, reads: &[&str]) -> NodeId {
        node.depends_on = reads.iter().map(|name| self.id(name)).collect();
        let id = NodeId(u32::try_from(self.manifest.nodes.len()).unwrap());
        self.manifest
            .by_unique_id
            .insert(node.unique_id.clone(), id);
        self.manifest.nodes.push(Box::new(node));
        id
    }

    pub(super) fn id(&self, name: &str) -> NodeId {
        let nodes = self.manifest.nodes.iter();
        let at = nodes.clone().position(|node| node.name == name).unwrap();
        NodeId(u32::try_from(at).unwrap())
    }

    fn sql(&self, id: NodeId) -> Arc<Sql> {
        let mut sql = Sql::default();
        sql.post_hooks
            .extend(self.hook.map(|(sql, transaction)| HookSql {
                sql: sql.to_owned(),
                transaction,
                origin: None,
                late: None,
            }));
        if let Some(code) = &self.manifest.node(id).code {
            let rendered = rendered(&Template::file(&code.source));
            sql.map = SqlMap::of(&rendered.text, rendered.map);
            sql.text = rendered.text;
        }
        Arc::new(sql)
    }

    /// Plans all nodes and runs them; `listener` sees the events.
    pub(super) fn run(
        &self,
        warehouse: &dyn Adapter,
        listener: &mut (dyn FnMut(&Event<'_>) + Send),
    ) -> RunResults {
        self.with_plan(warehouse, |planner, plan| {
            let plan = plan.unwrap();
            run(
                &Run {
                    comment: &|_| None,
                    plan: &plan,
                    planner,
                    late: &|id, _, _, _| Ok(self.sql(id).as_ref().clone()),
                    late_tests: &|_, _, _| Ok(Vec::new()),
                    late_hook: &|_, _, _| Ok(String::new()),
                    in_jinja: &|_, _, _, _| Ok(crate::compile::Acted::default()),
                    threads: self.threads,
                    fail_fast: self.fail_fast,
                    warnings_fail: false,
                    start_gates: true,
                    durations: &self.durations,
                    together: None,
                    cancel: &self.cancel,
                },
                listener,
            )
        })
    }

    /// Hands over the plan, or what is wrong with it.
    pub(super) fn with_plan<T>(
        &self,
        warehouse: &dyn Adapter,
        then: impl FnOnce(&Planner<'_>, Result<Plan, Diagnostics>) -> T,
    ) -> T {
        let name = |id: &NodeId| self.manifest.node(*id).name.as_str();
        let selected: BTreeSet<NodeId> = self
            .manifest
            .ids()
            .filter(|id| !self.left_out.contains(&name(id)))
            .collect();
        let compiled: Compiled = selected
            .iter()
            .map(|&id| {
                let late = self.late.contains(&self.manifest.node(id).name.as_str());
                let node = if late {
                    CompiledNode::Late {
                        reason: "run_query".into(),
                    }
                } else {
                    CompiledNode::Ready(self.sql(id))
                };
                (id, node)
            })
            .collect();
        let planner = Planner {
            manifest: &self.manifest,
            adapter: warehouse,
            existing: &self.existing,
            selected: &selected,
            columns_of: &|_| None,
            tests_of: &|_| Vec::new(),
            waits: &[],
            seed: &|_| Err(Diagnostics::default()),
            batches: &BTreeMap::new(),
            batch: None,
            options: self.options,
        };
        let plan = Plan::new(&planner, &compiled);
        then(&planner, plan)
    }

    /// One line a node: its name, its outcome, its message.
    pub(super) fn told(&self, results: &RunResults) -> String {
        results
            .results
            .iter()
            .map(|result| {
                let name = &self.manifest.node(result.node).name;
                let message = result.message.as_deref().unwrap_or("");
                format!("{name} {}: {message}\n", result.status.as_str())
            })
            .collect()
    }
}

struct Words;

impl World for Words {
    fn dialect(&self) -> &'static str {
        "duckdb"
    }

    fn package(&self) -> &'static str {
        "shop"
    }

    fn execute(&self) -> bool {
        true
    }
}

/// A template in a world that has nothing but the built-in tests.
pub(super) fn rendered(template: &Template) -> Rendered {
    let files: Vec<MacroFile> = data_tests::ALL
        .iter()
        .map(|test| MacroFile {
            package: "dbt".into(),
            source: Source::new(format!("{}.sql", test.name), test.template),
        })
        .collect();
    let macros = Macros::load("shop", &files, &BTreeMap::new()).unwrap();
    let world: Arc<dyn World> = Arc::new(Words);
    macros.render(template, &world).unwrap()
}

/// A warehouse's refusal.
pub(super) fn wrong(class: ErrorClass, message: &str) -> Answer {
    Answer::Wrong(Box::new(Error::new(class, message)))
}
