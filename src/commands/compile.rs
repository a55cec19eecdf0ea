//! `redstart compile`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use clap::ValueEnum;

use serde_json::json;

use super::options::FullRefresh;
use super::pipeline::{self, Door, Prepared, TargetFolder, Warehouse};
use super::selecting::{Selecting, asked_for};
use super::{Outcome, Session, Stop};
use crate::adapter::ErrorClass;
use crate::compile::{Compiled, CompiledNode, Compiler, Sql, Turn};
use crate::diagnostic::{Diagnostics, Source};
use crate::graph::Selection;
use crate::jinja::{LATE, Template};
use crate::manifest::{Node, NodeId, ResourceType};
use crate::plan::{Options, Order, Plan, Planner, Work};
use crate::relation::{ExistingRelations, NothingKnown};
use crate::report::{Asked, Message};

/// Write the SQL of every node to target/compiled, and print that of selected ones
///
/// A template that asks the warehouse is compiled with its answers; where it cannot be reached, or with --no-introspect, such a template
/// is named and left out. Without one, no connection is opened.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  redstart compile                                     every node
  redstart compile -s dim_users                        print one model
  redstart compile -s dim_users --statements           the statements that build it, with its keys
  redstart compile -s dim_users --emulated             as it is sent to the emulating engine
  redstart compile --inline \"select * from {{ ref('dim_users') }}\"")]
pub struct Args {
    #[command(flatten)]
    pub(super) selecting: Selecting,
    #[command(flatten)]
    pub(super) full_refresh: FullRefresh,

    /// Compile this template instead of a node
    #[arg(long, value_name = "SQL", conflicts_with = "select")]
    pub(super) inline: Option<String>,

    /// Print the statements that build the node on an empty warehouse, with its keys and attributes
    #[arg(long, conflicts_with = "inline")]
    pub(super) statements: bool,

    /// Print what is really sent where the target emulates Redshift: the query, or with --statements all of them
    #[arg(long)]
    pub(super) emulated: bool,

    /// How compiled SQL is printed
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) output: Format,
}

