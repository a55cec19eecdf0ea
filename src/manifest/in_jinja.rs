//! Which models and snapshots are built by a materialization written in Jinja: one of the project, or the library's where the project replaces a
//! macro that it calls.
//!
//! In: the macros, the package of a node and its configuration. Out: the macro that builds it, if one does.
//! Calls none of them.

use std::collections::BTreeSet;

use crate::jinja::{Macro, MacroKind, Macros};

/// The package of the built-in macros.
const LIBRARY: &str = "dbt";

/// Materializations that are built in and that the library also has in Jinja, with the macros that they call beside [`SHARED`].
const IN_LIBRARY: [(&str, &[&str]); 4] = [
    ("view", &["create_view_as", "get_create_view_as_sql"]),
    ("table", TABLE),
    ("incremental", INCREMENTAL),
    ("snapshot", SNAPSHOT),
];

const TABLE: &[&str] = &["create_table_as", "get_create_table_as_sql"];

const INCREMENTAL: &[&str] = &[
    "create_table_as",
    "get_create_table_as_sql",
    "make_temp_relation",
    "get_delete_insert_merge_sql",
    "get_merge_sql",
    "get_insert_into_sql",
    "get_insert_overwrite_merge_sql",
    "get_merge_update_columns",
    "get_incremental_append_sql",
    "get_incremental_default_sql",
    "get_incremental_delete_insert_sql",
    "get_incremental_merge_sql",
    "get_incremental_insert_overwrite_sql",
    "process_schema_changes",
    "check_for_schema_changes",
    "sync_column_schemas",
    "incremental_validate_on_schema_change",
    "alter_relation_add_remove_columns",
    "alter_column_type",
    "diff_columns",
    "diff_column_data_types",
    "should_full_refresh",
];

const SNAPSHOT: &[&str] = &[
    "create_table_as",
    "make_temp_relation",
    "get_or_create_relation",
    "strategy_dispatch",
    "snapshot_timestamp_strategy",
    "snapshot_check_strategy",
    "snapshot_check_all_get_existing_columns",
    "snapshot_hash_arguments",
    "snapshot_get_time",
    "current_timestamp",
    "snapshot_staging_table",
    "build_snapshot_staging_table",
    "build_snapshot_table",
    "snapshot_merge_sql",
    "get_snapshot_table_column_names",
    "get_dbt_valid_to_current",
    "get_true_sql",
    "get_columns_in_query",
    "equals",
    "unique_key_fields",
    "unique_key_join_on",
    "unique_key_is_null",
    "unique_key_is_not_null",
    "create_columns",
    "alter_column_type",
    "check_time_data_types",
    "get_updated_at_column_data_type",
    "get_snapshot_get_time_data_type",
    "post_snapshot",
];

/// What every materialization calls.
const SHARED: &[&str] = &[
    "run_hooks",
    "create_indexes",
    "get_create_index_sql",
    "persist_docs",
    "alter_relation_comment",
    "alter_column_comment",
    "apply_grants",
    "get_grant_sql",
    "get_revoke_sql",
    "get_show_grant_sql",
    "get_dcl_statement_list",
    "call_dcl_statements",
    "copy_grants",
    "should_revoke",
    "support_multiple_grantees_per_dcl_statement",
    "drop_relation",
    "drop_relation_if_exists",
    "get_drop_sql",
    "rename_relation",
    "get_rename_sql",
    "make_intermediate_relation",
    "make_backup_relation",
];

/// What a package's nodes find, worked out once.
#[derive(Clone, Debug, Default)]
pub struct InJinja {
    /// Materializations of the project and its packages.
    own: Vec<Candidate>,
    /// Macros of the library that are replaced, without the prefix of a dialect.
    replaced: BTreeSet<String>,
    /// Strategies of snapshots that packages have, as `package.name`.
    of_packages: BTreeSet<String>,
    /// dbt's adapter has tables and incremental models of its own, which a materialization for every dialect does not replace.
    own_tables: bool,
}

