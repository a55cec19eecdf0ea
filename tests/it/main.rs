//! One test binary for everything a user sees: the real program, run in a temporary project.

#[cfg(feature = "duckdb")]
mod advice;
#[cfg(feature = "duckdb")]
mod answers;
mod architecture;
#[cfg(feature = "duckdb")]
mod artifact_readers;
#[cfg(feature = "duckdb")]
mod artifacts;
#[cfg(all(unix, feature = "duckdb"))]
mod atomic;
#[cfg(all(unix, feature = "duckdb"))]
mod audit;
#[cfg(all(unix, feature = "duckdb"))]
mod backup;
#[cfg(feature = "duckdb")]
mod build;
#[cfg(feature = "duckdb")]
mod characters;
mod check;
mod check_codes;
mod cluster_limits;
mod command_line;
#[cfg(all(unix, feature = "duckdb"))]
mod conditions;
#[cfg(feature = "duckdb")]
mod contracts;
#[cfg(all(unix, feature = "duckdb"))]
mod copy_options;
#[cfg(feature = "duckdb")]
mod dbt_reference;
#[cfg(feature = "duckdb")]
mod declared_tests;
#[cfg(all(unix, feature = "duckdb"))]
mod demos;
#[cfg(feature = "duckdb")]
mod descriptions;
#[cfg(feature = "duckdb")]
mod differences;
#[cfg(unix)]
mod emulation_on_postgres;
#[cfg(feature = "duckdb")]
mod endpoint;
#[cfg(feature = "duckdb")]
mod endpoint_clients;
mod error_cases;
mod exit_codes;
#[cfg(feature = "duckdb")]
mod failing_nodes;
#[cfg(all(unix, feature = "duckdb"))]
mod faults;
mod flags;
#[cfg(feature = "duckdb")]
mod freshness;
mod fuzz_sql;
#[cfg(all(unix, feature = "duckdb"))]
mod grants;
#[cfg(feature = "duckdb")]
mod in_jinja;
#[cfg(feature = "duckdb")]
mod interruption;
#[cfg(feature = "duckdb")]
mod keys;
#[cfg(all(unix, feature = "duckdb"))]
mod kills;
#[cfg(all(unix, feature = "duckdb"))]
mod late_cancel;
#[cfg(all(unix, feature = "duckdb"))]
mod loads;
#[cfg(unix)]
mod logins;
mod ls;
#[cfg(all(unix, feature = "duckdb"))]
mod microbatch;
#[cfg(all(unix, feature = "duckdb"))]
mod name_case;
#[cfg(unix)]
mod older_postgres;
#[allow(dead_code, reason = "a harness holds what the next test needs")]
mod output;
mod packages;
#[cfg(feature = "duckdb")]
mod personal;
#[cfg(all(unix, feature = "duckdb"))]
mod pipelines;
#[cfg(unix)]
mod postgres;
#[allow(dead_code, reason = "a harness holds what the next test needs")]
mod project;
#[cfg(feature = "duckdb")]
mod project_files;
#[cfg(feature = "duckdb")]
mod redshift_ddl;
#[cfg(feature = "duckdb")]
mod redshift_vs_dbt;
#[cfg(feature = "duckdb")]
mod refusals;
#[cfg(all(unix, feature = "duckdb"))]
mod rejects;
#[cfg(all(unix, feature = "duckdb"))]
mod restores;
mod reverse;
#[cfg(all(unix, feature = "duckdb"))]
mod run_history;
#[cfg(all(unix, feature = "duckdb"))]
mod s3;
#[cfg(feature = "duckdb")]
mod said_in_vain;
#[cfg(all(unix, feature = "duckdb"))]
mod same_rows;
#[cfg(feature = "duckdb")]
mod schedulers;
#[cfg(feature = "duckdb")]
mod schema_changes;
#[cfg(feature = "duckdb")]
mod secrets;
#[cfg(feature = "duckdb")]
mod seeds;
mod selectors;
#[cfg(feature = "duckdb")]
mod site;
#[cfg(feature = "duckdb")]
mod site_gallery;
#[cfg(feature = "duckdb")]
mod site_safety;
#[cfg(all(unix, feature = "duckdb"))]
mod snapshots_of_rows;
mod sparkify;
#[cfg(feature = "duckdb")]
mod standing;
#[cfg(feature = "duckdb")]
mod state;
mod translate;
#[cfg(all(unix, feature = "duckdb"))]
mod turns;
#[cfg(feature = "duckdb")]
mod types;
#[cfg(feature = "duckdb")]
mod unit_tests;
#[cfg(feature = "duckdb")]
mod unload;
#[cfg(feature = "duckdb")]
mod versions;