/// How a command prints its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// One JSON value
    Json,
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let prepared = pipeline::prepare(session)?;
        let mut kinds = pipeline::compiled_kinds();
        if self.statements {
            // A staged load has no template, but a COPY to show.
            kinds.insert(ResourceType::Source);
        }
        let request = self.selecting.request(kinds);
        let selection = match &self.inline {
            Some(_) => Selection::default(),
            None => pipeline::select(session, &prepared, &request)?,
        };
        let door = Door::of(&prepared)?;
        if prepared.deferral.get().is_some_and(|it| !it.is_empty()) {
            // What is not there is read from elsewhere: that the warehouse must say.
            let warehouse = door.enter(session, &prepared)?;
            prepared.defer(&selection, &warehouse.existing);
        }
        let full_refresh = self.full_refresh.full_refresh;
        let compiler =
            pipeline::compiler(session, &prepared, &door, None, full_refresh, &selection);
        if let Some(text) = &self.inline {
            let template = Template::file(&Source::new("--inline", text.as_str()));
            let sql = match compiler.inline(&template, None) {
                Err(wrong) if wrong.code == LATE && session.flags.is("introspect") => {
                    let warehouse = door.enter(session, &prepared)?;
                    let compiler = self.asking(session, &prepared, &door, &selection, &warehouse);
                    compiler.inline(&template, Some(&warehouse.connection))
                }
                done => done,
            };
            let sql = sql.map_err(|wrong| Stop::Refused((*wrong).into()))?;
            self.answer(session, &door, None, &sql)?;
            return Ok(Outcome::Done);
        }
        let mut compiled = compiler.all(selection.iter()).map_err(Stop::Refused)?;
        let mut problems = Diagnostics::default();
        if session.flags.is("introspect") {
            problems = self.ask(session, &prepared, &door, &selection, &mut compiled)?;
        }
        self.write(session, &prepared, &compiled)?;
        problems.or(()).map_err(Stop::Refused)?;
        let planner = Planner {
            manifest: prepared.read(),
            adapter: &*door.adapter,
            // As on a warehouse where nothing stands yet.
            existing: &ExistingRelations::default(),
            selected: &selection.iter().collect(),
            columns_of: &|sql| pipeline::columns_of(&prepared, sql),
            tests_of: &|_| Vec::new(),
            waits: &[],
            seed: &|id| pipeline::seed(&prepared, id),
            batches: &BTreeMap::new(),
            batch: None,
            options: Options {
                full_refresh,
                ..Options::default()
            },
        };
        planner
            .misconfigured(&compiled)
            .or(())
            .map_err(Stop::Refused)?;
        if self.selecting.is_everything() {
            let reading = pipeline::read(&prepared, &compiled, &NothingKnown)?;
            pipeline::write_lineage(session, &prepared, &compiled, &reading)?;
            return Ok(Outcome::Done);
        }
        if self.statements {
            let asked = asked_for(&prepared.manifest, &selection)
                .into_iter()
                .collect();
            let planner = Planner {
                selected: &asked,
                ..planner
            };
            return self.statements(session, &planner, &door, &compiled);
        }
        for id in asked_for(&prepared.manifest, &selection) {
            let node = prepared.manifest.node(id);
            if let Some(sql) = compiled.sql(id).filter(|sql| !sql.text.is_empty()) {
                self.answer(session, &door, Some(node), sql)?;
            }
        }
        Ok(Outcome::Done)
    }

    /// Compiles the nodes whose templates ask the warehouse with its answers, where it can be reached; gives what is wrong with them.
    fn ask(
        &self,
        session: &Session,
        prepared: &Prepared,
        door: &Door,
        selection: &Selection,
        compiled: &mut Compiled,
    ) -> Result<Diagnostics, Stop> {
        let late = compiled.late().map(|(id, _)| id);
        // Hooks at the end of a run ask for what only a run knows.
        let is_operation =
            |id: &NodeId| prepared.manifest.node(*id).resource_type == ResourceType::Operation;
        let late: Vec<NodeId> = late.filter(|id| !is_operation(id)).collect();
        if late.is_empty() {
            return Ok(Diagnostics::default());
        }
        let warehouse = match door.enter(session, prepared) {
            Ok(warehouse) => warehouse,
            Err(error) if error.class == ErrorClass::Cancelled => return Err(error.into()),
            Err(error) => {
                session.terminal.info(format!(
                    "the warehouse that templates ask cannot be reached: {}",
                    error.message
                ));
                return Ok(Diagnostics::default());
            }
        };
        let compiler = self.asking(session, prepared, door, selection, &warehouse);
        let turn = Turn::on(&warehouse.connection);
        let mut problems = Diagnostics::default();
        for id in late {
            match compiler.at_turn(id, &turn, None) {
                Ok(sql) => compiled.extend([(id, CompiledNode::Ready(Arc::new(sql)))]),
                Err(wrong) => problems.push(*wrong),
            }
        }
        Ok(problems)
    }

    /// A compiler that knows what the warehouse has.
    fn asking(
        &self,
        session: &Session,
        prepared: &Prepared,
        door: &Door,
        selection: &Selection,
        warehouse: &Warehouse,
    ) -> Compiler {
        pipeline::compiler(
            session,
            prepared,
            door,
            Some(warehouse.existing.clone()),
            self.full_refresh.full_refresh,
            selection,
        )
    }

    /// Writes the SQL of the nodes and the manifest, and names the nodes whose SQL is not known yet.
    fn write(
        &self,
        session: &Session,
        prepared: &Prepared,
        compiled: &Compiled,
    ) -> Result<(), Stop> {
        let folder = TargetFolder::of(session, prepared)?;
        let manifest = &prepared.manifest;
        for id in manifest.ids() {
            if let Some(sql) = compiled.sql(id).filter(|sql| !sql.text.is_empty()) {
                folder.write_sql("compiled", manifest.node(id), &sql.text)?;
            }
        }
        let texts: Vec<Option<&str>> = manifest
            .ids()
            .map(|id| compiled.sql(id).map(|sql| sql.text.as_str()))
            .collect();
        folder.write_manifest(compiled, &texts, &BTreeSet::new())?;
        for (id, reason) in compiled.late() {
            session.terminal.info(format!(
                "`{}` is late: {reason}, so its SQL is known only at its turn in a run",
                manifest.node(id).name
            ));
        }
        Ok(())
    }

    /// Prints the statements that build the selected nodes where nothing stands yet.
    fn statements(
        &self,
        session: &Session,
        planner: &Planner<'_>,
        door: &Door,
        compiled: &Compiled,
    ) -> Result<Outcome, Stop> {
        let plan = Plan::new(planner, compiled).map_err(Stop::Refused)?;
        let (plan, _) = plan.refused().or(plan).map_err(Stop::Refused)?;
        for step in &plan.steps {
            let node = planner.manifest.node(step.node);
            let statements: Vec<String> = match &step.work {
                Work::Build(build) => {
                    let orders = build.sections.iter().flat_map(|section| &section.orders);
                    orders.flat_map(|order| self.words(door, order)).collect()
                }
                Work::Test(test) if self.emulated => test.check.prepared.sql.clone(),
                Work::Test(test) => vec![test.check.text.clone()],
                Work::UnitTest
                | Work::Freshness(_)
                | Work::Refused(_)
                | Work::NoOp
                | Work::Late
                | Work::InJinja => Vec::new(),
            };
            let text = match self.output {
                Format::Json => json!({ "node": node.name, "statements": statements }).to_string(),
                Format::Text => {
                    let text: String = statements
                        .iter()
                        .map(|statement| format!("{};\n\n", statement.trim()))
                        .collect();
                    format!("-- {}\n{}", node.unique_id, text.trim_end())
                }
            };
            session.terminal.answer_event(&Message::printed(text))?;
        }
        Ok(Outcome::Done)
    }

    fn words(&self, door: &Door, order: &Order) -> Vec<String> {
        if self.emulated {
            order.prepared.sql.clone()
        } else {
            door.adapter.sql(&order.statement)
        }
    }

    /// Prints the SQL of one node, as compiled or as the warehouse is sent it.
    fn answer(
        &self,
        session: &Session,
        door: &Door,
        node: Option<&Node>,
        sql: &Sql,
    ) -> Result<(), Stop> {
        let compiled = if self.emulated {
            let query = door
                .adapter
                .prepare_query(&sql.text, &NothingKnown)
                .map_err(|refusal| Stop::Refused(pipeline::refused(refusal, sql)))?;
            query.sql.join(";\n")
        } else {
            sql.text.clone()
        };
        let text = match (self.output, node) {
            (Format::Json, Some(node)) => {
                json!({ "node": node.name, "compiled": compiled }).to_string()
            }
            (Format::Json, None) => json!({ "compiled": compiled }).to_string(),
            (Format::Text, _) => compiled.trim().to_owned(),
        };
        let asked = Asked {
            node,
            as_json: self.output == Format::Json,
            quiet: session.global.output.quiet,
        };
        let message = Message::compiled(asked, &compiled, text);
        session.terminal.answer_event(&message)?;
        Ok(())
    }
}