#[derive(Clone, Debug)]
struct Candidate {
    name: String,
    /// How near its dialect is to the target's; 0 is the target's own.
    distance: usize,
    /// How near its package is: 0 is the root project, 1 the node's own package.
    away: usize,
    called: String,
}

impl InJinja {
    /// What the nodes of `package` find in a project `root` on a target of this dialect.
    pub fn of(macros: &Macros, root: &str, package: &str, dialect: &str) -> Self {
        let prefixes: &[&str] = match dialect {
            "redshift" => &["redshift", "postgres", "default"],
            "postgres" => &["postgres", "default"],
            _ => &["duckdb", "default"],
        };
        let order = macros.search_order(LIBRARY);
        let mut found = Self {
            own_tables: dialect == "duckdb",
            ..Self::default()
        };
        for declared in macros.iter().filter(|declared| declared.package != LIBRARY) {
            found.note(declared, root, package, prefixes);
            let strategy = declared.name.strip_prefix("snapshot_");
            if let Some(strategy) = strategy.and_then(|name| name.strip_suffix("_strategy")) {
                let named = format!("{}.{strategy}", declared.package);
                found.of_packages.insert(named);
            }
            let sees = [root, package].contains(&declared.package.as_str());
            if sees {
                found.replaced.insert(declared.name.clone());
            }
            let serves = declared.package == root || order.contains(&declared.package.as_str());
            if serves
                && let Some((prefix, name)) = declared.name.split_once("__")
                && prefixes.contains(&prefix)
            {
                found.replaced.insert(name.to_owned());
            }
        }
        found
    }

    fn note(&mut self, declared: &Macro, root: &str, package: &str, prefixes: &[&str]) {
        let MacroKind::Materialization { name, adapter } = &declared.kind else {
            return;
        };
        let Some(distance) = prefixes.iter().position(|prefix| prefix == adapter) else {
            return;
        };
        let away = match declared.package.as_str() {
            it if it == root => 0,
            it if it == package => 1,
            _ => 2,
        };
        self.own.push(Candidate {
            name: name.clone(),
            distance,
            away,
            called: format!("{}.{}", declared.package, declared.name),
        });
    }

    /// Whether the project or its packages have a macro for a strategy of snapshots.
    pub fn keeps_histories(&self, strategy: &str) -> bool {
        let name = format!("snapshot_{strategy}_strategy");
        self.replaced.contains(&name) || self.of_packages.contains(strategy)
    }

    /// Materializations that are not built in.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.own.iter().map(|candidate| candidate.name.as_str())
    }

    /// The macro that builds a model or a snapshot, as `package.macro`; none where the built-in materialization does.
    ///
    /// As in dbt, a package alone does not replace a built-in materialization.
    pub fn builds(
        &self,
        materialized: &str,
        built_in: bool,
        strategy: Option<&str>,
    ) -> Option<String> {
        let candidates = self.own.iter().filter(|candidate| {
            let own_tables = self.own_tables && !matches!(materialized, "view" | "snapshot");
            let nearer = !own_tables || candidate.distance == 0;
            candidate.name == materialized && (!built_in || (candidate.away == 0 && nearer))
        });
        let nearest = candidates.min_by_key(|candidate| (candidate.distance, candidate.away));
        if let Some(own) = nearest {
            return Some(own.called.clone());
        }
        let (_, calls) = IN_LIBRARY.iter().find(|(name, _)| *name == materialized)?;
        let replaces = calls
            .iter()
            .chain(SHARED)
            // dbt's adapter of DuckDB merges in words of its own.
            .filter(|name| !(self.own_tables && **name == "get_merge_sql"))
            .any(|name| self.replaced.contains(*name));
        let has_strategy = strategy.is_some_and(|strategy| match materialized {
            "incremental" => {
                let name = format!("get_incremental_{}_sql", strategy.replace('+', "_"));
                self.replaced.contains(&name)
            }
            "snapshot" => self.keeps_histories(strategy),
            _ => false,
        });
        (replaces || has_strategy)
            .then(|| format!("{LIBRARY}.materialization_{materialized}_default"))
    }
}
