//! What a run tells, as messages: a line for people, and name, code and data as in dbt's structured log.
//!
//! In: [`Event`]s. Out: [`Message`]s. Writes nothing.

use serde_json::{Map, Value, json};

use super::palette::Palette;
use crate::artifacts::{relation_name, seconds, timestamp};
use crate::diagnostic::{Diagnostic, Level, counted};
use crate::manifest::node::Detail;
use crate::manifest::{Manifest, Node, NodeId, ResourceType};
use crate::run::{Event, NodeResult, RunResults, Status};

/// How much a message matters; each shows itself and what is above it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum LogLevel {
    /// Everything, statements too.
    Debug,
    /// The course of a run.
    #[default]
    Info,
    /// Warnings.
    Warn,
    /// Errors.
    Error,
    /// Nothing.
    None,
}

impl LogLevel {
    /// dbt's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::None => "none",
        }
    }
}

/// One thing to tell.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// dbt's name of the event where it has one.
    pub name: &'static str,
    /// dbt's code of the event, or the code of a diagnostic.
    pub code: &'static str,
    /// How much it matters.
    pub level: LogLevel,
    /// For people, without a line end.
    pub text: String,
    /// For programs.
    pub data: Value,
}

impl Message {
    /// A message that has only its words.
    pub fn new(
        name: &'static str,
        code: &'static str,
        level: LogLevel,
        text: impl Into<String>,
    ) -> Self {
        let text = text.into();
        Self {
            name,
            code,
            level,
            data: json!({ "msg": text }),
            text,
        }
    }

    /// What a template or `ls` prints.
    pub fn printed(text: impl Into<String>) -> Self {
        Self::new("PrintEvent", "Z052", LogLevel::Info, text)
    }

    /// The SQL of a node, or of a query that has no name, as `compile` prints it; `text` holds the `compiled` SQL in the form asked for.
    pub fn compiled(asked: Asked<'_>, compiled: &str, text: String) -> Self {
        let mut data = asked.data();
        data["compiled"] = json!(compiled);
        Self::new("CompiledNode", "Q042", LogLevel::Info, text).with(data)
    }

    /// The rows of a node, or of a query that has no name, as `show` prints them.
    pub fn shown(asked: Asked<'_>, text: String) -> Self {
        let mut data = asked.data();
        data["preview"] = json!(text);
        Self::new("ShowNode", "Q041", LogLevel::Info, text).with(data)
    }

    fn with(mut self, data: Value) -> Self {
        self.data = data;
        self
    }
}

/// What a command was asked to print.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The node; none for a query of the command line.
    pub node: Option<&'a Node>,
    /// Whether it is printed as JSON.
    pub as_json: bool,
    /// `--quiet`.
    pub quiet: bool,
}

impl Asked<'_> {
    fn data(self) -> Value {
        json!({
            "is_inline": self.node.is_none(),
            "node_name": self.node.map_or("inline_query", |node| node.name.as_str()),
            "output_format": if self.as_json { "json" } else { "text" },
            "quiet": self.quiet,
            "unique_id": self.node.map_or("", |node| node.unique_id.as_str()),
        })
    }
}

/// The place, code and words of a diagnostic, for programs.
pub fn diagnostic_data(diagnostic: &Diagnostic) -> Value {
    let mut data = Map::new();
    data.insert("code".into(), diagnostic.code.into());
    data.insert("msg".into(), diagnostic.message.as_str().into());
    if let Some(span) = &diagnostic.span {
        let (line, column) = span.line_column();
        data.insert("path".into(), span.source.path.as_str().into());
        data.insert("line".into(), line.into());
        data.insert("column".into(), column.into());
    }
    if let Some(label) = &diagnostic.label {
        data.insert("label".into(), label.as_str().into());
    }
    let related: Vec<Value> = diagnostic
        .related
        .iter()
        .map(|(what, span)| json!({ "msg": what, "place": span.place() }))
        .collect();
    data.insert("related".into(), related.into());
    data.insert("notes".into(), diagnostic.notes.clone().into());
    data.insert("help".into(), diagnostic.what_to_do().into());
    Value::Object(data)
}

/// How many nodes have a turn, and how it is said.
#[derive(Clone, Copy)]
pub struct Telling<'a> {
    /// The nodes.
    pub manifest: &'a Manifest,
    /// How many have a turn.
    pub total: usize,
    /// Colours.
    pub palette: Palette,
    /// dbt's name of the target.
    pub target: &'a str,
}

