//! `redstart show`.

use std::collections::BTreeSet;

use super::compile::Format;
use super::options::FullRefresh;
use super::pipeline::{self, Door, Prepared, Reading, Warehouse};
use super::selecting::{Selecting, asked_for};
use super::{Outcome, Session, Stop};
use crate::adapter::Table;
use crate::artifacts;
use crate::compile::{Sql, Turn};
use crate::diagnostic::{Diagnostic, Source, counted};
use crate::graph::Selection;
use crate::jinja::Template;
use crate::manifest::node::{Detail, LoadMode};
use crate::manifest::{Node, ResourceType};
use crate::materialization::{failed, kept_rejects, rejects_of};
use crate::report::{Asked, Message, rows};

/// The kinds of node that have rows to show.
const SHOWN: [ResourceType; 6] = [
    ResourceType::Model,
    ResourceType::Seed,
    ResourceType::Snapshot,
    ResourceType::Source,
    ResourceType::Test,
    ResourceType::Analysis,
];

/// Show the rows of a query without building anything
#[derive(clap::Args, Debug)]
#[command(
    group = clap::ArgGroup::new("what").required(true).args(["select", "models", "inline", "failed"]).multiple(false),
    after_help = "Examples:
  redstart show -s top_songs                            the first rows of a model
  redstart show -s top_songs --limit 20 --output json   as JSON, alone on standard output
  redstart show --failed fct_orders                     the rows that were not shown, as tests failed or too many were rejected
  redstart show --inline \"select count(*) from {{ ref('dim_users') }}\""
)]
pub struct Args {
    #[command(flatten)]
    pub(super) selecting: Selecting,
    #[command(flatten)]
    pub(super) full_refresh: FullRefresh,

    /// Run this template instead of a node's
    #[arg(long, value_name = "SQL")]
    pub(super) inline: Option<String>,

    /// Show what the last build of this node left: all its rows if tests failed (`audit`), the rejected ones if they were more than `reject_limit`
    #[arg(long, value_name = "NODE")]
    pub(super) failed: Option<String>,

    /// At most this many rows; -1 for all. Without it 5, and all of those that `--failed` shows
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        value_parser = at_least_minus_one
    )]
    pub(super) limit: Option<i64>,

    /// A table for people, or JSON rows alone
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) output: Format,
}

/// Whether SQL has a name, in any case; a name that is no word may stand anywhere in it.
fn mentions(sql: &str, name: &str) -> bool {
    let in_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let (sql, name) = (sql.to_lowercase(), name.to_lowercase());
    match name.chars().all(in_word) {
        true => sql
            .split(|letter| !in_word(letter))
            .any(|word| word == name),
        false => sql.contains(&name),
    }
}

/// Takes the personal values out of the answer of a query of one's own.
fn hide(table: &mut Table, prepared: &Prepared, reading: &Reading, sql: &str) {
    if let Some(told) = reading.personal_in(prepared, sql) {
        let names = table
            .columns
            .iter()
            .map(|column| column.name.to_lowercase());
        if names.eq(told.iter().map(|(name, _)| name.to_lowercase())) {
            let hidden: Vec<bool> = told.iter().map(|(_, hidden)| *hidden).collect();
            rows::mask_at(table, &hidden);
            return;
        }
    }
    // What it calls a value is anyone's guess: the names of all personal columns of what it reads are taken for them.
    let read = prepared.manifest.ids().filter(|id| {
        let relation = prepared.manifest.node(*id).relation.as_ref();
        relation.is_none_or(|relation| {
            let kept = [
                relation.clone(),
                rejects_of(relation),
                failed(relation),
                kept_rejects(relation),
            ];
            let mut kept = kept.iter();
            kept.any(|relation| mentions(sql, &relation.identifier))
        })
    });
    let personal = read.flat_map(|id| reading.personal.of_node(id));
    let personal = personal.map(|(column, _)| column.column.to_string());
    rows::mask_mentioned(table, &personal.collect(), sql);
}

fn at_least_minus_one(text: &str) -> Result<i64, String> {
    match text.parse() {
        Ok(number) if number >= -1 => Ok(number),
        _ => Err("a whole number is needed, or -1 for all rows".to_owned()),
    }
}

