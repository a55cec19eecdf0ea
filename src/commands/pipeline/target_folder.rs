//! What a command leaves in the target folder: compiled SQL, the statements that were sent, the artifacts.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::{Execution, Prepared, invocation};
use crate::artifacts::file::write_json;
use crate::artifacts::manifest::ManifestJson;
use crate::artifacts::run_results::{self, Operated, run_results};
use crate::artifacts::sources::sources;
use crate::artifacts::state::UNFINISHED;
use crate::artifacts::{declared, graph_summary, load_errors};
use crate::commands::{Session, Stop};
use crate::compile::Compiled;
use crate::diagnostic::Diagnostic;
use crate::manifest::microbatch::Batch;
use crate::manifest::node::Detail;
use crate::manifest::{Node, NodeId, ResourceType};
use crate::project::selectors;
use crate::run::RunResults;

/// The target folder of a project.
pub struct TargetFolder<'a> {
    session: &'a Session,
    prepared: &'a Prepared,
    folder: PathBuf,
}

impl<'a> TargetFolder<'a> {
    /// The target folder of a project, made where there is none.
    ///
    /// # Errors
    /// When it cannot be made: better said before the warehouse does anything than after.
    pub fn of(session: &'a Session, prepared: &'a Prepared) -> Result<Self, Stop> {
        let project = &prepared.project;
        let folder = project.own.root.join(&project.target_path);
        let refused = |what: &str, cause: &io::Error| {
            let what = format!("{what} the target folder `{}`", folder.display());
            Stop::refused(
                Diagnostic::error("target-folder", what)
                    .note(cause.to_string())
                    .help("name another one with --target-path"),
            )
        };
        std::fs::create_dir_all(&folder).map_err(|cause| refused("cannot make", &cause))?;
        // Before anything is built: what a run leaves is written at its end.
        can_write(&folder).map_err(|cause| refused("cannot write into", &cause))?;
        Ok(Self {
            session,
            prepared,
            folder,
        })
    }

    /// A file in the target folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes the SQL of a node below `compiled/` or `run/`, under the path of its file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_sql(&self, below: &str, node: &Node, sql: &str) -> io::Result<()> {
        self.write(&self.sql_path(below, node), sql)
    }

    /// Writes the SQL of one batch of a node, into a folder of the name of the node's file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_batch(
        &self,
        below: &str,
        node: &Node,
        batch: &Batch,
        sql: &str,
    ) -> io::Result<()> {
        let path = self.sql_path(below, node).with_extension("");
        let stem = path.file_name().unwrap_or_default().to_string_lossy();
        let file = format!("{stem}_{}.sql", batch.name());
        self.write(&path.join(file), sql)
    }

    fn write(&self, path: &Path, sql: &str) -> io::Result<()> {
        let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        let sql = self.prepared.redactor.redact(sql);
        folder
            .and_then(|()| std::fs::write(path, sql.as_bytes()))
            .map_err(|cause| {
                let what = format!("cannot write `{}`: {cause}", path.display());
                io::Error::new(cause.kind(), what)
            })
    }

    fn sql_path(&self, below: &str, node: &Node) -> PathBuf {
        let mut path = self
            .folder
            .join(below)
            .join(&node.package_name)
            .join(&node.original_file_path);
        let in_yaml = [".yml", ".yaml"]
            .iter()
            .any(|end| node.original_file_path.ends_with(end));
        if node.resource_type == ResourceType::UnitTest {
            path.push(format!("models/{}.sql", node.name));
        } else if let Detail::Source(source) = &node.detail {
            path.push(format!("{}.{}.sql", source.source_name, node.name));
        } else if in_yaml {
            path.push(&node.path);
        }
        if path.extension().is_none_or(|extension| extension != "sql") {
            path.set_extension("sql");
        }
        path
    }

    /// Writes `manifest.json` of a project that was not compiled.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_parsed(&self) -> io::Result<()> {
        self.write_manifest(&Compiled::default(), &[], &BTreeSet::new())
    }

    /// Writes `manifest.json`, `graph_summary.json` and `semantic_manifest.json`; `compiled` has the SQL of nodes by their place, which `sql` had before the run, and `built` names those
    /// that were sent to the warehouse.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_manifest(
        &self,
        sql: &Compiled,
        compiled: &[Option<&str>],
        built: &BTreeSet<NodeId>,
    ) -> io::Result<()> {
        if !self.session.flags.is("write_json") {
            return Ok(());
        }
        let invocation = invocation(self.session, &self.prepared.project);
        let json = ManifestJson {
            built,
            manifest: &self.prepared.manifest,
            invocation: &invocation,
            compiled,
            sql,
            groups: &declared::groups(&self.prepared.project),
            macros: &declared::macros(&self.prepared.macros, &self.prepared.project),
            docs: &declared::docs(&self.prepared.project),
            selectors: &selectors::as_json(&self.prepared.project.selectors),
        };
        let redactor = &self.prepared.redactor;
        write_json(&self.path("manifest.json"), &json, redactor)?;
        let with_tests = self.session.verb == "build";
        let graph = graph_summary::graph_summary(&self.prepared.manifest, &invocation, with_tests);
        write_json(&self.path("graph_summary.json"), &graph, redactor)?;
        let semantic = graph_summary::semantic_manifest();
        write_json(&self.path("semantic_manifest.json"), &semantic, redactor)
    }

    /// Writes `sources.json`, or the file that was named for it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_sources(&self, results: &RunResults, output: Option<&Path>) -> io::Result<()> {
        if !self.session.flags.is("write_json") && output.is_none() {
            return Ok(());
        }
        let invocation = invocation(self.session, &self.prepared.project);
        let json = sources(&self.prepared.manifest, results, &invocation);
        let path = match output {
            Some(path) => self.session.here.join(path),
            None => self.path("sources.json"),
        };
        write_json(&path, &json, &self.prepared.redactor)
    }

    /// Writes the rows that loads could not take, each node's into a file of its own, and notes where; a node that took all of them
    /// now has none.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_load_errors(&self, results: &mut RunResults) -> io::Result<()> {
        let folder = self.path("load_errors");
        for result in &mut results.results {
            let node = self.prepared.manifest.node(result.node);
            if node.config.materialized != "load" {
                continue;
            }
            let name = load_errors::name(node);
            let path = folder.join(&name);
            let rows = match result.bad_rows.is_empty() {
                true => &result.rejected,
                false => &result.bad_rows,
            };
            if rows.is_empty() {
                match std::fs::remove_file(&path) {
                    Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
                    _ => continue,
                }
            }
            std::fs::create_dir_all(&folder)?;
            let file = io::BufWriter::new(std::fs::File::create(&path)?);
            load_errors::write(file, node, rows, &self.prepared.redactor)?;
            let target = self.prepared.project.target_path.display();
            result.told_in = Some(format!("{target}/load_errors/{name}"));
        }
        Ok(())
    }

    /// Notes that a run begins, and with which nodes, so that `retry` knows of one that is killed before it has results.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn note_begun(&self, execution: &Execution, nodes: &BTreeSet<NodeId>) -> io::Result<()> {
        if !self.session.flags.is("write_json") {
            return Ok(());
        }
        let project = &self.prepared.project;
        let json = run_results::unfinished(
            &self.prepared.manifest,
            nodes.iter().copied(),
            &invocation(self.session, project),
            &arguments(self.session, execution, &project.target.name),
        );
        write_json(&self.path(UNFINISHED), &json, &self.prepared.redactor)
    }

    /// Writes `run_results.json`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_run_results(&self, execution: &Execution, results: &RunResults) -> io::Result<()> {
        if !self.session.flags.is("write_json") {
            return Ok(());
        }
        let project = &self.prepared.project;
        let json = run_results(
            &self.prepared.manifest,
            results,
            &invocation(self.session, project),
            &arguments(self.session, execution, &project.target.name),
        );
        write_json(
            &self.path("run_results.json"),
            &json,
            &self.prepared.redactor,
        )?;
        self.forget_begun()
    }

    /// What a run left behind that was killed, or that has its results now.
    fn forget_begun(&self) -> io::Result<()> {
        match std::fs::remove_file(self.path(UNFINISHED)) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(cause),
            _ => Ok(()),
        }
    }
}