impl Telling<'_> {
    /// What an event says.
    pub fn event(&self, event: &Event<'_>) -> Message {
        match event {
            Event::Started { total, threads } => Message::new(
                "ConcurrencyLine",
                "Q027",
                LogLevel::Info,
                format!(
                    "Running {} on {} (target `{}`)",
                    counted(*total as u64, "node"),
                    counted(*threads as u64, "thread"),
                    self.target
                ),
            )
            .with(
                json!({ "node_count": total, "num_threads": threads, "target_name": self.target }),
            ),
            Event::NodeStarted { node, index } => self.node_started(*node, *index),
            Event::NodeFinished { result, index } => self.node_finished(result, *index),
            Event::Retrying {
                node,
                reason,
                attempt,
            } => Message::new(
                "NodeRetrying",
                "R001",
                LogLevel::Info,
                format!(
                    "{} `{}` is tried again (attempt {attempt}): {reason}",
                    self.palette.yellow("RETRY"),
                    self.manifest.node(*node).unique_id
                ),
            )
            .with(json!({
                "attempt": attempt,
                "reason": reason,
                "node_info": node_info(self.manifest, self.manifest.node(*node), "started"),
            })),
            Event::Message { text, info: true } => {
                Message::new("JinjaLogInfo", "I062", LogLevel::Info, text.as_str())
            }
            Event::Message { text, info: false } => {
                Message::new("JinjaLogDebug", "I063", LogLevel::Debug, text.as_str())
            }
            Event::Warning(diagnostic) => self.warning(diagnostic),
            Event::Published { relations, elapsed } => Message::new(
                "RelationsPublished",
                "R003",
                LogLevel::Info,
                format!(
                    "Published {} in one transaction ({:.2}s)",
                    counted(*relations as u64, "relation"),
                    elapsed.as_secs_f64()
                ),
            )
            .with(json!({ "relations": relations, "execution_time": elapsed.as_secs_f64() })),
            Event::Cancelling => Message::new(
                "CancellingRun",
                "R002",
                LogLevel::Warn,
                self.palette
                    .yellow("Cancelling: waiting for the running statements to stop"),
            ),
        }
    }

    fn warning(&self, diagnostic: &Diagnostic) -> Message {
        let level = match diagnostic.level {
            Level::Error => LogLevel::Error,
            Level::Warning => LogLevel::Warn,
        };
        Message::new(
            "ProjectDiagnostic",
            diagnostic.code,
            level,
            diagnostic.to_string(),
        )
        .with(diagnostic_data(diagnostic))
    }

    fn node_started(&self, id: NodeId, index: usize) -> Message {
        let node = self.manifest.node(id);
        let what = description(node);
        Message::new(
            "LogStartLine",
            "Q011",
            LogLevel::Debug,
            format!("{} START {what}", self.number(index)),
        )
        .with(json!({
            "description": what,
            "index": index,
            "total": self.total,
            "node_info": node_info(self.manifest, node, "started"),
        }))
    }

    fn node_finished(&self, result: &NodeResult, index: usize) -> Message {
        let node = self.manifest.node(result.node);
        let (name, code) = match (result.status, node.resource_type) {
            (Status::Skipped, _) => ("SkippingDetails", "Q034"),
            (_, ResourceType::Test | ResourceType::UnitTest) => ("LogTestResult", "Q007"),
            (_, ResourceType::Seed) => ("LogSeedResult", "Q016"),
            (_, ResourceType::Snapshot) => ("LogSnapshotResult", "Q015"),
            (_, ResourceType::Source) if is_measured(node, result) => {
                ("LogFreshnessResult", "Q018")
            }
            (_, ResourceType::Operation) => ("LogHookEndLine", "Q033"),
            (Status::NoOp, _) => ("LogNodeNoOpResult", "Q019"),
            _ => ("LogModelResult", "Q012"),
        };
        let level = match result.status {
            Status::Fail | Status::Error | Status::PartialSuccess => LogLevel::Error,
            Status::Warn => LogLevel::Warn,
            _ => LogLevel::Info,
        };
        let seconds = seconds(result);
        let mut info = node_info(self.manifest, node, result.status.as_str());
        if let Some(timing) = result.compile.or(result.execute) {
            info["node_started_at"] = timestamp(timing.started).into();
        }
        if let Some(timing) = result.execute.or(result.compile) {
            info["node_finished_at"] = timestamp(timing.completed).into();
        }
        let data = json!({
            "description": description(node),
            "status": result.status.as_str(),
            "index": index,
            "total": self.total,
            "execution_time": seconds,
            "rows": result.rows,
            "num_failures": result.failures,
            "message": result.message,
            "node_info": info,
        });
        Message::new(name, code, level, self.finished_line(node, result, index)).with(data)
    }

    /// ` 3 of 12  OK    created sql table model dev.stg_events      [8056 rows in 0.12s]`
    fn finished_line(&self, node: &Node, result: &NodeResult, index: usize) -> String {
        let (word, paint): (_, fn(&Palette, &str) -> String) = match result.status {
            Status::Success => ("OK", Palette::green),
            Status::Pass => ("PASS", Palette::green),
            Status::Warn => ("WARN", Palette::yellow),
            Status::Fail => ("FAIL", Palette::red),
            Status::Error => ("ERROR", Palette::red),
            Status::Skipped => ("SKIP", Palette::yellow),
            Status::PartialSuccess => ("PARTIAL", Palette::yellow),
            Status::NoOp => ("NO-OP", Palette::yellow),
        };
        let what = match (node.resource_type, &node.relation) {
            // As dbt says it: the history is no new relation.
            (ResourceType::Snapshot, Some(relation)) if result.status == Status::Success => {
                format!("snapshotted {relation}")
            }
            (ResourceType::Source, _) if is_measured(node, result) => {
                let stale = match (result.status, &result.age) {
                    (Status::Error, Some(_)) => "STALE ",
                    _ => "",
                };
                format!("{stale}{}", description(node))
            }
            _ => format!("{}{}", verb(node, result.status), description(node)),
        };
        let number = self.number(index);
        let padding = " ".repeat(
            70_usize
                .saturating_sub(number.len() + 2 + 6 + what.chars().count())
                .max(2),
        );
        let status = paint(&self.palette, &format!("{word:<5}"));
        let end = outcome(result);
        let end = if end.is_empty() {
            String::new()
        } else {
            format!("{padding}{}", self.palette.dim(&format!("[{end}]")))
        };
        format!("{number}  {status} {what}{end}")
    }

    fn number(&self, index: usize) -> String {
        let width = self.total.to_string().len();
        format!("{index:>width$} of {}", self.total)
    }

    /// The last two lines of a run.
    pub fn summary(&self, results: &RunResults) -> [Message; 2] {
        let stats = Stats::of(results);
        let elapsed = results.elapsed.as_secs_f64();
        let stopped = if results.cancelled {
            ", stopped before its end"
        } else {
            ""
        };
        let finished = Message::new(
            "FinishedRunningStats",
            "E047",
            LogLevel::Info,
            format!(
                "Finished {} in {elapsed:.2}s{stopped}",
                self.kinds(results)
            ),
        )
        .with(json!({ "stat_line": self.kinds(results), "execution_time": elapsed, "cancelled": results.cancelled }));
        let Stats {
            pass,
            warn,
            error,
            skip,
            noop,
            total,
        } = stats;
        // Most runs have none.
        let nothing = match noop {
            0 => String::new(),
            noop => format!(" NO-OP={noop}"),
        };
        let line = format!(
            "Done. PASS={pass} WARN={warn} ERROR={error} SKIP={skip}{nothing} TOTAL={total}"
        );
        let line = if error > 0 {
            self.palette.red(&line)
        } else if warn > 0 || results.cancelled {
            self.palette.yellow(&line)
        } else {
            self.palette.green(&line)
        };
        let done = Message::new("StatsLine", "Z023", LogLevel::Info, line).with(json!({
            "stats": { "pass": pass, "warn": warn, "error": error, "skip": skip, "noop": noop, "total": total }
        }));
        [finished, done]
    }

    /// `1 seed, 2 table models, 8 data tests`.
    fn kinds(&self, results: &RunResults) -> String {
        let mut kinds = std::collections::BTreeMap::<String, u64>::new();
        for result in &results.results {
            let node = self.manifest.node(result.node);
            let kind = match node.resource_type {
                ResourceType::Model => format!("{} model", node.config.materialized),
                ResourceType::Test => "data test".to_owned(),
                ResourceType::UnitTest => "unit test".to_owned(),
                ResourceType::Operation => "project hook".to_owned(),
                ResourceType::Source if is_measured(node, result) => "source".to_owned(),
                ResourceType::Source => "load".to_owned(),
                other => other.as_str().replace('_', " "),
            };
            *kinds.entry(kind).or_default() += 1;
        }
        if kinds.is_empty() {
            return "nothing".to_owned();
        }
        kinds
            .iter()
            .map(|(kind, number)| counted(*number, kind))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

#[derive(Default)]
struct Stats {
    pass: usize,
    warn: usize,
    error: usize,
    skip: usize,
    noop: usize,
    total: usize,
}

impl Stats {
    fn of(results: &RunResults) -> Self {
        let mut stats = Self::default();
        for result in &results.results {
            stats.total += 1;
            match result.status {
                Status::Success | Status::Pass => stats.pass += 1,
                Status::Warn => stats.warn += 1,
                Status::Fail | Status::Error | Status::PartialSuccess => stats.error += 1,
                Status::Skipped => stats.skip += 1,
                Status::NoOp => stats.noop += 1,
            }
        }
        stats
    }
}

fn outcome(result: &NodeResult) -> String {
    let seconds = seconds(result);
    match result.status {
        Status::Skipped => result.message.clone().unwrap_or_default(),
        Status::Fail | Status::Warn if result.failures.is_some() => {
            format!(
                "{} in {seconds:.2}s",
                counted(result.failures.unwrap_or_default(), "failure")
            )
        }
        Status::PartialSuccess => match &result.batches {
            Some(batches) => {
                let all = batches.now.len();
                format!("{} of {all} batches in {seconds:.2}s", batches.built())
            }
            None => format!("{seconds:.2}s"),
        },
        Status::Success => match (result.rows, &result.message) {
            (Some(_), Some(message))
                if result.files.is_some() || result.set_aside.is_some() || result.left_out > 0 =>
            {
                format!("{message} in {seconds:.2}s")
            }
            (Some(rows), _) => format!("{} in {seconds:.2}s", counted(rows, "row")),
            (None, Some(message)) => format!("{message} in {seconds:.2}s"),
            (None, None) => format!("{seconds:.2}s"),
        },
        _ => format!("{seconds:.2}s"),
    }
}

fn verb(node: &Node, status: Status) -> &'static str {
    let done = status == Status::Success;
    match (node.resource_type, status) {
        (_, Status::Skipped) => "",
        (ResourceType::Model, _) if done => "created ",
        (ResourceType::Model, _) => "creating ",
        (ResourceType::Snapshot, _) => "",
        (ResourceType::Seed | ResourceType::Source, _) if done => "loaded ",
        (ResourceType::Seed | ResourceType::Source, _) => "loading ",
        _ => "",
    }
}