impl Args {
    pub(super) fn run(&self, session: &Session) -> Result<Outcome, Stop> {
        let prepared = pipeline::prepare(session)?;
        let mut request = self.selecting.request(SHOWN);
        request.select.extend(self.failed.clone());
        let selection = match &self.inline {
            Some(_) => Selection::default(),
            None => pipeline::select(session, &prepared, &request)?,
        };
        if self.inline.is_none() && selection.is_empty() {
            return Ok(Outcome::Done);
        }
        let door = Door::of(&prepared)?;
        let warehouse = door.enter(session, &prepared)?;
        prepared.defer(&selection, &warehouse.existing);
        let compiler = pipeline::compiler(
            session,
            &prepared,
            &door,
            Some(warehouse.existing.clone()),
            self.full_refresh.full_refresh,
            &selection,
        );
        let ask = |sql: &Sql| self.rows(sql, &prepared, &door, &warehouse);
        if let Some(text) = &self.inline {
            let template = Template::file(&Source::new("--inline", text.as_str()));
            let sql = compiler
                .inline(&template, Some(&warehouse.connection))
                .map_err(|wrong| Stop::Refused((*wrong).into()))?;
            let mut table = ask(&sql)?;
            let reading = pipeline::personal(session, &prepared, &door)?;
            if let Some(reading) = reading {
                hide(&mut table, &prepared, &reading, &sql.text);
            }
            self.answer(session, None, &table)?;
            return Ok(Outcome::Done);
        }
        let reading = pipeline::personal(session, &prepared, &door)?;
        let mut hidden = BTreeSet::new();
        for id in asked_for(&prepared.manifest, &selection) {
            let node = prepared.manifest.node(id);
            if let Some(reading) = &reading {
                hidden = reading
                    .personal
                    .of_node(id)
                    .map(|(column, _)| column.column.to_string())
                    .collect();
            }
            let sql = match (&node.code, &node.relation) {
                (_, Some(relation)) if self.failed.is_some() => {
                    let mut kept = [failed(relation), kept_rejects(relation)].into_iter();
                    let kept = kept.find(|kept| warehouse.existing.get(kept).is_some());
                    let Some(kept) = kept else {
                        let message = format!("no failed build of `{}` is kept", node.name);
                        let problem = Diagnostic::error("no-failed-build", message)
                            .help("a build is kept when its tests failed: `redstart build --audit`, or `audit: true`")
                            .help("its rejected rows are kept when they were more than `reject_limit`");
                        let load = match &node.detail {
                            Detail::Source(source) => source.load.as_ref(),
                            _ => None,
                        };
                        let adds = load.is_some_and(|load| load.mode == LoadMode::Append);
                        let problem = match adds {
                            true => problem.help("what an appending load adds is tested inside of its transaction and goes with it, and is in its files: `redstart build --atomic` keeps it"),
                            false => problem,
                        };
                        return Err(Stop::refused(problem));
                    };
                    Sql::of(format!("select * from {}", artifacts::relation_name(&kept)))
                }
                (None, Some(relation)) => {
                    let name = artifacts::relation_name(relation);
                    Sql::of(format!("select * from {name}"))
                }
                _ => compiler
                    .at_turn(id, &Turn::on(&warehouse.connection), None)
                    .map_err(|wrong| Stop::Refused((*wrong).into()))?,
            };
            let mut table = ask(&sql)?;
            match &reading {
                // What the rows of such a test are called is anyone's guess.
                Some(reading) if !reading.tells_columns(id) => {
                    rows::mask_mentioned(&mut table, &hidden, &sql.text);
                }
                _ => rows::mask(&mut table, &hidden),
            }
            self.answer(session, Some(node), &table)?;
        }
        Ok(Outcome::Done)
    }

    fn rows(
        &self,
        sql: &Sql,
        prepared: &Prepared,
        door: &Door,
        warehouse: &Warehouse,
    ) -> Result<Table, Stop> {
        let query = door
            .adapter
            .prepare_query(&sql.text, &warehouse.existing)
            .map_err(|refusal| Stop::Refused(pipeline::refused(refusal, sql)))?;
        let usual = if self.failed.is_some() { -1 } else { 5 };
        let limit = usize::try_from(self.limit.unwrap_or(usual)).ok();
        let connection = &warehouse.connection;
        connection
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .query(&query, limit)
            .map_err(|error| {
                let existing = &warehouse.existing;
                Stop::Refused(pipeline::failed(error, sql, prepared, existing))
            })
    }

    fn answer(&self, session: &Session, node: Option<&Node>, table: &Table) -> Result<(), Stop> {
        let name = node.map(|node| node.name.as_str());
        let text = match self.output {
            Format::Json => rows::json(name, table),
            Format::Text => {
                let heading = name.map(|name| format!("{name}\n")).unwrap_or_default();
                heading + &rows::text(table)
            }
        };
        let text = text.trim_end_matches('\n').to_owned();
        let asked = Asked {
            node,
            as_json: self.output == Format::Json,
            quiet: session.global.output.quiet,
        };
        session
            .terminal
            .answer_event(&Message::shown(asked, text))?;
        if table.truncated && self.limit.is_none() {
            let shown = counted(table.rows.len() as u64, "row");
            session
                .terminal
                .info(format!("The first {shown}; `--limit -1` shows all"));
        }
        Ok(())
    }
}
