//! The second half of a build: what waits for the columns of a relation, or for the files that lie there.

use std::sync::Arc;

use super::session::Session;
use super::turn::{Failure, Turn};
use super::verdict;
use crate::adapter::copy::StoredFile;
use crate::adapter::{ColumnsByRelation, Error, ErrorClass, Statement, Table, Value};
use crate::diagnostic::{Diagnostic, counted};
use crate::materialization::{FileLoad, History, Phase, Rest, Wanted};
use crate::plan::{Audit, Known, Section};

/// What a load read.
pub(super) struct Load {
    pub(super) files: u64,
    pub(super) appends: bool,
}

impl Load {
    /// One line about a load after which the table has so many rows.
    pub(super) fn words(&self, rows: u64, (loaded, rejected): (u64, u64)) -> String {
        let files = counted(self.files, "file");
        let mut words = match (self.appends, self.files) {
            (false, _) => format!("{} from {files}", counted(rows, "row")),
            (true, 0) => format!("nothing new, {}", counted(rows, "row")),
            (true, _) => format!("{} from {files}, {rows} in all", counted(loaded, "new row")),
        };
        if rejected > 0 {
            words += &format!(", {rejected} rejected");
        }
        words
    }
}

/// The files that a table remembers.
fn remembered(table: &Table) -> Vec<StoredFile> {
    let file = |row: &Vec<Value>| match row.as_slice() {
        [url, size, etag] => Some(StoredFile {
            url: url.to_string(),
            size: size.to_string().parse().ok()?,
            etag: etag.to_string(),
        }),
        _ => None,
    };
    table.rows.iter().filter_map(file).collect()
}

impl Turn<'_> {
    /// Goes on where the build waited for something; the answer is what there is to do after that. `now` keeps the columns that were
    /// looked at on the way.
    pub(super) fn rest(
        &mut self,
        session: &mut Session<'_, '_>,
        rest: &Rest,
        now: &mut ColumnsByRelation,
        audit: Option<&Arc<Audit>>,
    ) -> Result<Option<Box<Rest>>, Failure> {
        let staging = match rest.wants() {
            Wanted::Files(load) => return self.files(session, load, audit),
            Wanted::Columns(staging) => staging,
        };
        let columns = session.connection().and_then(|connection| {
            let columns = super::locked(&connection).columns(staging);
            session.after(columns)
        });
        let columns = columns.map_err(|error| self.failed(session, error, None))?;
        let sections = rest
            .sections(&columns)
            .map_err(|wrong| Failure::Wrong(wrong.apart()))?;
        let next = rest.next(&columns);
        let run = session.shared.run;
        now.insert(staging.key(), columns);
        let now = self.with_filled(session, now.clone())?;
        let known = Known::new(run.planner.existing, &run.plan.planned).with(&now);
        let sections: Vec<Section> = run
            .planner
            .sections(self.node, sections, &known)
            .map_err(|wrong| Failure::Wrong(wrong.0))?;
        if let Rest::History(history) = rest {
            self.repeated_keys(session, history, &known);
        }
        let mut gate = match rest {
            Rest::Rejects(rejects) => Some(rejects),
            _ => None,
        };
        // What the first half made for this session goes with its connection.
        self.once = self.once || gate.is_some();
        for section in &sections {
            if section.phase == Phase::Publish
                && let Some(rejects) = gate.take()
            {
                self.gate(session, rejects, &known)?;
            }
            self.audit_beside(session, audit, section.phase)?;
            session.section(section, self)?;
        }
        if let Some(rejects) = gate {
            self.gate(session, rejects, &known)?;
        }
        Ok(next.map(Box::new))
    }

    /// Warns where the key of a snapshot is none: dbt keeps such a history without a word, and it is wrong. A key about which the warehouse
    /// cannot be asked is nobody's mistake yet.
    fn repeated_keys(
        &mut self,
        session: &mut Session<'_, '_>,
        history: &History,
        known: &Known<'_>,
    ) {
        let adapter = &session.shared.run.planner.adapter;
        let Ok(question) = adapter.prepare_query(&history.repeated_keys(), known) else {
            return;
        };
        let answer = session.query(&question, None).ok();
        let row = answer.as_ref().and_then(|answer| answer.rows.first());
        let Some(repeated @ 1..) = verdict::number(row.and_then(|row| row.first())) else {
            return;
        };
        let stand = match repeated {
            1 => "a value of its `unique_key` stands".to_owned(),
            _ => format!("{repeated} values of its `unique_key` stand"),
        };
        let message = format!(
            "{stand} in several rows of `{}`: the history of such a key is wrong",
            self.of.name
        );
        let warning = Diagnostic::warning("repeated-key", message)
            .at_some(self.of.config.origins.get("unique_key").cloned())
            .help(
                "name all columns that tell its rows apart, or have the query give one row a key",
            );
        // The node may be built anew after a lost connection.
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// A load that picks its files: looked for now, and compared with what the table remembers.
    fn files(
        &mut self,
        session: &mut Session<'_, '_>,
        load: &FileLoad,
        audit: Option<&Arc<Audit>>,
    ) -> Result<Option<Box<Rest>>, Failure> {
        let looked = Statement::Copy(Box::new(load.copy().clone()));
        let found = session.adapter().files(load.copy());
        let found = found.map_err(|error| self.story(session, error, Some(&looked), None))?;
        let planner = session.shared.run.planner;
        let known = Known::new(planner.existing, &session.shared.run.plan.planned);
        let before = match load.question() {
            None => Vec::new(),
            Some(question) => {
                let prepared = planner.adapter.prepare_query(&question, &known);
                let prepared = prepared.map_err(|refusal| {
                    let error = Error::new(ErrorClass::Internal, refusal.message);
                    self.story(session, error, None, None)
                })?;
                remembered(&self.ask(session, &prepared, None)?)
            }
        };
        let now = jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%S%.6f");
        let picked = load.pick(&found, &before, &now.to_string());
        let picked = picked.map_err(|wrong| Failure::Wrong(wrong.apart()))?;
        let sections = planner.sections(self.node, picked.sections, &known);
        let sections = sections.map_err(|wrong| Failure::Wrong(wrong.0))?;
        (self.loaded, self.filled) = (0, None);
        self.rejected.clear();
        self.left_out = 0;
        self.load = Some(Load {
            files: picked.files as u64,
            appends: load.appends(),
        });
        self.once = load.appends();
        for section in &sections {
            self.audit_beside(session, audit, section.phase)?;
            session.section(section, self)?;
        }
        Ok(picked.then.map(Box::new))
    }
}