/// Whether the age of a source was asked, and not its rows loaded: what is not loaded is only ever measured.
fn is_measured(node: &Node, result: &NodeResult) -> bool {
    result.age.is_some() || node.config.materialized == "source"
}

/// What a node is, as in `sql table model dev.orders`.
pub fn description(node: &Node) -> String {
    let place = node
        .relation
        .as_ref()
        .map_or_else(|| node.name.clone(), ToString::to_string);
    match node.resource_type {
        ResourceType::Model => format!("sql {} model {place}", node.config.materialized),
        ResourceType::Seed => format!("seed file {place}"),
        ResourceType::Snapshot => format!("snapshot {place}"),
        ResourceType::Source => match &node.detail {
            Detail::Source(source) if node.config.materialized == "source" => {
                format!("freshness of {}.{}", source.source_name, node.name)
            }
            _ => format!("source table {place}"),
        },
        ResourceType::Test => format!("test {}", node.name),
        ResourceType::UnitTest => {
            let model = match &node.detail {
                Detail::UnitTest(test) => test.model.as_str(),
                _ => "",
            };
            format!("unit_test {model}::{}", node.name)
        }
        ResourceType::Operation => format!("hook {}", node.name),
        ResourceType::Analysis => format!("analysis {}", node.name),
        ResourceType::Exposure => format!("exposure {}", node.name),
        ResourceType::SemanticModel => format!("semantic model {}", node.name),
        ResourceType::Metric => format!("metric {}", node.name),
        ResourceType::SavedQuery => format!("saved query {}", node.name),
    }
}

