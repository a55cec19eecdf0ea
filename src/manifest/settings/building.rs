//! How a node is built: its materialization, and what incremental models say of theirs.

use serde_json::Value;

use super::Reader;
use crate::diagnostic::Diagnostic;
use crate::manifest::config::{OnConfigurationChange, OnSchemaChange};
use crate::manifest::microbatch;
use crate::manifest::node::ResourceType;

impl Reader<'_> {
    pub(super) fn built_in_jinja(&mut self, kind: ResourceType) -> Option<String> {
        let named = |key| self.merged.get(key).and_then(Value::as_str);
        let (materialized, strategy) = match kind {
            ResourceType::Model => (
                named("materialized").unwrap_or("view"),
                named("incremental_strategy"),
            ),
            ResourceType::Snapshot => ("snapshot", named("strategy")),
            _ => return None,
        };
        let built_in = self
            .materializations
            .iter()
            .any(|known| known.name == materialized);
        self.own.builds(materialized, built_in, strategy)
    }

    pub(super) fn materialized(&mut self, kind: ResourceType) -> String {
        let default = match kind {
            ResourceType::Seed => "seed",
            ResourceType::Test => "test",
            ResourceType::UnitTest => "unit",
            ResourceType::Source => "load",
            ResourceType::Snapshot => "snapshot",
            _ => "view",
        };
        let Some(name) = self.text("materialized") else {
            return default.to_owned();
        };
        let only = matches!(
            kind,
            ResourceType::Snapshot | ResourceType::Seed | ResourceType::Test
        );
        if only && name != default {
            self.unknown("materialized", &name, &[default]);
        }
        if kind != ResourceType::Model || self.in_jinja.is_some() {
            return name;
        }
        let materializations = self.materializations;
        let built = || {
            materializations
                .iter()
                .map(|known| known.name)
                .filter(|name| !matches!(*name, "seed" | "load" | "test" | "snapshot"))
        };
        if built().any(|known| known == name) {
            return name;
        }
        // Of other adapters.
        let instead = match name.as_str() {
            "dynamic_table" => {
                Some("use `materialized_view`, with `auto_refresh: true` on Redshift")
            }
            "external" => Some(
                "use `table` with `unload: {to: 'folder/', format: parquet}`, which writes its rows to files after each build",
            ),
            _ => None,
        };
        if let Some(instead) = instead {
            let message = format!("`materialized: {name}` is not supported yet");
            self.problems.push(
                Diagnostic::error("not-supported-yet", message)
                    .at_some(self.place("materialized"))
                    .help(instead),
            );
            return default.to_owned();
        }
        let problem = Diagnostic::error(
            "unknown-materialization",
            format!("there is no materialization `{name}`"),
        );
        let names = built()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", ");
        let problem = problem
            .at_some(self.place("materialized"))
            .did_you_mean(&name, built().chain(self.own.names()))
            .help(format!("write one of {names}"));
        self.problems.push(problem);
        default.to_owned()
    }

    pub(super) fn predicates(&mut self) -> Vec<String> {
        let new = self.texts("incremental_predicates");
        if new.is_empty() {
            self.texts("predicates")
        } else {
            new
        }
    }

    pub(super) fn on_configuration_change(&mut self) -> OnConfigurationChange {
        let known = &["apply", "continue", "fail"];
        match self.one_of("on_configuration_change", known).as_deref() {
            Some("continue") => OnConfigurationChange::Continue,
            Some("fail") => OnConfigurationChange::Fail,
            _ => OnConfigurationChange::Apply,
        }
    }

    pub(super) fn on_schema_change(&mut self) -> OnSchemaChange {
        match self
            .one_of(
                "on_schema_change",
                &["ignore", "fail", "append_new_columns", "sync_all_columns"],
            )
            .as_deref()
        {
            Some("fail") => OnSchemaChange::Fail,
            Some("append_new_columns") => OnSchemaChange::AppendNewColumns,
            Some("sync_all_columns") => OnSchemaChange::SyncAllColumns,
            _ => OnSchemaChange::Ignore,
        }
    }

    pub(super) fn strategy(&mut self) -> Option<String> {
        const KEY: &str = "incremental_strategy";
        let known = ["append", "delete+insert", "merge", "microbatch"];
        let name = self.text(KEY)?.to_lowercase();
        if self.in_jinja.is_some() {
            return Some(name);
        }
        if name == "insert_overwrite" {
            let problem = Diagnostic::error(
                "not-supported-yet",
                format!("the incremental strategy `{name}` is not supported yet"),
            )
            .at_some(self.place(KEY))
            .help("write one of `append`, `delete+insert`, `merge`, `microbatch`");
            self.problems.push(problem);
            return None;
        }
        if name == "default" {
            return None;
        }
        self.one_of(KEY, &known)
    }

    pub(super) fn microbatch(&mut self, kind: ResourceType) -> Option<microbatch::Microbatch> {
        let said = |key: &str, word: &str| {
            let value = self.merged.get(key).and_then(Value::as_str);
            value.is_some_and(|value| value.eq_ignore_ascii_case(word))
        };
        let wanted = kind == ResourceType::Model
            && said("materialized", "incremental")
            && said("incremental_strategy", "microbatch")
            && self.merged.get("enabled") != Some(&Value::Bool(false));
        wanted
            .then(|| microbatch::read(self.merged, self.at, self.problems))
            .flatten()
    }
}
