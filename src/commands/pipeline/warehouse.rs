//! From the target of a project to its warehouse.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::Prepared;
use super::turn::Turn;
use crate::adapter::target::{Target, TargetConfig, TargetKey, open};
use crate::adapter::{self, Adapter, Connection, ErrorClass};
use crate::commands::{Session, Stop};
use crate::compile::SharedConnection;
use crate::manifest::node::Detail;
use crate::manifest::{Node, ResourceType};
use crate::relation::{ExistingRelations, Relation};

/// The target, understood: it can say every statement, and nothing is opened yet.
pub struct Door {
    /// The warehouse's door.
    pub adapter: Arc<dyn Adapter>,
}

/// A warehouse with a session in it, and what it holds.
pub struct Warehouse {
    /// The session that the program itself uses, beside those of the workers.
    pub connection: SharedConnection,
    /// What stands in the schemas of the project.
    pub existing: ExistingRelations,
}

impl Door {
    /// Understands the target of a project.
    ///
    /// # Errors
    /// Keys that the adapter does not know or that hold what they should not, and a warehouse that cannot be opened.
    pub fn of(prepared: &Prepared) -> Result<Self, Stop> {
        Self::with_folder(prepared, None)
    }

    /// The same, where a folder stands for one more prefix of S3.
    ///
    /// # Errors
    /// As for [`Door::of`].
    pub fn with_folder(prepared: &Prepared, folder: Option<(&str, &Path)>) -> Result<Self, Stop> {
        let target = &prepared.project.target;
        let mut config = TargetConfig {
            name: target.name.clone(),
            folder: prepared.project.own.root.clone(),
            origin: Some(target.span.clone()),
            keys: target
                .values
                .iter()
                .map(|(name, value)| TargetKey {
                    name: name.clone(),
                    key_span: Some(value.span.clone()),
                    value: value.value.clone(),
                    value_span: Some(value.span.clone()),
                })
                .collect(),
        };
        if let Some((prefix, folder)) = folder {
            let folder = serde_json::Value::from(folder.to_string_lossy().into_owned());
            let known = config.keys.iter_mut().find(|key| key.name == "s3");
            match known.map(|key| &mut key.value) {
                Some(serde_json::Value::Object(map)) => {
                    map.insert(prefix.to_owned(), folder);
                }
                _ => config.keys.push(TargetKey {
                    name: "s3".to_owned(),
                    key_span: None,
                    value: serde_json::json!({ prefix: folder }),
                    value_span: None,
                }),
            }
        }
        let target = Target::understand(&config).map_err(Stop::Refused)?;
        Ok(Self {
            adapter: Arc::from(open(&target)?),
        })
    }

    /// Opens a session of the warehouse that Ctrl-C stops.
    ///
    /// # Errors
    /// What the warehouse answers.
    pub fn connect(&self, session: &Session) -> Result<Box<dyn Connection>, adapter::Error> {
        let connection = self.adapter.connect()?;
        session.cancel.on_request(connection.canceller());
        Ok(connection)
    }

    /// Opens a session and reads, once, what stands in the schemas of the project.
    ///
    /// # Errors
    /// What the warehouse answers.
    pub fn enter(
        &self,
        session: &Session,
        prepared: &Prepared,
    ) -> Result<Warehouse, adapter::Error> {
        let connection = self.connect(session)?;
        self.look(connection, prepared)
            .map_err(|error| or_cancelled(session, error))
    }

    /// The same for a build: what stands there stays as it is until this one changes it.
    ///
    /// # Errors
    /// What the warehouse answers, another build that takes longer than is waited for, and Ctrl-C while it has its turn.
    pub fn enter_in_turn(
        &self,
        session: &Session,
        prepared: &Prepared,
    ) -> Result<Warehouse, adapter::Error> {
        let schemas = schemas(prepared);
        let mut turn = Turn::new(session);
        turn.connection(self)
            .and_then(|mut connection| {
                turn.claim(&mut *connection, &schemas)?;
                self.look(connection, prepared)
            })
            .map_err(|error| or_cancelled(session, error))
    }

    fn look(
        &self,
        mut connection: Box<dyn Connection>,
        prepared: &Prepared,
    ) -> Result<Warehouse, adapter::Error> {
        let schemas = looked_at(prepared, self);
        let mut existing = connection.existing(&schemas)?;
        let kept = kept_with_grants(prepared, &existing);
        if !kept.is_empty() {
            let granted = connection.granted(&kept)?;
            existing.note_granted(&kept, granted);
        }
        Ok(Warehouse {
            connection: Arc::new(Mutex::new(connection)),
            existing,
        })
    }
}

/// The schemas that are looked at: those that the project builds in, and those of what it reads where that matters.
pub(super) fn looked_at(prepared: &Prepared, door: &Door) -> Vec<String> {
    let mut schemas = schemas(prepared);
    if door.adapter.wants_columns() {
        let nodes = prepared.manifest.nodes.iter();
        let read = nodes.filter_map(|node| Some(node.relation.as_ref()?.schema.to_lowercase()));
        schemas.extend(read);
    }
    if let Some(deferral) = prepared.deferral.get() {
        schemas.extend(deferral.schemas());
    }
    schemas.sort();
    schemas.dedup();
    schemas
}

/// That nobody pressed Ctrl-C: what a warehouse answered after it may be the answer to something that was stopped.
pub(super) fn not_cancelled(session: &Session) -> Result<(), adapter::Error> {
    match session.cancel.is_requested() {
        true => Err(cancelled()),
        false => Ok(()),
    }
}

/// What a statement that was stopped by Ctrl-C says is no news.
pub(super) fn or_cancelled(session: &Session, error: adapter::Error) -> adapter::Error {
    if session.cancel.is_requested() && error.class != ErrorClass::Cancelled {
        return cancelled();
    }
    error
}

fn cancelled() -> adapter::Error {
    adapter::Error::new(ErrorClass::Cancelled, "the run was cancelled")
}

/// Tables that a build adds to and whose `grants` are configured: whoever else may use them loses that.
fn kept_with_grants(prepared: &Prepared, existing: &ExistingRelations) -> Vec<Relation> {
    let nodes = prepared.manifest.nodes.iter();
    nodes
        .filter(|node| {
            !node.config.grants.is_empty()
                && (matches!(
                    node.resource_type,
                    ResourceType::Snapshot | ResourceType::Seed
                ) || node.config.materialized == "incremental")
        })
        .filter_map(|node| Some(existing.get(node.relation.as_ref()?)?.relation.clone()))
        .collect()
}

/// The schemas that the project builds in, each once.
fn schemas(prepared: &Prepared) -> Vec<String> {
    schemas_of(prepared, |_| true)
}

/// The same of some nodes alone.
pub fn schemas_of(prepared: &Prepared, wanted: impl Fn(&Node) -> bool) -> Vec<String> {
    let nodes = prepared.manifest.nodes.iter();
    let built = nodes.filter(|node| {
        !matches!(&node.detail, Detail::Source(source) if source.load.is_none()) && wanted(node)
    });
    let names: BTreeSet<String> = built
        .filter_map(|node| Some(node.relation.as_ref()?.schema.clone()))
        .collect();
    names.into_iter().collect()
}