/// Writes `run_results.json` of `run-operation`: what became of a macro that was called with some arguments.
///
/// # Errors
/// When it cannot be written.
pub fn write_operated(
    session: &Session,
    prepared: &Prepared,
    operated: &Operated,
    called_with: Value,
) -> Result<(), Stop> {
    let folder = TargetFolder::of(session, prepared)?;
    if !session.flags.is("write_json") {
        return Ok(());
    }
    let project = &prepared.project;
    let mut arguments = session.arguments();
    let bare = operated
        .name
        .strip_prefix(&format!("{}.", project.own.name));
    let name = bare.unwrap_or(&operated.name);
    arguments.insert("macro".to_owned(), name.into());
    arguments.insert("args".to_owned(), called_with);
    arguments.insert("target".to_owned(), project.target.name.clone().into());
    let json = run_results::operated(operated, &invocation(session, project), &arguments);
    let path = folder.path("run_results.json");
    write_json(&path, &json, &prepared.redactor)?;
    folder.forget_begun()?;
    Ok(())
}

/// Whether a file can be made in a folder.
fn can_write(folder: &Path) -> io::Result<()> {
    let trial = folder.join(format!(".{}.tmp", std::process::id()));
    std::fs::write(&trial, "")?;
    std::fs::remove_file(trial)
}

/// How the program was called, as `run_results.json` tells it.
fn arguments(session: &Session, execution: &Execution, target: &str) -> Map<String, Value> {
    let mut arguments = session.arguments();
    let values = [
        ("select", json!(execution.request.select)),
        ("exclude", json!(execution.request.exclude)),
        ("selector", json!(execution.request.selector)),
        ("full_refresh", json!(execution.full_refresh)),
        ("fail_fast", json!(execution.fail_fast)),
        ("store_failures", json!(execution.store_failures)),
        ("target", json!(target)),
    ];
    arguments.extend(values.map(|(key, value)| (key.to_owned(), value)));
    // What dbt does not know is told where it was said, so that `retry` says it again.
    let own = [("audit", execution.audit), ("atomic", execution.atomic)];
    let said = own.into_iter().filter(|(_, said)| *said);
    arguments.extend(said.map(|(key, said)| (key.to_owned(), json!(said))));
    arguments
}