fn node_info(manifest: &Manifest, node: &Node, status: &str) -> Value {
    let relation = node.relation.as_ref();
    let relation = relation.map(|relation| manifest.in_full(relation));
    let (database, schema) = relation.as_ref().map_or((None, ""), |relation| {
        (relation.database.as_deref(), relation.schema.as_str())
    });
    json!({
        "materialized": node.config.materialized,
        "meta": node.config.meta,
        "node_finished_at": "",
        "node_name": node.name,
        "node_path": node.path,
        "node_relation": {
            "alias": node.alias,
            "database": database.unwrap_or_default(),
            "relation_name": relation.as_ref().map(relation_name).unwrap_or_default(),
            "schema": schema,
        },
        "node_started_at": "",
        "node_status": status,
        "resource_type": node.resource_type.as_str(),
        "unique_id": node.unique_id,
    })
}

#[cfg(test)]
mod tests {
    use crate::artifacts::fixture;
    use crate::run::Status;

    #[test]
    fn rows_that_were_left_out_are_counted_though_no_log_tells_the_files() {
        let mut result = fixture::result(fixture::SOURCE, Status::Success);
        result.rows = Some(2);
        result.left_out = 3;
        result.message = Some("2 rows, 3 rejected".into());
        assert_eq!(super::outcome(&result), "2 rows, 3 rejected in 0.12s");
    }
}
